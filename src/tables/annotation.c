/*
 * annotation.c
 *		The table gtlabel.annotation.
 *
 * An answer is written together with its task's last change: half of it would be an
 * answer that counts for nothing, or a task that nobody answered.
 */
#include "tables/annotation.h"

#include "access/xact.h"
#include "base/memory.h"
#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "tables/annotator_role.h"
#include "tables/early_answer.h"
#include "tables/exclusion.h"
#include "tables/former_answer.h"
#include "tables/invitation.h"
#include "tables/task.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

enum
{
	ANNOTATION_JOB_ID, ANNOTATION_OBJECT_NO, ANNOTATION_ANNOTATOR, ANNOTATION_CLASS_NO, ANNOTATION_BATCH_NO, ANNOTATION_TASK_ID,
	ANNOTATION_ACCEPTED_AT, ANNOTATION_SUBMITTED_AT, ANNOTATION_REMARK
};

static const char *const annotation_columns[] = {
	[ANNOTATION_JOB_ID] = "job_id", [ANNOTATION_OBJECT_NO] = "object_no", [ANNOTATION_ANNOTATOR] = "annotator",
	[ANNOTATION_CLASS_NO] = "class_no", [ANNOTATION_BATCH_NO] = "batch_no", [ANNOTATION_TASK_ID] = "task_id",
	[ANNOTATION_ACCEPTED_AT] = "accepted_at", [ANNOTATION_SUBMITTED_AT] = "submitted_at", [ANNOTATION_REMARK] = "remark"
};

static GtlLayout annotation_layout = GTL_LAYOUT("annotation", annotation_columns);

void
gtl_annotation_open(GtlTable *annotations, LOCKMODE lockmode)
{
	gtl_table_open(annotations, &annotation_layout, "annotation_pkey", lockmode);
}

/* The annotator's answer to the object becomes the row at hand, if there is one. */
static bool
find_answer(GtlTable *annotations, int64 job_id, int32 object_no, Datum annotator)
{
	ScanKeyData keys[3];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(job_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(object_no));
	ScanKeyEntryInitialize(&keys[2], 0, 3, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ, annotator);
	return gtl_table_find(annotations, keys, 3);
}

/*
 * Whoever was excluded for a while, and is asked again, has an answer that the new one replaces; and so has who
 * answered what the owner's function left out, which gt_retry_failed offers again.
 */
static void
write_answer(GtlTable *annotations, const GtlFinishedTask *task, int64 task_id, Datum annotator,
			 int32 class_no, const char *remark, TimestampTz now)
{
	static const int columns[6] = {ANNOTATION_CLASS_NO, ANNOTATION_BATCH_NO, ANNOTATION_TASK_ID, ANNOTATION_ACCEPTED_AT,
	ANNOTATION_SUBMITTED_AT, ANNOTATION_REMARK};
	Datum		values[6] = {Int32GetDatum(class_no), Int32GetDatum(task->batch_no), Int64GetDatum(task_id),
		TimestampTzGetDatum(task->accepted_at), TimestampTzGetDatum(now), remark == NULL ? (Datum) 0 : CStringGetTextDatum(remark)};
	bool		nulls[6] = {false, false, false, false, false, remark == NULL};

	if (find_answer(annotations, task->job_id, task->object_no, annotator) && gtl_table_lock(annotations, true))
		gtl_table_change(annotations, columns, values, nulls, 6);
	else
	{
		Datum		all[lengthof(annotation_columns)] = {Int64GetDatum(task->job_id), Int32GetDatum(task->object_no), annotator,
		values[0], values[1], values[2], values[3], values[4], values[5]};
		bool		all_nulls[lengthof(annotation_columns)] = {[ANNOTATION_REMARK] = remark == NULL};

		gtl_table_insert(annotations, all, all_nulls);
	}
}

/* Is it the answer that the annotator has given to the task before? */
static bool
is_same_answer(GtlTable *annotations, const GtlFinishedTask *task, int64 task_id, Datum annotator, int32 class_no)
{
	return find_answer(annotations, task->job_id, task->object_no, annotator) &&
		gtl_table_int64(annotations, ANNOTATION_TASK_ID) == task_id &&
		gtl_table_int32(annotations, ANNOTATION_CLASS_NO) == class_no;
}

