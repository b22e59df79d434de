/*
 * task_count.c
 *		How many tasks of the open batch wait for whom.
 *
 * Tasks are read slot by slot, in the order of their objects; what is known of each object lies in one byte.
 */
#include "tables/task_count.h"

#include "base/query.h"
#include "base/settings.h"
#include "base/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "tables/annotation.h"
#include "tables/batch.h"
#include "tables/correction.h"
#include "tables/lease.h"
#include "tables/task.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

/* Places of a large batch, and objects at each. */
#define PLACES 128
#define PLACE_OBJECTS 16
#define FOUND_ENOUGH 20			/* open objects among them that an estimate takes: within a quarter, as a rule */

/* What is known of an object. */
#define CLAIMABLE 1				/* it has a task that anybody may have */
#define HAD 2					/* the annotator has, or had, a task of it */

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
	return (available || late ? CLAIMABLE : 0) | (mine ? HAD : 0);
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

static int
compare_object(const void *a, const void *b)
{
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	return x < y ? -1 : x > y;
}

static bool
is_among(int32 object, const int32 *objects, int count)
{
	return count > 0 && bsearch(&object, objects, count, sizeof(int32), compare_object) != NULL;
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
		census->counts.open += known[i] == CLAIMABLE && !is_barred(census, first + i);
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

	for (int p = 0; p < PLACES; p++)
	{
		int32		from = (int32) pg_prng_uint64_range(&pg_global_prng_state, first, last);
		int32		to = object_after(census, &from, PLACE_OBJECTS);

		if (to >= 0)
			count_range(census, from, to);
	}
	if (counts->open < FOUND_ENOUGH)
		return false;
	counts->open = scale(counts->open, census->objects, objects);
	counts->with_others = scale(counts->with_others, census->objects, objects);
	counts->unanswered = scale(counts->unanswered, census->objects, objects);
	return true;
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
	if (objects > GTL_TASK_COUNT_ALL)
	{
		if (estimate(census, first, last, objects))
		{
			census->counts.held = count_held(census->job, census->annotator);
			return;
		}
		memset(&census->counts, 0, sizeof(census->counts));
	}
	count_range(census, first, last);
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
