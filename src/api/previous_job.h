/*
 * previous_job.h
 *		A job that goes on from another one, and a job that is there already.
 */
#ifndef GTL_PREVIOUS_JOB_H
#define GTL_PREVIOUS_JOB_H

#include "data/dataset.h"
#include "fmgr.h"
#include "tables/job.h"

/* The settings that follow from the previous job where the caller has set none.  Error if there is no such job. */
extern void gtl_previous_job_read(GtlJob *job);

/* What the previous job, and those before it, have labeled under the same attribute: labels of the rows. */
extern void gtl_previous_job_add_labels(const GtlJob *job, const char *schema, GtlDataset *dataset);

/*
 * For if_not_exists: the job of that name, if there is one and its settings are those of `job`, whose arguments the
 * call has; NULL: there is none.  Error, with the differences, if there is another one.
 */
extern GtlJob *gtl_existing_job(FunctionCallInfo fcinfo, const GtlJob *job);

#endif							/* GTL_PREVIOUS_JOB_H */
