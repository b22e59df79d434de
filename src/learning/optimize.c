/*
 * optimize.c
 *		L-BFGS by liblbfgs: memory 10, line search of More and Thuente (strong Wolfe,
 *		c1 = 1e-4, c2 = 0.9), stopped by our own tests in its progress callback.
 *
 * Invariants
 *	* Nothing longjmps through liblbfgs: its callbacks allocate nothing and only poll
 *	  env->interrupted.  Once that is true, evaluations cost nothing and the next
 *	  callback ends the run.
 *	* liblbfgs allocates with malloc and frees before it returns.
 *	* A failed line search leaves the last accepted point in x (liblbfgs restores it).
 *
 * A value that is not finite would poison the line search.  It is answered with
 * the mirror image of the line's start, same value and opposite gradient: the
 * parabola through both has its minimum half-way, so the interpolation halves the
 * step.
 *
 * Between two evaluations liblbfgs passes about 50 times over the variables without
 * looking up: 50 ms for a million of them.
 *
 * Papers: Liu, Nocedal, "On the Limited Memory BFGS Method", 1989; More, Thuente,
 * "Line Search Algorithms with Guaranteed Sufficient Decrease", 1994.
 */
#include "learning/optimize.h"

#include <lbfgs.h>
#include <math.h>
#include <string.h>

#include "learning/kernels.h"
#include "learning/shape.h"

#define MEMORY 10
#define LINE_SEARCH_EVALUATIONS 30
#define RELATIVE_DECREASE 1e-12
#define PAD 16					/* variables; liblbfgs's SSE code wants multiples of 8 */
#define ALIGNMENT 64
#define VECTORS (2 * MEMORY + 5)	/* that liblbfgs allocates */

/* What the callbacks share. */
typedef struct Run
{
	GtlMinimization *minimization;
	const GtlEnv *env;
	GtlFitReport *report;
	double	   *accepted_gradient;	/* at the start of the current line */
	double		accepted_value;
	double		largest;		/* gradient at the last evaluation */
	bool		started;
	bool		finished;		/* report->outcome is set */
} Run;

static size_t
padded(size_t n)
{
	return (n + PAD - 1) / PAD * PAD;
}

size_t
gtl_optimize_size(size_t n)
{
	if (n > GTL_OPTIMIZE_MAX_VARIABLES)
		return SIZE_MAX;
	/* plus x and the accepted gradient */
	return gtl_size_multiply(gtl_size_add(gtl_size_multiply(padded(n), VECTORS + 2), 2 * ALIGNMENT),
							 sizeof(double));
}

double *
gtl_optimize_vector(size_t n, const GtlEnv *env, void **block)
{
	uintptr_t	address;

	*block = gtl_env_alloc(env, padded(n) * sizeof(double) + ALIGNMENT);
	address = (uintptr_t) *block;
	return (double *) ((address + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

static void
finish(Run *run, GtlFitOutcome outcome)
{
	run->report->outcome = outcome;
	run->finished = true;
}

/* Make liblbfgs accept the point and call progress (or end, at the start). */
static double
give_up(const Run *run, double *gradient)
{
	memset(gradient, 0, run->minimization->n * sizeof(double));
	return run->started ? -HUGE_VAL : 0.0;
}

static double
mirror(const Run *run, double *gradient)
{
	for (size_t i = 0; i < run->minimization->n; i++)
		gradient[i] = -run->accepted_gradient[i];
	return run->accepted_value;
}

/* The first evaluation: it may be the last one. */
static double
evaluated_start(Run *run, double value, double *gradient)
{
	run->report->objective = value;
	if (!isfinite(value) || !isfinite(run->largest))
		finish(run, GTL_FIT_LINE_SEARCH_FAILED);
	else if (run->largest <= run->minimization->tolerance)
		finish(run, GTL_FIT_CONVERGED);
	if (run->finished)
		return give_up(run, gradient);

	run->started = true;
	run->accepted_value = value;
	memcpy(run->accepted_gradient, gradient, run->minimization->n * sizeof(double));
	return value;
}

static lbfgsfloatval_t
evaluate(void *instance, const lbfgsfloatval_t *x, lbfgsfloatval_t *gradient,
		 const int n, const lbfgsfloatval_t step)
{
	Run		   *run = instance;
	GtlMinimization *m = run->minimization;
	double		value;

	(void) n;
	(void) step;
	if (run->finished)
		return give_up(run, gradient);
	if (!isfinite(gtl_kernel_largest(x, m->n)))
		return run->started ? mirror(run, gradient) : evaluated_start(run, NAN, gradient);

	run->report->evaluations++;
	value = m->evaluate(m->context, x, gradient, &run->largest);
	if (gtl_env_interrupted(run->env))
	{
		finish(run, GTL_FIT_INTERRUPTED);
		return give_up(run, gradient);
	}
	if (!run->started)
		return evaluated_start(run, value, gradient);
	if (!isfinite(value) || !isfinite(run->largest))
		return mirror(run, gradient);
	return value;
}

/* After each iteration: not 0 ends the run. */
static int
progress(void *instance, const lbfgsfloatval_t *x, const lbfgsfloatval_t *gradient,
		 const lbfgsfloatval_t value, const lbfgsfloatval_t xnorm, const lbfgsfloatval_t gnorm,
		 const lbfgsfloatval_t step, int n, int k, int evaluations)
{
	Run		   *run = instance;
	double		decrease = run->accepted_value - value;

	(void) x;
	(void) xnorm;
	(void) gnorm;
	(void) step;
	(void) n;
	(void) evaluations;
	if (run->finished)
		return 1;
	run->report->iterations = k;
	run->report->objective = value;
	if (run->largest <= run->minimization->tolerance)
		finish(run, GTL_FIT_CONVERGED);
	else if (decrease < RELATIVE_DECREASE * fabs(value))
		finish(run, GTL_FIT_STALLED);
	run->accepted_value = value;
	memcpy(run->accepted_gradient, gradient, run->minimization->n * sizeof(double));
	return run->finished ? 1 : 0;
}

static void
set_parameters(lbfgs_parameter_t *parameters, const GtlMinimization *minimization)
{
	lbfgs_parameter_init(parameters);
	parameters->m = MEMORY;
	parameters->epsilon = 0.0;	/* its test is relative to |x|; ours is in progress() */
	parameters->past = 0;
	parameters->max_iterations = minimization->max_iterations;
	parameters->linesearch = LBFGS_LINESEARCH_MORETHUENTE;
	parameters->max_linesearch = LINE_SEARCH_EVALUATIONS;
	parameters->ftol = 1e-4;
	parameters->gtol = 0.9;
}

void
gtl_optimize(GtlMinimization *minimization, const GtlEnv *env, GtlFitReport *report)
{
	Run			run = {.minimization = minimization, .env = env, .report = report};
	lbfgs_parameter_t parameters;
	void	   *block;
	int			code;

	memset(report, 0, sizeof *report);
	set_parameters(&parameters, minimization);
	run.accepted_gradient = gtl_optimize_vector(minimization->n, env, &block);
	code = lbfgs((int) padded(minimization->n), minimization->x, NULL, evaluate, progress, &run, &parameters);
	gtl_env_release(env, block);

	if (run.finished)
		return;
	if (code == LBFGSERR_MAXIMUMITERATION)
		report->outcome = GTL_FIT_ITERATION_LIMIT;
	else if (code == LBFGSERR_OUTOFMEMORY)
		report->outcome = GTL_FIT_OUT_OF_MEMORY;
	else
		report->outcome = code >= 0 ? GTL_FIT_CONVERGED : GTL_FIT_LINE_SEARCH_FAILED;
}
