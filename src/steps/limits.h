/*
 * limits.h
 *		The stopping conditions of a job.
 */
#ifndef GTL_LIMITS_H
#define GTL_LIMITS_H

#include "base/compat.h"
#include "tables/job.h"

/* How many of `wanted` objects people may still label. */
extern int64 gtl_limits_batch(const GtlJob *job, int64 wanted);

/* Why the job must end although objects are unlabeled, in words; NULL: it need not. */
extern char *gtl_limits_reached(const GtlJob *job);

#endif							/* GTL_LIMITS_H */
