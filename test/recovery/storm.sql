-- What test/recovery/storm.sh throws at the extension: a generator of calls of all its functions, as the
-- catalog knows them, with arguments out of pools of good, borderline and hostile values.
--
-- storm.statements(n, who, seed) draws n statements for a role, the same ones for the same seed.  The
-- values are SQL expressions, so that "the tasks that I hold" means those of the moment of the call.
CREATE SCHEMA storm;
GRANT USAGE ON SCHEMA storm TO PUBLIC;

-- ---- Who is there ----------------------------------------------------------------------------------

CREATE ROLE stormteam;
CREATE ROLE storm1 LOGIN IN ROLE stormteam;
CREATE ROLE storm2 LOGIN IN ROLE stormteam;
CREATE ROLE storm3 LOGIN;
CREATE ROLE storm4 LOGIN;
CREATE ROLE victim LOGIN;
SELECT format('CREATE SCHEMA AUTHORIZATION %I', r) FROM unnest(ARRAY['storm1', 'storm2', 'storm3', 'storm4', 'victim']) r \gexec
GRANT USAGE ON SCHEMA storm1 TO storm2, storm3;

-- ---- What each of them has: datasets of all kinds, functions, types, casts ----------------------------------

CREATE FOREIGN DATA WRAPPER storm_nothing;
CREATE SERVER storm_nowhere FOREIGN DATA WRAPPER storm_nothing;
GRANT USAGE ON FOREIGN SERVER storm_nowhere TO PUBLIC;

-- As the role itself, so that it owns all of it; again whenever the storm has destroyed some.
CREATE PROCEDURE storm.furnish() LANGUAGE plpgsql AS $proc$
DECLARE
    part text;
BEGIN
    BEGIN
        PERFORM 1 / count(id + cardinality(features) + length(gold) + cardinality(wide) + length(note)) FROM things;
    EXCEPTION WHEN OTHERS THEN
        DROP TABLE IF EXISTS things, moved CASCADE;
    END;
    FOREACH part IN ARRAY ARRAY[
        'CREATE TABLE things (id int PRIMARY KEY, features float4[], gold text, wide float8[], narrow int[], numbers numeric[], words text[], note text, made text, sure float8)',
        $$INSERT INTO things SELECT i, f.v, (ARRAY['a', 'b', 'c'])[1 + i % 3], f.v, f.v::int[], f.v::numeric[], f.v::text[], format('%s apples, kind %s', i, 'xyz' || i % 3)
            FROM generate_series(1, 90) i, LATERAL (SELECT ARRAY[i % 3, (i * 7) % 5, i % 2, random()]::float4[] AS v) f$$,
        'CREATE TABLE ragged AS SELECT id, features[1:1 + id % 4] AS features, gold FROM things',
        'CREATE TABLE holes AS SELECT id, CASE WHEN id % 9 = 0 THEN NULL ELSE features END AS features, NULLIF(gold, ''b'') AS gold FROM things',
        'CREATE TABLE nulls AS SELECT NULL::int AS id, ARRAY[NULL, 1]::float4[] AS features, NULL::text AS gold',
        'CREATE TABLE nothing (LIKE things)',
        'CREATE TABLE single AS SELECT * FROM things WHERE id = 1',
        'CREATE TABLE infinite AS SELECT id, ARRAY[id, CASE id WHEN 50 THEN ''Infinity'' WHEN 51 THEN ''NaN'' ELSE 1e300 END::float8] AS features, gold FROM things',
        'CREATE TABLE huge AS SELECT i AS id, array_fill(i::float4, ARRAY[16001]) AS features, ''a'' AS gold FROM generate_series(1, 3) i',
        'CREATE TABLE flat AS SELECT i AS id, array_fill(1::float4, ARRAY[3]) AS features, CASE i % 2 WHEN 0 THEN ''a'' ELSE ''b'' END AS gold FROM generate_series(1, 60) i',
        'CREATE TABLE boxes AS SELECT i AS id, ARRAY[[i, 1], [2, 3]]::float4[] AS features, ''a'' AS gold FROM generate_series(1, 20) i',
        'CREATE TABLE answers AS SELECT (''i'' || i % 30) AS item, (''p'' || i % 7) AS annotator, (ARRAY[''a'', ''b'', ''c''])[1 + i % 3] AS label FROM generate_series(1, 200) i',
        'CREATE TABLE parted (id int, features float4[], gold text) PARTITION BY HASH (id)',
        'CREATE TABLE parted0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0)',
        'CREATE TABLE parted1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1)',
        'INSERT INTO parted SELECT id, features, gold FROM things',
        'ALTER TABLE parted ADD PRIMARY KEY (id)',
        'CREATE TABLE pairs (a int, b int, features float4[], gold text, PRIMARY KEY (a, b))',
        'CREATE FOREIGN TABLE elsewhere (id int, features float4[], gold text) SERVER storm_nowhere',
        $$CREATE TABLE lines AS SELECT i AS n, format('{"source": "text %s", "topic": "%s"%s}', i, i % 3,
            CASE i % 3 WHEN 0 THEN ', "topic-metadata": {"class-name": "a", "type": "groundtruth/text-classification", "human-annotated": "yes", "confidence": 0.9}' ELSE '' END)::json AS line FROM generate_series(1, 20) i$$,
        $$CREATE TABLE studio AS SELECT i AS n, format('{"id": %s, "data": {"id": "%s"}, "annotations": [{"completed_by": {"email": "p%s"}, "result": [{"from_name": "l", "to_name": "t", "type": "choices", "value": {"choices": ["a"]}}]}]}', i, i, i % 2)::jsonb AS task FROM generate_series(1, 20) i$$,
        'CREATE TABLE votes AS SELECT id::text AS item, ''p'' || g AS annotator, gold AS label FROM things, generate_series(1, 2) g WHERE id < 50',
        'CREATE SEQUENCE counter',
        'CREATE TYPE shape AS (x float4, y float4)',
        'CREATE DOMAIN vec AS float4[] CHECK (array_length(VALUE, 1) < 9)',
        'CREATE FUNCTION unshape(shape) RETURNS float4[] LANGUAGE sql AS ''SELECT CASE WHEN $1.x > 0 THEN ARRAY[$1.x, $1.y, 0, 0] END''',
        'CREATE CAST (shape AS float4[]) WITH FUNCTION unshape(shape)',
        'CREATE TABLE shapes AS SELECT id, ROW(id, 1)::shape AS features, gold FROM things',
        'CREATE TABLE unshaped AS SELECT id, ROW(-id, 1)::shape AS features, gold FROM things',
        'CREATE MATERIALIZED VIEW frozen AS SELECT * FROM things',
        'CREATE VIEW failing AS SELECT id, features, gold, 1 / (id - 40) AS bad FROM things',
        -- functions that meddle with jobs and tables in the middle of whatever reads or calls them
        $$CREATE FUNCTION meddle(int) RETURNS int LANGUAGE plpgsql SET search_path FROM CURRENT AS $f$ DECLARE job text; BEGIN
            IF $1 % 30 = 7 THEN
                FOR job IN SELECT job_name FROM gt_jobs WHERE owner::text = current_user LOOP
                    BEGIN
                        CASE (random() * 6)::int WHEN 0 THEN PERFORM gt_drop_job(job); WHEN 1 THEN PERFORM gt_pause_job(job);
                            WHEN 2 THEN PERFORM gt_stop_job(job); WHEN 3 THEN PERFORM gt_purge_job(job); WHEN 4 THEN PERFORM gt_advance_job(job);
                            ELSE PERFORM gt_accept_tasks(job); END CASE;
                    EXCEPTION WHEN OTHERS THEN IF SQLSTATE LIKE 'XX%' THEN RAISE; END IF;
                    END;
                END LOOP;
            END IF;
            RETURN $1; END $f$ $$,
        'CREATE VIEW meddling AS SELECT meddle(id) AS id, features, gold FROM things',
        $$CREATE FUNCTION vote(job_name text, object_keys text[], annotators text[], labels text[])
            RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE sql AS $f$
            SELECT k, min(l), 0.9::float8 FROM unnest(object_keys, labels) u (k, l) GROUP BY k $f$ $$,
        $$CREATE FUNCTION bad_vote(job_name text, object_keys text[], annotators text[], labels text[])
            RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE sql AS $f$
            SELECT k, CASE WHEN random() < 0.1 THEN NULL WHEN random() < 0.1 THEN 'z' ELSE l END, random() * 1.1 FROM unnest(object_keys, labels) u (k, l) $f$ $$,
        $$CREATE FUNCTION odd_vote(job_name text, object_keys text[], annotators text[], labels text[]) RETURNS SETOF text LANGUAGE sql AS 'SELECT 1'$$,
        $$CREATE FUNCTION drop_vote(job_name text, object_keys text[], annotators text[], labels text[])
            RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE plpgsql SET search_path FROM CURRENT AS $f$ BEGIN PERFORM meddle(7);
            PERFORM gt_drop_job(job_name); RETURN; END $f$ $$]
    LOOP
        BEGIN
            EXECUTE part;
        EXCEPTION WHEN duplicate_table OR duplicate_object OR duplicate_function OR unique_violation OR invalid_table_definition
                       OR undefined_table OR undefined_column OR undefined_object OR wrong_object_type OR undefined_function OR not_null_violation THEN NULL;
        END;
    END LOOP;
