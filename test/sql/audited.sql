-- The audited guarantee in live jobs: machine labels stand when people's answers to draws from exactly them have shown enough.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA ad;
SET search_path = public, ad, gtl_test;
\set digits_job '''gtl_test.digits'', ARRAY[' :digits '], algorithm => ''softmax'''
SET client_min_messages = warning;

-- wrong machine labels that stand
CREATE FUNCTION ad.errors(job text) RETURNS float8 LANGUAGE sql AS $$
    SELECT avg((l.label <> d.gold)::int) FROM gt_labels l JOIN gtl_test.digits d ON d.id::text = l.object_key WHERE l.job_name = job AND NOT l.human_annotated
$$;

-- ---- The default of eager: the job is audited, and a simulation with its seed does exactly the same ------------

SELECT gt_create_job('ad eager', :digits_job, schedule => 'eager', seed => 3) > 0 AS created;
SELECT validation_count, setting(job_name, 'guarantee') AS guarantee FROM gt_jobs WHERE job_name = 'ad eager';
SELECT until_audit('ad eager');
-- all of the pool has a provisional label, none is final, and people are asked blind: no view of theirs says that it is an audit
SELECT human_labeled + machine_labeled = object_count AS all_labeled, (SELECT bool_or(final) FROM gt_labels WHERE job_name = 'ad eager' AND NOT human_annotated) AS some_final
  FROM gt_jobs WHERE job_name = 'ad eager';
SELECT a.draws = 0 AS nothing_counted, a.frozen = j.machine_labeled AS frozen, a.more_draws = b.object_count AS next, b.audit
  FROM gt_audits a JOIN gt_jobs j USING (job_name) JOIN gtlabel.batch b ON b.job_id = j.job_id AND b.closed_at IS NULL WHERE a.job_name = 'ad eager';
SELECT regexp_replace(finding, '\d[\d,.]*', 'N', 'g') AS finding FROM gt_explain_job('ad eager') WHERE topic = 'audit';
SELECT gt_certificate('ad eager') IS NULL AS no_certificate_yet;
SELECT action, objects = (SELECT more_draws FROM gt_audits WHERE job_name = 'ad eager') AS next_draws FROM gt_plan_job('ad eager') LIMIT 1;
SELECT run('ad eager');
SELECT a.state, a.evidence >= a.needed AS enough, a.bound <= 0.05 AS bounded, a.left_count = j.machine_labeled AS left_over,
       (SELECT bool_and(final) FROM gt_labels l WHERE l.job_name = a.job_name) AS final, errors(a.job_name) <= 0.05 AS kept
  FROM gt_audits a JOIN gt_jobs j USING (job_name) WHERE a.job_name = 'ad eager' AND a.state = 'passed';
-- what an audit that was given up has found counts in the next one; of its labels, too, only those stay that people were asked about
SELECT audit_no, state, former_evidence > 0 AS former, evidence > former_evidence AS own FROM gt_audits WHERE job_name = 'ad eager' ORDER BY 1;
SELECT count(*) FROM gtlabel.audit_object a JOIN gt_jobs j USING (job_id) WHERE j.job_name = 'ad eager' AND a.draw_no IS NULL AND a.event_no IS NULL;
-- the draws are counted in their order, and wrong ones are put right
SELECT array_agg(o.draw_no ORDER BY o.event_no) = array_agg(o.draw_no ORDER BY o.draw_no) AS in_order, count(*) = max(a.draws) AS all_drawn, count(*) FILTER (WHERE o.wrong) = max(a.found) AS found,
       bool_and(l.human_annotated AND o.wrong = (l.label <> o.machine_label)) AS put_right
  FROM gt_audit_objects o JOIN gt_audits a USING (job_name, audit_no) JOIN gt_labels l USING (job_name, object_key) WHERE job_name = 'ad eager' AND o.drawn AND a.state = 'passed';
