-- The launcher: due jobs of all databases are done without anybody asking.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;

ALTER SYSTEM SET gtlabel.launcher_interval = '100ms';
ALTER SYSTEM SET gtlabel.retry_delay = '20ms';
SELECT pg_reload_conf() \g /dev/null

\ir ../../lib/wait_for.sql

CREATE TABLE things AS SELECT i AS id FROM generate_series(1, 20) i;
ALTER TABLE things ADD PRIMARY KEY (id);
GRANT SELECT ON things TO PUBLIC;
-- A job whose first batch of ten is answered, and nobody asks for a worker: that is up to the launcher.
CREATE PROCEDURE leave_due(job text) LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL gtlabel.background = off;
    PERFORM gt_create_job(job, 'public.things', ARRAY['a','b'], features_column => NULL, max_concurrent_task_count => 10);
    PERFORM gt_annotate(job, array_agg(object_key), array_agg('a'::text)) FROM gt_tasks WHERE job_name = job;
END $$;

SELECT * FROM no_plan();
CALL wait_for($$EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'gtlabel launcher')$$);
SELECT pid AS launcher FROM pg_stat_activity WHERE backend_type = 'gtlabel launcher' \gset

-- ---- Jobs that are due, here and elsewhere --------------------------------------------------------

CALL leave_due('first');
CALL wait_for($$EXISTS (SELECT FROM gt_batches WHERE job_name = 'first' AND batch_no = 2)$$);
SELECT is((SELECT human_labeled FROM gt_jobs WHERE job_name = 'first'), 10, 'a due job is done without anybody asking');
SELECT is_empty('SELECT * FROM gtlabel.step', 'and nothing is noted of it afterwards');

\! psql -Xqd postgres -c 'CREATE DATABASE launcher_closed' -c 'ALTER DATABASE launcher_closed ALLOW_CONNECTIONS false' -c 'CREATE DATABASE launcher_gone'
\! psql -Xqd postgres -c 'CREATE DATABASE "launcher ""other"""' && psql -Xqd 'launcher "other"' -c 'CREATE EXTENSION gtlabel' -c 'CREATE TABLE things AS SELECT i AS id FROM generate_series(1, 20) i' -c 'ALTER TABLE things ADD PRIMARY KEY (id)' -c 'SET gtlabel.background = off' -c "SELECT gt_create_job('elsewhere', 'things', ARRAY['a','b'], features_column => NULL, max_concurrent_task_count => 10)" -c "SELECT gt_annotate('elsewhere', array_agg(object_key), array_agg('a'::text)) FROM gt_tasks" >/dev/null
\! for i in `seq 600`; do [ "$(psql -XAtqd 'launcher "other"' -c 'SELECT max(batch_no) FROM gt_batches')" = 2 ] && break; sleep 0.05; done
\set elsewhere `psql -XAtqd 'launcher "other"' -c 'SELECT human_labeled FROM gt_jobs'`
SELECT is(:elsewhere, 10, 'in other databases too');
\! psql -Xqd 'launcher "other"' -c 'DROP EXTENSION gtlabel CASCADE'; psql -Xqd postgres -c 'DROP DATABASE launcher_gone'
CALL leave_due('second');
CALL wait_for($$EXISTS (SELECT FROM gt_batches WHERE job_name = 'second' AND batch_no = 2)$$);
SELECT pass('with databases that are closed, dropped or without the extension');

-- ---- Owners who are gone, or may not connect -----------------------------------------------------

CREATE ROLE regress_gtl_gone;
CREATE ROLE regress_gtl_locked_out LOGIN CONNECTION LIMIT 0;
SET ROLE regress_gtl_gone;
SET gtlabel.background = off;
SELECT gt_create_job('orphan', 'public.things', ARRAY['a','b'], features_column => NULL) > 0 \g /dev/null
SELECT gt_annotate('orphan', array_agg(object_key), array_agg('a'::text)) FROM gt_tasks WHERE job_name = 'orphan' \g /dev/null
SET ROLE regress_gtl_locked_out;
SELECT gt_create_job('locked out', 'public.things', ARRAY['a','b'], features_column => NULL) > 0 \g /dev/null
SELECT gt_annotate('locked out', array_agg(object_key), array_agg('a'::text)) FROM gt_tasks WHERE job_name = 'locked out' \g /dev/null
RESET ROLE;
SELECT throws_ok('DROP ROLE regress_gtl_gone', '2BP01', 'role "regress_gtl_gone" cannot be dropped because it owns labeling job "orphan"', 'the owner of a job that runs is not dropped');
\! psql -Xqd postgres -c 'DROP ROLE regress_gtl_gone'
CALL leave_due('third');
CALL wait_for($$EXISTS (SELECT FROM gt_batches WHERE job_name = 'third' AND batch_no = 2)$$);
SELECT pass('a job whose owner is gone does not stop others');
CALL wait_for($$(SELECT state = 'completed' FROM gt_jobs WHERE job_name = 'locked out')$$);
SELECT pass('a worker that cannot connect as the owner is followed by one that can');

