-- Steering a job: stopping conditions, pause, resume, stop, failure, drop, wait; and jobs without a machine.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA co;
SET search_path = public, co, gtl_test;
CREATE TABLE co.things (id integer PRIMARY KEY, gold text);
INSERT INTO co.things SELECT g, CASE WHEN g % 3 = 0 THEN 'fizz' ELSE 'plain' END FROM generate_series(1, 10) g;
\set job '''co.things'', ARRAY[''fizz'', ''plain''], features_column => NULL, seed => 1'
\set digits_job '''gtl_test.digits'', ARRAY[' :digits '], algorithm => ''softmax'', seed => 11'
CREATE VIEW co.counters AS SELECT job_name, state, human_labeled, machine_labeled, failed, unlabeled, finished_at IS NOT NULL AS finished FROM gt_jobs;

-- ---- Stopping conditions -----------------------------------------------------------------

-- people label no more objects than they should: the last batch is cut
SELECT gt_create_job('co human', :job, max_concurrent_task_count => 4, max_human_labeled_object_count => 6) > 0 AS created;
SELECT run('co human');
SELECT batch_no, object_count, labeled FROM gt_batches WHERE job_name = 'co human' ORDER BY batch_no;
SELECT * FROM co.counters WHERE job_name = 'co human';
SELECT event, detail FROM gt_events WHERE job_name = 'co human' ORDER BY event_id DESC LIMIT 1;
SELECT topic, finding FROM gt_explain_job('co human') WHERE topic = 'stopping condition';
-- a share of the input: 25 % of 10 objects are 3, not 2
SELECT gt_create_job('co share', :job, max_concurrent_task_count => 2, max_percentage_of_input_dataset_labeled => 25) > 0 AS created;
SELECT run('co share');
SELECT batch_no, object_count FROM gt_batches WHERE job_name = 'co share' ORDER BY batch_no;
SELECT * FROM co.counters WHERE job_name = 'co share';
SELECT event, detail FROM gt_events WHERE job_name = 'co share' ORDER BY event_id DESC LIMIT 1;
SELECT gt_create_job('co all', :job, max_percentage_of_input_dataset_labeled => 100, max_human_labeled_object_count => 10) > 0 AS created;
SELECT run('co all');
SELECT * FROM co.counters WHERE job_name = 'co all';
-- failed objects do not count as labeled
SELECT gt_create_job('co failed', :job, max_concurrent_task_count => 4, max_human_labeled_object_count => 6) > 0 AS created;
SELECT count(gt_decline_tasks(ARRAY[task_id], 'ann')) FROM gt_accept_tasks('co failed', 3, 'ann');
SELECT run('co failed');
SELECT batch_no, object_count, labeled, failed FROM gt_batches WHERE job_name = 'co failed' ORDER BY batch_no;
SELECT * FROM co.counters WHERE job_name = 'co failed';
-- the budget of people's labels holds with a machine at work; its labels stand, and the rest stays unlabeled
SELECT gt_create_job('co digits', :digits_job, max_concurrent_task_count => 200, max_human_labeled_object_count => 600, target_accuracy => 0.97) > 0 AS created;
SELECT run('co digits');
SELECT state, human_labeled, machine_labeled > 0 AS some, unlabeled > 0 AS rest FROM gt_jobs WHERE job_name = 'co digits';
SELECT batch_no, subset, object_count FROM gt_batches WHERE job_name = 'co digits' ORDER BY batch_no;
SELECT bool_and(final) AS final FROM gt_labels WHERE job_name = 'co digits';
-- a budget that ends before the first model could run is worth a warning, and gt_explain_job says so too
SELECT gt_create_job('co poor', :digits_job, max_human_labeled_object_count => 1351) > 0 AS created;
SELECT gt_create_job('co poorer', :digits_job, schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, max_percentage_of_input_dataset_labeled => 19) > 0 AS created;
SELECT answer('co poor'), gt_advance_job('co poor');
SELECT topic, finding FROM gt_explain_job('co poor') WHERE topic = 'outlook';
SELECT run('co poor'), run('co poorer');
SELECT * FROM co.counters WHERE job_name LIKE 'co poor%' ORDER BY job_name;
-- one more, and the first round is run
SELECT gt_create_job('co rich', :digits_job, max_human_labeled_object_count => 1352) > 0 AS created;
SELECT run('co rich');
SELECT job_name, count(*) AS rounds FROM gt_rounds WHERE job_name IN ('co rich', 'co poor', 'co poorer') GROUP BY 1;
-- machine labels count for the share: the round that reaches it ends the job, and nobody is sent another batch
SELECT gt_create_job('co machine', :digits_job, max_concurrent_task_count => 200, max_percentage_of_input_dataset_labeled => 60) > 0 AS created;
SELECT run('co machine');
SELECT state, human_labeled, machine_labeled + human_labeled >= 1055 AS reached FROM gt_jobs WHERE job_name = 'co machine';
SELECT max(batch_no) = (SELECT max(batch_no) FROM gt_rounds WHERE job_name = 'co machine') AS ended_with_a_round
  FROM gt_batches WHERE job_name = 'co machine';

