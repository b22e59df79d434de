/*
 * annotation.c
 *		The table gtlabel.annotation.
 *
 * An answer is written together with its task's last change: half of it would be an
 * answer that counts for nothing, or a task that nobody answered.
 */
#include "tables/annotation.h"

#include "access/xact.h"
#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "tables/task.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

static void
insert_answer(GtlTable *annotations, const GtlFinishedTask *task, int64 task_id, Datum annotator,
			  int32 class_no, TimestampTz now)
{
	/* in the order of 20_tables.sql */
	Datum		values[8] = {Int64GetDatum(task->job_id), Int32GetDatum(task->object_no), annotator,
		Int32GetDatum(class_no), Int32GetDatum(task->batch_no), Int64GetDatum(task_id),
	TimestampTzGetDatum(task->accepted_at), TimestampTzGetDatum(now)};
	bool		nulls[8] = {false};

	gtl_table_insert(annotations, values, nulls);
}

void
gtl_annotation_submit(const int64 *task_ids, const int32 *classes, int count, const char *annotator)
{
	CommandId	first_command = GetCurrentCommandId(false);
	Datum		name = CStringGetTextDatum(annotator);
	TimestampTz now = gtl_clock_now();
	GtlTable	tasks;
	GtlTable	annotations;
	GtlFinishedTask task;
	int			done = 0;

	gtl_table_open(&tasks, "task", "task_pkey", RowExclusiveLock);
	gtl_table_open(&annotations, "annotation", "annotation_pkey", RowExclusiveLock);
	while (done < count && gtl_task_finish(&tasks, task_ids[done], annotator, &task))
	{
		insert_answer(&annotations, &task, task_ids[done], name, classes[done], now);
		done++;
	}
	gtl_table_close(&annotations);
	gtl_table_close(&tasks);
	if (done < count)
		gtl_task_explain_not_leased(task_ids, count, annotator, first_command);
}

/* Why an object has no task for this annotator: always an error. */
static void
explain_not_open(const GtlJob *job, const char *key, const char *annotator,
				 bool known, bool answered, bool open)
{
	if (!known)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("labeling job \"%s\" has no object \"%s\"", job->name, key),
				 errhint("Objects are named by the text form of the dataset's column \"%s\".", job->key_column)));
	if (answered)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("annotator \"%s\" has already answered object \"%s\" of labeling job \"%s\"",
						annotator, key, job->name)));
	if (!open)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("object \"%s\" of labeling job \"%s\" is not open", key, job->name),
				 errdetail("It is not part of the open batch, or as many people have declined it as should answer, "
						   "or the batch's time is up."),
				 errhint("SELECT object_key FROM gt_tasks lists the objects that are open.")));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("object \"%s\" of labeling job \"%s\" is with other annotators", key, job->name),
			 errdetail("All its tasks are answered, or leased to others."),
			 errhint("Their leases run out after the job's task_time_limit.")));
}

