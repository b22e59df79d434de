/*
 * batch.c
 *		The table gtlabel.batch.
 */
#include "tables/batch.h"

#include "base/query.h"
#include "base/settings.h"
#include "base/table.h"
#include "catalog/pg_type.h"
#include "tables/open_objects.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

enum
{
	BATCH_EXPIRES_AT
};

static const char *const batch_columns[] = {[BATCH_EXPIRES_AT] = "expires_at"};
static GtlLayout batch_layout = GTL_LAYOUT("batch", batch_columns);

void
gtl_batch_insert(GtlJob *job, GtlBatchKind kind, int count)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.batch (job_id, batch_no, subset, object_count, issued_at, expires_at, audit)"
		" VALUES ($1, $2, $3, $4, $5, $5 + $6, $7)",
		7, {INT8OID, INT4OID, TEXTOID, INT4OID, TIMESTAMPTZOID, INTERVALOID, BOOLOID}
	};
	GtlBatch	last;
	Datum		values[7];

	gtl_batch_last(job->job_id, &last);
	job->open_batch_no = last.batch_no + 1;
	values[0] = Int64GetDatum(job->job_id);
	values[1] = Int32GetDatum(job->open_batch_no);
	values[2] = CStringGetTextDatum(kind == GTL_BATCH_VALIDATION ? "validation" : "pool");
	values[3] = Int32GetDatum(count);
	values[4] = TimestampTzGetDatum(gtl_clock_now());
	values[5] = IntervalPGetDatum(&job->task_availability_lifetime);
	values[6] = BoolGetDatum(kind == GTL_BATCH_AUDIT);
	gtl_query_do(&insert, values, NULL);
}

void
gtl_batch_last(int64 job_id, GtlBatch *batch)
{
	static GtlStatement select = {
		"SELECT batch_no, subset = 'validation', object_count, expires_at, closed_at IS NULL, audit FROM gtlabel.batch"
		" WHERE job_id = $1 ORDER BY batch_no DESC LIMIT 1",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlResult	r;

	memset(batch, 0, sizeof(*batch));
	if (gtl_query_run(&r, &select, values, NULL) > 0)
	{
		batch->batch_no = gtl_result_int32(&r, 0, 1);
		batch->validation = gtl_result_bool(&r, 0, 2);
		batch->object_count = gtl_result_int32(&r, 0, 3);
		batch->expires_at = gtl_result_int64(&r, 0, 4);
		batch->open = gtl_result_bool(&r, 0, 5);
		batch->audit = gtl_result_bool(&r, 0, 6);
	}
	gtl_query_end(&r);
}

bool
gtl_batch_on_offer(const GtlJob *job, TimestampTz now)
{
	GtlTable	table;
	ScanKeyData keys[2];
	bool		found;

	gtl_table_open(&table, &batch_layout, "batch_pkey", AccessShareLock);
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(job->job_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(job->open_batch_no));
	found = gtl_table_find(&table, keys, 2) && gtl_table_int64(&table, BATCH_EXPIRES_AT) > now;
	gtl_table_close(&table);
	return found;
}

void
gtl_batch_close(GtlJob *job, int32 labeled, int32 failed)
{
	static GtlStatement update = {
		"UPDATE gtlabel.batch SET closed_at = $3, labeled = $4, failed = $5 WHERE job_id = $1 AND batch_no = $2",
		5, {INT8OID, INT4OID, TIMESTAMPTZOID, INT4OID, INT4OID}
	};
	Datum		values[5] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no),
		TimestampTzGetDatum(gtl_clock_now()), Int32GetDatum(labeled), Int32GetDatum(failed)};

	gtl_query_do(&update, values, NULL);
	gtl_open_objects_delete(job->job_id, job->open_batch_no);
	job->open_batch_no = 0;
}

void
gtl_batch_extend(const GtlJob *job)
{
	static GtlStatement update = {
		"UPDATE gtlabel.batch SET expires_at = issued_at + $3 WHERE job_id = $1 AND batch_no = $2",
		3, {INT8OID, INT4OID, INTERVALOID}
	};
	Datum		values[3] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no),
	IntervalPGetDatum(&job->task_availability_lifetime)};

	gtl_query_do(&update, values, NULL);
}

void
gtl_batch_end_audit(const GtlJob *job)
{
	static GtlStatement update = {
		"UPDATE gtlabel.batch SET audit = false WHERE job_id = $1 AND batch_no = $2 AND audit", 2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no)};

	gtl_query_do(&update, values, NULL);
}

void
gtl_batch_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.batch WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}

void
gtl_batch_shrink(int64 job_id, const int32 *objects, int count)
{
	static GtlStatement update = {
		"UPDATE gtlabel.batch b SET object_count = s.objects, failed = s.failed, labeled = LEAST(b.labeled - x.labeled, s.objects - s.failed)"
		" FROM (SELECT t.batch_no, count(*)::int AS objects, count(l.object_no)::int AS labeled"
		"   FROM (SELECT DISTINCT batch_no, object_no FROM gtlabel.task WHERE job_id = $1 AND object_no = ANY ($2)) t"
		"   LEFT JOIN LATERAL (SELECT l.object_no, l.batch_no FROM gtlabel.label l"
		"     WHERE l.job_id = $1 AND l.object_no = t.object_no AND l.human OFFSET 0) l ON l.batch_no = t.batch_no GROUP BY 1) x,"
		" LATERAL (SELECT c.object_count - x.objects AS objects,"
		"   LEAST(c.failed, GREATEST(c.failed - (x.objects - x.labeled), 0)) AS failed FROM gtlabel.batch c"
		"   WHERE c.job_id = $1 AND c.batch_no = x.batch_no OFFSET 0) s"
		" WHERE b.job_id = $1 AND b.batch_no = x.batch_no",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(objects, count)};

	gtl_query_do(&update, values, NULL);
}
