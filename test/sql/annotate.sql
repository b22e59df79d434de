-- What annotators do: leases, answers by key, release, decline, expiry; and what each is refused with.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA an;
SET search_path = public, an, gtl_test;
CREATE TABLE an.things (id integer PRIMARY KEY, gold text);
INSERT INTO an.things SELECT g, CASE WHEN g % 3 = 0 THEN 'fizz' ELSE 'plain' END FROM generate_series(1, 9) g;
\set job '''an.things'', ARRAY[''fizz'', ''plain''], features_column => NULL, seed => 1'
-- times are told relative to the clock that gtlabel.clock_offset moves
CREATE VIEW an.open AS SELECT job_name, object_key, state, annotator, accepted_at IS NOT NULL AS accepted,
    lease_expires_at > gtlabel.clock() AS leased FROM gt_tasks;

-- ---- Leases ------------------------------------------------------------------------------

SELECT gt_create_job('an lease', :job, max_concurrent_task_count => 4, task_time_limit => '10 minutes') > 0 AS created;
-- without a model to choose by, and without a sample to draw, objects go out in the order of the dataset
SELECT object_key, state FROM an.open WHERE job_name = 'an lease' ORDER BY object_key;
CREATE TEMP TABLE ann AS SELECT * FROM gt_accept_tasks('an lease', 2, 'ann');
CREATE TEMP TABLE bob AS SELECT * FROM gt_accept_tasks('an lease', 10, 'bob');
SELECT (SELECT count(*) FROM ann) AS ann, (SELECT count(*) FROM bob) AS bob,
       (SELECT count(DISTINCT object_key) FROM (TABLE ann UNION ALL TABLE bob) t) AS objects;
SELECT bool_and(lease_expires_at - gtlabel.clock() BETWEEN '9 minutes' AND '10 minutes') AS ten_minutes FROM ann;
SELECT count(*) AS nothing_left FROM gt_accept_tasks('an lease', 1, 'cat');
SELECT state, annotator, accepted, leased, count(*) FROM an.open WHERE job_name = 'an lease' GROUP BY 1, 2, 3, 4 ORDER BY 2;
-- another annotator's task, a task that does not exist, one given twice, an unknown category, no pairs: all or nothing
SELECT refused(format('SELECT gt_submit_annotations(ARRAY[%s], %L, %L)', string_agg(task_id::text, ','), array_agg('fizz'::text), 'bob'))
       LIKE '55006 task % is not leased to annotator "bob"%' AS not_bobs FROM ann;
SELECT replace(refused(format('SELECT gt_submit_annotations(ARRAY[%s], ARRAY[''plain'',''plain''], ''ann'')', min(task_id) || ',' || min(task_id))),
               'task ' || min(task_id), 'task T') FROM ann;
SELECT refused(format('SELECT gt_submit_annotations(ARRAY[%s,999999999], ARRAY[''plain'',''plain''], ''ann'')', min(task_id))) FROM ann;
SELECT refused(format('SELECT gt_submit_annotations(ARRAY[%s], ARRAY[''Fizz''], ''ann'')', min(task_id))) FROM ann;
SELECT refused(format('SELECT gt_submit_annotations(ARRAY[%s], ARRAY[''fizz'',''plain''], ''ann'')', min(task_id))) FROM ann;
SELECT refused('SELECT gt_submit_annotations(NULL, ARRAY[''fizz''])');
-- nothing is nothing, also where array_agg found no row
SELECT gt_submit_annotations(NULL, NULL), gt_release_tasks(NULL), gt_decline_tasks('{}'), gt_retract_annotations(NULL), gt_revise_annotations(NULL, '{}'),
       gt_extend_leases(NULL), (SELECT count(*) FROM gt_answer(NULL, NULL)), gt_annotate('an lease', NULL, NULL);
-- in the wrong case, or with blanks around it: the hint names what was meant
SELECT refused(format('SELECT gt_submit_annotations(ARRAY[%s], ARRAY['' Plain''], ''ann'')', min(task_id))) FROM ann;
SELECT refused('SELECT gt_submit_annotations(ARRAY[NULL::bigint], ARRAY[''fizz''])');
SELECT refused(format('SELECT gt_submit_annotations(ARRAY[%s], ARRAY[NULL::text], ''ann'')', min(task_id))) FROM ann;
SELECT refused('SELECT * FROM gt_accept_tasks(''an lease'', 0)');
SELECT refused('SELECT * FROM gt_accept_tasks(''an lease'', NULL)');
SELECT refused('SELECT * FROM gt_accept_tasks(''no such'')');
SELECT refused('SELECT * FROM gt_accept_tasks(''an lease'', 1, '''')');
SELECT refused('SELECT * FROM gt_accept_tasks(''an lease'', 1, repeat(''x'', 256))');
SELECT count(*) AS answers FROM gt_annotations WHERE job_name = 'an lease';
SELECT gt_submit_annotations('{}', '{}') AS none;
-- submitted once
SELECT gt_submit_annotations(array_agg(a.task_id), array_agg(t.gold), 'ann') FROM ann a JOIN an.things t ON t.id::text = a.object_key;
-- the same answer once more is none: a response may have been lost; another one is refused
SELECT gt_submit_annotations(array_agg(a.task_id), array_agg(t.gold), 'ann') FROM ann a JOIN an.things t ON t.id::text = a.object_key;
SELECT replace(refused(format('SELECT gt_submit_annotations(ARRAY[%s], ARRAY[''%s''], ''ann'')', task_id, other)), 'task ' || task_id, 'task T')
  FROM (SELECT a.task_id, CASE t.gold WHEN 'fizz' THEN 'plain' ELSE 'fizz' END AS other FROM ann a JOIN an.things t ON t.id::text = a.object_key LIMIT 1) x;
