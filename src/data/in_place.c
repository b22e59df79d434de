/*
 * in_place.c
 *		The dataset of a job in place: statements that do their work where its rows lie.
 *
 * postgres_fdw does not send an aggregate over several servers, so each partition has its own below a UNION ALL,
 * which asks all of them at the same time.  It sends functions of extensions that the server's options name, if they
 * are IMMUTABLE, but neither .column of a row nor array casts.  A transaction sees one snapshot of each server.
 *
 * Servers compute what this one would: each piece of work begins with a look at their version of gtlabel.
 */
#include "data/in_place.h"

#include "base/errors.h"
#include "base/memory.h"
#include "base/query.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "data/far.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "parser/parse_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

char *
gtl_in_place_schema(void)
{
	static GtlStatement select = {
		"SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'gtlabel'", 0
	};
	GtlResult	r;
	char	   *name = NULL;

	if (gtl_query_run(&r, &select, NULL, NULL) > 0)
		name = gtl_result_text(&r, 0, 1);
	gtl_query_end(&r);
	if (name == NULL)
		elog(ERROR, "extension gtlabel is missing");
	return psprintf("%s.", quote_identifier(name));
}

/* ---- Running a statement ---- */

/* Runs the statement as the role; $1 is the model, unless that is NULL. */
static void
run_as(const GtlJob *job, Oid role, const char *sql, bytea *model, GtlResult *r)
{
	static const Oid types[1] = {BYTEAOID};
	Datum		values[1] = {PointerGetDatum(model)};

	gtl_far_run_as(r, job, role, sql, model == NULL ? 0 : 1, types, values);
}

static void
run(const GtlJob *job, const char *sql, bytea *model, GtlResult *r)
{
	run_as(job, GetUserId(), sql, model, r);
}

/* ---- Which rows ---- */

/* An error if the column is gone. */
static Oid
column_type(const GtlJob *job, const char *column)
{
	return getBaseType(gtl_dataset_column_type(job->dataset, column, "The job reads it.", job->dataset_name));
}

/* Has the row d a label, or none, that is NULL or an empty text?  In words that postgres_fdw sends: it knows no NULLIF. */
static char *
label_condition(const GtlJob *job, bool labeled)
{
	const char *column = quote_identifier(job->label_column);
	Oid			type = column_type(job, job->label_column);
	bool		sent = type == TEXTOID || type == VARCHAROID || type == BPCHAROID || type == NAMEOID;
	char		category;
	bool		preferred;

	get_type_category_preferred(type, &category, &preferred);
	if (category != TYPCATEGORY_STRING)
		return psprintf("d.%s IS %s", column, labeled ? "NOT NULL" : "NULL");
	return psprintf(labeled ? "(d.%s IS NOT NULL AND d.%s%s OPERATOR(pg_catalog.<>) '')" : "(d.%s IS NULL OR d.%s%s OPERATOR(pg_catalog.=) '')",
					column, column, sent ? "" : "::pg_catalog.text");
}

char *
gtl_in_place_open_rows(const GtlJob *job)
{
	return job->label_column == NULL ? NULL : label_condition(job, false);
}

char *
gtl_in_place_labeled_rows(const GtlJob *job)
{
	return label_condition(job, true);
}

/* " WHERE ...": both, of which either may be NULL; nothing, if both are. */
static char *
where_both(const char *one, const char *other)
{
	if (one == NULL && other == NULL)
		return "";
	return psprintf(" WHERE %s%s%s", one == NULL ? "" : one, one == NULL || other == NULL ? "" : " AND ", other == NULL ? "" : other);
}

/* Of the rows that the job is about; condition NULL: all of them. */
static char *
where(const GtlJob *job, const char *condition)
{
	return where_both(gtl_in_place_open_rows(job), condition);
}

/* "SELECT expression AS part FROM each leaf d condition", all of them below one another. */
static void
append_parts_where(StringInfo sql, List *leaves, const char *expression, const char *condition)
{
	ListCell   *cell;

	foreach(cell, leaves)
		appendStringInfo(sql, "%sSELECT %s AS part FROM %s d%s", cell == list_head(leaves) ? "" : " UNION ALL ",
						 expression, gtl_query_relation(lfirst_oid(cell)), condition);
}

