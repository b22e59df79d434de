-- Neighbourhood columns: in live jobs and simulations, in models and for new rows, with a model to start from, and where they are left out.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\set messages :srcdir '/lib/messages.sql'
\i :setup
\i :messages
CREATE SCHEMA nb;
SET search_path = public, nb, gtl_test;
\set digits_job '''nb.digits'', ARRAY[' :digits '], algorithm => ''softmax'''
SET client_min_messages = warning;
CREATE TABLE nb.digits AS SELECT * FROM gtl_test.digits ORDER BY id LIMIT 1200;
ALTER TABLE nb.digits ADD PRIMARY KEY (id);
CREATE TABLE nb.later AS SELECT * FROM gtl_test.digits WHERE id > (SELECT max(id) FROM nb.digits);
CREATE FUNCTION nb.columns(job text) RETURNS bytea LANGUAGE sql AS $$
    SELECT string_agg(data, '' ORDER BY page_no) FROM gtlabel.feature_page JOIN gt_jobs USING (job_id) WHERE job_name = job AND block_no = 1 $$;

-- ---- On by default where the promise is audited, and off elsewhere ----------------------------------------------
SELECT gt_create_job('nb on', :digits_job, schedule => 'eager', seed => 1) > 0 AS created;
SELECT gt_create_job('nb off', :digits_job, schedule => 'eager', guarantee => 'confidence', validation_share => 0.1, seed => 1) > 0 AS created;
SELECT gt_create_job('nb wanted', :digits_job, neighbours => true, seed => 2) > 0 AS created;
SELECT gt_create_job('nb refused', :digits_job, schedule => 'eager', neighbours => false, seed => 1) > 0 AS created;
SELECT job_name, length(nb.columns(job_name)) = 1200 * 64 * 4 AS columns, neighbours_id IS NOT NULL AS map, chosen_start, setting(job_name, 'neighbours') AS neighbours
  FROM gtlabel.job WHERE job_name LIKE 'nb %' ORDER BY 1;
-- they follow from the rows alone
SELECT nb.columns('nb on') = nb.columns('nb wanted') AS same_bits;
SET gtlabel.max_parallel_workers = 2;
SELECT gt_create_job('nb helped', :digits_job, schedule => 'eager', seed => 1) > 0 AS created;
RESET gtlabel.max_parallel_workers;
SELECT nb.columns('nb helped') = nb.columns('nb on') AS same_bits,
       (SELECT array_agg(object_no ORDER BY validation_no) FROM gtlabel.object o JOIN gtlabel.job j USING (job_id) WHERE job_name = 'nb helped' AND validation_no IS NOT NULL) =
       (SELECT array_agg(object_no ORDER BY validation_no) FROM gtlabel.object o JOIN gtlabel.job j USING (job_id) WHERE job_name = 'nb on' AND validation_no IS NOT NULL) AS same_start;
SELECT gt_drop_job('nb helped');
SELECT topic, finding FROM gt_explain_job('nb on') WHERE topic = 'features';
-- both blocks are whole, and a missing page of either is found
SELECT subject, finding FROM gt_check() WHERE subject LIKE 'job "nb %';
BEGIN;
DELETE FROM gtlabel.feature_page WHERE block_no = 1 AND page_no = 1 AND job_id = (SELECT job_id FROM gt_jobs WHERE job_name = 'nb on');
SELECT subject, finding FROM gt_check() WHERE subject LIKE 'job "nb %';
ROLLBACK;

-- ---- A whole job does what its simulation says, and fewer labels do than without --------------------------------
SELECT run('nb on'), run('nb refused');
SELECT s.human_labeled = j.human_labeled AS human, s.machine_labeled = j.machine_labeled AS machine
  FROM gt_simulate_job('nb.digits', 'gold', ARRAY[:digits], algorithm => 'softmax', schedule => 'eager', seed => 1) s, gt_jobs j WHERE s.final AND j.job_name = 'nb on';
SELECT s.human_labeled = j.human_labeled AS human, s.machine_labeled = j.machine_labeled AS machine
  FROM gt_simulate_job('nb.digits', 'gold', ARRAY[:digits], algorithm => 'softmax', schedule => 'eager', neighbours => false, seed => 1) s, gt_jobs j WHERE s.final AND j.job_name = 'nb refused';
