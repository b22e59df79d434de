-- Training and scoring by several processes, and with more rows than memory: the same models and labels.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;

LOAD 'gtlabel';
SET gtlabel.background = off;
SELECT current_database() AS database \gset
\setenv PGDATABASE :database
ALTER DATABASE :"database" SET gtlabel.max_parallel_workers = 2;
SET gtlabel.max_parallel_workers = 2;

\ir ../lib/wait_for.sql
\ir ../lib/versions.sql

-- Three clouds in 24 dimensions, one of them bent around another.
SELECT setseed(0.5) \g /dev/null
CREATE TABLE things AS
SELECT i AS id, (ARRAY['a', 'b', 'c'])[1 + i % 3] AS gold,
       ARRAY(SELECT ((i % 3) * (d % 4 - 1) * 0.4 + (random() + random() + random() - 1.5) * (1 + (i % 3) * (d % 3)))::float4
             FROM generate_series(1, 24) d WHERE i > 0) AS features
  FROM generate_series(1, 4000) i;
ALTER TABLE things ADD PRIMARY KEY (id);
CREATE VIEW few AS SELECT * FROM things WHERE id <= 900;

-- What came of a training.
CREATE FUNCTION weights(name text) RETURNS text LANGUAGE sql AS $$
    SELECT md5(weights) || ' ' || iterations || ' ' || log_loss || ' ' || accuracy FROM gtlabel.model WHERE model_name = name $$;

SELECT no_plan() \g /dev/null

-- ---- Who trains does not matter -------------------------------------------------------------

SET gtlabel.max_parallel_workers = 0;
SELECT gt_train('alone', 'few', 'gold') \g /dev/null
SET gtlabel.max_parallel_workers = 1;
SELECT gt_train('pair', 'few', 'gold') \g /dev/null
SET gtlabel.max_parallel_workers = 5;
SELECT gt_train('six', 'few', 'gold') \g /dev/null
SET max_parallel_workers = 0;
SELECT gt_train('no slot', 'few', 'gold') \g /dev/null
RESET max_parallel_workers;
SET temp_file_limit = '10kB';
SELECT gt_train('no file', 'few', 'gold') \g /dev/null
RESET temp_file_limit;
SELECT is(weights('pair'), weights('alone'), 'one helper: the same model');
SELECT is(weights('six'), weights('alone'), 'five helpers: the same model');
SELECT is(weights('no slot'), weights('alone'), 'no worker slot: the same model');
SELECT is(weights('no file'), weights('alone'), 'no temporary file: the same model');

-- ---- Nor does memory ---------------------------------------------------------------------------

-- (The columns of neighbours are left out, with a notice, where memory is short.)
-- 2.2 MB of features, more than half of the 4 MB, and scaled copies that do not fit the rest.
CREATE TABLE heap AS SELECT row_number() OVER (ORDER BY n, id) AS id, gold, features, CASE WHEN n > 1 OR id > 1500 THEN gold END AS known
  FROM things, generate_series(1, 6) n;
ALTER TABLE heap ADD PRIMARY KEY (id);
SET gtlabel.max_parallel_workers = 2;
SELECT gt_train('roomy', 'heap', 'gold', algorithm => 'softmax', neighbours => false) \g /dev/null
SET maintenance_work_mem = '4MB';
SELECT gt_train('streamed', 'heap', 'gold', algorithm => 'softmax', neighbours => false) \g /dev/null
SET gtlabel.max_parallel_workers = 0;
SELECT gt_train('streamed alone', 'heap', 'gold', algorithm => 'softmax', neighbours => false) \g /dev/null
SELECT is(weights('streamed'), weights('roomy'), 'rows that do not fit into memory: the same model');
SELECT is(weights('streamed alone'), weights('roomy'), 'alone, too');
SET temp_file_limit = '100kB';
SELECT throws_ok($$SELECT gt_train('cramped', 'heap', 'gold')$$, '53400', NULL,
                 'no room in memory nor in temporary files');
RESET temp_file_limit;
CREATE TABLE wide AS SELECT i AS id, (i % 2)::text AS gold, ARRAY(SELECT random()::float4 FROM generate_series(1, 16000) WHERE i > 0) AS features
  FROM generate_series(1, 20) i;
SELECT throws_like($$SELECT gt_train('wide', 'wide', 'gold')$$, 'memory required for training model "wide" is % MB, maintenance_work_mem is 4 MB',
                   'weights cannot be streamed');
RESET maintenance_work_mem;
SET gtlabel.max_parallel_workers = 2;

-- ---- A job: rounds of the same seed, by one process and by several ---------------------------

