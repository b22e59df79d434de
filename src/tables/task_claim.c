/*
 * task_claim.c
 *		How annotators come to tasks: gtl_task_accept.
 *
 * Claims start at a random object and wrap around at the last, slot by slot: people who claim at
 * the same time meet different rows, the rows already taken that a claim passes
 * are few, and nearly every object gets its first answer before any gets its
 * second.  No index covers a changing column, so all changes
 * are HOT, and a snapshot held for long elsewhere does not slow the claims down.
 */
#include "tables/task.h"

#include "base/lock.h"
#include "base/memory.h"
#include "base/settings.h"
#include "catalog/pg_collation.h"
#include "common/hashfn.h"
#include "learning/sort.h"
#include "miscadmin.h"
#include "tables/annotation.h"
#include "tables/annotator_role.h"
#include "tables/batch.h"
#include "tables/correction.h"
#include "tables/lease.h"
#include "tables/object.h"
#include "tables/task_search.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

typedef struct ClaimSearch
{
	GtlTaskSearch base;			/* others: for has_had */
	const char *annotator;
	GtlLeases	leases;
	bool		passed_too;		/* also what the annotator has given back before */
	bool		any_passed;		/* such a task was passed over */
	TimestampTz now;
	int			nreviewed;
	int32	   *reviewed;		/* [nreviewed] in an audit: objects whose machine label the annotator has seen */
	GtlClaim   *claims;			/* [capacity] */
	int			count;
	int			capacity;
} ClaimSearch;

/* May anybody have the task at hand? */
static bool
is_claimable(const GtlTable *tasks, TimestampTz now)
{
	return gtl_table_text_is(tasks, TASK_STATE, "available") ||
		(gtl_table_text_is(tasks, TASK_STATE, "accepted") && gtl_table_int64(tasks, TASK_LEASE_EXPIRES_AT) <= now);
}

/* Has the annotator answered the object, in whatever batch? */
static bool
has_answered(const ClaimSearch *search, int32 object)
{
	ScanKeyData keys[3];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(search->base.job->job_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(object));
	ScanKeyEntryInitialize(&keys[2], 0, 3, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(search->annotator));
	return gtl_table_find(search->base.answers, keys, 3);
}

