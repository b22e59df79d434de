-- What a token does and does not do, who may take back what, and what annotators are not told.
BEGIN;
SET search_path = public;
SET client_min_messages = error;
SET gtlabel.background = off;
SELECT no_plan();
CREATE ROLE regress_gtl_owner;
CREATE ROLE regress_gtl_other;
CREATE ROLE regress_gtl_team;
CREATE ROLE regress_gtl_ann IN ROLE regress_gtl_team;
CREATE ROLE regress_gtl_portal;
CREATE TABLE things AS SELECT g AS id, 'body ' || g AS body, (ARRAY['a', 'b'])[1 + g % 2] AS gold, ARRAY[g, g % 2]::float4[] AS features FROM generate_series(1, 20) g;
ALTER TABLE things ADD PRIMARY KEY (id);
GRANT SELECT ON things TO regress_gtl_owner, regress_gtl_other;
CREATE TABLE told (what text PRIMARY KEY, said text);
GRANT ALL ON told TO PUBLIC;

SET ROLE regress_gtl_other;
SELECT ok(gt_create_job('other', 'things', ARRAY['a', 'b'], features_column => NULL, max_concurrent_task_count => 5) > 0, 'another owner has a job');
INSERT INTO told SELECT 'other', gt_invite_annotator('other', 'guest');
SET ROLE regress_gtl_owner;
SELECT ok(gt_create_job('job', 'things', ARRAY['a', 'b'], gold_column => 'gold', workteam => 'regress_gtl_team', max_concurrent_task_count => 10, seed => 1) > 0, 'the owner has one');
INSERT INTO told SELECT 'guest', gt_invite_annotator('job', 'guest');
INSERT INTO told SELECT 'short', gt_invite_annotator('job', 'short', '1 second');
INSERT INTO told SELECT 'revoked', gt_invite_annotator('job', 'revoked');
INSERT INTO told SELECT 'older', gt_invite_annotator('job', 'twice');
INSERT INTO told SELECT 'newer', gt_invite_annotator('job', 'twice');
SELECT ok(gt_revoke_invitation('job', 'revoked'), 'an invitation is revoked');
SELECT ok(NOT gt_revoke_invitation('job', 'revoked'), 'once');
SELECT throws_ok($$ SELECT gt_invite_annotator('job', 'x', '-1 day') $$, '22023', NULL, 'an invitation lasts');
SELECT throws_ok($$ SELECT gt_invite_annotator('job', ' ') $$, '22023', NULL, 'and is for somebody');
SELECT throws_ok($$ SELECT gt_invite_annotator('other', 'x') $$, '42501', NULL, 'only owners invite');
SELECT throws_ok($$ SELECT gt_revoke_invitation('other', 'guest') $$, '42501', NULL, 'and revoke');
SELECT is((SELECT count(*) FROM gt_invitations), 5::bigint, 'the owner sees the invitations, and nobody else''s');
RESET ROLE;

-- ---- The token itself -----------------------------------------------------------------------

SELECT ok(said ~ '^[0-9a-f]{64}$', 'a token is 256 bits, in hexadecimal') FROM told WHERE what = 'guest';
SELECT is((SELECT count(DISTINCT said) FROM told), (SELECT count(*) FROM told), 'no two are the same');
SELECT is((SELECT count(*) FROM gtlabel.invitation i JOIN told t ON i::text LIKE '%' || t.said || '%'), 0::bigint, 'none is stored');
SELECT is((SELECT count(*) FROM gtlabel.invitation i JOIN told t ON i.token_hash = sha256(convert_to(t.said, 'UTF8'))), (SELECT count(*) FROM told), 'its SHA-256 is');
SELECT is((SELECT count(*) FROM gtlabel.event e JOIN told t ON e::text LIKE '%' || t.said || '%'), 0::bigint, 'nor told in events');

-- ---- What it does: for a role that may do nothing else ------------------------------------------

CREATE FUNCTION pg_temp.token(whose text) RETURNS text LANGUAGE sql AS $$ SELECT said FROM told WHERE what = whose $$;
SET ROLE regress_gtl_portal;
SELECT is(count(*), 3::bigint, 'a token''s bearer accepts tasks') FROM gt_accept_tasks('job', 3, token => pg_temp.token('guest'));
INSERT INTO told SELECT 'task ' || row_number() OVER (), task_id FROM gt_accept_tasks('job', 3, token => pg_temp.token('guest'));
SELECT is((SELECT array_agg(k ORDER BY k) FROM json_object_keys((SELECT object FROM gt_accept_tasks('job', 1, token => pg_temp.token('guest')))) k), ARRAY['body', 'id'],
          'sees the object, which the role could not read, without the known answer and the features');
