/*
 * lock.h
 *		The locks of a job, in the server's lock table (pg_locks shows them as
 *		advisory locks; their class keeps them apart from the users' own).
 *
 * GTL_LOCK_STEPS: who holds it may do the job's steps.  A worker holds it as a
 *		session lock across the transactions of a step, gt_advance_job until the
 *		end of its transaction.  Nothing that annotators do waits for it.
 * GTL_LOCK_ANSWERS: shared by every transaction that changes tasks, from before
 *		its first change to its end.  Exclusive: no such change is in flight.  A
 *		worker waits for those that hold it before it asks whether a batch is
 *		complete; whoever closes a batch with open tasks, or drops the job, holds it.
 * GTL_LOCK_ANNOTATOR: one transaction at a time changes tasks of the same annotator of a
 *		job, so that nobody gets or answers an object twice through two sessions.
 * GTL_LOCK_WORKER: of the workers of a job, one at a time waits for the locks above.
 * GTL_LOCK_DECLINES: one decline at a time, so that each counts those before it.
 *
 * Order: WORKER, STEPS, then ANSWERS, then the job's row or one of the others.  A user's
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
	GTL_LOCK_WORKER = 18256
} GtlLockClass;

/* Until the end of the transaction. */
extern void gtl_lock_acquire(GtlLockClass class, int64 id, bool shared);
extern bool gtl_lock_try(GtlLockClass class, int64 id, bool shared);

/*
 * Waits for the transactions that hold the lock in a way that excludes an exclusive
 * holder, prepared ones too.  It takes nothing and keeps nobody out meanwhile: those
 * that come later are not waited for.
 */
extern void gtl_lock_wait(GtlLockClass class, int64 id);

/* Does this session hold it, in this mode? */
extern bool gtl_lock_is_mine(GtlLockClass class, int64 id, bool shared);

/* Does nobody hold it exclusively, at this moment? */
extern bool gtl_lock_is_free(GtlLockClass class, int64 id);

/* Takes the advisory lock that users know by this number (pg_advisory_lock) and lets it go again. */
extern void gtl_lock_pass_user(int64 number);

/* Until released, or the end of the session. */
extern void gtl_lock_acquire_session(GtlLockClass class, int64 id, bool shared);
extern void gtl_lock_release_session(GtlLockClass class, int64 id, bool shared);

#endif							/* GTL_LOCK_H */
