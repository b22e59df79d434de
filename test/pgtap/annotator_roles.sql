-- Annotators that are roles are followed through renames; another role of the old name is somebody else.
BEGIN;
SET search_path = public;
SET client_min_messages = error;
SET gtlabel.background = off;
SELECT no_plan();
CREATE ROLE regress_gtl_team;
CREATE ROLE regress_gtl_ann IN ROLE regress_gtl_team;
CREATE ROLE regress_gtl_bob IN ROLE regress_gtl_team;
CREATE TABLE things AS SELECT i AS id FROM generate_series(1, 12) i;
GRANT SELECT ON things TO PUBLIC;
SELECT gt_create_job('names', 'things', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, annotators_per_object => 2,
                     max_concurrent_task_count => 12, workteam => 'regress_gtl_team') > 0;

-- runs a statement as a role, and returns its one value
CREATE FUNCTION pg_temp.as_role(role name, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    value text;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    EXECUTE statement INTO value;
    RESET ROLE;
    RETURN value;
END $$;
CREATE FUNCTION pg_temp.answers(role name) RETURNS text LANGUAGE sql AS
    $$ SELECT pg_temp.as_role(role, 'SELECT count(*) FROM gt_annotations WHERE annotator = gtlabel.annotator_self(' || job_id || ')') FROM gt_jobs WHERE job_name = 'names' $$;
-- every name that is kept anywhere
CREATE FUNCTION pg_temp.kept(pattern text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    c record;
    n bigint;
    total bigint := 0;
BEGIN
    FOR c IN SELECT table_name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
              WHERE table_schema = 'gtlabel' AND column_name = 'annotator' AND table_type = 'BASE TABLE' LOOP
        EXECUTE format('SELECT count(*) FROM gtlabel.%I WHERE annotator LIKE $1', c.table_name) INTO n USING pattern;
        total := total + n;
    END LOOP;
    RETURN total;
END $$;

SELECT is(pg_temp.as_role('regress_gtl_ann', $$ SELECT gt_submit_annotations(array_agg(task_id), array_agg('a'::text)) FROM gt_accept_tasks('names', 4) $$), '4', 'ann answers four');
SELECT is(pg_temp.as_role('regress_gtl_ann', $$ SELECT count(*) FROM gt_accept_tasks('names', 2) $$), '2', 'and holds two');
SELECT is(pg_temp.as_role('regress_gtl_ann', $$ SELECT gt_release_tasks(array_agg(task_id)) FROM (SELECT min(task_id) AS task_id FROM gt_tasks WHERE state = 'accepted') t $$), '1', 'passes one of them');
SELECT is(pg_temp.as_role('regress_gtl_bob', $$ SELECT gt_submit_annotations(array_agg(task_id), array_agg('b'::text)) FROM gt_accept_tasks('names', 3) $$), '3', 'bob answers three');
SELECT isnt(gt_invite_annotator('names', 'guest'), NULL, 'somebody without a role is invited');
SELECT isnt(gt_invite_annotator('names', 'regress_gtl_ann'), NULL, 'and so is ann, for the browser');
CREATE TABLE before AS SELECT object_key FROM gt_annotations WHERE annotator = 'regress_gtl_ann';
CREATE TABLE held AS SELECT object_key FROM gt_tasks WHERE annotator = 'regress_gtl_ann' AND state = 'accepted';
GRANT SELECT ON before, held TO PUBLIC;

-- A rename
ALTER ROLE regress_gtl_ann RENAME TO regress_gtl_anna;
SELECT is(pg_temp.answers('regress_gtl_anna'), '4', 'views know the role by its number, before any function has been called');
SELECT is(pg_temp.as_role('regress_gtl_anna', $$ SELECT answered || ' ' || held FROM gt_queue('names') $$), '4 1', 'and so does gt_queue, in a session that only reads');
SELECT is(pg_temp.as_role('regress_gtl_anna', $$ SELECT string_agg(object_key, ' ') FROM gt_accept_tasks('names', 1) $$),
          (SELECT string_agg(object_key, ' ') FROM held), 'the role still holds what it held');
SELECT is(pg_temp.as_role('regress_gtl_anna', $$ SELECT count(*) FROM gt_accept_tasks('names', 12) WHERE object_key IN (SELECT object_key FROM before) $$), '0',
          'and is not asked for what it has answered');
SELECT is(pg_temp.kept('regress_gtl_ann'), 0::bigint, 'the old name is nowhere any more');
SELECT is((SELECT count(*) FROM gt_annotators WHERE annotator = 'regress_gtl_anna' AND answers = 4), 1::bigint, 'the new one is where it was');
SELECT is((SELECT count(*) FROM gt_invitations WHERE annotator = 'regress_gtl_anna'), 1::bigint, 'also in the invitation');

-- Another role of the old name
CREATE ROLE regress_gtl_ann IN ROLE regress_gtl_team;
SELECT is(pg_temp.answers('regress_gtl_ann'), '0', 'a new role of the old name has answered nothing');
SELECT is(pg_temp.as_role('regress_gtl_ann', $$ SELECT count(*) FROM gt_tasks WHERE state <> 'available' $$), '0', 'and sees no task of the other''s');
SELECT is(pg_temp.as_role('regress_gtl_ann', $$ SELECT gt_submit_annotations(array_agg(task_id), array_agg('b'::text)) FROM gt_accept_tasks('names', 1) $$), '1', 'it answers for itself');

-- Two roles change names, and nobody has called anything in between
ALTER ROLE regress_gtl_ann RENAME TO regress_gtl_x;
ALTER ROLE regress_gtl_anna RENAME TO regress_gtl_ann;
ALTER ROLE regress_gtl_x RENAME TO regress_gtl_anna;
SELECT is(pg_temp.answers('regress_gtl_ann') || ' ' || pg_temp.answers('regress_gtl_anna'), '4 1', 'roles that have changed names are told apart');
SELECT is(pg_temp.as_role('regress_gtl_anna', $$ SELECT answered FROM gt_queue('names') $$), '1', 'in gt_queue too');
SELECT is(pg_temp.as_role('regress_gtl_anna', $$ SELECT gt_submit_annotations(array_agg(task_id), array_agg('b'::text)) FROM gt_accept_tasks('names', 1) $$), '1', 'one works');
SELECT is(pg_temp.as_role('regress_gtl_ann', $$ SELECT count(*) FROM gt_accept_tasks('names', 1) $$), '1', 'the other works');
SELECT is(pg_temp.answers('regress_gtl_ann') || ' ' || pg_temp.answers('regress_gtl_anna'), '4 2', 'each keeps what is its own');
SELECT results_eq($$ SELECT annotator COLLATE "default", answers FROM gt_annotators WHERE job_name = 'names' AND annotator LIKE 'regress_gtl_ann%' ORDER BY 1 $$,
                  $$ VALUES ('regress_gtl_ann', 4::bigint), ('regress_gtl_anna', 2) $$, 'under the names that they have now');

-- The owner names a role by any name that it has, or is still shown by
ALTER ROLE regress_gtl_bob RENAME TO regress_gtl_bert;
SELECT is(gt_exclude_annotator('names', 'regress_gtl_bob'), 3, 'an annotator is excluded by the name that the views show');
SELECT is((SELECT excluded FROM gt_annotators WHERE annotator = 'regress_gtl_bert'), true, 'that is the renamed role');
SELECT throws_ok($$ SELECT pg_temp.as_role('regress_gtl_bert', $q$ SELECT count(*) FROM gt_accept_tasks('names') $q$) $$, '42501', NULL, 'which cannot go on');
SELECT is(gt_include_annotator('names', 'regress_gtl_bert'), 3, 'and is included again by its new name');

-- A name that is no role's, and a role that gets it
SELECT is(gt_annotate('names', array_agg(object_key), array_agg('a'::text), 'carl'), 1, 'somebody without a role answers')
  FROM (SELECT min(object_key) AS object_key FROM gt_tasks WHERE job_name = 'names' AND state = 'available' AND object_key NOT IN (SELECT object_key FROM gt_annotations)) t;
ALTER ROLE regress_gtl_bert RENAME TO carl;
SELECT is(pg_temp.answers('carl'), '3', 'a role that is renamed to it keeps its own answers');
SELECT is(pg_temp.as_role('carl', $$ SELECT count(*) FROM gt_accept_tasks('names', 1) $$), '1', 'also when it goes on');
SELECT is((SELECT count(*) FROM gt_annotations WHERE annotator = 'carl'), 1::bigint, 'the other''s answer stays the other''s');
SELECT is((SELECT count(*) FROM gt_annotations WHERE annotator LIKE 'carl#%'), 3::bigint, 'and the role''s are shown with its number');

-- A transaction that is rolled back leaves nothing
SAVEPOINT s;
CREATE ROLE regress_gtl_dora IN ROLE regress_gtl_team;
SELECT is(pg_temp.as_role('regress_gtl_dora', $$ SELECT count(*) FROM gt_accept_tasks('names', 1) $$), '1', 'dora has a task');
ROLLBACK TO s;
SELECT is(pg_temp.kept('regress_gtl_dora'), 0::bigint, 'and has not, after a rollback');

-- Decisions of owners
CREATE ROLE regress_gtl_owner;
SELECT gt_create_job('decided', 'things', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, max_concurrent_task_count => 3) > 0;
SELECT gt_alter_job('decided', owner => 'regress_gtl_owner');
CREATE TABLE idle AS SELECT array_agg(object_key ORDER BY object_key) AS keys FROM gt_tasks WHERE job_name = 'decided';
SELECT gt_annotate('decided', keys, array_fill('a'::text, ARRAY[3])) FROM idle;
SELECT gt_advance_job('decided');
GRANT SELECT ON idle TO PUBLIC;
SELECT isnt(pg_temp.as_role('regress_gtl_owner', $$ SELECT gt_correct_labels('decided', keys[1:2], ARRAY['b', 'b']) FROM idle $$), NULL, 'the owner decides two labels');
ALTER ROLE regress_gtl_owner RENAME TO regress_gtl_boss;
SELECT isnt(pg_temp.as_role('regress_gtl_boss', $$ SELECT gt_correct_labels('decided', keys[2:3], ARRAY['a', 'b']) FROM idle $$), NULL, 'and two, under another name');
SELECT results_eq($$ SELECT DISTINCT reviewers COLLATE "default" FROM gtlabel.correction $$, $$ VALUES ('{regress_gtl_boss}'::text[]) $$, 'all are the same role''s');
SELECT lives_ok($$ SELECT gt_drop_job('decided', true) $$, 'the job is dropped');
SELECT lives_ok($$ SELECT gt_drop_job('names', true) $$, 'the job is dropped');
SELECT is(pg_temp.kept('%'), 0::bigint, 'with all names');

SELECT * FROM finish();
ROLLBACK;
