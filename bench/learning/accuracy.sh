#!/usr/bin/env bash
# Test accuracy of gt_train with algorithm 'auto' beside scikit-learn's LogisticRegression and
# MLPClassifier, trained on the same random rows.
#
#	bench/learning/accuracy.sh DATA_FOLDER [NAME ...]
#
# The folder holds optdigits, sms_spam, banking77, shuttle and fashion_km128 as NAME.copy.gz;
# without names all of them.  DRAWS=5 random draws of each size.  Needs /usr/bin/python3 with
# numpy and scikit-learn, and the extension installed.
set -euo pipefail
data=$(realpath "${1:?usage: accuracy.sh DATA_FOLDER [NAME ...]}")
shift
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
exec scripts/with-cluster -c maintenance_work_mem=1GB -c gtlabel.background=off \
	/usr/bin/python3 bench/learning/accuracy.py "$data" "${DRAWS:-5}" "$@"
