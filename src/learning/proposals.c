/*
 * proposals.c
 *		Guesses at the labels, as inputs of the classifiers.
 *
 * A guess that is right with probability p, all other classes alike, adds
 *
 *		log(p (K - 1) / (1 - p)) = log(p0 (K - 1) / (1 - p0)) + logit(p) - logit(p0)
 *
 * to the score of its class.  The first part is the weight of the input that says which class it is,
 * the second the value of the input that says how sure the source is, which has weight 1.  Sources that
 * agree because they copy each other must not be believed more than one of them, nor be learned from more
 * easily: of S sources each has 1 / S of the belief, and inputs shorter by sqrt(S), so that S copies are to
 * the penalty what one source is.
 */
#include "learning/proposals.h"

#include <math.h>
#include <string.h>

#define USUALLY_RIGHT 0.8		/* p0 */
#define MOST_SURE 4.0			/* logit of .982 */

int
gtl_proposals_inputs(int sources, int classes)
{
	return 2 * sources * classes;
}

static double
logit(double p)
{
	return log(p / (1.0 - p));
}

void
gtl_proposals_encode(int class_no, double confidence, int sources, int classes, float *inputs)
{
	double		one = 1.0 / sqrt(sources);

	memset(inputs, 0, 2 * (size_t) classes * sizeof(float));
	if (class_no < 0)
		return;
	inputs[class_no] = (float) one;
	if (!isnan(confidence))
		inputs[classes + class_no] = (float) (one * (fmax(-MOST_SURE, fmin(MOST_SURE, logit(confidence))) - logit(USUALLY_RIGHT)));
}

void
gtl_proposals_prior(const GtlFeatureStats *stats, int classes, bool neighbours, const GtlEnv *env, GtlClassifier *prior)
{
	int			width = neighbours ? gtl_stats_width(stats) : stats->dimension;
	int			first = stats->dimension - stats->proposals;
	int			sources = stats->proposals / (2 * classes);
	double		weight = log(classes - 1.0) + logit(USUALLY_RIGHT);

	memset(prior, 0, sizeof *prior);
	prior->candidate = (GtlCandidate) {.algorithm = GTL_SOFTMAX,.c = 1.0,.neighbours = neighbours,.proposals = true};
	prior->dimension = prior->scaler.dimension = width;
	prior->classes = classes;
	prior->scaler.mean = gtl_env_alloc(env, (size_t) width * sizeof(double));
	prior->scaler.factor = gtl_env_alloc(env, (size_t) width * sizeof(double));
	for (int j = 0; j < width; j++)
		prior->scaler.factor[j] = 1.0;
	prior->weight_count = gtl_classifier_weight_count(&prior->candidate, width, classes);
	prior->weights = gtl_env_alloc(env, prior->weight_count * sizeof(float));
	for (int s = 0; s < sources; s++)
		for (int c = 0; c < classes; c++)
		{
			float	   *line = prior->weights + (size_t) c * width + first + 2 * s * classes;

			line[c] = (float) (weight / sqrt(sources));
			line[classes + c] = (float) (1.0 / sqrt(sources));
		}
}
