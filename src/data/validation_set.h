/*
 * validation_set.h
 *		Which objects of a segment are of the job's validation set.
 */
#ifndef GTL_VALIDATION_SET_H
#define GTL_VALIDATION_SET_H

#include "base/compat.h"
#include "learning/env.h"
#include "tables/job.h"
#include "tables/segment.h"

/* How many of a new job's objects, and their share: sets both of the segment. */
extern void gtl_validation_begin(const GtlJob *job, GtlSegment *segment, int64 objects);

/*
 * The same for objects that join a job with these segments.  Objects of theirs can leave the set, so that
 * the shares stay equal: job->validation_count follows.
 */
extern void gtl_validation_join(GtlJob *job, const GtlSegment *before, int nbefore, GtlSegment *segment, int64 objects);

/* The segments have the smallest share of any; returns how many objects leave the set.  job->validation_count follows. */
extern int32 gtl_validation_equalize(GtlJob *job);

/*
 * The place in the validation set of each object of the segment, or -1; palloc'd.  Places go on from first_place, in the order
 * of the draw.
 */
extern int32 *gtl_validation_place(const GtlJob *job, const GtlSegment *segment, int64 objects, int32 first_place, const GtlEnv *env);

#endif							/* GTL_VALIDATION_SET_H */
