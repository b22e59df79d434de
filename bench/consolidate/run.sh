#!/usr/bin/env bash
# Consolidation of a made-up crowd, beside the same formulas in numpy; one thread each, same
# number of iterations, taken in turns, in CPU seconds; and its memory at three sizes.
#
#	bench/consolidate/run.sh
#
# Needs a C compiler and /usr/bin/python3 with numpy (Debian: python3-numpy).  RUNS=5 runs of
# each; VOTES, CLASSES, ITEMS, ANNOTATORS change the crowd.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

votes=${VOTES:-1000000} classes=${CLASSES:-10} items=${ITEMS:-200000} annotators=${ANNOTATORS:-1000}
runs=${RUNS:-5}
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The flags of the makefile for src/learning.
${CC:-cc} -std=gnu99 -O3 -ftree-vectorize -fassociative-math -fno-signed-zeros -fno-trapping-math \
	-Isrc bench/consolidate/driver.c src/learning/{consolidate,crowd,crowd_confidence,dawid_skene}.c src/learning/random.c \
	-lm -o "$work/driver"

"$work/driver" make "$votes" "$classes" "$items" "$annotators" "$work/crowd"
crowd=("$votes" "$classes" "$items" "$annotators" "$work/crowd")
# Turn by turn, so that what else the machine does meets both.
for _ in $(seq "$runs"); do
	read -r iterations seconds _ < <("$work/driver" run "${crowd[@]}" 1 "$work/labels")
	echo "$seconds" >> "$work/ours"
	read -r seconds same < <(/usr/bin/python3 bench/consolidate/peer.py "${crowd[@]}" 1 "$iterations" "$work/labels")
	echo "$seconds" >> "$work/theirs"
done
median() { sort -n "$1" | sed -n "$(((runs + 1) / 2))p"; }
ours=$(median "$work/ours") theirs=$(median "$work/theirs")

echo "$votes votes, $classes classes, $items items, $annotators annotators, $iterations iterations, medians of $runs"
echo
awk -v a="$ours" -v b="$theirs" -v n="$iterations" -v s="$same" 'BEGIN {
	print "| | CPU seconds | ms an iteration | ratio |"
	print "| --- | --- | --- | --- |"
	printf "| gtlabel | %.2f | %.1f | 1 |\n", a, 1000 * a / n
	printf "| numpy | %.2f | %.1f | %.1f |\n", b, 1000 * b / n, b / a
	printf "\nsame label: %.4f %% of the items\n\n", 100 * s
}'

echo "| votes | items | estimate, MB | peak, MB | bytes a vote |"
echo "| --- | --- | --- | --- | --- |"
for part in 4 2 1; do
	v=$((votes / part)) i=$((items / part)) a=$((annotators / part))
	"$work/driver" make "$v" "$classes" "$i" "$a" "$work/crowd"
	read -r _ _ estimate peak < <("$work/driver" run "$v" "$classes" "$i" "$a" "$work/crowd" 1)
	awk -v v="$v" -v i="$i" -v e="$estimate" -v p="$peak" \
		'BEGIN { printf "| %d | %d | %.1f | %.1f | %.0f |\n", v, i, e, p, p * 1048576 / v }'
done
