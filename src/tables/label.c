/*
 * label.c
 *		The tables gtlabel.label and gtlabel.failure.
 */
#include "tables/label.h"

#include "base/memory.h"
#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "tables/correction.h"
#include "tables/object.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* Labels as parameters: arrays of objects, classes, confidences and ties. */
static void
set_human_labels(Datum *values, const GtlHumanLabel *labels, int count)
{
	int32	   *objects = palloc(sizeof(int32) * count);
	int32	   *classes = palloc(sizeof(int32) * count);
	float	   *confidences = palloc(sizeof(float) * count);
	int32	   *ties = palloc(sizeof(int32) * count);

	for (int i = 0; i < count; i++)
	{
		objects[i] = labels[i].object_no;
		classes[i] = labels[i].class_no;
		confidences[i] = labels[i].confidence;
		ties[i] = labels[i].tied_class_no;
	}
	values[0] = gtl_array_int32(objects, count);
	values[1] = gtl_array_int32(classes, count);
	values[2] = gtl_array_float4(confidences, count);
	values[3] = gtl_array_int32(ties, count);
}

void
gtl_label_add_human(GtlJob *job, int32 batch_no, const GtlHumanLabel *labels, int count)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.label (job_id, object_no, class_no, confidence, human, batch_no, labeled_at, tied_class_no)"
		" SELECT $1, a.object_no, a.class_no, a.confidence, true, COALESCE(NULLIF($2, 0), (SELECT max(n.batch_no)"
		"   FROM gtlabel.annotation n WHERE n.job_id = $1 AND n.object_no = a.object_no)), $3, NULLIF(a.tied, -1)"
		" FROM unnest($4, $5, $6, $7) AS a (object_no, class_no, confidence, tied)"
		" ON CONFLICT (job_id, object_no) DO UPDATE SET class_no = EXCLUDED.class_no, confidence = EXCLUDED.confidence,"
		"   human = true, batch_no = EXCLUDED.batch_no, round_no = NULL, model_id = NULL, audit_no = NULL, labeled_at = EXCLUDED.labeled_at,"
		"   margin = NULL, tied_class_no = EXCLUDED.tied_class_no",
		7, {INT8OID, INT4OID, TIMESTAMPTZOID, INT4ARRAYOID, INT4ARRAYOID, FLOAT4ARRAYOID, INT4ARRAYOID}
	};
	Datum		values[7] = {Int64GetDatum(job->job_id), Int32GetDatum(batch_no), TimestampTzGetDatum(gtl_clock_now())};

	if (count == 0)
		return;
	set_human_labels(values + 3, labels, count);
	gtl_query_do(&insert, values, NULL);
	job->human_labeled += count;
}

void
gtl_label_change_human(const GtlJob *job, const GtlHumanLabel *labels, int count)
{
	static GtlStatement update = {
		"UPDATE gtlabel.label l SET class_no = a.class_no, confidence = a.confidence, labeled_at = $2,"
		" tied_class_no = NULLIF(a.tied, -1) FROM unnest($3, $4, $5, $6) AS a (object_no, class_no, confidence, tied)"
		" WHERE l.job_id = $1 AND l.object_no = a.object_no AND l.human",
		6, {INT8OID, TIMESTAMPTZOID, INT4ARRAYOID, INT4ARRAYOID, FLOAT4ARRAYOID, INT4ARRAYOID}
	};
	Datum		values[6] = {Int64GetDatum(job->job_id), TimestampTzGetDatum(gtl_clock_now())};

	if (count == 0)
		return;
	set_human_labels(values + 2, labels, count);
	gtl_query_do(&update, values, NULL);
}

void
gtl_label_read_objects(int64 job_id, const int32 *objects, int count, GtlObjectLabel *labels)
{
	static GtlStatement select = {
		"SELECT COALESCE(l.class_no, -1), l.confidence::float8, l.human, f.object_no IS NOT NULL"
		" FROM unnest($2) WITH ORDINALITY AS o (object_no, place)"
		" LEFT JOIN LATERAL (SELECT * FROM gtlabel.label l WHERE l.job_id = $1 AND l.object_no = o.object_no OFFSET 0) l ON true"
		" LEFT JOIN LATERAL (SELECT * FROM gtlabel.failure f WHERE f.job_id = $1 AND f.object_no = o.object_no OFFSET 0) f ON true"
		" ORDER BY o.place",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(objects, count)};
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	for (int i = 0; i < count; i++)
	{
		labels[i].class_no = gtl_result_int32(&r, i, 1);
		labels[i].confidence = (float) gtl_result_float8(&r, i, 2);
		labels[i].human = gtl_result_bool(&r, i, 3);
		labels[i].failed = gtl_result_bool(&r, i, 4);
	}
	gtl_query_end(&r);
}