END $proc$;

-- ---- Pools of arguments -----------------------------------------------------------------------------------

-- By name of the parameter (good ones, most of them), else by its type (whatever the type allows).  WHO is the role.
CREATE TABLE storm.pool (kind text, value text);
CREATE INDEX ON storm.pool (kind);
CREATE FUNCTION storm.put(kind text, VARIADIC value text[]) RETURNS void LANGUAGE sql AS $$ INSERT INTO storm.pool SELECT kind, unnest(value) $$;

SELECT storm.put(k, $$'WHO_a'$$, $$'WHO_a'$$, $$'WHO_b'$$, $$'WHO_c'$$, $$'WHO_d'$$, $$'WHO_e'$$, $$'WHO_p'$$, $$'storm1_a'$$, $$'storm1_b'$$, $$'storm2_a'$$, $$'storm3_a'$$, $$'victim_open'$$,
                 $$(SELECT min(job_name) FROM gt_jobs)$$, $$(SELECT max(job_name) FROM gt_jobs)$$) FROM unnest(ARRAY['job_name']) k;
SELECT storm.put(k, $$'WHO_m'$$, $$'WHO_n'$$, $$'WHO_t'$$, $$'WHO_a/0'$$, $$'WHO_b/1'$$, $$'storm1_m'$$, $$'storm1_a/0'$$, $$'victim_model'$$,
                 $$(SELECT max(model_name) FROM gt_models)$$, $$(SELECT min(model_name) FROM gt_models)$$) FROM unnest(ARRAY['model_name', 'initial_model']) k;
SELECT storm.put(k, $$'things'$$, $$'things'$$, $$'things'$$, $$'things'$$, $$'ragged'$$, $$'holes'$$, $$'nulls'$$, $$'nothing'$$, $$'single'$$, $$'infinite'$$, $$'huge'$$, $$'flat'$$,
                 $$'boxes'$$, $$'parted'$$, $$'parted0'$$, $$'pairs'$$, $$'elsewhere'$$, $$'counter'$$, $$'shape'$$, $$'shapes'$$, $$'unshaped'$$, $$'frozen'$$,
                 $$'failing'$$, $$'meddling'$$, $$'answers'$$, $$'victim.secrets'$$, $$'storm1.things'$$, $$'gtlabel.job'$$, $$'gt_jobs'$$, $$'pg_class'$$, $$'pg_authid'$$) FROM unnest(ARRAY['dataset']) k;
