-- gt_alter_job on running jobs, gt_purge_job on finished ones.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA al;
SET search_path = public, al, gtl_test;
CREATE TABLE al.things (id integer PRIMARY KEY, gold text);
INSERT INTO al.things SELECT g, CASE WHEN g % 3 = 0 THEN 'fizz' ELSE 'plain' END FROM generate_series(1, 30) g;
GRANT USAGE ON SCHEMA al, gtl_test TO PUBLIC;
GRANT SELECT ON al.things TO PUBLIC;
CREATE ROLE regress_gtl_al_owner;
CREATE ROLE regress_gtl_al_heir;
CREATE ROLE regress_gtl_al_team;

-- ---- What changes, and when it counts --------------------------------------------------------

SELECT gt_create_job('al', 'al.things', ARRAY['fizz', 'plain'], features_column => NULL, max_concurrent_task_count => 5, seed => 1) > 0 AS created;
SELECT gt_alter_job('al', max_concurrent_task_count => 12);
SELECT answer('al'), gt_advance_job('al');
SELECT batch_no, object_count, state FROM gt_batches WHERE job_name = 'al' ORDER BY batch_no;
SELECT gt_alter_job('al', target_accuracy => 0.9, confidence_level => 0.99, guarantee => 'expected', query_strategy => 'random', algorithm => 'softmax',
                    max_human_labeled_object_count => 25, max_percentage_of_input_dataset_labeled => 90, task_time_limit => '2 hours',
                    task_availability_lifetime => '10 days', workteam => 'regress_gtl_al_team');
SELECT setting, value FROM gt_job_settings WHERE job_name = 'al' AND alterable;
-- the open batch goes by the new lifetime too
SELECT batch_no, expires_at - issued_at AS lifetime FROM gt_batches WHERE job_name = 'al' ORDER BY batch_no;
SELECT count(*) FROM gt_accept_tasks('al', 1);
SELECT lease_expires_at - accepted_at AS lease FROM gt_tasks WHERE job_name = 'al' AND state = 'accepted';
-- each change is an event that says what it was and is; no change is none
SELECT gt_alter_job('al'), gt_alter_job('al', target_accuracy => 0.9);
SELECT event, detail FROM gt_events WHERE job_name = 'al' AND event = 'altered' ORDER BY event_id;
-- a limit that is reached already ends the job with its open batch
SELECT gt_alter_job('al', max_human_labeled_object_count => 3);
SELECT gt_release_tasks(array_agg(task_id)) FROM gt_tasks WHERE job_name = 'al' AND state = 'accepted';
SELECT answer('al'), gt_advance_job('al');

-- ---- Refusals: those of gt_create_job, word for word ---------------------------------------------

SELECT gt_create_job('al two', 'al.things', ARRAY['fizz', 'plain'], features_column => NULL, seed => 1) > 0 AS created;
SELECT refused($$ SELECT gt_alter_job(NULL) $$);
SELECT refused($$ SELECT gt_alter_job('al nobody', target_accuracy => 0.9) $$);
SELECT refused($$ SELECT gt_alter_job('al two', max_concurrent_task_count => 0) $$);
SELECT refused($$ SELECT gt_alter_job('al two', target_accuracy => 1) $$);
SELECT refused($$ SELECT gt_alter_job('al two', confidence_level => 'NaN') $$);
SELECT refused($$ SELECT gt_alter_job('al two', guarantee => 'divine') $$);
SELECT refused($$ SELECT gt_alter_job('al two', query_strategy => 'best') $$);
SELECT refused($$ SELECT gt_alter_job('al two', algorithm => 'magic') $$);
SELECT refused($$ SELECT gt_alter_job('al two', max_human_labeled_object_count => 0) $$);
SELECT refused($$ SELECT gt_alter_job('al two', max_percentage_of_input_dataset_labeled => 101) $$);
SELECT refused($$ SELECT gt_alter_job('al two', task_time_limit => '0 s') $$);
SELECT refused($$ SELECT gt_alter_job('al two', task_availability_lifetime => '1 s') $$);
-- what is fixed at creation, and why; what is no setting
SELECT setting, refused(format($$ SELECT gt_alter_job('al two', %I => %L) $$, setting,
                               CASE setting WHEN 'dataset' THEN 'al.things' WHEN 'label_categories' THEN '{a,b}' WHEN 'proposal_columns' THEN '{a}' WHEN 'consolidation' THEN 'now()'
                                            ELSE COALESCE("default", '1') END)) AS refusal
  FROM gt_job_settings WHERE job_name = 'al two' AND NOT alterable;
