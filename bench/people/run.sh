#!/usr/bin/env bash
# How many of their answers people are spared: by neighbourhood columns, by a start with objects from all parts of
# the dataset, and by guesses that come with the rows.  Whole jobs simulated by the driver of bench/guarantee, eager.
#
#	bench/people/run.sh DATA_FOLDER [quick|full]
#
# The folder holds optdigits, sms_spam, shuttle, banking77, fashion_km128 and ag_news_7600 as NAME.copy.gz, and the texts of
# sms_spam, banking77 and ag_news_7600 (id, text) as NAME_text.csv.gz.
# Prints the tables; full also writes them into docs/measured.md, between its marks.  full takes some hours of a core,
# quick a few minutes: a tenth of the jobs, small sets only.  RESULTS=FILE keeps one line for each cell, and cells that
# are there already are not run again: so a run that was stopped goes on.  SECONDS_LIMIT=N begins no cell after N
# seconds; JOBS=1 processes.
set -euo pipefail
usage="usage: run.sh DATA_FOLDER [quick|full]"
data=$(realpath "${1:?$usage}") mode=${2:-quick}
[ "$mode" = quick ] || [ "$mode" = full ] || { echo "$usage" >&2; exit 2; }
results=$(realpath "${RESULTS:-/dev/null}")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. bench/compile.bash
compile_driver bench/guarantee/driver.c "$work/driver"

if [ "$results" = /dev/null ]; then results=$work/results; fi
touch "$results"

# texts NAME: its rows as the driver reads texts
texts() {
	python3 - "$data/$1.copy.gz" "$data/$1_text.csv.gz" <<-'PYTHON'
		import csv, gzip, sys
		escape = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
		with gzip.open(sys.argv[1], "rt", encoding="utf8") as rows:
		    label = {line.split("\t")[0]: line.rstrip("\n").split("\t")[2] for line in rows}
		with gzip.open(sys.argv[2], "rt", encoding="utf8", newline="") as rows:
		    for row in csv.DictReader(rows):
		        print(row["id"], row["text"].translate(escape), label[row["id"]], sep="\t")
	PYTHON
}

# cell NAME TARGET GUARANTEE ALGORITHM REPETITIONS VARIANT: a line of the results is the first four, the variant, and what
# the driver printed.
cell() {
	local name=$1 target=$2 guarantee=$3 algorithm=$4 repetitions=$5 variant=$6 file=$1 rows=0 text=0
	local key="$name	$target	$guarantee	$algorithm	$variant"
	[ "$mode" = full ] || repetitions=$(((repetitions + 9) / 10))
	! grep -qxF "$key" <(cut -f 1-5 "$results") || return 0
	[ $SECONDS -lt "${SECONDS_LIMIT:-1000000}" ] || return 0
	case $name in
		digits) file=optdigits rows=1758 ;;
		shuttle | banking77 | banking77_text) rows=5000 ;;
		fashion_km128) rows=20000 ;;
	esac
	case $name in
		*_text) text=1; [ -f "$work/$file" ] || texts "${file%_text}" > "$work/$file" ;;
		*) [ -f "$work/$file" ] || gzip -dc "$data/$file.copy.gz" > "$work/$file" ;;
	esac
	# shellcheck disable=SC2086 # several options
	echo "$key	$(nice "$work/driver" rows=$rows text=$text target="$target" schedule=eager guarantee="$guarantee" \
		algorithm="$algorithm" $variant seed=1 repetitions="$repetitions" processes="${JOBS:-1}" < "$work/$file")" >> "$results"
}

plain=neighbours=0 columns=neighbours=1 chosen="neighbours=1 start=chosen"
noisy="error=0.02" classes="per_class=1"
three() { for variant in "$plain" "$columns" "$chosen"; do cell "$1" "$2" audited "$3" "$4" "$variant"; done; }
small="digits optdigits sms_spam shuttle"

for name in $small; do three $name .95 softmax 100; done
for name in $small; do three $name .98 softmax 100; done
three sms_spam_text .95 softmax 100
for source in 0.9 0.7 0.8,copy,copy random wrong; do
	cell digits .95 audited softmax 100 "$columns proposals=$source"
	cell optdigits .95 audited softmax 100 "$columns proposals=$source"
done
for name in $small; do
	for variant in "$plain" "$columns"; do cell $name .95 confidence softmax 100 "$variant"; done
