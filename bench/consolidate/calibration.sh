#!/usr/bin/env bash
# How well confidences are calibrated on thinned real crowds and on made-up ones; prints the tables of README.md.
#
#	bench/consolidate/calibration.sh [DRAWS]		of each number of answers an object; 30
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -std=gnu11 -O2 -Wall -Wextra -Isrc bench/consolidate/calibration.c src/learning/{consolidate,crowd,crowd_confidence,dawid_skene,random}.c \
	-lm -o "$work/calibration"
for crowd in bluebirds adult2; do
	gzip -dc "examples/data/${crowd}_crowd.csv.gz" | tail -n +2 | sort -t, -k1,1 -s >"$work/crowd"
	gzip -dc "examples/data/${crowd}_gold.csv.gz" | tail -n +2 >"$work/gold"
	for known in 0 20; do
		echo "$crowd, $known % of the answers known"
		echo
		"$work/calibration" "$work/crowd" "$work/gold" "${1:-30}" "$known"
		echo
	done
done
echo "made-up crowds: largest error, mean error (mean of exact confidences)"
echo
"$work/calibration" made-up "$(((${1:-30} + 5) / 6))"
