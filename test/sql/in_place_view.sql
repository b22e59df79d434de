-- The labels of a job in place as a view: scored where the rows lie, of the model that a certificate stands for, until they are withdrawn.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SCHEMA iv;
SET search_path = public, iv, gtl_test;
CREATE TABLE iv.far (id integer, features float4[], gold text, label text, confidence float8) PARTITION BY LIST ((id % 3));
CREATE TABLE iv.far_0 PARTITION OF iv.far FOR VALUES IN (0);
DO $$
BEGIN
    FOR part IN 1 .. 2 LOOP
        EXECUTE format('CREATE SERVER iv_shard_%s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L, extensions %L, async_capable %L)', part,
                       split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database(), 'gtlabel', 'true');
        EXECUTE format('CREATE USER MAPPING FOR CURRENT_USER SERVER iv_shard_%s', part);
        EXECUTE format('CREATE TABLE iv.data_%s (id integer PRIMARY KEY, features float4[], gold text, label text, confidence float8)', part);
        EXECUTE format('CREATE FOREIGN TABLE iv.far_%s PARTITION OF iv.far FOR VALUES IN (%1$s) SERVER iv_shard_%1$s OPTIONS (schema_name %L, table_name %L)', part, 'iv', format('data_%s', part));
    END LOOP;
END $$;
INSERT INTO iv.far SELECT id, features, gold FROM gtl_test.digits;
SELECT gt_create_job('iv far', 'iv.far', ARRAY[:digits], key_column => 'id', max_concurrent_task_count => 100, validation_share => 0.35,
                     algorithm => 'softmax', seed => 5, display_columns => ARRAY['id'], placement => 'in_place', sample_count => 1000) > 0 AS created;

-- before there is a model: every row, people's labels only
SELECT gt_annotate('iv far', array_agg(object_key), array_agg(gold)) AS answered FROM (SELECT object_key, gold FROM gt_tasks JOIN iv.far ON id::text = object_key WHERE job_name = 'iv far' AND state = 'available' ORDER BY object_key LIMIT 60) t;
SELECT gt_create_label_view('iv far', 'early');
SELECT count(*) AS rows, count(DISTINCT id) AS keys, count(label) = (SELECT count(*) FROM gt_labels WHERE job_name = 'iv far' AND human_annotated) AND count(label) > 0 AS people, count(confidence) AS confidences, count(certificate) AS certificates FROM early;

-- afterwards: what gt_write_labels writes, and the round that certifies it
SELECT run('iv far');
SELECT human > 300 AS people, machine > 500 AS machine, unlabeled > 0 AS unlabeled, model_name IS NOT NULL AS model FROM gt_write_labels('iv far', 'label', 'confidence');
SELECT gt_create_label_view('iv far', 'iv.labels');
CREATE FUNCTION iv.differ() RETURNS TABLE (rows bigint, differ bigint, certified bigint) LANGUAGE sql AS $$
    SELECT count(*), count(*) FILTER (WHERE v.id IS NULL OR f.id IS NULL OR (v.label, v.confidence) IS DISTINCT FROM (f.label, f.confidence)),
           count(*) FILTER (WHERE (v.certificate IS NULL) <> (v.confidence IS NULL) OR v.certificate <> (SELECT model_name FROM gt_models WHERE job_name = 'iv far' ORDER BY round_no DESC LIMIT 1))
      FROM iv.labels v FULL JOIN iv.far f USING (id)
$$;
SELECT * FROM differ();
SELECT count(*) = (SELECT count(*) FROM iv.far WHERE label = '3') AS same, bool_and(label = '3') AS threes FROM labels WHERE label = '3';
SELECT min(id) AS some FROM iv.far_2 WHERE confidence > 0 \gset
SELECT count(*) AS rows, bool_and(v.label = f.label) AS same FROM labels v JOIN iv.far f USING (id) WHERE v.id = :some;
-- the early one knows no model until it is made again
SELECT count(label) = (SELECT count(*) FROM gt_labels WHERE job_name = 'iv far' AND human_annotated) AS people, count(confidence) AS machine FROM early;

-- what is sent, whatever is known of the tables: scores come back, features never; conditions on the key and on numbers are sent
CREATE FUNCTION iv.sent(query text, OUT scored bigint, OUT keyed bigint, OUT with_having bigint, OUT features_travel bigint) LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    scored := 0; keyed := 0; with_having := 0; features_travel := 0;
    FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
        CONTINUE WHEN line !~ 'Remote SQL';
        scored := scored + (line ~ 'only_score\(public\.gt_score\(\$\d+::bytea, features\)\)')::integer;
        keyed := keyed + (line ~ '\(id = 7\)')::integer;
        with_having := with_having + (line ~ 'HAVING .*gt_probability\(')::integer;
        features_travel := features_travel + (line ~ 'SELECT [^(]*features')::integer;
    END LOOP;
