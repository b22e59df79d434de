/*
 * test_optimize.c
 *		The minimizer alone: known minima, functions that are not finite everywhere, stops at any time, memory.
 */
#include <string.h>

#include "learning_fixture.h"

#include "learning/optimize.h"

/* A function of the variables, and what happens while it is evaluated. */
typedef struct Function
{
	size_t		n;
	double		(*value) (const struct Function *function, const double *x, double *gradient);
	long		evaluations;
	long		stop_at;		/* env says stop while this evaluation runs; 0: never */
} Function;

static double
evaluate(void *context, const double *x, double *gradient, double *largest)
{
	Function   *function = context;
	double		value;

	if (++function->evaluations == function->stop_at)
	{
		counters.polls_allowed = 0;
		return NAN;
	}
	value = function->value(function, x, gradient);
	*largest = 0.0;
	for (size_t i = 0; i < function->n; i++)
		if (!(fabs(gradient[i]) <= *largest))
			*largest = fabs(gradient[i]);
	return value;
}

/* 1/2 sum k_i (x_i - 1)^2, k from 1 to 1e4 */
static double
quadratic(const Function *function, const double *x, double *gradient)
{
	double		value = 0.0;

	for (size_t i = 0; i < function->n; i++)
	{
		double		k = pow(1e4, (double) i / (double) function->n);

		gradient[i] = k * (x[i] - 1.0);
		value += 0.5 * gradient[i] * (x[i] - 1.0);
	}
	return value;
}

/* Minimum 0 at (1, 1). */
static double
rosenbrock(const Function *function, const double *x, double *gradient)
{
	double		a = 1.0 - x[0];
	double		b = x[1] - x[0] * x[0];

	(void) function;
	gradient[0] = -2.0 * a - 400.0 * x[0] * b;
	gradient[1] = 200.0 * b;
	return a * a + 100.0 * b * b;
}

/* sum -log(x) + 1e-3 / (1 - x) from 0 to 1, not finite beyond; the minimum is close to 1. */
static double
barrier(const Function *function, const double *x, double *gradient)
{
	double		value = 0.0;

	for (size_t i = 0; i < function->n; i++)
	{
		double		rest = 1.0 - x[i];

		value += rest > 0.0 ? -log(x[i]) + 1e-3 / rest : INFINITY;
		gradient[i] = -1.0 / x[i] + 1e-3 / (rest * rest);
	}
	return value;
}

static double
nowhere(const Function *function, const double *x, double *gradient)
{
	(void) x;
	memset(gradient, 0, function->n * sizeof(double));
	return NAN;
}

/* Falls for ever. */
static double
slope(const Function *function, const double *x, double *gradient)
{
	double		value = 0.0;

	for (size_t i = 0; i < function->n; i++)
	{
		gradient[i] = 1.0;
		value += x[i];
	}
	return value;
}

/* Functions of an even number of variables keep more pairs. */
static int
pairs_of(const Function *function)
{
	return function->n % 2 == 0 ? 2 * GTL_FEWEST_PAIRS : GTL_FEWEST_PAIRS;
}

/* The result is in x[n]; every variable starts at `start`. */
static GtlFitReport
minimize(Function *function, double start, int iterations, double *x)
{
	GtlMinimization minimization = {
		.evaluate = evaluate,.context = function,.n = function->n,.pairs = pairs_of(function),.max_iterations = iterations,.tolerance = 1e-8
	};
	GtlFitReport report;
	void	   *block;

	counters.peak = 0;
	minimization.x = gtl_optimize_vector(function->n, &env, &block);
	for (size_t i = 0; i < function->n; i++)
		minimization.x[i] = start;
	gtl_optimize(&minimization, &env, &report);
	if (x != NULL)
		memcpy(x, minimization.x, function->n * sizeof(double));
	gtl_env_release(&env, block);
	CHECK(counters.live == 0);
	CHECK(report.evaluations == function->evaluations);
	CHECK(counters.peak <= gtl_optimize_size(function->n, pairs_of(function)));
	return report;
}

static void
test_minima(void)
{
	Function	bowl = {200, quadratic, 0, 0};
	Function	valley = {2, rosenbrock, 0, 0};
	double		x[200];
	GtlFitReport report;

	reset_counters(-1);
	report = minimize(&bowl, -3.0, 2000, x);
	CHECK(report.outcome == GTL_FIT_CONVERGED);
	CHECK_NEAR(report.objective, 0.0, 1e-12);
	for (int i = 0; i < 200; i++)
		CHECK_NEAR(x[i], 1.0, 1e-7);
	report = minimize(&valley, -1.2, 200, x);
	CHECK(report.outcome == GTL_FIT_CONVERGED && report.iterations < 60);
	CHECK_NEAR(x[0], 1.0, 1e-6);
	CHECK_NEAR(x[1], 1.0, 1e-6);
}