SELECT regexp_replace(gt_certificate('ad eager'), '\d[\d,.]*\d|\d', 'N', 'g') AS certificate;
-- the round that began it does not go on announcing it
SELECT finding = format('round %s: the %s labels that audit %s let pass', a.round_no, to_char(j.machine_labeled, 'FM9,999'), a.audit_no) AS passed
  FROM gt_explain_job('ad eager'), gt_audits a, gt_jobs j WHERE topic = 'machine labels' AND a.job_name = 'ad eager' AND a.state = 'passed' AND j.job_name = 'ad eager';
SELECT count(*) > 3 AS rounds, count(*) FILTER (WHERE (s.human_labeled, s.machine_labeled) IS DISTINCT FROM (r.training_count + r.validation_count, r.auto_labeled)) AS differences
  FROM (SELECT * FROM gt_simulate_job('gtl_test.digits', 'gold', algorithm => 'softmax', schedule => 'eager', seed => 3) WHERE NOT final) s
  FULL JOIN (SELECT * FROM gt_rounds WHERE job_name = 'ad eager') r USING (round_no);
SELECT s.human_labeled = j.human_labeled AS human, s.machine_labeled = j.machine_labeled AS machine, abs(s.bound - a.bound) < 1e-6 AS bound, abs(s.machine_error - errors(j.job_name)) < 1e-6 AS error
  FROM gt_simulate_job('gtl_test.digits', 'gold', algorithm => 'softmax', schedule => 'eager', seed => 3) s, gt_jobs j, gt_audits a
 WHERE s.final AND j.job_name = 'ad eager' AND a.job_name = 'ad eager' AND a.state = 'passed';

-- with random queries, too, what a given up audit has drawn is scored again, and what it has found counts
SELECT gt_create_job('ad random', :digits_job, schedule => 'eager', query_strategy => 'random', target_accuracy => 0.93, seed => 3) > 0 AS created;
SELECT run('ad random');
SELECT count(*) FILTER (WHERE state = 'given_up') > 0 AS given_up, max(former_evidence) > 0 AS former FROM gt_audits WHERE job_name = 'ad random';
SELECT count(*) > 3 AS rounds, count(*) FILTER (WHERE (s.human_labeled, s.machine_labeled) IS DISTINCT FROM (r.training_count + r.validation_count, r.auto_labeled)) AS differences
  FROM (SELECT * FROM gt_simulate_job('gtl_test.digits', 'gold', algorithm => 'softmax', schedule => 'eager', query_strategy => 'random', target_accuracy => 0.93, seed => 3) WHERE NOT final) s
  FULL JOIN (SELECT * FROM gt_rounds WHERE job_name = 'ad random') r USING (round_no);

-- what an audit that was given up has found is forgotten when one of its objects leaves, and when the categories are others
SELECT gt_create_job('ad leaves', :digits_job, schedule => 'eager', seed => 3) > 0 AS created;
SELECT gt_create_job('ad category', :digits_job, schedule => 'eager', seed => 3) > 0 AS created;
CREATE VIEW ad.former AS
    SELECT j.job_name, count(o) = a.frozen AS all_labels, count(o) FILTER (WHERE o.draw_no IS NULL AND o.event_no IS NULL) AS not_asked
      FROM gt_jobs j JOIN gtlabel.audit a USING (job_id) LEFT JOIN gtlabel.audit_object o USING (job_id, audit_no) WHERE a.state = 'given_up' GROUP BY 1, a.audit_no, a.frozen;
DO $$
BEGIN
    FOR turn IN 1 .. 60 LOOP
        EXIT WHEN (SELECT count(*) FROM gt_audits WHERE job_name IN ('ad leaves', 'ad category') AND state = 'given_up') = 2;
        PERFORM answer(job_name), gt_advance_job(job_name) FROM gt_jobs j WHERE job_name IN ('ad leaves', 'ad category')
            AND NOT EXISTS (SELECT FROM gt_audits a WHERE a.job_name = j.job_name AND a.state = 'given_up');
    END LOOP;
