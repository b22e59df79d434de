-- The promise: a certificate for each category, people's mistakes against the target, what a
-- job says of its own prospects, and in which rounds an object was labeled and withdrawn.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA pr;
SET search_path = public, pr, gtl_test;
\set digits_job '''gtl_test.digits'', ARRAY[' :digits '], algorithm => ''softmax'', seed => 11'

-- ---- One certificate for all -------------------------------------------------------------

SELECT gt_create_job('pr joint', :digits_job, schedule => 'eager', guarantee => 'confidence', validation_share => 0.2) > 0 AS created;
SELECT run('pr joint');
-- a row for each round, with what the round has
SELECT count(*) > 1 AS several, bool_and(c.scope = 'job' AND c.category IS NULL) AS of_the_job,
       bool_and((c.threshold, c.n, c.k, c.bound, c.validation_active, c.model_name, c.admitted, c.label_margin)
                IS NOT DISTINCT FROM (r.threshold, r.certificate_n, r.certificate_k, r.bound, r.validation_active, r.model_name, r.auto_labeled, r.label_margin)) AS same,
       bool_and(abs(c.alpha - 0.05 / 3 / 2 ^ floor(log(2, r.validation_count::numeric / c.validation_active))) < 1e-6) AS level
  FROM gt_rounds r JOIN gt_certificates c USING (job_name, round_no) WHERE job_name = 'pr joint';

-- ---- A certificate for each category -------------------------------------------------------

CREATE TABLE pr.bits AS SELECT id, features, CASE WHEN gold::int % 2 = 0 THEN 'even' ELSE 'odd' END AS gold FROM gtl_test.digits;
ALTER TABLE pr.bits ADD PRIMARY KEY (id);
\set bits_job '''pr.bits'', ARRAY[''even'',''odd'',''neither''], algorithm => ''softmax'', seed => 11'
-- each category needs its own validation objects
SELECT gt_create_job('pr few', :bits_job, target_accuracy => 0.99, validation_share => 0.3, per_class => true) > 0 AS created;
SELECT gt_create_job('pr each', :bits_job, target_accuracy => 0.93, schedule => 'eager', guarantee => 'confidence', per_class => true, validation_share => 0.292) > 0 AS created;
SELECT validation_count, gtl_test.setting(job_name, 'per_class') AS per_class FROM gt_jobs WHERE job_name = 'pr each';
SELECT run('pr each');
SELECT c.category, count(*) > 1 AS several, bool_and(c.scope = 'category') AS of_a_category,
       bool_and(c.bound <= 1 - c.target_accuracy) FILTER (WHERE c.threshold IS NOT NULL) AS keeps_it,
       bool_and(c.n <= c.validation_active AND c.k <= c.n) AS holds_together, bool_and((c.threshold IS NULL) = (c.n IS NULL)) AS all_or_nothing,
       bool_and(c.threshold IS NOT NULL OR c.admitted = 0) AS nothing_without
  FROM gt_certificates c WHERE job_name = 'pr each' GROUP BY 1 ORDER BY 1;
-- what a round has is the sum of its categories
SELECT bool_and(r.auto_labeled = c.admitted) AS admitted, bool_and(r.certificate_n IS NOT DISTINCT FROM c.n AND r.certificate_k IS NOT DISTINCT FROM c.k) AS counts,
       bool_and(r.threshold IS NOT DISTINCT FROM c.threshold AND r.bound IS NOT DISTINCT FROM c.bound) AS lowest_and_highest,
       bool_and(r.validation_active = c.active) AS active
  FROM gt_rounds r JOIN (SELECT job_name, round_no, sum(admitted) AS admitted, sum(n)::int AS n, sum(k)::int AS k, min(threshold) AS threshold,
                                max(bound) AS bound, sum(validation_active) AS active
                           FROM gt_certificates GROUP BY 1, 2) c USING (job_name, round_no) WHERE job_name = 'pr each';
