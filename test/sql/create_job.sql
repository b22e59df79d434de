-- gt_create_job: every parameter, every dataset, and what each is refused with.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
SET client_min_messages = error;  -- tiny datasets: the warnings of futility have a part of their own below
CREATE SCHEMA cj;
SET search_path = public, cj, gtl_test;
CREATE TABLE cj.ok (id integer PRIMARY KEY, features float4[], gold text, other text, twin integer);
INSERT INTO cj.ok SELECT g, ARRAY[g, g % 3, 1], CASE WHEN g % 2 = 0 THEN 'even' ELSE 'odd' END, 'o' || g, g / 2
  FROM generate_series(1, 20) g;

-- Creates a job over a dataset with the given settings, and says what became of it; the job is dropped.
CREATE FUNCTION cj.try(dataset text, settings text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
    job text := 'cj try';
BEGIN
    answer := gtl_test.refused(format($call$SELECT gt_create_job('cj try', %L::regclass, ARRAY['even','odd']%s)$call$, dataset,
                                      CASE WHEN settings <> '' THEN ', ' || settings ELSE '' END));
    IF answer NOT LIKE 'ACCEPTED%' THEN
        RETURN answer;
    END IF;
    SELECT format('%s objects, %s for validation, %s features, key %s', object_count, validation_count, dimension, key_column)
      INTO answer FROM gtlabel.job known WHERE job_name = job;
    PERFORM gtl_test.check_counters(job);
    PERFORM gt_drop_job(job);
    RETURN answer;
END $$;

-- ---- What a job records ------------------------------------------------------------------

SELECT gt_create_job('cj plain', 'cj.ok', ARRAY['even', 'odd'], seed => 7) = currval('gtlabel.job_id_seq') AS returns_the_id;
\x on
SELECT job_name, state, owner = current_user::regrole AS own, dataset, object_count, validation_count, dimension, total_labeled,
       human_labeled, machine_labeled, failed, unlabeled, failure_reason, finished_at
  FROM gt_jobs WHERE job_name = 'cj plain';
SELECT setting, value, "default", alterable FROM gt_job_settings WHERE job_name = 'cj plain';
SELECT gt_create_job('cj all', 'cj.ok', ARRAY['odd', 'even', 'neither'], key_column => 'other', features_column => 'features',
                     label_attribute_name => 'parity', max_concurrent_task_count => 3, annotators_per_object => 9,
                     auto_label => true, target_accuracy => 0.8, confidence_level => 0.9, guarantee => 'expected',
                     schedule => 'eager', validation_share => 0.5, algorithm => 'mlp', query_strategy => 'random',
                     max_human_labeled_object_count => 12, max_percentage_of_input_dataset_labeled => 70,
                     task_time_limit => '90 seconds', task_availability_lifetime => '2 days',
                     workteam => 'pg_monitor', seed => -5) > 0 AS created;
SELECT setting, value FROM gt_job_settings WHERE job_name = 'cj all' AND value IS DISTINCT FROM "default";
\x off
-- the first batch is there: validation objects only, max_concurrent_task_count of them, annotators_per_object tasks each
SELECT job_name, batch_no, subset, object_count, state, expires_at - issued_at AS offered FROM gt_batches
 WHERE job_name LIKE 'cj %' ORDER BY job_name;
SELECT job_name, count(*) AS tasks, count(DISTINCT object_key) AS objects, bool_and(state = 'available') AS available
  FROM gt_tasks WHERE job_name LIKE 'cj %' GROUP BY job_name ORDER BY job_name;
-- a seed that is not given is drawn, and recorded
SELECT gt_create_job('cj a', 'cj.ok', ARRAY['even', 'odd']) > 0 AND gt_create_job('cj b', 'cj.ok', ARRAY['even', 'odd']) > 0 AS created;
SELECT gtl_test.setting('cj a', 'seed') <> gtl_test.setting('cj b', 'seed') AS drawn;
SELECT refused($$SELECT gt_create_job('cj a', 'cj.ok', ARRAY['even','odd'])$$);
-- whatever else is wrong
SELECT refused($$SELECT gt_create_job('cj a', 'cj.ok', ARRAY['even','odd'], features_column => 'nowhere')$$);
-- names are told apart by their case
SELECT gt_create_job('CJ A', 'cj.ok', ARRAY['even', 'odd']) > 0 AS created;
SELECT drop_jobs('cj %') + drop_jobs('CJ %');

-- Whatever is refused below leaves nothing behind.
CREATE VIEW cj.traces AS SELECT (SELECT count(*) FROM gtlabel.job) AS jobs, (SELECT count(*) FROM gtlabel.object) AS objects,
    (SELECT count(*) FROM gtlabel.feature_page) AS pages, (SELECT count(*) FROM gtlabel.batch) AS batches,
    (SELECT count(*) FROM gtlabel.task) AS tasks, (SELECT count(*) FROM gtlabel.event) AS events;
CREATE TEMP TABLE traces_before AS SELECT * FROM cj.traces;

-- ---- Settings ----------------------------------------------------------------------------

SELECT refused($$SELECT gt_create_job(NULL, 'cj.ok', ARRAY['a','b'])$$);
SELECT refused($$SELECT gt_create_job('', 'cj.ok', ARRAY['a','b'])$$);
SELECT refused($$SELECT gt_create_job(repeat('x', 64), 'cj.ok', ARRAY['a','b'])$$);
SELECT refused($$SELECT gt_create_job('a/b', 'cj.ok', ARRAY['a','b'])$$);
SELECT refused($$SELECT gt_create_job(E'a\nb', 'cj.ok', ARRAY['a','b'])$$);
SELECT refused($$SELECT gt_create_job('cj', NULL, ARRAY['a','b'])$$);
SELECT refused($$SELECT gt_create_job('cj', 'cj.absent', ARRAY['a','b'])$$);
SELECT refused($$SELECT gt_create_job('cj', 0, ARRAY['a','b'])$$);
SELECT refused($$SELECT gt_create_job('cj', 'cj.ok', NULL)$$);
SELECT refused($$SELECT gt_create_job('cj', 'cj.ok', '{}')$$);
SELECT refused($$SELECT gt_create_job('cj', 'cj.ok', ARRAY['a'])$$);
SELECT refused($$SELECT gt_create_job('cj', 'cj.ok', ARRAY['a','b','a'])$$);
SELECT refused($$SELECT gt_create_job('cj', 'cj.ok', ARRAY['a',NULL])$$);
SELECT refused($$SELECT gt_create_job('cj', 'cj.ok', ARRAY['a',''])$$);
SELECT refused($$SELECT gt_create_job('cj', 'cj.ok', ARRAY[repeat('c', 257),'b'])$$);
SELECT refused($$SELECT gt_create_job('cj', 'cj.ok', ARRAY[['a','b'],['c','d']])$$);
SELECT setting, cj.try('cj.ok', setting) AS answer FROM unnest(ARRAY[
    $$label_attribute_name => ''$$, $$label_attribute_name => 'source'$$, $$label_attribute_name => 'source-ref'$$,
    $$label_attribute_name => 'x-metadata'$$, $$label_attribute_name => 'a$b'$$, $$label_attribute_name => repeat('x', 128)$$,
    'max_concurrent_task_count => 0', 'max_concurrent_task_count => NULL',
    'annotators_per_object => 0', 'annotators_per_object => 10', 'annotators_per_object => NULL',
    'auto_label => NULL',
    'target_accuracy => 0', 'target_accuracy => 1', 'target_accuracy => 95', $$target_accuracy => 'NaN'$$, 'target_accuracy => NULL',
    'confidence_level => 0', 'confidence_level => 1', 'confidence_level => NULL',
    $$guarantee => 'certain'$$, 'guarantee => NULL',
    $$schedule => 'lazy'$$, 'schedule => NULL',
    'validation_share => 0', 'validation_share => 1', 'validation_share => -0.2', $$validation_share => 'NaN'$$,
    $$algorithm => 'forest'$$, 'algorithm => NULL', $$query_strategy => 'oldest'$$, 'query_strategy => NULL',
    'max_human_labeled_object_count => 0', 'max_human_labeled_object_count => -3',
    'max_percentage_of_input_dataset_labeled => 0', 'max_percentage_of_input_dataset_labeled => 101',
    $$task_time_limit => '100 years 1 second'$$, $$task_availability_lifetime => '200000 years'$$,
    $$task_time_limit => '0'$$, $$task_time_limit => '-1 hour'$$, 'task_time_limit => NULL',
    $$task_availability_lifetime => '59 seconds'$$, 'task_availability_lifetime => NULL',
    $$workteam => 'no_such_role'$$
]) WITH ORDINALITY AS s (setting, place) ORDER BY place;
-- what a job starts from has to be there (test start)
SELECT cj.try('cj.ok', $$label_column => 'nothing'$$);
SELECT cj.try('cj.ok', $$initial_model => 'm'$$);

-- ---- Keys --------------------------------------------------------------------------------

CREATE TABLE cj.keyless (id integer, features float4[]);
INSERT INTO cj.keyless VALUES (1, '{1}'), (2, '{2}');
CREATE TABLE cj.pair (a integer, b integer, features float4[], PRIMARY KEY (a, b));
INSERT INTO cj.pair VALUES (1, 1, '{1}');
CREATE TABLE cj.null_key (id integer, features float4[]);
INSERT INTO cj.null_key VALUES (1, '{1}'), (NULL, '{2}');
SELECT cj.try('cj.keyless');
SELECT cj.try('cj.keyless', $$key_column => 'id'$$);
SELECT cj.try('cj.keyless', $$key_column => 'absent'$$);
SELECT cj.try('cj.keyless', $$key_column => 'ctid'$$);
SELECT cj.try('cj.pair');
SELECT cj.try('cj.pair', $$key_column => 'a'$$);
SELECT cj.try('cj.null_key', $$key_column => 'id'$$);
SELECT cj.try('cj.ok', $$key_column => 'twin'$$);
-- equal as text but not side by side in the order of the type
CREATE TABLE cj.twice (k numeric, features float4[]);
INSERT INTO cj.twice VALUES (1.0, '{1}'), (1.00, '{2}'), (1.0, '{3}'), (1.00, '{4}'), (2, '{5}');
SELECT cj.try('cj.twice', $$key_column => 'k'$$) IN
       ('23505 column "k" of dataset cj.twice contains "1.0" more than once' || E'\n      hint: A key identifies each row; name another column with key_column.',
        '23505 column "k" of dataset cj.twice contains "1.00" more than once' || E'\n      hint: A key identifies each row; name another column with key_column.') AS refused_by_name;
-- equal in the order of the type but not as text: two keys
DELETE FROM cj.twice WHERE features IN ('{3}', '{4}');
SELECT cj.try('cj.twice', $$key_column => 'k'$$);
-- any type that has a text form; those without an order too
CREATE TABLE cj.keys AS SELECT g::smallint AS small, g::bigint AS big, g / 7.0 AS numeric, 'k ' || g AS text, ('k' || g)::varchar(9) AS varchar,
    ('k' || g)::char(9) AS char, md5(g::text)::uuid AS uuid, json_build_object('k', g) AS json, jsonb_build_object('k', g) AS jsonb,
    date '2024-01-01' + g AS date, timestamptz '2024-01-01 UTC' + g * interval '1 hour' AS timestamptz,
    int4range(g, g + 2) AS range, point(g, g) AS point, ARRAY[g] AS "array", decode(lpad(to_hex(g), 4, '0'), 'hex') AS bytea,
    ('10.0.0.' || g)::inet AS inet, g * interval '1 day' AS interval, g::float8 / 3 AS float8, ARRAY[g]::float4[] AS features
  FROM generate_series(1, 10) g;
SELECT attname, cj.try('cj.keys', format('key_column => %L', attname)) FROM pg_attribute
 WHERE attrelid = 'cj.keys'::regclass AND attnum > 0 AND attname <> 'features' ORDER BY attnum;
-- gt_labels joins to the dataset by key_column::text, whatever the type
SELECT gt_create_job('cj join', 'cj.keys', ARRAY['a', 'b'], key_column => 'timestamptz', auto_label => false) > 0 AS created;
SELECT gt_annotate('cj join', array_agg(timestamptz::text), array_agg(CASE WHEN small > 5 THEN 'a' ELSE 'b' END)) FROM cj.keys;
SELECT gt_advance_job('cj join');
SELECT count(*) FILTER (WHERE (k.small > 5) = (l.label = 'a')) AS right_label
  FROM gt_labels l JOIN cj.keys k ON k.timestamptz::text = l.object_key WHERE l.job_name = 'cj join';
SELECT drop_jobs('cj join');
-- a key must fit into an index
CREATE TABLE cj.long_key AS SELECT string_agg(md5(g::text), '' ORDER BY g) AS id, '{1}'::float4[] AS features
  FROM generate_series(1, 100) g;
SELECT cj.try('cj.long_key', $$key_column => 'id'$$);

-- ---- Features ----------------------------------------------------------------------------

CREATE TABLE cj.bad (id integer PRIMARY KEY, features float4[]);
CREATE FUNCTION cj.try_features(features text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM cj.bad;
    INSERT INTO cj.bad VALUES (1, '{1,2}'), (2, features::float4[]), (3, '{3,4}');
    RETURN cj.try('cj.bad');
END $$;
SELECT features, cj.try_features(features) FROM unnest(ARRAY[
    '{5,6}', NULL, '{5,NULL}', '{}', '{NaN,1}', '{1,NaN}', '{Infinity,1}', '{1,-Infinity}', '{5}', '{5,6,7}', '{{5,6}}', '{{5},{6}}',
    '[0:1]={5,6}'
]) WITH ORDINALITY AS f (features, place) ORDER BY place;
-- the first row decides on the dimension, and is checked like the others
DELETE FROM cj.bad;
INSERT INTO cj.bad VALUES (1, '{}'), (2, '{1}');
SELECT cj.try('cj.bad');
UPDATE cj.bad SET features = array_fill(1::float4, ARRAY[16001]) WHERE id = 1;
SELECT cj.try('cj.bad');
UPDATE cj.bad SET features = array_fill(1::float4, ARRAY[16000]);
SELECT cj.try('cj.bad');
CREATE TABLE cj.empty (id integer PRIMARY KEY, features float4[]);
SELECT cj.try('cj.empty');
SELECT cj.try('cj.ok', $$features_column => 'absent'$$);
SELECT cj.try('cj.ok', $$features_column => 'other'$$);
SELECT cj.try('cj.ok', $$features_column => 'twin'$$);
SELECT cj.try('cj.ok', 'features_column => NULL');
-- other types, by their casts
CREATE DOMAIN cj.embedding AS float4[] CHECK (array_length(VALUE, 1) = 2);
CREATE TYPE cj.vector AS (x float4, y float4);
CREATE FUNCTION cj.to_array(cj.vector) RETURNS float4[] IMMUTABLE STRICT LANGUAGE sql AS 'SELECT ARRAY[$1.x, $1.y]';
CREATE CAST (cj.vector AS float4[]) WITH FUNCTION cj.to_array(cj.vector);
CREATE DOMAIN cj.word_vector AS cj.vector;
CREATE TYPE cj.uncastable AS (x float4);
CREATE TABLE cj.types (id integer PRIMARY KEY, f4 float4[], f8 float8[], n numeric[], i integer[], domain cj.embedding,
                       vector cj.vector, vector_domain cj.word_vector, uncastable cj.uncastable, texts text[], bools boolean[]);
INSERT INTO cj.types SELECT g, ARRAY[g, 0.5], ARRAY[g, 0.5], ARRAY[g, 0.5], ARRAY[g, 5], ARRAY[g, 0.5], ROW(g, 0.5)::cj.vector, ROW(g, 0.5)::cj.vector, ROW(g)::cj.uncastable,
    ARRAY['1'], ARRAY[true] FROM generate_series(1, 5) g;
SELECT attname, cj.try('cj.types', format('features_column => %L', attname)) FROM pg_attribute
 WHERE attrelid = 'cj.types'::regclass AND attnum > 1 ORDER BY attnum;
-- they are read right: the same statistics whatever the type
SELECT gt_create_job('cj ' || f, 'cj.types', ARRAY['a', 'b'], features_column => f) > 0 AS created
  FROM unnest(ARRAY['f4', 'f8', 'n', 'domain', 'vector', 'vector_domain']::name[]) f;
SELECT feature_mean, feature_squares, count(*) FROM gtlabel.segment s JOIN gtlabel.job j USING (job_id) WHERE job_name LIKE 'cj %' GROUP BY 1, 2;
SELECT count(DISTINCT data) AS pages FROM gtlabel.feature_page p JOIN gtlabel.job j USING (job_id) WHERE job_name LIKE 'cj %';
SELECT drop_jobs('cj %');
-- a double that no float4 can hold
UPDATE cj.types SET f8 = '{1e300, 0}' WHERE id = 3;
SELECT cj.try('cj.types', $$features_column => 'f8'$$);
UPDATE cj.types SET f8 = '{1e-300, 0}' WHERE id = 3;
SELECT cj.try('cj.types', $$features_column => 'f8'$$);

-- ---- Datasets ----------------------------------------------------------------------------

CREATE VIEW cj.view AS SELECT id, features, 'x' AS more FROM cj.ok WHERE id > 10;
CREATE MATERIALIZED VIEW cj.matview AS SELECT id, features FROM cj.ok;
CREATE TABLE cj.partitioned (id integer PRIMARY KEY, features float4[]) PARTITION BY RANGE (id);
CREATE TABLE cj.part_1 PARTITION OF cj.partitioned FOR VALUES FROM (0) TO (8);
CREATE TABLE cj.part_2 PARTITION OF cj.partitioned FOR VALUES FROM (8) TO (100);
INSERT INTO cj.partitioned SELECT id, features FROM cj.ok;
CREATE EXTENSION IF NOT EXISTS file_fdw;
CREATE SERVER cj_files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE cj.foreign (id integer, features float4[]) SERVER cj_files
    OPTIONS (program $$printf '3|{3}\n1|{1}\n2|{2}\n'$$, delimiter '|');
CREATE UNLOGGED TABLE cj.unlogged (LIKE cj.ok INCLUDING ALL);
INSERT INTO cj.unlogged SELECT * FROM cj.ok;
CREATE TEMP TABLE tempo (LIKE cj.ok INCLUDING ALL);
INSERT INTO tempo SELECT * FROM cj.ok;
CREATE SEQUENCE cj.sequence;
CREATE TYPE cj.pair_type AS (id integer);
SELECT cj.try('cj.view', $$key_column => 'id'$$);
SELECT cj.try('cj.view');
SELECT cj.try('cj.matview', $$key_column => 'id'$$);
SELECT cj.try('cj.partitioned');
SELECT cj.try('cj.part_2');
SELECT cj.try('cj.foreign', $$key_column => 'id'$$);
SELECT cj.try('cj.unlogged');
SELECT cj.try('tempo');
SELECT cj.try('cj.sequence');
SELECT cj.try('cj.ok_pkey');
SELECT cj.try('cj.pair_type');
-- a dataset that fails while it is read
CREATE VIEW cj.exploding AS SELECT id, features, 1 / (id - 15) AS boom FROM cj.ok WHERE 1 / (id - 15) IS NOT NULL;
SELECT cj.try('cj.exploding', $$key_column => 'id'$$);

-- ---- Privileges --------------------------------------------------------------------------

CREATE ROLE regress_gtl_stranger;
GRANT USAGE ON SCHEMA cj, gtl_test TO regress_gtl_stranger;
GRANT CREATE ON SCHEMA cj TO regress_gtl_stranger;
SET ROLE regress_gtl_stranger;
SELECT cj.try('cj.ok');
RESET ROLE;
GRANT SELECT (id) ON cj.ok TO regress_gtl_stranger;
SET ROLE regress_gtl_stranger;
SELECT cj.try('cj.ok');
SELECT cj.try('cj.ok', 'features_column => NULL');
RESET ROLE;
GRANT SELECT (features) ON cj.ok TO regress_gtl_stranger;
SET ROLE regress_gtl_stranger;
SELECT cj.try('cj.ok');
-- what the caller may not see of a table is not labeled
RESET ROLE;
GRANT SELECT ON cj.partitioned TO regress_gtl_stranger;
ALTER TABLE cj.partitioned ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON cj.partitioned USING (id <= 5);
SET ROLE regress_gtl_stranger;
SELECT cj.try('cj.partitioned');
RESET ROLE;

-- Nothing is left behind by any of the refused calls, nor by the jobs that were dropped.
SELECT t = b AS nothing_left FROM cj.traces t, traces_before b;

-- ---- Warnings of futility ----------------------------------------------------------------

SET client_min_messages = warning;
\set ok '''cj.ok'', ARRAY[''even'', ''odd'']'
-- the first training batch takes all that the validation set leaves, and the validation set is too small besides
SELECT gt_create_job('cj w1', :ok) > 0 AS created;
-- too few validation objects for the target, even if none is wrong
SELECT gt_create_job('cj w2', :ok, max_concurrent_task_count => 5) > 0 AS created;
-- the budget ends inside the validation set
SELECT gt_create_job('cj w3', 'gtl_test.digits', ARRAY[:digits], max_concurrent_task_count => 100,
                     max_human_labeled_object_count => 351) > 0 AS created;
-- 351 validation objects cannot prove 99 %: 368 are needed
SELECT gt_create_job('cj w4', 'gtl_test.digits', ARRAY[:digits], target_accuracy => 0.99) > 0 AS created;
-- no warning: it can work, or nobody asked for machine labels
SELECT gt_create_job('cj w5', 'gtl_test.digits', ARRAY[:digits]) > 0 AS created;
SELECT gt_create_job('cj w6', :ok, auto_label => false) > 0 AS created;
SELECT gt_create_job('cj w7', :ok, features_column => NULL) > 0 AS created;
SELECT drop_jobs('cj w%');

SET client_min_messages = error;
DROP SCHEMA cj CASCADE;
DROP SERVER cj_files;
REVOKE ALL ON SCHEMA gtl_test FROM regress_gtl_stranger;
DROP ROLE regress_gtl_stranger;
