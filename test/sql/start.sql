-- What a job can start with: rows that have a label already, and a model of an earlier job.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA st;
SET search_path = public, st, gtl_test;

-- ---- Rows that have a label ------------------------------------------------------------------

CREATE TABLE st.some AS SELECT id, features, gold, CASE WHEN id % 10 = 0 THEN gold END AS old FROM gtl_test.digits;
ALTER TABLE st.some ADD PRIMARY KEY (id);
SELECT gt_create_job('st given', 'st.some', ARRAY[:digits], label_column => 'old', algorithm => 'softmax', seed => 1) > 0 AS created;
SELECT object_count + given_count AS rows, given_count = (SELECT count(old) FROM st.some) AS given_are_no_objects,
       validation_count = object_count / 5 AS share_of_objects FROM gt_jobs WHERE job_name = 'st given';
SELECT count(*) AS given_among_objects FROM gtlabel.object o JOIN gtlabel.job j USING (job_id) JOIN st.some s ON s.id::text = o.object_key
 WHERE job_name = 'st given' AND s.old IS NOT NULL;
-- there are enough of them for a round right after the validation set
SELECT action FROM gt_plan_job('st given') LIMIT 2;
SELECT gtl_test.run('st given');
SELECT round_no, training_count = j.given_count AS trained_on_given, r.validation_count = j.validation_count AS validated
  FROM gt_rounds r JOIN gt_jobs j USING (job_name) WHERE job_name = 'st given' ORDER BY round_no LIMIT 1;
SELECT count(*) AS given_with_a_label FROM gt_labels l JOIN st.some s ON s.id::text = l.object_key
 WHERE job_name = 'st given' AND s.old IS NOT NULL;
SELECT avg((l.label <> s.gold)::int) <= 0.05 AS kept FROM gt_labels l JOIN st.some s ON s.id::text = l.object_key
 WHERE job_name = 'st given' AND NOT human_annotated;
SELECT refused($$ SELECT gt_create_job('st bad', 'st.some', ARRAY['0', '1'], label_column => 'old') $$);
SELECT refused($$ SELECT gt_create_job('st bad', 'st.some', ARRAY['0', '1'], label_column => 'nothing') $$);
CREATE VIEW st.done AS SELECT * FROM st.some WHERE old IS NOT NULL;
SELECT refused($$ SELECT gt_create_job('st bad', 'st.done', ARRAY['0','1','2','3','4','5','6','7','8','9'], key_column => 'id', label_column => 'old') $$);

-- ---- A model to start from -----------------------------------------------------------------------

CREATE VIEW st.half AS SELECT * FROM gtl_test.digits WHERE id % 2 = 0;
CREATE VIEW st.rest AS SELECT * FROM gtl_test.digits WHERE id % 2 = 1;
SELECT gt_train('st model', 'st.half', 'gold', algorithm => 'softmax') > 0 AS trained;
SELECT gt_create_job('st warm', 'st.rest', ARRAY[:digits], key_column => 'id', initial_model => 'st model', algorithm => 'softmax', seed => 1) > 0 AS created;
SELECT action FROM gt_plan_job('st warm') LIMIT 2;
SELECT gtl_test.setting('st warm', 'initial_model') AS initial_model;
SELECT refused($$ SELECT gt_drop_model('st model') $$);
SELECT gtl_test.run('st warm');
-- the candidate that is shrunk towards the initial model wins, on data of the same kind
SELECT r.candidate = 0 AS chose_initial, p.model_name AS parent FROM gtlabel.round r JOIN gtlabel.job j USING (job_id)
  JOIN gtlabel.model m USING (model_id) JOIN gtlabel.model p ON p.model_id = m.parent_model_id
 WHERE j.job_name = 'st warm' AND r.round_no = 0;
SELECT avg((l.label <> s.gold)::int) <= 0.05 AS kept FROM gt_labels l JOIN st.rest s ON s.id::text = l.object_key
 WHERE job_name = 'st warm' AND NOT human_annotated;
-- fewer human labels than without it; and the simulation does what the live job did
SELECT human_labeled, machine_labeled FROM gt_jobs WHERE job_name = 'st warm' \gset live_
SELECT s.human_labeled = :live_human_labeled AND s.machine_labeled = :live_machine_labeled AS same_as_live,
       c.human_labeled > s.human_labeled AS cold_needs_more
  FROM gt_simulate_job('st.rest', 'gold', key_column => 'id', algorithm => 'softmax', seed => 1, initial_model => 'st model') s,
       gt_simulate_job('st.rest', 'gold', key_column => 'id', algorithm => 'softmax', seed => 1) c
 WHERE s.final AND c.final;
