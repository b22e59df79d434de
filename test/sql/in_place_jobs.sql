-- Jobs in place: a random sample is labeled by a job, the other rows where they lie, on one table, partitions, or servers.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SCHEMA ij;
SET search_path = public, ij, gtl_test;
-- the same rows as one table, as partitions of this server, and as partitions on 1, 2 and 4 servers
CREATE TABLE ij.one AS SELECT id, features, gold, NULL::text AS label, NULL::float8 AS confidence FROM gtl_test.digits;
ALTER TABLE ij.one ADD PRIMARY KEY (id);
CREATE TABLE ij.local (LIKE ij.one) PARTITION BY HASH (id);
CREATE TABLE ij.local_0 PARTITION OF ij.local FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE ij.local_1 PARTITION OF ij.local FOR VALUES WITH (MODULUS 2, REMAINDER 1) PARTITION BY HASH (id);
CREATE TABLE ij.local_1a PARTITION OF ij.local_1 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO ij.local SELECT * FROM ij.one;
DO $$
DECLARE
    parts integer; part integer; server text; data text;
BEGIN
    FOR part IN 1 .. 4 LOOP
        EXECUTE format('CREATE SERVER ij_shard_%s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L, extensions %L, async_capable %L)', part,
                       split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database(), 'gtlabel', 'true');
        EXECUTE format('CREATE USER MAPPING FOR CURRENT_USER SERVER ij_shard_%s', part);
    END LOOP;
    FOREACH parts IN ARRAY ARRAY[1, 2, 4] LOOP
        EXECUTE format('CREATE TABLE ij.far_%s (LIKE ij.one) PARTITION BY LIST ((id %% %1$s))', parts);
        FOR part IN 1 .. parts LOOP
            data := format('data_%s_%s', parts, part);
            EXECUTE format('CREATE TABLE ij.%I AS SELECT * FROM ij.one WHERE id %% %s = %s - 1', data, parts, part);
            EXECUTE format('CREATE FOREIGN TABLE ij.far_%s_%s PARTITION OF ij.far_%1$s FOR VALUES IN (%2$s - 1) SERVER ij_shard_%2$s OPTIONS (schema_name %L, table_name %L)', parts, part, 'ij', data);
        END LOOP;
    END LOOP;
