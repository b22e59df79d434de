-- Names and data that try to become SQL; functions and operators that wait for a search_path.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
SET client_min_messages = error;
-- whoever drops it was careless with a name
CREATE TABLE public.canary (sings text);
INSERT INTO public.canary VALUES ('tweet');

-- ---- Names -------------------------------------------------------------------------------

CREATE SCHEMA "o'brien; DROP TABLE public.canary; --";
CREATE TABLE "o'brien; DROP TABLE public.canary; --"."t""a'b;$1%s\ DROP TABLE public.canary"
    ("i'd""; DROP TABLE public.canary; --" text PRIMARY KEY, "fea""t'ures;--" float4[], gold text);
INSERT INTO "o'brien; DROP TABLE public.canary; --"."t""a'b;$1%s\ DROP TABLE public.canary"
  SELECT format(E'k''%s"; DROP TABLE public.canary; -- \\ $1 {,} NULL \u00e4\u5b57 %%s', g), ARRAY[g, g % 2], CASE g % 2 WHEN 0 THEN $$e'v"en;--$$ ELSE 'o,d{d}' END
    FROM generate_series(1, 30) g;
SELECT format('%I.%I', n.nspname, c.relname) AS evil FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname LIKE 'o''brien%' AND c.relkind = 'r' \gset
SELECT gt_create_job($$j"o'b; DROP TABLE public.canary; -- %s $1 \ äß字$$, :'evil', ARRAY[$$e'v"en;--$$, 'o,d{d}'],
                     key_column => $$i'd"; DROP TABLE public.canary; --$$, features_column => $$fea"t'ures;--$$, schedule => 'eager', guarantee => 'confidence', validation_share => 0.2,
                     label_attribute_name => $$a"t't; DROP TABLE public.canary$$, target_accuracy => 0.6, max_concurrent_task_count => 10, seed => 1) > 0 AS created;