-- ---- A job that is just being dropped ------------------------------------------------------------------

-- Somebody deletes it and has not committed when the launcher looks; that another job was done meanwhile says that it has.
SELECT current_database() AS database \gset
ALTER DATABASE :"database" SET gtlabel.background = off;
CALL leave_due('dropped');
SELECT job_id AS dropped FROM gt_jobs WHERE job_name = 'dropped' \gset
SELECT pg_advisory_lock(99) \g /dev/null
\setenv GTL_DATABASE :database
\! psql -Xqd "$GTL_DATABASE" -c 'BEGIN' -c "DELETE FROM gtlabel.job WHERE job_name = 'dropped'" -c 'SELECT pg_advisory_lock(99)' -c 'COMMIT' >/dev/null &
CALL wait_for($$EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 99 AND NOT granted)$$);
ALTER DATABASE :"database" RESET gtlabel.background;
CALL leave_due('beside');
CALL wait_for($$EXISTS (SELECT FROM gt_batches WHERE job_name = 'beside' AND batch_no = 2)$$);
SELECT pg_advisory_unlock(99) \g /dev/null
CALL wait_for($$NOT EXISTS (SELECT FROM gtlabel.job WHERE job_name = 'dropped')$$);
SELECT is_empty('SELECT * FROM gtlabel.step s WHERE NOT EXISTS (SELECT FROM gtlabel.job j WHERE j.job_id = s.job_id)', 'the launcher notes nothing of a job that is being dropped');
DELETE FROM gtlabel.task WHERE job_id = :dropped;
DELETE FROM gtlabel.object WHERE job_id = :dropped;
DELETE FROM gtlabel.annotation WHERE job_id = :dropped;
DELETE FROM gtlabel.batch WHERE job_id = :dropped;
DELETE FROM gtlabel.event WHERE job_id = :dropped;
DELETE FROM gtlabel.segment WHERE job_id = :dropped;
DELETE FROM gtlabel.annotator_role WHERE job_id = :dropped;
SELECT gt_drop_job('beside') \g /dev/null

-- ---- Time --------------------------------------------------------------------------------------------

SELECT gt_create_job('expiry', 'things', ARRAY['a','b'], features_column => NULL, max_concurrent_task_count => 10, task_availability_lifetime => '1 min') > 0 \g /dev/null
ALTER DATABASE :"database" SET gtlabel.clock_offset = '1 h';
CALL wait_for($$EXISTS (SELECT FROM gt_batches WHERE job_name = 'expiry' AND batch_no = 2)$$);
SELECT is((SELECT (state, labeled, failed)::text FROM gt_batches WHERE job_name = 'expiry' AND batch_no = 1), '(closed,0,10)', 'a batch that expires is closed without anybody asking');
ALTER DATABASE :"database" RESET gtlabel.clock_offset;
SELECT gt_drop_job('expiry') \g /dev/null

-- ---- Failures --------------------------------------------------------------------------------------------

CREATE TABLE weather (fine boolean);
INSERT INTO weather VALUES (false);
CREATE FUNCTION moody(job_name text, object_keys text[], annotators text[], labels text[])
    RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (SELECT fine FROM public.weather) THEN RAISE EXCEPTION 'bad weather'; END IF;
    RETURN QUERY SELECT k, min(l), 0.9::float8 FROM unnest(object_keys, labels) u (k, l) GROUP BY k;
