/*
 * dataset_rows.c
 *		The rows behind a job's objects, as they are now; see dataset_rows.h.
 *
 * An object's key is the text of a value, written under pinned settings (query.c).  Here the text
 * becomes a value of the column's type again and is compared by that type's equality, so
 * that an index on the column serves.  Where values can be equal and yet differ as text
 * (numeric 1.0 and 1.00, citext), the texts are compared as well.
 */
#include "data/dataset_rows.h"

#include "access/table.h"
#include "base/errors.h"
#include "base/query.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "data/dataset.h"
#include "data/far.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

static char *
operator_name(Oid operator)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	name = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)), NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return name;
}

/* " COLLATE ..." of a column, or nothing. */
static char *
collate_clause(Oid collation)
{
	HeapTuple	tuple;
	Form_pg_collation form;
	char	   *clause;

	if (!OidIsValid(collation))
		return "";
	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for collation %u", collation);
	form = (Form_pg_collation) GETSTRUCT(tuple);
	clause = psprintf(" COLLATE %s", quote_qualified_identifier(get_namespace_name(form->collnamespace),
																NameStr(form->collname)));
	ReleaseSysCache(tuple);
	return clause;
}

/* Is the row d that of the key, an expression with the collation "C"? */
static char *
key_condition(Oid relation, AttrNumber attnum, const char *key)
{
	const char *column = quote_identifier(get_attname(relation, attnum, false));
	char	   *same_text = psprintf("d.%s::pg_catalog.text COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.=) %s", column, key);
	Oid			type;
	int32		typmod;
	Oid			collation;
	Oid			equal;
	char	   *same_value;

	get_atttypetypmodcoll(relation, attnum, &type, &typmod, &collation);
	type = getBaseType(type);
	equal = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
	if (!OidIsValid(equal))
		return same_text;
	same_value = psprintf("d.%s %s %s::%s%s", column, operator_name(equal), key, gtl_dataset_type_name(type), collate_clause(collation));
	return gtl_dataset_equal_is_identical(type, collation) ? same_value :
		psprintf("%s AND %s", same_value, same_text);
}

/* A guess at the label, or how sure it is. */
static bool
is_proposal(const GtlJob *job, const char *column)
{
	for (int i = 0; i < job->nproposal_columns; i++)
		if (strcmp(column, job->proposal_columns[i]) == 0 ||
			strcmp(column, psprintf("%s_confidence", job->proposal_columns[i])) == 0)
			return true;
	return false;
}

char **
gtl_dataset_display_columns(const GtlJob *job, int *count)
{
	const char *hidden[] = {job->features_column, job->label_column, job->gold_column};
	Relation	relation = try_table_open(job->dataset, AccessShareLock);
	char	  **columns;

	*count = 0;
	if (relation == NULL)
		return NULL;
	columns = palloc(sizeof(char *) * Max(RelationGetNumberOfAttributes(relation), 1));
	for (int i = 0; i < RelationGetNumberOfAttributes(relation); i++)
	{
		Form_pg_attribute column = TupleDescAttr(RelationGetDescr(relation), i);
		bool		shown = !column->attisdropped;

		for (int h = 0; h < (int) lengthof(hidden) && shown; h++)
			shown = hidden[h] == NULL || strcmp(hidden[h], NameStr(column->attname)) != 0;
		shown = shown && !is_proposal(job, NameStr(column->attname));
		if (shown)
			columns[(*count)++] = pstrdup(NameStr(column->attname));
	}
	table_close(relation, AccessShareLock);
	return columns;
}

char	  **
gtl_dataset_shown_columns(const GtlJob *job, int *count)
{
	if (job->display_columns == NULL)
		return gtl_dataset_display_columns(job, count);
	*count = job->ndisplay_columns;
	return job->display_columns;
}

void
gtl_dataset_check_shown(const GtlJob *job)
{
	for (int i = 0; i < job->ndisplay_columns; i++)
	{
		const char *column = job->display_columns[i];

		if (get_attnum(job->dataset, column) <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("display_columns name column \"%s\", which dataset %s does not have", column, job->dataset_name)));
		if ((job->gold_column != NULL && strcmp(column, job->gold_column) == 0) ||
			(job->label_column != NULL && strcmp(column, job->label_column) == 0))
			gtl_error_setting("display_columns", psprintf("must not show column \"%s\", which has known labels", column), NULL);
		if (is_proposal(job, column))
			gtl_error_setting("display_columns", psprintf("must not show column \"%s\", which has proposals", column),
							  "What people answer is evidence only if they have not seen a guess at it.");
	}
}

