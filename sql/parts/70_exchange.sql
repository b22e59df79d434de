/*
 * What goes in and out: manifests, tasks and answers of other programs, events for pipelines.  Lines of manifests
 * are json, not jsonb: their keys keep their order, and what came as it was goes as it was.
 */

-- ---- Out -------------------------------------------------------------------------

CREATE FUNCTION gt_output_manifest(job_name text, source name DEFAULT NULL, source_ref name DEFAULT NULL,
                                   columns text[] DEFAULT NULL) RETURNS SETOF json
    AS 'MODULE_PATHNAME', 'gtl_sql_output_manifest' LANGUAGE C VOLATILE ROWS 10000;
COMMENT ON FUNCTION gt_output_manifest IS 'The dataset as an augmented manifest: a line for each row in key order, with the label that the job gave it. Lines are those of the column "line", or made of source, source_ref and columns';

CREATE FUNCTION gt_export_labels(job_name text, format text DEFAULT 'jsonl') RETURNS SETOF text
    AS 'MODULE_PATHNAME', 'gtl_sql_export_labels' LANGUAGE C VOLATILE ROWS 10000;
COMMENT ON FUNCTION gt_export_labels IS 'The lines of a file with the labels: format manifest, jsonl, csv or label_studio';

-- ---- Answers from elsewhere --------------------------------------------------------

CREATE FUNCTION gt_import_annotations(job_name text, annotations regclass, item name DEFAULT 'item', annotator name DEFAULT 'annotator',
                                      label name DEFAULT 'label', comment name DEFAULT NULL, answered_at name DEFAULT NULL,
                                      gold name DEFAULT NULL, on_conflict text DEFAULT 'error')
    RETURNS TABLE (outcome text, reason text, answers bigint, items text[], annotators text[])
    AS 'MODULE_PATHNAME', 'gtl_sql_import_annotations' LANGUAGE C VOLATILE ROWS 5;
COMMENT ON FUNCTION gt_import_annotations IS 'Takes the answers of a table: of any annotators to any objects, which count when the object is asked for. A row for each outcome: counted, ahead, gold, repeated, skipped';

CREATE FUNCTION gt_label_studio_annotations(document jsonb, key_column text DEFAULT NULL, from_name text DEFAULT NULL)
    RETURNS TABLE (item text, annotator text, label text, ground_truth boolean, comment text, answered_at timestamptz)
    STABLE PARALLEL SAFE ROWS 10
    SET jit = off   -- the planner takes three nested lists for a million rows, and compiling takes seconds
    BEGIN ATOMIC
        WITH task AS (
            SELECT t.value AS task, coalesce(t.value -> 'annotations', t.value -> 'completions') AS answers,
                   CASE WHEN pg_catalog.jsonb_typeof(t.value -> 'data') = 'object' THEN t.value -> 'data' ELSE t.value END AS data
              FROM pg_catalog.jsonb_array_elements(CASE WHEN pg_catalog.jsonb_typeof(document) = 'array' THEN document
                                                        ELSE pg_catalog.jsonb_build_array(document) END) t
             WHERE pg_catalog.jsonb_typeof(t.value) = 'object'),
        answer AS (
            -- JSON: a list of annotations, each with a list of results
            SELECT k.data, k.task, a.value AS about, a.value -> 'completed_by' AS who, r.choices,
                   coalesce(a.value ->> 'ground_truth', 'false') = 'true' AS ground_truth, r.comment
              FROM task k
             CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(CASE WHEN pg_catalog.jsonb_typeof(k.answers) = 'array' THEN k.answers ELSE '[]' END) a
             CROSS JOIN LATERAL (
                   SELECT (pg_catalog.array_agg(e.value -> 'value' -> 'choices' ORDER BY e.ordinality)
                               FILTER (WHERE e.value -> 'value' ? 'choices'
                                         AND (gt_label_studio_annotations.from_name IS NULL OR e.value ->> 'from_name' = gt_label_studio_annotations.from_name)))[1] AS choices,
                          (pg_catalog.array_agg(coalesce(e.value -> 'value' -> 'text' ->> 0, e.value -> 'value' ->> 'text') ORDER BY e.ordinality)
                               FILTER (WHERE e.value ->> 'type' = 'textarea'))[1] AS comment
                     FROM pg_catalog.jsonb_array_elements(CASE WHEN pg_catalog.jsonb_typeof(a.value -> 'result') = 'array' THEN a.value -> 'result' ELSE '[]' END) WITH ORDINALITY e) r
             WHERE coalesce(a.value ->> 'was_cancelled', 'false') <> 'true'
             UNION ALL
            -- JSON_MIN: the data, and the choice beside it
            SELECT k.data, k.task, k.task, k.task -> 'annotator', c.value -> 'choices', false, NULL
              FROM task k
             CROSS JOIN LATERAL (SELECT k.task -> coalesce(gt_label_studio_annotations.from_name, 'label') AS value) v
             CROSS JOIN LATERAL (SELECT CASE pg_catalog.jsonb_typeof(v.value)
                                            WHEN 'object' THEN v.value
                                            WHEN 'array' THEN pg_catalog.jsonb_build_object('choices', v.value)
                                            ELSE pg_catalog.jsonb_build_object('choices', pg_catalog.jsonb_build_array(v.value)) END AS value) c
             WHERE k.answers IS NULL AND v.value IS NOT NULL)
        SELECT CASE WHEN gt_label_studio_annotations.key_column IS NULL THEN a.task ->> 'id' ELSE a.data ->> gt_label_studio_annotations.key_column END,
               CASE WHEN pg_catalog.jsonb_typeof(a.who) = 'object' THEN coalesce(a.who ->> 'email', a.who ->> 'username', a.who ->> 'id') ELSE a.who #>> '{}' END,
               CASE WHEN pg_catalog.jsonb_typeof(a.choices) = 'array' AND pg_catalog.jsonb_array_length(a.choices) = 1 THEN a.choices ->> 0 ELSE a.choices #>> '{}' END,
               a.ground_truth, a.comment,
               -- what is no date is none; 29 February is left out rather than to know all years
               CASE WHEN a.about ->> 'created_at' ~ '^[12]\d{3}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-](0\d|1[0-4]):?[0-5]\d)?$'
                    THEN (a.about ->> 'created_at')::timestamptz END
          FROM answer a;
    END;
