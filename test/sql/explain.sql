-- gt_explain_job and gt_explain_object, at every stage of a job; and gt_plan_job beside them.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA ex;
SET search_path = public, ex, gtl_test;
\set digits_job '''gtl_test.digits'', ARRAY[' :digits '], algorithm => ''softmax'', seed => 11'
-- numbers that come out of a model are not the same on every machine: N
CREATE FUNCTION ex.explain(job text) RETURNS TABLE (topic text, finding text, advice text) LANGUAGE sql AS $$
    SELECT topic, CASE WHEN machine THEN regexp_replace(finding, '\d[\d,.]*\d|\d', 'N', 'g') ELSE finding END,
           CASE WHEN machine THEN regexp_replace(advice, '\d[\d,.]*\d|\d', 'N', 'g') ELSE advice END
      FROM gt_explain_job(job), LATERAL (SELECT EXISTS (SELECT FROM gt_rounds WHERE job_name = job)) r (machine)
$$;

-- ---- Nothing to learn from ---------------------------------------------------------------

CREATE TABLE ex.bare (id integer PRIMARY KEY, gold text, features float4[]);
INSERT INTO ex.bare SELECT g, CASE WHEN g % 3 = 0 THEN 'fizz' ELSE 'plain' END, ARRAY[g] FROM generate_series(1, 4) g;
SELECT gt_create_job('ex bare', 'ex.bare', ARRAY['fizz', 'plain'], features_column => NULL) > 0 AS created;
SELECT * FROM ex.explain('ex bare');
SELECT gt_create_job('ex off', 'ex.bare', ARRAY['fizz', 'plain'], auto_label => false) > 0 AS created;
SELECT * FROM ex.explain('ex off');
SET client_min_messages = error;
SELECT gt_create_job('ex few', 'ex.bare', ARRAY['fizz', 'plain']) > 0 AS created;
RESET client_min_messages;
SELECT * FROM ex.explain('ex few');
SELECT run('ex few');
SELECT * FROM ex.explain('ex few');

-- ---- The stages of a standard job --------------------------------------------------------

SELECT gt_create_job('ex standard', :digits_job, max_concurrent_task_count => 500) > 0 AS created;
SELECT * FROM ex.explain('ex standard');
SELECT count(*) AS leased FROM gt_accept_tasks('ex standard', 3, 'ann');
SELECT answer('ex standard', 100);
SELECT finding FROM ex.explain('ex standard') WHERE topic = 'next step';
SELECT gt_annotate('ex standard', array_agg(t.object_key), array_agg(d.gold), 'ann') FROM gt_tasks t JOIN digits d ON d.id::text = t.object_key
 WHERE t.job_name = 'ex standard' AND t.annotator = 'ann' AND t.state = 'accepted';
SELECT answer('ex standard');
SELECT topic, finding, advice FROM ex.explain('ex standard') WHERE topic <> 'state';
SELECT gt_advance_job('ex standard');
SELECT * FROM ex.explain('ex standard');
SELECT * FROM gt_plan_job('ex standard');
SELECT answer('ex standard'), gt_advance_job('ex standard');
-- a round has run: its certificate, and what the next can still do
SELECT topic, regexp_replace(finding, ';.*', '; ...') AS finding, advice FROM ex.explain('ex standard');
-- the plan starts with the batch that is open, as it is
SELECT (SELECT objects FROM gt_plan_job('ex standard') WHERE step = 1) = (SELECT object_count FROM gt_batches WHERE job_name = 'ex standard' AND state = 'open') AS as_it_is;
SELECT DISTINCT step, action FROM gt_plan_job('ex standard') WHERE step = 1;
-- and what the outlook promises is what the plan leaves to the next round
SELECT (SELECT regexp_replace(finding, '\D', '', 'g')::int FROM gt_explain_job('ex standard') WHERE topic = 'outlook')
       = COALESCE((SELECT max(objects) FROM gt_plan_job('ex standard') WHERE action = 'auto_label'), 0) AS same;
SELECT run('ex standard');
SELECT topic, finding, advice FROM ex.explain('ex standard') WHERE topic IN ('state', 'outlook', 'next step', 'certificate');

-- The last batch before the first round takes all that is left.
SET client_min_messages = error;
SELECT gt_create_job('ex futile', :digits_job, max_concurrent_task_count => 1407) > 0 AS created;
RESET client_min_messages;
SELECT answer('ex futile'), gt_advance_job('ex futile');
SELECT topic, finding, advice FROM ex.explain('ex futile') WHERE topic IN ('machine labels', 'outlook');

-- ---- Eager -------------------------------------------------------------------------------

SELECT gt_create_job('ex eager', :digits_job, schedule => 'eager', guarantee => 'confidence', validation_share => 0.2) > 0 AS created;
SELECT topic, finding, advice FROM ex.explain('ex eager') WHERE topic IN ('machine labels', 'outlook');

-- ---- Too few validation objects for the target ----------------------------------------------

SET client_min_messages = error;
SELECT gt_create_job('ex strict', :digits_job, schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, target_accuracy => 0.99) > 0 AS created;
RESET client_min_messages;
SELECT answer('ex strict'), gt_advance_job('ex strict');
SELECT threshold, auto_labeled, minimum, validation_active, reason FROM gt_rounds WHERE job_name = 'ex strict';
SELECT topic, finding, regexp_replace(advice, 'of 0\.9\d would have admitted [\d,]+ objects', 'of T would have admitted N objects') AS advice
  FROM gt_explain_job('ex strict') WHERE topic = 'machine labels';

-- ---- The best bound against the target, and a class without examples ------------------------

CREATE TABLE ex.noise AS SELECT id, features, CASE WHEN hashint8(id) % 2 = 0 THEN 'heads' ELSE 'tails' END AS gold FROM gtl_test.digits;
SELECT gt_create_job('ex noise', 'ex.noise', ARRAY['heads', 'tails', 'edge'], key_column => 'id', schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, algorithm => 'softmax', seed => 11) > 0 AS created;
SELECT answer('ex noise'), gt_advance_job('ex noise');
SELECT threshold, auto_labeled, best_bound > 0.05 AS too_high, required > best_n AS needs_more FROM gt_rounds WHERE job_name = 'ex noise';
SELECT topic, finding, advice FROM ex.explain('ex noise');

-- ---- Objects -----------------------------------------------------------------------------

SELECT refused($$SELECT * FROM gt_explain_object('ex noise', 'no such key')$$);
SELECT refused($$SELECT * FROM gt_explain_object('ex noise', NULL)$$);
SELECT refused($$SELECT * FROM gt_explain_object('nobody''s', '1')$$);
SELECT gt_create_job('ex object', 'ex.bare', ARRAY['fizz', 'plain'], features_column => NULL, annotators_per_object => 2, max_concurrent_task_count => 2) > 0 AS created;
SELECT gt_annotate('ex object', ARRAY['1'], ARRAY['plain'], 'ann');
SELECT * FROM gt_explain_object('ex object', '1');
SELECT * FROM gt_explain_object('ex object', '4');
SELECT count(CASE WHEN t.object_key = '2' THEN gt_decline_tasks(ARRAY[t.task_id], d.who) ELSE gt_release_tasks(ARRAY[t.task_id], d.who) END) AS turned_down
  FROM unnest(ARRAY['bob', 'cat']) d (who), LATERAL gt_accept_tasks('ex object', 9, d.who) t;
SELECT gt_annotate('ex object', ARRAY['1'], ARRAY['plain'], 'cat');
SELECT gt_advance_job('ex object');
SELECT * FROM gt_explain_object('ex object', '1');
SELECT * FROM gt_explain_object('ex object', '2');
-- a validation object, and one that the machine labeled
-- (which objects "ann" got depends on the session)
SELECT o.subset, e.topic, regexp_replace(regexp_replace(e.finding, '(confidence|margin|threshold) [01].\d+', '\1 N', 'g'), '\mann\M', 'postgres') AS finding
  FROM (SELECT DISTINCT ON (human_annotated) * FROM gt_labels WHERE job_name = 'ex standard' AND (NOT human_annotated OR subset = 'validation')
         ORDER BY human_annotated, label, round_no, object_key) o, LATERAL gt_explain_object('ex standard', o.object_key) e WHERE (e.topic <> 'answer' OR o.label = '0') AND e.topic <> 'model';
-- what the newest model says of an object that it labeled
SELECT DISTINCT e.finding ~ '^ex standard/1 says . [0-9.]+ %, . [0-9.e-]+ %, . [0-9.e-]+ %; margin [01].[0-9]+, at or above 0.[0-9]+, the smallest that round 1 labeled$' AS says
  FROM gt_labels l, LATERAL gt_explain_object('ex standard', l.object_key) e
 WHERE l.job_name = 'ex standard' AND NOT l.human_annotated AND e.topic = 'model';

SELECT drop_jobs('ex %') > 0 AS dropped;
SET client_min_messages = error;
DROP SCHEMA ex CASCADE;
