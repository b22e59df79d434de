/*
 * standardize.c
 *		Column statistics and the two scalings of a feature matrix.
 *
 * Statistics are accumulated row by row (Welford), so they depend on the order of
 * the rows but not on how the caller cuts them into blocks; a constant column has
 * a sum of squares of exactly 0.  Columns are visited in strips that stay in the
 * first-level cache.
 *
 * Scaling works in float where that loses nothing: x - (float) mean is exact or
 * rounded once, and the rounding of the mean only shifts the whole column, which
 * the classifier's bias takes up.  A strip with a mean far from 0 in units of its
 * factor, or a factor outside a comfortable range, is computed in double.  Either
 * way a value is cut at SCALED_LIMIT: rows of the dataset itself never get there
 * (|z| <= sqrt(rows * dimension)), other rows saturate instead of overflowing.
 *
 * Statistics of parts are merged by the formula of Chan, Golub and LeVeque; parts that are constant, and equal, stay so
 * exactly.
 *
 * Papers: Welford, "Note on a Method for Calculating Corrected Sums of Squares and
 * Products", Technometrics 1962; Chan, Golub, LeVeque, "Algorithms for Computing the Sample Variance", The American
 * Statistician 1983.
 */
#include "learning/standardize.h"

#include <math.h>
#include <string.h>

#include "learning/kernels.h"
#include "learning/neighbours.h"

#define STRIP 256				/* columns handled at once */
#define SCALED_LIMIT 1e7f
#define FACTOR_MIN 1e-18		/* float path: factor between these, or 0 ... */
#define FACTOR_MAX 1e18
#define SHIFT_MAX 1e4			/* ... and |mean| at most this many units */

void
gtl_stats_init(GtlFeatureStats *stats, int dimension, const GtlEnv *env)
{
	stats->dimension = dimension;
	stats->neighbours = 0;
	stats->proposals = 0;
	stats->count = 0;
	stats->mean = gtl_env_alloc(env, (size_t) dimension * sizeof(double));
	stats->squares = gtl_env_alloc(env, (size_t) dimension * sizeof(double));
}

/* One row into the running moments of some columns; share is 1 / rows so far. */
GTL_CLONES static void
add_row(double *mean, double *squares, const float *x, int n, double share)
{
	for (int j = 0; j < n; j++)
	{
		double		before = x[j] - mean[j];

		mean[j] += before * share;
		squares[j] += before * (x[j] - mean[j]);
	}
}

void
gtl_stats_add(GtlFeatureStats *stats, const float *rows, int64_t nrows)
{
	for (int from = 0; from < stats->dimension; from += STRIP)
	{
		int			n = stats->dimension - from < STRIP ? stats->dimension - from : STRIP;

		for (int64_t i = 0; i < nrows; i++)
			add_row(stats->mean + from, stats->squares + from,
					rows + i * stats->dimension + from, n,
					1.0 / (double) (stats->count + i + 1));
	}
	stats->count += nrows;
}

void
gtl_stats_merge(GtlFeatureStats *stats, const GtlFeatureStats *other)
{
	int64_t		count = stats->count + other->count;

	for (int j = 0; j < stats->dimension && other->count > 0; j++)
	{
		double		apart = other->mean[j] - stats->mean[j];

		if (stats->count == 0)
		{
			stats->mean[j] = other->mean[j];
			stats->squares[j] = other->squares[j];
			continue;
		}
		stats->mean[j] += apart * ((double) other->count / (double) count);
		stats->squares[j] += other->squares[j] + apart * apart * ((double) stats->count * (double) other->count / (double) count);
	}
	stats->count = count;
}

/* Mean square of all centred cells, summed over columns in order. */
static double
global_variance(const GtlFeatureStats *stats)
{
	double		sum = 0.0;

	for (int j = 0; j < gtl_stats_features(stats); j++)
		sum += stats->squares[j] / (double) stats->count;
	return sum / gtl_stats_features(stats);
}