SELECT job_name, annotator, batch_no, accepted_at IS NOT NULL AS leased, submitted_at >= accepted_at AS in_order, count(*)
  FROM gt_annotations WHERE job_name = 'an lease' GROUP BY 1, 2, 3, 4, 5;
-- released: open to all again, and to the same annotator
SELECT gt_release_tasks(array_agg(task_id), 'bob') FROM bob;
SELECT replace(refused(format('SELECT gt_release_tasks(ARRAY[%s], ''bob'')', min(task_id))), 'task ' || min(task_id), 'task T') FROM bob;
SELECT refused('SELECT gt_release_tasks(ARRAY[999999999])');
SELECT count(*) AS again FROM gt_accept_tasks('an lease', 1, 'bob');
SELECT count(*) AS others FROM gt_accept_tasks('an lease', 5, 'cat');

-- ---- A lease runs out --------------------------------------------------------------------

SET gtlabel.clock_offset = '11 min';
SELECT state, annotator, leased, count(*) FROM an.open WHERE job_name = 'an lease' GROUP BY 1, 2, 3 ORDER BY 1, 2;
-- the task is another's as soon as somebody asks for it; who had it comes too late
CREATE TEMP TABLE dan AS SELECT * FROM gt_accept_tasks('an lease', 1, 'dan');
SELECT t.state, t.annotator FROM gt_tasks t JOIN dan USING (task_id);
SELECT bool_and(refused(format('SELECT gt_submit_annotations(ARRAY[%s], ARRAY[''plain''], %L)', task_id, late)) LIKE '55006 task % is not leased to%') AS too_late
  FROM dan, unnest(ARRAY['bob', 'cat']) late;
SELECT gt_submit_annotations(ARRAY[task_id], ARRAY['plain'], 'dan') FROM dan;
-- while nobody has asked, a late answer still counts
SELECT gt_submit_annotations(ARRAY[task_id], ARRAY['plain'], annotator) FROM gt_tasks
 WHERE job_name = 'an lease' AND state = 'available';
