#!/usr/bin/env bash
# gt_train with algorithm 'auto' where networks are compared on a sample of the rows, beside softmax alone: 60,000 rows
# of 128 columns.
#
#	bench/learning/large.sh DATA_FOLDER
#
# The folder holds fashion_km128.copy.gz.  Accuracy and log loss are those of five folds over the rows.
set -euo pipefail
data=$(realpath "${1:?usage: large.sh DATA_FOLDER}")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -n "${GTL_CLUSTER:-}" ] || exec scripts/with-cluster -c maintenance_work_mem=1GB "$0" "$data"

psql -XqAt -v ON_ERROR_STOP=1 <<-SQL
	CREATE EXTENSION gtlabel;
	CREATE TABLE large (id integer, features float4[], label text);
	\copy large FROM PROGRAM 'gzip -dc $data/fashion_km128.copy.gz | head -n 60000'
	SELECT gt_train(name, 'large', 'label', algorithm => name, neighbours => false) FROM unnest(ARRAY['auto', 'softmax']) name \g /dev/null
	\echo '| algorithm | chosen | accuracy | log loss | seconds |'
	\echo '| --- | --- | --- | --- | --- |'
	SELECT format('| %s | %s %s | %s | %s | %s |', model_name, algorithm, hidden_units, round(accuracy::numeric, 4), round(log_loss::numeric, 4), round(seconds::numeric, 1)) FROM gt_models ORDER BY model_name;
SQL
