/*
 * open_objects.c
 *		The table gtlabel.open_objects.
 *
 * Lists are added and never changed, so that nobody waits for another's transaction; they go with their batch.
 */
#include "tables/open_objects.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "tables/task_count.h"

int64
gtl_open_objects_seen(const GtlJob *job)
{
	static GtlStatement select = {
		"SELECT COALESCE(max(entry_no), 0) FROM gtlabel.open_objects WHERE job_id = $1 AND batch_no = $2 AND seen IS NULL",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no)};

	return gtl_query_int64(&select, values);
}

static bool
find_list(const GtlJob *job, int64 *entry_no)
{
	static GtlStatement select = {
		"SELECT max(entry_no) FROM gtlabel.open_objects WHERE job_id = $1 AND batch_no = $2 AND seen IS NOT NULL",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no)};
	GtlResult	r;
	bool		found;

	gtl_query_run(&r, &select, values, NULL);
	found = !gtl_result_isnull(&r, 0, 1);
	if (found)
		*entry_no = gtl_result_int64(&r, 0, 1);
	gtl_query_end(&r);
	return found;
}

int
gtl_open_objects_read(const GtlJob *job, int32 **objects)
{
	static GtlStatement select = {
		"SELECT DISTINCT o.object_no FROM gtlabel.open_objects l"
		" CROSS JOIN LATERAL (SELECT unnest(l.objects) AS object_no UNION ALL"
		"   SELECT unnest(a.objects) FROM gtlabel.open_objects a WHERE a.job_id = l.job_id AND a.batch_no = l.batch_no"
		"      AND a.seen IS NULL AND a.entry_no > l.seen) o"
		" WHERE l.job_id = $1 AND l.batch_no = $2 AND l.entry_no = $3 ORDER BY o.object_no",
		3, {INT8OID, INT4OID, INT8OID}
	};
	int64		entry_no;
	Datum		values[3] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no)};

	if (!find_list(job, &entry_no))
		return -1;
	values[2] = Int64GetDatum(entry_no);
	return gtl_query_lists(&select, values, 1, objects);
}

void
gtl_open_objects_write(const GtlJob *job, int64 seen, const int32 *objects, int count)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.open_objects (job_id, batch_no, seen, objects) VALUES ($1, $2, $3, $4)",
		4, {INT8OID, INT4OID, INT8OID, INT4ARRAYOID}
	};
	Datum		values[4] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no), Int64GetDatum(seen),
	gtl_array_int32(objects, count)};

	if (!XactReadOnly && !RecoveryInProgress())
		gtl_query_do(&insert, values, NULL);
}

/* In batches without lists nobody asks for it. */
void
gtl_open_objects_again(const GtlJob *job, const int32 *objects, int count)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.open_objects (job_id, batch_no, objects) SELECT $1, $2, $3 FROM gtlabel.batch"
		" WHERE job_id = $1 AND batch_no = $2 AND object_count > $4",
		4, {INT8OID, INT4OID, INT4ARRAYOID, INT4OID}
	};
	Datum		values[4] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no), gtl_array_int32(objects, count),
	Int32GetDatum(GTL_TASK_COUNT_ALL)};

	if (count > 0)
		gtl_query_do(&insert, values, NULL);
}

void
gtl_open_objects_delete(int64 job_id, int32 batch_no)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.open_objects WHERE job_id = $1 AND ($2 = 0 OR batch_no = $2)", 2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int32GetDatum(batch_no)};

	gtl_query_do(&delete, values, NULL);
}
