/*
 * task_search.c
 *		The search for tasks of the open batch, and the question whether one is open.
 */
#include "tables/task_search.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "common/pg_prng.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/procarray.h"
#include "tables/annotation.h"
#include "tables/task.h"
#include "utils/fmgroids.h"

#define PATIENCE 64				/* tasks in a row that are not what is sought, until it counts as scarce */

static const char *const task_columns[] = {
	[TASK_ID] = "task_id", [TASK_JOB_ID] = "job_id", [TASK_BATCH_NO] = "batch_no", [TASK_OBJECT_NO] = "object_no",
	[TASK_STATE] = "state", [TASK_ANNOTATOR] = "annotator", [TASK_ACCEPTED_AT] = "accepted_at",
	[TASK_LEASE_EXPIRES_AT] = "lease_expires_at", [TASK_UNDO_UNTIL] = "undo_until"
};

GtlLayout	gtl_task_layout = GTL_LAYOUT("task", task_columns);

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

void
gtl_task_search_slot(GtlTable *tasks, const GtlJob *job, int slot, int32 first, int32 last)
{
	ScanKeyData keys[5];

	set_slot_keys(keys, job, slot, first, last);
	gtl_table_search(tasks, keys, 5);
}

bool
gtl_task_find(GtlTable *tasks, int64 task_id)
{
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(task_id));
	return gtl_table_find(tasks, &key, 1);
}

bool
gtl_task_is_leased(const GtlTable *tasks, const char *annotator)
{
	return gtl_table_text_is(tasks, TASK_STATE, "accepted") && gtl_table_text_is(tasks, TASK_ANNOTATOR, annotator);
}

/* A batch may be a small part of the job: a place outside of it would always lead to its first object. */
static int32
random_object(const GtlBatchMemory *memory)
{
	return (int32) pg_prng_uint64_range(&pg_global_prng_state, memory->first, memory->last);
}

/* Objects first .. last of a slot, until enough is found or `patience` tasks in a row were not it; true: enough. */
static bool
look_at_range(GtlTaskSearch *search, GtlTable *tasks, int slot, int32 first, int32 last, int patience)
{
	int			left = patience;

	gtl_task_search_slot(tasks, search->job, slot, first, last);
	while (left > 0 && gtl_table_next(tasks))
	{
		CHECK_FOR_INTERRUPTS();
		left--;
		if (!search->take(search, tasks))
			continue;
		search->memory->place[slot] = gtl_table_int32(tasks, TASK_OBJECT_NO);
		if (--search->wanted == 0)
			return true;
		left = patience;
	}
	return false;
}

/* A whole slot: the objects from `start` to the last, then those before. */
static bool
look_at_slot(GtlTaskSearch *search, int slot, int32 start, int patience)
{
	GtlTable	tasks;
	bool		enough;

	gtl_table_open(&tasks, &gtl_task_layout, "task_place_idx", search->lockmode);
	if (search->others != NULL)
	{
		gtl_table_open(search->others, &gtl_task_layout, "task_place_idx", AccessShareLock);
		gtl_annotation_open(search->answers, AccessShareLock);
	}
	enough = look_at_range(search, &tasks, slot, start, PG_INT32_MAX, patience) ||
		look_at_range(search, &tasks, slot, 0, start - 1, patience);
	if (search->others != NULL)
	{
		gtl_table_close(search->answers);
		gtl_table_close(search->others);
	}
	gtl_table_close(&tasks);
	return enough;
}

static void
find_objects(const GtlJob *job, GtlBatchMemory *memory)
{
	GtlTable	tasks;
	ScanKeyData keys[5];

	gtl_table_open(&tasks, &gtl_task_layout, "task_place_idx", AccessShareLock);
	set_slot_keys(keys, job, 0, 0, PG_INT32_MAX);
	memory->first = gtl_table_find(&tasks, keys, 5) ? gtl_table_int32(&tasks, TASK_OBJECT_NO) : 0;
	memory->last = gtl_table_find_last(&tasks, keys, 5) ? gtl_table_int32(&tasks, TASK_OBJECT_NO) : 0;
	gtl_table_close(&tasks);
}

void
gtl_task_search_declined(GtlTable *declined, int64 job_id, int32 object)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(job_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(object));
	gtl_table_search(declined, keys, object < 0 ? 1 : 2);
}

/* Those of closed batches do not change any more. */
static bool
any_declined_before(const GtlJob *job)
{
	GtlTable	declined;
	bool		found = false;

	gtl_table_open(&declined, &gtl_task_layout, "task_declined_idx", AccessShareLock);
	gtl_task_search_declined(&declined, job->job_id, -1);
	while (!found && gtl_table_next(&declined))
	{
		CHECK_FOR_INTERRUPTS();
		found = gtl_table_int32(&declined, TASK_BATCH_NO) != job->open_batch_no;
	}
	gtl_table_close(&declined);
	return found;
}

static void
recall(const GtlTaskSearch *search)
{
	GtlBatchMemory *memory = search->memory;

	if (memory->job_id == search->job->job_id && memory->batch_no == search->job->open_batch_no)
		return;
	find_objects(search->job, memory);
	memory->declined_before = any_declined_before(search->job);
	for (int slot = 0; slot < GTL_TASK_SLOTS; slot++)
	{
		memory->slot[slot] = search->at_first;
		memory->place[slot] = random_object(memory);
	}
	memory->job_id = search->job->job_id;
	memory->batch_no = search->job->open_batch_no;
}

bool
gtl_task_search_run(GtlTaskSearch *search)
{
	GtlBatchMemory *memory = search->memory;
	int			slots = search->job->annotators_per_object;
	bool		looked[GTL_TASK_SLOTS] = {false};

	recall(search);
	for (int slot = 0; slot < slots; slot++)
		if (memory->slot[slot] == SLOT_PLENTY)
		{
			if (look_at_slot(search, slot, random_object(memory), PATIENCE))
				return true;
			memory->slot[slot] = SLOT_SCARCE;
		}
	for (GtlSlotMemory next = SLOT_SCARCE; next <= SLOT_EMPTY; next++)
		for (int slot = 0; slot < slots; slot++)
			if (memory->slot[slot] == next && !looked[slot])
			{
				bool		enough = look_at_slot(search, slot, memory->place[slot], PG_INT32_MAX);

				looked[slot] = true;
				memory->slot[slot] = enough ? SLOT_SCARCE : SLOT_EMPTY;
				if (enough)
					return true;
			}
	return false;
}

/* ---- Open tasks ----------------------------------------------------------------- */

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
take_open(GtlTaskSearch *search, GtlTable *tasks)
{
	return gtl_table_text_is(tasks, TASK_STATE, "available") || gtl_table_text_is(tasks, TASK_STATE, "accepted");
}

static bool
take_undisturbed(GtlTaskSearch *search, GtlTable *tasks)
{
	return take_open(search, tasks) && is_undisturbed(tasks->row);
}

static bool
find_open(const GtlJob *job, bool (*take) (GtlTaskSearch *search, GtlTable *tasks))
{
	static GtlBatchMemory remembered[GTL_REMEMBERED_BATCHES];
	GtlTaskSearch search = {
		.job = job,.memory = &remembered[job->job_id % GTL_REMEMBERED_BATCHES],.at_first = SLOT_SCARCE,
		.lockmode = AccessShareLock,.take = take,.wanted = 1
	};

	return gtl_task_search_run(&search);
}

bool
gtl_task_any_open(const GtlJob *job)
{
	return find_open(job, take_open);
}

bool
gtl_task_any_undisturbed(const GtlJob *job)
{
	return find_open(job, take_undisturbed);
}
