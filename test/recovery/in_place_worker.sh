#!/usr/bin/env bash
# A server with another version of gtlabel, and one with a time limit of its own, met by a background worker: failures that are
# counted, the second too, though it has the SQLSTATE of a cancel; the step is tried again, and afterwards the job goes on.
#
# with-cluster: --preload -c gtlabel.launcher_interval=500ms -c gtlabel.retry_delay=1s
. "$(dirname "$0")/lib.bash"
. scripts/shards.bash
create_fixture 2000
shard_create 1
shard_sql 1 -c "CREATE TABLE rows_of (id int PRIMARY KEY, features float4[] NOT NULL, gold text NOT NULL)"
shard_connect 1
sql -c "CREATE FOREIGN TABLE far (id int, features float4[] NOT NULL, gold text NOT NULL) SERVER shard_1 OPTIONS (table_name 'rows_of')" \
	-c "INSERT INTO far SELECT * FROM things" \
	-c "SELECT gt_create_job('far', 'far', ARRAY['a', 'b', 'c'], key_column => 'id', display_columns => ARRAY['id'], placement => 'in_place', sample_count => 600,
	    algorithm => 'softmax', neighbours => false, schedule => 'eager', guarantee => 'audited', max_concurrent_task_count => 100, seed => 3)" >/dev/null
shard_other_version 1

answer() { value "SELECT gt_annotate('far', array_agg(object_key), array_agg(gold)) FROM gt_tasks JOIN things ON id::text = object_key WHERE job_name = 'far' AND state = 'available'" >/dev/null; }
events() { value "SELECT count(*) FROM gt_events WHERE job_name = 'far' AND event = '$1' AND detail LIKE '%$2%'"; }
refused_there() { answer; [ "$(events step_failed "gtlabel $GTL_OTHER_VERSION,")" -ge 1 ]; }
until_true 90 refused_there || fail "no step failed: $(sql -c "SELECT event, detail FROM gt_events WHERE job_name = 'far'")"
[ "$(events step_failed shard_1)" -ge 1 ] || fail "the server is not named: $(sql -c "SELECT event, detail FROM gt_events WHERE job_name = 'far'")"
same "audits after a failed step" 0 "$(value "SELECT count(*) FROM gt_audits WHERE job_name = 'far' AND state <> 'open'")"
say "another version: $(value "SELECT detail FROM gt_events WHERE job_name = 'far' AND event = 'step_failed' LIMIT 1" | head -n 1)"

shard_sql 1 -c "ALTER ROLE postgres SET statement_timeout = '400ms'"
shard_lock 1
shard_same_version 1
failed_there() { answer; [ "$(events step_failed 57014)" -ge 1 ]; }
until_true 90 failed_there || fail "no step failed: $(sql -c "SELECT event, detail FROM gt_events WHERE job_name = 'far'")"
[ "$(events step_failed shard_1)" -ge 1 ] || fail "the server is not named: $(sql -c "SELECT event, detail FROM gt_events WHERE job_name = 'far'")"
same "cancels" 0 "$(events step_canceled '')"
say "counted as failures: $(events step_failed 57014)"

shard_unlock 1
shard_sql 1 -c "ALTER ROLE postgres RESET statement_timeout"
value "SELECT gt_resume_job('far') FROM gt_jobs WHERE job_name = 'far' AND state = 'failed'" >/dev/null	# on a slow machine
completed() { answer; [ "$(value "SELECT state FROM gt_jobs WHERE job_name = 'far'")" = completed ]; }
until_true 120 completed || fail "not completed: $(sql -x -c "SELECT * FROM gt_jobs WHERE job_name = 'far'")"
say "completed after the time limit was lifted"
