/*
 * Functions. EXECUTE stays with PUBLIC for all: each checks that its caller is the
 * job's or model's owner, or an annotator of its workteam. Those that are not
 * STRICT give NULL a meaning of its own, or an error that names the parameter.
 */

-- ---- Jobs --------------------------------------------------------------------

CREATE FUNCTION gt_create_job(
    job_name text,
    dataset regclass,
    label_categories text[],
    key_column name DEFAULT NULL,
    features_column name DEFAULT 'features',
    label_column name DEFAULT NULL,
    label_attribute_name text DEFAULT NULL,
    max_concurrent_task_count integer DEFAULT 1000,
    annotators_per_object integer DEFAULT 1,
    auto_label boolean DEFAULT true,
    target_accuracy float8 DEFAULT 0.95,
    confidence_level float8 DEFAULT 0.95,
    guarantee text DEFAULT NULL,
    schedule text DEFAULT 'standard',
    validation_share float8 DEFAULT NULL,
    algorithm text DEFAULT 'auto',
    query_strategy text DEFAULT 'auto',
    initial_model text DEFAULT NULL,
    max_human_labeled_object_count integer DEFAULT NULL,
    max_percentage_of_input_dataset_labeled integer DEFAULT NULL,
    task_time_limit interval DEFAULT '1 hour',
    task_availability_lifetime interval DEFAULT '30 days',
    workteam regrole DEFAULT NULL,
    seed bigint DEFAULT NULL,
    min_annotators integer DEFAULT NULL,
    max_annotators integer DEFAULT NULL,
    consolidation_confidence float8 DEFAULT NULL,
    consolidation regprocedure DEFAULT NULL,
    gold_column name DEFAULT NULL,
    audit_share float8 DEFAULT NULL,
    per_class boolean DEFAULT false,
    text_column name DEFAULT NULL,
    text_dimensions integer DEFAULT 256,
    word_vectors regclass DEFAULT NULL,
    display_columns text[] DEFAULT NULL,
    instructions text DEFAULT NULL,
    max_leases_per_annotator integer DEFAULT 100,
    follow boolean DEFAULT false,
    guarantee_scope text DEFAULT 'machine_labels',
    neighbours boolean DEFAULT NULL,
    proposal_columns text[] DEFAULT NULL,
    placement text DEFAULT 'copy',
    sample_count integer DEFAULT 10000,
    validation_count integer DEFAULT NULL,
    drift_alarm boolean DEFAULT true,
    ask_again_on_change boolean DEFAULT false,
    previous_job text DEFAULT NULL,
    if_not_exists boolean DEFAULT false
) RETURNS bigint
    AS 'MODULE_PATHNAME', 'gtl_sql_create_job' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_create_job IS 'Creates a labeling job over a dataset, takes its snapshot and issues the first batch; returns the job_id';

-- Those that are fixed at creation are here so that they are refused with a reason.
CREATE FUNCTION gt_alter_job(
    job_name text,
    dataset regclass DEFAULT NULL,
    label_categories text[] DEFAULT NULL,
    key_column name DEFAULT NULL,
    features_column name DEFAULT NULL,
    label_column name DEFAULT NULL,
    label_attribute_name text DEFAULT NULL,
    max_concurrent_task_count integer DEFAULT NULL,
    annotators_per_object integer DEFAULT NULL,
    auto_label boolean DEFAULT NULL,
    target_accuracy float8 DEFAULT NULL,
    confidence_level float8 DEFAULT NULL,
    guarantee text DEFAULT NULL,
    schedule text DEFAULT NULL,
    validation_share float8 DEFAULT NULL,
    algorithm text DEFAULT NULL,
    query_strategy text DEFAULT NULL,
    initial_model text DEFAULT NULL,
    max_human_labeled_object_count integer DEFAULT NULL,
    max_percentage_of_input_dataset_labeled integer DEFAULT NULL,
    task_time_limit interval DEFAULT NULL,
    task_availability_lifetime interval DEFAULT NULL,
    workteam regrole DEFAULT NULL,
    seed bigint DEFAULT NULL,
    min_annotators integer DEFAULT NULL,
    max_annotators integer DEFAULT NULL,
    consolidation_confidence float8 DEFAULT NULL,
    consolidation regprocedure DEFAULT NULL,
    gold_column name DEFAULT NULL,
    audit_share float8 DEFAULT NULL,
    per_class boolean DEFAULT NULL,
    guarantee_scope text DEFAULT NULL,
    owner regrole DEFAULT NULL,
    reset text[] DEFAULT NULL,
    text_column name DEFAULT NULL,
    text_dimensions integer DEFAULT NULL,
    word_vectors regclass DEFAULT NULL,
    display_columns text[] DEFAULT NULL,
    instructions text DEFAULT NULL,
    max_leases_per_annotator integer DEFAULT NULL,
    follow boolean DEFAULT NULL,
    neighbours boolean DEFAULT NULL,
    proposal_columns text[] DEFAULT NULL,
    placement text DEFAULT NULL,
    sample_count integer DEFAULT NULL,
    validation_count integer DEFAULT NULL,
    drift_alarm boolean DEFAULT NULL,
    ask_again_on_change boolean DEFAULT NULL,
    previous_job text DEFAULT NULL
) RETURNS void
    AS 'MODULE_PATHNAME', 'gtl_sql_alter_job' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_alter_job IS 'Changes settings of a job, which count in the next batch, lease or round; NULL leaves a setting alone, those named in reset get their defaults again. gt_job_settings says which can be altered';

