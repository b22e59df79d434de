-- Jobs that follow their table: what is inserted joins, what is deleted leaves, what gets other features is decided anew.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA fo;
SET search_path = public, fo, gtl_test;
SET client_min_messages = warning;
CREATE TABLE fo.item (id int PRIMARY KEY, features float4[], gold text);
CREATE FUNCTION fo.put(first int, last int) RETURNS bigint LANGUAGE sql AS $$
    WITH new AS (INSERT INTO item SELECT g, ARRAY[g % 3 * 3 + (g * 7919::bigint) % 1009 / 504.5 - 1, (g * 104729::bigint) % 997 / 498.5 - 1]::float4[],
        'c' || g % 3 FROM generate_series(first, last) g RETURNING 1) SELECT count(*) FROM new $$;
CREATE FUNCTION fo.counts(job text) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s: %s objects, %s + %s + %s + %s', state, object_count, human_labeled, machine_labeled, failed, unlabeled) FROM gt_jobs WHERE job_name = job $$;
CREATE FUNCTION fo.number(job text, key int) RETURNS int LANGUAGE sql AS $$
    SELECT object_no FROM gtlabel.object JOIN gt_jobs USING (job_id) WHERE job_name = job AND object_key = key::text $$;
CREATE VIEW fo.noted AS SELECT kind, row_key FROM gtlabel.change;
SELECT put(1, 600);

SELECT gt_create_job('fo job', 'fo.item', ARRAY['c0', 'c1', 'c2'], schedule => 'eager', guarantee => 'confidence', algorithm => 'softmax', follow => true, seed => 3) > 0 AS created;
SELECT tgname ~ '^gtlabel_\d+_(insert|update|delete|truncate)$' AND tgenabled = 'A' AS ours FROM pg_trigger WHERE tgrelid = 'fo.item'::regclass ORDER BY tgname;
SELECT run('fo job'), counts('fo job');

-- ---- Inserts: one row is noted, however many come; a completed job goes on ---------------------------------

SELECT put(601, 700);
SELECT * FROM noted;
SELECT finding FROM gt_explain_job('fo job') WHERE topic = 'state';
SELECT gt_advance_job('fo job'), counts('fo job');
SELECT count(*) FROM noted;
SELECT run('fo job'), check_counters('fo job');
BEGIN;
SELECT put(701, 710);
ROLLBACK;
SELECT count(*) AS nothing_noted FROM noted;
-- rows that cannot be taken in stop nothing, and the others join
INSERT INTO item VALUES (701, NULL, 'c1'), (704, '{1, 2, 3}', 'c1'), (705, '{NaN, 1}', 'c1'), (706, '{1, 1}', 'c1');
SELECT gt_advance_job('fo job'), number('fo job', 706) IS NOT NULL AS taken, coalesce(number('fo job', 701), number('fo job', 704), number('fo job', 705)) IS NULL AS passed_over, check_counters('fo job');
DELETE FROM item WHERE id IN (704, 705, 706);
SELECT gt_advance_job('fo job'), number('fo job', 706) IS NULL AS gone;
SELECT detail FROM gt_events WHERE job_name = 'fo job' AND event = 'objects_refused';
SELECT refused($$ SELECT gt_add_objects('fo job') $$);
SELECT severity, finding FROM gt_check() WHERE subject = 'job "fo job"';
SELECT finding, advice FROM gt_explain_job('fo job') WHERE topic = 'dataset';
-- what is gone leaves all the same
INSERT INTO item VALUES (702, NULL, 'c1');
DELETE FROM item WHERE id = 699;
SELECT gt_advance_job('fo job'), number('fo job', 699) IS NULL AS gone;
DELETE FROM item WHERE id = 702;
UPDATE item SET features = '{1, 2}' WHERE id = 701;
SELECT gt_advance_job('fo job'), number('fo job', 701) IS NOT NULL AS taken;
SELECT count(*) AS findings FROM gt_check() WHERE subject = 'job "fo job"';
-- nor does what came together with them wait
INSERT INTO item VALUES (702, NULL, 'c1'), (703, '{1, 2}', 'c1');
SELECT gt_advance_job('fo job'), number('fo job', 703) IS NOT NULL AS taken;
DELETE FROM item WHERE id = 702;
SELECT gt_advance_job('fo job'), number('fo job', 703) IS NOT NULL AS taken;
INSERT INTO item VALUES (702, NULL, 'c1');
SELECT gt_advance_job('fo job');
DELETE FROM item WHERE id = 702;
SELECT gt_add_objects('fo job') AS added, gt_advance_job('fo job');
SELECT (SELECT detail FROM gt_events WHERE job_name = 'fo job' ORDER BY event_id DESC LIMIT 1), (SELECT count(*) FROM gt_check() WHERE subject = 'job "fo job"') AS findings;

