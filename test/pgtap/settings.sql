-- The settings of a job: what their description says, and what the functions and the table have, are the same.
BEGIN;
SET search_path = public;
SELECT no_plan();
SET gtlabel.background = off;

CREATE TEMP VIEW setting AS SELECT * FROM gtlabel.job_settings(NULL);
-- arguments of a function: name, type, default as text
CREATE TEMP VIEW argument AS
    SELECT p.proname AS function, a.name, a.type::regtype AS type, a.place,
           CASE WHEN a.place > p.pronargs - p.pronargdefaults THEN pg_get_function_arg_default(p.oid, a.place::int) END AS "default",
           a.place <= p.pronargs - p.pronargdefaults AS required
      FROM pg_proc p, unnest(p.proargnames, p.proargtypes::oid[]) WITH ORDINALITY a (name, type, place)
     WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'gt\_%' AND a.place <= p.pronargs;

SELECT set_eq($$ SELECT setting FROM setting $$,
              $$ SELECT name FROM argument WHERE function = 'gt_create_job' AND name NOT IN ('job_name', 'if_not_exists') $$,
              'gt_create_job takes every setting, and nothing else');
SELECT set_eq($$ SELECT setting FROM setting $$,
              $$ SELECT name FROM argument WHERE function = 'gt_alter_job' AND name NOT IN ('job_name', 'owner', 'reset') $$,
              'gt_alter_job takes every setting: those that are fixed, to say why');
SELECT is_empty($$ SELECT name FROM argument WHERE function = 'gt_alter_job' AND name <> 'job_name' AND "default" NOT LIKE 'NULL::%' $$,
                'whatever gt_alter_job is not given stays as it is');
SELECT is_empty($$ SELECT setting FROM setting WHERE strpos(pg_get_function_sqlbody('gtlabel.portal_alter'::regproc), setting || ' =>') = 0 $$,
                'the portal hands every setting to gt_alter_job: none is dropped in silence');
SELECT is_empty($$ SELECT name, array_agg(DISTINCT type) FROM argument JOIN setting ON setting = name
                    WHERE function IN ('gt_create_job', 'gt_alter_job', 'gt_simulate_job', 'gt_simulate_summary') GROUP BY name HAVING count(DISTINCT type) > 1 $$,
                'a setting has one type in all functions');