CREATE FUNCTION gt_advance_job(job_name text) RETURNS text
    AS 'MODULE_PATHNAME', 'gtl_sql_advance_job' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_advance_job IS 'Does every step of the job that is due, in this session; returns the state';

CREATE FUNCTION gt_pause_job(job_name text) RETURNS void
    AS 'MODULE_PATHNAME', 'gtl_sql_pause_job' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_pause_job IS 'Hands out no more tasks and does no more steps until gt_resume_job; accepted tasks can still be submitted';

CREATE FUNCTION gt_resume_job(job_name text) RETURNS void
    AS 'MODULE_PATHNAME', 'gtl_sql_resume_job' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_resume_job IS 'Goes on with a paused or failed job';

CREATE FUNCTION gt_stop_job(job_name text) RETURNS void
    AS 'MODULE_PATHNAME', 'gtl_sql_stop_job' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_stop_job IS 'Ends the job: no new batch, finished answers are consolidated, machine labels become final';

CREATE FUNCTION gt_add_objects(job_name text) RETURNS integer
    AS 'MODULE_PATHNAME', 'gtl_sql_add_objects' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_add_objects IS 'Takes in the rows of the dataset that came since; a completed job is in progress again; returns how many objects joined';

CREATE FUNCTION gtlabel.follow() RETURNS trigger
    AS 'MODULE_PATHNAME', 'gtl_sql_follow' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gtlabel.follow() IS 'Trigger on the dataset of a job with follow: notes what has changed';

CREATE FUNCTION gt_remove_objects(job_name text, object_keys text[]) RETURNS integer
    AS 'MODULE_PATHNAME', 'gtl_sql_remove_objects' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_remove_objects IS 'Erases objects: keys, features, tasks, answers, comments, labels and history; keys that the job does not know are passed over; returns how many rows went';

CREATE FUNCTION gt_add_category(job_name text, category text, place integer DEFAULT NULL) RETURNS void
    AS 'MODULE_PATHNAME', 'gtl_sql_add_category' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_add_category IS 'One more category, the place-th of the list, counted from 1, or without a place behind the others; labels that are there stay';

CREATE FUNCTION gt_rename_category(job_name text, category text, new_name text) RETURNS void
    AS 'MODULE_PATHNAME', 'gtl_sql_rename_category' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_rename_category IS 'Another name of a category, in all answers and labels of the job; columns of the dataset may go on with the former one';

CREATE FUNCTION gt_merge_categories(job_name text, categories text[], into_category text) RETURNS integer
    AS 'MODULE_PATHNAME', 'gtl_sql_merge_categories' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_merge_categories IS 'Makes one category of several; answers that are equal now agree; returns how many labels of people are others by that';

CREATE FUNCTION gt_retry_failed(job_name text) RETURNS integer
    AS 'MODULE_PATHNAME', 'gtl_sql_retry_failed' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_retry_failed IS 'Gives failed objects back to the pool; returns how many';

CREATE FUNCTION gt_withdraw_machine_labels(job_name text, confirm boolean DEFAULT false, below_margin float8 DEFAULT NULL) RETURNS integer
    AS 'MODULE_PATHNAME', 'gtl_sql_withdraw_machine_labels' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_withdraw_machine_labels IS 'Takes machine labels back: with below_margin those of a smaller margin, which people are asked about first; without it all, and turns auto-labeling off; of a completed job only with confirm; returns how many';

CREATE FUNCTION gt_drop_job(job_name text, with_models boolean DEFAULT false) RETURNS void
    AS 'MODULE_PATHNAME', 'gtl_sql_drop_job' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_drop_job IS 'Removes the job with everything that belongs to it; its models stay unless with_models';

CREATE FUNCTION gt_purge_job(job_name text) RETURNS void
    AS 'MODULE_PATHNAME', 'gtl_sql_purge_job' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_purge_job IS 'Removes the features and tasks of a completed or stopped job; labels, annotations, rounds and models stay';

