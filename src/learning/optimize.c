/*
 * optimize.c
 *		L-BFGS with a line search for the strong Wolfe conditions.
 *
 * The direction is -H g, H the inverse Hessian that the last pairs (s, y) of steps and gradient changes
 * make of a multiple of the identity (two loops over the pairs); the first step has length 1.  Pairs of too
 * little curvature are skipped, so H stays positive definite.  Fits of many rows keep more pairs.
 *
 * A line search keeps an interval that holds a step as wanted: its low end is the best point
 * yet, with the function falling towards the other end.  Trial steps come from the cubic through both ends,
 * kept away from them.  Values that are not finite count as too high, so the step shrinks.
 *
 * Invariants
 *	* x is the best point accepted so far, always finite, and only changes between line searches.
 *	* env is asked at each piece of a pass over the variables and after each evaluation, so a stop takes as long
 *	  with millions of weights.  Once it said stop, `stopped` is set and no pass goes on; what it
 *	  computed is not used.
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

#define MOST_PAIRS 20			/* more save few iterations (bench/learning) */
#define ROWS_PER_PAIR 200		/* then the two loops over the pairs take a small part of an evaluation */
#define PAIR_BYTES ((size_t) 4 * 1024 * 1024)	/* of all pairs, unless they are the fewest */
#define LINE_EVALUATIONS 30
#define SUFFICIENT_DECREASE 1e-4	/* c1 */
#define CURVATURE 0.9			/* c2 */
#define LONGER 4.0				/* a step that is too short grows by at most this */
#define MARGIN 0.1				/* trial steps stay off the ends of the interval by this share of it */
#define RELATIVE_DECREASE 1e-12
#define LEAST_CURVATURE 1e-10	/* of |s| |y| */
#define OWN_VECTORS 4
#define ALIGNMENT 64
#define PAD (ALIGNMENT / sizeof(double))

/* One step of the past and what it did to the gradient. */
typedef struct Pair
{
	double	   *s;				/* NULL: not used yet */
	double	   *y;
	void	   *block[2];
	double		sy;
	double		weight;			/* of the two loops */
} Pair;

