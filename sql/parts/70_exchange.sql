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