END $$;
SELECT job_name, all_labels, not_asked > 1000 AS not_asked FROM ad.former WHERE job_name IN ('ad leaves', 'ad category') ORDER BY 1;
SELECT gt_remove_objects('ad leaves', (SELECT array_agg(object_key) FROM (SELECT object_key FROM gtlabel.object JOIN gt_jobs USING (job_id) JOIN gtlabel.audit_object a USING (job_id, object_no) WHERE job_name = 'ad leaves' AND a.draw_no IS NULL ORDER BY object_no DESC LIMIT 1) o)) AS removed;
SELECT gt_add_category('ad category', 'none of these');
SELECT job_name, all_labels, not_asked > 0 AS not_asked FROM ad.former WHERE job_name IN ('ad leaves', 'ad category') ORDER BY 1;
SELECT job_name, run(job_name), errors(job_name) <= 0.05 AS kept FROM gt_jobs WHERE job_name IN ('ad leaves', 'ad category') ORDER BY 1;
SELECT job_name, audit_no > 1 AS further, former_evidence FROM gt_audits WHERE job_name IN ('ad leaves', 'ad category') AND state = 'passed' ORDER BY 1;
SELECT sum(not_asked) AS not_asked FROM ad.former WHERE job_name IN ('ad leaves', 'ad category');
-- nothing stays of an object that people had answered in an audit and that is gone when it is given up
SELECT gt_create_job('ad gone', :digits_job, schedule => 'eager', target_accuracy => 0.98, max_concurrent_task_count => 40, seed => 8) > 0 AS created;
SELECT until_audit('ad gone');
SELECT answer('ad gone') > 0 AS answered, gt_advance_job('ad gone');
SELECT gt_remove_objects('ad gone', array_agg(object_key)) AS removed FROM (SELECT object_key FROM gt_audit_objects WHERE job_name = 'ad gone' AND event_no IS NOT NULL ORDER BY event_no LIMIT 2) o;
SELECT gt_stop_job('ad gone'), gt_advance_job('ad gone');
SELECT a.state, count(o) < a.frozen AS some_are_gone, count(o) FILTER (WHERE NOT EXISTS (SELECT FROM gtlabel.object x WHERE x.job_id = o.job_id AND x.object_no = o.object_no)) AS of_no_object
  FROM gt_jobs j JOIN gtlabel.audit a USING (job_id) LEFT JOIN gtlabel.audit_object o USING (job_id, audit_no) WHERE job_name = 'ad gone' GROUP BY 1, a.frozen;

-- ---- The other variants: both schedules, small batches, takes and retries, by class, over the dataset ------------

-- target 0.98: audits that find errors take other objects, or are given up, and the next one has the next level
SELECT gt_create_job('ad high', :digits_job, schedule => 'eager', target_accuracy => 0.98, max_concurrent_task_count => 40, seed => 8) > 0 AS created;
SELECT gt_create_job('ad standard', :digits_job, guarantee => 'audited', max_concurrent_task_count => 300, seed => 5) > 0 AS created;
CREATE TABLE ad.bits AS SELECT id, features, CASE WHEN gold::int % 2 = 0 THEN 'even' ELSE 'odd' END AS gold FROM gtl_test.digits;
ALTER TABLE ad.bits ADD PRIMARY KEY (id);
SELECT gt_create_job('ad class', 'ad.bits', ARRAY['even', 'odd'], schedule => 'eager', target_accuracy => 0.9, per_class => true, seed => 5) > 0 AS created;
SELECT gt_create_job('ad dataset', :digits_job, schedule => 'eager', guarantee_scope => 'dataset', seed => 3) > 0 AS created;
SELECT job_name, run(job_name) FROM gt_jobs WHERE job_name IN ('ad high', 'ad standard', 'ad class', 'ad dataset') ORDER BY 1;
CREATE TEMP TABLE simulated AS
    SELECT 'ad high' AS job_name, * FROM gt_simulate_job('gtl_test.digits', 'gold', algorithm => 'softmax', schedule => 'eager', target_accuracy => 0.98, max_concurrent_task_count => 40, seed => 8) WHERE final
    UNION ALL SELECT 'ad standard', * FROM gt_simulate_job('gtl_test.digits', 'gold', algorithm => 'softmax', guarantee => 'audited', max_concurrent_task_count => 300, seed => 5) WHERE final
    UNION ALL SELECT 'ad class', * FROM gt_simulate_job('ad.bits', 'gold', schedule => 'eager', target_accuracy => 0.9, per_class => true, seed => 5) WHERE final
    UNION ALL SELECT 'ad dataset', * FROM gt_simulate_job('gtl_test.digits', 'gold', algorithm => 'softmax', schedule => 'eager', guarantee_scope => 'dataset', seed => 3) WHERE final;
