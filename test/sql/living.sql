-- Jobs live as long as their table: rows join (gt_add_objects) and leave (gt_remove_objects).
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA li;
SET search_path = public, li, gtl_test;
SET client_min_messages = warning;

-- Three clouds that overlap a little; the same numbers on every server.
CREATE TABLE li.item (id int PRIMARY KEY, features float4[], gold text, given text);
CREATE FUNCTION li.put(first int, last int, label boolean DEFAULT false) RETURNS bigint LANGUAGE sql AS $$
    WITH new AS (INSERT INTO item SELECT g, ARRAY[g % 3 * 2 + (g * 7919::bigint) % 1009 / 504.5 - 1, (g * 104729::bigint) % 997 / 498.5 - 1, g % 3 % 2 * 1.5 + (g * 1299709::bigint) % 991 / 495.5 - 1]::float4[],
        'c' || g % 3, CASE WHEN label THEN 'c' || g % 3 END FROM generate_series(first, last) g RETURNING 1) SELECT count(*) FROM new $$;
CREATE FUNCTION li.counts(job text) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s: %s objects, %s for validation, %s given; %s + %s + %s + %s', state, object_count, validation_count, given_count,
                  human_labeled, machine_labeled, failed, unlabeled) FROM gt_jobs WHERE job_name = job $$;
CREATE FUNCTION li.wrong(job text) RETURNS float8 LANGUAGE sql AS $$
    SELECT avg((l.label <> i.gold)::int) FROM gt_labels l JOIN item i ON i.id::text = l.object_key WHERE l.job_name = job AND NOT l.human_annotated $$;