/* Find and lock an open task for each key. */
static void
choose_tasks(const GtlJob *job, char *const *keys, int count, const char *annotator, int64 *task_ids)
{
	static GtlStatement choose = {
		"SELECT t.task_id, o.object_no IS NOT NULL,"
		" count(*) OVER (PARTITION BY g.object_key) > 1,"
		" EXISTS (SELECT FROM gtlabel.annotation a"
		"         WHERE a.job_id = $1 AND a.object_no = o.object_no AND a.annotator = $3),"
		" EXISTS (SELECT FROM gtlabel.task e JOIN gtlabel.batch b USING (job_id, batch_no)"
		"         WHERE e.job_id = $1 AND e.batch_no = $4 AND e.slot_no = 0 AND b.expires_at > $5"
		"         AND e.object_no = o.object_no AND e.state <> 'expired')"
		" FROM unnest($2) WITH ORDINALITY AS g (object_key, place)"
		" LEFT JOIN gtlabel.object o ON o.job_id = $1 AND o.object_key = g.object_key"
		" LEFT JOIN LATERAL ("
		"   SELECT t.task_id FROM gtlabel.task t"
		"    WHERE t.job_id = $1 AND t.batch_no = $4 AND t.slot_no = ANY ($6) AND t.object_no = o.object_no"
		"      AND ((t.state = 'accepted' AND t.annotator = $3)"
		"           OR ((t.state = 'available' OR (t.state = 'accepted' AND t.lease_expires_at <= $5))"
		"               AND EXISTS (SELECT FROM gtlabel.batch b WHERE b.job_id = $1 AND b.batch_no = $4 AND b.expires_at > $5)))"
		"    ORDER BY (t.annotator = $3) DESC NULLS LAST, t.slot_no LIMIT 1 FOR UPDATE SKIP LOCKED) t ON true"
		" ORDER BY g.place",
		6, {INT8OID, TEXTARRAYOID, TEXTOID, INT4OID, TIMESTAMPTZOID, INT2ARRAYOID}
	};
	int16		slots[9];
	Datum		values[6];
	GtlResult	r;

	for (int s = 0; s < job->annotators_per_object; s++)
		slots[s] = (int16) s;
	values[0] = Int64GetDatum(job->job_id);
	values[1] = gtl_array_text(keys, count);
	values[2] = CStringGetTextDatum(annotator);
	values[3] = Int32GetDatum(job->open_batch_no);
	values[4] = TimestampTzGetDatum(gtl_clock_now());
	values[5] = gtl_array_int16(slots, job->annotators_per_object);
	gtl_query_run(&r, &choose, values, NULL);
	for (int i = 0; i < count; i++)
	{
		bool		answered = gtl_result_bool(&r, i, 4);

		if (gtl_result_bool(&r, i, 3))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("object \"%s\" is given more than once", keys[i])));
		if (gtl_result_isnull(&r, i, 1) || answered)
			explain_not_open(job, keys[i], annotator, gtl_result_bool(&r, i, 2), answered, gtl_result_bool(&r, i, 5));
		task_ids[i] = gtl_result_int64(&r, i, 1);
	}
	gtl_query_end(&r);
}

void
gtl_annotation_submit_by_key(const GtlJob *job, char *const *keys, const int32 *classes,
							 int count, const char *annotator)
{
	static GtlStatement submit = {
		"WITH done AS ("
		" UPDATE gtlabel.task t SET state = 'submitted', annotator = $3,"
		"   accepted_at = CASE WHEN t.annotator = $3 THEN t.accepted_at END"
		"  FROM unnest($1, $2) AS g (task_id, class_no) WHERE t.task_id = g.task_id"
		"  RETURNING t.job_id, t.object_no, t.batch_no, t.task_id, t.accepted_at, g.class_no)"
		" INSERT INTO gtlabel.annotation (job_id, object_no, annotator, class_no, batch_no, task_id, accepted_at, submitted_at)"
		" SELECT d.job_id, d.object_no, $3, d.class_no, d.batch_no, d.task_id, d.accepted_at, $4 FROM done d",
		4, {INT8ARRAYOID, INT4ARRAYOID, TEXTOID, TIMESTAMPTZOID}
	};
	int64	   *task_ids = palloc(sizeof(int64) * Max(count, 1));
	Datum		values[4];

	choose_tasks(job, keys, count, annotator, task_ids);
	values[0] = gtl_array_int64(task_ids, count);
	values[1] = gtl_array_int32(classes, count);
	values[2] = CStringGetTextDatum(annotator);
	values[3] = TimestampTzGetDatum(gtl_clock_now());
	if (gtl_query_do(&submit, values, NULL) != (uint64) count)
		elog(ERROR, "not every chosen task could be submitted");
	pfree(task_ids);
}

void
gtl_annotation_read(int64 job_id, int32 batch_no, GtlAnnotations *annotations)
{
	static GtlStatement select = {
		"SELECT array_agg(a.object_no), array_agg(a.annotator_no), array_agg(a.class_no), max(a.annotator_no) + 1 FROM"
		" (SELECT object_no, class_no, dense_rank() OVER (ORDER BY annotator)::int - 1 AS annotator_no"
		"    FROM gtlabel.annotation WHERE job_id = $1 AND ($2 = 0 OR batch_no = $2)"
		"   ORDER BY object_no, annotator) a",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int32GetDatum(batch_no)};
	GtlResult	r;
	int			count;

	gtl_query_run(&r, &select, values, NULL);
	annotations->object_no = gtl_result_int32_array(&r, 0, 1, &annotations->count);
	annotations->annotator_no = gtl_result_int32_array(&r, 0, 2, &count);
	annotations->class_no = gtl_result_int32_array(&r, 0, 3, &count);
	annotations->annotators = gtl_result_int32(&r, 0, 4);
	gtl_query_end(&r);
}

void
gtl_annotation_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.annotation WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}
