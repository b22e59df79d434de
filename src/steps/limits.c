/*
 * limits.c
 *		The stopping conditions of a job.
 */
#include "steps/limits.h"

#include "base/text.h"

/* Labeled objects at which the share is reached: the smallest count of at least that many percent. */
static int64
percentage_count(const GtlJob *job)
{
	return ((int64) job->object_count * job->max_percentage_labeled + 99) / 100;
}

int64
gtl_limits_batch(const GtlJob *job, int64 wanted)
{
	if (job->max_human_labeled > 0)
		wanted = Min(wanted, (int64) job->max_human_labeled - job->human_labeled);
	if (job->max_percentage_labeled > 0)
		wanted = Min(wanted, percentage_count(job) - job->human_labeled - job->machine_labeled);
	return Max(wanted, 0);
}

char *
gtl_limits_reached(const GtlJob *job)
{
	if (job->max_human_labeled > 0 && job->human_labeled >= job->max_human_labeled)
		return psprintf("people have labeled %s objects, the job's max_human_labeled_object_count",
						gtl_text_count(job->human_labeled));
	if (job->max_percentage_labeled > 0 &&
		(int64) job->human_labeled + job->machine_labeled >= percentage_count(job))
		return psprintf("%s of %s objects are labeled, the job's max_percentage_of_input_dataset_labeled of %d %%",
						gtl_text_count((int64) job->human_labeled + job->machine_labeled),
						gtl_text_count(job->object_count), job->max_percentage_labeled);
	return NULL;
}