-- each machine label of the last round is above the margin of its own category
SELECT l.label, bool_and(l.margin >= c.label_margin - 1e-6) AS above
  FROM gt_labels l JOIN gt_certificates c ON c.job_name = l.job_name AND c.category = l.label
   AND c.round_no = (SELECT max(round_no) FROM gt_rounds WHERE job_name = 'pr each')
 WHERE l.job_name = 'pr each' AND NOT l.human_annotated AND l.round_no = c.round_no GROUP BY 1 ORDER BY 1;
-- and the error of each category's meets the target, with this seed
SELECT l.label, avg((l.label <> b.gold)::int) <= 0.07 AS kept, count(*) > 100 AS many
  FROM gt_labels l JOIN pr.bits b ON b.id::text = l.object_key WHERE l.job_name = 'pr each' AND NOT l.human_annotated GROUP BY 1 ORDER BY 1;
SELECT topic, regexp_replace(finding, '\d[\d,.]*\d|\d', 'N', 'g') AS finding FROM gt_explain_job('pr each') WHERE topic IN ('machine labels', 'certificate', 'category');
SELECT position('Certificates' IN gt_report('pr each')) > 0 AS in_the_report, position('Certificates' IN gt_report('pr joint')) > 0 AS only_there;
-- an object is explained by the threshold of its category
SELECT c.category, e.topic, bool_and(e.finding LIKE '% ' || round(c.label_margin::numeric, 4) || '%') AS its_own
  FROM gt_certificates c,
       LATERAL (SELECT l.object_key FROM gt_labels l WHERE l.job_name = c.job_name AND NOT l.human_annotated AND l.label = c.category AND l.round_no = c.round_no LIMIT 3) o,
       LATERAL gt_explain_object('pr each', o.object_key) e
 WHERE c.job_name = 'pr each' AND c.round_no = (SELECT max(round_no) FROM gt_rounds WHERE job_name = 'pr each') AND e.topic IN ('model', 'machine')
   AND (e.topic = 'model' OR e.finding LIKE 'round ' || c.round_no || ':%') GROUP BY 1, 2 ORDER BY 1, 2;
-- a simulation does the same
CREATE TEMP TABLE simulated AS SELECT * FROM gt_simulate_job('pr.bits', 'gold', ARRAY['even', 'odd', 'neither'], algorithm => 'softmax', seed => 11,
                                        target_accuracy => 0.93, schedule => 'eager', guarantee => 'confidence', per_class => true, validation_share => 0.292);
SELECT count(*) > 1 AS rounds, count(*) FILTER (WHERE (s.human_labeled, s.machine_labeled, s.threshold, s.bound)
               IS DISTINCT FROM (r.training_count + r.validation_count, r.auto_labeled, round(r.threshold::numeric, 6)::float8, round(r.bound::numeric, 6)::float8)) AS differences
  FROM simulated s FULL JOIN (SELECT * FROM gt_rounds WHERE job_name = 'pr each') r USING (round_no) WHERE s.final IS NOT TRUE;
-- together it costs fewer labels by people
SELECT s.human_labeled < e.human_labeled AS fewer
  FROM gt_simulate_job('pr.bits', 'gold', ARRAY['even', 'odd', 'neither'], algorithm => 'softmax', seed => 11, target_accuracy => 0.93, schedule => 'eager', guarantee => 'confidence',
                       validation_share => 0.292) s, simulated e WHERE s.final AND e.final;

-- ---- What an object went through ------------------------------------------------------------

-- People who answer wrongly, beginning with the second batch, spoil the model: its labels are withdrawn.
SET client_min_messages = warning;
SELECT gt_create_job('pr spoilt', :digits_job, schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, target_accuracy => 0.98) > 0 AS created;
RESET client_min_messages;
SELECT answer('pr spoilt'), gt_advance_job('pr spoilt');
SELECT object_key, label FROM gt_labels WHERE job_name = 'pr spoilt' AND NOT human_annotated ORDER BY object_key::int LIMIT 1 \gset
SELECT gt_annotate('pr spoilt', array_agg(t.object_key), array_agg(((d.gold::int + 1) % 10)::text))
  FROM gt_tasks t JOIN digits d ON d.id::text = t.object_key WHERE t.job_name = 'pr spoilt' AND t.state = 'available';
