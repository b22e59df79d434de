-- Answers from elsewhere: of several people, ahead of their object's turn, delivered again, in part unusable.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA ia;
SET search_path = public, ia, gtl_test;

-- ---- What two people answered elsewhere ---------------------------------------------------------

CREATE TABLE ia.thing AS SELECT i AS id, CASE WHEN i % 3 = 0 THEN 'a' ELSE 'b' END AS gold FROM generate_series(1, 40) i;
CREATE TABLE ia.answer AS
    SELECT i AS item, who AS annotator, CASE WHEN i % 3 = 0 THEN 'a' ELSE 'b' END AS label, 'sure' AS note, timestamptz '2025-02-03 04:05:06Z' AS given
      FROM generate_series(1, 40) i, unnest(ARRAY['ann', ' bob ']) who;
SELECT gt_create_job('imp', 'ia.thing', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, annotators_per_object => 2, max_concurrent_task_count => 10) > 0 AS created;
SELECT * FROM gt_import_annotations('imp', 'ia.answer', comment => 'note', answered_at => 'given');
SELECT answers, state FROM gt_batches WHERE job_name = 'imp';
SELECT count(*), count(DISTINCT annotator) FROM gt_early_answers WHERE job_name = 'imp';
SELECT annotator, label, batch_no, task_id > 0 AS has_task, accepted_at, submitted_at, comment FROM gt_annotations WHERE job_name = 'imp' AND object_key = '1' ORDER BY 1;
-- once more: nothing is new
SELECT * FROM gt_import_annotations('imp', 'ia.answer');
-- each batch has its answers when it is issued
SELECT gt_advance_job('imp');
SELECT batch_no, object_count, labeled, failed FROM gt_batches WHERE job_name = 'imp' ORDER BY 1;
SELECT count(*) AS labels, bool_and(l.label = d.gold) AS as_answered FROM gt_labels l JOIN ia.thing d ON d.id::text = l.object_key WHERE job_name = 'imp';
SELECT count(*) AS same_as_consolidated FROM gt_labels l JOIN gt_consolidate('ia.answer') c ON c.item = l.object_key AND c.label = l.label WHERE job_name = 'imp';
SELECT * FROM gt_import_annotations('imp', 'ia.answer');
SELECT count(*) AS waiting FROM gt_early_answers WHERE job_name = 'imp';
SELECT gtl_test.check_counters('imp');

-- ---- What cannot be taken ---------------------------------------------------------------------------

SELECT gt_create_job('some', 'ia.thing', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, annotators_per_object => 2, max_concurrent_task_count => 2) > 0 AS created;
CREATE TABLE ia.mixed (item text, annotator text, label text, known boolean);
INSERT INTO ia.mixed VALUES ('1', 'ann', 'a', NULL), ('1', 'bob', 'a', false), ('3', 'ann', 'a', NULL), ('3', 'ann ', 'b', NULL), ('3', 'ann', 'a', NULL),
    ('41', 'ann', 'a', NULL), ('2', 'ann', 'c', NULL), ('2', NULL, 'a', NULL), ('2', ' ', 'a', NULL), (NULL, 'ann', 'a', NULL), ('2', 'ann', '', NULL), ('2', 'out', 'a', NULL);
SELECT gt_exclude_annotator('some', 'out');
SELECT refused($$ SELECT * FROM gt_import_annotations('some', 'ia.mixed') $$);
SELECT count(*) AS nothing_is_there FROM gtlabel.early_answer;
SELECT * FROM gt_import_annotations('some', 'ia.mixed', on_conflict => 'skip');
SELECT object_key, annotator, label FROM gt_annotations WHERE job_name = 'some' ORDER BY 1, 2;
SELECT object_key, annotator, label FROM gt_early_answers WHERE job_name = 'some' ORDER BY 1, 2;
-- each by itself is an error
CREATE FUNCTION ia.alone(item text, annotator text, label text) RETURNS text LANGUAGE sql AS $$
    TRUNCATE ia.mixed;
    INSERT INTO ia.mixed VALUES (item, annotator, label);
    SELECT regexp_replace(refused('SELECT * FROM gt_import_annotations(''some'', ''ia.mixed'')'), E'\n.*', '')