SELECT gt_advance_job('an lease'), check_counters('an lease');
SELECT batch_no, state, object_count, labeled, failed FROM gt_batches WHERE job_name = 'an lease' ORDER BY batch_no;
-- the batch is closed: its tasks are past
SELECT replace(refused(format('SELECT gt_submit_annotations(ARRAY[%s], ARRAY[''plain''], ''bob'')', min(task_id))), 'task ' || min(task_id), 'task T') FROM ann;
RESET gtlabel.clock_offset;

-- ---- The availability of a batch runs out ------------------------------------------------

SELECT gt_create_job('an expiry', :job, max_concurrent_task_count => 4, task_availability_lifetime => '1 day') > 0 AS created;
SELECT answer('an expiry', 1, 'ann');
SELECT count(*) AS leased FROM gt_accept_tasks('an expiry', 1, 'bob');
SELECT gt_advance_job('an expiry');
SELECT state, count(*) FROM gt_tasks WHERE job_name = 'an expiry' GROUP BY 1 ORDER BY 1;
SET gtlabel.clock_offset = '25 h';
-- expiry is a matter of reading the clock: nothing has swept the tasks yet, and they are not given out any more
SELECT state, count(*) FROM gt_tasks WHERE job_name = 'an expiry' GROUP BY 1 ORDER BY 1;
SELECT count(*) AS given_out FROM gt_accept_tasks('an expiry', 4, 'cat');
SELECT refused($$SELECT gt_annotate('an expiry', ARRAY['3'], ARRAY['fizz'])$$);
SELECT topic, finding, advice FROM gt_explain_job('an expiry') WHERE topic = 'next step';
-- one answered, three failed; nothing of a plain job fails as a whole
SELECT gt_advance_job('an expiry'), check_counters('an expiry');
SELECT batch_no, state, labeled, failed FROM gt_batches WHERE job_name = 'an expiry' ORDER BY batch_no;
SELECT object_key, reason, batch_no FROM gt_failures WHERE job_name = 'an expiry' ORDER BY 1;
SELECT human_labeled, failed, unlabeled FROM gt_jobs WHERE job_name = 'an expiry';
SELECT state, count(*) FROM gt_tasks WHERE job_name = 'an expiry' AND batch_no = 1 GROUP BY 1 ORDER BY 1;
-- failed objects are offered again when somebody asks for it, after the rest or with it
SELECT gt_retry_failed('an expiry'), check_counters('an expiry');
SELECT gt_retry_failed('an expiry') AS none_left;
SELECT run('an expiry');
SELECT state, human_labeled, failed, unlabeled FROM gt_jobs WHERE job_name = 'an expiry';
RESET gtlabel.clock_offset;
-- a completed job goes on for the sake of its failures
SELECT gt_create_job('an retry', :job) > 0 AS created;
SELECT answer('an retry', 8);
SET gtlabel.clock_offset = '31 d';
SELECT gt_advance_job('an retry'), check_counters('an retry');
SELECT object_key, final FROM gt_labels WHERE job_name = 'an retry' ORDER BY 1 LIMIT 1;
SELECT gt_retry_failed('an retry'), check_counters('an retry');
SELECT gt_advance_job('an retry'), answer('an retry'), gt_advance_job('an retry'), check_counters('an retry');
SELECT event, state, detail FROM gt_events WHERE job_name = 'an retry' ORDER BY event_id;
RESET gtlabel.clock_offset;

-- ---- By key ------------------------------------------------------------------------------

