/*
 * optimize.c
 *		L-BFGS with a line search for the strong Wolfe conditions.
 *
 * The direction is -H g, H the inverse Hessian that the last MEMORY pairs (s, y) of steps and
 * gradient changes make of a multiple of the identity (two loops over the pairs); the first step
 * has length 1.  Pairs
 * of too little curvature are skipped, so H stays positive definite.
 *
 * A line search keeps an interval that holds a step as wanted: its low end is the best point
 * yet, with the function falling towards the other end.  Trial steps come from the cubic through both ends,
 * kept away from them.  Values that are not finite count as too high, so the step shrinks.
 *
 * Invariants
 *	* x is the best point accepted so far, always finite, and only changes between line searches.
 *	* env is asked after each pass over the variables and after each evaluation.
 *	* Vectors are aligned: BLAS may add up in another order where they are not, and a fit has to
 *	  give the same bits in every process.
 *
 * Papers: Liu, Nocedal, "On the Limited Memory BFGS Method for Large Scale Optimization",
 * Mathematical Programming 1989; Nocedal, Wright, "Numerical Optimization", 2nd edition,
 * algorithms 3.5, 3.6, 7.4.
 */
#include "learning/optimize.h"

#include <math.h>
#include <string.h>

#include "learning/kernels.h"
#include "learning/shape.h"

#define MEMORY 10
#define LINE_EVALUATIONS 30
#define SUFFICIENT_DECREASE 1e-4	/* c1 */
#define CURVATURE 0.9			/* c2 */
#define LONGER 4.0				/* a step that is too short grows by at most this */
#define MARGIN 0.1				/* trial steps stay off the ends of the interval by this share of it */
#define RELATIVE_DECREASE 1e-12
#define LEAST_CURVATURE 1e-10	/* of |s| |y| */
#define OWN_VECTORS 4
#define VECTORS (2 * MEMORY + OWN_VECTORS)
#define ALIGNMENT 64
#define PAD (ALIGNMENT / sizeof(double))

/* One step of the past and what it did to the gradient. */
typedef struct Pair
{
	double	   *s;				/* NULL: not used yet */
	double	   *y;
	void	   *block;			/* of both */
	double		sy;
	double		weight;			/* of the two loops */
} Pair;

typedef struct Run
{
	const GtlMinimization *minimization;
	const GtlEnv *env;
	GtlFitReport *report;
	size_t		n;
	void	   *block;			/* of the vectors that follow */
	double	   *gradient;		/* at x */
	double	   *trial;
	double	   *trial_gradient;
	double	   *direction;
	double		value;			/* at x */
	double		largest;		/* of the gradient at x, as the tolerance counts it */
	Pair		pair[MEMORY];	/* the newest last */
	int			npairs;
	double		scale;			/* H before any pair */
} Run;

/* A point on the line. */
typedef struct Point
{
	double		step;
	double		value;
	double		slope;
} Point;

static size_t
padded(size_t n)
{
	return gtl_size_add(n, PAD - 1) / PAD * PAD;
}

size_t
gtl_optimize_size(size_t n)
{
	/* plus x */
	return gtl_size_add(gtl_size_multiply(padded(n), (VECTORS + 1) * sizeof(double)), 2 * ALIGNMENT);
}

