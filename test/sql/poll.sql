-- For pipelines: events at least once, waiting for more than states.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA po;
SET search_path = public, po, gtl_test;

CREATE TABLE po.thing AS SELECT g AS id, 'a'::text AS gold FROM generate_series(1, 6) g;
SELECT gt_create_job('po one', 'po.thing', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, max_concurrent_task_count => 2) > 0 AS created;
SELECT gt_create_job('po two', 'po.thing', ARRAY['a', 'b'], key_column => 'id', features_column => NULL) > 0 AS created;
CREATE FUNCTION po.poll(consumer text, most integer DEFAULT 100) RETURNS TABLE (job_name text, event text, state text, batch_no integer, round_no integer) LANGUAGE sql AS $$
    SELECT job_name, event, state, batch_no, round_no FROM gt_poll_events(consumer, most) WHERE job_name LIKE 'po %'
$$;
CREATE FUNCTION po.acknowledge(consumer text, most integer DEFAULT 100) RETURNS integer LANGUAGE sql AS $$
    SELECT gt_acknowledge_events(consumer, array_agg(event_id)) FROM gt_poll_events(consumer, most)
$$;
SELECT * FROM po.poll('etl');
-- again and again, until they are acknowledged
SELECT count(*) FROM po.poll('etl');
SELECT count(*) FROM po.poll('etl', 3);
SELECT po.acknowledge('etl', 3);
SELECT * FROM po.poll('etl');
SELECT po.acknowledge('etl');
SELECT count(*) FROM po.poll('etl');
SELECT po.acknowledge('etl') AS nothing;
SELECT gtl_test.answer('po one');
SELECT gt_advance_job('po one');
-- acknowledging with the next call
SELECT event FROM gt_poll_events('etl', 1) \gset
SELECT :'event' AS first, event AS next FROM gt_poll_events('etl', 100, (SELECT array_agg(event_id) FROM gt_poll_events('etl', 1)));
SELECT po.acknowledge('etl');
-- another consumer has seen nothing, whoever is NULL or nobody is an error
SELECT count(*) FROM po.poll('other');
SELECT gt_acknowledge_events('other', '{-1,0,9223372036854775807}');
SELECT gt_acknowledge_events('other', NULL);
SELECT refused($$ SELECT gt_acknowledge_events('other', '{NULL}') $$);
SELECT refused($$ SELECT * FROM gt_poll_events(NULL) $$);
SELECT refused($$ SELECT * FROM gt_poll_events('') $$);
SELECT refused($$ SELECT * FROM gt_poll_events('etl', -1) $$);
SELECT refused($$ SELECT * FROM gt_poll_events('etl', NULL) $$);
SELECT count(*) FROM gt_poll_events('etl', 0);
-- what rolls back is not there, and leaves no hole
BEGIN;
SELECT gt_pause_job('po one');
ROLLBACK;
SELECT gt_pause_job('po one');
SELECT * FROM po.poll('etl');
SELECT consumer, owner = current_user::regrole AS mine, job_name, waiting FROM gt_consumers WHERE job_name LIKE 'po %' ORDER BY 3;
SELECT gt_drop_consumer('etl'), gt_drop_consumer('etl') AS again;
SELECT count(*) > 5 AS from_the_start FROM po.poll('etl');

-- ---- Waiting -------------------------------------------------------------------------------------

SELECT gt_resume_job('po one');
CALL gt_wait_job('po one', 'batch');
CALL gt_wait_job('po one', label_count => 2);
CALL gt_wait_job('po one', 'labels', label_count => 2);
CALL gt_wait_job('po one', label_count => 3, timeout => '0');
SELECT gtl_test.answer('po one');
CALL gt_wait_job('po one', 'batch', '0');
SELECT refused($$ CALL gt_wait_job('po one', 'labels') $$);
SELECT refused($$ CALL gt_wait_job('po one', 'batch', label_count => 2) $$);
SELECT refused($$ CALL gt_wait_job('po one', label_count => 0) $$);
SELECT refused($$ CALL gt_wait_job('po one', 'complete') $$);
SELECT gtl_test.run('po one');
CALL gt_wait_job('po one', label_count => 6);
SELECT refused($$ CALL gt_wait_job('po one', 'batch') $$);
SELECT refused($$ CALL gt_wait_job('po one', label_count => 7) $$);

-- ---- A job goes, and what was acknowledged of it ----------------------------------------------------

SELECT po.acknowledge('etl') > 0 AS acknowledged;
SELECT count(*) FROM gtlabel.consumer JOIN gt_jobs USING (job_id) WHERE job_name LIKE 'po %';
SELECT gt_drop_job('po one'), gt_drop_job('po two');
SELECT count(*) FROM gtlabel.consumer WHERE NOT EXISTS (SELECT FROM gtlabel.job j WHERE j.job_id = consumer.job_id);
SELECT gt_drop_consumer('etl') IN (true, false) AS dropped;
SET client_min_messages = warning;
DROP SCHEMA po CASCADE;
