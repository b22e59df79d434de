/*
 * objective.h
 *		What a fit minimizes: mean log loss over the training rows plus an L2
 *		penalty, as a function of the weights.
 *
 * Internal to src/learning.  The rows are cut into slices of GTL_SLICE_ROWS.  Sums
 * within a slice are float, the total is the sum of the slices in double.
 */
#ifndef GTL_OBJECTIVE_H
#define GTL_OBJECTIVE_H

#include "learning/whitening.h"

#define GTL_SLICE_ROWS 4096

typedef struct GtlObjective
{
	const GtlTrainingData *data;
	double		lambda;			/* penalty: lambda/2 |weights - center|^2 */
	const double *center;		/* NULL: 0, and biases are free */
	const GtlWhitening *whitening;	/* the optimizer's variables; NULL: the weights themselves */
	const GtlEnv *env;

	/* working memory */
	GtlScratch	scratch;
	float	   *weights;
	float	   *slice_gradient;
	float	   *block;			/* of streamed rows; NULL: they are in memory */
	double	   *natural;		/* the weights that belong to the variables; NULL: the same */
} GtlObjective;

/* Bytes that init allocates; SIZE_MAX on overflow. */
extern size_t gtl_objective_size(const GtlShape *shape);
extern void gtl_objective_init(GtlObjective *objective, const GtlTrainingData *data,
							   double lambda, const double *center,
							   const GtlWhitening *whitening, const GtlEnv *env);
extern void gtl_objective_release(GtlObjective *objective);

/*
 * Value and gradient at `variables`; `largest` is the largest absolute gradient with
 * respect to the weights.  NaN if env said stop (or the value is not a number).
 * Allocates nothing, never leaves by longjmp.
 */
extern double gtl_objective_evaluate(GtlObjective *objective, const double *variables,
									 double *gradient, double *largest);

#endif							/* GTL_OBJECTIVE_H */
