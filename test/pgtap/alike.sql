-- Inputs that mean the same are treated the same: an empty label is none, wherever labels are read.
BEGIN;
SET search_path = public;
SET gtlabel.background = off;
SET client_min_messages = error;
SELECT no_plan();
CREATE TABLE e AS SELECT i AS id, ARRAY[i, i % 3]::float4[] AS features,
                         CASE WHEN i % 5 = 0 THEN '' WHEN i > 20 THEN 'x' ELSE 'y' END AS truth FROM generate_series(1, 40) i;
CREATE TABLE n AS SELECT id, features, NULLIF(truth, '') AS truth FROM e;
SELECT ok(gt_train('e', 'e', 'truth') > 0 AND gt_train('n', 'n', 'truth') > 0, 'both are trained on');
SELECT results_eq($$ SELECT label_categories, class_counts FROM gt_models WHERE model_name = 'e' $$,
                  $$ VALUES (ARRAY['x', 'y'], ARRAY[16, 16]) $$, 'an empty label is no category of a model');
SELECT results_eq($$ SELECT label_categories, class_counts FROM gt_models WHERE model_name = 'n' $$,
                  $$ SELECT label_categories, class_counts FROM gt_models WHERE model_name = 'e' $$, 'no more than NULL is');
SELECT ok(gt_create_job('e', 'e', ARRAY['x', 'y'], key_column => 'id', label_column => 'truth', seed => 1) > 0
          AND gt_create_job('n', 'n', ARRAY['x', 'y'], key_column => 'id', label_column => 'truth', seed => 1) > 0, 'jobs take labels over');
SELECT is((SELECT array_agg(given_count || ' ' || object_count) FROM gt_jobs), ARRAY['32 8', '32 8'], 'rows with an empty label are objects, like those without');
SELECT throws_ok($$ SELECT gt_create_job('c', 'e', ARRAY['', 'x']) $$, '22023', NULL, 'it is no category of a job either');
CREATE TABLE a AS SELECT 'i' AS item, 'ann' AS annotator, '' AS label;
SELECT throws_ok($$ SELECT * FROM gt_consolidate('a') $$, '22004', NULL, 'nor an answer');
-- nothing to do is no error
SELECT is(gt_submit_annotations(NULL, NULL), 0, 'no tasks');
SELECT is(gt_submit_annotations('{}', '{}'), 0, 'an empty list of them');
SELECT is(gt_release_tasks(NULL) + gt_release_tasks('{}') + gt_decline_tasks(NULL) + gt_decline_tasks('{}'), 0, 'given back');
SELECT is(gt_annotate('e', NULL, NULL) + gt_annotate('e', '{}', '{}'), 0, 'answered by key');
SELECT * FROM finish();
ROLLBACK;
