-- Data that a classifier can learn nothing or little from: a model that is right as far as it can be, or an error; never NaN.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA bi;
SET search_path = public, bi, gtl_test;

-- Two clouds, which any scale leaves apart.
CREATE VIEW bi.clouds AS
SELECT i AS id, CASE i % 2 WHEN 0 THEN 'even' ELSE 'odd' END AS gold,
       (i % 2 * 4 + sin(i * 7.3)) AS x, cos(i * 11.9) AS y FROM generate_series(1, 120) i;
CREATE TABLE bi.tiny AS SELECT id, gold, ARRAY[x * 1e-30, y * 1e-30]::float4[] AS features FROM bi.clouds;
CREATE TABLE bi.denormal AS SELECT id, gold, ARRAY[x * 1e-40, y * 1e-40]::float4[] AS features FROM bi.clouds;
CREATE TABLE bi.huge AS SELECT id, gold, ARRAY[x * 1e30, y * 1e30]::float4[] AS features FROM bi.clouds;
CREATE TABLE bi.limits AS SELECT id, gold, ARRAY[CASE gold WHEN 'odd' THEN 3.4e38 ELSE -3.4e38 END, y * 1e-30]::float4[] AS features FROM bi.clouds;
CREATE TABLE bi.shifted AS SELECT id, gold, ARRAY[x + 1000000, y - 1000000]::float4[] AS features FROM bi.clouds;
CREATE TABLE bi.mixed AS SELECT id, gold, ARRAY[x * 1e30, y * 1e-30, 7, 0.1, x, x]::float4[] AS features FROM bi.clouds; -- and constant and duplicate columns
CREATE TABLE bi.thin AS SELECT id, gold, ARRAY[x]::float4[] AS features FROM bi.clouds;
CREATE TABLE bi.wide AS SELECT id, gold, (SELECT array_agg(CASE WHEN d % 100 = 0 THEN x ELSE sin(id * d) END)::float4[] FROM generate_series(1, 16000) d) AS features FROM bi.clouds;
CREATE TABLE bi.single AS SELECT id, CASE id WHEN 60 THEN 'once' ELSE gold END AS gold, ARRAY[x, CASE id WHEN 60 THEN 50 ELSE y END]::float4[] AS features FROM bi.clouds;
CREATE TABLE bi.same AS SELECT id, CASE WHEN id <= 90 THEN 'even' ELSE 'odd' END AS gold, ARRAY[1, 2]::float4[] AS features FROM bi.clouds;

-- What is learned from a table: the share of its own rows that are right, and whether every number is one.
CREATE FUNCTION bi.learn(data text, algorithm text, categories text[] DEFAULT NULL, OUT correct float8, OUT sane boolean) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM gt_train('bi model', data::regclass, 'gold', algorithm => algorithm, label_categories => categories);
    EXECUTE format('SELECT avg((gt_predict(''bi model'', features) = gold)::int), bool_and(gt_confidence(''bi model'', features) BETWEEN 0 AND 1
                           AND (SELECT abs(sum(p) - 1) < 1e-3 AND min(p) >= 0 FROM unnest(gt_predict_proba(''bi model'', features)) p)) FROM %s', data)
       INTO correct, sane;
    SELECT sane AND accuracy BETWEEN 0 AND 1 AND log_loss BETWEEN 0 AND 30 AND objective BETWEEN 0 AND 30 INTO sane FROM gt_models WHERE model_name = 'bi model';
    PERFORM gt_drop_model('bi model');
END $$;
SET maintenance_work_mem = '1GB';
SELECT data, algorithm, l.correct >= least AS right, l.sane
  FROM (VALUES ('tiny', 1.0), ('denormal', 1.0), ('huge', 1.0), ('limits', 1.0), ('shifted', 0.99), ('mixed', 1.0), ('thin', 1.0), ('wide', 1.0),
               ('single', 0.99), ('same', 0.75)) d (data, least),
       unnest(ARRAY['softmax', 'mlp', 'auto']) algorithm, learn(data, algorithm) l
 WHERE data <> 'wide' OR algorithm = 'softmax';
