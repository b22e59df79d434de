-- Whole jobs over 1,758 real digits, with the right answers playing the people.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup

-- ---- Batches: those of gt_plan, and of the managed service -----------------------------------

-- Answers and advances, and tells each batch and round as it came.
CREATE FUNCTION pg_temp.story(job text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(what, ' ' ORDER BY event_id) FROM (
        SELECT event_id, CASE event WHEN 'batch_issued' THEN regexp_replace(detail, '^batch \d+: ([\d,]+) (.).*', '\2\1')
                                    WHEN 'round' THEN 'A' ELSE event END AS what
          FROM gt_events WHERE job_name = job AND event <> 'batch_closed') e
$$;
SELECT gt_create_job('dj standard', 'gtl_test.digits', ARRAY[:digits], algorithm => 'softmax', seed => 11) > 0 AS created;
SELECT * FROM gt_plan_job('dj standard');
SELECT subset, object_count, state FROM gt_batches WHERE job_name = 'dj standard';
-- answering half a batch is not the end of it
SELECT answer('dj standard', 350);
SELECT gt_advance_job('dj standard');
SELECT batch_no, state, answers, labeled FROM gt_batches WHERE job_name = 'dj standard';
SELECT human_labeled, unlabeled FROM gt_jobs WHERE job_name = 'dj standard';
SELECT answer('dj standard');
SELECT gt_advance_job('dj standard');
SELECT batch_no, subset, object_count, state, labeled, failed FROM gt_batches WHERE job_name = 'dj standard' ORDER BY batch_no;
SELECT * FROM gt_plan_job('dj standard');
SELECT check_counters('dj standard');
-- the validation set is a random sample that the training batch has nothing of
SELECT count(*) AS tasks, count(DISTINCT object_key) AS objects FROM gt_tasks WHERE job_name = 'dj standard';
-- no round ran between the two
SELECT count(*) FROM gt_rounds WHERE job_name = 'dj standard';
SELECT run('dj standard');
SELECT pg_temp.story('dj standard') LIKE 'created v351 t1,000 A % completed' AS as_planned;

-- With a batch size of 250: 250 and 101 for validation, then 250.
SELECT gt_create_job('dj 250', 'gtl_test.digits', ARRAY[:digits], max_concurrent_task_count => 250,
                     algorithm => 'softmax', seed => 11) > 0 AS created;
SELECT run('dj 250');
SELECT batch_no, subset, object_count FROM gt_batches WHERE job_name = 'dj 250' AND batch_no <= 3 ORDER BY batch_no;

-- Eager: the first round comes right after the validation set, and batches are of at most 50.
SELECT gt_create_job('dj eager', 'gtl_test.digits', ARRAY[:digits], schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, algorithm => 'softmax', seed => 11) > 0 AS created;
SELECT answer('dj eager');
SELECT gt_advance_job('dj eager');
SELECT round_no, batch_no, training_count, validation_count, selected BETWEEN 1 AND 50 AS small_batch FROM gt_rounds
 WHERE job_name = 'dj eager';
SELECT pg_temp.story('dj eager') LIKE 'created v351 A t%' AS as_planned;
SELECT run('dj eager');

-- ---- What comes out --------------------------------------------------------------------------

-- The promise: with a confidence of 95 % at most 5 % of the machine labels are wrong. The seeds are fixed: these jobs keep it.
SELECT j.job_name, j.state, j.unlabeled, j.failed, j.total_labeled,
       j.machine_labeled >= CASE j.job_name WHEN 'dj standard' THEN 300 ELSE 900 END AS machine_did_its_share,
       avg((l.label <> d.gold)::int) FILTER (WHERE NOT l.human_annotated) <= 0.05 AS promise_kept,
       bool_and(l.label = d.gold) FILTER (WHERE l.human_annotated) AS people_right, bool_and(l.final) AS final,
       count(*) FILTER (WHERE l.human_annotated AND l.subset = 'validation') AS validation_labels,
       count(*) FILTER (WHERE NOT l.human_annotated AND l.subset = 'validation') AS machine_in_validation
  FROM gt_jobs j JOIN gt_labels l USING (job_name) JOIN gtl_test.digits d ON d.id::text = l.object_key
 WHERE j.job_name LIKE 'dj %' GROUP BY j.job_id, 1, 2, 3, 4, 5, 6, j.machine_labeled ORDER BY j.job_id;
-- the lineage of a label: a batch if people gave it, a round and its model if the machine did
SELECT bool_and(CASE WHEN l.human_annotated THEN l.batch_no IS NOT NULL AND l.round_no IS NULL AND l.model_id IS NULL
                     ELSE l.batch_no IS NULL AND m.model_name = l.job_name || '/' || l.round_no END) AS lineage
  FROM gt_labels l LEFT JOIN gt_models m USING (model_id) WHERE l.job_name LIKE 'dj %';
-- every round has a reason, a model and its evidence, and its numbers hold together
SELECT count(*) >= 5 AS several, bool_and(reason <> '') AS reasons, bool_and(model_name = job_name || '/' || round_no) AS models,
       bool_and((threshold IS NULL) = (auto_labeled = 0)) AS threshold_or_nothing,
       bool_and(bound <= 0.05) FILTER (WHERE threshold IS NOT NULL) AS bounds_hold,
       bool_and(certificate_n <= validation_active AND certificate_k <= certificate_n) AS certificates,
       bool_and(scored = 1758 - training_count - validation_count) AS scored_the_rest,
       bool_and(auto_labeled + selected <= scored) AS disjoint, bool_and(validation_count = 351) AS whole_sample
  FROM gt_rounds WHERE job_name LIKE 'dj %';
-- what a round leaves standing is what the round before left, and the differences
SELECT bool_and(auto_labeled = before + added - withdrawn) AS differences FROM (
    SELECT *, lag(auto_labeled, 1, 0) OVER (PARTITION BY job_name ORDER BY round_no) AS before FROM gt_rounds WHERE job_name LIKE 'dj %') r;
-- models grow, and the newer is a child of the older
SELECT bool_and(m.training_count = r.training_count + r.validation_count) AS trained_on_all,
       bool_and(m.parent_model IS NOT DISTINCT FROM lag_name) AS lineage, bool_and(m.algorithm = 'softmax') AS as_asked
  FROM (SELECT *, lag(model_name) OVER (PARTITION BY job_name ORDER BY round_no) AS lag_name FROM gt_models WHERE job_name LIKE 'dj %') m
  JOIN gt_rounds r USING (model_name);

-- ---- Withdrawn -------------------------------------------------------------------------------

-- People who answer wrongly, beginning with the second batch, spoil the model: its certificate goes, and with it all machine labels.
SELECT gt_create_job('dj spoilt', 'gtl_test.digits', ARRAY[:digits], schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, algorithm => 'softmax',
                     target_accuracy => 0.98, seed => 11) > 0 AS created;
SELECT answer('dj spoilt'), gt_advance_job('dj spoilt');
SELECT machine_labeled > 900 AS many FROM gt_jobs WHERE job_name = 'dj spoilt';
SELECT gt_annotate('dj spoilt', array_agg(t.object_key), array_agg(((d.gold::int + 1) % 10)::text))
  FROM gt_tasks t JOIN gtl_test.digits d ON d.id::text = t.object_key WHERE t.job_name = 'dj spoilt' AND t.state = 'available';
SELECT gt_advance_job('dj spoilt'), check_counters('dj spoilt');
SELECT machine_labeled, unlabeled FROM gt_jobs WHERE job_name = 'dj spoilt';
SELECT a.round_no, b.round_no, b.threshold, b.auto_labeled, b.withdrawn = a.auto_labeled AS all_withdrawn,
       b.reason LIKE 'no machine labels: %; % machine labels of earlier rounds were withdrawn' AS says_so
  FROM gt_rounds a JOIN gt_rounds b USING (job_name) WHERE job_name = 'dj spoilt' AND b.round_no = a.round_no + 1;

-- ---- Provisional, then final -----------------------------------------------------------------

SELECT gt_create_job('dj again', 'gtl_test.digits', ARRAY[:digits], schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, algorithm => 'softmax', seed => 11) > 0 AS created;
DO $$
BEGIN
    FOR turn IN 1 .. 100 LOOP
        EXIT WHEN (SELECT machine_labeled > 0 FROM gt_jobs WHERE job_name = 'dj again');
        PERFORM answer('dj again'), gt_advance_job('dj again');
    END LOOP;
END $$;
SELECT state FROM gt_jobs WHERE job_name = 'dj again';
SELECT human_annotated, final, count(*) > 0 AS some FROM gt_labels WHERE job_name = 'dj again' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT run('dj again');
SELECT DISTINCT final FROM gt_labels WHERE job_name = 'dj again';

-- ---- The other engines ----------------------------------------------------------------------

-- auto compares softmax regression with networks on the labels there are, and writes down what it compared
SELECT gt_create_job('dj auto', 'gtl_test.digits', ARRAY[:digits], schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, seed => 11) > 0 AS created;
SELECT gt_create_job('dj mlp', 'gtl_test.digits', ARRAY[:digits], algorithm => 'mlp', max_concurrent_task_count => 351,
                     query_strategy => 'random', seed => 11) > 0 AS created;
SELECT run('dj auto'), run('dj mlp');
SELECT j.job_name, avg((l.label <> d.gold)::int) FILTER (WHERE NOT l.human_annotated) <= 0.05 AS promise_kept, j.machine_labeled > 800 AS many
  FROM gt_jobs j JOIN gt_labels l USING (job_name) JOIN gtl_test.digits d ON d.id::text = l.object_key
 WHERE j.job_name IN ('dj auto', 'dj mlp') GROUP BY 1, 3 ORDER BY 1;
-- the machine's confidence is a probability, too
SELECT l.job_name, abs(avg(l.confidence) - avg((l.label = d.gold)::int)) < 0.03 AS right_on_average, min(l.margin) < min(l.confidence) AS beside_the_margin
  FROM gt_labels l JOIN gtl_test.digits d ON d.id::text = l.object_key WHERE l.job_name LIKE 'dj %' AND NOT l.human_annotated GROUP BY 1 ORDER BY 1;
SELECT DISTINCT algorithm FROM gt_models WHERE job_name = 'dj mlp';
SELECT candidate IS NOT NULL AS chosen, candidate_log_loss[candidate + 1] = (SELECT min(l) FROM unnest(candidate_log_loss) l) AS the_best,
       (SELECT count(*) FILTER (WHERE l < 'infinity') FROM unnest(candidate_log_loss) l) > 1 AS compared
  FROM gtlabel.round JOIN gtlabel.job USING (job_id) WHERE job_name = 'dj auto' ORDER BY round_no LIMIT 1;

-- ---- The seed --------------------------------------------------------------------------------

-- The same seed gives the same labels, in the same rounds, with the same confidence.
SELECT count(*) AS labels, count(*) FILTER (WHERE (a.label, a.confidence, a.human_annotated, a.subset, a.batch_no, a.round_no)
                                        IS DISTINCT FROM (b.label, b.confidence, b.human_annotated, b.subset, b.batch_no, b.round_no)) AS differences
  FROM (SELECT * FROM gt_labels WHERE job_name = 'dj eager') a
  FULL JOIN (SELECT * FROM gt_labels WHERE job_name = 'dj again') b USING (object_key);
SELECT count(*) AS rounds, count(*) FILTER (WHERE (a.threshold, a.bound, a.reason, a.withdrawn) IS DISTINCT FROM (b.threshold, b.bound, b.reason, b.withdrawn))
    AS differences FROM gt_rounds a FULL JOIN (SELECT * FROM gt_rounds WHERE job_name = 'dj again') b USING (round_no) WHERE a.job_name = 'dj eager';
-- The validation set is the seed's, whatever the batch size and schedule.
SELECT count(*) AS labels, count(*) FILTER (WHERE a.subset <> b.subset) AS differences
  FROM gt_labels a JOIN gt_labels b USING (object_key) WHERE a.job_name = 'dj standard' AND b.job_name = 'dj eager';
-- Another seed draws another one: of 351 objects each, about 70 are in both by chance.
SELECT gt_create_job('dj seed 12', 'gtl_test.digits', ARRAY[:digits], seed => 12) > 0 AS created;
SELECT count(*) AS objects, count(l.object_key) BETWEEN 40 AND 100 AS like_chance
  FROM gt_tasks t LEFT JOIN gt_labels l ON l.job_name = 'dj eager' AND l.subset = 'validation' AND l.object_key = t.object_key
 WHERE t.job_name = 'dj seed 12';

SELECT drop_jobs('dj %');