-- ---- Pause, resume -----------------------------------------------------------------------

SELECT gt_create_job('co pause', :job, max_concurrent_task_count => 5) > 0 AS created;
CREATE TEMP TABLE held AS SELECT * FROM gt_accept_tasks('co pause', 2, 'ann');
SELECT gt_pause_job('co pause');
SELECT refused($$SELECT gt_pause_job('co pause')$$);
SELECT refused($$SELECT * FROM gt_accept_tasks('co pause')$$);
-- what people hold they may hand in
SELECT gt_submit_annotations(array_agg(task_id), array_agg('plain'::text), 'ann') FROM held;
SELECT answer('co pause');
-- the batch is complete, and stays as it is
SELECT gt_advance_job('co pause'), check_counters('co pause');
SELECT state, answers FROM gt_batches WHERE job_name = 'co pause';
SELECT topic, finding, advice FROM gt_explain_job('co pause') WHERE topic IN ('state', 'next step');
-- nor does time pass it by
SET gtlabel.clock_offset = '40 d';
SELECT gt_advance_job('co pause');
RESET gtlabel.clock_offset;
SELECT gt_resume_job('co pause');
SELECT refused($$SELECT gt_resume_job('co pause')$$);
SELECT run('co pause');
SELECT * FROM co.counters WHERE job_name = 'co pause';
SELECT refused($$SELECT gt_pause_job('co pause')$$);
SELECT event, state FROM gt_events WHERE job_name = 'co pause' AND event NOT LIKE 'batch%' ORDER BY event_id;

-- ---- Stop --------------------------------------------------------------------------------

-- finished answers are consolidated, the rest of the batch is not counted as failed
SELECT gt_create_job('co stop', :job, max_concurrent_task_count => 5) > 0 AS created;
SELECT answer('co stop', 2);
SELECT gt_stop_job('co stop'), check_counters('co stop');
SELECT * FROM co.counters WHERE job_name = 'co stop';
SELECT state, labeled, failed FROM gt_batches WHERE job_name = 'co stop';
SELECT state, count(*) FROM gt_tasks WHERE job_name = 'co stop' GROUP BY 1 ORDER BY 1;
SELECT event, state, detail FROM gt_events WHERE job_name = 'co stop' ORDER BY event_id OFFSET 2;
-- a stopped job is final
SELECT refused($$SELECT gt_stop_job('co stop')$$);
SELECT refused($$SELECT gt_resume_job('co stop')$$);
SELECT refused($$SELECT gt_retry_failed('co stop')$$);
SELECT refused($$SELECT gt_withdraw_machine_labels('co stop')$$);
SELECT refused($$SELECT gt_annotate('co stop', ARRAY['3'], ARRAY['fizz'])$$);
SELECT refused($$SELECT * FROM gt_accept_tasks('co stop')$$);
SELECT gt_advance_job('co stop');
SELECT * FROM gt_plan_job('co stop');
-- paused jobs can be stopped; a job with machine labels keeps them, final
SELECT gt_create_job('co stop 2', :digits_job, schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, target_accuracy => 0.98) > 0 AS created;
SELECT answer('co stop 2'), gt_advance_job('co stop 2');
SELECT answer('co stop 2', 10);
SELECT gt_pause_job('co stop 2');
SELECT gt_stop_job('co stop 2'), check_counters('co stop 2');
SELECT state, human_labeled, machine_labeled > 900 AS many, unlabeled > 0 AS rest FROM gt_jobs WHERE job_name = 'co stop 2';
SELECT human_annotated, final FROM gt_labels WHERE job_name = 'co stop 2' GROUP BY 1, 2 ORDER BY 1;