SELECT refused($$ SELECT gt_alter_job('al two', reset => ARRAY['per_class']) $$);
SELECT refused($$ SELECT gt_alter_job('al two', reset => ARRAY['work_team']) $$);
SELECT refused($$ SELECT gt_alter_job('al two', reset => ARRAY['owner']) $$);
SELECT refused($$ SELECT gt_alter_job('al two', reset => ARRAY['workteam', NULL]) $$);
SELECT refused($$ SELECT gt_alter_job('al two', workteam => 'pg_monitor', reset => ARRAY['workteam']) $$);
-- what was set can be unset
SELECT gt_alter_job('al two', max_human_labeled_object_count => 7, max_percentage_of_input_dataset_labeled => 30, task_time_limit => '5 min',
                    query_strategy => 'random', workteam => 'pg_monitor');
SELECT setting, value FROM gt_job_settings WHERE job_name = 'al two' AND alterable AND value IS DISTINCT FROM "default";
SELECT gt_alter_job('al two', reset => ARRAY['workteam', 'max_human_labeled_object_count', 'max_percentage_of_input_dataset_labeled',
                                             'task_time_limit', 'query_strategy']);
SELECT setting, value FROM gt_job_settings WHERE job_name = 'al two' AND alterable AND value IS DISTINCT FROM "default";
SELECT gt_alter_job('al two', reset => '{}'), gt_alter_job('al two', reset => NULL);
SELECT detail FROM gt_events WHERE job_name = 'al two' AND event = 'altered' ORDER BY event_id;
-- each setting that can be altered can be reset
SELECT gt_alter_job('al two', max_concurrent_task_count => 3, target_accuracy => 0.8, confidence_level => 0.9, guarantee => 'strict', schedule => 'eager', audit_share => 0.1, algorithm => 'softmax',
                    query_strategy => 'random', max_human_labeled_object_count => 20, max_percentage_of_input_dataset_labeled => 30, task_time_limit => '5 min', task_availability_lifetime => '1 day',
                    workteam => 'pg_monitor', display_columns => ARRAY['id'], instructions => 'Look.', max_leases_per_annotator => 3, follow => true);
SELECT gt_alter_job('al two', reset => (SELECT array_agg(setting) FROM gt_job_settings WHERE job_name = 'al two' AND alterable));
SELECT setting, value FROM gt_job_settings WHERE job_name = 'al two' AND alterable AND value IS DISTINCT FROM "default";
-- finished jobs: who works on them, whose they are, and of a completed one what counts when it goes on
SELECT refused($$ SELECT gt_alter_job('al', guarantee => 'strict') $$);
SELECT gt_alter_job('al', target_accuracy => 0.8), gt_alter_job('al', target_accuracy => 0.9);
SELECT gt_alter_job('al', workteam => 'regress_gtl_al_heir');
SELECT gt_alter_job('al', reset => ARRAY['workteam']);
-- a stopped job, a paused one
SELECT gt_pause_job('al two');
SELECT gt_alter_job('al two', max_concurrent_task_count => 7);
SELECT gt_stop_job('al two');
SELECT refused($$ SELECT gt_alter_job('al two', max_concurrent_task_count => 8) $$);

-- ---- Owners -----------------------------------------------------------------------------------------