/* The row d as JSON. */
static char *
row_expression(Oid relation, char *const *columns, int ncolumns)
{
	StringInfoData sql;
	const char *comma = "";

	initStringInfo(&sql);
	appendStringInfoString(&sql, "pg_catalog.row_to_json((SELECT r FROM (SELECT");
	for (int i = 0; i < ncolumns; i++)
	{
		if (get_attnum(relation, columns[i]) <= 0)
			continue;
		appendStringInfo(&sql, "%s d.%s", comma, quote_identifier(columns[i]));
		comma = ",";
	}
	appendStringInfoString(&sql, ") r))::pg_catalog.text");
	return sql.data;
}

/* The array type of the key, if rows on other servers are to be looked for by such arrays. */
static Oid
far_array_type(Oid relation, AttrNumber key)
{
	Oid			type = getBaseType(get_atttype(relation, key));

	return gtl_far_is(relation) && OidIsValid(lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr) ? get_array_type(type) : InvalidOid;
}

/*
 * What rows are looked for in.  Of a join with other servers' rows all would travel, so those are asked for the
 * keys first: $2, an array of the keys' type.
 */
static const char *
rows_source(Oid relation, AttrNumber key, bool far)
{
	Oid			type = getBaseType(get_atttype(relation, key));

	return !far ? gtl_query_relation(relation) :
		psprintf("(SELECT * FROM %s f WHERE f.%s %s ANY ($2))", gtl_query_relation(relation),
				 quote_identifier(get_attname(relation, key, false)),
				 operator_name(lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr));
}

/* The keys as values of their type. */
static Datum
typed_keys(Oid array_type, Datum keys)
{
	Oid			output;
	Oid			input;
	Oid			parameter;
	bool		varlena;

	getTypeOutputInfo(TEXTARRAYOID, &output, &varlena);
	getTypeInputInfo(array_type, &input, &parameter);
	return OidInputFunctionCall(input, OidOutputFunctionCall(output, keys), parameter, -1);
}

/* $1: the keys.  A row for each, in their order. */
static char *
rows_query(Oid relation, AttrNumber key, bool far, char *const *columns, int ncolumns)
{
	return psprintf("SELECT DISTINCT ON (u.place) CASE WHEN d.%s IS NOT NULL THEN %s END"
					" FROM (SELECT a.key COLLATE pg_catalog.\"C\", a.place"
					"  FROM pg_catalog.unnest($1) WITH ORDINALITY AS a (key, place)) u LEFT JOIN %s d ON %s"
					" ORDER BY u.place",
					quote_identifier(get_attname(relation, key, false)), row_expression(relation, columns, ncolumns),
					rows_source(relation, key, far), key_condition(relation, key, "u.key"));
}

/* $1: one key, as text.  One row or none: what an annotator's next task takes, each time. */
static char *
row_query(Oid relation, AttrNumber key, char *const *columns, int ncolumns)
{
	return psprintf("SELECT %s FROM %s d WHERE %s LIMIT 1", row_expression(relation, columns, ncolumns), gtl_query_relation(relation),
					key_condition(relation, key, "($1 COLLATE pg_catalog.\"C\")"));
}

static void
read_rows(const GtlJob *job, AttrNumber key, char *const *keys, int count, char *const *columns, int ncolumns, char **rows)
{
	Oid			far = far_array_type(job->dataset, key);
	bool		one = count == 1 && !OidIsValid(far);
	Oid			types[2] = {one ? TEXTOID : TEXTARRAYOID, far};
	Datum		values[2] = {one ? CStringGetTextDatum(keys[0]) : gtl_array_text(keys, count)};
	char	   *sql = one ? row_query(job->dataset, key, columns, ncolumns) :
		rows_query(job->dataset, key, OidIsValid(far), columns, ncolumns);
	GtlResult	r;
	uint64		found;

	if (OidIsValid(far))
		values[1] = typed_keys(far, values[0]);
	found = gtl_far_run_as(&r, job, job->owner, sql, OidIsValid(far) ? 2 : 1, types, values);
	for (uint64 i = 0; i < found; i++)
		rows[i] = gtl_result_text(&r, i, 1);
	gtl_query_end(&r);
}

void
gtl_dataset_rows(const GtlJob *job, char *const *keys, int count, char *const *columns, int ncolumns, char **rows)
{
	Relation	relation = count > 0 ? try_table_open(job->dataset, AccessShareLock) : NULL;
	AttrNumber	key;

	memset(rows, 0, sizeof(char *) * count);
	if (relation == NULL)
		return;
	key = get_attnum(job->dataset, job->key_column);
	if (key > 0)
		read_rows(job, key, keys, count, columns, ncolumns, rows);
	table_close(relation, NoLock);
}
