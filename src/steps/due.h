/*
 * due.h
 *		What a live job does next: gtl_due (learning/schedule.h) asked with the facts in the tables.
 */
#ifndef GTL_STEPS_DUE_H
#define GTL_STEPS_DUE_H

#include "base/compat.h"
#include "tables/job.h"

/* The step that is due, as far as committed changes and this transaction's own say. */
extern GtlDue gtl_due_of(const GtlJob *job);

/*
 * Does a step seem due?  Cheap.  An answer in flight counts as given, so it may say yes too
 * early, and does not say no when that answer is the last one.
 */
extern bool gtl_due_seems(const GtlJob *job);

/* Has the last closed batch called for a round that has not run, or have rows joined that none has decided on? */
extern bool gtl_due_round_pending(const GtlJob *job);

/* Is the open batch's time over, although some of its tasks are open? */
extern bool gtl_due_expired(const GtlJob *job);

/*
 * Until when a worker leaves a batch open whose last answers have come, for people to take them back, and lets changes of
 * the dataset gather; in the past: nothing to wait for.  gt_advance_job does not wait: its caller wants the step now.
 */
extern TimestampTz gtl_due_undo_until(const GtlJob *job);

#endif							/* GTL_STEPS_DUE_H */