void
gtl_label_remove_human(GtlJob *job, const int32 *objects, int count)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.label l USING unnest($2) AS a (object_no)"
		" WHERE l.job_id = $1 AND l.object_no = a.object_no AND l.human",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), gtl_array_int32(objects, count)};

	if (count > 0)
		job->human_labeled -= (int32) gtl_query_do(&delete, values, NULL);
}

void
gtl_label_restore(GtlJob *job, const int32 *objects, int count)
{
	static GtlStatement labels = {
		"INSERT INTO gtlabel.label (job_id, object_no, class_no, confidence, human, round_no, model_id, labeled_at, margin, audit_no)"
		" SELECT $1, c.object_no, c.machine_class_no, c.confidence, false, c.round_no, c.model_id, c.labeled_at, c.margin, c.audit_no"
		" FROM unnest($2) AS a (object_no) CROSS JOIN LATERAL"
		"   (SELECT * FROM gtlabel.correction c WHERE c.job_id = $1 AND c.object_no = a.object_no OFFSET 0) c"
		" WHERE c.machine_class_no IS NOT NULL ON CONFLICT DO NOTHING",
		2, {INT8OID, INT4ARRAYOID}
	};
	static GtlStatement failures = {
		"INSERT INTO gtlabel.failure (job_id, object_no, batch_no, reason, failed_at)"
		" SELECT $1, c.object_no, c.failure_batch_no, c.failure, c.failed_at"
		" FROM unnest($2) AS a (object_no) CROSS JOIN LATERAL"
		"   (SELECT * FROM gtlabel.correction c WHERE c.job_id = $1 AND c.object_no = a.object_no OFFSET 0) c"
		" WHERE c.failure IS NOT NULL AND (SELECT l.object_no FROM gtlabel.label l"
		"   WHERE l.job_id = $1 AND l.object_no = c.object_no) IS NULL",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), gtl_array_int32(objects, count)};

	if (count == 0)
		return;
	job->machine_labeled += (int32) gtl_query_do(&labels, values, NULL);
	job->failed += (int32) gtl_query_do(&failures, values, NULL);
}

