/*
 * task.c
 *		The table gtlabel.task; its state machine stands in task.h.  (The last step
 *		to "submitted" is taken by annotation.c, in one statement with the answer.)
 *
 * Claims start at a random object and go round, slot by slot: people who claim at
 * the same time meet different rows, the rows already taken that a claim passes
 * are few until the very end of a batch, and each object gets its first answer
 * before any gets its second.  No index covers a changing column, so all changes
 * are HOT, and a snapshot held for long elsewhere does not slow the claims down.
 */
#include "catalog/task.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "base/lock.h"
#include "base/query.h"
#include "base/settings.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "executor/tuptable.h"
#include "storage/procarray.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

void
gtl_task_issue(const GtlJob *job, const int32 *objects, int count)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.task (job_id, batch_no, slot_no, object_no)"
		" SELECT $1, $2, s.slot_no, o.object_no"
		" FROM generate_series(0, $4 - 1) AS s (slot_no), unnest($3) AS o (object_no)"
		" ORDER BY s.slot_no, o.object_no",
		4, {INT8OID, INT4OID, INT4ARRAYOID, INT4OID}
	};
	Datum		values[4] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no),
		gtl_array_int32(objects, count), Int32GetDatum(job->min_annotators)};

	gtl_query_do(&insert, values, NULL);
}

void
gtl_task_add(const GtlJob *job, const int32 *objects, int count)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.task (job_id, batch_no, slot_no, object_no)"
		" SELECT $1, $2, s.slot_no, o.object_no FROM unnest($3) AS o (object_no) CROSS JOIN LATERAL"
		"   (SELECT g FROM generate_series(0, $4 - 1) g WHERE NOT EXISTS (SELECT FROM gtlabel.task t"
		"      WHERE t.job_id = $1 AND t.batch_no = $2 AND t.slot_no = g AND t.object_no = o.object_no)"
		"    ORDER BY g LIMIT 1) s (slot_no)",
		4, {INT8OID, INT4OID, INT4ARRAYOID, INT4OID}
	};
	Datum		values[4] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no),
		gtl_array_int32(objects, count), Int32GetDatum(job->annotators_per_object)};

	gtl_query_do(&insert, values, NULL);
}

#define CLAIM(own) \
	"WITH free AS MATERIALIZED (" \
	" SELECT t.task_id FROM gtlabel.task t" \
	"  WHERE t.job_id = $1 AND t.batch_no = $2 AND t.slot_no = $3 AND t.object_no >= $4 AND t.object_no < $5" \
	"    AND (t.state = 'available' OR (t.state = 'accepted' AND t.lease_expires_at <= $6))" own \
	"    AND EXISTS (SELECT FROM gtlabel.batch b WHERE b.job_id = $1 AND b.batch_no = $2 AND b.expires_at > $6)" \
	"  ORDER BY t.object_no LIMIT $7 FOR UPDATE SKIP LOCKED)," \
	" claimed AS (" \
	" UPDATE gtlabel.task t SET state = 'accepted', annotator = $8, accepted_at = $6, lease_expires_at = $6 + $9" \
	"   FROM free WHERE t.task_id = free.task_id RETURNING t.task_id, t.object_no, t.lease_expires_at)" \
	" SELECT c.task_id, o.object_key, c.lease_expires_at FROM claimed c" \
	"   JOIN gtlabel.object o ON o.job_id = $1 AND o.object_no = c.object_no"

#define CLAIM_ARGS 10
#define CLAIM_TYPES {INT8OID, INT4OID, INT2OID, INT4OID, INT4OID, TIMESTAMPTZOID, INT8OID, TEXTOID, INTERVALOID, INT2ARRAYOID}

/* Claim in one slot, objects first .. last - 1, behind those already in claims. */
static int
claim_range(const GtlJob *job, const char *annotator, int slot, int32 first, int32 last,
			int wanted, TimestampTz now, GtlClaim *claims)
{
	static GtlStatement claim_only = {CLAIM(" AND $10::int2[] IS NOT NULL"), CLAIM_ARGS, CLAIM_TYPES};
	static GtlStatement claim_new = {
		CLAIM(" AND NOT EXISTS (SELECT FROM gtlabel.task o WHERE o.job_id = $1 AND o.batch_no = $2"
			  " AND o.slot_no = ANY ($10) AND o.object_no = t.object_no AND o.annotator = $8"
			  " AND o.state <> 'available' AND o.task_id <> t.task_id)"),
		CLAIM_ARGS, CLAIM_TYPES
	};
	int16		slots[18];
	int			nslots = 0;
	Datum		values[CLAIM_ARGS];
	GtlResult	r;
	int			count;

	if (first >= last || wanted <= 0)
		return 0;
	for (int s = -job->annotators_per_object; s < job->annotators_per_object; s++)
		slots[nslots++] = (int16) s;
	values[0] = Int64GetDatum(job->job_id);
	values[1] = Int32GetDatum(job->open_batch_no);
	values[2] = Int16GetDatum((int16) slot);
	values[3] = Int32GetDatum(first);
	values[4] = Int32GetDatum(last);
	values[5] = TimestampTzGetDatum(now);
	values[6] = Int64GetDatum(wanted);
	values[7] = CStringGetTextDatum(annotator);
	values[8] = IntervalPGetDatum(unconstify(Interval *, &job->task_time_limit));
	values[9] = gtl_array_int16(slots, nslots);
	count = (int) gtl_query_run(&r, job->annotators_per_object > 1 ? &claim_new : &claim_only, values, NULL);
	for (int i = 0; i < count; i++)
	{
		claims[i].task_id = gtl_result_int64(&r, i, 1);
		claims[i].object_key = gtl_result_text(&r, i, 2);
		claims[i].lease_expires_at = gtl_result_int64(&r, i, 3);
	}
	gtl_query_end(&r);
	return count;
}

