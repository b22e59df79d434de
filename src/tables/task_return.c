/*
 * task_return.c
 *		Tasks that annotators give back, decline, hold for longer, or take back.
 */
#include "tables/task.h"

#include "access/xact.h"
#include "base/lock.h"
#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "tables/lease.h"
#include "tables/open_objects.h"
#include "tables/task_search.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* As a parameter. */
static Datum
slots_array(int first, int last)
{
	int16		slots[GTL_TASK_SLOTS];

	Assert(last - first < GTL_TASK_SLOTS);
	for (int slot = first; slot <= last; slot++)
		slots[slot - first] = (int16) slot;
	return gtl_array_int16(slots, last - first + 1);
}

void
gtl_task_release(const GtlJob *job, const int64 *task_ids, int count, const char *annotator)
{
	static GtlStatement update = {
		"UPDATE gtlabel.task SET state = 'available', annotator = NULL, accepted_at = NULL, lease_expires_at = NULL"
		" WHERE task_id = ANY ($1) AND annotator = $2 AND state = 'accepted'",
		2, {INT8ARRAYOID, TEXTOID}
	};
	Datum		values[2] = {gtl_array_int64(task_ids, count), CStringGetTextDatum(annotator)};
	CommandId	first_command = GetCurrentCommandId(false);

	if (gtl_query_do(&update, values, NULL) != (uint64) count)
		gtl_task_explain_not_leased(task_ids, count, annotator, first_command);
	gtl_lease_add_passed(job->job_id, annotator, task_ids, count);
}

/* The declined tasks, each by its key. */
#define DECLINED \
	"unnest($1) i (task_id) CROSS JOIN LATERAL" \
	" (SELECT d.job_id, d.batch_no, d.slot_no, d.object_no FROM gtlabel.task d WHERE d.task_id = i.task_id OFFSET 0) d"

void
gtl_task_decline(const GtlJob *job, const int64 *task_ids, int count, const char *annotator, const char *reason)
{
	/*
	 * A declined task moves to a slot below 0, one a decline, and a new one
	 * takes its place; once annotators_per_object people have declined,
	 * what is still open of the object expires instead.
	 */
	static GtlStatement decline = {
		"UPDATE gtlabel.task t SET state = 'declined', remark = $4, slot_no = -1 - (SELECT count(d.task_id)"
		"   FROM unnest($3) s (slot_no) CROSS JOIN LATERAL (SELECT d.task_id FROM gtlabel.task d"
		"     WHERE d.job_id = t.job_id AND d.batch_no = t.batch_no AND d.slot_no = s.slot_no AND d.object_no = t.object_no OFFSET 0) d)"
		" WHERE t.task_id = ANY ($1) AND t.annotator = $2 AND t.state = 'accepted'",
		4, {INT8ARRAYOID, TEXTOID, INT2ARRAYOID, TEXTOID}
	};
	static GtlStatement replace = {
		"INSERT INTO gtlabel.task (job_id, batch_no, slot_no, object_no)"
		" SELECT d.job_id, d.batch_no, s.slot_no, d.object_no"
		" FROM " DECLINED " CROSS JOIN LATERAL"
		"   (SELECT g FROM generate_series(0, $2 - 1) g WHERE (SELECT o.task_id FROM gtlabel.task o"
		"      WHERE o.job_id = d.job_id AND o.batch_no = d.batch_no AND o.slot_no = g AND o.object_no = d.object_no LIMIT 1) IS NULL"
		"    ORDER BY g LIMIT 1) s (slot_no)"
		" WHERE d.slot_no > -$2",
		2, {INT8ARRAYOID, INT4OID}
	};
	static GtlStatement close = {
		"UPDATE gtlabel.task t SET state = 'expired' WHERE t.task_id = ANY (ARRAY("
		"   SELECT o.task_id FROM " DECLINED " CROSS JOIN unnest($3) s (slot_no) CROSS JOIN LATERAL"
		"     (SELECT o.task_id, o.state FROM gtlabel.task o WHERE o.job_id = d.job_id AND o.batch_no = d.batch_no"
		"         AND o.slot_no = s.slot_no AND o.object_no = d.object_no OFFSET 0) o"
		"    WHERE d.slot_no <= -$2 AND o.state IN ('available', 'accepted')))",
		3, {INT8ARRAYOID, INT4OID, INT2ARRAYOID}
	};
	Datum		ids = gtl_array_int64(task_ids, count);
	Datum		k = Int32GetDatum(job->annotators_per_object);
	Datum		values[4] = {ids, CStringGetTextDatum(annotator), slots_array(-job->annotators_per_object, -1),
	reason == NULL ? (Datum) 0 : CStringGetTextDatum(reason)};
	Datum		rest[3] = {ids, k, slots_array(0, job->annotators_per_object - 1)};
	CommandId	first_command = GetCurrentCommandId(false);

	gtl_lock_acquire(GTL_LOCK_DECLINES, job->job_id, false);
	if (gtl_query_do(&decline, values, reason == NULL ? "   n" : NULL) != (uint64) count)
		gtl_task_explain_not_leased(task_ids, count, annotator, first_command);
	gtl_query_do(&replace, rest, NULL);
	gtl_query_do(&close, rest, NULL);
}

