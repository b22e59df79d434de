/*
 * task.c
 *		The table gtlabel.task; its state machine stands in task.h.  (The last step
 *		to "submitted" is taken together with the answer, by annotation.c.)
 *
 * Claims start at a random object and go round, slot by slot: people who claim at
 * the same time meet different rows, the rows already taken that a claim passes
 * are few, and nearly every object gets its first answer before any gets its
 * second.  No index covers a changing column, so all changes
 * are HOT, and a snapshot held for long elsewhere does not slow the claims down.
 *
 * What every answer does goes row by row (table.h), the rest by statements.
 */
#include "tables/task.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "base/lock.h"
#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/procarray.h"
#include "tables/batch.h"
#include "tables/object.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
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

#define MAX_SLOTS 9				/* the most annotators an object can have */
#define PATIENCE 64				/* tasks in a row that are not what is sought, until it counts as scarce */

/* Columns of gtlabel.task. */
enum
{
	TASK_ID = 1, TASK_JOB_ID, TASK_BATCH_NO, TASK_SLOT_NO, TASK_OBJECT_NO, TASK_STATE, TASK_ANNOTATOR,
	TASK_ACCEPTED_AT, TASK_LEASE_EXPIRES_AT
};

/* For task_place_idx: the open batch's tasks in a slot, objects first .. last. */
static void
set_slot_keys(ScanKeyData keys[5], const GtlJob *job, int slot, int32 first, int32 last)
{
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(job->job_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(job->open_batch_no));
	ScanKeyInit(&keys[2], 3, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum((int16) slot));
	ScanKeyInit(&keys[3], 4, BTGreaterEqualStrategyNumber, F_INT4GE, Int32GetDatum(first));
	ScanKeyInit(&keys[4], 4, BTLessEqualStrategyNumber, F_INT4LE, Int32GetDatum(last));
}

static void
search_slot(GtlTable *tasks, const GtlJob *job, int slot, int32 first, int32 last)
{
	ScanKeyData keys[5];

	set_slot_keys(keys, job, slot, first, last);
	gtl_table_search(tasks, keys, 5);
}

static bool
find_task(GtlTable *tasks, int64 task_id)
{
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(task_id));
	return gtl_table_find(tasks, &key, 1);
}

/* ---- Where to look ----------------------------------------------------------- */

typedef enum SlotOutlook
{
	SLOT_PLENTY,				/* somewhere at random will do */
	SLOT_SCARCE,				/* has to be looked through */
	SLOT_EMPTY					/* nothing was found; last to be looked through again */
} SlotOutlook;

/*
 * What a session remembers of the batches where it looked last: the order of looking depends on
 * it, and no more.  Of several, as a pooled connection serves several jobs in turn.
 */
#define OUTLOOKS 16

typedef struct Outlook
{
	int64		job_id;
	int32		batch_no;
	int32		first;			/* objects of the batch */
	int32		last;
	SlotOutlook slot[MAX_SLOTS];
	int32		place[MAX_SLOTS];	/* the object where something was found last */
} Outlook;

/* A search through the tasks of the open batch. */
typedef struct Hunt
{
	const GtlJob *job;
	Outlook    *outlook;		/* the entry of the job's batch in an array of OUTLOOKS */
	SlotOutlook at_first;		/* PLENTY: what is found is used up, and many look for it */
	LOCKMODE	lockmode;
	bool		(*take) (struct Hunt *hunt, GtlTable *tasks);	/* is the task at hand what is sought? */
	int			wanted;			/* how many more */

	/* for claims */
	const char *annotator;
	TimestampTz now;
	GtlTable   *others;			/* for has_had; NULL: not needed */
	GtlClaim   *claims;
	int			count;

	/* for open tasks */
	bool		undisturbed_only;
} Hunt;

/* A batch may be a small part of the job: a place outside of it would always lead to its first object. */
static int32
random_object(const Outlook *outlook)
{
	return (int32) pg_prng_uint64_range(&pg_global_prng_state, outlook->first, outlook->last);
}

/* Objects first .. last of a slot, until enough is found or `patience` tasks in a row were not it; true: enough. */
static bool
look_at_range(Hunt *hunt, GtlTable *tasks, int slot, int32 first, int32 last, int patience)
{
	int			left = patience;

	search_slot(tasks, hunt->job, slot, first, last);
	while (left > 0 && gtl_table_next(tasks))
	{
		CHECK_FOR_INTERRUPTS();
		left--;
		if (!hunt->take(hunt, tasks))
			continue;
		hunt->outlook->place[slot] = gtl_table_int32(tasks, TASK_OBJECT_NO);
		if (--hunt->wanted == 0)
			return true;
		left = patience;
	}
	return false;
}

