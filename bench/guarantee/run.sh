#!/usr/bin/env bash
# How many human labels a job needs, and how often it misses its promise: gt_simulate_job over many seeds.
#
#	bench/guarantee/run.sh [repetitions]
#
# Data: examples/data/optdigits (5,620 digits), and 1,758 of them drawn by a fixed hash. The rows "empirical" are
# gtlabel's own rounds with the service's plain rule for the threshold (validation error <= target): no promise.
# Needs an installed gtlabel; starts a throw-away server. Prints a table in markdown.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
repetitions=${1:-200}
if [ -z "${GTL_CLUSTER:-}" ]; then
	exec scripts/with-cluster -c maintenance_work_mem=1GB "$0" "$@"
fi
psql -Xq -v ON_ERROR_STOP=1 <<'SQL'
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS gtlabel;
CREATE TABLE optdigits (id bigint PRIMARY KEY, features float4[] NOT NULL, label text NOT NULL);
\copy optdigits FROM PROGRAM 'gzip -dc examples/data/optdigits.copy.gz'
CREATE TABLE digits AS SELECT * FROM optdigits ORDER BY md5(id::text) LIMIT 1758;
ALTER TABLE digits ADD PRIMARY KEY (id);
SQL
echo "| data | target | batch | schedule | guarantee | jobs | human labels | machine share | error | missed |"
echo "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
cell() { # cell DATA TARGET BATCH SCHEDULE GUARANTEE JOBS
	psql -XqAt -F ' | ' -v ON_ERROR_STOP=1 -c "
	SELECT '| $1', '$2', '$3', '$4', '$5', count(*), round(avg(human_labeled)),
	       round(100 * avg(machine_labeled::numeric / (human_labeled + machine_labeled)), 1) || ' %',
	       round(100 * avg(machine_error)::numeric, 2) || ' %',
	       round(100.0 * count(*) FILTER (WHERE machine_error > 1 - $2 + 1e-12) / count(*), 1) || ' % |'
	  FROM gt_simulate_job('$1', 'label', target_accuracy => $2, max_concurrent_task_count => $3, schedule => '$4',
	                       guarantee => '$5', algorithm => 'softmax', seed => 1, repetitions => $6) WHERE final"
}
for guarantee in confidence expected empirical; do
	for schedule in standard eager; do
		for batch in 100 250 1000; do
			cell digits 0.95 $batch $schedule $guarantee "$repetitions"
		done
	done
done
for guarantee in confidence expected empirical; do
	cell digits 0.98 250 eager $guarantee "$repetitions"
	for schedule in standard eager; do
		cell optdigits 0.95 1000 $schedule $guarantee $((repetitions / 4))
	done
	cell optdigits 0.98 250 eager $guarantee $((repetitions / 10))
done
