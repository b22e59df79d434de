-- Labels as files: the output manifest byte for byte, JSON Lines, CSV, tasks of Label Studio.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA mf;
SET search_path = public, mf, gtl_test;
\pset format unaligned
\pset tuples_only on

-- ---- A line of the managed service, byte for byte ---------------------------------------------

CREATE TABLE mf.parcel (id int PRIMARY KEY, source text, site text, gold text);
INSERT INTO mf.parcel VALUES (1, 'parcel never came', 'Ulm', 'delivery'), (2, 'it was late', NULL, 'late'), (3, E'say "hi"\n\\ \u00e9 \U0001F600', 'Bonn', 'damage');
SELECT gt_create_job('topics-1', 'mf.parcel', ARRAY['damage', 'late', 'delivery'], features_column => NULL, label_attribute_name => 'topic', max_concurrent_task_count => 2) > 0;
SELECT gt_output_manifest('topics-1');
SELECT gtl_test.answer('topics-1');
SELECT gt_advance_job('topics-1');
-- the date and the confidence of the example
UPDATE gtlabel.label SET labeled_at = '2026-01-05 10:11:12.131415Z', confidence = 0.94 WHERE job_id = (SELECT job_id FROM gt_jobs WHERE job_name = 'topics-1');
SELECT line::text = '{"source": "parcel never came", "topic": 2, "topic-metadata": {"class-name": "delivery", "confidence": 0.94, "type": "groundtruth/text-classification", "job-name": "labeling-job/topics-1", "human-annotated": "yes", "creation-date": "2026-01-05T10:11:12.131415"}}'
  FROM gt_output_manifest('topics-1') WITH ORDINALITY m (line, n) WHERE n = 1;
-- in any time zone
SET timezone = 'Asia/Kathmandu';
SELECT gt_output_manifest('topics-1');
RESET timezone;
-- other columns on request, an address instead of a text
SELECT gt_output_manifest('topics-1', columns => '{site,id}');
SELECT gt_output_manifest('topics-1', source_ref => 'site');
SELECT gt_output_manifest('topics-1', source => 'gold', source_ref => 'site');
SELECT refused($$ SELECT gt_output_manifest('topics-1', columns => '{topic}') $$);
SELECT refused($$ SELECT gt_output_manifest('topics-1', columns => '{site,site}') $$);
SELECT refused($$ SELECT gt_output_manifest('topics-1', columns => '{nothing}') $$);
SELECT refused($$ SELECT gt_output_manifest('topics-1', source => 'nothing') $$);
SELECT refused($$ SELECT gt_output_manifest('topics-1', columns => '{NULL}') $$);
SELECT refused($$ SELECT gt_output_manifest('nothing') $$);
SELECT refused($$ SELECT gt_output_manifest(NULL) $$);

-- ---- Other files ----------------------------------------------------------------------------------

SELECT gt_export_labels('topics-1');
SELECT gt_export_labels('topics-1', 'csv');
SELECT gt_export_labels('topics-1', 'label_studio');
SELECT count(*) = 3 AND bool_and(m.line::text = e.line) FROM gt_output_manifest('topics-1') WITH ORDINALITY m (line, n) JOIN gt_export_labels('topics-1', 'manifest') WITH ORDINALITY e (line, n) USING (n);
SELECT jsonb_array_length(string_agg(line, E'\n')::jsonb) FROM gt_export_labels('topics-1', 'label_studio') line;
SELECT refused($$ SELECT gt_export_labels('topics-1', 'parquet') $$);

-- ---- Lines that came from a manifest stay as they came ------------------------------------------

CREATE TABLE mf.came (line_no bigint PRIMARY KEY, source text, gold text, line json NOT NULL);
INSERT INTO mf.came SELECT n, NULL, 'b', line::json FROM unnest(ARRAY[
    '{"source":"a" ,"k":[1,{"topic":"}"}],"z":1.50 }',
    '{}',
    E'{"source": "x\\u0000y\\ud83d",\n "a": {"b": {}}, "a": 1}',
    '{"source": "has one", "topic": 0, "w": 1, "to\u0070ic-metadata": {"class-name": "a"}}',
    E' {"source": "blanks"\t} ']) WITH ORDINALITY u (line, n);
SELECT gt_create_job('came', 'mf.came', ARRAY['a', 'b', 'say "c"'], features_column => NULL, label_attribute_name => 'topic', max_concurrent_task_count => 2) > 0;
SELECT gt_output_manifest('came');
SELECT gtl_test.run('came');
UPDATE gtlabel.label SET labeled_at = '2026-01-05 10:11:12.131415Z' WHERE job_id = (SELECT job_id FROM gt_jobs WHERE job_name = 'came');
SELECT gt_output_manifest('came');
SELECT refused($$ SELECT gt_output_manifest('came', columns => '{gold}') $$);
-- rows that come and go, a column that goes
DELETE FROM mf.came WHERE line_no = 2;
INSERT INTO mf.came VALUES (0, NULL, NULL, '{"source": "new"}');
UPDATE mf.came SET line = '[]' WHERE line_no = 1;
SELECT refused($$ SELECT gt_output_manifest('came') $$);
UPDATE mf.came SET line = '{"source": "other"}' WHERE line_no = 1;
SELECT left(line::text, 33) FROM gt_output_manifest('came') line;
ALTER TABLE mf.came RENAME COLUMN line TO old;
ALTER TABLE mf.came DROP COLUMN source;
SELECT refused($$ SELECT gt_output_manifest('came') $$);
DROP TABLE mf.came;
SELECT refused($$ SELECT gt_output_manifest('came') $$);
SELECT count(*) FROM gt_export_labels('came');