SELECT storm.put('annotations', $$'answers'$$, $$'answers'$$, $$'answers'$$, $$'things'$$, $$'nulls'$$, $$'failing'$$, $$'victim.secrets'$$, $$'gt_annotations'$$);
SELECT storm.put('label_categories', $$'{a,b,c}'$$, $$'{a,b,c}'$$, $$'{a,b,c}'$$, $$'{a,b}'$$, $$'{c,b,a}'$$);
SELECT storm.put('key_column', 'NULL', $$'id'$$, $$'id'$$, $$'gold'$$, $$'features'$$, $$'a'$$);
SELECT storm.put('features_column', 'NULL', $$'features'$$, $$'features'$$, $$'wide'$$, $$'narrow'$$, $$'numbers'$$, $$'words'$$, $$'gold'$$);
SELECT storm.put(k, $$'gold'$$, $$'gold'$$, 'NULL', $$'id'$$, $$'features'$$, $$'bad'$$) FROM unnest(ARRAY['label_column', 'gold_column']) k;
SELECT storm.put(k, $$'item'$$, $$'annotator'$$, $$'label'$$, $$'id'$$, $$'gold'$$, $$'features'$$) FROM unnest(ARRAY['item', 'label']) k;
SELECT storm.put('text_column', 'NULL', 'NULL', $$'note'$$, $$'note'$$, $$'words'$$, $$'id'$$);
SELECT storm.put('annotator', 'NULL', 'NULL', $$current_user$$, $$'storm1'$$, $$'storm2'$$, $$'someone'$$, $$'victim'$$);
SELECT storm.put('guarantee', $$'audited'$$, $$'confidence'$$, $$'strict'$$, $$'expected'$$, $$'empirical'$$);
SELECT storm.put('schedule', $$'eager'$$, $$'eager'$$, $$'standard'$$);
SELECT storm.put('algorithm', $$'softmax'$$, $$'softmax'$$, $$'softmax'$$, $$'auto'$$, $$'mlp'$$);
SELECT storm.put('query_strategy', $$'auto'$$, $$'margin'$$, $$'random'$$);
SELECT storm.put('method', $$'auto'$$, $$'majority'$$, $$'dawid_skene'$$);
SELECT storm.put('label_count', 'NULL', 'NULL', '1', '30');
SELECT storm.put('for_state', $$'batch'$$, $$'labels'$$, $$'completed'$$, $$'in_progress'$$, $$'stopped'$$, $$'failed'$$, $$'paused'$$);
SELECT storm.put('previous_job', 'NULL', 'NULL', $$'WHO_a'$$, $$'WHO_b'$$);
SELECT storm.put('timeout', $$'0'$$, $$'0.1 seconds'$$, 'NULL');
SELECT storm.put('max_concurrent_task_count', '5', '20', '30', '1000');
SELECT storm.put(k, '1', '2', '3') FROM unnest(ARRAY['annotators_per_object', 'min_annotators', 'max_annotators', 'max_tasks', 'repetitions']) k;
SELECT storm.put(k, '0.5', '0.6', '0.8', '0.9', '0.95') FROM unnest(ARRAY['target_accuracy', 'confidence_level', 'validation_share', 'consolidation_confidence', 'audit_share']) k;
SELECT storm.put('task_time_limit', $$'1 hour'$$, $$'1 second'$$, $$'2 seconds'$$);
SELECT storm.put('task_availability_lifetime', $$'30 days'$$, $$'1 minute'$$);
SELECT storm.put('workteam', $$'stormteam'$$, $$'stormteam'$$, 'NULL');
SELECT storm.put('owner', 'NULL', $$'WHO'$$, $$'stormteam'$$);
SELECT storm.put('consolidation', 'NULL', $$'vote(text, text[], text[], text[])'$$, $$'bad_vote(text, text[], text[], text[])'$$,
                 $$'odd_vote(text, text[], text[], text[])'$$, $$'drop_vote(text, text[], text[], text[])'$$, $$'storm1.vote(text, text[], text[], text[])'$$);
SELECT storm.put('with_models', 'true', 'false');
SELECT storm.put('object_key', $$'1'$$, $$'7'$$, $$'90'$$, $$(SELECT min(object_key) FROM gt_labels)$$, $$(SELECT max(object_key) FROM gt_tasks)$$);
SELECT storm.put('task_ids', $$(SELECT array_agg(task_id) FROM (SELECT task_id FROM gt_tasks WHERE state = 'accepted' AND annotator = current_user LIMIT 2) t)$$,
                 $$ARRAY[(SELECT min(task_id) FROM gt_tasks WHERE state = 'accepted')]$$, $$ARRAY[(SELECT max(task_id) FROM gt_tasks), (SELECT min(task_id) FROM gt_tasks)]$$,
                 $$(SELECT ARRAY[max(task_id), max(task_id)] FROM gt_tasks WHERE annotator = current_user)$$, '(ARRAY[1, 2])');
SELECT storm.put('object_keys', $$(SELECT array_agg(object_key) FROM (SELECT DISTINCT object_key FROM gt_tasks WHERE state = 'available' LIMIT 2) t)$$, $$'{1,2}'$$, $$'{1,1}'$$, $$'{7}'$$);
SELECT storm.put('labels', $$'{a,b}'$$, $$'{a}'$$, $$'{c,c}'$$, $$'{a,z}'$$);
SELECT storm.put('object_count', '1758', '100', '1');
SELECT storm.put('placement', $$'copy'$$, $$'copy'$$, $$'in_place'$$);
SELECT storm.put('consumer', $$'WHO_x'$$, $$'WHO_x'$$, $$'WHO_y'$$, $$'storm1_x'$$);
SELECT storm.put(k, $$(SELECT array_agg(event_id) FROM (SELECT event_id FROM gt_events LIMIT 3) e)$$, $$'{1,2}'$$, $$'{}'$$) FROM unnest(ARRAY['event_ids', 'acknowledge']) k;
SELECT storm.put('on_conflict', $$'error'$$, $$'skip'$$, $$'skip'$$);
SELECT storm.put('on_error', $$'error'$$, $$'skip'$$);
SELECT storm.put('format', $$'manifest'$$, $$'jsonl'$$, $$'csv'$$, $$'label_studio'$$);
SELECT storm.put('manifest', $$'lines'$$, $$'lines'$$, $$'things'$$, $$'studio'$$);
SELECT storm.put('tasks', $$'studio'$$, $$'studio'$$, $$'lines'$$, $$'things'$$);
SELECT storm.put('line', $$'line'$$, $$'line'$$, $$'id'$$);
SELECT storm.put('task', $$'task'$$, $$'task'$$, $$'id'$$);
SELECT storm.put('table_name', 'NULL', $$'made_' || floor(random() * 9)$$, $$'things'$$);
SELECT storm.put('order_column', 'NULL', $$'n'$$, $$'id'$$);
SELECT storm.put(k, 'NULL', $$'gold'$$, $$'note'$$, $$'id'$$) FROM unnest(ARRAY['source', 'source_ref', 'comment']) k;
SELECT storm.put(k, 'NULL', $$'{id,gold}'$$, $$'{note}'$$, $$'{none}'$$) FROM unnest(ARRAY['columns', 'display_columns']) k;
SELECT storm.put('vary', 'NULL', $$'{"target_accuracy": [0.5, 0.6]}'$$, $$'{"schedule": ["eager", "standard"]}'$$, $$'{"none": [1]}'$$, $$'[]'$$);
SELECT storm.put('score', $$gt_score(gt_model_bytes('WHO_m'), '{1,2,0,0.5}'::float4[])$$, $$ROW('a', 0.5, 0.9)::gt_score$$, 'NULL::gt_score');
SELECT storm.put('model', $$gt_model_bytes('WHO_m')$$, $$gt_model_bytes('WHO_m')$$, $$gt_model_bytes('WHO_t')$$, $$gt_model_bytes('WHO_u')$$, $$gt_model_bytes('victim_model')$$, $$'\x00'$$,
                 $$overlay(gt_model_bytes('WHO_m') PLACING '\xff' FROM 9)$$);