TimestampTz
gtl_task_extend(const GtlJob *job, const int64 *task_ids, int count, const char *annotator)
{
	static GtlStatement update = {
		"UPDATE gtlabel.task t SET lease_expires_at = $4 + $5"
		" WHERE t.task_id = ANY ($1) AND t.annotator = $2 AND t.state = 'accepted' AND t.job_id IS NOT DISTINCT FROM $3"
		"   AND (SELECT b.expires_at FROM gtlabel.batch b WHERE b.job_id = t.job_id AND b.batch_no = t.batch_no) > $4"
		" RETURNING t.lease_expires_at",
		5, {INT8ARRAYOID, TEXTOID, INT8OID, TIMESTAMPTZOID, INTERVALOID}
	};
	Datum		values[5] = {gtl_array_int64(task_ids, count), CStringGetTextDatum(annotator), Int64GetDatum(job->job_id),
	TimestampTzGetDatum(gtl_clock_now()), IntervalPGetDatum(unconstify(Interval *, &job->task_time_limit))};
	CommandId	first_command = GetCurrentCommandId(false);
	GtlResult	r;
	TimestampTz until;

	if (gtl_query_run(&r, &update, values, NULL) != (uint64) count)
		gtl_task_explain_not_leased(task_ids, count, annotator, first_command);
	until = gtl_result_int64(&r, 0, 1);
	gtl_query_end(&r);
	return until;
}

/* ---- Taking back --------------------------------------------------------------- */

/*
 * Runs a statement whose parameters are ($1 job, $2 batch, $3 object, $4 annotators an object), which
 * returns a number or nothing; nothing: -1.
 */
static int
ask_object(GtlStatement *statement, const GtlJob *job, int32 object_no)
{
	Datum		values[4] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no), Int32GetDatum(object_no),
	Int32GetDatum(job->annotators_per_object)};
	GtlResult	r;
	int			answer = gtl_query_run(&r, statement, values, NULL) > 0 && r.rows != NULL ? gtl_result_int32(&r, 0, 1) : -1;

	gtl_query_end(&r);
	return answer;
}

/* The lowest free slot of an object of the open batch; -1: none. */
static int
vacant_slot(const GtlJob *job, int32 object_no)
{
	static GtlStatement vacant = {
		"SELECT g FROM generate_series(0, $4 - 1) g WHERE NOT EXISTS (SELECT FROM gtlabel.task o"
		"   WHERE o.job_id = $1 AND o.batch_no = $2 AND o.slot_no = g AND o.object_no = $3) ORDER BY g LIMIT 1",
		4, {INT8OID, INT4OID, INT4OID, INT4OID}
	};

	return ask_object(&vacant, job, object_no);
}

/* The slot of the task that took a declined one's place, if nobody has it: then it goes; else -1. */
static int
replaced_slot(const GtlJob *job, int32 object_no)
{
	static GtlStatement replaced = {
		"DELETE FROM gtlabel.task WHERE task_id = (SELECT task_id FROM gtlabel.task"
		"   WHERE job_id = $1 AND batch_no = $2 AND slot_no BETWEEN 0 AND $4 - 1 AND object_no = $3 AND state = 'available'"
		"   ORDER BY slot_no DESC LIMIT 1) RETURNING slot_no::int",
		4, {INT8OID, INT4OID, INT4OID, INT4OID}
	};

	return ask_object(&replaced, job, object_no);
}

static int
count_declines(const GtlJob *job, int32 object_no)
{
	static GtlStatement select = {
		"SELECT count(*)::int FROM gtlabel.task WHERE job_id = $1 AND batch_no = $2 AND slot_no BETWEEN -$4 AND -1 AND object_no = $3",
		4, {INT8OID, INT4OID, INT4OID, INT4OID}
	};

	return ask_object(&select, job, object_no);
}

