-- The surface of the extension: what is there, under which names, with which properties and comments.
BEGIN;
SET search_path = public;
SELECT no_plan();

-- ---- Functions -----------------------------------------------------------------------------

CREATE TEMP VIEW member AS
    SELECT d.classid, d.objid, d.objsubid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
     WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'gtlabel';
CREATE TEMP VIEW func AS
    SELECT p.*, n.nspname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE p.oid IN (SELECT objid FROM member WHERE classid = 'pg_proc'::regclass);
CREATE TEMP VIEW rel AS
    SELECT c.*, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid IN (SELECT objid FROM member WHERE classid = 'pg_class'::regclass);

SELECT is_empty($$ SELECT oid::regprocedure FROM func WHERE nspname = 'public' AND proname NOT LIKE 'gt\_%' $$,
                'every function in the chosen schema is named gt_...');
SELECT is_empty($$ SELECT oid::regclass FROM rel WHERE nspname = 'public' AND (relkind NOT IN ('v', 'c') OR relname NOT LIKE 'gt\_%') $$,
                'every relation in the chosen schema is a view or a type named gt_...');
SELECT set_eq($$ SELECT DISTINCT nspname FROM func UNION SELECT DISTINCT nspname FROM rel $$, ARRAY['public', 'gtlabel']::name[],
              'nothing is in any schema but the chosen one and gtlabel');
SELECT is_empty($$ SELECT oid::regprocedure FROM func WHERE prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c') AND prosqlbody IS NULL AND prokind <> 'a' $$,
                'every function is written in C, or parsed when it was created: none has a body that a search_path could change');
SELECT is_empty($$ SELECT oid::regprocedure FROM func WHERE prosecdef $$, 'no function is SECURITY DEFINER');
SELECT is_empty($$ SELECT oid::regprocedure FROM func WHERE obj_description(oid, 'pg_proc') IS NULL $$, 'every function has a comment');
SELECT is_empty($$ SELECT oid::regprocedure FROM func WHERE obj_description(oid, 'pg_proc') LIKE '%.' $$, 'no comment on a function ends with a full stop');
SELECT is_empty($$ SELECT oid::regprocedure FROM func WHERE proparallel <> 'u' AND provolatile = 'v' $$, 'no function that writes is parallel safe');

