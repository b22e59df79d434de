/*
 * task_count.c
 *		How many tasks of the open batch wait for whom.
 *
 * Tasks are read slot by slot, in the order of their objects; what is known of each object lies in one byte.
 */
#include "tables/task_count.h"

#include "base/memory.h"
#include "base/query.h"
#include "base/settings.h"
#include "base/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "learning/sort.h"
#include "miscadmin.h"
#include "tables/annotation.h"
#include "tables/batch.h"
#include "tables/correction.h"
#include "tables/lease.h"
#include "tables/open_objects.h"
#include "tables/task.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

/*
 * Places of a large batch, and objects at each.  An estimate takes so many places with open objects: it is within a
 * quarter, as a rule, also where open objects lie together.
 */
#define PLACES 512
#define PLACE_OBJECTS 4
#define FOUND_ENOUGH 20
#define LIST_SHARE 16			/* a list of open objects is worth keeping if it holds at most this part of the batch */

/* What is known of an object. */
#define CLAIMABLE 1				/* it has a task that anybody may have */
#define HAD 2					/* the annotator has, or had, a task of it */
#define OPEN 4					/* somebody can answer it, or is about to */

enum
{
	TASK_OBJECT_NO, TASK_STATE, TASK_ANNOTATOR, TASK_LEASE_EXPIRES_AT
};

static const char *const task_columns[] = {
	[TASK_OBJECT_NO] = "object_no", [TASK_STATE] = "state", [TASK_ANNOTATOR] = "annotator",
	[TASK_LEASE_EXPIRES_AT] = "lease_expires_at"
};

static GtlLayout task_layout = GTL_LAYOUT("task", task_columns);

typedef struct Census
{
	const GtlJob *job;
	const char *annotator;
	TimestampTz now;
	GtlTable	tasks;
	GtlTable	answers;		/* where an object has several annotators */
	int			nreviewed;
	int32	   *reviewed;		/* in an audit, ascending */
	int			ndeclined;
	int32	   *declined;		/* in earlier batches, ascending */
	GtlTaskCounts counts;
	int64		objects;		/* that were looked at */
	int32	   *open;			/* [capacity] of those, the ones with an open task */
	int64		nopen;			/* more than capacity: not all are there */
	int64		capacity;
} Census;

static void
set_keys(ScanKeyData keys[5], const Census *census, int slot, int32 first, int32 last)
{
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(census->job->job_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(census->job->open_batch_no));
	ScanKeyInit(&keys[2], 3, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum((int16) slot));
	ScanKeyInit(&keys[3], 4, BTGreaterEqualStrategyNumber, F_INT4GE, Int32GetDatum(first));
	ScanKeyInit(&keys[4], 4, BTLessEqualStrategyNumber, F_INT4LE, Int32GetDatum(last));
}

static void
search(Census *census, int slot, int32 first, int32 last)
{
	ScanKeyData keys[5];

	set_keys(keys, census, slot, first, last);
	gtl_table_search(&census->tasks, keys, 5);
}

/* The task at hand, of a slot that counts. */
static uint8
count_task(Census *census)
{
	const GtlTable *tasks = &census->tasks;
	bool		accepted = gtl_table_text_is(tasks, TASK_STATE, "accepted");
	bool		available = !accepted && gtl_table_text_is(tasks, TASK_STATE, "available");
	bool		mine = !available && gtl_table_text_is(tasks, TASK_ANNOTATOR, census->annotator);
	bool		late = accepted && gtl_table_int64(tasks, TASK_LEASE_EXPIRES_AT) <= census->now;

	census->counts.unanswered += accepted || available;
	census->counts.held += accepted && mine;
	census->counts.with_others += accepted && !mine && !late;
	return (available || late ? CLAIMABLE : 0) | (mine ? HAD : 0) | (accepted || available ? OPEN : 0);
}

/* Slots with a negative number: what was declined. */
static void
note_declines(Census *census, uint8 *known, int32 first, int32 last)
{
	for (int slot = -census->job->annotators_per_object; slot < 0; slot++)
	{
		search(census, slot, first, last);
		while (gtl_table_next(&census->tasks))
			if (gtl_table_text_is(&census->tasks, TASK_ANNOTATOR, census->annotator))
				known[gtl_table_int32(&census->tasks, TASK_OBJECT_NO) - first] |= HAD;
	}
}

