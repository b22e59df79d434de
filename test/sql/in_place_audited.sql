-- The audited promise of jobs in place: labels are fixed, counted and drawn where the rows are, and people answer the draws in the job.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SCHEMA ia;
SET search_path = public, ia, gtl_test;
CREATE TABLE ia.one AS SELECT id, features, gold, NULL::text AS label, NULL::float8 AS confidence FROM gtl_test.digits;
ALTER TABLE ia.one ADD PRIMARY KEY (id);
CREATE TABLE ia.far (LIKE ia.one) PARTITION BY LIST ((id % 3));
CREATE TABLE ia.far_0 PARTITION OF ia.far FOR VALUES IN (0);
INSERT INTO ia.far SELECT * FROM ia.one WHERE id % 3 = 0;
DO $$
BEGIN
    FOR part IN 1 .. 2 LOOP
        EXECUTE format('CREATE SERVER ia_shard_%s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L, extensions %L, async_capable %L)', part,
                       split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database(), 'gtlabel', 'true');
        EXECUTE format('CREATE USER MAPPING FOR CURRENT_USER SERVER ia_shard_%s', part);
        EXECUTE format('CREATE TABLE ia.data_%s AS SELECT * FROM ia.one WHERE id %% 3 = %1$s', part);
        EXECUTE format('CREATE FOREIGN TABLE ia.far_%s PARTITION OF ia.far FOR VALUES IN (%1$s) SERVER ia_shard_%1$s OPTIONS (schema_name %L, table_name %L)', part, 'ia', 'data_' || part);
    END LOOP;
