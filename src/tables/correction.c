/*
 * correction.c
 *		The table gtlabel.correction.
 */
#include "tables/correction.h"

#include "base/query.h"
#include "base/settings.h"
#include "base/table.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

void
gtl_correction_find(const GtlJob *job, char *const *keys, int count, GtlCorrectable *found)
{
	static GtlStatement select = {
		"SELECT COALESCE(o.object_no, -1), count(*) OVER (PARTITION BY g.object_key) > 1,"
		" (SELECT t.task_id FROM gtlabel.task t WHERE t.job_id = $1 AND t.batch_no = $3 AND t.slot_no = 0"
		"    AND t.object_no = o.object_no LIMIT 1) IS NOT NULL,"
		" l.object_no IS NOT NULL, l.human, f.object_no IS NOT NULL, COALESCE(c.class_no, -1)"
		" FROM unnest($2) WITH ORDINALITY AS g (object_key, place)"
		" LEFT JOIN LATERAL (SELECT * FROM gtlabel.object o WHERE o.job_id = $1 AND o.object_key = g.object_key OFFSET 0) o ON true"
		" LEFT JOIN LATERAL (SELECT * FROM gtlabel.label l WHERE l.job_id = $1 AND l.object_no = o.object_no OFFSET 0) l ON true"
		" LEFT JOIN LATERAL (SELECT * FROM gtlabel.failure f WHERE f.job_id = $1 AND f.object_no = o.object_no OFFSET 0) f ON true"
		" LEFT JOIN LATERAL (SELECT * FROM gtlabel.correction c WHERE c.job_id = $1 AND c.object_no = o.object_no OFFSET 0) c ON true"
		" ORDER BY g.place",
		3, {INT8OID, TEXTARRAYOID, INT4OID}
	};
	Datum		values[3] = {Int64GetDatum(job->job_id), gtl_array_text(keys, count), Int32GetDatum(job->open_batch_no)};
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	for (int i = 0; i < count; i++)
	{
		found[i].object_no = gtl_result_int32(&r, i, 1);
		found[i].repeated = gtl_result_bool(&r, i, 2);
		found[i].open = gtl_result_bool(&r, i, 3);
		found[i].labeled = gtl_result_bool(&r, i, 4);
		found[i].human = gtl_result_bool(&r, i, 5);
		found[i].failed = gtl_result_bool(&r, i, 6);
		found[i].class_no = gtl_result_int32(&r, i, 7);
	}
	gtl_query_end(&r);
}

void
gtl_correction_write(const GtlJob *job, const int32 *objects, const int32 *classes, int count, const char *reviewer)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.correction AS o (job_id, object_no, class_no, reviewers, corrected_at,"
		"   machine_class_no, confidence, margin, round_no, model_id, audit_no, labeled_at, failure, failure_batch_no, failed_at)"
		" SELECT $1, a.object_no, a.class_no, ARRAY[$4 COLLATE \"C\"], $5,"
		"   l.class_no, l.confidence, l.margin, l.round_no, l.model_id, l.audit_no, l.labeled_at, f.reason, f.batch_no, f.failed_at"
		" FROM unnest($2, $3) AS a (object_no, class_no)"
		" LEFT JOIN LATERAL (SELECT * FROM gtlabel.label l WHERE l.job_id = $1 AND l.object_no = a.object_no OFFSET 0) l ON NOT l.human"
		" LEFT JOIN LATERAL (SELECT * FROM gtlabel.failure f WHERE f.job_id = $1 AND f.object_no = a.object_no OFFSET 0) f ON true"
		" ON CONFLICT (job_id, object_no) DO UPDATE SET class_no = EXCLUDED.class_no, corrected_at = EXCLUDED.corrected_at,"
		"   reviewers = CASE WHEN $4 = ANY (o.reviewers) THEN o.reviewers ELSE o.reviewers || EXCLUDED.reviewers END,"
		"   (machine_class_no, confidence, margin, round_no, model_id, audit_no, labeled_at, failure, failure_batch_no, failed_at) ="
		"   (SELECT s.* FROM (VALUES"
		"     (true, EXCLUDED.machine_class_no, EXCLUDED.confidence, EXCLUDED.margin, EXCLUDED.round_no, EXCLUDED.model_id,"
		"      EXCLUDED.audit_no, EXCLUDED.labeled_at, EXCLUDED.failure, EXCLUDED.failure_batch_no, EXCLUDED.failed_at),"
		"     (false, o.machine_class_no, o.confidence, o.margin, o.round_no, o.model_id, o.audit_no, o.labeled_at, o.failure,"
		"      o.failure_batch_no, o.failed_at)) AS v (fresh, c, p, m, r, i, n, l, f, b, t),"
		"    LATERAL (SELECT v.c, v.p, v.m, v.r, v.i, v.n, v.l, v.f, v.b, v.t) s WHERE v.fresh = (o.class_no IS NULL))",
		5, {INT8OID, INT4ARRAYOID, INT4ARRAYOID, TEXTOID, TIMESTAMPTZOID}
	};
	Datum		values[5] = {Int64GetDatum(job->job_id), gtl_array_int32(objects, count), gtl_array_int32(classes, count),
	CStringGetTextDatum(reviewer), TimestampTzGetDatum(gtl_clock_now())};

	if (count > 0)
		gtl_query_do(&insert, values, NULL);
}

