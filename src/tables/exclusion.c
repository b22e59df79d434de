/*
 * exclusion.c
 *		The table gtlabel.exclusion.
 */
#include "tables/exclusion.h"

#include "base/query.h"
#include "base/settings.h"
#include "base/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

bool
gtl_exclusion_add(int64 job_id, const char *annotator)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.exclusion (job_id, annotator, excluded_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		3, {INT8OID, TEXTOID, TIMESTAMPTZOID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), CStringGetTextDatum(annotator), TimestampTzGetDatum(gtl_clock_now())};

	return gtl_query_do(&insert, values, NULL) > 0;
}

bool
gtl_exclusion_remove(int64 job_id, const char *annotator)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.exclusion WHERE job_id = $1 AND annotator = $2", 2, {INT8OID, TEXTOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), CStringGetTextDatum(annotator)};

	return gtl_query_do(&delete, values, NULL) > 0;
}

static GtlLayout exclusion_layout = {"exclusion"};	/* no column is read */

bool
gtl_exclusion_is(int64 job_id, const char *annotator)
{
	GtlTable	exclusions;
	ScanKeyData keys[2];
	bool		found;

	gtl_table_open(&exclusions, &exclusion_layout, "exclusion_pkey", AccessShareLock);
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(job_id));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(annotator));
	found = gtl_table_find(&exclusions, keys, 2);
	gtl_table_close(&exclusions);
	return found;
}

Datum
gtl_exclusion_names(int64 job_id)
{
	static GtlStatement select = {
		"SELECT annotator FROM gtlabel.exclusion WHERE job_id = $1 ORDER BY annotator", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlResult	r;
	char	  **names;
	int			count = (int) gtl_query_run(&r, &select, values, NULL);

	names = palloc(sizeof(char *) * Max(count, 1));
	for (int i = 0; i < count; i++)
		names[i] = gtl_result_text(&r, i, 1);
	gtl_query_end(&r);
	return gtl_array_text(names, count);
}

void
gtl_exclusion_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.exclusion WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}
