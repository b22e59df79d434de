-- CREATE EXTENSION in a schema where functions and operators lie in wait, by the very role that has laid them there, which
-- is no superuser: none of them gets into a view, a policy or a default, or is called with other rights.
BEGIN;
SET client_min_messages = warning;
SELECT no_plan();
DROP EXTENSION gtlabel;
CREATE ROLE regress_gtl_mallory;
CREATE SCHEMA api AUTHORIZATION regress_gtl_mallory;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_gtl_mallory', current_database()); END $$;
CREATE ROLE regress_gtl_nobody;
CREATE TABLE caught (what text);
GRANT INSERT ON caught TO PUBLIC;

SET ROLE regress_gtl_mallory;
CREATE FUNCTION api.spring() RETURNS int LANGUAGE sql AS $$ INSERT INTO public.caught VALUES ('caught') RETURNING 1 $$;
-- as exact a match as can be for what the script calls
DO $$
DECLARE
    f text; o text;
BEGIN
    FOREACH f IN ARRAY ARRAY['left(text, int)', 'cardinality(text[])', 'octet_length(bytea)', 'pg_has_role(regrole, unknown)', 'pg_has_role(regrole, text)',
                             'extract(text, interval)', 'date_part(text, interval)', 'current_database()', 'clock()', 'coalesce_(int)', 'float8(numeric)',
                             'numeric(float8)', 'text(name)', 'int4(boolean)'] LOOP
        CONTINUE WHEN f LIKE '%unknown%';
        EXECUTE format('CREATE FUNCTION api.%s RETURNS int LANGUAGE plpgsql AS %L', f, 'BEGIN RETURN api.spring(); END');
    END LOOP;
    FOREACH f IN ARRAY ARRAY['int', 'bigint', 'text', 'boolean', 'float8', 'timestamptz', 'interval', 'numeric', 'real', 'smallint'] LOOP
        EXECUTE format('CREATE FUNCTION api.op(%s, %1$s) RETURNS boolean LANGUAGE plpgsql AS %L', f, 'BEGIN RETURN api.spring() > 0; END');
        FOREACH o IN ARRAY ARRAY['=', '<>', '<', '<=', '>', '>=', '||', '+', '-', '/'] LOOP
            EXECUTE format('CREATE OPERATOR api.%s (leftarg = %s, rightarg = %2$s, function = api.op)', o, f);
        END LOOP;
        EXECUTE format('CREATE FUNCTION api.sfunc(bigint, %s) RETURNS bigint LANGUAGE plpgsql AS %L', f, 'BEGIN RETURN api.spring(); END');
        FOREACH o IN ARRAY ARRAY['count', 'avg', 'max', 'min', 'sum', 'array_agg', 'jsonb_agg'] LOOP
            EXECUTE format('CREATE AGGREGATE api.%s(%s) (sfunc = api.sfunc, stype = bigint)', o, f);
        END LOOP;
    END LOOP;
    CREATE FUNCTION api.sfunc2(jsonb, text, jsonb) RETURNS jsonb LANGUAGE plpgsql AS 'BEGIN PERFORM api.spring(); RETURN $1; END';
    CREATE FUNCTION api.sfunc2(jsonb, text, bigint) RETURNS jsonb LANGUAGE plpgsql AS 'BEGIN PERFORM api.spring(); RETURN $1; END';
    CREATE AGGREGATE api.jsonb_object_agg(text, jsonb) (sfunc = api.sfunc2, stype = jsonb);
    CREATE AGGREGATE api.jsonb_object_agg(text, bigint) (sfunc = api.sfunc2, stype = jsonb);
    CREATE FUNCTION api.ordered(float8, float8) RETURNS float8 LANGUAGE plpgsql AS 'BEGIN RETURN api.spring(); END';
    CREATE FUNCTION api.final(float8, numeric) RETURNS float8 LANGUAGE plpgsql AS 'BEGIN RETURN api.spring(); END';
    CREATE AGGREGATE api.percentile_cont(numeric ORDER BY float8) (sfunc = api.ordered, stype = float8, finalfunc = api.final);
END $$;
SET ROLE regress_gtl_nobody;
SELECT throws_ok('CREATE EXTENSION gtlabel SCHEMA api', '42501', NULL, 'a role that may create nothing in the database cannot install it');
SET ROLE regress_gtl_mallory;
CREATE SCHEMA gtlabel;
SELECT throws_ok('CREATE EXTENSION gtlabel SCHEMA api', '42P06', NULL, 'it does not move into a schema that somebody has made for it');
DROP SCHEMA gtlabel;
CREATE EXTENSION gtlabel SCHEMA api;
SELECT is_empty($$ SELECT pg_describe_object(e.classid, e.objid, e.objsubid)
                     FROM pg_depend e JOIN pg_extension x ON x.oid = e.refobjid AND e.refclassid = 'pg_extension'::regclass
                     LEFT JOIN pg_class c ON e.classid = 'pg_class'::regclass AND c.oid = e.objid
                     LEFT JOIN pg_proc p ON e.classid = 'pg_proc'::regclass AND p.oid = e.objid
                     LEFT JOIN pg_type t ON e.classid = 'pg_type'::regclass AND t.oid = e.objid
                     LEFT JOIN pg_namespace n ON e.classid = 'pg_namespace'::regclass AND n.oid = e.objid
                    WHERE x.extname = 'gtlabel' AND e.deptype = 'e'
                      AND COALESCE(c.relowner, p.proowner, t.typowner, n.nspowner) = 'regress_gtl_mallory'::regrole $$,
                'what it consists of is not its installer''s');
