-- From several people's answers to one label: Dawid-Skene, dynamic overlap, known answers, the owner's own function.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA co;
SET search_path = public, co, gtl_test;
CREATE TABLE co.things (id integer PRIMARY KEY, gold text);
INSERT INTO co.things SELECT g, CASE WHEN g % 3 = 0 THEN 'fizz' ELSE 'plain' END FROM generate_series(1, 60) g;

-- ---- gt_consolidate ------------------------------------------------------------------------

CREATE TABLE co.votes (item text, annotator text, label text);
INSERT INTO co.votes VALUES ('b', 'x', 'dog'), ('a', 'z', 'dog'), ('a', 'y', 'cat'), ('a', 'x', 'cat'), ('b', 'y', 'dog');
SELECT item, label, round(confidence::numeric, 4) AS confidence FROM gt_consolidate('co.votes') ORDER BY item;
-- a tie goes to the first category in the order of bytes
INSERT INTO co.votes VALUES ('c', 'x', 'dog'), ('c', 'y', 'cat');
SELECT label FROM gt_consolidate('co.votes', method => 'majority') WHERE item = 'c';
-- one annotator who is always wrong is worth as much as one who is always right
CREATE TABLE co.liar AS
SELECT g AS thing, w AS who, CASE w WHEN 'liar' THEN 1 - t ELSE t END AS said, t AS truth
  FROM generate_series(1, 100) g, LATERAL (SELECT g % 2 AS t) x, unnest(ARRAY['good1', 'good2', 'liar']) w;
SELECT count(*) AS items, count(*) FILTER (WHERE c.label = l.truth::text) AS correct
  FROM gt_consolidate('co.liar', item => 'thing', annotator => 'who', label => 'said', method => 'dawid_skene') c
  JOIN (SELECT DISTINCT thing, truth FROM co.liar) l ON l.thing::text = c.item;
SELECT refused($$ SELECT gt_consolidate('co.votes', item => 'nothing') $$);
SELECT refused($$ SELECT gt_consolidate('co.votes', method => 'vote') $$);
INSERT INTO co.votes VALUES ('d', NULL, 'dog');
SELECT refused($$ SELECT gt_consolidate('co.votes') $$);
TRUNCATE co.votes;
SELECT count(*) FROM gt_consolidate('co.votes');

-- ---- Three annotators, one of them careless ---------------------------------------------------

SELECT gt_create_job('co three', 'co.things', ARRAY['fizz', 'plain'], features_column => NULL,
                     max_concurrent_task_count => 60, annotators_per_object => 3, seed => 1) > 0 AS created;
SELECT gtl_test.answer('co three', annotator => 'ann'), gtl_test.answer('co three', annotator => 'bob');
SELECT gt_annotate('co three', array_agg(id::text), array_agg(CASE WHEN id % 2 = 0 THEN 'fizz' ELSE 'plain' END), 'careless') FROM co.things;
SELECT gt_advance_job('co three');
SELECT count(*) AS labels, count(*) FILTER (WHERE l.label = t.gold) AS correct FROM gt_labels l JOIN co.things t ON t.id::text = l.object_key
 WHERE job_name = 'co three';
SELECT annotator, answers, consolidated, round(agreement::numeric, 2) AS agreement,
       estimated_accuracy > 0.8 AS good, gold_accuracy, confusion
  FROM gt_annotators WHERE job_name = 'co three' ORDER BY annotator;

-- ---- Dynamic overlap: one more person only while the confidence is too low ---------------------

SELECT gt_create_job('co overlap', 'co.things', ARRAY['fizz', 'plain'], features_column => NULL, max_concurrent_task_count => 6,
                     min_annotators => 2, max_annotators => 4, consolidation_confidence => 0.88, seed => 1) > 0 AS created;
SELECT object_key, count(*) AS tasks FROM gt_tasks WHERE job_name = 'co overlap' GROUP BY 1 ORDER BY 1;
SELECT gt_annotate('co overlap', ARRAY['1','2','3','4','5','6'], ARRAY['plain','plain','fizz','plain','plain','fizz'], 'ann');
SELECT gt_annotate('co overlap', ARRAY['1','2','3','4','5','6'], ARRAY['plain','plain','fizz','plain','fizz','plain'], 'bob');
-- 5 and 6 are in dispute: the batch stays open for them
SELECT gt_advance_job('co overlap');
SELECT object_key, count(*) AS tasks, count(*) FILTER (WHERE state = 'available') AS open
  FROM gt_tasks WHERE job_name = 'co overlap' GROUP BY 1 ORDER BY 1;
