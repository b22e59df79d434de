-- What a consolidation function leaves out, and gt_retry_failed offers again, can be answered by the same people.
BEGIN;
SET search_path = public;
SET client_min_messages = error;
SET gtlabel.background = off;
SELECT no_plan();

CREATE TABLE retry AS SELECT i AS id FROM generate_series(1, 6) i;
CREATE TABLE patience (left_out text[]);
INSERT INTO patience VALUES ('{3,4}');
CREATE FUNCTION leave_out(job_name text, object_keys text[], annotators text[], labels text[])
    RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE sql AS $$
    SELECT k, max(l), 1.0::float8 FROM unnest(object_keys, labels) a (k, l) WHERE k <> ALL (SELECT unnest(left_out) FROM public.patience) GROUP BY k
$$;
SELECT gt_create_job('one', 'retry', ARRAY['a', 'b'], key_column => 'id', features_column => NULL,
                     consolidation => 'leave_out(text, text[], text[], text[])') > 0;
SELECT gt_create_job('two', 'retry', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, annotators_per_object => 2,
                     consolidation => 'leave_out(text, text[], text[], text[])') > 0;
SELECT gt_create_job('by key', 'retry', ARRAY['a', 'b'], key_column => 'id', features_column => NULL,
                     consolidation => 'leave_out(text, text[], text[], text[])') > 0;
CREATE FUNCTION pg_temp.answer(job text, person text) RETURNS integer LANGUAGE sql AS $$
    SELECT gt_submit_annotations(array_agg(task_id), array_agg('a'::text), person) FROM gt_accept_tasks(job, 100, person)
$$;
SELECT is(pg_temp.answer('one', 'ann'), 6, 'ann answers all');
SELECT is(pg_temp.answer('two', 'ann') + pg_temp.answer('two', 'bob'), 12, 'ann and bob answer all');
SELECT is(gt_annotate('by key', ARRAY['1', '2', '3', '4', '5', '6'], array_fill('a'::text, ARRAY[6]), 'ann'), 6, 'ann answers all by key');
SELECT gt_advance_job(j) FROM unnest(ARRAY['one', 'two', 'by key']) j;
SELECT is((SELECT failed FROM gt_jobs WHERE job_name = j), 2, format('the function leaves two out: %s', j)) FROM unnest(ARRAY['one', 'two', 'by key']) j;
DELETE FROM patience;
SELECT is(gt_retry_failed(j), 2, format('they are offered again: %s', j)) FROM unnest(ARRAY['one', 'two', 'by key']) j;
SELECT gt_advance_job(j) FROM unnest(ARRAY['one', 'two', 'by key']) j;
SELECT is(pg_temp.answer('one', 'ann'), 2, 'ann answers them again');
SELECT is(pg_temp.answer('two', 'ann') + pg_temp.answer('two', 'bob'), 4, 'ann and bob answer them again');
SELECT is(gt_annotate('by key', ARRAY['3', '4'], ARRAY['b', 'a'], 'ann'), 2, 'ann answers them again by key, one as before');
SELECT gt_advance_job(j) FROM unnest(ARRAY['one', 'two', 'by key']) j;
SELECT is((SELECT state || ' ' || human_labeled FROM gt_jobs WHERE job_name = j), 'completed 6', format('all are labeled: %s', j))
  FROM unnest(ARRAY['one', 'two', 'by key']) j;
SELECT is((SELECT label FROM gt_label('by key', 3)), 'b', 'the new answer is the one that counts');
SELECT is((SELECT count(*) FROM gt_annotations WHERE job_name = 'one'), 6::bigint, 'one answer an object is kept');

-- What somebody has declined, and gt_retry_failed offers again, is for others: only the owner is asked again.
SELECT gt_create_job('declined', 'retry', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, workteam => 'pg_monitor') > 0;
SELECT gt_create_job('declined twice', 'retry', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, annotators_per_object => 2) > 0;
CREATE FUNCTION pg_temp.decline(job text, person text) RETURNS integer LANGUAGE sql AS $$
    SELECT gt_decline_tasks(array_agg(task_id), person) FROM gt_accept_tasks(job, 100, person) WHERE object_key IN ('1', '2')