RESET maintenance_work_mem;
-- where nothing can be learned, the classes' shares
SELECT gt_train('bi same', 'bi.same', 'gold') > 0 AS trained;
SELECT p[1] BETWEEN 0.73 AND 0.77 AS even, p[2] BETWEEN 0.23 AND 0.27 AS odd FROM gt_predict_proba('bi same', ARRAY[1, 2]::float4[]) p;
SELECT gt_drop_model('bi same');
-- more classes than rows, and 10,000
SET maintenance_work_mem = '1GB';
SELECT algorithm, classes, l.correct = 1 AS right, l.sane
  FROM (VALUES ('softmax', 300), ('mlp', 300), ('softmax', 10000)) c (algorithm, classes),
       learn('thin', algorithm, (SELECT array_agg('c' || n) || ARRAY['even', 'odd'] FROM generate_series(3, classes) n)) l;
RESET maintenance_work_mem;
CREATE VIEW bi.own AS SELECT id, id::text AS gold, features FROM bi.thin WHERE id <= 40;
SELECT (learn('own', 'auto')).sane;
SELECT refused($$ SELECT learn('bi.same', 'auto', ARRAY['even']) $$);
CREATE VIEW bi.one AS SELECT * FROM bi.thin WHERE gold = 'odd';
SELECT refused($$ SELECT learn('bi.one', 'auto') $$);
SELECT refused($$ SELECT learn('bi.one', 'auto', ARRAY['even', 'odd']) $$);
-- a model of 10,000 classes and 16,000 dimensions has 160 million weights: refused before they are allocated
SELECT clock_timestamp() AS began \gset
SELECT regexp_replace(refused($$ SELECT learn('wide', 'softmax', (SELECT array_agg('c' || n) || ARRAY['even', 'odd'] FROM generate_series(3, 10000) n)) $$), '\d\d+ MB, ', 'many MB, ');
SELECT clock_timestamp() - :'began' < interval '5 s' AS at_once;

-- ---- The same through a job -----------------------------------------------------------------------

SET client_min_messages = warning;
CREATE TABLE bi.states (data text, state text, labels bigint, correct float8, sane boolean);
DO $$
DECLARE
    data text;
BEGIN
    FOREACH data IN ARRAY ARRAY['tiny', 'denormal', 'huge', 'limits', 'shifted', 'mixed', 'thin', 'single', 'same'] LOOP
        PERFORM gt_create_job('bi ' || data, data::regclass, ARRAY['even', 'odd', 'once'], key_column => 'id', schedule => 'eager', guarantee => 'confidence', validation_share => 0.2,
                              target_accuracy => 0.8, max_concurrent_task_count => 20, seed => 1);
        INSERT INTO bi.states (data, state) VALUES (data, gtl_test.run('bi ' || data));
        EXECUTE format('UPDATE bi.states s SET labels = (SELECT count(*) FROM gt_labels l WHERE l.job_name = ''bi '' || s.data),
            correct = (SELECT avg((l.label = d.gold)::int) FROM gt_labels l JOIN bi.%I d ON d.id::text = l.object_key WHERE l.job_name = ''bi '' || s.data),
            sane = (SELECT bool_and(m.accuracy BETWEEN 0 AND 1 AND m.log_loss BETWEEN 0 AND 30) FROM gt_models m WHERE m.job_name = ''bi '' || s.data)
            WHERE s.data = %L', data, data);
    END LOOP;
END $$;
RESET client_min_messages;
SELECT data, s.state, labels, correct >= 0.8 AS right, sane, j.machine_labeled > 0 AS by_machine
  FROM bi.states s JOIN gt_jobs j ON j.job_name = 'bi ' || data ORDER BY data;
-- one class only: people label everything
SELECT gt_create_job('bi one', 'one', ARRAY['even', 'odd'], key_column => 'id', schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, max_concurrent_task_count => 50, seed => 1) > 0 AS created;
SELECT run('bi one');
SELECT human_labeled, machine_labeled FROM gt_jobs WHERE job_name = 'bi one';
SELECT DISTINCT reason FROM gt_rounds WHERE job_name = 'bi one';
-- too large to train: a warning at once, an error at the round, nothing stored
SET client_min_messages = error;
SELECT gt_create_job('bi large', 'wide', (SELECT array_agg('c' || n) || ARRAY['even', 'odd'] FROM generate_series(3, 100) n), key_column => 'id',
                     schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, target_accuracy => 0.8, max_concurrent_task_count => 30, seed => 1) > 0 AS created;
RESET client_min_messages;
SELECT answer('bi large') > 0 AS answered;
SELECT regexp_replace(refused($$ SELECT gt_advance_job('bi large') $$), '\d\d+ MB, ', 'many MB, ');
SELECT count(*) AS models FROM gt_models WHERE job_name = 'bi large';

SELECT drop_jobs('bi %');
SET client_min_messages = warning;
DROP SCHEMA bi CASCADE;
