/*
 * crossfit.c
 *		Cross-fitting: candidate selection, and out-of-fold answers for the
 *		validation set.
 *
 * The invariant that the certificate rests on: a validation object's score comes
 * from a model whose training rows do not contain the object.  in_training() is the
 * one place that decides who trains whom.
 *
 * Folds are the outer loop of the selection, so that a candidate can start at its
 * neighbour's weights when both minimize a convex function (softmax with another
 * penalty): same minimum, fewer iterations.
 */
#include "learning/crossfit.h"

#include <math.h>
#include <string.h>

#include "learning/shape.h"

#define PROBABILITY_MIN 1e-12
#define MAX_CANDIDATES (GTL_CANDIDATE_COUNT + 2)

/* Row numbers of a fold's training and held-out rows, and a scorer's block. */
typedef struct Split
{
	int32_t    *training;
	int64_t		ntraining;
	int32_t    *held_out;
	int64_t		nheld_out;
	float	   *rows;			/* [GTL_SCORE_BLOCK_ROWS x dimension] */
	float	   *probability;	/* [GTL_SCORE_BLOCK_ROWS x classes] */
} Split;

static void
split_init(Split *split, const GtlLabeledSet *set, const GtlEnv *env)
{
	memset(split, 0, sizeof *split);
	split->training = gtl_env_alloc(env, (size_t) set->rows * sizeof(int32_t));
	split->held_out = gtl_env_alloc(env, (size_t) set->rows * sizeof(int32_t));
	split->rows = gtl_env_alloc(env, (size_t) GTL_SCORE_BLOCK_ROWS * set->dimension * sizeof(float));
	split->probability = gtl_env_alloc(env, (size_t) GTL_SCORE_BLOCK_ROWS * set->classes * sizeof(float));
}

static void
split_release(Split *split, const GtlEnv *env)
{
	gtl_env_release(env, split->training);
	gtl_env_release(env, split->held_out);
	gtl_env_release(env, split->rows);
	gtl_env_release(env, split->probability);
}

/*
 * Divide the rows for one fold.  Held out are its rows, and when validation_only
 * just the validation objects among them; all others train.
 */
static void
split_fold(Split *split, const GtlCrossfitSet *set, int fold, bool validation_only)
{
	split->ntraining = 0;
	split->nheld_out = 0;
	for (int64_t i = 0; i < set->labeled.rows; i++)
	{
		if (set->fold[i] == fold && (set->validation[i] || !validation_only))
			split->held_out[split->nheld_out++] = (int32_t) i;
		else
			split->training[split->ntraining++] = (int32_t) i;
	}
}

/*
 * Score the held-out rows and return the sum of their log losses; best and margin
 * (indexed by row) may be NULL.
 */
static double
score_held_out(Split *split, const GtlLabeledSet *set, const GtlClassifier *classifier,
			   int32_t *best, double *margin, const GtlEnv *env)
{
	GtlScorer  *scorer = gtl_scorer_create(classifier, env);
	int32_t		block_best[GTL_SCORE_BLOCK_ROWS];
	double		block_margin[GTL_SCORE_BLOCK_ROWS];
	double		loss = 0.0;

	for (int64_t from = 0; from < split->nheld_out; from += GTL_SCORE_BLOCK_ROWS)
	{
		const int32_t *row = split->held_out + from;
		int64_t		left = split->nheld_out - from;
		int			n = left < GTL_SCORE_BLOCK_ROWS ? (int) left : GTL_SCORE_BLOCK_ROWS;

		for (int i = 0; i < n; i++)
			memcpy(split->rows + (size_t) i * set->dimension,
				   set->features + (size_t) row[i] * set->dimension,
				   (size_t) set->dimension * sizeof(float));
		gtl_scorer_block(scorer, split->rows, n, block_best, block_margin, split->probability);
		for (int i = 0; i < n; i++)
		{
			double		p = split->probability[(size_t) i * set->classes + set->labels[row[i]]];

			loss -= log(p > PROBABILITY_MIN ? p : PROBABILITY_MIN);
			if (best != NULL)
				best[row[i]] = block_best[i];
			if (margin != NULL)
				margin[row[i]] = block_margin[i];
		}
	}
	gtl_scorer_release(scorer, env);
	return loss;
}