double *
gtl_optimize_vector(size_t n, const GtlEnv *env, void **block)
{
	*block = gtl_env_alloc(env, padded(n) * sizeof(double) + ALIGNMENT);
	return (double *) (((uintptr_t) *block + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

static bool
interrupted(const Run *run)
{
	return gtl_env_interrupted(run->env);
}

static bool
finish(Run *run, GtlFitOutcome outcome)
{
	run->report->outcome = outcome;
	return false;
}

/* The vectors that every run needs, in one block; those of a pair come when it does, as it takes a while to clear them. */
static void
init(Run *run)
{
	size_t		n = padded(run->n);
	double	   *next = gtl_optimize_vector(OWN_VECTORS * n, run->env, &run->block);

	run->gradient = next;
	run->trial = next + n;
	run->trial_gradient = next + 2 * n;
	run->direction = next + 3 * n;
}

static void
release(Run *run)
{
	for (int i = 0; i < MEMORY; i++)
		gtl_env_release(run->env, run->pair[i].block);
	gtl_env_release(run->env, run->block);
}

/* Value and gradient at x; NaN if either is not finite.  False: interrupted. */
static bool
evaluate(Run *run, const double *x, double *gradient, double *value, double *largest)
{
	const GtlMinimization *m = run->minimization;

	*value = NAN;
	if (isfinite(gtl_kernel_largest(x, run->n)))
	{
		run->report->evaluations++;
		*value = m->evaluate(m->context, x, gradient, largest);
		if (!isfinite(*value) || !isfinite(*largest))
			*value = NAN;
	}
	return !interrupted(run) || finish(run, GTL_FIT_INTERRUPTED);
}

/* ---- Direction ------------------------------------------------------------------- */

/* direction = -H gradient; false: interrupted. */
static bool
set_direction(Run *run)
{
	double	   *d = run->direction;
	size_t		n = run->n;

	for (size_t i = 0; i < n; i++)
		d[i] = -run->gradient[i];
	for (int p = run->npairs - 1; p >= 0; p--)
	{
		Pair	   *pair = &run->pair[p];

		pair->weight = gtl_kernel_dot(pair->s, d, n) / pair->sy;
		gtl_kernel_add(-pair->weight, pair->y, d, n);
		if (interrupted(run))
			return finish(run, GTL_FIT_INTERRUPTED);
	}
	if (interrupted(run))
		return finish(run, GTL_FIT_INTERRUPTED);
	for (size_t i = 0; i < n; i++)
		d[i] *= run->scale;
	for (int p = 0; p < run->npairs; p++)
	{
		Pair	   *pair = &run->pair[p];

		gtl_kernel_add(pair->weight - gtl_kernel_dot(pair->y, d, n) / pair->sy, pair->s, d, n);
		if (interrupted(run))
			return finish(run, GTL_FIT_INTERRUPTED);
	}
	return true;
}

/* The oldest pair, or a free one, becomes the newest. */
static Pair *
next_pair(Run *run)
{
	Pair		reused;

	if (run->npairs < MEMORY)
	{
		Pair	   *pair = &run->pair[run->npairs];

		if (pair->s == NULL)
		{
			pair->s = gtl_optimize_vector(2 * padded(run->n), run->env, &pair->block);
			pair->y = pair->s + padded(run->n);
		}
		return pair;
	}
	reused = run->pair[0];
	memmove(run->pair, run->pair + 1, (MEMORY - 1) * sizeof(Pair));
	run->pair[MEMORY - 1] = reused;
	run->npairs = MEMORY - 1;
	return &run->pair[MEMORY - 1];
}

/* From x to the trial point.  False: interrupted. */
static bool
accept_trial(Run *run, double value, double largest)
{
	Pair	   *pair = next_pair(run);
	double	   *x = run->minimization->x;
	double		yy;
	double		ss;

	for (size_t i = 0; i < run->n; i++)
	{
		pair->s[i] = run->trial[i] - x[i];
		pair->y[i] = run->trial_gradient[i] - run->gradient[i];
	}
	memcpy(x, run->trial, run->n * sizeof(double));
	memcpy(run->gradient, run->trial_gradient, run->n * sizeof(double));
	run->value = value;
	run->largest = largest;
	if (interrupted(run))
		return finish(run, GTL_FIT_INTERRUPTED);
	pair->sy = gtl_kernel_dot(pair->s, pair->y, run->n);
	yy = gtl_kernel_dot(pair->y, pair->y, run->n);
	ss = gtl_kernel_dot(pair->s, pair->s, run->n);
	if (pair->sy > LEAST_CURVATURE * sqrt(ss * yy))
	{
		run->npairs++;
		run->scale = pair->sy / yy;
	}
	return true;
}

/* ---- Line search ------------------------------------------------------------------ */

/* Where the cubic through two points with their slopes has its minimum; NaN: nowhere. */
static double
cubic_minimum(const Point *a, const Point *b)
{
	double		width = b->step - a->step;
	double		d = a->slope + b->slope - 3.0 * (b->value - a->value) / width;
	double		square = d * d - a->slope * b->slope;
	double		root = copysign(sqrt(square), width);

	return b->step - width * (b->slope + root - d) / (b->slope - a->slope + 2.0 * root);
}

/* A step between the ends of the interval, away from both. */
static double
step_within(const Point *low, const Point *high)
{
	double		step = isfinite(high->value) ? cubic_minimum(low, high) : NAN;
	double		width = high->step - low->step;
	double		share = (step - low->step) / width;

	if (!(share >= MARGIN))
		share = isnan(share) ? 0.5 : MARGIN;
	return low->step + width * (share <= 1.0 - MARGIN ? share : 1.0 - MARGIN);
}

/* A longer step, after one that was too short. */
static double
step_beyond(const Point *before, const Point *low)
{
	double		step = cubic_minimum(before, low);
	double		longest = low->step * LONGER;

	if (!(step >= low->step * (1.0 + MARGIN)))
		return isnan(step) || step < low->step ? longest : low->step * (1.0 + MARGIN);
	return step < longest ? step : longest;
}

/* The trial point, a step along the direction.  False: interrupted. */
static bool
try_step(Run *run, double step, Point *point, double *largest)
{
	memcpy(run->trial, run->minimization->x, run->n * sizeof(double));
	gtl_kernel_add(step, run->direction, run->trial, run->n);
	point->step = step;
	if (!evaluate(run, run->trial, run->trial_gradient, &point->value, largest))
		return false;
	point->slope = isnan(point->value) ? NAN : gtl_kernel_dot(run->trial_gradient, run->direction, run->n);
	return true;
}

/*
 * Moves x along the direction to a point that meets the strong Wolfe conditions, or to the
 * lowest one found.  False: the run is over.
 */
static bool
search_line(Run *run, double step)
{
	const Point start = {0.0, run->value, gtl_kernel_dot(run->gradient, run->direction, run->n)};
	Point		low = start;
	Point		high = {NAN, NAN, NAN};
	double		largest = 0.0;

	if (!(start.slope < 0.0))
		return finish(run, GTL_FIT_LINE_SEARCH_FAILED);
	for (int i = 0; i < LINE_EVALUATIONS; i++)
	{
		Point		point;
		Point		before = low;

		if (!try_step(run, step, &point, &largest))
			return false;
		if (!(point.value <= start.value + SUFFICIENT_DECREASE * step * start.slope) ||
			(low.step > 0.0 && point.value >= low.value))
			high = point;
		else if (fabs(point.slope) <= -CURVATURE * start.slope)
			return accept_trial(run, point.value, largest);
		else
		{
			if (isnan(high.step) ? point.slope >= 0.0 : point.slope * (high.step - low.step) >= 0.0)
				high = low;
			low = point;
		}
		step = isnan(high.step) ? step_beyond(&before, &low) : step_within(&low, &high);
	}
	if (!(low.value < start.value))
		return finish(run, GTL_FIT_LINE_SEARCH_FAILED);
	if (!try_step(run, low.step, &low, &largest))
		return false;
	return accept_trial(run, low.value, largest);
}

/* ---- Driver ----------------------------------------------------------------------- */

static double
length(const double *x, size_t n)
{
	return sqrt(gtl_kernel_dot(x, x, n));
}

static bool
start_run(Run *run)
{
	const GtlMinimization *m = run->minimization;

	if (!evaluate(run, m->x, run->gradient, &run->value, &run->largest))
		return false;
	run->report->objective = run->value;
	if (isnan(run->value))
		return finish(run, GTL_FIT_LINE_SEARCH_FAILED);
	if (run->largest <= m->tolerance)
		return finish(run, GTL_FIT_CONVERGED);
	run->scale = 1.0 / length(run->gradient, run->n);
	return true;
}

/* One iteration; false: the run is over. */
static bool
iterate(Run *run, int iteration)
{
	const GtlMinimization *m = run->minimization;
	double		before = run->value;

	if (iteration >= m->max_iterations)
		return finish(run, GTL_FIT_ITERATION_LIMIT);
	if (!set_direction(run) || !search_line(run, 1.0))
		return false;
	run->report->iterations = iteration + 1;
	run->report->objective = run->value;
	if (run->largest <= m->tolerance)
		return finish(run, GTL_FIT_CONVERGED);
	if (before - run->value < RELATIVE_DECREASE * fabs(run->value))
		return finish(run, GTL_FIT_STALLED);
	return true;
}

void
gtl_optimize(const GtlMinimization *minimization, const GtlEnv *env, GtlFitReport *report)
{
	Run			run = {.minimization = minimization, .env = env, .report = report, .n = minimization->n};

	memset(report, 0, sizeof *report);
	init(&run);
	if (start_run(&run))
		for (int i = 0; iterate(&run, i);)
			i++;
	release(&run);
}