SELECT (SELECT avg(human_labeled) FROM gt_simulate_job('nb.digits', 'gold', algorithm => 'softmax', schedule => 'eager', seed => 1, repetitions => 8) WHERE final) <
       0.9 * (SELECT avg(human_labeled) FROM gt_simulate_job('nb.digits', 'gold', algorithm => 'softmax', schedule => 'eager', neighbours => false, seed => 1, repetitions => 8) WHERE final) AS fewer;
SELECT avg((l.label <> d.gold)::int) <= 0.05 AS kept FROM gt_labels l JOIN nb.digits d ON d.id::text = l.object_key WHERE job_name = 'nb on' AND NOT human_annotated;
-- what explains objects reads both blocks
SELECT count(*) > 300 AS explained FROM gt_labels l, LATERAL gt_explain_object('nb on', l.object_key) WHERE job_name = 'nb on' AND NOT human_annotated AND topic = 'model';

-- ---- Models: rows that were there and rows that were not --------------------------------------------------------
SELECT model_name AS newest FROM gt_models WHERE job_name = 'nb on' AND neighbours ORDER BY model_id DESC LIMIT 1 \gset
SELECT bool_and(dimension = 64) AS takes_features, bool_or(neighbours) AS neighbours FROM gt_models WHERE job_name = 'nb on';
SELECT count(*) FILTER (WHERE gt_predict(:'newest', d.features) <> l.label) <= 1 AS as_in_the_job FROM gt_labels l JOIN nb.digits d ON d.id::text = l.object_key WHERE job_name = 'nb on' AND NOT human_annotated;
SELECT avg((gt_predict(:'newest', features) = gold)::int) > 0.9 AS accurate, bool_and(abs((SELECT sum(p) FROM unnest(gt_predict_proba(:'newest', features)) p) - 1) < 1e-5) AS sums,
       bool_and(gt_margin(:'newest', features) BETWEEN 0 AND 1 AND gt_confidence(:'newest', features) BETWEEN 0 AND 1) AS ranges FROM nb.later;
SELECT refused(format($$ SELECT gt_predict(%L, '{1,2}'::float4[]) $$, :'newest')) ~ 'takes 64$' AS own_length_only;
-- the bytes of a model carry the map
SELECT bool_and((gt_score(gt_model_bytes(:'newest'), features)).class = gt_predict(:'newest', features)) AS the_same FROM nb.later;
-- trained outside a job: the map is of all rows, labeled or not
CREATE TABLE nb.few AS SELECT id, features, CASE WHEN id % 12 = 0 THEN gold END AS gold FROM nb.digits;
SELECT gt_train('nb few', 'nb.few', 'gold', algorithm => 'softmax') > 0 AS trained, gt_train('nb plain', 'nb.few', 'gold', algorithm => 'softmax', neighbours => false) > 0 AS trained;
SELECT model_name, training_count, dimension, neighbours FROM gt_models WHERE model_name IN ('nb few', 'nb plain') ORDER BY 1;
SELECT avg((gt_predict('nb few', features) = gold)::int) > avg((gt_predict('nb plain', features) = gold)::int) + 0.02 AS better FROM nb.later;
SELECT n.data = (SELECT j.data FROM gtlabel.neighbours j JOIN gtlabel.job USING (neighbours_id) WHERE job_name = 'nb on') AS of_all_rows
  FROM gtlabel.neighbours n JOIN gtlabel.model USING (neighbours_id) WHERE model_name = 'nb few';

-- ---- A model to start from brings its map -------------------------------------------------------------------------
SELECT gt_create_job('nb next', 'nb.later', ARRAY[:digits], key_column => 'id', algorithm => 'softmax', initial_model => :'newest', max_concurrent_task_count => 100, seed => 3) > 0 AS created;
SELECT j.neighbours_id = m.neighbours_id AS of_the_model, length(nb.columns('nb next')) / (64 * 4) = j.object_count AS columns
  FROM gtlabel.job j, gtlabel.model m WHERE job_name = 'nb next' AND model_name = :'newest';