/* Same convex problem but for the penalty? */
static bool
can_start_from(const GtlCandidate *candidate, const GtlCandidate *other)
{
	return candidate->algorithm == GTL_SOFTMAX && other->algorithm == GTL_SOFTMAX &&
		candidate->scaling == other->scaling;
}

/* The fit of one model of the run; rows NULL: all. */
static bool
fit_model(const GtlCrossfitSet *set, const GtlCandidate *candidate, const int32_t *rows, int64_t nrows,
		  const GtlClassifier *start, const GtlClassifier *center, uint64_t seed, const GtlEnv *env,
		  GtlClassifier *classifier, GtlFitReport *report)
{
	GtlFitRequest request = {
		.set = &set->labeled,.subset = rows,.subset_rows = nrows,
		.candidate = *candidate,.stats = &set->stats,
		.start = start,.center = center,.seed = seed
	};

	if (candidate->algorithm == GTL_MLP)
	{
		/* a network is not pulled towards the initial model, it starts there */
		if (start == NULL)
			request.start = center;
		request.center = NULL;
	}
	gtl_classifier_fit(&request, env, classifier, report);
	return report->outcome != GTL_FIT_INTERRUPTED;
}

/* All candidates on one fold: adds to the sums of log losses; false: interrupted. */
static bool
select_fold(const GtlCrossfitSet *set, Split *split, const GtlCandidate *candidates,
			const GtlClassifier *const *centers, int ncandidates,
			int fold, uint64_t seed, const GtlEnv *env, double *loss)
{
	GtlClassifier previous = {0};
	bool		running = true;

	for (int c = 0; c < ncandidates && running; c++)
	{
		const GtlClassifier *center = centers == NULL ? NULL : centers[c];
		bool		continues = center == NULL && previous.weights != NULL &&
			can_start_from(&candidates[c], &previous.candidate);
		GtlClassifier classifier;
		GtlFitReport report;

		gtl_env_progress(env, "selecting", (int64_t) fold * ncandidates + c, (int64_t) GTL_FOLDS * ncandidates);
		running = fit_model(set, &candidates[c], split->training, split->ntraining,
							continues ? &previous : NULL, center, seed, env, &classifier, &report);
		if (running)
			loss[c] += score_held_out(split, &set->labeled, &classifier, NULL, NULL, env);
		gtl_classifier_release(&previous, env);
		previous = classifier;
	}
	gtl_classifier_release(&previous, env);
	return running;
}

void
gtl_crossfit_select(const GtlCrossfitSet *set, const GtlCandidate *candidates,
					const GtlClassifier *const *centers, int ncandidates, uint64_t seed,
					const GtlEnv *env, GtlSelection *selection)
{
	double		loss[MAX_CANDIDATES] = {0};
	Split		split;

	memset(selection, 0, sizeof *selection);
	for (int c = 0; c < MAX_CANDIDATES; c++)
		selection->log_loss[c] = HUGE_VAL;
	split_init(&split, &set->labeled, env);
	for (int fold = 0; fold < GTL_FOLDS && !selection->interrupted; fold++)
	{
		split_fold(&split, set, fold, false);
		if (split.nheld_out > 0)
			selection->interrupted = !select_fold(set, &split, candidates, centers, ncandidates,
												  fold, seed, env, loss);
	}
	split_release(&split, env);
	if (selection->interrupted)
		return;

	for (int c = 0; c < ncandidates; c++)
	{
		selection->log_loss[c] = set->labeled.rows > 0 ? loss[c] / (double) set->labeled.rows : 0.0;
		if (selection->log_loss[c] < selection->log_loss[selection->chosen])
			selection->chosen = c;
	}
	gtl_env_progress(env, "selecting", (int64_t) GTL_FOLDS * ncandidates, (int64_t) GTL_FOLDS * ncandidates);
}