SELECT job_name, s.human_labeled = j.human_labeled AS human, s.machine_labeled = j.machine_labeled AS machine, j.machine_labeled > 0 AS labeled
  FROM simulated s JOIN gt_jobs j USING (job_name) ORDER BY 1;
SELECT job_name, bool_and(abs(alpha - 0.05 * 0.9 * 0.1 ^ (audit_no - 1)) < 1e-12) AS levels, sum(takes) > 0 AS takes, count(*) > 1 AS retried,
       bool_and(state IN ('passed', 'given_up')) AS over, bool_and((bound IS NULL AND most_wrong IS NULL) = (state = 'given_up')) AS bounds FROM gt_audits WHERE job_name IN ('ad high', 'ad standard', 'ad class', 'ad dataset') GROUP BY 1 ORDER BY 1;
SELECT d.human_labeled < e.human_labeled AS the_dataset_needs_fewer, errors('ad dataset') * d.machine_labeled <= 0.05 * d.object_count AS kept
  FROM gt_jobs d, gt_jobs e WHERE d.job_name = 'ad dataset' AND e.job_name = 'ad eager';
SELECT l.label, avg((l.label <> b.gold)::int) <= 0.1 AS kept, bool_and(l.final) AS final
  FROM gt_labels l JOIN ad.bits b ON b.id::text = l.object_key WHERE l.job_name = 'ad class' AND NOT l.human_annotated GROUP BY 1 ORDER BY 1;

-- ---- In mid-audit ---------------------------------------------------------------------------------

-- expiry and declines: an object without an answer counts as a wrong label, and has none
SELECT gt_create_job('ad expiry', :digits_job, schedule => 'eager', neighbours => false, seed => 3) > 0 AS created;
SELECT until_audit('ad expiry');
SELECT answer('ad expiry', (SELECT b.object_count - 2 FROM gtlabel.batch b JOIN gt_jobs j USING (job_id) WHERE job_name = 'ad expiry' AND closed_at IS NULL)) > 0 AS all_but_two;
UPDATE gtlabel.batch SET expires_at = now() - interval '1 second' WHERE closed_at IS NULL AND job_id = (SELECT job_id FROM gt_jobs WHERE job_name = 'ad expiry');
SELECT gt_advance_job('ad expiry');
SELECT failed, human_labeled + machine_labeled = (SELECT count(*) FROM gt_labels l WHERE l.job_name = j.job_name) AS adds_up FROM gt_jobs j WHERE job_name = 'ad expiry';
SELECT count(*) AS wrong, bool_and(o.draw_no = o.event_no) AS in_order FROM gt_audit_objects o JOIN gt_failures f USING (job_name, object_key) WHERE job_name = 'ad expiry' AND o.wrong;
-- they can be answered later, which changes nothing of what was counted
SELECT gt_retry_failed('ad expiry');
SELECT run('ad expiry');
SELECT failed, machine_labeled > 0 AS labeled, errors(job_name) <= 0.05 AS kept FROM gt_jobs WHERE job_name = 'ad expiry';

SELECT gt_create_job('ad take', :digits_job, schedule => 'eager', seed => 3) > 0 AS created;
SELECT until_audit('ad take');
-- pause and resume change nothing; a new target is looked at with the same evidence
SELECT gt_pause_job('ad take'), gt_resume_job('ad take');
SELECT gt_alter_job('ad take', target_accuracy => 0.94);
SELECT run('ad take');
SELECT state, target_accuracy, count(*) OVER () AS audits FROM gt_audits WHERE job_name = 'ad take';

