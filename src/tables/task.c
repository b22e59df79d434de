/*
 * task.c
 *		The table gtlabel.task; task.h has its state machine.  (The last step
 *		to "submitted" is taken together with the answer, by annotation.c.)
 *
 * Here they begin and end; task_search.c finds them, task_claim.c gives them to annotators, task_return.c
 * takes them back, task_count.c counts them.
 *
 * What every answer does goes row by row (table.h), the rest by statements.
 */
#include "tables/task.h"

#include "access/xact.h"
#include "base/memory.h"
#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "tables/annotation.h"
#include "tables/exclusion.h"
#include "tables/lease.h"
#include "tables/open_objects.h"
#include "tables/task_search.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/*
 * As many tasks an object as it is short of answers: it has some if an answer to it was taken back or
 * excluded.  A function of the owner's is given the answers of one batch, so there all are asked for.
 */
void
gtl_task_issue(const GtlJob *job, const int32 *objects, int count)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.task (job_id, batch_no, slot_no, object_no)"
		" SELECT $1, $2, 0, object_no FROM unnest($3) AS o (object_no) ORDER BY object_no",
		3, {INT8OID, INT4OID, INT4ARRAYOID}
	};
	static GtlStatement insert_several = {
		"INSERT INTO gtlabel.task (job_id, batch_no, slot_no, object_no)"
		" SELECT $1, $2, s.slot_no, o.object_no"
		" FROM unnest($3) AS o (object_no)"
		" CROSS JOIN LATERAL (SELECT count(*)::int AS answers FROM gtlabel.annotation a"
		"   WHERE a.job_id = $1 AND a.object_no = o.object_no AND a.annotator <> ALL ($5) AND $6 OFFSET 0) a"
		" CROSS JOIN LATERAL generate_series(0, GREATEST($4 - a.answers, 1) - 1) AS s (slot_no)"
		" ORDER BY s.slot_no, o.object_no",
		6, {INT8OID, INT4OID, INT4ARRAYOID, INT4OID, TEXTARRAYOID, BOOLOID}
	};
	GtlStatement *statement = job->min_annotators == 1 ? &insert : &insert_several;
	Datum		excluded = job->min_annotators == 1 ? (Datum) 0 : gtl_exclusion_names(job->job_id);
	Datum		earlier_count = BoolGetDatum(job->consolidation == NULL);

	for (int64 i = 0; i < count; i += GTL_ARRAY_PIECE)
	{
		Datum		values[6] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no),
		gtl_array_int32(objects + i, Min(GTL_ARRAY_PIECE, count - i)), Int32GetDatum(job->min_annotators), excluded, earlier_count};

		gtl_query_do(statement, values, NULL);
	}
}

void
gtl_task_add(const GtlJob *job, const int32 *objects, int count)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.task (job_id, batch_no, slot_no, object_no)"
		" SELECT $1, $2, s.slot_no, o.object_no FROM unnest($3) AS o (object_no) CROSS JOIN LATERAL"
		"   (SELECT g FROM generate_series(0, $4 - 1) g WHERE (SELECT t.task_id FROM gtlabel.task t"
		"      WHERE t.job_id = $1 AND t.batch_no = $2 AND t.slot_no = g AND t.object_no = o.object_no LIMIT 1) IS NULL"
		"    ORDER BY g LIMIT 1) s (slot_no)",
		4, {INT8OID, INT4OID, INT4ARRAYOID, INT4OID}
	};
	Datum		values[4] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no),
		gtl_array_int32(objects, count), Int32GetDatum(job->annotators_per_object)};

	gtl_query_do(&insert, values, NULL);
	gtl_open_objects_again(job, objects, count);
}

void
gtl_task_find_jobs(const int64 *task_ids, int count, int64 *job_ids)
{
	GtlTable	tasks;

	gtl_table_open(&tasks, &gtl_task_layout, "task_pkey", AccessShareLock);
	for (int i = 0; i < count; i++)
		job_ids[i] = gtl_task_find(&tasks, task_ids[i]) ? gtl_table_int64(&tasks, TASK_JOB_ID) : 0;
	gtl_table_close(&tasks);
}

void
gtl_task_open_by_id(GtlTable *tasks)
{
	gtl_table_open(tasks, &gtl_task_layout, "task_pkey", RowExclusiveLock);
}

/* Until when an answer given now can be taken back, for a column; false: not at all. */
static bool
undo_from_now(Datum *value)
{
	*value = TimestampTzGetDatum(TimestampTzPlusMilliseconds(gtl_clock_now(), gtl_setting_undo_grace));
	return gtl_setting_undo_grace > 0;
}

static void
describe_finished(const GtlTable *tasks, GtlFinishedTask *finished)
{
	finished->object_no = gtl_table_int32(tasks, TASK_OBJECT_NO);
	finished->batch_no = gtl_table_int32(tasks, TASK_BATCH_NO);
	finished->job_id = gtl_table_int64(tasks, TASK_JOB_ID);
	finished->accepted_at = gtl_table_int64(tasks, TASK_ACCEPTED_AT);
}

