-- What a job needs disappears in the middle of it: its dataset, columns of that, its owner, their consolidation
-- function; and, after gt_purge_job, its features.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
SET client_min_messages = error;
CREATE ROLE regress_gtl_lo_owner;
CREATE ROLE regress_gtl_lo_heir;
CREATE SCHEMA lo;
GRANT USAGE ON SCHEMA lo, gtl_test TO regress_gtl_lo_owner, regress_gtl_lo_heir;
GRANT SELECT ON gtl_test.digits TO regress_gtl_lo_owner, regress_gtl_lo_heir;
GRANT CREATE ON SCHEMA lo TO regress_gtl_lo_owner;
SET search_path = public, lo, gtl_test;
-- answers by the right digits, wherever the dataset may be
CREATE FUNCTION lo.go_on(job text, turns integer DEFAULT 1000) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
BEGIN
    FOR turn IN 1 .. turns LOOP
        PERFORM gt_annotate(job, array_agg(t.object_key), array_agg(d.gold)) FROM gt_tasks t JOIN gtl_test.digits d ON d.id::text = t.object_key
          WHERE t.job_name = job AND t.state = 'available' HAVING count(*) > 0;
        state := gt_advance_job(job);
        PERFORM gtl_test.check_counters(job);
        EXIT WHEN state <> 'in_progress';
    END LOOP;
    RETURN state;
END $$;
-- to the first machine labels, before the end
CREATE FUNCTION lo.start(job text, dataset regclass, settings text DEFAULT '') RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT gt_create_job(%L, %L, %L, schedule => ''eager'', guarantee => ''confidence'', validation_share => 0.2, algorithm => ''softmax'', target_accuracy => 0.95, max_concurrent_task_count => 100, seed => 11%s)',
                   job, dataset, ARRAY['0','1','2','3','4','5','6','7','8','9'], settings);
    WHILE NOT EXISTS (SELECT FROM gt_rounds r WHERE r.job_name = job AND r.auto_labeled > 0) LOOP
        PERFORM lo.go_on(job, 1);
    END LOOP;
    RETURN (SELECT state = 'in_progress' FROM gt_jobs j WHERE j.job_name = job);
END $$;
-- all that was decided, and that every report still answers
CREATE FUNCTION lo.outcome(job text) RETURNS TABLE (state text, same_labels boolean, reports boolean) LANGUAGE sql AS $$
    SELECT j.state, (SELECT md5(string_agg(row(object_key, label, human_annotated, batch_no, round_no)::text, ',' ORDER BY object_key)) FROM gt_labels WHERE job_name = job)
                  = (SELECT md5(string_agg(row(object_key, label, human_annotated, batch_no, round_no)::text, ',' ORDER BY object_key)) FROM gt_labels WHERE job_name = 'lo calm'),
           gt_report(job) LIKE '%</html>%' AND (SELECT count(*) FROM gt_plan_job(job)) >= 0 AND (SELECT count(*) FROM gt_explain_job(job)) > 0
           AND (SELECT bool_and((SELECT count(*) FROM gt_explain_object(job, object_key)) > 1) FROM (SELECT object_key FROM gt_labels WHERE job_name = job LIMIT 20) l)
      FROM gt_jobs j WHERE job_name = job $$;
SELECT lo.start('lo calm', 'gtl_test.digits');
SELECT lo.go_on('lo calm');

-- ---- The dataset, and its columns -------------------------------------------------------------------------

CREATE TABLE lo.whole AS SELECT * FROM gtl_test.digits;
ALTER TABLE lo.whole ADD PRIMARY KEY (id);
SELECT lo.start('lo whole', 'lo.whole');
DROP TABLE lo.whole;
SELECT lo.go_on('lo whole', 1);
SELECT dataset::text ~ '^\d+$' AS number_only, gtl_test.setting(job_name, 'key_column') AS key_column FROM gt_jobs WHERE job_name = 'lo whole';
SELECT finding, remedy FROM gt_check() WHERE subject = 'job "lo whole"';
SELECT lo.go_on('lo whole');
SELECT * FROM lo.outcome('lo whole');

