/*
 * row_scorer.c
 *		Scoring one row at a time.
 */
#include "learning/row_scorer.h"

#include <math.h>
#include <string.h>

#include "learning/kernels.h"
#include "learning/shape.h"

struct GtlRowScorer
{
	const GtlClassifier *classifier;
	const GtlNeighbours *map;	/* to the columns that rows come without; NULL: they are complete */
	GtlNeighbourScratch *scratch;
	int			features;		/* columns that rows come with */
	float	   *complete;		/* [dimension], made of them; NULL: they are complete */
	GtlShape	shape;
	float	   *scaled;			/* [dimension] */
	float	   *hidden;			/* [hidden]; NULL without a hidden layer */
	float	   *score;			/* [classes] */
	float	   *probability;	/* [classes] */
};

GTL_CLONES
static void
apply_layer(const float *weights, const float *bias, const float *inputs, int ninputs, int noutputs, float *outputs)
{
	for (int o = 0; o < noutputs; o++)
	{
		const float *w = weights + (size_t) o * ninputs;
		float		sum = 0.0f;

		for (int i = 0; i < ninputs; i++)
			sum += w[i] * inputs[i];
		outputs[o] = sum + bias[o];
	}
}

GtlRowScorer *
gtl_row_scorer_create(const GtlClassifier *classifier, int features, const GtlNeighbours *map, const GtlEnv *env)
{
	GtlRowScorer *scorer = gtl_env_alloc(env, sizeof(GtlRowScorer));

	scorer->classifier = classifier;
	scorer->map = map;
	scorer->features = features;
	if (map != NULL)
		scorer->scratch = gtl_neighbours_scratch(map, env);
	if (features < classifier->dimension)
	{
		scorer->complete = gtl_env_alloc(env, sizeof(float) * (size_t) classifier->dimension);
	}
	scorer->shape = gtl_shape(&classifier->candidate, classifier->dimension, classifier->classes);
	scorer->scaled = gtl_env_alloc(env, sizeof(float) * (size_t) classifier->dimension);
	if (scorer->shape.nlayers > 1)
		scorer->hidden = gtl_env_alloc(env, sizeof(float) * (size_t) scorer->shape.layer[0].outputs);
	scorer->score = gtl_env_alloc(env, sizeof(float) * (size_t) classifier->classes);
	scorer->probability = gtl_env_alloc(env, sizeof(float) * (size_t) classifier->classes);
	return scorer;
}

void
gtl_row_scorer_release(GtlRowScorer *scorer, const GtlEnv *env)
{
	if (scorer->scratch != NULL)
		gtl_neighbours_scratch_release(scorer->scratch, env);
	gtl_env_release(env, scorer->complete);
	gtl_env_release(env, scorer->scaled);
	gtl_env_release(env, scorer->hidden);
	gtl_env_release(env, scorer->score);
	gtl_env_release(env, scorer->probability);
	gtl_env_release(env, scorer);
}

float *
gtl_row_scorer_proposals(GtlRowScorer *scorer)
{
	return scorer->complete + scorer->features;
}

static void
run_layers(GtlRowScorer *scorer)
{
	const float *weights = scorer->classifier->weights;
	const float *inputs = scorer->scaled;

	for (int l = 0; l < scorer->shape.nlayers; l++)
	{
		const GtlLayer *layer = &scorer->shape.layer[l];
		bool		last = l == scorer->shape.nlayers - 1;
		float	   *outputs = last ? scorer->score : scorer->hidden;

		apply_layer(weights + layer->weights, weights + layer->bias, inputs, layer->inputs, layer->outputs, outputs);
		for (int o = 0; !last && o < layer->outputs; o++)
			outputs[o] = outputs[o] > 0.0f ? outputs[o] : 0.0f;
		inputs = outputs;
	}
}

const float *
gtl_row_scorer_score(GtlRowScorer *scorer, const float *row, int32_t *best, double *margin)
{
	int			classes = scorer->classifier->classes;
	int32_t		first = 0;
	double		second = -INFINITY;
	double		sum = 0.0;

	if (scorer->complete != NULL)
	{
		memcpy(scorer->complete, row, sizeof(float) * (size_t) scorer->features);
		if (scorer->map != NULL)
			gtl_neighbours_row(scorer->map, scorer->scratch, row,
							   scorer->complete + scorer->classifier->dimension - GTL_NEIGHBOUR_COLUMNS);
		row = scorer->complete;
	}
	gtl_scaler_apply(&scorer->classifier->scaler, row, scorer->classifier->dimension, scorer->scaled, 1);
	run_layers(scorer);
	for (int32_t c = 1; c < classes; c++)
		if (scorer->score[c] > scorer->score[first])
		{
			second = scorer->score[first];
			first = c;
		}
		else if (scorer->score[c] > second)
			second = scorer->score[c];
	for (int32_t c = 0; c < classes; c++)
		sum += exp((double) scorer->score[c] - scorer->score[first]);
	for (int32_t c = 0; c < classes; c++)
		scorer->probability[c] = (float) (exp((double) scorer->score[c] - scorer->score[first]) / sum);
	*best = first;
	*margin = -expm1(second - scorer->score[first]) / sum;
	return scorer->probability;
}
