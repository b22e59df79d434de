-- What works where the rows are: gt_score, gt_sample, gt_tail, gt_feature_stats, gt_merge; in any order, in parallel plans,
-- through postgres_fdw.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
\set versions :srcdir '/lib/versions.sql'
\i :versions
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SCHEMA ip;
SET search_path = public, ip, gtl_test;
SELECT gt_train('ip digits', 'gtl_test.digits', 'gold', algorithm => 'softmax', neighbours => false) > 0 AS trained;
SELECT gt_train('ip network', 'gtl_test.digits', 'gold', algorithm => 'mlp', neighbours => false) > 0 AS trained;
CREATE TABLE ip.model AS SELECT m AS name, gt_model_bytes('ip ' || m) AS bytes FROM unnest(ARRAY['digits', 'network']) m;
SELECT bytes AS digits_model FROM ip.model WHERE name = 'digits' \gset

-- ---- gt_score: what gt_predict and its kin say ---------------------------------------------------

SELECT count(*) AS differ FROM gtl_test.digits d, ip.model m, LATERAL gt_score(m.bytes, d.features) s
 WHERE (s.class, s.margin::real, s.probability::real)
       IS DISTINCT FROM (gt_predict('ip ' || m.name, d.features), gt_margin('ip ' || m.name, d.features), gt_confidence('ip ' || m.name, d.features));
SELECT count(*) AS differ FROM gtl_test.digits d, ip.model m
 WHERE gt_score(m.bytes, d.features) IS DISTINCT FROM gt_score(m.bytes, d.features::float8[])
    OR (gt_score(m.bytes, d.features)).class <> gt_class(gt_score(m.bytes, d.features))
    OR (gt_score(m.bytes, d.features)).margin <> gt_margin(gt_score(m.bytes, d.features))
    OR (gt_score(m.bytes, d.features)).probability <> gt_probability(gt_score(m.bytes, d.features));
SELECT gt_score(NULL, ARRAY[1]::float4[]) IS NULL AS no_model, gt_score('\x00', NULL::float4[]) IS NULL AS no_features,
       gt_class(ROW(NULL, NULL, NULL)::gt_score) IS NULL AS no_class, gt_margin(NULL::gt_score) IS NULL AS no_score;
-- models that take turns, more than are kept, out of line and within a value that moves
CREATE TABLE ip.many (no integer, bytes bytea);
SELECT count(gt_train('ip many ' || i, 'gtl_test.digits', 'gold', algorithm => 'softmax', neighbours => false, seed => i,
             label_categories => ARRAY[:digits] || ('more ' || i))) AS trained FROM generate_series(1, 11) i;
INSERT INTO ip.many SELECT i, gt_model_bytes('ip many ' || i) FROM generate_series(1, 11) i;
SELECT count(*) AS differ FROM (SELECT * FROM gtl_test.digits ORDER BY id LIMIT 50) d, ip.many m
 WHERE gt_class(gt_score(m.bytes, d.features)) <> gt_predict('ip many ' || m.no, d.features);
SELECT count(*) <= 8 AS few_in_memory FROM pg_backend_memory_contexts WHERE name = 'gtlabel scoring model';
DO $$
DECLARE
    m record; model bytea; d record; differ integer := 0;
BEGIN
    SELECT * INTO d FROM gtl_test.digits ORDER BY id LIMIT 1;
    FOR m IN SELECT * FROM ip.model, generate_series(1, 3) ORDER BY generate_series, name LOOP
        model := m.bytes;   -- the call of gt_score stays, its argument changes
        differ := differ + (gt_margin(gt_score(model, d.features))::real <> gt_margin('ip ' || m.name, d.features))::int;
    END LOOP;
    ASSERT differ = 0;
END $$;
-- text, and features beside it
CREATE TABLE ip.note AS SELECT i AS id, CASE WHEN i % 2 = 0 THEN 'an even number ' ELSE 'quite an odd one ' END || i AS body,
       ARRAY[i % 3, i % 5]::float4[] AS beside, CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END AS label FROM generate_series(1, 120) i;