SELECT storm.put('confirm', 'true', 'true', 'false');
SELECT storm.put('neighbours', 'NULL', 'true', 'false');
SELECT storm.put('features', $$'{1,2,0,0.5}'::float4[]$$, $$'{1,2,0,0.5}'::float8[]$$, $$(SELECT features FROM things LIMIT 1)$$, $$'{1,2,0,0.5}'::vec$$, $$ROW(1, 2)::shape$$, $$ROW(-1, 2)::shape$$);

SELECT storm.put('text', 'NULL', $$''$$, $$' '$$, $$'x'$$, $$'NaN'$$, $$'{}'$$, $$'%s%n'$$, $$'o''brien"; --'$$, $$E'tab\there'$$, $$'a/b'$$, $$repeat('x', 64)$$, $$repeat('é', 63)$$,
                 $$repeat('x', 3000)$$, $$repeat('🐘', 20000)$$, $$U&'\FFFD\0301'$$, $$current_user::text$$, $$'storm1'$$, $$E'\n'$$, $$'pg_class'$$);
SELECT storm.put('name', 'NULL', $$''$$, $$'id'$$, $$'ctid'$$, $$'tableoid'$$, $$'xmin'$$, $$'........pg.dropped.2........'$$, $$'o"brien'$$, $$repeat('x', 63)::name$$, $$'*'$$, $$'things'$$);
SELECT storm.put('regclass', 'NULL', '0::regclass', '4294967295::oid::regclass', '1::oid::regclass', $$'pg_class'$$, $$'pg_class_oid_index'$$, $$'gtlabel.job_id_seq'$$, $$'gtlabel.job_pkey'$$,
                 $$'gtlabel.feature_page'$$, $$'pg_stat_activity'$$, $$'information_schema.tables'$$, $$(SELECT reltoastrelid::regclass FROM pg_class WHERE relname = 'pg_proc')$$,
                 $$(SELECT max(oid)::regclass FROM pg_class)$$, $$(SELECT oid::regclass FROM pg_class ORDER BY random() LIMIT 1)$$);
SELECT storm.put('integer', 'NULL', '-2147483648', '-1', '0', '1', '2', '9', '10', '100', '65536', '2147483647');
SELECT storm.put('bigint', 'NULL', '-9223372036854775808', '-1', '0', '1', '7', '1000', '2147483648', '9223372036854775807');
SELECT storm.put('double precision', 'NULL', $$'NaN'$$, $$'Infinity'$$, $$'-Infinity'$$, '-1', '-0.0', '0', '4.9e-324', '1e-300', '1e-17', '0.001', '0.5', '0.999999', '0.9999999999999999', '1', '1.0000000000000002', '1e308');
SELECT storm.put('boolean', 'NULL', 'true', 'false');
SELECT storm.put('interval', 'NULL', $$'0'$$, $$'-1 second'$$, $$'1 microsecond'$$, $$'1 second'$$, $$'100 years'$$, $$'100 years 1 microsecond'$$, $$'178000000 years'$$, $$'-178000000 years'$$,
                 $$'-1000 years 366000 days'$$, $$'-290000 years 104500000 days'$$, $$'1 month -30 days'$$);
SELECT storm.put('regrole', 'NULL', '0::regrole', '4294967295::oid::regrole', $$'victim'$$, $$'postgres'$$, $$'pg_read_all_data'$$, $$'storm4'$$, $$'stormteam'$$);
SELECT storm.put('regprocedure', 'NULL', '0::regprocedure', '4294967295::oid::regprocedure', $$'now()'$$, $$'pg_advisory_lock(bigint)'$$, $$'storm2.vote(text, text[], text[], text[])'$$, $$'generate_series(int, int)'$$);
SELECT storm.put('jsonb', 'NULL', $$'{}'$$, $$'[]'$$, $$'null'$$, $$'1'$$, $$'{"LabelingJobName": "x"}'$$, $$(SELECT task FROM studio LIMIT 1)$$, $$to_jsonb(repeat('x', 30000))$$);
SELECT storm.put('bytea', 'NULL', $$''$$, $$'\x00'$$, $$decode(repeat('ff', 3000), 'hex')$$, $$gt_model_bytes('WHO_m')$$);
SELECT storm.put('gt_score', 'NULL::gt_score', $$ROW(NULL, NULL, NULL)::gt_score$$, $$ROW('a', 'NaN', -1)::gt_score$$, $$ROW(repeat('x', 3000), 1, 1)::gt_score$$);
SELECT storm.put('real[]', 'NULL', $$'{}'$$, $$'{NULL}'$$, $$'{1,2,3,4}'$$, $$'{NaN,1,1,1}'$$, $$'{{1,2},{3,4}}'$$, $$'[-3:0]={1,2,3,4}'$$);
SELECT storm.put('double precision[]', 'NULL', $$'{}'$$, $$'{1e300,1,1,1}'$$, $$'{1,2,3,4}'$$, $$'{NaN,1,1,1}'$$);
SELECT storm.put('bigint[]', 'NULL', $$'{}'$$, $$'{NULL}'$$, $$'{1,NULL}'$$, $$'{{1,2},{3,4}}'$$, $$'{0}'$$, $$'{-1}'$$, $$'{9223372036854775807,-9223372036854775808}'$$, $$'[5:6]={1,2}'$$, $$'{1,1}'$$,
                 $$(SELECT array_agg(g::bigint) FROM generate_series(1, 20000) g)$$);