SELECT gt_create_job('an key', :job, max_concurrent_task_count => 5) > 0 AS created;
SELECT gt_annotate('an key', ARRAY['2', '1'], ARRAY['plain', 'fizz'], 'ann');
SELECT refused($$SELECT gt_annotate('an key', ARRAY['3', '3'], ARRAY['fizz', 'plain'])$$);
SELECT refused($$SELECT gt_annotate('an key', ARRAY['3'], ARRAY['buzz'])$$);
SELECT refused($$SELECT gt_annotate('an key', ARRAY['3', '99'], ARRAY['fizz', 'fizz'])$$);
SELECT refused($$SELECT gt_annotate('an key', ARRAY['9'], ARRAY['fizz'])$$);
SELECT gt_annotate('an key', ARRAY['1'], ARRAY['fizz'], 'ann') AS same_again;
SELECT refused($$SELECT gt_annotate('an key', ARRAY['1'], ARRAY['plain'], 'ann')$$);
SELECT refused($$SELECT gt_annotate('an key', ARRAY['1'], ARRAY['fizz'], 'bob')$$);
SELECT refused($$SELECT gt_annotate('an key', ARRAY['3'], ARRAY['fizz', 'plain'])$$);
SELECT refused($$SELECT gt_annotate('an key', ARRAY[NULL], ARRAY['fizz'])$$);
SELECT refused($$SELECT gt_annotate('an key', NULL, ARRAY['fizz'])$$);
SELECT refused($$SELECT gt_annotate('an key', ARRAY[['3'],['4']], ARRAY['fizz', 'plain'])$$);
SELECT refused($$SELECT gt_annotate('an nokey', ARRAY['3'], ARRAY['fizz'])$$);
SELECT gt_annotate('an key', '{}', '{}') AS none;
-- nothing of the refused calls was written
SELECT object_key, annotator, label, task_id IS NOT NULL AS task, accepted_at FROM gt_annotations WHERE job_name = 'an key' ORDER BY 1;
-- what another has leased is the other's, what one has leased oneself can be answered by key
CREATE TEMP TABLE eve AS SELECT * FROM gt_accept_tasks('an key', 1, 'eve');
SELECT regexp_replace(refused(format('SELECT gt_annotate(''an key'', ARRAY[%L], ARRAY[''fizz''], ''ann'')', object_key)), 'object "\d"', 'object "N"') FROM eve;
SELECT gt_annotate('an key', ARRAY[object_key], ARRAY['fizz'], 'eve') FROM eve;
SELECT accepted_at IS NOT NULL AS with_its_lease FROM gt_annotations WHERE job_name = 'an key' AND annotator = 'eve';
-- without a name the answer is the current user's
SELECT gt_annotate('an key', ARRAY['5'], ARRAY['plain']) FROM eve WHERE object_key <> '5'
UNION ALL SELECT gt_annotate('an key', ARRAY['4'], ARRAY['plain']) FROM eve WHERE object_key = '5';
SELECT count(*) FROM gt_annotations WHERE job_name = 'an key' AND annotator = current_user;

-- ---- Declining ---------------------------------------------------------------------------

SELECT gt_create_job('an decline', :job, annotators_per_object => 3, max_concurrent_task_count => 2) > 0 AS created;
-- each of two objects is declined by ann: other people get them, ann does not
SELECT gt_decline_tasks(array_agg(task_id), 'ann') FROM gt_accept_tasks('an decline', 9, 'ann');
SELECT count(*) AS for_ann FROM gt_accept_tasks('an decline', 9, 'ann');
SELECT state, count(*) FROM gt_tasks WHERE job_name = 'an decline' GROUP BY 1 ORDER BY 1;
-- object 1 has two answers when the third person declines it: it is closed, and labeled from what there is; object 2 fails
SELECT answer('an decline', 1, a) FROM unnest(ARRAY['bob', 'cat']) a;
SELECT object_key, count(*) FROM gt_annotations WHERE job_name = 'an decline' GROUP BY 1;
SELECT count(gt_decline_tasks(ARRAY[t.task_id], d.who)) AS declined
  FROM unnest(ARRAY['dan', 'eve']) d (who), LATERAL gt_accept_tasks('an decline', 9, d.who) t;
