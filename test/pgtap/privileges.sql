-- Who may do and see what: the owner, a member of its role, two members of the workteam, a stranger.
-- Roles belong to the cluster: nothing is left of them at the end.
BEGIN;
SET search_path = public;
SET gtlabel.background = off;
SELECT no_plan();
CREATE ROLE regress_gtl_owner;
CREATE ROLE regress_gtl_colleague IN ROLE regress_gtl_owner;
CREATE ROLE regress_gtl_team;
CREATE ROLE regress_gtl_ann IN ROLE regress_gtl_team;
CREATE ROLE regress_gtl_bob IN ROLE regress_gtl_team;
CREATE ROLE regress_gtl_stranger;
CREATE TABLE things AS SELECT g AS id, ARRAY[g]::float4[] AS features FROM generate_series(1, 6) g;
ALTER TABLE things OWNER TO regress_gtl_owner;
-- what each of them got, kept for the tests that the others make with it
CREATE TABLE ids (who text, task_id bigint, object_key text);
GRANT ALL ON ids TO PUBLIC;
GRANT ALL ON ALL SEQUENCES IN SCHEMA pg_temp TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA pg_temp TO PUBLIC;

SET ROLE regress_gtl_owner;
SELECT ok(gt_create_job('team', 'things', ARRAY['a', 'b'], key_column => 'id', auto_label => false, annotators_per_object => 2,
                        max_concurrent_task_count => 2, workteam => 'regress_gtl_team') > 0, 'the owner creates a job for a team');
SELECT ok(gt_create_job('alone', 'things', ARRAY['a', 'b'], key_column => 'id', auto_label => false) > 0, 'and one for nobody else');
SELECT throws_ok($$ SELECT gt_create_job('alone', 'things', ARRAY['a', 'b'], key_column => 'id') $$, '42710', NULL, 'a name is taken once');

-- ---- A stranger ----------------------------------------------------------------------------

SET ROLE regress_gtl_stranger;
SELECT is((SELECT count(*) FROM gt_jobs), 0::bigint, 'a stranger sees no job');
SELECT is((SELECT count(*) FROM gt_tasks) + (SELECT count(*) FROM gt_batches) + (SELECT count(*) FROM gt_labels) + (SELECT count(*) FROM gt_annotations)
          + (SELECT count(*) FROM gt_events) + (SELECT count(*) FROM gt_failures) + (SELECT count(*) FROM gt_rounds) + (SELECT count(*) FROM gt_models)
          + (SELECT count(*) FROM gt_annotators) + (SELECT count(*) FROM gt_progress), 0::bigint, 'nor anything of one');
SELECT throws_ok(format('SELECT %s(''alone'')', f), '42501', 'must be owner of labeling job "alone"', f || ' is the owner''s')
  FROM unnest(ARRAY['gt_advance_job', 'gt_pause_job', 'gt_resume_job', 'gt_stop_job', 'gt_retry_failed', 'gt_drop_job', 'gt_plan_job', 'gt_explain_job', 'gt_report']) f;
SELECT throws_ok($$ CALL gt_wait_job('alone') $$, '42501', 'must be owner of labeling job "alone"', 'gt_wait_job is the owner''s');
SELECT throws_ok($$ SELECT gt_explain_object('alone', '1') $$, '42501', 'must be owner of labeling job "alone"', 'gt_explain_object is the owner''s');
SELECT throws_ok($$ SELECT gt_annotate('alone', ARRAY['1'], ARRAY['a']) $$, '42501', 'must be owner of labeling job "alone"', 'gt_annotate is the owner''s');
SELECT throws_ok($$ SELECT gt_accept_tasks('team') $$, '42501', 'permission denied for labeling job "team"', 'a stranger accepts no task');
SELECT throws_ok($$ SELECT gt_create_job('mine', 'things', ARRAY['a', 'b'], key_column => 'id') $$, '42501', 'permission denied for dataset public.things',
                 'a stranger labels no table that it may not read');
SELECT throws_ok(format('%s gtlabel.%s', c, t), '42501', NULL, format('%s gtlabel.%s is refused', c, t))
  FROM unnest(ARRAY['job', 'object', 'batch', 'task', 'annotation', 'label', 'failure', 'round', 'certificate', 'model', 'event', 'feature_page', 'segment']) t,
       unnest(ARRAY['DELETE FROM', 'TRUNCATE']) c;
