-- gt_queue in batches that are too large to look at all tasks each time: what it says is what the table of tasks says.
BEGIN;
SET search_path = public;
SET client_min_messages = error;
SET gtlabel.background = off;
SELECT no_plan();

CREATE TABLE thing AS SELECT i AS id FROM generate_series(1, 20000) i;
ALTER TABLE thing ADD PRIMARY KEY (id);

-- of the open batch, as somebody sees it who has answered, declined and reviewed nothing else
CREATE FUNCTION pg_temp.truth(job text, who text) RETURNS TABLE (open bigint, held bigint, with_others bigint) LANGUAGE sql AS $$
    WITH t AS (SELECT t.* FROM gtlabel.task t JOIN gtlabel.job j USING (job_id) WHERE j.job_name = job AND t.batch_no = j.open_batch_no)
    SELECT (SELECT count(*) FROM (SELECT object_no FROM t GROUP BY object_no
             HAVING bool_or(slot_no >= 0 AND (state = 'available' OR state = 'accepted' AND lease_expires_at <= now()))
                AND NOT COALESCE(bool_or(annotator = who AND state <> 'available'), false)
                AND NOT EXISTS (SELECT FROM gtlabel.annotation a JOIN gtlabel.job j USING (job_id) WHERE j.job_name = job AND a.object_no = t.object_no AND a.annotator = who)) o),
           count(*) FILTER (WHERE state = 'accepted' AND annotator = who),
           count(*) FILTER (WHERE state = 'accepted' AND annotator <> who AND lease_expires_at > now()) FROM t
$$;
CREATE FUNCTION pg_temp.same(job text, who text, what text) RETURNS text LANGUAGE sql AS $$
    SELECT is((SELECT (q.open, q.held, q.with_others)::text FROM gt_queue(job, who) q), (SELECT (t.open, t.held, t.with_others)::text FROM pg_temp.truth(job, who) t), what || ', for ' || who)
$$;
CREATE FUNCTION pg_temp.work() RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(pg_stat_get_xact_tuples_returned(c.oid) + pg_stat_get_xact_tuples_fetched(c.oid))::bigint FROM pg_class c WHERE c.relnamespace = 'gtlabel'::regnamespace
$$;
CREATE FUNCTION pg_temp.answer(job text, who text, keys text[]) RETURNS integer LANGUAGE sql AS $$
    SELECT gt_annotate(job, keys, array_fill('a'::text, ARRAY[cardinality(keys)]), who)
$$;
CREATE FUNCTION pg_temp.lists() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM gtlabel.open_objects WHERE seen IS NOT NULL $$;