SELECT gt_train('ip note', 'ip.note', 'label', NULL, text_column => 'body', text_dimensions => 16, algorithm => 'softmax') > 0 AS trained,
       gt_train('ip both', 'ip.note', 'label', 'beside', text_column => 'body', text_dimensions => 16, algorithm => 'softmax') > 0 AS trained;
SELECT gt_model_bytes('ip note') AS note_model, gt_model_bytes('ip both') AS both_model \gset
SELECT count(*) AS differ FROM ip.note
 WHERE gt_class(gt_score(:'note_model', body)) <> gt_predict('ip note', body) OR gt_margin(gt_score(:'note_model', body))::real <> gt_margin('ip note', body)
    OR gt_class(gt_score(:'both_model', body, beside)) <> gt_predict('ip both', body, beside)
    OR gt_margin(gt_score(:'both_model', body, beside))::real <> gt_margin('ip both', body, beside);
-- a model that also looks at the neighbours of a row brings the map to them
SELECT gt_train('ip mapped', 'gtl_test.digits', 'gold', algorithm => 'softmax', neighbours => true) > 0 AS trained;
SELECT length(gt_model_bytes('ip mapped')) > 2 * length(gt_model_bytes('ip digits')) AS larger,
       count(*) FILTER (WHERE gt_class(gt_score(m.bytes, features)) <> gt_predict('ip mapped', features) OR gt_margin(gt_score(m.bytes, features))::real <> gt_margin('ip mapped', features)) AS differ
  FROM (SELECT features FROM gtl_test.digits ORDER BY id LIMIT 200) d, (SELECT gt_model_bytes('ip mapped') AS bytes OFFSET 0) m;
-- categories with letters beyond ASCII
CREATE TABLE ip.grade AS SELECT i AS id, ARRAY[i, -i]::float4[] AS features, CASE WHEN i > 10 THEN U&'gr\00fcn' ELSE U&'\4e2d' END AS label FROM generate_series(1, 20) i;
SELECT gt_train('ip grade', 'ip.grade', 'label', algorithm => 'softmax') > 0 AS trained;
SELECT DISTINCT gt_class(gt_score((SELECT gt_model_bytes('ip grade')), features)) = label AS same FROM ip.grade WHERE id IN (1, 20);

SELECT refused(format('SELECT gt_score(%L::bytea, ARRAY[1, 2]::float4[])', bytes)) FROM (VALUES (''::bytea), ('GTLSCORE'), (repeat('x', 100)::bytea),
       (substr(:'digits_model'::bytea, 1, 300)), (set_byte(:'digits_model', 100, 1)), ((SELECT weights FROM gtlabel.model WHERE model_name = 'ip digits'))) v (bytes);