CREATE TEMP TABLE wanted (name text, arguments text, returns text, volatile "char");
INSERT INTO wanted VALUES
    ('gt_create_job', 'job_name text, dataset regclass, label_categories text[], key_column name DEFAULT NULL::name, features_column name DEFAULT ''features''::name, label_column name DEFAULT NULL::name, label_attribute_name text DEFAULT NULL::text, max_concurrent_task_count integer DEFAULT 1000, annotators_per_object integer DEFAULT 1, auto_label boolean DEFAULT true, target_accuracy double precision DEFAULT 0.95, confidence_level double precision DEFAULT 0.95, guarantee text DEFAULT NULL::text, schedule text DEFAULT ''standard''::text, validation_share double precision DEFAULT NULL::double precision, algorithm text DEFAULT ''auto''::text, query_strategy text DEFAULT ''auto''::text, initial_model text DEFAULT NULL::text, max_human_labeled_object_count integer DEFAULT NULL::integer, max_percentage_of_input_dataset_labeled integer DEFAULT NULL::integer, task_time_limit interval DEFAULT ''01:00:00''::interval, task_availability_lifetime interval DEFAULT ''30 days''::interval, workteam regrole DEFAULT NULL::regrole, seed bigint DEFAULT NULL::bigint', 'bigint', 'v'),
    ('gt_advance_job', 'job_name text', 'text', 'v'),
    ('gt_pause_job', 'job_name text', 'void', 'v'),
    ('gt_resume_job', 'job_name text', 'void', 'v'),
    ('gt_stop_job', 'job_name text', 'void', 'v'),
    ('gt_remove_objects', 'job_name text, object_keys text[]', 'integer', 'v'),
    ('gt_add_category', 'job_name text, category text, place integer DEFAULT NULL::integer', 'void', 'v'),
    ('gt_rename_category', 'job_name text, category text, new_name text', 'void', 'v'),
    ('gt_merge_categories', 'job_name text, categories text[], into_category text', 'integer', 'v'),
    ('gt_add_objects', 'job_name text', 'integer', 'v'),
    ('gt_retry_failed', 'job_name text', 'integer', 'v'),
    ('gt_drop_job', 'job_name text, with_models boolean DEFAULT false', 'void', 'v'),
    ('gt_wait_job', 'IN job_name text, IN for_state text DEFAULT ''completed''::text, IN timeout interval DEFAULT NULL::interval, INOUT reached boolean DEFAULT NULL::boolean', NULL, 'v'),
    ('gt_accept_tasks', 'job_name text, max_tasks integer DEFAULT 1, annotator text DEFAULT NULL::text, token text DEFAULT NULL::text', 'TABLE(task_id bigint, object_key text, lease_expires_at timestamp with time zone, object json)', 'v'),
    ('gt_answer', 'task_ids bigint[], labels text[], comments text[] DEFAULT NULL::text[], max_tasks integer DEFAULT 1, annotator text DEFAULT NULL::text, token text DEFAULT NULL::text', 'TABLE(task_id bigint, object_key text, lease_expires_at timestamp with time zone, object json)', 'v'),
    ('gt_submit_annotations', 'task_ids bigint[], labels text[], annotator text DEFAULT NULL::text, comments text[] DEFAULT NULL::text[], token text DEFAULT NULL::text', 'integer', 'v'),
    ('gt_release_tasks', 'task_ids bigint[], annotator text DEFAULT NULL::text, token text DEFAULT NULL::text', 'integer', 'v'),
    ('gt_decline_tasks', 'task_ids bigint[], annotator text DEFAULT NULL::text, reason text DEFAULT NULL::text, token text DEFAULT NULL::text', 'integer', 'v'),
    ('gt_extend_leases', 'task_ids bigint[], annotator text DEFAULT NULL::text, token text DEFAULT NULL::text', 'timestamp with time zone', 'v'),
    ('gt_revise_annotations', 'task_ids bigint[], labels text[], annotator text DEFAULT NULL::text, comments text[] DEFAULT NULL::text[], token text DEFAULT NULL::text', 'integer', 'v'),
    ('gt_retract_annotations', 'task_ids bigint[], annotator text DEFAULT NULL::text, token text DEFAULT NULL::text', 'integer', 'v'),
    ('gt_correct_labels', 'job_name text, object_keys text[], labels text[]', 'integer', 'v'),
    ('gt_exclude_annotator', 'job_name text, annotator text', 'integer', 'v'),
    ('gt_include_annotator', 'job_name text, annotator text', 'integer', 'v'),
    ('gt_invite_annotator', 'job_name text, annotator text, valid_for interval DEFAULT ''30 days''::interval', 'text', 'v'),
    ('gt_revoke_invitation', 'job_name text, annotator text', 'boolean', 'v'),
    ('gt_queue', 'job_name text, annotator text DEFAULT NULL::text, token text DEFAULT NULL::text', 'TABLE(state text, open bigint, held bigint, answered bigint, answered_today bigint, with_others bigint, left_in_batch bigint, done bigint, total bigint)', 'v'),
    ('gt_annotate', 'job_name text, object_keys text[], labels text[], annotator text DEFAULT NULL::text', 'integer', 'v'),
    ('gt_plan', 'object_count bigint, max_concurrent_task_count integer DEFAULT 1000, validation_share double precision DEFAULT NULL::double precision, initial_model boolean DEFAULT false, schedule text DEFAULT ''standard''::text', 'TABLE(step integer, action text, objects bigint, remaining bigint)', 'i'),
    ('gt_plan_job', 'job_name text', 'TABLE(step integer, action text, objects bigint, remaining bigint)', 'v'),
    ('gt_report', 'job_name text', 'text', 'v'),
    ('gt_explain_job', 'job_name text', 'TABLE(topic text, finding text, advice text)', 'v'),
    ('gt_sources', 'job_name text', 'TABLE(source text, objects integer, guessed integer, abstained integer, correct integer, accuracy double precision, accuracy_low double precision, accuracy_high double precision, confusion jsonb)', 'v'),
    ('gt_explain_object', 'job_name text, object_key text', 'TABLE(topic text, finding text)', 'v');
-- more arguments may follow
SELECT is((SELECT left(pg_get_function_arguments(f.oid), length(arguments)) FROM func f WHERE proname = name), arguments, format('%s takes what is documented', name)) FROM wanted;
SELECT is((SELECT pg_get_function_result(f.oid) FROM func f WHERE proname = name), returns, format('%s returns what is documented', name)) FROM wanted;
SELECT is((SELECT provolatile FROM func f WHERE proname = name), volatile, format('%s is marked by what it does', name)) FROM wanted;

SELECT is_empty($$ SELECT c.oid::regclass, a.attname FROM rel c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
                    WHERE c.relkind = 'v' AND col_description(c.oid, a.attnum) IS NULL $$, 'every column of a view has a comment');