COMMENT ON FUNCTION gt_label_studio_annotations IS 'The answers in tasks of Label Studio''s JSON or JSON_MIN: one task, or an array of tasks. The item is the data''s key_column (NULL: the id of the task); from_name names the choices (NULL: the first, or "label")';

CREATE FUNCTION gt_import_label_studio(job_name text, tasks regclass, task name DEFAULT 'task', from_name text DEFAULT NULL,
                                       on_conflict text DEFAULT 'error')
    RETURNS TABLE (outcome text, reason text, answers bigint, items text[], annotators text[])
    AS 'MODULE_PATHNAME', 'gtl_sql_import_label_studio' LANGUAGE C VOLATILE ROWS 5;
COMMENT ON FUNCTION gt_import_label_studio IS 'gt_import_annotations for a table of tasks that Label Studio has exported; its ground_truth answers become known answers';

-- ---- Manifests -----------------------------------------------------------------------

CREATE FUNCTION gt_import_manifest(manifest regclass, line name DEFAULT 'line', table_name text DEFAULT NULL,
                                   label_attribute_name text DEFAULT NULL, order_column name DEFAULT NULL,
                                   on_error text DEFAULT 'error')
    RETURNS TABLE (line_no bigint, reason text)
    AS 'MODULE_PATHNAME', 'gtl_sql_import_manifest' LANGUAGE C VOLATILE ROWS 10;
COMMENT ON FUNCTION gt_import_manifest IS 'Makes a table of objects (table_name; NULL: <manifest>_objects) of the lines of a manifest, plain or augmented, in a column of json, jsonb or text: source, source_ref, label and what is known of it, and the line. With on_error => skip the result are the bad lines';

-- ---- Events for programs ----------------------------------------------------------------

CREATE FUNCTION gt_poll_events(consumer text, max_events integer DEFAULT 100, acknowledge bigint[] DEFAULT NULL)
    RETURNS TABLE (event_id bigint, job_name text, at timestamptz, event text, state text, detail text, batch_no integer, round_no integer)
    AS 'MODULE_PATHNAME', 'gtl_sql_poll_events' LANGUAGE C VOLATILE ROWS 100;
