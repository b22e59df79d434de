#!/usr/bin/env bash
# Whole jobs simulated with many seeds: human labels, machine share, realized error and how
# often the target was missed, beside the plain rule (driver.c says what that is).
#
#	bench/guarantee/run.sh DATA_FOLDER [quick|full]
#
# The folder holds optdigits, sms_spam, shuttle, banking77, fashion_km128 and ag_news_7600 as
# NAME.copy.gz; tables.awk makes the others.  Prints the tables; full also writes them into bench/guarantee/README.md
# and docs/guarantee.md, between their marks.  full takes hours of two cores, quick some minutes.  JOBS=2
# processes; RESULTS=FILE keeps one line for each cell, and cells that are there already are not run again:
# so a run that was stopped goes on, and SECONDS_LIMIT=N begins no cell after N seconds.
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

# cell NAME TARGET SCHEDULE BATCH RULE SCOPE QUERIES ALGORITHM ERROR REPETITIONS
# RULE is a guarantee, plain, alone (audited, on the features alone and from a random start: neighbours => false), or per_class
# (confidence for each class by itself).  A line of the results: these
# ten (with the repetitions that were asked for), then what the driver printed.
cell() {
	local name=$1 target=$2 schedule=$3 batch=$4 rule=$5 scope=$6 queries=$7 algorithm=$8 error=$9 repetitions=${10}
	local file=$name rows=0 option
	[ "$mode" = full ] || repetitions=$(((repetitions + 19) / 20))
	local key="$name	$target	$schedule	$batch	$rule	$scope	$queries	$algorithm	$error	$repetitions"
	! grep -qxF "$key" <(cut -f 1-10 "$results") || return 0
	[ $SECONDS -lt "${SECONDS_LIMIT:-1000000}" ] || return 0
	case $name in
		digits) file=optdigits rows=1758 ;;
		shuttle | banking77) rows=5000 ;;
		fashion_km128) rows=20000 ;;
	esac
	if [ ! -f "$work/$file" ]; then
		case $file in
			*-[123]) awk -v table="${file%-*}" -v seed="${file##*-}" -f bench/guarantee/tables.awk > "$work/$file" ;;
			ties | vectors12 | bump) awk -v table="$file" -v seed=1 -f bench/guarantee/tables.awk > "$work/$file" ;;
			*) gzip -dc "$data/$file.copy.gz" > "$work/$file" ;;
		esac
	fi
	case $rule in
		audited) option="guarantee=audited neighbours=1 start=chosen" ;;		# the default of live jobs
		alone) option=guarantee=audited ;;
		plain) option=rule=plain ;;
		per_class) option=per_class=1 ;;
		*) option=guarantee=$rule ;;
	esac
	echo "$key	$(nice "$work/driver" rows=$rows target="$target" schedule="$schedule" batch="$batch" $option scope="$scope" \
		queries="$queries" algorithm="$algorithm" error="$error" seed=1 repetitions="$repetitions" processes="${JOBS:-2}" \
		< "$work/$file")" >> "$results"
}

# cells NAME TARGET SCHEDULE BATCH REPETITIONS RULE ...: softmax, margin queries; RULE:dataset for that scope
cells() {
	local rule
	for rule in "${@:6}"; do
		case $rule in
			*:dataset) cell "$1" "$2" "$3" "$4" "${rule%:*}" dataset margin softmax 0 "$5" ;;
			*) cell "$1" "$2" "$3" "$4" "$rule" machine_labels margin softmax 0 "$5" ;;
		esac
	done
}

# Most important first; what is slow has fewer jobs.  Under eager any batch from 2 % of the objects on, at
# least 50, gives the same job.
main="audited alone confidence" wide="audited:dataset confidence:dataset"
for name in digits optdigits sms_spam shuttle; do cells $name .95 eager 1000 200 $main; done
for name in digits optdigits sms_spam shuttle; do cells $name .98 eager 1000 200 $main; done
for name in ties vectors12; do
	for rule in $main; do cell $name .95 eager 1000 "$rule" machine_labels random softmax 0 200; done
