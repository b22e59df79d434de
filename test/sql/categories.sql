-- Categories that change while a job runs: added, renamed, merged.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA ca;
SET search_path = public, ca, gtl_test;
SET client_min_messages = warning;
CREATE TABLE ca.item (id int PRIMARY KEY, features float4[], gold text);
CREATE FUNCTION ca.put(first int, last int) RETURNS bigint LANGUAGE sql AS $$
    WITH new AS (INSERT INTO item SELECT g, ARRAY[g % 4 * 3 + (g * 7919::bigint) % 1009 / 504.5 - 1, (g * 104729::bigint) % 997 / 498.5 - 1]::float4[],
        (ARRAY['cat', 'dog', 'bird', 'cow'])[g % 4 + 1] FROM generate_series(first, last) g RETURNING 1) SELECT count(*) FROM new $$;
CREATE FUNCTION ca.labels(job text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s', n, label), ', ' ORDER BY label) FROM (SELECT label, count(*) AS n FROM gt_labels WHERE job_name = job GROUP BY 1) l $$;
SELECT put(1, 600);

-- ---- Rounds go on with one category more, and with one less ----------------------------------------------

CREATE VIEW ca.three AS SELECT id, features, CASE gold WHEN 'cow' THEN 'bird' ELSE gold END AS gold FROM item WHERE id <= 500;
SELECT gt_create_job('ca job', 'ca.three', ARRAY['dog', 'cat', 'bird'], key_column => 'id', guarantee => 'confidence', algorithm => 'softmax', validation_share => 0.2, gold_column => 'gold', max_concurrent_task_count => 100, target_accuracy => 0.999, seed => 3) > 0 AS created;
SELECT answer('ca job'), gt_advance_job('ca job'), answer('ca job'), gt_advance_job('ca job');
SELECT max(round_no) AS rounds FROM gt_rounds WHERE job_name = 'ca job';
SELECT gt_add_category('ca job', 'cow');
CREATE OR REPLACE VIEW ca.three AS SELECT id, features, gold FROM item WHERE id <= 500;
SELECT label_categories FROM gtlabel.job WHERE job_name = 'ca job';
SELECT refused($$ SELECT gt_add_category('ca job', 'cow') $$);
SELECT refused($$ SELECT gt_add_category('ca job', '') $$);
SELECT refused($$ SELECT gt_add_category('ca job', NULL) $$);
SELECT answer('ca job') > 0 AS answered, gt_advance_job('ca job');
SELECT model_name, cardinality(label_categories) AS categories FROM gt_models WHERE job_name = 'ca job' ORDER BY round_no;
-- a model of before answers as it always did
SELECT bool_and(gt_predict('ca job/1', features) = ANY (ARRAY['dog', 'cat', 'bird'])) AS known FROM item;
SELECT gt_rename_category('ca job', 'cow', 'cattle');
SELECT refused($$ SELECT gt_rename_category('ca job', 'cow', 'calf') $$);
SELECT refused($$ SELECT gt_rename_category('ca job', 'cattle', 'dog') $$);
SELECT refused($$ SELECT gt_annotate('ca job', ARRAY[(SELECT min(object_key) FROM gt_tasks WHERE job_name = 'ca job' AND state = 'available')], ARRAY['cow']) $$);
CREATE OR REPLACE VIEW ca.three AS SELECT id, features, CASE gold WHEN 'cow' THEN 'cattle' ELSE gold END AS gold FROM item WHERE id <= 500;
SELECT run('ca job'), check_counters('ca job');
SELECT count(*) > 0 AS renamed FROM gt_annotations WHERE job_name = 'ca job' AND label = 'cattle';
-- the dataset may go on with the former name, in rows that join
CREATE OR REPLACE VIEW ca.three AS SELECT id, features, gold FROM item WHERE id <= 540;
SELECT gt_add_objects('ca job') AS added;
SELECT count(*) AS gold FROM gtlabel.gold JOIN gt_jobs USING (job_id) WHERE job_name = 'ca job' AND object_no >= 500 AND class_no = 3;
CREATE OR REPLACE VIEW ca.three AS SELECT id, features, CASE gold WHEN 'cow' THEN 'cattle' ELSE gold END AS gold FROM item WHERE id <= 540;
SELECT run('ca job'), check_counters('ca job');
SELECT sum(right_answers) AS right_before FROM (SELECT count(*) AS right_answers FROM gt_labels l JOIN ca.three i ON i.id::text = l.object_key WHERE job_name = 'ca job' AND l.label = i.gold) r \gset
SELECT gt_merge_categories('ca job', ARRAY['cattle', 'dog', 'dog'], 'dog') AS changed;
SELECT label_categories, former_categories FROM gtlabel.job WHERE job_name = 'ca job';
SELECT count(*) >= :right_before AS none_became_wrong FROM gt_labels l JOIN ca.three i ON i.id::text = l.object_key WHERE job_name = 'ca job' AND l.label = replace(i.gold, 'cattle', 'dog');
SELECT refused($$ SELECT gt_merge_categories('ca job', ARRAY['cat', 'bird'], 'dog') $$);
SELECT refused($$ SELECT gt_merge_categories('ca job', ARRAY['cow'], 'dog') $$);
SELECT gt_merge_categories('ca job', ARRAY['dog'], 'dog') AS nothing, gt_merge_categories('ca job', '{}', 'dog') AS none;
-- a round over what joins now has three categories again
CREATE OR REPLACE VIEW ca.three AS SELECT id, features, CASE gold WHEN 'cow' THEN 'dog' ELSE gold END AS gold FROM item;
SELECT gt_add_objects('ca job') AS added, run('ca job'), check_counters('ca job');
SELECT cardinality(label_categories) AS categories FROM gt_models WHERE job_name = 'ca job' ORDER BY round_no DESC LIMIT 1;
SELECT count(*) > 2 AS explained, length(gt_report('ca job')) > 1000 AS reported FROM gt_explain_job('ca job');
SELECT count(*) > 0 AS explained FROM gt_explain_object('ca job', (SELECT min(object_key) FROM gt_labels WHERE job_name = 'ca job'));
SELECT event, detail FROM gt_events WHERE job_name = 'ca job' AND event ~ 'categor' ORDER BY event_id;
SELECT regexp_replace(finding, '\d{4}-\d\d-\d\d [0-9:.]+\S*', 'TIME') AS finding FROM gt_explain_job('ca job') WHERE topic = 'categories';

-- ---- Several people: answers that are equal now agree -----------------------------------------------------

CREATE TABLE ca.few AS SELECT id FROM item WHERE id <= 4;
SELECT gt_create_job('ca few', 'ca.few', ARRAY['puppy', 'dog', 'cat'], key_column => 'id', features_column => NULL, annotators_per_object => 3) > 0 AS created;
SELECT gt_annotate('ca few', ARRAY['1', '2', '3', '4'], ARRAY['puppy', 'cat', 'puppy', 'dog'], 'ann') + gt_annotate('ca few', ARRAY['1', '2', '3', '4'], ARRAY['dog', 'cat', 'puppy', 'dog'], 'bob')
     + gt_annotate('ca few', ARRAY['1', '2', '3', '4'], ARRAY['cat', 'cat', 'dog', 'dog'], 'cy') AS answers, gt_advance_job('ca few');
SELECT object_key, label, tied_with FROM gt_labels WHERE job_name = 'ca few' ORDER BY 1;
SELECT gt_merge_categories('ca few', ARRAY['puppy'], 'dog') >= 1 AS changed;
SELECT object_key, label, tied_with FROM gt_labels WHERE job_name = 'ca few' ORDER BY 1;
SELECT check_counters('ca few');
SELECT refused($$ SELECT gt_merge_categories('ca few', ARRAY['cat'], 'dog') $$);

-- ---- An open audit ends: which of its labels are wrong must not change while it runs -----------------------

SELECT put(601, 1500);
SELECT gt_create_job('ca audit', 'ca.item', ARRAY['cat', 'dog', 'bird', 'cow'], schedule => 'eager', algorithm => 'softmax', seed => 5) > 0 AS created;
DO $$
BEGIN
    FOR turn IN 1 .. 60 LOOP
        EXIT WHEN EXISTS (SELECT FROM gt_audits WHERE job_name = 'ca audit' AND state = 'open');
        PERFORM answer('ca audit'), gt_advance_job('ca audit');
    END LOOP;
END $$;
SELECT gt_add_category('ca audit', 'horse');
SELECT regexp_replace(regexp_replace(finding, '\d{4}-\d\d-\d\d [0-9:.]+\S*', 'TIME'), '\d[\d,]*', 'N', 'g') AS finding, advice FROM gt_explain_job('ca audit') WHERE topic = 'categories';
SELECT a.state, machine_labeled FROM gt_audits a JOIN gt_jobs USING (job_name) WHERE job_name = 'ca audit';
SELECT run('ca audit'), check_counters('ca audit');
SELECT avg((l.label <> i.gold)::int) <= 0.05 AS kept FROM gt_labels l JOIN item i ON i.id::text = l.object_key WHERE job_name = 'ca audit' AND NOT human_annotated;

-- ---- The doubtful machine labels go back to people, who are asked about them first -------------------------

SELECT percentile_disc(0.1) WITHIN GROUP (ORDER BY margin) AS low, percentile_disc(0.12) WITHIN GROUP (ORDER BY margin) AS middle, percentile_disc(0.5) WITHIN GROUP (ORDER BY margin) AS high
  FROM gt_labels WHERE job_name = 'ca audit' AND NOT human_annotated \gset
SELECT count(*) AS below FROM gt_labels WHERE job_name = 'ca audit' AND NOT human_annotated AND margin < :'low'::float4 \gset
SELECT :below > 20 AS some, refused(format($$ SELECT gt_withdraw_machine_labels('ca audit', below_margin => %s) $$, :'low')) ~ 'without confirm' AS wants_confirmation;
SELECT refused($$ SELECT gt_withdraw_machine_labels('ca audit', below_margin => 0) $$);
SELECT refused($$ SELECT gt_withdraw_machine_labels('ca audit', below_margin => 1.5) $$);
SELECT refused($$ SELECT gt_withdraw_machine_labels('ca audit', below_margin => 'NaN') $$);
SELECT gt_withdraw_machine_labels('ca audit', below_margin => 0.00001) AS none, state FROM gt_jobs WHERE job_name = 'ca audit';
SELECT machine_labeled AS before FROM gt_jobs WHERE job_name = 'ca audit' \gset
SELECT gt_withdraw_machine_labels('ca audit', true, :'low') = :below AS withdrawn;
SELECT state, machine_labeled = :before - :below AS rest_stands, unlabeled = :below AS unlabeled FROM gt_jobs WHERE job_name = 'ca audit';
SELECT gt_pause_job('ca audit'), gt_withdraw_machine_labels('ca audit', below_margin => :'middle') > 0 AS also_paused;
SELECT state, gt_resume_job('ca audit'), gt_advance_job('ca audit') FROM gt_jobs WHERE job_name = 'ca audit';
SELECT count(*) >= :below AS all_of_them, (SELECT count(*) FROM gt_rounds WHERE job_name = 'ca audit' AND finished_at > b.issued_at) AS rounds FROM gt_batches b JOIN gt_tasks t USING (job_name, batch_no)
 WHERE job_name = 'ca audit' AND b.state = 'open' GROUP BY b.issued_at;
SELECT e.finding ~ '^a label with a margin of 0\.\d+ was withdrawn by the owner, for people to label$' AS explained
  FROM gt_explain_object('ca audit', (SELECT min(object_key) FROM gt_tasks WHERE job_name = 'ca audit' AND state = 'available')) e WHERE topic = 'machine' AND finding ~ 'owner';
-- one of them is erased
SELECT min(object_key) AS erased FROM gt_tasks WHERE job_name = 'ca audit' AND state = 'available' \gset
SELECT gt_remove_objects('ca audit', ARRAY[:'erased']) AS erased;
SELECT run('ca audit'), check_counters('ca audit');
SELECT state, failed, (SELECT min(margin) >= :'middle'::float4 FROM gt_labels WHERE job_name = 'ca audit' AND NOT human_annotated) AS none_below FROM gt_jobs WHERE job_name = 'ca audit';
SELECT detail ~ ' machine labels with a margin below [0-9.]+ are withdrawn; people are asked about these first$' AS event FROM gt_events WHERE job_name = 'ca audit' AND event = 'withdrawn' ORDER BY event_id LIMIT 1;
-- a purged job has no model any more: people label the rest by themselves
SELECT gt_purge_job('ca audit');
SELECT refused(format($$ SELECT gt_withdraw_machine_labels('ca audit', below_margin => %s) $$, :'high')) ~ 'it is purged' AS wants_confirmation;
SELECT gt_withdraw_machine_labels('ca audit', true, :'high') > 0 AS withdrawn, run('ca audit'), check_counters('ca audit');
SELECT state, unlabeled, (SELECT min(margin) >= :'high'::float4 FROM gt_labels WHERE job_name = 'ca audit' AND NOT human_annotated) AS none_below FROM gt_jobs WHERE job_name = 'ca audit';
CREATE ROLE regress_gtl_other;
GRANT USAGE ON SCHEMA ca, gtl_test TO regress_gtl_other;
SET ROLE regress_gtl_other;
SELECT refused($$ SELECT gt_withdraw_machine_labels('ca audit', below_margin => 0.95) $$);
RESET ROLE;
DROP OWNED BY regress_gtl_other;
DROP ROLE regress_gtl_other;

-- several people an object: the validation set grows in the middle of a batch, and doubtful labels go back to two people each
SELECT gt_create_job('ca two', 'ca.item', ARRAY['cat', 'dog', 'bird', 'cow'], guarantee => 'confidence', algorithm => 'softmax', annotators_per_object => 2, validation_count => 150, target_accuracy => 0.9, max_concurrent_task_count => 400, seed => 5) > 0 AS created;
SELECT answer('ca two', 70, 'ann') AS ann, gt_alter_job('ca two', validation_count => 200);
CREATE FUNCTION ca.two_people(job text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text := 'in_progress';
BEGIN
    FOR turn IN 1 .. 50 LOOP
        EXIT WHEN state <> 'in_progress';
        PERFORM answer(job, NULL, 'ann'), answer(job, NULL, 'bob');
        state := gt_advance_job(job);
        PERFORM check_counters(job);
    END LOOP;
    RETURN state;
END $$;
SELECT two_people('ca two');
SELECT validation_count, unlabeled, failed FROM gt_jobs WHERE job_name = 'ca two';
SELECT validation_count AS judged_by FROM gt_rounds WHERE job_name = 'ca two' ORDER BY round_no DESC LIMIT 1;
SELECT percentile_disc(0.1) WITHIN GROUP (ORDER BY margin) AS low FROM gt_labels WHERE job_name = 'ca two' AND NOT human_annotated \gset
SELECT gt_withdraw_machine_labels('ca two', true, :'low') > 5 AS withdrawn, gt_advance_job('ca two');
SELECT count(*) = 2 * count(DISTINCT object_key) AS two_each FROM gt_tasks WHERE job_name = 'ca two' AND state = 'available';
SELECT two_people('ca two');
SELECT (SELECT min(margin) >= :'low'::float4 FROM gt_labels WHERE job_name = 'ca two' AND NOT human_annotated) AS none_below;

-- ---- A new category has its place in the list -----------------------------------------------------------

SELECT gt_add_category('ca few', 'horse', 1);
SELECT label_categories FROM gtlabel.job WHERE job_name = 'ca few';
SELECT object_key, label, tied_with FROM gt_labels WHERE job_name = 'ca few' ORDER BY 1;
SELECT annotator, string_agg(label, ' ' ORDER BY object_key) FROM gt_annotations WHERE job_name = 'ca few' GROUP BY 1 ORDER BY 1;
SELECT gt_add_category('ca few', 'cow', 4), gt_add_category('ca few', 'owl', place => 2);
SELECT label_categories FROM gtlabel.job WHERE job_name = 'ca few';
SELECT refused($$ SELECT gt_add_category('ca few', 'pig', 0) $$);
SELECT refused($$ SELECT gt_add_category('ca few', 'pig', 7) $$);
-- rounds, certificates of categories and known answers go on with the numbers that they have now
SELECT gt_create_job('ca place', 'ca.three', ARRAY['dog', 'cat', 'bird'], key_column => 'id', guarantee => 'confidence', per_class => true, algorithm => 'softmax', validation_share => 0.3, target_accuracy => 0.9, gold_column => 'gold', max_concurrent_task_count => 250, seed => 3) > 0 AS created;
SELECT answer('ca place') > 0 AS a, gt_advance_job('ca place'), answer('ca place') > 0 AS b, gt_advance_job('ca place'), answer('ca place') > 0 AS c, gt_advance_job('ca place');
SELECT array_agg(DISTINCT category ORDER BY category) AS categories FROM gt_certificates WHERE job_name = 'ca place';
SELECT labels('ca place') AS before \gset
SELECT gt_add_category('ca place', 'ant', 2);
SELECT labels('ca place') = :'before' AS same_labels, check_counters('ca place'), (SELECT array_agg(DISTINCT category ORDER BY category) FROM gt_certificates WHERE job_name = 'ca place') AS categories;
SELECT run('ca place'), check_counters('ca place');
SELECT avg((l.label <> i.gold)::int) <= 0.1 AS kept FROM gt_labels l JOIN ca.three i ON i.id::text = l.object_key WHERE job_name = 'ca place' AND NOT human_annotated;
SELECT gt_create_job('ca stop', 'ca.few', ARRAY['dog', 'cat'], key_column => 'id', features_column => NULL) > 0 AS created, gt_stop_job('ca stop');
SELECT refused($$ SELECT gt_add_category('ca stop', 'cow') $$);
SELECT count(gt_drop_job(job_name, true)) AS dropped FROM gt_jobs WHERE job_name LIKE 'ca %';