$$;
SELECT ia.alone(v.item, v.annotator, v.label) FROM (VALUES ('41', 'ann', 'a'), ('2', 'ann', 'c'), ('2', NULL, 'a'), ('2', 'out', 'a'), ('3', 'ann', 'b'), ('2', repeat('x', 256), 'a')) v (item, annotator, label);
SELECT refused($$ SELECT * FROM gt_import_annotations('some', 'ia.mixed', on_conflict => 'ignore') $$);
SELECT refused($$ SELECT * FROM gt_import_annotations('some', 'ia.mixed', item => 'nothing') $$);
SELECT refused($$ SELECT * FROM gt_import_annotations('some', 'ia.mixed', item => NULL) $$);
SELECT refused($$ SELECT * FROM gt_import_annotations('some', NULL) $$);
SELECT refused($$ SELECT * FROM gt_import_annotations('nothing', 'ia.mixed') $$);
TRUNCATE ia.mixed;
SELECT * FROM gt_import_annotations('some', 'ia.mixed');

-- ---- Beside people ---------------------------------------------------------------------------------------

-- ann holds a task of object 2, which another task of the object does not answer; cat and dog take both tasks of none
SELECT task_id AS held FROM gt_accept_tasks('some', 5, 'ann') WHERE object_key = '2' \gset
INSERT INTO ia.mixed VALUES ('2', 'ann', 'b'), ('2', 'cat', 'b'), ('2', 'dog', 'b');
SELECT * FROM gt_import_annotations('some', 'ia.mixed');
SELECT object_key, annotator, state FROM gt_tasks WHERE job_name = 'some' ORDER BY 1, 2;
SELECT gt_submit_annotations(ARRAY[:held]::bigint[], '{b}', 'ann');
SELECT gt_advance_job('some');
-- the next batch is 3 and 4; what is left over waits in vain
SELECT object_key, annotator, label FROM gt_early_answers WHERE job_name = 'some' ORDER BY 1, 2;
SELECT object_key, annotator, label FROM gt_annotations WHERE job_name = 'some' ORDER BY 1, 2;
-- an expired batch takes what has come in the meantime: the lease that was in the way is over
SELECT count(*) AS held FROM gt_accept_tasks('some', 5, 'eve');
TRUNCATE ia.mixed;
INSERT INTO ia.mixed VALUES ('4', 'fay', 'b'), ('4', 'gil', 'b');
SELECT * FROM gt_import_annotations('some', 'ia.mixed');
SET gtlabel.clock_offset = 2600000;
SELECT gt_advance_job('some');
RESET gtlabel.clock_offset;
SELECT object_key, annotator FROM gt_annotations WHERE job_name = 'some' AND object_key IN ('3', '4') ORDER BY 1, 2;
SELECT count(*) AS failed FROM gt_failures WHERE job_name = 'some';

-- ---- One more person where two disagree ------------------------------------------------------------------

SELECT gt_create_job('more', 'ia.thing', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, min_annotators => 2, max_annotators => 3,
                     consolidation_confidence => 0.9, max_concurrent_task_count => 2) > 0 AS created;
TRUNCATE ia.mixed;
INSERT INTO ia.mixed VALUES ('1', 'a1', 'a'), ('1', 'a2', 'b'), ('1', 'a3', 'b'), ('2', 'a1', 'b'), ('2', 'a2', 'b');
SELECT * FROM gt_import_annotations('more', 'ia.mixed');
SELECT gt_advance_job('more');
SELECT batch_no, labeled FROM gt_batches WHERE job_name = 'more' ORDER BY 1;
SELECT object_key, label FROM gt_labels WHERE job_name = 'more' ORDER BY 1;

-- ---- Label Studio: what it has exported, known answers among it --------------------------------------------

SELECT gt_create_job('ls', 'ia.thing', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, annotators_per_object => 2, max_concurrent_task_count => 40) > 0 AS created;
CREATE TEMP TABLE task (task jsonb);
INSERT INTO task VALUES ('{"id": 1, "data": {"id": 7, "text": "x"}, "annotations": [
      {"id": 5, "completed_by": 1, "created_at": "2024-02-03T10:11:12.5Z", "result": [{"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": ["a"]}}, {"type": "textarea", "value": {"text": ["hm"]}}]},
      {"id": 6, "completed_by": {"id": 3, "email": "e@x.org"}, "created_at": "2024-13-40T99:11:12Z", "result": [{"from_name": "other", "value": {"choices": ["b"]}}, {"from_name": "label", "value": {"choices": ["b"]}}]},
      {"id": 7, "completed_by": 4, "was_cancelled": true, "result": []},
      {"id": 8, "completed_by": 5, "ground_truth": true, "result": [{"from_name": "label", "value": {"choices": ["b"]}}]},
      {"id": 9, "completed_by": 6, "result": [{"from_name": "label", "value": {"choices": ["a", "b"]}}]}]}'),
    ('[{"id": "8", "text": "t", "label": "b", "annotator": 1, "annotation_id": 3}, {"id": 9, "text": "t", "label": {"choices": ["a"]}, "annotator": 1}, 5, null, {"id": 10, "annotations": null}]');