void
gtl_annotation_submit(const int64 *task_ids, const int32 *classes, char *const *remarks, int count, const char *annotator)
{
	CommandId	first_command = GetCurrentCommandId(false);
	Datum		name = CStringGetTextDatum(annotator);
	TimestampTz now = gtl_clock_now();
	GtlTable	tasks;
	GtlTable	annotations;
	GtlFinishedTask task;
	bool		leased = true;

	gtl_task_open_by_id(&tasks);
	gtl_annotation_open(&annotations, RowExclusiveLock);
	for (int i = 0; i < count && leased; i++)
	{
		GtlTaskFinish finish = gtl_task_finish(&tasks, task_ids[i], annotator, &task);

		if (finish == GTL_TASK_FINISHED)
			write_answer(&annotations, &task, task_ids[i], name, classes[i], remarks == NULL ? NULL : remarks[i], now);
		else
			leased = finish == GTL_TASK_FINISHED_BEFORE && is_same_answer(&annotations, &task, task_ids[i], name, classes[i]);
	}
	gtl_table_close(&annotations);
	gtl_table_close(&tasks);
	if (!leased)
		gtl_task_explain_not_leased(task_ids, count, annotator, first_command);
}

bool
gtl_annotation_are_submitted(int64 job_id, const int64 *task_ids, const int32 *classes, int count, const char *annotator)
{
	static GtlStatement select = {
		"SELECT count(*) FROM unnest($1, $2) AS g (task_id, class_no)"
		" CROSS JOIN LATERAL (SELECT t.job_id, t.object_no, t.state FROM gtlabel.task t WHERE t.task_id = g.task_id OFFSET 0) t"
		" CROSS JOIN LATERAL (SELECT a.task_id, a.class_no FROM gtlabel.annotation a"
		"   WHERE a.job_id = t.job_id AND a.object_no = t.object_no AND a.annotator = $4 OFFSET 0) a"
		" WHERE t.job_id = $3 AND t.state = 'submitted' AND a.task_id = g.task_id AND a.class_no = g.class_no",
		4, {INT8ARRAYOID, INT4ARRAYOID, INT8OID, TEXTOID}
	};
	Datum		values[4] = {gtl_array_int64(task_ids, count), gtl_array_int32(classes, count), Int64GetDatum(job_id),
	CStringGetTextDatum(annotator)};
	GtlResult	r;
	bool		all;

	gtl_query_run(&r, &select, values, NULL);
	all = gtl_result_int64(&r, 0, 1) == count;
	gtl_query_end(&r);
	return all;
}

/* Why an object has no task for this annotator, in the words of a report. */
static const char *
reason_not_open(bool known, bool answered, bool open)
{
	if (!known)
		return "no such object";
	if (answered)
		return "answered otherwise";
	return open ? "with other annotators" : "not open";
}

/* The same: always an error. */
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
						annotator, key, job->name),
				 errhint("gt_revise_annotations changes an answer.")));
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

/*
 * Find and lock an open task for each key; those that the annotator has answered so before are left out, here and
 * in classes, and with reasons (else NULL) those that cannot be taken.  Returns how many are left.
 */
