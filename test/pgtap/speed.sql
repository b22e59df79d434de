-- The second job of a database reads as much as the first, whatever ANALYZE has seen before it: counted
-- in rows and index entries that the server reads, so that a busy machine makes no
-- difference. Twice as much is allowed: where people look for tasks is drawn at random. The search for a scarce
-- one looks at the whole batch: gt_submit_annotations may, or may not, and is allowed each object once more.
BEGIN;
SET search_path = public;
SET client_min_messages = error;
SET gtlabel.background = off;
SELECT no_plan();

CREATE FUNCTION pg_temp.work() RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(pg_stat_get_xact_tuples_returned(c.oid) + pg_stat_get_xact_tuples_fetched(c.oid))::bigint
      FROM pg_class c WHERE c.relnamespace = 'gtlabel'::regnamespace
$$;
CREATE TEMP TABLE work (job integer, place serial, what text, rows bigint, objects integer);

CREATE FUNCTION pg_temp.count(job integer, what text, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    before bigint := pg_temp.work();
BEGIN
    EXECUTE statement;
    INSERT INTO work (job, what, rows) VALUES (job, what, pg_temp.work() - before);
END $$;

CREATE TABLE speed (id bigint PRIMARY KEY, truth text, features float4[]);
INSERT INTO speed SELECT i, chr(97 + i % 3), ARRAY[(i % 3 = 0)::int + (i % 10) / 20.0, (i % 3 = 1)::int + (i % 7) / 14.0, (i % 13 = 5)::int] FROM generate_series(1, 6000) i;
ANALYZE speed;

-- The open tasks: some declined, some given back, the rest answered by as many people as each object needs
CREATE FUNCTION pg_temp.work_on_tasks(job integer, name text, person text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.count(job, 'gt_accept_tasks', format('CREATE TEMP TABLE held ON COMMIT DROP AS SELECT * FROM gt_accept_tasks(%L, 200, %L)', name, person));
    PERFORM pg_temp.count(job, 'gt_decline_tasks', format('SELECT gt_decline_tasks(ARRAY(SELECT task_id FROM held ORDER BY 1 LIMIT 2), %L)', person));
    PERFORM pg_temp.count(job, 'gt_release_tasks', format('SELECT gt_release_tasks(ARRAY(SELECT task_id FROM held ORDER BY 1 OFFSET 2 LIMIT 50), %L)', person));
    PERFORM pg_temp.count(job, 'gt_submit_annotations', format('SELECT gt_submit_annotations(COALESCE(array_agg(task_id), ''{}''), COALESCE(array_agg(truth), ''{}''), %L) FROM'
        ' (SELECT h.task_id, d.truth FROM held h JOIN speed d ON d.id = h.object_key::bigint ORDER BY 1 OFFSET 52) h', person));
    DROP TABLE held;
END $$;
CREATE FUNCTION pg_temp.annotate_the_rest(job integer, name text, person text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE asked ON COMMIT DROP AS
        SELECT array_agg(d.id::text) AS keys, array_agg(d.truth) AS labels FROM speed d WHERE d.id::text IN
           (SELECT object_key FROM gt_tasks WHERE job_name = name AND state = 'available'
            EXCEPT SELECT object_key FROM gt_tasks WHERE job_name = name AND annotator = person);
    PERFORM pg_temp.count(job, 'gt_annotate', format('SELECT gt_annotate(%L, COALESCE(keys, ''{}''), COALESCE(labels, ''{}''), %L) FROM asked', name, person));
    DROP TABLE asked;
END $$;
-- What two people declined goes to others, so that each batch comes to its end in each job.
CREATE FUNCTION pg_temp.answer(job integer, name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    person text;
BEGIN
    FOREACH person IN ARRAY ARRAY['ann', 'bob'] LOOP
        PERFORM pg_temp.work_on_tasks(job, name, person);
        PERFORM pg_temp.annotate_the_rest(job, name, person);
    END LOOP;
    FOREACH person IN ARRAY ARRAY['cid', 'dan'] LOOP
        PERFORM pg_temp.annotate_the_rest(job, name, person);
    END LOOP;
END $$;

CREATE FUNCTION pg_temp.life(job integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text := 'job ' || job; v text;
BEGIN
    PERFORM pg_temp.count(job, 'gt_create_job', format('SELECT gt_create_job(%L, ''speed'', ''{a,b,c}'', schedule => ''eager'', guarantee => ''confidence'', algorithm => ''softmax'','
        ' validation_share => 0.2, max_concurrent_task_count => 600, annotators_per_object => 2, seed => 1)', name));
    FOR step IN 1 .. 4 LOOP
        PERFORM pg_temp.answer(job, name);
        PERFORM pg_temp.count(job, 'gt_advance_job', format('SELECT gt_advance_job(%L)', name));
        EXIT WHEN (SELECT state <> 'in_progress' FROM gt_jobs WHERE job_name = name);
    END LOOP;
    FOR v IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'job_name'
              WHERE c.relkind = 'v' AND c.relname LIKE 'gt\_%' ORDER BY 1 LOOP
        PERFORM pg_temp.count(job, v, format('SELECT count(v) FROM %I v WHERE job_name = %L', v, name));
    END LOOP;
    PERFORM pg_temp.count(job, 'gt_labels by key', format('SELECT count(v) FROM gt_labels v WHERE job_name = %L AND object_key = ''77''', name));
    PERFORM pg_temp.count(job, 'gt_annotations by key', format('SELECT count(v) FROM gt_annotations v WHERE job_name = %L AND object_key = ''77''', name));
    PERFORM pg_temp.count(job, f, format('SELECT * FROM %s(%L)', f, name)) FROM unnest(ARRAY['gt_explain_job', 'gt_plan_job', 'gt_report']) f;
    PERFORM pg_temp.count(job, 'gt_explain_object', format('SELECT * FROM gt_explain_object(%L, ''77'')', name));
    PERFORM pg_temp.count(job, 'gt_withdraw_machine_labels', format('SELECT gt_withdraw_machine_labels(%L, confirm => true)', name));
    PERFORM pg_temp.count(job, f, format('SELECT %s(%L)', f, name)) FROM unnest(ARRAY['gt_retry_failed', 'gt_stop_job', 'gt_purge_job']) f;
END $$;

-- In a role of its own, so that row-level security is in the plans
CREATE ROLE speed_owner;
GRANT CREATE ON SCHEMA public TO speed_owner;
GRANT ALL ON speed, work, work_place_seq TO speed_owner;
SET ROLE speed_owner;
SELECT pg_temp.life(1);
RESET ROLE;
ANALYZE;
SELECT is_empty($$ SELECT tablename, attname FROM pg_stats WHERE schemaname = 'gtlabel' $$, 'ANALYZE collects nothing about the contents of gtlabel''s tables');
SET ROLE speed_owner;
SELECT pg_temp.life(2);
-- ... or when ANALYZE has just seen that there are no rows at all
SELECT gt_drop_job(job_name, true) FROM gt_jobs;
RESET ROLE;
ANALYZE;
SET ROLE speed_owner;
SELECT pg_temp.life(3);
RESET ROLE;

CREATE TEMP TABLE compared AS
    SELECT what, sum(rows) FILTER (WHERE job = 1) AS first, sum(rows) FILTER (WHERE job = 2) AS second, sum(rows) FILTER (WHERE job = 3) AS third,
           CASE what WHEN 'gt_submit_annotations' THEN 6000 ELSE 1000 END AS more
      FROM work GROUP BY what;
SELECT cmp_ok(second, '<=', 2 * first + more, format('%s reads as much in the second job as in the first', what)) FROM compared ORDER BY what;
SELECT cmp_ok(third, '<=', 2 * first + more, format('%s reads as much after ANALYZE of empty tables', what)) FROM compared ORDER BY what;
SELECT cmp_ok(first, '<', 40 * 6000::numeric, format('%s reads no object many times', what)) FROM compared ORDER BY what;
SELECT cmp_ok(greatest(first, second, third), '<', 500::numeric, format('%s reads little', what)) FROM compared
 WHERE what IN ('gt_explain_object', 'gt_labels by key') ORDER BY what;

-- What waits in a large batch is estimated, what waits in a small one or is nearly done is counted
CREATE TABLE large AS SELECT generate_series(1, 40000) AS id;
ALTER TABLE large ADD PRIMARY KEY (id);
SELECT gt_create_job('large', 'large', '{a,b}', features_column => NULL, auto_label => false, max_concurrent_task_count => 40000, max_leases_per_annotator => NULL);
UPDATE gtlabel.task SET state = 'submitted', annotator = 'ann' WHERE object_no % 4 = 0 AND job_id = (SELECT job_id FROM gt_jobs WHERE job_name = 'large');
CREATE TEMP TABLE queue AS SELECT NULL::text AS state, NULL::bigint AS open, NULL::bigint AS held LIMIT 0;
SELECT pg_temp.count(4, 'gt_queue', 'INSERT INTO queue SELECT state, open, held FROM gt_queue(''large'')');
SELECT cmp_ok(rows, '<', 10000::bigint, 'gt_queue reads little of a large batch') FROM work WHERE job = 4;
SELECT ok(state = 'open' AND open BETWEEN 28000 AND 32000 AND held = 0, 'and tells what is there within a few per cent') FROM queue;
UPDATE gtlabel.task SET state = 'submitted', annotator = 'ann' WHERE object_no NOT IN (12345, 23457) AND job_id = (SELECT job_id FROM gt_jobs WHERE job_name = 'large');
SELECT is(q.state || ' ' || q.open, 'open 2', 'the last of a large batch are counted') FROM gt_queue('large') q;
SELECT is(count(*), 2::bigint, 'and had') FROM gt_accept_tasks('large', 5);
SELECT is(q.state || ' ' || q.held, 'open 2', 'held ones are open to who holds them') FROM gt_queue('large') q;
SELECT is(q.state || ' ' || q.with_others, 'with_others 2', 'and with others for the rest') FROM gt_queue('large', 'bob') q;

SELECT * FROM finish();
ROLLBACK;