SELECT gt_create_job('al digits', 'gtl_test.digits', ARRAY[:digits], algorithm => 'softmax', max_concurrent_task_count => 400, seed => 11) > 0 AS created;
SELECT gt_alter_job('al digits', owner => 'regress_gtl_al_owner');
SELECT owner FROM gt_jobs WHERE job_name = 'al digits';
SET ROLE regress_gtl_al_owner;
SELECT split_part(refused($$ SELECT gt_alter_job('al digits', owner => 'regress_gtl_al_heir') $$), ' ', 1) AS refused; -- in the server's words
SELECT refused($$ SELECT gt_alter_job('al digits', owner => '4000000000') $$);
RESET ROLE;
SET ROLE regress_gtl_al_heir;
SELECT refused($$ SELECT gt_alter_job('al digits', target_accuracy => 0.5) $$);
RESET ROLE;

-- what cannot work is allowed, but not silently
SELECT gt_alter_job('al digits', target_accuracy => 0.9999);
SELECT gt_alter_job('al digits', target_accuracy => 0.9);
SELECT run('al digits');
SELECT gt_alter_job('al digits', owner => 'regress_gtl_al_heir');
SELECT DISTINCT owner FROM gt_models WHERE job_name = 'al digits';

-- ---- gt_purge_job ------------------------------------------------------------------------------------

CREATE VIEW al.sizes AS SELECT
    (SELECT count(*) > 0 FROM gtlabel.feature_page p WHERE p.job_id = j.job_id) AS features,
    (SELECT count(*) > 0 FROM gtlabel.task t WHERE t.job_id = j.job_id) AS tasks,
    (SELECT count(*) > 0 FROM gtlabel.model m WHERE m.job_id = j.job_id AND fold_weights IS NOT NULL) AS folds,
    (SELECT count(*) FROM gt_labels l WHERE l.job_name = j.job_name) AS labels,
    (SELECT count(*) > 0 FROM gt_annotations a WHERE a.job_name = j.job_name) AS annotations,
    (SELECT count(*) > 0 FROM gt_rounds r WHERE r.job_name = j.job_name AND model_name IS NOT NULL) AS rounds,
    (SELECT count(*) > 0 FROM gt_batches b WHERE b.job_name = j.job_name) AS batches,
    purged_at IS NOT NULL AS purged
  FROM gt_jobs j WHERE job_name = 'al digits';
SELECT * FROM al.sizes;
SELECT gt_purge_job('al digits'), gt_purge_job('al digits');
SELECT * FROM al.sizes;
SELECT check_counters('al digits');
SELECT event, detail FROM gt_events WHERE job_name = 'al digits' ORDER BY event_id DESC LIMIT 1;
SELECT count(*) > 0 AS explained FROM gt_explain_job('al digits');
SELECT topic FROM gt_explain_object('al digits', (SELECT object_key FROM gt_labels WHERE job_name = 'al digits' AND NOT human_annotated ORDER BY 1 LIMIT 1));
SELECT length(gt_predict('al digits/1', features)) FROM gtl_test.digits ORDER BY id LIMIT 1;
SELECT refused($$ SELECT gt_retry_failed('al digits') $$);
SELECT gt_create_job('al running', 'al.things', ARRAY['fizz', 'plain'], features_column => NULL, seed => 1) > 0 AS created;
SELECT refused($$ SELECT gt_purge_job('al running') $$);
SELECT refused($$ SELECT gt_purge_job('al nobody') $$);
SELECT refused($$ SELECT gt_purge_job(NULL) $$);
SET ROLE regress_gtl_al_owner;
SELECT refused($$ SELECT gt_purge_job('al digits') $$);
RESET ROLE;

SELECT drop_jobs('al%');
DROP SCHEMA al CASCADE;
REVOKE USAGE ON SCHEMA gtl_test FROM PUBLIC;
DROP ROLE regress_gtl_al_owner, regress_gtl_al_heir, regress_gtl_al_team;