void
gtl_correction_take_back(const GtlJob *job, const int32 *objects, int count)
{
	static GtlStatement update = {
		"UPDATE gtlabel.correction c SET class_no = NULL, corrected_at = $3 FROM unnest($2) AS a (object_no)"
		" WHERE c.job_id = $1 AND c.object_no = a.object_no",
		3, {INT8OID, INT4ARRAYOID, TIMESTAMPTZOID}
	};
	Datum		values[3] = {Int64GetDatum(job->job_id), gtl_array_int32(objects, count), TimestampTzGetDatum(gtl_clock_now())};

	if (count > 0)
		gtl_query_do(&update, values, NULL);
}

int
gtl_correction_read(int64 job_id, int32 **objects, int32 **classes)
{
	static GtlStatement select = {
		"SELECT object_no, class_no FROM gtlabel.correction WHERE job_id = $1 AND class_no IS NOT NULL ORDER BY object_no", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	int32	   *lists[2];
	int			count = gtl_query_lists(&select, values, 2, lists);

	*objects = lists[0];
	*classes = lists[1];
	return count;
}

int32 *
gtl_correction_classes(int64 job_id, const int32 *objects, int count)
{
	int32	   *result = palloc_extended(sizeof(int32) * Max(count, 1), MCXT_ALLOC_HUGE);
	int32	   *decided;
	int32	   *classes;
	int			ndecided = gtl_correction_read(job_id, &decided, &classes);
	int			d = 0;

	for (int i = 0; i < count; i++)
	{
		while (d < ndecided && decided[d] < objects[i])
			d++;
		result[i] = d < ndecided && decided[d] == objects[i] ? classes[d] : -1;
	}
	pfree(decided);
	pfree(classes);
	return result;
}

void
gtl_correction_forget(int64 job_id, bool passed_too)
{
	static GtlStatement update = {
		"UPDATE gtlabel.correction SET machine_class_no = NULL WHERE job_id = $1 AND machine_class_no IS NOT NULL"
		" AND (audit_no IS NULL OR $2)",
		2, {INT8OID, BOOLOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), BoolGetDatum(passed_too)};

	gtl_query_do(&update, values, NULL);
}

void
gtl_correction_forget_objects(int64 job_id, const int32 *objects, int count)
{
	static GtlStatement update = {
		"UPDATE gtlabel.correction c SET machine_class_no = NULL FROM unnest($2) AS a (object_no)"
		" WHERE c.job_id = $1 AND c.object_no = a.object_no AND c.machine_class_no IS NOT NULL",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(objects, count)};

	if (count > 0)
		gtl_query_do(&update, values, NULL);
}

void
gtl_correction_forget_below(int64 job_id, double margin)
{
	static GtlStatement update = {
		"UPDATE gtlabel.correction SET machine_class_no = NULL WHERE job_id = $1 AND machine_class_no IS NOT NULL"
		" AND margin < $2::float4",
		2, {INT8OID, FLOAT8OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Float8GetDatum(margin)};

	gtl_query_do(&update, values, NULL);
}

void
gtl_correction_forget_failures(int64 job_id)
{
	static GtlStatement update = {
		"UPDATE gtlabel.correction SET failure = NULL WHERE job_id = $1 AND failure IS NOT NULL", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&update, values, NULL);
}

static GtlLayout correction_layout = {"correction"};	/* no column is read */

/* Is anything taken back at all?  Asked for every claim. */
static bool
any_taken_back(int64 job_id)
{
	GtlTable	corrections;
	ScanKeyData key;
	bool		found;

	gtl_table_open(&corrections, &correction_layout, "correction_taken_back_idx", AccessShareLock);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(job_id));
	found = gtl_table_find(&corrections, &key, 1);
	gtl_table_close(&corrections);
	return found;
}

int
gtl_correction_reviewed(const GtlJob *job, const char *reviewer, int32 **objects)
{
	static GtlStatement select = {
		"SELECT object_no FROM gtlabel.correction WHERE job_id = $1 AND class_no IS NULL AND $2 = ANY (reviewers)"
		" AND (SELECT b.audit FROM gtlabel.batch b WHERE b.job_id = $1 AND b.batch_no = $3) ORDER BY object_no",
		3, {INT8OID, TEXTOID, INT4OID}
	};
	Datum		values[3] = {Int64GetDatum(job->job_id), CStringGetTextDatum(reviewer), Int32GetDatum(job->open_batch_no)};

	*objects = NULL;
	return job->machine_labeled > 0 && any_taken_back(job->job_id) ? gtl_query_lists(&select, values, 1, objects) : 0;
}

void
gtl_correction_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.correction WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}

void
gtl_correction_remove(int64 job_id, const int32 *objects, int count)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.correction t USING unnest($2) AS a (object_no) WHERE t.job_id = $1 AND t.object_no = a.object_no",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(objects, count)};

	gtl_query_do(&delete, values, NULL);
}

void
gtl_correction_renumber(int64 job_id, const int32 *map, int classes)
{
	static GtlStatement decided = {
		"UPDATE gtlabel.correction SET class_no = ($2)[class_no + 1] WHERE job_id = $1 AND class_no <> ($2)[class_no + 1]",
		2, {INT8OID, INT4ARRAYOID}
	};
	static GtlStatement machine = {
		"UPDATE gtlabel.correction SET machine_class_no = ($2)[machine_class_no + 1] WHERE job_id = $1 AND machine_class_no <> ($2)[machine_class_no + 1]",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(map, classes)};

	gtl_query_do(&decided, values, NULL);
	gtl_query_do(&machine, values, NULL);
}