END $$;
SELECT gt_create_job('moody', 'things', ARRAY['a','b'], features_column => NULL, consolidation => 'moody(text, text[], text[], text[])') > 0 \g /dev/null
SELECT gt_annotate('moody', array_agg(object_key), array_agg('a'::text)) FROM gt_tasks WHERE job_name = 'moody' \g /dev/null
CALL wait_for($$EXISTS (SELECT FROM gt_jobs WHERE job_name = 'moody' AND step_failures >= 2)$$);
UPDATE weather SET fine = true;
CALL wait_for($$(SELECT state = 'completed' FROM gt_jobs WHERE job_name = 'moody')$$);
SELECT pass('a failed step is tried again');
SELECT is_empty('SELECT * FROM gtlabel.step s JOIN gtlabel.job j USING (job_id) WHERE j.job_name <> ''orphan''', 'and nothing is left of its failures');

-- ---- gtlabel.max_workers, oldest first ----------------------------------------------------------------

ALTER SYSTEM SET gtlabel.max_workers = 2;
ALTER SYSTEM SET gtlabel.background = off;
SELECT pg_reload_conf() \g /dev/null
-- Nobody says when the launcher has read them; a new one has, once new sessions have.
SET gtlabel.background = off;
\! for i in `seq 600`; do [ "$(psql -XAtqc 'SHOW gtlabel.background')" = off ] && break; sleep 0.05; done
SELECT is((SELECT pid FROM pg_stat_activity WHERE backend_type = 'gtlabel launcher'), :launcher, 'the launcher has gone through all this');
SELECT pg_terminate_backend(:launcher) \g /dev/null
CALL wait_for(format($$EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'gtlabel launcher' AND pid <> %s)$$, :launcher));
SELECT pass('terminated, it comes again');
CREATE FUNCTION slow(job_name text, object_keys text[], annotators text[], labels text[])
    RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE sql AS $$
    SELECT pg_sleep(0.3);
    SELECT k, min(l), 0.9::float8 FROM unnest(object_keys, labels) u (k, l) GROUP BY k $$;
CREATE PROCEDURE leave_slow() LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 7 LOOP
        PERFORM gt_create_job('slow' || i, 'things', ARRAY['a','b'], features_column => NULL, consolidation => 'slow(text, text[], text[], text[])');
        PERFORM gt_annotate('slow' || i, array_agg(object_key), array_agg('a'::text)) FROM gt_tasks WHERE job_name = 'slow' || i;
        COMMIT;
    END LOOP;
END $$;
CALL leave_slow();
RESET gtlabel.background;
ALTER SYSTEM RESET gtlabel.background;
SELECT pg_reload_conf() \g /dev/null
CREATE TABLE seen (workers bigint, jobs bigint);
CREATE PROCEDURE watch() LANGUAGE plpgsql AS $$
BEGIN
    WHILE EXISTS (SELECT FROM gt_jobs WHERE job_name LIKE 'slow%' AND state <> 'completed') LOOP
        PERFORM pg_stat_clear_snapshot();
        INSERT INTO seen SELECT count(*), count(DISTINCT application_name) FROM pg_stat_activity WHERE backend_type = 'gtlabel worker';
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END $$;
CALL watch();
SELECT is((SELECT max(workers) FROM seen), 2::bigint, 'gtlabel.max_workers workers at a time');
SELECT is((SELECT max(jobs) FROM seen), 2::bigint, 'each with a job of its own');
SELECT is((SELECT array_agg((i + 1) / 2 ORDER BY i) FROM (SELECT row_number() OVER (ORDER BY event_id) AS place, right(job_name, 1)::int AS i
             FROM gt_events WHERE job_name LIKE 'slow%' AND event = 'completed') e WHERE (place + 1) / 2 <> (i + 1) / 2), NULL, 'oldest first');

-- ---- Nobody keeps the others from working -----------------------------------------------------------

CREATE ROLE regress_gtl_eve;
GRANT ALL ON ALL TABLES IN SCHEMA public TO regress_gtl_eve;
SET gtlabel.background = off;
SELECT gt_create_job('flight' || i, 'things', ARRAY['a','b'], features_column => NULL, max_concurrent_task_count => 2),
       gt_alter_job('flight' || i, owner => 'regress_gtl_eve') FROM generate_series(1, 3) i \g /dev/null
SELECT gt_create_job('sleepy' || i, 'things', ARRAY['a','b'], features_column => NULL, consolidation => 'moody(text, text[], text[], text[])'),
       gt_alter_job('sleepy' || i, owner => 'regress_gtl_eve') FROM generate_series(1, 3) i \g /dev/null