static int
choose_tasks(const GtlJob *job, char *const *keys, int32 *classes, int count, const char *annotator, int64 *task_ids,
			 const char **reasons)
{
	static GtlStatement choose = {
		"SELECT t.task_id, o.object_no IS NOT NULL,"
		" CASE WHEN $8 THEN row_number() OVER (PARTITION BY g.object_key ORDER BY g.place) > 1"
		"  ELSE count(*) OVER (PARTITION BY g.object_key) > 1 END,"
		" (SELECT a.class_no FROM (SELECT class_no, batch_no, annotator FROM gtlabel.annotation"
		"     WHERE job_id = $1 AND object_no = o.object_no OFFSET 0) a WHERE a.annotator = $3 AND (a.batch_no = $4 OR $7)),"
		" (SELECT e.task_id FROM gtlabel.task e WHERE e.job_id = $1 AND e.batch_no = $4 AND e.slot_no = 0"
		"     AND e.object_no = o.object_no AND e.state <> 'expired' LIMIT 1) IS NOT NULL AND"
		" (SELECT b.expires_at FROM gtlabel.batch b WHERE b.job_id = $1 AND b.batch_no = $4) > $5"
		" FROM unnest($2) WITH ORDINALITY AS g (object_key, place)"
		" LEFT JOIN LATERAL (SELECT o.object_no FROM gtlabel.object o"
		"    WHERE o.job_id = $1 AND o.object_key = g.object_key OFFSET 0) o ON true"
		" LEFT JOIN LATERAL ("
		"   SELECT t.task_id FROM gtlabel.task t"
		"    WHERE t.task_id = ANY (ARRAY(SELECT k.task_id FROM unnest($6) s (slot_no) CROSS JOIN LATERAL"
		"        (SELECT k.task_id FROM gtlabel.task k WHERE k.job_id = $1 AND k.batch_no = $4 AND k.slot_no = s.slot_no"
		"            AND k.object_no = o.object_no OFFSET 0) k))"
		"      AND ((t.state = 'accepted' AND t.annotator = $3)"
		"           OR ((t.state = 'available' OR (t.state = 'accepted' AND t.lease_expires_at <= $5))"
		"               AND (SELECT b.expires_at FROM gtlabel.batch b WHERE b.job_id = $1 AND b.batch_no = $4) > $5))"
		"    ORDER BY (t.annotator = $3) DESC NULLS LAST, t.slot_no LIMIT 1 FOR UPDATE SKIP LOCKED) t ON true"
		" ORDER BY g.place",
		8, {INT8OID, TEXTARRAYOID, TEXTOID, INT4OID, TIMESTAMPTZOID, INT2ARRAYOID, BOOLOID, BOOLOID}
	};
	int16		slots[9];
	Datum		values[8];
	GtlResult	r;
	int			chosen = 0;

	for (int s = 0; s < job->annotators_per_object; s++)
		slots[s] = (int16) s;
	values[0] = Int64GetDatum(job->job_id);
	values[1] = gtl_array_text(keys, count);
	values[2] = CStringGetTextDatum(annotator);
	values[3] = Int32GetDatum(job->open_batch_no);
	values[4] = TimestampTzGetDatum(gtl_clock_now());
	values[5] = gtl_array_int16(slots, job->annotators_per_object);
	values[6] = BoolGetDatum(job->consolidation == NULL);	/* else only the answers of the batch count */
	values[7] = BoolGetDatum(reasons != NULL);
	gtl_query_run(&r, &choose, values, NULL);
	for (int i = 0; i < count; i++)
	{
		bool		answered = !gtl_result_isnull(&r, i, 4);

		if (reasons != NULL && gtl_result_bool(&r, i, 3))
		{
			reasons[i] = "given more than once";
			continue;
		}
		if (gtl_result_bool(&r, i, 3))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("object \"%s\" is given more than once", keys[i])));
		if (answered && gtl_result_int32(&r, i, 4) == classes[i])
			continue;
		if (reasons != NULL && (gtl_result_isnull(&r, i, 1) || answered))
		{
			reasons[i] = reason_not_open(gtl_result_bool(&r, i, 2), answered, gtl_result_bool(&r, i, 5));
			continue;
		}
		if (gtl_result_isnull(&r, i, 1) || answered)
			explain_not_open(job, keys[i], annotator, gtl_result_bool(&r, i, 2), answered, gtl_result_bool(&r, i, 5));
		classes[chosen] = classes[i];
		task_ids[chosen++] = gtl_result_int64(&r, i, 1);
	}
	gtl_query_end(&r);
	return chosen;
}

