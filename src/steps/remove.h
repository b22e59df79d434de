/*
 * remove.h
 *		Rows that leave a job.
 */
#ifndef GTL_REMOVE_H
#define GTL_REMOVE_H

#include "base/compat.h"
#include "tables/job.h"

/*
 * Erases what the job has of the rows with these keys, objects and rows that came with a label.  No answers are in
 * flight (in_flight.h), and the job's row is locked.  Returns how many rows it was; keys that the job does not know
 * are passed over.
 */
extern int32 gtl_remove(GtlJob *job, char *const *keys, int count);

/*
 * Objects whose rows have changed leave, to join again.  The same, but what people have said about them stays as history
 * (former_answer.h).
 */
extern int32 gtl_remove_changed(GtlJob *job, char *const *keys, int count);

#endif							/* GTL_REMOVE_H */