-- ---- Deletes: erased, also while people answer ---------------------------------------------------------------

DELETE FROM item WHERE id IN (5, 601) OR id = -1;
DELETE FROM item WHERE id = -2;
SELECT * FROM noted ORDER BY 2;
SELECT gt_advance_job('fo job'), number('fo job', 5), number('fo job', 601), check_counters('fo job');
-- deleted and inserted again: another object
SELECT number('fo job', 6) AS before \gset
BEGIN;
DELETE FROM item WHERE id = 6;
SELECT put(6, 6);
COMMIT;
SELECT gt_advance_job('fo job'), number('fo job', 6) > :before AS another;

-- ---- Updates: another key, other features; people's labels stay -----------------------------------------------

SELECT run('fo job');
SELECT object_key AS machine, number('fo job', object_key::int) AS machine_no FROM gt_labels WHERE job_name = 'fo job' AND NOT human_annotated AND object_key::int > 20 ORDER BY object_key::int LIMIT 1 \gset
SELECT object_key AS human, number('fo job', object_key::int) AS human_no FROM gt_labels WHERE job_name = 'fo job' AND human_annotated AND object_key::int > 20 ORDER BY object_key::int LIMIT 1 \gset
UPDATE item SET gold = gold WHERE id < 100;
SELECT count(*) AS nothing_noted FROM noted;
UPDATE item SET features = '{6.5, 0.5}', gold = 'c2' WHERE id IN (:machine, :human);
UPDATE item SET id = 9007 WHERE id = 7;
SELECT count(*) FILTER (WHERE kind = '~') AS stale, count(*) FILTER (WHERE kind = '-') AS gone FROM noted;
SELECT run('fo job'), check_counters('fo job');
SELECT number('fo job', :machine) > :machine_no AS anew, number('fo job', :human) = :human_no AS same, number('fo job', 7) AS gone, number('fo job', 9007) IS NOT NULL AS taken;
SELECT label FROM gt_labels WHERE job_name = 'fo job' AND object_key = :'machine';

-- with ask_again_on_change people are asked again, and what they had said is history
SELECT gt_alter_job('fo job', ask_again_on_change => true);
CREATE VIEW fo.asked AS SELECT i.id, n.no AS object_no, l.label, l.human_annotated AS human, (SELECT count(*) FROM gt_annotations a WHERE a.job_name = 'fo job' AND a.object_key = i.id::text) AS answers,
    (SELECT count(*) FROM gt_tasks t WHERE t.job_name = 'fo job' AND t.object_key = i.id::text AND t.state = 'available') AS open, (SELECT count(*) FROM gtlabel.former_answer f WHERE f.object_key = i.id::text) AS former
  FROM item i CROSS JOIN LATERAL (SELECT number('fo job', i.id) AS no) n LEFT JOIN gt_labels l ON l.job_name = 'fo job' AND l.object_key = i.id::text;
CREATE TEMP TABLE chosen AS SELECT id, object_no, label, subset FROM (SELECT a.*, s.subset, row_number() OVER (PARTITION BY s.subset ORDER BY a.id) AS place FROM asked a JOIN gt_labels s ON s.job_name = 'fo job' AND s.object_key = a.id::text
  WHERE human AND answers = 1 AND a.id BETWEEN 610 AND 698) x WHERE place <= 1 + 4 * (subset = 'validation')::int;
SELECT subset, count(*) FROM chosen GROUP BY 1 ORDER BY 1;
SELECT gt_correct_labels('fo job', ARRAY[min(id)]::text[], ARRAY['c0']) AS decided, min(id) AS decided_id FROM chosen \gset
UPDATE item i SET features = ARRAY[features[1], features[2] + 0.001], gold = 'c1' FROM chosen c WHERE i.id = c.id;
SELECT gt_advance_job('fo job'), check_counters('fo job');
SELECT count(*) AS rows, bool_and(a.object_no > c.object_no) AS other_numbers, bool_or(a.label IS NOT NULL) AS any_label, sum(a.answers) AS answers, sum(a.former) AS former FROM chosen c JOIN asked a USING (id);
SELECT event, detail FROM gt_events WHERE job_name = 'fo job' AND event = 'objects_changed';
-- all of them are for people: those of the validation set count in no certificate
SELECT count(*) FILTER (WHERE r.object_no IS NOT NULL) + count(o.validation_no) AS for_people, bool_or(o.validation_active) AS any_active FROM chosen c JOIN asked a USING (id) JOIN gtlabel.object o ON o.object_key = c.id::text AND o.object_no = a.object_no
  LEFT JOIN gtlabel.recall r ON r.job_id = o.job_id AND r.object_no = o.object_no AND r.margin IS NULL;
