/*
 * objective.c
 *		Log loss and gradient by slices, the penalty, and the sum of both.
 *
 * One pass over the features an evaluation: a block of rows goes forward, through
 * the softmax and backward while it is in the cache.  Products and gradients within
 * a slice are float, everything that adds up slices is double.
 */
#include "learning/objective.h"

#include <math.h>
#include <string.h>

#include "learning/kernels.h"

#define LOG_GROUP 32			/* sums (each in [1, classes]) multiplied before one log */

/* Sum of log(x[i]), x >= 1, with few calls of log. */
static double
sum_of_logs(const double *x, int n)
{
	double		total = 0.0;

	for (int from = 0; from < n; from += LOG_GROUP)
	{
		int			to = from + LOG_GROUP < n ? from + LOG_GROUP : n;
		double		product = 1.0;

		for (int i = from; i < to; i++)
			product *= x[i];
		total += log(product);
	}
	return total;
}

/*
 * From scores to d loss / d scores, in place: softmax minus 1 at the label.
 * Returns the sum of the log losses.
 */
static double
loss_and_residuals(const GtlShape *shape, const int32_t *labels, int rows, GtlScratch *scratch)
{
	double		loss = 0.0;

	for (int i = 0; i < rows; i++)
		scratch->own[i] = scratch->scores[(size_t) labels[i] * rows + i];
	gtl_kernel_softmax(scratch->scores, shape->classes, rows, scratch->largest, scratch->sum);
	for (int i = 0; i < rows; i++)
	{
		loss += (double) scratch->largest[i] - scratch->own[i];
		scratch->scores[(size_t) labels[i] * rows + i] -= 1.0f;
	}
	return loss + sum_of_logs(scratch->sum, rows);
}

/*
 * Sum of the log losses of one slice, and the gradient [weight_count] of that sum
 * (overwritten).  False: env said stop.
 */
static bool
evaluate_slice(GtlObjective *objective, int64_t slice, double *loss, float *gradient)
{
	const GtlTrainingData *data = objective->data;
	const float *weights = objective->weights;
	GtlScratch *scratch = &objective->scratch;
	const GtlEnv *env = objective->env;
	const GtlModelKind *kind = gtl_shape_kind(&data->shape);
	int64_t		end = (slice + 1) * GTL_SLICE_ROWS;

	if (end > data->rows)
		end = data->rows;
	*loss = 0.0;
	for (GtlPiece p = {0, 0}; gtl_piece_next(&p, data->shape.weight_count, env);)
		memset(gradient + p.from, 0, (p.to - p.from) * sizeof(float));

	for (int64_t from = slice * GTL_SLICE_ROWS; from < end; from += data->block_rows)
	{
		int			rows = end - from < data->block_rows ? (int) (end - from) : data->block_rows;
		const float *features;

		if (gtl_env_interrupted(env))
			return false;
		features = gtl_training_data_block(data, from, rows, objective->block);
		if (features == NULL ||
			!kind->forward(&data->shape, weights, features, rows, scratch, env))
			return false;
		*loss += loss_and_residuals(&data->shape, data->labels + from, rows, scratch);
		if (!kind->backward(&data->shape, weights, features, rows, scratch, gradient, env))
			return false;
	}
	return true;
}

static int64_t
slice_count(const GtlTrainingData *data)
{
	return (data->rows + GTL_SLICE_ROWS - 1) / GTL_SLICE_ROWS;
}

size_t
gtl_objective_size(const GtlShape *shape)
{
	return gtl_size_add(gtl_size_multiply(shape->weight_count, 2 * sizeof(float) + sizeof(double)),
						gtl_scratch_size(shape, gtl_shape_block_rows(shape), true));
}

void
gtl_objective_init(GtlObjective *objective, const GtlTrainingData *data,
				   double lambda, const double *center,
				   const GtlWhitening *whitening, const GtlEnv *env)
{
	size_t		n = data->shape.weight_count;

	objective->data = data;
	objective->lambda = lambda;
	objective->center = center;
	objective->whitening = whitening;
	objective->env = env;
	gtl_scratch_init(&objective->scratch, &data->shape, data->block_rows, true, env);
	objective->weights = gtl_env_alloc(env, n * sizeof(float));
	objective->slice_gradient = gtl_env_alloc(env, n * sizeof(float));
	objective->natural = whitening == NULL ? NULL : gtl_env_alloc(env, n * sizeof(double));
	objective->block = gtl_training_data_buffer(data, env);
}