SELECT storm.put('text[]', 'NULL', $$'{}'$$, $$'{NULL}'$$, $$'{a,NULL}'$$, $$'{{a,b},{c,d}}'$$, $$'{a}'$$, $$'{a,a}'$$, $$'{"",b}'$$, $$'[7:8]={a,b}'$$, $$ARRAY[repeat('x', 257), 'b']$$, $$ARRAY[repeat('é', 256), 'b']$$,
                 $$(SELECT array_agg(g::text) FROM generate_series(1, 5000) g)$$, $$ARRAY['o''brien"', '\', ',{}']$$);
SELECT storm.put('anyelement', $$NULL::float4[]$$, $$'{}'::float4[]$$, $$'{NULL,1,1,1}'::float4[]$$, $$'{1,2}'::float4[]$$, $$'{NaN,0,0,0}'::float4[]$$, $$'{1,Infinity,0,0}'::float8[]$$,
                 $$'{1e300,0,0,0}'::float8[]$$, $$'[-3:0]={1,2,3,4}'::float4[]$$, $$'{{1,2},{3,4}}'::float4[]$$, $$'{{1,2,3,4}}'::float4[]$$, $$'{1,2,3,4}'::int[]$$, $$'{1,2,3,4}'::numeric[]$$, $$'{a}'::text[]$$,
                 '1', '1.5', $$'x'::text$$, 'ROW(1, 2)', $$ROW(NULL, NULL)::shape$$, $$NULL::shape$$, $$'(1,2)'::point$$, $$'{1,2,3,4}'::oidvector::oid[]$$, $$(SELECT t FROM things t LIMIT 1)$$, $$'x'::"char"$$,
                 $$'[1,2)'::int4range$$, $$'1 2 3 4'::int2vector$$, $$(SELECT features FROM huge LIMIT 1)$$);

-- ---- Statements ---------------------------------------------------------------------------------------------

CREATE FUNCTION storm.one(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT choices[1 + floor(random() * array_length(choices, 1))::int] $$;
CREATE FUNCTION storm.draw(k text) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT value FROM storm.pool WHERE kind = k ORDER BY value OFFSET floor(random() * (SELECT count(*) FROM storm.pool WHERE kind = k)) LIMIT 1 $$;

CREATE TABLE storm.function AS
    SELECT row_number() OVER (ORDER BY p.proname COLLATE "C")::int AS no, p.proname AS name, p.oid, p.pronargs AS arguments, p.pronargs - p.pronargdefaults AS required,
           p.proargnames AS names, ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY u (t, o) ORDER BY o) AS types, p.proretset AS many, p.prokind = 'p' AS procedure
      FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
      JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'gtlabel'
      -- aggregates, functions of theirs and of triggers are called by what they serve
     WHERE p.prokind <> 'a' AND p.prorettype NOT IN ('internal'::regtype, 'trigger'::regtype) AND 'internal'::regtype <> ALL (p.proargtypes);

-- A call of a function; hostility: the share of arguments that are drawn by type and not by name.
CREATE FUNCTION storm.call(f storm.function, hostility float8) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    list text := '';
    value text;
BEGIN
    FOR i IN 1 .. f.arguments LOOP
        CONTINUE WHEN i > f.required AND random() < 0.7;
        value := CASE WHEN random() >= hostility THEN storm.draw(f.names[i]) END;
        value := COALESCE(value, storm.draw(f.types[i]), 'NULL');
        list := list || CASE WHEN list = '' THEN '' ELSE ', ' END || COALESCE(NULLIF(f.names[i], '') || ' => ', '') || value;
    END LOOP;
    RETURN format('%s(%s)', f.oid::regproc, list);
END $$;

-- Destroying is easy, so rarer.
CREATE FUNCTION storm.any_function() RETURNS storm.function LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    f storm.function;
    chosen int;
BEGIN
    LOOP
        chosen := 1 + floor(random() * (SELECT count(*) FROM storm.function));
        SELECT * INTO f FROM storm.function WHERE no = chosen;
        EXIT WHEN f.name::text !~ '^gt_(drop|purge|stop)_' OR random() < 0.2;
    END LOOP;
    RETURN f;
END $$;

CREATE FUNCTION storm.random_call() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    f storm.function := storm.any_function();
    call text := storm.call(f, storm.one('0', '0.1', '0.3', '1')::float8);
BEGIN
    IF f.procedure THEN
        RETURN 'CALL ' || call;
    END IF;
    RETURN CASE (random() * 12)::int
        WHEN 0 THEN format('SELECT (%s)', call)
        WHEN 1 THEN format('SELECT %s FROM generate_series(1, 3)', call)
        WHEN 2 THEN CASE WHEN f.many THEN format('SELECT * FROM generate_series(1, 2) g, LATERAL %s', call) ELSE format('SELECT %s, %s', call, storm.call(f, 0.5)) END
        WHEN 3 THEN format('SELECT count(*) FROM (SELECT x FROM %s x) y', call)
        WHEN 4 THEN format('DO $do$ BEGIN PERFORM %s; EXCEPTION WHEN division_by_zero THEN NULL; END $do$', call)
        ELSE format('SELECT * FROM %s', call) END;
END $$;

-- What people do on purpose, so that there are jobs in all states to call things for.
CREATE FUNCTION storm.good_call() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    job text := storm.one('WHO_a', 'WHO_a', 'WHO_b', 'WHO_b', 'WHO_c', 'WHO_d', 'WHO_e', 'storm1_a', 'storm2_b');
BEGIN
    RETURN CASE floor(random() * 29)::int
        WHEN 0 THEN format('SELECT gt_create_job(%L, ''things'', ''{a,b,c}'', max_concurrent_task_count => %s, annotators_per_object => %s, workteam => ''stormteam'', algorithm => ''softmax'', schedule => %s, target_accuracy => %s, seed => %s)',
                           job, storm.one('5', '20', '40'), storm.one('1', '1', '2', '3'), storm.draw('schedule'), storm.one('0.5', '0.6', '0.9'), (random() * 100)::int)
        WHEN 1 THEN format('SELECT gt_create_job(%L, ''things'', ''{a,b,c}'', max_concurrent_task_count => 20, min_annotators => 1, max_annotators => 3, consolidation_confidence => 0.6, workteam => ''stormteam'', algorithm => ''softmax'', gold_column => ''gold'', schedule => ''eager'', target_accuracy => 0.6, guarantee => ''confidence'', audit_share => 0.2)', job)
        WHEN 2 THEN format('SELECT gt_create_job(%L, ''things'', ''{a,b,c}'', features_column => NULL, max_concurrent_task_count => 30, consolidation => %s)', job, storm.draw('consolidation'))
        WHEN 3 THEN format('SELECT * FROM gt_accept_tasks(%L, %s)', job, (1 + random() * 10)::int)
        WHEN 4 THEN format('SELECT gt_submit_annotations(array_agg(task_id), array_agg(%s)) FROM (SELECT task_id FROM gt_tasks WHERE state = ''accepted'' AND annotator = current_user LIMIT %s) t HAVING count(*) > 0',
                           storm.one($v$'a'::text$v$, $v$(ARRAY['a','b','c'])[1 + task_id % 3]$v$), (1 + random() * 20)::int)
        WHEN 5 THEN format('SELECT gt_annotate(%L, array_agg(object_key), array_agg(gold)) FROM (SELECT DISTINCT object_key, gold FROM gt_tasks JOIN things ON id::text = object_key WHERE job_name = %1$L AND state = ''available'' LIMIT %s) t HAVING count(*) > 0', job, storm.one('3', '40'))
        WHEN 6 THEN format('SELECT gt_annotate(%L, array_agg(object_key), array_agg(gold), ''helper'') FROM (SELECT DISTINCT object_key, gold FROM gt_tasks JOIN things ON id::text = object_key WHERE job_name = %1$L AND state = ''available'') t HAVING count(*) > 0', job)
        WHEN 7 THEN format('SELECT gt_advance_job(%L)', job)
        WHEN 8 THEN format('SELECT gt_resume_job(%L)', job)
        WHEN 9 THEN format('SELECT gt_retry_failed(%L)', job)
        WHEN 10 THEN format('SELECT length(gt_report(%L))', job)
        WHEN 11 THEN format('SELECT * FROM gt_explain_job(%L)', job)
        WHEN 12 THEN format('SELECT gt_train(%s, ''things'', ''gold'', algorithm => %s)', storm.one($v$'WHO_m'$v$, $v$'WHO_n'$v$), storm.draw('algorithm'))
        WHEN 13 THEN format('SELECT gt_predict(m, features), gt_confidence(m, features), gt_predict_proba(m, wide) FROM things, (SELECT %s AS m) x', storm.draw('model_name'))
        WHEN 14 THEN format('SELECT gt_train(''WHO_t'', ''things'', ''gold'', text_column => ''note'', features_column => %s, algorithm => ''softmax'', text_dimensions => 16)',
                            storm.one('NULL', 'NULL', $v$'features'$v$))
        WHEN 18 THEN format('SELECT gt_train(''WHO_u'', ''things'', ''gold'', text_column => ''note'', features_column => ''features'', algorithm => ''softmax'', text_dimensions => 16)')
        WHEN 19 THEN storm.one('SELECT gt_merge(x) FROM (SELECT gt_feature_stats(features) AS x FROM things GROUP BY id % 3) y',
                               'SELECT gt_merge(x) FROM (SELECT gt_sample(id, gold, 5, 1) AS x FROM things GROUP BY id % 3) y',
                               'SELECT gt_sample(id, gold, 5, 1, id::float8) FROM things', 'SELECT gt_feature_stats(wide) FROM things', 'SELECT gt_feature_stats(features) FROM ragged',
                               'SELECT gt_merge(x) FROM (SELECT gt_tail(gt_score(gt_model_bytes(''WHO_m''), features), id, 5) AS x FROM things GROUP BY id % 3) y')
        WHEN 20 THEN format('SELECT %s(''WHO_u'', ''7 apples''::text, features) FROM things LIMIT 3', storm.one('gt_predict', 'gt_predict_proba', 'gt_confidence', 'gt_margin', 'gt_featurize'))
        WHEN 21 THEN format('SELECT gt_create_job(%L, ''things'', ''{a,b,c}'', max_concurrent_task_count => 20, algorithm => ''softmax'', schedule => ''standard'', guarantee => ''confidence'', target_accuracy => 0.6, placement => ''in_place'', display_columns => ''{id}'', workteam => ''stormteam'')', storm.one(job, 'WHO_p'))
        WHEN 23 THEN format(storm.one('SELECT gt_add_objects(%L)', 'SELECT gt_remove_objects(%L, ''{5,1001}'')', 'SELECT * FROM gt_import_annotations(%L, ''votes'', on_conflict => ''skip'')',
                               'SELECT gt_rename_category(%L, ''c'', ''d'')', 'SELECT gt_add_category(%L, ''e'', 2)', 'SELECT gt_withdraw_machine_labels(%L, true, 0.9)',
                               'SELECT gt_alter_job(%L, validation_count => (SELECT validation_count + 5 FROM gt_jobs WHERE job_name = %1$L))', 'SELECT gt_alter_job(%L, drift_alarm => random() < 0.5, ask_again_on_change => random() < 0.5, auto_label => true)', 'SELECT gt_merge_categories(%L, ''{c}'', ''b'')', 'SELECT * FROM gt_output_manifest(%L, source => ''note'')',
                               'SELECT * FROM gt_write_labels(''WHO_p'', ''made'', ''sure'')'), job)
        WHEN 25 THEN 'SELECT gt_revise_annotations(array_agg(task_id), array_agg(''c''::text)) FROM (SELECT task_id FROM gt_tasks WHERE state = ''submitted'' AND annotator = current_user ORDER BY task_id DESC LIMIT 2) h HAVING count(*) > 0'
        WHEN 24 THEN format('SELECT t.* FROM (SELECT array_agg(task_id) AS ids, array_agg(''b''::text) AS labels FROM (SELECT task_id FROM gt_tasks WHERE state = ''accepted'' AND annotator = current_user LIMIT %s) h) x, LATERAL gt_answer(ids, labels, NULL, 5) t',
                            (1 + random() * 3)::int)
        WHEN 22 THEN storm.one('INSERT INTO things SELECT id + 1000, features, gold, wide, narrow, numbers, words, note FROM things WHERE id < 4 ON CONFLICT DO NOTHING', 'DELETE FROM things WHERE id > 1000', 'UPDATE things SET note = note || ''!'' WHERE id = 5')
        WHEN 15 THEN format('SELECT gt_predict(''WHO_t'', %s), gt_confidence(''WHO_t'', %1$s), gt_predict_proba(''WHO_t'', %1$s), gt_featurize(''WHO_t'', %1$s)',
                            storm.one($v$'7 apples'$v$, $v$''$v$, 'gold', 'NULL', $v$repeat('🐘 ', 20000)$v$)) || ' FROM things LIMIT 5'
        WHEN 16 THEN format('SELECT gt_create_job(%L, ''things'', ''{a,b,c}'', text_column => ''note'', text_dimensions => 16, max_concurrent_task_count => 20, algorithm => ''softmax'', schedule => ''eager'', target_accuracy => 0.6, workteam => ''stormteam'')', job)
        WHEN 17 THEN format('CALL gt_wait_job(%L, timeout => ''50 ms'')', job)
        WHEN 27 THEN storm.one('SELECT count(*) FROM gt_simulate_summary(''things'', ''gold'', algorithm => ''softmax'', max_concurrent_task_count => 10, repetitions => 1, vary => ''{"schedule": ["eager"]}'')',
                               'SELECT gt_create_label_view(''WHO_p'', ''labels'')', 'SELECT gt_add_objects(''WHO_f'')', 'SELECT gt_add_objects(''WHO_f'')',
                               'SELECT count(*) FROM gt_create_job_from_json(''{"LabelingJobName": "WHO_j", "HumanTaskConfig": {"MaxConcurrentTaskCount": 7}}'', ''things'', settings => ''{"label_categories": ["a", "b", "c"], "auto_label": false}'')')
        WHEN 28 THEN storm.one('SELECT gt_create_job(''WHO_f'', ''things'', ''{a,b,c}'', features_column => NULL, auto_label => false, max_concurrent_task_count => 5)', 'SELECT gt_drop_job(''WHO_f'')', 'SELECT gt_drop_job(''WHO_j'')')
        ELSE format('SELECT * FROM gt_simulate_job(''things'', ''gold'', algorithm => ''softmax'', max_concurrent_task_count => 10, schedule => %s)', storm.draw('schedule')) END;
END $$;

-- What pulls the ground away.
CREATE FUNCTION storm.blow() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT storm.one('DROP TABLE things CASCADE', 'ALTER TABLE things DROP COLUMN features CASCADE', 'ALTER TABLE things DROP COLUMN id CASCADE', 'ALTER TABLE things RENAME TO moved',
        'TRUNCATE things', 'DROP FUNCTION vote CASCADE', 'DROP TYPE shape CASCADE', 'ALTER TABLE things ALTER COLUMN id TYPE text', 'ALTER TABLE things RENAME gold TO silver', 'DROP TABLE moved CASCADE',
        'SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND backend_type = ''gtlabel worker''',
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND backend_type = ''gtlabel worker''') $$;

-- The setting has another name in other versions of the server.
CREATE FUNCTION storm.force_parallel() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT name FROM pg_settings WHERE name IN ('debug_parallel_query', 'force_parallel_mode') $$;
CREATE FUNCTION storm.setting() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT storm.one('SET gtlabel.background = off', 'RESET gtlabel.background', 'RESET gtlabel.background', 'SET gtlabel.max_parallel_workers = 0', 'SET gtlabel.max_parallel_workers = 8', 'SET gtlabel.clock_offset = ''1 day''', 'SET maintenance_work_mem = ''1MB''', 'RESET maintenance_work_mem',
        'SET work_mem = ''64kB''', 'SET ' || storm.force_parallel() || ' = on', 'RESET ' || storm.force_parallel(), 'SET default_transaction_read_only = on', 'RESET default_transaction_read_only',
        'SET default_transaction_isolation = ''repeatable read''', 'RESET default_transaction_isolation', 'SET DateStyle = ''SQL, DMY''', 'SET IntervalStyle = ''iso_8601''', 'SET client_encoding = ''LATIN1''',
        'RESET client_encoding', 'SET statement_timeout = 20', 'SET statement_timeout = 3000', 'SET enable_indexscan = off', 'RESET ALL', 'DISCARD PLANS', 'LISTEN gtlabel') $$;

CREATE FUNCTION storm.look() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    relation text := (SELECT c.oid::regclass::text FROM pg_class c JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
                       WHERE d.refclassid = 'pg_extension'::regclass AND c.relkind IN ('r', 'v') AND c.relname <> 'feature_page' ORDER BY c.oid OFFSET (random() * 22)::int LIMIT 1);
BEGIN
    RETURN CASE (random() * 5)::int
        WHEN 0 THEN format('SELECT count(*) FROM %s', COALESCE(relation, 'gt_jobs'))
        WHEN 1 THEN format('UPDATE %s x SET job_id = 1', COALESCE(relation, 'gt_jobs'))
        WHEN 2 THEN format('DELETE FROM %s', COALESCE(relation, 'gt_jobs'))
        ELSE format('SELECT x::text FROM %s x ORDER BY 1 LIMIT 5', COALESCE(relation, 'gt_jobs')) END;
END $$;

-- One to some statements, as one line each.
CREATE FUNCTION storm.transaction(name text) RETURNS SETOF text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN NEXT 'BEGIN ISOLATION LEVEL ' || storm.one('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE') || storm.one('', '', '', ' READ ONLY');
    FOR i IN 1 .. 1 + (random() * 4)::int LOOP
        RETURN NEXT 'SAVEPOINT s';
        RETURN NEXT CASE WHEN random() < 0.5 THEN storm.good_call() WHEN random() < 0.1 THEN storm.blow() ELSE storm.random_call() END;
        RETURN NEXT storm.one('ROLLBACK TO s', 'RELEASE s', 'SELECT 1');
    END LOOP;
    CASE (random() * 4)::int
        WHEN 0 THEN RETURN NEXT 'ROLLBACK';
        WHEN 1 THEN
            RETURN NEXT format('PREPARE TRANSACTION %L', name);
            RETURN NEXT storm.random_call();
            RETURN NEXT format('%s PREPARED %L', storm.one('COMMIT', 'ROLLBACK'), name);
        ELSE RETURN NEXT 'COMMIT';
    END CASE;
END $$;

CREATE FUNCTION storm.cursor() RETURNS SETOF text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN NEXT 'BEGIN';
    RETURN NEXT format('DECLARE c %sCURSOR %sFOR %s', storm.one('', 'SCROLL '), storm.one('', 'WITH HOLD '), (SELECT x FROM storm.random_call() x WHERE x LIKE 'SELECT%' UNION ALL SELECT storm.good_call() LIMIT 1));
    RETURN NEXT 'FETCH 1 FROM c';
    RETURN NEXT storm.one('FETCH BACKWARD 1 FROM c', 'MOVE ALL FROM c', 'FETCH ALL FROM c', 'SELECT 1');
    RETURN NEXT storm.one('COMMIT', 'COMMIT', 'ROLLBACK');
    RETURN NEXT 'CLOSE ALL';
END $$;

CREATE FUNCTION storm.statements(n int, who text, seed float8) RETURNS SETOF text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    kind float8;
BEGIN
    PERFORM setseed(seed);
    FOR i IN 1 .. n LOOP
        kind := random();
        RETURN QUERY SELECT replace(s, 'WHO', who) || ';' FROM (
            SELECT storm.transaction('WHO' || i) WHERE kind < 0.10
            UNION ALL SELECT storm.cursor() WHERE kind >= 0.10 AND kind < 0.14
            UNION ALL SELECT storm.blow() WHERE kind >= 0.14 AND kind < 0.15
            UNION ALL SELECT storm.setting() WHERE kind >= 0.15 AND kind < 0.18
            UNION ALL SELECT storm.look() WHERE kind >= 0.18 AND kind < 0.22
            UNION ALL SELECT storm.good_call() WHERE kind >= 0.22 AND kind < 0.55
            UNION ALL SELECT storm.random_call() WHERE kind >= 0.55) x (s);
    END LOOP;
END $$;

-- ---- What must still be true ----------------------------------------------------------------------------------

-- Whether an annotator is or was excluded from a job: the event stays when the annotator is included again.
CREATE FUNCTION storm.was_excluded(job bigint, who text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM gtlabel.event e WHERE e.job_id = job AND e.event = 'excluded' AND starts_with(e.detail, format('annotator "%s":', who))) $$;

-- The functions for people whose calls the server has all refused, so far.  The portal's have a test of their own
-- (test/portal).  Views and other functions may call one for them: then its statistics count as well.
CREATE FUNCTION storm.never_accepted() RETURNS SETOF text LANGUAGE sql VOLATILE AS $$
    SELECT f.oid::regprocedure::text FROM storm.function f LEFT JOIN pg_stat_user_functions s ON s.funcid = f.oid
     WHERE f.name::text LIKE 'gt\_%' AND COALESCE(s.calls, 0) = 0 ORDER BY 1 $$;

-- Each row is a rule that is broken.
CREATE FUNCTION storm.broken_rules() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('gt_check: %s: %s', subject, finding) FROM gt_check()
     WHERE finding LIKE 'its counters say%' OR finding LIKE 'its features are incomplete%' OR finding LIKE 'its open batch%' OR finding LIKE 'it has rows of jobs%'
    UNION ALL
    SELECT format('job %s: object %s is labeled and has failed', job_id, object_no) FROM gtlabel.label JOIN gtlabel.failure USING (job_id, object_no)
    UNION ALL
    SELECT format('job %s: object %s has a label out of range', job_id, object_no) FROM gtlabel.label l JOIN gtlabel.job j USING (job_id)
     WHERE class_no NOT BETWEEN 0 AND cardinality(label_categories) - 1 OR NOT confidence BETWEEN 0 AND 1
    UNION ALL
    SELECT format('%s of job %s is about no object', what, job_id)
      FROM (SELECT 'a label' AS what, job_id, object_no FROM gtlabel.label UNION ALL SELECT 'an answer', job_id, object_no FROM gtlabel.annotation
            UNION ALL SELECT 'a failure', job_id, object_no FROM gtlabel.failure UNION ALL SELECT 'a task', job_id, object_no FROM gtlabel.task) x
     WHERE NOT EXISTS (SELECT FROM gtlabel.object o WHERE (o.job_id, o.object_no) = (x.job_id, x.object_no))
    UNION ALL
    -- Others are asked instead of who is excluded; who is included again counts beside them.
    SELECT format('job %s: object %s has %s answers in batch %s', job_id, object_no, count(*), batch_no)
      FROM gtlabel.annotation a JOIN gtlabel.job j USING (job_id)
     WHERE NOT storm.was_excluded(a.job_id, a.annotator)
     GROUP BY job_id, object_no, batch_no, annotators_per_object HAVING count(*) > annotators_per_object
    UNION ALL
    -- A task that has an answer is asked again, and keeps the answer, only where that does not count: its annotator has
    -- been excluded, or the job's own function leaves answers out.  Whoever then answers the later task has given up the
    -- answer to the earlier one.
    SELECT format('task %s of job %s is %s and has %s answers, of which %s count', task_id, job_id, state, answers, counting)
      FROM (SELECT t.task_id, t.job_id, t.annotator, t.state, j.consolidation, count(a.task_id) AS answers,
                   count(a.task_id) FILTER (WHERE NOT storm.was_excluded(t.job_id, a.annotator)) AS counting
              FROM gtlabel.task t JOIN gtlabel.job j USING (job_id) LEFT JOIN gtlabel.annotation a USING (job_id, task_id)
             GROUP BY t.job_id, t.task_id, t.state, j.consolidation) x
     WHERE consolidation IS NULL
       AND ((state = 'submitted' AND answers = 0 AND NOT storm.was_excluded(job_id, annotator)) OR counting > (state = 'submitted')::int)
    UNION ALL
    SELECT format('job %s: %s holds %s tasks of object %s', job_id, annotator, count(*), object_no)
      FROM gtlabel.task WHERE state = 'accepted' GROUP BY job_id, batch_no, annotator, object_no HAVING count(*) > 1
    UNION ALL
    SELECT format('job %s is %s and has an open batch or tasks', job_id, state)
      FROM gtlabel.job j WHERE state IN ('stopped', 'completed')
       AND (open_batch_no IS NOT NULL OR EXISTS (SELECT FROM gtlabel.batch b WHERE b.job_id = j.job_id AND closed_at IS NULL)
            OR EXISTS (SELECT FROM gtlabel.task t WHERE t.job_id = j.job_id AND t.state IN ('available', 'accepted')))
    UNION ALL
    SELECT format('job %s has failed without a reason', job_id) FROM gtlabel.job WHERE state = 'failed' AND COALESCE(failure_reason, '') = ''
    UNION ALL
    SELECT format('job %s: batch %s of %s objects has %s labeled, %s failed', job_id, batch_no, object_count, labeled, failed)
      FROM gtlabel.batch WHERE closed_at IS NOT NULL AND labeled + failed > object_count
    UNION ALL
    SELECT format('model %s is not its job''s owner''s', model_id) FROM gtlabel.model m JOIN gtlabel.job j USING (job_id) WHERE m.owner <> j.owner
$$;

-- What a role has that nobody has been let into, as one number.
CREATE FUNCTION storm.belongings(role regrole) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    relation regclass;
    rows text;
    everything text := (SELECT md5(string_agg(s::text, ',' ORDER BY s::text)) FROM victim.secrets s)
        || (SELECT md5(COALESCE(string_agg(m::text, ',' ORDER BY m::text), '')) FROM gtlabel.model m WHERE owner = role);
BEGIN
    FOR relation IN SELECT c.oid FROM pg_class c WHERE relnamespace = 'gtlabel'::regnamespace AND relkind = 'r' AND relname <> 'model'
            AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'job_id') ORDER BY relname LOOP
        EXECUTE format('SELECT md5(COALESCE(string_agg(x::text, '','' ORDER BY x::text), '''')) FROM %s x WHERE job_id IN (SELECT job_id FROM gtlabel.job WHERE owner = $1)', relation)
            INTO rows USING role;
        everything := everything || rows;
    END LOOP;
    RETURN md5(everything);
END $$;

-- Every job that goes on comes to an end.
CREATE PROCEDURE storm.finish(job text) LANGUAGE plpgsql AS $$
DECLARE
    now_is text;
BEGIN
    SET gtlabel.background = off;
    FOR turn IN 1 .. 200 LOOP
        SELECT state INTO now_is FROM gt_jobs WHERE job_name = job;
        EXIT WHEN now_is IN ('completed', 'stopped');
        IF now_is IN ('paused', 'failed') THEN PERFORM gt_resume_job(job); END IF;
        PERFORM gt_release_tasks(array_agg(task_id), annotator) FROM gt_tasks WHERE job_name = job AND state = 'accepted' GROUP BY annotator;
        PERFORM gt_annotate(job, array_agg(object_key), array_agg(label), 'last ' || turn) FROM (
            SELECT DISTINCT ON (object_key) object_key, label_categories[1 + task_id % cardinality(label_categories)] AS label
              FROM gt_tasks JOIN gtlabel.job known USING (job_name) WHERE job_name = job AND gt_tasks.state = 'available') t HAVING count(*) > 0;
        COMMIT;
        PERFORM gt_advance_job(job);
        COMMIT;
    END LOOP;
    IF now_is NOT IN ('completed', 'stopped') THEN
        RAISE EXCEPTION 'job % does not end: it is %', job, now_is;
    END IF;
END $$;
