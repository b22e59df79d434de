\set ECHO none
-- What the regression tests share; each includes it, so that each passes alone.
--
-- pg_regress creates the extension; without it (psql -f from the top of the source tree) this does.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS gtlabel;
CREATE SCHEMA IF NOT EXISTS gtl_test;
SET search_path = public, gtl_test;

-- The steps of a job are done in this session, when the test says so.
SET gtlabel.background = off;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET extra_float_digits = 1;

-- What a statement is refused with, or that it was not.
CREATE OR REPLACE FUNCTION gtl_test.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'ACCEPTED: ' || statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                            detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN state || ' ' || message
        || CASE WHEN detail <> '' THEN E'\n      detail: ' || detail ELSE '' END
        || CASE WHEN hint <> '' THEN E'\n      hint: ' || hint ELSE '' END;
END $$;

-- Answers up to `most` open objects of a job by key, with what the dataset's column gold says; returns how many.
CREATE OR REPLACE FUNCTION gtl_test.answer(job text, most integer DEFAULT NULL, annotator text DEFAULT NULL)
    RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    j record; answers integer;
BEGIN
    SELECT dataset, key_column INTO STRICT j FROM gtlabel.job known WHERE job_name = job;
    EXECUTE format('SELECT gt_annotate($1, array_agg(o.object_key), array_agg(o.gold), $3) FROM'
                   ' (SELECT DISTINCT t.object_key, d.gold FROM gt_tasks t JOIN %s d ON d.%I::text = t.object_key'
                   '   WHERE t.job_name = $1 AND t.state = ''available'' ORDER BY 1 LIMIT $2) o', j.dataset, j.key_column)
        INTO answers USING job, most, annotator;
    RETURN answers;
END $$;

-- Everything that is open gets the right answer, then the due step is done, until an audit is open.
CREATE OR REPLACE FUNCTION gtl_test.until_audit(job text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    FOR turn IN 1 .. 60 LOOP
        IF EXISTS (SELECT FROM gt_audits WHERE job_name = job AND state = 'open') THEN
            RETURN 'audit ' || (SELECT max(audit_no) FROM gt_audits WHERE job_name = job);
        END IF;
        PERFORM answer(job), gt_advance_job(job);
    END LOOP;
    RETURN 'none';
END $$;

-- A setting of a job as gt_job_settings shows it.
CREATE OR REPLACE FUNCTION gtl_test.setting(job text, name text) RETURNS text LANGUAGE sql AS $$
    SELECT value FROM gt_job_settings WHERE job_name = job AND setting = name
$$;

-- Raises unless the counters in gt_jobs are those of the tables and add up to the objects.
CREATE OR REPLACE FUNCTION gtl_test.check_counters(job text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    j record; human bigint; machine bigint; failed bigint; objects bigint; twice bigint;
BEGIN
    SELECT * INTO STRICT j FROM gt_jobs WHERE job_name = job;
    SELECT count(*) FILTER (WHERE l.human_annotated), count(*) FILTER (WHERE NOT l.human_annotated)
      INTO human, machine FROM gt_labels l WHERE l.job_name = job;
    SELECT count(*) INTO failed FROM gt_failures f WHERE f.job_name = job;
    SELECT count(*) INTO objects FROM gtlabel.object o WHERE o.job_id = j.job_id;
    SELECT count(*) INTO twice FROM gt_labels l JOIN gt_failures f USING (job_name, object_key) WHERE job_name = job;
    IF (j.human_labeled, j.machine_labeled, j.failed, j.total_labeled, j.object_count)
       IS DISTINCT FROM (human, machine, failed, human + machine, objects)
       OR j.total_labeled + j.failed + j.unlabeled <> j.object_count OR j.unlabeled < 0 OR twice > 0 THEN
        RAISE EXCEPTION 'counters of %: human %/%, machine %/%, failed %/%, total %, unlabeled %, objects %/%, labeled and failed %', job,
            j.human_labeled, human, j.machine_labeled, machine, j.failed, failed, j.total_labeled, j.unlabeled,
            j.object_count, objects, twice;
    END IF;
END $$;

-- Answers and advances until nothing is left to do; the counters are checked at every step.
CREATE OR REPLACE FUNCTION gtl_test.run(job text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
BEGIN
    FOR turn IN 1 .. 1000 LOOP
        state := gt_advance_job(job);
        PERFORM gtl_test.check_counters(job);
        EXIT WHEN state <> 'in_progress';
        PERFORM gtl_test.answer(job);
        PERFORM gtl_test.check_counters(job);
    END LOOP;
    RETURN state;
END $$;

-- Drops the jobs whose names match, with their models; returns how many.
CREATE OR REPLACE FUNCTION gtl_test.drop_jobs(pattern text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    job text; jobs integer := 0;
BEGIN
    FOR job IN SELECT job_name FROM gt_jobs WHERE job_name LIKE pattern LOOP
        PERFORM gt_drop_job(job, with_models => true);
        jobs := jobs + 1;
    END LOOP;
    RETURN jobs;
END $$;

-- 1,758 handwritten digits of all ten kinds (the file is sorted by kind): real input, of the size of the service's
-- best known support case.
SELECT to_regclass('gtl_test.digits') IS NULL AS digits_are_missing \gset
\if :digits_are_missing
CREATE TABLE gtl_test.digits (id bigint PRIMARY KEY, features float4[] NOT NULL, gold text NOT NULL);
\copy gtl_test.digits FROM PROGRAM 'gzip -dc "${PG_ABS_SRCDIR:-test}/../examples/data/optdigits.copy.gz"'
DELETE FROM gtl_test.digits WHERE id NOT IN (SELECT id FROM gtl_test.digits ORDER BY md5(id::text) LIMIT 1758);
ANALYZE gtl_test.digits;
\endif

RESET client_min_messages;
\set SHOW_CONTEXT never
\pset format unaligned
\pset footer off
\pset null NULL
\set digits '''0'',''1'',''2'',''3'',''4'',''5'',''6'',''7'',''8'',''9'''
\set ECHO all