CREATE PROCEDURE gt_wait_job(job_name text, for_state text DEFAULT 'completed', timeout interval DEFAULT NULL, INOUT reached boolean DEFAULT NULL,
                             label_count integer DEFAULT NULL)
    AS 'MODULE_PATHNAME', 'gtl_sql_wait_job' LANGUAGE C;
COMMENT ON PROCEDURE gt_wait_job IS 'Waits until the job is in the state, has a batch with open tasks (for_state => batch) or so many labels (reached) or the timeout has passed (not); an error if that cannot come any more. Called outside of a transaction block it holds no snapshot while it waits';

-- ---- Annotators --------------------------------------------------------------

-- Each takes an annotator (NULL: the current user; only the owner names somebody else) or a token of gt_invite_annotator.

CREATE FUNCTION gt_accept_tasks(job_name text, max_tasks integer DEFAULT 1, annotator text DEFAULT NULL, token text DEFAULT NULL)
    RETURNS TABLE (task_id bigint, object_key text, lease_expires_at timestamptz, object json)
    AS 'MODULE_PATHNAME', 'gtl_sql_accept_tasks' LANGUAGE C VOLATILE ROWS 10;
COMMENT ON FUNCTION gt_accept_tasks IS 'Up to max_tasks tasks of different objects: first those that the annotator holds already, then new ones, which are leased; object is the row as it is now, NULL if it is gone';

CREATE FUNCTION gt_answer(task_ids bigint[], labels text[], comments text[] DEFAULT NULL, max_tasks integer DEFAULT 1,
                          annotator text DEFAULT NULL, token text DEFAULT NULL)
    RETURNS TABLE (task_id bigint, object_key text, lease_expires_at timestamptz, object json)
    AS 'MODULE_PATHNAME', 'gtl_sql_answer' LANGUAGE C VOLATILE ROWS 10;
COMMENT ON FUNCTION gt_answer IS 'gt_submit_annotations and gt_accept_tasks in one call, for tasks of one job';

CREATE FUNCTION gt_submit_annotations(task_ids bigint[], labels text[], annotator text DEFAULT NULL,
                                      comments text[] DEFAULT NULL, token text DEFAULT NULL) RETURNS integer
    AS 'MODULE_PATHNAME', 'gtl_sql_submit_annotations' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_submit_annotations IS 'Hands in the answers to accepted tasks, all or none; returns how many. The same answer once more is no error';

CREATE FUNCTION gt_release_tasks(task_ids bigint[], annotator text DEFAULT NULL, token text DEFAULT NULL) RETURNS integer
    AS 'MODULE_PATHNAME', 'gtl_sql_release_tasks' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_release_tasks IS 'Gives accepted tasks back to everybody; this annotator gets others first; returns how many';

CREATE FUNCTION gt_decline_tasks(task_ids bigint[], annotator text DEFAULT NULL, reason text DEFAULT NULL, token text DEFAULT NULL) RETURNS integer
    AS 'MODULE_PATHNAME', 'gtl_sql_decline_tasks' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_decline_tasks IS 'Gives accepted tasks back for good: this annotator is not asked again; returns how many';

CREATE FUNCTION gt_extend_leases(task_ids bigint[], annotator text DEFAULT NULL, token text DEFAULT NULL) RETURNS timestamptz
    AS 'MODULE_PATHNAME', 'gtl_sql_extend_leases' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_extend_leases IS 'Leases tasks that the annotator holds for another task_time_limit from now; returns when the first of these leases ends';

CREATE FUNCTION gt_revise_annotations(task_ids bigint[], labels text[], annotator text DEFAULT NULL,
                                      comments text[] DEFAULT NULL, token text DEFAULT NULL) RETURNS integer
    AS 'MODULE_PATHNAME', 'gtl_sql_revise_annotations' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_revise_annotations IS 'Changes answers: the annotator until a round has read the label, the owner at any time; labels are consolidated anew; returns how many';

CREATE FUNCTION gt_retract_annotations(task_ids bigint[], annotator text DEFAULT NULL, token text DEFAULT NULL) RETURNS integer
    AS 'MODULE_PATHNAME', 'gtl_sql_retract_annotations' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_retract_annotations IS 'Takes answers, declines and passes back: while the batch is open the tasks are the annotator''s again; later only the owner can, and the answers are gone; returns how many';

CREATE FUNCTION gt_correct_labels(job_name text, object_keys text[], labels text[]) RETURNS integer
    AS 'MODULE_PATHNAME', 'gtl_sql_correct_labels' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_correct_labels IS 'The owner decides labels, of the machine or of people, also of a job that is over: they count as people''s whatever is answered; a NULL takes a decision back; returns how many have changed';