CREATE FUNCTION run(job text, algorithm text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM gt_create_job(job, 'heap', ARRAY['a', 'b', 'c'], label_column => 'known', schedule => 'eager', guarantee => 'confidence', validation_share => 0.1, max_concurrent_task_count => 300,
                          target_accuracy => 0.93, seed => 7, algorithm => algorithm, max_human_labeled_object_count => 900);
    WHILE gt_advance_job(job) = 'in_progress' LOOP
        PERFORM gt_annotate(job, array_agg(t.object_key), array_agg(d.gold))
           FROM gt_tasks t JOIN heap d ON d.id::text = t.object_key WHERE t.job_name = job AND t.state = 'available';
    END LOOP;
    RETURN (SELECT md5(string_agg(object_key || label || confidence || human_annotated, ',' ORDER BY object_key COLLATE "C")) FROM gt_labels WHERE job_name = job)
        || (SELECT ' ' || count(*) || ' ' || sum(scored) || ' ' || sum(auto_labeled) FROM gt_rounds WHERE job_name = job);
END $$;
SET gtlabel.max_parallel_workers = 0;
SELECT run('solo', 'softmax') AS solo \gset
SET gtlabel.max_parallel_workers = 2;
SET :force_parallel = on;   -- also for work that is too short
SELECT run('team', 'softmax') AS team \gset
SET maintenance_work_mem = '4MB';
SELECT run('poor', 'softmax') AS poor \gset
RESET maintenance_work_mem;
RESET :force_parallel;
SELECT matches(:'solo'::text, '^[0-9a-f]{32} [2-9] [1-9]\d* [1-9]\d*$', 'a job of several rounds that label by machine');
SELECT is(:'team'::text, :'solo', 'the same labels by a team');
SELECT is(:'poor'::text, :'solo', 'and with little memory');

-- ---- Simulations ------------------------------------------------------------------------------

CREATE FUNCTION simulated() RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(r::text, ',' ORDER BY repetition, round_no, human_labeled)) || ' ' || count(*)
      FROM gt_simulate_job('heap', 'gold', key_column => 'id', schedule => 'eager', guarantee => 'confidence', validation_share => 0.1, algorithm => 'softmax', target_accuracy => 0.93, seed => 3,
                           max_human_labeled_object_count => 3000, repetitions => 2) r $$;
SET gtlabel.max_parallel_workers = 0;
SELECT simulated() AS solo \gset
SET gtlabel.max_parallel_workers = 2;
SET :force_parallel = on;
SELECT simulated() AS team \gset
SET maintenance_work_mem = '6500kB';
SELECT simulated() AS poor \gset
RESET maintenance_work_mem;
RESET :force_parallel;
SELECT matches(:'solo'::text, '^[0-9a-f]{32} ([5-9]|\d\d)$', 'jobs of several rounds, simulated');
SELECT is(:'team'::text, :'solo', 'the same simulation by a team');
SELECT is(:'poor'::text, :'solo', 'and with little memory');

-- ---- Helpers come and go ------------------------------------------------------------------------

-- Long enough to be looked at.
CREATE TABLE many AS SELECT i AS id, ARRAY(SELECT (random() * 4 + (i + d) % 7)::float4 FROM generate_series(1, 256) d) AS features,
       'c' || ((i * 7919) % 60) AS gold FROM generate_series(1, 3000) i;
SELECT pg_backend_pid() AS leader \gset
\setenv LEADER :leader
\! for i in $(seq 500); do pgrep -f "[g]tlabel parallel worker for PID $LEADER" >/dev/null || break; sleep 0.01; done
\set helpers `pgrep -fc "[g]tlabel parallel worker for PID $LEADER"`
SELECT is(:helpers, 0, 'helpers have ended with their work');
\! psql -Xqc "SELECT gt_train('long', 'many', 'gold', algorithm => 'mlp')" >/dev/null 2>&1 &
CALL wait_for($$EXISTS (SELECT FROM gt_progress WHERE phase IN ('selecting', 'training') AND done > 0)$$);
SELECT pid AS leader FROM gt_progress \gset
\setenv LEADER :leader
\set helpers `pgrep -fc "[g]tlabel parallel worker for PID $LEADER"`
SELECT cmp_ok(:helpers, '>', 0, 'helpers are there');
SELECT clock_timestamp() AS started \gset
SELECT pg_cancel_backend(:leader) \g /dev/null
CALL wait_for('NOT EXISTS (SELECT FROM gt_progress)');
SELECT cmp_ok(clock_timestamp() - :'started', '<', interval '1 s', 'a training by several processes is canceled at once');
\! for i in $(seq 500); do pgrep -f "[g]tlabel parallel worker for PID $LEADER" >/dev/null || break; sleep 0.01; done
\set helpers `pgrep -fc "[g]tlabel parallel worker for PID $LEADER"`
SELECT is(:helpers, 0, 'its helpers have gone');
SELECT is_empty('SELECT name FROM pg_ls_tmpdir()', 'and its temporary files');
\! psql -Xqc "SELECT gt_train('long', 'many', 'gold', algorithm => 'mlp')" >/dev/null 2>&1 &
CALL wait_for($$EXISTS (SELECT FROM gt_progress WHERE phase IN ('selecting', 'training') AND done > 0)$$);
SELECT pid AS leader FROM gt_progress \gset
\setenv LEADER :leader
SELECT pg_terminate_backend(:leader, 2000) AS gone \gset
SELECT ok(:'gone'::boolean, 'a session that trains can be terminated');
\! for i in $(seq 500); do pgrep -f "[g]tlabel parallel worker for PID $LEADER" >/dev/null || break; sleep 0.01; done
\set helpers `pgrep -fc "[g]tlabel parallel worker for PID $LEADER"`
SELECT is(:helpers, 0, 'its helpers go too');
SELECT is_empty('SELECT name FROM pg_ls_tmpdir()', 'and its temporary files');

