-- Classifiers outside of jobs: gt_train, gt_predict, gt_predict_proba, gt_confidence, gt_margin, gt_drop_model.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA mo;
SET search_path = public, mo, gtl_test;
CREATE VIEW mo.half AS SELECT * FROM gtl_test.digits WHERE id % 2 = 0;
CREATE VIEW mo.rest AS SELECT * FROM gtl_test.digits WHERE id % 2 = 1;

SELECT gt_train('mo softmax', 'mo.half', 'gold', algorithm => 'softmax') > 0 AS trained;
SELECT gt_train('mo mlp', 'mo.half', 'gold', algorithm => 'mlp', seed => 3) > 0 AS trained;
SELECT model_name, job_name, label_categories, dimension, algorithm, hidden_units,
       training_count = (SELECT count(*) FROM mo.half) AS trained_on_all, accuracy > 0.93 AS accurate, log_loss < 0.3 AS sure, outcome
  FROM gt_models WHERE model_name LIKE 'mo %' ORDER BY model_name;
-- on rows that it has not seen
SELECT avg((gt_predict('mo softmax', features) = gold)::int) > 0.92 AS softmax,
       avg((gt_predict('mo mlp', features) = gold)::int) > 0.93 AS mlp,
       avg((gt_predict('mo softmax', features::float8[]) = gt_predict('mo softmax', features))::int) = 1 AS float8_too
  FROM mo.rest;
-- the confidence is a probability: on rows that the model has not seen it is right as often as it says
SELECT m, abs(avg(gt_confidence(m, features)) - avg((gt_predict(m, features) = gold)::int)) < 0.03 AS right_on_average,
       avg(gt_confidence(m, features)) FILTER (WHERE gt_margin(m, features) < 0.5) < 0.85 AS doubts_what_is_close
  FROM mo.rest, unnest(ARRAY['mo softmax', 'mo mlp']) m GROUP BY m ORDER BY m;
-- probabilities add up, the prediction is the most probable, the margin that of the first two
SELECT bool_and(abs(1 - s.total) < 1e-5) AS add_up,
       bool_and(p.probability[array_position(ARRAY[:digits], gt_predict('mo mlp', r.features))] = s.first) AS most_probable,
       bool_and(abs(gt_margin('mo mlp', r.features) - (s.first - s.second)) < 1e-5) AS margin
  FROM mo.rest r, LATERAL (SELECT gt_predict_proba('mo mlp', r.features) AS probability) p,
       LATERAL (SELECT sum(v) AS total, (array_agg(v ORDER BY v DESC))[1] AS first, (array_agg(v ORDER BY v DESC))[2] AS second
                  FROM unnest(p.probability) v) s;
-- the same training gives the same model
SELECT gt_train('mo again', 'mo.half', 'gold', algorithm => 'mlp', seed => 3) > 0 AS trained;
SELECT count(DISTINCT weights) AS kinds_of_weights FROM gtlabel.model WHERE model_name IN ('mo mlp', 'mo again');
-- in parallel plans, too
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
SELECT avg((gt_predict('mo softmax', features) = gold)::int) > 0.92 AS accurate FROM gtl_test.digits WHERE id % 2 = 1;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT avg((gt_predict('mo softmax', features) = gold)::int) > 0.92 AS accurate FROM gtl_test.digits WHERE id % 2 = 1;
COMMIT;
RESET ALL;
SET search_path = public, mo, gtl_test;
-- models by turns: one at a time is in memory
SELECT count(DISTINCT gt_predict(m, features)) AS kinds, (SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'gtlabel predictor') AS models_in_memory
  FROM (SELECT * FROM gtl_test.digits ORDER BY id LIMIT 200) d, unnest(ARRAY['mo softmax', 'mo mlp']) m;
SELECT gt_predict(NULL::text, ARRAY[1]::float4[]) IS NULL AS null_in_null_out;

