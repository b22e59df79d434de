/*
 * former_answer.c
 *		The table gtlabel.former_answer.
 */
#include "tables/former_answer.h"

#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "utils/timestamp.h"

void
gtl_former_answer_keep(int64 job_id, const int32 *objects, int count)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.former_answer (job_id, object_key, annotator, class_no, batch_no, answered_at, changed_at, remark)"
		" SELECT $1, o.object_key, n.annotator, n.class_no, n.batch_no, n.answered_at, $3, n.remark FROM unnest($2) AS a (object_no)"
		" CROSS JOIN LATERAL (SELECT object_key FROM gtlabel.object WHERE job_id = $1 AND object_no = a.object_no OFFSET 0) o"
		" CROSS JOIN LATERAL (SELECT annotator, class_no, batch_no, COALESCE(revised_at, submitted_at) AS answered_at, remark"
		"   FROM gtlabel.annotation WHERE job_id = $1 AND object_no = a.object_no"
		"  UNION ALL SELECT reviewers[cardinality(reviewers)], class_no, NULL, corrected_at, NULL FROM gtlabel.correction"
		"   WHERE job_id = $1 AND object_no = a.object_no AND class_no IS NOT NULL OFFSET 0) n",
		3, {INT8OID, INT4ARRAYOID, TIMESTAMPTZOID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), gtl_array_int32(objects, count), TimestampTzGetDatum(gtl_clock_now())};

	if (count > 0)
		gtl_query_do(&insert, values, NULL);
}

int
gtl_former_answer_objects(int64 job_id, int32 first_no, int32 **objects)
{
	static GtlStatement select = {
		"SELECT o.object_no FROM gtlabel.object o WHERE o.job_id = $1 AND o.object_no >= $2"
		" AND (SELECT true FROM gtlabel.former_answer WHERE job_id = $1 LIMIT 1)"
		" AND EXISTS (SELECT FROM gtlabel.former_answer f WHERE f.job_id = $1 AND f.object_key = o.object_key OFFSET 0) ORDER BY 1",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int32GetDatum(first_no)};

	return gtl_query_lists(&select, values, 1, objects);
}

void
gtl_former_answer_remove(int64 job_id, char *const *keys, int count)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.former_answer t USING unnest($2) AS a (key) WHERE t.job_id = $1 AND t.object_key = a.key",
		2, {INT8OID, TEXTARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_text(keys, count)};

	if (count > 0)
		gtl_query_do(&delete, values, NULL);
}

void
gtl_former_answer_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.former_answer WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}

void
gtl_former_answer_renumber(int64 job_id, const int32 *map, int classes)
{
	static GtlStatement update = {
		"UPDATE gtlabel.former_answer SET class_no = ($2)[class_no + 1] WHERE job_id = $1 AND class_no <> ($2)[class_no + 1]",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(map, classes)};

	gtl_query_do(&update, values, NULL);
}