/* A whole slot, round from an object on. */
static bool
look_at_slot(Hunt *hunt, int slot, int32 start, int patience)
{
	GtlTable	tasks;
	bool		enough;

	gtl_table_open(&tasks, "task", "task_place_idx", hunt->lockmode);
	if (hunt->others != NULL)
		gtl_table_open(hunt->others, "task", "task_place_idx", AccessShareLock);
	enough = look_at_range(hunt, &tasks, slot, start, PG_INT32_MAX, patience) ||
		look_at_range(hunt, &tasks, slot, 0, start - 1, patience);
	if (hunt->others != NULL)
		gtl_table_close(hunt->others);
	gtl_table_close(&tasks);
	return enough;
}

static void
find_objects(const GtlJob *job, Outlook *outlook)
{
	GtlTable	tasks;
	ScanKeyData keys[5];

	gtl_table_open(&tasks, "task", "task_place_idx", AccessShareLock);
	set_slot_keys(keys, job, 0, 0, PG_INT32_MAX);
	outlook->first = gtl_table_find(&tasks, keys, 5) ? gtl_table_int32(&tasks, TASK_OBJECT_NO) : 0;
	outlook->last = gtl_table_find_last(&tasks, keys, 5) ? gtl_table_int32(&tasks, TASK_OBJECT_NO) : 0;
	gtl_table_close(&tasks);
}

static void
recall(const Hunt *hunt)
{
	Outlook    *outlook = hunt->outlook;

	if (outlook->job_id == hunt->job->job_id && outlook->batch_no == hunt->job->open_batch_no)
		return;
	find_objects(hunt->job, outlook);
	for (int slot = 0; slot < MAX_SLOTS; slot++)
	{
		outlook->slot[slot] = hunt->at_first;
		outlook->place[slot] = random_object(outlook);
	}
	outlook->job_id = hunt->job->job_id;
	outlook->batch_no = hunt->job->open_batch_no;
}

/*
 * False: every task was looked at, and fewer than wanted are what is sought.
 *
 * For claims a random place will do at first: people who look at the same time meet different
 * tasks, and few of those passed are taken.  Towards the end of a slot, and for what stays where
 * it was found, it is looked through from there, so that the whole of it is passed once
 * or twice and not once for every task.
 */
static bool
look(Hunt *hunt)
{
	Outlook    *outlook = hunt->outlook;
	int			slots = hunt->job->annotators_per_object;
	bool		looked[MAX_SLOTS] = {false};

	recall(hunt);
	for (int slot = 0; slot < slots; slot++)
		if (outlook->slot[slot] == SLOT_PLENTY)
		{
			if (look_at_slot(hunt, slot, random_object(outlook), PATIENCE))
				return true;
			outlook->slot[slot] = SLOT_SCARCE;
		}
	for (SlotOutlook next = SLOT_SCARCE; next <= SLOT_EMPTY; next++)
		for (int slot = 0; slot < slots; slot++)
			if (outlook->slot[slot] == next && !looked[slot])
			{
				bool		enough = look_at_slot(hunt, slot, outlook->place[slot], PG_INT32_MAX);

				looked[slot] = true;
				outlook->slot[slot] = enough ? SLOT_SCARCE : SLOT_EMPTY;
				if (enough)
					return true;
			}
	return false;
}

/* ---- Claims ------------------------------------------------------------------- */

/* May anybody have the task at hand? */
static bool
is_claimable(const GtlTable *tasks, TimestampTz now)
{
	return gtl_table_text_is(tasks, TASK_STATE, "available") ||
		(gtl_table_text_is(tasks, TASK_STATE, "accepted") && gtl_table_int64(tasks, TASK_LEASE_EXPIRES_AT) <= now);
}

/* Has the annotator had another task of the same object? */
static bool
has_had(GtlTable *others, const GtlJob *job, const GtlTable *tasks, const char *annotator)
{
	int64		task_id = gtl_table_int64(tasks, TASK_ID);
	int32		object = gtl_table_int32(tasks, TASK_OBJECT_NO);

	for (int slot = -job->annotators_per_object; slot < job->annotators_per_object; slot++)
	{
		search_slot(others, job, slot, object, object);
		while (gtl_table_next(others))
			if (gtl_table_int64(others, TASK_ID) != task_id && gtl_table_text_is(others, TASK_ANNOTATOR, annotator) &&
				!gtl_table_text_is(others, TASK_STATE, "available"))
				return true;
	}
	return false;
}

static void
accept(GtlTable *tasks, const Hunt *hunt, GtlClaim *claim)
{
	static const int columns[4] = {TASK_STATE, TASK_ANNOTATOR, TASK_ACCEPTED_AT, TASK_LEASE_EXPIRES_AT};
	Datum		now = TimestampTzGetDatum(hunt->now);
	Datum		lease = DirectFunctionCall2(timestamptz_pl_interval, now,
											IntervalPGetDatum(unconstify(Interval *, &hunt->job->task_time_limit)));
	Datum		values[4] = {CStringGetTextDatum("accepted"), CStringGetTextDatum(hunt->annotator), now, lease};

	claim->task_id = gtl_table_int64(tasks, TASK_ID);
	claim->object_no = gtl_table_int32(tasks, TASK_OBJECT_NO);
	claim->lease_expires_at = DatumGetTimestampTz(lease);
	gtl_table_change(tasks, columns, values, NULL, 4);
}

