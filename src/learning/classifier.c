/*
 * classifier.c
 *		Fitting a classifier: from labeled rows to weights.
 *
 * The driver, gtl_classifier_fit, stands last: scaled rows, start point, whitening,
 * minimization, weights.  All working memory comes from env and is gone at the end.
 *
 * Invariants
 *	* The result depends on the rows and their order, the candidate, the statistics,
 *	  the seed and the start, and on nothing else.
 *	* Weights are finite, also after an interruption (then they are not there).
 *	* start and center may come from another scaling: they are translated.
 */
#include "learning/classifier.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "learning/curvature.h"
#include "learning/kernels.h"
#include "learning/mlp.h"
#include "learning/objective.h"
#include "learning/optimize.h"
#include "learning/whitening.h"

#define SOFTMAX_ITERATIONS 200
#define MLP_ITERATIONS 100
#define GRADIENT_TOLERANCE 1e-4
#define NARROW_HIDDEN 64
#define WIDE_MAX_WEIGHTS 65536	/* of networks with more hidden units */

#define CANDIDATES(neighbours, proposals) \
	{GTL_SOFTMAX, GTL_SCALING_GLOBAL, 0.01, 0, neighbours, proposals}, \
	{GTL_SOFTMAX, GTL_SCALING_GLOBAL, 0.1, 0, neighbours, proposals}, \
	{GTL_SOFTMAX, GTL_SCALING_GLOBAL, 1.0, 0, neighbours, proposals}, \
	{GTL_MLP, GTL_SCALING_GLOBAL, 1.0, 64, neighbours, proposals}, \
	{GTL_SOFTMAX, GTL_SCALING_COLUMN, 0.01, 0, neighbours, proposals}, \
	{GTL_SOFTMAX, GTL_SCALING_COLUMN, 0.1, 0, neighbours, proposals}, \
	{GTL_SOFTMAX, GTL_SCALING_COLUMN, 1.0, 0, neighbours, proposals}, \
	{GTL_MLP, GTL_SCALING_COLUMN, 1.0, 64, neighbours, proposals}, \
	{GTL_MLP, GTL_SCALING_GLOBAL, 0.1, 128, neighbours, proposals}

const GtlCandidate gtl_candidates[GTL_CANDIDATE_COUNT] = {
	CANDIDATES(false, false),
	CANDIDATES(true, false),
	CANDIDATES(false, true),
	CANDIDATES(true, true)
};

int
gtl_smallest_network(void)
{
	int			least = 0;

	for (int i = 0; i < GTL_CANDIDATE_COUNT; i++)
		if (gtl_candidates[i].hidden > 0 && (least == 0 || gtl_candidates[i].hidden < least))
			least = gtl_candidates[i].hidden;
	return least;
}

/* State of one fit. */
typedef struct Fit
{
	const GtlFitRequest *request;
	const GtlEnv *env;

	GtlTrainingData data;

	/* the optimization */
	double	   *x;
	void	   *x_block;		/* what to release for x */
	double	   *center;			/* NULL: none */
	bool		at_model;		/* it starts at a model */
	GtlWhitening whitening;
	bool		whitened;
	GtlObjective objective;
} Fit;

const char *
gtl_fit_outcome_name(GtlFitOutcome outcome)
{
	switch (outcome)
	{
		case GTL_FIT_CONVERGED:
			return "converged";
		case GTL_FIT_STALLED:
			return "stalled";
		case GTL_FIT_ITERATION_LIMIT:
			return "iteration limit";
		case GTL_FIT_LINE_SEARCH_FAILED:
			return "line search failed";
		case GTL_FIT_INTERRUPTED:
			return "interrupted";
		case GTL_FIT_OUT_OF_MEMORY:
			return "out of memory";
	}
	return "unknown";
}

bool
gtl_candidate_offered(const GtlCandidate *candidate, int dimension, int classes)
{
	return candidate->hidden <= NARROW_HIDDEN ||
		gtl_shape(candidate, dimension, classes).weight_count <= WIDE_MAX_WEIGHTS;
}

size_t
gtl_classifier_weight_count(const GtlCandidate *candidate, int dimension, int classes)
{
	return gtl_shape(candidate, dimension, classes).weight_count;
}

