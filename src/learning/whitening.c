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
 * A fit that starts at a model weights its rows by their part in the Hessian there (curvature.c); it
 * samples them by these weights, so that fewer are enough.
 *
 * A sample of the rows is good enough for the correlations.  The diagonal takes all
 * rows into account: a feature that is rare and large must not look small because the
 * sample missed it.
 */
#include "learning/whitening.h"

#include <math.h>

#include "learning/kernels.h"

#define SAMPLE_ROWS 4096		/* at least, ... */
#define SAMPLE_PER_FEATURE 16	/* ... and this many times the dimension; */
#define WEIGHTED_PER_FEATURE 8	/* if rows have weights, this many */
#define JITTER 1e-6				/* of the mean diagonal, against exact duplicates */
#define MAX_DIMENSION 2048		/* above, its steps take too long without a pause */
#define MAX_SOLVE_WORK 3e8		/* likewise for outputs * dimension^2 */

/*
 * The moments cost rows * dimension^2, an iteration 4 * rows * dimension * outputs,
 * and whitening saves some 20 to 100 iterations (measured: bench/learning).
 */
bool
gtl_whitening_pays(const GtlShape *shape, int64_t rows)
{
	double		dimension = shape->layer[0].inputs;
	double		outputs = shape->layer[0].outputs;

	return dimension <= MAX_DIMENSION &&
		outputs * dimension * dimension <= MAX_SOLVE_WORK &&
		rows >= dimension &&
		dimension * (1.0 + dimension / (double) rows) <= 150.0 * outputs;
}

size_t
gtl_whitening_size(const GtlShape *shape)
{
	size_t		d = (size_t) shape->layer[0].inputs;

	return gtl_size_multiply(gtl_size_multiply(d, gtl_size_add(d, 2 + GTL_GRAM_ROWS)), sizeof(double) + sizeof(float));
}

/* What is summed over the rows. */
typedef struct Moments
{
	int64_t		rows;
	const float *weights;		/* [rows]; NULL: all 1 */
	double		sampled;		/* weight of the rows in products */
	float	   *products;		/* [dimension x dimension], sampled rows */
	double	   *sums;			/* [dimension], all rows */
	double	   *squares;		/* [dimension], all rows */

	/* sampling by weight */
	float	   *picked;			/* [GTL_GRAM_ROWS x dimension] */
	double		rate;			/* chance of a row of weight 1 */
	double		carry;			/* a row is picked whenever the chances add up to 1 */
} Moments;

static int64_t
wanted_rows(const Moments *moments, int dimension)
{
	int64_t		wanted = (int64_t) (moments->weights == NULL ? SAMPLE_PER_FEATURE : WEIGHTED_PER_FEATURE) * dimension;

	return wanted < SAMPLE_ROWS ? SAMPLE_ROWS : wanted;
}

/* The products of a block of which rows are picked with a chance of about their weight; a picked row stands for 1 / chance rows. */
static void
add_picked(Moments *moments, const float *block, int64_t from, int n, int dimension)
{
	int			picked = 0;

	for (int i = 0; i < n; i++)
	{
		double		weight = moments->weights[from + i];
		double		chance = weight * moments->rate < 1.0 ? weight * moments->rate : 1.0;
		float		factor = (float) sqrt(weight / chance);
		float	   *to = moments->picked + (size_t) picked * dimension;

		moments->carry += chance;
		if (moments->carry < 1.0)
			continue;
		moments->carry -= 1.0;
		for (int j = 0; j < dimension; j++)
			to[j] = factor * block[(size_t) i * dimension + j];
		moments->sampled += weight / chance;
		picked++;
	}
	if (picked > 0)
		gtl_kernel_gram(moments->picked, picked, dimension, moments->products);
}