SELECT event, detail FROM gt_events WHERE job_name = 'co overlap' AND event = 'overlap';
SELECT refused($$ SELECT gt_annotate('co overlap', ARRAY['5'], ARRAY['fizz'], 'ann') $$);
SELECT count(*) AS for_ann FROM gt_accept_tasks('co overlap', 10, 'ann');
SELECT gt_annotate('co overlap', ARRAY['5','6'], ARRAY['plain','plain'], 'cleo');
SELECT gt_advance_job('co overlap');
-- the fourth person is the last, whatever the confidence
SELECT gt_annotate('co overlap', ARRAY['5','6'], ARRAY['fizz','fizz'], 'dan');
SELECT gt_advance_job('co overlap');
-- two against two is named
SELECT object_key, label, tied_with, confidence BETWEEN 0.45 AND 0.5 AS undecided, confidence > 0.9 AS sure FROM gt_labels WHERE job_name = 'co overlap' ORDER BY object_key;
SELECT gtl_test.check_counters('co overlap');
-- where people agree, two are asked and no more, however many the categories
SELECT gt_create_job('co agree', 'co.things', ARRAY['fizz', 'plain', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'], features_column => NULL, max_concurrent_task_count => 60,
                     min_annotators => 2, max_annotators => 5, consolidation_confidence => 0.95, seed => 1) > 0 AS created;
SELECT gt_annotate('co agree', array_agg(id::text), array_agg(gold), who) FROM co.things, unnest(ARRAY['ann', 'bob']) who GROUP BY who;
SELECT gt_advance_job('co agree'), check_counters('co agree');
SELECT count(*) AS labels, min(confidence) >= 0.95 AS sure, max(confidence) < 1 AS not_certain,
       (SELECT count(*) FROM gt_annotations WHERE job_name = 'co agree') AS answers FROM gt_labels WHERE job_name = 'co agree';
-- who always agrees is nearly always right
SELECT annotator, agreement, estimated_accuracy > 0.98 AS trusted FROM gt_annotators WHERE job_name = 'co agree' ORDER BY 1;
-- one answer of somebody unknown
SELECT gt_create_job('co one', 'co.things', ARRAY['fizz', 'plain', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'], features_column => NULL, seed => 1) > 0 AS created;
SELECT gt_annotate('co one', array_agg(id::text), array_agg(gold), 'ann') FROM co.things;
SELECT gt_advance_job('co one');
SELECT DISTINCT round(confidence::numeric, 2) AS confidence FROM gt_labels WHERE job_name = 'co one';
SELECT refused($$ SELECT gt_create_job('co bad', 'co.things', ARRAY['a', 'b'], features_column => NULL, max_annotators => 3) $$);
SELECT refused($$ SELECT gt_create_job('co bad', 'co.things', ARRAY['a', 'b'], features_column => NULL, consolidation_confidence => 0.9) $$);
SELECT refused($$ SELECT gt_create_job('co bad', 'co.things', ARRAY['a', 'b'], features_column => NULL, min_annotators => 3, max_annotators => 2, consolidation_confidence => 0.9) $$);

-- ---- Known answers clamp their objects -----------------------------------------------------------

CREATE TABLE co.some_gold AS SELECT id, gold, CASE WHEN id <= 3 THEN gold END AS known FROM co.things WHERE id <= 30;
ALTER TABLE co.some_gold ADD PRIMARY KEY (id);
SELECT gt_create_job('co gold', 'co.some_gold', ARRAY['fizz', 'plain'], features_column => NULL, gold_column => 'known',
                     max_concurrent_task_count => 30, seed => 1) > 0 AS created;
SELECT gt_annotate('co gold', array_agg(id::text), array_agg(CASE WHEN id IN (2, 3) THEN 'plain' ELSE gold END), 'ann') FROM co.some_gold;
SELECT gt_advance_job('co gold');
-- 3 is fizz, whatever ann said
SELECT object_key, label FROM gt_labels WHERE job_name = 'co gold' AND object_key IN ('1', '2', '3') ORDER BY 1;
SELECT annotator, round(gold_accuracy::numeric, 3) AS gold_accuracy FROM gt_annotators WHERE job_name = 'co gold';
SELECT refused($$ SELECT gt_create_job('co bad', 'co.some_gold', ARRAY['a', 'b'], features_column => NULL, gold_column => 'known') $$);

-- ---- The owner's own function ----------------------------------------------------------------------

CREATE FUNCTION co.first_answer(job_name text, object_keys text[], annotators text[], labels text[])
    RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE sql
    AS $$ SELECT DISTINCT ON (k) k, l, 0.5 FROM unnest(object_keys, annotators, labels) AS a (k, w, l)
           WHERE k <> '2' ORDER BY k, w $$;
SELECT gt_create_job('co own', 'co.things', ARRAY['fizz', 'plain'], features_column => NULL, max_concurrent_task_count => 3,
                     annotators_per_object => 2, seed => 1,
                     consolidation => 'co.first_answer(text, text[], text[], text[])') > 0 AS created;
SELECT gt_annotate('co own', ARRAY['1','2','3'], ARRAY['fizz','fizz','fizz'], 'ann');
SELECT gt_annotate('co own', ARRAY['1','2','3'], ARRAY['plain','plain','plain'], 'bob');
SELECT gt_advance_job('co own');
SELECT object_key, label, confidence FROM gt_labels WHERE job_name = 'co own' ORDER BY 1;
-- what it leaves out has failed
SELECT object_key, reason FROM gt_failures WHERE job_name = 'co own';
SELECT gtl_test.check_counters('co own');
SELECT refused($$ SELECT gt_create_job('co bad', 'co.things', ARRAY['a', 'b'], features_column => NULL, consolidation => 'pg_catalog.lower(text)') $$);
SELECT refused($$ SELECT gt_create_job('co bad', 'co.things', ARRAY['a', 'b'], features_column => NULL, consolidation => '4294967295') $$);
SELECT refused($$ SELECT gt_create_job('co bad', 'co.some_gold', ARRAY['fizz', 'plain'], features_column => NULL, gold_column => 'known',
                                       consolidation => 'co.first_answer(text, text[], text[], text[])') $$);
-- one that answers nonsense is refused, and the batch waits
SELECT gtl_test.answer('co own', annotator => 'ann'), gtl_test.answer('co own', annotator => 'bob');
CREATE FUNCTION co.answer_with(key text, label text, confidence float8) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE FUNCTION co.first_answer(job_name text, object_keys text[], annotators text[], labels text[])'
                   ' RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE sql AS %L',
                   format('SELECT COALESCE(%L, object_keys[1]), %L, %L::float8', key, label, confidence));
    RETURN refused($r$ SELECT gt_advance_job('co own') $r$);
END $$;
SELECT co.answer_with(NULL, NULL, 0.5);
SELECT co.answer_with('99', 'fizz', 0.5);
SELECT co.answer_with(NULL, 'buzz', 0.5);
SELECT co.answer_with(NULL, 'fizz', 1.1);
SELECT co.answer_with(NULL, 'fizz', 'NaN');
SELECT co.answer_with(NULL, 'fizz', NULL);
CREATE OR REPLACE FUNCTION co.first_answer(job_name text, object_keys text[], annotators text[], labels text[])
    RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE sql AS $$ SELECT unnest(object_keys), 'fizz', 0.5 $$;
SELECT refused($$ SELECT gt_advance_job('co own') $$);
SELECT state, human_labeled FROM gt_jobs WHERE job_name = 'co own';
-- a function that is gone is an error that names it, and nothing is lost
DROP FUNCTION co.first_answer;
SELECT refused($$ SELECT gt_advance_job('co own') $$);
SELECT count(*) FROM gt_annotations WHERE job_name = 'co own';

-- ---- More answers than fit at once --------------------------------------------------------------------

CREATE TABLE co.many AS SELECT 'i' || i % 20000 AS item, 'p' || i / 20000 AS annotator, CASE (i % 20000) % 3 WHEN 0 THEN 'fizz' ELSE 'plain' END AS label
  FROM generate_series(0, 59999) i;
SELECT label, count(*), min(confidence) > 0.9 AS sure FROM gt_consolidate('co.many') GROUP BY 1 ORDER BY 1;
SET maintenance_work_mem = '1MB';
SELECT refused($$ SELECT * FROM gt_consolidate('co.many') $$);
RESET maintenance_work_mem;

SELECT gtl_test.drop_jobs('co %');
\set VERBOSITY terse
SET client_min_messages = warning;
DROP SCHEMA co CASCADE;