COMMENT ON FUNCTION gt_poll_events IS 'Events of your jobs that this consumer has not acknowledged, oldest first; they come back at every call until they are, here or with gt_acknowledge_events';

CREATE FUNCTION gt_acknowledge_events(consumer text, event_ids bigint[]) RETURNS integer
    AS 'MODULE_PATHNAME', 'gtl_sql_acknowledge_events' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_acknowledge_events IS 'The consumer has dealt with these events, and with those of the same jobs before them; returns how many of them there are';

CREATE FUNCTION gt_drop_consumer(consumer text) RETURNS boolean
    AS 'MODULE_PATHNAME', 'gtl_sql_drop_consumer' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_drop_consumer IS 'Forgets what the consumer has acknowledged; false: nothing';

-- ---- Jobs as documents of the managed service --------------------------------------------

CREATE FUNCTION gtlabel.create_job_of(settings jsonb, beside regclass) RETURNS bigint
    AS 'MODULE_PATHNAME', 'gtl_sql_create_job_of' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gtlabel.create_job_of(jsonb, regclass) IS 'gt_create_job, which is in the schema of that relation, with its arguments as an object';

CREATE FUNCTION gtlabel.own_job(job_name text) RETURNS bigint
    AS 'MODULE_PATHNAME', 'gtl_sql_own_job' LANGUAGE C STABLE;
COMMENT ON FUNCTION gtlabel.own_job(text) IS 'The number of a job of the caller''s; an error if there is none of that name';

CREATE FUNCTION gtlabel.leaves(document jsonb) RETURNS TABLE (field text, value jsonb)
    IMMUTABLE STRICT PARALLEL SAFE
    BEGIN ATOMIC
        WITH RECURSIVE member AS (
            SELECT e.key AS field, e.value FROM pg_catalog.jsonb_each(CASE WHEN pg_catalog.jsonb_typeof(document) = 'object' THEN document ELSE '{}' END) e
             UNION ALL
            SELECT m.field || '.' || e.key, e.value FROM member m CROSS JOIN LATERAL pg_catalog.jsonb_each(CASE WHEN pg_catalog.jsonb_typeof(m.value) = 'object' THEN m.value ELSE '{}' END) e)
        SELECT m.field, m.value FROM member m WHERE pg_catalog.jsonb_typeof(m.value) <> 'object' OR m.value = '{}';
    END;
COMMENT ON FUNCTION gtlabel.leaves(jsonb) IS 'The members of an object that are no objects, by their path';

