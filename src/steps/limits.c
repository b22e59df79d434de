/*
 * limits.c
 *		The stopping conditions of a job.
 */
#include "steps/limits.h"

#include "base/format.h"

static GtlLimits
limits_of(const GtlJob *job)
{
	GtlLimits	limits = {job->max_human_labeled, job->max_percentage_labeled};

	return limits;
}

/* Labels that an audit has yet to pass count for nothing, and with those that it passes the job ends. */
static int32
machine_labeled(const GtlJob *job)
{
	return job->guarantee == GTL_GUARANTEE_AUDITED ? 0 : job->machine_labeled;
}

int64
gtl_limits_batch(const GtlJob *job, int64 wanted)
{
	GtlLimits	limits = limits_of(job);

	return Min(wanted, gtl_schedule_people_left(&limits, job->object_count, job->human_labeled, machine_labeled(job)));
}

char *
gtl_limits_reached(const GtlJob *job)
{
	if (gtl_limits_batch(job, 1) > 0)
		return NULL;
	if (job->max_human_labeled > 0 && job->human_labeled >= job->max_human_labeled)
		return psprintf("people have labeled %s objects, the job's max_human_labeled_object_count",
						gtl_format_count(job->human_labeled));
	return psprintf("%s of %s objects are labeled, the job's max_percentage_of_input_dataset_labeled of %d %%",
					gtl_format_count((int64) job->human_labeled + job->machine_labeled),
					gtl_format_count(job->object_count), job->max_percentage_labeled);
}