SELECT object_key, state, count(*) FROM gt_tasks WHERE job_name = 'an decline' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) AS for_fay FROM gt_accept_tasks('an decline', 9, 'fay');
SELECT refused($$SELECT gt_annotate('an decline', ARRAY['2'], ARRAY['fizz'], 'fay')$$);
SELECT topic, finding, advice FROM gt_explain_job('an decline');
SELECT gt_advance_job('an decline'), check_counters('an decline');
SELECT object_key, reason FROM gt_failures WHERE job_name = 'an decline';
SELECT object_key, label, confidence FROM gt_labels WHERE job_name = 'an decline';
-- only a task that one holds can be declined
SELECT refused('SELECT gt_decline_tasks(ARRAY[999999999])');
SELECT gt_decline_tasks('{}') AS none;
-- with one annotator an object, one decline is enough
SELECT gt_create_job('an decline 1', :job, max_concurrent_task_count => 3) > 0 AS created;
SELECT gt_decline_tasks(array_agg(task_id), 'ann') FROM gt_accept_tasks('an decline 1', 3, 'ann');
SELECT gt_advance_job('an decline 1'), check_counters('an decline 1');
SELECT failed, unlabeled FROM gt_jobs WHERE job_name = 'an decline 1';

-- ---- Several annotators an object --------------------------------------------------------

SELECT gt_create_job('an three', :job, annotators_per_object => 3, max_concurrent_task_count => 9) > 0 AS created;
SELECT count(*) AS tasks, count(DISTINCT object_key) AS objects FROM gt_accept_tasks('an three', 100, 'ann');
-- who asks again gets what is held, and nothing twice
SELECT count(*) AS held, count(DISTINCT task_id) AS tasks FROM gt_accept_tasks('an three', 100, 'ann');
SELECT gt_annotate('an three', array_agg(id::text), array_agg(gold), 'ann') FROM an.things;
SELECT refused($$SELECT gt_annotate('an three', ARRAY['1'], ARRAY['fizz'], 'ann')$$);
-- bob is wrong about 1 and 2, cat about 1: two of three carry the day
SELECT gt_annotate('an three', array_agg(id::text), array_agg(CASE WHEN id <= 2 THEN 'fizz' ELSE gold END), 'bob') FROM an.things;
SELECT gt_advance_job('an three');
SELECT batch_no, state, answers FROM gt_batches WHERE job_name = 'an three';
SELECT gt_annotate('an three', array_agg(id::text), array_agg(CASE WHEN id <= 1 THEN 'fizz' ELSE gold END), 'cat') FROM an.things;
SELECT refused($$SELECT gt_annotate('an three', ARRAY['1'], ARRAY['fizz'], 'dan')$$);
SELECT gt_advance_job('an three'), check_counters('an three');
SELECT l.object_key, l.label, l.label = t.gold AS as_gold, l.confidence > 0.5 AS likely FROM gt_labels l JOIN an.things t ON t.id::text = l.object_key
 WHERE l.job_name = 'an three' AND t.id <= 3 ORDER BY 1;
SELECT annotator, answers, consolidated, round(agreement::numeric, 3) AS agreement, median_seconds IS NOT NULL AS timed
  FROM gt_annotators WHERE job_name = 'an three' ORDER BY 1;
-- one answer is enough when the time is up, and an object that has any does not fail
SELECT gt_create_job('an partly', :job, annotators_per_object => 2) > 0 AS created;
SELECT gt_annotate('an partly', ARRAY['1', '2'], ARRAY['plain', 'fizz'], 'ann'), gt_annotate('an partly', ARRAY['1'], ARRAY['plain'], 'bob');
SET gtlabel.clock_offset = '31 d';
SELECT gt_advance_job('an partly'), check_counters('an partly');
SELECT object_key, label FROM gt_labels WHERE job_name = 'an partly' ORDER BY 1;
SELECT failed FROM gt_jobs WHERE job_name = 'an partly';
RESET gtlabel.clock_offset;

SELECT drop_jobs('an %');
SET client_min_messages = error;
DROP SCHEMA an CASCADE;