void
gtl_label_read_human(int64 job_id, GtlHumanLabels *labels)
{
	static GtlStatement select = {
		"SELECT object_no, class_no, confidence FROM gtlabel.label WHERE job_id = $1 AND human ORDER BY object_no",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	int32	   *lists[3];
	int32	   *validation;
	int32	   *validation_no;
	int32	   *active;
	int			nvalidation = gtl_object_validation(job_id, &validation, &validation_no, &active);
	int			v = 0;

	labels->count = gtl_query_lists(&select, values, 3, lists);
	labels->object_no = lists[0];
	labels->class_no = lists[1];
	labels->confidence = (float *) lists[2];
	labels->validation_no = gtl_memory_list(sizeof(int32), labels->count);
	labels->active = gtl_memory_list(sizeof(bool), labels->count);
	for (int i = 0; i < labels->count; i++)
	{
		bool		found;

		while (v < nvalidation && validation[v] < labels->object_no[i])
			v++;
		found = v < nvalidation && validation[v] == labels->object_no[i];
		labels->validation_no[i] = found ? validation_no[v] : -1;
		labels->active[i] = found && active[v] == 1;
	}
	pfree(validation);
	pfree(validation_no);
	pfree(active);
}

int
gtl_label_read_machine(int64 job_id, int32 **objects, int32 **classes)
{
	static GtlStatement select = {
		"SELECT object_no, class_no FROM gtlabel.label WHERE job_id = $1 AND NOT human AND audit_no IS NULL ORDER BY object_no", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	int32	   *lists[2];
	int			count = gtl_query_lists(&select, values, 2, lists);

	*objects = lists[0];
	*classes = lists[1];
	return count;
}

/* Run a statement whose parameters are ($1 job, $2 round, $3 model, $4 time, $5 .. $8 arrays). */
static void
write_machine(GtlStatement *statement, const GtlJob *job, int32 round_no, int64 model_id, const GtlLabelChange *change)
{
	Datum		values[8] = {Int64GetDatum(job->job_id), Int32GetDatum(round_no), Int64GetDatum(model_id),
	TimestampTzGetDatum(gtl_clock_now())};

	for (int64 i = 0; i < change->count; i += GTL_ARRAY_PIECE)
	{
		int64		count = Min(GTL_ARRAY_PIECE, change->count - i);

		values[4] = gtl_array_int32(change->object_no + i, count);
		values[5] = gtl_array_int32(change->class_no + i, count);
		values[6] = gtl_array_float4(change->confidence + i, count);
		values[7] = gtl_array_float4(change->margin + i, count);
		gtl_query_do(statement, values, NULL);
		for (int v = 4; v < 8; v++)
			pfree(DatumGetPointer(values[v]));
	}
}

void
gtl_label_refresh_machine(GtlJob *job, int32 round_no, int64 model_id,
						  const GtlLabelChange *added, const GtlLabelChange *changed,
						  const int32 *withdrawn, int nwithdrawn)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.label (job_id, object_no, class_no, confidence, human, round_no, model_id, labeled_at, margin)"
		" SELECT $1, a.object_no, a.class_no, a.confidence, false, $2, $3, $4, a.margin"
		" FROM unnest($5, $6, $7, $8) AS a (object_no, class_no, confidence, margin)",
		8, {INT8OID, INT4OID, INT8OID, TIMESTAMPTZOID, INT4ARRAYOID, INT4ARRAYOID, FLOAT4ARRAYOID, FLOAT4ARRAYOID}
	};
	static GtlStatement update = {
		"UPDATE gtlabel.label l SET class_no = a.class_no, confidence = a.confidence, round_no = $2, model_id = $3,"
		" labeled_at = $4, margin = a.margin FROM unnest($5, $6, $7, $8) AS a (object_no, class_no, confidence, margin)"
		" WHERE l.job_id = $1 AND l.object_no = a.object_no AND NOT l.human",
		8, {INT8OID, INT4OID, INT8OID, TIMESTAMPTZOID, INT4ARRAYOID, INT4ARRAYOID, FLOAT4ARRAYOID, FLOAT4ARRAYOID}
	};
	static GtlStatement delete = {
		"DELETE FROM gtlabel.label l USING unnest($2) AS a (object_no)"
		" WHERE l.job_id = $1 AND l.object_no = a.object_no AND NOT l.human",
		2, {INT8OID, INT4ARRAYOID}
	};

	gtl_correction_forget(job->job_id, false);
	write_machine(&insert, job, round_no, model_id, added);
	write_machine(&update, job, round_no, model_id, changed);
	for (int64 i = 0; i < nwithdrawn; i += GTL_ARRAY_PIECE)
	{
		Datum		values[2] = {Int64GetDatum(job->job_id), gtl_array_int32(withdrawn + i, Min(GTL_ARRAY_PIECE, nwithdrawn - i))};

		gtl_query_do(&delete, values, NULL);
	}
	job->machine_labeled += added->count - nwithdrawn;
}

int
gtl_label_drop_machine(GtlJob *job, const int32 *objects, int count)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.label l USING unnest($2) AS a (object_no)"
		" WHERE l.job_id = $1 AND l.object_no = a.object_no AND NOT l.human",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), gtl_array_int32(objects, count)};
	int			dropped = count > 0 ? (int) gtl_query_do(&delete, values, NULL) : 0;

	job->machine_labeled -= dropped;
	return dropped;
}

void
gtl_label_settle(const GtlJob *job, int32 audit_no, const int32 *objects, int count)
{
	static GtlStatement update = {
		"UPDATE gtlabel.label l SET audit_no = $2 FROM unnest($3) AS a (object_no)"
		" WHERE l.job_id = $1 AND l.object_no = a.object_no AND NOT l.human",
		3, {INT8OID, INT4OID, INT4ARRAYOID}
	};
	Datum		values[3] = {Int64GetDatum(job->job_id), Int32GetDatum(audit_no), gtl_array_int32(objects, count)};

	if (count > 0)
		gtl_query_do(&update, values, NULL);
}

