-- The audit: people check a random share of the machine labels at the end, without knowing.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA au;
SET search_path = public, au, gtl_test;

-- ---- A promise that is kept ------------------------------------------------------------------

SELECT gt_create_job('au kept', 'gtl_test.digits', ARRAY[:digits], schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, algorithm => 'softmax', audit_share => 0.3, seed => 1) > 0 AS created;
SELECT gtl_test.run('au kept');
SELECT gtl_test.setting(job_name, 'audit_share') AS audit_share, audit_count = ceil(0.3 * (machine_labeled + audit_count)) AS share_of_machine_labels, audit_wrong < 0.05 * audit_count AS few_wrong, audit_verdict
  FROM gt_jobs WHERE job_name = 'au kept';
-- to the people who answer, it was a batch like any other
SELECT regexp_replace(detail, '[\d,]+', 'N', 'g') AS detail, count(*) FROM gt_events
 WHERE job_name = 'au kept' AND event = 'batch_issued' AND detail NOT LIKE '%validation%' GROUP BY 1 ORDER BY 1;
-- what people have said stands in the place of what the machine said
SELECT count(*) = (SELECT audit_count FROM gt_jobs WHERE job_name = 'au kept') AS audited_are_human, bool_and(l.label = d.gold) AS right
  FROM gt_labels l JOIN gtl_test.digits d ON d.id::text = l.object_key
 WHERE job_name = 'au kept' AND human_annotated AND batch_no = (SELECT max(batch_no) FROM gt_batches WHERE job_name = 'au kept');
SELECT topic, finding ~ '^people checked [\d,]+ machine labels: \d+ wrong, an error between [\d.]+ % and [\d.]+ % \(each limit with a confidence of 95 %\) against a target of 5.0 %; the promise is kept$' AS finding, advice
  FROM gt_explain_job('au kept') WHERE topic = 'audit';

-- ---- A promise that is broken: people change their mind about what a digit is -------------------

SELECT gt_create_job('au broken', 'gtl_test.digits', ARRAY[:digits], schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, algorithm => 'softmax', audit_share => 0.3, seed => 1) > 0 AS created;
DO $$
BEGIN
    -- until only the audit is left
    LOOP
        PERFORM gt_advance_job('au broken');
        EXIT WHEN (SELECT unlabeled = 0 AND machine_labeled > 0 FROM gt_jobs WHERE job_name = 'au broken');
        PERFORM gtl_test.answer('au broken');
    END LOOP;
END $$;
SELECT state, audit_verdict FROM gt_jobs WHERE job_name = 'au broken';
SELECT gt_annotate('au broken', array_agg(t.object_key), array_agg(CASE WHEN d.id % 4 = 0 THEN ((d.gold::int + 1) % 10)::text ELSE d.gold END)) > 0 AS answered
  FROM gt_tasks t JOIN gtl_test.digits d ON d.id::text = t.object_key WHERE t.job_name = 'au broken' AND t.state = 'available';
SELECT gt_advance_job('au broken');
SELECT audit_verdict FROM gt_jobs WHERE job_name = 'au broken';
SELECT advice FROM gt_explain_job('au broken') WHERE topic = 'audit';
SELECT gtl_test.check_counters('au broken');
-- one call takes the machine labels back; people label the rest, and no machine does
SELECT gt_withdraw_machine_labels('au broken', confirm => true) > 500 AS withdrawn;
SELECT state, machine_labeled, unlabeled > 500 AS left_to_people FROM gt_jobs WHERE job_name = 'au broken';
SELECT gtl_test.run('au broken');
SELECT state, machine_labeled, unlabeled FROM gt_jobs WHERE job_name = 'au broken';
SELECT refused($$ SELECT gt_create_job('au bad', 'gtl_test.digits', ARRAY['0','1'], audit_share => 0) $$);
SELECT refused($$ SELECT gt_withdraw_machine_labels('no such job') $$);

SELECT gtl_test.drop_jobs('au %');
DROP SCHEMA au;