-- ---- A job fails if more than a tenth of its first random sample does ------------------------

SELECT gt_create_job('co sample', :digits_job, task_availability_lifetime => '1 day') > 0 AS created;
SELECT answer('co sample', 315);
SET gtlabel.clock_offset = '2 d';
SELECT gt_advance_job('co sample'), check_counters('co sample');
SELECT state, human_labeled, failed, failure_reason, finished_at IS NOT NULL AS finished FROM gt_jobs WHERE job_name = 'co sample';
SELECT topic, finding, advice FROM gt_explain_job('co sample') WHERE topic IN ('state', 'failures');
SELECT refused($$SELECT * FROM gt_accept_tasks('co sample')$$);
SELECT gt_resume_job('co sample'), check_counters('co sample');
SELECT gt_advance_job('co sample');
SELECT batch_no, subset, object_count, state FROM gt_batches WHERE job_name = 'co sample' ORDER BY batch_no;
SELECT failure_reason, finished_at FROM gt_jobs WHERE job_name = 'co sample';
RESET gtlabel.clock_offset;
-- a tenth is not more than a tenth
SELECT gt_create_job('co sample 2', :digits_job) > 0 AS created;
SELECT answer('co sample 2', 316);
SET gtlabel.clock_offset = '31 d';
SELECT gt_advance_job('co sample 2'), check_counters('co sample 2');
RESET gtlabel.clock_offset;
SELECT state, failed FROM gt_jobs WHERE job_name = 'co sample 2';

-- ---- Waiting -----------------------------------------------------------------------------

CALL gt_wait_job('co pause');
CALL gt_wait_job('co stop', 'stopped');
SELECT refused($$CALL gt_wait_job('co stop')$$);
SELECT refused($$CALL gt_wait_job('co sample 2', 'finished')$$);
SELECT refused($$CALL gt_wait_job('co sample 2', NULL)$$);
CALL gt_wait_job('co sample 2', timeout => '0');
CALL gt_wait_job('co sample 2', 'stopped', '20 ms');
CALL gt_wait_job('co sample 2', 'in_progress');

-- ---- Without a machine -------------------------------------------------------------------

-- auto_label => false: no validation set, no round, batches in the order of the dataset
SELECT gt_create_job('co people', :digits_job, auto_label => false, max_concurrent_task_count => 900) > 0 AS created;
SELECT validation_count, dimension FROM gt_jobs WHERE job_name = 'co people';
SELECT * FROM gt_plan_job('co people');
SELECT array_agg(object_key::int ORDER BY object_key::int) = (SELECT array_agg(id::int ORDER BY id) FROM (SELECT id FROM gtl_test.digits ORDER BY id LIMIT 900) d) AS first_900
  FROM gt_tasks WHERE job_name = 'co people';
SELECT run('co people');
SELECT * FROM co.counters WHERE job_name = 'co people';
SELECT count(*) AS rounds FROM gt_rounds WHERE job_name = 'co people';
SELECT count(*) AS wrong FROM gt_labels l JOIN gtl_test.digits d ON d.id::text = l.object_key WHERE job_name = 'co people' AND l.label <> d.gold;

-- Tiny datasets end, whatever is asked of them.
SET client_min_messages = error;
DO $$
DECLARE
    job text;
BEGIN
    FOR n IN 1 .. 5 LOOP
        EXECUTE format('CREATE TABLE co.tiny_%s AS SELECT g AS id, ARRAY[g, 1]::float4[] AS features, (g %% 2)::text AS gold'
                       ' FROM generate_series(1, %s) g', n, n);
        FOREACH job IN ARRAY ARRAY['standard', 'eager'] LOOP
            PERFORM gt_create_job(format('co tiny %s %s', n, job), format('co.tiny_%s', n)::regclass, ARRAY['0', '1'], key_column => 'id',
                                  schedule => job, seed => 1, max_concurrent_task_count => 2);
        END LOOP;
    END LOOP;