/* Claims the task at hand if the annotator may have it, and nobody else is about to. */
static bool
take_claim(Hunt *hunt, GtlTable *tasks)
{
	if (!is_claimable(tasks, hunt->now))
		return false;
	if (hunt->others != NULL && has_had(hunt->others, hunt->job, tasks, hunt->annotator))
		return false;
	if (!gtl_table_lock(tasks, false) || !is_claimable(tasks, hunt->now))
		return false;
	accept(tasks, hunt, &hunt->claims[hunt->count++]);
	return true;
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

static void
add_keys(const GtlJob *job, GtlClaim *claims, int count)
{
	int32	   *objects = palloc(sizeof(int32) * Max(count, 1));
	char	  **keys = palloc(sizeof(char *) * Max(count, 1));

	for (int i = 0; i < count; i++)
		objects[i] = claims[i].object_no;
	gtl_object_keys(job->job_id, objects, count, keys);
	for (int i = 0; i < count; i++)
		claims[i].object_key = keys[i];
}

int
gtl_task_claim(const GtlJob *job, const char *annotator, int wanted, GtlClaim **claims)
{
	static Outlook outlooks[OUTLOOKS];
	GtlTable	others;
	Hunt		hunt;

	memset(&hunt, 0, sizeof(hunt));
	hunt.job = job;
	hunt.outlook = &outlooks[job->job_id % OUTLOOKS];
	hunt.at_first = SLOT_PLENTY;
	hunt.lockmode = RowExclusiveLock;
	hunt.take = take_claim;
	hunt.wanted = Min(wanted, job->max_concurrent);
	hunt.annotator = annotator;
	hunt.now = gtl_clock_now();
	hunt.others = job->annotators_per_object > 1 ? &others : NULL;
	hunt.claims = palloc(sizeof(GtlClaim) * Max(hunt.wanted, 1));
	*claims = hunt.claims;
	if (!gtl_batch_on_offer(job, hunt.now))
		return 0;
	(void) look(&hunt);
	add_keys(job, hunt.claims, hunt.count);
	return hunt.count;
}

void
gtl_task_find_jobs(const int64 *task_ids, int count, int64 *job_ids)
{
	GtlTable	tasks;

	gtl_table_open(&tasks, "task", "task_pkey", AccessShareLock);
	for (int i = 0; i < count; i++)
		job_ids[i] = find_task(&tasks, task_ids[i]) ? gtl_table_int64(&tasks, TASK_JOB_ID) : 0;
	gtl_table_close(&tasks);
}

/* Leased to the annotator, whether the time is over or not? */
static bool
is_leased(const GtlTable *tasks, const char *annotator)
{
	return gtl_table_text_is(tasks, TASK_STATE, "accepted") && gtl_table_text_is(tasks, TASK_ANNOTATOR, annotator);
}

bool
gtl_task_finish(GtlTable *tasks, int64 task_id, const char *annotator, GtlFinishedTask *finished)
{
	static const int columns[1] = {TASK_STATE};
	Datum		values[1] = {CStringGetTextDatum("submitted")};

	if (!find_task(tasks, task_id) || !is_leased(tasks, annotator) ||
		!gtl_table_lock(tasks, true) || !is_leased(tasks, annotator))
		return false;
	finished->object_no = gtl_table_int32(tasks, TASK_OBJECT_NO);
	finished->batch_no = gtl_table_int32(tasks, TASK_BATCH_NO);
	finished->job_id = gtl_table_int64(tasks, TASK_JOB_ID);
	finished->accepted_at = gtl_table_int64(tasks, TASK_ACCEPTED_AT);
	gtl_table_change(tasks, columns, values, NULL, 1);
	return true;
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

static bool
take_open(Hunt *hunt, GtlTable *tasks)
{
	return (gtl_table_text_is(tasks, TASK_STATE, "available") || gtl_table_text_is(tasks, TASK_STATE, "accepted")) &&
		(!hunt->undisturbed_only || is_undisturbed(tasks->row));
}

static bool
find_open(const GtlJob *job, bool undisturbed_only)
{
	static Outlook outlooks[OUTLOOKS];
	Hunt		hunt;

	memset(&hunt, 0, sizeof(hunt));
	hunt.job = job;
	hunt.outlook = &outlooks[job->job_id % OUTLOOKS];
	hunt.at_first = SLOT_SCARCE;
	hunt.lockmode = AccessShareLock;
	hunt.take = take_open;
	hunt.wanted = 1;
	hunt.undisturbed_only = undisturbed_only;
	return look(&hunt);
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
