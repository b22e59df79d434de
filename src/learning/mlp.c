/*
 * mlp.c
 *		A network with one hidden layer: scores = B relu(A x + a) + b.
 *
 * Same loss as softmax.c with penalty |A|^2 + |B|^2.  The start weights are
 * A ~ N(0, 2/d) (He et al. 2015) and B ~ N(0, 1/H), drawn by counter from the seed,
 * biases 0.
 */
#include "learning/mlp.h"

#include <math.h>

#include "learning/kernels.h"
#include "learning/random.h"

static bool
mlp_forward(const GtlShape *shape, const float *weights, const float *features, int rows,
			GtlScratch *scratch, const GtlEnv *env)
{
	const GtlLayer *hidden = &shape->layer[0];

	if (!gtl_layer_forward(hidden, weights, features, true, rows, scratch->hidden, env))
		return false;
	gtl_kernel_relu(scratch->hidden, (size_t) hidden->outputs * rows);
	return gtl_layer_forward(&shape->layer[1], weights, scratch->hidden, false, rows,
							 scratch->scores, env);
}

static bool
mlp_backward(const GtlShape *shape, const float *weights, const float *features, int rows,
			 GtlScratch *scratch, float *gradient, const GtlEnv *env)
{
	const GtlLayer *hidden = &shape->layer[0];
	const GtlLayer *output = &shape->layer[1];
	GtlProduct	through = {		/* delta = B' * d loss / d scores */
		.m = hidden->outputs,.n = rows,.k = output->outputs,
		.a = weights + output->weights,.lda = output->inputs,.a_transposed = true,
		.b = scratch->scores,.ldb = rows,
		.beta = 0.0f,.c = scratch->delta,.ldc = rows
	};

	if (!gtl_layer_gradient(output, scratch->scores, scratch->hidden, false, rows, gradient, env) ||
		!gtl_kernel_multiply(&through, env))
		return false;
	gtl_kernel_relu_gradient(scratch->hidden, scratch->delta, (size_t) hidden->outputs * rows);
	return gtl_layer_gradient(hidden, scratch->delta, features, true, rows, gradient, env);
}

const GtlModelKind gtl_mlp_kind = {mlp_forward, mlp_backward};

bool
gtl_mlp_start(const GtlShape *shape, uint64_t seed, const GtlEnv *env, double *weights)
{
	for (int l = 0; l < shape->nlayers; l++)
	{
		const GtlLayer *layer = &shape->layer[l];
		double		sd = sqrt((l == 0 ? 2.0 : 1.0) / layer->inputs);
		size_t		count = (size_t) layer->inputs * layer->outputs;

		for (GtlPiece p = {0, 0}; gtl_piece_next(&p, count, env);)
			for (size_t i = layer->weights + p.from; i < layer->weights + p.to; i++)
				weights[i] = sd * gtl_random_normal(seed, GTL_STREAM_WEIGHTS, i);
		for (int i = 0; i < layer->outputs; i++)
			weights[layer->bias + i] = 0.0;
	}
	return !gtl_env_interrupted(env);
}
