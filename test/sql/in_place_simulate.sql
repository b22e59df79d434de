-- A simulated job in place does what a live one does: the same sample, the same rounds, the labels that gt_write_labels writes, the same audit.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
SET client_min_messages = warning;
CREATE SCHEMA ip;
SET search_path = public, ip, gtl_test;
-- hard: one label in 28 is wrong at random, so that audits fail
CREATE TABLE ip.digits AS SELECT id, features, gold, CASE WHEN id % 28 = 5 THEN ((gold::integer + 1) % 10)::text ELSE gold END AS hard, NULL::text AS label FROM gtl_test.digits;
ALTER TABLE ip.digits ADD PRIMARY KEY (id);
\set same 'ARRAY[:digits], key_column => ''id'', max_concurrent_task_count => 60, algorithm => ''softmax'', placement => ''in_place'', sample_count => 700'
-- plays a live job, and says what it comes to: after each round, and in the end
CREATE FUNCTION ip.live(job text, answers text) RETURNS TABLE (round_no integer, human bigint, machine bigint, wrong bigint) LANGUAGE plpgsql AS $$
BEGIN
    WHILE gt_advance_job(job) = 'in_progress' LOOP
        EXECUTE format('SELECT gt_annotate($1, array_agg(t.object_key), array_agg(d.%I)) FROM gt_tasks t JOIN ip.digits d ON d.id::text = t.object_key WHERE t.job_name = $1 AND t.state = ''available''', answers) USING job;
    END LOOP;
    RETURN QUERY SELECT r.round_no, r.validation_count + r.training_count::bigint, NULL::bigint, NULL::bigint FROM gt_rounds r WHERE r.job_name = job;
    SELECT w.human, w.machine INTO human, machine FROM gt_write_labels(job, 'label') w;
    EXECUTE format('SELECT count(*) FROM ip.digits WHERE label <> %I', answers) INTO wrong;
    RETURN NEXT;
END $$;
CREATE TEMP TABLE live (job text, round_no integer, human bigint, machine bigint, wrong bigint);
CREATE TEMP TABLE simulated AS SELECT NULL::text AS job, * FROM gt_simulate_job('ip.digits', 'gold', :same, schedule => 'eager', seed => 1) LIMIT 0;

-- by the certificate of a validation set; with neighbourhood columns and a chosen start, audited; audited without them, and with audits that fail
SELECT gt_create_job('ip confidence', 'ip.digits', :same, display_columns => ARRAY['id'], schedule => 'eager', guarantee => 'confidence', seed => 4) > 0 AS created;
SELECT gt_create_job('ip audited', 'ip.digits', :same, display_columns => ARRAY['id'], schedule => 'eager', target_accuracy => 0.93, seed => 2) > 0 AS created;
SELECT gt_create_job('ip failed', 'ip.digits', :same, display_columns => ARRAY['id'], schedule => 'eager', neighbours => false, target_accuracy => 0.94, seed => 4) > 0 AS created;
INSERT INTO live SELECT 'ip confidence', * FROM ip.live('ip confidence', 'gold');
INSERT INTO live SELECT 'ip audited', * FROM ip.live('ip audited', 'gold');
INSERT INTO live SELECT 'ip failed', * FROM ip.live('ip failed', 'hard');
INSERT INTO simulated SELECT 'ip confidence', * FROM gt_simulate_job('ip.digits', 'gold', :same, schedule => 'eager', guarantee => 'confidence', seed => 4);
INSERT INTO simulated SELECT 'ip audited', * FROM gt_simulate_job('ip.digits', 'gold', :same, schedule => 'eager', target_accuracy => 0.93, seed => 2);
INSERT INTO simulated SELECT 'ip failed', * FROM gt_simulate_job('ip.digits', 'hard', :same, schedule => 'eager', neighbours => false, target_accuracy => 0.94, seed => 4);
SELECT job_name, string_agg(DISTINCT state, ' ') AS audits, count(*) > 1 AS several FROM gt_audits WHERE job_name LIKE 'ip %' GROUP BY 1 ORDER BY 1;
SELECT job, count(*) > 1 AS rounds, bool_and(l.human = s.human_labeled) AS same
  FROM (SELECT * FROM live WHERE round_no IS NOT NULL) l FULL JOIN (SELECT * FROM simulated WHERE NOT final) s USING (job, round_no) GROUP BY job ORDER BY job;
SELECT job, s.object_count, s.human_labeled = l.human AS human, s.machine_labeled = l.machine AS machine, round(coalesce(s.machine_error, 0) * s.machine_labeled) = l.wrong AS wrong, l.machine > 700 AS many
  FROM live l JOIN simulated s USING (job) WHERE l.round_no IS NULL AND s.final ORDER BY job;

