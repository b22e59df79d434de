/*
 * datasets.c
 *		gt_first_rows: a look into a table before there is a job on it.
 *
 * The rows are read as the caller.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "base/query.h"
#include "catalog/pg_class.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#define MOST_ROWS 10000

static char *
select_rows(Oid relation, char *const *columns, int count, int32 rows)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT pg_catalog.row_to_json(r)::pg_catalog.text FROM (SELECT");
	for (int i = 0; i < count; i++)
		appendStringInfo(&sql, "%s d.%s", i == 0 ? "" : ",", quote_identifier(columns[i]));
	appendStringInfo(&sql, " FROM %s d LIMIT %d) r", gtl_query_relation(relation), rows);
	return sql.data;
}

static void
require_columns(Oid relation, char *const *columns, int count)
{
	char		kind = get_rel_relkind(relation);

	if (kind != RELKIND_RELATION && kind != RELKIND_VIEW && kind != RELKIND_MATVIEW &&
		kind != RELKIND_PARTITIONED_TABLE && kind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("the dataset is not a table or view")));
	for (int i = 0; i < count; i++)
	{
		if (get_attnum(relation, columns[i]) <= InvalidAttrNumber)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" does not exist", columns[i])));
	}
}

PG_FUNCTION_INFO_V1(gtl_sql_first_rows);
Datum
gtl_sql_first_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			relation;
	int			count;
	char	  **columns = gtl_argument_text_array(fcinfo, 1, "columns", &count);
	int32		rows = gtl_argument_int32(fcinfo, 2, "row_count", 0, MOST_ROWS);
	GtlResult	result;

	gtl_argument_required(fcinfo, 0, "dataset");
	relation = PG_GETARG_OID(0);
	require_columns(relation, columns, count);
	gtl_query_run_as(&result, GetUserId(), select_rows(relation, columns, count, rows), 0, NULL, NULL);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (uint64 row = 0; row < result.count; row++)
	{
		bool		null = false;
		Datum		value = gtl_result_datum(&result, row, 1, &null);

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value, &null);
	}
	gtl_query_end(&result);
	return (Datum) 0;
}
