#!/usr/bin/env bash
# What a long training costs the others: answers per second of annotators of another job with and
# without a training beside them, turn by turn, on one server; whether the training's worker holds a
# snapshot or locks; and how long a fast shutdown in the middle of it takes.
#
#	bench/unattended/run.sh
#
# RUNS=5 turns of each, of SECONDS_EACH=5; CLIENTS=1 annotators at a time.  HELPERS=-1 is gtlabel.max_parallel_workers: a
# training takes one core more for each, and what is left is the annotators'.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -n "${GTL_CLUSTER:-}" ] ||
	exec scripts/with-cluster -c shared_buffers=1GB -c max_wal_size=8GB -c maintenance_work_mem=2GB \
		-c gtlabel.max_parallel_workers="${HELPERS:--1}" "$0" "$@"

runs=${RUNS:-5} each=${SECONDS_EACH:-5} clients=${CLIENTS:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
median() { sort -n "$1" | sed -n "$(((runs + 1) / 2))p"; }
until_true() { for ((i = 0; i < 1200; i++)); do if "$@"; then return; fi; sleep 0.05; done; echo "it does not come true: $*" >&2; exit 1; }

sql <<'END'
CREATE EXTENSION gtlabel;
CREATE TABLE many AS SELECT i AS id, ARRAY(SELECT (random() * 4 + (i + d) % 7)::float4 FROM generate_series(1, 512) d) AS features,
       'c' || ((i * 7919) % 100) AS gold FROM generate_series(1, 20000) i;
ALTER TABLE many ADD PRIMARY KEY (id);
CREATE TABLE few AS SELECT i AS id FROM generate_series(1, 1000000) i;
ALTER TABLE few ADD PRIMARY KEY (id);
SELECT gt_create_job('long', 'many', (SELECT array_agg(DISTINCT gold) FROM many), algorithm => 'mlp', schedule => 'eager', guarantee => 'confidence',
                     max_concurrent_task_count => 10000, validation_share => 0.5, seed => 1) \g /dev/null
SELECT gt_create_job('people', 'few', ARRAY['a','b'], features_column => NULL, max_concurrent_task_count => 1000000) \g /dev/null
BEGIN;
SELECT gt_annotate('long', array_agg(t.object_key), array_agg(d.gold)) FROM gt_tasks t JOIN many d ON d.id::text = t.object_key
 WHERE t.job_name = 'long' AND t.state = 'available' \g /dev/null
SELECT gt_pause_job('long') \g /dev/null
COMMIT;
VACUUM ANALYZE;
CHECKPOINT;
END
cat >"$work/answer.sql" <<'END'
SELECT gt_submit_annotations(array_agg(task_id), array_agg('a'::text), 'client ' || :client_id) FROM gt_accept_tasks('people', 1, 'client ' || :client_id);
END

trains() { [ "$(sql -c "SELECT count(*) FROM gt_progress WHERE job_name = 'long' AND phase IN ('selecting', 'cross-fitting', 'training')")" = 1 ]; }
idle() { [ "$(sql -c "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'gtlabel worker'")" = 0 ]; }
answers() { pgbench -n -c "$clients" -j 1 -T "$each" -f "$work/answer.sql" 2>/dev/null | sed -n 's/^tps = \([0-9.]*\).*/\1/p'; }
watch() { # a line for each look at the worker: has it a snapshot or transaction, and how many locks
	while [ -e "$work/watching" ]; do
		sql -c "SELECT backend_xmin IS NOT NULL OR backend_xid IS NOT NULL, (SELECT count(*) FROM pg_locks l WHERE l.pid = a.pid AND locktype <> 'virtualxid')
		          FROM pg_stat_activity a JOIN gt_progress p USING (pid) WHERE p.job_name = 'long' AND p.phase IN ('selecting', 'cross-fitting', 'training')"
		sleep 0.2
	done
}

answers >/dev/null
for ((run = 0; run < runs; run++)); do
	answers >>"$work/alone"
	sql -c "SELECT gt_resume_job('long')" >/dev/null
	until_true trains
	touch "$work/watching"
	watch >>"$work/watched" &
	answers >>"$work/beside"
	trains || { echo "the training was over before the annotators; the dataset is too small" >&2; exit 1; }
	rm "$work/watching"
	wait
	sql -c "SELECT gt_pause_job('long')" -c "SELECT pg_cancel_backend(pid) FROM gt_progress WHERE job_name = 'long'" >/dev/null
	until_true idle
done
alone=$(median "$work/alone") beside=$(median "$work/beside")
printf 'answers per second (accept and submit, %s at a time): %.0f alone, %.0f beside a training: %+.1f %%\n' \
	"$clients" "$alone" "$beside" "$(awk "BEGIN { print 100 * ($beside / $alone - 1) }")"
printf 'looks at the training: %s, with a snapshot or transaction: %s, most locks held: %s (that of the steps)\n' \
	"$(wc -l <"$work/watched")" "$(grep -c '^t' "$work/watched" || true)" "$(cut -d'|' -f2 "$work/watched" | sort -n | tail -n 1)"
sql -c "SELECT gt_resume_job('long')" >/dev/null
until_true trains
began=$(date +%s%N)
scripts/cluster-ctl stop fast
printf 'fast shutdown in the middle of it: %s ms\n' $((($(date +%s%N) - began) / 1000000))