-- each repetition has the sample of its seed; another server that has the rows makes no difference; neither does a row without a label
SELECT s.human_labeled = l.human AS human, s.machine_labeled = l.machine AS machine
  FROM live l, gt_simulate_job('ip.digits', 'gold', :same, schedule => 'eager', guarantee => 'confidence', seed => 2, repetitions => 3) s WHERE l.job = 'ip confidence' AND l.round_no IS NULL AND s.final AND s.seed_used = 4;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE TABLE ip.rows_there AS SELECT id, features, gold FROM ip.digits;
INSERT INTO ip.rows_there SELECT id + 100000, features, CASE WHEN id % 2 = 0 THEN '' END FROM ip.digits WHERE id % 3 = 0;
DO $$
BEGIN
    EXECUTE format('CREATE SERVER ip_shard FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L, extensions %L)',
                   split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database(), 'gtlabel');
END $$;
CREATE USER MAPPING FOR CURRENT_USER SERVER ip_shard;
CREATE FOREIGN TABLE ip.far (id integer, features float4[], gold text) SERVER ip_shard OPTIONS (schema_name 'ip', table_name 'rows_there');
SELECT count(*) > 4 AS rounds, count(DISTINCT (round_no, human_labeled, machine_labeled, machine_error, final)) * 2 = count(*) AS same FROM (
    SELECT s.* FROM gt_simulate_job('ip.far', 'gold', :same, schedule => 'eager', target_accuracy => 0.93, seed => 2) s
    UNION ALL SELECT repetition, seed_used, round_no, object_count, human_labeled, machine_labeled, threshold, bound, accuracy, machine_error, final FROM simulated WHERE job = 'ip audited') s;
-- texts: what makes features of them is learned from the sample
CREATE TABLE ip.note AS SELECT i AS id, CASE WHEN i % 3 = 0 THEN 'an even number ' WHEN i % 3 = 1 THEN 'quite an odd one ' ELSE 'neither of them ' END || i AS body,
       CASE i % 3 WHEN 0 THEN 'even' WHEN 1 THEN 'odd' ELSE 'other' END AS gold, NULL::text AS label FROM generate_series(1, 900) i;
\set texts 'ARRAY[''even'', ''odd'', ''other''], key_column => ''id'', features_column => NULL, text_column => ''body'', text_dimensions => 16, max_concurrent_task_count => 50, validation_share => 0.4, algorithm => ''softmax'', seed => 5, placement => ''in_place'', sample_count => 300'
SELECT gt_create_job('ip note', 'ip.note', :texts) > 0 AS created;
SELECT run('ip note');
SELECT s.human_labeled = w.human AS human, s.machine_labeled = w.machine AS machine, w.machine > 500 AS many FROM gt_simulate_job('ip.note', 'gold', :texts) s, gt_write_labels('ip note', 'label') w WHERE s.final;
-- a sample that is all there is
SELECT object_count, human_labeled + machine_labeled <= 900 AS possible FROM gt_simulate_job('ip.note', 'gold', ARRAY['even', 'odd', 'other'], key_column => 'id', text_column => 'body', text_dimensions => 16, algorithm => 'softmax', seed => 5, placement => 'in_place') WHERE final;
-- over many jobs: placement can be varied; the share is that of all rows
SELECT settings, jobs, object_count, abs(machine_share - machine_labeled / object_count) < 0.001 AS share, machine_labeled > 700 AS many, missed
  FROM gt_simulate_summary('ip.digits', 'gold', ARRAY[:digits], max_concurrent_task_count => 60, algorithm => 'softmax', schedule => 'eager', guarantee => 'confidence', sample_count => 700, seed => 3, repetitions => 3,
       vary => '{"placement": ["copy", "in_place"]}');
SELECT refused($$ SELECT gt_simulate_job('ip.digits', 'gold', placement => 'in_place') $$);
SELECT refused($$ SELECT gt_simulate_job('ip.digits', 'gold', ARRAY['0', '1'], placement => 'in_place') $$);
SELECT refused($$ SELECT gt_simulate_job('ip.rows_there', 'gold', ARRAY['0', '1'], placement => 'in_place') $$);
SELECT refused($$ SELECT gt_simulate_job('ip.digits', 'gold', ARRAY['0', '1'], placement => 'in_place', sample_count => 99) $$);
SELECT refused($$ SELECT gt_simulate_job('ip.digits', 'gold', ARRAY['0', '1'], placement => 'in_place', per_class => true) $$);
UPDATE ip.digits SET label = NULL;
SELECT refused($$ SELECT gt_simulate_job('ip.digits', 'label', ARRAY['0', '1'], placement => 'in_place') $$);

SELECT drop_jobs('ip %');
DROP SCHEMA ip CASCADE;
DROP SERVER ip_shard CASCADE;
DROP EXTENSION postgres_fdw;
