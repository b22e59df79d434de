-- Labels 5,574 text messages, spam or not, with a person's answers for a part of them.
--
--     psql -f examples/messages.sql      from the top of the source tree, or paste it piece by piece
--
-- This data set comes with the right answers, in the column gold. They play the person who reads the
-- message; the job itself never sees them.

-- 1. A table to label
CREATE EXTENSION IF NOT EXISTS gtlabel;
CREATE TABLE messages (id bigint PRIMARY KEY, body text NOT NULL, gold text NOT NULL);
\copy messages FROM PROGRAM 'gzip -dc examples/data/sms_spam.csv.gz' CSV HEADER

-- 2. A job: it learns from the words of the column body, and 98 % of the machine's labels must be right
-- (with the seeds 1 to 12 people label 595 to 2,097 messages, 995 on average; this one is near that)
SELECT gt_create_job('messages', 'messages', ARRAY['ham', 'spam'], text_column => 'body',
                     target_accuracy => 0.98, schedule => 'eager', seed => 2);
SELECT * FROM gt_plan_job('messages') LIMIT 6;

-- 3. Answer the batch that is open, let the job take its next step, until nothing is left to do
SET gtlabel.background = off;   -- no worker: this session trains the models, and waits for them
DO $$
BEGIN
    WHILE gt_advance_job('messages') = 'in_progress' LOOP
        PERFORM gt_annotate('messages', array_agg(t.object_key), array_agg(m.gold))
           FROM gt_tasks t JOIN messages m ON m.id::text = t.object_key
          WHERE t.job_name = 'messages' AND t.state = 'available';
        COMMIT;
    END LOOP;
END $$;

-- 4. The rounds, the labels, and whether the promise was kept
SELECT round_no, training_count, validation_count, round(threshold::numeric, 3) AS threshold,
       round(100 * bound::numeric, 1) AS bound_percent, scored, auto_labeled
  FROM gt_rounds WHERE job_name = 'messages' ORDER BY round_no;

SELECT state, total_labeled, human_labeled, machine_labeled, unlabeled
  FROM gt_jobs WHERE job_name = 'messages';

SELECT l.human_annotated, count(*) AS labels, count(*) FILTER (WHERE l.label <> m.gold) AS wrong,
       round(100.0 * count(*) FILTER (WHERE l.label <> m.gold) / count(*), 2) AS error_percent
  FROM gt_labels l JOIN messages m ON m.id::text = l.object_key
 WHERE l.job_name = 'messages'
 GROUP BY l.human_annotated ORDER BY l.human_annotated DESC;

-- 5. The last model, asked about messages that it has never seen
SELECT body, gt_predict(model_name, body) AS label, round(gt_confidence(model_name, body)::numeric, 3) AS confidence
  FROM (SELECT model_name FROM gt_models WHERE job_name = 'messages' ORDER BY round_no DESC LIMIT 1) m,
       (VALUES ('You have won a free phone! Call 0900 123456 now to claim it.'), ('Running late, start dinner without me')) v (body);