SELECT gt_create_job('victim' || i, 'things', ARRAY['a','b'], features_column => NULL) FROM generate_series(1, 2) i \g /dev/null
SELECT current_database() AS database \gset
\setenv PGDATABASE :database
-- answers in flight in more jobs than there may be workers
\! for i in 1 2 3; do psql -Xqc "BEGIN" -c "SELECT gt_accept_tasks('flight$i', 1, 'x')" -c "SELECT pg_sleep(20)" >/dev/null & done
CALL wait_for($$(SELECT count(*) = 3 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query = 'SELECT pg_sleep(20)')$$);
RESET gtlabel.background;
SELECT gt_submit_annotations(ARRAY[task_id], ARRAY['a'], 'y') FROM generate_series(1, 3) i, gt_accept_tasks('flight' || i, 1, 'y') \g /dev/null
CALL wait_for($$(SELECT count(*) >= 2 FROM gtlabel.step s JOIN gtlabel.job j USING (job_id) WHERE j.job_name LIKE 'flight%' AND s.attempt_at IS NOT NULL)$$);
SELECT gt_annotate('victim1', array_agg(object_key), array_agg('a'::text)) FROM gt_tasks WHERE job_name = 'victim1' \g /dev/null
CALL wait_for($$(SELECT state = 'completed' FROM gt_jobs WHERE job_name = 'victim1')$$);
SELECT is((SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 18253), 3::bigint,
          'workers that wait for open transactions do not keep others from working');
SELECT is_empty($$SELECT application_name FROM pg_stat_activity WHERE backend_type = 'gtlabel worker' AND backend_xmin IS NOT NULL AND application_name LIKE '%flight%'$$, 'nor hold a snapshot');
CALL wait_for($$(SELECT count(*) = 3 FROM gt_check() WHERE subject LIKE 'job flight%' AND finding LIKE 'its next step waits%')$$);
SELECT matches((SELECT finding FROM gt_check() WHERE subject = 'job flight1' AND finding LIKE 'its next step waits%'),
               'answers in flight: its tasks are being changed by process [0-9]+ of role "[a-z]+" for 00:00:[0-9]+$', 'gt_check names them');
SELECT matches((SELECT finding FROM gt_explain_job('flight1') WHERE topic = 'answers in flight'),
               'process [0-9]+ of role "[a-z]+" for 00:00:[0-9]+', 'so does gt_explain_job');
-- one owner's steps that take for ever, in more jobs than there may be workers
CREATE OR REPLACE FUNCTION moody(job_name text, object_keys text[], annotators text[], labels text[])
    RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE plpgsql AS $$
BEGIN
    WHILE NOT (SELECT fine FROM public.weather) LOOP
        PERFORM pg_sleep(0.01);
    END LOOP;
    RETURN QUERY SELECT k, min(l), 0.9::float8 FROM unnest(object_keys, labels) u (k, l) GROUP BY k;
END $$;
UPDATE weather SET fine = false;
SELECT gt_annotate('sleepy' || i, array_agg(object_key), array_agg('a'::text)) FROM generate_series(1, 3) i JOIN gt_tasks ON job_name = 'sleepy' || i
 GROUP BY i \g /dev/null
CALL wait_for($$(SELECT count(*) = 2 FROM gt_progress WHERE job_name LIKE 'sleepy%' AND phase = 'close_batch')$$);
SELECT gt_annotate('victim2', array_agg(object_key), array_agg('a'::text)) FROM gt_tasks WHERE job_name = 'victim2' \g /dev/null
CALL wait_for($$(SELECT state = 'completed' FROM gt_jobs WHERE job_name = 'victim2')$$);
SELECT is((SELECT count(*) FROM gt_progress WHERE job_name LIKE 'sleepy%' AND phase = 'close_batch'), 2::bigint, 'no owner takes all places');
UPDATE weather SET fine = true;
CALL wait_for($$(SELECT count(*) = 3 FROM gt_jobs WHERE job_name LIKE 'sleepy%' AND state = 'completed')$$);
SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 18253 \g /dev/null
SELECT gt_drop_job(job_name) FROM gt_jobs WHERE job_name LIKE 'flight%' OR job_name LIKE 'sleepy%' \g /dev/null
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM regress_gtl_eve;
DROP ROLE regress_gtl_eve;

SELECT * FROM finish();
SELECT gt_drop_job('orphan') \g /dev/null
\! psql -Xqd postgres -c 'DROP DATABASE launcher_closed' -c 'DROP DATABASE "launcher ""other"""'
DROP ROLE regress_gtl_locked_out;
ALTER SYSTEM RESET ALL;
SELECT pg_reload_conf() \g /dev/null
