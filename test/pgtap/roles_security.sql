-- No way around who sees what (privileges.sql has the rules): the tables beneath the views, functions that
-- leak what they are shown, plans, statistics, wrappers, locks; known answers; jobs of a superuser.
BEGIN;
SET search_path = public;
SET client_min_messages = error;
SET gtlabel.background = off;
SELECT no_plan();
CREATE ROLE regress_gtl_owner;
CREATE ROLE regress_gtl_colleague IN ROLE regress_gtl_owner;
CREATE ROLE regress_gtl_team;
CREATE ROLE regress_gtl_ann IN ROLE regress_gtl_team;
CREATE ROLE regress_gtl_bob IN ROLE regress_gtl_team;
CREATE ROLE regress_gtl_rival_owner;
CREATE ROLE regress_gtl_rival_team;
CREATE ROLE regress_gtl_rival IN ROLE regress_gtl_rival_team;
CREATE ROLE regress_gtl_stranger;
GRANT CREATE ON SCHEMA public TO regress_gtl_bob, regress_gtl_stranger;
CREATE TABLE things AS SELECT g AS id, ARRAY[g, g % 2]::float4[] AS features, (ARRAY['a', 'b'])[1 + g % 2] AS gold FROM generate_series(1, 40) g;
GRANT SELECT ON things TO regress_gtl_owner, regress_gtl_rival_owner;

-- what each role holds, remembered by the superuser
CREATE TABLE held (who name, task_id bigint, object_key text);
GRANT INSERT ON held TO PUBLIC;

SET ROLE regress_gtl_rival_owner;
SELECT ok(gt_create_job('rival', 'things', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, workteam => 'regress_gtl_rival_team') > 0, 'a rival has a job');
SET ROLE regress_gtl_owner;
SELECT ok(gt_create_job('job', 'things', ARRAY['a', 'b'], key_column => 'id', gold_column => 'gold', annotators_per_object => 2, schedule => 'eager', guarantee => 'confidence', validation_share => 0.2,
                        max_concurrent_task_count => 8, algorithm => 'softmax', target_accuracy => 0.98, per_class => true, workteam => 'regress_gtl_team', seed => 1) > 0, 'the owner has one');
-- the validation set is done by both, so that labels, a round, a model and machine labels are there
SELECT is(gt_annotate('job', array_agg(DISTINCT object_key), (SELECT array_agg('a'::text) FROM (SELECT DISTINCT object_key FROM gt_tasks) x), who) > 0, true, who || ' has answered before')
  FROM gt_tasks, unnest(ARRAY['regress_gtl_ann', 'somebody']) who WHERE job_name = 'job' AND state = 'available' GROUP BY who;
RESET ROLE;
UPDATE gtlabel.annotation SET class_no = object_no % 2;
SELECT is(gt_advance_job('job'), 'in_progress', 'a batch is labeled');
INSERT INTO gtlabel.label (job_id, object_no, class_no, confidence, human, round_no, labeled_at)
  SELECT DISTINCT job_id, object_no, 0, 1, false, 1, now() FROM gtlabel.task JOIN gt_jobs j USING (job_id) WHERE job_name = 'job' AND task.state = 'available';

-- Ann answers one task of the open batch and holds another; Bob holds one; one of Ann's leases is released
SET ROLE regress_gtl_ann;
INSERT INTO held SELECT current_user, task_id, object_key FROM gt_accept_tasks('job', 3);
RESET ROLE;
CREATE TABLE answered AS SELECT * FROM held ORDER BY task_id LIMIT 1;
CREATE TABLE released AS SELECT * FROM held ORDER BY task_id DESC LIMIT 1;
GRANT SELECT ON answered, released TO PUBLIC;
SET ROLE regress_gtl_ann;
SELECT is(gt_submit_annotations(array_agg(task_id), ARRAY['a']), 1, 'Ann has answered one task') FROM answered;
SELECT is(gt_release_tasks(array_agg(task_id)), 1, 'and released another') FROM released;
SET ROLE regress_gtl_bob;
INSERT INTO held SELECT current_user, task_id, object_key FROM gt_accept_tasks('job', 1);
RESET ROLE;