/* May the annotator not have the object of the task at hand, because of an answer or another task of it? */
static bool
has_had(ClaimSearch *search, const GtlTable *tasks)
{
	GtlTable   *others = search->base.others;
	int64		task_id = gtl_table_int64(tasks, TASK_ID);
	int32		object = gtl_table_int32(tasks, TASK_OBJECT_NO);

	/* a function of the owner's sees the answers of the batch only: what it left out is answered anew */
	if (search->base.job->consolidation == NULL && has_answered(search, object))
		return true;
	for (int slot = -search->base.job->annotators_per_object; slot < search->base.job->annotators_per_object; slot++)
	{
		gtl_task_search_slot(others, search->base.job, slot, object, object);
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
has_declined_before(const ClaimSearch *search, int32 object)
{
	GtlTable	declined;
	bool		found = false;

	gtl_table_open(&declined, &gtl_task_layout, "task_declined_idx", AccessShareLock);
	gtl_task_search_declined(&declined, search->base.job->job_id, object);
	while (!found && gtl_table_next(&declined))
		found = gtl_table_int32(&declined, TASK_BATCH_NO) != search->base.job->open_batch_no &&
			gtl_table_text_is(&declined, TASK_ANNOTATOR, search->annotator);
	gtl_table_close(&declined);
	return found;
}

static void
accept(GtlTable *tasks, const ClaimSearch *search, GtlClaim *claim)
{
	static const int columns[4] = {TASK_STATE, TASK_ANNOTATOR, TASK_ACCEPTED_AT, TASK_LEASE_EXPIRES_AT};
	Datum		now = TimestampTzGetDatum(search->now);
	Datum		lease = DirectFunctionCall2(timestamptz_pl_interval, now,
											IntervalPGetDatum(unconstify(Interval *, &search->base.job->task_time_limit)));
	Datum		values[4] = {CStringGetTextDatum("accepted"), CStringGetTextDatum(search->annotator), now, lease};

	claim->task_id = gtl_table_int64(tasks, TASK_ID);
	claim->object_no = gtl_table_int32(tasks, TASK_OBJECT_NO);
	claim->lease_expires_at = DatumGetTimestampTz(lease);
	gtl_table_change(tasks, columns, values, NULL, 4);
}

/* Room for one claim more: as many as there are, not as many as are wished for. */
static GtlClaim *
next_claim(ClaimSearch *search)
{
	if (search->count == search->capacity)
	{
		search->capacity = Max(16, search->capacity * 2);
		search->claims = search->claims == NULL ? palloc(sizeof(GtlClaim) * search->capacity) :
			repalloc_huge(search->claims, sizeof(GtlClaim) * search->capacity);
	}
	return &search->claims[search->count];
}

static bool
has_reviewed(const ClaimSearch *search, const GtlTable *tasks)
{
	int32		object = gtl_table_int32(tasks, TASK_OBJECT_NO);

	return search->nreviewed > 0 && bsearch(&object, search->reviewed, search->nreviewed, sizeof(int32), gtl_compare_int32) != NULL;
}

/* Claims the task at hand if the annotator may have it, and nobody else is about to. */
static bool
take_claim(GtlTaskSearch *base, GtlTable *tasks)
{
	ClaimSearch *search = (ClaimSearch *) base;

	if (!is_claimable(tasks, search->now) || has_reviewed(search, tasks))
		return false;
	if (!search->passed_too && gtl_lease_has_passed(&search->leases, gtl_table_int64(tasks, TASK_ID)))
	{
		search->any_passed = true;
		return false;
	}
	if (search->base.others != NULL && has_had(search, tasks))
		return false;
	if (search->base.memory->declined_before && !gtl_task_asks_again(search->base.job, search->annotator) &&
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
claim(ClaimSearch *search)
{
	if (gtl_task_search_run(&search->base) || !search->any_passed)
		return;
	search->passed_too = true;
	for (int slot = 0; slot < GTL_TASK_SLOTS; slot++)
		search->base.memory->place[slot]++;
	(void) gtl_task_search_run(&search->base);
}

/* The task at hand becomes a claim of its own: as it is leased, or leased anew if the time is over. */
static void
take_held(ClaimSearch *search, GtlTable *tasks)
{
	GtlClaim   *claim = next_claim(search);

	if (!gtl_task_is_leased(tasks, search->annotator) || gtl_table_int64(tasks, TASK_JOB_ID) != search->base.job->job_id ||
		gtl_table_int32(tasks, TASK_BATCH_NO) != search->base.job->open_batch_no)
		return;
	claim->task_id = gtl_table_int64(tasks, TASK_ID);
	claim->object_no = gtl_table_int32(tasks, TASK_OBJECT_NO);
	claim->lease_expires_at = gtl_table_int64(tasks, TASK_LEASE_EXPIRES_AT);
	if (claim->lease_expires_at <= search->now)
	{
		if (!gtl_table_lock(tasks, false) || !gtl_task_is_leased(tasks, search->annotator))
			return;
		accept(tasks, search, claim);
	}
	search->count++;
}

/* What the annotator holds already, all of it. */
static void
find_held(ClaimSearch *search)
{
	GtlTable	tasks;

	if (search->leases.nheld == 0)
		return;
	gtl_task_open_by_id(&tasks);
	for (int i = 0; i < search->leases.nheld; i++)
		if (gtl_task_find(&tasks, search->leases.held[i]))
			take_held(search, &tasks);
	gtl_table_close(&tasks);
}

static void
remember_claims(ClaimSearch *search)
{
	search->leases.held = palloc(sizeof(int64) * search->count);
	search->leases.nheld = search->count;
	for (int i = 0; i < search->count; i++)
		search->leases.held[i] = search->claims[i].task_id;
	gtl_lease_write(search->base.job->job_id, search->annotator, &search->leases);
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
	static GtlBatchMemory remembered[GTL_REMEMBERED_BATCHES];
	GtlTable	others;
	GtlTable	answers;
	ClaimSearch search;
	int			held;

	memset(&search, 0, sizeof(search));
	wanted = Min(wanted, job->max_concurrent);
	gtl_lease_read(job->job_id, annotator, &search.leases);
	search.base.job = job;
	search.base.memory = &remembered[job->job_id % GTL_REMEMBERED_BATCHES];
	search.base.at_first = SLOT_PLENTY;
	search.base.lockmode = RowExclusiveLock;
	search.base.take = take_claim;
	search.annotator = annotator;
	search.now = gtl_clock_now();
	search.base.others = job->annotators_per_object > 1 ? &others : NULL;
	search.base.answers = &answers;
	*claims = NULL;
	if (!gtl_batch_on_offer(job, search.now))
		return 0;
	find_held(&search);
	held = search.count;
	search.nreviewed = gtl_correction_reviewed(job, annotator, &search.reviewed);
	search.base.wanted = (limit > 0 ? Min(wanted, limit) : wanted) - held;
	if (search.base.wanted > 0)
		claim(&search);
	if (search.count > held)
		remember_claims(&search);
	search.count = Min(search.count, wanted);
	add_keys(job, search.claims, search.count);
	*claims = search.claims;
	return search.count;
}
