/*
 * whitening.h
 *		A change of variables that makes the training rows look uncorrelated to
 *		the optimizer.
 *
 * Internal to src/learning.  The objective stays the same function of the weights;
 * only the path to its minimum gets shorter (whitening.c says why).
 */
#ifndef GTL_WHITENING_H
#define GTL_WHITENING_H

#include "learning/training_data.h"

typedef struct GtlWhitening
{
	int			dimension;
	double	   *factor;			/* [dimension x dimension], lower triangle L */
	double	   *bias_line;		/* [dimension], last line of the factor, left of its corner */
	double		bias_corner;
} GtlWhitening;

/* Is it worth its cost for this shape and number of rows? */
extern bool gtl_whitening_pays(const GtlShape *shape, int64_t rows);

/* Bytes that init allocates; SIZE_MAX on overflow. */
extern size_t gtl_whitening_size(const GtlShape *shape);

/*
 * row_weights [rows], their mean 1: how much each row counts (curvature.h); NULL: all the same.
 * False: env said stop, or the matrix was not positive definite; nothing is allocated then.
 */
extern bool gtl_whitening_init(GtlWhitening *whitening, const GtlTrainingData *data, double lambda,
							   const float *row_weights, const GtlEnv *env);
extern void gtl_whitening_release(GtlWhitening *whitening, const GtlEnv *env);

/* Each in place, on all weights of the first layer. */
extern void gtl_whitening_to_weights(const GtlWhitening *whitening, const GtlLayer *layer, double *variables);
extern void gtl_whitening_from_weights(const GtlWhitening *whitening, const GtlLayer *layer, double *weights);
extern void gtl_whitening_gradient(const GtlWhitening *whitening, const GtlLayer *layer, double *gradient);

#endif							/* GTL_WHITENING_H */
