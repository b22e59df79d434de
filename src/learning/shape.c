/*
 * shape.c
 *		Layer layout of the classifiers, scratch memory, and the one layer that
 *		softmax and MLP have in common.
 */
#include "learning/shape.h"

#include "learning/kernels.h"

#define SCRATCH_LIMIT ((size_t) 4 * 1024 * 1024)	/* bytes of scores a block should not exceed */

static void
add_layer(GtlShape *shape, int inputs, int outputs)
{
	GtlLayer   *layer = &shape->layer[shape->nlayers++];
	size_t		matrix = gtl_size_multiply((size_t) inputs, (size_t) outputs);

	layer->inputs = inputs;
	layer->outputs = outputs;
	layer->weights = shape->weight_count;
	layer->bias = gtl_size_add(layer->weights, matrix);
	shape->weight_count = gtl_size_add(layer->bias, (size_t) outputs);
}

GtlShape
gtl_shape(const GtlCandidate *candidate, int dimension, int classes)
{
	GtlShape	shape = {.algorithm = candidate->algorithm, .classes = classes};

	if (candidate->algorithm == GTL_MLP)
	{
		add_layer(&shape, dimension, candidate->hidden);
		add_layer(&shape, candidate->hidden, classes);
	}
	else
		add_layer(&shape, dimension, classes);

	if (shape.weight_count == SIZE_MAX)
		shape.weight_count = 0;
	return shape;
}

const GtlModelKind *
gtl_shape_kind(const GtlShape *shape)
{
	return shape->algorithm == GTL_MLP ? &gtl_mlp_kind : &gtl_softmax_kind;
}

static int
hidden_units(const GtlShape *shape)
{
	return shape->nlayers > 1 ? shape->layer[0].outputs : 0;
}

int
gtl_shape_block_rows(const GtlShape *shape)
{
	int			rows = GTL_KERNEL_ROWS;

	while (rows > 16 && gtl_scratch_size(shape, rows, true) > SCRATCH_LIMIT)
		rows /= 2;
	return rows;
}

size_t
gtl_scratch_size(const GtlShape *shape, int rows, bool training)
{
	size_t		lines = gtl_size_multiply((size_t) hidden_units(shape), training ? 2 : 1);

	lines = gtl_size_add(lines, (size_t) shape->classes);
	lines = gtl_size_add(lines, 4); /* largest, own, sum (double) */
	return gtl_size_multiply(lines, (size_t) rows * sizeof(float));
}

void
gtl_scratch_init(GtlScratch *scratch, const GtlShape *shape, int rows, bool training,
				 const GtlEnv *env)
{
	size_t		line = (size_t) rows * sizeof(float);
	size_t		hidden = (size_t) hidden_units(shape);

	scratch->scores = gtl_env_alloc(env, (size_t) shape->classes * line);
	scratch->hidden = hidden == 0 ? NULL : gtl_env_alloc(env, hidden * line);
	scratch->delta = hidden == 0 || !training ? NULL : gtl_env_alloc(env, hidden * line);
	scratch->largest = gtl_env_alloc(env, line);
	scratch->own = gtl_env_alloc(env, line);
	scratch->sum = gtl_env_alloc(env, (size_t) rows * sizeof(double));
}

void
gtl_scratch_release(GtlScratch *scratch, const GtlEnv *env)
{
	gtl_env_release(env, scratch->scores);
	gtl_env_release(env, scratch->hidden);
	gtl_env_release(env, scratch->delta);
	gtl_env_release(env, scratch->largest);
	gtl_env_release(env, scratch->own);
	gtl_env_release(env, scratch->sum);
}

/*
 * outputs [outputs x rows] = W * inputs + bias.  Inputs are [rows x inputs] if
 * row-major, else [inputs x rows].
 */
bool
gtl_layer_forward(const GtlLayer *layer, const float *weights,
				  const float *inputs, bool inputs_row_major, int rows,
				  float *outputs, const GtlEnv *env)
{
	GtlProduct	product = {
		.m = layer->outputs,.n = rows,.k = layer->inputs,
		.a = weights + layer->weights,.lda = layer->inputs,
		.b = inputs,.ldb = inputs_row_major ? layer->inputs : rows,.b_transposed = inputs_row_major,
		.beta = 1.0f,.c = outputs,.ldc = rows
	};

	gtl_kernel_spread(weights + layer->bias, layer->outputs, rows, outputs);
	return gtl_kernel_multiply(&product, env);
}

/* gradient of W += delta * inputs', of the bias += row sums of delta. */
bool
gtl_layer_gradient(const GtlLayer *layer, const float *delta,
				   const float *inputs, bool inputs_row_major, int rows,
				   float *gradient, const GtlEnv *env)
{
	GtlProduct	product = {
		.m = layer->outputs,.n = layer->inputs,.k = rows,
		.a = delta,.lda = rows,
		.b = inputs,.ldb = inputs_row_major ? layer->inputs : rows,.b_transposed = !inputs_row_major,
		.beta = 1.0f,.c = gradient + layer->weights,.ldc = layer->inputs
	};

	gtl_kernel_sum_lines(delta, layer->outputs, rows, gradient + layer->bias);
	return gtl_kernel_multiply(&product, env);
}
