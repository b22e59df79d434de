/*
 * mlp.h
 *		Start weights of a network.  Internal to src/learning.
 */
#ifndef GTL_MLP_H
#define GTL_MLP_H

#include "learning/shape.h"

/* False: env said stop. */
extern bool gtl_mlp_start(const GtlShape *shape, uint64_t seed, const GtlEnv *env, double *weights);

#endif							/* GTL_MLP_H */
