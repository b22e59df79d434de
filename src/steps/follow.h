/*
 * follow.h
 *		Jobs that follow their table: what is inserted joins, what is deleted leaves.
 */
#ifndef GTL_FOLLOW_H
#define GTL_FOLLOW_H

#include "base/compat.h"
#include "commands/trigger.h"
#include "tables/job.h"

/* Triggers on the dataset, made with the rights of the current user.  Error if it is no table. */
extern void gtl_follow_start(const GtlJob *job);

/* For partitions that came since, as the current user; passed over if somebody has locked them. */
extern void gtl_follow_extend(const GtlJob *job);

/* Is it the dataset, or a partition or child of it? */
extern bool gtl_follow_is_part(const GtlJob *job, Oid relation);

/* Takes them away; where the current user may not, they stay and do nothing. */
extern void gtl_follow_stop(const GtlJob *job);

/* Called by such a trigger. */
extern void gtl_follow_note(const GtlJob *job, const TriggerData *trigger);

/* The step: what has changed.  No answers are in flight, and the job's row is locked. */
extern void gtl_follow_take(GtlJob *job);

#endif							/* GTL_FOLLOW_H */