CREATE FUNCTION gtlabel.request_fields(document jsonb, category_file jsonb, settings jsonb)
    RETURNS TABLE (field text, setting text, value jsonb, remark text)
    STABLE PARALLEL SAFE
    SET jit = off   -- compiling takes longer than any request
    BEGIN ATOMIC
        WITH known (field, setting, remark) AS (VALUES
            ('LabelingJobName', 'job_name', NULL),
            ('LabelAttributeName', 'label_attribute_name', NULL),
            ('InputConfig.DataSource.S3DataSource.ManifestS3Uri', NULL, 'the dataset takes its place; gt_import_manifest makes a table of a manifest'),
            ('InputConfig.DataSource.SnsDataSource.SnsTopicArn', NULL, 'gt_add_objects takes in rows that come later'),
            ('InputConfig.DataAttributes.ContentClassifiers', NULL, 'declarations for Mechanical Turk'),
            ('OutputConfig.S3OutputPath', NULL, 'gt_output_manifest returns the output'),
            ('OutputConfig.KmsKeyId', NULL, 'nothing leaves the database'),
            ('OutputConfig.SnsTopicArn', NULL, 'gt_poll_events tells programs what happens'),
            ('RoleArn', NULL, 'the job belongs to the role that creates it'),
            ('LabelCategoryConfigS3Uri', NULL, 'what is in that file is the argument category_file'),
            ('StoppingConditions.MaxHumanLabeledObjectCount', 'max_human_labeled_object_count', NULL),
            ('StoppingConditions.MaxPercentageOfInputDatasetLabeled', 'max_percentage_of_input_dataset_labeled', NULL),
            ('LabelingJobAlgorithmsConfig.LabelingJobAlgorithmSpecificationArn', 'auto_label', NULL),
            ('LabelingJobAlgorithmsConfig.InitialActiveLearningModelArn', 'initial_model', NULL),
            ('LabelingJobAlgorithmsConfig.LabelingJobResourceConfig.VolumeKmsKeyId', NULL, 'nothing leaves the database'),
            ('LabelingJobAlgorithmsConfig.LabelingJobResourceConfig.VpcConfig.SecurityGroupIds', NULL, 'nothing leaves the database'),
            ('LabelingJobAlgorithmsConfig.LabelingJobResourceConfig.VpcConfig.Subnets', NULL, 'nothing leaves the database'),
            ('HumanTaskConfig.WorkteamArn', 'workteam', NULL),
            ('HumanTaskConfig.UiConfig.UiTemplateS3Uri', NULL, 'the portal shows display_columns'),
            ('HumanTaskConfig.UiConfig.HumanTaskUiArn', NULL, 'the portal shows display_columns'),
            ('HumanTaskConfig.TaskTitle', 'instructions', NULL),
            ('HumanTaskConfig.TaskDescription', 'instructions', NULL),
            ('HumanTaskConfig.TaskKeywords', NULL, 'no market place is searched'),
            ('HumanTaskConfig.NumberOfHumanWorkersPerDataObject', 'annotators_per_object', NULL),
            ('HumanTaskConfig.TaskTimeLimitInSeconds', 'task_time_limit', NULL),
            ('HumanTaskConfig.TaskAvailabilityLifetimeInSeconds', 'task_availability_lifetime', NULL),
            ('HumanTaskConfig.MaxConcurrentTaskCount', 'max_concurrent_task_count', NULL),
            ('HumanTaskConfig.PreHumanTaskLambdaArn', NULL, 'a view over the dataset prepares what people see'),
            ('HumanTaskConfig.AnnotationConsolidationConfig.AnnotationConsolidationLambdaArn', NULL, 'answers are consolidated by majority or Dawid-Skene, or by the function of the setting consolidation'),
            ('HumanTaskConfig.PublicWorkforceTaskPrice.AmountInUsd.Dollars', NULL, 'nobody is paid here'),
            ('HumanTaskConfig.PublicWorkforceTaskPrice.AmountInUsd.Cents', NULL, 'nobody is paid here'),
            ('HumanTaskConfig.PublicWorkforceTaskPrice.AmountInUsd.TenthFractionsOfACent', NULL, 'nobody is paid here'),
            ('Tags', NULL, 'jobs have no tags')),
        given AS (
            SELECT l.field, l.value, k.field IS NOT NULL AS is_known, k.setting, k.remark, l.value #>> '{}' AS text,
                   -- the last part of an ARN is a name
                   pg_catalog.regexp_replace(l.value #>> '{}', '^.*[/:]', '') AS name
              FROM gtlabel.leaves(document) l LEFT JOIN known k ON k.field = l.field),
        mapped AS (
            SELECT g.field, g.is_known, g.remark,
                   CASE g.setting
                       WHEN 'task_time_limit' THEN pg_catalog.to_jsonb(g.text || ' seconds')
                       WHEN 'task_availability_lifetime' THEN pg_catalog.to_jsonb(g.text || ' seconds')
                       WHEN 'auto_label' THEN CASE WHEN g.name IN ('image-classification', 'text-classification') THEN 'true'::jsonb END
                       WHEN 'workteam' THEN CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname::text = g.name) THEN pg_catalog.to_jsonb(pg_catalog.quote_ident(g.name)) END
                       WHEN 'initial_model' THEN CASE WHEN EXISTS (SELECT FROM gt_models m WHERE m.model_name = g.text OR m.model_name = g.name)
                                                      THEN pg_catalog.to_jsonb((SELECT m.model_name FROM gt_models m WHERE m.model_name = g.text OR m.model_name = g.name ORDER BY m.model_name <> g.text LIMIT 1)) END
                       WHEN 'instructions' THEN pg_catalog.to_jsonb(pg_catalog.concat_ws(E'\n\n', '# ' || (document #>> '{HumanTaskConfig,TaskTitle}'), document #>> '{HumanTaskConfig,TaskDescription}'))
                       ELSE g.value END AS value,
                   g.setting, g.name
              FROM given g),
        listed AS (
            SELECT m.field, CASE WHEN m.value IS NULL OR settings ? m.setting THEN NULL ELSE m.setting END AS setting,
                   CASE WHEN NOT settings ? m.setting THEN m.value END AS value,
                   CASE WHEN NOT m.is_known THEN 'unknown field'
                        WHEN settings ? m.setting THEN pg_catalog.format('settings has another %s', m.setting)
                        WHEN m.setting = 'auto_label' AND m.value IS NULL THEN 'only classification is labeled by machine'
                        WHEN m.setting = 'workteam' AND m.value IS NULL THEN pg_catalog.format('there is no role "%s"; GRANT one to the annotators and name it in settings', m.name)
                        WHEN m.setting = 'initial_model' AND m.value IS NULL THEN pg_catalog.format('there is no model "%s"', m.name)
                        ELSE m.remark END AS remark
              FROM mapped m WHERE m.field <> 'LabelCategoryConfigS3Uri' OR category_file IS NULL
             UNION ALL
            SELECT 'LabelCategoryConfigS3Uri', 'label_categories', pg_catalog.to_jsonb(ARRAY(
                       SELECT e.value ->> 'label' FROM pg_catalog.jsonb_array_elements(CASE WHEN pg_catalog.jsonb_typeof(category_file -> 'labels') = 'array' THEN category_file -> 'labels' ELSE '[]' END) WITH ORDINALITY e ORDER BY e.ordinality)),
                   'from category_file'
             WHERE category_file IS NOT NULL AND NOT settings ? 'label_categories')
        SELECT l.field, l.setting, l.value, l.remark FROM listed l;
    END;
COMMENT ON FUNCTION gtlabel.request_fields(jsonb, jsonb, jsonb) IS 'The fields of a CreateLabelingJob request: the setting that each is, with its value, or why it is none';

CREATE FUNCTION gt_create_job_from_json(document jsonb, dataset regclass, category_file jsonb DEFAULT NULL, settings jsonb DEFAULT '{}')
    RETURNS TABLE (job_id bigint, field text, used_as text, remark text)
    VOLATILE PARALLEL UNSAFE
    SET jit = off
    BEGIN ATOMIC
        WITH request AS MATERIALIZED (
            SELECT r.* FROM gtlabel.request_fields(document, category_file, coalesce(gt_create_job_from_json.settings, '{}')) r),
        job AS MATERIALIZED (
            SELECT gtlabel.create_job_of(
                       -- no algorithm, no automated labeling, and no features asked for
                       '{"job_name": null, "label_categories": null}'::jsonb ||
                       CASE WHEN EXISTS (SELECT FROM request r WHERE r.setting = 'auto_label') THEN '{}' ELSE '{"auto_label": false, "features_column": null}'::jsonb END
                       || coalesce((SELECT pg_catalog.jsonb_object_agg(r.setting, r.value) FROM request r WHERE r.setting IS NOT NULL), '{}')
                       || coalesce(gt_create_job_from_json.settings, '{}')
                       || CASE WHEN gt_create_job_from_json.dataset IS NULL THEN '{"dataset": null}'
                               ELSE pg_catalog.jsonb_build_object('dataset', gt_create_job_from_json.dataset::pg_catalog.oid::text) END, 'gt_jobs'::pg_catalog.regclass) AS job_id)
        SELECT j.job_id, r.field, r.setting, r.remark FROM job j LEFT JOIN request r ON true ORDER BY r.setting IS NULL, r.field;
    END;
COMMENT ON FUNCTION gt_create_job_from_json IS 'Creates a job from a CreateLabelingJob request. category_file is the content of LabelCategoryConfigS3Uri; settings are further arguments of gt_create_job. A row for each field of the request: the setting that it became, or why it has no meaning here';

CREATE FUNCTION gt_describe_job(job_name text) RETURNS json
    STABLE PARALLEL UNSAFE
    SET jit = off
    BEGIN ATOMIC
        SELECT pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
                   'LabelingJobStatus', pg_catalog.replace(pg_catalog.initcap(pg_catalog.replace(j.state, '_', ' ')), ' ', ''),
                   'LabelCounters', pg_catalog.json_build_object('TotalLabeled', j.total_labeled, 'HumanLabeled', j.human_labeled, 'MachineLabeled', j.machine_labeled,
                                                                'FailedNonRetryableError', j.failed, 'Unlabeled', j.unlabeled),
                   'FailureReason', j.failure_reason,
                   'CreationTime', pg_catalog.to_char(j.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                   'LastModifiedTime', pg_catalog.to_char(j.last_modified_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                   'JobReferenceCode', j.job_id::text,
                   'LabelingJobName', j.job_name,
                   'LabelingJobArn', 'labeling-job/' || j.job_name,
                   'LabelAttributeName', s.s ->> 'label_attribute_name',
                   'InputConfig', pg_catalog.json_build_object('DataSource', pg_catalog.json_build_object('S3DataSource', pg_catalog.json_build_object('ManifestS3Uri', j.dataset_name))),
                   'OutputConfig', pg_catalog.json_build_object('S3OutputPath', pg_catalog.format('gt_output_manifest(%L)', j.job_name)),
                   'RoleArn', j.owner::text,
                   'LabelCategoryConfig', pg_catalog.json_build_object('document-version', '2018-11-28', 'labels',
                       (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('label', c.name) ORDER BY c.place)
                          FROM pg_catalog.unnest((s.s ->> 'label_categories')::text[]) WITH ORDINALITY c (name, place))),
                   'StoppingConditions', CASE WHEN s.s ->> 'max_human_labeled_object_count' IS NOT NULL OR s.s ->> 'max_percentage_of_input_dataset_labeled' IS NOT NULL THEN
                       pg_catalog.json_build_object('MaxHumanLabeledObjectCount', (s.s ->> 'max_human_labeled_object_count')::integer,
                                                    'MaxPercentageOfInputDatasetLabeled', (s.s ->> 'max_percentage_of_input_dataset_labeled')::integer) END,
                   'LabelingJobAlgorithmsConfig', CASE WHEN s.s ->> 'auto_label' = 'true' AND j.dimension > 0 THEN
                       pg_catalog.json_build_object('LabelingJobAlgorithmSpecificationArn', CASE WHEN s.s ->> 'text_column' IS NULL THEN 'image-classification' ELSE 'text-classification' END,
                                                    'InitialActiveLearningModelArn', s.s ->> 'initial_model') END,
                   'HumanTaskConfig', pg_catalog.json_build_object(
                       'WorkteamArn', s.s ->> 'workteam',
                       'TaskTitle', coalesce((pg_catalog.regexp_match(s.s ->> 'instructions', '^# ([^\n]+)'))[1], j.job_name),
                       'TaskDescription', NULLIF(pg_catalog.regexp_replace(s.s ->> 'instructions', '^# [^\n]+\s*', ''), ''),
                       'NumberOfHumanWorkersPerDataObject', coalesce(s.s ->> 'max_annotators', s.s ->> 'annotators_per_object')::integer,
                       'TaskTimeLimitInSeconds', pg_catalog.date_part('epoch', (s.s ->> 'task_time_limit')::interval),
                       'TaskAvailabilityLifetimeInSeconds', pg_catalog.date_part('epoch', (s.s ->> 'task_availability_lifetime')::interval),
                       'MaxConcurrentTaskCount', (s.s ->> 'max_concurrent_task_count')::integer,
                       'AnnotationConsolidationConfig', CASE WHEN s.s ->> 'consolidation' IS NOT NULL THEN
                           pg_catalog.json_build_object('AnnotationConsolidationLambdaArn', s.s ->> 'consolidation') END),
                   'LabelingJobOutput', pg_catalog.json_build_object(
                       'OutputDatasetS3Uri', pg_catalog.format('gt_output_manifest(%L)', j.job_name),
                       'FinalActiveLearningModelArn', (SELECT m.model_name FROM gt_models m WHERE m.job_name = j.job_name ORDER BY m.round_no DESC LIMIT 1))))
          FROM gtlabel.own_job(gt_describe_job.job_name) o (job_id)
          JOIN gt_jobs j ON j.job_id = o.job_id
         CROSS JOIN LATERAL (SELECT pg_catalog.jsonb_object_agg(t.setting, t.value) AS s FROM gtlabel.job_settings(o.job_id) t) s;
    END;
COMMENT ON FUNCTION gt_describe_job IS 'The job in the shape of a DescribeLabelingJob response; where that has addresses, here are names';