size_t
gtl_classifier_fit_memory(const GtlCandidate *candidate, int64_t rows, int dimension, int classes,
						  bool streamed)
{
	GtlShape	shape = gtl_shape(candidate, dimension, classes);
	size_t		total = gtl_training_data_size(rows, dimension, streamed);

	if (shape.weight_count == 0)
		return SIZE_MAX;
	total = gtl_size_add(total, gtl_optimize_size(shape.weight_count, gtl_optimize_pairs(shape.weight_count, rows)));
	total = gtl_size_add(total, gtl_objective_size(&shape));
	if (gtl_whitening_pays(&shape, rows))
		total = gtl_size_add(total, gtl_size_add(gtl_whitening_size(&shape), gtl_size_multiply((size_t) rows, sizeof(float))));
	/* the weights themselves, a center, the scaler */
	total = gtl_size_add(total, gtl_size_multiply(shape.weight_count, sizeof(float) + sizeof(double)));
	return gtl_size_add(total, gtl_size_multiply((size_t) dimension, 2 * sizeof(double)));
}

/*
 * A model's weights as they would be with another scaling: the same function of the
 * unscaled features, except in columns that are constant here.  False: stopped.
 */
static bool
translate(const GtlClassifier *model, const GtlScaler *scaler, const GtlLayer *first, const GtlEnv *env, double *weights)
{
	for (GtlPiece p = {0, 0}; gtl_piece_next(&p, model->weight_count, env);)
		for (size_t i = p.from; i < p.to; i++)
			weights[i] = model->weights[i];
	for (int o = 0; o < first->outputs && !gtl_env_interrupted(env); o++)
	{
		double	   *line = weights + first->weights + (size_t) o * first->inputs;
		double		shift = 0.0;

		for (int j = 0; j < first->inputs; j++)
		{
			double		slope = line[j] * model->scaler.factor[j];

			shift += slope * (scaler->mean[j] - model->scaler.mean[j]);
			if (scaler->factor[j] != model->scaler.factor[j])
				line[j] = scaler->factor[j] == 0.0 ? 0.0 : slope / scaler->factor[j];
		}
		weights[first->bias + o] += shift;
	}
	return !gtl_env_interrupted(env);
}

/* Columns that the classifier takes. */
static int
dimension_of(const GtlFitRequest *request)
{
	return request->candidate.neighbours ? gtl_stats_width(request->stats) : request->stats->dimension;
}

static bool
same_shape(const GtlClassifier *model, const GtlFitRequest *request)
{
	return model->candidate.algorithm == request->candidate.algorithm &&
		model->candidate.hidden == request->candidate.hidden &&
		model->dimension == dimension_of(request) &&
		model->classes == request->set->classes;
}

/* Softmax starts at the classes' shares: W = 0, b = log of the smoothed share. */
static void
start_at_shares(const Fit *fit, double *x)
{
	const GtlLayer *layer = &fit->data.shape.layer[0];
	double	   *bias = x + layer->bias;

	for (int64_t i = 0; i < fit->data.rows; i++)
		bias[fit->data.labels[i]] += 1.0;
	for (int c = 0; c < layer->outputs; c++)
		bias[c] = log((bias[c] + 1.0) / (double) (fit->data.rows + layer->outputs));
}

/* Where the minimization starts, and the center of the penalty.  False: stopped. */
static bool
set_start(Fit *fit, const GtlScaler *scaler)
{
	const GtlFitRequest *request = fit->request;
	const GtlShape *shape = &fit->data.shape;
	const GtlClassifier *start = request->start;
	bool		centered = request->center != NULL && same_shape(request->center, request) &&
		shape->algorithm == GTL_SOFTMAX;

	if (centered)
	{
		fit->center = gtl_env_alloc(fit->env, shape->weight_count * sizeof(double));
		if (!translate(request->center, scaler, &shape->layer[0], fit->env, fit->center))
			return false;
		if (start == NULL)
			start = request->center;
	}

	fit->x = gtl_optimize_vector(shape->weight_count, fit->env, &fit->x_block);
	if (start != NULL && same_shape(start, request))
	{
		fit->at_model = true;
		return translate(start, scaler, &shape->layer[0], fit->env, fit->x);
	}
	if (shape->algorithm == GTL_MLP)
		return gtl_mlp_start(shape, request->seed, fit->env, fit->x);
	start_at_shares(fit, fit->x);
	return true;
}

static double
evaluate(void *context, const double *x, double *gradient, double *largest)
{
	return gtl_objective_evaluate(context, x, gradient, largest);
}

