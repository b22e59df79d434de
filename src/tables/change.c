/*
 * change.c
 *		The table gtlabel.change.
 */
#include "tables/change.h"

#include "base/query.h"
#include "base/settings.h"
#include "base/table.h"
#include "catalog/pg_type.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

static void
note(int64 job_id, GtlChangeKind kind, char *const *keys, int count, bool waits)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.change (job_id, kind, row_key, noted_at, waits) SELECT $1, $2, a.key, $3, $5 FROM unnest($4) AS a (key)",
		5, {INT8OID, CHAROID, TIMESTAMPTZOID, TEXTARRAYOID, BOOLOID}
	};
	char	   *none[1] = {NULL};
	Datum		values[5] = {Int64GetDatum(job_id), CharGetDatum((char) kind), TimestampTzGetDatum(gtl_clock_now()),
	keys == NULL ? gtl_array_text(none, 1) : gtl_array_text(keys, count), BoolGetDatum(waits)};

	gtl_query_do(&insert, values, NULL);
}

void
gtl_changes_note(int64 job_id, GtlChangeKind kind, char *const *keys, int count)
{
	note(job_id, kind, keys, count, false);
}

void
gtl_changes_put_off(int64 job_id, const GtlChanges *changes)
{
	if (changes->all)
		note(job_id, GTL_CHANGE_ALL, NULL, 0, true);
	else if (changes->any_new)
		note(job_id, GTL_CHANGE_NEW, NULL, 0, true);
	if (changes->nstale > 0)
		note(job_id, GTL_CHANGE_STALE, changes->stale, changes->nstale, true);
}

static GtlLayout change_layout = {"change"};	/* no column is read */

/* Asked for at every step, so without a plan. */
bool
gtl_changes_any(int64 job_id)
{
	GtlTable	changes;
	ScanKeyData keys[2];
	bool		found;

	gtl_table_open(&changes, &change_layout, "change_job_idx", AccessShareLock);
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(job_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_BOOLEQ, BoolGetDatum(false));
	found = gtl_table_find(&changes, keys, 2);
	gtl_table_close(&changes);
	return found;
}

TimestampTz
gtl_changes_since(int64 job_id)
{
	static GtlStatement select = {"SELECT min(noted_at) FROM gtlabel.change WHERE job_id = $1 AND NOT waits", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlResult	r;
	TimestampTz since;

	gtl_query_run(&r, &select, values, NULL);
	since = gtl_result_isnull(&r, 0, 1) ? DT_NOBEGIN : gtl_result_int64(&r, 0, 1);
	gtl_query_end(&r);
	return since;
}

void
gtl_changes_take(int64 job_id, GtlChanges *changes)
{
	static GtlStatement take = {
		"WITH taken AS (DELETE FROM gtlabel.change WHERE job_id = $1 RETURNING kind, row_key)"
		" SELECT COALESCE(bool_or(kind <> '-'), false), array_agg(DISTINCT row_key) FILTER (WHERE kind = '-'),"
		" array_agg(DISTINCT row_key) FILTER (WHERE kind = '~'), COALESCE(bool_or(kind = '*'), false) FROM taken",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlResult	r;
	struct varlena *keys;

	memset(changes, 0, sizeof(*changes));
	gtl_query_run(&r, &take, values, NULL);
	changes->any_new = gtl_result_bool(&r, 0, 1);
	changes->all = gtl_result_bool(&r, 0, 4);
	if ((keys = gtl_result_varlena(&r, 0, 2)) != NULL)
		changes->gone = gtl_array_to_text(PointerGetDatum(keys), &changes->ngone);
	if ((keys = gtl_result_varlena(&r, 0, 3)) != NULL)
		changes->stale = gtl_array_to_text(PointerGetDatum(keys), &changes->nstale);
	gtl_query_end(&r);
}

void
gtl_changes_resume(int64 job_id)
{
	static GtlStatement update = {"UPDATE gtlabel.change SET waits = false WHERE job_id = $1 AND waits", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&update, values, NULL);
}

void
gtl_change_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.change WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}