END $$;
SELECT q, s.* FROM unnest(ARRAY['', 'WHERE id = 7', 'WHERE label = ''3''', 'WHERE confidence > 0.9', 'WHERE label = ''3'' AND confidence > 0.5 ORDER BY id']) q, sent('SELECT * FROM labels ' || q) s;
ANALYZE iv.far_1, iv.far_2;
SELECT q, s.* FROM unnest(ARRAY['', 'WHERE id = 7', 'WHERE label = ''3''', 'WHERE confidence > 0.9', 'ORDER BY id LIMIT 5']) q, sent('SELECT * FROM labels ' || q) s;

-- a row is judged as it is when it is read; new ones have a label at once; none without features
UPDATE iv.data_1 SET features = NULL WHERE id = (SELECT min(id) FROM iv.far_1 WHERE confidence IS NOT NULL);
INSERT INTO iv.data_2 SELECT 1000001, features, gold FROM iv.far WHERE confidence > 0.9 ORDER BY id LIMIT 1;
SELECT count(*) FILTER (WHERE f.label IS NOT NULL AND v.label IS NULL) AS lost, count(*) FILTER (WHERE f.label IS NULL AND v.label IS NOT NULL) AS new FROM labels v JOIN iv.far f USING (id);
-- a category that has another name by now
SELECT gt_rename_category('iv far', '3', 'three');
SELECT count(*) FILTER (WHERE v.label = '3') AS former, count(*) FILTER (WHERE v.label = 'three') = count(*) FILTER (WHERE f.label = '3') AS present FROM labels v JOIN iv.far f USING (id);

-- withdrawn: gone from the view at once, and not back in a new one
SELECT gt_withdraw_machine_labels('iv far', confirm => true) > 0 AS withdrawn;
SELECT count(*) > 1700 AS rows, count(label) = (SELECT count(*) FROM gt_labels WHERE job_name = 'iv far' AND human_annotated) AS people, count(confidence) AS machine, count(certificate) AS certificates FROM labels;
SELECT gt_create_label_view('iv far', 'labels');
SELECT count(confidence) AS machine FROM labels;

-- who may: the job's owner, by the rights of the view's
CREATE ROLE iv_other;
GRANT USAGE ON SCHEMA iv, gtl_test TO iv_other;
GRANT SELECT ON early, iv.labels TO iv_other;
SET ROLE iv_other;
SELECT refused($$ SELECT gt_create_label_view('iv far', 'public.mine') $$);
SELECT refused($$ SELECT count(label) FROM iv.labels $$);
RESET ROLE;
-- refusals
SELECT refused('SELECT gt_create_label_view(' || a || ')') FROM unnest(ARRAY['NULL, ''v''', '''iv far'', NULL', '''iv missing'', ''v''', '''iv far'', ''''', '''iv far'', ''no_schema.v''', '''iv far'', ''iv.far''', '''iv far'', ''a.b.c.d''', '''iv far'', ''pg_temp.v''']) a;
SELECT gt_create_job('iv copy', 'iv.far_0', ARRAY[:digits], key_column => 'id', seed => 5, max_concurrent_task_count => 50) > 0 AS created;
SELECT refused($$ SELECT gt_create_label_view('iv copy', 'v') $$);
SELECT gt_drop_job('iv copy');
DROP VIEW early;
-- an audit is of all its rows as they were: no view sees whether they are
SELECT gt_create_job('iv audited', 'iv.far_0', ARRAY[:digits], key_column => 'id', seed => 5, max_concurrent_task_count => 50, placement => 'in_place', sample_count => 300, guarantee => 'audited') > 0 AS created;
SELECT refused($$ SELECT gt_create_label_view('iv audited', 'v') $$);
ALTER SERVER iv_shard_2 OPTIONS (SET port '1');
SELECT refused($$ SELECT count(*) FROM labels $$) LIKE '08001 %iv_shard_2%' AS named;
SELECT drop_jobs('iv %');
DROP OWNED BY iv_other;
DROP ROLE iv_other;
DROP SCHEMA iv CASCADE;
DROP SERVER iv_shard_1, iv_shard_2 CASCADE;
DROP EXTENSION postgres_fdw;