int
gtl_label_read_settled(int64 job_id, int32 **objects)
{
	static GtlStatement select = {
		"SELECT object_no FROM gtlabel.label WHERE job_id = $1 AND NOT human AND audit_no IS NOT NULL ORDER BY object_no", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};

	return gtl_query_lists(&select, values, 1, objects);
}

int
gtl_label_withdraw_machine(GtlJob *job)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.label WHERE job_id = $1 AND NOT human", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job->job_id)};
	int			count = (int) gtl_query_do(&delete, values, NULL);

	gtl_correction_forget(job->job_id, true);
	job->machine_labeled -= count;
	return count;
}

void
gtl_label_withdraw_below(GtlJob *job, double margin)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.label WHERE job_id = $1 AND NOT human AND margin < $2::float4", 2, {INT8OID, FLOAT8OID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Float8GetDatum(margin)};

	job->machine_labeled -= (int32) gtl_query_do(&delete, values, NULL);
}

void
gtl_failure_add(GtlJob *job, int32 batch_no, const int32 *objects, int count, const char *reason)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.failure (job_id, object_no, batch_no, reason, failed_at)"
		" SELECT $1, a.object_no, $2, $4, $5 FROM unnest($3) AS a (object_no)",
		5, {INT8OID, INT4OID, INT4ARRAYOID, TEXTOID, TIMESTAMPTZOID}
	};
	Datum		values[5] = {Int64GetDatum(job->job_id), Int32GetDatum(batch_no), gtl_array_int32(objects, count),
		CStringGetTextDatum(reason), TimestampTzGetDatum(gtl_clock_now())};

	if (count == 0)
		return;
	gtl_query_do(&insert, values, NULL);
	job->failed += count;
}

void
gtl_failure_remove(GtlJob *job, const int32 *objects, int count)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.failure f USING unnest($2) AS a (object_no) WHERE f.job_id = $1 AND f.object_no = a.object_no",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), gtl_array_int32(objects, count)};

	if (count > 0)
		job->failed -= (int32) gtl_query_do(&delete, values, NULL);
}

int
gtl_failure_read(int64 job_id, int32 **objects)
{
	static GtlStatement select = {
		"SELECT object_no FROM gtlabel.failure WHERE job_id = $1 ORDER BY object_no", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};

	return gtl_query_lists(&select, values, 1, objects);
}

int
gtl_failure_count_validation(int64 job_id)
{
	static GtlStatement select = {
		"SELECT count((SELECT o.validation_no FROM gtlabel.object o WHERE o.job_id = $1 AND o.object_no = f.object_no))::int"
		" FROM gtlabel.failure f WHERE f.job_id = $1",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};

	return gtl_query_int32(&select, values);
}

int
gtl_failure_retry(GtlJob *job)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.failure WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job->job_id)};
	int			count = (int) gtl_query_do(&delete, values, NULL);

	gtl_correction_forget_failures(job->job_id);
	job->failed -= count;
	return count;
}

void
gtl_label_delete(int64 job_id)
{
	static GtlStatement labels = {"DELETE FROM gtlabel.label WHERE job_id = $1", 1, {INT8OID}};
	static GtlStatement failures = {"DELETE FROM gtlabel.failure WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&labels, values, NULL);
	gtl_query_do(&failures, values, NULL);
	gtl_correction_delete(job_id);
}

void
gtl_label_remove(GtlJob *job, const int32 *objects, int count)
{
	gtl_label_remove_human(job, objects, count);
	gtl_label_drop_machine(job, objects, count);
	gtl_failure_remove(job, objects, count);
}

int
gtl_label_drop_unsettled(GtlJob *job)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.label WHERE job_id = $1 AND NOT human AND audit_no IS NULL", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job->job_id)};
	int			count = (int) gtl_query_do(&delete, values, NULL);

	job->machine_labeled -= count;
	return count;
}

void
gtl_label_renumber(int64 job_id, const int32 *map, int classes)
{
	static GtlStatement update = {
		"UPDATE gtlabel.label SET class_no = ($2)[class_no + 1], tied_class_no = NULLIF(($2)[tied_class_no + 1], ($2)[class_no + 1])"
		" WHERE job_id = $1 AND (class_no <> ($2)[class_no + 1] OR tied_class_no IS NOT NULL)",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(map, classes)};

	gtl_query_do(&update, values, NULL);
}
