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
    CHECK (VALUE IN ('audited', 'confidence', 'expected', 'strict', 'empirical'));
COMMENT ON DOMAIN gtlabel.guarantee IS 'What is promised of the machine labels';

-- References that a dump can always be restored with; src/api/reference_types.c.
CREATE TYPE gtlabel.role;
CREATE FUNCTION gtlabel.role_in(cstring) RETURNS gtlabel.role
    AS 'MODULE_PATHNAME', 'gtl_sql_role_in' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.role_in(cstring) IS 'I/O';
CREATE FUNCTION gtlabel.role_out(gtlabel.role) RETURNS cstring
    AS 'MODULE_PATHNAME', 'gtl_sql_role_out' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.role_out(gtlabel.role) IS 'I/O';
CREATE TYPE gtlabel.role (INPUT = gtlabel.role_in, OUTPUT = gtlabel.role_out, LIKE = pg_catalog.oid);
COMMENT ON TYPE gtlabel.role IS 'A role by its number, so that it is followed through renames; dumped by its name. -: none, or none of that name';
CREATE CAST (gtlabel.role AS pg_catalog.oid) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (gtlabel.role AS pg_catalog.regrole) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (pg_catalog.regrole AS gtlabel.role) WITHOUT FUNCTION AS ASSIGNMENT;

CREATE TYPE gtlabel.relation;
CREATE FUNCTION gtlabel.relation_in(cstring) RETURNS gtlabel.relation
    AS 'MODULE_PATHNAME', 'gtl_sql_relation_in' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.relation_in(cstring) IS 'I/O';
CREATE FUNCTION gtlabel.relation_out(gtlabel.relation) RETURNS cstring
    AS 'MODULE_PATHNAME', 'gtl_sql_relation_out' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.relation_out(gtlabel.relation) IS 'I/O';
CREATE TYPE gtlabel.relation (INPUT = gtlabel.relation_in, OUTPUT = gtlabel.relation_out, LIKE = pg_catalog.oid);
COMMENT ON TYPE gtlabel.relation IS 'A table or view by its number, dumped by its name. -: none, or none of that name';
CREATE CAST (gtlabel.relation AS pg_catalog.oid) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (gtlabel.relation AS pg_catalog.regclass) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (pg_catalog.regclass AS gtlabel.relation) WITHOUT FUNCTION AS ASSIGNMENT;

CREATE FUNCTION gtlabel.clock() RETURNS timestamptz
    AS 'MODULE_PATHNAME', 'gtl_sql_clock' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.clock() IS 'The time that leases and batches go by: the wall clock plus gtlabel.clock_offset';

-- Six significant digits: what people read in a view. What they compare margins with is not rounded.
CREATE FUNCTION gtlabel.rounded(number float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN number = 0::float8 OR pg_catalog.abs(number) = 'Infinity'::float8 OR number = 'NaN'::float8 THEN number
                ELSE pg_catalog.round(number::numeric, 5 - pg_catalog.floor(pg_catalog.log(pg_catalog.abs(number)))::integer)::float8 END;
COMMENT ON FUNCTION gtlabel.rounded IS 'Six significant digits, for views';

CREATE FUNCTION gtlabel.knows_sizes() RETURNS boolean
    AS 'MODULE_PATHNAME', 'gtl_sql_knows_sizes' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.knows_sizes() IS 'True: the library is loaded, and the planner learns the sizes of the tables from it, not from ANALYZE';

CREATE FUNCTION gtlabel.networks_left_out(labeled integer, dimension integer, classes integer) RETURNS text
    AS 'MODULE_PATHNAME', 'gtl_sql_networks_left_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.networks_left_out(integer, integer, integer) IS 'Why algorithm ''auto'' does not compare networks with so many labeled objects, columns and categories; NULL: it does';

CREATE FUNCTION gtlabel.progress()
    RETURNS TABLE (pid integer, job_id bigint, phase text, done bigint, total bigint,
                   started_at timestamptz, phase_started_at timestamptz)
    AS 'MODULE_PATHNAME', 'gtl_sql_progress' LANGUAGE C VOLATILE ROWS 10;
COMMENT ON FUNCTION gtlabel.progress() IS 'Running work in this database; gt_progress shows what concerns the caller';

CREATE FUNCTION gtlabel.annotator_self(job_id bigint) RETURNS text
    AS 'MODULE_PATHNAME', 'gtl_sql_annotator_self' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.annotator_self(bigint) IS 'The name under which a job keeps what the current user does as an annotator';

CREATE FUNCTION gtlabel.job_settings(job_id bigint)
    RETURNS TABLE (setting text, value text, "default" text, alterable boolean, description text)
    AS 'MODULE_PATHNAME', 'gtl_sql_job_settings' LANGUAGE C STABLE ROWS 40;
COMMENT ON FUNCTION gtlabel.job_settings(bigint) IS 'The settings of a job of the caller''s; NULL: of any job, without values';