CREATE FUNCTION li.sound(job text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_counters(job);
    IF EXISTS (SELECT FROM gt_check() WHERE severity = 'error') THEN
        RAISE 'gt_check: %', (SELECT string_agg(finding, '; ') FROM gt_check() WHERE severity = 'error');
    END IF;
    IF EXISTS (SELECT FROM gtlabel.job j WHERE job_name = job AND (object_count, validation_count, given_count) <>
               (SELECT sum(s.object_count), sum(s.validation_count), (SELECT count(*) FROM gtlabel.given g WHERE g.job_id = j.job_id) FROM gtlabel.segment s WHERE s.job_id = j.job_id)) THEN
        RAISE 'segments do not add up to job %', job;
    END IF;
END $$;
SELECT put(1, 1500);

-- ---- Rows that came since: nothing to do, then another segment ---------------------------------------

SELECT gt_create_job('li certified', 'li.item', ARRAY['c0', 'c1', 'c2'], schedule => 'eager', guarantee => 'confidence', algorithm => 'softmax', gold_column => 'gold', seed => 2) > 0 AS created;
SELECT gt_add_objects('li certified') AS nothing_new;
SELECT run('li certified'), counts('li certified'), wrong('li certified') <= 0.05 AS kept;
SELECT put(1501, 1620), gt_add_objects('li certified') AS added, gt_add_objects('li certified') AS again;
SELECT counts('li certified');
-- the validation set is that of so many rows, with the same share in each segment
SELECT segment_no, first_row, taken_count, s.object_count, s.validation_count, row_count FROM gtlabel.segment s JOIN gt_jobs USING (job_id) WHERE job_name = 'li certified' ORDER BY 1;
SELECT count(*), min(object_no) >= 1500 AS new, max(validation_no) - min(validation_no) + 1 = count(*) AS places_go_on FROM gtlabel.object JOIN gt_jobs USING (job_id)
 WHERE job_name = 'li certified' AND validation_no >= (SELECT validation_count FROM gtlabel.segment s WHERE s.job_id = gt_jobs.job_id AND segment_no = 0);
SELECT subset, b.object_count FROM gt_batches b WHERE job_name = 'li certified' AND state = 'open';
-- then a round, also under the standard schedule, and the machine labels what it may
SELECT run('li certified'), counts('li certified'), wrong('li certified') <= 0.05 AS kept, sound('li certified');
SELECT event, detail FROM gt_events WHERE job_name = 'li certified' AND event = 'objects_added';
-- labels of a completed job are not withdrawn by a slip
SELECT refused($$ SELECT gt_withdraw_machine_labels('li certified') $$);
-- features are read as they were at creation
SELECT put(1621, 1630);
UPDATE item SET features = '{1, 2}' WHERE id = 1625;
SELECT refused($$ SELECT gt_add_objects('li certified') $$);
UPDATE item SET features = '{1, 2, NaN}' WHERE id = 1625;
SELECT refused($$ SELECT gt_add_objects('li certified') $$);
UPDATE item SET features = '{1, 2, 3}', gold = 'c7' WHERE id = 1625;
SELECT refused($$ SELECT gt_add_objects('li certified') $$);
SELECT counts('li certified') AS unchanged;
DELETE FROM item WHERE id = 1625;
SELECT gt_add_objects('li certified') AS added, run('li certified'), sound('li certified');

-- ---- A trickle under the audited promise: the machine labels it, and an audit waits until it pays -------

SELECT gt_create_job('li audited', 'li.item', ARRAY['c0', 'c1', 'c2'], schedule => 'eager', algorithm => 'softmax', seed => 4) > 0 AS created;
SELECT run('li audited'), regexp_replace(counts('li audited'), '\d+ \+ \d+ \+ 0 \+ 0', 'N + N + 0 + 0') AS counts;
SELECT max(round_no) AS last FROM gt_rounds WHERE job_name = 'li audited' \gset
SELECT put(1631, 1690), gt_add_objects('li audited') AS added, run('li audited');
-- labeled at once, provisionally: none of these is final, although the job is completed
SELECT count(*) > 30 AS provisional, bool_or(l.final) AS any_final, (SELECT final FROM gt_labels_of('li audited', NULL::int) WHERE key = min(i.id)) AS by_key
  FROM gt_labels l JOIN item i ON i.id::text = l.object_key WHERE job_name = 'li audited' AND NOT human_annotated AND i.id > 1630;
SELECT regexp_replace(reason, '\d[\d,]*', 'N', 'g') AS reason FROM gt_rounds WHERE job_name = 'li audited' ORDER BY round_no DESC LIMIT 1;
-- the reports count them apart, and the certificate promises nothing of them
SELECT j.state, finding ~ format('%s by machine \(%s of them provisional\)', to_char(j.machine_labeled, 'FM999,999'), p.count) AS told, gt_certificate('li audited') ~ 'Provisional labels have passed no audit' AS certified
  FROM gt_jobs j, gt_explain_job('li audited') e, (SELECT count(*) FROM gt_labels WHERE job_name = 'li audited' AND NOT final) p WHERE j.job_name = 'li audited' AND e.topic = 'state';
-- an object knows the rounds since it joined, and none after the audit that its label has passed
CREATE FUNCTION li.rounds_of(key text) RETURNS int[] LANGUAGE sql AS $$
    SELECT array_agg(r[1]::int) FROM gt_explain_object('li audited', key), regexp_matches(finding, 'round (\d+)', 'g') r WHERE topic = 'machine' $$;
SELECT count(DISTINCT l.object_key) > 30 AS objects, bool_and(:last < ALL (rounds_of(l.object_key))) AS later_rounds_only FROM gt_labels l WHERE job_name = 'li audited' AND NOT final;
SELECT bool_and(x.label ~ 'by machine in round \d+, passed by audit 1, ' AND (:last >= ALL (rounds_of(x.object_key)))) AS ends_at_the_audit
  FROM (SELECT l.object_key, e.finding AS label FROM gt_labels l, LATERAL gt_explain_object('li audited', l.object_key) e WHERE job_name = 'li audited' AND final AND NOT human_annotated AND e.topic = 'label' ORDER BY 1 LIMIT 20) x;
DO $$
BEGIN
    FOR day IN 1 .. 12 LOOP
        PERFORM put(1691 + (day - 1) * 60, 1690 + day * 60), gt_add_objects('li audited');
        PERFORM run('li audited');
    END LOOP;
END $$;
-- audits of later lots have begun, each with all of its level again, and passed
SELECT count(DISTINCT lot_no) > 1 AS lots, bool_and(a.state = 'passed') AS passed, count(DISTINCT needed) = 1 AS same_level FROM gtlabel.audit a JOIN gt_jobs USING (job_id) WHERE job_name = 'li audited';
SELECT (count(*) FILTER (WHERE NOT human_annotated))::float8 / count(*) > 0.7 AS by_machine, count(*) FILTER (WHERE final AND NOT human_annotated) > 300 AS final, wrong('li audited') <= 0.05 AS kept, sound('li audited')
  FROM gt_labels l JOIN item i ON i.id::text = l.object_key WHERE job_name = 'li audited' AND i.id > 1630;
-- each of them is a certificate
SELECT count(*) = (SELECT count(*) FROM gt_audits WHERE job_name = 'li audited' AND state = 'passed') AS certificates, (SELECT count(*) FROM regexp_matches(gt_certificate('li audited'), 'Audit \d+: of', 'g')) = count(*) AS told
  FROM gt_explain_job('li audited') WHERE topic = 'certificate';
-- what waits for an audit is not final when the job is stopped
SELECT put(2411, 2440), gt_add_objects('li audited'), gt_stop_job('li audited');
SELECT state, unlabeled > 0 AS some_unlabeled, (SELECT bool_and(final) FROM gt_labels WHERE job_name = 'li audited') AS all_final FROM gt_jobs WHERE job_name = 'li audited';
SELECT sound('li audited');
SELECT refused($$ SELECT gt_add_objects('li audited') $$);

-- ---- Rows that come with a label are known by their keys, too -------------------------------------

CREATE TABLE li.half AS SELECT id, features, gold, CASE WHEN id <= 60 THEN gold END AS given FROM li.item WHERE id <= 400;
SELECT gt_create_job('li half', 'li.half', ARRAY['c0', 'c1', 'c2'], key_column => 'id', label_column => 'given', guarantee => 'confidence', algorithm => 'softmax', seed => 6, validation_share => 0.25, max_concurrent_task_count => 100) > 0 AS created;
SELECT gt_add_objects('li half') AS nothing_new, counts('li half');
INSERT INTO li.half SELECT id, features, gold, CASE WHEN id % 2 = 0 THEN gold END FROM li.item WHERE id BETWEEN 401 AND 420;
SELECT gt_add_objects('li half') AS objects, counts('li half');
SELECT gt_add_objects('li half') AS nothing_new, sound('li half');
-- a segment of rows with labels only
INSERT INTO li.half SELECT id, features, gold, gold FROM li.item WHERE id BETWEEN 421 AND 425;
SELECT gt_add_objects('li half') AS objects, counts('li half'), sound('li half');
SELECT run('li half'), sound('li half');
SELECT min(training_count) >= 75 AS given_rows_train FROM gt_rounds WHERE job_name = 'li half';

-- ---- States: a paused job stays paused, a purged one has nothing to join, a limit is a limit ----------

SELECT gt_create_job('li states', 'li.half', ARRAY['c0', 'c1', 'c2'], key_column => 'id', features_column => NULL, max_human_labeled_object_count => 10) > 0 AS created;
SELECT gt_pause_job('li states');
INSERT INTO li.half SELECT id, features, gold FROM li.item WHERE id BETWEEN 426 AND 430;
SELECT gt_add_objects('li states') AS added, counts('li states');
SELECT gt_resume_job('li states'), run('li states'), counts('li states');
INSERT INTO li.half SELECT id, features, gold FROM li.item WHERE id BETWEEN 431 AND 435;
SELECT gt_add_objects('li states') AS added, run('li states'), counts('li states'), sound('li states');
-- settings are altered on a completed job, which then goes on; its guarantee is that of the labels that it has
SELECT refused($$ SELECT gt_resume_job('li states') $$);
SELECT gt_alter_job('li states', max_human_labeled_object_count => 20, annotators_per_object => 2);
SELECT refused($$ SELECT gt_alter_job('li states', max_human_labeled_object_count => 30, guarantee => 'strict') $$);
SELECT refused($$ SELECT gt_alter_job('li states', annotators_per_object => 1) $$);
SELECT gt_resume_job('li states'), gt_advance_job('li states');
SELECT count(*) AS tasks, count(DISTINCT object_key) AS objects FROM gt_tasks WHERE job_name = 'li states' AND state = 'available';
SELECT answer('li states', NULL, 'ann'), answer('li states', NULL, 'bob'), gt_advance_job('li states'), counts('li states'), sound('li states');
SELECT gt_alter_job('li states', reset => ARRAY['max_human_labeled_object_count']), gt_resume_job('li states'), gt_advance_job('li states');
SELECT count(*) > 0 AS answered FROM generate_series(1, 3) turn, LATERAL (SELECT answer('li states', NULL, 'ann') + answer('li states', NULL, 'bob') + turn * 0 AS n) a, LATERAL (SELECT gt_advance_job('li states') WHERE n >= 0) b;
SELECT counts('li states');
SELECT refused($$ SELECT gt_resume_job('li states') $$);
SELECT gt_purge_job('li states');
INSERT INTO li.half SELECT id, features, gold FROM li.item WHERE id = 436;
SELECT refused($$ SELECT gt_add_objects('li states') $$);
SELECT refused($$ SELECT gt_add_objects('nobody') $$);
SELECT refused($$ SELECT gt_add_objects(NULL) $$);

-- ---- The validation set of many rows is hardly larger than that of few: its share falls, in each segment alike ----

CREATE TABLE li.share AS SELECT id, features, gold FROM li.item WHERE id <= 300;
CREATE VIEW li.shares AS SELECT job_name, segment_no, s.object_count, s.validation_count, count(o.validation_no) AS there, round(s.validation_share::numeric, 4) AS share FROM gtlabel.segment s JOIN gt_jobs j USING (job_id)
  LEFT JOIN gtlabel.object o ON o.job_id = s.job_id AND o.object_no >= first_row AND o.object_no < first_row + taken_count GROUP BY 1, 2, 3, 4, 6;
SELECT gt_create_job('li share', 'li.share', ARRAY['c0', 'c1', 'c2'], key_column => 'id', schedule => 'eager', guarantee => 'confidence', algorithm => 'softmax', seed => 5) > 0 AS created;
SELECT gt_create_job('li fixed', 'li.share', ARRAY['c0', 'c1', 'c2'], key_column => 'id', schedule => 'eager', guarantee => 'confidence', algorithm => 'softmax', seed => 5, validation_share => 0.3) > 0 AS created;
SELECT answer('li share', 90) AS answers;
CREATE TEMP TABLE before AS SELECT object_no, validation_no FROM gtlabel.object JOIN gt_jobs USING (job_id) WHERE job_name = 'li share' AND validation_no IS NOT NULL;
INSERT INTO li.share SELECT id, features, gold FROM li.item WHERE id BETWEEN 301 AND 1500;
SELECT gt_add_objects('li share') AS added, gt_add_objects('li fixed') AS fixed;
SELECT * FROM shares WHERE job_name IN ('li share', 'li fixed') ORDER BY 1, 2;
SELECT detail FROM gt_events WHERE job_name = 'li share' AND event = 'objects_added';
-- the last of the draw leave, whatever they were answered
SELECT max(b.validation_no) FILTER (WHERE o.validation_no IS NOT NULL) < min(b.validation_no) FILTER (WHERE o.validation_no IS NULL) AS in_order, count(*) AS before
  FROM before b JOIN gtlabel.object o USING (object_no) JOIN gt_jobs USING (job_id) WHERE job_name = 'li share';
-- people are still asked about those of the open batch; then their labels train, and the others are for the machine
SELECT run('li share'), counts('li share') ~ '^completed.* 0 [+] 0$' AS completed, wrong('li share') <= 0.05 AS kept, sound('li share');
SELECT count(*) FILTER (WHERE l.human_annotated) >= 90 AS answers_stay FROM before b JOIN gtlabel.object o USING (object_no) JOIN gt_jobs j USING (job_id) JOIN gt_labels l USING (job_name, object_key) WHERE job_name = 'li share';
SELECT training_count >= 50 AS train, validation_count FROM gt_rounds WHERE job_name = 'li share' ORDER BY round_no LIMIT 1;
-- the owner can have more: those that left come first, and count in no certificate
SELECT gt_alter_job('li share', validation_count => 320);
SELECT * FROM shares WHERE job_name = 'li share' ORDER BY 2;
SELECT count(*) AS again, bool_or(o.validation_active) AS any_active FROM before b JOIN gtlabel.object o USING (object_no) JOIN gt_jobs j USING (job_id) WHERE job_name = 'li share' AND o.validation_no >= 241;
SELECT gt_resume_job('li share'), run('li share'), sound('li share');
-- and what was set is what later rows go by
INSERT INTO li.share SELECT id, features, gold FROM li.item WHERE id BETWEEN 1501 AND 1600;
SELECT gt_add_objects('li share') AS added, gt_add_objects('li fixed') AS fixed;
SELECT * FROM shares WHERE job_name IN ('li share', 'li fixed') ORDER BY 1, 2;
-- the share holds when the newest rows are gone, and the set begins anew where none is left
SELECT gt_remove_objects('li share', ARRAY(SELECT id::text FROM li.item WHERE id BETWEEN 1501 AND 1600)) AS gone;
DELETE FROM li.share WHERE id BETWEEN 1501 AND 1600;
INSERT INTO li.share SELECT id, features, gold FROM li.item WHERE id BETWEEN 1601 AND 1620;
SELECT gt_add_objects('li share') AS added;
SELECT * FROM shares WHERE job_name = 'li share' ORDER BY 2;
SELECT run('li share'), wrong('li share') <= 0.05 AS kept, sound('li share'), drop_jobs('li fixed') AS dropped;
SELECT gt_alter_job('li share', reset => ARRAY['validation_count']);
SELECT gt_remove_objects('li share', array_agg(id::text)) AS gone FROM li.share;
DELETE FROM li.share WHERE id > 100;
SELECT gt_add_objects('li share') AS added, sound('li share');
SELECT * FROM shares WHERE job_name = 'li share' AND object_count > 0 ORDER BY 2;

-- a job that was audited has a certificate from now on: of a sample of all rows alike
CREATE TABLE li.turned AS SELECT id, features, gold FROM li.item WHERE id <= 600;
SELECT gt_create_job('li turned', 'li.turned', ARRAY['c0', 'c1', 'c2'], key_column => 'id', schedule => 'eager', neighbours => false, algorithm => 'softmax', seed => 5) > 0 AS created;
SELECT answer('li turned') AS answers, gt_advance_job('li turned');
INSERT INTO li.turned SELECT id, features, gold FROM li.item WHERE id BETWEEN 601 AND 1000;
SELECT gt_add_objects('li turned') AS added;
SELECT * FROM shares WHERE job_name = 'li turned' ORDER BY 2;
SELECT refused($$ SELECT gt_alter_job('li turned', guarantee => 'confidence') $$);
SELECT gt_alter_job('li turned', guarantee => 'confidence', validation_count => 150);
SELECT * FROM shares WHERE job_name = 'li turned' ORDER BY 2;
SELECT detail FROM gt_events WHERE job_name = 'li turned' AND event = 'altered';
SELECT run('li turned'), counts('li turned') ~ '^completed.* 0 [+] 0$' AS completed, wrong('li turned') <= 0.05 AS kept, sound('li turned');

-- ---- The validation set grows: the draw goes on in its order, also of a completed job ----------------------

CREATE TABLE li.grow AS SELECT id, features, gold FROM li.item WHERE id <= 900;
SELECT gt_create_job('li grow', 'li.grow', ARRAY['c0', 'c1', 'c2'], key_column => 'id', guarantee => 'confidence', algorithm => 'softmax', max_concurrent_task_count => 100, validation_count => 100, seed => 8) > 0 AS created;
SELECT gt_create_job('li large', 'li.grow', ARRAY['c0', 'c1', 'c2'], key_column => 'id', guarantee => 'confidence', algorithm => 'softmax', max_concurrent_task_count => 100, validation_count => 150, seed => 8) > 0 AS created;
SELECT gt_alter_job('li grow', validation_count => 120);
SELECT gt_alter_job('li grow', validation_count => 150);
SELECT validation_count, (SELECT value FROM gt_job_settings s WHERE s.job_name = j.job_name AND setting = 'validation_count') AS setting FROM gt_jobs j WHERE job_name IN ('li grow', 'li large');
SELECT count(*) AS same FROM gtlabel.object a JOIN gtlabel.job ja USING (job_id), gtlabel.object b JOIN gtlabel.job jb USING (job_id)
 WHERE ja.job_name = 'li grow' AND jb.job_name = 'li large' AND (a.object_no, a.validation_no) = (b.object_no, b.validation_no);
SELECT refused($$ SELECT gt_alter_job('li grow', validation_count => 149) $$);
SELECT refused($$ SELECT gt_alter_job('li grow', validation_count => 901) $$);
SELECT refused($$ SELECT gt_alter_job('li grow', validation_count => 0) $$);
SELECT refused($$ SELECT gt_create_job('li both', 'li.grow', ARRAY['c0', 'c1', 'c2'], key_column => 'id', validation_count => 100, validation_share => 0.1) $$);
SELECT gt_alter_job('li grow', reset => ARRAY['validation_count']), validation_count FROM gt_jobs WHERE job_name = 'li grow';
-- validation set, first training batch, round: then some of the next are those that people or the machine have labeled
SELECT answer('li grow') > 0 AS a, gt_advance_job('li grow'), answer('li grow') > 0 AS b, gt_advance_job('li grow'), answer('li grow') > 0 AS c, gt_advance_job('li grow');
INSERT INTO li.grow SELECT id, features, gold FROM li.item WHERE id BETWEEN 901 AND 1000;
SELECT gt_add_objects('li grow') AS added, run('li grow'), counts('li grow') ~ '^completed.* 0 [+] 0$' AS completed;
SELECT machine_labeled AS before, validation_count AS drawn FROM gt_jobs WHERE job_name = 'li grow' \gset
SELECT gt_alter_job('li grow', validation_count => 400);
SELECT state, validation_count, unlabeled = :before - machine_labeled AS for_people, unlabeled > 100 AS many FROM gt_jobs WHERE job_name = 'li grow';
-- each segment has its share, and what the queries had reached before counts in no certificate
SELECT segment_no, s.object_count, round(s.validation_count::numeric / s.object_count, 1) AS share FROM gtlabel.segment s JOIN gt_jobs USING (job_id) WHERE job_name = 'li grow' ORDER BY 1;
SELECT bool_and(NOT o.validation_active) AS reached FROM gtlabel.object o JOIN gt_jobs j USING (job_id) JOIN gt_labels l ON l.job_name = j.job_name AND l.object_key = o.object_key
 WHERE j.job_name = 'li grow' AND l.human_annotated AND o.validation_no >= :drawn;
SELECT gt_resume_job('li grow'), run('li grow'), counts('li grow') ~ '^completed.* 0 [+] 0$' AS completed, wrong('li grow') <= 0.05 AS kept, sound('li grow');
-- a round judges the machine labels by all of them
SELECT validation_count AS of_round, validation_active < validation_count AS some_reached FROM gt_rounds WHERE job_name = 'li grow' ORDER BY round_no DESC LIMIT 1;
SELECT event, detail FROM gt_events WHERE job_name = 'li grow' AND event IN ('validation_drawn', 'altered') ORDER BY event_id;
SELECT gt_purge_job('li grow');
SELECT refused($$ SELECT gt_alter_job('li grow', validation_count => 500) $$);
SELECT refused($$ SELECT gt_alter_job('li states', validation_count => 100) $$);
-- the machine is called off, and on again; a job that began without it gets a validation set
SELECT gt_create_job('li off', 'li.grow', ARRAY['c0', 'c1', 'c2'], key_column => 'id', guarantee => 'confidence', auto_label => false, algorithm => 'softmax', max_concurrent_task_count => 100, seed => 8) > 0 AS created;
SELECT refused($$ SELECT gt_alter_job('li off', auto_label => true) $$);
SELECT refused($$ SELECT gt_alter_job('li large', auto_label => false) $$);
SELECT answer('li off') > 0 AS answered, gt_advance_job('li off'), gt_alter_job('li off', auto_label => true, validation_count => 200);
SELECT run('li off'), machine_labeled > 300 AS by_machine, wrong('li off') <= 0.05 AS kept, sound('li off') FROM gt_jobs WHERE job_name = 'li off';
SELECT machine_labeled > 300 AS by_machine, validation_count FROM gt_jobs WHERE job_name = 'li off';
SELECT gt_withdraw_machine_labels('li off', true) > 300 AS withdrawn, gt_advance_job('li off'), gt_alter_job('li off', auto_label => true), run('li off'), sound('li off');
SELECT machine_labeled > 100 AS by_machine_again, wrong('li off') <= 0.05 AS kept FROM gt_jobs WHERE job_name = 'li off';
-- not while people check the labels that were fixed
SELECT gt_create_job('li check', 'li.grow', ARRAY['c0', 'c1', 'c2'], key_column => 'id', schedule => 'eager', algorithm => 'softmax', seed => 4) > 0 AS created;
DO $$
BEGIN
    FOR turn IN 1 .. 60 LOOP
        EXIT WHEN EXISTS (SELECT FROM gt_audits WHERE job_name = 'li check' AND state = 'open');
        PERFORM answer('li check'), gt_advance_job('li check');
    END LOOP;
END $$;
SELECT refused($$ SELECT gt_alter_job('li check', validation_count => 200) $$);
SELECT run('li check'), gt_alter_job('li check', validation_count => 100), sound('li check'), counts('li check') ~ '0 [+] 0$' AS settled_labels_stay;
SELECT gt_stop_job('li large');
SELECT refused($$ SELECT gt_alter_job('li large', validation_count => 300) $$);

-- ---- Erasure: nothing that names the row or was made of it alone is left -----------------------------

CREATE TABLE li.person (id text PRIMARY KEY, features float4[], gold text);
INSERT INTO li.person SELECT 'secret-' || id || '!', features, gold FROM li.item WHERE id <= 600;
-- tables of the schema in which some row has the text somewhere
CREATE FUNCTION li.traces(needle text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    t text; found boolean; tables text[] := '{}';
BEGIN
    FOR t IN SELECT relname FROM pg_class WHERE relnamespace = 'gtlabel'::regnamespace AND relkind = 'r' ORDER BY 1 LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM gtlabel.%I x WHERE strpos(x::text, $1) > 0)', t) INTO found USING needle;
        IF found THEN
            tables := tables || t;
        END IF;
    END LOOP;
    RETURN array_to_string(tables, ', ');
END $$;
SELECT gt_create_job('li person', 'li.person', ARRAY['c0', 'c1', 'c2'], guarantee => 'confidence', algorithm => 'softmax', gold_column => 'gold', seed => 7, max_concurrent_task_count => 100) > 0 AS created;
SELECT traces('secret-17!');
-- a batch that loses an object goes on; who is not known is passed over
SELECT object_key AS open_key FROM gt_tasks WHERE job_name = 'li person' AND state = 'available' ORDER BY 1 LIMIT 1 \gset
SELECT gt_remove_objects('li person', ARRAY['secret-17!', :'open_key', 'secret-17!', 'nobody']) AS gone, gt_remove_objects('li person', ARRAY['secret-17!']) AS again,
       gt_remove_objects('li person', NULL) AS none, gt_remove_objects('li person', '{}') AS nothing;
SELECT refused($$ SELECT gt_remove_objects('li person', ARRAY['secret-1!', NULL]) $$);
SELECT traces('secret-17!') AS traces, traces(:'open_key') AS open_traces, counts('li person'), sound('li person');
DELETE FROM li.person WHERE id IN ('secret-17!', :'open_key');
SELECT answer('li person'), gt_advance_job('li person');
SELECT bool_and(labeled + failed = object_count) AS adds_up FROM gt_batches WHERE job_name = 'li person' AND state = 'closed';
-- in the open batch some have answered, with comments
SELECT answer('li person', 20);
SELECT gt_remove_objects('li person', array_agg(object_key ORDER BY object_key)) AS gone FROM (SELECT object_key FROM gt_annotations WHERE job_name = 'li person' ORDER BY batch_no DESC, object_key LIMIT 5) a;
SELECT run('li person'), sound('li person');
SELECT bool_and(labeled + failed = object_count) AS adds_up FROM gt_batches WHERE job_name = 'li person' AND state = 'closed';
-- of a completed job: labels of people and machine, validation objects
SELECT machine_labeled > 0 AS machine FROM gt_jobs WHERE job_name = 'li person';
SELECT gt_remove_objects('li person', array_agg(id)) AS gone FROM (SELECT id FROM li.person WHERE EXISTS (SELECT FROM gtlabel.object WHERE object_key = id) ORDER BY id LIMIT 200) p;
SELECT state, object_count, sound('li person') FROM gt_jobs WHERE job_name = 'li person';
-- the features of erased rows are zeros, and those of the others what they were
SELECT count(*) AS erased, count(*) FILTER (WHERE substring(pages FROM 12 * no + 1 FOR 12) = '\x000000000000000000000000') AS zeros
  FROM (SELECT string_agg(data, '' ORDER BY page_no) AS pages FROM gtlabel.feature_page JOIN gt_jobs USING (job_id) WHERE job_name = 'li person' AND segment_no = 0) f, generate_series(0, 599) no
 WHERE NOT EXISTS (SELECT FROM gtlabel.object o JOIN gt_jobs USING (job_id) WHERE job_name = 'li person' AND object_no = no);
-- the statistics are those of the rows that are left
SELECT row_count = s.object_count AS rows, abs(feature_mean[1] - (SELECT avg(features[1]) FROM li.person JOIN gtlabel.object ON object_key = id)) < 1e-5 AS mean FROM gtlabel.segment s JOIN gt_jobs USING (job_id) WHERE job_name = 'li person';
-- all of them, also while a batch is open
INSERT INTO li.person SELECT 'late-' || id, features, gold FROM li.item WHERE id BETWEEN 601 AND 650;
SELECT gt_add_objects('li person') > 50 AS removed_ones_come_back_if_they_are_in_the_table;
SELECT gt_remove_objects('li person', array_agg(object_key)) > 0 AS gone, gt_advance_job('li person') FROM gtlabel.object JOIN gt_jobs USING (job_id) WHERE job_name = 'li person';
SELECT counts('li person'), sound('li person'), traces('secret-') AS traces, length(gt_report('li person')) > 1000 AS report, (SELECT count(*) > 0 FROM gt_explain_job('li person')) AS explained;

-- ---- An audit that loses objects: as draws they count as wrong, otherwise as right ----------------------

SELECT gt_create_job('li loss', 'li.item', ARRAY['c0', 'c1', 'c2'], schedule => 'eager', algorithm => 'softmax', seed => 11) > 0 AS created;
DO $$
BEGIN
    FOR turn IN 1 .. 60 LOOP
        EXIT WHEN EXISTS (SELECT FROM gt_audits WHERE job_name = 'li loss' AND state = 'open');
        PERFORM answer('li loss'), gt_advance_job('li loss');
    END LOOP;
END $$;
SELECT frozen, left_count AS before FROM gt_audits WHERE job_name = 'li loss' \gset
SELECT gt_remove_objects('li loss', (SELECT array_agg(object_key) FROM (SELECT object_key FROM gt_tasks WHERE job_name = 'li loss' AND state = 'available' ORDER BY 1 LIMIT 3) t)
    || (SELECT array_agg(object_key) FROM (SELECT object_key FROM gtlabel.audit_object JOIN gt_jobs USING (job_id) JOIN gtlabel.object USING (job_id, object_no) WHERE job_name = 'li loss' AND draw_no IS NULL ORDER BY 1 LIMIT 30) t)) AS gone;
SELECT count(*) FILTER (WHERE lost AND draw_no IS NOT NULL) AS drawn, count(*) FILTER (WHERE lost AND draw_no IS NULL) AS others FROM gtlabel.audit_object JOIN gt_jobs USING (job_id) WHERE job_name = 'li loss';
SELECT answer('li loss') > 0 AS answered, gt_advance_job('li loss');
-- none of them is among the wrong labels known
SELECT found >= 3 AS as_wrong, known + 3 <= found + takes - 30 AS not_known, :before - left_count = draws + takes AS all_counted FROM gtlabel.audit JOIN gt_jobs USING (job_id) WHERE job_name = 'li loss';
SELECT run('li loss'), wrong('li loss') <= 0.05 AS kept, sound('li loss');
SELECT count(*) FROM gtlabel.audit_object a JOIN gt_jobs USING (job_id) WHERE job_name = 'li loss' AND NOT EXISTS (SELECT FROM gtlabel.object o WHERE o.job_id = a.job_id AND o.object_no = a.object_no);
-- neighbourhood columns of the removed are zeros, too
SELECT block_no, count(*) AS erased, count(*) FILTER (WHERE substring(pages FROM width * no + 1 FOR width) = decode(repeat('00', width), 'hex')) AS zeros
  FROM (SELECT job_id, block_no, CASE block_no WHEN 0 THEN 12 ELSE 256 END AS width, string_agg(data, '' ORDER BY page_no) AS pages FROM gtlabel.feature_page JOIN gt_jobs USING (job_id) WHERE job_name = 'li loss' GROUP BY 1, 2) f,
       LATERAL (SELECT no FROM generate_series(0, (SELECT taken_count - 1 FROM gtlabel.segment s WHERE s.job_id = f.job_id)) no WHERE NOT EXISTS (SELECT FROM gtlabel.object o WHERE o.job_id = f.job_id AND object_no = no)) gone
 GROUP BY 1 ORDER BY 1;

-- ---- Text: later rows go through what was learned at creation -------------------------------------------

CREATE TABLE li.note (id int PRIMARY KEY, body text, gold text);
INSERT INTO li.note SELECT g, CASE g % 2 WHEN 0 THEN 'the engine runs well, number ' ELSE 'pay the bill at once, number ' END || g, CASE g % 2 WHEN 0 THEN 'car' ELSE 'money' END FROM generate_series(1, 300) g;
SELECT gt_create_job('li text', 'li.note', ARRAY['car', 'money'], text_column => 'body', text_dimensions => 16, guarantee => 'confidence', schedule => 'eager', algorithm => 'softmax', seed => 3) > 0 AS created;
SELECT run('li text');
INSERT INTO li.note SELECT g, CASE g % 2 WHEN 0 THEN 'an engine that runs, number ' ELSE 'bill to pay, number ' END || g, CASE g % 2 WHEN 0 THEN 'car' ELSE 'money' END FROM generate_series(301, 360) g;
SELECT gt_add_objects('li text') AS added, run('li text'), sound('li text');
SELECT count(*) FILTER (WHERE NOT human_annotated) > 20 AS by_machine, avg((label = gold)::int) > 0.95 AS right FROM gt_labels l JOIN li.note n ON n.id::text = l.object_key WHERE job_name = 'li text' AND n.id > 300;
INSERT INTO li.note VALUES (361, NULL, 'car');
SELECT refused($$ SELECT gt_add_objects('li text') $$);
SELECT count(gt_drop_job(job_name, true)) AS dropped FROM gt_jobs WHERE job_name LIKE 'li %';