SELECT topic, regexp_replace(finding, ' at .*, about', ' at ..., about') ~ '^[^ ]+: c\d at \.\.\., about the row as it was until' AS told FROM gt_explain_object('fo job', (SELECT max(id)::text FROM chosen)) WHERE topic = 'former answer';
SELECT count(*) AS told_of_the_decided FROM gt_explain_object('fo job', :'decided_id') WHERE topic = 'former answer';
SELECT run('fo job'), check_counters('fo job');
SELECT count(*) AS rows, bool_and(human AND a.label = 'c1') AS answered_anew, sum(answers) AS answers, sum(former) AS former FROM chosen JOIN asked a USING (id);
-- once more: the history grows; and a row that cannot join waits, with its history, until it can
UPDATE item SET features = ARRAY[features[1], features[2] + 0.001] WHERE id IN (SELECT max(id) FROM chosen);
UPDATE item SET features = NULL WHERE id = :decided_id;
SELECT gt_advance_job('fo job');
SELECT object_no IS NULL AS waits, former FROM asked WHERE id = :decided_id;
UPDATE item SET features = '{1, 1}' WHERE id = :decided_id;
SELECT run('fo job'), check_counters('fo job');
SELECT id = :decided_id AS decided, human, former FROM asked WHERE id = :decided_id OR id = (SELECT max(id) FROM chosen) ORDER BY id;
-- numbers of categories follow
SELECT gt_add_category('fo job', 'first', place => 1);
SELECT class_no, j.label_categories[class_no + 1] AS decided FROM gtlabel.former_answer JOIN gtlabel.job j USING (job_id) WHERE job_name = 'fo job' AND batch_no IS NULL;
-- erasure erases history, too, also that of rows that could not join
DELETE FROM item WHERE id IN (SELECT max(id) FROM chosen);
UPDATE item SET features = NULL WHERE id = :decided_id;
SELECT gt_advance_job('fo job');
SELECT count(*) AS waits FROM gtlabel.former_answer WHERE object_key = :'decided_id';
DELETE FROM item WHERE id = :decided_id;
SELECT gt_advance_job('fo job');
SELECT count(*) AS left_over FROM gtlabel.former_answer WHERE object_key = :'decided_id' OR object_key = (SELECT max(id)::text FROM chosen);
SELECT count(*) > 0 AS others_stay FROM gtlabel.former_answer;
SELECT gt_alter_job('fo job', ask_again_on_change => false);
SELECT run('fo job'), check_counters('fo job');

-- ---- Paused, off, on, dropped -----------------------------------------------------------------------------------

SELECT put(801, 850), gt_advance_job('fo job');
SELECT gt_pause_job('fo job'), put(851, 860), gt_advance_job('fo job');
SELECT count(*) AS waits FROM noted;
SELECT gt_resume_job('fo job'), gt_advance_job('fo job'), number('fo job', 860) IS NOT NULL AS taken;
SELECT gt_alter_job('fo job', follow => false);
SELECT put(861, 870);
SELECT count(*) AS nothing_noted, (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'fo.item'::regclass) AS triggers FROM noted;
SELECT gt_alter_job('fo job', follow => true), gt_advance_job('fo job');
SELECT number('fo job', 870) IS NOT NULL AS what_came_meanwhile_too, check_counters('fo job');

-- ---- Tables only, and nobody notes for somebody else's job ------------------------------------------------------

CREATE VIEW fo.seen AS SELECT * FROM item;
SELECT refused($$ SELECT gt_create_job('fo not', 'fo.seen', ARRAY['c0', 'c1', 'c2'], key_column => 'id', follow => true) $$);
CREATE TABLE fo.other (id int);
SELECT refused(format('CREATE TRIGGER forged AFTER DELETE ON fo.other REFERENCING OLD TABLE AS gtlabel_old FOR EACH STATEMENT EXECUTE FUNCTION gtlabel.follow(%L)', job_id)) ~ '^ACCEPTED' AS created FROM gt_jobs WHERE job_name = 'fo job';
INSERT INTO fo.other VALUES (9), (10);
DELETE FROM fo.other;
SELECT count(*) AS nothing_noted FROM noted;
CREATE TRIGGER wrong BEFORE INSERT ON fo.other FOR EACH ROW EXECUTE FUNCTION gtlabel.follow('1');
SELECT refused('INSERT INTO fo.other VALUES (1)');
SELECT put(871, 872), gt_drop_job('fo job', true);
SELECT count(*) AS nothing_noted, (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'fo.item'::regclass) AS triggers FROM noted;
SELECT put(873, 874);

