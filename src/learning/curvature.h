/*
 * curvature.h
 *		How much each training row bends the loss at the weights where a fit starts.
 *
 * Internal to src/learning.
 */
#ifndef GTL_CURVATURE_H
#define GTL_CURVATURE_H

#include "learning/training_data.h"

/*
 * For each row the trace of the Hessian of its log loss with respect to its scores, sum p (1 - p),
 * but not below a share of the most that it can be; their mean is 1.  The memory is
 * from env.  NULL: stopped.
 */
extern float *gtl_curvature_rows(const GtlTrainingData *data, const double *weights, const GtlEnv *env);

#endif							/* GTL_CURVATURE_H */