SELECT refused(format('SELECT gt_score(%L::bytea, %s)', :'digits_model', features)) FROM unnest(ARRAY['ARRAY[1]::float4[]', '''{}''::float4[]', 'array_fill(1, ARRAY[8, 8])::float4[]',
       'array_fill(NULL::float4, ARRAY[64])', 'array_fill(''NaN''::float4, ARRAY[64])', 'array_fill(1e300::float8, ARRAY[64])', '''text''::text']) features;
SELECT refused(format('SELECT gt_score(%L::bytea, ARRAY[1]::float4[])', :'note_model')),
       refused(format('SELECT gt_score(%L::bytea, ''text'', ARRAY[1]::float4[])', :'note_model')),
       refused(format('SELECT gt_score(%L::bytea, ''text'')', :'both_model')),
       refused(format('SELECT gt_score(%L::bytea, ''text'', ARRAY[1, ''NaN'']::float4[])', :'both_model'));
-- whose model it is
SELECT refused($$ SELECT gt_model_bytes('ip nothing') $$);
CREATE ROLE ip_other;
GRANT USAGE ON SCHEMA gtl_test TO ip_other;
SET ROLE ip_other;
SELECT refused($$ SELECT gt_model_bytes('ip digits') $$);
RESET ROLE;
-- a job's newest model goes by the name of the job
SELECT gt_create_job('ip job', 'gtl_test.digits', ARRAY[:digits], max_concurrent_task_count => 200, validation_share => 0.1, algorithm => 'softmax', seed => 5) > 0 AS created;
SELECT refused($$ SELECT gt_model_bytes('ip job') $$);
SELECT gt_advance_job('ip job'), answer('ip job') > 0 AS answered;
SELECT gt_advance_job('ip job'), answer('ip job') > 0 AS answered;
SELECT gt_advance_job('ip job');
SELECT gt_model_bytes('ip job') = gt_model_bytes((SELECT model_name FROM gt_models WHERE job_name = 'ip job' ORDER BY model_id DESC LIMIT 1)) AS newest;
SET ROLE ip_other;
SELECT refused($$ SELECT gt_model_bytes('ip job') $$);
RESET ROLE;
DROP OWNED BY ip_other;
DROP ROLE ip_other;

-- ---- Rows in parts -------------------------------------------------------------------------------------

CREATE TABLE ip.row AS SELECT id, 'k' || id AS name, features, gold FROM gtl_test.digits;
-- the whole, and the parts of 2 and of 5 divisions
CREATE VIEW ip.part AS SELECT 1 AS parts, 0 AS part, * FROM ip.row UNION ALL SELECT 2, id % 2, * FROM ip.row UNION ALL SELECT 5, id % 5, * FROM ip.row;

-- ---- gt_sample and gt_draw ---------------------------------------------------------------------------

SELECT (s).count = (SELECT count(*) FROM ip.row) AS counts, (s).n, (s).seed, cardinality((s).keys) AS keys,
       (s).keys = (SELECT array_agg(id::text ORDER BY gt_draw(id, 7)) FROM (SELECT id FROM ip.row ORDER BY gt_draw(id, 7) LIMIT 40) r) AS smallest_draws,
       (s).draws = (SELECT array_agg(gt_draw(id, 7) ORDER BY gt_draw(id, 7)) FROM (SELECT id FROM ip.row ORDER BY gt_draw(id, 7) LIMIT 40) r) AS draws,
       (SELECT bool_and(r.features = u.record::float4[]) FROM unnest((s).keys, (s).records) u (key, record) JOIN ip.row r ON r.id::text = u.key) AS records
  FROM (SELECT gt_sample(id, features, 40, 7) AS s FROM ip.row) x;
-- the same from any parts in any order, of a key that is a text, an integer or a bigint
SELECT parts, gt_merge(s ORDER BY part DESC)::text = (SELECT gt_sample(name, gold, 100, 3 ORDER BY features)::text FROM ip.row) AS same
  FROM (SELECT parts, part, gt_sample(name, gold, 100, 3) AS s FROM ip.part GROUP BY parts, part) p GROUP BY parts ORDER BY parts;
SELECT (gt_sample(id, id, 9, 1)).keys = (gt_sample(id::integer, id, 9, 1)).keys AND (gt_sample(id, id, 9, 1)).keys = (gt_sample(id::text, id, 9, 1)).keys
       AND (gt_sample(id, id, 9, 1)).keys = (gt_sample(id::numeric, id, 9, 1)).keys AS same FROM ip.row;
SELECT parts, gt_merge(s)::text = (SELECT gt_sample(id, NULL::integer, 50, 3, CASE gold WHEN '1' THEN 50 WHEN '2' THEN 0 ELSE 1 END)::text FROM ip.row) AS same
  FROM (SELECT parts, gt_sample(id, NULL::integer, 50, 3, CASE gold WHEN '1' THEN 50 WHEN '2' THEN 0 ELSE 1 END) AS s FROM ip.part GROUP BY parts, part) p GROUP BY parts ORDER BY parts;
-- a row of weight 0 is not drawn and does not count, a heavy one early
SELECT (SELECT count(*) FILTER (WHERE gold = '1') > 30 AND count(*) FILTER (WHERE gold = '2') = 0 FROM ip.row WHERE id::text = ANY ((s).keys)) AS by_weight,
       (s).count = (SELECT count(*) FROM ip.row WHERE gold <> '2') AS counts
  FROM (SELECT gt_sample(id, NULL::integer, 50, 3, CASE gold WHEN '1' THEN 50 WHEN '2' THEN 0 ELSE 1 END) AS s FROM ip.row) x;
-- every row is drawn as often as any other: 4 standard deviations
SELECT max(abs(n - 500 * 10 / 20.0)) < 4 * sqrt(500 * 0.5 * 0.5) AS even, sum(n)
  FROM (SELECT key, count(*) AS n FROM (SELECT seed, gt_sample(id, id, 10, seed) AS s FROM generate_series(1, 20) id, generate_series(1, 500) seed GROUP BY seed) x, unnest((s).keys) key GROUP BY key) y;
SELECT gt_sample(id, id, 0, 1)::text AS none, cardinality((gt_sample(id, id, 10000, 1)).keys) = count(*) AS all FROM ip.row;
SELECT gt_sample(id, id, 5, 1) IS NULL AS no_rows, gt_sample(id, id, 5, 1) FILTER (WHERE id < 0) IS NULL AS none_left FROM ip.row WHERE false;
SELECT (gt_merge(s)).count AS nothing_to_merge FROM (VALUES (NULL::gt_sample)) v (s);
SELECT refused('SELECT ' || q || ' FROM ip.row') FROM unnest(ARRAY['gt_sample(NULL::text, id, 5, 1)', 'gt_sample(id, id, NULL, 1)', 'gt_sample(id, id, 5, NULL)', 'gt_sample(id, id, -1, 1)', 'gt_sample(id, id, 10000001, 1)',
       'gt_sample(id, id, id::integer, 1)', 'gt_sample(id, id, 5, id)', 'gt_sample(id, id, 5, 1, -1)', 'gt_sample(id, id, 5, 1, ''NaN'')', 'gt_sample(id, id, 5, 1, ''Infinity'')',
       'gt_sample(id, id, 5, 1, NULL)', 'gt_sample(now(), id, 5, 1)', 'gt_draw(features, 1)', 'gt_draw(id, 1, -1)']) q;
SELECT refused(format('SELECT gt_merge(s) FROM (SELECT gt_sample(id, id, 2, 1) AS s FROM ip.row UNION ALL SELECT %s) x', other)) FROM unnest(ARRAY[
       'ROW(1, 3, 1, ''{}'', ''{}'', ''{}'')::gt_sample', 'ROW(1, 2, 2, ''{}'', ''{}'', ''{}'')::gt_sample', 'ROW(NULL, 2, 1, ''{}'', ''{}'', ''{}'')::gt_sample', 'ROW(-1, 2, 1, ''{}'', ''{}'', ''{}'')::gt_sample',
       'ROW(1, 2, 1, NULL, ''{}'', ''{}'')::gt_sample', 'ROW(1, 2, 1, ''{a}'', ''{}'', ''{}'')::gt_sample', 'ROW(1, 2, 1, ''{NULL}'', ''{1}'', ''{a}'')::gt_sample', 'ROW(1, 2, 1, ''{{a}}'', ''{1}'', ''{a}'')::gt_sample',
       'ROW(1, 2, 1, ''{a}'', ''{NaN}'', ''{a}'')::gt_sample', 'ROW(1, 2, 1, ''{a}'', ''{-1}'', ''{NULL}'')::gt_sample']) other;

-- ---- gt_tail --------------------------------------------------------------------------------------------

SELECT cardinality(m) AS cells, m[1] AS first, m[1024] < 1 AND 1 - m[1024] < 1e-9 AS last, (SELECT bool_and(b > a) FROM unnest(m[:1023], m[2:]) u (a, b)) AS ascend FROM gt_tail_margins() m;
CREATE TABLE ip.scored AS SELECT *, gt_score(:'digits_model', features) AS score FROM ip.row;
SELECT (t).count, (t).n,
       (t).above = (SELECT array_agg((SELECT count(*) FROM ip.scored WHERE gt_margin(score) >= m) ORDER BY m) FROM unnest(gt_tail_margins()) m) AS above,
       (t).keys = (SELECT array_agg(name ORDER BY gt_margin(score)) FROM (SELECT * FROM ip.scored ORDER BY gt_margin(score) LIMIT 30) s) AS least_certain,
       (t).classes = (SELECT array_agg(gt_class(score) ORDER BY gt_margin(score)) FROM (SELECT * FROM ip.scored ORDER BY gt_margin(score) LIMIT 30) s) AS classes
  FROM (SELECT gt_tail(score, name, 30) AS t FROM ip.scored) x;
SELECT parts, gt_merge(t ORDER BY part DESC)::text = (SELECT gt_tail(score, name, 100 ORDER BY features)::text FROM ip.scored) AS same
  FROM (SELECT parts, part, gt_tail(gt_score(:'digits_model', features), name, 100) AS t FROM ip.part GROUP BY parts, part) p GROUP BY parts ORDER BY parts;
SELECT (t).count, (t).above[1], (t).above[2], (t).above[1024], (t).keys, (t).margins FROM (SELECT gt_tail(s, key, 3) AS t FROM (VALUES
       (ROW('a', 0, NULL)::gt_score, 'x'), (NULL, 'no score'), (ROW(NULL, 1, NULL)::gt_score, 'y'), (ROW('b', 1, NULL)::gt_score, 'z'), (ROW('b', 1, NULL)::gt_score, 'a')) v (s, key)) x;
SELECT gt_tail(NULL::gt_score, 'x'::text, 3) IS NOT NULL AS counts_nothing, gt_tail(s, 'x'::text, 1) IS NULL AS no_rows FROM (SELECT NULL::gt_score AS s WHERE false) x;
SELECT refused('SELECT ' || q) FROM unnest(ARRAY['gt_tail(ROW(''a'', ''NaN'', 0)::gt_score, 1, 1)', 'gt_tail(ROW(''a'', 1.5, 0)::gt_score, 1, 1)', 'gt_tail(ROW(''a'', NULL, 0)::gt_score, 1, 1)',
       'gt_tail(ROW(''a'', 1, 0)::gt_score, NULL::text, 1)', 'gt_tail(ROW(''a'', 1, 0)::gt_score, 1, -1)', 'gt_tail(ROW(''a'', 1, 0)::gt_score, 1, NULL)',
       'gt_merge(ROW(1, 1, NULL, ''{}'', ''{}'', ''{}'')::gt_tail)', 'gt_merge(ROW(1, 1, ''{1}'', ''{}'', ''{}'', ''{}'')::gt_tail)',
       'gt_merge(ROW(1, 1, array_fill(2::bigint, ARRAY[1024]), ''{}'', ''{}'', ''{}'')::gt_tail)', 'gt_merge(ROW(1, 1, array_fill(1::bigint, ARRAY[1024]), ''{a}'', ''{2}'', ''{c}'')::gt_tail)',
       'gt_merge(t) FROM (SELECT gt_tail(ROW(''a'', 1, 0)::gt_score, 1, n) AS t FROM generate_series(1, 2) n GROUP BY n) x']) q;

-- ---- gt_feature_stats --------------------------------------------------------------------------------

SELECT (s).count, (SELECT bool_and(abs(m - a) < 1e-9) FROM unnest((s).mean) WITH ORDINALITY u (m, i) JOIN (SELECT i, avg(f) AS a FROM ip.row, unnest(features) WITH ORDINALITY v (f, i) GROUP BY i) e USING (i)) AS means,
       (SELECT bool_and(abs(d - e.s) < 1e-9) FROM unnest((s).deviation) WITH ORDINALITY u (d, i) JOIN (SELECT i, stddev_pop(f) AS s FROM ip.row, unnest(features) WITH ORDINALITY v (f, i) GROUP BY i) e USING (i)) AS deviations
  FROM (SELECT gt_feature_stats(features) AS s FROM ip.row) x;
CREATE TABLE ip.wide AS SELECT g AS id, ARRAY[sin(g), 1e7 + sin(g), exp(sin(g) * 60), -1e-30 * g, 3]::float4[] AS features FROM generate_series(1, 3000) g;
SELECT parts, gt_merge(s ORDER BY part DESC) = (SELECT gt_feature_stats(features ORDER BY features DESC) FROM ip.wide) AS same
  FROM (SELECT parts, id % parts AS part, gt_feature_stats(features) AS s FROM ip.wide, unnest(ARRAY[1, 2, 5, 40]) parts GROUP BY parts, id % parts) p GROUP BY parts ORDER BY parts;
SELECT gt_feature_stats(features::float8[]) = gt_feature_stats(features) AS of_float8, (gt_feature_stats(features)).deviation[5] AS constant FROM ip.wide;
SELECT (gt_feature_stats(f)).count AS rows_with_features, gt_feature_stats(f) FILTER (WHERE false) IS NULL AS none FROM (VALUES ('{1,2}'::float4[]), (NULL), ('{3,4}')) v (f);
SELECT refused(format('SELECT gt_feature_stats(f) FROM (VALUES (''{1,2}''::float4[]), (%L)) v (f)', f)) FROM unnest(ARRAY['{1}', '{}', '{{1,2}}', '{1,NULL}', '{1,NaN}', '{-Infinity,1}']) f;
SELECT refused($$ SELECT gt_feature_stats(ARRAY[1, 1e300]::float8[]) $$), refused($$ SELECT gt_feature_stats(array_fill(1::float4, ARRAY[20000])) $$);
SELECT refused(format('SELECT gt_merge(ROW(1, ''{}'', ''{}'', %L)::gt_feature_stats)', b)) FROM (SELECT (gt_feature_stats(features)).sums AS s FROM ip.wide) x, LATERAL (VALUES (NULL::bytea), (''), (substr(s, 1, 100)), (set_byte(s, 50, 255 - get_byte(s, 50)))) v (b);
SELECT refused($$ SELECT gt_merge(s) FROM (SELECT gt_feature_stats(f) AS s FROM (VALUES ('{1}'::float4[]), ('{1,2}')) v (f) GROUP BY f) x $$);

-- ---- In parallel plans ----------------------------------------------------------------------------------

CREATE TABLE ip.result AS SELECT gt_sample(name, features, 60, 9) AS s, gt_tail(gt_score(:'digits_model', features), id, 60) AS t, gt_feature_stats(features) AS f FROM ip.row;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off;
CREATE FUNCTION ip.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query; END $$;
SELECT count(*) FILTER (WHERE p LIKE '%Partial Aggregate%') AS partial, count(*) FILTER (WHERE p LIKE '%Workers Planned: 2%') AS workers
  FROM plan_of(format('SELECT gt_sample(name, features, 60, 9), gt_tail(gt_score(%L, features), id, 60), gt_feature_stats(features) FROM ip.row', :'digits_model')) p;
SELECT s::text = gt_sample(name, features, 60, 9)::text AS sample, t::text = gt_tail(gt_score(:'digits_model', features), id, 60)::text AS tail, f = gt_feature_stats(features) AS stats FROM ip.row, ip.result GROUP BY result.*, s, t, f;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather; RESET parallel_leader_participation;

-- ---- Through postgres_fdw ------------------------------------------------------------------------------

DO $$
BEGIN
    FOR n IN 1 .. 2 LOOP
        EXECUTE format('CREATE SERVER ip_shard_%s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L, extensions %L, async_capable %L)', n,
                       split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database(), 'gtlabel', 'true');
    END LOOP;
END $$;
CREATE USER MAPPING FOR CURRENT_USER SERVER ip_shard_1;
CREATE USER MAPPING FOR CURRENT_USER SERVER ip_shard_2;
CREATE TABLE ip.shard_1 AS SELECT id, name, features, NULL::text AS label FROM ip.row WHERE id < 2000;
CREATE TABLE ip.shard_2 AS SELECT id, name, features, NULL::text AS label FROM ip.row WHERE id >= 2000;
CREATE TABLE ip.all_rows (id bigint, name text, features float4[], label text) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE ip.far_1 PARTITION OF ip.all_rows FOR VALUES FROM (MINVALUE) TO (2000) SERVER ip_shard_1 OPTIONS (schema_name 'ip', table_name 'shard_1');
CREATE FOREIGN TABLE ip.far_2 PARTITION OF ip.all_rows FOR VALUES FROM (2000) TO (MAXVALUE) SERVER ip_shard_2 OPTIONS (schema_name 'ip', table_name 'shard_2');
CREATE FUNCTION ip.shipped(query text) RETURNS SETOF text LANGUAGE sql AS $$ SELECT substring(p FROM 'Remote SQL: (.*)') FROM ip.plan_of(query) p WHERE p LIKE '%Remote SQL%' $$;
-- an aggregate over one foreign table is sent, and its row comes back
SELECT shipped('SELECT gt_sample(name, features, 60, 9) FROM ip.far_1');
SELECT shipped('SELECT gt_feature_stats(features) FROM ip.far_1');
SELECT shipped($$ SELECT gt_tail(gt_score((SELECT bytes FROM ip.model WHERE name = 'digits'), features), id, 60) FROM ip.far_1 $$);
SELECT gt_merge(s)::text = (SELECT s::text FROM ip.result) AS sample FROM (SELECT gt_sample(name, features, 60, 9) AS s FROM ip.far_1 UNION ALL SELECT gt_sample(name, features, 60, 9) FROM ip.far_2) x;
SELECT gt_merge(f) = (SELECT f FROM ip.result) AS stats FROM (SELECT gt_feature_stats(features) AS f FROM ip.far_1 UNION ALL SELECT gt_feature_stats(features) FROM ip.far_2) x;
\set tails 'SELECT gt_tail(gt_score((SELECT bytes FROM ip.model WHERE name = $$digits$$), features), id, 60) AS t FROM ip.far_1 UNION ALL SELECT gt_tail(gt_score((SELECT bytes FROM ip.model WHERE name = $$digits$$), features), id, 60) FROM ip.far_2'
SELECT gt_merge(t)::text = (SELECT t::text FROM ip.result) AS tail FROM (:tails) x;
-- both servers at the same time
SELECT count(*) AS async FROM plan_of('SELECT gt_merge(t) FROM (' || :'tails' || ') x') p WHERE p LIKE '%Async Foreign Scan%';
-- conditions and updates of the partitioned table are sent to each server
SELECT shipped('SELECT id FROM ip.all_rows WHERE gt_draw(id, 7::bigint) < 0.01');
SELECT shipped($$ SELECT id, features FROM ip.all_rows WHERE gt_margin(gt_score((SELECT bytes FROM ip.model WHERE name = 'digits'), features)) < 0.1 $$);
\set update 'UPDATE ip.all_rows SET label = gt_class(gt_score((SELECT bytes FROM ip.model WHERE name = $$digits$$), features)) WHERE gt_margin(gt_score((SELECT bytes FROM ip.model WHERE name = $$digits$$), features)) >= 0.9'
SELECT shipped(:'update');
:update;
SELECT count(*) AS differ FROM ip.scored s LEFT JOIN (SELECT * FROM ip.shard_1 UNION ALL SELECT * FROM ip.shard_2) l USING (id)
 WHERE l.label IS DISTINCT FROM CASE WHEN gt_margin(s.score) >= 0.9 THEN gt_class(s.score) END;

SELECT drop_jobs('ip %');
SELECT count(gt_drop_model(model_name)) > 0 AS dropped FROM gt_models WHERE model_name LIKE 'ip %';
DROP SCHEMA ip CASCADE;
DROP SERVER ip_shard_1 CASCADE;
DROP SERVER ip_shard_2 CASCADE;
DROP EXTENSION postgres_fdw;