/* ---- Reading ---- */

/* The keys as a constant array of the key's type: postgres_fdw sends no casts of arrays. */
static char *
key_array(const GtlJob *job, char *const *keys, int count)
{
	Oid			type = column_type(job, job->key_column);
	Oid			output;
	bool		varlena;

	getTypeOutputInfo(TEXTARRAYOID, &output, &varlena);
	return psprintf("%s::%s[]", quote_literal_cstr(OidOutputFunctionCall(output, gtl_array_text(keys, count))),
					gtl_dataset_type_name(type));
}

char *
gtl_in_place_score(const GtlJob *job, const char *schema, const char *model)
{
	Oid			type = job->features_column == NULL ? InvalidOid : column_type(job, job->features_column);
	bool		cast = OidIsValid(type) && type != FLOAT4ARRAYOID && (type != FLOAT8ARRAYOID || job->text_column != NULL);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "%sgt_score(%s", schema, model);
	if (job->text_column != NULL)
		appendStringInfo(&sql, ", d.%s", quote_identifier(job->text_column));
	if (job->features_column != NULL)
		appendStringInfo(&sql, ", d.%s%s", quote_identifier(job->features_column), cast ? "::pg_catalog.float4[]" : "");
	appendStringInfoChar(&sql, ')');
	return sql.data;
}

/* A version that is a constant of a type without a collation: postgres_fdw sends no other one. */
static char *
version_literal(void)
{
	return psprintf("'\"%s\"'::pg_catalog.jsonb", GTL_VERSION);
}

void
gtl_in_place_require_version(const GtlJob *job, Oid role)
{
	StringInfoData sql;
	ListCell   *cell;
	GtlResult	r;

	initStringInfo(&sql);
	foreach(cell, gtl_far_leaves(job->dataset))
		if (get_rel_relkind(lfirst_oid(cell)) == RELKIND_FOREIGN_TABLE)
			appendStringInfo(&sql, "%s(SELECT d.%s FROM %s d WHERE gtlabel.same_version(d.%s, %s) LIMIT 1)", sql.len == 0 ? "" : " UNION ALL ",
							 quote_identifier(job->key_column), gtl_query_relation(lfirst_oid(cell)), quote_identifier(job->key_column), version_literal());
	if (sql.len == 0)
		return;
	run_as(job, role, sql.data, NULL, &r);
	gtl_query_end(&r);
}

char *
gtl_in_place_restrict(GtlJob *job, GtlDataset *dataset, const char *among)
{
	List	   *leaves = gtl_far_leaves(job->dataset);
	char	   *schema = gtl_in_place_schema();
	const char *key = quote_identifier(job->key_column);
	char	   *draw = psprintf("%sgt_draw(d.%s, '" INT64_FORMAT "'::pg_catalog.int8)", schema, key, job->seed);
	StringInfoData sql;
	GtlResult	r;
	double		last;

	gtl_in_place_require_version(job, GetUserId());
	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT (m).count, (m).draws[pg_catalog.cardinality((m).draws)]"
						   " FROM (SELECT %sgt_merge(p.part) AS m FROM (",
					 schema);
	append_parts_where(&sql, leaves, psprintf("%sgt_sample(d.%s, NULL::pg_catalog.int4, %d, '" INT64_FORMAT "'::pg_catalog.int8)", schema, key, job->sample_count, job->seed), where_both(among, NULL));
	appendStringInfoString(&sql, ") p OFFSET 0) x");
	run(job, sql.data, NULL, &r);
	job->dataset_count = gtl_result_int64(&r, 0, 1);
	last = gtl_result_float8(&r, 0, 2);
	gtl_query_end(&r);
	dataset->sample = where_both(among, NULL);
	if (job->dataset_count <= job->sample_count)
		return NULL;			/* all of them; or none, which whoever reads them says */
	dataset->sample = where_both(psprintf("%s <= '%.17g'::pg_catalog.float8", draw, last), among);
	return where_both(psprintf("%s > '%.17g'::pg_catalog.float8", draw, last), among);
}

