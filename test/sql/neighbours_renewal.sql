-- When a third of the rows came later, neighbourhood columns are made anew before the next round: once, and not while an audit is open.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA nr;
SET search_path = public, nr, gtl_test;
SET client_min_messages = warning;

-- Rows around six centres, the first 900 around three of them; the order of the keys is that of the numbers.
CREATE TABLE nr.item (id int PRIMARY KEY, features float4[], gold text);
CREATE FUNCTION nr.put(first int, last int) RETURNS bigint LANGUAGE sql AS $$
    WITH new AS (INSERT INTO item SELECT 10000 + g, ARRAY(SELECT ((k = c)::int * 3 + ((g * 7919::bigint * (k + 2) + k * 104729) % 1009) / 504.5 - 1)::float4 FROM generate_series(0, 5) k), 'c' || c
        FROM (SELECT g, CASE WHEN g <= 900 THEN g % 3 ELSE 3 + g % 3 END AS c FROM generate_series(first, last) g) r RETURNING 1) SELECT count(*) FROM new $$;
CREATE FUNCTION nr.create(named text, settings text DEFAULT '') RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT gt_create_job(%L, ''nr.item'', ARRAY[''c0'', ''c1'', ''c2'', ''c3'', ''c4'', ''c5''], gold_column => ''gold'', schedule => ''eager'', algorithm => ''softmax'','
                   ' drift_alarm => false, seed => 5 %s)', named, settings);
    RETURN (SELECT neighbours_id IS NOT NULL FROM gtlabel.job WHERE job_name = named);
END $$;
CREATE FUNCTION nr.maps(job text) RETURNS TABLE (event text, detail text) LANGUAGE sql AS $$
    SELECT event, regexp_replace(detail, '\d+ MB', 'N MB', 'g') FROM gt_events WHERE job_name = job AND event LIKE 'map\_%' ORDER BY event_id $$;
CREATE FUNCTION nr.columns(job text) RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(data, '' ORDER BY segment_no, page_no)) FROM gtlabel.feature_page JOIN gt_jobs USING (job_id) WHERE job_name = job AND block_no = 1 $$;
CREATE FUNCTION nr.map(named text) RETURNS bigint LANGUAGE sql AS $$ SELECT neighbours_id FROM gtlabel.job WHERE job_name = named $$;
CREATE FUNCTION nr.wrong(job text) RETURNS float8 LANGUAGE sql AS $$
    SELECT avg((l.label <> i.gold)::int) FROM gt_labels l JOIN item i ON i.id::text = l.object_key WHERE l.job_name = job AND NOT l.human_annotated $$;