-- rows without a label do not train; categories may be given
CREATE TABLE mo.few (id serial PRIMARY KEY, features float8[], label text);
INSERT INTO mo.few (features, label) SELECT ARRAY[x, -x], CASE WHEN x > 0 THEN 'up' WHEN x < 0 THEN 'down' END FROM generate_series(-20, 20) x;
SELECT gt_train('mo few', 'mo.few', 'label', algorithm => 'softmax', label_categories => ARRAY['up', 'down', 'never']) > 0 AS trained;
SELECT label_categories, class_counts, training_count FROM gt_models WHERE model_name = 'mo few';
SELECT gt_predict('mo few', ARRAY[9, -9]::float8[]), gt_predict('mo few', ARRAY[-9, 9]::float4[]);

-- a type with a cast to float4[], which may make NULL of it, and which not everybody may use
CREATE TYPE mo.point AS (x float4, y float4);
CREATE FUNCTION mo.unfold(mo.point) RETURNS float4[] LANGUAGE sql AS $$ SELECT CASE WHEN $1.x <> 0 THEN ARRAY[$1.x, $1.y] END $$;
CREATE CAST (mo.point AS float4[]) WITH FUNCTION mo.unfold(mo.point);
SELECT gt_predict('mo few', ROW(9, -9)::mo.point), gt_predict('mo few', ROW(0, 1)::mo.point), gt_predict_proba('mo few', ROW(0, 1)::mo.point), gt_margin('mo few', ROW(0, 1)::mo.point);

-- a cast by a function of one, two or three arguments gets exactly these: format() tells how many arguments there are
CREATE FUNCTION mo.unfold(mo.point, int, boolean) RETURNS float4[] LANGUAGE sql AS $$ SELECT ARRAY[$1.x, CASE WHEN $3 THEN $2 * 9 END] $$;
DROP CAST (mo.point AS float4[]);
CREATE CAST (mo.point AS float4[]) WITH FUNCTION mo.unfold(mo.point, int, boolean);
SELECT gt_predict('mo few', ROW(9, 0)::mo.point);
DROP CAST (mo.point AS float4[]);
CREATE CAST (mo.point AS float4[]) WITH FUNCTION mo.unfold(mo.point);
DROP FUNCTION mo.unfold(mo.point, int, boolean);
DO $$
DECLARE
    types text[] := ARRAY['bytea', 'int', 'boolean'];   -- the layout of text, but no text
    answers text;
BEGIN
    FOR takes IN 1..3 LOOP
        EXECUTE format('CREATE FUNCTION mo.told(%s) RETURNS float4[] LANGUAGE internal AS ''text_format''', array_to_string(types[1:takes], ', '));
        EXECUTE format('CREATE CAST (bytea AS float4[]) WITH FUNCTION mo.told(%s)', array_to_string(types[1:takes], ', '));
        answers := NULL;
        FOR asked IN 1..3 LOOP
            BEGIN
                EXECUTE 'SELECT gt_predict(''mo few'', $1)' USING convert_to('%' || asked || '$s', 'SQL_ASCII');
            EXCEPTION WHEN OTHERS THEN
                answers := concat_ws(', ', answers, asked || CASE WHEN SQLERRM LIKE 'too few arguments%' THEN ' no' ELSE ' yes' END);
            END;
        END LOOP;
        RAISE NOTICE 'of % arguments: %', takes, answers;
        DROP CAST (bytea AS float4[]);
    END LOOP;
END $$;

-- ---- Refusals -------------------------------------------------------------------------------------

