/*
 * Work that goes to where the rows are: to parallel workers, and through postgres_fdw to other servers whose options say
 * extensions 'gtlabel'. What is sent there reads no table of gtlabel, so it is IMMUTABLE and PARALLEL SAFE. The results of
 * aggregates are rows that hold all that is needed to put those of several servers together: gt_merge. docs/in-place.md.
 */

-- ---- Scores ----------------------------------------------------------------------

CREATE TYPE gt_score AS (class text, margin float8, probability float8);
COMMENT ON TYPE gt_score IS 'What a model says of a row: the most probable category, the margin to the next, 0 to 1, and how probable the category is right';
COMMENT ON COLUMN gt_score.class IS 'The most probable category';
COMMENT ON COLUMN gt_score.margin IS 'The difference of the two highest probabilities, 0 to 1';
COMMENT ON COLUMN gt_score.probability IS 'How probable the category is right, calibrated on objects that the model has not learned from; NULL: unknown';

CREATE FUNCTION gt_model_bytes(model_name text) RETURNS bytea
    AS 'MODULE_PATHNAME', 'gtl_sql_model_bytes' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_model_bytes IS 'A model, or the newest model of the job of that name, as the bytes that gt_score takes';

CREATE FUNCTION gt_score(model bytea, features float4[]) RETURNS gt_score
    AS 'MODULE_PATHNAME', 'gtl_sql_score' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION gt_score(bytea, float4[]) IS 'What the model of these bytes says of the features';

CREATE FUNCTION gt_score(model bytea, features float8[]) RETURNS gt_score
    AS 'MODULE_PATHNAME', 'gtl_sql_score' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION gt_score(bytea, float8[]) IS 'What the model of these bytes says of the features';

CREATE FUNCTION gt_score(model bytea, text text) RETURNS gt_score
    AS 'MODULE_PATHNAME', 'gtl_sql_score_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_score(bytea, text) IS 'What the model of these bytes says of the text';

CREATE FUNCTION gt_score(model bytea, text text, features float4[]) RETURNS gt_score
    AS 'MODULE_PATHNAME', 'gtl_sql_score_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gt_score(bytea, text, float4[]) IS 'What the model of these bytes says of the text and the features beside it';

CREATE FUNCTION gt_class(score gt_score) RETURNS text
    AS 'MODULE_PATHNAME', 'gtl_sql_score_class' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gt_class IS 'The category of a score: what postgres_fdw sends instead of (score).class';

CREATE FUNCTION gt_margin(score gt_score) RETURNS float8
    AS 'MODULE_PATHNAME', 'gtl_sql_score_margin' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gt_margin(gt_score) IS 'The margin of a score: what postgres_fdw sends instead of (score).margin';

CREATE FUNCTION gt_probability(score gt_score) RETURNS float8
    AS 'MODULE_PATHNAME', 'gtl_sql_score_probability' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gt_probability IS 'The probability of a score: what postgres_fdw sends instead of (score).probability';

-- ---- Samples ---------------------------------------------------------------------

CREATE FUNCTION gt_draw(key anyelement, seed bigint) RETURNS float8
    AS 'MODULE_PATHNAME', 'gtl_sql_draw' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION gt_draw(anyelement, bigint) IS 'A random number that belongs to the key and the seed, exponentially distributed: the rows with the smallest ones are a random sample';

CREATE FUNCTION gt_draw(key anyelement, seed bigint, weight float8) RETURNS float8
    AS 'MODULE_PATHNAME', 'gtl_sql_draw' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION gt_draw(anyelement, bigint, float8) IS 'The same divided by a weight: in the order of these numbers each next row is drawn with a probability in proportion to its weight';

CREATE FUNCTION gt_fingerprint(key anyelement, score gt_score) RETURNS bigint
    AS 'MODULE_PATHNAME', 'gtl_sql_fingerprint' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gt_fingerprint IS 'A number that belongs to a row''s key and the category of its score: bit_xor() of them over rows is the same as long as none comes, goes or gets another category, but for a chance of 2^-64';