-- ---- Views ---------------------------------------------------------------------------------

SELECT set_eq($$ SELECT relname::text FROM rel WHERE nspname = 'public' AND relkind = 'v' $$,
              ARRAY['gt_jobs', 'gt_job_settings', 'gt_batches', 'gt_tasks', 'gt_annotations', 'gt_early_answers', 'gt_invitations', 'gt_annotators', 'gt_rounds', 'gt_certificates', 'gt_audits', 'gt_audit_objects', 'gt_labels', 'gt_corrections', 'gt_remarks', 'gt_failures', 'gt_models', 'gt_events', 'gt_consumers', 'gt_progress'],
              'the views are those that are documented');
SELECT is_empty($$ SELECT oid::regclass FROM rel WHERE relkind = 'v' AND NOT COALESCE(reloptions && '{security_invoker=true,security_barrier=true}', false) $$,
                'every view is read with the rights of the caller, or says itself what the caller sees');
SELECT set_eq($$ SELECT relname::text FROM rel WHERE relkind = 'v' AND reloptions @> '{security_barrier=true}' $$,
              ARRAY['gt_jobs', 'gt_batches', 'gt_tasks', 'gt_annotations', 'gt_annotators', 'gt_labels'], 'those are the ones that a workteam needs');
SELECT is_empty($$ SELECT oid::regclass FROM rel WHERE relkind IN ('v', 'r') AND obj_description(oid, 'pg_class') IS NULL $$, 'every view and table has a comment');
SELECT columns_are('public', 'gt_labels', ARRAY['job_name', 'object_key', 'label', 'confidence', 'human_annotated', 'subset', 'batch_no',
                                                'round_no', 'model_id', 'labeled_at', 'final', 'margin', 'tied_with'], 'gt_labels has the columns that are documented');
CREATE FUNCTION pg_temp.lacks(view text, VARIADIC columns text[]) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT unnest(columns) EXCEPT SELECT attname FROM pg_attribute WHERE attrelid = view::regclass AND attnum > 0
$$;
SELECT is_empty($$ SELECT pg_temp.lacks('gt_jobs', 'state', 'total_labeled', 'human_labeled', 'machine_labeled', 'failed', 'unlabeled') $$, 'gt_jobs has the counters that are documented');
SELECT is_empty($$ SELECT pg_temp.lacks('gt_tasks', 'task_id', 'job_name', 'object_key', 'state', 'annotator', 'lease_expires_at') $$, 'gt_tasks says who has what until when');
SELECT is_empty($$ SELECT pg_temp.lacks('gt_annotations', 'job_name', 'object_key', 'annotator', 'label', 'submitted_at') $$, 'gt_annotations says who answered what when');
SELECT is_empty($$ SELECT pg_temp.lacks('gt_annotators', 'job_name', 'annotator', 'answers', 'agreement', 'estimated_accuracy', 'median_seconds') $$, 'gt_annotators has answers, agreement, estimated accuracy and median seconds');
SELECT is_empty($$ SELECT pg_temp.lacks('gt_rounds', 'job_name', 'round_no', 'training_count', 'validation_count', 'model_name', 'threshold', 'scored', 'auto_labeled', 'reason',
                                        'target_accuracy', 'confidence_level', 'certificate_n', 'certificate_k', 'bound') $$, 'gt_rounds has the certificate and the reason');
SELECT is_empty($$ SELECT pg_temp.lacks('gt_certificates', 'job_name', 'round_no', 'scope', 'category', 'guarantee', 'target_accuracy', 'confidence_level', 'alpha',
                                        'threshold', 'n', 'k', 'bound', 'validation_active', 'model_name') $$, 'gt_certificates has all that a promise rests on');
SELECT is_empty($$ SELECT pg_temp.lacks('gt_failures', 'job_name', 'object_key', 'reason') $$, 'gt_failures has the object and a coded reason');
SELECT is_empty($$ SELECT pg_temp.lacks('gt_models', 'model_name', 'parent_model', 'accuracy', 'algorithm') $$, 'gt_models has metrics and lineage');
SELECT is_empty($$ SELECT pg_temp.lacks('gt_events', 'job_name', 'at', 'event', 'state') $$, 'gt_events says what happened when');

-- ---- Tables --------------------------------------------------------------------------------

