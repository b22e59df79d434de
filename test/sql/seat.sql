-- What an annotator sees and takes back: objects, queue, passes, revisions, retractions, exclusion, invitations.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA se;
SET search_path = public, se, gtl_test;
CREATE TABLE se.things (id integer PRIMARY KEY, body text, gold text, extra jsonb);
INSERT INTO se.things SELECT g, 'thing ' || g, CASE WHEN g % 3 = 0 THEN 'fizz' ELSE 'plain' END, jsonb_build_object('n', g) FROM generate_series(1, 12) g;
\set job '''se.things'', ARRAY[''fizz'', ''plain''], features_column => NULL, seed => 1'
-- the tasks of somebody by object, as arrays in the same order
CREATE FUNCTION se.tasks(job text, who text, wanted text, objects text[] DEFAULT NULL) RETURNS bigint[] LANGUAGE sql AS
$$ SELECT array_agg(task_id ORDER BY object_key::int) FROM gt_tasks WHERE job_name = job AND annotator = who AND state = wanted AND (objects IS NULL OR object_key = ANY (objects)) $$;

-- ---- The object of a task ------------------------------------------------------------------

SELECT gt_create_job('se show', :job, gold_column => 'gold', max_concurrent_task_count => 3, instructions => '**fizz** is divisible by 3') > 0 AS created;
-- the row as it is now, with its columns in their order, without what is known of its label
UPDATE se.things SET body = 'changed' WHERE id = 1;
SELECT object_key, object FROM gt_accept_tasks('se show', 3, 'ann') ORDER BY 1;
-- what is held comes first, and what is gone is NULL
DELETE FROM se.things WHERE id = 2;
SELECT object_key, object FROM gt_accept_tasks('se show', 3, 'ann') ORDER BY 1;
-- in the order that the owner wants, and only that
SELECT gt_alter_job('se show', display_columns => ARRAY['extra', 'body']);
SELECT object_key, object FROM gt_accept_tasks('se show', 1, 'ann');
SELECT refused($$SELECT gt_alter_job('se show', display_columns => ARRAY['nothing'])$$);
SELECT refused($$SELECT gt_alter_job('se show', display_columns => ARRAY['gold'])$$);
SELECT jsonb_pretty(gt_seat('se show', 'ann') - 'job_id');
SELECT gt_alter_job('se show', reset => ARRAY['display_columns', 'instructions']);
-- the dataset may be gone altogether
INSERT INTO se.things VALUES (2, 'thing 2', 'plain', '{"n": 2}');
ALTER TABLE se.things RENAME COLUMN id TO key;
SELECT object_key, object FROM gt_accept_tasks('se show', 1, 'ann');
ALTER TABLE se.things RENAME COLUMN key TO id;

-- ---- The queue ---------------------------------------------------------------------------

SELECT gt_create_job('se queue', :job, annotators_per_object => 2, max_concurrent_task_count => 4, max_leases_per_annotator => 3) > 0 AS created;
SELECT state, open, held, answered, with_others, left_in_batch, done FROM gt_queue('se queue', 'ann');
-- nobody takes the whole batch
SELECT count(*) AS ann FROM gt_accept_tasks('se queue', 100, 'ann');
SELECT count(*) AS bob FROM gt_accept_tasks('se queue', 2, 'bob');
SELECT state, open, held, answered, with_others, left_in_batch FROM gt_queue('se queue', 'ann');
-- answer and next in one call
SELECT count(*) AS next FROM gt_answer(se.tasks('se queue', 'ann', 'accepted'), ARRAY['plain', 'plain', 'fizz'], ARRAY['sure', NULL, 'three'], 5, 'ann');
SELECT state, open, held, answered, answered_today, with_others, left_in_batch FROM gt_queue('se queue', 'ann');
SELECT label, comment FROM gt_annotations WHERE job_name = 'se queue' ORDER BY label, comment;
SELECT count(*) AS next FROM gt_answer(se.tasks('se queue', 'ann', 'accepted'), ARRAY['plain'], NULL, 5, 'ann');
SELECT state, open, held, answered, with_others, left_in_batch FROM gt_queue('se queue', 'ann');
SELECT gt_pause_job('se queue');
SELECT state FROM gt_queue('se queue', 'ann');
SELECT gt_resume_job('se queue');
-- leases
SELECT gt_extend_leases(se.tasks('se queue', 'bob', 'accepted'), 'bob') > gtlabel.clock() + '59 minutes' AS an_hour;
SELECT refused($$SELECT gt_extend_leases(se.tasks('se queue', 'ann', 'submitted'), 'ann')$$) LIKE '55%' AS not_held;

-- ---- Passing -----------------------------------------------------------------------------

SELECT gt_create_job('se pass', :job, max_concurrent_task_count => 4) > 0 AS created;
-- as long as there is another object, no object comes twice; then they come in turn
CREATE TABLE se.passed (turn serial, object_key text);
DO $$
BEGIN
    FOR turn IN 1 .. 8 LOOP
        INSERT INTO se.passed (object_key) SELECT object_key FROM gt_accept_tasks('se pass', 1, 'ann');
        PERFORM gt_release_tasks(se.tasks('se pass', 'ann', 'accepted'), 'ann');
    END LOOP;
END $$;
SELECT (SELECT count(DISTINCT object_key) FROM se.passed WHERE turn <= 4) AS first_four, (SELECT count(DISTINCT object_key) FROM se.passed WHERE turn > 4) AS next_four,
       (SELECT count(*) FROM se.passed a JOIN se.passed b ON b.turn = a.turn + 1 AND b.object_key = a.object_key) AS twice_in_a_row;
-- a pass is taken back while nobody else has it
SELECT task_id AS t FROM gt_accept_tasks('se pass', 1, 'ann') \gset
SELECT gt_release_tasks(ARRAY[:t], 'ann'), gt_retract_annotations(ARRAY[:t], 'ann') AS taken_back;
SELECT task_id = :t AS held FROM gt_accept_tasks('se pass', 1, 'ann');
SELECT gt_release_tasks(ARRAY[:t], 'ann'), (SELECT count(*) FROM gt_accept_tasks('se pass', 4, 'bob')) AS bob;
SELECT replace(refused(format('SELECT gt_retract_annotations(ARRAY[%s], ''ann'')', :t)), :'t', 'T');

-- ---- Taking back in the open batch --------------------------------------------------------

SELECT gt_create_job('se back', :job, max_concurrent_task_count => 3) > 0 AS created;
SELECT gt_submit_annotations(array_agg(task_id ORDER BY object_key::int), ARRAY['plain', 'fizz', 'fizz'], 'ann', ARRAY[NULL, 'oops', NULL]) FROM gt_accept_tasks('se back', 3, 'ann');
SELECT gt_revise_annotations(se.tasks('se back', 'ann', 'submitted', '{2}'), ARRAY['plain'], 'ann', ARRAY['better']);
SELECT object_key, label, comment, revised_at IS NOT NULL AS revised FROM gt_annotations WHERE job_name = 'se back' ORDER BY 1;
-- undone, it is ann's again, and nobody else's
SELECT gt_retract_annotations(se.tasks('se back', 'ann', 'submitted', '{3}'), 'ann');
SELECT gt_retract_annotations(se.tasks('se back', 'ann', 'accepted', '{3}'), 'ann') AS nothing_to_undo;
SELECT count(*) AS for_bob FROM gt_accept_tasks('se back', 3, 'bob');
SELECT object_key FROM gt_accept_tasks('se back', 3, 'ann');
SELECT refused($$SELECT gt_revise_annotations(se.tasks('se back', 'ann', 'accepted'), ARRAY['plain'], 'ann')$$) LIKE '55000 task % has no answer%' AS no_answer;
SELECT refused($$SELECT gt_revise_annotations(se.tasks('se back', 'ann', 'submitted'), ARRAY['plain', 'fizz'], 'bob')$$) LIKE '55%' AS not_bobs;
SELECT refused($$SELECT gt_retract_annotations(se.tasks('se back', 'ann', 'submitted'), 'bob')$$) LIKE '55%' AS nor_to_retract;
-- a slip of the finger: declined, with one annotator an object, and taken back
SELECT gt_decline_tasks(se.tasks('se back', 'ann', 'accepted'), 'ann', 'blurred');
SELECT object_key, state, comment FROM gt_tasks WHERE job_name = 'se back' AND state = 'declined';
SELECT gt_retract_annotations(se.tasks('se back', 'ann', 'declined'), 'ann');
SELECT object_key, state, annotator, comment FROM gt_tasks WHERE job_name = 'se back' ORDER BY 1;
SELECT gt_submit_annotations(se.tasks('se back', 'ann', 'accepted'), ARRAY['fizz'], 'ann');
SELECT gt_advance_job('se back'), check_counters('se back');
-- with several annotators: the second decline moves up, the task that took the place goes
SELECT gt_create_job('se two', :job, annotators_per_object => 2, max_concurrent_task_count => 1) > 0 AS created;
SELECT count(gt_decline_tasks(ARRAY[t.task_id], who)) FROM unnest(ARRAY['ann', 'bob']) who, LATERAL gt_accept_tasks('se two', 1, who) t;
SELECT state, annotator, count(*) FROM gt_tasks WHERE job_name = 'se two' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT gt_retract_annotations(se.tasks('se two', 'ann', 'declined'), 'ann');
SELECT state, annotator, count(*) FROM gt_tasks WHERE job_name = 'se two' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT slot_no FROM gtlabel.task WHERE job_id = (SELECT job_id FROM gt_jobs WHERE job_name = 'se two') ORDER BY 1;
SELECT gt_submit_annotations(se.tasks('se two', 'ann', 'accepted'), ARRAY['plain'], 'ann'), answer('se two', 1, 'cat');
SELECT refused($$SELECT gt_retract_annotations(se.tasks('se two', 'bob', 'declined'), 'bob')$$) LIKE '55006 task % cannot be taken back%' AS too_late;
SELECT gt_advance_job('se two'), check_counters('se two');

-- ---- Taking back later -------------------------------------------------------------------

-- no round will read these labels: the annotator may change them while the job runs, the owner always
SELECT gt_create_job('se later', :job, max_concurrent_task_count => 2, auto_label => false) > 0 AS created;
SELECT gt_invite_annotator('se later', 'ann') AS token \gset
SELECT gt_submit_annotations(array_agg(task_id ORDER BY object_key::int), ARRAY['plain', 'fizz'], token => :'token') FROM gt_accept_tasks('se later', 2, token => :'token');
SELECT gt_advance_job('se later');
SELECT (se.tasks('se later', 'ann', 'submitted', '{2}'))[1] AS t \gset
SELECT gt_revise_annotations(ARRAY[:t], ARRAY['plain'], token => :'token');
SELECT object_key, label FROM gt_labels WHERE job_name = 'se later' ORDER BY 1;
SELECT replace(refused(format('SELECT gt_retract_annotations(ARRAY[%s], token => %L)', :t, :'token')), :'t', 'T');
SELECT run('se later');
SELECT refused(format('SELECT gt_revise_annotations(ARRAY[%s], ARRAY[''fizz''], token => %L)', :t, :'token'));
-- the same answer once more is none, also now: its response may have been lost
SELECT gt_submit_annotations(ARRAY[:t], ARRAY['plain'], token => :'token') AS again;
SELECT gt_revise_annotations(ARRAY[:t], ARRAY['fizz']) AS by_the_owner;
SELECT object_key, label FROM gt_labels WHERE job_name = 'se later' AND object_key = '2';
SELECT event, detail FROM gt_events WHERE job_name = 'se later' AND event = 'revised' ORDER BY event_id;
-- the owner takes an answer away: the object has no label any more
SELECT gt_retract_annotations(ARRAY[:t]);
SELECT check_counters('se later'), count(*) AS labels FROM gt_labels WHERE job_name = 'se later' AND object_key = '2';

-- once a round has read the labels, they are the owner's to change
SELECT gt_create_job('se read', 'gtl_test.digits', ARRAY[:digits], schedule => 'eager', guarantee => 'confidence', validation_share => 0.2, max_concurrent_task_count => 400, algorithm => 'softmax', seed => 1) > 0 AS created;
SELECT gt_invite_annotator('se read', 'ann') AS token \gset
SELECT task_id AS t, object_key AS o FROM gt_accept_tasks('se read', 1, token => :'token') \gset
SELECT gt_submit_annotations(ARRAY[:t], ARRAY['0'], token => :'token');
SELECT answer('se read'), gt_advance_job('se read');
SELECT count(*) AS rounds FROM gt_rounds WHERE job_name = 'se read';
SELECT replace(refused(format('SELECT gt_revise_annotations(ARRAY[%s], ARRAY[''1''], token => %L)', :t, :'token')), :'t', 'T');
SELECT jsonb_array_length(gt_seat('se read', token => :'token') -> 'recent') AS recent;
SELECT gt_revise_annotations(ARRAY[:t], ARRAY['1']);
SELECT label FROM gt_labels WHERE job_name = 'se read' AND object_key = :'o';

-- ---- Exclusion ---------------------------------------------------------------------------

SELECT gt_create_job('se out', :job, annotators_per_object => 3, max_concurrent_task_count => 6) > 0 AS created;
SELECT gt_annotate('se out', array_agg(id::text), array_agg(CASE who WHEN 'vandal' THEN 'fizz' ELSE gold END), who)
  FROM (SELECT * FROM se.things ORDER BY id LIMIT 6) t, unnest(ARRAY['ann', 'bob', 'vandal']) who GROUP BY who;
SELECT gt_advance_job('se out'), check_counters('se out');
SELECT count(*) AS held FROM gt_accept_tasks('se out', 2, 'vandal');
SELECT gt_annotate('se out', ARRAY['9'], ARRAY['plain'], 'vandal');
SELECT gt_exclude_annotator('se out', 'vandal') AS answers;
SELECT gt_exclude_annotator('se out', 'vandal') AS again;
-- what is open is anybody's, what has too few answers is asked again
SELECT state, annotator, count(*) FROM gt_tasks WHERE job_name = 'se out' AND batch_no = 2 GROUP BY 1, 2;
SELECT human_labeled, unlabeled, check_counters('se out') FROM gt_jobs WHERE job_name = 'se out';
SELECT refused($$SELECT * FROM gt_accept_tasks('se out', 1, 'vandal')$$);
SELECT annotator, excluded FROM gt_annotators WHERE job_name = 'se out' ORDER BY 1;
-- only the answers that are missing are asked for, and of other people
SELECT gt_annotate('se out', array_agg(id::text), array_agg(gold), who) FROM (SELECT * FROM se.things ORDER BY id OFFSET 6) t, unnest(ARRAY['ann', 'bob', 'cat']) who GROUP BY who;
SELECT gt_advance_job('se out'), check_counters('se out');
SELECT object_key, count(*) AS tasks FROM gt_tasks WHERE job_name = 'se out' AND batch_no = 3 GROUP BY 1 ORDER BY 1::int;
SELECT count(*) AS for_ann FROM gt_accept_tasks('se out', 9, 'ann');
SELECT gt_submit_annotations(array_agg(task_id), array_agg(t.gold), 'cat') FROM gt_accept_tasks('se out', 9, 'cat') a JOIN se.things t ON t.id::text = a.object_key;
SELECT gt_advance_job('se out'), check_counters('se out');
SELECT count(*) AS labels, count(*) FILTER (WHERE l.label = t.gold) AS as_gold FROM gt_labels l JOIN se.things t ON t.id::text = l.object_key WHERE job_name = 'se out';
-- on a completed job, too; and back
SELECT gt_exclude_annotator('se out', 'cat') AS answers, check_counters('se out');
SELECT gt_include_annotator('se out', 'cat') AS answers, check_counters('se out');
SELECT gt_include_annotator('se out', 'vandal') AS answers, check_counters('se out');
SELECT gt_include_annotator('se out', 'nobody') AS nobody;
SELECT state, human_labeled FROM gt_jobs WHERE job_name = 'se out';
SELECT event, regexp_replace(detail, '\d+ labels', 'N labels') FROM gt_events WHERE job_name = 'se out' AND event IN ('excluded', 'included') ORDER BY event_id;
-- with one annotator an object the label goes, and the object is asked again
SELECT gt_create_job('se gone', :job, max_concurrent_task_count => 6) > 0 AS created;
SELECT answer('se gone', 6, 'ann'), gt_advance_job('se gone');
SELECT gt_exclude_annotator('se gone', 'ann'), check_counters('se gone');
SELECT answer('se gone', NULL, 'bob'), gt_advance_job('se gone');
SELECT gt_include_annotator('se gone', 'ann') AS still_asked, check_counters('se gone');
SELECT answer('se gone', NULL, 'bob'), gt_advance_job('se gone'), check_counters('se gone');
SELECT human_labeled, state FROM gt_jobs WHERE job_name = 'se gone';

-- ---- Names -------------------------------------------------------------------------------

-- blanks, and two ways to type one letter, make no second person
SELECT gt_create_job('se name', :job, annotators_per_object => 2, max_concurrent_task_count => 1) > 0 AS created;
SELECT gt_annotate('se name', ARRAY['1'], ARRAY['plain'], U&'Ren\00E9');
SELECT refused($$SELECT gt_annotate('se name', ARRAY['1'], ARRAY['fizz'], U&' Rene\0301 ')$$);
SELECT count(DISTINCT annotator) AS people FROM gt_annotations WHERE job_name = 'se name';

SELECT drop_jobs('se %');
SELECT (SELECT count(*) FROM gtlabel.lease) AS leases, (SELECT count(*) FROM gtlabel.exclusion) AS exclusions, (SELECT count(*) FROM gtlabel.invitation) AS invitations;
SET client_min_messages = error;
DROP SCHEMA se CASCADE;