done
for table in flips5.0-1 flips5.0-2 flips5.0-3 flips5.5-1 flips5.5-2 flips5.5-3; do cells $table .95 eager 1000 100 $main; done
cells bump .95 eager 1000 1000 audited		# rare: more jobs say how rare
cells bump .95 eager 1000 200 alone confidence
cells ag_news_7600 .95 eager 1000 100 $main
cells banking77 .95 eager 1000 100 $main $wide
for name in digits optdigits sms_spam shuttle; do cells $name .95 eager 1000 200 $wide strict expected; done
cells fashion_km128 .95 eager 1000 100 $main $wide
for name in digits optdigits sms_spam shuttle; do
	for batch in 1000 100; do cells $name .95 standard $batch 200 $main $wide plain; done
done
cells optdigits .99 eager 1000 200 $main
for name in digits optdigits sms_spam shuttle; do cells $name .98 eager 1000 200 $wide strict expected; done
for name in ties vectors12; do
	for rule in audited confidence; do cell $name .95 eager 1000 "$rule" machine_labels margin auto 0 100; done
done
cell digits .95 eager 1000 audited machine_labels margin auto 0 100
cell digits .95 eager 1000 audited machine_labels margin softmax .02 100
cell digits .95 eager 1000 confidence machine_labels margin softmax .02 100
for name in digits optdigits sms_spam shuttle; do
	for batch in 1000 100; do cells $name .98 standard $batch 200 $main plain; done
done
for name in sms_spam shuttle; do cells $name .95 eager 1000 200 per_class; done
cells ag_news_7600 .95 standard 1000 100 $main
cells banking77 .95 standard 1000 100 $main
cells fashion_km128 .95 standard 1000 100 $main

# ---- Tables -----------------------------------------------------------------