CREATE FUNCTION gt_exclude_annotator(job_name text, annotator text) RETURNS integer
    AS 'MODULE_PATHNAME', 'gtl_sql_exclude_annotator' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_exclude_annotator IS 'The annotator''s answers count no longer: labels are consolidated anew, what misses answers is asked again; returns how many answers';

CREATE FUNCTION gt_include_annotator(job_name text, annotator text) RETURNS integer
    AS 'MODULE_PATHNAME', 'gtl_sql_include_annotator' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_include_annotator IS 'Undoes gt_exclude_annotator; returns how many answers count again';

CREATE FUNCTION gt_queue(job_name text, annotator text DEFAULT NULL, token text DEFAULT NULL)
    RETURNS TABLE (state text, open bigint, held bigint, answered bigint, answered_today bigint, with_others bigint,
                   left_in_batch bigint, done bigint, total bigint)
    AS 'MODULE_PATHNAME', 'gtl_sql_queue' LANGUAGE C VOLATILE ROWS 1;
COMMENT ON FUNCTION gt_queue IS 'What waits for an annotator. state: open, with_others, training, paused or finished; done of total of the training that runs. In batches of more than 2,000 objects open, with_others and left_in_batch are estimates while much is open; answered and answered_today count at most 20,000';

CREATE FUNCTION gt_seat(job_name text, annotator text DEFAULT NULL, token text DEFAULT NULL) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'gtl_sql_seat' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_seat IS 'What a page for an annotator shows beside the tasks: instructions, categories, columns, and the last ten answers that can still be revised';

CREATE FUNCTION gt_invite_annotator(job_name text, annotator text, valid_for interval DEFAULT '30 days') RETURNS text
    AS 'MODULE_PATHNAME', 'gtl_sql_invite_annotator' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_invite_annotator IS 'A token with which somebody without a database role answers tasks of this job as this annotator; it takes the place of an earlier one';

CREATE FUNCTION gt_revoke_invitation(job_name text, annotator text) RETURNS boolean
    AS 'MODULE_PATHNAME', 'gtl_sql_revoke_invitation' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_revoke_invitation IS 'The annotator''s token is not valid any more; false: there was no valid one';

CREATE FUNCTION gt_invitation(token text)
    RETURNS TABLE (state text, job_name text, annotator text, owner text, valid_until timestamptz)
    AS 'MODULE_PATHNAME', 'gtl_sql_invitation' LANGUAGE C VOLATILE ROWS 1;
COMMENT ON FUNCTION gt_invitation IS 'What a token is: state valid, expired, revoked or unknown; never an error';

CREATE FUNCTION gt_annotate(job_name text, object_keys text[], labels text[], annotator text DEFAULT NULL,
                            on_conflict text DEFAULT 'error') RETURNS integer
    AS 'MODULE_PATHNAME', 'gtl_sql_annotate' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_annotate IS 'Hands in answers by object key, without a lease, all or none; returns how many. With on_conflict => skip those that cannot be taken are left out';

CREATE FUNCTION gt_annotate_report(job_name text, object_keys text[], labels text[], annotator text DEFAULT NULL)
    RETURNS TABLE (object_key text, label text, taken boolean, reason text)
    AS 'MODULE_PATHNAME', 'gtl_sql_annotate_report' LANGUAGE C VOLATILE ROWS 1000;
COMMENT ON FUNCTION gt_annotate_report IS 'gt_annotate with on_conflict => skip: says of each answer whether it stands, and why not';

CREATE FUNCTION gt_consolidate(annotations regclass, item name DEFAULT 'item', annotator name DEFAULT 'annotator',
                               label name DEFAULT 'label', method text DEFAULT 'auto')
    RETURNS TABLE (item text, label text, confidence float8)
    AS 'MODULE_PATHNAME', 'gtl_sql_consolidate' LANGUAGE C VOLATILE ROWS 1000;
COMMENT ON FUNCTION gt_consolidate IS 'One label and a confidence for each item of any table of answers, by majority or Dawid-Skene; auto: Dawid-Skene with at least 20 items and 3 answers each';

-- ---- Planning and explaining ---------------------------------------------------

CREATE FUNCTION gt_plan(object_count bigint, max_concurrent_task_count integer DEFAULT 1000,
                        validation_share float8 DEFAULT NULL, initial_model boolean DEFAULT false,
                        schedule text DEFAULT 'standard', guarantee text DEFAULT NULL, target_accuracy float8 DEFAULT 0.95,
                        confidence_level float8 DEFAULT 0.95)
    RETURNS TABLE (step integer, action text, objects bigint, remaining bigint)
    AS 'MODULE_PATHNAME', 'gtl_sql_plan' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION gt_plan IS 'The batches and rounds of a job of this size if no round labels anything; objects of an auto_label step is the most that it could label';