-- ---- The tables ----------------------------------------------------------------------------

-- rows of a table that a role sees, of those that the condition picks
CREATE FUNCTION seen(role name, what text, condition text DEFAULT 'true') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    EXECUTE format('SELECT count(*) FROM %s x WHERE %s', what, condition) INTO n;
    RESET ROLE;
    RETURN n;
END $$;
CREATE TABLE relations AS SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
 WHERE (nspname = 'gtlabel' AND relkind = 'r' AND relname NOT IN ('feature_page', 'featurizer', 'neighbours', 'lease', 'open_objects')) OR (nspname = 'public' AND relname LIKE 'gt\_%' AND relkind = 'v');

SELECT ok(relrowsecurity OR NOT has_table_privilege('regress_gtl_stranger', c.oid, 'SELECT'), format('%s has row-level security, or is closed', c.oid::regclass))
  FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'gtlabel' AND relkind = 'r';
SELECT is(seen('regress_gtl_stranger', name), 0::bigint, 'a stranger sees nothing in ' || name) FROM relations;
SELECT is(seen('regress_gtl_owner', name, 'job_id IS DISTINCT FROM (SELECT job_id FROM gtlabel.job WHERE job_name = ''job'')'), 0::bigint,
          'the owner sees nothing of the rival in ' || name) FROM relations WHERE name LIKE 'gtlabel.%';
SELECT is(seen('regress_gtl_owner', name), seen('regress_gtl_colleague', name), 'a colleague sees what the owner sees in ' || name) FROM relations;
SELECT is(seen('regress_gtl_owner', name), seen('postgres', name, 'job_id = (SELECT job_id FROM gtlabel.job WHERE job_name = ''job'')'),
          'which is all there is of the job in ' || name) FROM relations WHERE name LIKE 'gtlabel.%';
SELECT is(seen('regress_gtl_rival', name, 'job_name <> ''rival'''), 0::bigint, 'a member of another team sees nothing of the job in ' || name)
  FROM relations WHERE name LIKE 'gt\_%';
SELECT is(seen('regress_gtl_bob', 'gtlabel.' || name), 0::bigint, 'a member sees nothing in gtlabel.' || name)
  FROM unnest(ARRAY['job', 'batch', 'task', 'object', 'annotation', 'label', 'event', 'round', 'model', 'failure', 'gold', 'certificate']) name;
SELECT is(seen('regress_gtl_bob', 'gt_jobs', 'job_name <> ''job'''), 0::bigint, 'a member sees no job of another team');
SELECT is(seen('regress_gtl_bob', 'gt_tasks', $$ annotator <> 'regress_gtl_bob' $$), 0::bigint, 'a member does not see who holds or has answered what');
SELECT is(seen('regress_gtl_bob', 'gt_tasks', $$ state <> 'available' $$), 1::bigint, 'only the open tasks and the member''s own');
SELECT is(seen('regress_gtl_bob', 'gt_tasks', $$ state = 'available' AND annotator IS NOT NULL $$), 0::bigint, 'who gave a task back is forgotten');
SELECT is(seen('regress_gtl_bob', 'gt_annotations'), 0::bigint, 'a member sees no answer to objects that are not the member''s');
SELECT is(seen('regress_gtl_ann', 'gt_annotations', $$ annotator <> 'regress_gtl_ann' $$), (SELECT count(*) FROM gt_annotations WHERE annotator = 'somebody'),
          'but the others'' to objects that the member has answered and that have their label');
