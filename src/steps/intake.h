/*
 * intake.h
 *		Rows that join a job after its creation.
 */
#ifndef GTL_INTAKE_H
#define GTL_INTAKE_H

#include "base/compat.h"
#include "tables/job.h"

/*
 * Takes in the rows of the dataset that the job does not know, read with the rights of the job's owner; a completed
 * job is in progress again.  The job's row is locked.  Returns the number of objects that joined.
 */
extern int32 gtl_intake(GtlJob *job);

/* Could the newest changes of a dataset that the job follows not be taken in? */
extern bool gtl_intake_refused(const GtlJob *job);

#endif							/* GTL_INTAKE_H */