END $$;
SELECT job_name, object_count, validation_count, run(job_name) FROM gt_jobs WHERE job_name LIKE 'co tiny %' ORDER BY job_name;
SELECT job_name, human_labeled, machine_labeled, unlabeled FROM gt_jobs WHERE job_name LIKE 'co tiny %' AND unlabeled + machine_labeled > 0;
-- constant features, one class only: no model, a reason, and people label all
CREATE TABLE co.constant AS SELECT g AS id, '{1,1}'::float4[] AS features, 'a' AS gold FROM generate_series(1, 60) g;
SELECT gt_create_job('co constant', 'co.constant', ARRAY['a', 'b'], key_column => 'id', max_concurrent_task_count => 20, seed => 1) > 0 AS created;
SELECT run('co constant');
SELECT round_no, model_name, training_count, validation_count, auto_labeled, reason FROM gt_rounds WHERE job_name = 'co constant' ORDER BY 1;
SELECT topic, finding, advice FROM gt_explain_job('co constant') WHERE topic <> 'state';
SELECT * FROM co.counters WHERE job_name = 'co constant';

-- ---- A dataset that goes away ------------------------------------------------------------

CREATE TABLE co.gone AS SELECT * FROM gtl_test.digits;
SELECT gt_create_job('co gone', 'co.gone', ARRAY[:digits], key_column => 'id', schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, algorithm => 'softmax', seed => 11) > 0 AS created;
SELECT answer('co gone');
UPDATE co.gone SET features = NULL;
DROP TABLE co.gone;
SELECT gt_advance_job('co gone'), check_counters('co gone');
SELECT machine_labeled > 900 AS many, dataset::text ~ '^\d+$' AS is_gone FROM gt_jobs WHERE job_name = 'co gone';
SELECT topic, finding, advice FROM gt_explain_job('co gone') WHERE topic = 'dataset';
SELECT gt_annotate('co gone', array_agg(t.object_key), array_agg(d.gold)) > 0 AS answered
  FROM gt_tasks t JOIN gtl_test.digits d ON d.id::text = t.object_key WHERE t.job_name = 'co gone' AND t.state = 'available';
SELECT gt_advance_job('co gone') IN ('in_progress', 'completed') AS goes_on;

-- ---- Dropping ----------------------------------------------------------------------------

SELECT refused($$SELECT gt_drop_job('nobody''s')$$);
SELECT refused($$SELECT gt_drop_job(NULL)$$);
-- with everything that belongs to it; its models stay
SELECT job_id FROM gt_jobs WHERE job_name = 'co digits' \gset
SELECT gt_drop_job('co digits');
CREATE FUNCTION co.traces(job bigint) RETURNS TABLE ("table" text, traces bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOR "table" IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                    WHERE c.relnamespace = 'gtlabel'::regnamespace AND c.relkind = 'r' AND a.attname = 'job_id' ORDER BY 1 LOOP
        EXECUTE format('SELECT count(*) FROM gtlabel.%I WHERE job_id = $1', "table") INTO traces USING job;
        RETURN NEXT;
    END LOOP;
END $$;
SELECT * FROM co.traces(:job_id);
SELECT count(*) > 0 AS models_stay, bool_and(job_name IS NULL) AS orphaned FROM gt_models WHERE model_name LIKE 'co digits/%';
SELECT refused($$SELECT gt_create_job('co digits', 'co.things', ARRAY['a', 'b'], features_column => NULL)$$);
SELECT job_id FROM gt_jobs WHERE job_name = 'co machine' \gset
SELECT gt_drop_job('co machine', with_models => true);
SELECT count(*) FROM gt_models WHERE model_name LIKE 'co machine/%';
-- the name is free again
SELECT gt_create_job('co machine', :job) > :job_id AS a_new_id;

SELECT refused(format('SELECT %s(''nobody''''s'')', f)) FROM unnest(ARRAY['gt_advance_job', 'gt_pause_job', 'gt_resume_job', 'gt_stop_job',
    'gt_retry_failed', 'gt_explain_job']) f;
SELECT refused($$CALL gt_wait_job('nobody''s')$$), refused($$CALL gt_wait_job(NULL)$$);
SELECT refused(format('SELECT %s(NULL)', f)) FROM unnest(ARRAY['gt_advance_job', 'gt_pause_job', 'gt_resume_job', 'gt_stop_job',
    'gt_retry_failed', 'gt_explain_job']) f;

SELECT drop_jobs('co %') > 0 AS dropped;
SELECT count(gt_drop_model(model_name)) > 0 AS dropped FROM gt_models WHERE model_name LIKE 'co %';
DROP SCHEMA co CASCADE;
