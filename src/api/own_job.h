/*
 * own_job.h
 *		The job that a function's argument job_name names, for its owner.
 */
#ifndef GTL_OWN_JOB_H
#define GTL_OWN_JOB_H

#include "base/compat.h"
#include "fmgr.h"
#include "tables/job.h"

/* The job of the first argument; an error if there is none, or the caller is not a member of its owner. */
extern GtlJob *gtl_own_job(FunctionCallInfo fcinfo);

/* The job as it stands, with its row locked; an error if it was dropped meanwhile. */
extern GtlJob *gtl_own_job_lock(const GtlJob *job);

/* Both. */
extern GtlJob *gtl_own_job_locked(FunctionCallInfo fcinfo);

#endif							/* GTL_OWN_JOB_H */