GtlTaskFinish
gtl_task_finish(GtlTable *tasks, int64 task_id, const char *annotator, GtlFinishedTask *finished)
{
	static const int columns[2] = {TASK_STATE, TASK_UNDO_UNTIL};
	Datum		values[2] = {CStringGetTextDatum("submitted")};
	bool		nulls[2] = {false, !undo_from_now(&values[1])};

	if (!gtl_task_find(tasks, task_id))
		return GTL_TASK_NOT_LEASED;
	if (gtl_task_is_leased(tasks, annotator) && !gtl_table_lock(tasks, true))
		return GTL_TASK_NOT_LEASED;
	describe_finished(tasks, finished);
	if (gtl_table_text_is(tasks, TASK_STATE, "submitted") && gtl_table_text_is(tasks, TASK_ANNOTATOR, annotator))
		return GTL_TASK_FINISHED_BEFORE;
	if (!gtl_task_is_leased(tasks, annotator))
		return GTL_TASK_NOT_LEASED;
	gtl_table_change(tasks, columns, values, nulls, 2);
	return GTL_TASK_FINISHED;
}

int
gtl_task_read(int64 job_id, const int64 *task_ids, int count, const char *annotator, GtlTaskState **states)
{
	static GtlStatement select = {
		"SELECT task_id, object_no, batch_no, slot_no::int, state, annotator FROM gtlabel.task"
		" WHERE task_id = ANY ($1) AND job_id IS NOT DISTINCT FROM $2 ORDER BY task_id",
		2, {INT8ARRAYOID, INT8OID}
	};
	Datum		values[2] = {gtl_array_int64(task_ids, count), Int64GetDatum(job_id)};
	GtlLeases	leases;
	GtlResult	r;
	int			found = (int) gtl_query_run(&r, &select, values, NULL);

	gtl_lease_read(job_id, annotator, &leases);
	*states = gtl_memory_list(sizeof(GtlTaskState), found);
	for (int i = 0; i < found; i++)
	{
		GtlTaskState *task = &(*states)[i];

		task->task_id = gtl_result_int64(&r, i, 1);
		task->object_no = gtl_result_int32(&r, i, 2);
		task->batch_no = gtl_result_int32(&r, i, 3);
		task->slot_no = (int16) gtl_result_int32(&r, i, 4);
		task->state = gtl_result_text(&r, i, 5);
		task->annotator = gtl_result_text(&r, i, 6);
		task->passed = gtl_lease_has_passed(&leases, task->task_id);
	}
	gtl_query_end(&r);
	return found;
}

void
gtl_task_void(int64 task_id)
{
	static GtlStatement update = {
		"UPDATE gtlabel.task SET state = 'expired' WHERE task_id = $1", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(task_id)};

	gtl_query_do(&update, values, NULL);
}

void
gtl_task_offer_again(const GtlJob *job, const char *annotator)
{
	static GtlStatement select = {
		"SELECT object_no FROM gtlabel.task WHERE job_id = $1 AND batch_no = $2 AND slot_no >= 0 AND annotator = $3"
		" AND state = 'submitted'",
		3, {INT8OID, INT4OID, TEXTOID}
	};
	static GtlStatement update = {
		"UPDATE gtlabel.task SET state = 'available', annotator = NULL, accepted_at = NULL, lease_expires_at = NULL,"
		" undo_until = NULL WHERE job_id = $1 AND batch_no = $2 AND slot_no >= 0 AND annotator = $3"
		" AND state IN ('accepted', 'submitted')",
		3, {INT8OID, INT4OID, TEXTOID}
	};
	Datum		values[3] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no), CStringGetTextDatum(annotator)};
	int32	   *objects;
	int			count = gtl_query_lists(&select, values, 1, &objects);

	for (int i = 0; i < count; i += GTL_ARRAY_PIECE)
		gtl_open_objects_again(job, objects + i, Min(GTL_ARRAY_PIECE, count - i));
	gtl_query_do(&update, values, NULL);
}

void
gtl_task_count_again(const GtlJob *job, const char *annotator)
{
	static GtlStatement update = {
		"UPDATE gtlabel.task t SET state = 'submitted', annotator = $3, accepted_at = a.accepted_at"
		" FROM (SELECT task_id, accepted_at FROM gtlabel.annotation WHERE job_id = $1 AND annotator = $3 OFFSET 0) a"
		" WHERE t.task_id = a.task_id AND t.job_id IS NOT DISTINCT FROM $1 AND t.batch_no IS NOT DISTINCT FROM $2"
		"   AND t.slot_no >= 0 AND t.state = 'available'",
		3, {INT8OID, INT4OID, TEXTOID}
	};
	Datum		values[3] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no), CStringGetTextDatum(annotator)};

	gtl_query_do(&update, values, NULL);
}