-- ---- TRUNCATE: what is not there again leaves, and what people have said about the rest stays -------------------

CREATE TABLE fo.whole (id int PRIMARY KEY, features float4[], gold text);
INSERT INTO whole SELECT * FROM item WHERE id <= 600;
SELECT gt_create_job('fo all', 'fo.whole', ARRAY['c0', 'c1', 'c2'], schedule => 'eager', guarantee => 'confidence', algorithm => 'softmax', follow => true, seed => 3) > 0 AS created;
SELECT run('fo all');
SELECT gt_machine > 0 AS machine, human > 20 AS human FROM (SELECT count(*) FILTER (WHERE NOT human_annotated) AS gt_machine, count(*) FILTER (WHERE human_annotated) AS human FROM gt_labels WHERE job_name = 'fo all') l;
CREATE TEMP TABLE said AS SELECT object_key, label FROM gt_labels WHERE job_name = 'fo all' AND human_annotated AND object_key::int <= 300;
BEGIN;
TRUNCATE whole;
INSERT INTO whole SELECT * FROM item WHERE id <= 300;
COMMIT;
SELECT kind, count(*) FROM noted GROUP BY 1 ORDER BY 1;
SELECT run('fo all'), counts('fo all'), check_counters('fo all');
SELECT count(*) FILTER (WHERE l.label IS DISTINCT FROM s.label) AS lost FROM said s LEFT JOIN gt_labels l ON job_name = 'fo all' AND human_annotated AND l.object_key = s.object_key;
TRUNCATE whole;
SELECT gt_advance_job('fo all'), counts('fo all'), check_counters('fo all');
SELECT count(*) AS keys_left FROM gtlabel.object JOIN gt_jobs USING (job_id) WHERE job_name = 'fo all';
INSERT INTO whole SELECT * FROM item WHERE id <= 200;
SELECT run('fo all'), counts('fo all'), check_counters('fo all');
-- a role that only replicates
SET session_replication_role = replica;
INSERT INTO whole SELECT * FROM item WHERE id = 201;
RESET session_replication_role;
SELECT * FROM noted;
MERGE INTO whole w USING (SELECT * FROM item WHERE id IN (1, 202)) i ON i.id = w.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (i.id, i.features, i.gold);
INSERT INTO whole SELECT id, '{6.5, 0.5}', gold FROM item WHERE id IN (2, 203) ON CONFLICT (id) DO UPDATE SET features = excluded.features;
SELECT kind, row_key FROM noted ORDER BY 1, 2;
SELECT run('fo all'), number('fo all', 1) IS NULL AS gone, number('fo all', 201) > 0 AND number('fo all', 202) > 0 AND number('fo all', 203) > 0 AS taken;
SELECT gt_drop_job('fo all', true);

-- ---- Partitions: whoever writes to the whole or to one of them -----------------------------------------------------

