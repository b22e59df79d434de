-- A job that goes on from another one, and a call that creates a job only if it is not there.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA ch;
SET search_path = public, ch, gtl_test;

CREATE TABLE ch.thing AS SELECT g AS id, 'text ' || g AS source, (ARRAY['a', 'b'])[1 + g % 2] AS gold FROM generate_series(1, 10) g;
ALTER TABLE ch.thing ADD PRIMARY KEY (id);
CREATE FUNCTION ch.lines(job text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT regexp_replace(line::text, '"creation-date": "[^"]*"', 'DATE', 'g') FROM gt_output_manifest(job) line
$$;

-- ---- The same attribute: only what is not labeled ---------------------------------------------------

SELECT gt_create_job('ch one', 'ch.thing', ARRAY['a', 'b'], features_column => NULL, label_attribute_name => 'kind', max_concurrent_task_count => 4) > 0 AS created;
SELECT gtl_test.answer('ch one');
SELECT gt_advance_job('ch one');
SELECT gt_stop_job('ch one');
SELECT gt_create_job('ch two', 'ch.thing', ARRAY['a', 'b'], features_column => NULL, previous_job => 'ch one', annotators_per_object => 2, max_concurrent_task_count => 3) > 0 AS created;
SELECT gtl_test.setting('ch two', 'label_attribute_name') AS attribute, gtl_test.setting('ch two', 'previous_job') AS previous;
SELECT object_count, given_count FROM gt_jobs WHERE job_name = 'ch two';
SELECT gtl_test.answer('ch two', NULL, 'ann'), gtl_test.answer('ch two', NULL, 'bob');
SELECT gt_advance_job('ch two');
SELECT gt_stop_job('ch two');
-- and the next one from both
SELECT gt_create_job('ch three', 'ch.thing', ARRAY['a', 'b'], features_column => NULL, previous_job => 'ch two') > 0 AS created;
SELECT object_count, given_count FROM gt_jobs WHERE job_name = 'ch three';
SELECT gtl_test.run('ch three');
SELECT * FROM ch.lines('ch three');

-- ---- Another attribute: all anew, side by side -------------------------------------------------------

SELECT gt_create_job('ch other', 'ch.thing', ARRAY['x', 'y'], features_column => NULL, previous_job => 'ch two', label_attribute_name => 'mood') > 0 AS created;
SELECT object_count, given_count FROM gt_jobs WHERE job_name = 'ch other';
SELECT gt_annotate('ch other', '{1,10}', '{y,x}');
SELECT gt_stop_job('ch other');
SELECT * FROM ch.lines('ch other');

-- ---- Auto-labeling switched on: what is labeled trains ---------------------------------------------

SELECT gt_create_job('ch digits', 'gtl_test.digits', ARRAY[:digits], auto_label => false, max_concurrent_task_count => 300) > 0 AS created;
SELECT gtl_test.answer('ch digits');
SELECT gt_advance_job('ch digits');
SELECT gt_stop_job('ch digits');
SELECT gt_create_job('ch machine', 'gtl_test.digits', ARRAY[:digits], previous_job => 'ch digits', algorithm => 'softmax', seed => 1) > 0 AS created;
SELECT given_count FROM gt_jobs WHERE job_name = 'ch machine';
SELECT action FROM gt_plan_job('ch machine') LIMIT 2;

-- ---- What does not go --------------------------------------------------------------------------------

SELECT refused($$ SELECT gt_create_job('ch bad', 'ch.thing', ARRAY['x', 'y'], features_column => NULL, previous_job => 'ch one') $$);
SELECT refused($$ SELECT gt_create_job('ch bad', 'ch.thing', ARRAY['a', 'b'], features_column => NULL, previous_job => 'nothing') $$);
SELECT refused($$ SELECT gt_create_job('ch bad', 'ch.thing', ARRAY['a', 'b'], features_column => NULL, previous_job => 'ch three') $$);
SELECT refused($$ SELECT gt_create_job('ch bad', 'gtl_test.digits', ARRAY['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], previous_job => 'ch digits', placement => 'in_place', schedule => 'eager', guarantee => 'confidence') $$);
SELECT refused($$ SELECT gt_alter_job('ch two', previous_job => 'ch three') $$);
-- a previous job that is gone, or another one of its name, is none
SELECT gt_drop_job('ch one');
SELECT gt_create_job('ch one', 'ch.thing', ARRAY['a', 'b'], features_column => NULL, label_attribute_name => 'kind') > 0 AS created;
SELECT gtl_test.run('ch one');
SELECT count(*) AS lines, count(*) FILTER (WHERE line LIKE '%labeling-job/ch one%') AS of_the_new_one, count(*) FILTER (WHERE line LIKE '%kind%') AS labeled FROM ch.lines('ch two') line;

-- ---- If it is not there ----------------------------------------------------------------------------------

\set VERBOSITY terse
SELECT gt_create_job('ch if', 'ch.thing', ARRAY['a', 'b'], features_column => NULL, max_concurrent_task_count => 3, if_not_exists => true) AS first \gset
SELECT gt_create_job('ch if', 'ch.thing', ARRAY['a', 'b'], features_column => NULL, max_concurrent_task_count => 3, if_not_exists => true) = :first AS the_same;
SELECT gt_create_job('ch if', 'ch.thing', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, max_concurrent_task_count => 3, guarantee => 'confidence', if_not_exists => true) = :first AS what_follows_is_the_same;
\set VERBOSITY default
SELECT refused($$ SELECT gt_create_job('ch if', 'ch.thing', ARRAY['a', 'c'], features_column => NULL, max_concurrent_task_count => 4, instructions => 'do', seed => 5, if_not_exists => true) $$) ~ '^42710 labeling job "ch if" exists with other settings
      detail: label_categories is \{a,b\}, not \{a,c\}; max_concurrent_task_count is 3, not 4; instructions is NULL, not do; seed is -?\d+, not 5\.' AS named;
SELECT refused($$ SELECT gt_create_job('ch if', 'ch.thing', ARRAY['a', 'b'], features_column => NULL, max_concurrent_task_count => 3) $$);
SELECT gt_create_job('ch seed', 'gtl_test.digits', ARRAY[:digits], schedule => 'eager', algorithm => 'softmax', seed => 7, if_not_exists => true) = gt_create_job('ch seed', 'gtl_test.digits', ARRAY[:digits], schedule => 'eager', algorithm => 'softmax', seed => 7, if_not_exists => true) AS the_same;
SELECT gt_alter_job('ch if', max_concurrent_task_count => 5);
SELECT refused($$ SELECT gt_create_job('ch if', 'ch.thing', ARRAY['a', 'b'], features_column => NULL, max_concurrent_task_count => 3, if_not_exists => true) $$);
CREATE ROLE ch_other;
GRANT USAGE ON SCHEMA ch, gtl_test TO ch_other;
GRANT SELECT ON ch.thing TO ch_other;
SET ROLE ch_other;
SELECT refused($$ SELECT gt_create_job('ch if', 'ch.thing', ARRAY['a', 'b'], features_column => NULL, if_not_exists => true) $$);
SELECT refused($$ SELECT gt_create_job('ch foreign', 'ch.thing', ARRAY['a', 'b'], features_column => NULL, previous_job => 'ch two') $$);
RESET ROLE;

SET client_min_messages = warning;
SELECT gt_drop_job(job_name, true) FROM gt_jobs WHERE job_name LIKE 'ch %';
DROP SCHEMA ch CASCADE;
REVOKE ALL ON SCHEMA gtl_test FROM ch_other;
DROP ROLE ch_other;
