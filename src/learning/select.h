/*
 * select.h
 *		Which unlabeled objects people see next.
 */
#ifndef GTL_SELECT_H
#define GTL_SELECT_H

#include "learning/env.h"

/*
 * Both return 0 when they are interrupted: whoever goes on with what they chose asks env whether it is to stop.
 */

/*
 * The `wanted` objects with the smallest scores (margins); ties go to the smaller
 * object number.  Writes their positions (indexes into objects/scores) in that
 * order to `chosen` and returns how many: min(wanted, n).  O(n + wanted log wanted)
 * expected, no randomness.
 */
extern int64_t gtl_select_lowest(const int32_t *objects, const double *scores, int64_t n,
								 int64_t wanted, const GtlEnv *env, int64_t *chosen);

/*
 * A simple random sample without replacement: the `wanted` objects with the
 * smallest gtl_random_bits(seed, stream, object), in that order.  Same result for
 * the same set of objects, whatever their order in the array.
 */
extern int64_t gtl_select_random(const int32_t *objects, int64_t n, int64_t wanted,
								 uint64_t seed, int stream, const GtlEnv *env, int32_t *chosen);

/*
 * The nth largest of n scores, 1 <= nth <= n, none of them below 0 or not a number; leaves them in no order.  A score that
 * means nothing when it is interrupted.
 */
extern double gtl_select_largest(double *scores, int64_t n, int64_t nth, const GtlEnv *env);

#endif							/* GTL_SELECT_H */
