-- The owner's consolidation function is the owner's code: it never runs, now or later, with the rights of
-- whoever advances the job, and leaves nothing behind in that session.
BEGIN;
SET search_path = public;
SET gtlabel.background = off;
SELECT no_plan();
CREATE ROLE regress_gtl_mallory;
GRANT CREATE ON SCHEMA public TO regress_gtl_mallory;
CREATE TABLE canary (sings text);
INSERT INTO canary VALUES ('tweet');

SET ROLE regress_gtl_mallory;
CREATE TABLE bait AS SELECT g AS id FROM generate_series(1, 5) g;
CREATE TABLE ran_as (step text, role text);
CREATE TABLE trap (id int);
CREATE FUNCTION trapped() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.ran_as VALUES ('deferred trigger', current_user);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER trapped AFTER INSERT ON trap DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trapped();
CREATE FUNCTION consolidate(job_name text, object_keys text[], annotators text[], labels text[])
    RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.ran_as VALUES (job_name, current_user);
    CASE job_name
        WHEN 'deferred' THEN INSERT INTO public.trap VALUES (1);
        WHEN 'path' THEN PERFORM set_config('search_path', 'mallory, public', false), set_config('statement_timeout', '1', false);
        WHEN 'role' THEN SET ROLE postgres;
        WHEN 'reset' THEN RESET ROLE;
        WHEN 'session' THEN SET SESSION AUTHORIZATION DEFAULT;
        WHEN 'canary' THEN DELETE FROM public.canary;
        WHEN 'tables' THEN DELETE FROM gtlabel.job;
        WHEN 'held' THEN EXECUTE 'DECLARE held CURSOR WITH HOLD FOR SELECT 1';
        WHEN 'drop' THEN PERFORM public.gt_drop_job('drop');
        WHEN 'advance' THEN PERFORM public.gt_advance_job('advance');
        ELSE NULL;
    END CASE;
    RETURN QUERY SELECT o, labels[1], 1.0::float8 FROM unnest(object_keys) o;
END $$;
SELECT lives_ok(format($$ SELECT gt_create_job(%L, 'bait', ARRAY['a', 'b'], key_column => 'id', features_column => NULL,
                                               consolidation => 'consolidate(text, text[], text[], text[])') $$, name), 'job ' || name)
  FROM unnest(ARRAY['plain', 'deferred', 'path', 'role', 'reset', 'session', 'canary', 'tables', 'held', 'drop', 'advance']) name;
SELECT lives_ok(format($$ SELECT gt_annotate(%L, array_agg(object_key), array_agg('a'::text)) FROM gt_tasks WHERE job_name = %1$L $$, job_name), 'answers')
  FROM gt_jobs;
RESET ROLE;

SELECT is(gt_advance_job('plain'), 'completed', 'a superuser advances another''s job');
SELECT set_eq('SELECT role FROM ran_as', ARRAY['regress_gtl_mallory'], 'and its function runs as the job''s owner');

SELECT throws_ok($$ SELECT gt_advance_job('deferred') $$, '42501', 'cannot fire deferred trigger within security-restricted operation',
                 'it leaves no trigger behind that would run as the superuser');
SET CONSTRAINTS ALL IMMEDIATE;
SELECT set_eq('SELECT role FROM ran_as', ARRAY['regress_gtl_mallory'], 'none has');

SELECT is(gt_advance_job('path'), 'completed', 'settings that the function makes');
SELECT is(current_setting('search_path') || ' ' || current_setting('statement_timeout'), 'public 0', 'end with it');

SELECT throws_ok(format('SELECT gt_advance_job(%L)', name), '42501', NULL, what)
  FROM (VALUES ('role', 'it takes no other role'), ('reset', 'nor the session''s'), ('session', 'in either way'),
               ('canary', 'it writes no table that its owner may not'), ('tables', 'nor gtlabel''s')) x (name, what);
SELECT throws_ok($$ SELECT gt_advance_job('held') $$, '42501', NULL, 'it leaves no cursor behind');
SELECT throws_ok($$ SELECT gt_advance_job('drop') $$, '42704', NULL, 'it does not drop the job beneath the step');
SELECT throws_ok($$ SELECT gt_advance_job('advance') $$, '54001', NULL, 'nor does the step once more');
SELECT is((SELECT string_agg(DISTINCT state, ' ') FROM gt_jobs WHERE job_name IN ('drop', 'advance')), 'in_progress', 'both jobs are as they were');
SELECT is((SELECT string_agg(sings, ' ') FROM canary), 'tweet', 'the canary sings');

-- ---- A function of the same signature that another role has made since -----------------------------

CREATE ROLE regress_gtl_eve;
GRANT CREATE ON SCHEMA public TO regress_gtl_eve;
CREATE FUNCTION sc(job_name text, object_keys text[], annotators text[], labels text[]) RETURNS TABLE (object_key text, label text, confidence float8)
    LANGUAGE sql AS $$ SELECT k, max(l), 0.9::float8 FROM unnest(object_keys, labels) u (k, l) GROUP BY k $$;
SELECT ok(gt_create_job('bound', 'bait', ARRAY['a', 'b'], key_column => 'id', features_column => NULL,
                        consolidation => 'sc(text, text[], text[], text[])') > 0, 'a superuser''s job with a function');
DROP FUNCTION sc(text, text[], text[], text[]);
SET ROLE regress_gtl_eve;
CREATE FUNCTION sc(job_name text, object_keys text[], annotators text[], labels text[]) RETURNS TABLE (object_key text, label text, confidence float8)
    LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'ALTER ROLE regress_gtl_eve SUPERUSER';
    RETURN QUERY SELECT k, max(l), 0.9::float8 FROM unnest(object_keys, labels) u (k, l) GROUP BY k;
END $$;
RESET ROLE;
SELECT is(gt_annotate('bound', array_agg(object_key), array_agg('a'::text)), 5, 'its batch is answered') FROM gt_tasks WHERE job_name = 'bound';
SELECT throws_like($$ SELECT gt_advance_job('bound') $$, '%is another role''s than when the job was created', 'eve''s function is not called');
SELECT is((SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_gtl_eve'), false, 'and she is no superuser');
SELECT ok(EXISTS (SELECT FROM gt_check() WHERE subject = 'job bound' AND finding LIKE '%another role''s%'), 'gt_check tells of it');
ALTER FUNCTION sc(text, text[], text[], text[]) OWNER TO CURRENT_USER;
CREATE OR REPLACE FUNCTION sc(job_name text, object_keys text[], annotators text[], labels text[]) RETURNS TABLE (object_key text, label text, confidence float8)
    LANGUAGE sql AS $$ SELECT k, max(l), 0.9::float8 FROM unnest(object_keys, labels) u (k, l) GROUP BY k $$;
SELECT is(gt_advance_job('bound'), 'completed', 'the owner''s own is');
CREATE FUNCTION pg_temp.sc(job_name text, object_keys text[], annotators text[], labels text[]) RETURNS TABLE (object_key text, label text, confidence float8)
    LANGUAGE sql AS $$ SELECT k, max(l), 0.9::float8 FROM unnest(object_keys, labels) u (k, l) GROUP BY k $$;
SELECT throws_like($$ SELECT gt_create_job('passing', 'bait', ARRAY['a', 'b'], key_column => 'id', features_column => NULL,
                                           consolidation => 'pg_temp.sc(text, text[], text[], text[])') $$, '%cannot consolidate', 'a temporary function is refused');

SELECT * FROM finish();
ROLLBACK;
