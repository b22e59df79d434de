/*
 * whitening.c
 *		The change of variables V = [W b] L, where L L' = M is the second moment of
 *		the rows plus the penalty:
 *
 *			M = [X 1]'[X 1] / (n K) + diag(lambda, ..., lambda, 0)
 *
 * At W = 0 the Hessian of the log loss is (I - 11'/K) / K times the features' second
 * moments, for every class the same; in the variables V it is close to the
 * identity.  The correlations between features, which cost L-BFGS most of its
 * iterations, are gone.  It is the fixed curvature of Boehning (1992) used as a
 * metric instead of as a step.  Features enter a network's first layer through
 * the same second moments (the input factor of K-FAC, Martens and Grosse 2015), so
 * the same change serves it.
 *
 * Moments of SAMPLE_ROWS rows, evenly spaced, are good enough for a metric.
 */
#include "learning/whitening.h"

#include <math.h>
#include <string.h>

#include "learning/kernels.h"

#define SAMPLE_ROWS 4096
#define JITTER 1e-6				/* of the mean diagonal, against exact duplicates */

bool
gtl_whitening_pays(const GtlShape *shape, int64_t rows)
{
	(void) shape;
	(void) rows;
	return false;
}

size_t
gtl_whitening_size(const GtlShape *shape)
{
	size_t		d = (size_t) shape->layer[0].inputs;

	return gtl_size_multiply(gtl_size_multiply(d, d), sizeof(double) + sizeof(float));
}

/* Row sums and cross products of the sampled rows; returns how many, 0 if stopped. */
static int64_t
sample_moments(const float *features, int64_t rows, int dimension,
			   float *products, double *sums, const GtlEnv *env)
{
	int64_t		blocks = (rows + GTL_GRAM_ROWS - 1) / GTL_GRAM_ROWS;
	int64_t		step = rows > SAMPLE_ROWS ? rows / SAMPLE_ROWS : 1;
	int64_t		used = 0;

	for (int64_t b = 0; b < blocks; b += step)
	{
		int64_t		from = b * GTL_GRAM_ROWS;
		int			n = rows - from < GTL_GRAM_ROWS ? (int) (rows - from) : GTL_GRAM_ROWS;
		const float *block = features + from * dimension;

		if (gtl_env_interrupted(env))
			return 0;
		gtl_kernel_gram(block, n, dimension, products);
		for (int i = 0; i < n; i++)
			gtl_kernel_accumulate(block + (size_t) i * dimension, sums, (size_t) dimension);
		used += n;
	}
	return used;
}

/* From moments to the factor; false: not positive definite. */
static bool
factorize(GtlWhitening *whitening, const float *products, int64_t used, int classes, double lambda)
{
	int			d = whitening->dimension;
	double		share = 1.0 / ((double) used * classes);
	double		trace = 0.0;
	double		corner = 1.0 / classes;

	for (int i = 0; i < d; i++)
	{
		for (int j = 0; j <= i; j++)
			whitening->factor[(size_t) i * d + j] = products[(size_t) i * d + j] * share;
		trace += whitening->factor[(size_t) i * d + i];
	}
	for (int i = 0; i < d; i++)
		whitening->factor[(size_t) i * d + i] += lambda + JITTER * trace / d;
	if (!gtl_kernel_cholesky(whitening->factor, d))
		return false;

	/* last line of the factor: solve line * L' = sums, then the corner */
	for (int j = 0; j < d; j++)
		whitening->bias_line[j] *= share;
	gtl_kernel_solve(whitening->factor, d, true, whitening->bias_line, 1);
	for (int j = 0; j < d; j++)
		corner -= whitening->bias_line[j] * whitening->bias_line[j];
	whitening->bias_corner = sqrt(corner > 1e-3 / classes ? corner : 1e-3 / classes);
	return true;
}

bool
gtl_whitening_init(GtlWhitening *whitening, const GtlShape *shape,
				   const float *features, int64_t rows, double lambda, const GtlEnv *env)
{
	int			d = shape->layer[0].inputs;
	float	   *products = gtl_env_alloc(env, (size_t) d * d * sizeof(float));
	int64_t		used;
	bool		done;

	whitening->dimension = d;
	whitening->factor = gtl_env_alloc(env, (size_t) d * d * sizeof(double));
	whitening->bias_line = gtl_env_alloc(env, (size_t) d * sizeof(double));
	used = sample_moments(features, rows, d, products, whitening->bias_line, env);
	done = used > 0 && factorize(whitening, products, used, shape->classes, lambda);
	gtl_env_release(env, products);
	if (!done)
		gtl_whitening_release(whitening, env);
	return done;
}

void
gtl_whitening_release(GtlWhitening *whitening, const GtlEnv *env)
{
	gtl_env_release(env, whitening->factor);
	gtl_env_release(env, whitening->bias_line);
}

/* line += factor * other */
static void
add_scaled(double *line, double factor, const double *other, int n)
{
	for (int j = 0; j < n; j++)
		line[j] += factor * other[j];
}

static double
dot(const double *a, const double *b, int n)
{
	double		sum = 0.0;

	for (int j = 0; j < n; j++)
		sum += a[j] * b[j];
	return sum;
}

/* [W b] = V L^-1 */
void
gtl_whitening_to_weights(const GtlWhitening *whitening, const GtlLayer *layer, double *variables)
{
	double	   *matrix = variables + layer->weights;
	double	   *bias = variables + layer->bias;

	for (int c = 0; c < layer->outputs; c++)
	{
		bias[c] /= whitening->bias_corner;
		add_scaled(matrix + (size_t) c * layer->inputs, -bias[c], whitening->bias_line, layer->inputs);
	}
	gtl_kernel_solve(whitening->factor, whitening->dimension, false, matrix, layer->outputs);
}

/* V = [W b] L */
void
gtl_whitening_from_weights(const GtlWhitening *whitening, const GtlLayer *layer, double *weights)
{
	double	   *matrix = weights + layer->weights;
	double	   *bias = weights + layer->bias;

	gtl_kernel_multiply_lower(whitening->factor, whitening->dimension, matrix, layer->outputs);
	for (int c = 0; c < layer->outputs; c++)
	{
		add_scaled(matrix + (size_t) c * layer->inputs, bias[c], whitening->bias_line, layer->inputs);
		bias[c] *= whitening->bias_corner;
	}
}

/* d/dV = d/d[W b] L'^-1 */
void
gtl_whitening_gradient(const GtlWhitening *whitening, const GtlLayer *layer, double *gradient)
{
	double	   *matrix = gradient + layer->weights;
	double	   *bias = gradient + layer->bias;

	gtl_kernel_solve(whitening->factor, whitening->dimension, true, matrix, layer->outputs);
	for (int c = 0; c < layer->outputs; c++)
		bias[c] = (bias[c] - dot(matrix + (size_t) c * layer->inputs, whitening->bias_line,
								 layer->inputs)) / whitening->bias_corner;
}
