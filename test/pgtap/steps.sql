-- Steps that do not end well: recorded, tried again, given up, taken up again.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;

LOAD 'gtlabel';
ALTER SYSTEM SET gtlabel.retry_delay = '20ms';
SELECT pg_reload_conf() \g /dev/null

SELECT current_database() AS database \gset
\setenv PGDATABASE :database

\ir ../lib/wait_for.sql

CREATE TABLE things AS SELECT i AS id, ARRAY[i % 2, random()]::float4[] AS features, (ARRAY['a','b'])[1 + i % 2] AS gold
  FROM generate_series(1, 40) i;
ALTER TABLE things ADD PRIMARY KEY (id);
CREATE TABLE weather (fine boolean);
INSERT INTO weather VALUES (false);
-- The owner's own way to consolidate, which fails while the weather is bad.
CREATE FUNCTION moody(job_name text, object_keys text[], annotators text[], labels text[])
    RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (SELECT fine FROM public.weather) THEN
        RAISE EXCEPTION 'no consolidation in bad weather' USING ERRCODE = 'P1234';
    END IF;
    RETURN QUERY SELECT k, min(l), 0.9::float8 FROM unnest(object_keys, labels) u (k, l) GROUP BY k;
END $$;

SELECT * FROM no_plan();

-- ---- Errors ------------------------------------------------------------------------------------

SELECT gt_create_job('moody', 'things', ARRAY['a','b'], max_concurrent_task_count => 20, annotators_per_object => 1,
                     features_column => NULL, consolidation => 'moody(text, text[], text[], text[])') > 0 AS created \g /dev/null
SELECT gt_create_job('calm', 'things', ARRAY['a','b'], max_concurrent_task_count => 20, features_column => NULL) > 0 AS created \g /dev/null
CREATE FUNCTION answer(job text) RETURNS integer LANGUAGE sql AS $$
    SELECT gt_annotate(job, array_agg(t.object_key), array_agg(d.gold)) FROM gt_tasks t JOIN things d ON d.id::text = t.object_key
     WHERE t.job_name = job AND t.state = 'available' $$;
SELECT answer('moody') \g /dev/null
SELECT answer('calm') \g /dev/null
CALL wait_for($$(SELECT state = 'failed' FROM gt_jobs WHERE job_name = 'moody')$$);
SELECT is((SELECT count(*) FROM gt_events WHERE job_name = 'moody' AND event = 'step_failed'), 5::bigint, 'a step that fails is tried five times');
SELECT matches((SELECT detail FROM gt_events WHERE job_name = 'moody' AND event = 'step_failed' ORDER BY event_id LIMIT 1),
               'step "close_batch", failure 1 of 5, P1234: no consolidation in bad weather; context: PL/pgSQL function .*; tried again after 0.02 s',
               'each failure is an event with step, SQLSTATE, message, context and delay');
SELECT matches((SELECT failure_reason FROM gt_jobs WHERE job_name = 'moody'),
               'step "close_batch" has failed 5 times in a row, at last with P1234: no consolidation in bad weather; .* gt_resume_job tries again',
               'then the job fails, with a reason that says what to do');
SELECT is((SELECT array[step, step_failures::text, step_error] FROM gt_jobs WHERE job_name = 'moody'),
          ARRAY['close_batch', '5', 'P1234: no consolidation in bad weather'], 'gt_jobs has the step and its error');
SELECT results_eq($$SELECT finding, advice FROM gt_explain_job('moody') WHERE topic = 'failed step'$$,
    $$VALUES ('step "close_batch": P1234: no consolidation in bad weather; failures in a row: 5', 'Put right what it says; then gt_resume_job tries again.')$$,
    'and gt_explain_job says what to do');
SELECT is((SELECT count(*) FROM gt_annotations WHERE job_name = 'moody'), 20::bigint, 'no answer is lost');
SELECT is((SELECT (open_batch_no, human_labeled)::text FROM gtlabel.job WHERE job_name = 'moody'), '(1,0)', 'nothing of the step is left');
CALL wait_for($$(SELECT max(batch_no) = 2 FROM gt_batches WHERE job_name = 'calm')$$);
SELECT pass('a broken job does not stop another');