int64
gtl_in_place_tail(const GtlJob *job, Oid role, bytea *model, int64 *above)
{
	List	   *leaves = gtl_far_leaves(job->dataset);
	char	   *schema = gtl_in_place_schema();
	StringInfoData sql;
	GtlResult	r;
	int64		count;

	gtl_in_place_require_version(job, role);
	memset(above, 0, sizeof(int64) * GTL_MARGIN_CELLS);
	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT (m).count, (m).above FROM (SELECT %sgt_merge(p.part) AS m FROM (", schema);
	append_parts_where(&sql, leaves, psprintf("%sgt_tail(%s, d.%s, 0)", schema, gtl_in_place_score(job, schema, "$1"),
											  quote_identifier(job->key_column)), where(job, NULL));
	appendStringInfoString(&sql, ") p OFFSET 0) x");
	run_as(job, role, sql.data, model, &r);
	count = gtl_result_int64(&r, 0, 1);
	if (!gtl_result_isnull(&r, 0, 2))
		memcpy(above, ARR_DATA_PTR((ArrayType *) gtl_result_varlena(&r, 0, 2)), sizeof(int64) * GTL_MARGIN_CELLS);
	gtl_query_end(&r);
	return count;
}

void
gtl_in_place_restrict_to(const GtlJob *job, GtlDataset *dataset, char *const *keys, int count)
{
	dataset->sample = psprintf(" WHERE d.%s = ANY (%s)", quote_identifier(job->key_column), key_array(job, keys, count));
}

/* What each partition says of its rows with at least that margin. */
static void
append_parts_above(StringInfo sql, const GtlJob *job, const char *schema, const char *more, double margin)
{
	char	   *score = gtl_in_place_score(job, schema, "$1");
	char	   *rows = psprintf("pg_catalog.count(*) AS rows, pg_catalog.bit_xor(%sgt_fingerprint(d.%s, %s)) AS digest, %s",
								schema, quote_identifier(job->key_column), score, more);

	append_parts_where(sql, gtl_far_leaves(job->dataset), rows,
					   where(job, psprintf("%sgt_margin(%s) >= '%.17g'::pg_catalog.float8", schema, score, margin)));
}

void
gtl_in_place_fingerprint(const GtlJob *job, Oid role, bytea *model, double margin, GtlInPlaceRows *rows)
{
	StringInfoData sql;
	GtlResult	r;

	gtl_in_place_require_version(job, role);
	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT pg_catalog.sum(p.rows)::pg_catalog.int8, pg_catalog.bit_xor(p.digest) FROM (");
	append_parts_above(&sql, job, gtl_in_place_schema(), "NULL::pg_catalog.int4", margin);
	appendStringInfoString(&sql, ") p");
	run_as(job, role, sql.data, model, &r);
	rows->count = gtl_result_int64(&r, 0, 1);
	rows->digest = gtl_result_int64(&r, 0, 2);
	gtl_query_end(&r);
}

/* A row for each draw; if there is none, one with NULLs. */
static void
read_draws(GtlResult *r, GtlInPlaceRows *rows, GtlInPlaceDraws *draws)
{
	rows->count = gtl_result_int64(r, 0, 1);
	rows->digest = gtl_result_int64(r, 0, 2);
	draws->among = gtl_result_int64(r, 0, 3);
	draws->count = gtl_result_isnull(r, 0, 4) ? 0 : (int) r->count;
	draws->keys = gtl_memory_list(sizeof(char *), draws->count);
	draws->classes = gtl_memory_list(sizeof(char *), draws->count);
	draws->margins = gtl_memory_list(sizeof(float), draws->count);
	draws->probabilities = gtl_memory_list(sizeof(float), draws->count);
	for (int i = 0; i < draws->count; i++)
	{
		draws->keys[i] = gtl_result_text(r, i, 4);
		draws->classes[i] = gtl_result_text(r, i, 5);
		draws->margins[i] = (float) gtl_result_float8(r, i, 6);
		draws->probabilities[i] = (float) gtl_result_float8(r, i, 7);
	}
}

void
gtl_in_place_draw(const GtlJob *job, Oid role, bytea *model, double margin, char *const *without, int nwithout,
				  int32 wanted, int64 seed, GtlInPlaceRows *rows, GtlInPlaceDraws *draws)
{
	char	   *schema = gtl_in_place_schema();
	const char *key = quote_identifier(job->key_column);
	char	   *sample = psprintf("%sgt_sample(d.%s, %s, %d, '" INT64_FORMAT "'::pg_catalog.int8)%s", schema, key,
								  gtl_in_place_score(job, schema, "$1"), wanted, seed,
								  nwithout == 0 ? "" : psprintf(" FILTER (WHERE d.%s <> ALL (%s))", key, key_array(job, without, nwithout)));
	StringInfoData sql;
	GtlResult	r;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT x.rows, x.digest, (x.m).count, u.key, (u.s).class, (u.s).margin, (u.s).probability"
						   " FROM (SELECT pg_catalog.sum(p.rows)::pg_catalog.int8 AS rows, pg_catalog.bit_xor(p.digest) AS digest,"
						   " %sgt_merge(p.part) AS m FROM (", schema);
	append_parts_above(&sql, job, schema, sample, margin);
	appendStringInfo(&sql, ") p OFFSET 0) x LEFT JOIN LATERAL (SELECT k.key, k.record::%sgt_score AS s, k.place"
						   " FROM unnest((x.m).keys, (x.m).records) WITH ORDINALITY AS k (key, record, place) OFFSET 0) u ON true"
						   " ORDER BY u.place", schema);
	run_as(job, role, sql.data, model, &r);
	read_draws(&r, rows, draws);
	gtl_query_end(&r);
}

void
gtl_in_place_count(const GtlJob *job, const GtlInPlaceTarget *target, char *const *keys, int count, GtlInPlaceCounts *counts)
{
	List	   *leaves = gtl_far_leaves(target->relation);
	StringInfoData sql;
	GtlResult	r;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT pg_catalog.sum(p.part)::pg_catalog.int8, pg_catalog.sum(p.labeled)::pg_catalog.int8 FROM (");
	append_parts_where(&sql, leaves, psprintf("pg_catalog.count(d.%s) AS labeled, pg_catalog.count(*)", quote_identifier(target->label_column)),
					   where(job, NULL));
	appendStringInfoString(&sql, ") p UNION ALL SELECT pg_catalog.sum(p.part)::pg_catalog.int8, NULL FROM (");
	append_parts_where(&sql, leaves, "pg_catalog.count(*)",
					   where(job, psprintf("d.%s = ANY (%s)", quote_identifier(job->key_column), key_array(job, keys, count))));
	appendStringInfoString(&sql, ") p");
	run(job, sql.data, NULL, &r);
	counts->rows = gtl_result_int64(&r, 0, 1);
	counts->labeled = gtl_result_int64(&r, 0, 2);
	counts->human = gtl_result_int64(&r, 1, 1);
	gtl_query_end(&r);
}

/* ---- Writing ---- */

static void
check_column(const GtlJob *job, const char *column, char category, const char *setting, const char *wanted)
{
	AttrNumber	attnum = get_attnum(job->dataset, column);
	char		found;
	bool		preferred;

	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of dataset %s does not exist", column, job->dataset_name),
				 errhint("Set %s to a column for it: ALTER TABLE ... ADD COLUMN.", setting)));
	if (strcmp(column, job->key_column) == 0 ||
		(job->features_column != NULL && strcmp(column, job->features_column) == 0) ||
		(job->text_column != NULL && strcmp(column, job->text_column) == 0) ||
		(job->label_column != NULL && strcmp(column, job->label_column) == 0) ||
		(job->gold_column != NULL && strcmp(column, job->gold_column) == 0))
		gtl_error_setting(setting, psprintf("must not be \"%s\", which the job reads", column), NULL);
	get_type_category_preferred(getBaseType(get_atttype(job->dataset, attnum)), &found, &preferred);
	if (found != category)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of dataset %s has type %s", column, job->dataset_name,
						format_type_be(get_atttype(job->dataset, attnum))),
				 errdetail("%s.", wanted)));
}