CREATE TABLE fo.parts (id int PRIMARY KEY, features float4[], gold text) PARTITION BY RANGE (id);
CREATE TABLE fo.part_1 PARTITION OF fo.parts FOR VALUES FROM (0) TO (300);
CREATE TABLE fo.part_2 PARTITION OF fo.parts FOR VALUES FROM (300) TO (10000) PARTITION BY RANGE (id);
CREATE TABLE fo.part_21 PARTITION OF fo.part_2 FOR VALUES FROM (300) TO (1000);
INSERT INTO parts SELECT * FROM item WHERE id BETWEEN 10 AND 250 OR id BETWEEN 310 AND 550;
SELECT gt_create_job('fo parts', 'fo.parts', ARRAY['c0', 'c1', 'c2'], schedule => 'eager', guarantee => 'confidence', algorithm => 'softmax', follow => true, seed => 3) > 0 AS created;
INSERT INTO parts SELECT * FROM item WHERE id IN (10, 11, 12) ON CONFLICT DO NOTHING;
INSERT INTO part_1 SELECT * FROM item WHERE id = 9;
DELETE FROM part_21 WHERE id = 311;
DELETE FROM parts WHERE id = 13;
UPDATE parts SET id = 700 WHERE id = 14;
SELECT kind, row_key, count(*) FROM noted GROUP BY 1, 2 ORDER BY 1, 2;
SELECT gt_advance_job('fo parts'), number('fo parts', 9) > 0 AND number('fo parts', 700) > 0 AS taken, coalesce(number('fo parts', 311), number('fo parts', 13), number('fo parts', 14)) IS NULL AS gone;
-- one that comes later: its rows join with the next intake, which gives it triggers
CREATE TABLE fo.part_22 (LIKE fo.part_21 INCLUDING ALL);
INSERT INTO part_22 SELECT 1000 + id, features, gold FROM item WHERE id BETWEEN 1 AND 5;
ALTER TABLE part_2 ATTACH PARTITION part_22 FOR VALUES FROM (1000) TO (2000);
SELECT count(*) AS nothing_noted FROM noted;
SELECT subject ~ 'fo parts' AS found, finding FROM gt_check() WHERE finding ~ 'part_22';
INSERT INTO parts SELECT * FROM item WHERE id = 15 ON CONFLICT DO NOTHING;
SELECT gt_advance_job('fo parts'), number('fo parts', 1001) > 0 AND number('fo parts', 1004) > 0 AS taken;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'fo.part_22'::regclass;
DELETE FROM part_22 WHERE id = 1001;
TRUNCATE part_1;
SELECT kind, row_key FROM noted ORDER BY 1, 2;
SELECT run('fo parts');
SELECT number('fo parts', 1001) IS NULL AND number('fo parts', 9) IS NULL AS gone, object_count = (SELECT count(*) FROM parts) AS all_of_them, check_counters('fo parts') FROM gt_jobs WHERE job_name = 'fo parts';
-- what has become a table of its own is followed no more
ALTER TABLE part_2 DETACH PARTITION part_22;
INSERT INTO part_22 SELECT 1100 + id, features, gold FROM item WHERE id < 3;
SELECT count(*) AS nothing_noted FROM noted;
SELECT finding FROM gt_check() WHERE subject ~ 'fo parts' AND finding ~ 'no row';
ALTER TABLE part_2 ATTACH PARTITION part_22 FOR VALUES FROM (1000) TO (2000);
SELECT gt_drop_job('fo parts', true);
SELECT (SELECT count(*) FROM pg_trigger t WHERE tgname ~ '^gtlabel_' AND tgrelid::regclass::text ~ 'part') AS triggers;
-- ---- Whatever becomes of its columns, a job keeps nobody from writing, and says what it cannot take in ------------

SET client_min_messages = error;
CREATE TABLE fo.moved AS SELECT * FROM item WHERE id < 60;
ALTER TABLE fo.moved ADD PRIMARY KEY (id);
SELECT gt_create_job('fo moved', 'fo.moved', ARRAY['c0', 'c1', 'c2'], follow => true, display_columns => '{id}', seed => 1) > 0 AS created;
ALTER TABLE fo.moved RENAME TO renamed;
ALTER TABLE fo.renamed RENAME COLUMN id TO number;
INSERT INTO fo.renamed VALUES (2000, '{1, 2}', 'c1');
UPDATE fo.renamed SET gold = 'c1' WHERE number = 2000;
DELETE FROM fo.renamed WHERE number = 2000;
SELECT gt_advance_job('fo moved');
SELECT severity, finding FROM gt_check() WHERE subject = 'job "fo moved"' ORDER BY 2;
SELECT refused($$ SELECT gt_add_objects('fo moved') $$);
ALTER TABLE fo.renamed RENAME COLUMN number TO id;
ALTER TABLE fo.renamed DROP COLUMN features;
INSERT INTO fo.renamed VALUES (2000, 'c1');
UPDATE fo.renamed SET gold = 'c2';
DELETE FROM fo.renamed WHERE id = 2000;
SELECT gt_advance_job('fo moved');
DROP TABLE fo.renamed;
SELECT refused($$ SELECT gt_add_objects('fo moved') $$);
SELECT refused($$ SELECT gt_export_labels('fo moved', 'label_studio') $$);
SELECT refused($$ SELECT gt_output_manifest('fo moved') $$);
SELECT finding FROM gt_explain_job('fo moved') WHERE topic IN ('dataset', 'next step') ORDER BY 1;
SELECT gt_drop_job('fo moved');