static void
submit_by_key(const GtlJob *job, char *const *keys, const int32 *classes, int count, const char *annotator,
			  const char **reasons)
{
	static GtlStatement submit = {
		"WITH done AS ("
		" UPDATE gtlabel.task t SET state = 'submitted', annotator = $3, undo_until = NULL,"
		"   accepted_at = CASE WHEN t.annotator = $3 THEN t.accepted_at END"
		"  FROM unnest($1, $2) AS g (task_id, class_no) WHERE t.task_id = g.task_id"
		"  RETURNING t.job_id, t.object_no, t.batch_no, t.task_id, t.accepted_at, g.class_no)"
		" INSERT INTO gtlabel.annotation (job_id, object_no, annotator, class_no, batch_no, task_id, accepted_at, submitted_at)"
		" SELECT d.job_id, d.object_no, $3, d.class_no, d.batch_no, d.task_id, d.accepted_at, $4 FROM done d"
		" ON CONFLICT (job_id, object_no, annotator) DO UPDATE SET class_no = EXCLUDED.class_no, batch_no = EXCLUDED.batch_no,"
		"   task_id = EXCLUDED.task_id, accepted_at = EXCLUDED.accepted_at, submitted_at = EXCLUDED.submitted_at, revised_at = NULL",
		4, {INT8ARRAYOID, INT4ARRAYOID, TEXTOID, TIMESTAMPTZOID}
	};
	int64	   *task_ids = gtl_memory_list(sizeof(int64), count);
	int32	   *chosen_classes = gtl_memory_list(sizeof(int32), count);
	Datum		values[4];

	memcpy(chosen_classes, classes, sizeof(int32) * count);
	count = choose_tasks(job, keys, chosen_classes, count, annotator, task_ids, reasons);
	values[0] = gtl_array_int64(task_ids, count);
	values[1] = gtl_array_int32(chosen_classes, count);
	values[2] = CStringGetTextDatum(annotator);
	values[3] = TimestampTzGetDatum(gtl_clock_now());
	if (gtl_query_do(&submit, values, NULL) != (uint64) count)
		elog(ERROR, "not every chosen task could be submitted");
	pfree(task_ids);
}

void
gtl_annotation_submit_by_key(const GtlJob *job, char *const *keys, const int32 *classes,
							 int count, const char *annotator)
{
	submit_by_key(job, keys, classes, count, annotator, NULL);
}

void
gtl_annotation_submit_some_by_key(const GtlJob *job, char *const *keys, const int32 *classes,
								  int count, const char *annotator, const char **reasons)
{
	char	  **some_keys = gtl_memory_list(sizeof(char *), count);
	int32	   *some_classes = gtl_memory_list(sizeof(int32), count);
	const char **some_reasons = gtl_memory_list(sizeof(char *), count);
	int			some = 0;

	for (int i = 0; i < count; i++)
	{
		if (reasons[i] != NULL)
			continue;
		some_keys[some] = keys[i];
		some_reasons[some] = NULL;
		some_classes[some++] = classes[i];
	}
	submit_by_key(job, some_keys, some_classes, some, annotator, some_reasons);
	some = 0;
	for (int i = 0; i < count; i++)
		if (reasons[i] == NULL)
			reasons[i] = some_reasons[some++];
}

/* Two statements for the same columns: which answers, differs. */
static void
read_answers(GtlStatement *statement, const Datum *values, GtlAnnotations *annotations)
{
	int32	   *lists[3];

	annotations->count = gtl_query_lists(statement, values, 3, lists);
	annotations->object_no = lists[0];
	annotations->annotator_no = lists[1];
	annotations->class_no = lists[2];
	annotations->annotators = 0;
	for (int i = 0; i < annotations->count; i++)
		annotations->annotators = Max(annotations->annotators, lists[1][i] + 1);
}

void
gtl_annotation_read(int64 job_id, int32 batch_no, GtlAnnotations *annotations)
{
	static GtlStatement select = {
		"SELECT object_no, dense_rank() OVER (ORDER BY annotator)::int - 1, class_no"
		" FROM gtlabel.annotation WHERE job_id = $1 AND ($2 = 0 OR batch_no = $2) AND annotator <> ALL ($3)"
		" ORDER BY object_no, annotator",
		3, {INT8OID, INT4OID, TEXTARRAYOID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), Int32GetDatum(batch_no), gtl_exclusion_names(job_id)};

	read_answers(&select, values, annotations);
}

void
gtl_annotation_read_objects(int64 job_id, const int32 *objects, int count, GtlAnnotations *annotations)
{
	static GtlStatement select = {
		"SELECT n.object_no, dense_rank() OVER (ORDER BY n.annotator)::int - 1, n.class_no"
		" FROM unnest($2) AS o (object_no)"
		" CROSS JOIN LATERAL (SELECT * FROM gtlabel.annotation a WHERE a.job_id = $1 AND a.object_no = o.object_no"
		"   AND a.annotator <> ALL ($3) OFFSET 0) n"
		" ORDER BY n.object_no, n.annotator",
		3, {INT8OID, INT4ARRAYOID, TEXTARRAYOID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), gtl_array_int32(objects, count), gtl_exclusion_names(job_id)};

	read_answers(&select, values, annotations);
}

