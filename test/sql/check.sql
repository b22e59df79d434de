-- gt_check: each ailment with its remedy; the tables are damaged by hand.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA ch;
SET search_path = public, ch, gtl_test;
CREATE TABLE ch.things (id integer PRIMARY KEY, features float4[], gold text);
INSERT INTO ch.things SELECT g, ARRAY[g % 3, g % 5], CASE WHEN g % 3 = 0 THEN 'fizz' ELSE 'plain' END FROM generate_series(1, 30) g;
GRANT USAGE ON SCHEMA ch, gtl_test TO PUBLIC;
GRANT SELECT ON ch.things TO PUBLIC;
CREATE ROLE regress_gtl_ch_owner;
CREATE ROLE regress_gtl_ch_team;
-- what it finds in this database's jobs; the server's own ailments depend on the server
CREATE FUNCTION ch.ailments() RETURNS TABLE (severity text, subject text, finding text, remedy text) LANGUAGE sql AS $$
    SELECT severity, subject, regexp_replace(regexp_replace(finding, '\d+-\d+-\d+ \d+:\d+:\d+\+00', '(time)'), 'role \d+', 'role (number)'), remedy
      FROM gt_check() WHERE subject ~ '^(job|table|version)'
$$;

SELECT gt_create_job('ch', 'ch.things', ARRAY['fizz', 'plain'], max_concurrent_task_count => 5, seed => 1) > 0 AS created;
SELECT * FROM ailments();
-- the server: not preloaded, or its launcher runs; a clock that is moved
SELECT count(*) FROM gt_check() WHERE subject = 'launcher' AND severity = 'error';
SET gtlabel.clock_offset = '1 h';
SELECT severity, subject, finding, remedy FROM gt_check() WHERE subject = 'gtlabel.clock_offset';
RESET gtlabel.clock_offset;

-- steps that nobody does
SELECT answer('ch');
SELECT * FROM ailments();
SET gtlabel.background = on;
SELECT * FROM ailments();
UPDATE gtlabel.job SET last_modified_at = now() - interval '1 hour' WHERE job_name = 'ch';
SELECT * FROM ailments();
SET gtlabel.background = off;
BEGIN;
SELECT job_id AS ch FROM gt_jobs WHERE job_name = 'ch' \gset
INSERT INTO gtlabel.step (job_id, step, failures, failed_at, sqlstate, message, retry_at) VALUES (:ch, 'close_batch', 2, now(), '53100', 'disk full', now() + interval '1 min');
SELECT * FROM ailments();
ROLLBACK;
BEGIN;
INSERT INTO gtlabel.step (job_id, step, attempts, attempt_at) VALUES (:ch, 'look', 3, now() + interval '1 min');
SELECT * FROM ailments();
ROLLBACK;
BEGIN;
UPDATE gtlabel.job SET state = 'failed', failure_reason = 'too much of it' WHERE job_name = 'ch';
SELECT * FROM ailments();
ROLLBACK;
SELECT gt_advance_job('ch');
SELECT * FROM ailments();

-- roles, dataset, columns and functions that are gone
CREATE FUNCTION ch.best(job_name text, object_keys text[], annotators text[], labels text[]) RETURNS TABLE (object_key text, label text, confidence float8)
    LANGUAGE sql AS $$ SELECT unnest(object_keys), unnest(labels), 1.0::float8 $$;
SET ROLE regress_gtl_ch_owner;
SELECT gt_create_job('ch owned', 'ch.things', ARRAY['fizz', 'plain'], workteam => 'regress_gtl_ch_team', max_concurrent_task_count => 5, seed => 1,
                     consolidation => 'ch.best(text, text[], text[], text[])') > 0 AS created;
SELECT * FROM ailments();
RESET ROLE;
REVOKE SELECT ON ch.things FROM regress_gtl_ch_owner, PUBLIC;
SELECT * FROM ailments();
SELECT refused($$ SELECT gt_accept_tasks('ch owned', 1) $$);
GRANT SELECT ON ch.things TO PUBLIC;
ALTER TABLE ch.things DROP COLUMN features;
DROP FUNCTION ch.best;
DROP ROLE regress_gtl_ch_owner, regress_gtl_ch_team;
\! psql -Xqd postgres -c 'DROP ROLE regress_gtl_ch_owner, regress_gtl_ch_team'
SELECT * FROM ailments();
SELECT gt_alter_job('ch owned', owner => :'USER', workteam => 'pg_monitor');
DROP TABLE ch.things;
SELECT * FROM ailments();

-- damage
CREATE FUNCTION ch.go_on() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WHILE gt_advance_job('ch') = 'in_progress' LOOP
        PERFORM gt_annotate('ch', array_agg(object_key), array_agg(CASE WHEN object_key::int % 3 = 0 THEN 'fizz' ELSE 'plain' END))
           FROM gt_tasks WHERE job_name = 'ch' AND state = 'available';
    END LOOP;
END $$;
BEGIN;
DELETE FROM gtlabel.feature_page WHERE job_id = :ch;
SELECT * FROM ailments() WHERE severity = 'error' AND subject = 'job ch';
SELECT regexp_replace(refused($$ SELECT ch.go_on() $$), 'job \d+', 'job (number)') AS refused;
ROLLBACK;
BEGIN;
UPDATE gtlabel.feature_page SET data = substr(data, 1, 9) WHERE job_id = :ch;
SELECT regexp_replace(refused($$ SELECT ch.go_on() $$), 'job \d+', 'job (number)') AS refused;
ROLLBACK;
BEGIN;
DELETE FROM gtlabel.label WHERE job_id = :ch AND object_no = (SELECT min(object_no) FROM gtlabel.label WHERE job_id = :ch);
DELETE FROM gtlabel.object WHERE job_id = :ch AND object_no = 29;
SELECT * FROM ailments() WHERE severity = 'error' AND subject = 'job ch';
ROLLBACK;
BEGIN;
UPDATE gtlabel.batch SET closed_at = now() WHERE job_id = :ch;
SELECT * FROM ailments() WHERE severity = 'error' AND subject = 'job ch';
ROLLBACK;
BEGIN;
INSERT INTO gtlabel.event (job_id, at, event, state, detail) SELECT i, now(), 'created', 'in_progress', '' FROM generate_series(-2, -1) i, generate_series(1, 3);
INSERT INTO gtlabel.failure VALUES (-7, 1, 1, 'expired', now());
SELECT * FROM ailments() WHERE subject ~ '^table';
SET ROLE pg_monitor;
SELECT count(*) FROM ailments() WHERE subject ~ '^table';
ROLLBACK;

-- memory for the rounds to come
SET maintenance_work_mem = '1MB';
SET client_min_messages = error;
SELECT gt_create_job('ch digits', 'gtl_test.digits', ARRAY[:digits], seed => 1) > 0 AS created;
SELECT severity, subject, regexp_replace(finding, '\d+ MB for', '(some) MB for'), regexp_replace(remedy, 'ROLE .* SET (.*) = ''\d+MB', 'ROLE (me) SET \1 = ''(more)MB') FROM ailments() WHERE subject = 'job "ch digits"';
RESET maintenance_work_mem;
RESET client_min_messages;

-- an extension that was not updated
BEGIN;
UPDATE pg_extension SET extversion = '0.0.1' WHERE extname = 'gtlabel';
SELECT * FROM ailments() WHERE subject = 'version';
ROLLBACK;

SELECT drop_jobs('ch%');
DROP SCHEMA ch CASCADE;
REVOKE USAGE ON SCHEMA gtl_test FROM PUBLIC;