static bool
is_among(int32 object, const int32 *objects, int count)
{
	return count > 0 && bsearch(&object, objects, count, sizeof(int32), gtl_compare_int32) != NULL;
}

/* What the annotator has declined in earlier batches, and so is not asked again. */
static void
read_declined(Census *census)
{
	static GtlStatement select = {
		"SELECT DISTINCT object_no FROM gtlabel.task WHERE job_id = $1 AND slot_no < 0 AND annotator = $2 AND batch_no <> $3"
		" ORDER BY object_no",
		3, {INT8OID, TEXTOID, INT4OID}
	};
	Datum		values[3] = {Int64GetDatum(census->job->job_id), CStringGetTextDatum(census->annotator),
	Int32GetDatum(census->job->open_batch_no)};

	if (!gtl_task_asks_again(census->job, census->annotator))
		census->ndeclined = gtl_query_lists(&select, values, 1, &census->declined);
}

/* Is the object not the annotator's to answer, though no task of this batch says so? */
static bool
is_barred(Census *census, int32 object)
{
	ScanKeyData keys[3];

	if (is_among(object, census->reviewed, census->nreviewed) || is_among(object, census->declined, census->ndeclined))
		return true;
	if (census->job->annotators_per_object == 1 || census->job->consolidation != NULL)
		return false;
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(census->job->job_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(object));
	ScanKeyEntryInitialize(&keys[2], 0, 3, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(census->annotator));
	return gtl_table_find(&census->answers, keys, 3);
}

/* All tasks of the objects first .. last; first's task in slot 0 is there. */
static void
count_range(Census *census, int32 first, int32 last)
{
	uint8	   *known = palloc0(last - first + 1);

	for (int slot = 0; slot < census->job->annotators_per_object; slot++)
	{
		search(census, slot, first, last);
		while (gtl_table_next(&census->tasks))
		{
			CHECK_FOR_INTERRUPTS();
			known[gtl_table_int32(&census->tasks, TASK_OBJECT_NO) - first] |= count_task(census);
			census->objects += slot == 0;
		}
	}
	note_declines(census, known, first, last);
	for (int32 i = 0; i <= last - first; i++)
	{
		census->counts.open += known[i] == (CLAIMABLE | OPEN) && !is_barred(census, first + i);
		if ((known[i] & OPEN) != 0 && census->nopen++ < census->capacity)
			census->open[census->nopen - 1] = first + i;
	}
	pfree(known);
}

/* The object that is `distance` behind a place in the batch, or the last one. */
static int32
object_after(Census *census, int32 *first, int distance)
{
	int32		object;

	search(census, 0, *first, PG_INT32_MAX);
	if (!gtl_table_next(&census->tasks))
		return -1;
	object = *first = gtl_table_int32(&census->tasks, TASK_OBJECT_NO);
	for (int i = 1; i < distance && gtl_table_next(&census->tasks); i++)
		object = gtl_table_int32(&census->tasks, TASK_OBJECT_NO);
	return object;
}

static int64
scale(int64 count, int64 objects, int64 of)
{
	return (int64) ((double) count * of / objects + 0.5);
}

/* The batch's numbers by those of some places of it.  False: too few were found to tell. */
static bool
estimate(Census *census, int32 first, int32 last, int64 objects)
{
	GtlTaskCounts *counts = &census->counts;
	int			found = 0;

	for (int p = 0; p < PLACES; p++)
	{
		int32		from = (int32) pg_prng_uint64_range(&pg_global_prng_state, first, last);
		int32		to = object_after(census, &from, PLACE_OBJECTS);
		int64		before = counts->open;

		if (to >= 0)
			count_range(census, from, to);
		found += counts->open > before;
	}
	if (found < FOUND_ENOUGH)
		return false;
	counts->open = scale(counts->open, census->objects, objects);
	counts->with_others = scale(counts->with_others, census->objects, objects);
	counts->unanswered = scale(counts->unanswered, census->objects, objects);
	return true;
}

static void
forget_counts(Census *census)
{
	memset(&census->counts, 0, sizeof(census->counts));
	census->objects = census->nopen = 0;
}

/* The open objects among those that are looked at are kept, if they are not more than these. */
static void
collect(Census *census, int64 most)
{
	census->open = gtl_memory_list(sizeof(int32), most);
	census->nopen = 0;
	census->capacity = most;
}

static void
leave_list(const Census *census, int64 seen)
{
	if (census->nopen <= census->capacity)
		gtl_open_objects_write(census->job, seen, census->open, (int) census->nopen);
}

