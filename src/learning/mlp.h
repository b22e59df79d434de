/*
 * mlp.h
 *		Start weights of a network.  Internal to src/learning.
 */
#ifndef GTL_MLP_H
#define GTL_MLP_H

#include "learning/shape.h"

extern void gtl_mlp_start(const GtlShape *shape, uint64_t seed, double *weights);

#endif							/* GTL_MLP_H */
