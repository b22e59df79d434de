-- History and announcements: every change of a job, batch or round once, nothing for an answer.
-- Notifications are sent by commits and heard by another session.
SET search_path = public;
SET gtlabel.background = off;
CREATE EXTENSION dblink;
SELECT no_plan();
CREATE TABLE things AS SELECT g AS id, ARRAY[g, g % 2]::float4[] AS features, (g % 2)::text AS gold FROM generate_series(1, 40) g;
SELECT dblink_connect('ear', format('host=%s port=%s dbname=%s user=%s', split_part(current_setting('unix_socket_directories'), ',', 1),
                                    current_setting('port'), current_database(), current_user)) \g /dev/null
SELECT dblink_exec('ear', 'LISTEN gtlabel') \g /dev/null

-- What the other session has heard up to a full stop, which is sent before each look: notifications come in the order
-- of the commits, so what is not there by then was not sent.
CREATE FUNCTION heard() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    n record;
BEGIN
    FOR turn IN 1 .. 1000 LOOP
        FOR n IN SELECT * FROM dblink_get_notify('ear') LOOP
            IF n.extra = 'full stop' THEN
                RETURN;
            END IF;
            IF n.extra !~ '^{"job_id": \d+, "event_id": \d+}$' THEN
                RAISE EXCEPTION 'a message says more than two numbers: %', n.extra;
            END IF;
            RETURN NEXT COALESCE((SELECT format('%s %s %s', e.job_name, e.event, e.state) FROM gt_events e
                                   WHERE e.event_id = (n.extra::jsonb ->> 'event_id')::bigint), 'an event of a job that is gone');
        END LOOP;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RAISE EXCEPTION 'the full stop was not heard';
END $$;
CREATE FUNCTION answer() RETURNS integer LANGUAGE sql AS $$
    SELECT gt_annotate('say "it"', array_agg(t.object_key), array_agg(d.gold)) FROM gt_tasks t JOIN things d ON d.id::text = t.object_key
     WHERE t.job_name = 'say "it"' AND t.state = 'available'
$$;

SET client_min_messages = error;
SELECT ok(gt_create_job('say "it"', 'things', ARRAY['0', '1'], key_column => 'id', schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, max_concurrent_task_count => 20,
                        algorithm => 'softmax', target_accuracy => 0.5, seed => 3) > 0, 'a job is created');
NOTIFY gtlabel, 'full stop';
SELECT results_eq('SELECT * FROM heard()', ARRAY['say "it" created initializing', 'say "it" batch_issued in_progress'], 'its creation and first batch are announced');
SELECT lives_ok($$ SELECT gt_accept_tasks('say "it"', 3, 'ann') $$, 'tasks are accepted');
SELECT lives_ok($$ SELECT gt_release_tasks(array_agg(task_id), 'ann') FROM gt_tasks WHERE annotator = 'ann' $$, 'and released');
SELECT is(answer(), 8, 'and answered');
NOTIFY gtlabel, 'full stop';
SELECT is_empty('SELECT * FROM heard()', 'nothing of this is announced: a listener hears of batches, not of answers');
SELECT lives_ok($$ SELECT gt_pause_job('say "it"') $$, 'pause');
SELECT lives_ok($$ SELECT gt_resume_job('say "it"') $$, 'resume');
NOTIFY gtlabel, 'full stop';
SELECT results_eq('SELECT * FROM heard()', ARRAY['say "it" paused paused', 'say "it" resumed in_progress'], 'a pause and its end are announced');
SELECT is(gt_advance_job('say "it"'), 'in_progress', 'the batch is closed, a round runs');
NOTIFY gtlabel, 'full stop';
SELECT results_eq('SELECT * FROM heard()', ARRAY['say "it" batch_closed in_progress', 'say "it" round in_progress', 'say "it" batch_issued in_progress'],
                  'the end of the batch, the round and the next batch are announced');
BEGIN;
SELECT lives_ok($$ SELECT gt_stop_job('say "it"') $$, 'a stop that is rolled back');
ROLLBACK;
NOTIFY gtlabel, 'full stop';
SELECT is_empty('SELECT * FROM heard()', 'is not announced');
SELECT is((SELECT state::text FROM gt_jobs), 'in_progress', 'and has not happened');
SELECT lives_ok($$ SELECT gt_stop_job('say "it"') $$, 'a stop');
NOTIFY gtlabel, 'full stop';
SELECT results_eq('SELECT * FROM heard()', ARRAY['say "it" stopping stopping', 'say "it" batch_closed stopping', 'say "it" stopped stopped'], 'is announced');
SELECT results_eq($$ SELECT event || ' ' || state FROM gt_events WHERE job_name = 'say "it"' ORDER BY event_id $$,
    ARRAY['created initializing', 'batch_issued in_progress', 'paused paused', 'resumed in_progress', 'batch_closed in_progress', 'round in_progress',
          'batch_issued in_progress', 'stopping stopping', 'batch_closed stopping', 'stopped stopped'], 'gt_events has the same history');
SELECT is((SELECT count(*) FROM gt_events WHERE at IS NULL OR detail IS NULL), 0::bigint, 'each event has its time and its words');
SELECT lives_ok($$ SELECT gt_drop_job('say "it"') $$, 'a drop');
NOTIFY gtlabel, 'full stop';
SELECT results_eq('SELECT * FROM heard()', ARRAY['an event of a job that is gone'], 'is announced');
SELECT is_empty('SELECT * FROM gt_events', 'and takes the history with it');
SELECT * FROM finish();