-- another guarantee ends the audit, and the next round decides by it; but not where people began with objects that were chosen
SELECT refused($$ SELECT gt_alter_job('ad take', guarantee => 'confidence') $$);
SELECT gt_create_job('ad other', :digits_job, schedule => 'eager', neighbours => false, seed => 3) > 0 AS created;
SELECT until_audit('ad other');
SELECT gt_alter_job('ad other', guarantee => 'expected');
SELECT a.state, j.machine_labeled FROM gt_audits a JOIN gt_jobs j USING (job_name) WHERE job_name = 'ad other';
SELECT run('ad other');
SELECT count(DISTINCT guarantee) AS guarantees, (SELECT machine_labeled > 0 FROM gt_jobs WHERE job_name = 'ad other') AS labeled FROM gt_rounds WHERE job_name = 'ad other';

-- stopped before it passes: no machine label stands; withdrawn: people label the rest
SELECT gt_create_job(job, :digits_job, schedule => 'eager', seed => 3) > 0 AS created FROM (VALUES ('ad stop'), ('ad withdraw')) j (job);
SELECT until_audit('ad stop'), until_audit('ad withdraw');
SELECT answer('ad stop', 20), gt_stop_job('ad stop');
SELECT state, machine_labeled, (SELECT string_agg(a.state || ' ' || (a.draws <= 20)::text, ',') FROM gt_audits a WHERE a.job_name = 'ad stop') AS audit FROM gt_jobs WHERE job_name = 'ad stop';
SELECT gt_withdraw_machine_labels('ad withdraw') > 1000 AS withdrawn;
SELECT run('ad withdraw');
SELECT human_labeled, machine_labeled, (SELECT string_agg(a.state, ',') FROM gt_audits a WHERE a.job_name = 'ad withdraw') AS audit FROM gt_jobs WHERE job_name = 'ad withdraw';

-- a limit in the middle of it: none stand
SELECT gt_create_job('ad limit', :digits_job, schedule => 'eager', max_human_labeled_object_count => 300, seed => 3) > 0 AS created;
SELECT run('ad limit');
SELECT state, human_labeled, machine_labeled FROM gt_jobs WHERE job_name = 'ad limit';

-- several people an object; ties and disagreement are consolidated before the label counts
SELECT gt_create_job('ad three', :digits_job, schedule => 'eager', annotators_per_object => 3, seed => 3) > 0 AS created;
DO $$
BEGIN
    FOR turn IN 1 .. 60 LOOP
        EXIT WHEN (SELECT state FROM gt_jobs WHERE job_name = 'ad three') = 'completed';
        PERFORM answer('ad three', NULL, 'one'), answer('ad three', NULL, 'two'), answer('ad three', NULL, 'three');
        PERFORM gt_advance_job('ad three');
    END LOOP;
END $$;
SELECT j.state, a.state AS audit, j.human_labeled = e.human_labeled AS as_with_one FROM gt_jobs j JOIN gt_audits a USING (job_name), gt_jobs e
 WHERE j.job_name = 'ad three' AND e.job_name = 'ad eager' ORDER BY a.audit_no DESC LIMIT 1;

-- auto says what it leaves out: networks on few labels
SELECT algorithm, left_out FROM gt_models WHERE job_name = 'ad class' AND round_no = 0;
SELECT left_out IS NULL AS none, count(*) > 0 AS some FROM gt_models WHERE job_name = 'ad class' AND training_count >= 100 GROUP BY 1;
SELECT n, d, k, gtlabel.networks_left_out(n, d, k) FROM (VALUES (99, 10, 2), (100, 10, 2), (60000, 128, 10), (60000, 784, 10), (1000, 16000, 1000)) x (n, d, k);
SELECT position('audit 1' IN gt_report('ad eager')) > 0 AS in_the_report;
SELECT drop_jobs('ad %') > 0 AS dropped;
SELECT (SELECT count(*) FROM gtlabel.audit) AS audits_left, (SELECT count(*) FROM gtlabel.audit_object) AS objects_left;
SET client_min_messages = error;
DROP SCHEMA ad CASCADE;