END $$;
CREATE FUNCTION ia.create_job(name text, dataset regclass, seed bigint DEFAULT 5) RETURNS boolean LANGUAGE sql AS $$
    SELECT gt_create_job(name, dataset, ARRAY['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], key_column => 'id', max_concurrent_task_count => 100, schedule => 'eager',
                         algorithm => 'softmax', neighbours => false, seed => seed, display_columns => ARRAY['id'], placement => 'in_place', sample_count => 1000) > 0
$$;
CREATE FUNCTION ia.server_error(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || sqlerrm;
END $$;

-- ---- One table: what is fixed, what is drawn ---------------------------------------------------------------

SELECT create_job('ia one', 'ia.one'), create_job('ia far', 'ia.far');
SELECT setting('ia one', 'guarantee');
SELECT until_audit('ia one');
-- nothing is shown yet
SELECT human > 100 AS people, machine FROM gt_write_labels('ia one', 'label');
CREATE TEMP TABLE fixed AS SELECT a.*, gt_model_bytes('ia one') AS model FROM gtlabel.audit a JOIN gtlabel.job USING (job_id) WHERE job_name = 'ia one';
-- the labels are those of the rows with the margin, but for what people have labeled; the share of the rows is that of the sample
SELECT count(*) = row_count AS rows, count(*) FILTER (WHERE h.label IS NULL) = frozen AS frozen, bit_xor(gt_fingerprint(o.id, s.s)) = digest AS same,
       frozen > 800 AS many, frozen <= floor(1758 * (SELECT count(*) FROM gt_labels WHERE job_name = 'ia one' AND NOT human_annotated AND object_key::bigint IN (SELECT unnest((gt_sample(id, id, 1000, 5)).keys)::bigint FROM ia.one)) / 1000.0) AS not_more
  FROM fixed, LATERAL (SELECT id, gt_score(model, features) AS s FROM ia.one OFFSET 0) s JOIN ia.one o USING (id) LEFT JOIN gt_labels h ON h.job_name = 'ia one' AND h.human_annotated AND h.object_key = o.id::text
 WHERE (s.s).margin >= least_margin GROUP BY row_count, frozen, digest;
-- each draw is one of them, with the label that the model gives the row; those that did not belong to the sample have joined the job
SELECT count(*) > 100 AS draws, count(DISTINCT draw_no) = max(draw_no) AS without_gaps, bool_and(d.machine_label = s.class) AS labels, bool_and(s.margin >= least_margin AND h.label IS NULL) AS belong
  FROM gt_audit_objects d JOIN ia.one o ON o.id::text = d.object_key LEFT JOIN gt_labels h ON h.job_name = 'ia one' AND h.human_annotated AND h.object_key = d.object_key, fixed, gt_score(model, o.features) s WHERE d.job_name = 'ia one' AND drawn;
SELECT j.object_count > 1000 AS joined, j.object_count = 1000 + (SELECT count(*) FROM gtlabel.audit_object a JOIN gtlabel.object o USING (job_id, object_no) WHERE a.job_id = j.job_id AND gt_draw(o.object_key::bigint, 5) > (SELECT max(d) FROM unnest((SELECT (gt_sample(id, id, 1000, 5)).draws FROM ia.one)) d)) AS the_others
  FROM gtlabel.job j WHERE job_name = 'ia one';
-- the first ones are asked about, as few as would do
SELECT t.count = a.more_draws AS few, a.more_draws BETWEEN 59 AND 90 AS plausible, a.draws FROM gt_audits a, (SELECT count(*) FROM gt_tasks WHERE job_name = 'ia one' AND state = 'available') t WHERE a.job_name = 'ia one';
SELECT bool_and(d.draw_no <= a.more_draws) AS first FROM gt_tasks t JOIN gt_audit_objects d USING (job_name, object_key) JOIN gt_audits a USING (job_name) WHERE job_name = 'ia one' AND t.state = 'available';
SELECT run('ia one');
SELECT state, draws >= found AS counted, draws + left_count = frozen AS adds_up, most_wrong <= floor(0.05 * left_count) AS promised, evidence >= needed AS shown, round(alpha::numeric, 4) AS alpha FROM gt_audits WHERE job_name = 'ia one';
SELECT w.machine = a.left_count AS all_that_passed, w.least_margin = f.least_margin AS margin, human + machine + unlabeled AS rows FROM gt_write_labels('ia one', 'label', 'confidence') w, gt_audits a, fixed f WHERE a.job_name = 'ia one';
SELECT count(*) FILTER (WHERE o.label <> o.gold) <= a.most_wrong AS kept, bool_and(o.confidence IS NOT NULL) AS scored FROM ia.one o LEFT JOIN gt_labels h ON h.job_name = 'ia one' AND h.human_annotated AND h.object_key = o.id::text, gt_audits a
 WHERE a.job_name = 'ia one' AND h.label IS NULL AND o.label IS NOT NULL GROUP BY a.most_wrong;
SELECT topic, regexp_replace(finding, '[0-9][0-9,.]*', 'N', 'g') AS finding FROM gt_explain_job('ia one') WHERE topic IN ('certificate', 'machine labels');

-- ---- The same over three servers; one of them is away when labels are fixed -----------------------------------

ALTER SERVER ia_shard_2 OPTIONS (SET port '1');
DO $$
BEGIN
    PERFORM gtl_test.until_audit('ia far');
    RAISE 'no error';
EXCEPTION WHEN sqlclient_unable_to_establish_sqlconnection THEN
    RAISE WARNING '% %', sqlstate, substring(sqlerrm FROM 'server "[^"]*"');
END $$;
SELECT count(*) AS audits FROM gt_audits WHERE job_name = 'ia far';
ALTER SERVER ia_shard_2 OPTIONS (SET port :'PORT');
SELECT until_audit('ia far');
-- no server is asked until labels are written
ALTER SERVER ia_shard_2 OPTIONS (SET port '1');
DO $$
BEGIN
    WHILE gt_advance_job('ia far') = 'in_progress' LOOP
        PERFORM gt_annotate('ia far', array_agg(t.object_key), array_agg(o.gold)) FROM gt_tasks t JOIN ia.one o ON o.id::text = t.object_key WHERE t.job_name = 'ia far' AND t.state = 'available';
    END LOOP;
END $$;
ALTER SERVER ia_shard_2 OPTIONS (SET port :'PORT');
SELECT f.row_count = o.row_count AND f.digest = o.digest AND f.least_margin = o.least_margin AND f.draws = o.draws AND f.evidence = o.evidence AS same FROM gtlabel.audit f, gtlabel.audit o, gtlabel.job jf, gtlabel.job jo
 WHERE jf.job_name = 'ia far' AND jo.job_name = 'ia one' AND f.job_id = jf.job_id AND o.job_id = jo.job_id;
SELECT human > 0 AS people, machine > 0 AS machine FROM gt_write_labels('ia far', 'label', 'confidence');
SELECT count(*) AS rows, count(*) FILTER (WHERE (f.label, f.confidence) IS DISTINCT FROM (o.label, o.confidence)) AS differ FROM ia.far f JOIN ia.one o USING (id);

-- ---- Rows that change after their labels were fixed -------------------------------------------------------------

SELECT features AS was FROM ia.one WHERE id = (SELECT min(id) FROM ia.one WHERE confidence IS NOT NULL) \gset
UPDATE ia.one SET features = (SELECT features FROM ia.one WHERE confidence IS NOT NULL AND label <> (SELECT label FROM ia.one WHERE confidence IS NOT NULL ORDER BY id LIMIT 1) ORDER BY confidence DESC, id LIMIT 1) WHERE id = (SELECT min(id) FROM ia.one WHERE confidence IS NOT NULL);
SELECT refused($$ SELECT * FROM gt_write_labels('ia one', 'label', 'confidence') $$) LIKE '55000 rows of dataset ia.one have changed since audit % of labeling job "ia one" fixed their labels%' AS refused;
UPDATE ia.one SET features = :'was' WHERE id = (SELECT min(id) FROM ia.one WHERE confidence IS NOT NULL);
SELECT machine > 0 AS as_before FROM gt_write_labels('ia one', 'label', 'confidence');
INSERT INTO ia.one SELECT 1000001, features, gold FROM ia.one WHERE confidence IS NOT NULL ORDER BY confidence DESC, id LIMIT 1;
SELECT refused($$ SELECT * FROM gt_write_labels('ia one', 'label', 'confidence') $$) LIKE '55000 rows of dataset%' AS refused;
DELETE FROM ia.one WHERE id = 1000001;
-- a row below the margin may change, and a category its name
UPDATE ia.one SET features = (SELECT features FROM ia.one WHERE label IS NULL ORDER BY id LIMIT 1) WHERE id = (SELECT max(id) FROM ia.one WHERE label IS NULL);
SELECT gt_rename_category('ia one', '3', 'three');
SELECT machine > 0 AS as_before FROM gt_write_labels('ia one', 'label', 'confidence');
SELECT count(*) FILTER (WHERE label = 'three') > 0 AS renamed, count(*) FILTER (WHERE label = '3') AS former FROM ia.one;
-- answers that change later: the audit as it would be now
SELECT gt_correct_labels('ia one', array_agg(object_key), array_agg(CASE machine_label WHEN '0' THEN '1' ELSE '0' END)) > 0 AS corrected FROM (SELECT * FROM gt_audit_objects WHERE job_name = 'ia one' AND event_no <= 20) d;
SELECT substring(finding FROM 'on the answers as they are now it does not pass') AS now FROM gt_explain_job('ia one') WHERE finding LIKE '%as they are now%';
-- withdrawal is of all
SELECT refused($$ SELECT gt_withdraw_machine_labels('ia one', confirm => true, below_margin => 0.99) $$);
SELECT gt_withdraw_machine_labels('ia one', confirm => true) > 0 AS withdrawn;
SELECT human > 0 AS people, machine FROM gt_write_labels('ia one', 'label', 'confidence');

-- ---- An audit that finds too many errors: its labels go, and the next one has a smaller level ---------------------

SELECT create_job('ia wrong', 'ia.one', 6);
SELECT until_audit('ia wrong');
SELECT gt_annotate('ia wrong', array_agg(t.object_key), array_agg(CASE o.gold WHEN '0' THEN '1' ELSE '0' END)) > 0 AS answered FROM gt_tasks t JOIN ia.one o ON o.id::text = t.object_key WHERE t.job_name = 'ia wrong' AND t.state = 'available';
SELECT gt_advance_job('ia wrong');
SELECT state, draws = found AS all_wrong, most_wrong, round(alpha::numeric, 4) AS alpha FROM gt_audits WHERE job_name = 'ia wrong';
SELECT count(*) FILTER (WHERE NOT human_annotated) AS machine FROM gt_labels WHERE job_name = 'ia wrong';
SELECT machine FROM gt_write_labels('ia wrong', 'label');
-- stopped in mid-audit: what is open is not shown
SELECT create_job('ia stop', 'ia.one', 7);
SELECT until_audit('ia stop');
SELECT gt_stop_job('ia stop');
SELECT gt_advance_job('ia stop');
SELECT state, draws FROM gt_audits WHERE job_name = 'ia stop';
SELECT job_name, finding FROM gt_jobs, gt_explain_job(job_name) WHERE job_name IN ('ia one', 'ia far') AND topic = 'placement' ORDER BY 1;
SELECT refused($$ SELECT gt_add_objects('ia one') $$);
SELECT machine FROM gt_write_labels('ia stop', 'label');

-- ---- gt_fingerprint ----------------------------------------------------------------------------------------------

CREATE FUNCTION ia.f(key anyelement, class text, margin float8 DEFAULT 0.5) RETURNS bigint LANGUAGE sql AS $$ SELECT gt_fingerprint(key, ROW(class, margin, NULL)::gt_score) $$;
SELECT f(1, 'a') = f('1'::text, 'a') AS by_text, f(1, 'a') = f(1, 'a', 0.7) AS of_the_class, f(1, 'a') <> f(1, 'b') AND f(1, 'a') <> f(2, 'a') AND f('b'::text, 'a') <> f('a'::text, 'b') AS of_both,
       gt_fingerprint(NULL::int, ROW('a', 1, 1)::gt_score) IS NULL AND gt_fingerprint(1, NULL) IS NULL AND f(1, NULL) IS NULL AS strict, f('2 1'::text, '') <> f(''::text, '2 1') AS apart;
SELECT count(DISTINCT f(i, 'x')) = 100000 AS distinct FROM generate_series(1, 100000) i;

SELECT drop_jobs('ia %');
DROP SCHEMA ia CASCADE;
DROP SERVER ia_shard_1, ia_shard_2 CASCADE;
DROP EXTENSION postgres_fdw;
