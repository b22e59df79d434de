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
. bench/compile.bash
compile_driver bench/learning/driver.c "$work/driver"
/usr/bin/python3 bench/learning/compare.py "$work/driver" "$data" "$work" "${REPEAT:-5}"
