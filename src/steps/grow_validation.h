/*
 * grow_validation.h
 *		More objects for the validation set of a job that is there already.
 */
#ifndef GTL_GROW_VALIDATION_H
#define GTL_GROW_VALIDATION_H

#include "tables/job.h"

/*
 * Draws until the set has so many objects; the job's row is locked, and is written.  Returns how many joined
 * it.  Error if there are too few that can be drawn.
 */
extern int32 gtl_grow_validation(GtlJob *job, int32 wanted);

#endif							/* GTL_GROW_VALIDATION_H */