void
gtl_task_lock_annotator(const GtlJob *job, const char *annotator)
{
	uint64		hash;

	if (job->annotators_per_object == 1)
		return;
	hash = hash_bytes_extended((const unsigned char *) annotator, (int) strlen(annotator), 0);
	gtl_lock_acquire(GTL_LOCK_ANNOTATOR, (int64) hash_combine64(hash, (uint64) job->job_id), false);
}

int
gtl_task_claim(const GtlJob *job, const char *annotator, int wanted, GtlClaim **claims)
{
	int32		start = (int32) pg_prng_uint64_range(&pg_global_prng_state, 0, Max(job->object_count - 1, 0));
	TimestampTz now = gtl_clock_now();
	int			count = 0;

	wanted = Min(wanted, job->max_concurrent);
	*claims = palloc(sizeof(GtlClaim) * Max(wanted, 1));
	gtl_task_lock_annotator(job, annotator);
	for (int slot = 0; slot < job->annotators_per_object && count < wanted; slot++)
	{
		count += claim_range(job, annotator, slot, start, job->object_count, wanted - count, now, *claims + count);
		count += claim_range(job, annotator, slot, 0, start, wanted - count, now, *claims + count);
	}
	return count;
}

void
gtl_task_find_jobs(const int64 *task_ids, int count, int64 *job_ids)
{
	static GtlStatement select = {
		"SELECT t.job_id FROM unnest($1) WITH ORDINALITY AS g (task_id, place)"
		" LEFT JOIN gtlabel.task t ON t.task_id = g.task_id ORDER BY g.place",
		1, {INT8ARRAYOID}
	};
	Datum		values[1] = {gtl_array_int64(task_ids, count)};
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	for (int i = 0; i < count; i++)
		job_ids[i] = gtl_result_int64(&r, i, 1);
	gtl_query_end(&r);
}

void
gtl_task_release(const int64 *task_ids, int count, const char *annotator)
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
}

void
gtl_task_decline(const GtlJob *job, const int64 *task_ids, int count, const char *annotator)
{
	/*
	 * A declined task moves to a slot below 0, one a decline, and a new one
	 * takes its place; once annotators_per_object people have declined,
	 * what is still open of the object expires instead.
	 */
	static GtlStatement decline = {
		"UPDATE gtlabel.task t SET state = 'declined', slot_no = -1 - (SELECT count(*) FROM gtlabel.task d"
		"   WHERE d.job_id = t.job_id AND d.batch_no = t.batch_no AND d.slot_no BETWEEN -$4 AND -1"
		"     AND d.object_no = t.object_no)"
		" WHERE t.task_id = ANY ($1) AND t.annotator = $2 AND t.state = 'accepted' AND t.job_id = $3",
		4, {INT8ARRAYOID, TEXTOID, INT8OID, INT4OID}
	};
	static GtlStatement replace = {
		"INSERT INTO gtlabel.task (job_id, batch_no, slot_no, object_no)"
		" SELECT d.job_id, d.batch_no, s.slot_no, d.object_no"
		" FROM gtlabel.task d CROSS JOIN LATERAL"
		"   (SELECT g FROM generate_series(0, $3 - 1) g WHERE NOT EXISTS (SELECT FROM gtlabel.task o"
		"      WHERE o.job_id = d.job_id AND o.batch_no = d.batch_no AND o.slot_no = g AND o.object_no = d.object_no)"
		"    ORDER BY g LIMIT 1) s (slot_no)"
		" WHERE d.task_id = ANY ($1) AND d.job_id = $2 AND d.slot_no > -$3",
		3, {INT8ARRAYOID, INT8OID, INT4OID}
	};
	static GtlStatement close = {
		"UPDATE gtlabel.task o SET state = 'expired' FROM gtlabel.task d"
		" WHERE d.task_id = ANY ($1) AND d.job_id = $2 AND d.slot_no <= -$3"
		"   AND o.job_id = d.job_id AND o.batch_no = d.batch_no AND o.slot_no BETWEEN 0 AND $3 - 1"
		"   AND o.object_no = d.object_no AND o.state IN ('available', 'accepted')",
		3, {INT8ARRAYOID, INT8OID, INT4OID}
	};
	Datum		ids = gtl_array_int64(task_ids, count);
	Datum		k = Int32GetDatum(job->annotators_per_object);
	Datum		values[4] = {ids, CStringGetTextDatum(annotator), Int64GetDatum(job->job_id), k};
	Datum		rest[3] = {ids, Int64GetDatum(job->job_id), k};
	CommandId	first_command = GetCurrentCommandId(false);

	gtl_lock_acquire(GTL_LOCK_DECLINES, job->job_id, false);
	if (gtl_query_do(&decline, values, NULL) != (uint64) count)
		gtl_task_explain_not_leased(task_ids, count, annotator, first_command);
	gtl_query_do(&replace, rest, NULL);
	gtl_query_do(&close, rest, NULL);
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

/*
 * An open task that no other transaction is changing, or has changed since the snapshot
 * was taken?  The latter counts too: such a transaction may have looked before this one's
 * answers were there, and may have ended between the snapshot and this look.
 */
static bool
is_undisturbed(TupleTableSlot *slot)
{
	bool		shouldFree;
	HeapTuple	tuple = ExecFetchSlotHeapTuple(slot, false, &shouldFree);
	HeapTupleHeader header = tuple->t_data;
	TransactionId xmax = HeapTupleHeaderGetRawXmax(header);

	if (header->t_infomask & HEAP_XMAX_INVALID)
		return true;
	if (header->t_infomask & HEAP_XMAX_IS_MULTI)
		return false;			/* several lockers: take it as disturbed */
	if (TransactionIdIsCurrentTransactionId(xmax))
		return true;
	if (TransactionIdIsInProgress(xmax))
		return false;
	return HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask) || !TransactionIdDidCommit(xmax);
}