CREATE FUNCTION gt_plan_job(job_name text)
    RETURNS TABLE (step integer, action text, objects bigint, remaining bigint)
    AS 'MODULE_PATHNAME', 'gtl_sql_plan_job' LANGUAGE C VOLATILE ROWS 20;
COMMENT ON FUNCTION gt_plan_job IS 'The batches and rounds that are left of a job, from where it stands, if no round labels anything more; a step stop is where its stopping conditions end it, and its objects are those that nobody labels by then';

CREATE FUNCTION gt_simulate_job(
    dataset regclass,
    label_column name,
    label_categories text[] DEFAULT NULL,
    key_column name DEFAULT NULL,
    features_column name DEFAULT 'features',
    max_concurrent_task_count integer DEFAULT 1000,
    target_accuracy float8 DEFAULT 0.95,
    confidence_level float8 DEFAULT 0.95,
    guarantee text DEFAULT NULL,
    schedule text DEFAULT 'standard',
    validation_share float8 DEFAULT NULL,
    algorithm text DEFAULT 'auto',
    query_strategy text DEFAULT 'auto',
    max_human_labeled_object_count integer DEFAULT NULL,
    max_percentage_of_input_dataset_labeled integer DEFAULT NULL,
    seed bigint DEFAULT NULL,
    annotator_error float8 DEFAULT 0,
    repetitions integer DEFAULT 1,
    initial_model text DEFAULT NULL,
    per_class boolean DEFAULT false,
    text_column name DEFAULT NULL,
    text_dimensions integer DEFAULT 256,
    word_vectors regclass DEFAULT NULL,
    guarantee_scope text DEFAULT 'machine_labels',
    neighbours boolean DEFAULT NULL,
    proposal_columns text[] DEFAULT NULL,
    placement text DEFAULT 'copy',
    sample_count integer DEFAULT 10000
) RETURNS TABLE (repetition integer, seed_used bigint, round_no integer, object_count integer, human_labeled integer,
                 machine_labeled integer, threshold float8, bound float8, accuracy float8, machine_error float8, final boolean)
    AS 'MODULE_PATHNAME', 'gtl_sql_simulate_job' LANGUAGE C VOLATILE ROWS 10;
COMMENT ON FUNCTION gt_simulate_job IS 'Replays whole jobs on a table that is already labeled: each round and, final, the end; writes nothing. Each repetition has its own seed, seed_used, and does what a live job with that seed does. accuracy: of the round''s model on the validation set, as in gt_rounds; machine_error: share of the machine labels that are wrong. In place object_count and machine_labeled are of all rows, as gt_write_labels counts them';

-- The arguments of gt_simulate_job, and what is varied.
CREATE FUNCTION gt_simulate_summary(
    dataset regclass,
    label_column name,
    label_categories text[] DEFAULT NULL,
    key_column name DEFAULT NULL,
    features_column name DEFAULT 'features',
    max_concurrent_task_count integer DEFAULT 1000,
    target_accuracy float8 DEFAULT 0.95,
    confidence_level float8 DEFAULT 0.95,
    guarantee text DEFAULT NULL,
    schedule text DEFAULT 'standard',
    validation_share float8 DEFAULT NULL,
    algorithm text DEFAULT 'auto',
    query_strategy text DEFAULT 'auto',
    max_human_labeled_object_count integer DEFAULT NULL,
    max_percentage_of_input_dataset_labeled integer DEFAULT NULL,
    seed bigint DEFAULT NULL,
    annotator_error float8 DEFAULT 0,
    repetitions integer DEFAULT 20,
    initial_model text DEFAULT NULL,
    per_class boolean DEFAULT false,
    text_column name DEFAULT NULL,
    text_dimensions integer DEFAULT 256,
    word_vectors regclass DEFAULT NULL,
    guarantee_scope text DEFAULT 'machine_labels',
    neighbours boolean DEFAULT NULL,
    proposal_columns text[] DEFAULT NULL,
    placement text DEFAULT 'copy',
    sample_count integer DEFAULT 10000,
    vary jsonb DEFAULT '{}'
) RETURNS TABLE (settings jsonb, jobs integer, seed_used bigint, object_count integer, human_labeled numeric, human_spread numeric,
                 machine_labeled numeric, machine_share numeric, machine_error numeric, missed integer,
                 missed_low numeric, missed_high numeric, rounds numeric, seconds numeric)
    AS 'MODULE_PATHNAME', 'gtl_sql_simulate_summary' LANGUAGE C VOLATILE ROWS 5;
COMMENT ON FUNCTION gt_simulate_summary IS 'Simulates many jobs for each combination of the settings in vary, such as {"target_accuracy": [0.9, 0.95]}, or for each object of an array: a row each with the means over the jobs. human_spread: standard deviation; machine_error: mean over jobs with machine labels; missed: jobs that broke their promise, with the ends of the exact 95 % interval of their share; seconds: computing time of a job. Says beforehand how long it takes';

