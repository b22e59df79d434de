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
