/*
 * task.c
 *		The table gtlabel.task; task.h has its state machine.  (The last step
 *		to "submitted" is taken together with the answer, by annotation.c.)
 *
 * Claims start at a random object and wrap around at the last, slot by slot: people who claim at
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
#include "base/memory.h"
#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/procarray.h"
#include "tables/annotation.h"
#include "tables/annotator_role.h"
#include "tables/batch.h"
#include "tables/correction.h"
#include "tables/exclusion.h"
#include "tables/lease.h"
#include "tables/object.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

/*
 * As many tasks an object as it is short of answers: it has some if an answer to it was taken back or excluded.  A
 * function of the owner's is given the answers of one batch, so there all are asked for.
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
}

#define MAX_SLOTS 9				/* the most annotators an object can have */
#define PATIENCE 64				/* tasks in a row that are not what is sought, until it counts as scarce */

/* As a parameter. */
static Datum
slots_array(int first, int last)
{
	int16		slots[MAX_SLOTS];

	Assert(last - first < MAX_SLOTS);
	for (int slot = first; slot <= last; slot++)
		slots[slot - first] = (int16) slot;
	return gtl_array_int16(slots, last - first + 1);
}

enum
{
	TASK_ID, TASK_JOB_ID, TASK_BATCH_NO, TASK_OBJECT_NO, TASK_STATE, TASK_ANNOTATOR, TASK_ACCEPTED_AT, TASK_LEASE_EXPIRES_AT,
	TASK_UNDO_UNTIL
};

static const char *const task_columns[] = {
	[TASK_ID] = "task_id", [TASK_JOB_ID] = "job_id", [TASK_BATCH_NO] = "batch_no", [TASK_OBJECT_NO] = "object_no",
	[TASK_STATE] = "state", [TASK_ANNOTATOR] = "annotator", [TASK_ACCEPTED_AT] = "accepted_at",
	[TASK_LEASE_EXPIRES_AT] = "lease_expires_at", [TASK_UNDO_UNTIL] = "undo_until"
};

static GtlLayout task_layout = GTL_LAYOUT("task", task_columns);

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

typedef enum SlotMemory
{
	SLOT_PLENTY,				/* somewhere at random will do */
	SLOT_SCARCE,				/* has to be looked through */
	SLOT_EMPTY					/* nothing was found; last to be looked through again */
} SlotMemory;

/*
 * What a session remembers of the batches where it looked last: the order of looking depends on
 * it, and no more.  Of several, as a pooled connection serves several jobs in turn.
 */
#define REMEMBERED_BATCHES 16

typedef struct BatchMemory
{
	int64		job_id;
	int32		batch_no;
	int32		first;			/* objects of the batch */
	int32		last;
	SlotMemory slot[MAX_SLOTS];
	int32		place[MAX_SLOTS];	/* the object where something was found last */
	bool		declined_before;	/* in earlier batches of the job; it may be offered again */
} BatchMemory;

/* A search through the tasks of the open batch. */
typedef struct Search
{
	const GtlJob *job;
	BatchMemory *memory;		/* the entry of the job's batch in an array of REMEMBERED_BATCHES */
	SlotMemory at_first;		/* PLENTY: what is found is used up, and many look for it */
	LOCKMODE	lockmode;
	bool		(*take) (struct Search *search, GtlTable *tasks);	/* is the task at hand what is sought? */
	int			wanted;			/* how many more */

	/* for claims */
	const char *annotator;
	GtlLeases	leases;
	bool		passed_too;		/* also what the annotator has given back before */
	bool		any_passed;		/* such a task was passed over */
	TimestampTz now;
	int			nreviewed;
	int32	   *reviewed;		/* [nreviewed] in an audit: objects whose machine label the annotator has seen */
	GtlTable   *others;			/* for has_had; NULL: not needed */
	GtlTable   *answers;		/* with it */
	GtlClaim   *claims;			/* [capacity] */
	int			count;
	int			capacity;

	/* for open tasks */
	bool		undisturbed_only;
} Search;