void
gtl_annotation_revise(const int64 *task_ids, const int32 *classes, char *const *remarks, int count,
					  int64 job_id, const int32 *objects)
{
	static GtlStatement update = {
		"UPDATE gtlabel.annotation a SET class_no = g.class_no, revised_at = $6, remark = COALESCE(g.remark, a.remark)"
		" FROM unnest($2, $3, $4, $5) AS g (object_no, task_id, class_no, remark)"
		" WHERE a.job_id = $1 AND a.object_no = g.object_no AND a.task_id = g.task_id",
		6, {INT8OID, INT4ARRAYOID, INT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID, TIMESTAMPTZOID}
	};
	Datum		values[6] = {Int64GetDatum(job_id), gtl_array_int32(objects, count), gtl_array_int64(task_ids, count),
		gtl_array_int32(classes, count), gtl_array_text(remarks, remarks == NULL ? 0 : count),
	TimestampTzGetDatum(gtl_clock_now())};

	gtl_query_do(&update, values, NULL);
}

void
gtl_annotation_retract(int64 job_id, int32 object_no, int64 task_id)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.annotation WHERE job_id = $1 AND object_no = $2 AND task_id = $3", 3, {INT8OID, INT4OID, INT8OID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), Int32GetDatum(object_no), Int64GetDatum(task_id)};

	gtl_query_do(&delete, values, NULL);
}

int
gtl_annotation_objects_of(int64 job_id, const char *annotator, int32 but_batch_no, int32 **objects, int *answers)
{
	static GtlStatement select = {
		"SELECT object_no, batch_no FROM gtlabel.annotation WHERE job_id = $1 AND annotator = $2 ORDER BY object_no",
		2, {INT8OID, TEXTOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), CStringGetTextDatum(annotator)};
	int32	   *lists[2];
	int			count = 0;

	*answers = gtl_query_lists(&select, values, 2, lists);
	for (int i = 0; i < *answers; i++)
		if (lists[1][i] != but_batch_no)
			lists[0][count++] = lists[0][i];
	*objects = lists[0];
	return count;
}

int
gtl_annotation_batches_of(int64 job_id, const int32 *objects, int count, int32 but_batch_no, int32 **batches)
{
	static GtlStatement select = {
		"SELECT DISTINCT a.batch_no FROM unnest($2) AS o (object_no) CROSS JOIN LATERAL"
		" (SELECT batch_no FROM gtlabel.annotation WHERE job_id = $1 AND object_no = o.object_no AND batch_no <> $3 OFFSET 0) a",
		3, {INT8OID, INT4ARRAYOID, INT4OID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), gtl_array_int32(objects, count), Int32GetDatum(but_batch_no)};

	return gtl_query_lists(&select, values, 1, batches);
}

void
gtl_annotation_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.annotation WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
	gtl_annotator_role_delete(job_id);
	gtl_early_answer_delete(job_id);
	gtl_former_answer_delete(job_id);
	gtl_exclusion_delete(job_id);
	gtl_invitation_delete(job_id);
}

void
gtl_annotation_remove(int64 job_id, const int32 *objects, int count)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.annotation t USING unnest($2) AS a (object_no) WHERE t.job_id = $1 AND t.object_no = a.object_no",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(objects, count)};

	gtl_query_do(&delete, values, NULL);
}

void
gtl_annotation_renumber(int64 job_id, const int32 *map, int classes)
{
	static GtlStatement update = {
		"UPDATE gtlabel.annotation SET class_no = ($2)[class_no + 1] WHERE job_id = $1 AND class_no <> ($2)[class_no + 1]",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(map, classes)};

	gtl_query_do(&update, values, NULL);
}

int
gtl_annotation_objects_of_class(int64 job_id, int32 class_no, int32 **objects)
{
	static GtlStatement select = {
		"SELECT DISTINCT object_no FROM gtlabel.annotation WHERE job_id = $1 AND class_no = $2 ORDER BY 1", 2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int32GetDatum(class_no)};

	return gtl_query_lists(&select, values, 1, objects);
}
