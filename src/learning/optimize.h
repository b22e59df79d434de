/*
 * optimize.h
 *		Minimizing a smooth function by L-BFGS.
 *
 * Internal to src/learning; optimize.c is the only user of liblbfgs.
 */
#ifndef GTL_OPTIMIZE_H
#define GTL_OPTIMIZE_H

#include "learning/classifier.h"

typedef struct GtlMinimization
{
	/*
	 * Value and gradient at x; `largest` is what the tolerance is compared with.
	 * Called from inside liblbfgs: no longjmp.  NaN is allowed anywhere.
	 */
	double		(*evaluate) (void *context, const double *x, double *gradient, double *largest);
	void	   *context;

	size_t		n;
	double	   *x;				/* from gtl_optimize_vector: start, then the result */
	int			max_iterations;
	double		tolerance;		/* converged: largest <= tolerance */
} GtlMinimization;

/* Variables beyond what liblbfgs counts in an int are refused by the size functions. */
#define GTL_OPTIMIZE_MAX_VARIABLES ((size_t) 0x7fffffc0)

/* Bytes that a minimization of n variables needs, liblbfgs's own included; SIZE_MAX on overflow. */
extern size_t gtl_optimize_size(size_t n);

/*
 * A zeroed vector of n variables, aligned and padded as liblbfgs wants it.  *block
 * is what to release.
 */
extern double *gtl_optimize_vector(size_t n, const GtlEnv *env, void **block);

/*
 * On return x holds the best point found.  GTL_FIT_INTERRUPTED: env said stop; x is
 * not usable.
 */
extern void gtl_optimize(GtlMinimization *minimization, const GtlEnv *env, GtlFitReport *report);

#endif							/* GTL_OPTIMIZE_H */
