-- Rows that change while people check the machine's labels: those that are answered, those that are open, those that nobody is asked about.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA ac;
SET search_path = public, ac, gtl_test;
SET client_min_messages = warning;
CREATE TABLE ac.row AS SELECT id, features, gold FROM gtl_test.digits;
ALTER TABLE ac.row ADD PRIMARY KEY (id);
CREATE FUNCTION ac.number(job text, key text) RETURNS int LANGUAGE sql AS $$
    SELECT object_no FROM gtlabel.object JOIN gt_jobs USING (job_id) WHERE job_name = job AND object_key = key $$;
SELECT gt_create_job('ac job', 'ac.row', ARRAY[:digits], algorithm => 'softmax', schedule => 'eager', neighbours => false, follow => true, seed => 3) > 0 AS created;
SELECT gt_alter_job('ac job', ask_again_on_change => true);
SELECT until_audit('ac job');
SELECT frozen AS frozen_before FROM gt_audits WHERE job_name = 'ac job' \gset
SELECT answer('ac job', 12) AS answered;

-- one of each kind
CREATE TEMP TABLE changed (kind text, key text, object_no int);
INSERT INTO changed SELECT 'draw, answered', o.object_key FROM gt_audit_objects o JOIN gt_annotations a USING (job_name, object_key) WHERE job_name = 'ac job' AND o.drawn ORDER BY o.draw_no LIMIT 1;
INSERT INTO changed SELECT 'draw, open', o.object_key FROM gt_audit_objects o WHERE job_name = 'ac job' AND o.drawn AND NOT EXISTS (SELECT FROM gt_annotations a WHERE (a.job_name, a.object_key) = (o.job_name, o.object_key)) ORDER BY o.draw_no LIMIT 1;
INSERT INTO changed SELECT 'frozen', l.object_key FROM gt_labels l WHERE job_name = 'ac job' AND NOT human_annotated AND NOT EXISTS (SELECT FROM gt_audit_objects o WHERE (o.job_name, o.object_key) = (l.job_name, l.object_key)) ORDER BY l.object_key LIMIT 1;
INSERT INTO changed SELECT 'labeled before', l.object_key FROM gt_labels l WHERE job_name = 'ac job' AND human_annotated AND NOT EXISTS (SELECT FROM gt_audit_objects o WHERE (o.job_name, o.object_key) = (l.job_name, l.object_key)) ORDER BY l.object_key LIMIT 1;
UPDATE changed SET object_no = number('ac job', key);
SELECT kind, object_no IS NOT NULL AS known FROM changed ORDER BY kind;
-- not only their features: the truth about them is another one, too
UPDATE ac.row r SET features[1] = r.features[1] + 0.5, gold = ((gold::int + 1) % 10)::text FROM changed c WHERE r.id::text = c.key;
SELECT gt_advance_job('ac job'), check_counters('ac job');
SELECT kind, number('ac job', key) > object_no AS joined_anew, EXISTS (SELECT FROM gt_labels l WHERE l.job_name = 'ac job' AND l.object_key = key) AS labeled,
       (SELECT count(*) FROM gt_annotations a WHERE a.job_name = 'ac job' AND a.object_key = key) AS answers, (SELECT count(*) FROM gtlabel.former_answer f WHERE f.object_key = key) AS former
  FROM changed ORDER BY kind;
SELECT count(*) AS lost, count(draw_no) AS of_them_draws FROM gtlabel.audit_object WHERE lost;

-- the job comes to its end; what people had answered about they are asked again, and what the machine labels is labeled as the row is now
SELECT run('ac job'), check_counters('ac job');
SELECT kind, l.label = r.gold AS right_as_it_is_now, l.human_annotated AS by_people FROM changed JOIN gt_labels l ON l.job_name = 'ac job' AND l.object_key = key JOIN ac.row r ON r.id::text = key WHERE kind IN ('draw, answered', 'labeled before') ORDER BY kind;
SELECT count(*) = (SELECT count(*) FROM ac.row) AS all_labeled, avg((l.label <> r.gold)::int) FILTER (WHERE NOT l.human_annotated) <= 0.05 AS kept FROM gt_labels l JOIN ac.row r ON r.id::text = l.object_key WHERE job_name = 'ac job';
-- for the evidence the two draws that are lost are wrong labels, beside those that people have found; what is gone is gone
SELECT frozen = :frozen_before AS frozen, left_count = frozen - draws - takes AS adds_up, takes >= 1 AS taken,
       found = (SELECT count(*) FROM gt_audit_objects o WHERE o.job_name = a.job_name AND o.audit_no = 1 AND o.drawn AND o.wrong) + 2 AS found FROM gt_audits a WHERE job_name = 'ac job' AND audit_no = 1;
SELECT gt_drop_job('ac job', true);
DROP TABLE ac.row;