/* By some of the objects that can be open.  False: too few were found to tell. */
static bool
estimate_listed(Census *census, const int32 *objects, int count)
{
	GtlTaskCounts *counts = &census->counts;

	for (int i = 0; i < GTL_TASK_COUNT_ALL; i++)
	{
		int32		object = objects[pg_prng_uint64_range(&pg_global_prng_state, 0, count - 1)];

		count_range(census, object, object);
	}
	if (counts->open < FOUND_ENOUGH)
		return false;
	counts->open = scale(counts->open, GTL_TASK_COUNT_ALL, count);
	counts->with_others = scale(counts->with_others, GTL_TASK_COUNT_ALL, count);
	counts->unanswered = scale(counts->unanswered, GTL_TASK_COUNT_ALL, count);
	return true;
}

/* By all objects that can be open; a shorter list is left where half of them are not any more. */
static void
count_listed(Census *census, const int32 *objects, int count, int64 seen)
{
	collect(census, count / 2);
	for (int i = 0; i < count; i++)
		count_range(census, objects[i], objects[i]);
	if (count > 0)
		leave_list(census, seen);
}

/* All tasks of the batch, once; a list is left for the next. */
static void
count_all(Census *census, int32 first, int32 last, int64 objects, int64 seen)
{
	collect(census, objects / LIST_SHARE);
	count_range(census, first, last);
	leave_list(census, seen);
}

/* Where little is open for the annotator. */
static void
count_scarce(Census *census, int32 first, int32 last, int64 objects)
{
	int64		seen = gtl_open_objects_seen(census->job);
	int32	   *listed;
	int			count = gtl_open_objects_read(census->job, &listed);

	if (count < 0)
	{
		count_all(census, first, last, objects, seen);
		return;
	}
	if (count > 2 * GTL_TASK_COUNT_ALL)
	{
		if (estimate_listed(census, listed, count))
			return;
		forget_counts(census);
	}
	count_listed(census, listed, count, seen);
}

/* Exactly, however large the batch: an annotator holds few. */
static int64
count_held(const GtlJob *job, const char *annotator)
{
	GtlLeases	leases;
	GtlTable	tasks;
	int64		held = 0;

	gtl_lease_read(job->job_id, annotator, &leases);
	gtl_table_open(&tasks, &task_layout, "task_pkey", AccessShareLock);
	for (int i = 0; i < leases.nheld; i++)
	{
		ScanKeyData key;

		ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(leases.held[i]));
		held += gtl_table_find(&tasks, &key, 1) && gtl_table_text_is(&tasks, TASK_STATE, "accepted") &&
			gtl_table_text_is(&tasks, TASK_ANNOTATOR, annotator);
	}
	gtl_table_close(&tasks);
	return held;
}

static void
count_batch(Census *census, int64 objects)
{
	ScanKeyData keys[5];
	int32		first;
	int32		last;

	set_keys(keys, census, 0, 0, PG_INT32_MAX);
	if (!gtl_table_find(&census->tasks, keys, 5))
		return;
	first = gtl_table_int32(&census->tasks, TASK_OBJECT_NO);
	last = gtl_table_find_last(&census->tasks, keys, 5) ? gtl_table_int32(&census->tasks, TASK_OBJECT_NO) : first;
	if (objects <= GTL_TASK_COUNT_ALL)
	{
		count_range(census, first, last);
		return;
	}
	if (!estimate(census, first, last, objects))
	{
		forget_counts(census);
		count_scarce(census, first, last, objects);
	}
	census->counts.held = count_held(census->job, census->annotator);
}

void
gtl_task_count(const GtlJob *job, const char *annotator, GtlTaskCounts *counts)
{
	Census		census = {.job = job,.annotator = annotator,.now = gtl_clock_now()};
	GtlBatch	batch;

	memset(counts, 0, sizeof(*counts));
	if (!gtl_batch_on_offer(job, census.now))
		return;
	gtl_batch_last(job->job_id, &batch);
	census.nreviewed = gtl_correction_reviewed(job, annotator, &census.reviewed);
	read_declined(&census);
	gtl_table_open(&census.tasks, &task_layout, "task_place_idx", AccessShareLock);
	gtl_annotation_open(&census.answers, AccessShareLock);
	count_batch(&census, batch.object_count);
	gtl_table_close(&census.answers);
	gtl_table_close(&census.tasks);
	*counts = census.counts;
}
