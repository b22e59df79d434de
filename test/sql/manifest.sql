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
SELECT gt_decline_tasks(array_agg(task_id)) FROM gt_accept_tasks('failing');
SET gtlabel.clock_offset = 4000000;
SELECT gt_advance_job('failing');
RESET gtlabel.clock_offset;
SELECT regexp_replace(line::text, '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}', 'DATE') FROM gt_output_manifest('failing') line;
SELECT count(*) FROM gt_export_labels('failing', 'csv');

DROP SCHEMA mf CASCADE;
SELECT gt_drop_job(job_name) FROM gt_jobs WHERE job_name IN ('topics-1', 'came', 'failing');