SELECT throws_ok(format(statement, relation), '42501', NULL, format(statement, relation))
  FROM unnest(ARRAY['gtlabel.job', 'gtlabel.label', 'api.gt_jobs']) relation,
       unnest(ARRAY['ALTER TABLE %s RENAME TO mine', 'DELETE FROM %s', 'ALTER EXTENSION gtlabel DROP TABLE %s',
                    'CREATE TRIGGER t BEFORE INSERT ON %s EXECUTE FUNCTION api.spring()']) statement
 WHERE relation LIKE 'gtlabel.%' OR statement LIKE '% RENAME TO %';
SELECT throws_ok('ALTER EXTENSION gtlabel DROP VIEW api.gt_jobs', '42501', NULL, 'nor can it take a view out of the extension, to put another one in its place');
SELECT throws_ok('DROP VIEW api.gt_jobs', '2BP01', NULL, 'although it is in a schema of its own');
SET client_min_messages = error;
GRANT ALL ON gtlabel.job TO regress_gtl_nobody;
SET client_min_messages = warning;
SELECT is(has_table_privilege('regress_gtl_nobody', 'gtlabel.job', 'INSERT'), false, 'or give away rights');
SELECT throws_ok('CREATE FUNCTION gtlabel.clock(int) RETURNS int LANGUAGE sql AS $q$ SELECT 1 $q$', '42501', NULL, 'nor can it add anything to the schema of the tables');
SELECT throws_ok('SET gtlabel.clock_offset = 1', '42501', NULL, 'or move the clock');
RESET ROLE;
SELECT is_empty($$
    SELECT pg_describe_object(d.classid, d.objid, d.objsubid), pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
      FROM pg_depend d
     WHERE d.deptype <> 'e' AND EXISTS (
               SELECT FROM pg_depend s WHERE s.refclassid = 'pg_namespace'::regclass AND s.refobjid = 'api'::regnamespace
                  AND s.classid = d.refclassid AND s.objid = d.refobjid)
       AND EXISTS (   -- a rule, policy, default or check of one of ours
               SELECT FROM pg_depend e JOIN pg_extension x ON x.oid = e.refobjid
                 LEFT JOIN pg_rewrite r ON r.ev_class = e.objid AND e.classid = 'pg_class'::regclass
                 LEFT JOIN pg_policy p ON p.polrelid = e.objid AND e.classid = 'pg_class'::regclass
                 LEFT JOIN pg_attrdef a ON a.adrelid = e.objid AND e.classid = 'pg_class'::regclass
                 LEFT JOIN pg_constraint c ON c.conrelid = e.objid AND e.classid = 'pg_class'::regclass
                WHERE x.extname = 'gtlabel' AND e.deptype = 'e' AND d.objid IN (e.objid, r.oid, p.oid, a.oid, c.oid))
       AND d.refobjid NOT IN (SELECT objid FROM pg_depend e JOIN pg_extension x ON x.oid = e.refobjid WHERE x.extname = 'gtlabel' AND e.deptype = 'e')
    $$, 'nothing of the extension depends on what lay in wait');

SET search_path = pg_catalog, public;
SET gtlabel.background = off;
CREATE TABLE public.t AS SELECT g AS id, g::text AS gold FROM generate_series(1, 2) g;
SELECT ok(api.gt_create_job('j', 'public.t', ARRAY['1', '2'], key_column => 'id', features_column => NULL, annotators_per_object => 2) > 0, 'a job');
SELECT is(api.gt_annotate('j', ARRAY['1', '2'], ARRAY['1', '2'], who), 2, 'with answers') FROM unnest(ARRAY['ann', 'bob']) who;
SELECT is(api.gt_advance_job('j'), 'completed', 'and labels');
SELECT lives_ok('SELECT * FROM api.' || v, v || ' is read') FROM unnest(ARRAY['gt_jobs', 'gt_batches', 'gt_tasks', 'gt_annotations',
    'gt_annotators', 'gt_rounds', 'gt_certificates', 'gt_labels', 'gt_failures', 'gt_models', 'gt_events', 'gt_progress']) v;
SELECT lives_ok('SELECT ' || f, f) FROM unnest(ARRAY['api.gt_explain_job(''j'')', 'api.gt_report(''j'')', 'api.gt_check()', 'api.gt_queue(''j'')',
    'api.gt_explain_object(''j'', ''1'')']) f;
SELECT is((SELECT count(*) FROM public.caught), 0::bigint, 'nobody was caught');

SELECT * FROM finish();
ROLLBACK;