SELECT gt_advance_job('pr spoilt');
SELECT topic, regexp_replace(regexp_replace(finding, '"\d"', '"D"', 'g'), '\d\.\d+', 'N', 'g') AS finding FROM gt_explain_object('pr spoilt', :'object_key') WHERE topic = 'machine';
-- what is told of every object is what the rounds counted
SELECT r.round_no, r.added = h.added AS added, r.withdrawn = h.withdrawn AS withdrawn
  FROM gt_rounds r,
       LATERAL (SELECT count(*) FILTER (WHERE e.finding LIKE 'round ' || r.round_no || ': labeled %') AS added,
                       count(*) FILTER (WHERE e.finding LIKE 'round ' || r.round_no || ': withdrawn%') AS withdrawn
                  FROM gtlabel.object o, gt_explain_object('pr spoilt', o.object_key) e
                 WHERE o.job_id = (SELECT job_id FROM gt_jobs WHERE job_name = 'pr spoilt') AND o.validation_no IS NULL AND e.topic = 'machine') h
 WHERE r.job_name = 'pr spoilt' ORDER BY 1;
-- the forecast looks back at the batches before
SELECT regexp_replace(finding, '\d[\d,.]*\d|\d', 'N', 'g') AS finding FROM gt_explain_job('pr spoilt') WHERE topic = 'forecast';
-- without machine labels it is about the bound, and says how little a few rounds tell; with more of them, about what is left
CREATE TABLE pr.noise AS SELECT id, features, CASE WHEN hashint8(id) % 2 = 0 THEN 'heads' ELSE 'tails' END AS gold FROM gtl_test.digits;
SELECT gt_create_job('pr noise', 'pr.noise', ARRAY['heads', 'tails'], key_column => 'id', schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, algorithm => 'softmax', seed => 11) > 0 AS created;
SELECT gt_create_job('pr gain', :digits_job, schedule => 'eager', guarantee => 'confidence', target_accuracy => 0.97, validation_share => 0.21) > 0 AS created;
DO $$
BEGIN
    FOR turn IN 1 .. 3 LOOP
        PERFORM answer(job_name), gt_advance_job(job_name) FROM gt_jobs WHERE job_name IN ('pr noise', 'pr gain') AND state = 'in_progress';
    END LOOP;
END $$;
SELECT j.job_name, replace(regexp_replace(e.finding, '\d[\d,.]*\d|\d', 'N', 'g'), 'N batch or', 'N batches or') AS finding
  FROM gt_jobs j, gt_explain_job(j.job_name) e WHERE j.job_name IN ('pr noise', 'pr gain') AND e.topic = 'forecast' ORDER BY 1;
-- after more rounds on coins there is still no trend to see
DO $$
BEGIN
    FOR turn IN 1 .. 4 LOOP
        PERFORM answer('pr noise'), gt_advance_job('pr noise');
    END LOOP;
END $$;
SELECT finding ~ 'there is no trend in that|that is too few rounds' AS no_number FROM gt_explain_job('pr noise') WHERE topic = 'forecast';
-- taken back by hand
SELECT object_key FROM gt_labels WHERE job_name = 'pr joint' AND NOT human_annotated AND round_no = 0 ORDER BY object_key::int LIMIT 1 \gset
SELECT gt_withdraw_machine_labels('pr joint', confirm => true) > 0 AS taken_back;
SELECT regexp_replace(regexp_replace(finding, '"\d"', '"D"', 'g'), '\d+\.\d+|\d+', 'N', 'g') AS finding FROM gt_explain_object('pr joint', :'object_key') WHERE topic = 'machine';

