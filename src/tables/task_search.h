/*
 * task_search.h
 *		Rows of gtlabel.task, one at a time, and the search for tasks of the open batch.
 *
 * For the files task*.c alone.  A search looks at tasks in an order that depends on what the session
 * remembers of the batch, until enough are found.
 */
#ifndef GTL_TASK_SEARCH_H
#define GTL_TASK_SEARCH_H

#include "base/table.h"
#include "tables/job.h"

#define GTL_TASK_SLOTS 9		/* the most annotators an object can have */

/* Columns of gtl_task_layout. */
enum
{
	TASK_ID, TASK_JOB_ID, TASK_BATCH_NO, TASK_OBJECT_NO, TASK_STATE, TASK_ANNOTATOR, TASK_ACCEPTED_AT, TASK_LEASE_EXPIRES_AT,
	TASK_UNDO_UNTIL
};

extern GtlLayout gtl_task_layout;

/* Tasks of the open batch in a slot, objects first .. last, by task_place_idx. */
extern void gtl_task_search_slot(GtlTable *tasks, const GtlJob *job, int slot, int32 first, int32 last);

/* The job's declined tasks, by task_declined_idx; object -1: of all objects. */
extern void gtl_task_search_declined(GtlTable *declined, int64 job_id, int32 object);

/* The task of this number, by task_pkey. */
extern bool gtl_task_find(GtlTable *tasks, int64 task_id);

/* Is the task at hand leased to the annotator, whether the time is over or not? */
extern bool gtl_task_is_leased(const GtlTable *tasks, const char *annotator);

typedef enum GtlSlotMemory
{
	SLOT_PLENTY,				/* somewhere at random will do */
	SLOT_SCARCE,				/* has to be looked through */
	SLOT_EMPTY					/* nothing was found; last to be looked through again */
} GtlSlotMemory;

/*
 * What a session remembers of the batches where it looked last: the order of looking depends on
 * it, and no more.  Of several, as a pooled connection serves several jobs in turn.
 */
#define GTL_REMEMBERED_BATCHES 16

typedef struct GtlBatchMemory
{
	int64		job_id;
	int32		batch_no;
	int32		first;			/* objects of the batch */
	int32		last;
	GtlSlotMemory slot[GTL_TASK_SLOTS];
	int32		place[GTL_TASK_SLOTS];	/* the object where something was found last */
	bool		declined_before;	/* in earlier batches of the job; it may be offered again */
} GtlBatchMemory;

/* A search through the tasks of the open batch. */
typedef struct GtlTaskSearch
{
	const GtlJob *job;
	GtlBatchMemory *memory;		/* the entry of the job's batch in an array of GTL_REMEMBERED_BATCHES */
	GtlSlotMemory at_first;		/* PLENTY: what is found is used up, and many look for it */
	LOCKMODE	lockmode;
	bool		(*take) (struct GtlTaskSearch *search, GtlTable *tasks);	/* is the task at hand what is sought? */
	int			wanted;			/* how many more */
	GtlTable   *others;			/* tasks, open beside those that are looked at; NULL: not needed */
	GtlTable   *answers;		/* with it */
} GtlTaskSearch;

/*
 * False: every task was looked at, and fewer than wanted are what is sought.
 *
 * For claims a random place will do at first: people who look at the same time meet different
 * tasks, and few of those passed are taken.  Towards the end of a slot, and for what stays where
 * it was found, it is looked through from there, so that the whole of it is passed once
 * or twice and not once for every task.
 */
extern bool gtl_task_search_run(GtlTaskSearch *search);

#endif							/* GTL_TASK_SEARCH_H */