/* False: stopped. */
static bool
sum_moments(Moments *moments, const GtlTrainingData *data, float *buffer, const GtlEnv *env)
{
	int			dimension = data->shape.layer[0].inputs;
	int64_t		wanted = wanted_rows(moments, dimension);
	int64_t		every = moments->rows > wanted ? moments->rows / wanted : 1;

	moments->rate = (double) wanted / (double) moments->rows;
	for (int64_t b = 0; b * GTL_GRAM_ROWS < moments->rows; b++)
	{
		int64_t		from = b * GTL_GRAM_ROWS;
		int64_t		left = moments->rows - from;
		int			n = left < GTL_GRAM_ROWS ? (int) left : GTL_GRAM_ROWS;
		const float *block;

		if (gtl_env_interrupted(env))
			return false;
		block = gtl_training_data_block(data, from, n, buffer);
		if (block == NULL)
			return false;
		gtl_kernel_moments(block, moments->weights == NULL ? NULL : moments->weights + from, n, dimension,
						   moments->sums, moments->squares);
		if (moments->weights != NULL)
			add_picked(moments, block, from, n, dimension);
		else if (b % every == 0)
		{
			gtl_kernel_gram(block, n, dimension, moments->products);
			moments->sampled += n;
		}
	}
	return moments->sampled > 0.0;
}

/* M's features part into the lower triangle of the factor. */
static void
fill_matrix(GtlWhitening *whitening, const Moments *moments, int classes, double lambda)
{
	int			d = whitening->dimension;
	double		share = 1.0 / (moments->sampled * classes);
	double		trace = 0.0;

	for (int i = 0; i < d; i++)
	{
		double	   *line = whitening->factor + (size_t) i * d;
		double		diagonal = moments->squares[i] / ((double) moments->rows * classes);

		for (int j = 0; j <= i; j++)
			line[j] = moments->products[(size_t) i * d + j] * share;
		line[i] = diagonal > line[i] ? diagonal : line[i];
		trace += line[i];
	}
	for (int i = 0; i < d; i++)
		whitening->factor[(size_t) i * d + i] += lambda + JITTER * trace / d;
}

/* The factor; false: not positive definite, or stopped. */
static bool
factorize(GtlWhitening *whitening, const Moments *moments, int classes, const GtlEnv *env)
{
	int			d = whitening->dimension;
	double		corner = 1.0 / classes;
	double		corner_min = 1e-3 * corner;

	if (!gtl_kernel_cholesky(whitening->factor, d, env))
		return false;

	/* its last line, for the bias: line * L' = sums, and what is left for the corner */
	for (int j = 0; j < d; j++)
		whitening->bias_line[j] = moments->sums[j] / ((double) moments->rows * classes);
	gtl_kernel_solve(whitening->factor, d, true, whitening->bias_line, 1);
	for (int j = 0; j < d; j++)
		corner -= whitening->bias_line[j] * whitening->bias_line[j];
	whitening->bias_corner = sqrt(corner > corner_min ? corner : corner_min);
	return true;
}

bool
gtl_whitening_init(GtlWhitening *whitening, const GtlTrainingData *data, double lambda, const float *row_weights,
				   const GtlEnv *env)
{
	const GtlShape *shape = &data->shape;
	size_t		d = (size_t) shape->layer[0].inputs;
	Moments		moments = {.rows = data->rows,.weights = row_weights};
	float	   *buffer = gtl_training_data_buffer(data, env);
	bool		done;

	moments.products = gtl_env_alloc(env, d * d * sizeof(float));
	moments.sums = gtl_env_alloc(env, d * sizeof(double));
	moments.squares = gtl_env_alloc(env, d * sizeof(double));
	if (row_weights != NULL)
		moments.picked = gtl_env_alloc(env, GTL_GRAM_ROWS * d * sizeof(float));
	whitening->dimension = shape->layer[0].inputs;
	whitening->factor = gtl_env_alloc(env, d * d * sizeof(double));
	whitening->bias_line = gtl_env_alloc(env, d * sizeof(double));

	done = sum_moments(&moments, data, buffer, env);
	if (done)
	{
		fill_matrix(whitening, &moments, shape->classes, lambda);
		done = factorize(whitening, &moments, shape->classes, env);
	}
	gtl_env_release(env, moments.products);
	gtl_env_release(env, moments.sums);
	gtl_env_release(env, moments.squares);
	gtl_env_release(env, moments.picked);
	gtl_env_release(env, buffer);
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
	{
		bias[c] -= dot(matrix + (size_t) c * layer->inputs, whitening->bias_line, layer->inputs);
		bias[c] /= whitening->bias_corner;
	}
}
