/*
 * start.h
 *		The objects that people label first, one from each part of the cloud of objects.
 *
 * Objects that are not drawn at random are no evidence for a promise: this start is for jobs whose
 * promise an audit keeps.
 */
#ifndef GTL_START_H
#define GTL_START_H

#include "learning/certify.h"
#include "learning/pool_score.h"

#define GTL_START_MOST 1000		/* objects; more cells would take minutes */

/* Are the first `wanted` of the objects chosen, and not drawn at random? */
extern bool gtl_start_offered(GtlGuarantee guarantee, bool neighbours, int64_t objects, int64_t wanted);

/*
 * `wanted` of the first `objects` rows, by the neighbourhood columns, which follow `dimension`
 * features in each row: the row nearest the centre of each of `wanted` cells, largest cells
 * first; random rows for cells that have none.  The rows are read twice from first to last.
 * False: interrupted.  wanted is at most objects and GTL_START_MOST.
 */
extern bool gtl_start_choose(int64_t objects, int dimension, GtlReadRows read_rows, void *read_context,
							 int64_t wanted, uint64_t seed, const GtlEnv *env, int32_t *chosen);

#endif							/* GTL_START_H */