SELECT job_name FROM gt_jobs WHERE job_name LIKE 'j"%' \gset
SELECT dataset_name FROM gtlabel.job WHERE job_name = :'job_name';
SELECT count(*) AS leased FROM gt_accept_tasks(:'job_name', 2, $$o'neil"; DROP TABLE public.canary; --$$);
SELECT gt_submit_annotations(array_agg(task_id), array_agg(gold), $$o'neil"; DROP TABLE public.canary; --$$)
  FROM gt_tasks t JOIN "o'brien; DROP TABLE public.canary; --"."t""a'b;$1%s\ DROP TABLE public.canary" d
    ON t.object_key = d."i'd""; DROP TABLE public.canary; --" WHERE t.job_name = :'job_name' AND t.state = 'accepted';
SELECT run(:'job_name');
SELECT state, total_labeled, failed, unlabeled FROM gt_jobs WHERE job_name = :'job_name';
SELECT count(*) AS labels, count(*) FILTER (WHERE l.human_annotated AND l.label <> d.gold) AS wrong
  FROM gt_labels l JOIN "o'brien; DROP TABLE public.canary; --"."t""a'b;$1%s\ DROP TABLE public.canary" d
    ON l.object_key = d."i'd""; DROP TABLE public.canary; --" WHERE l.job_name = :'job_name';
SELECT DISTINCT starts_with(model_name, job_name || '/') AS named FROM gt_models WHERE job_name = :'job_name';
SELECT topic FROM gt_explain_job(:'job_name') ORDER BY 1;
SELECT topic, finding FROM gt_explain_object(:'job_name', (SELECT min(object_key) FROM gt_labels WHERE job_name = :'job_name' AND human_annotated)) WHERE topic = 'answer';
SELECT refused(format('SELECT gt_annotate(%L, ARRAY[%L], ARRAY[''x''])', :'job_name', $$'; DROP TABLE public.canary; --$$));
SELECT refused(format('SELECT gt_explain_object(%L, %L)', :'job_name', $$'; DROP TABLE public.canary; --$$));
SELECT refused(format('SELECT gt_create_job(%L, %L, ARRAY[''a'',''b''], key_column => %L)', 'x', :'evil', $$"; DROP TABLE public.canary; --$$));
SELECT refused(format('SELECT gt_create_job(%L, %L, ARRAY[''a'',''b''], key_column => %L)', 'x', :'evil', 'gold'));
SELECT gt_drop_job(:'job_name', with_models => true);
-- formats are no formats
SELECT gt_create_job('%s%n%d', :'evil', ARRAY['%s%n', '%d'], key_column => $$i'd"; DROP TABLE public.canary; --$$, features_column => NULL) > 0 AS created;
SELECT refused($$SELECT gt_annotate('%s%n%d', ARRAY['%s%n'], ARRAY['%s'])$$);
SELECT gt_drop_job('%s%n%d');

-- 63 bytes, 63 characters of 4 bytes each
CREATE TABLE public.n23456789012345678901234567890123456789012345678901234567890123 (k23456789012345678901234567890123456789012345678901234567890123 integer PRIMARY KEY,
    f23456789012345678901234567890123456789012345678901234567890123 float4[]);
INSERT INTO public.n23456789012345678901234567890123456789012345678901234567890123 SELECT g, ARRAY[g] FROM generate_series(1, 10) g;
SELECT gt_create_job(repeat('🐘', 63), 'n23456789012345678901234567890123456789012345678901234567890123', ARRAY[repeat('🐘', 256), 'b'],
                     features_column => 'f23456789012345678901234567890123456789012345678901234567890123') > 0 AS created;
SELECT length(job_name), gtl_test.setting(job_name, 'key_column') AS key_column FROM gt_jobs WHERE job_name LIKE '🐘%';
SELECT gt_annotate(repeat('🐘', 63), array_agg(object_key), array_agg(repeat('🐘', 256))) FROM gt_tasks WHERE job_name LIKE '🐘%';
SELECT gt_advance_job(repeat('🐘', 63));
SELECT count(*) FROM gt_progress;
SELECT refused($$SELECT gt_create_job(repeat('🐘', 64), 'canary', ARRAY['a', 'b'])$$);
SELECT drop_jobs('🐘%');

-- ---- A search_path that lies in wait -----------------------------------------------------

-- Operators, functions, tables and types of the names that gtlabel's own SQL uses, in schemas that come first.
CREATE SCHEMA ambush;
CREATE TABLE ambush.caught (what text);
CREATE FUNCTION ambush.sing() RETURNS void LANGUAGE sql AS $$ INSERT INTO ambush.caught VALUES ('caught') $$;
CREATE FUNCTION ambush.lay(schema text) RETURNS void LANGUAGE plpgsql AS $fn$
DECLARE
    f text; o text;
BEGIN
    FOREACH f IN ARRAY ARRAY['array_agg(integer)', 'array_agg(text)', 'array_agg(real)', 'unnest(bigint[])', 'unnest(integer[])', 'unnest(text[])',
                             'generate_series(integer, integer)', 'nextval(regclass)', 'now()', 'format(text, text)', 'format(text, integer)',
                             'format(text, integer, text, text)', 'max(integer)', 'count(integer)', 'quote_ident(text)', 'string_agg(text, text)',
                             'round(numeric, integer)', 'clock()', 'pg_has_role(oid, text)', 'octet_length(bytea)', 'lower(text)', 'left(text, integer)'] LOOP
        EXECUTE format('CREATE FUNCTION %I.%s RETURNS integer LANGUAGE plpgsql AS %L', schema, f, 'BEGIN PERFORM ambush.sing(); RETURN 1; END');
    END LOOP;
    FOREACH f IN ARRAY ARRAY['bigint', 'integer', 'smallint', 'text', 'timestamptz', 'boolean', 'oid', 'regrole', 'name'] LOOP
        EXECUTE format('CREATE FUNCTION %I.op(%s, %2$s) RETURNS boolean LANGUAGE plpgsql AS %L', schema, f, 'BEGIN PERFORM ambush.sing(); RETURN true; END');
        FOREACH o IN ARRAY ARRAY['=', '<>', '<', '<=', '>', '>='] LOOP
            EXECUTE format('CREATE OPERATOR %I.%s (leftarg = %s, rightarg = %3$s, function = %1$I.op)', schema, o, f);
        END LOOP;
    END LOOP;
    EXECUTE format('CREATE TABLE %I.job AS SELECT 1 AS job_id', schema);
    EXECUTE format('CREATE TABLE %I.task AS SELECT 1 AS job_id', schema);
    EXECUTE format('CREATE TABLE %I.pg_class AS SELECT 1 AS oid', schema);
    EXECUTE format('CREATE TABLE %I.pg_attribute AS SELECT 1 AS oid', schema);
    EXECUTE format('CREATE DOMAIN %I.int2 AS integer', schema);
END $fn$;
SELECT ambush.lay('ambush');
-- a fresh session: no plan has been made under a better path
\c -
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
SET client_min_messages = error;
CREATE TEMP TABLE here (a integer);
SELECT ambush.lay(nspname) FROM pg_namespace WHERE oid = pg_my_temp_schema();
-- the ambush works: this comparison is not the system's
SET search_path = ambush, pg_temp, public, pg_catalog;
SELECT 1 = 2 AS trapped;
RESET search_path;
SELECT count(*) FROM ambush.caught;
DELETE FROM ambush.caught;
-- runs one statement, whose own text has nothing to resolve, under the hostile path
CREATE FUNCTION public.ambushed(statement text, VARIADIC arguments text[] DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    PERFORM set_config('search_path', 'ambush, pg_temp, public, pg_catalog', true);
    EXECUTE statement INTO answer USING arguments;
    PERFORM pg_catalog.set_config('search_path', 'public, gtl_test', true);
    RETURN answer;
END $$;
SET search_path = public, gtl_test;
SELECT ambushed($$SELECT public.gt_create_job('ho ambush', 'gtl_test.digits', '{0,1,2,3,4,5,6,7,8,9}', schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, algorithm => 'softmax',
                  annotators_per_object => 2, seed => 11)$$) IS NOT NULL AS created;
SELECT ambushed($$SELECT task_id FROM public.gt_accept_tasks('ho ambush', 1, 'ann')$$) IS NOT NULL AS accepted;
SELECT ambushed('SELECT public.gt_release_tasks($1::pg_catalog.int8[], ''ann'')', VARIADIC array_agg(task_id::text)) FROM gt_tasks WHERE annotator = 'ann';
SELECT ambushed($$SELECT task_id FROM public.gt_accept_tasks('ho ambush', 1, 'ann')$$) IS NOT NULL AS accepted;
SELECT ambushed('SELECT public.gt_decline_tasks($1::pg_catalog.int8[], ''ann'')', VARIADIC array_agg(task_id::text)) FROM gt_tasks WHERE annotator = 'ann';
SELECT ambushed($$SELECT task_id FROM public.gt_accept_tasks('ho ambush', 1, 'bob')$$) IS NOT NULL AS accepted;
SELECT ambushed('SELECT public.gt_submit_annotations($1::pg_catalog.int8[], ''{1}'', ''bob'')', VARIADIC array_agg(task_id::text)) FROM gt_tasks WHERE annotator = 'bob';
SELECT ambushed(format('SELECT public.gt_annotate(''ho ambush'', $1, %L, %L)', array_agg(d.gold ORDER BY t.object_key), who), VARIADIC array_agg(t.object_key ORDER BY t.object_key))
  FROM (SELECT DISTINCT object_key FROM gt_tasks WHERE job_name = 'ho ambush' AND object_key NOT IN (SELECT object_key FROM gt_annotations)) t
  JOIN digits d ON d.id::text = t.object_key, unnest(ARRAY['cat', 'dan']) who GROUP BY who ORDER BY who;
SELECT answer('ho ambush', NULL, 'cat');
SELECT ambushed($$SELECT public.gt_advance_job('ho ambush')$$);
SELECT machine_labeled > 900 AS labeled FROM gt_jobs WHERE job_name = 'ho ambush';
SELECT ambushed($$SELECT public.gt_pause_job('ho ambush')$$), ambushed($$SELECT public.gt_resume_job('ho ambush')$$);
SELECT ambushed($$SELECT topic FROM public.gt_explain_job('ho ambush')$$), ambushed($$SELECT action FROM public.gt_plan_job('ho ambush')$$);
SELECT ambushed('SELECT topic FROM public.gt_explain_object(''ho ambush'', $1[1])', min(object_key)) FROM gt_labels;
SELECT ambushed($$CALL public.gt_wait_job('ho ambush', 'in_progress')$$), ambushed($$SELECT public.gt_retry_failed('ho ambush')$$);
SELECT ambushed('SELECT v FROM public.' || v || ' v') IS NOT NULL AS read, v FROM unnest(ARRAY['gt_jobs', 'gt_batches', 'gt_tasks', 'gt_annotations',
    'gt_annotators', 'gt_rounds', 'gt_labels', 'gt_models', 'gt_events']) v;
SELECT ambushed($$SELECT public.gt_stop_job('ho ambush')$$), ambushed($$SELECT public.gt_drop_job('ho ambush', true)$$);
SELECT count(*) AS caught FROM ambush.caught;
DROP FUNCTION public.ambushed;

-- ---- A dataset that does things while it is read ------------------------------------------------

CREATE FUNCTION public.trip(id bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    IF id = 30 THEN PERFORM public.gt_drop_job('ho trip'); END IF;
    RETURN id;
END $$;
CREATE VIEW public.tripping AS SELECT trip(id) AS id, features FROM generate_series(1, 40) id, LATERAL (SELECT ARRAY[id, 1]::float4[]) f (features);
SELECT refused($$SELECT gt_create_job('ho trip', 'tripping', ARRAY['a', 'b'], key_column => 'id')$$);
SELECT count(*) AS left_behind FROM gt_check() WHERE subject LIKE 'table gtlabel.%';
DROP VIEW public.tripping;
DROP FUNCTION public.trip;

SELECT * FROM public.canary;
SET client_min_messages = error;
DROP SCHEMA ambush CASCADE;
DROP SCHEMA "o'brien; DROP TABLE public.canary; --" CASCADE;
DROP TABLE public.canary, public.n23456789012345678901234567890123456789012345678901234567890123;
