#!/usr/bin/env bash
# Whole jobs simulated with many seeds: human labels, machine share, realized error and how
# often the target was missed, beside the plain rule (driver.c says what that is).
#
#	bench/guarantee/run.sh DATA_FOLDER [quick|full]
#
# The folder holds optdigits, sms_spam, shuttle, banking77 and fashion_km128 as NAME.copy.gz.
# Prints the tables; full also writes them into README.md, between its marks.  full takes some
# 35 minutes of two cores, quick two minutes.  JOBS=2 processes; RESULTS=FILE keeps one line for
# each cell, and cells that are there already are not run again.
set -euo pipefail
usage="usage: run.sh DATA_FOLDER [quick|full]"
data=$(realpath "${1:?$usage}") mode=${2:-quick}
[ "$mode" = quick ] || [ "$mode" = full ] || { echo "$usage" >&2; exit 2; }
results=$(realpath "${RESULTS:-/dev/null}")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
multiarch=$(${CC:-cc} -print-multiarch)

# The flags of the makefile for src/learning.
${CC:-cc} -std=gnu11 -O3 -ftree-vectorize -fassociative-math -fno-signed-zeros -fno-trapping-math \
	-Isrc -isystem "/usr/include/$multiarch/openblas-serial" bench/guarantee/driver.c src/learning/*.c \
	"/usr/lib/$multiarch/openblas-serial/libopenblas.a" -lm -o "$work/driver"

if [ "$results" = /dev/null ]; then results=$work/results; fi
touch "$results"

# cell NAME TARGET SCHEDULE BATCH RULE ALGORITHM ERROR REPETITIONS
# RULE is a guarantee, plain, per_class (confidence for each class by itself), or best (confidence
# with the validation set that best_validation takes).  A line of the results: these eight (with the repetitions
# that were asked for), then what the driver printed.
cell() {
	local name=$1 target=$2 schedule=$3 batch=$4 rule=$5 algorithm=$6 error=$7 repetitions=$8
	local file=$name rows=0 options
	[ "$mode" = full ] || repetitions=$(((repetitions + 19) / 20))
	local key="$name	$target	$schedule	$batch	$rule	$algorithm	$error	$repetitions"
	! grep -q "^${key//./\\.}	" "$results" || return 0
	case $name in
		digits) file=optdigits rows=1758 ;;
		shuttle | banking77) rows=5000 ;;
		fashion_km128) rows=20000 ;;
	esac
	[ -f "$work/$file" ] || gzip -dc "$data/$file.copy.gz" > "$work/$file"
	case $rule in
		plain) options=rule=plain ;;
		per_class) options=per_class=1 ;;
		best) options=validation=$(best_validation "$target" "$([ $rows -gt 0 ] && echo $rows || wc -l < "$work/$file")") ;;
		*) options=guarantee=$rule ;;
	esac
	echo "$key	$(nice "$work/driver" rows=$rows target="$target" schedule="$schedule" batch="$batch" "$options" \
		algorithm="$algorithm" error="$error" repetitions="$repetitions" processes="${JOBS:-2}" \
		< "$work/$file")" >> "$results"
}

# best_validation TARGET OBJECTS: as a share; three times what the target needs without an error
best_validation() {
	awk -v error="$(awk "BEGIN { print 1 - $1 }")" -v objects="$2" 'BEGIN {
		needed = log(.025) / log(1 - error); needed = int(needed) + (needed > int(needed))
		print (3 * needed + .5) / objects }'
}

# cells NAME TARGET ALGORITHM SCHEDULE BATCH REPETITIONS RULE ...
# Under eager any batch from 2 % of the objects on, at least 50, gives the same job.
cells() {
	local rule
	for rule in "${@:7}"; do cell "$1" "$2" "$4" "$5" "$rule" "$3" 0 "$6"; done
}

all="confidence expected plain" ours="confidence expected"

# Most important first; what is slow has fewer jobs.
cells digits .95 softmax eager 1000 1000 $ours
cells fashion_km128 .95 softmax eager 1000 400 confidence
cells fashion_km128 .95 softmax standard 1000 200 confidence
for name in digits optdigits sms_spam shuttle; do
	for target in .95 .98; do
		[ $name$target = digits.95 ] || cells $name $target softmax eager 1000 200 $ours
		for batch in 1000 250 100; do
			cells $name $target softmax standard $batch 200 $all
		done
	done
done
cells banking77 .95 softmax eager 1000 20 confidence
for name in sms_spam shuttle; do cells $name .95 softmax eager 1000 200 per_class; done
for name in digits optdigits sms_spam shuttle; do for target in .95 .98; do cells $name $target softmax eager 1000 200 best; done; done
cells fashion_km128 .95 softmax eager 1000 50 expected
cells fashion_km128 .95 softmax standard 1000 50 expected plain
cells digits .95 auto eager 1000 100 confidence
cells optdigits .95 auto eager 1000 40 confidence
cells shuttle .95 auto eager 1000 100 confidence
cell digits .95 eager 1000 confidence softmax .02 100
cells banking77 .95 softmax standard 1000 20 $all
cells fashion_km128 .95 softmax standard 250 200 confidence
cells fashion_km128 .95 softmax standard 250 20 expected plain

# ---- Tables -----------------------------------------------------------------

# interval K N: the 95 % interval (Wilson) of a share, in percent.
functions='function interval(k, n,    p, z, middle, half) {
	p = k / n; z = 1.96; middle = p + z * z / (2 * n); half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
	if (k == 0) half = middle
	return sprintf("%.1f to %.1f", 100 * (middle - half) / (1 + z * z / n), 100 * (middle + half) / (1 + z * z / n))
}'
print_tables() {
	echo "Human labels / machine-labeled share / realized error / jobs that missed the target; of \`confidence\` with the 95 % interval."
	echo
	echo "| data | target | algorithm | schedule, batch | \`confidence\` | \`expected\` | plain rule | jobs |"
	echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
	awk -F '\t' "$functions"' $7 == 0 && $5 != "per_class" && $5 != "best" {
		row = $1 FS $2 FS $6 FS $3 FS $4
		if (!(row in jobs)) order[++n] = row
		if (index(", " jobs[row] ", ", ", " $9 ", ") == 0) jobs[row] = jobs[row] (jobs[row] == "" ? "" : ", ") $9
		text = sprintf("%.0f / %.0f %% / %.2f %% / %.1f %%", $10, 100 * $12, 100 * $13, 100 * $16 / $9)
		if ($5 == "confidence") text = text " (" interval($16, $9) ")"
		if ($5 == "confidence" && $16 / $9 > .05) text = "**" text "**"
		if ($15 == 0) text = sprintf("%.0f / 0 / - / 0", $10)
		value[row, $5] = text
	} END {
		for (i = 1; i <= n; i++) {
			split(order[i], f, FS)
			printf "| %s | 0%s | %s | %s %s | %s | %s | %s | %s |\n", f[1], f[2], f[3], f[4],
				f[4] == "eager" ? "" : f[5], value[order[i], "confidence"], value[order[i], "expected"],
				value[order[i], "plain"], jobs[order[i]]
		}
	}' "$results" | sed 's/  */ /g' | sort -t '|' -k 2,2 -k 3,3 -k 4,4r -k 5,5V
	echo
	echo "People who are wrong in some of their answers; digits, \`eager\`, \`confidence\`, target 0.95. The error is against the truth."
	echo
	echo "| wrong answers | human labels | machine share | realized error | missed | jobs |"
	echo "| --- | --- | --- | --- | --- | --- |"
	awk -F '\t' '$7 > 0 { printf "| %.0f %% | %.0f | %.0f %% | %.2f %% | %.1f %% | %d |\n", 100 * $7, $10, 100 * $12,
		100 * $13, 100 * $16 / $9, $9 }' "$results"
	echo
	echo "A certificate for each class (\`per_class\`), \`eager\`, \`confidence\`, softmax. Missed: of the classes that have machine labels, over all"
	echo "jobs, those whose own realized error is above the target; a class with few machine labels misses it by one of them."
	echo
	echo "| data | target | human labels | machine share | realized error | classes | missed | jobs |"
	echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
	awk -F '\t' '$5 == "per_class" { printf "| %s | 0%s | %.0f | %.0f %% | %.2f %% | %d | %.1f %% | %d |\n", $1, $2, $10,
		100 * $12, 100 * $13, $18, 100 * $19 / $18, $9 }' "$results"
	echo
	echo "A validation set of the best size (\`best_validation\`) beside the default one; \`eager\`, \`confidence\`, softmax."
	echo
	echo "| data | target | human labels, default | human labels, best | missed, best | jobs |"
	echo "| --- | --- | --- | --- | --- | --- |"
	awk -F '\t' "$functions"' $4 == "1000" && $3 == "eager" && $5 == "confidence" && $6 == "softmax" && $7 == 0 { usual[$1, $2] = $10 }
		$5 == "best" { best[++n] = $0 } END { for (i = 1; i <= n; i++) { split(best[i], f, FS)
		printf "| %s | 0%s | %.0f | %.0f | %.1f %% (%s) | %d |\n", f[1], f[2], usual[f[1], f[2]], f[10], 100 * f[16] / f[9], interval(f[16], f[9]), f[9] } }' "$results"
}

print_tables > "$work/tables"
cat "$work/tables"
if [ "$mode" = full ]; then
	sed -i -e "/^<!-- measured -->/,/^<!-- end -->/{/^<!-- measured -->/{p;r $work/tables
		};/^<!-- end -->/!d}" bench/guarantee/README.md
fi
