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
SELECT tgname ~ '^gtlabel_\d+_(insert|update|delete)$' AS ours FROM pg_trigger WHERE tgrelid = 'fo.item'::regclass ORDER BY tgname;
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
-- rows that cannot be taken in stop nothing
INSERT INTO item VALUES (701, NULL, 'c1');
SELECT gt_advance_job('fo job');
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
-- what came together with them joins as soon as they are gone
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
CREATE TABLE fo.parts (id int, features float4[], gold text) PARTITION BY RANGE (id);
CREATE TABLE fo.part PARTITION OF fo.parts DEFAULT;
INSERT INTO fo.parts SELECT * FROM item WHERE id < 50;
SELECT refused(format($$ SELECT gt_create_job('fo not', %L, ARRAY['c0', 'c1', 'c2'], key_column => 'id', follow => true) $$, d)) FROM unnest(ARRAY['fo.seen', 'fo.parts']) d;
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
