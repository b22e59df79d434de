-- The states of a job: what a call leads to, and what is refused; a stop and a pause are not lost.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA lc;
SET search_path = public, lc, gtl_test;
CREATE TABLE lc.things (id integer PRIMARY KEY, gold text);
INSERT INTO lc.things SELECT g, CASE WHEN g % 3 = 0 THEN 'fizz' ELSE 'plain' END FROM generate_series(1, 10) g;
CREATE TABLE lc.mood (what text);
INSERT INTO lc.mood VALUES ('raise');
CREATE FUNCTION lc.moody(job_name text, object_keys text[], annotators text[], labels text[])
    RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE plpgsql AS $$
BEGIN
    CASE (SELECT what FROM lc.mood)
        WHEN 'raise' THEN RAISE EXCEPTION 'not today' USING ERRCODE = 'P1234';
        WHEN 'pause' THEN PERFORM public.gt_pause_job(job_name);
        WHEN 'alter' THEN PERFORM public.gt_alter_job(job_name, max_concurrent_task_count => 7);
        ELSE NULL;
    END CASE;
    RETURN QUERY SELECT k, min(l), 0.9::float8 FROM unnest(object_keys, labels) u (k, l) GROUP BY k;
END $$;
\set job '''lc.things'', ARRAY[''fizz'', ''plain''], features_column => NULL, seed => 1'
\set moody_job :job ', consolidation => ''lc.moody(text, text[], text[], text[])'''

-- ---- A stop is recorded, whatever the consolidation function does ---------------------------------

SELECT gt_create_job('lc stop', :moody_job, max_concurrent_task_count => 4) > 0 AS created;
SELECT answer('lc stop', 3);
SET client_min_messages = warning;
SELECT gt_stop_job('lc stop');
SELECT state, human_labeled FROM gt_jobs WHERE job_name = 'lc stop';
SELECT topic, finding FROM gt_explain_job('lc stop') WHERE topic IN ('state', 'next step');
SELECT refused($$SELECT gt_resume_job('lc stop')$$);
SELECT refused($$SELECT gt_stop_job('lc stop')$$);
SELECT refused($$SELECT gt_advance_job('lc stop')$$);
UPDATE lc.mood SET what = 'fine';
SELECT gt_advance_job('lc stop'), check_counters('lc stop');
SELECT event, state FROM gt_events WHERE job_name = 'lc stop' AND event LIKE 'stop%' ORDER BY event_id;

-- ---- What a step's own function does to the job is refused, with all of the step ------------------

SELECT gt_create_job('lc own', :moody_job, max_concurrent_task_count => 4) > 0 AS created;
SELECT answer('lc own');
UPDATE lc.mood SET what = 'pause';
SELECT refused($$SELECT gt_advance_job('lc own')$$);
UPDATE lc.mood SET what = 'alter';
SELECT refused($$SELECT gt_advance_job('lc own')$$);
SELECT state, human_labeled, (SELECT max_concurrent_task_count FROM gtlabel.job WHERE job_name = 'lc own') FROM gt_jobs WHERE job_name = 'lc own';
SELECT string_agg(event, ' ' ORDER BY event_id) AS events FROM gt_events WHERE job_name = 'lc own';
UPDATE lc.mood SET what = 'fine';
SELECT gt_advance_job('lc own');

-- ---- Purged, withdrawn, answered, purged again -----------------------------------------------------

SELECT gt_create_job('lc purge', 'gtl_test.digits', ARRAY[:digits], schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, algorithm => 'softmax', seed => 11) > 0 AS created;
SELECT run('lc purge');
SELECT gt_purge_job('lc purge');
SELECT count(*) AS tasks FROM gt_tasks WHERE job_name = 'lc purge';
SELECT gt_withdraw_machine_labels('lc purge', confirm => true) > 0 AS withdrawn;
SELECT run('lc purge');
SELECT count(*) > 0 AS tasks FROM gt_tasks WHERE job_name = 'lc purge';
SELECT gt_purge_job('lc purge'), gt_purge_job('lc purge');
SELECT count(*) AS tasks FROM gt_tasks WHERE job_name = 'lc purge';
SELECT count(*) AS purges FROM gt_events WHERE job_name = 'lc purge' AND event = 'purged';

-- ---- Another algorithm counts in the next round ------------------------------------------------------

SELECT gt_create_job('lc algorithm', 'gtl_test.digits', ARRAY[:digits], schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, algorithm => 'softmax', target_accuracy => 0.999, seed => 11) > 0 AS created;
SELECT answer('lc algorithm'), gt_advance_job('lc algorithm');
SELECT gt_alter_job('lc algorithm', algorithm => 'mlp');
SELECT answer('lc algorithm'), gt_advance_job('lc algorithm');
SELECT round_no, algorithm FROM gt_models WHERE job_name = 'lc algorithm' ORDER BY round_no;

-- ---- Machine labels are withdrawn in the middle of an audit ------------------------------------------

SELECT gt_create_job('lc audit', 'gtl_test.digits', ARRAY[:digits], schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, algorithm => 'softmax', audit_share => 0.3, seed => 1) > 0 AS created;
DO $$
BEGIN
    FOR turn IN 1 .. 100 LOOP
        EXIT WHEN (SELECT unlabeled = 0 FROM gt_jobs WHERE job_name = 'lc audit');
        PERFORM gtl_test.answer('lc audit');
        PERFORM gt_advance_job('lc audit');
    END LOOP;
END $$;
SELECT finding ~ '^people: batch' AS audited FROM gt_explain_job('lc audit') WHERE topic = 'next step';
SELECT answer('lc audit', 10);
SELECT gt_withdraw_machine_labels('lc audit') > 0 AS withdrawn;
SELECT run('lc audit');
SELECT count(*) FROM gt_explain_job('lc audit') WHERE topic = 'audit';
SELECT state, machine_labeled, unlabeled, failed FROM gt_jobs WHERE job_name = 'lc audit';

SELECT drop_jobs('lc %') > 0 AS dropped;
DROP SCHEMA lc CASCADE;
