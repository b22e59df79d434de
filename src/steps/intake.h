/*
 * intake.h
 *		Rows that join a job after its creation.
 */
#ifndef GTL_INTAKE_H
#define GTL_INTAKE_H

#include "base/compat.h"
#include "data/unknown_rows.h"
#include "tables/job.h"

/*
 * Takes in the rows of the dataset that the job does not know, read with the rights of the job's owner; a completed
 * job is in progress again.  The job's row is locked.  Rows that cannot be taken in are an error, or passed over and told of by an event.  Returns the number of objects that joined.
 */
extern int32 gtl_intake(GtlJob *job, bool pass_over);

/* Could the newest changes of a dataset that the job follows not be taken in? */
extern bool gtl_intake_refused(const GtlJob *job);

/* Which of the keys that the job knows the dataset has now; returns how many rows it has. */
extern int64 gtl_intake_compare(const GtlJob *job, GtlKnownKeys *keys);

/*
 * Of a job in place: the rows with these keys, drawn for an audit, none of which the job knows.  They join the lot that is,
 * outside of the validation set.
 */
extern void gtl_intake_drawn(GtlJob *job, char *const *keys, int count);

#endif							/* GTL_INTAKE_H */
