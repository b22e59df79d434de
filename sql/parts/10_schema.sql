/*
 * The schema "gtlabel" holds the tables; the functions and views named gt_... go
 * into the schema chosen with CREATE EXTENSION ... SCHEMA.
 */
CREATE SCHEMA gtlabel;
COMMENT ON SCHEMA gtlabel IS 'Tables of the gtlabel extension; use the gt_ functions and views, not these';
GRANT USAGE ON SCHEMA gtlabel TO PUBLIC;

CREATE DOMAIN gtlabel.job_state AS text
    CHECK (VALUE IN ('initializing', 'in_progress', 'paused', 'stopping', 'stopped', 'completed', 'failed'));
COMMENT ON DOMAIN gtlabel.job_state IS 'States of a job, those of the managed service in lower case';

CREATE DOMAIN gtlabel.task_state AS text
    CHECK (VALUE IN ('available', 'accepted', 'submitted', 'declined', 'expired'));
COMMENT ON DOMAIN gtlabel.task_state IS 'States of a task; an accepted task whose lease has run out counts as available';

CREATE DOMAIN gtlabel.subset AS text
    CHECK (VALUE IN ('validation', 'pool'));
COMMENT ON DOMAIN gtlabel.subset IS 'Where an object stands: validation (random, labeled by people, never trained on) or pool';

CREATE DOMAIN gtlabel.guarantee AS text
    CHECK (VALUE IN ('confidence', 'expected', 'strict', 'empirical'));
COMMENT ON DOMAIN gtlabel.guarantee IS 'What a certificate promises about the machine labels';

CREATE FUNCTION gtlabel.clock() RETURNS timestamptz
    AS 'MODULE_PATHNAME', 'gtl_sql_clock' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.clock() IS 'The time that leases and batches go by: the wall clock plus gtlabel.clock_offset';

CREATE FUNCTION gtlabel.progress()
    RETURNS TABLE (pid integer, job_id bigint, phase text, done bigint, total bigint,
                   started_at timestamptz, phase_started_at timestamptz)
    AS 'MODULE_PATHNAME', 'gtl_sql_progress' LANGUAGE C VOLATILE ROWS 10;
COMMENT ON FUNCTION gtlabel.progress() IS 'Running work in this database; gt_progress shows what concerns the caller';

CREATE FUNCTION gtlabel.job_settings(job_id bigint)
    RETURNS TABLE (setting text, value text, "default" text, alterable boolean, description text)
    AS 'MODULE_PATHNAME', 'gtl_sql_job_settings' LANGUAGE C STABLE ROWS 40;
COMMENT ON FUNCTION gtlabel.job_settings(bigint) IS 'The settings of a job of the caller''s; NULL: of any job, without values';