SELECT throws_ok($$ SELECT * FROM things $$, '42501', NULL, 'of the dataset nothing else');
SELECT is(gt_submit_annotations(ARRAY[(pg_temp.token('task 1'))::bigint], ARRAY['a'], token => pg_temp.token('guest')), 1, 'submits');
SELECT is(gt_revise_annotations(ARRAY[(pg_temp.token('task 1'))::bigint], ARRAY['b'], token => pg_temp.token('guest')), 1, 'revises');
SELECT is(gt_retract_annotations(ARRAY[(pg_temp.token('task 1'))::bigint], token => pg_temp.token('guest')), 1, 'retracts');
SELECT is(gt_release_tasks(ARRAY[(pg_temp.token('task 1'))::bigint], token => pg_temp.token('guest')), 1, 'releases');
SELECT is(gt_decline_tasks(ARRAY[(pg_temp.token('task 2'))::bigint], token => pg_temp.token('guest')), 1, 'declines');
SELECT ok(gt_extend_leases(ARRAY[(pg_temp.token('task 3'))::bigint], token => pg_temp.token('guest')) > now(), 'holds on');
SELECT is((SELECT held FROM gt_queue('job', token => pg_temp.token('guest'))), 1::bigint, 'sees the queue');
SELECT is(gt_seat('job', token => pg_temp.token('guest')) ->> 'annotator', 'guest', 'and the seat');
SELECT is((SELECT count(*) FROM gt_answer(ARRAY[(pg_temp.token('task 3'))::bigint], ARRAY['a'], token => pg_temp.token('guest'))), 1::bigint, 'answers and goes on');
SELECT results_eq($$ SELECT state, job_name, annotator, owner FROM gt_invitation(pg_temp.token('guest')) $$, $$ VALUES ('valid', 'job', 'guest', 'regress_gtl_owner') $$, 'the token says what it is for');

-- ---- What it does not do ------------------------------------------------------------------------

SELECT is((SELECT count(*) FROM gt_jobs), 0::bigint, 'no view shows anything');
SELECT is((SELECT count(*) FROM gt_tasks) + (SELECT count(*) FROM gt_annotations) + (SELECT count(*) FROM gt_invitations) + (SELECT count(*) FROM gt_events), 0::bigint, 'not even the bearer''s own tasks');
SELECT throws_ok($$ SELECT * FROM gt_accept_tasks('job') $$, '42501', NULL, 'without the token the role is nobody');
SELECT throws_ok($$ SELECT * FROM gt_accept_tasks('job', annotator => 'guest') $$, '42501', NULL, 'the name alone does not do');
SELECT throws_ok($$ SELECT * FROM gt_accept_tasks('job', annotator => 'twice', token => pg_temp.token('guest')) $$, '42501', NULL, 'a token speaks for one annotator');
SELECT throws_ok($$ SELECT * FROM gt_accept_tasks('other', token => pg_temp.token('guest')) $$, '42501', 'permission denied for labeling job "other"', 'of one job');
SELECT throws_ok($$ SELECT * FROM gt_accept_tasks('no such', token => pg_temp.token('guest')) $$, '42501', 'permission denied for labeling job "no such"', 'and does not tell which others exist');
SELECT throws_ok($$ SELECT gt_queue('other', token => pg_temp.token('guest')) $$, '42501', NULL, 'nor shows their queue');
SELECT throws_ok($$ SELECT gt_seat('other', token => pg_temp.token('guest')) $$, '42501', NULL, 'or seat');
INSERT INTO told SELECT 'other task', task_id FROM gt_accept_tasks('other', 1, token => pg_temp.token('other'));
SELECT throws_like(format('SELECT %s(ARRAY[%s]%s, token => pg_temp.token(''guest''))', call, pg_temp.token('other task'), labels), 'permission denied for task %', call || ' is refused for a task of another job')
  FROM (VALUES ('gt_submit_annotations', ', ARRAY[''a'']'), ('gt_revise_annotations', ', ARRAY[''a'']'), ('gt_retract_annotations', ''), ('gt_release_tasks', ''),
               ('gt_decline_tasks', ''), ('gt_extend_leases', ''), ('gt_answer', ', ARRAY[''a'']')) c (call, labels);
