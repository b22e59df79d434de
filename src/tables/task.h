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
 *	submitted, declined, and available after a release --retract--> accepted, while the batch is open
 *
 * An answer or a decline is taken back with the job's row locked, so that nobody who closes the
 * batch has counted it.
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
 * Up to `wanted` tasks of different objects for an annotator, locked: first those that the annotator
 * holds, then new ones, as long as no more than `limit` are held at once (0: no limit); returns how many.
 * What was offered again, after it had failed, goes to nobody who has declined it before, the job's owner
 * aside.  *claims is palloc'd.  The limit holds for the sessions of one annotator together as far as they see
 * each other's leases: what they take in the same moment comes on top of it, where one answer an
 * object is wanted.
 */
extern int	gtl_task_accept(const GtlJob *job, const char *annotator, int wanted, int limit, GtlClaim **claims);

/*
 * Is the annotator asked again for objects that were offered again, although declined by the annotator before?
 * Only the job's owner, who has had them offered again.
 */
extern bool gtl_task_asks_again(const GtlJob *job, const char *annotator);

/* job_ids[i]: the job that task i belongs to, 0 if there is no such task. */
extern void gtl_task_find_jobs(const int64 *task_ids, int count, int64 *job_ids);

/*
 * The task of that number, in tasks (by task_pkey, for writing), becomes submitted if it
 * is leased to the annotator.  Otherwise nothing has changed; *finished is also set for one that the
 * annotator has submitted before.
 */
typedef struct GtlFinishedTask
{
	int64		job_id;
	int32		object_no;
	int32		batch_no;
	TimestampTz accepted_at;
} GtlFinishedTask;

typedef enum GtlTaskFinish
{
	GTL_TASK_FINISHED,
	GTL_TASK_FINISHED_BEFORE,
	GTL_TASK_NOT_LEASED
} GtlTaskFinish;

/* The table, for gtl_task_finish; closed by gtl_table_close. */
extern void gtl_task_open_by_id(GtlTable *tasks);

extern GtlTaskFinish gtl_task_finish(GtlTable *tasks, int64 task_id, const char *annotator, GtlFinishedTask *finished);

/*
 * Back to everybody; the annotator gets them again only when there is nothing else.  Error unless all are
 * leased to the annotator.
 */
extern void gtl_task_release(const GtlJob *job, const int64 *task_ids, int count, const char *annotator);

/*
 * The annotator will not answer these: nobody else's slot is lost, but
 * the annotator is not asked again.  An object that as many people declined as
 * should answer it is closed to everybody.  Error unless all are leased
 * to the annotator.
 */
extern void gtl_task_decline(const GtlJob *job, const int64 *task_ids, int count, const char *annotator,
							 const char *reason);

/* The leases of tasks that the annotator holds begin anew; returns when they end.  Error unless all are held. */
extern TimestampTz gtl_task_extend(const GtlJob *job, const int64 *task_ids, int count, const char *annotator);

/* Tasks as they stand, in the order of their numbers; those that do not exist are left out. */
typedef struct GtlTaskState
{
	int64		task_id;
	int32		object_no;
	int32		batch_no;
	int16		slot_no;
	char	   *state;
	char	   *annotator;		/* NULL: nobody's */
	bool		passed;			/* by the annotator asked about */
} GtlTaskState;

extern int	gtl_task_read(int64 job_id, const int64 *task_ids, int count, const char *annotator, GtlTaskState **states);

/*
 * The task of the open batch, answered, declined or passed by the annotator, is the annotator's again, leased anew;
 * or, with to_all, anybody's.  False: other people have taken its place meanwhile.  The job's
 * row is locked.
 */
extern bool gtl_task_take_back(const GtlJob *job, const GtlTaskState *task, const char *annotator, bool to_all);

/* A task of a closed batch whose answer is gone. */
extern void gtl_task_void(int64 task_id);

/* What the annotator has answered in the open batch is to be answered by others; or the other way round. */
extern void gtl_task_offer_again(const GtlJob *job, const char *annotator);
extern void gtl_task_count_again(const GtlJob *job, const char *annotator);

/* Until then the open batch is not closed without need, so that its last answer can be taken back; 0: at once. */
extern TimestampTz gtl_task_undo_until(const GtlJob *job);

/* Answers to tasks have been changed: that too can be taken back for a while, in the open batch. */
extern void gtl_task_renew_undo(const GtlJob *job, const int64 *task_ids, int count);

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
 * Why the end of a batch is never missed:
 *
 * 1. Every transaction that answers, declines or closes a task calls this function afterwards, and asks
 *    for a worker if it returns false.
 * 2. Several transactions may complete a batch together.  Let T be the one whose last call began last.
 * 3. When T's last call begins, the others have changed all their tasks: each of them calls after its last
 *    change, and before T does.
 * 4. So T sees each of these tasks either closed, or changed by a transaction that had not ended when T's
 *    snapshot was taken.  Neither counts as open and undisturbed: T's call returns false.
 * 5. The worker that T asks for waits for all of these transactions (lock.h, GTL_LOCK_ANSWERS) before it
 *    asks whether the batch is complete.
 */
extern bool gtl_task_any_undisturbed(const GtlJob *job);

/* The objects of the open batch, ascending, with the numbers of people who declined and of tasks besides. */
typedef struct GtlTaskObjects
{
	int			count;
	int32	   *object_no;
	int32	   *declines;
	int32	   *slots;
	bool		audit;			/* set by the caller, who knows the batch */
} GtlTaskObjects;

extern void gtl_task_objects(const GtlJob *job, GtlTaskObjects *objects);

/* Closes the open tasks of the open batch: nobody may answer them any more. */
extern void gtl_task_expire(const GtlJob *job);

/* Returns how many there were. */
extern uint64 gtl_task_delete(int64 job_id);

/* These objects are removed from the job. */
extern void gtl_task_remove(int64 job_id, const int32 *objects, int count);

#endif							/* GTL_TASK_H */