SELECT gt_resume_job('moody') \g /dev/null
CALL wait_for($$(SELECT state = 'failed' FROM gt_jobs WHERE job_name = 'moody')$$);
SELECT is((SELECT count(*) FROM gt_events WHERE job_name = 'moody' AND event = 'step_failed'), 10::bigint, 'resumed, it has five tries again');
UPDATE weather SET fine = true;
SELECT gt_resume_job('moody') \g /dev/null
CALL wait_for($$(SELECT max(batch_no) = 2 FROM gt_batches WHERE job_name = 'moody')$$);
SELECT is((SELECT (state, human_labeled, failure_reason, step, step_failures)::text FROM gt_jobs WHERE job_name = 'moody'),
          '(in_progress,20,,,)', 'put right and resumed, it goes on, and the failures are forgotten');
UPDATE weather SET fine = false;
SELECT answer('moody') \g /dev/null
CALL wait_for($$EXISTS (SELECT FROM gt_jobs WHERE job_name = 'moody' AND step_failures > 0)$$);
UPDATE weather SET fine = true;
CALL wait_for($$(SELECT state = 'completed' FROM gt_jobs WHERE job_name = 'moody')$$);
SELECT pass('without help too, when the error goes away between two tries');
SELECT is_empty($$SELECT * FROM gtlabel.step WHERE job_id = (SELECT job_id FROM gt_jobs WHERE job_name = 'moody')$$, 'nothing is left of them');

-- ---- A stop is not lost when its step fails; retried objects forgive the step ------------------------

UPDATE weather SET fine = false;
SELECT gt_create_job('halted', 'things', ARRAY['a','b'], max_concurrent_task_count => 20, features_column => NULL,
                     consolidation => 'moody(text, text[], text[], text[])') > 0 AS created \g /dev/null
SELECT gt_create_job('retried', 'things', ARRAY['a','b'], max_concurrent_task_count => 20, features_column => NULL,
                     consolidation => 'moody(text, text[], text[], text[])') > 0 AS created \g /dev/null
SELECT answer('halted') \g /dev/null
SET client_min_messages = error;
SELECT gt_stop_job('halted') \g /dev/null
SET client_min_messages = warning;
SELECT isnt((SELECT state FROM gt_jobs WHERE job_name = 'halted'), 'in_progress', 'a stop is recorded although the consolidation function raises');
CALL wait_for($$(SELECT state = 'failed' FROM gt_jobs WHERE job_name = 'halted')$$);
SELECT throws_ok($$SELECT gt_retry_failed('halted')$$, '55000', 'cannot retry the failed objects of labeling job "halted": it is failed',
                 'a job that failed while it stopped is not taken up again otherwise');
SELECT throws_ok($$CALL gt_wait_job('halted', 'stopped', '1 s')$$, '55000', 'cannot wait for state "stopped" of labeling job "halted": it is failed',
                 'gt_wait_job does not wait for what nobody does');
UPDATE weather SET fine = true;
SELECT gt_resume_job('halted') \g /dev/null
CALL wait_for($$(SELECT state = 'stopped' FROM gt_jobs WHERE job_name = 'halted')$$);
SELECT is((SELECT human_labeled FROM gt_jobs WHERE job_name = 'halted'), 20, 'resumed, it goes on stopping, and the answers become labels');

-- A cancel goes through the subtransaction of the stop, and who catches it is in its own again.
SET gtlabel.background = off;
CREATE FUNCTION canceled(job_name text, object_keys text[], annotators text[], labels text[])
    RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'canceled' USING ERRCODE = 'query_canceled'; END $$;
SELECT gt_create_job('torn', 'things', ARRAY['a','b'], max_concurrent_task_count => 20, features_column => NULL,
                     consolidation => 'canceled(text, text[], text[], text[])') > 0 AS created \g /dev/null
SELECT answer('torn') \g /dev/null
CREATE TABLE caught (times integer);
BEGIN;
SAVEPOINT before;
DO $$
BEGIN
    PERFORM gt_stop_job('torn');
EXCEPTION WHEN query_canceled THEN
    INSERT INTO caught VALUES (1);
END $$;
SAVEPOINT later;
INSERT INTO caught VALUES (2);
ROLLBACK TO later;
RELEASE before;
COMMIT;
SELECT results_eq('SELECT times FROM caught', 'VALUES (1)', 'a stop that is canceled leaves the transaction as it was');
SELECT is((SELECT state FROM gt_jobs WHERE job_name = 'torn'), 'in_progress', 'and the job');
SELECT gt_drop_job('torn') \g /dev/null
RESET gtlabel.background;

