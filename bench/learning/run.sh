#!/usr/bin/env bash
# The classifiers beside scikit-learn and numpy: one thread each, the same BLAS, the same
# float32 rows, one run of this script.
#
#	bench/learning/run.sh DATA_FOLDER
#
# The folder holds optdigits.copy.gz and fashion_mnist/.  Needs a C compiler and
# /usr/bin/python3 with numpy and scikit-learn (Debian: python3-numpy python3-sklearn).
# REPEAT=5 times of each; medians of processor time, which a busy machine disturbs less.
set -euo pipefail
data=$(realpath "${1:?usage: run.sh DATA_FOLDER}")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
multiarch=$(${CC:-cc} -print-multiarch)

# The flags of the makefile for src/learning.
${CC:-cc} -std=gnu11 -O3 -ftree-vectorize -fassociative-math -fno-signed-zeros -fno-trapping-math \
	-Isrc -isystem "/usr/include/$multiarch/openblas-serial" bench/learning/driver.c \
	src/learning/*.c \
	"/usr/lib/$multiarch/openblas-serial/libopenblas.a" -lm -o "$work/driver"
/usr/bin/python3 bench/learning/compare.py "$work/driver" "$data" "$work" "${REPEAT:-5}"