/* What too many declines had closed is open again. */
static void
reopen(const GtlJob *job, int32 object_no)
{
	static GtlStatement update = {
		"UPDATE gtlabel.task SET state = 'available', annotator = NULL, accepted_at = NULL, lease_expires_at = NULL"
		" WHERE job_id = $1 AND batch_no = $2 AND slot_no BETWEEN 0 AND $4 - 1 AND object_no = $3 AND state = 'expired'",
		4, {INT8OID, INT4OID, INT4OID, INT4OID}
	};

	(void) ask_object(&update, job, object_no);
}

/*
 * A decline less: the later ones move up.  If it was one of those that closed the object, what it
 * closed is open again; else the task that took its place goes.
 */
static bool
undo_decline(const GtlJob *job, const GtlTaskState *task)
{
	static GtlStatement move_up = {
		"UPDATE gtlabel.task SET slot_no = slot_no + 1 WHERE job_id = $1 AND batch_no = $2"
		" AND slot_no BETWEEN -$5 AND $4 - 1 AND object_no = $3",
		5, {INT8OID, INT4OID, INT4OID, INT4OID, INT4OID}
	};
	static GtlStatement place = {
		"UPDATE gtlabel.task SET slot_no = $2 WHERE task_id = $1", 2, {INT8OID, INT4OID}
	};
	Datum		object[5] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no), Int32GetDatum(task->object_no),
	Int32GetDatum(task->slot_no), Int32GetDatum(job->annotators_per_object)};
	Datum		placed[2] = {Int64GetDatum(task->task_id)};
	bool		was_closed;
	int			slot;

	gtl_lock_acquire(GTL_LOCK_DECLINES, job->job_id, false);
	was_closed = count_declines(job, task->object_no) >= job->annotators_per_object;
	slot = was_closed ? vacant_slot(job, task->object_no) : replaced_slot(job, task->object_no);
	if (slot < 0)
		return false;
	placed[1] = Int32GetDatum(slot);
	gtl_query_do(&place, placed, NULL);
	gtl_query_do(&move_up, object, NULL);
	if (was_closed)
		reopen(job, task->object_no);
	return true;
}

bool
gtl_task_take_back(const GtlJob *job, const GtlTaskState *task, const char *annotator, bool to_all)
{
	static GtlStatement lease = {
		"UPDATE gtlabel.task t SET state = 'accepted', annotator = $3, accepted_at = COALESCE(accepted_at, $4),"
		"   lease_expires_at = $4 + $5, undo_until = NULL, remark = NULL"
		" WHERE task_id = $1 AND state = $2 AND (SELECT o.task_id FROM generate_series(-$6, $6 - 1) g CROSS JOIN LATERAL"
		"   (SELECT o.task_id, o.annotator, o.state FROM gtlabel.task o WHERE o.job_id = t.job_id AND o.batch_no = t.batch_no"
		"       AND o.slot_no = g AND o.object_no = t.object_no OFFSET 0) o"
		"   WHERE o.task_id <> t.task_id AND o.annotator = $3 AND o.state <> 'available' LIMIT 1) IS NULL",
		6, {INT8OID, TEXTOID, TEXTOID, TIMESTAMPTZOID, INTERVALOID, INT4OID}
	};
	static GtlStatement offer = {
		"UPDATE gtlabel.task SET state = 'available', annotator = NULL, accepted_at = NULL, lease_expires_at = NULL,"
		" undo_until = NULL, remark = NULL WHERE task_id = $1 AND state = $2",
		2, {INT8OID, TEXTOID}
	};
	Datum		values[6] = {Int64GetDatum(task->task_id), CStringGetTextDatum(task->state), CStringGetTextDatum(annotator),
		TimestampTzGetDatum(gtl_clock_now()), IntervalPGetDatum(unconstify(Interval *, &job->task_time_limit)),
	Int32GetDatum(job->annotators_per_object)};

	if (strcmp(task->state, "declined") == 0 && !undo_decline(job, task))
		return false;
	gtl_open_objects_again(job, &task->object_no, 1);
	if (to_all)
		return gtl_query_do(&offer, values, NULL) == 1;
	if (gtl_query_do(&lease, values, NULL) != 1)
		return false;
	gtl_lease_add_held(job->job_id, annotator, task->task_id);
	return true;
}