/* A batch may be a small part of the job: a place outside of it would always lead to its first object. */
static int32
random_object(const BatchMemory *memory)
{
	return (int32) pg_prng_uint64_range(&pg_global_prng_state, memory->first, memory->last);
}

/* Objects first .. last of a slot, until enough is found or `patience` tasks in a row were not it; true: enough. */
static bool
look_at_range(Search *search, GtlTable *tasks, int slot, int32 first, int32 last, int patience)
{
	int			left = patience;

	search_slot(tasks, search->job, slot, first, last);
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
look_at_slot(Search *search, int slot, int32 start, int patience)
{
	GtlTable	tasks;
	bool		enough;

	gtl_table_open(&tasks, &task_layout, "task_place_idx", search->lockmode);
	if (search->others != NULL)
	{
		gtl_table_open(search->others, &task_layout, "task_place_idx", AccessShareLock);
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
find_objects(const GtlJob *job, BatchMemory *memory)
{
	GtlTable	tasks;
	ScanKeyData keys[5];

	gtl_table_open(&tasks, &task_layout, "task_place_idx", AccessShareLock);
	set_slot_keys(keys, job, 0, 0, PG_INT32_MAX);
	memory->first = gtl_table_find(&tasks, keys, 5) ? gtl_table_int32(&tasks, TASK_OBJECT_NO) : 0;
	memory->last = gtl_table_find_last(&tasks, keys, 5) ? gtl_table_int32(&tasks, TASK_OBJECT_NO) : 0;
	gtl_table_close(&tasks);
}

/* For task_declined_idx: the job's declined tasks; object -1: of all objects. */
static void
search_declined(GtlTable *declined, int64 job_id, int32 object)
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

	gtl_table_open(&declined, &task_layout, "task_declined_idx", AccessShareLock);
	search_declined(&declined, job->job_id, -1);
	while (!found && gtl_table_next(&declined))
	{
		CHECK_FOR_INTERRUPTS();
		found = gtl_table_int32(&declined, TASK_BATCH_NO) != job->open_batch_no;
	}
	gtl_table_close(&declined);
	return found;
}

static void
recall(const Search *search)
{
	BatchMemory *memory = search->memory;

	if (memory->job_id == search->job->job_id && memory->batch_no == search->job->open_batch_no)
		return;
	find_objects(search->job, memory);
	memory->declined_before = any_declined_before(search->job);
	for (int slot = 0; slot < MAX_SLOTS; slot++)
	{
		memory->slot[slot] = search->at_first;
		memory->place[slot] = random_object(memory);
	}
	memory->job_id = search->job->job_id;
	memory->batch_no = search->job->open_batch_no;
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
run_search(Search *search)
{
	BatchMemory *memory = search->memory;
	int			slots = search->job->annotators_per_object;
	bool		looked[MAX_SLOTS] = {false};

	recall(search);
	for (int slot = 0; slot < slots; slot++)
		if (memory->slot[slot] == SLOT_PLENTY)
		{
			if (look_at_slot(search, slot, random_object(memory), PATIENCE))
				return true;
			memory->slot[slot] = SLOT_SCARCE;
		}
	for (SlotMemory next = SLOT_SCARCE; next <= SLOT_EMPTY; next++)
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

/* ---- Claims ------------------------------------------------------------------- */

/* May anybody have the task at hand? */
static bool
is_claimable(const GtlTable *tasks, TimestampTz now)
{
	return gtl_table_text_is(tasks, TASK_STATE, "available") ||
		(gtl_table_text_is(tasks, TASK_STATE, "accepted") && gtl_table_int64(tasks, TASK_LEASE_EXPIRES_AT) <= now);
}

/* Has the annotator answered the object, in whatever batch? */
static bool
has_answered(const Search *search, int32 object)
{
	ScanKeyData keys[3];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(search->job->job_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(object));
	ScanKeyEntryInitialize(&keys[2], 0, 3, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(search->annotator));
	return gtl_table_find(search->answers, keys, 3);
}

/* May the annotator not have the object of the task at hand, because of an answer or another task of it? */
static bool
has_had(Search *search, const GtlTable *tasks)
{
	GtlTable   *others = search->others;
	int64		task_id = gtl_table_int64(tasks, TASK_ID);
	int32		object = gtl_table_int32(tasks, TASK_OBJECT_NO);

	/* a function of the owner's sees the answers of the batch only: what it left out is answered anew */
	if (search->job->consolidation == NULL && has_answered(search, object))
		return true;
	for (int slot = -search->job->annotators_per_object; slot < search->job->annotators_per_object; slot++)
	{
		search_slot(others, search->job, slot, object, object);
		while (gtl_table_next(others))
		{
			if (gtl_table_int64(others, TASK_ID) == task_id)
				continue;
			if (gtl_table_text_is(others, TASK_ANNOTATOR, search->annotator) && !gtl_table_text_is(others, TASK_STATE, "available"))
				return true;
			if (!search->passed_too && gtl_lease_has_passed(&search->leases, gtl_table_int64(others, TASK_ID)))
			{
				search->any_passed = true;
				return true;
			}
		}
	}
	return false;
}

/* Has the annotator declined the object in an earlier batch? */
static bool
has_declined_before(const Search *search, int32 object)
{
	GtlTable	declined;
	bool		found = false;

	gtl_table_open(&declined, &task_layout, "task_declined_idx", AccessShareLock);
	search_declined(&declined, search->job->job_id, object);
	while (!found && gtl_table_next(&declined))
		found = gtl_table_int32(&declined, TASK_BATCH_NO) != search->job->open_batch_no &&
			gtl_table_text_is(&declined, TASK_ANNOTATOR, search->annotator);
	gtl_table_close(&declined);
	return found;
}

static void
accept(GtlTable *tasks, const Search *search, GtlClaim *claim)
{
	static const int columns[4] = {TASK_STATE, TASK_ANNOTATOR, TASK_ACCEPTED_AT, TASK_LEASE_EXPIRES_AT};
	Datum		now = TimestampTzGetDatum(search->now);
	Datum		lease = DirectFunctionCall2(timestamptz_pl_interval, now,
											IntervalPGetDatum(unconstify(Interval *, &search->job->task_time_limit)));
	Datum		values[4] = {CStringGetTextDatum("accepted"), CStringGetTextDatum(search->annotator), now, lease};

	claim->task_id = gtl_table_int64(tasks, TASK_ID);
	claim->object_no = gtl_table_int32(tasks, TASK_OBJECT_NO);
	claim->lease_expires_at = DatumGetTimestampTz(lease);
	gtl_table_change(tasks, columns, values, NULL, 4);
}

/* Room for one claim more: as many as there are, not as many as are wished for. */
static GtlClaim *
next_claim(Search *search)
{
	if (search->count == search->capacity)
	{
		search->capacity = Max(16, search->capacity * 2);
		search->claims = search->claims == NULL ? palloc(sizeof(GtlClaim) * search->capacity) :
			repalloc_huge(search->claims, sizeof(GtlClaim) * search->capacity);
	}
	return &search->claims[search->count];
}

static int
compare_object(const void *a, const void *b)
{
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	return x < y ? -1 : x > y;
}

static bool
has_reviewed(const Search *search, const GtlTable *tasks)
{
	int32		object = gtl_table_int32(tasks, TASK_OBJECT_NO);

	return search->nreviewed > 0 && bsearch(&object, search->reviewed, search->nreviewed, sizeof(int32), compare_object) != NULL;
}

/* Claims the task at hand if the annotator may have it, and nobody else is about to. */
static bool
take_claim(Search *search, GtlTable *tasks)
{
	if (!is_claimable(tasks, search->now) || has_reviewed(search, tasks))
		return false;
	if (!search->passed_too && gtl_lease_has_passed(&search->leases, gtl_table_int64(tasks, TASK_ID)))
	{
		search->any_passed = true;
		return false;
	}
	if (search->others != NULL && has_had(search, tasks))
		return false;
	if (search->memory->declined_before && !gtl_task_asks_again(search->job, search->annotator) &&
		has_declined_before(search, gtl_table_int32(tasks, TASK_OBJECT_NO)))
		return false;
	if (!gtl_table_lock(tasks, false) || !is_claimable(tasks, search->now))
		return false;
	accept(tasks, search, next_claim(search));
	search->count++;
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
	int32	   *objects = gtl_memory_list(sizeof(int32), count);
	char	  **keys = palloc(sizeof(char *) * Max(count, 1));

	for (int i = 0; i < count; i++)
		objects[i] = claims[i].object_no;
	gtl_object_keys(job->job_id, objects, count, keys);
	for (int i = 0; i < count; i++)
		claims[i].object_key = keys[i];
}

/*
 * Looks twice where the annotator has given tasks back: those come after all others, and one after the
 * other.
 */
static void
claim(Search *search)
{
	if (run_search(search) || !search->any_passed)
		return;
	search->passed_too = true;
	for (int slot = 0; slot < MAX_SLOTS; slot++)
		search->memory->place[slot]++;
	(void) run_search(search);
}

/* Leased to the annotator, whether the time is over or not? */
static bool
is_leased(const GtlTable *tasks, const char *annotator)
{
	return gtl_table_text_is(tasks, TASK_STATE, "accepted") && gtl_table_text_is(tasks, TASK_ANNOTATOR, annotator);
}

/* The task at hand becomes a claim of its own: as it is leased, or leased anew if the time is over. */
static void
take_held(Search *search, GtlTable *tasks)
{
	GtlClaim   *claim = next_claim(search);

	if (!is_leased(tasks, search->annotator) || gtl_table_int64(tasks, TASK_JOB_ID) != search->job->job_id ||
		gtl_table_int32(tasks, TASK_BATCH_NO) != search->job->open_batch_no)
		return;
	claim->task_id = gtl_table_int64(tasks, TASK_ID);
	claim->object_no = gtl_table_int32(tasks, TASK_OBJECT_NO);
	claim->lease_expires_at = gtl_table_int64(tasks, TASK_LEASE_EXPIRES_AT);
	if (claim->lease_expires_at <= search->now)
	{
		if (!gtl_table_lock(tasks, false) || !is_leased(tasks, search->annotator))
			return;
		accept(tasks, search, claim);
	}
	search->count++;
}

/* What the annotator holds already, all of it. */
static void
find_held(Search *search)
{
	GtlTable	tasks;

	if (search->leases.nheld == 0)
		return;
	gtl_task_open_by_id(&tasks);
	for (int i = 0; i < search->leases.nheld; i++)
		if (find_task(&tasks, search->leases.held[i]))
			take_held(search, &tasks);
	gtl_table_close(&tasks);
}

static void
remember_claims(Search *search)
{
	search->leases.held = palloc(sizeof(int64) * search->count);
	search->leases.nheld = search->count;
	for (int i = 0; i < search->count; i++)
		search->leases.held[i] = search->claims[i].task_id;
	gtl_lease_write(search->job->job_id, search->annotator, &search->leases);
}

bool
gtl_task_asks_again(const GtlJob *job, const char *annotator)
{
	const char *owner = GetUserNameFromId(job->owner, true);

	return owner != NULL && strcmp(gtl_annotator_role_kept(job->job_id, owner), annotator) == 0;
}

int
gtl_task_accept(const GtlJob *job, const char *annotator, int wanted, int limit, GtlClaim **claims)
{
	static BatchMemory remembered[REMEMBERED_BATCHES];
	GtlTable	others;
	GtlTable	answers;
	Search		search;
	int			held;

	memset(&search, 0, sizeof(search));
	wanted = Min(wanted, job->max_concurrent);
	gtl_lease_read(job->job_id, annotator, &search.leases);
	search.job = job;
	search.memory = &remembered[job->job_id % REMEMBERED_BATCHES];
	search.at_first = SLOT_PLENTY;
	search.lockmode = RowExclusiveLock;
	search.take = take_claim;
	search.annotator = annotator;
	search.now = gtl_clock_now();
	search.others = job->annotators_per_object > 1 ? &others : NULL;
	search.answers = &answers;
	*claims = NULL;
	if (!gtl_batch_on_offer(job, search.now))
		return 0;
	find_held(&search);
	held = search.count;
	search.nreviewed = gtl_correction_reviewed(job, annotator, &search.reviewed);
	search.wanted = (limit > 0 ? Min(wanted, limit) : wanted) - held;
	if (search.wanted > 0)
		claim(&search);
	if (search.count > held)
		remember_claims(&search);
	search.count = Min(search.count, wanted);
	add_keys(job, search.claims, search.count);
	*claims = search.claims;
	return search.count;
}

void
gtl_task_find_jobs(const int64 *task_ids, int count, int64 *job_ids)
{
	GtlTable	tasks;

	gtl_table_open(&tasks, &task_layout, "task_pkey", AccessShareLock);
	for (int i = 0; i < count; i++)
		job_ids[i] = find_task(&tasks, task_ids[i]) ? gtl_table_int64(&tasks, TASK_JOB_ID) : 0;
	gtl_table_close(&tasks);
}

/* Until when an answer given now can be taken back, for a column; false: not at all. */
static bool
undo_until(Datum *value)
{
	*value = TimestampTzGetDatum(TimestampTzPlusMilliseconds(gtl_clock_now(), gtl_setting_undo_grace));
	return gtl_setting_undo_grace > 0;
}

void
gtl_task_open_by_id(GtlTable *tasks)
{
	gtl_table_open(tasks, &task_layout, "task_pkey", RowExclusiveLock);
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
	bool		nulls[2] = {false, !undo_until(&values[1])};

	if (!find_task(tasks, task_id))
		return GTL_TASK_NOT_LEASED;
	if (is_leased(tasks, annotator) && !gtl_table_lock(tasks, true))
		return GTL_TASK_NOT_LEASED;
	describe_finished(tasks, finished);
	if (gtl_table_text_is(tasks, TASK_STATE, "submitted") && gtl_table_text_is(tasks, TASK_ANNOTATOR, annotator))
		return GTL_TASK_FINISHED_BEFORE;
	if (!is_leased(tasks, annotator))
		return GTL_TASK_NOT_LEASED;
	gtl_table_change(tasks, columns, values, nulls, 2);
	return GTL_TASK_FINISHED;
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

/* In FROM: the tasks t of the object $3 of batch $2 of job $1 in these slots, each by its whole key. */
#define SLOTS_OF_OBJECT(first, last) \
	"generate_series(" first ", " last ") g CROSS JOIN LATERAL (SELECT t.task_id, t.slot_no, t.state FROM gtlabel.task t" \
	" WHERE t.job_id = $1 AND t.batch_no = $2 AND t.slot_no = g AND t.object_no = $3 OFFSET 0) t "

/* The lowest free slot of an object of the open batch; -1: none. */
static int
vacant_slot(const GtlJob *job, int32 object_no)
{
	static GtlStatement vacant = {
		"SELECT COALESCE(min(g), -1) FROM generate_series(0, $4 - 1) g WHERE NOT EXISTS (SELECT FROM gtlabel.task o"
		"   WHERE o.job_id = $1 AND o.batch_no = $2 AND o.slot_no = g AND o.object_no = $3)",
		4, {INT8OID, INT4OID, INT4OID, INT4OID}
	};
	Datum		values[4] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no), Int32GetDatum(object_no),
	Int32GetDatum(job->annotators_per_object)};
	GtlResult	r;
	int			slot;

	gtl_query_run(&r, &vacant, values, NULL);
	slot = gtl_result_int32(&r, 0, 1);
	gtl_query_end(&r);
	return slot;
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
	Datum		values[4] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no), Int32GetDatum(object_no),
	Int32GetDatum(job->annotators_per_object)};
	GtlResult	r;
	int			slot = gtl_query_run(&r, &replaced, values, NULL) > 0 ? gtl_result_int32(&r, 0, 1) : -1;

	gtl_query_end(&r);
	return slot;
}

static int
count_declines(const GtlJob *job, int32 object_no)
{
	static GtlStatement select = {
		"SELECT count(*) FROM gtlabel.task WHERE job_id = $1 AND batch_no = $2 AND slot_no BETWEEN -$4 AND -1 AND object_no = $3",
		4, {INT8OID, INT4OID, INT4OID, INT4OID}
	};
	Datum		values[4] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no), Int32GetDatum(object_no),
	Int32GetDatum(job->annotators_per_object)};
	GtlResult	r;
	int			count;

	gtl_query_run(&r, &select, values, NULL);
	count = (int) gtl_result_int64(&r, 0, 1);
	gtl_query_end(&r);
	return count;
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
	Datum		values[4] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no), Int32GetDatum(object_no),
	Int32GetDatum(job->annotators_per_object)};

	gtl_query_do(&update, values, NULL);
}

