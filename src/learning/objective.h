/*
 * objective.h
 *		What a fit minimizes: mean log loss over the training rows plus an L2
 *		penalty, as a function of the weights.
 *
 * Internal to src/learning.  The rows are cut into slices of GTL_SLICE_ROWS.  A
 * slice's loss and gradient are sums that depend on the weights and the slice's
 * rows only, and one function computes them into buffers of the caller's.  So
 * slices may be handed to any number of workers: the total is always the sum of
 * the slices in their order, in double.
 */
#ifndef GTL_OBJECTIVE_H
#define GTL_OBJECTIVE_H

#include "learning/shape.h"
#include "learning/whitening.h"

#define GTL_SLICE_ROWS 4096

/* What evaluating a slice reads. */
typedef struct GtlTrainingData
{
	GtlShape	shape;
	int64_t		rows;
	const float *features;		/* [rows x dimension], scaled */
	const int32_t *labels;		/* [rows] */
	int			block_rows;
} GtlTrainingData;

static inline int64_t
gtl_slice_count(const GtlTrainingData *data)
{
	return (data->rows + GTL_SLICE_ROWS - 1) / GTL_SLICE_ROWS;
}

/*
 * Sum of the log losses of one slice, and the gradient [weight_count] of that sum
 * (overwritten).  False: env said stop.
 */
extern bool gtl_objective_slice(const GtlTrainingData *data, const float *weights, int64_t slice,
								GtlScratch *scratch, double *loss, float *gradient,
								const GtlEnv *env);

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
	double	   *natural;		/* the weights that belong to the variables */
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