SELECT gt_create_job('one', 'thing', '{a,b}', key_column => 'id', features_column => NULL, auto_label => false, max_concurrent_task_count => 20000, seed => 1) \g /dev/null
SELECT is((SELECT open FROM gt_queue('one', 'ann')), 20000::bigint, 'all is open');
SELECT is(pg_temp.answer('one', 'ann', ARRAY(SELECT i::text FROM generate_series(1, 19970) i)), 19970, 'nearly all is answered');
SELECT pg_temp.same('one', 'bob', 'the first look');
SELECT is(pg_temp.lists(), 1::bigint, 'leaves a list');
CREATE TEMP TABLE before AS SELECT pg_temp.work() AS work;
SELECT q.open FROM unnest(ARRAY['cleo', 'bob']) who, gt_queue('one', who) q \g /dev/null
SELECT cmp_ok(pg_temp.work() - work, '<', 26000::bigint, 'two more looks read places at random and the list, not the batch') FROM before;
CREATE TEMP TABLE held AS SELECT * FROM gt_accept_tasks('one', 7, 'bob');
SELECT pg_temp.same('one', who, 'some are held') FROM unnest(ARRAY['ann', 'bob']) who;
SELECT gt_decline_tasks(ARRAY(SELECT task_id FROM held ORDER BY 1 LIMIT 2), 'bob') \g /dev/null
SELECT pg_temp.same('one', who, 'some are declined') FROM unnest(ARRAY['ann', 'bob']) who;
SELECT gt_submit_annotations(ARRAY(SELECT task_id FROM held ORDER BY 1 OFFSET 2 LIMIT 3), ARRAY['a', 'b', 'a'], 'bob') \g /dev/null
SELECT pg_temp.same('one', who, 'some are answered') FROM unnest(ARRAY['ann', 'bob', 'cleo']) who;
SELECT gt_release_tasks(ARRAY(SELECT task_id FROM held ORDER BY 1 OFFSET 5), 'bob') \g /dev/null
SELECT is((SELECT open FROM gt_queue('one', 'cleo')), (SELECT open FROM pg_temp.truth('one', 'cleo')), 'some are passed');
SELECT gt_retract_annotations(ARRAY(SELECT a.task_id FROM gtlabel.annotation a WHERE a.object_no % 1500 = 3), 'ann') \g /dev/null
SELECT pg_temp.same('one', who, 'answers from before the list are taken back') FROM unnest(ARRAY['ann', 'cleo']) who;
SELECT gt_retract_annotations(ARRAY(SELECT task_id FROM held ORDER BY 1 LIMIT 1), 'bob') \g /dev/null
SELECT pg_temp.same('one', who, 'a decline, too') FROM unnest(ARRAY['ann', 'cleo']) who;
SELECT gt_exclude_annotator('one', 'bob') \g /dev/null
SELECT pg_temp.same('one', who, 'somebody is excluded') FROM unnest(ARRAY['ann', 'cleo']) who;
SELECT gt_exclude_annotator('one', 'ann') \g /dev/null
SELECT is((SELECT open > 15000 FROM gt_queue('one', 'cleo')), true, 'so is who answered nearly all');
SELECT gt_include_annotator('one', 'ann') \g /dev/null
SELECT pg_temp.same('one', 'cleo', 'and counts again');
SELECT pg_temp.answer('one', 'cleo', ARRAY(SELECT object_key FROM gt_tasks WHERE job_name = 'one' AND state = 'available' ORDER BY object_key::int LIMIT 20)) \g /dev/null
SELECT pg_temp.same('one', who, 'few are left') FROM unnest(ARRAY['ann', 'cleo', 'dora']) who;
SELECT cmp_ok(pg_temp.lists(), '>', 1::bigint, 'a shorter list is left');
SELECT gt_remove_objects('one', ARRAY(SELECT object_key FROM gt_tasks WHERE job_name = 'one' AND state = 'available' ORDER BY object_key::int LIMIT 2)) \g /dev/null
SELECT pg_temp.same('one', 'dora', 'some are erased');
SELECT gt_retract_annotations(ARRAY(SELECT task_id FROM gt_accept_tasks('one', 100, 'ann')), 'ann') \g /dev/null
SELECT pg_temp.same('one', who, 'all of the rest is held') FROM unnest(ARRAY['ann', 'dora']) who;
SELECT is((SELECT state FROM gt_queue('one', 'dora')), 'with_others', 'by others');
SELECT pg_temp.answer('one', 'ann', ARRAY(SELECT object_key FROM gt_tasks WHERE job_name = 'one' AND state = 'accepted')) \g /dev/null
SELECT is((SELECT state FROM gt_queue('one', 'dora')), 'training', 'nothing is open');

-- two people an object, and a third where they disagree
DELETE FROM thing WHERE id > 6000;
SELECT gt_create_job('two', 'thing', '{a,b}', key_column => 'id', features_column => NULL, auto_label => false, max_concurrent_task_count => 6000, min_annotators => 2,
                     max_annotators => 3, consolidation_confidence => 0.9, seed => 1) \g /dev/null
SELECT pg_temp.answer('two', who, ARRAY(SELECT i::text FROM generate_series(1, 5980) i)) FROM unnest(ARRAY['ann', 'bob']) who \g /dev/null
SELECT pg_temp.same('two', who, 'twice answered') FROM unnest(ARRAY['ann', 'cleo']) who;
SELECT gt_annotate('two', ARRAY(SELECT i::text FROM generate_series(5981, 6000) i), array_fill('a'::text, ARRAY[20]), 'ann') \g /dev/null
SELECT gt_annotate('two', ARRAY(SELECT i::text FROM generate_series(5981, 6000) i), array_fill('b'::text, ARRAY[20]), 'bob') \g /dev/null
SELECT is((SELECT state FROM gt_queue('two', 'cleo')), 'training', 'all is answered');
SELECT gt_advance_job('two') \g /dev/null
SELECT is((SELECT (open, state)::text FROM gt_queue('two', 'cleo')), '(20,open)', 'one more is asked about those that are tied');
SELECT pg_temp.same('two', who, 'one more is asked') FROM unnest(ARRAY['ann', 'cleo']) who;
SELECT pg_temp.answer('two', 'cleo', ARRAY(SELECT i::text FROM generate_series(5981, 6000) i)) \g /dev/null
SELECT gt_advance_job('two') \g /dev/null
SELECT is((SELECT state FROM gt_jobs WHERE job_name = 'two'), 'completed', 'over');
SELECT is((SELECT count(*) FROM gtlabel.open_objects o JOIN gtlabel.job j USING (job_id) WHERE j.job_name = 'two'), 0::bigint, 'lists go with their batch');
SELECT gt_drop_job('one') \g /dev/null
SELECT is((SELECT count(*) FROM gtlabel.open_objects), 0::bigint, 'and with their job');

SELECT * FROM finish();
ROLLBACK;
