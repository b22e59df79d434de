/*
 * recall.c
 *		The table gtlabel.recall.
 */
#include "tables/recall.h"

#include "base/query.h"
#include "catalog/pg_type.h"

int
gtl_recall_count(int64 job_id, double below_margin)
{
	static GtlStatement select = {
		"SELECT count(*)::int FROM gtlabel.label WHERE job_id = $1 AND NOT human AND margin < $2::float4", 2, {INT8OID, FLOAT8OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Float8GetDatum(below_margin)};

	return gtl_query_int32(&select, values);
}

void
gtl_recall_add(int64 job_id, double below_margin)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.recall (job_id, object_no, margin)"
		" SELECT job_id, object_no, margin FROM gtlabel.label WHERE job_id = $1 AND NOT human AND margin < $2::float4"
		" ON CONFLICT (job_id, object_no) DO UPDATE SET margin = EXCLUDED.margin",
		2, {INT8OID, FLOAT8OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Float8GetDatum(below_margin)};

	gtl_query_do(&insert, values, NULL);
}

int
gtl_recall_next(int64 job_id, int wanted, int32 **objects)
{
	static GtlStatement select = {
		"SELECT r.object_no FROM gtlabel.recall r WHERE r.job_id = $1"
		" AND (SELECT l.object_no FROM gtlabel.label l WHERE l.job_id = $1 AND l.object_no = r.object_no) IS NULL"
		" AND (SELECT f.object_no FROM gtlabel.failure f WHERE f.job_id = $1 AND f.object_no = r.object_no) IS NULL"
		" ORDER BY r.margin NULLS FIRST, r.object_no LIMIT $2",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int32GetDatum(wanted)};

	return gtl_query_lists(&select, values, 1, objects);
}

void
gtl_recall_changed(int64 job_id, const int32 *objects, int count)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.recall (job_id, object_no) SELECT $1, a.object_no FROM unnest($2) AS a (object_no)", 2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(objects, count)};

	if (count > 0)
		gtl_query_do(&insert, values, NULL);
}

void
gtl_recall_remove(int64 job_id, const int32 *objects, int count)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.recall t USING unnest($2) AS a (object_no) WHERE t.job_id = $1 AND t.object_no = a.object_no",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(objects, count)};

	if (count > 0)
		gtl_query_do(&delete, values, NULL);
}

void
gtl_recall_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.recall WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}