SELECT is(seen('regress_gtl_ann', 'gt_annotations', $$ annotator = 'regress_gtl_ann' $$), (SELECT count(*) FROM gt_annotations WHERE annotator = 'regress_gtl_ann'), 'and all of its own');
SELECT is(seen('regress_gtl_bob', 'gt_annotators'), 0::bigint, 'nor how the others do');
SELECT is(seen('regress_gtl_ann', 'gt_annotators', 'gold_accuracy IS NOT NULL'), 0::bigint, 'the known answers do not show in a member''s statistics');
SELECT isnt(seen('regress_gtl_owner', 'gt_annotators', 'gold_accuracy IS NOT NULL'), 0::bigint, 'while the owner measures by them');
SELECT is(seen('regress_gtl_bob', 'gt_labels', 'NOT human_annotated'), 0::bigint, 'a member sees no machine labels, which an audit has checked without knowing, not even of objects that the member holds');
SELECT isnt(seen('regress_gtl_ann', 'gt_labels', 'human_annotated'), 0::bigint, 'but the labels of objects that the member has answered');
SELECT isnt(seen('regress_gtl_owner', 'gtlabel.round'), 0::bigint, 'there is a round to be hidden');
SELECT isnt(seen('regress_gtl_owner', 'gtlabel.certificate'), 0::bigint, 'and a certificate');

-- ---- Leaks ---------------------------------------------------------------------------------