/* At the minimum there is nothing to do. */
static void
test_start_at_minimum(void)
{
	Function	bowl = {200, quadratic, 0, 0};
	double		x[200];
	GtlFitReport report = minimize(&bowl, 1.0, 2000, x);

	CHECK(report.outcome == GTL_FIT_CONVERGED && report.iterations == 0 && report.evaluations == 1);
	CHECK(x[0] == 1.0 && x[199] == 1.0 && report.objective == 0.0);
}

static void
test_not_finite(void)
{
	Function	wall = {3, barrier, 0, 0};
	Function	none = {3, nowhere, 0, 0};
	Function	falls = {3, slope, 0, 0};
	double		x[3];
	GtlFitReport report = minimize(&wall, 0.01, 200, x);

	/* 1 / x = 1e-3 / (1 - x)^2 */
	CHECK(report.outcome == GTL_FIT_CONVERGED);
	for (int i = 0; i < 3; i++)
		CHECK_NEAR(x[i] * 1e-3 / ((1.0 - x[i]) * (1.0 - x[i])), 1.0, 1e-6);

	report = minimize(&none, 0.5, 200, x);
	CHECK(report.outcome == GTL_FIT_LINE_SEARCH_FAILED && report.iterations == 0);
	CHECK(isnan(report.objective) && x[0] == 0.5 && x[2] == 0.5);

	report = minimize(&falls, 0.5, 200, x);
	CHECK(report.outcome != GTL_FIT_CONVERGED && isfinite(x[0]) && x[0] < -1e6);
}

/* Stopped inside an evaluation: no other follows. */
static void
test_stop_inside_evaluation(void)
{
	for (long at = 1; at <= 12; at++)
	{
		Function	bowl = {200, quadratic, 0, at};
		GtlFitReport report;

		reset_counters(-1);
		report = minimize(&bowl, -3.0, 2000, NULL);
		CHECK(report.outcome == GTL_FIT_INTERRUPTED && bowl.evaluations == at);
	}
}

/* Stopped at any look at env: it is the last but one at most, and nothing is left behind. */
static void
test_stop_anywhere(void)
{
	Function	valley = {2, rosenbrock, 0, 0};
	long		polls;

	reset_counters(-1);
	CHECK(minimize(&valley, -1.2, 200, NULL).outcome == GTL_FIT_CONVERGED);
	polls = counters.polls;
	for (long n = 0; n < polls; n += 1 + n / 50)
	{
		valley.evaluations = 0;
		reset_counters(n);
		CHECK(minimize(&valley, -1.2, 200, NULL).outcome == GTL_FIT_INTERRUPTED);
		CHECK(counters.polls - n <= 2);
	}
}

/* Long vectors are passed over in pieces: four times as long, at least twice as many looks at env. */
static void
test_stops_in_long_passes(void)
{
	long		polls[2];

	if (under_valgrind())
		return;
	for (int i = 0; i < 2; i++)
	{
		Function	bowl = {i == 0 ? GTL_PIECE : 4 * GTL_PIECE, quadratic, 0, 0};

		reset_counters(-1);
		CHECK(minimize(&bowl, 0.0, 2, NULL).iterations == 2);
		polls[i] = counters.polls;
	}
	CHECK(polls[1] - polls[0] > polls[0]);
}

static void
test_size(void)
{
	CHECK(gtl_optimize_size(SIZE_MAX / 2, GTL_FEWEST_PAIRS) == SIZE_MAX);
	CHECK(gtl_optimize_size(1000, 10) > gtl_optimize_size(100, 10) && gtl_optimize_size(100, 11) > gtl_optimize_size(100, 10));
	CHECK(gtl_optimize_pairs(1000, 0) == GTL_FEWEST_PAIRS && gtl_optimize_pairs(1000, 2000) == GTL_FEWEST_PAIRS);
	CHECK(gtl_optimize_pairs(1000, 3000) == 15 && gtl_optimize_pairs(1000, 1000000) == 20);
	CHECK(gtl_optimize_pairs(17000, 1000000) == 15 && gtl_optimize_pairs(SIZE_MAX / 2, 1000000) == GTL_FEWEST_PAIRS);
}

int
main(void)
{
	reset_counters(-1);
	test_minima();
	test_start_at_minimum();
	test_not_finite();
	test_stop_inside_evaluation();
	test_stop_anywhere();
	test_stops_in_long_passes();
	test_size();
	return CHECK_SUMMARY("test_optimize");
}
