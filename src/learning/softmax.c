/*
 * softmax.c
 *		Softmax regression: scores are one linear layer of the features.
 *
 * f(W, b) = -(1/n) sum log softmax(W x + b)_y + 1/(2 C n) |W|^2, the bias free;
 * log loss, slices and penalty are objective.c's.
 */
#include "learning/shape.h"

static bool
softmax_forward(const GtlShape *shape, const float *weights, const float *features, int rows,
				GtlScratch *scratch, const GtlEnv *env)
{
	return gtl_layer_forward(&shape->layer[0], weights, features, true, rows, scratch->scores, env);
}

static bool
softmax_backward(const GtlShape *shape, const float *weights, const float *features, int rows,
				 GtlScratch *scratch, float *gradient, const GtlEnv *env)
{
	(void) weights;
	return gtl_layer_gradient(&shape->layer[0], scratch->scores, features, true, rows, gradient, env);
}

const GtlModelKind gtl_softmax_kind = {softmax_forward, softmax_backward};