CREATE TYPE gt_sample AS (count bigint, n integer, seed bigint, keys text[], draws float8[], records text[]);
COMMENT ON TYPE gt_sample IS 'A random sample of rows, in the order in which they were drawn';
COMMENT ON COLUMN gt_sample.count IS 'Rows that could be drawn';
COMMENT ON COLUMN gt_sample.n IS 'Rows that were wished for';
COMMENT ON COLUMN gt_sample.seed IS 'The seed of the draws';
COMMENT ON COLUMN gt_sample.keys IS 'Keys of the drawn rows';
COMMENT ON COLUMN gt_sample.draws IS 'Their draws (gt_draw), ascending';
COMMENT ON COLUMN gt_sample.records IS 'What came with them, as text';

CREATE FUNCTION gtlabel.sample_add(internal, anyelement, anycompatible, integer, bigint) RETURNS internal
    AS 'MODULE_PATHNAME', 'gtl_sql_sample_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.sample_add(internal, anyelement, anycompatible, integer, bigint) IS 'Transition of gt_sample';
CREATE FUNCTION gtlabel.sample_add(internal, anyelement, anycompatible, integer, bigint, float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'gtl_sql_sample_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.sample_add(internal, anyelement, anycompatible, integer, bigint, float8) IS 'Transition of gt_sample with weights';
CREATE FUNCTION gtlabel.sample_merge(internal, gt_sample) RETURNS internal
    AS 'MODULE_PATHNAME', 'gtl_sql_sample_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.sample_merge IS 'Transition of gt_merge';
CREATE FUNCTION gtlabel.sample_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'gtl_sql_sample_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.sample_combine IS 'Puts two states together';
CREATE FUNCTION gtlabel.sample_serial(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'gtl_sql_sample_serial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.sample_serial IS 'A state on its way to another process';
CREATE FUNCTION gtlabel.sample_deserial(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'gtl_sql_sample_deserial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.sample_deserial IS 'A state from another process';
CREATE FUNCTION gtlabel.sample_final(internal) RETURNS gt_sample
    AS 'MODULE_PATHNAME', 'gtl_sql_sample_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.sample_final IS 'The sample of a state';

CREATE AGGREGATE gt_sample(key anyelement, record anycompatible, n integer, seed bigint) (
    SFUNC = gtlabel.sample_add, STYPE = internal, FINALFUNC = gtlabel.sample_final, COMBINEFUNC = gtlabel.sample_combine,
    SERIALFUNC = gtlabel.sample_serial, DESERIALFUNC = gtlabel.sample_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE gt_sample(anyelement, anycompatible, integer, bigint) IS 'A random sample of n rows without replacement: the same for a seed whatever the plan and the servers';
CREATE AGGREGATE gt_sample(key anyelement, record anycompatible, n integer, seed bigint, weight float8) (
    SFUNC = gtlabel.sample_add, STYPE = internal, FINALFUNC = gtlabel.sample_final, COMBINEFUNC = gtlabel.sample_combine,
    SERIALFUNC = gtlabel.sample_serial, DESERIALFUNC = gtlabel.sample_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE gt_sample(anyelement, anycompatible, integer, bigint, float8) IS 'A random sample of n rows, each next one drawn with a probability in proportion to its weight; rows of weight 0 are not drawn';
CREATE AGGREGATE gt_merge(gt_sample) (
    SFUNC = gtlabel.sample_merge, STYPE = internal, FINALFUNC = gtlabel.sample_final, COMBINEFUNC = gtlabel.sample_combine,
    SERIALFUNC = gtlabel.sample_serial, DESERIALFUNC = gtlabel.sample_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE gt_merge(gt_sample) IS 'The sample of all rows from those of their parts';

-- ---- Margins ---------------------------------------------------------------------

CREATE TYPE gt_tail AS (count bigint, n integer, above bigint[], keys text[], margins float8[], classes text[]);
COMMENT ON TYPE gt_tail IS 'How the margins of scored rows are distributed, and the rows that are least certain';
COMMENT ON COLUMN gt_tail.count IS 'Rows with a score';
COMMENT ON COLUMN gt_tail.n IS 'Least certain rows that were wished for';
COMMENT ON COLUMN gt_tail.above IS 'How many have at least each margin of gt_tail_margins()';
COMMENT ON COLUMN gt_tail.keys IS 'Keys of the least certain rows';
COMMENT ON COLUMN gt_tail.margins IS 'Their margins, ascending';
COMMENT ON COLUMN gt_tail.classes IS 'Their most probable categories';

CREATE FUNCTION gt_tail_margins() RETURNS float8[]
    AS 'MODULE_PATHNAME', 'gtl_sql_tail_margins' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gt_tail_margins IS 'The 1,024 margins that gt_tail counts at, beginning with 0, the denser the closer to 1';

CREATE FUNCTION gtlabel.tail_add(internal, gt_score, anyelement, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'gtl_sql_tail_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.tail_add IS 'Transition of gt_tail';
CREATE FUNCTION gtlabel.tail_merge(internal, gt_tail) RETURNS internal
    AS 'MODULE_PATHNAME', 'gtl_sql_tail_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.tail_merge IS 'Transition of gt_merge';
CREATE FUNCTION gtlabel.tail_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'gtl_sql_tail_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.tail_combine IS 'Puts two states together';
CREATE FUNCTION gtlabel.tail_serial(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'gtl_sql_tail_serial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.tail_serial IS 'A state on its way to another process';
CREATE FUNCTION gtlabel.tail_deserial(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'gtl_sql_tail_deserial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.tail_deserial IS 'A state from another process';
CREATE FUNCTION gtlabel.tail_final(internal) RETURNS gt_tail
    AS 'MODULE_PATHNAME', 'gtl_sql_tail_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.tail_final IS 'The distribution of a state';

CREATE AGGREGATE gt_tail(score gt_score, key anyelement, n integer) (
    SFUNC = gtlabel.tail_add, STYPE = internal, FINALFUNC = gtlabel.tail_final, COMBINEFUNC = gtlabel.tail_combine,
    SERIALFUNC = gtlabel.tail_serial, DESERIALFUNC = gtlabel.tail_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE gt_tail(gt_score, anyelement, integer) IS 'How many rows are above each of 1,024 margins, and the n that are least certain';
CREATE AGGREGATE gt_merge(gt_tail) (
    SFUNC = gtlabel.tail_merge, STYPE = internal, FINALFUNC = gtlabel.tail_final, COMBINEFUNC = gtlabel.tail_combine,
    SERIALFUNC = gtlabel.tail_serial, DESERIALFUNC = gtlabel.tail_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE gt_merge(gt_tail) IS 'The distribution of all rows from those of their parts';

-- ---- Features --------------------------------------------------------------------

CREATE TYPE gt_feature_stats AS (count bigint, mean float8[], deviation float8[], sums bytea);
COMMENT ON TYPE gt_feature_stats IS 'Means and standard deviations of features';
COMMENT ON COLUMN gt_feature_stats.count IS 'Rows with features';
COMMENT ON COLUMN gt_feature_stats.mean IS 'Mean of each feature';
COMMENT ON COLUMN gt_feature_stats.deviation IS 'Standard deviation of each feature, of the population';
COMMENT ON COLUMN gt_feature_stats.sums IS 'The exact sums that they come from (src/learning/exact_sum.c), for gt_merge';

CREATE FUNCTION gtlabel.stats_add(internal, float4[]) RETURNS internal
    AS 'MODULE_PATHNAME', 'gtl_sql_stats_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.stats_add(internal, float4[]) IS 'Transition of gt_feature_stats';
CREATE FUNCTION gtlabel.stats_add(internal, float8[]) RETURNS internal
    AS 'MODULE_PATHNAME', 'gtl_sql_stats_add' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.stats_add(internal, float8[]) IS 'Transition of gt_feature_stats';
CREATE FUNCTION gtlabel.stats_merge(internal, gt_feature_stats) RETURNS internal
    AS 'MODULE_PATHNAME', 'gtl_sql_stats_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.stats_merge IS 'Transition of gt_merge';
CREATE FUNCTION gtlabel.stats_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'gtl_sql_stats_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.stats_combine IS 'Puts two states together';
CREATE FUNCTION gtlabel.stats_serial(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'gtl_sql_stats_serial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.stats_serial IS 'A state on its way to another process';
CREATE FUNCTION gtlabel.stats_deserial(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'gtl_sql_stats_deserial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.stats_deserial IS 'A state from another process';
CREATE FUNCTION gtlabel.stats_final(internal) RETURNS gt_feature_stats
    AS 'MODULE_PATHNAME', 'gtl_sql_stats_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.stats_final IS 'The statistics of a state';

CREATE AGGREGATE gt_feature_stats(features float4[]) (
    SFUNC = gtlabel.stats_add, STYPE = internal, FINALFUNC = gtlabel.stats_final, COMBINEFUNC = gtlabel.stats_combine,
    SERIALFUNC = gtlabel.stats_serial, DESERIALFUNC = gtlabel.stats_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE gt_feature_stats(float4[]) IS 'Means and standard deviations of features by exact sums: the same bits whatever the plan and the servers';
CREATE AGGREGATE gt_feature_stats(features float8[]) (
    SFUNC = gtlabel.stats_add, STYPE = internal, FINALFUNC = gtlabel.stats_final, COMBINEFUNC = gtlabel.stats_combine,
    SERIALFUNC = gtlabel.stats_serial, DESERIALFUNC = gtlabel.stats_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE gt_feature_stats(float8[]) IS 'The same; the features are rounded to float4 first, as everywhere in gtlabel';
CREATE AGGREGATE gt_merge(gt_feature_stats) (
    SFUNC = gtlabel.stats_merge, STYPE = internal, FINALFUNC = gtlabel.stats_final, COMBINEFUNC = gtlabel.stats_combine,
    SERIALFUNC = gtlabel.stats_serial, DESERIALFUNC = gtlabel.stats_deserial, PARALLEL = SAFE);
COMMENT ON AGGREGATE gt_merge(gt_feature_stats) IS 'The statistics of all rows from those of their parts';

-- ---- Labels of a job in place ----------------------------------------------------

CREATE FUNCTION gt_write_labels(job_name text, label_column name, confidence_column name DEFAULT NULL, partition regclass DEFAULT NULL)
    RETURNS TABLE (human bigint, machine bigint, unlabeled bigint, least_margin float8, model_name text)
    AS 'MODULE_PATHNAME', 'gtl_sql_write_labels' LANGUAGE C VOLATILE ROWS 1;
COMMENT ON FUNCTION gt_write_labels IS 'Writes the labels of a job in place into a column of its dataset, where the rows lie: people''s, and the machine''s above the margin that the newest certificate allows; whatever else is in the column goes. partition: its rows only, so that several sessions can write at the same time';

CREATE FUNCTION gt_create_label_view(job_name text, view_name text) RETURNS regclass
    AS 'MODULE_PATHNAME', 'gtl_sql_create_label_view' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gt_create_label_view IS 'Creates or replaces a view of the labels of a job in place: key, label, confidence, certificate (the model whose round certifies it). It scores each row where it lies, by the margin that the newest certificate allows now';

CREATE FUNCTION gtlabel.first_score(gt_score, gt_score) RETURNS gt_score LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN $1;
COMMENT ON FUNCTION gtlabel.first_score IS 'Transition of gtlabel.only_score';
CREATE AGGREGATE gtlabel.only_score(gt_score) (SFUNC = gtlabel.first_score, STYPE = gt_score, COMBINEFUNC = gtlabel.first_score, PARALLEL = SAFE);
COMMENT ON AGGREGATE gtlabel.only_score(gt_score) IS 'The score of a group of one row: what postgres_fdw sends instead of an expression';

CREATE FUNCTION gtlabel.same_version(key anyelement, version jsonb) RETURNS boolean
    AS 'MODULE_PATHNAME', 'gtl_sql_same_version' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gtlabel.same_version IS 'An error if the version of gtlabel is not this one. It takes a row''s key, so that postgres_fdw has the server evaluate it that has the row';

CREATE FUNCTION gtlabel.label_view_model(job_name text, model_id bigint) RETURNS bytea
    AS 'MODULE_PATHNAME', 'gtl_sql_label_view_model' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION gtlabel.label_view_model IS 'The model of a view of gt_create_label_view as bytes; NULL when the machine labels are withdrawn';

CREATE FUNCTION gt_audit_bound(labels bigint, drawn bigint, wrong bigint, confidence_level float8 DEFAULT 0.95) RETURNS bigint
    AS 'MODULE_PATHNAME', 'gtl_sql_audit_bound' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION gt_audit_bound IS 'How many of the labels are wrong at the most, with this confidence, when of those drawn from them at random so many are: exact, for a sample drawn after the labels were fixed';