/* Neighbourhood columns have mean 0, and those of a view a mean square length of 1. */
static void
scale_neighbours(GtlScaler *scaler, const GtlFeatureStats *stats)
{
	int			length = 0;		/* mean square length of the scaled features */

	for (int j = 0; j < gtl_stats_features(stats); j++)
		length += scaler->scaling == GTL_SCALING_GLOBAL || stats->squares[j] > 0.0;
	for (int j = stats->dimension; j < scaler->dimension; j++)
		scaler->factor[j] = sqrt((double) length / GTL_NEIGHBOUR_VIEWS);
}

void
gtl_scaler_init(GtlScaler *scaler, GtlScaling scaling, bool neighbours, bool proposals,
				const GtlFeatureStats *stats, const GtlEnv *env)
{
	double		variance = 0.0;

	scaler->scaling = scaling;
	scaler->dimension = neighbours ? gtl_stats_width(stats) : stats->dimension;
	scaler->mean = gtl_env_alloc(env, (size_t) scaler->dimension * sizeof(double));
	scaler->factor = gtl_env_alloc(env, (size_t) scaler->dimension * sizeof(double));
	if (scaling == GTL_SCALING_GLOBAL && stats->count > 0 && gtl_stats_features(stats) > 0)
		variance = global_variance(stats);

	for (int j = gtl_stats_features(stats); j < stats->dimension; j++)
		scaler->factor[j] = proposals ? 1.0 : 0.0;
	for (int j = 0; j < gtl_stats_features(stats); j++)
	{
		scaler->mean[j] = stats->mean[j];
		if (stats->squares[j] > 0.0)
		{
			if (scaling == GTL_SCALING_COLUMN)
				variance = stats->squares[j] / (double) stats->count;
			scaler->factor[j] = 1.0 / sqrt(variance);
		}
	}
	scale_neighbours(scaler, stats);
}

bool
gtl_scaler_same(const GtlScaler *a, const GtlScaler *b)
{
	size_t		bytes = (size_t) a->dimension * sizeof(double);

	return a == b || (a->dimension == b->dimension && memcmp(a->mean, b->mean, bytes) == 0 &&
					  memcmp(a->factor, b->factor, bytes) == 0);
}

GTL_CLONES static void
scale_float(const float *in, float *out, const float *mean, const float *factor, int n)
{
	for (int j = 0; j < n; j++)
	{
		float		z = (in[j] - mean[j]) * factor[j];

		z = z < SCALED_LIMIT ? z : SCALED_LIMIT;
		out[j] = z > -SCALED_LIMIT ? z : -SCALED_LIMIT;
	}
}

GTL_CLONES static void
scale_double(const float *in, float *out, const double *mean, const double *factor, int n)
{
	for (int j = 0; j < n; j++)
	{
		double		z = (in[j] - mean[j]) * factor[j];

		z = z < SCALED_LIMIT ? z : SCALED_LIMIT;
		out[j] = (float) (z > -SCALED_LIMIT ? z : -SCALED_LIMIT);
	}
}

/* Copy a strip of the scaler to float; false if float would not do. */
static bool
strip_to_float(const GtlScaler *scaler, int from, int n, float *mean, float *factor)
{
	for (int j = 0; j < n; j++)
	{
		double		m = scaler->mean[from + j];
		double		f = scaler->factor[from + j];

		if (f != 0.0 && (f < FACTOR_MIN || f > FACTOR_MAX || fabs(m) * f > SHIFT_MAX))
			return false;
		mean[j] = f == 0.0 ? 0.0f : (float) m;
		factor[j] = (float) f;
	}
	return true;
}

void
gtl_scaler_apply(const GtlScaler *scaler, const float *in, int width, float *out, int64_t nrows)
{
	float		mean[STRIP];
	float		factor[STRIP];

	for (int from = 0; from < scaler->dimension; from += STRIP)
	{
		int			n = scaler->dimension - from < STRIP ? scaler->dimension - from : STRIP;
		bool		in_float = strip_to_float(scaler, from, n, mean, factor);

		for (int64_t i = 0; i < nrows; i++)
		{
			const float *x = in + i * width + from;
			float	   *z = out + i * scaler->dimension + from;

			if (in_float)
				scale_float(x, z, mean, factor, n);
			else
				scale_double(x, z, scaler->mean + from, scaler->factor + from, n);
		}
	}
}