SELECT refused($$ SELECT gt_create_job('st bad', 'st.rest', ARRAY['1','0'], key_column => 'id', initial_model => 'st model') $$);
SELECT refused($$ SELECT gt_create_job('st bad', 'st.rest', ARRAY['1','0','2','3','4','5','6','7','8','9'], key_column => 'id', initial_model => 'st model') $$);
SELECT refused($$ SELECT gt_create_job('st bad', 'st.rest', ARRAY['0','1'], key_column => 'id', initial_model => 'no such model') $$);
CREATE VIEW st.short AS SELECT id, features[1:5] AS features FROM gtl_test.digits;
SELECT refused($$ SELECT gt_create_job('st bad', 'st.short', ARRAY['0','1','2','3','4','5','6','7','8','9'], key_column => 'id', initial_model => 'st model') $$);

-- ---- A simulation with the same seed does what the live job does ------------------------------------

SELECT gt_create_job('st cold', 'st.rest', ARRAY[:digits], key_column => 'id', algorithm => 'softmax', schedule => 'eager', guarantee => 'confidence', validation_share => 0.2,
                     max_concurrent_task_count => 50, target_accuracy => 0.97, seed => 5) > 0 AS created;
SELECT gtl_test.run('st cold');
SELECT count(*) AS rounds, bool_and(r.auto_labeled = s.machine_labeled AND round(r.threshold::numeric, 6)::float8 IS NOT DISTINCT FROM s.threshold
                                    AND round(r.bound::numeric, 6)::float8 IS NOT DISTINCT FROM s.bound AND round(r.accuracy::numeric, 6)::float8 = s.accuracy) AS same
  FROM gt_rounds r FULL JOIN gt_simulate_job('st.rest', 'gold', ARRAY[:digits], key_column => 'id', algorithm => 'softmax',
       schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, max_concurrent_task_count => 50, target_accuracy => 0.97, seed => 5) s
    ON s.round_no = r.round_no AND NOT s.final
 WHERE COALESCE(r.job_name, 'st cold') = 'st cold' AND s.final IS NOT TRUE \gset
SELECT :'same'::boolean AS same, :rounds > 1 AS several_rounds;

-- ---- The validation set that the promise needs ------------------------------------------------------

SELECT gt_create_job('st need', 'gtl_test.digits', ARRAY[:digits], schedule => 'eager', guarantee => 'confidence', seed => 1) > 0 AS created;
-- three times the 80 that a target of 0.95 needs without an error
SELECT validation_count, gtl_test.setting('st need', 'validation_share') AS share FROM gt_jobs WHERE job_name = 'st need';
SELECT action, objects FROM gt_plan_job('st need') LIMIT 2;
-- of a table of a million rows no more than it needs, and where it is no evidence still less
SELECT s.schedule, s.guarantee, p.objects FROM (VALUES ('standard', 'confidence'), ('eager', 'confidence'), ('eager', 'audited')) s (schedule, guarantee),
       LATERAL (SELECT sum(objects) AS objects FROM gt_plan(1000000, 100000, schedule => s.schedule, guarantee => s.guarantee) WHERE action = 'validation') p ORDER BY 3;
-- the service's share is kept, with a word where it is many times that
SELECT refused($$ SELECT gt_create_job('st bad', 'gtl_test.digits', ARRAY['0','1'], audit_share => 0.1, guarantee => 'audited') $$);
SELECT refused($$ SELECT gt_create_job('st bad', 'gtl_test.digits', ARRAY['0','1'], guarantee_scope => 'dataset', guarantee => 'strict') $$);
SELECT refused($$ SELECT gt_create_job('st bad', 'gtl_test.digits', ARRAY['0','1'], guarantee_scope => 'dataset', per_class => true) $$);
SELECT refused($$ SELECT gt_create_job('st bad', 'gtl_test.digits', ARRAY['0','1'], guarantee_scope => 'all') $$);
SELECT gt_create_job('st many', 'gtl_test.digits', ARRAY[:digits], guarantee => 'audited', seed => 1) > 0 AS created;
SELECT gt_create_job('st tight', 'gtl_test.digits', ARRAY[:digits], schedule => 'eager', target_accuracy => 0.99, max_human_labeled_object_count => 200, seed => 1) > 0 AS created;

SELECT gtl_test.drop_jobs('st %');
SELECT gt_drop_model('st model');
SET client_min_messages = warning;
DROP SCHEMA st CASCADE;