static void
check_partition(const GtlJob *job, Oid partition)
{
	if (partition != job->dataset && !list_member_oid(find_all_inheritors(job->dataset, AccessShareLock, NULL), partition))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s is no partition of dataset %s", gtl_query_relation(partition), job->dataset_name)));
}

void
gtl_in_place_check_target(const GtlJob *job, const GtlInPlaceTarget *target)
{
	check_partition(job, target->relation);
	check_column(job, target->label_column, TYPCATEGORY_STRING, "label_column", "A label is a text");
	if (target->confidence_column == NULL)
		return;
	check_column(job, target->confidence_column, TYPCATEGORY_NUMERIC, "confidence_column", "A confidence is a number");
	if (strcmp(target->label_column, target->confidence_column) == 0)
		gtl_error_setting("confidence_column", "must not be the label_column", NULL);
}

/* " SET label = label, confidence = confidence WHERE ... (they differ)" */
static void
append_assignment(StringInfo sql, const GtlJob *job, const GtlInPlaceTarget *target, const char *label, const char *confidence)
{
	const char *label_column = quote_identifier(target->label_column);
	char	   *differ = psprintf("d.%s IS DISTINCT FROM %s", label_column, label);

	appendStringInfo(sql, " SET %s = %s", label_column, label);
	if (target->confidence_column != NULL)
	{
		const char *confidence_column = quote_identifier(target->confidence_column);

		appendStringInfo(sql, ", %s = %s", confidence_column, confidence);
		differ = psprintf("%s OR d.%s IS DISTINCT FROM %s", differ, confidence_column, confidence);
	}
	appendStringInfoString(sql, where(job, psprintf("(%s)", differ)));
}

