-- The background worker: nobody calls gt_advance_job here.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE ROLE regress_gtl_nologin;
CREATE ROLE regress_gtl_login LOGIN;
GRANT USAGE, CREATE ON SCHEMA gtl_test TO regress_gtl_nologin, regress_gtl_login;
GRANT SELECT ON gtl_test.digits TO regress_gtl_nologin, regress_gtl_login;
\set digits_job '''gtl_test.digits'', ARRAY[' :digits '], algorithm => ''softmax'', max_concurrent_task_count => 200, seed => 11'
SET gtlabel.background = on;

-- Answers whatever is open until the job has ended; between two looks it waits for the worker, at most 100 ms and 60 s in all.
CREATE PROCEDURE gtl_test.answer_until_completed(job text) LANGUAGE plpgsql AS $$
DECLARE
    waited integer := 0;
    reached boolean;
BEGIN
    LOOP
        IF EXISTS (SELECT FROM gt_tasks WHERE job_name = job AND state = 'available') THEN
            PERFORM gtl_test.answer(job);
        ELSE
            CALL gt_wait_job(job, 'completed', '100 ms', reached);
            EXIT WHEN reached OR waited > 600;
            waited := waited + 1;
        END IF;
        COMMIT;
    END LOOP;
END $$;

-- ---- A whole job, for owners who may log in and who may not -------------------------------------

SET ROLE regress_gtl_login;
SELECT gt_create_job('wo login', :digits_job) > 0 AS created;
CALL answer_until_completed('wo login');
SELECT check_counters('wo login');
SELECT job_name, state, owner, unlabeled, machine_labeled > 500 AS machine_did_its_share FROM gt_jobs WHERE job_name = 'wo login';
RESET ROLE;
SET ROLE regress_gtl_nologin;
SELECT gt_create_job('wo nologin', :digits_job) > 0 AS created;
CALL answer_until_completed('wo nologin');
SELECT check_counters('wo nologin');
SELECT job_name, state, owner, unlabeled, machine_labeled > 500 AS machine_did_its_share FROM gt_jobs WHERE job_name = 'wo nologin';
RESET ROLE;
-- it does what gt_advance_job does: the same job by hand has the same labels
SET gtlabel.background = off;
SELECT gt_create_job('wo by hand', :digits_job) > 0 AS created;
SELECT run('wo by hand');
SET gtlabel.background = on;
SELECT count(*) AS labels, count(*) FILTER (WHERE (a.label, a.confidence, a.human_annotated, a.batch_no, a.round_no)
                                        IS DISTINCT FROM (b.label, b.confidence, b.human_annotated, b.batch_no, b.round_no)) AS differences
  FROM (SELECT * FROM gt_labels WHERE job_name = 'wo login') a FULL JOIN (SELECT * FROM gt_labels WHERE job_name = 'wo by hand') b USING (object_key);

-- ---- What else wakes it ------------------------------------------------------------------

-- resuming a job whose batch was completed while it was paused
SELECT gt_create_job('wo pause', :digits_job, auto_label => false) > 0 AS created;
SELECT gt_pause_job('wo pause');
SELECT answer('wo pause', 100), answer('wo pause', 100);
CALL gt_wait_job('wo pause', 'paused');
SELECT gt_resume_job('wo pause');
CALL answer_until_completed('wo pause');
SELECT state, human_labeled FROM gt_jobs WHERE job_name = 'wo pause';
-- declining the last open objects of a batch
SELECT gt_create_job('wo decline', :digits_job, auto_label => false, max_human_labeled_object_count => 199) > 0 AS created;
SELECT answer('wo decline', 198);
SELECT gt_decline_tasks(array_agg(task_id), 'ann') FROM gt_accept_tasks('wo decline', 9, 'ann');
CALL answer_until_completed('wo decline');
SELECT state, human_labeled, failed FROM gt_jobs WHERE job_name = 'wo decline';
-- asking for tasks of a batch whose time is up (a worker goes by the settings of the database)
SELECT gt_create_job('wo expiry', 'gtl_test.digits', ARRAY[:digits], auto_label => false, max_concurrent_task_count => 10, task_availability_lifetime => '1 min') > 0 AS created;
SELECT current_database() AS database \gset
ALTER DATABASE :"database" SET gtlabel.clock_offset = '1 h';
SET gtlabel.clock_offset = '1 h';
SELECT count(*) AS given_out FROM gt_accept_tasks('wo expiry', 9, 'ann');
DO $$
DECLARE
    reached boolean;
BEGIN
    FOR turn IN 1 .. 600 LOOP
        EXIT WHEN EXISTS (SELECT FROM gt_batches WHERE job_name = 'wo expiry' AND batch_no = 2);
        CALL gt_wait_job('wo expiry', 'completed', '100 ms', reached);
        COMMIT;
    END LOOP;
END $$;
SELECT batch_no, state, labeled, failed FROM gt_batches WHERE job_name = 'wo expiry' ORDER BY batch_no;
ALTER DATABASE :"database" RESET gtlabel.clock_offset;
RESET gtlabel.clock_offset;
SELECT gt_stop_job('wo expiry');
-- the last answer of a batch can be taken back for a while: the worker waits, and a batch that is answered by key does not
SET gtlabel.undo_grace = '1 s';
SELECT gt_create_job('wo undo', 'gtl_test.digits', ARRAY[:digits], auto_label => false, max_concurrent_task_count => 1) > 0 AS created;
SELECT task_id AS t FROM gt_accept_tasks('wo undo', 1, 'ann') \gset
SELECT gt_submit_annotations(ARRAY[:t], ARRAY['1'], 'ann');
DO $$
BEGIN
    FOR turn IN 1 .. 600 LOOP
        EXIT WHEN EXISTS (SELECT FROM gt_progress WHERE job_name = 'wo undo' AND phase LIKE 'waiting for answers%');
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END $$;
SELECT gt_retract_annotations(ARRAY[:t], 'ann');
SELECT state FROM gt_tasks WHERE task_id = :t;
SELECT gt_submit_annotations(ARRAY[:t], ARRAY['2'], 'ann');
DO $$
BEGIN
    FOR turn IN 1 .. 600 LOOP
        EXIT WHEN EXISTS (SELECT FROM gt_batches WHERE job_name = 'wo undo' AND batch_no = 2);
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END $$;
SELECT a.label, b.closed_at - a.submitted_at >= '1 s' AS waited FROM gt_annotations a JOIN gt_batches b USING (job_name, batch_no) WHERE job_name = 'wo undo';
SELECT answer('wo undo', 1);
DO $$
BEGIN
    FOR turn IN 1 .. 600 LOOP
        EXIT WHEN EXISTS (SELECT FROM gt_batches WHERE job_name = 'wo undo' AND batch_no = 3);
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END $$;
SELECT t.undo_until IS NULL AS at_once FROM gtlabel.task t JOIN gt_annotations a USING (task_id) WHERE a.job_name = 'wo undo' AND a.batch_no = 2;
SELECT gt_stop_job('wo undo');
RESET gtlabel.undo_grace;
-- off is off
SET gtlabel.background = off;
SELECT gt_create_job('wo off', 'gtl_test.digits', ARRAY[:digits], auto_label => false, max_human_labeled_object_count => 10) > 0 AS created;
SELECT answer('wo off');
CALL gt_wait_job('wo off', 'completed', '300 ms');
SELECT gt_advance_job('wo off');

-- no worker is left behind
DO $$
BEGIN
    FOR turn IN 1 .. 600 LOOP
        PERFORM pg_stat_clear_snapshot();
        EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'gtlabel worker' AND datname = current_database());
        PERFORM pg_sleep(0.05);
    END LOOP;
END $$;
SELECT count(*) AS workers FROM pg_stat_activity WHERE backend_type = 'gtlabel worker' AND datname = current_database();
SELECT count(*) FROM gt_progress;

SELECT drop_jobs('wo %');
DROP PROCEDURE gtl_test.answer_until_completed;
DROP OWNED BY regress_gtl_nologin, regress_gtl_login;
DROP ROLE regress_gtl_nologin, regress_gtl_login;
