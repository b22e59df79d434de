/*
 * lock.h
 *		The locks of a job, in the server's lock table (pg_locks shows them as
 *		advisory locks; their class keeps them apart from the users' own).
 *
 * GTL_LOCK_STEPS: who holds it may do the job's steps.  A worker holds it as a
 *		session lock across the transactions of a step, and in each of these besides: a function of the
 *		owner's may call pg_advisory_unlock_all().  gt_advance_job holds it until the
 *		end of its transaction.  Nothing that annotators do waits for it.
 * GTL_LOCK_ANSWERS: shared by every transaction that changes tasks, from before
 *		its first change to its end.  Exclusive: no such change is in flight.  A
 *		worker waits for those that hold it before it asks whether a batch is
 *		complete; whoever closes a batch with open tasks, or drops the job, holds it.
 *		Nobody queues for it exclusively, which would keep the annotators waiting behind: it is polled, with a limit.
 * GTL_LOCK_ANNOTATOR: one transaction at a time changes tasks of the same annotator of a
 *		job, so that nobody gets or answers an object twice through two sessions.
 * GTL_LOCK_DECLINES: one decline at a time, so that each counts those before it.
 * GTL_LOCK_ROLES: one transaction at a time keeps the name of a role for a job.
 * GTL_LOCK_IMPORTS: one delivery of answers from elsewhere at a time, so that two of the same are one.
 *
 * Order: STEPS, then ANSWERS, then the job's row or one of the others.  A user's
 * transaction that calls several functions may take them in another order, and then
 * the server's deadlock detection ends it with an error.
 */
#ifndef GTL_LOCK_H
#define GTL_LOCK_H

#include "base/compat.h"

typedef enum GtlLockClass
{
	GTL_LOCK_STEPS = 18252,
	GTL_LOCK_ANSWERS = 18253,
	GTL_LOCK_ANNOTATOR = 18254,
	GTL_LOCK_DECLINES = 18255,
	GTL_LOCK_IMPORTS = 18256,
	GTL_LOCK_ROLES = 18257
} GtlLockClass;

/* Until the end of the transaction. */
extern void gtl_lock_acquire(GtlLockClass class, int64 id, bool shared);
extern bool gtl_lock_try(GtlLockClass class, int64 id, bool shared);

/*
 * Exclusively, until the end of the transaction.  False: it was not free within that time.  Nobody queues behind.
 */
extern bool gtl_lock_poll(GtlLockClass class, int64 id, int milliseconds);

/*
 * Waits for the transactions that hold the lock now in a way that excludes an exclusive
 * holder, prepared ones too; those that come later are not waited for.  False: they have not ended within that time.
 * In a transaction, which needs no snapshot.
 */
extern bool gtl_lock_poll_holders(GtlLockClass class, int64 id, int milliseconds);

/* Does this session hold it, in this mode? */
extern bool gtl_lock_is_mine(GtlLockClass class, int64 id, bool shared);

/* Does nobody hold it exclusively, at this moment? */
extern bool gtl_lock_is_free(GtlLockClass class, int64 id);

/* Takes the advisory lock that users know by this number (pg_advisory_lock) and lets it go again. */
extern void gtl_lock_pass_user(int64 number);

/*
 * Exclusively, until released or the end of the session.  The first returns at once if this session or its transaction
 * holds it; the second polls: false: it was not free within that time.
 */
extern void gtl_lock_keep_session(GtlLockClass class, int64 id);
extern bool gtl_lock_poll_session(GtlLockClass class, int64 id, int milliseconds);

/* All that the session holds, also what a user's function has left. */
extern void gtl_lock_release_session(void);

#endif							/* GTL_LOCK_H */