SELECT gt_decline_tasks(array_agg(task_id)) FROM gt_accept_tasks('retried', 1) \g /dev/null
SELECT answer('retried') \g /dev/null
CALL wait_for($$(SELECT failed = 1 AND EXISTS (SELECT FROM gt_batches WHERE job_name = 'retried' AND batch_no = 2) FROM gt_jobs WHERE job_name = 'retried')$$);
UPDATE weather SET fine = false;
SELECT answer('retried') \g /dev/null
CALL wait_for($$(SELECT state = 'failed' FROM gt_jobs WHERE job_name = 'retried')$$);
SELECT gt_retry_failed('retried') \g /dev/null
CALL wait_for($$(SELECT state = 'failed' FROM gt_jobs WHERE job_name = 'retried')$$);
SELECT is((SELECT count(*) FROM gt_events WHERE job_name = 'retried' AND event = 'step_failed'), 10::bigint,
          'gt_retry_failed forgives a failed step: it is tried five times again');
SELECT gt_drop_job('retried') \g /dev/null

-- ---- The steps stay one worker's, whatever the owner's function unlocks -----------------------------

CREATE TABLE held (locks bigint);
CREATE FUNCTION unlocks(job_name text, object_keys text[], annotators text[], labels text[])
    RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_lock(4711), pg_advisory_unlock_all();
    INSERT INTO public.held SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 18252 AND pid = pg_backend_pid();
    IF NOT (SELECT fine FROM public.weather) THEN
        RAISE EXCEPTION 'no consolidation in bad weather' USING ERRCODE = 'P1234';
    END IF;
    RETURN QUERY SELECT k, min(l), 0.9::float8 FROM unnest(object_keys, labels) u (k, l) GROUP BY k;
END $$;
UPDATE weather SET fine = true;
SELECT gt_create_job('unlocked', 'things', ARRAY['a','b'], max_concurrent_task_count => 20, schedule => 'eager', validation_share => 0.5,
                     algorithm => 'softmax', consolidation => 'unlocks(text, text[], text[], text[])') > 0 AS created \g /dev/null
SELECT format('ALTER DATABASE %I SET gtlabel.debug_round_lock = 78', current_database()) \gexec
SELECT pg_advisory_lock(78) \g /dev/null
SELECT answer('unlocked') \g /dev/null
CALL wait_for($$EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 78 AND NOT granted)$$);
SELECT is((SELECT locks FROM held), 1::bigint, 'pg_advisory_unlock_all in a step leaves the lock of the steps');
SELECT is((SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 18252 AND granted), 1::bigint, 'the session still holds it in the next');
SELECT pg_advisory_unlock(78) \g /dev/null
SELECT format('ALTER DATABASE %I RESET gtlabel.debug_round_lock', current_database()) \gexec
CALL wait_for($$(SELECT max(batch_no) = 2 FROM gt_batches WHERE job_name = 'unlocked')$$);
CALL wait_for($$NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'gtlabel job unlocked')$$);
SELECT is_empty($$SELECT FROM gt_events WHERE job_name = 'unlocked' AND event = 'step_failed'$$, 'nothing fails of it');
SELECT gt_drop_job('unlocked', true) \g /dev/null

-- ---- Settings reach a worker that lives ---------------------------------------------------------------

UPDATE weather SET fine = false;
ALTER SYSTEM SET gtlabel.retry_delay = '1s';
SELECT pg_reload_conf() \g /dev/null
SELECT pg_sleep(0.2) \g /dev/null
SELECT gt_create_job('reloaded', 'things', ARRAY['a','b'], features_column => NULL, consolidation => 'moody(text, text[], text[], text[])') > 0 AS created \g /dev/null
SELECT answer('reloaded') \g /dev/null
CALL wait_for($$EXISTS (SELECT FROM gt_events WHERE job_name = 'reloaded' AND event = 'step_failed')$$);
ALTER SYSTEM SET gtlabel.retry_delay = '20ms';
SELECT pg_reload_conf() \g /dev/null
CALL wait_for($$(SELECT state = 'failed' FROM gt_jobs WHERE job_name = 'reloaded')$$);
SELECT matches((SELECT detail FROM gt_events WHERE job_name = 'reloaded' AND event = 'step_failed' ORDER BY event_id OFFSET 1 LIMIT 1),
               'tried again after 0.08 s$', 'a worker that waits reads the new settings');
SELECT gt_drop_job('reloaded') \g /dev/null

-- ---- Answers in flight: a worker waits without a snapshot, and somebody follows one that is told to end ----