done
for name in $small; do
	for hard in "$noisy" "$classes"; do
		for variant in "$plain" "$chosen"; do cell $name .95 audited softmax 100 "$variant $hard"; done
	done
done
cell digits .95 audited auto 100 "$chosen"
for name in $small; do three $name .95 auto 40; done
for name in digits shuttle; do cell $name .98 audited auto 100 "$chosen"; done
cell sms_spam_text .98 audited softmax 100 "$chosen"
cell sms_spam_text .98 audited auto 12 "$chosen"
if [ "$mode" = full ]; then
	for name in banking77 fashion_km128 ag_news_7600; do three $name .95 softmax 20; done
	cell fashion_km128 .95 audited auto 20 "$chosen"
	for variant in "$columns" "$columns proposals=0.9"; do cell banking77 .95 audited softmax 20 "$variant"; done
	three ag_news_7600_text .95 softmax 20
	three banking77_text .95 softmax 20
	for name in ag_news_7600 banking77 fashion_km128; do
		for variant in "$plain" "$columns"; do cell $name .95 confidence softmax 20 "$variant"; done
	done
fi

# table: a row for each set, target, guarantee and algorithm; the first column of variants is what the others are compared with
table() {
	awk -F '\t' -v variants="$1" -v headings="$2" '
		function cell(key, base,    text) {
			if (!(key in human)) return ""
			text = sprintf("%.0f", human[key])
			if (key != base && base in human) text = text sprintf(" (%+.0f %%)", 100 * (human[key] / human[base] - 1))
			if (missed[key] > 0) text = text sprintf(", %d missed", missed[key])
			if (labeled[key] < jobs[key]) text = text sprintf(", %d without", jobs[key] - labeled[key])
			return text
		}
		{
			row = $1 FS $2 FS $3 FS $4
			human[row, $5] = $7; jobs[row, $5] = $6; labeled[row, $5] = $12; missed[row, $5] = $13
			if (!(row in seen)) { seen[row] = 1; rows[++n] = row }
		} END {
			count = split(variants, variant, ";")
			printf "| data | target | guarantee, classifiers | %s | jobs |\n| --- | --- | --- |", headings
			for (v = 1; v <= count; v++) printf " --- |"
			print " --- |"
			for (i = 1; i <= n; i++) {
				shown = 0
				for (v = 2; v <= count; v++) shown += (rows[i], variant[v]) in human
				if (!shown) continue
				split(rows[i], f, FS)
				printf "| %s | 0%s | `%s`, %s |", f[1], f[2], f[3], f[4]
				for (v = 1; v <= count; v++) printf " %s |", cell(rows[i] SUBSEP variant[v], rows[i] SUBSEP variant[1])
				for (v = most = 0; v <= count; v++) if (jobs[rows[i], variant[v]] > most) most = jobs[rows[i], variant[v]]
				printf " %d |\n", most
			}
		}' "$results" | sed ':again; s/|  |/| |/; t again'
}
print_all() {
	echo "Mean of the human labels of a job, beside a job without; jobs that missed their promise, and jobs without machine labels."
	echo
	table "$plain;$columns;$chosen" "without | neighbourhood columns | and a chosen start"
	echo
	echo "Guesses made for the purpose, beside jobs with columns and none: one source that is right in 90 % or 70 % of the rows, one of 80 % with two"
	echo "copies of itself, one that guesses at random, one that is never right."
	echo
	table "$columns;$columns proposals=0.9;$columns proposals=0.7;$columns proposals=0.8,copy,copy;$columns proposals=random;$columns proposals=wrong" \
		"none | 90 % | 70 % | 80 %, copied twice | random | never right"
	echo
	echo "Where 2 % of the answers are wrong, one annotator an object:"
	echo
	table "$plain $noisy;$chosen $noisy" "without | with columns and a chosen start"
	echo
	echo "A promise for each class (\`per_class\`; missed: over all classes):"
	echo
	table "$plain $classes;$chosen $classes" "without | with columns and a chosen start"
}

print_all
if [ "$mode" = full ]; then
	print_all > "$work/put"
	sed -i -e "/^<!-- people -->/,/^<!-- end people -->/{/^<!-- people -->/{p;r $work/put
		};/^<!-- end people -->/!d}" docs/measured.md
fi
