#!/usr/bin/env bash
# The launcher across crashes and without free worker slots; training holds up neither a fast shutdown
# nor vacuum.
#
# with-cluster: --preload -c max_worker_processes=3 -c gtlabel.launcher_interval=100ms -c gtlabel.retry_delay=100ms -c maintenance_work_mem=1GB
. "$(dirname "$0")/lib.bash"

create_fixture 40
due() { # due JOB: answers its first batch, and nobody asks for a worker
	sql -c "SET gtlabel.background = off" -c "SELECT gt_create_job('$1', 'things', ARRAY['a','b','c'], features_column => NULL, max_concurrent_task_count => 20)" \
		-c "SELECT gt_annotate('$1', array_agg(object_key), array_agg('a'::text)) FROM gt_tasks WHERE job_name = '$1'" >/dev/null
}
has_batch() { [ "$(value "SELECT max(batch_no) FROM gt_batches WHERE job_name = '$1'")" = "$2" ]; }
warnings() { scripts/cluster-ctl log | grep -c 'WARNING:  no background worker is free' || true; }

# ---- After a crash, nobody connects -------------------------------------------------------------

scripts/cluster-ctl set gtlabel.background=off
sql -c "SELECT pg_reload_conf()" >/dev/null
due crash
sql -c "INSERT INTO gtlabel.step (job_id, step, started_at) SELECT job_id, 'close_batch', now() FROM gt_jobs WHERE job_name = 'crash'"
scripts/cluster-ctl kill
scripts/cluster-ctl set gtlabel.background=on
scripts/cluster-ctl start
until_true 30 has_batch crash 2 || fail "the launcher does not take up what a crash has cut off"
same "failures counted" 1 "$(value "SELECT count(*) FROM gt_events WHERE job_name = 'crash' AND event = 'step_failed'")"
say "crash"

# ---- No free slot -----------------------------------------------------------------------------------

# Two of three are the launchers'; a sleeping consolidation takes the third.
sql <<'END'
CREATE FUNCTION sleepy(job_name text, object_keys text[], annotators text[], labels text[])
    RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE sql AS $$
    SELECT pg_sleep(4);
    SELECT k, min(l), 0.9::float8 FROM unnest(object_keys, labels) u (k, l) GROUP BY k $$;
SELECT gt_create_job('sleepy', 'things', ARRAY['a','b','c'], features_column => NULL, max_concurrent_task_count => 20,
                     consolidation => 'sleepy(text, text[], text[], text[])') \g /dev/null
SELECT gt_annotate('sleepy', array_agg(object_key), array_agg('a'::text)) FROM gt_tasks WHERE job_name = 'sleepy' \g /dev/null
END
due waiting
sql -c "SELECT gt_create_job('asking', 'things', ARRAY['a','b','c'], features_column => NULL, max_concurrent_task_count => 20)" >/dev/null
said=$(PGOPTIONS= psql -Xq -c "SELECT gt_annotate('asking', array_agg(object_key), array_agg('a'::text)) FROM gt_tasks WHERE job_name = 'asking'" 2>&1 >/dev/null)
same "what an annotator is told of it" '' "$said"
until_true 30 has_batch waiting 2 || fail "a job that found no slot is forgotten"
until_true 30 has_batch asking 2 || fail "a job whose worker was refused is forgotten"
same "warnings in the log" 1 "$(warnings)"
say "no free slot"

# ---- Shutdown in mid-training -------------------------------------------------------------------------

sql <<'END'
CREATE TABLE many AS SELECT i AS id, ARRAY(SELECT (random() * 4 + (i + d) % 7)::float4 FROM generate_series(1, 512) d) AS features,
       'c' || ((i * 7919) % 60) AS gold FROM generate_series(1, 6000) i;
ALTER TABLE many ADD PRIMARY KEY (id);
SELECT gt_create_job('long', 'many', (SELECT array_agg(DISTINCT gold) FROM many), algorithm => 'mlp', schedule => 'eager', guarantee => 'confidence',
                     max_concurrent_task_count => 3000, validation_share => 0.5, seed => 1) \g /dev/null
SELECT gt_annotate('long', array_agg(t.object_key), array_agg(d.gold)) FROM gt_tasks t JOIN many d ON d.id::text = t.object_key
 WHERE t.job_name = 'long' AND t.state = 'available' \g /dev/null
END
trains() { [ "$(value "SELECT count(*) FROM gt_progress WHERE job_name = 'long' AND phase IN ('selecting', 'cross-fitting', 'training')")" = 1 ]; }
until_true 60 trains || fail "no training"
same "snapshots held by the training" 0 "$(value "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'gtlabel worker' AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)")"
sql -c "DELETE FROM things"
same "dead rows that vacuum cannot remove" 0 \
	"$(psql -Xq -c 'VACUUM VERBOSE things' 2>&1 | sed -n 's/.* removed, [0-9]* remain, \([0-9]*\) are dead but not yet removable.*/\1/p' | head -n 1)"
began=$(date +%s%N)
scripts/cluster-ctl stop fast
took=$((($(date +%s%N) - began) / 1000000))
[ $took -lt 1500 ] || fail "a fast shutdown took $took ms"
scripts/cluster-ctl start
until_true 60 trains || fail "training does not begin anew"
same "failures counted" 0 "$(value "SELECT count(*) FROM gt_events WHERE job_name = 'long' AND event = 'step_failed'")"
same "interruptions" 1 "$(value "SELECT count(*) FROM gt_events WHERE job_name = 'long' AND event = 'step_interrupted'")"
say "fast shutdown in mid-training: $took ms"
