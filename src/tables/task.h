/*
 * task.h
 *		The table gtlabel.task: one object for one annotator.
 *
 * State machine of a row, with what moves it:
 *
 *	available --claim--> accepted --annotation--> submitted
 *	    ^                   |  |
 *	    +-----release-------+  +--decline--> declined (a new available task takes its slot)
 *	    +--(lease runs out: counts as available, no row is touched)
 *	available, accepted --the batch is closed before an answer--> expired
 */
#ifndef GTL_TASK_H
#define GTL_TASK_H

#include "base/compat.h"
#include "base/table.h"
#include "tables/job.h"

/* A claimed task, as gt_accept_tasks returns it. */
typedef struct GtlClaim
{
	int64		task_id;
	int32		object_no;
	char	   *object_key;
	TimestampTz lease_expires_at;
} GtlClaim;

/* min_annotators tasks for each object of the job's open batch. */
extern void gtl_task_issue(const GtlJob *job, const int32 *objects, int count);

/* One more task for each of these objects, in its lowest free slot. */
extern void gtl_task_add(const GtlJob *job, const int32 *objects, int count);

/*
 * Until the transaction's end, no other session claims, answers, releases or declines for the
 * annotator in the job: such a session would pass by the tasks that this one is
 * changing, and take another one of the same object.  Nothing where one answer an object is wanted.
 */
extern void gtl_task_lock_annotator(const GtlJob *job, const char *annotator);

/*
 * Claims up to `wanted` tasks of different objects for an annotator, locked, who has
 * not had them yet; returns how many.  *claims is palloc'd.
 */
extern int	gtl_task_claim(const GtlJob *job, const char *annotator, int wanted, GtlClaim **claims);

/* job_ids[i]: the job that task i belongs to, 0 if there is no such task. */
extern void gtl_task_find_jobs(const int64 *task_ids, int count, int64 *job_ids);

/*
 * The task of that number, in tasks (by task_pkey, for writing), becomes submitted if it
 * is leased to the annotator; else false, and nothing has changed.
 */
typedef struct GtlFinishedTask
{
	int64		job_id;
	int32		object_no;
	int32		batch_no;
	TimestampTz accepted_at;
} GtlFinishedTask;

extern bool gtl_task_finish(GtlTable *tasks, int64 task_id, const char *annotator, GtlFinishedTask *finished);

/* Back to everybody.  Error unless all are leased to the annotator. */
extern void gtl_task_release(const int64 *task_ids, int count, const char *annotator);

/*
 * The annotator will not answer these: nobody else's slot is lost, but
 * the annotator is not asked again.  An object that as many people declined as
 * should answer it is closed to everybody.  Error unless all are leased
 * to the annotator.
 */
extern void gtl_task_decline(const GtlJob *job, const int64 *task_ids, int count, const char *annotator);

/*
 * Explains why not all of these tasks were leased to the annotator: always an error.
 * first_command: the current command id before the call changed any of them.
 */
pg_noreturn extern void gtl_task_explain_not_leased(const int64 *task_ids, int count, const char *annotator,
										CommandId first_command);

/* Has the open batch a task that is not submitted?  Sees committed changes and this transaction's own. */
extern bool gtl_task_any_open(const GtlJob *job);

/*
 * The same, but passes over tasks that another transaction is changing, or has
 * changed since the scan began.  False means: once those transactions have ended, the
 * batch may be complete, and no later answer will come to notice it.
 *
 * Why the end of a batch is never missed: every transaction that answers, declines or closes
 * a task looks for an undisturbed one after that, and asks for a worker if it
 * finds none.  Of the transactions whose changes complete a batch, let T be the one whose
 * last look began last.  When T looks, every task that the others still had to
 * change was changed already (else their look would have been later); each is either
 * visible to T as closed, or carries the id of a transaction that had not ended
 * when T's snapshot was taken, so T finds none undisturbed.  T's worker waits for all
 * of them before it looks itself (lock.h, GTL_LOCK_ANSWERS).
 */
extern bool gtl_task_any_undisturbed(const GtlJob *job);

/* The objects of the open batch, ascending, with the numbers of people who declined and of tasks besides. */
typedef struct GtlTaskObjects
{
	int			count;
	int32	   *object_no;
	int32	   *declines;
	int32	   *slots;
	bool		audit;			/* set by who knows the batch */
} GtlTaskObjects;

extern void gtl_task_objects(const GtlJob *job, GtlTaskObjects *objects);

/* Closes the open tasks of the open batch: nobody may answer them any more. */
extern void gtl_task_expire(const GtlJob *job);

extern void gtl_task_delete(int64 job_id);

#endif							/* GTL_TASK_H */
