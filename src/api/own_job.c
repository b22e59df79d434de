/*
 * own_job.c
 *		The job that a function's argument job_name names, for its owner.
 */
#include "api/own_job.h"

#include "api/arguments.h"
#include "base/errors.h"

GtlJob *
gtl_own_job(FunctionCallInfo fcinfo)
{
	GtlJob	   *job = gtl_job_find(gtl_argument_text(fcinfo, 0, "job_name"));

	gtl_job_require_owner(job);
	return job;
}

GtlJob *
gtl_own_job_lock(const GtlJob *job)
{
	GtlJob	   *locked = gtl_job_lock(job->job_id);

	if (locked == NULL)
		gtl_error_unknown_job(job->name);
	return locked;
}

GtlJob *
gtl_own_job_locked(FunctionCallInfo fcinfo)
{
	return gtl_own_job_lock(gtl_own_job(fcinfo));
}