SELECT gt_create_job('flight', 'things', ARRAY['a','b'], features_column => NULL, max_concurrent_task_count => 2) > 0 AS created \g /dev/null
\! psql -Xqd "$PGDATABASE" -c "BEGIN" -c "SELECT gt_annotate('flight', array_agg(object_key), array_agg('a'::text)) FROM (SELECT object_key FROM gt_tasks WHERE job_name = 'flight' LIMIT 1) t" -c "SELECT pg_sleep(6)" -c "COMMIT" >/dev/null &
CALL wait_for($$EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query = 'SELECT pg_sleep(6)')$$);
SELECT gt_submit_annotations(ARRAY[task_id], ARRAY['a'], 'y') FROM gt_accept_tasks('flight', 1, 'y') \g /dev/null
CALL wait_for($$EXISTS (SELECT FROM gt_progress WHERE job_name = 'flight' AND phase LIKE 'waiting%')$$);
SELECT pid AS worker FROM gt_progress WHERE job_name = 'flight' \gset
SELECT is((SELECT (backend_xmin, backend_xid)::text FROM pg_stat_activity WHERE pid = :worker), '(,)', 'waiting for answers in flight holds no snapshot');
SELECT pg_terminate_backend(:worker, 5000) AS gone \gset
SELECT ok(:'gone'::boolean, 'a worker that waits can be terminated');
CALL wait_for(format($$EXISTS (SELECT FROM gt_progress WHERE job_name = 'flight' AND pid <> %s)$$, :worker));
SELECT pass('and another one comes');
CALL wait_for($$(SELECT max(batch_no) = 2 FROM gt_batches WHERE job_name = 'flight')$$);
SELECT pass('the step is done when the transaction has ended');
SELECT gt_drop_job('flight') \g /dev/null
UPDATE weather SET fine = true;

-- ---- Crashes: what a worker leaves that was killed -------------------------------------------------

SET gtlabel.background = off;
SELECT answer('calm') \g /dev/null
SELECT job_id AS calm FROM gt_jobs WHERE job_name = 'calm' \gset
INSERT INTO gtlabel.step (job_id, step, started_at) VALUES (:calm, 'close_batch', now());
SELECT is((SELECT finding FROM gt_explain_job('calm') WHERE topic = 'running step'), 'step "close_batch"', 'gt_explain_job says that a step is being done');
SELECT is((SELECT (step, step_started_at IS NULL)::text FROM gt_jobs WHERE job_name = 'calm'), '(close_batch,f)', 'a step that is being done is shown');
SET gtlabel.background = on;
CALL gt_wait_job('calm', 'completed', '30 s') \gset
SELECT ok(:'reached'::boolean, 'what a crash has cut off is done again');
SELECT matches((SELECT detail FROM gt_events WHERE job_name = 'calm' AND event = 'step_failed'),
               'step "close_batch", failure 1 of 5, 57P02: the worker or the server went down in the middle of the step; tried again at once',
               'and counted as a failure');

-- ---- Cancel and terminate in mid-training ------------------------------------------------------------

CREATE TABLE many AS SELECT i AS id, ARRAY(SELECT (random() * 4 + (i + d) % 7)::float4 FROM generate_series(1, 512) d) AS features,
       'c' || ((i * 7919) % 60) AS gold FROM generate_series(1, 6000) i;