CREATE FUNCTION gt_explain_job(job_name text) RETURNS TABLE (topic text, finding text, advice text)
    AS 'MODULE_PATHNAME', 'gtl_sql_explain_job' LANGUAGE C VOLATILE ROWS 10;
COMMENT ON FUNCTION gt_explain_job IS 'Where the job stands, why nothing (or not more) was labeled by machine, and what to change';

CREATE FUNCTION gt_certificate(job_name text) RETURNS text
    AS 'MODULE_PATHNAME', 'gtl_sql_certificate' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gt_certificate IS 'What is promised of the job''s machine labels and on what ground, in words for somebody who was not there: who was asked, how drawn, how many wrong, the bound, the level, the assumption; NULL: nothing';

CREATE FUNCTION gt_sources(job_name text)
    RETURNS TABLE (source text, objects integer, guessed integer, abstained integer, correct integer,
                   accuracy float8, accuracy_low float8, accuracy_high float8, confusion jsonb)
    AS 'MODULE_PATHNAME', 'gtl_sql_sources' LANGUAGE C VOLATILE ROWS 3;
COMMENT ON FUNCTION gt_sources IS 'How often each of the job''s proposal_columns is right, by the labels of the validation set, a random sample that was labeled without seeing proposals: accuracy among its guesses, with the ends of the exact 95 % interval; confusion: by people''s label, how often it guessed what';

CREATE FUNCTION gt_explain_object(job_name text, object_key text) RETURNS TABLE (topic text, finding text)
    AS 'MODULE_PATHNAME', 'gtl_sql_explain_object' LANGUAGE C VOLATILE ROWS 10;
COMMENT ON FUNCTION gt_explain_object IS 'What happened to one object: its subset, answers, label, the rounds that labeled or withdrew it, and the newest model''s view of it';

CREATE FUNCTION gt_report(job_name text) RETURNS text
    AS 'MODULE_PATHNAME', 'gtl_sql_report' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_report IS 'The job as one self-contained HTML page: certificate, progress, coverage, categories, rounds, annotators, timeline';

CREATE FUNCTION gt_check() RETURNS TABLE (severity text, subject text, finding text, remedy text)
    AS 'MODULE_PATHNAME', 'gtl_sql_check' LANGUAGE C VOLATILE ROWS 10;
COMMENT ON FUNCTION gt_check IS 'What is misconfigured, stuck or damaged, each with its remedy; no rows: nothing';

-- ---- The rows behind the objects ---------------------------------------------

CREATE FUNCTION gt_dataset_rows(job_name text, object_keys text[], columns text[] DEFAULT NULL)
    RETURNS TABLE (object_key text, object json)
    AS 'MODULE_PATHNAME', 'gtl_sql_dataset_rows' LANGUAGE C VOLATILE ROWS 10;
COMMENT ON FUNCTION gt_dataset_rows IS 'The rows of these objects as they are now, through the index of the dataset''s key, in the order of the keys; NULL: gone. columns NULL: all but features, label and known answer';

-- ---- Labels by keys of the dataset's type -------------------------------------

CREATE FUNCTION gt_label(job_name text, key anyelement)
    RETURNS TABLE (label text, confidence real, human_annotated boolean, subset text, final boolean, margin real)
    AS 'MODULE_PATHNAME', 'gtl_sql_label' LANGUAGE C VOLATILE ROWS 1;
COMMENT ON FUNCTION gt_label(text, anyelement) IS 'The label of the object with this key, which has the type of the dataset''s key column; no row: it has none';

CREATE FUNCTION gt_label(job_name text, object_key text)
    RETURNS TABLE (label text, confidence real, human_annotated boolean, subset text, final boolean, margin real)
    AS 'MODULE_PATHNAME', 'gtl_sql_label' LANGUAGE C VOLATILE ROWS 1;
COMMENT ON FUNCTION gt_label(text, text) IS 'The label of the object with this key, as text; no row: it has none';

CREATE FUNCTION gt_labels_of(job_name text, key_type anyelement)
    RETURNS TABLE (key anyelement, label text, confidence real, human_annotated boolean, subset text, final boolean, margin real)
    AS 'MODULE_PATHNAME', 'gtl_sql_labels_of' LANGUAGE C VOLATILE ROWS 10000;
COMMENT ON FUNCTION gt_labels_of IS 'The labels of a job with keys of the type of the second argument, a NULL: to be joined to the dataset by its key column';

-- ---- Models ------------------------------------------------------------------