-- ---- People's mistakes -----------------------------------------------------------------------

-- Three people each; everybody is wrong in about `noise` of the answers. Answers the open batch.
CREATE FUNCTION pr.answer_by(job text, people integer, noise float8) RETURNS void LANGUAGE sql AS $$
    SELECT count(gt_annotate(job, keys, labels, 'person ' || p)) FROM (
        SELECT p, array_agg(o.object_key) AS keys,
               array_agg(CASE WHEN hashtextextended(o.object_key, p) & 1023 < noise * 1024 THEN ((o.gold::int + 1 + (hashtextextended(o.object_key, p) >> 10 & 7)) % 10)::text
                              ELSE o.gold END) AS labels
          FROM generate_series(1, people) p,
               (SELECT DISTINCT t.object_key, d.gold FROM gt_tasks t JOIN digits d ON d.id::text = t.object_key
                 WHERE t.job_name = job AND t.state = 'available') o
         GROUP BY p ORDER BY p) a
$$;
SELECT job, count(gt_create_job(job, :digits_job, schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, annotators_per_object => people, max_concurrent_task_count => 400)) AS created
  FROM (VALUES ('pr careful', 3), ('pr careless', 3), ('pr hopeless', 2), ('pr alone', 1)) j (job, people) GROUP BY 1, people ORDER BY 1;
SELECT pr.answer_by('pr careful', 3, 0.02), pr.answer_by('pr careless', 3, 0.15), pr.answer_by('pr hopeless', 2, 0.12), pr.answer_by('pr alone', 1, 0.3);
SELECT gt_advance_job(job_name) FROM gt_jobs WHERE job_name IN ('pr careful', 'pr careless', 'pr hopeless', 'pr alone');
SELECT job_name, label_noise < 0.0125 AS little, label_noise BETWEEN 0.0125 AND 0.05 AS notable, label_noise > 0.05 AS too_much, auto_labeled > 0 AS labeled
  FROM gt_rounds WHERE job_name IN ('pr careful', 'pr careless', 'pr hopeless', 'pr alone') ORDER BY 1;
SELECT j.job_name, regexp_replace(e.finding, '\d[\d,.]*\d|\d', 'N', 'g') AS finding, e.advice FROM gt_jobs j, gt_explain_job(j.job_name) e
 WHERE j.job_name IN ('pr careful', 'pr careless', 'pr hopeless', 'pr alone') AND e.topic = 'label noise' ORDER BY 1;
SELECT regexp_replace(reason, '\d[\d,.]*\d|\d', 'N', 'g') AS reason FROM gt_rounds WHERE job_name = 'pr hopeless';
-- a lower target can still be met, and the job says so
SELECT bool_or(a.admits > 0) FILTER (WHERE a.target_accuracy < 1 - r.label_noise) AS possible, bool_or(a.admits > 0) FILTER (WHERE a.target_accuracy > 1 - r.label_noise) AS impossible
  FROM gt_rounds r, jsonb_to_recordset(r.alternatives) a (guarantee text, target_accuracy float8, admits int) WHERE r.job_name = 'pr hopeless';

-- ---- The rest of a job with stopping conditions ------------------------------------------------

SELECT gt_create_job('pr limit', :digits_job, max_human_labeled_object_count => 600, max_concurrent_task_count => 400) > 0 AS created;
SELECT * FROM gt_plan_job('pr limit');
SELECT answer('pr limit'), gt_advance_job('pr limit');
SELECT * FROM gt_plan_job('pr limit');
-- it comes to pass
SELECT run('pr limit');
SELECT state, human_labeled FROM gt_jobs WHERE job_name = 'pr limit';
SELECT * FROM gt_plan_job('pr limit');

SELECT drop_jobs('pr %') > 0 AS dropped;
SELECT count(*) AS certificates_left FROM gtlabel.certificate;
SET client_min_messages = error;
DROP SCHEMA pr CASCADE;
