-- Labels 5,620 handwritten digits with a person's answers for a part of them.
--
--     psql -f examples/digits.sql        from the top of the source tree, or paste it piece by piece
--
-- Each object is an 8 x 8 image: 64 numbers. This data set comes with the right answers, in the
-- column gold. They play the person who looks at the image; the job itself never sees them.

-- 1. A table to label
CREATE EXTENSION IF NOT EXISTS gtlabel;
CREATE TABLE digits (id bigint PRIMARY KEY, features float4[] NOT NULL, gold text NOT NULL);
\copy digits FROM PROGRAM 'gzip -dc examples/data/optdigits.copy.gz'

-- 2. A job: 100 digits in people's hands at a time, and 98 % of the machine's labels must be right
SELECT gt_create_job('digits', 'digits', ARRAY['0','1','2','3','4','5','6','7','8','9'],
                     max_concurrent_task_count => 100, target_accuracy => 0.98, seed => 1);
SELECT * FROM gt_plan_job('digits') LIMIT 11;

-- 3. Answer the batch that is open, let the job take its next step, until nothing is left to do
SET gtlabel.background = off;   -- no worker: this session trains the models, and waits for them
DO $$
BEGIN
    WHILE gt_advance_job('digits') = 'in_progress' LOOP
        PERFORM gt_annotate('digits', array_agg(t.object_key), array_agg(d.gold))
           FROM gt_tasks t JOIN digits d ON d.id::text = t.object_key
          WHERE t.job_name = 'digits' AND t.state = 'available';
        COMMIT;
    END LOOP;
END $$;

-- 4. The rounds, the labels, and whether the promise was kept
SELECT round_no, training_count, validation_count, round(threshold::numeric, 3) AS threshold,
       round(100 * bound::numeric, 1) AS bound_percent, scored, auto_labeled
  FROM gt_rounds WHERE job_name = 'digits' ORDER BY round_no;

SELECT state, total_labeled, human_labeled, machine_labeled, unlabeled
  FROM gt_jobs WHERE job_name = 'digits';

SELECT l.human_annotated, count(*) AS labels, count(*) FILTER (WHERE l.label <> d.gold) AS wrong,
       round(100.0 * count(*) FILTER (WHERE l.label <> d.gold) / count(*), 2) AS error_percent
  FROM gt_labels l JOIN digits d ON d.id::text = l.object_key
 WHERE l.job_name = 'digits'
 GROUP BY l.human_annotated ORDER BY l.human_annotated DESC;