typedef struct Run
{
	const GtlMinimization *minimization;
	const GtlEnv *env;
	GtlFitReport *report;
	size_t		n;
	bool		stopped;
	void	   *block[OWN_VECTORS]; /* of the vectors that follow */
	double	   *gradient;		/* at x */
	double	   *trial;
	double	   *trial_gradient;
	double	   *direction;
	double		value;			/* at x */
	double		largest;		/* of the gradient at x, as the tolerance counts it */
	Pair		pair[MOST_PAIRS];	/* the newest last */
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

static size_t
vector_bytes(size_t n)
{
	return gtl_size_add(gtl_size_multiply(padded(n), sizeof(double)), ALIGNMENT);
}

int
gtl_optimize_pairs(size_t n, int64_t rows)
{
	size_t		fit = PAIR_BYTES / gtl_size_multiply(2, vector_bytes(n));
	int64_t		pay = rows / ROWS_PER_PAIR < MOST_PAIRS ? rows / ROWS_PER_PAIR : MOST_PAIRS;

	if ((size_t) pay > fit)
		pay = (int64_t) fit;
	return pay < GTL_FEWEST_PAIRS ? GTL_FEWEST_PAIRS : (int) pay;
}

size_t
gtl_optimize_size(size_t n, int pairs)
{
	/* plus x */
	return gtl_size_multiply(vector_bytes(n), 2 * (size_t) pairs + OWN_VECTORS + 1);
}

double *
gtl_optimize_vector(size_t n, const GtlEnv *env, void **block)
{
	*block = gtl_env_alloc(env, vector_bytes(n));
	return (double *) (((uintptr_t) *block + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

static bool
finish(Run *run, GtlFitOutcome outcome)
{
	run->report->outcome = outcome;
	return false;
}

/* True: not told to stop. */
static bool
going(Run *run)
{
	if (!run->stopped && gtl_env_interrupted(run->env))
	{
		run->stopped = true;
		(void) finish(run, GTL_FIT_INTERRUPTED);
	}
	return !run->stopped;
}

/* The next piece of a pass over the variables; false: the pass is over, or stopped. */
static bool
next_piece(Run *run, GtlPiece *piece)
{
	return !run->stopped && (gtl_piece_next(piece, run->n, run->env) || (piece->to < run->n && going(run)));
}

static double
dot(Run *run, const double *x, const double *y)
{
	double		sum = 0.0;

	for (GtlPiece p = {0, 0}; next_piece(run, &p);)
		sum += gtl_kernel_dot(x + p.from, y + p.from, p.to - p.from);
	return sum;
}

/* y += share * x */
static void
add(Run *run, double share, const double *x, double *y)
{
	for (GtlPiece p = {0, 0}; next_piece(run, &p);)
		gtl_kernel_add(share, x + p.from, y + p.from, p.to - p.from);
}

static void
copy(Run *run, const double *from, double *to)
{
	for (GtlPiece p = {0, 0}; next_piece(run, &p);)
		memcpy(to + p.from, from + p.from, (p.to - p.from) * sizeof(double));
}

static bool
all_finite(Run *run, const double *x)
{
	bool		finite = true;

	for (GtlPiece p = {0, 0}; finite && next_piece(run, &p);)
		finite = isfinite(gtl_kernel_largest(x + p.from, p.to - p.from));
	return finite;
}

/* Each in a block of its own: it takes a while to clear one. */
static double *
new_vector(Run *run, void **block)
{
	return going(run) ? gtl_optimize_vector(run->n, run->env, block) : NULL;
}

/* The vectors that every run needs; those of a pair come when it does.  False: interrupted. */
static bool
init(Run *run)
{
	run->gradient = new_vector(run, &run->block[0]);
	run->trial = new_vector(run, &run->block[1]);
	run->trial_gradient = new_vector(run, &run->block[2]);
	run->direction = new_vector(run, &run->block[3]);
	return going(run);
}

static void
release(Run *run)
{
	for (int i = 0; i < MOST_PAIRS; i++)
	{
		gtl_env_release(run->env, run->pair[i].block[0]);
		gtl_env_release(run->env, run->pair[i].block[1]);
	}
	for (int i = 0; i < OWN_VECTORS; i++)
		gtl_env_release(run->env, run->block[i]);
}

/* Value and gradient at x; NaN if either is not finite.  False: interrupted. */
static bool
evaluate(Run *run, const double *x, double *gradient, double *value, double *largest)
{
	const GtlMinimization *m = run->minimization;

	*value = NAN;
	if (all_finite(run, x) && !run->stopped)
	{
		run->report->evaluations++;
		*value = m->evaluate(m->context, x, gradient, largest);
		if (!isfinite(*value) || !isfinite(*largest))
			*value = NAN;
	}
	return going(run);
}

/* ---- Direction ------------------------------------------------------------------- */

/* d *= factor */
static void
scale(Run *run, double factor, double *d)
{
	for (GtlPiece p = {0, 0}; next_piece(run, &p);)
		for (size_t i = p.from; i < p.to; i++)
			d[i] *= factor;
}

/* direction = -H gradient; false: interrupted. */
static bool
set_direction(Run *run)
{
	double	   *d = run->direction;

	copy(run, run->gradient, d);
	scale(run, -1.0, d);
	for (int p = run->npairs - 1; p >= 0; p--)
	{
		Pair	   *pair = &run->pair[p];

		pair->weight = dot(run, pair->s, d) / pair->sy;
		add(run, -pair->weight, pair->y, d);
	}
	scale(run, run->scale, d);
	for (int p = 0; p < run->npairs; p++)
	{
		Pair	   *pair = &run->pair[p];

		add(run, pair->weight - dot(run, pair->y, d) / pair->sy, pair->s, d);
	}
	return going(run);
}

/* The oldest pair, or a free one, becomes the newest.  NULL: interrupted. */
static Pair *
next_pair(Run *run)
{
	Pair		reused;

	if (run->npairs < run->minimization->pairs)
	{
		Pair	   *pair = &run->pair[run->npairs];

		if (pair->s == NULL)
		{
			pair->s = new_vector(run, &pair->block[0]);
			pair->y = new_vector(run, &pair->block[1]);
		}
		return going(run) ? pair : NULL;
	}
	reused = run->pair[0];
	run->npairs--;
	memmove(run->pair, run->pair + 1, (size_t) run->npairs * sizeof(Pair));
	run->pair[run->npairs] = reused;
	return &run->pair[run->npairs];
}

/* From x to the trial point.  False: interrupted. */
static bool
accept_trial(Run *run, double value, double largest)
{
	Pair	   *pair = next_pair(run);
	double	   *x = run->minimization->x;
	double		yy;
	double		ss;

	if (pair == NULL)
		return false;
	for (GtlPiece p = {0, 0}; next_piece(run, &p);)
		for (size_t i = p.from; i < p.to; i++)
		{
			pair->s[i] = run->trial[i] - x[i];
			pair->y[i] = run->trial_gradient[i] - run->gradient[i];
		}
	copy(run, run->trial, x);
	copy(run, run->trial_gradient, run->gradient);
	run->value = value;
	run->largest = largest;
	pair->sy = dot(run, pair->s, pair->y);
	yy = dot(run, pair->y, pair->y);
	ss = dot(run, pair->s, pair->s);
	if (pair->sy > LEAST_CURVATURE * sqrt(ss * yy))
	{
		run->npairs++;
		run->scale = pair->sy / yy;
	}
	return going(run);
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
	copy(run, run->minimization->x, run->trial);
	add(run, step, run->direction, run->trial);
	point->step = step;
	if (!evaluate(run, run->trial, run->trial_gradient, &point->value, largest))
		return false;
	point->slope = isnan(point->value) ? NAN : dot(run, run->trial_gradient, run->direction);
	return going(run);
}

/*
 * Moves x along the direction to a point that meets the strong Wolfe conditions, or to the
 * lowest one found.  False: the run is over.
 */
static bool
search_line(Run *run, double step)
{
	const Point start = {0.0, run->value, dot(run, run->gradient, run->direction)};
	Point		low = start;
	Point		high = {NAN, NAN, NAN};
	double		largest = 0.0;

	if (!going(run))
		return false;
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
	run->scale = 1.0 / sqrt(dot(run, run->gradient, run->gradient));
	return going(run);
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
	if (init(&run) && start_run(&run))
		for (int i = 0; iterate(&run, i);)
			i++;
	release(&run);
}