SELECT throws_ok('UPDATE gtlabel.job SET owner = ''regress_gtl_stranger''', '42501', NULL, 'nobody makes itself an owner');
SELECT is_empty('SELECT * FROM gtlabel.feature_page', 'nor the features of others');
SELECT throws_ok('SELECT nextval(''gtlabel.job_id_seq'')', '42501', NULL, 'nobody moves a sequence');
SELECT throws_ok('CREATE TABLE gtlabel.mine ()', '42501', NULL, 'nobody creates a table among ours');
SELECT throws_ok('SET gtlabel.clock_offset = 1', '42501', NULL, 'nobody moves the clock');

-- ---- The team ------------------------------------------------------------------------------

SET ROLE regress_gtl_ann;
SELECT is((SELECT string_agg(job_name, ' ') FROM gt_jobs), 'team', 'a member of the team sees the team''s job');
SELECT throws_ok($$ SELECT gt_advance_job('team') $$, '42501', 'must be owner of labeling job "team"', 'but does not steer it');
SELECT throws_ok($$ SELECT gt_annotate('team', ARRAY['1'], ARRAY['a']) $$, '42501', 'must be owner of labeling job "team"', 'nor answers without a lease');
SELECT throws_ok($$ SELECT gt_accept_tasks('team', 1, 'regress_gtl_bob') $$, '42501', 'must be owner of labeling job "team" to name another annotator', 'nor as another');
SELECT throws_ok($$ SELECT gt_accept_tasks('alone') $$, '42501', 'permission denied for labeling job "alone"', 'nor works for a job that has no team');
SELECT is((SELECT count(*) FROM gt_tasks WHERE state = 'available'), 4::bigint, 'it sees the open tasks');
INSERT INTO ids SELECT 'ann', task_id, object_key FROM gt_accept_tasks('team', 2);
SELECT is((SELECT count(*) FROM ids), 2::bigint, 'and accepts some');
SELECT is((SELECT count(*) FROM gt_tasks WHERE annotator = 'regress_gtl_ann'), 2::bigint, 'which it sees as its own');
SELECT lives_ok($$ SELECT gt_accept_tasks('team', 1, 'regress_gtl_ann') $$, 'to name oneself is allowed');

SET ROLE regress_gtl_bob;
SELECT is((SELECT count(*) FROM gt_tasks WHERE annotator = 'regress_gtl_ann'), 0::bigint, 'another member does not see who has what');
SELECT throws_ok(format('SELECT %s', call), '55006', NULL, call || ' with another''s tasks is refused')
  FROM unnest(ARRAY['gt_submit_annotations((SELECT array_agg(task_id) FROM ids), ARRAY[''a'', ''a''])', 'gt_release_tasks((SELECT array_agg(task_id) FROM ids))',
                    'gt_decline_tasks((SELECT array_agg(task_id) FROM ids))']) call;
SELECT throws_ok('SELECT gt_submit_annotations((SELECT array_agg(task_id) FROM ids), ARRAY[''a'', ''a''], ''regress_gtl_ann'')', '42501', NULL, 'so is to answer in another''s name');

SET ROLE regress_gtl_ann;
SELECT is(gt_submit_annotations(array_agg(task_id), array_agg('a'::text)), 2, 'a member answers what it holds') FROM ids WHERE who = 'ann';
SELECT is((SELECT count(*) FROM gt_annotations), 2::bigint, 'and sees its own answers');
SET ROLE regress_gtl_bob;
SELECT is((SELECT count(*) FROM gt_annotations), 0::bigint, 'another member does not see them before the object has its label');
SELECT is((SELECT count(*) FROM gt_annotators), 0::bigint, 'nor counts them');
SELECT is((SELECT count(*) FROM gt_labels) + (SELECT count(*) FROM gt_events) + (SELECT count(*) FROM gt_rounds), 0::bigint, 'nor labels, events and rounds');
INSERT INTO ids SELECT 'bob', task_id, object_key FROM gt_accept_tasks('team', 9);
SELECT is(gt_submit_annotations(array_agg(task_id), array_agg('b'::text)), 2, 'it answers the same objects') FROM ids WHERE who = 'bob';
SELECT throws_ok($$ SELECT gt_explain_job('team') $$, '42501', NULL, 'reports are the owner''s');

SET ROLE regress_gtl_colleague;
SELECT is((SELECT count(*) FROM gt_jobs), 2::bigint, 'a member of the owner''s role sees its jobs');
SELECT is(gt_advance_job('team'), 'in_progress', 'and steers them');
SELECT is((SELECT count(*) FROM gt_labels), 2::bigint, 'and sees the labels');
SELECT is((SELECT count(*) FROM gt_annotations), 4::bigint, 'and the answers');
SELECT is((SELECT owner FROM gt_jobs WHERE job_name = 'team'), 'regress_gtl_owner'::regrole, 'which stay the owner''s');