void
gtl_objective_release(GtlObjective *objective)
{
	gtl_scratch_release(&objective->scratch, objective->env);
	gtl_env_release(objective->env, objective->weights);
	gtl_env_release(objective->env, objective->slice_gradient);
	gtl_env_release(objective->env, objective->natural);
	gtl_env_release(objective->env, objective->block);
}

/* Penalty of the weights w[n], which begin at `offset`; its gradient is added. */
static double
add_penalty(const GtlObjective *objective, const double *w, size_t offset, size_t n, double *gradient)
{
	const double *center = objective->center == NULL ? NULL : objective->center + offset;
	double		squares = 0.0;

	w += offset;
	gradient += offset;
	for (GtlPiece p = {0, 0}; gtl_piece_next(&p, n, objective->env);)
		for (size_t i = p.from; i < p.to; i++)
		{
			double		distance = center == NULL ? w[i] : w[i] - center[i];

			squares += distance * distance;
			gradient[i] += objective->lambda * distance;
		}
	return 0.5 * objective->lambda * squares;
}

static double
penalty(const GtlObjective *objective, const double *w, double *gradient)
{
	const GtlShape *shape = &objective->data->shape;
	double		value = 0.0;

	if (objective->center != NULL)
		return add_penalty(objective, w, 0, shape->weight_count, gradient);
	for (int l = 0; l < shape->nlayers; l++)
		value += add_penalty(objective, w, shape->layer[l].weights,
							 shape->layer[l].bias - shape->layer[l].weights, gradient);
	return value;
}

/* The weights that belong to the variables, in double and in float. */
static const double *
set_weights(GtlObjective *objective, const double *variables)
{
	const GtlShape *shape = &objective->data->shape;
	const double *weights = variables;

	if (objective->whitening != NULL)
	{
		memcpy(objective->natural, variables, shape->weight_count * sizeof(double));
		gtl_whitening_to_weights(objective->whitening, &shape->layer[0], objective->natural);
		weights = objective->natural;
	}
	for (GtlPiece p = {0, 0}; gtl_piece_next(&p, shape->weight_count, objective->env);)
		gtl_kernel_round(weights + p.from, objective->weights + p.from, p.to - p.from);
	return weights;
}

/* Mean log loss and its gradient; NaN: stopped. */
static double
mean_loss(GtlObjective *objective, double *gradient)
{
	const GtlTrainingData *data = objective->data;
	size_t		n = data->shape.weight_count;
	double		total = 0.0;

	for (GtlPiece p = {0, 0}; gtl_piece_next(&p, n, objective->env);)
		memset(gradient + p.from, 0, (p.to - p.from) * sizeof(double));
	for (int64_t s = 0; s < slice_count(data); s++)
	{
		double		loss;

		if (!evaluate_slice(objective, s, &loss, objective->slice_gradient))
			return NAN;
		total += loss;
		for (GtlPiece p = {0, 0}; gtl_piece_next(&p, n, objective->env);)
			gtl_kernel_accumulate(objective->slice_gradient + p.from, gradient + p.from, p.to - p.from);
	}
	for (GtlPiece p = {0, 0}; gtl_piece_next(&p, n, objective->env);)
		for (size_t i = p.from; i < p.to; i++)
			gradient[i] /= (double) data->rows;
	return total / (double) data->rows;
}

static double
largest_of(const GtlObjective *objective, const double *gradient)
{
	double		largest = 0.0;

	for (GtlPiece p = {0, 0}; gtl_piece_next(&p, objective->data->shape.weight_count, objective->env);)
	{
		double		here = gtl_kernel_largest(gradient + p.from, p.to - p.from);

		if (!(here <= largest))
			largest = here;
		if (isnan(largest))
			break;
	}
	return largest;
}

double
gtl_objective_evaluate(GtlObjective *objective, const double *variables,
					   double *gradient, double *largest)
{
	const double *weights = set_weights(objective, variables);
	double		total = mean_loss(objective, gradient);

	*largest = NAN;
	if (isnan(total))
		return NAN;
	total += penalty(objective, weights, gradient);
	*largest = largest_of(objective, gradient);
	if (objective->whitening != NULL)
		gtl_whitening_gradient(objective->whitening, &objective->data->shape.layer[0], gradient);
	return gtl_env_interrupted(objective->env) ? NAN : total;
}