SELECT tables_are('gtlabel', ARRAY['job', 'segment', 'object', 'change', 'given', 'gold', 'feature_page', 'featurizer', 'neighbours', 'batch', 'task', 'lease', 'open_objects', 'annotation', 'annotator_role', 'early_answer', 'former_answer', 'exclusion', 'invitation', 'label', 'correction', 'recall', 'drift', 'failure', 'round', 'certificate', 'audit', 'audit_object', 'model', 'step', 'event', 'consumer']);
SELECT is_empty($$ SELECT oid::regclass FROM rel WHERE relkind IN ('r', 'S') AND NOT oid = ANY ((SELECT extconfig FROM pg_extension WHERE extname = 'gtlabel')::oid[]) $$,
                'every table and sequence is dumped with the user''s data');
SELECT is_empty($$ SELECT oid::regclass FROM rel WHERE relkind = 'r' AND NOT relrowsecurity $$, 'every table has row-level security');
SELECT is_empty($$ SELECT r.oid::regclass, a.privilege_type FROM rel r, LATERAL aclexplode(COALESCE(r.relacl, acldefault('r', r.relowner))) a
                    WHERE r.relkind IN ('r', 'S') AND a.grantee <> r.relowner AND a.privilege_type <> 'SELECT' $$, 'nobody but the owner writes to any table or sequence');
SELECT is_empty($$ SELECT oid::regclass FROM rel WHERE relkind IN ('r', 'S') AND NOT has_table_privilege('pg_monitor', oid, 'SELECT') $$,
                'everybody may read every table and sequence, within row-level security: who dumps the database needs it');
SELECT ok(NOT has_schema_privilege('pg_monitor', 'gtlabel', 'CREATE'), 'nobody but the owner creates anything in the schema gtlabel');
SELECT is_empty($$ SELECT oid::regclass FROM rel WHERE relkind = 'r' AND relhastriggers $$, 'no table has a trigger');

-- ---- Settings ------------------------------------------------------------------------------

SELECT ok(gtlabel.clock() BETWEEN now() - interval '1 minute' AND now() + interval '1 minute', 'the clock is the wall clock');
SELECT set_eq($$ SELECT name, context FROM pg_settings WHERE name LIKE 'gtlabel.%' $$, $$ VALUES ('gtlabel.answers_timeout', 'user'), ('gtlabel.background', 'user'), ('gtlabel.clock_offset', 'superuser'),
                          ('gtlabel.debug_round_lock', 'superuser'),
                          ('gtlabel.launcher_interval', 'sighup'), ('gtlabel.max_parallel_workers', 'user'), ('gtlabel.max_workers', 'sighup'),
                          ('gtlabel.retry_delay', 'sighup'), ('gtlabel.undo_grace', 'superuser') $$,
              'everybody may turn the worker off and train alone, only a superuser moves the clock or limits all workers');
SELECT throws_ok($$ SET gtlabel.bakground = off $$, '42602', NULL, 'a misspelt setting is refused');

-- ---- The extension elsewhere, and gone -------------------------------------------------------

DROP EXTENSION gtlabel;
SELECT hasnt_schema('gtlabel', 'DROP EXTENSION takes the schema with it');
SELECT is_empty($$ SELECT oid::regclass FROM pg_class WHERE relname LIKE 'gt\_%' $$, 'and the views');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE proname LIKE 'gt\_%' $$, 'and the functions');
CREATE SCHEMA "an ""API""";
SELECT lives_ok($$ CREATE EXTENSION gtlabel SCHEMA "an ""API""" $$, 'it can be created in any schema');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE proname LIKE 'gt\_%' AND pronamespace <> '"an ""API"""'::regnamespace $$, 'its functions are all there');
SELECT is_empty($$ SELECT oid::regclass FROM pg_class WHERE relname LIKE 'gt\_%' AND relkind = 'v' AND relnamespace <> '"an ""API"""'::regnamespace $$, 'and its views');
CREATE TABLE things AS SELECT g AS id, 'a' AS gold FROM generate_series(1, 3) g;
SET gtlabel.background = off;
SELECT ok("an ""API""".gt_create_job('elsewhere', 'things', ARRAY['a', 'b'], key_column => 'id', features_column => NULL) > 0, 'a job is created there');
SELECT is("an ""API""".gt_annotate('elsewhere', ARRAY['1', '2', '3'], ARRAY['a', 'a', 'b']), 3, 'and answered');
SELECT is("an ""API""".gt_advance_job('elsewhere'), 'completed', 'and completed');
SELECT is((SELECT string_agg(object_key || label, ' ' ORDER BY object_key) FROM "an ""API""".gt_labels), '1a 2a 3b', 'and read');

SELECT * FROM finish();
ROLLBACK;