# interval K N: the exact 95 % interval (Clopper-Pearson) of a share, in percent, by bisection.
functions='function tail(k, n, p,    i, term, sum) {	# P(Binomial(n, p) <= k)
	term = exp(n * log(1 - p)); sum = term
	for (i = 1; i <= k; i++) { term *= (n - i + 1) / i * p / (1 - p); sum += term }
	return sum
}
function root(k, n, level,    low, high, middle, i) {
	low = 1e-9; high = 1 - 1e-9
	for (i = 0; i < 50; i++) { middle = (low + high) / 2; if (tail(k, n, middle) > level) low = middle; else high = middle }
	return low
}
function interval(k, n) {
	return sprintf("%.1f to %.1f", k == 0 ? 0 : 100 * root(k - 1, n, .975), k == n ? 100 : 100 * root(k, n, .025))
}
function cell_text(    text) {
	if ($17 == 0) return sprintf("%.0f / 0 %% / - / 0 (%s)", $12, interval(0, $11))
	text = sprintf("%.0f / %.0f %% / %.2f %% / %d (%s)", $12, 100 * $14, 100 * $15, $18, interval($18, $11))
	return ($5 == "confidence" && $18 / $11 > .05) || (($5 == "audited" || $5 == "alone") && $18 / $11 > .01) ? "**" text "**" : text
}'
# three tables of flips are one row; the counts add, the means are means
merged() {
	awk -F '\t' -v OFS='\t' '{ sub(/-[123]$/, "", $1); key = $1 FS $2 FS $3 FS $4 FS $5 FS $6 FS $7 FS $8 FS $9
		if (!(key in n)) order[++rows] = key
		first[key] = $10; n[key] += $11; human[key] += $11 * $12; share[key] += $11 * $14; error[key] += $17 * $15
		if ($16 > largest[key]) largest[key] = $16
		labeled[key] += $17; missed[key] += $18; classes[key] = $20; classes_missed[key] = $21 }
		END { for (i = 1; i <= rows; i++) { k = order[i]
			print k, first[k], n[k], human[k] / n[k], 0, share[k] / n[k], (labeled[k] > 0 ? error[k] / labeled[k] : 0),
				largest[k], labeled[k], missed[k], 0, classes[k], classes_missed[k] } }' "$results"
}
# matrix SCOPE RULES HEADINGS: one row a setting, one column a rule
matrix() {
	echo "| data | target | algorithm, queries | schedule, batch | $3 | jobs |"
	echo "| --- | --- | --- | --- |$(sed 's/[^|]*|/ --- |/g' <<< "$3|") --- |"
	merged | awk -F '\t' -v scope="$1" -v rules="$2" "$functions"'
		BEGIN { count = split(rules, rule, " ") }
		$9 == 0 && $6 == scope && index(" " rules " ", " " $5 " ") > 0 {
			row = $1 FS $2 FS $8 FS $7 FS $3 FS $4
			if (!(row in seen)) order[++n] = row
			seen[row]; jobs[row, $5] = $11; value[row, $5] = cell_text()
		} END {
			for (i = 1; i <= n; i++) {
				split(order[i], f, FS)
				printf "| %s | 0%s | %s, %s | %s%s |", f[1], f[2], f[3], f[4], f[5], f[5] == "eager" ? "" : " " f[6]
				many = ""; same = 1
				for (r = 1; r <= count; r++) {
					printf " %s |", value[order[i], rule[r]]
					if (!((order[i], rule[r]) in jobs)) continue
					if (many != "" && jobs[order[i], rule[r]] != last) same = 0
					last = jobs[order[i], rule[r]]
					many = many (many == "" ? "" : ", ") last
				}
				printf " %s |\n", same ? last : many
			}
		}' | sed 's/|  |/| |/g' | sort -t '|' -s -k 5,5 -k 2,2 -k 3,3
}
print_main() {
	echo "Human labels / machine-labeled share / realized error of the machine labels / missed jobs (exact 95 % interval, in percent)."
	echo
	matrix machine_labels "audited alone confidence" '`audited` | `audited`, `neighbours => false` | `confidence`'
	echo
	echo "\`guarantee_scope => 'dataset'\`: missed if more than 1 - target of *all* labels of the dataset are wrong."
	echo
	matrix dataset "audited confidence" '`audited` | `confidence`'
}
print_others() {
	echo "The other guarantees, and the plain rule (driver.c says what that is)."
	echo
	matrix machine_labels "strict expected plain" '`strict` | `expected` | plain rule'
	echo
	echo "People who are wrong in some of their answers; digits, \`eager\`, target 0.95. The error is against the truth."
	echo
	echo "| wrong answers | guarantee | human labels | machine share | realized error | missed | jobs |"
	echo "| --- | --- | --- | --- | --- | --- | --- |"
	awk -F '\t' '$9 > 0 { printf "| %.0f %% | %s | %.0f | %.0f %% | %.2f %% | %d | %d |\n", 100 * $9, $5, $12, 100 * $14,
		100 * $15, $18, $11 }' "$results"
	echo
	echo "A certificate for each class (\`per_class\`), \`eager\`, \`confidence\`, softmax. Missed: of the classes that have machine labels, over all"
	echo "jobs, those whose own realized error is above the target; a class with few machine labels misses it by one of them."
	echo
	echo "| data | target | human labels | machine share | realized error | classes | missed | jobs |"
	echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
	awk -F '\t' '$5 == "per_class" { printf "| %s | 0%s | %.0f | %.0f %% | %.2f %% | %d | %.1f %% | %d |\n", $1, $2, $12,
		100 * $14, 100 * $15, $20, 100 * $21 / $20, $11 }' "$results"
}

# put FILE: what is on standard input between the marks of a document
put() {
	cat > "$work/put"
	sed -i -e "/^<!-- measured -->/,/^<!-- end -->/{/^<!-- measured -->/{p;r $work/put
		};/^<!-- end -->/!d}" "$1"
}

print_main
echo
print_others
if [ "$mode" = full ]; then
	print_main | put docs/guarantee.md
	print_others | put bench/guarantee/README.md
fi