/*
 * A decline less: the later ones move up.  If it was one of those that closed the object, what it closed is open
 * again; else the task that took its place goes.
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
	if (to_all)
		return gtl_query_do(&offer, values, NULL) == 1;
	if (gtl_query_do(&lease, values, NULL) != 1)
		return false;
	gtl_lease_add_held(job->job_id, annotator, task->task_id);
	return true;
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
	static GtlStatement update = {
		"UPDATE gtlabel.task SET state = 'available', annotator = NULL, accepted_at = NULL, lease_expires_at = NULL,"
		" undo_until = NULL WHERE job_id = $1 AND batch_no = $2 AND slot_no >= 0 AND annotator = $3"
		" AND state IN ('accepted', 'submitted')",
		3, {INT8OID, INT4OID, TEXTOID}
	};
	Datum		values[3] = {Int64GetDatum(job->job_id), Int32GetDatum(job->open_batch_no), CStringGetTextDatum(annotator)};

	gtl_query_do(&update, values, NULL);
}

void
gtl_task_count_again(const GtlJob *job, const char *annotator)
{
	static GtlStatement update = {
		"UPDATE gtlabel.task t SET state = 'submitted', annotator = $3, accepted_at = a.accepted_at"
		" FROM gtlabel.annotation a WHERE t.job_id = $1 AND t.batch_no = $2 AND t.slot_no >= 0 AND t.state = 'available'"
		"   AND a.job_id = $1 AND a.object_no = t.object_no AND a.annotator = $3 AND a.task_id = t.task_id",
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
	GtlResult	r;
	TimestampTz until;

	gtl_query_run(&r, &select, values, NULL);
	until = gtl_result_int64(&r, 0, 1);
	gtl_query_end(&r);
	return until;
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

	if (undo_until(&values[1]))
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
take_open(Search *search, GtlTable *tasks)
{
	return (gtl_table_text_is(tasks, TASK_STATE, "available") || gtl_table_text_is(tasks, TASK_STATE, "accepted")) &&
		(!search->undisturbed_only || is_undisturbed(tasks->row));
}

static bool
find_open(const GtlJob *job, bool undisturbed_only)
{
	static BatchMemory remembered[REMEMBERED_BATCHES];
	Search		search;

	memset(&search, 0, sizeof(search));
	search.job = job;
	search.memory = &remembered[job->job_id % REMEMBERED_BATCHES];
	search.at_first = SLOT_SCARCE;
	search.lockmode = AccessShareLock;
	search.take = take_open;
	search.wanted = 1;
	search.undisturbed_only = undisturbed_only;
	return run_search(&search);
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