ALTER TABLE many ADD PRIMARY KEY (id);
-- (a superuser's workers; nothing else in this cluster raises it)
ALTER ROLE postgres SET maintenance_work_mem = '1GB';
SET maintenance_work_mem = '1GB';
SELECT gt_create_job('long', 'many', (SELECT array_agg(DISTINCT gold) FROM many), algorithm => 'mlp', schedule => 'eager', guarantee => 'confidence', max_concurrent_task_count => 3000,
                     validation_share => 0.5, seed => 1) > 0 AS created \g /dev/null
SELECT gt_annotate('long', array_agg(t.object_key), array_agg(d.gold)) FROM gt_tasks t JOIN many d ON d.id::text = t.object_key
 WHERE t.job_name = 'long' AND t.state = 'available' \g /dev/null
CALL wait_for($$EXISTS (SELECT FROM gt_progress WHERE job_name = 'long' AND phase IN ('selecting', 'cross-fitting', 'training'))$$);
SELECT pid AS worker FROM gt_progress WHERE job_name = 'long' \gset
SELECT is((SELECT (backend_xmin, backend_xid, application_name)::text FROM pg_stat_activity WHERE pid = :worker), '(,,"gtlabel job long")',
          'training holds no snapshot');
SELECT matches((SELECT query FROM pg_stat_activity WHERE pid = :worker), '^gtlabel job long: (selecting|cross-fitting|training)', 'pg_stat_activity shows job and phase');
SELECT bag_eq(format($$SELECT locktype || ' ' || mode FROM pg_locks WHERE pid = %s AND locktype <> 'virtualxid'$$, :worker), ARRAY['advisory ExclusiveLock'],
              'and no lock but that of the job''s steps');
SELECT is((SELECT (backend_type, role)::text FROM gt_progress WHERE pid = :worker), '("gtlabel worker",postgres)', 'gt_progress shows it');
CALL wait_for($$EXISTS (SELECT FROM gt_progress WHERE job_name = 'long' AND done > 0 AND done <= total AND percent > 0 AND percent <= 100
                         AND estimated_end > phase_started_at AND phase_started_at >= started_at)$$);
SELECT pass('with counts and an estimate');
SELECT clock_timestamp() AS started \gset
SELECT pg_cancel_backend(:worker) \g /dev/null
CALL wait_for($$EXISTS (SELECT FROM gt_events WHERE job_name = 'long' AND event = 'step_canceled')$$);
SELECT cmp_ok(clock_timestamp() - :'started', '<', interval '1 s', 'a step is canceled within a second');
SELECT is((SELECT COALESCE(step_failures, 0) FROM gt_jobs WHERE job_name = 'long'), 0, 'that is no failure');
CALL wait_for($$EXISTS (SELECT FROM gt_progress WHERE job_name = 'long' AND phase IN ('selecting', 'cross-fitting', 'training'))$$);
SELECT pass('and it is tried again');
SELECT pid AS worker FROM gt_progress WHERE job_name = 'long' \gset
SELECT pg_terminate_backend(:worker, 5000) AS gone \gset
SELECT ok(:'gone'::boolean, 'a worker can be terminated');
CALL wait_for($$EXISTS (SELECT FROM gt_events WHERE job_name = 'long' AND event = 'step_interrupted')$$);
CALL wait_for($$EXISTS (SELECT FROM gt_progress WHERE job_name = 'long' AND phase IN ('selecting', 'cross-fitting', 'training'))$$);
SELECT isnt((SELECT pid FROM gt_progress WHERE job_name = 'long'), :worker, 'and another one does its work');
SELECT is((SELECT COALESCE(step_failures, 0) FROM gt_jobs WHERE job_name = 'long'), 0, 'that is no failure either');
SELECT gt_drop_job('long', true) \g /dev/null
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gtlabel job long' \g /dev/null
CALL wait_for($$NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'gtlabel job long')$$);
SELECT pass('a worker whose job is dropped ends');

-- ---- Waiting for a job, for days ------------------------------------------------------------------------

SELECT gt_create_job('awaited', 'things', ARRAY['a','b'], features_column => NULL) > 0 AS created \g /dev/null
\! psql -Xqd "$PGDATABASE" -c "CALL gt_wait_job('awaited', 'paused')" >/dev/null &
CALL wait_for($$EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'CALL gt_wait_job(%' AND backend_xmin IS NULL AND pid <> pg_backend_pid())$$);
SELECT pass('gt_wait_job holds no snapshot between two looks');
SELECT gt_pause_job('awaited') \g /dev/null
CALL wait_for($$NOT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'CALL gt_wait_job(%' AND state = 'active' AND pid <> pg_backend_pid())$$);
SELECT pass('and ends when the job has come to the state');
SELECT gt_drop_job('awaited') \g /dev/null

-- ---- What runs outside of jobs ----------------------------------------------------------------------

\! psql -Xqd "$PGDATABASE" -c "SELECT count(*) FROM gt_simulate_job('many', 'gold', algorithm => 'softmax', repetitions => 100)" >/dev/null 2>&1 &
CALL wait_for($$EXISTS (SELECT FROM gt_progress WHERE job_name IS NULL AND phase = 'simulating' AND total = 100 AND backend_type = 'client backend')$$);
SELECT pass('gt_progress shows a simulation');
CREATE ROLE regress_gtl_stranger;
SET ROLE regress_gtl_stranger;
SELECT is_empty('SELECT * FROM gt_progress', 'but not to strangers');
RESET ROLE;
DROP ROLE regress_gtl_stranger;
SELECT pg_cancel_backend(pid) FROM gt_progress WHERE phase = 'simulating' \g /dev/null
CALL wait_for('NOT EXISTS (SELECT FROM gt_progress)');
SELECT pass('and nothing that has ended');

SELECT * FROM finish();
ALTER ROLE postgres RESET maintenance_work_mem;
ALTER SYSTEM RESET gtlabel.retry_delay;
SELECT pg_reload_conf() \g /dev/null