SELECT run('nb next');
SELECT s.human_labeled = j.human_labeled AS human, s.machine_labeled = j.machine_labeled AS machine
  FROM gt_simulate_job('nb.later', 'gold', ARRAY[:digits], key_column => 'id', algorithm => 'softmax', initial_model => :'newest', max_concurrent_task_count => 100, seed => 3) s, gt_jobs j
 WHERE s.final AND j.job_name = 'nb next';
SELECT refused(format($$ SELECT gt_create_job('nb x', 'nb.later', ARRAY['0','1','2','3','4','5','6','7','8','9'], key_column => 'id', initial_model => %L, neighbours => false) $$, :'newest')) ~ '^22023 .*must not be false' AS refused;
CREATE VIEW nb.short AS SELECT id, features[1:9] AS features, gold FROM nb.later;
SELECT refused(format($$ SELECT gt_create_job('nb x', 'nb.short', ARRAY['0','1','2','3','4','5','6','7','8','9'], key_column => 'id', initial_model => %L) $$, :'newest')) ~ 'takes 64 dimensions' AS refused;
SELECT refused(format($$ SELECT gt_simulate_job('nb.short', 'gold', ARRAY['0','1','2','3','4','5','6','7','8','9'], key_column => 'id', initial_model => %L) $$, :'newest')) ~ 'other categories or dimensions' AS refused;

-- ---- Left out, with the reason ------------------------------------------------------------------------------------
CREATE VIEW nb.small AS SELECT * FROM nb.digits ORDER BY id LIMIT 300;
SET client_min_messages = notice;
SELECT gt_create_job('nb small', 'nb.small', ARRAY[:digits], neighbours => true, validation_share => 0.3, key_column => 'id', max_concurrent_task_count => 50, seed => 1) > 0 AS created;
SET maintenance_work_mem = '1MB';
SET client_min_messages = error;
SELECT gt_create_job('nb poor', :digits_job, schedule => 'eager', seed => 1) > 0 AS created;
SELECT gt_train('nb poor', 'nb.few', 'gold', algorithm => 'softmax', neighbours => true) > 0 AS trained;
SET client_min_messages = warning;
RESET maintenance_work_mem;
SELECT job_name, neighbours_id, chosen_start, regexp_replace(neighbours_reason, '\d+ MB', 'N MB', 'g') AS reason FROM gtlabel.job WHERE job_name IN ('nb small', 'nb poor') ORDER BY 1;
SELECT regexp_replace(finding, '\d+ MB', 'N MB', 'g') AS finding FROM gt_explain_job('nb poor') WHERE topic = 'features';
SELECT gt_create_job('nb people', :digits_job, auto_label => false, neighbours => true, seed => 1) > 0 AS created;
SELECT neighbours_id, neighbours_reason FROM gtlabel.job WHERE job_name = 'nb people';

-- ---- Rows that came with a label count in the map, and are not among those that people begin with -----------------
SELECT gt_create_job('nb given', 'nb.few', ARRAY[:digits], key_column => 'id', label_column => 'gold', algorithm => 'softmax', schedule => 'eager', seed => 1) > 0 AS created;
SELECT length(nb.columns('nb given')) = 1200 * 64 * 4 AS columns, chosen_start, object_count, given_count FROM gtlabel.job WHERE job_name = 'nb given';

-- ---- The map goes with the last that uses it ------------------------------------------------------------------------
SELECT neighbours_id AS map FROM gtlabel.job WHERE job_name = 'nb on' \gset
SELECT gt_drop_job('nb next', true), gt_drop_job('nb on');
SELECT count(*) AS kept_by_models FROM gtlabel.neighbours WHERE neighbours_id = :map;
SELECT gt_predict(:'newest', features) IS NOT NULL AS predicts FROM nb.later LIMIT 1;
SELECT count(gt_drop_model(model_name)) > 0 AS dropped FROM gt_models WHERE model_name LIKE 'nb on/%';
SELECT count(*) AS gone FROM gtlabel.neighbours WHERE neighbours_id = :map;
SELECT gt_drop_model(m) FROM unnest(ARRAY['nb few', 'nb plain', 'nb poor']) m;
SELECT count(gt_drop_job(job_name, true)) FROM (SELECT job_name FROM gt_jobs WHERE job_name LIKE 'nb %' OFFSET 0) j;
SELECT count(*) AS maps FROM gtlabel.neighbours;