$$;
SELECT is(pg_temp.decline('declined', 'ann'), 2, 'ann declines two');
SELECT is(pg_temp.answer('declined', 'ann'), 4, 'and answers the rest');
SELECT is(pg_temp.decline('declined twice', p), 2, p || ' declines two') FROM unnest(ARRAY['ann', CURRENT_USER::text]) p;
SELECT is(pg_temp.answer('declined twice', p), 4, p || ' answers the rest') FROM unnest(ARRAY['ann', CURRENT_USER::text]) p;
SELECT gt_advance_job(j) FROM unnest(ARRAY['declined', 'declined twice']) j;
SELECT is(gt_retry_failed(j), 2, 'what failed is offered again: ' || j) FROM unnest(ARRAY['declined', 'declined twice']) j;
SELECT gt_advance_job(j) FROM unnest(ARRAY['declined', 'declined twice']) j;
SELECT is_empty($$ SELECT * FROM gt_accept_tasks('declined', 100, 'ann') $$, 'ann is not asked again');
SELECT is_empty($$ SELECT * FROM gt_accept_tasks('declined twice', 100, 'ann') $$, 'nor where several people answer');
SELECT is((SELECT open FROM gt_queue(j, 'ann')), 0::bigint, 'nor told that there is something to do: ' || j) FROM unnest(ARRAY['declined', 'declined twice']) j;
SELECT is((SELECT open FROM gt_queue('declined', 'bob')), 2::bigint, 'others are');
SELECT is(pg_temp.answer('declined', 'bob'), 2, 'bob answers both');
SELECT is(pg_temp.answer('declined twice', p), 2, p || ' answers both') FROM unnest(ARRAY['bob', CURRENT_USER::text]) p;
SELECT gt_advance_job(j) FROM unnest(ARRAY['declined', 'declined twice']) j;
SELECT is((SELECT state || ' ' || human_labeled FROM gt_jobs WHERE job_name = j), 'completed 6', 'all are labeled: ' || j) FROM unnest(ARRAY['declined', 'declined twice']) j;

-- One person, one vote, in gt_consolidate
CREATE TABLE dup (item text, annotator text, label text);
INSERT INTO dup VALUES ('a', 'x', 'cat'), ('a', 'y', 'cat'), ('a', 'z', 'dog'), ('a', 'z', 'dog'), ('a', ' z', 'dog'), ('b', 'z', 'dog');
SELECT results_eq($$ SELECT item, label FROM gt_consolidate('dup') ORDER BY item $$, $$ VALUES ('a', 'cat'), ('b', 'dog') $$,
                  'the same answer of the same person counts once');
SELECT results_eq($$ SELECT * FROM gt_consolidate('dup') ORDER BY item $$,
                  $$ SELECT * FROM gt_consolidate('dup') ORDER BY item $$, 'the order of the rows makes no difference');
INSERT INTO dup VALUES ('b', 'z', 'cat');
SELECT throws_ok($$ SELECT * FROM gt_consolidate('dup') $$, '22023', 'annotator "z" answered item "b" with "cat" and with "dog"',
                 'two answers of one person are an error');

-- Rows without a key are named by their place
CREATE TABLE unkeyed AS SELECT CASE WHEN i <> 21 THEN ARRAY[i, 1] END AS features, CASE WHEN i > 15 THEN 'x' ELSE 'y' END AS truth FROM generate_series(1, 30) i;
SELECT throws_ok($$ SELECT gt_train('t', 'unkeyed', 'truth') $$, '22004', 'features of row 21 in reading order in dataset public.unkeyed are NULL',
                 'a row without a key is not called an object');
-- An empty text is no label, anywhere
CREATE TABLE blank AS SELECT i AS id, ARRAY[i, 1] AS features, CASE WHEN i = 5 THEN '' WHEN i > 15 THEN 'x' ELSE 'y' END AS truth FROM generate_series(1, 30) i;
SELECT gt_create_job('blank', 'blank', ARRAY['x', 'y'], key_column => 'id', label_column => 'truth') > 0;
SELECT results_eq($$ SELECT object_count, given_count FROM gt_jobs WHERE job_name = 'blank' $$, $$ VALUES (1, 29) $$, 'gt_create_job labels such rows');
SELECT gt_train('blank', 'blank', 'truth') > 0;
SELECT results_eq($$ SELECT label_categories, training_count FROM gt_models WHERE model_name = 'blank' $$, $$ VALUES ('{x,y}'::text[], 29) $$, 'gt_train leaves them out');

SELECT * FROM finish();
ROLLBACK;