END $$;
CREATE FUNCTION ij.create_job(name text, dataset regclass) RETURNS boolean LANGUAGE sql AS $$
    SELECT gt_create_job(name, dataset, ARRAY['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], key_column => 'id', max_concurrent_task_count => 100, validation_share => 0.35,
                         algorithm => 'softmax', seed => 5, display_columns => ARRAY['id'], placement => 'in_place', sample_count => 1000) > 0
$$;

-- ---- The same labels everywhere --------------------------------------------------------------------------

SELECT name, create_job('ij ' || name, ('ij.' || name)::regclass) AS created FROM unnest(ARRAY['one', 'local', 'far_1', 'far_2', 'far_4']) name;
SELECT setting('ij one', 'placement'), setting('ij one', 'sample_count'), dataset_count, object_count, validation_count FROM gtlabel.job WHERE job_name = 'ij one';
SELECT detail FROM gt_events WHERE job_name = 'ij far_4' AND event = 'created';
SELECT finding, advice FROM gt_explain_job('ij far_4') WHERE topic = 'placement';
-- the sample is that of gt_sample
SELECT array_agg(object_key ORDER BY object_key) = (SELECT array_agg(k ORDER BY k) FROM (SELECT unnest((gt_sample(id, id, 1000, 5)).keys) AS k FROM ij.one) s) AS same FROM gtlabel.object JOIN gtlabel.job USING (job_id) WHERE job_name = 'ij far_4';
-- what annotators see comes from the server that has the row
SELECT count(*) AS tasks, bool_and((object ->> 'id') = object_key) AS rows FROM gt_accept_tasks('ij far_2', 5);
SELECT gt_release_tasks(array_agg(task_id)) FROM gt_tasks WHERE job_name = 'ij far_2' AND state = 'accepted';
-- before there is a model: people's labels only, and nothing else in the column
UPDATE ij.one SET label = 'left over' WHERE id IN (SELECT id FROM ij.one ORDER BY gt_draw(id, 5) DESC LIMIT 3);
SELECT gt_annotate('ij one', array_agg(object_key), array_agg(gold)) AS answered FROM (SELECT object_key, gold FROM gt_tasks JOIN ij.one ON id::text = object_key WHERE job_name = 'ij one' AND state = 'available' ORDER BY object_key LIMIT 100) t;
SELECT gt_advance_job('ij one');
SELECT human, machine, unlabeled, least_margin, model_name FROM gt_write_labels('ij one', 'label');
SELECT count(*) FILTER (WHERE label = gold) AS right, count(label) AS labels FROM ij.one;
SELECT name, run('ij ' || name) FROM unnest(ARRAY['one', 'local', 'far_1', 'far_2', 'far_4']) name;
SELECT count(*) AS labels, count(DISTINCT (object_key, label, human_annotated, round_no, margin)) * 5 = count(*) AS same FROM gt_labels WHERE job_name LIKE 'ij %';
SELECT count(DISTINCT weights) AS kinds_of_weights, count(*) AS models FROM gtlabel.model WHERE model_name LIKE 'ij %/1';
-- no validation object leaves the certificate: it is about all rows
SELECT bool_and(validation_active = validation_count) AS all_active FROM gt_rounds WHERE job_name LIKE 'ij %';
CREATE TEMP TABLE written AS SELECT name, w.* FROM unnest(ARRAY['one', 'local', 'far_1', 'far_2', 'far_4']) name, gt_write_labels('ij ' || name, 'label', 'confidence') w;
SELECT count(*) AS jobs, count(DISTINCT (human, machine, unlabeled, least_margin, split_part(model_name, '/', 2))) AS kinds,
       bool_and(human + machine + unlabeled = 1758 AND human > 400 AND machine > 800 AND unlabeled > 0 AND least_margin > 0) AS plausible FROM written;
CREATE VIEW ij.labels AS SELECT 'one' AS name, id, label, confidence FROM ij.one UNION ALL SELECT 'local', id, label, confidence FROM ij.local UNION ALL SELECT 'far_1', id, label, confidence FROM ij.far_1
    UNION ALL SELECT 'far_2', id, label, confidence FROM ij.far_2 UNION ALL SELECT 'far_4', id, label, confidence FROM ij.far_4;
SELECT count(*) AS rows, count(DISTINCT (id, label, confidence)) * 5 = count(*) AS same FROM ij.labels;
-- what was written: people's labels as they are, the machine's above its margin, nothing below
SELECT count(*) AS differ FROM ij.one o LEFT JOIN gt_labels h ON h.job_name = 'ij one' AND h.human_annotated AND h.object_key = o.id::text,
       (SELECT gt_model_bytes('ij one') AS model, least_margin FROM written WHERE name = 'one') m, LATERAL gt_score(m.model, o.features) s
 WHERE (o.label, o.confidence) IS DISTINCT FROM CASE WHEN h.label IS NOT NULL THEN (h.label, NULL::float8) WHEN s.margin >= m.least_margin THEN (s.class, s.probability) ELSE (NULL::text, NULL::float8) END;
-- the share of rows above the margin is that of the validation set above the threshold, at the most
SELECT (SELECT count(*) FROM ij.one WHERE gt_margin(gt_score(gt_model_bytes('ij one'), features)) >= w.least_margin) <= 1758.0 * r.certificate_n / r.validation_active AS not_more
  FROM written w, (SELECT * FROM gt_rounds WHERE job_name = 'ij one' ORDER BY round_no DESC LIMIT 1) r WHERE w.name = 'one';
SELECT count(*) FILTER (WHERE confidence IS NOT NULL AND label <> gold) < 0.05 * count(confidence) AS kept FROM ij.one;
-- again: nothing is written that stands
CREATE TEMP TABLE before AS SELECT id, ctid AS place FROM ij.one;
SELECT human = (SELECT human FROM written WHERE name = 'one') AS same FROM gt_write_labels('ij one', 'label', 'confidence');
SELECT count(*) AS moved FROM ij.one o JOIN before b USING (id) WHERE o.ctid <> b.place;
-- partition by partition: what several sessions do at the same time
UPDATE ij.far_2 SET label = NULL, confidence = NULL;
SELECT p.human > 100 AND p.machine > 200 AND p.least_margin = w.least_margin AS plausible, p.human + p.machine + p.unlabeled = (SELECT count(*) FROM ij.data_2_1) AS all_of_them, (SELECT count(label) FROM ij.data_2_2) AS of_the_other
  FROM gt_write_labels('ij far_2', 'label', 'confidence', 'ij.far_2_1') p, written w WHERE name = 'far_2';
SELECT sum(human) > 200 AS more FROM gt_write_labels('ij far_2', 'label', 'confidence', partition => 'ij.far_2_2');
SELECT count(*) AS differ FROM ij.far_2 f JOIN ij.one o USING (id) WHERE (f.label, f.confidence) IS DISTINCT FROM (o.label, o.confidence);
UPDATE ij.local SET label = NULL, confidence = NULL;
SELECT machine > 200 AS many FROM gt_write_labels('ij local', 'label', 'confidence', 'ij.local_1');
SELECT machine > 200 AS many FROM gt_write_labels('ij local', 'label', 'confidence', 'ij.local_0');
SELECT count(*) AS differ FROM ij.local f JOIN ij.one o USING (id) WHERE (f.label, f.confidence) IS DISTINCT FROM (o.label, o.confidence);
SELECT refused($$ SELECT gt_write_labels('ij far_2', 'label', 'confidence', 'ij.local_1') $$), refused($$ SELECT gt_write_labels('ij one', 'label', 'confidence', 'ij.far_2_1') $$), refused($$ SELECT gt_write_labels('ij one', 'label', 'confidence', 4294967290) $$);
-- a row is judged as it is when it is read; one without features gets no label; new ones do
UPDATE ij.far_4 SET features = (SELECT features FROM ij.one WHERE confidence > 0.9 AND gold = '3' ORDER BY id LIMIT 1) WHERE id = (SELECT id FROM ij.one WHERE confidence IS NOT NULL AND label = '8' ORDER BY id LIMIT 1);
UPDATE ij.data_4_1 SET features = NULL WHERE id = (SELECT id FROM ij.far_4_1 WHERE confidence IS NOT NULL ORDER BY id LIMIT 1);
INSERT INTO ij.data_4_2 SELECT 1000001, features, gold FROM ij.one WHERE confidence > 0.9 ORDER BY id LIMIT 1;
SELECT f.machine - o.machine AS more, f.unlabeled - o.unlabeled AS more_without FROM gt_write_labels('ij far_4', 'label', 'confidence') f, written o WHERE o.name = 'one';
SELECT count(*) FILTER (WHERE l.id < 1000000) AS changed, count(*) FILTER (WHERE l.label IS NULL) AS lost, count(*) FILTER (WHERE l.id > 1000000) AS new
  FROM ij.far_4 l LEFT JOIN ij.one o USING (id) WHERE (l.label, l.confidence) IS DISTINCT FROM (o.label, o.confidence);
-- a category that has another name by now
SELECT gt_rename_category('ij local', '3', 'three');
SELECT human + machine = (SELECT human + machine FROM written WHERE name = 'local') AS same FROM gt_write_labels('ij local', 'label', 'confidence');
SELECT count(*) AS differ FROM ij.local l JOIN ij.one o USING (id) WHERE l.label IS DISTINCT FROM CASE o.label WHEN '3' THEN 'three' ELSE o.label END;
-- withdrawn: people's labels are left
SELECT gt_withdraw_machine_labels('ij far_1', confirm => true) > 0 AS withdrawn;
SELECT human = count(label) AS people, machine, least_margin FROM gt_write_labels('ij far_1', 'label', 'confidence'), ij.far_1 GROUP BY human, machine, least_margin;

-- ---- Texts, alone and with features beside them, whose type needs a cast ----------------------------------------

CREATE TABLE ij.note AS SELECT i AS id, CASE WHEN i % 3 = 0 THEN 'an even number ' WHEN i % 3 = 1 THEN 'quite an odd one ' ELSE 'neither of them ' END || i AS body,
       ARRAY[i % 3, i % 5]::numeric[] AS beside, CASE i % 3 WHEN 0 THEN 'even' WHEN 1 THEN 'odd' ELSE 'other' END AS gold, NULL::varchar AS label FROM generate_series(1, 900) i;
SELECT gt_create_job('ij note', 'ij.note', ARRAY['even', 'odd', 'other'], key_column => 'id', features_column => NULL, text_column => 'body', text_dimensions => 16, max_concurrent_task_count => 50,
                     validation_share => 0.4, algorithm => 'softmax', seed => 5, placement => 'in_place', sample_count => 300) > 0 AS created;
SELECT gt_create_job('ij both', 'ij.note', ARRAY['even', 'odd', 'other'], key_column => 'id', features_column => 'beside', text_column => 'body', text_dimensions => 16, max_concurrent_task_count => 50,
                     validation_share => 0.4, algorithm => 'softmax', seed => 5, placement => 'in_place', sample_count => 300) > 0 AS created;
SELECT name, run('ij ' || name) FROM unnest(ARRAY['note', 'both']) name;
UPDATE ij.note SET body = NULL WHERE id IN (SELECT id FROM ij.note ORDER BY gt_draw(id, 5) DESC LIMIT 2);
SELECT human + machine + unlabeled AS rows, machine > 300 AS labeled, unlabeled >= 2 AS without_text FROM gt_write_labels('ij note', 'label');
SELECT count(*) FILTER (WHERE label <> gold) AS wrong FROM ij.note;
SELECT human + machine + unlabeled AS rows, machine > 300 AS labeled FROM gt_write_labels('ij both', 'label');
SELECT job_name, finding FROM gt_jobs, gt_explain_job(job_name) WHERE job_name IN ('ij note', 'ij both') AND topic = 'placement' ORDER BY 1;
-- a sample that is all there is
SELECT gt_create_job('ij all', 'ij.note', ARRAY['even', 'odd', 'other'], key_column => 'id', features_column => 'beside', max_concurrent_task_count => 50,
                     validation_share => 0.4, algorithm => 'softmax', seed => 5, placement => 'in_place', sample_count => 900) > 0 AS created;
SELECT detail FROM gt_events WHERE job_name = 'ij all' AND event = 'created' UNION ALL SELECT finding FROM gt_explain_job('ij all') WHERE topic = 'placement';
SELECT count(*) FILTER (WHERE label <> gold) AS wrong FROM ij.note;
SELECT refused($$ SELECT * FROM gt_write_labels('ij note', 'body') $$);

-- ---- Rows that came with a label: they train, and nobody labels them -------------------------------------------

CREATE TABLE ij.given AS SELECT id, features, gold, CASE WHEN id % 4 = 0 THEN gold WHEN id % 4 = 1 THEN '' END AS known, NULL::text AS label FROM ij.one;
CREATE TABLE ij.given_there AS SELECT * FROM ij.given;
CREATE FOREIGN TABLE ij.given_far (id integer, features float4[], gold text, known text, label text) SERVER ij_shard_1 OPTIONS (schema_name 'ij', table_name 'given_there');
\set given 'ARRAY[:digits], key_column => ''id'', max_concurrent_task_count => 100, algorithm => ''softmax'', seed => 5, display_columns => ARRAY[''id''], label_column => ''known'', placement => ''in_place'''
SELECT gt_create_job('ij given', 'ij.given', :given, validation_share => 0.35, sample_count => 600) > 0 AS created, gt_create_job('ij given far', 'ij.given_far', :given, validation_share => 0.35, sample_count => 600) > 0 AS created,
       gt_create_job('ij given few', 'ij.given', :given, validation_share => 0.35, sample_count => 200) > 0 AS created, gt_create_job('ij given audited', 'ij.given', :given, sample_count => 600, schedule => 'eager', target_accuracy => 0.9) > 0 AS created;
SELECT job_name, object_count, given_count, dataset_count FROM gtlabel.job WHERE job_name LIKE 'ij given%' ORDER BY 1;
SELECT (SELECT count(*) FROM ij.given WHERE known <> '') AS given, count(*) FILTER (WHERE d.known <> '') AS objects_with_label, count(*) FILTER (WHERE d.known = '') > 50 AS empty_is_none
  FROM gtlabel.object o JOIN gtlabel.job j USING (job_id) JOIN ij.given d ON d.id::text = o.object_key WHERE job_name = 'ij given';
SELECT finding FROM gt_explain_job('ij given') WHERE topic = 'placement';
UPDATE ij.given SET label = 'as it was' WHERE known <> '';
SELECT run('ij given'), run('ij given far'), run('ij given audited');
SELECT job_name, min(training_count) >= given_count AS they_train FROM gtlabel.job JOIN gt_rounds USING (job_name) WHERE job_name IN ('ij given', 'ij given far') GROUP BY job_name, given_count ORDER BY 1;
SELECT count(DISTINCT (human, machine, unlabeled, least_margin)) AS kinds, bool_and(human + machine + unlabeled = dataset_count AND machine > 500) AS plausible
  FROM gtlabel.job j, gt_write_labels(j.job_name, 'label') w WHERE job_name IN ('ij given', 'ij given far');
SELECT count(*) AS differ FROM ij.given g JOIN ij.given_there t USING (id) WHERE CASE WHEN g.known <> '' THEN g.label <> 'as it was' OR t.label IS NOT NULL ELSE g.label IS DISTINCT FROM t.label END;
SELECT gt_create_label_view('ij given far', 'ij.given_labels');
SELECT count(*) AS rows, count(*) FILTER (WHERE v.label IS DISTINCT FROM t.label) AS differ FROM ij.given_labels v JOIN ij.given_there t USING (id);
EXPLAIN (VERBOSE, COSTS off) SELECT gt_tail(gt_score('\x00'::bytea, d.features), d.id, 0) FROM ij.given_far d WHERE (d.known IS NULL OR d.known OPERATOR(pg_catalog.=) '');
SELECT refused($$ SELECT * FROM gt_write_labels('ij given', 'known') $$);
SELECT refused($$ SELECT gt_create_job('ij x', 'ij.given', ARRAY['0', '1'], key_column => 'id', label_column => 'known', display_columns => ARRAY['known'], placement => 'in_place') $$);
-- a label that comes after the audit: its row is no longer one of those that the audit is about
SELECT machine > 500 AS many FROM gt_write_labels('ij given audited', 'label');
UPDATE ij.given SET known = gold WHERE id = (SELECT id FROM ij.given g WHERE label IS NOT NULL AND coalesce(known, '') = '' AND NOT EXISTS (SELECT FROM gt_labels l WHERE l.job_name = 'ij given audited' AND l.human_annotated AND l.object_key = g.id::text) ORDER BY id LIMIT 1);
SELECT left(refused($$ SELECT * FROM gt_write_labels('ij given audited', 'label') $$), 70);
-- all of them have one
UPDATE ij.given SET known = gold;
SELECT refused($$ SELECT gt_create_job('ij x', 'ij.given', ARRAY['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], key_column => 'id', label_column => 'known', placement => 'in_place') $$);
-- many rows came since the sample was drawn
SET client_min_messages = notice;
INSERT INTO ij.given SELECT id + 2000000, features, gold, NULL, NULL FROM ij.one;
SELECT machine > 500 AS many FROM gt_write_labels('ij given', 'label');
SET client_min_messages = warning;

-- ---- Refusals ----------------------------------------------------------------------------------------------

SELECT refused(format('SELECT gt_create_job(''ij x'', ''ij.one'', ARRAY[''a'', ''b''], placement => ''in_place'', %s)', other)) FROM unnest(ARRAY['guarantee_scope => ''dataset''', 'per_class => true', 'audit_share => 0.1', 'auto_label => false', 'proposal_columns => ARRAY[''gold'']', 'follow => true', 'features_column => NULL', 'sample_count => 99', 'sample_count => NULL']) other;
SELECT refused(format('SELECT gt_create_job(''ij x'', ''ij.one'', %L, placement => ''in_place'', previous_job => ''ij one'')', ARRAY[:digits]));
SELECT refused($$ SELECT gt_create_job('ij x', 'ij.one', ARRAY['a', 'b'], placement => 'elsewhere') $$);
CREATE TABLE ij.times AS SELECT now() + i * interval '1 s' AS id, ARRAY[i]::float4[] AS features FROM generate_series(1, 200) i;
SELECT refused($$ SELECT gt_create_job('ij x', 'ij.times', ARRAY['a', 'b'], key_column => 'id', placement => 'in_place') $$);
CREATE TABLE ij.nothing (id integer PRIMARY KEY, features float4[]);
SELECT refused($$ SELECT gt_create_job('ij x', 'ij.nothing', ARRAY['a', 'b'], placement => 'in_place') $$);
SELECT refused($$ SELECT gt_alter_job('ij one', placement => 'copy') $$);
SELECT refused($$ SELECT gt_add_objects('ij one') $$);
SELECT refused('SELECT * FROM gt_write_labels(' || a || ')') FROM unnest(ARRAY['''ij nothing'', ''label''', 'NULL, ''label''', '''ij one'', NULL', '''ij one'', ''missing''', '''ij one'', ''id''', '''ij one'', ''features''',
       '''ij one'', ''confidence''', '''ij one'', ''label'', ''gold''', '''ij one'', ''label'', ''missing''', '''ij one'', ''label'', ''label''']) a;
SELECT gt_create_job('ij copy', 'ij.one', ARRAY[:digits], seed => 5) > 0 AS created;
SELECT refused($$ SELECT * FROM gt_write_labels('ij copy', 'label') $$);
-- annotators must not see what the machine says
SELECT gt_create_job('ij open', 'ij.one', ARRAY[:digits], seed => 5, placement => 'in_place', sample_count => 200) > 0 AS created;
SELECT refused($$ SELECT * FROM gt_write_labels('ij open', 'label') $$);
-- whose job it is, and whose rows
CREATE ROLE ij_other;
GRANT USAGE ON SCHEMA ij, gtl_test TO ij_other;
SET ROLE ij_other;
SELECT refused($$ SELECT * FROM gt_write_labels('ij one', 'label') $$);
RESET ROLE;
SELECT gt_alter_job('ij one', owner => 'ij_other');
GRANT SELECT ON ij.one TO ij_other;
SET ROLE ij_other;
SELECT refused($$ SELECT * FROM gt_write_labels('ij one', 'label') $$);
RESET ROLE;
GRANT UPDATE (label) ON ij.one TO ij_other;
SET ROLE ij_other;
SELECT human > 0 AS written FROM gt_write_labels('ij one', 'label');
RESET ROLE;
SELECT gt_alter_job('ij one', owner => current_user::regrole);
DROP OWNED BY ij_other;
DROP ROLE ij_other;
-- a server that is away is named, and nothing is half-done
ALTER SERVER ij_shard_2 OPTIONS (SET port '1');
SELECT refused($$ SELECT * FROM gt_write_labels('ij far_2', 'label') $$) LIKE '08001 %ij_shard_2%' AS named;
SELECT refused($$ SELECT create_job('ij y', 'ij.far_2') $$) LIKE '08001 %ij_shard_2%' AS named;
SELECT count(*) AS created FROM gt_jobs WHERE job_name = 'ij y';
DROP TABLE ij.far_4 CASCADE;
SELECT refused($$ SELECT * FROM gt_write_labels('ij far_4', 'label') $$);
ALTER TABLE ij.one RENAME features TO former;
SELECT refused($$ SELECT * FROM gt_write_labels('ij one', 'label') $$);
ALTER TABLE ij.one RENAME former TO features;
ALTER TABLE ij.one RENAME id TO former;
SELECT refused($$ SELECT * FROM gt_write_labels('ij one', 'label') $$);
ALTER TABLE ij.one RENAME former TO id;

-- ---- gt_audit_bound: exact ----------------------------------------------------------------------------------

-- the probability of at most so many wrong ones among the drawn, in exact arithmetic
CREATE FUNCTION ij.choose(n integer, k integer) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN k < 0 OR k > n THEN 0 ELSE factorial(n) / (factorial(k) * factorial(n - k)) END
$$;
CREATE FUNCTION ij.at_most(wrong integer, labels integer, bad integer, drawn integer) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT sum(choose(bad, k) * choose(labels - bad, drawn - k)) / choose(labels, drawn) FROM generate_series(0, wrong) k
$$;
SELECT labels, drawn, wrong, level, b AS bound,
       at_most(wrong, labels, b::integer, drawn) > 1 - level AS not_refuted, b = labels - (drawn - wrong) OR at_most(wrong, labels, b::integer + 1, drawn) <= 1 - level AS next_is
  FROM (VALUES (100, 50, 0, 0.95), (100, 50, 3, 0.95), (200, 20, 1, 0.9), (60, 60, 4, 0.99), (60, 0, 0, 0.95), (150, 149, 0, 0.95), (90, 30, 30, 0.95), (0, 0, 0, 0.5)) v (labels, drawn, wrong, level),
       gt_audit_bound(labels, drawn, wrong, level) b;
SELECT gt_audit_bound(1000000000, 300, 5) / 1e9 < 0.0349 AS tight, gt_audit_bound(1000000000, 300, 5) / 1e9 > 0.0346 AS binomial;
SELECT refused('SELECT gt_audit_bound(' || a || ')') FROM unnest(ARRAY['-1, 0, 0', '10, 11, 0', '10, -1, 0', '10, 5, 6', '10, 5, -1', '10, 5, 0, 0', '10, 5, 0, 1', '10, 5, 0, ''NaN''']) a;

SELECT drop_jobs('ij %');
DROP SCHEMA ij CASCADE;
DROP SERVER ij_shard_1, ij_shard_2, ij_shard_3, ij_shard_4 CASCADE;
DROP EXTENSION postgres_fdw;