CREATE TABLE lo.parts AS SELECT *, NULL::text AS given, CASE WHEN id % 20 = 0 THEN gold END AS known FROM gtl_test.digits;
ALTER TABLE lo.parts ADD PRIMARY KEY (id);
SELECT lo.start('lo parts', 'lo.parts', ', label_column => ''given'', gold_column => ''known''');
ALTER TABLE lo.parts DROP COLUMN id, DROP COLUMN features, DROP COLUMN given, DROP COLUMN known;
SELECT finding, remedy FROM gt_check() WHERE subject = 'job "lo parts"' ORDER BY 1;
SELECT lo.go_on('lo parts');
SELECT * FROM lo.outcome('lo parts');
DROP TABLE lo.parts;

-- ---- The owner ----------------------------------------------------------------------------------------

SET ROLE regress_gtl_lo_owner;
CREATE TABLE lo.owned AS SELECT * FROM gtl_test.digits;
ALTER TABLE lo.owned ADD PRIMARY KEY (id);
CREATE FUNCTION lo.best(job_name text, object_keys text[], annotators text[], labels text[]) RETURNS TABLE (object_key text, label text, confidence float8)
    LANGUAGE sql AS $$ SELECT unnest(object_keys), unnest(labels), 0.5::float8 $$;
RESET ROLE;
CREATE FUNCTION lo.other(job_name text, object_keys text[], annotators text[], labels text[]) RETURNS TABLE (object_key text, label text, confidence float8)
    LANGUAGE sql AS $$ SELECT unnest(object_keys), unnest(labels), 0.5::float8 $$;
GRANT SELECT ON lo.owned TO regress_gtl_lo_heir;
SELECT lo.start(job, 'lo.owned', settings) FROM (VALUES ('lo dropped', ''), ('lo reassigned', ''), ('lo function', ', consolidation => ''lo.best(text, text[], text[], text[])'''),
                                                      ('lo stranger', ', consolidation => ''lo.other(text, text[], text[], text[])''')) v (job, settings);
SELECT gt_alter_job(job_name, owner => 'regress_gtl_lo_owner') FROM gt_jobs WHERE job_name LIKE 'lo %' AND state = 'in_progress';
-- tables and functions go to the heir, jobs do not: they are rows
REASSIGN OWNED BY regress_gtl_lo_owner TO regress_gtl_lo_heir;
SELECT DISTINCT owner FROM gt_jobs WHERE job_name LIKE 'lo %' AND state = 'in_progress';
DROP OWNED BY regress_gtl_lo_owner, regress_gtl_lo_heir CASCADE;
-- a role that owns jobs which still run is not dropped where the library sees it
DROP ROLE regress_gtl_lo_owner;
\! psql -Xqd postgres -c 'DROP ROLE regress_gtl_lo_owner'
GRANT USAGE ON SCHEMA lo, gtl_test TO regress_gtl_lo_heir;
GRANT SELECT ON gtl_test.digits TO regress_gtl_lo_heir;
SELECT subject, regexp_replace(finding, 'role \d+', 'role (number)') AS finding, remedy FROM gt_check() WHERE subject LIKE 'job "lo %' AND severity = 'error' ORDER BY 1, 2;
-- a superuser may go on with it as it is
SELECT lo.go_on('lo dropped');
SELECT * FROM lo.outcome('lo dropped');
SELECT regexp_replace(refused($$ SELECT lo.go_on('lo stranger', 1) $$), 'OID \d+', 'OID (number)') AS refused;
SELECT count(*) AS leased FROM gt_accept_tasks('lo stranger', 2, 'ann');
SELECT gt_stop_job('lo stranger');
SELECT state FROM gt_jobs WHERE job_name = 'lo stranger';
-- or give it to somebody
SELECT gt_alter_job('lo reassigned', owner => 'regress_gtl_lo_heir'), gt_alter_job('lo function', owner => 'regress_gtl_lo_heir');
SET ROLE regress_gtl_lo_heir;
SELECT job_name, owner, state FROM gt_jobs WHERE job_name LIKE 'lo %' ORDER BY 1;
SELECT DISTINCT owner FROM gt_models;
RESET ROLE;
SELECT lo.go_on('lo reassigned');
SELECT state, same_labels FROM lo.outcome('lo reassigned');
-- the function is missed when the batch ends; what was answered stays
SELECT gt_annotate('lo function', array_agg(object_key), array_agg('1'::text)) > 0 AS answered FROM gt_tasks WHERE job_name = 'lo function' AND state = 'available';
SELECT refused($$ SELECT gt_advance_job('lo function') $$);
-- the stop is recorded all the same
SELECT gt_stop_job('lo function');
SELECT finding, remedy FROM gt_check() WHERE subject = 'job "lo function"' AND severity = 'error';
CREATE FUNCTION lo.best(job_name text, object_keys text[], annotators text[], labels text[]) RETURNS TABLE (object_key text, label text, confidence float8)
    LANGUAGE sql AS $$ SELECT unnest(object_keys), unnest(labels), 0.5::float8 $$;