static void
release_result(GtlCrossfitResult *result, const GtlEnv *env)
{
	for (int fold = 0; fold < GTL_FOLDS; fold++)
		gtl_classifier_release(&result->fold[fold], env);
	gtl_classifier_release(&result->full, env);
	gtl_env_release(env, result->best);
	gtl_env_release(env, result->margin);
	memset(result, 0, sizeof *result);
	result->interrupted = true;
}

static int64_t
count_validation(const GtlCrossfitSet *set)
{
	int64_t		count = 0;

	for (int64_t i = 0; i < set->labeled.rows; i++)
		count += set->validation[i];
	return count;
}

void
gtl_crossfit_run(const GtlCrossfitSet *set, const GtlCandidate *candidate,
				 const GtlCrossfitStart *start, uint64_t seed, const GtlEnv *env,
				 GtlCrossfitResult *result)
{
	const GtlCrossfitStart none = {.full = NULL};
	const GtlLabeledSet *labeled = &set->labeled;
	int64_t		validation = count_validation(set);
	Split		split;
	bool		running = true;

	memset(result, 0, sizeof *result);
	if (start == NULL)
		start = &none;
	result->best = gtl_env_alloc(env, (size_t) labeled->rows * sizeof(int32_t));
	result->margin = gtl_env_alloc(env, (size_t) labeled->rows * sizeof(double));
	split_init(&split, labeled, env);

	for (int fold = 0; fold < GTL_FOLDS && running; fold++)
	{
		gtl_env_progress(env, "cross-fitting", fold, GTL_FOLDS);
		split_fold(&split, set, fold, true);
		running = fit_model(set, candidate, split.training, split.ntraining,
							start->fold[fold], start->center, seed, env,
							&result->fold[fold], &result->fold_report[fold]);
		if (running)
			result->log_loss += score_held_out(&split, labeled, &result->fold[fold],
											   result->best, result->margin, env);
	}
	if (running)
	{
		gtl_env_progress(env, "training", 0, 1);
		running = fit_model(set, candidate, NULL, 0, start->full, start->center, seed, env,
							&result->full, &result->full_report);
	}
	split_release(&split, env);

	if (!running)
	{
		release_result(result, env);
		return;
	}
	if (validation > 0)
		result->log_loss /= (double) validation;
	gtl_env_progress(env, "training", 1, 1);
}

size_t
gtl_crossfit_memory(int64_t rows, int dimension, int classes)
{
	size_t		fit = 0;
	size_t		model = 0;
	size_t		row = 2 * sizeof(int32_t) + sizeof(int32_t) + sizeof(double);
	size_t		block = gtl_size_add((size_t) dimension * 2, (size_t) classes * 2);

	for (int c = 0; c < GTL_CANDIDATE_COUNT; c++)
	{
		size_t		need = gtl_classifier_fit_memory(&gtl_candidates[c], rows, dimension, classes);
		size_t		weights = gtl_classifier_weight_count(&gtl_candidates[c], dimension, classes);
		size_t		bytes = gtl_size_add(gtl_size_multiply(weights, sizeof(float)),
										 (size_t) dimension * 2 * sizeof(double));

		fit = need > fit ? need : fit;
		model = bytes > model ? bytes : model;
	}
	block = gtl_size_add(block, (size_t) gtl_candidates[GTL_CANDIDATE_COUNT - 1].hidden);
	block = gtl_size_multiply(block, GTL_SCORE_BLOCK_ROWS * sizeof(float));
	fit = gtl_size_add(fit, block);
	fit = gtl_size_add(fit, gtl_size_multiply(model, GTL_FOLDS + 1));
	return gtl_size_add(fit, gtl_size_multiply((size_t) rows, row));
}
