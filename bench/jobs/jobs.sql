-- The jobs of run.sh, with everything timed.
SET client_min_messages = error;
CREATE EXTENSION gtlabel;
SET client_min_messages = warning;
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bench_owner') AS missing \gset
\if :missing
CREATE ROLE bench_owner;
\endif
GRANT CREATE ON SCHEMA public TO bench_owner;
-- Milliseconds of processor time that this backend has had: the wall clock of a shared machine tells of others.
CREATE FUNCTION used() RETURNS float8 LANGUAGE sql VOLATILE SECURITY DEFINER
    AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat', 0, 200), ' ', 1)::float8 / 1e6 $$;
SET ROLE bench_owner;

-- Three features; a tenth of the objects is hard.
SELECT setseed(0.5);
CREATE TABLE dataset (id bigint PRIMARY KEY, body text, truth text, features float4[]);
INSERT INTO dataset SELECT i, 'body ' || i, chr(97 + c), ARRAY[3 * (c = 0)::int + random(), 3 * (c = 1)::int + random(), 3 * (c = 2)::int + random()]
  FROM (SELECT i, CASE WHEN random() < 0.9 THEN i % 3 ELSE trunc(3 * random()) END::int AS c FROM generate_series(1, :objects) i) d;
ANALYZE dataset;

CREATE TABLE timing (place serial, job integer, what text, ms float8);
-- What a statement takes.  The system counts in ticks of some milliseconds: what only reads is run
-- again and again, for `enough` milliseconds.
CREATE PROCEDURE measure(job integer, what text, statement text, enough float8 DEFAULT 0) LANGUAGE plpgsql AS $$
DECLARE
    runs integer := 0; took float8; start float8 := used();
BEGIN
    LOOP
        EXECUTE statement;
        runs := runs + 1;
        took := used() - start;
        EXIT WHEN took >= enough OR runs >= 1000;
    END LOOP;
    INSERT INTO timing (job, what, ms) VALUES (job, what, took / runs);
    COMMIT;
END $$;

CREATE PROCEDURE run_job(job integer, enough float8) LANGUAGE plpgsql AS $$
DECLARE
    name text := 'job ' || job; v text; batch integer := 0;
BEGIN
    CALL measure(job, 'create', format('SELECT gt_create_job(%L, ''dataset'', ''{a,b,c}'', schedule => ''eager'', guarantee => ''confidence'', algorithm => ''softmax'','
                                       ' validation_share => 0.01, max_concurrent_task_count => 1000, audit_share => NULL, seed => 1)', name));
    CALL measure(job, 'one task with its row', format('SELECT t.task_id, r.object FROM gt_accept_tasks(%1$L, 1) t,'
                                                     ' gt_dataset_rows(%1$L, ARRAY[t.object_key]) r', name), enough);
    -- batches and rounds until the machine has labeled what it can, at most six
    WHILE batch < 6 AND (SELECT state = 'in_progress' FROM gt_jobs WHERE job_name = name) LOOP
        batch := batch + 1;
        CALL measure(job, 'answer', format('SELECT gt_annotate(%1$L, array_agg(t.object_key), array_agg(d.truth))'
                                           ' FROM gt_tasks t JOIN dataset d ON d.id = t.object_key::bigint WHERE t.job_name = %1$L AND t.state IN (''available'', ''accepted'')', name));
        CALL measure(job, 'advance', format('SELECT gt_advance_job(%L)', name));
    END LOOP;
    CALL measure(job, 'gt_explain_job', format('SELECT * FROM gt_explain_job(%L)', name), enough);
    CALL measure(job, 'gt_report', format('SELECT gt_report(%L)', name), enough);
    CALL measure(job, 'gt_plan_job', format('SELECT * FROM gt_plan_job(%L)', name), enough);
    CALL measure(job, 'gt_explain_object', format('SELECT * FROM gt_explain_object(%L, ''77'')', name), enough);
    FOR v IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'job_name'
              JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
             WHERE c.relkind = 'v' AND c.relname LIKE 'gt\_%' ORDER BY 1 LOOP
        -- all rows and columns, without sending them anywhere
        CALL measure(job, v, format('EXPLAIN (ANALYZE, TIMING OFF) SELECT * FROM %I WHERE job_name = %L', v, name), enough);
    END LOOP;
    CALL measure(job, 'gt_labels, one key', format('SELECT * FROM gt_labels WHERE job_name = %L AND object_key = ''77''', name), enough);
    CALL measure(job, 'gt_labels, joined to its rows', format('SELECT count(d.body || l.label) FROM gt_labels_of(%L, NULL::bigint) l JOIN dataset d ON d.id = l.key', name), enough);
    CALL measure(job, 'one label by key', format('SELECT d.body, l.label FROM dataset d, gt_label(%L, d.id) l WHERE d.id = 77', name), enough);
END $$;

CALL run_job(1, 100);
RESET ROLE;
SET client_min_messages = error;
ANALYZE;
SET client_min_messages = warning;
SET ROLE bench_owner;
SELECT format('CALL run_job(%s, %s)', n, CASE WHEN n IN (2, :jobs) THEN 100 ELSE 0 END) FROM generate_series(2, :jobs) n \gexec