CREATE FUNCTION gt_train(model_name text, dataset regclass, label_column name, features_column name DEFAULT 'features',
                         algorithm text DEFAULT 'auto', label_categories text[] DEFAULT NULL, seed bigint DEFAULT 0,
                         text_column name DEFAULT NULL, text_dimensions integer DEFAULT 256,
                         word_vectors regclass DEFAULT NULL, neighbours boolean DEFAULT NULL)
    RETURNS bigint
    AS 'MODULE_PATHNAME', 'gtl_sql_train' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_train IS 'Trains a classifier outside any job on the rows that have a label; returns the model_id';

CREATE FUNCTION gt_predict(model_name text, features anyelement) RETURNS text
    AS 'MODULE_PATHNAME', 'gtl_sql_predict' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION gt_predict(text, anyelement) IS 'The most probable category for the features';

CREATE FUNCTION gt_predict(model_name text, text text) RETURNS text
    AS 'MODULE_PATHNAME', 'gtl_sql_predict_text' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_predict(text, text) IS 'The most probable category for the text';

CREATE FUNCTION gt_predict(model_name text, text text, features anyelement) RETURNS text
    AS 'MODULE_PATHNAME', 'gtl_sql_predict_text' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_predict(text, text, anyelement) IS 'The most probable category for the text and the features beside it';

CREATE FUNCTION gt_predict_proba(model_name text, features anyelement) RETURNS float4[]
    AS 'MODULE_PATHNAME', 'gtl_sql_predict_proba' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION gt_predict_proba(text, anyelement) IS 'The probability of each category, in the order of the model''s label_categories';

CREATE FUNCTION gt_predict_proba(model_name text, text text) RETURNS float4[]
    AS 'MODULE_PATHNAME', 'gtl_sql_predict_proba_text' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_predict_proba(text, text) IS 'The probability of each category for the text';

CREATE FUNCTION gt_predict_proba(model_name text, text text, features anyelement) RETURNS float4[]
    AS 'MODULE_PATHNAME', 'gtl_sql_predict_proba_text' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_predict_proba(text, text, anyelement) IS 'The probability of each category for the text and the features beside it';

CREATE FUNCTION gt_confidence(model_name text, features anyelement) RETURNS float4
    AS 'MODULE_PATHNAME', 'gtl_sql_confidence' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION gt_confidence(text, anyelement) IS 'The probability that gt_predict is right, calibrated on objects that the model has not learned from; NULL: it has none';

CREATE FUNCTION gt_confidence(model_name text, text text) RETURNS float4
    AS 'MODULE_PATHNAME', 'gtl_sql_confidence_text' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_confidence(text, text) IS 'The probability that gt_predict is right about the text';

CREATE FUNCTION gt_confidence(model_name text, text text, features anyelement) RETURNS float4
    AS 'MODULE_PATHNAME', 'gtl_sql_confidence_text' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_confidence(text, text, anyelement) IS 'The probability that gt_predict is right about the text and the features beside it';

CREATE FUNCTION gt_margin(model_name text, features anyelement) RETURNS float4
    AS 'MODULE_PATHNAME', 'gtl_sql_margin' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION gt_margin(text, anyelement) IS 'The margin between the two most probable categories, 0 to 1: what rounds compare with their threshold';

CREATE FUNCTION gt_margin(model_name text, text text) RETURNS float4
    AS 'MODULE_PATHNAME', 'gtl_sql_margin_text' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_margin(text, text) IS 'The margin between the two most probable categories for the text, 0 to 1';

CREATE FUNCTION gt_margin(model_name text, text text, features anyelement) RETURNS float4
    AS 'MODULE_PATHNAME', 'gtl_sql_margin_text' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_margin(text, text, anyelement) IS 'The margin between the two most probable categories for the text and the features beside it, 0 to 1';

-- With guesses: one of each source, in the order of the job's proposal_columns, and how probable the source thinks it is right.
CREATE FUNCTION gt_predict(model_name text, features anyelement, proposals text[],
                           proposal_confidences float8[] DEFAULT NULL) RETURNS text
    AS 'MODULE_PATHNAME', 'gtl_sql_predict' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION gt_predict(text, anyelement, text[], float8[]) IS 'The most probable category for the features, and the guesses of the sources that the model has learned from';

CREATE FUNCTION gt_predict(model_name text, text text, proposals text[],
                           proposal_confidences float8[] DEFAULT NULL) RETURNS text
    AS 'MODULE_PATHNAME', 'gtl_sql_predict_text' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_predict(text, text, text[], float8[]) IS 'The most probable category for the text, and the guesses of the sources that the model has learned from';

CREATE FUNCTION gt_predict(model_name text, text text, features anyelement, proposals text[],
                           proposal_confidences float8[] DEFAULT NULL) RETURNS text
    AS 'MODULE_PATHNAME', 'gtl_sql_predict_text' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_predict(text, text, anyelement, text[], float8[]) IS 'The most probable category for the text and the features beside it, and the guesses of the sources that the model has learned from';