SELECT refused($$ SELECT gt_train('mo few', 'mo.few', 'label') $$);
SELECT refused($$ SELECT gt_train('a/b', 'mo.few', 'label') $$);
SELECT refused($$ SELECT gt_train('mo x', 'mo.few', 'nothing') $$);
SELECT refused($$ SELECT gt_train('mo x', 'mo.few', 'label', algorithm => 'forest') $$);
SELECT refused($$ SELECT gt_train('mo x', 'mo.few', 'label', label_categories => ARRAY['up', 'other']) $$);
CREATE VIEW mo.one AS SELECT * FROM mo.few WHERE label = 'up';
SELECT refused($$ SELECT gt_train('mo x', 'mo.one', 'label') $$);
CREATE VIEW mo.none AS SELECT * FROM mo.few WHERE label IS NULL;
SELECT refused($$ SELECT gt_train('mo x', 'mo.none', 'label') $$);
SELECT refused($$ SELECT gt_predict('mo few', ARRAY[1]::float4[]) $$);
SELECT refused($$ SELECT gt_predict('mo few', ARRAY[[1, 2], [3, 4]]::float4[]) $$);
SELECT refused($$ SELECT gt_predict('mo few', ARRAY[1, NULL]::float4[]) $$);
SELECT refused($$ SELECT gt_predict('mo few', ARRAY[1, 'NaN']::float4[]) $$);
SELECT refused($$ SELECT gt_predict('mo few', ARRAY[1, 1e300]::float8[]) $$);
SELECT refused($$ SELECT gt_predict('mo few', 'text'::text) $$);
SELECT refused($$ SELECT gt_predict('no such model', ARRAY[1, 2]::float4[]) $$);
SELECT refused($$ SELECT gt_simulate_job('mo.few', 'label', annotator_error => 1) $$);
SELECT refused($$ SELECT gt_simulate_job('mo.few', 'label', annotator_error => 'NaN') $$);
SELECT refused($$ SELECT gt_simulate_job('mo.few', 'label', initial_model => 'mo softmax') $$);
SELECT refused($$ SELECT gt_simulate_job('mo.few', 'label', ARRAY['down', 'up', 'never'], initial_model => 'mo few') $$);
SELECT count(*) AS left_behind FROM gt_models WHERE model_name = 'mo x';
-- bytes that are not a model are an error, not a crash
UPDATE gtlabel.model SET weights = set_byte(weights, 20, 255 - get_byte(weights, 20)) WHERE model_name = 'mo again';
SELECT refused($$ SELECT gt_predict('mo again', (SELECT features FROM mo.rest LIMIT 1)) $$);

-- ---- Whose models they are ---------------------------------------------------------------------------

CREATE ROLE mo_other;
GRANT USAGE ON SCHEMA mo, gtl_test TO mo_other;
SET ROLE mo_other;
SELECT refused($$ SELECT gt_predict('mo few', ARRAY[1, 2]::float4[]) $$);
SELECT refused($$ SELECT gt_drop_model('mo few') $$);
SELECT count(*) AS seen FROM gt_models WHERE model_name LIKE 'mo %';
RESET ROLE;
UPDATE gtlabel.model SET owner = 'mo_other' WHERE model_name = 'mo few';
SET ROLE mo_other;
SELECT gt_predict('mo few', ROW(9, -9)::mo.point);
RESET ROLE;
REVOKE EXECUTE ON FUNCTION mo.unfold FROM PUBLIC;
SET ROLE mo_other;
SELECT refused($$ SELECT gt_predict('mo few', ROW(9, -9)::mo.point) $$);
RESET ROLE;
DROP OWNED BY mo_other;
DROP ROLE mo_other;

-- a model that is dropped and trained again in one transaction answers anew, in PL/pgSQL too
CREATE TABLE mo.sides (id integer PRIMARY KEY, features float4[], side text, other text);
INSERT INTO mo.sides SELECT i, ARRAY[i % 2, i % 7], (ARRAY['left', 'right'])[1 + i % 2], (ARRAY['right', 'left'])[1 + i % 2] FROM generate_series(1, 60) i;
SELECT gt_train('mo sides', 'mo.sides', 'side', algorithm => 'softmax') > 0 AS trained;
DO $$
DECLARE
    before text; after text;
BEGIN
    FOR turn IN 1 .. 2 LOOP
        before := after;
        after := gt_predict('mo sides', ARRAY[1, 3]::float4[]);
        PERFORM gt_drop_model('mo sides'), gt_train('mo sides', 'mo.sides', 'other', algorithm => 'softmax');
    END LOOP;
    PERFORM set_config('mo.said', before || ', then ' || after, false);
END $$;
SELECT current_setting('mo.said') AS said, gt_drop_model('mo sides');

SELECT gt_drop_model(m) FROM unnest(ARRAY['mo few', 'mo softmax', 'mo mlp']) m;
SELECT refused($$ SELECT gt_drop_model('mo few') $$);
-- what cannot be read can still be dropped
SELECT gt_drop_model('mo again');
SET client_min_messages = warning;
DROP SCHEMA mo CASCADE;