-- ---- Objects that fail --------------------------------------------------------------------------------

CREATE TABLE mf.failing AS SELECT g AS id, 's3://b/' || g AS source_ref, 'a'::text AS gold FROM generate_series(1, 3) g;
SELECT gt_create_job('failing', 'mf.failing', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, task_availability_lifetime => '1 hour') > 0;
SELECT gt_annotate('failing', '{1}', '{b}');
SELECT gt_decline_tasks(array_agg(task_id) FILTER (WHERE object_key = '2')), gt_release_tasks(array_agg(task_id) FILTER (WHERE object_key = '3')) FROM gt_accept_tasks('failing', 2);
SET gtlabel.clock_offset = 4000000;
SELECT gt_advance_job('failing');
RESET gtlabel.clock_offset;
SELECT regexp_replace(line::text, '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}', 'DATE') FROM gt_output_manifest('failing') line;
SELECT count(*) FROM gt_export_labels('failing', 'csv');

-- ---- In: a table of a manifest -------------------------------------------------------------------------

CREATE TABLE mf.raw (n int PRIMARY KEY, line text);
-- what is met in the wild: indices quoted or not, odd dates, keys that miss or come twice in other places, CRLF, a byte order mark, blanks, a long line
INSERT INTO mf.raw VALUES
    (1, U&'\FEFF{"source": "parcel never came", "topic": 2, "topic-metadata": {"class-name": "delivery", "confidence": 0.94, "type": "groundtruth/text-classification", "job-name": "labeling-job/topics-1", "human-annotated": "yes", "creation-date": "2026-01-05T10:11:12.131415"}}' || E'\r\n'),
    (2, E'\t{"source":"it was late","topic":"1","topic-metadata":{"class-name":"late","confidence":"0.5","human-annotated":"no","creation-date":"yesterday"}} '),
    (3, '{"source-ref": "s3://b/1.jpg", "source": null, "other": [{"topic": 1}], "other": 2}'),
    (4, ''),
    (5, '{"source": "failed", "topic-metadata": {"failure-reason": "expired", "human-annotated": "yes"}}'),
    (6, '{"source": "a \"quoted\"\nline \u00e9 \ud83d\ude00 \/", "topic": "free text", "topic-metadata": {}}'),
    (7, '{"source": {"not": "text"}, "topic": [1, 0], "topic-metadata": {"class-map": {"1": "a"}, "human-annotated": true, "confidence": 7}}'),
    (8, '{"source": "' || repeat('x', 100000) || '", "topic": null, "topic-metadata": {"class-name": null}}'),
    (9, E'   \r'), (10, NULL);
SELECT * FROM gt_import_manifest('mf.raw');
SELECT line_no, left(source, 40) AS source, source_ref, label, confidence, human_annotated, failure_reason, length(line::text) FROM mf.raw_objects ORDER BY 1;
SELECT conname, contype FROM pg_constraint WHERE conrelid = 'mf.raw_objects'::regclass AND contype = 'p';
-- and out again, as it came, without what stood around the lines
SELECT gt_create_job('back', 'mf.raw_objects', ARRAY['damage', 'late', 'delivery', 'free text'], features_column => NULL, label_column => 'label', label_attribute_name => 'topic') > 0;
SELECT count(*) = 7 AND bool_and(m.line::text = btrim(r.line, E'\uFEFF \t\r\n'))
  FROM gt_output_manifest('back') WITH ORDINALITY m (line, n) JOIN (SELECT line, row_number() OVER (ORDER BY n) AS n FROM mf.raw WHERE length(line) > 4) r USING (n);
SELECT object_count FROM gt_jobs WHERE job_name = 'back';
SELECT gt_annotate('back', array_agg(object_key), array_agg('late'::text)) FROM gt_tasks WHERE job_name = 'back';
SELECT gt_advance_job('back');
SELECT regexp_replace(regexp_replace(line::text, '"creation-date": "[^"]*"', 'DATE'), 'x{9,}', 'x...') FROM gt_output_manifest('back') line;

-- bad lines: number and reason, and all or none
CREATE TABLE mf.bad (n int, line text);
INSERT INTO mf.bad SELECT n, line FROM unnest(ARRAY['{"source": "good"}', 'no', '{"source": "a"', '[]', '"source"', '{"sauce": 1}', '{"source": "a", "source": "b"}', '{"source": "\u0000"}', '{"source": "\ud800"}',
    '{"source": "a", "l": 1, "l-metadata": {}}', '{"source": "a", "l": "1", "l-metadata": {}}', '{"source": "a", "l-metadata": {}, "l-metadata": {}}', '{"source": "a",}', E'{"source": "a\tb"}', '{"source": "a"} {}',
    '{"source": ' || repeat('[', 2000), '{"source": "a", "n": 01}', '{"source": "\x"}', '{"source": "a", "l": 0, "l-metadata": {"class-name": "\ud800x"}}', '{"source": "also good", "l": true, "l-metadata": {"class-name": "c"}}']) WITH ORDINALITY u (line, n);
