/*
 * optimize.h
 *		Minimizing a smooth function by L-BFGS.
 *
 * Internal to src/learning.
 */
#ifndef GTL_OPTIMIZE_H
#define GTL_OPTIMIZE_H

#include "learning/classifier.h"

typedef struct GtlMinimization
{
	/*
	 * Value and gradient at x; `largest` is what the tolerance is compared with.  NaN is
	 * allowed anywhere.
	 */
	double		(*evaluate) (void *context, const double *x, double *gradient, double *largest);
	void	   *context;

	size_t		n;
	double	   *x;				/* from gtl_optimize_vector: start, then the result */
	int			pairs;			/* gtl_optimize_pairs */
	int			max_iterations;
	double		tolerance;		/* converged: largest <= tolerance */
} GtlMinimization;

#define GTL_FEWEST_PAIRS 10

/* How many steps of the past pay for a function of n variables that is a sum over so many rows. */
extern int	gtl_optimize_pairs(size_t n, int64_t rows);

/* Bytes that a minimization of n variables needs, x included; SIZE_MAX on overflow. */
extern size_t gtl_optimize_size(size_t n, int pairs);

/* A zeroed vector of n variables; *block is what to release. */
extern double *gtl_optimize_vector(size_t n, const GtlEnv *env, void **block);

/*
 * On return x holds the best point found.  GTL_FIT_INTERRUPTED: env said stop; x is
 * not usable.
 */
extern void gtl_optimize(const GtlMinimization *minimization, const GtlEnv *env, GtlFitReport *report);

#endif							/* GTL_OPTIMIZE_H */