-- the same signature, but another role's: it is not called with the rights of the job's owner until it is named again
SELECT refused($$ SELECT lo.go_on('lo function') $$);
SELECT finding, remedy FROM gt_check() WHERE subject = 'job "lo function"' AND finding LIKE 'its consolidation%';
SELECT gt_alter_job('lo function', consolidation => 'lo.best(text, text[], text[], text[])');
SELECT detail FROM gt_events WHERE job_name = 'lo function' AND event = 'altered' ORDER BY event_id DESC LIMIT 1;
SELECT lo.go_on('lo function');

-- ---- Features that were purged --------------------------------------------------------------------------

SELECT gt_purge_job('lo whole');
SELECT * FROM lo.outcome('lo whole');
SELECT refused($$ SELECT gt_drop_model('lo whole/1') $$);
SELECT topic FROM gt_explain_object('lo whole', (SELECT min(object_key) FROM gt_labels WHERE job_name = 'lo whole' AND NOT human_annotated)) ORDER BY 1;
SELECT avg((gt_predict('lo whole/' || (SELECT max(round_no) FROM gt_rounds WHERE job_name = 'lo whole'), features) = gold)::int) > 0.9 AS predicts FROM gtl_test.digits;
SELECT refused($$ SELECT * FROM gt_simulate_job((SELECT dataset FROM gt_jobs WHERE job_name = 'lo whole'), 'gold') $$) ~ '^42P01 relation with OID \d+ does not exist$' AS refused;
-- its newest model starts another job
SELECT gt_create_job('lo next', 'gtl_test.digits', ARRAY[:digits], initial_model => 'lo whole/' || (SELECT max(round_no) FROM gt_rounds WHERE job_name = 'lo whole'), seed => 3) > 0 AS created;
-- people can still take over from the machine, which needs no features; nothing is wrong with the job then
SELECT gt_withdraw_machine_labels('lo whole', confirm => true) > 500 AS withdrawn;
SELECT finding FROM gt_check() WHERE subject = 'job "lo whole"' AND severity = 'error';
SELECT lo.go_on('lo whole');
SELECT state, human_labeled = object_count AS by_people FROM gt_jobs WHERE job_name = 'lo whole';

SELECT drop_jobs('lo %');
DROP SCHEMA lo CASCADE;
REVOKE ALL ON SCHEMA gtl_test FROM regress_gtl_lo_heir;
REVOKE ALL ON gtl_test.digits FROM regress_gtl_lo_heir;
DROP ROLE regress_gtl_lo_heir;
