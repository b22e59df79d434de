-- Files in and out by roles that are no superusers: whose rights count, what a workteam does not see, tables with row-level security, triggers
-- and hostile names.
BEGIN;
SET search_path = public;
SET client_min_messages = error;
SET gtlabel.background = off;
SELECT no_plan();
CREATE ROLE regress_gtl_owner;
CREATE ROLE regress_gtl_other;
CREATE ROLE regress_gtl_team;
CREATE ROLE regress_gtl_ann IN ROLE regress_gtl_team;
CREATE SCHEMA own AUTHORIZATION regress_gtl_owner;
CREATE TABLE things (id int PRIMARY KEY, source text, secret boolean);
INSERT INTO things SELECT g, 'text ' || g, g > 8 FROM generate_series(1, 10) g;
GRANT SELECT ON things TO regress_gtl_owner, regress_gtl_other;
CREATE TABLE hidden AS SELECT 1 AS item, 'x' AS annotator, 'a' AS label, '{"source": "s"}'::json AS line;

SET ROLE regress_gtl_other;
SELECT ok(gt_create_job('other', 'things', ARRAY['a', 'b'], features_column => NULL) > 0, 'another owner has a job');
SET ROLE regress_gtl_owner;
SELECT ok(gt_create_job('job', 'things', ARRAY['a', 'b'], features_column => NULL, workteam => 'regress_gtl_team', annotators_per_object => 2, max_concurrent_task_count => 4) > 0, 'the owner has one');
CREATE TABLE own.answer (item int, annotator text, label text);
INSERT INTO own.answer SELECT g, who, 'a' FROM generate_series(1, 10) g, unnest(ARRAY['x', 'y']) who;
SELECT is((SELECT sum(answers) FROM gt_import_annotations('job', 'own.answer')), 20::numeric, 'the owner imports answers');

-- ---- Whose job ------------------------------------------------------------------------------

SELECT throws_ok(format($$ SELECT * FROM %s $$, call), '42501', NULL, 'only the owner: ' || call)
  FROM unnest(ARRAY['gt_output_manifest(''other'')', 'gt_export_labels(''other'')', 'gt_import_annotations(''other'', ''own.answer'')', 'gt_import_label_studio(''other'', ''own.answer'', ''label'')',
                    'gt_annotate_report(''other'', ''{1}'', ''{a}'')', 'gt_describe_job(''other'')', 'gt_create_job(''mine'', ''things'', ARRAY[''a'', ''b''], features_column => NULL, previous_job => ''other'')']) call;
SELECT is((SELECT count(*) FROM gt_poll_events('me') WHERE job_name = 'other'), 0::bigint, 'nor does anybody else hear of it');
SELECT is(gt_acknowledge_events('me', ARRAY(SELECT generate_series(1, 1000)::bigint)), (SELECT count(*)::int FROM gt_events), 'or acknowledge its events');
SELECT is((SELECT count(*) FROM gt_consumers), 1::bigint, 'a consumer of one''s own');

-- ---- Whose tables ---------------------------------------------------------------------------

SELECT throws_ok($$ SELECT * FROM gt_import_annotations('job', 'hidden') $$, '42501', NULL, 'the answers are read as the caller');
SELECT throws_ok($$ SELECT * FROM gt_import_label_studio('job', 'hidden', 'line') $$, '42501', NULL, 'and so are the tasks');
SELECT throws_ok($$ SELECT * FROM gt_import_manifest('hidden', table_name => 'own.t') $$, '42501', NULL, 'and the lines');
CREATE TABLE own.lines AS SELECT '{"source": "s"}'::json AS line;
SELECT throws_ok($$ SELECT * FROM gt_import_manifest('own.lines', table_name => 'gtlabel.t') $$, '42501', NULL, 'the table is made as the caller');
SELECT is_empty($$ SELECT * FROM gt_import_manifest('own.lines', table_name => 'own."a;b"" c"') $$, 'under any name');
SELECT is((SELECT relowner::regrole::text FROM pg_class WHERE oid = 'own."a;b"" c"'::regclass), 'regress_gtl_owner', 'and is the caller''s');
RESET ROLE;
ALTER TABLE things ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON things USING (NOT secret);
REVOKE SELECT ON things FROM regress_gtl_other;
SET ROLE regress_gtl_owner;
SELECT is((SELECT count(*) FROM gt_output_manifest('job')), 8::bigint, 'row-level security of the dataset holds for the manifest');
SELECT is((SELECT count(*) FROM gt_export_labels('job', 'label_studio')), 10::bigint, 'and for tasks: eight and two brackets');
SET ROLE regress_gtl_other;
SELECT throws_ok($$ SELECT * FROM gt_output_manifest('other') $$, '42501', NULL, 'a dataset that may not be read any more is not');
SELECT lives_ok($$ SELECT * FROM gt_export_labels('other', 'csv') $$, 'the labels are there all the same');

-- ---- What a workteam sees -------------------------------------------------------------------

SET ROLE regress_gtl_ann;
SELECT is((SELECT count(*) FROM gt_early_answers), 0::bigint, 'no answers of others that wait');
SELECT is((SELECT count(*) FROM gtlabel.early_answer) + (SELECT count(*) FROM gtlabel.consumer), 0::bigint, 'in no table either');
SELECT is((SELECT count(*) FROM gt_poll_events('ann')), 0::bigint, 'no events');
SELECT throws_ok($$ SELECT gt_output_manifest('job') $$, '42501', NULL, 'no manifest');
SELECT throws_ok($$ SELECT * FROM gt_import_annotations('job', 'own.answer') $$, '42501', NULL, 'and imports nothing');
SELECT throws_ok($$ SELECT gt_describe_job('job') $$, '42501', NULL, 'nor does it learn the settings');
SELECT throws_ok($$ SELECT gtlabel.create_job_of('{"job_name": "x"}', NULL) $$, '22004', NULL, 'the function behind does no more than the one in front');
SELECT throws_ok($$ INSERT INTO gtlabel.early_answer VALUES (1, 1, 'x', 0, now(), NULL) $$, '42501', NULL, 'nobody writes answers past the functions');
RESET ROLE;

-- ---- What the caller's functions could do ------------------------------------------------------

-- operators and functions of the same names in the caller's path are not called
SET ROLE regress_gtl_owner;
CREATE FUNCTION own.to_json(text) RETURNS json LANGUAGE sql AS $$ SELECT pg_catalog.to_json('hijacked'::text) $$;
CREATE FUNCTION own.unnest(text[], text[]) RETURNS SETOF text LANGUAGE sql AS $$ SELECT 'hijacked'::text $$;
SET search_path = own, public, pg_catalog;
SELECT is((SELECT count(*) FROM gt_output_manifest('job') l WHERE l::text LIKE '%hijacked%'), 0::bigint, 'the caller''s to_json writes no line');
SET search_path = public;
-- a member of the owner's role is the owner
RESET ROLE;
CREATE ROLE regress_gtl_deputy IN ROLE regress_gtl_owner;
SET ROLE regress_gtl_deputy;
SELECT is((SELECT count(*) FROM gt_output_manifest('job')), 8::bigint, 'a member of the owner''s role gets the manifest');
SELECT is((SELECT count(*) > 0 FROM gt_poll_events('deputy')), true, 'and the events');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
