/*
 * regroup_proposals.h
 *		Guesses at the labels, when the categories change that they are about.
 */
#ifndef GTL_REGROUP_PROPOSALS_H
#define GTL_REGROUP_PROPOSALS_H

#include "tables/job.h"

/*
 * The inputs of the guesses that the job's rows came with, for `classes` categories; class c of before is
 * map[c], and several may be one.  The job's row is locked; its dimension changes.  Nothing to do without
 * proposals.
 */
extern void gtl_proposals_regroup(GtlJob *job, const int32 *map, int classes);

#endif							/* GTL_REGROUP_PROPOSALS_H */
