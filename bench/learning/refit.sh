#!/usr/bin/env bash
# Refits beside cold fits, at several sizes: processor time and iterations, means.
#
#	bench/learning/refit.sh DATA_FOLDER
#
# The folder holds fashion_mnist/ and the .copy.gz files of fashion_km128, banking77, ag_news_7600, optdigits, sms_spam and
# shuttle.  Needs a C compiler and /usr/bin/python3 with numpy.
set -euo pipefail
data=$(realpath "${1:?usage: refit.sh DATA_FOLDER}")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. bench/compile.bash
compile_driver bench/learning/driver.c "$work/driver"
/usr/bin/python3 bench/learning/refit.py "$work/driver" "$data" "$work"