-- Answers and steps until a map is made or refused; returns what became of it.
CREATE FUNCTION nr.until_map(named text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    FOR turn IN 1 .. 20 LOOP
        EXIT WHEN EXISTS (SELECT FROM maps(named));
        PERFORM answer(named), gt_advance_job(named);
    END LOOP;
    RETURN (SELECT detail FROM maps(named));
END $$;
-- Columns of an object as numbers: bytes of float4, the lowest first.
CREATE FUNCTION nr.columns_of(named text, key text) RETURNS float8[] LANGUAGE plpgsql AS $$
DECLARE
    j gtlabel.job; o int; s gtlabel.segment; bytes bytea; result float8[] := '{}'; w bigint;
BEGIN
    SELECT * INTO STRICT j FROM gtlabel.job WHERE job_name = named;
    SELECT object_no INTO STRICT o FROM gtlabel.object WHERE job_id = j.job_id AND object_key = key;
    SELECT * INTO STRICT s FROM gtlabel.segment WHERE job_id = j.job_id AND first_row <= o ORDER BY first_row DESC LIMIT 1;
    SELECT string_agg(data, '' ORDER BY page_no) INTO bytes FROM gtlabel.feature_page WHERE job_id = j.job_id AND segment_no = s.segment_no AND block_no = 1;
    FOR i IN 0 .. 63 LOOP
        w := 0;
        FOR b IN 0 .. 3 LOOP w := w + (get_byte(bytes, ((o - s.first_row) * 64 + i) * 4 + b)::bigint << (8 * b)); END LOOP;
        result := result || CASE WHEN w & 2147483647 = 0 THEN 0 ELSE
            CASE WHEN w >> 31 = 1 THEN -1 ELSE 1 END * power(2::float8, ((w >> 23) & 255) - 127) * (1 + (w & 8388607) / 8388608.0) END::float8;
    END LOOP;
    RETURN result;
END $$;
-- Inner products of the columns of some objects: they do not depend on the choice of eigenvectors.
CREATE FUNCTION nr.products(job text, keys text[]) RETURNS float8[] LANGUAGE sql AS $$
    WITH c AS MATERIALIZED (SELECT n, columns_of(job, key) AS v FROM unnest(keys) WITH ORDINALITY k (key, n))
    SELECT array_agg((SELECT sum(x * y) FROM unnest(a.v, b.v) u (x, y)) ORDER BY a.n, b.n) FROM c a, c b $$;
CREATE FUNCTION nr.far(a float8[], b float8[]) RETURNS float8 LANGUAGE sql AS $$ SELECT max(abs(x - y)) / max(abs(x)) FROM unnest(a, b) u (x, y) $$;

-- ---- Not while an audit is open, and not for few rows; then once, before the next round -------------------------

SELECT put(1, 900), nr.create('nr job') AS columns, nr.create('nr twin') AS columns;
SELECT neighbours_segments FROM gtlabel.job WHERE job_name = 'nr job';
SELECT map('nr job') AS first, columns('nr job') AS before \gset
SELECT until_audit('nr job'), until_audit('nr twin');
SELECT put(901, 1000), gt_add_objects('nr job'), gt_add_objects('nr twin');
SELECT put(1001, 1600), gt_add_objects('nr job'), gt_add_objects('nr twin');
SELECT answer('nr job', 3) AS answers, gt_advance_job('nr job'), (SELECT state FROM gt_audits WHERE job_name = 'nr job') AS audit, (SELECT count(*) FROM maps('nr job')) AS maps;
SELECT topic, finding, advice FROM gt_explain_job('nr job') WHERE topic = 'features';
SELECT run('nr job'), (SELECT count(*) FROM maps('nr job')) AS maps, wrong('nr job') <= 0.05 AS kept, check_counters('nr job');
SELECT * FROM maps('nr job');
SELECT event FROM gt_events WHERE job_name = 'nr job' AND event IN ('audit_ended', 'map_renewed', 'round') AND event_id >= (SELECT min(event_id) FROM gt_events WHERE job_name = 'nr job' AND event = 'audit_ended') ORDER BY event_id LIMIT 3;
SELECT map('nr job') <> :first AS another, neighbours_segments, neighbours_reason FROM gtlabel.job JOIN gtlabel.neighbours j USING (neighbours_id) WHERE job_name = 'nr job';
SELECT subject, finding FROM gt_check() WHERE subject LIKE 'job "nr %' AND severity = 'error';
SELECT topic, finding, advice FROM gt_explain_job('nr job') WHERE topic = 'features';
-- what the pages hold is what the new map makes of the features: margins by the pages and by gt_margin
SELECT model_name AS newest FROM gt_models WHERE job_name = 'nr job' ORDER BY model_id DESC LIMIT 1 \gset
SELECT count(*) > 300 AS many, bool_and(m.neighbours) AS columns, max(abs(l.margin - gt_margin(m.model_name, i.features))) < 1e-4 AS same FROM gt_labels l JOIN item i ON i.id::text = l.object_key
  JOIN gt_models m ON m.job_name = 'nr job' AND m.round_no = l.round_no WHERE l.job_name = 'nr job' AND NOT l.human_annotated AND l.round_no > 0;
-- rounds before it are told by their own map, which their models keep
SELECT count(*) > 0 AS kept FROM gtlabel.neighbours WHERE neighbours_id = :first;
SELECT count(*) > 300 AS many, max(abs(h.margin - l.margin)) < 1e-4 AS same FROM (SELECT * FROM gt_labels WHERE job_name = 'nr job' AND NOT human_annotated AND round_no = 0) l,
    LATERAL (SELECT substring(finding FROM 'margin ([0-9.]+)')::float8 AS margin FROM gt_explain_object('nr job', l.object_key) WHERE topic = 'machine' AND finding ~ '^round 0:') h;
-- the same job has the same columns and labels, whoever does its steps
SET gtlabel.max_parallel_workers = 2;
SELECT answer('nr twin', 3) AS answers, gt_advance_job('nr twin'), run('nr twin');
RESET gtlabel.max_parallel_workers;
SELECT columns('nr twin') = columns('nr job') AS same_columns, columns('nr job') <> :'before' AS new_columns,
       (SELECT md5(string_agg((l.object_key, l.label, l.human_annotated, l.margin)::text, ',' ORDER BY l.object_key)) FROM gt_labels l WHERE job_name = 'nr twin') =
       (SELECT md5(string_agg((l.object_key, l.label, l.human_annotated, l.margin)::text, ',' ORDER BY l.object_key)) FROM gt_labels l WHERE job_name = 'nr job') AS same_labels;
-- rows that join later have columns by the new map, and the next third is one of more rows
SELECT put(1601, 1700), gt_add_objects('nr job'), run('nr job'), (SELECT count(*) FROM maps('nr job')) AS maps;
SELECT max(abs(l.margin - gt_margin(m.model_name, i.features))) < 1e-4 AS same FROM gt_labels l JOIN item i ON i.id::text = l.object_key
  JOIN gt_models m ON m.job_name = 'nr job' AND m.round_no = l.round_no WHERE l.job_name = 'nr job' AND NOT l.human_annotated AND i.id > 11600;

-- with another guarantee: a certificate of the validation set, cross-fitted with the new columns
DELETE FROM item;
SELECT put(1, 900), nr.create('nr sure', $$, guarantee => 'confidence', neighbours => true, validation_share => 0.2, target_accuracy => 0.9$$) AS columns, run('nr sure');
SELECT put(901, 1600), gt_add_objects('nr sure'), run('nr sure'), wrong('nr sure') <= 0.1 AS kept, (SELECT machine_labeled > 700 FROM gt_jobs WHERE job_name = 'nr sure') AS by_machine, check_counters('nr sure');
SELECT * FROM maps('nr sure');

-- ---- Rows that are gone are no part of the map, nor of the columns -----------------------------------------------

DELETE FROM item WHERE id > 10900;
SELECT nr.create('nr holes') AS columns;
SELECT count(*) AS keys, gt_remove_objects('nr holes', array_agg(object_key ORDER BY object_key)) AS removed FROM gtlabel.object JOIN gt_jobs USING (job_id) WHERE job_name = 'nr holes' AND object_no % 3 = 1;
DELETE FROM item WHERE (id - 10000) % 3 = 2;
SELECT put(901, 1300), gt_add_objects('nr holes'), until_map('nr holes');
SELECT nr.create('nr whole') AS columns;
SELECT far(products('nr holes', k), products('nr whole', k)) < 1e-2 AS as_without_them, far(products('nr holes', k), products('nr job', k)) > 0.05 AS not_any_map
  FROM (SELECT array_agg(id::text ORDER BY id) AS k FROM (SELECT id FROM item WHERE (id - 10000) % 3 <> 2 AND id <= 10900 ORDER BY id * 7919::bigint % 1009 LIMIT 12) twelve) k;
SELECT bool_and(columns = decode(repeat('00', 256), 'hex')) AS zeros FROM
 (SELECT substr(string_agg(data, '' ORDER BY page_no), 256 * n + 1, 256) AS columns FROM gtlabel.feature_page JOIN gt_jobs USING (job_id), generate_series(1, 899, 3) n
   WHERE job_name = 'nr holes' AND block_no = 1 AND segment_no = 0 GROUP BY n) removed;
SELECT run('nr holes'), wrong('nr holes') <= 0.05 AS kept, check_counters('nr holes'), (SELECT count(*) FROM maps('nr holes')) AS maps;

-- ---- A worker's map is that of gt_advance_job ---------------------------------------------------------------------

CREATE PROCEDURE nr.answer_until_completed(named text) LANGUAGE plpgsql AS $$
DECLARE
    reached boolean;
BEGIN
    FOR turn IN 1 .. 600 LOOP
        IF EXISTS (SELECT FROM gt_tasks WHERE job_name = named AND state = 'available') THEN
            PERFORM answer(named);
        ELSE
            CALL gt_wait_job(named, 'completed', '100 ms', reached);
            EXIT WHEN reached;
        END IF;
        COMMIT;
    END LOOP;
END $$;
DELETE FROM item;
SELECT put(1, 900), nr.create('nr hand') AS columns, nr.create('nr worker') AS columns;
SELECT put(901, 1500), gt_add_objects('nr hand'), gt_add_objects('nr worker'), run('nr hand');
SET gtlabel.background = on;
CALL answer_until_completed('nr worker');
SET gtlabel.background = off;
SELECT (SELECT count(*) FROM maps('nr worker')) AS maps, columns('nr worker') = columns('nr hand') AS same_columns,
       (SELECT md5(string_agg((l.object_key, l.label, l.human_annotated, l.margin)::text, ',' ORDER BY l.object_key)) FROM gt_labels l WHERE job_name = 'nr worker') =
       (SELECT md5(string_agg((l.object_key, l.label, l.human_annotated, l.margin)::text, ',' ORDER BY l.object_key)) FROM gt_labels l WHERE job_name = 'nr hand') AS same_labels;

-- ---- A map that is refused is not tried at every round, and the job goes on with the one that it has ---------------

DELETE FROM item;
SELECT put(1, 900), nr.create('nr poor') AS columns;
SELECT map('nr poor') AS first, columns('nr poor') AS before \gset
SELECT put(901, 1400), gt_add_objects('nr poor');
SET maintenance_work_mem = '2MB';
SELECT count(answer('nr poor')) AS answered, count(gt_advance_job('nr poor')) AS advanced FROM generate_series(1, 4);
SELECT * FROM maps('nr poor');
SELECT map('nr poor') = :first AS same, neighbours_segments, (SELECT count(*) > 1 FROM gt_rounds WHERE job_name = 'nr poor') AS rounds FROM gtlabel.job WHERE job_name = 'nr poor';
SELECT finding, regexp_replace(advice, '\d+ MB', 'N MB', 'g') AS advice FROM gt_explain_job('nr poor') WHERE topic = 'features';
RESET maintenance_work_mem;
SELECT run('nr poor'), (SELECT count(*) FROM maps('nr poor')) AS maps, wrong('nr poor') <= 0.05 AS kept;
SELECT put(1401, 2200), gt_add_objects('nr poor'), run('nr poor'), map('nr poor') <> :first AS another, wrong('nr poor') <= 0.05 AS kept;
SELECT * FROM maps('nr poor');
SELECT neighbours_reason FROM gtlabel.job WHERE job_name = 'nr poor';

-- rows that do not fit into memory are read from temporary files, as far as those may be
DELETE FROM item;
SELECT put(1, 900), nr.create('nr memory') AS columns, nr.create('nr file') AS columns, nr.create('nr disk') AS columns;
SELECT put(901, 1400), gt_add_objects('nr memory'), gt_add_objects('nr file'), gt_add_objects('nr disk');
SELECT until_map('nr memory');
SET maintenance_work_mem = '3MB';
SELECT until_map('nr file'), columns('nr file') = columns('nr memory') AS same;
SET temp_file_limit = '100kB';
SELECT until_map('nr disk');
RESET temp_file_limit;
RESET maintenance_work_mem;

-- ---- A job that had too few rows has columns when it has enough; one with a model's map keeps it --------------------

DELETE FROM item;
SELECT put(1, 300), nr.create('nr small', ', validation_share => 0.2') AS columns;
SELECT put(301, 470), gt_add_objects('nr small'), count(answer('nr small')), count(gt_advance_job('nr small')), (SELECT count(*) FROM maps('nr small')) AS maps;
SELECT put(471, 700), gt_add_objects('nr small'), run('nr small'), wrong('nr small') <= 0.05 AS kept, map('nr small') IS NOT NULL AS columns;
SELECT * FROM maps('nr small');
SELECT nr.create('nr next', format(', initial_model => %L', :'newest')) AS columns;
SELECT put(701, 1400), gt_add_objects('nr next'), run('nr next'), (SELECT count(*) FROM maps('nr next')) AS maps, neighbours_segments, neighbours_id = (SELECT neighbours_id FROM gtlabel.model WHERE model_name = :'newest') AS of_the_model
  FROM gtlabel.job WHERE job_name = 'nr next';
SELECT nr.create('nr plain', ', neighbours => false') AS columns;
SELECT put(1401, 2100), gt_add_objects('nr plain'), run('nr plain'), (SELECT count(*) FROM maps('nr plain')) AS maps;

-- ---- Maps go with the last that uses them ---------------------------------------------------------------------------
SELECT count(gt_drop_job(job_name, true)) FROM (SELECT job_name FROM gt_jobs WHERE job_name LIKE 'nr %' OFFSET 0) j;
SELECT count(*) AS maps FROM gtlabel.neighbours;
