/*
 * calibrate.c
 *		How probable a classifier's answer is right, by its margin.
 *
 * Platt's logistic regression [1] of being right on the logit of the margin, which for two classes is that of the
 * larger probability.  Its targets are shrunk as in [1], so that it is finite where nothing is wrong; a slope below
 * 0 is taken for 0: a larger margin never speaks against an answer.  Newton's method with the safeguards of [2].
 *
 * [1] Platt, "Probabilistic outputs for support vector machines", 1999.
 * [2] Lin, Lin, Weng, "A note on Platt's probabilistic outputs", Machine Learning 68, 2007.
 */
#include "learning/calibrate.h"

#include <math.h>

#define ITERATIONS		100
#define SMALLEST_STEP	1e-10
#define RIDGE			1e-9
#define LARGEST_MARGIN	(1 - 1e-9)

static double
logit(double margin)
{
	double		m = fmin(fmax(margin, 0), LARGEST_MARGIN);

	return log((1 + m) / (1 - m));
}

static double
logistic(double x)
{
	return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/* -log P of a target at x, without overflow. */
static double
loss_at(double target, double x)
{
	return (x >= 0 ? log1p(exp(-x)) : log1p(exp(x)) - x) + (1 - target) * x;
}

typedef struct Problem
{
	const double *margin;
	const bool *right;
	int64_t		count;
	double		target[2];		/* of a wrong, a right answer */
} Problem;

static double
loss(const Problem *problem, double intercept, double slope)
{
	double		sum = 0;

	for (int64_t i = 0; i < problem->count; i++)
		sum += loss_at(problem->target[problem->right[i]], intercept + slope * logit(problem->margin[i]));
	return sum;
}

/* Newton's direction, downhill. */
static void
find_direction(const Problem *problem, double intercept, double slope, double direction[2])
{
	double		g0 = 0;
	double		g1 = 0;
	double		h00 = RIDGE;
	double		h01 = 0;
	double		h11 = RIDGE;
	double		determinant;

	for (int64_t i = 0; i < problem->count; i++)
	{
		double		x = logit(problem->margin[i]);
		double		p = logistic(intercept + slope * x);
		double		d = p - problem->target[problem->right[i]];
		double		w = p * (1 - p);

		g0 += d;
		g1 += d * x;
		h00 += w;
		h01 += w * x;
		h11 += w * x * x;
	}
	determinant = h00 * h11 - h01 * h01;
	direction[0] = -(h11 * g0 - h01 * g1) / determinant;
	direction[1] = -(h00 * g1 - h01 * g0) / determinant;
}

static void
minimize(const Problem *problem, GtlCalibration *calibration)
{
	double		now = loss(problem, calibration->intercept, calibration->slope);

	for (int iteration = 0; iteration < ITERATIONS; iteration++)
	{
		double		direction[2];
		double		step = 1;
		double		next = INFINITY;

		find_direction(problem, calibration->intercept, calibration->slope, direction);
		for (; step >= SMALLEST_STEP; step /= 2)
		{
			next = loss(problem, calibration->intercept + step * direction[0], calibration->slope + step * direction[1]);
			if (next < now)
				break;
		}
		if (!(next < now))
			return;
		calibration->intercept += step * direction[0];
		calibration->slope += step * direction[1];
		if (now - next < SMALLEST_STEP * now)
			return;
		now = next;
	}
}

void
gtl_calibrate(const double *margin, const bool *right, int64_t count, GtlCalibration *calibration)
{
	Problem		problem = {margin, right, count, {0, 0}};
	double		rights = 0;
	double		share;

	*calibration = (GtlCalibration) {NAN, NAN};
	if (count == 0)
		return;
	for (int64_t i = 0; i < count; i++)
		rights += right[i];
	problem.target[0] = 1 / ((double) count - rights + 2);
	problem.target[1] = (rights + 1) / (rights + 2);
	share = (rights + 1) / ((double) count + 2);
	*calibration = (GtlCalibration) {log(share / (1 - share)), 0};
	minimize(&problem, calibration);
	if (!(calibration->slope >= 0) || !isfinite(calibration->intercept))
		*calibration = (GtlCalibration) {log(share / (1 - share)), 0};
}

double
gtl_calibrated(const GtlCalibration *calibration, double margin)
{
	return logistic(calibration->intercept + calibration->slope * logit(margin));
}