-- the defaults of the signatures, as values
CREATE FUNCTION pg_temp.value(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    value text;
BEGIN
    EXECUTE 'SELECT (' || expression || ')::text' INTO value;
    RETURN value;
END $$;
SELECT is(pg_temp.value(a."default"), s."default", format('%s: the default of %s is the one described', s.setting, a.function))
  FROM setting s JOIN argument a ON a.name = s.setting
 WHERE a.function IN ('gt_create_job', 'gt_simulate_job', 'gt_simulate_summary') AND NOT a.required;

SELECT set_eq($$ SELECT name, type, COALESCE("default", '') FROM argument WHERE function = 'gt_simulate_job' AND name <> 'repetitions' $$,
              $$ SELECT name, type, COALESCE("default", '') FROM argument WHERE function = 'gt_simulate_summary' AND name NOT IN ('repetitions', 'vary') $$,
              'gt_simulate_summary takes what gt_simulate_job takes');

SELECT set_eq($$ SELECT setting FROM setting $$,
              $$ SELECT CASE attname WHEN 'initial_model_id' THEN 'initial_model' WHEN 'validation_wanted' THEN 'validation_count' ELSE attname::text END FROM pg_attribute
                  WHERE attrelid = 'gtlabel.job'::regclass AND attnum > 0 AND NOT attisdropped
                    AND attname NOT IN ('job_id', 'job_name', 'owner', 'dataset_name', 'dataset_count', 'object_count', 'validation_count', 'dimension',
                                        'featurizer_id', 'former_categories', 'given_count', 'state', 'failure_reason',
                                        'open_batch_no', 'human_labeled', 'machine_labeled', 'failed', 'audit_count', 'audit_wrong',
                                        'audit_verdict', 'label_noise', 'created_at', 'last_modified_at', 'finished_at', 'purged_at', 'revision', 'stop_requested', 'consolidation_owner',
                                        'proposal_inputs', 'neighbours_id', 'neighbours_segments', 'neighbours_reason', 'chosen_start') $$,
              'every setting has a column, and every other column of gtlabel.job is a fact');
SELECT is_empty($$ SELECT setting FROM setting WHERE description IS NULL OR description = '' OR description LIKE '%.' $$,
                'every setting has a description, without a full stop');

-- columns are found by name: a column that is new, gone, or moved changes nothing
CREATE TABLE thing AS SELECT i AS id FROM generate_series(1, 10) i;
SELECT ok(gt_create_job('moved', 'thing', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, workteam => 'pg_monitor', seed => 1) > 0, 'a job');
ALTER TABLE gtlabel.job ADD COLUMN newcomer integer;
ALTER TABLE gtlabel.job DROP COLUMN newcomer;
ALTER TABLE gtlabel.job RENAME COLUMN seed TO old_seed;
ALTER TABLE gtlabel.job ALTER COLUMN old_seed DROP NOT NULL;
ALTER TABLE gtlabel.job ADD COLUMN seed bigint;
UPDATE gtlabel.job SET seed = old_seed, old_seed = 17;
ALTER TABLE gtlabel.task ADD COLUMN newcomer integer;
ALTER TABLE gtlabel.annotation ADD COLUMN newcomer integer;
ALTER TABLE gtlabel.object ADD COLUMN newcomer integer;
SELECT is((SELECT value FROM gt_job_settings WHERE job_name = 'moved' AND setting = 'seed'), '1', 'the seed is read from where it is now');
SELECT is(gt_submit_annotations(array_agg(task_id), array_agg('a'::text)), 3, 'tasks are accepted and answered') FROM gt_accept_tasks('moved', 3);
SELECT lives_ok($$ SELECT gt_alter_job('moved', reset => ARRAY['workteam']) $$, 'a setting is changed');
SELECT lives_ok($$ SELECT gt_create_job('moved too', 'thing', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, seed => 2) $$, 'and a job created');
-- what is written row by row obeys constraints and fires triggers, like statements do
CREATE TABLE fired (what text);
CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.fired VALUES (TG_TABLE_NAME || ' ' || lower(TG_OP)); RETURN NULL; END $$;
CREATE TRIGGER fire AFTER INSERT OR UPDATE ON gtlabel.task FOR EACH ROW EXECUTE FUNCTION fire();
CREATE TRIGGER fire AFTER INSERT OR UPDATE ON gtlabel.annotation FOR EACH ROW EXECUTE FUNCTION fire();
SELECT is(gt_submit_annotations(array_agg(task_id), array_agg('a'::text)), 2, 'tasks are accepted and answered') FROM gt_accept_tasks('moved', 2);
SELECT set_eq('SELECT what, count(*) FROM fired GROUP BY 1', $$ VALUES ('task update', 4::bigint), ('annotation insert', 2) $$, 'triggers see every change');
ALTER TABLE gtlabel.task ADD CONSTRAINT nobody CHECK (annotator IS NULL) NOT VALID;
SELECT throws_ok($$ SELECT gt_accept_tasks('moved') $$, '23514', NULL, 'a constraint holds');
ALTER TABLE gtlabel.task DROP CONSTRAINT nobody;
-- and so does what is written in bulk
SELECT lives_ok($$ SELECT gt_create_job('bulk', 'thing', ARRAY['a', 'b'], key_column => 'id', features_column => NULL) $$, 'objects are written in bulk');
ALTER TABLE gtlabel.object ADD CONSTRAINT short CHECK (length(object_key) < 2) NOT VALID;
SELECT throws_ok($$ SELECT gt_create_job('checked', 'thing', ARRAY['a', 'b'], key_column => 'id', features_column => NULL) $$, '23514', NULL, 'a constraint holds in bulk');
ALTER TABLE gtlabel.object DROP CONSTRAINT short;
CREATE FUNCTION rename_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.object_key := 'no ' || NEW.object_key; RETURN NEW; END $$;
CREATE TRIGGER rename BEFORE INSERT ON gtlabel.object FOR EACH ROW EXECUTE FUNCTION rename_key();
CREATE TRIGGER fire AFTER INSERT ON gtlabel.object FOR EACH ROW EXECUTE FUNCTION fire();
SELECT lives_ok($$ SELECT gt_create_job('triggered', 'thing', ARRAY['a', 'b'], key_column => 'id', features_column => NULL) $$, 'a job with triggers on its objects');
SELECT is((SELECT count(*) FROM gtlabel.object o JOIN gtlabel.job USING (job_id) WHERE job_name = 'triggered' AND object_key LIKE 'no %'),
          (SELECT count(*) FROM thing), 'triggers before a row change rows in bulk');
SELECT is((SELECT count(*) FROM fired WHERE what = 'object insert'), (SELECT count(*) FROM thing), 'triggers after a row see every row in bulk');
DROP TRIGGER rename ON gtlabel.object;
ALTER TABLE gtlabel.task RENAME COLUMN accepted_at TO taken_at;
SELECT throws_ok($$ SELECT gt_accept_tasks('moved') $$, '42703', 'column "accepted_at" of table gtlabel.task does not exist', 'a column that is missing is named');

SELECT * FROM finish();
ROLLBACK;