/*
 * Looks through the open batch for a task that is neither submitted nor closed, from
 * a random object on, as the claims do.  A direct index scan: it runs once for
 * every answer, and needs the tuple's own header.
 */
static bool
find_open(const GtlJob *job, bool undisturbed_only)
{
	Oid			schema = get_namespace_oid("gtlabel", false);
	Relation	table = table_open(get_relname_relid("task", schema), AccessShareLock);
	Relation	index = index_open(get_relname_relid("task_place_idx", schema), AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	IndexScanDesc scan = index_beginscan(table, index, snapshot, 4, 0);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	AttrNumber	state_column = get_attnum(RelationGetRelid(table), "state");
	int32		start = (int32) pg_prng_uint64_range(&pg_global_prng_state, 0, Max(job->object_count - 1, 0));
	bool		found = false;

	for (int range = 0; range < 2 * job->annotators_per_object && !found; range++)
	{
		ScanKeyData keys[4];

		ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(job->job_id));
		ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(job->open_batch_no));
		ScanKeyInit(&keys[2], 3, BTEqualStrategyNumber, F_INT2EQ,
					Int16GetDatum((int16) (job->annotators_per_object - 1 - range / 2)));
		if (range % 2 == 0)
			ScanKeyInit(&keys[3], 4, BTGreaterEqualStrategyNumber, F_INT4GE, Int32GetDatum(start));
		else
			ScanKeyInit(&keys[3], 4, BTLessStrategyNumber, F_INT4LT, Int32GetDatum(start));
		index_rescan(scan, keys, 4, NULL, 0);
		while (!found && index_getnext_slot(scan, ForwardScanDirection, slot))
		{
			bool		isnull;
			char	   *state = TextDatumGetCString(slot_getattr(slot, state_column, &isnull));

			found = (strcmp(state, "available") == 0 || strcmp(state, "accepted") == 0) &&
				(!undisturbed_only || is_undisturbed(slot));
			pfree(state);
		}
	}
	ExecDropSingleTupleTableSlot(slot);
	index_endscan(scan);
	UnregisterSnapshot(snapshot);
	index_close(index, AccessShareLock);
	table_close(table, AccessShareLock);
	return found;
}

bool
gtl_task_any_open(const GtlJob *job)
{
	return find_open(job, false);
}

bool
gtl_task_any_undisturbed(const GtlJob *job)
{
	return find_open(job, true);
}

void
gtl_task_objects(const GtlJob *job, GtlTaskObjects *objects)
{
	static GtlStatement select = {
		"SELECT array_agg(b.object_no), array_agg(b.declines), array_agg(b.slots) FROM"
		" (SELECT t.object_no, count(*) FILTER (WHERE t.slot_no < 0)::int AS declines,"
		"         count(*) FILTER (WHERE t.slot_no >= 0)::int AS slots"
		"    FROM gtlabel.task t WHERE t.job_id = $1 AND t.batch_no = $2 GROUP BY t.object_no ORDER BY t.object_no) b",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no)};
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	objects->object_no = gtl_result_int32_array(&r, 0, 1, &objects->count);
	objects->declines = gtl_result_int32_array(&r, 0, 2, &objects->count);
	objects->slots = gtl_result_int32_array(&r, 0, 3, &objects->count);
	gtl_query_end(&r);
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

void
gtl_task_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.task WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}