SET ROLE regress_gtl_bob;
SELECT is((SELECT count(*) FROM gt_annotations), 4::bigint, 'once the object has its label a member sees everybody''s answers to it');
SELECT is((SELECT count(*) FROM gt_labels), 2::bigint, 'and the label');
SELECT is((SELECT count(*) FROM gt_tasks WHERE state = 'available'), 4::bigint, 'and the next open tasks');

-- what would tell people that they are tested, and with what, is not theirs in any table or view
SELECT is_empty(format('SELECT * FROM gtlabel.%I', relname), format('a member of the team reads nothing in gtlabel.%s', relname))
  FROM pg_class WHERE relnamespace = 'gtlabel'::regnamespace AND relkind = 'r' ORDER BY relname;
SELECT is((SELECT count(*) FROM gt_batches WHERE subset IS NOT NULL), 0::bigint, 'nor which batch is the validation set');
SELECT is((SELECT count(*) FROM gt_labels WHERE subset IS NOT NULL), 0::bigint, 'nor which object is in it');
SELECT is((SELECT count(*) FROM gt_job_settings), 0::bigint, 'nor the settings, with the seed, the gold column and the share to audit');
SELECT is((SELECT count(*) FROM gt_jobs j WHERE num_nonnulls(validation_count, given_count, dimension, total_labeled, human_labeled, machine_labeled, failed,
                                                            unlabeled, audit_count, audit_wrong, audit_verdict, failure_reason, step, step_error) > 0), 0::bigint,
          'nor counters that tell whether all is labeled but what is audited');
SELECT is((SELECT count(*) FROM gt_annotators WHERE gold_accuracy IS NOT NULL), 0::bigint, 'nor how people do on known answers');
SELECT is((SELECT count(*) FROM gtlabel.job_settings((SELECT job_id FROM gt_jobs))), 0::bigint, 'nor anything by the functions below the views');
SELECT is((SELECT count(*) FROM gtlabel.progress()), 0::bigint, 'nor what works');

-- the owner names annotators freely
SET ROLE regress_gtl_owner;
SELECT is((SELECT count(*) FROM gt_accept_tasks('team', 1, 'a program')), 1::bigint, 'the owner accepts for anybody');
SELECT is(gt_annotate('alone', ARRAY['1'], ARRAY['a'], 'somebody from outside'), 1, 'and answers for anybody');

-- a NOINHERIT member has the right only once it has taken the role
RESET ROLE;
CREATE ROLE regress_gtl_noinherit NOINHERIT IN ROLE regress_gtl_owner;
SET ROLE regress_gtl_noinherit;
SELECT throws_ok($$ SELECT gt_advance_job('team') $$, '42501', NULL, 'a member that does not inherit does not steer');

-- a superuser may all
RESET ROLE;
SELECT is(gt_advance_job('alone'), 'in_progress', 'a superuser steers every job');
SELECT is((SELECT count(*) FROM gt_jobs), 2::bigint, 'and sees every job');

-- ---- A hostile dataset ---------------------------------------------------------------------

-- A view's functions run with the rights of who creates the job, never with those of the extension's owner.
GRANT CREATE ON SCHEMA public TO regress_gtl_owner;
SET ROLE regress_gtl_owner;
CREATE FUNCTION whoami() RETURNS text LANGUAGE sql AS $$ SELECT current_user::text $$;
CREATE VIEW spy AS SELECT whoami() AS id, '{1}'::float4[] AS features;
SELECT ok(gt_create_job('spy', 'spy', ARRAY['a', 'b'], key_column => 'id', auto_label => false) > 0, 'a view with a function is a dataset');
SELECT is((SELECT object_key FROM gt_tasks WHERE job_name = 'spy'), 'regress_gtl_owner', 'whose function ran as the caller');
CREATE TYPE vec AS (x float4);
CREATE TABLE spied (who text);
CREATE FUNCTION spycast(vec) RETURNS float4[] LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.spied VALUES (current_user); RETURN ARRAY[$1.x]; END $$;
CREATE CAST (vec AS float4[]) WITH FUNCTION spycast(vec);
CREATE TABLE vecs AS SELECT g AS id, ROW(g)::vec AS features FROM generate_series(1, 3) g;
SELECT ok(gt_create_job('spy 2', 'vecs', ARRAY['a', 'b'], key_column => 'id', auto_label => false) > 0, 'a type with a cast of one''s own is read');
SELECT set_eq('SELECT DISTINCT who FROM spied', ARRAY['regress_gtl_owner'], 'and the cast ran as the caller');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