-- A function that is cheap and writes down what it is shown is evaluated before everything else, if the server lets it.
SET ROLE regress_gtl_bob;
CREATE TABLE leaked (value text);
CREATE FUNCTION leak(anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN INSERT INTO public.leaked VALUES ($1::text); RETURN true; END $$;
RESET ROLE;
-- how many rows the function was shown that the role does not see
CREATE FUNCTION leaks(role name, relation text, call text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    TRUNCATE leaked;
    EXECUTE format('SET LOCAL ROLE %I', role);
    EXECUTE format('SELECT count(*) FROM %s x WHERE %s', relation, format(call, 'x::text')) INTO n;
    EXECUTE format('SELECT count(*) FROM public.leaked WHERE value NOT IN (SELECT x::text FROM %s x)', relation) INTO n;
    RESET ROLE;
    RETURN n;
END $$;
GRANT ALL ON leaked TO PUBLIC;
SELECT is(leaks('regress_gtl_bob', name, call), 0::bigint, format('%s shows no hidden row to a function in WHERE (%s)', name, call))
  FROM relations, unnest(ARRAY['leak(%s)', 'false OR leak(%s)', 'CASE WHEN leak(%s) THEN true END']) call;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT is(leaks('regress_gtl_bob', name, 'leak(%s)'), 0::bigint, 'nor in nested loops: ' || name) FROM relations;
SET enable_nestloop = off;
SET enable_mergejoin = on;
SELECT is(leaks('regress_gtl_bob', name, 'leak(%s)'), 0::bigint, 'nor in merge joins: ' || name) FROM relations;
RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_material; RESET enable_nestloop;
SELECT is(leaks('postgres', 'gt_annotations', 'leak(%s)'), 0::bigint, 'the function works');
SELECT isnt((SELECT count(*) FROM leaked), 0::bigint, 'on rows that one sees');
-- errors tell as much as functions
SELECT is(seen('regress_gtl_bob', name, '1 / (length(x::text) - length(x::text)) = 0'), 0::bigint, 'no error tells of a hidden row in ' || name)
  FROM unnest(ARRAY['gt_annotations', 'gt_annotators', 'gt_labels', 'gt_rounds', 'gt_failures', 'gt_models', 'gt_events', 'gtlabel.annotation', 'gtlabel.label', 'gtlabel.gold']) name;

-- Statistics hold values; EXPLAIN shows them only as estimates
ANALYZE gtlabel.annotation, gtlabel.task, gtlabel.label, gtlabel.job, gtlabel.gold;
SELECT is(seen('regress_gtl_bob', 'pg_stats', $$ schemaname = 'gtlabel' $$), 0::bigint, 'pg_stats hides the most common answers');
CREATE FUNCTION explained(role name, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    lines text := '';
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
        lines := lines || line || E'\n';
    END LOOP;
    RESET ROLE;
    RETURN lines;
END $$;
SELECT ok(explained('regress_gtl_bob', 'SELECT * FROM ' || name || ' x WHERE leak(x::text)') !~ '(somebody|regress_gtl_ann)', 'no plan names anybody: ' || name)
  FROM relations;

-- ---- Wrappers ------------------------------------------------------------------------------

SET ROLE regress_gtl_bob;
CREATE FUNCTION bobs_answers() RETURNS SETOF gt_annotations SECURITY DEFINER LANGUAGE sql AS $$ SELECT * FROM public.gt_annotations $$;
CREATE VIEW bobs_view AS SELECT * FROM gt_annotations;
CREATE VIEW bobs_tasks WITH (security_barrier) AS SELECT * FROM gtlabel.task;
CREATE MATERIALIZED VIEW bobs_copy AS SELECT * FROM gtlabel.annotation;
GRANT SELECT ON bobs_view, bobs_tasks, bobs_copy TO PUBLIC;
CREATE FUNCTION bobs_claim() RETURNS bigint SECURITY DEFINER LANGUAGE sql AS $$ SELECT task_id FROM public.gt_accept_tasks('job') $$;
CREATE FUNCTION bobs_steering() RETURNS text SECURITY DEFINER LANGUAGE sql AS $$ SELECT public.gt_advance_job('job') $$;
RESET ROLE;
SELECT is(seen(who, 'bobs_answers()'), 0::bigint, who || ' sees nothing through a function that runs as Bob') FROM unnest(ARRAY['regress_gtl_ann', 'regress_gtl_stranger']) who;
SELECT is(seen('regress_gtl_stranger', 'bobs_view'), 0::bigint, 'nor a stranger through Bob''s view');
SELECT is(seen('regress_gtl_stranger', 'bobs_tasks', $$ annotator <> 'regress_gtl_bob' $$), 0::bigint, 'nor of other people''s tasks');
SELECT is(seen('regress_gtl_bob', 'bobs_copy'), 0::bigint, 'a copy holds no more than its maker sees');
SET ROLE regress_gtl_owner;
SELECT throws_ok('SELECT bobs_steering()', '42501', 'must be owner of labeling job "job"', 'as Bob not even the owner steers');
RESET ROLE;
SELECT is(seen('regress_gtl_stranger', 'bobs_claim()'), 1::bigint, 'what Bob lets others do, he does');
SELECT is((SELECT count(*) FROM gt_tasks WHERE annotator = 'regress_gtl_stranger'), 0::bigint, 'in his own name');

-- ---- Switches, locks, references --------------------------------------------------------------

SET ROLE regress_gtl_bob;
SET row_security = off;
SELECT throws_ok('SELECT * FROM gtlabel.' || t, '42501', NULL, 'row-level security is not to be switched off: ' || t)
  FROM unnest(ARRAY['job', 'object', 'batch', 'task', 'annotation', 'label', 'failure', 'round', 'model', 'event', 'gold', 'certificate']) t;
RESET row_security;
SELECT throws_ok(format(c, t), '42501', NULL, format(c, 'gtlabel.' || t) || ' is refused')
  FROM unnest(ARRAY['job', 'task', 'annotation', 'label']) t,
       unnest(ARRAY['SELECT * FROM gtlabel.%s FOR UPDATE', 'SELECT * FROM gtlabel.%s FOR KEY SHARE', 'LOCK TABLE gtlabel.%s IN ROW SHARE MODE',
                    'LOCK TABLE gtlabel.%s IN ACCESS EXCLUSIVE MODE', 'CREATE INDEX ON gtlabel.%s (job_id)', 'ALTER TABLE gtlabel.%s DISABLE ROW LEVEL SECURITY',
                    'CREATE POLICY p ON gtlabel.%s USING (true)', 'CREATE TRIGGER t BEFORE INSERT ON gtlabel.%s EXECUTE FUNCTION suppress_redundant_updates_trigger()',
                    'CREATE RULE r AS ON INSERT TO gtlabel.%s DO INSTEAD NOTHING', 'CREATE TABLE child () INHERITS (gtlabel.%s)', 'INSERT INTO gtlabel.%s DEFAULT VALUES',
                    'CREATE STATISTICS s ON job_id, (job_id + 1) FROM gtlabel.%s', 'GRANT SELECT ON gtlabel.%s TO regress_gtl_stranger WITH GRANT OPTION']) c
 WHERE c NOT LIKE 'GRANT%';
SELECT throws_ok('CREATE TABLE mine (job_id bigint REFERENCES gtlabel.job)', '42501', NULL, 'nobody refers to a job, which would tell that it is there');
SELECT throws_ok('SELECT setval(''gtlabel.task_id_seq'', 1)', '42501', NULL, 'nobody sets a sequence back');
SELECT throws_ok('ALTER EXTENSION gtlabel DROP TABLE gtlabel.task', '42501', NULL, 'nobody takes the extension apart');
-- the server's advisory locks are other locks
SELECT lives_ok($$ SELECT pg_advisory_xact_lock(c, j::int) FROM generate_series(18252, 18257) c, generate_series(1, 3) j $$, 'advisory locks of the same numbers');
SELECT lives_ok($$ SELECT gt_accept_tasks('job') $$, 'are not those of a job');

-- ---- A superuser's job ------------------------------------------------------------------------

RESET ROLE;
SELECT ok(gt_create_job('boss', 'things', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, workteam => 'regress_gtl_team') > 0, 'a superuser has a job');
SELECT is(seen('regress_gtl_owner', 'gt_jobs', $$ job_name = 'boss' $$), 0::bigint, 'which is nobody else''s');
SET ROLE regress_gtl_owner;
SELECT throws_ok(format('SELECT %s(''boss'')', f), '42501', NULL, f || ' is the superuser''s alone')
  FROM unnest(ARRAY['gt_advance_job', 'gt_pause_job', 'gt_resume_job', 'gt_stop_job', 'gt_retry_failed', 'gt_drop_job', 'gt_withdraw_machine_labels',
                    'gt_plan_job', 'gt_explain_job', 'gt_report', 'gt_accept_tasks']) f;
SELECT throws_ok($$ CALL gt_wait_job('boss') $$, '42501', NULL, 'gt_wait_job is the superuser''s alone');
SET ROLE regress_gtl_bob;
SELECT throws_ok(format('SELECT %s(''boss'')', f), '42501', NULL, f || ' is not the team''s')
  FROM unnest(ARRAY['gt_advance_job', 'gt_pause_job', 'gt_stop_job', 'gt_retry_failed', 'gt_drop_job', 'gt_withdraw_machine_labels']) f;
SELECT is((SELECT count(*) FROM gt_accept_tasks('boss')), 1::bigint, 'whose members answer');
RESET ROLE;
SELECT is((SELECT count(*) FROM gt_tasks WHERE job_name = 'boss' AND annotator = 'regress_gtl_bob'), 1::bigint, 'in their own names');
-- another team's task by its number: refused without a word of the job
SELECT min(task_id) AS task FROM held \gset
SET ROLE regress_gtl_rival;
SELECT throws_ok(format('SELECT %s(ARRAY[%s]%s)', f, :task, a), '42501', 'permission denied for task ' || :task, f || ' refuses another team''s task by its number alone')
  FROM (VALUES ('gt_submit_annotations', ', ARRAY[''a'']'), ('gt_release_tasks', ''), ('gt_decline_tasks', '')) x (f, a);
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