SELECT a.* FROM task, gt_label_studio_annotations(task, 'id', 'label') a ORDER BY 1, 2;
SELECT DISTINCT item FROM task, gt_label_studio_annotations(task) ORDER BY 1;
SELECT count(*) FROM (VALUES ('"text"'::jsonb), ('[]'), (NULL), ('{}'), ('[[1]]')) v (document), gt_label_studio_annotations(document);
SELECT refused($$ SELECT * FROM gt_import_label_studio('ls', 'task', from_name => 'label') $$);
SELECT * FROM gt_import_label_studio('ls', 'task', from_name => 'label', on_conflict => 'skip');
SELECT * FROM gt_import_label_studio('ls', 'task', from_name => 'label', on_conflict => 'skip');
SELECT object_key, annotator, label, comment FROM gt_annotations WHERE job_name = 'ls' ORDER BY 1, 2;
SELECT o.object_key, g.class_no FROM gtlabel.gold g JOIN gtlabel.object o USING (job_id, object_no) JOIN gt_jobs USING (job_id) WHERE job_name = 'ls';
SELECT gt_stop_job('ls');
-- the known answer decides
SELECT object_key, label FROM gt_labels WHERE job_name = 'ls' ORDER BY 1;
SELECT annotator, gold_accuracy FROM gt_annotators WHERE job_name = 'ls' ORDER BY 1;

-- a whole export: the labels are those of gt_consolidate on the same answers
SELECT gt_create_job('ls all', 'ia.thing', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, annotators_per_object => 3, max_concurrent_task_count => 15) > 0 AS created;
TRUNCATE task;
INSERT INTO task SELECT jsonb_build_object('id', 100 + i, 'data', jsonb_build_object('id', i), 'annotations', jsonb_agg(jsonb_build_object('completed_by', jsonb_build_object('email', who || '@x.org'),
                               'result', jsonb_build_array(jsonb_build_object('from_name', 'label', 'value', jsonb_build_object('choices', jsonb_build_array(CASE WHEN (i * 7 + ascii(who)) % 5 = 0 THEN 'a' WHEN i % 3 = 0 THEN 'a' ELSE 'b' END)))))))
  FROM generate_series(1, 40) i, unnest(ARRAY['k', 'l', 'm']) who GROUP BY i;
SELECT * FROM gt_import_label_studio('ls all', 'task');
SELECT gt_advance_job('ls all');
CREATE TABLE ia.exported AS SELECT a.item, a.annotator, a.label FROM task, gt_label_studio_annotations(task, 'id') a;
SELECT count(*) AS labels, count(*) FILTER (WHERE l.label = c.label) AS same, bool_and(abs(l.confidence - c.confidence) < 0.02) AS as_sure, count(DISTINCT l.label) AS kinds
  FROM gt_labels l JOIN gt_consolidate('ia.exported') c ON c.item = l.object_key WHERE job_name = 'ls all';

-- ---- By key, leaving out what cannot be taken -----------------------------------------------------------

SELECT gt_create_job('key', 'ia.thing', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, max_concurrent_task_count => 3) > 0 AS created;
SELECT refused($$ SELECT gt_annotate('key', '{1,9}', '{a,a}') $$);
\set VERBOSITY default
SELECT gt_annotate('key', '{1,9,1,99,2}', '{a,a,a,a,c}', 'ann', on_conflict => 'skip');
SELECT * FROM gt_annotate_report('key', '{1,1,9,99,2,3}', '{b,a,a,a,c,b}', 'ann');
SELECT gt_annotate('key', '{2,3}', '{b,b}', 'bob', on_conflict => 'skip');
SELECT * FROM gt_annotate_report('key', '{2,3}', '{b,b}', 'bob');
SELECT * FROM gt_annotate_report('key', NULL, NULL);
SELECT gt_annotate('key', NULL, NULL, on_conflict => 'skip');
SELECT refused($$ SELECT gt_annotate('key', '{1}', '{a}', on_conflict => 'update') $$);
SELECT gt_stop_job('key');
-- a delivery can be repeated when the job is over
SELECT * FROM gt_annotate_report('key', '{1,4}', '{a,a}', 'ann');

SET client_min_messages = warning;
DROP SCHEMA ia CASCADE;
SELECT gt_drop_job(job_name) FROM gt_jobs WHERE job_name IN ('imp', 'some', 'more', 'ls', 'ls all', 'key');
SELECT count(*) AS early_answers FROM gtlabel.early_answer;