SELECT refused($$ SELECT * FROM gt_import_manifest('mf.bad', order_column => 'n') $$);
SELECT to_regclass('mf.bad_objects') IS NULL;
SELECT * FROM gt_import_manifest('mf.bad', 'line', '"mf"."Good ""lines"""', order_column => 'n', on_error => 'skip');
SELECT line_no, source, label FROM mf."Good ""lines""" ORDER BY 1;
SELECT refused($$ SELECT * FROM gt_import_manifest('mf.bad', 'line', 'mf.raw') $$);
SELECT refused($$ SELECT * FROM gt_import_manifest('mf.bad', 'n') $$);
SELECT refused($$ SELECT * FROM gt_import_manifest('mf.bad', 'nothing') $$);
SELECT refused($$ SELECT * FROM gt_import_manifest('mf.bad', order_column => 'nothing') $$);
SELECT refused($$ SELECT * FROM gt_import_manifest('mf.bad', on_error => 'ignore') $$);
SELECT refused($$ SELECT * FROM gt_import_manifest(NULL) $$);
SELECT refused($$ SELECT * FROM gt_import_manifest('mf.bad', table_name => 'nowhere.t') $$);
-- several attributes: which is meant has to be said
CREATE TABLE mf.two AS SELECT j AS line FROM unnest(ARRAY['{"source": "a", "x": 0, "x-metadata": {"class-name": "n"}, "y": 1, "y-metadata": {"class-name": "p"}}'::jsonb, '{"source": "b", "y": 0, "y-metadata": {"class-name": "q"}}']) j;
SELECT refused($$ SELECT * FROM gt_import_manifest('mf.two') $$);
SELECT * FROM gt_import_manifest('mf.two', label_attribute_name => 'y');
SELECT line_no, source, label, line FROM mf.two_objects ORDER BY 1;
-- a broken line names none
CREATE TABLE mf.broken AS SELECT n, line FROM unnest(ARRAY['{"source": "a", "x": 0, "x-metadata": {"class-name": "n"}, ', '{"source": "b", "y-metadata": {"class-name": "q"}, "y": 0}']) WITH ORDINALITY u (line, n);
SELECT * FROM gt_import_manifest('mf.broken', order_column => 'n', on_error => 'skip');
SELECT line_no, label FROM mf.broken_objects;
CREATE TABLE mf.none (line json);
SELECT * FROM gt_import_manifest('mf.none');
SELECT count(*) FROM mf.none_objects;

-- mutated lines: what the server's own parser takes for JSON, and nothing else, is JSON here
CREATE FUNCTION mf.valid(line text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM line::json;
    RETURN true;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN false;
END $$;
SELECT setseed(0.5);
CREATE TABLE mf.mutated AS
    SELECT g AS n, overlay(l.line PLACING substr('{}[]":,\u1e-+.0 tfn' || E'\t', 1 + (random() * 18)::int, (random() * 1.6)::int)
                           FROM 1 + (random() * length(l.line))::int FOR (random() * 2.4)::int) AS line
      FROM generate_series(1, 6000) g,
           LATERAL (SELECT (ARRAY['{"source": "a\"b\\c\u00e9", "n": [1, -2.5e+3, {"x": [], "y": {}}], "t": true, "f": null}',
                                  '{"source":"x","l":"1","l-metadata":{"class-name":"c","confidence":0.5,"human-annotated":"yes"}}', '[[{"a":[{}]}], 0.1e-2, "s"]'])[1 + g % 3] AS line) l;
SET client_min_messages = warning;
CREATE TABLE mf.verdict AS SELECT * FROM gt_import_manifest('mf.mutated', label_attribute_name => 'l', order_column => 'n', on_error => 'skip');
SELECT count(*) FILTER (WHERE mf.valid(m.line) <> (v.reason IS DISTINCT FROM 'not JSON')) AS differ,
       count(*) FILTER (WHERE mf.valid(m.line)) BETWEEN 500 AND 5500 AS both_kinds
  FROM mf.mutated m LEFT JOIN mf.verdict v ON v.line_no = m.n WHERE btrim(m.line, E' \t\r\n') <> '';
SELECT count(*) FROM (SELECT * FROM mf.mutated EXCEPT SELECT n, line FROM mf.mutated JOIN mf.verdict ON line_no = n) g LEFT JOIN mf.mutated_objects o ON o.line_no = g.n
 WHERE o.line::text IS DISTINCT FROM btrim(g.line, E' \t\r\n');

DROP SCHEMA mf CASCADE;
SELECT gt_drop_job(job_name) FROM gt_jobs WHERE job_name IN ('topics-1', 'came', 'failing', 'back');