-- ---- Canceled again and again: nothing is leaked ------------------------------------------------

CREATE TABLE outcome (canceled boolean);
CREATE PROCEDURE train_for(span interval, algorithm text) LANGUAGE plpgsql AS $$
DECLARE
    until timestamptz := clock_timestamp() + span;
BEGIN
    WHILE clock_timestamp() < until LOOP
        BEGIN
            PERFORM gt_train('leak', 'few', 'gold', algorithm => algorithm);
            PERFORM gt_drop_model('leak');
            INSERT INTO outcome VALUES (false);
        EXCEPTION WHEN query_canceled THEN
            INSERT INTO outcome VALUES (true);
        END;
        COMMIT;
    END LOOP;
END $$;
CREATE PROCEDURE cancel_for(span interval, target integer) LANGUAGE plpgsql AS $$
DECLARE
    until timestamptz := clock_timestamp() + span;
BEGIN
    WHILE clock_timestamp() < until LOOP
        PERFORM pg_sleep(0.02 + random() * 0.08), pg_cancel_backend(pid) FROM pg_stat_activity
          WHERE pid = target AND query ~ '^CALL train_for' AND state = 'active';
        COMMIT;
    END LOOP;
END $$;
CREATE FUNCTION used() RETURNS TABLE (contexts numeric, resident bigint) LANGUAGE sql AS $$
    SELECT sum(total_bytes), split_part(pg_read_file('/proc/self/statm'), ' ', 2)::bigint * 4096 FROM pg_backend_memory_contexts $$;
SELECT pg_backend_pid() AS leader \gset
\setenv LEADER :leader
-- Views look at tables through functions; all that a plan may send to a worker works there.
SET :force_parallel = on;
SELECT lives_ok('SELECT count(*) FROM ' || v, v || ' in a parallel plan')
  FROM (SELECT c.relname AS v FROM pg_class c JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
         WHERE c.relkind = 'v' AND c.relname LIKE 'gt\_%' ORDER BY 1) x;
SELECT lives_ok('SELECT gtlabel.annotator_self(1)', 'annotator_self in a worker');
RESET :force_parallel;
SET :force_parallel = on;
CALL train_for('1 s', 'softmax');
CALL train_for('1 s', 'mlp');
SELECT contexts, resident FROM used() \gset
\! psql -Xqc "CALL cancel_for('4 s', $LEADER)" &
\set ON_ERROR_STOP off
CALL train_for('2 s', 'softmax');   -- (a cancel may hit the loop itself)
CALL train_for('1.5 s', 'mlp');
\set ON_ERROR_STOP on
RESET :force_parallel;
\! sleep 1
SELECT cmp_ok(count(*) FILTER (WHERE canceled)::integer, '>', 10, 'trainings are canceled at any moment') FROM outcome;
SELECT cmp_ok(contexts - :contexts, '<', 256 * 1024.0, 'no memory context has grown') FROM used();
SELECT cmp_ok(resident - :resident, '<', 16 * 1024 * 1024::bigint, 'nor the process') FROM used();
\! for i in $(seq 500); do pgrep -f "[g]tlabel parallel worker for PID $LEADER" >/dev/null || break; sleep 0.01; done
\set helpers `pgrep -fc "[g]tlabel parallel worker for PID $LEADER"`
SELECT is(:helpers, 0, 'no helper is left');
SELECT is_empty('SELECT name FROM pg_ls_tmpdir()', 'and no temporary file');

-- A helper that is killed gives back what it was doing.
SELECT pg_backend_pid() AS leader \gset
\setenv LEADER :leader
\! (sleep 0.3; pkill -TERM -f "[g]tlabel parallel worker for PID $LEADER") &
SELECT gt_train('bereft', 'few', 'gold') \g /dev/null
SELECT is(weights('bereft'), weights('alone'), 'helpers were told to end: the same model');

SELECT * FROM finish();