INSERT INTO told SELECT 'newer task', task_id FROM gt_accept_tasks('job', 1, token => pg_temp.token('newer'));
SELECT throws_like(format('SELECT gt_submit_annotations(ARRAY[%s], ARRAY[''a''], token => pg_temp.token(''guest''))', pg_temp.token('newer task')), 'task % is not leased to annotator "guest"', 'nor for a task of somebody else');
SELECT throws_ok(format('SELECT * FROM gt_accept_tasks(''job'', token => %L)', t.token), '28000', t.message, t.message)
  FROM (VALUES (pg_temp.token('revoked'), 'token is revoked'), (pg_temp.token('older'), 'token is revoked'), ('', 'token is unknown'), (repeat('0', 64), 'token is unknown'),
               (upper(pg_temp.token('guest')), 'token is unknown'), (pg_temp.token('guest') || ' ', 'token is unknown'), ($$' OR true --$$, 'token is unknown')) t (token, message);
SELECT is((SELECT state FROM gt_invitation(pg_temp.token('revoked'))), 'revoked', 'a revoked one says so');
SELECT is((SELECT array_agg(state) FROM (SELECT state FROM gt_invitation('x') UNION ALL SELECT state FROM gt_invitation(NULL)) s), ARRAY['unknown', 'unknown'], 'an unknown one is no error');
SELECT throws_ok($$ SELECT gt_exclude_annotator('job', 'guest') $$, '42501', NULL, 'only the owner excludes');
SELECT throws_ok($$ SELECT gt_include_annotator('job', 'guest') $$, '42501', NULL, 'and includes');
RESET ROLE;
SET gtlabel.clock_offset = '2 s';
SELECT throws_ok($$ SELECT * FROM gt_accept_tasks('job', token => pg_temp.token('short')) $$, '28000', 'token is expired', 'a token expires');
SELECT is((SELECT state FROM gt_invitation(pg_temp.token('short'))), 'expired', 'and says so');
RESET gtlabel.clock_offset;
SET ROLE regress_gtl_owner;
SELECT is(gt_exclude_annotator('job', 'guest'), 1, 'the owner excludes the guest');
SELECT throws_ok($$ SELECT * FROM gt_accept_tasks('job', token => pg_temp.token('guest')) $$, '42501', 'annotator "guest" is excluded from labeling job "job"', 'whose token is worth nothing then');
SELECT is((SELECT state FROM gt_queue('job', token => pg_temp.token('guest'))), 'open', 'but to look');
SELECT is(gt_include_annotator('job', 'guest'), 1, 'until included again');

-- ---- Other people's answers ---------------------------------------------------------------------

SET ROLE regress_gtl_ann;
SELECT throws_like(format('SELECT gt_retract_annotations(ARRAY[%s])', pg_temp.token('task 3')), 'task % is %', 'a member does not take back what another has answered');
SELECT throws_like(format('SELECT gt_revise_annotations(ARRAY[%s], ARRAY[''a''])', pg_temp.token('task 3')), 'task % is %', 'nor changes it');
SELECT throws_like(format('SELECT gt_retract_annotations(ARRAY[%s], ''guest'')', pg_temp.token('task 3')), 'must be owner of labeling job %', 'nor in the other''s name');
SET ROLE regress_gtl_owner;
SELECT is(gt_revise_annotations(ARRAY[(pg_temp.token('task 3'))::bigint], ARRAY['b']), 1, 'the owner changes it');
SELECT is((SELECT label FROM gt_annotations WHERE task_id = (pg_temp.token('task 3'))::bigint AND annotator = 'guest'), 'b', 'and it stays the other''s answer');
RESET ROLE;

-- ---- Blind ----------------------------------------------------------------------------------------

-- nothing that an annotator is given differs between a validation object, one with a known answer, and others
SET ROLE regress_gtl_ann;
SELECT is_empty($$ SELECT k FROM gt_accept_tasks('job', 20) t, LATERAL json_object_keys(object) k WHERE k NOT IN ('id', 'body') $$, 'the object has no column that tells');
SELECT is_empty($$ SELECT k FROM jsonb_object_keys(gt_seat('job')) k WHERE k NOT IN ('job_id', 'job_name', 'annotator', 'label_categories', 'display_columns', 'instructions', 'recent') $$, 'nor has the seat');
SELECT is((SELECT count(*) FROM gtlabel.gold), 0::bigint, 'known answers are not theirs to read');
SELECT is((SELECT count(*) FROM gt_annotators WHERE gold_accuracy IS NOT NULL), 0::bigint, 'nor how they did on them');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