void
gtl_in_place_write_class(const GtlJob *job, const GtlInPlaceTarget *target, const char *label, char *const *keys, int count)
{
	StringInfoData sql;
	GtlResult	r;

	if (count == 0)
		return;
	initStringInfo(&sql);
	appendStringInfo(&sql, "UPDATE %s d", gtl_query_relation(target->relation));
	append_assignment(&sql, job, target, psprintf("%s::pg_catalog.text", quote_literal_cstr(label)), "NULL::pg_catalog.float8");
	appendStringInfo(&sql, " AND d.%s = ANY (%s)", quote_identifier(job->key_column), key_array(job, keys, count));
	run(job, sql.data, NULL, &r);
	gtl_query_end(&r);
}

void
gtl_in_place_write_machine(const GtlJob *job, const GtlInPlaceTarget *target, bytea *model, double margin,
						   char *const *keys, int count)
{
	char	   *schema = gtl_in_place_schema();
	char	   *score = gtl_in_place_score(job, schema, "$1");
	char	   *label = "NULL::pg_catalog.text";
	char	   *confidence = "NULL::pg_catalog.float8";
	StringInfoData sql;
	GtlResult	r;

	if (model != NULL)
	{
		char	   *when = psprintf("CASE WHEN %sgt_margin(%s) >= '%.17g'::pg_catalog.float8 THEN", schema, score, margin);

		label = psprintf("%s %sgt_class(%s) END", when, schema, score);
		confidence = psprintf("%s %sgt_probability(%s) END", when, schema, score);
	}
	initStringInfo(&sql);
	appendStringInfo(&sql, "UPDATE %s d", gtl_query_relation(target->relation));
	append_assignment(&sql, job, target, label, confidence);
	if (count > 0)
		appendStringInfo(&sql, " AND d.%s <> ALL (%s)", quote_identifier(job->key_column), key_array(job, keys, count));
	run(job, sql.data, model, &r);
	gtl_query_end(&r);
}