/* False: it does not pay, cannot be done, or env said stop. */
static bool
whiten(Fit *fit, double lambda)
{
	float	   *row_weights = NULL;
	bool		done;

	if (!gtl_whitening_pays(&fit->data.shape, fit->data.rows))
		return false;
	/* networks took as many iterations with weights as without (bench/learning) */
	if (fit->at_model && fit->data.shape.algorithm == GTL_SOFTMAX)
	{
		row_weights = gtl_curvature_rows(&fit->data, fit->x, fit->env);
		if (row_weights == NULL)
			return false;
	}
	done = gtl_whitening_init(&fit->whitening, &fit->data, lambda, row_weights, fit->env);
	gtl_env_release(fit->env, row_weights);
	return done;
}

static void
minimize(Fit *fit, GtlFitReport *report)
{
	const GtlFitRequest *request = fit->request;
	const GtlShape *shape = &fit->data.shape;
	double		lambda = 1.0 / (request->candidate.c * (double) fit->data.rows);
	GtlMinimization minimization = {
		.evaluate = evaluate,.context = &fit->objective,
		.n = shape->weight_count,.x = fit->x,.pairs = gtl_optimize_pairs(shape->weight_count, fit->data.rows),
		.max_iterations = request->max_iterations,.tolerance = request->gradient_tolerance
	};

	if (minimization.max_iterations == 0)
		minimization.max_iterations = shape->algorithm == GTL_MLP ? MLP_ITERATIONS : SOFTMAX_ITERATIONS;
	if (minimization.tolerance == 0.0)
		minimization.tolerance = GRADIENT_TOLERANCE;

	fit->whitened = whiten(fit, lambda);
	gtl_objective_init(&fit->objective, &fit->data, lambda, fit->center,
					   fit->whitened ? &fit->whitening : NULL, fit->env);
	if (fit->whitened)
		gtl_whitening_from_weights(&fit->whitening, &shape->layer[0], fit->x);
	gtl_optimize(&minimization, fit->env, report);
	if (fit->whitened)
	{
		gtl_whitening_to_weights(&fit->whitening, &shape->layer[0], fit->x);
		gtl_whitening_release(&fit->whitening, fit->env);
	}
	gtl_objective_release(&fit->objective);
}

/* The result as float, finite whatever happened. */
static void
store_weights(const double *x, float *weights, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		double		w = isnan(x[i]) ? 0.0 : x[i];

		weights[i] = (float) (w > FLT_MAX ? FLT_MAX : w < -FLT_MAX ? -FLT_MAX : w);
	}
}

void
gtl_classifier_release(GtlClassifier *classifier, const GtlEnv *env)
{
	gtl_env_release(env, classifier->scaler.mean);
	gtl_env_release(env, classifier->scaler.factor);
	gtl_env_release(env, classifier->weights);
	memset(classifier, 0, sizeof *classifier);
}

void
gtl_classifier_fit(const GtlFitRequest *request, const GtlEnv *env,
				   GtlClassifier *classifier, GtlFitReport *report)
{
	const GtlLabeledSet *set = request->set;
	GtlShape	shape = gtl_shape(&request->candidate, dimension_of(request), set->classes);
	int64_t		rows = request->subset == NULL ? set->rows : request->subset_rows;
	Fit			fit = {.request = request, .env = env};

	memset(classifier, 0, sizeof *classifier);
	memset(report, 0, sizeof *report);
	classifier->candidate = request->candidate;
	classifier->dimension = dimension_of(request);
	classifier->classes = set->classes;
	classifier->weight_count = shape.weight_count;
	gtl_scaler_init(&classifier->scaler, request->candidate.scaling, request->candidate.neighbours, request->candidate.proposals,
					request->stats, env);
	classifier->weights = gtl_env_alloc(env, classifier->weight_count * sizeof(float));

	if (!gtl_training_data_init(&fit.data, &shape, set, request->subset, rows, &classifier->scaler, env))
		report->outcome = GTL_FIT_INTERRUPTED;
	else
	{
		if (!set_start(&fit, &classifier->scaler))
			report->outcome = GTL_FIT_INTERRUPTED;
		else if (fit.data.rows > 0)
			minimize(&fit, report);
		store_weights(fit.x, classifier->weights, classifier->weight_count);
		gtl_env_release(env, fit.x_block);
		gtl_env_release(env, fit.center);
		gtl_training_data_release(&fit.data, env);
	}
	if (report->outcome == GTL_FIT_INTERRUPTED)
		gtl_classifier_release(classifier, env);
}