CREATE FUNCTION gt_predict_proba(model_name text, features anyelement, proposals text[],
                           proposal_confidences float8[] DEFAULT NULL) RETURNS float4[]
    AS 'MODULE_PATHNAME', 'gtl_sql_predict_proba' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION gt_predict_proba(text, anyelement, text[], float8[]) IS 'The probability of each category for the features, and the guesses of the sources that the model has learned from';

CREATE FUNCTION gt_predict_proba(model_name text, text text, proposals text[],
                           proposal_confidences float8[] DEFAULT NULL) RETURNS float4[]
    AS 'MODULE_PATHNAME', 'gtl_sql_predict_proba_text' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_predict_proba(text, text, text[], float8[]) IS 'The probability of each category for the text, and the guesses of the sources that the model has learned from';

CREATE FUNCTION gt_predict_proba(model_name text, text text, features anyelement, proposals text[],
                           proposal_confidences float8[] DEFAULT NULL) RETURNS float4[]
    AS 'MODULE_PATHNAME', 'gtl_sql_predict_proba_text' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_predict_proba(text, text, anyelement, text[], float8[]) IS 'The probability of each category for the text and the features beside it, and the guesses of the sources that the model has learned from';

CREATE FUNCTION gt_confidence(model_name text, features anyelement, proposals text[],
                           proposal_confidences float8[] DEFAULT NULL) RETURNS float4
    AS 'MODULE_PATHNAME', 'gtl_sql_confidence' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION gt_confidence(text, anyelement, text[], float8[]) IS 'The probability that gt_predict is right about the features, and the guesses of the sources that the model has learned from';

CREATE FUNCTION gt_confidence(model_name text, text text, proposals text[],
                           proposal_confidences float8[] DEFAULT NULL) RETURNS float4
    AS 'MODULE_PATHNAME', 'gtl_sql_confidence_text' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_confidence(text, text, text[], float8[]) IS 'The probability that gt_predict is right about the text, and the guesses of the sources that the model has learned from';

CREATE FUNCTION gt_confidence(model_name text, text text, features anyelement, proposals text[],
                           proposal_confidences float8[] DEFAULT NULL) RETURNS float4
    AS 'MODULE_PATHNAME', 'gtl_sql_confidence_text' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_confidence(text, text, anyelement, text[], float8[]) IS 'The probability that gt_predict is right about the text and the features beside it, and the guesses of the sources that the model has learned from';

CREATE FUNCTION gt_margin(model_name text, features anyelement, proposals text[],
                           proposal_confidences float8[] DEFAULT NULL) RETURNS float4
    AS 'MODULE_PATHNAME', 'gtl_sql_margin' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION gt_margin(text, anyelement, text[], float8[]) IS 'The margin between the two most probable categories, 0 to 1, for the features, and the guesses of the sources that the model has learned from';

CREATE FUNCTION gt_margin(model_name text, text text, proposals text[],
                           proposal_confidences float8[] DEFAULT NULL) RETURNS float4
    AS 'MODULE_PATHNAME', 'gtl_sql_margin_text' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_margin(text, text, text[], float8[]) IS 'The margin between the two most probable categories, 0 to 1, for the text, and the guesses of the sources that the model has learned from';

CREATE FUNCTION gt_margin(model_name text, text text, features anyelement, proposals text[],
                           proposal_confidences float8[] DEFAULT NULL) RETURNS float4
    AS 'MODULE_PATHNAME', 'gtl_sql_margin_text' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_margin(text, text, anyelement, text[], float8[]) IS 'The margin between the two most probable categories, 0 to 1, for the text and the features beside it, and the guesses of the sources that the model has learned from';

CREATE FUNCTION gt_featurize(model_name text, text text) RETURNS float4[]
    AS 'MODULE_PATHNAME', 'gtl_sql_featurize' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_featurize(text, text) IS 'The features that the model makes of the text: those of the objects of its job';

CREATE FUNCTION gt_featurize(model_name text, text text, features anyelement) RETURNS float4[]
    AS 'MODULE_PATHNAME', 'gtl_sql_featurize' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_featurize(text, text, anyelement) IS 'The features that the model makes of the text and the features beside it';

CREATE FUNCTION gt_text_features(text text, dimensions integer DEFAULT 256) RETURNS float4[]
    AS 'MODULE_PATHNAME', 'gtl_sql_text_features' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_text_features IS 'Features of a text by hashing its words and parts of words, without anything learned: for a column or an index of one''s own';

CREATE FUNCTION gt_drop_model(model_name text) RETURNS void
    AS 'MODULE_PATHNAME', 'gtl_sql_drop_model' LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION gt_drop_model IS 'Removes a model that belongs to no job';