TimestampTz
gtl_task_undo_until(const GtlJob *job)
{
	static GtlStatement select = {
		"SELECT max(undo_until) FROM gtlabel.task WHERE job_id = $1 AND batch_no = $2 AND slot_no >= 0", 2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no)};

	return gtl_query_int64(&select, values);
}

void
gtl_task_renew_undo(const GtlJob *job, const int64 *task_ids, int count)
{
	static GtlStatement update = {
		"UPDATE gtlabel.task SET undo_until = $2 WHERE task_id = ANY ($1) AND job_id IS NOT DISTINCT FROM $3"
		" AND batch_no IS NOT DISTINCT FROM $4",
		4, {INT8ARRAYOID, TIMESTAMPTZOID, INT8OID, INT4OID}
	};
	Datum		values[4] = {gtl_array_int64(task_ids, count), (Datum) 0, Int64GetDatum(job->job_id),
	Int32GetDatum(job->open_batch_no)};

	if (undo_from_now(&values[1]))
		gtl_query_do(&update, values, NULL);
}

/*
 * The call has already changed those of the tasks that were leased to the annotator: they
 * are known by the command that wrote them, and are not to blame.
 */
void
gtl_task_explain_not_leased(const int64 *task_ids, int count, const char *annotator, CommandId first_command)
{
	static GtlStatement select = {
		"SELECT g.task_id, t.state, t.annotator, b.closed_at IS NOT NULL,"
		" count(*) OVER (PARTITION BY g.task_id) > 1 AS twice"
		" FROM unnest($1) WITH ORDINALITY AS g (task_id, place)"
		" LEFT JOIN gtlabel.task t ON t.task_id = g.task_id"
		" LEFT JOIN gtlabel.batch b ON b.job_id = t.job_id AND b.batch_no = t.batch_no"
		" ORDER BY t.xmin = $2 AND t.cmin::text::bigint >= $3 NULLS FIRST, twice DESC, g.place LIMIT 1",
		3, {INT8ARRAYOID, XIDOID, INT8OID}
	};
	Datum		values[3] = {gtl_array_int64(task_ids, count), TransactionIdGetDatum(GetCurrentTransactionIdIfAny()),
		Int64GetDatum((int64) first_command)};
	GtlResult	r;
	int64		task_id;
	char	   *state;
	char	   *holder;

	gtl_query_run(&r, &select, values, NULL);
	task_id = gtl_result_int64(&r, 0, 1);
	state = gtl_result_text(&r, 0, 2);
	holder = gtl_result_text(&r, 0, 3);
	if (state == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("task " INT64_FORMAT " does not exist", task_id)));
	if (gtl_result_bool(&r, 0, 5))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("task " INT64_FORMAT " is given more than once", task_id)));
	if (strcmp(state, "submitted") == 0 && holder != NULL && strcmp(holder, annotator) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("task " INT64_FORMAT " is already submitted", task_id)));
	if (gtl_result_bool(&r, 0, 4) || strcmp(state, "expired") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("task " INT64_FORMAT " is closed", task_id),
				 errdetail("Its batch is complete, or it was on offer for longer than the job's task_availability_lifetime."),
				 errhint("Accept another task with gt_accept_tasks.")));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("task " INT64_FORMAT " is not leased to annotator \"%s\"", task_id, annotator),
			 errdetail("It was never accepted by this annotator, or the lease ran out and the task has moved on."),
			 errhint("Accept tasks with gt_accept_tasks, and answer within the job's task_time_limit.")));
}

void
gtl_task_objects(const GtlJob *job, GtlTaskObjects *objects)
{
	static GtlStatement select = {
		"SELECT t.object_no, count(*) FILTER (WHERE t.slot_no < 0)::int, count(*) FILTER (WHERE t.slot_no >= 0)::int"
		" FROM gtlabel.task t WHERE t.job_id = $1 AND t.batch_no = $2 GROUP BY t.object_no ORDER BY t.object_no",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no)};
	int32	   *lists[3];

	objects->count = gtl_query_lists(&select, values, 3, lists);
	objects->object_no = lists[0];
	objects->declines = lists[1];
	objects->slots = lists[2];
}

void
gtl_task_expire(const GtlJob *job)
{
	static GtlStatement update = {
		"UPDATE gtlabel.task SET state = 'expired' WHERE job_id = $1 AND batch_no = $2 AND slot_no >= 0"
		" AND state IN ('available', 'accepted')",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no)};

	gtl_query_do(&update, values, NULL);
}

uint64
gtl_task_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.task WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_lease_delete(job_id);
	gtl_open_objects_delete(job_id, 0);
	return gtl_query_do(&delete, values, NULL);
}

void
gtl_task_remove(int64 job_id, const int32 *objects, int count)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.task t USING unnest($2) AS a (object_no) WHERE t.job_id = $1 AND t.object_no = a.object_no",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(objects, count)};

	gtl_query_do(&delete, values, NULL);
}
