/*
 * drift.c
 *		Have rows that join a job later become other than those before?
 *
 * The error: a test martingale.  For a bet that begins with answer k the stake is multiplied by 1 + lambda (x
 * - m) with each answer x from then on, m being its largest mean under the hypothesis "no drift".  The stakes
 * g(k) - g(k+1) with g(k) = k^(-1/4) sum up to 1; those that have not begun are kept.  So what all are worth
 * begins with 1, and is a nonnegative supermartingale under the hypothesis (Shin, Ramdas and Rinaldo,
 * "E-detectors", 2023, mix over beginnings in the same way; Ville's inequality bounds the false alarms).  The
 * price of not knowing when is the logarithm of 1/stake, which grows as 5/4 ln k.
 *
 * lambda is that of the likelihood ratio of the error 1.6 eps to the error 0.6 eps, eps being the promised
 * error: a machine that labels at a certificate errs less than 0.6 eps as a rule.  An error between that and
 * eps raises an alarm sooner or later, although the promise is not broken.
 *
 * The margins: the exact distribution by following the paths of a lattice (Hodges, "The significance
 * probability of the Smirnov two-sample test", 1958), here as a walk without replacement, so that no number
 * is too small.
 */
#include "learning/drift.h"

#include "learning/sort.h"

#include <math.h>
#include <stdlib.h>

#define USUAL	0.6				/* of the promised error */
#define RISEN	1.6
#define MOST	0.9				/* a probability, whatever was promised */

/* Rows of the lattice between two looks at the interrupt flag. */
#define ROWS_PER_LOOK 256

/* ---- Margins ---- */

double
gtl_drift_place(const double *reference, int64_t count, double margin, double uniform)
{
	int64_t		low = 0;
	int64_t		high = count;
	int64_t		below;

	while (low < high)
	{
		int64_t		middle = low + (high - low) / 2;

		if (reference[middle] < margin)
			low = middle + 1;
		else
			high = middle;
	}
	below = low;
	while (low < count && reference[low] == margin)
		low++;
	return (double) below + floor(uniform * (double) (low - below + 1));
}

/* Largest difference of the distribution of sorted places to the uniform one of the reference. */
static double
largest_difference(const double *places, int64_t count, int64_t reference)
{
	double		largest = 0;

	for (int64_t i = 0; i < count; i++)
	{
		double		among = places[i] / (double) reference;

		/* as far as to this one, and just before it */
		if (i + 1 == count || places[i + 1] != places[i])
			largest = fmax(largest, (double) (i + 1) / (double) count - among);
		if (i == 0 || places[i - 1] != places[i])
			largest = fmax(largest, among - (double) i / (double) count);
	}
	return largest;
}

/* The lattice of the orders in which m new and n reference margins can stand, all as probable. */
typedef struct Lattice
{
	double		m;
	double		n;
	double		most;			/* a path goes no farther from the diagonal than that, or has a difference as large as the one seen */
} Lattice;

static bool
is_outside(const Lattice *l, int64_t i, int64_t j)
{
	return fabs((double) i / l->m - (double) j / l->n) > l->most;
}

/*
 * Where the paths that have stayed inside are when they have i new margins, from where they were with one
 * less; u[j]: with j reference margins.  Adds those that leave to *left.  Cells below *first are left behind.
 */
static void
next_row(const Lattice *l, int64_t i, double *u, int64_t *first, double *left)
{
	int64_t		last = (int64_t) fmin(l->n, ceil(l->n * ((double) i / l->m + l->most)) + 1);
	int64_t		inside = last + 1;

	for (int64_t j = *first; j <= last; j++)
	{
		double		rest = l->m + l->n - (double) (i + j) + 1;
		double		here = i == 0 && j == 0 ? 1 : 0;

		if (i > 0)
			here += u[j] * (l->m - (double) i + 1) / rest;
		if (j > *first)
			here += u[j - 1] * (l->n - (double) j + 1) / rest;
		if (is_outside(l, i, j))
		{
			*left += here;
			here = 0;
		}
		else if (inside > last)
			inside = j;
		u[j] = here;
	}
	*first = inside <= last ? inside : *first;
}

/* Probability of a difference of `distance` or more; 1 if interrupted. */
static double
count_paths(int64_t m, int64_t n, double distance, const GtlEnv *env)
{
	Lattice		l = {(double) m, (double) n, 0};
	double	   *u = gtl_env_alloc(env, sizeof(double) * (size_t) (n + 1));
	double		left = 0;
	int64_t		first = 0;

	l.most = (floor(distance * l.m * l.n - 1e-7) + 0.5) / (l.m * l.n);
	for (int64_t i = 0; i <= m; i++)
	{
		if (i % ROWS_PER_LOOK == 0 && gtl_env_interrupted(env))
			left = 1;
		if (left < 1)
			next_row(&l, i, u, &first, &left);
	}
	gtl_env_release(env, u);
	return fmin(left, 1);
}

/* Smirnov's limit of the probability of a difference of `distance` or more. */
static double
limit_of_paths(double m, double n, double distance)
{
	double		z = distance * distance * m * n / (m + n);
	double		sum = 0;

	for (int j = 1; j <= 100; j++)
		sum += (j % 2 == 1 ? 2 : -2) * exp(-2 * z * j * j);
	return z < 0.02 ? 1 : fmin(fmax(sum, 0), 1);
}

void
gtl_drift_compare(double *places, int64_t count, int64_t reference, const GtlEnv *env, GtlDriftComparison *comparison)
{
	double		d;

	qsort(places, (size_t) count, sizeof(double), gtl_compare_double);
	d = largest_difference(places, count, reference);
	comparison->distance = d;
	if (d <= 0)
		comparison->p = 1;
	else if ((double) count * (double) reference > GTL_DRIFT_EXACT)
		comparison->p = limit_of_paths((double) count, (double) reference, d);
	else
		comparison->p = count_paths(count, reference, d, env);
}

double
gtl_drift_level(double delta, int64_t k)
{
	return delta * 6 / (9.8696044010893586 * (double) k * (double) k);
}

/* ---- Errors ---- */

double
gtl_drift_usual(double target_error)
{
	return fmin(USUAL * target_error, MOST);
}

/* Share of the stakes that begin with the k-th answer or later. */
static double
kept(int64_t k)
{
	return 1 / sqrt(sqrt((double) k));
}

void
gtl_drift_count(GtlDriftWatch *watch, double target_error, double error, double expected)
{
	double		usual = gtl_drift_usual(target_error);
	double		risen = fmin(RISEN * target_error, (1 + MOST) / 2);
	double		mean = fmax(expected, 0);
	double		lambda = (risen - usual) / (usual * (1 - usual));
	double		factor = fmax(1 + (lambda * mean > 1 ? 1 / mean : lambda) * (error - mean), 0);

	watch->answers++;
	watch->wrong += error > 0;
	watch->wealth = factor * (watch->wealth + kept(watch->answers) - kept(watch->answers + 1));
}

double
gtl_drift_evidence(const GtlDriftWatch *watch)
{
	return watch->wealth + kept(watch->answers + 1);
}
