/*
 * engine.c
 *		One round of active learning on matrices and arrays (autolabel.md 3.2).
 *
 * All that is kept of a pool object is a class and a margin.
 */
#include "learning/engine.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "learning/select.h"

/*
 * Networks are compared with softmax regression only while a fit takes about a
 * second (rows x dimension x the wider of hidden layer and classes), and not on fewer
 * rows than this.
 */
#define NETWORK_MAX_PRODUCT 1e8
#define NETWORK_MIN_ROWS 100

bool
gtl_engine_sufficient(int classes_seen, int64_t validation_count)
{
	return classes_seen >= 2 && validation_count >= GTL_FOLDS;
}

int
gtl_engine_fold(uint64_t seed, int32_t validation_no, int32_t object_no)
{
	if (validation_no >= 0)
		return validation_no % GTL_FOLDS;
	return (int) (gtl_random_bits(seed, GTL_STREAM_FOLD, (uint64_t) object_no) % GTL_FOLDS);
}

/* Indexes into gtl_candidates of those to compare; returns how many. */
static int
list_candidates(const GtlEngineSettings *settings, const GtlLabeledSet *labeled, int *indexes)
{
	int			count = 0;

	for (int i = 0; i < GTL_CANDIDATE_COUNT; i++)
	{
		const GtlCandidate *candidate = &gtl_candidates[i];
		bool		network = candidate->algorithm == GTL_MLP;
		int			width = candidate->hidden > labeled->classes ? candidate->hidden : labeled->classes;
		double		product = (double) labeled->rows * labeled->dimension * width;

		if (settings->algorithm == GTL_ENGINE_SOFTMAX && network)
			continue;
		if (settings->algorithm == GTL_ENGINE_MLP && !network)
			continue;
		if (settings->algorithm == GTL_ENGINE_AUTO && network &&
			(labeled->rows < NETWORK_MIN_ROWS || product > NETWORK_MAX_PRODUCT))
			continue;
		indexes[count++] = i;
	}
	return count;
}

/* Compare the candidates, or keep the one of the round before; false: interrupted. */
static bool
choose_candidate(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
				 const GtlEnv *env, GtlEngineRound *round)
{
	int			indexes[GTL_CANDIDATE_COUNT + 1];
	GtlCandidate candidates[GTL_CANDIDATE_COUNT + 1];
	const GtlClassifier *centers[GTL_CANDIDATE_COUNT + 1] = {NULL};
	GtlSelection selection;
	int			count = 0;

	if (evidence->previous != NULL && evidence->set.labeled.rows < 2 * evidence->selected_at)
	{
		round->candidate = evidence->previous->candidate;
		return true;
	}
	if (evidence->initial != NULL)
	{
		indexes[0] = GTL_ENGINE_INITIAL;
		centers[0] = evidence->initial;
		count = 1;
	}
	count += list_candidates(settings, &evidence->set.labeled, indexes + count);
	for (int i = 0; i < count; i++)
		candidates[i] = indexes[i] == GTL_ENGINE_INITIAL ? evidence->initial->candidate : gtl_candidates[indexes[i]];
	gtl_crossfit_select(&evidence->set, candidates, centers, count, settings->seed, env, &selection);
	if (selection.interrupted)
		return false;
	round->compared = true;
	round->chosen = indexes[selection.chosen];
	round->candidate = candidates[selection.chosen];
	for (int i = 0; i <= GTL_CANDIDATE_COUNT; i++)
		round->log_loss[i] = INFINITY;
	for (int i = 0; i < count; i++)
		round->log_loss[indexes[i]] = selection.log_loss[i];
	return true;
}

static bool
same_candidate(const GtlCandidate *a, const GtlCandidate *b)
{
	return a->algorithm == b->algorithm && a->scaling == b->scaling && a->c == b->c && a->hidden == b->hidden;
}

bool
gtl_engine_train(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
				 const GtlEnv *env, GtlEngineRound *round)
{
	GtlCrossfitStart start;
	bool		centered;

	memset(round, 0, sizeof *round);
	round->certificate.threshold = INFINITY;
	round->chosen = -1;
	if (!gtl_engine_sufficient(evidence->classes_seen, evidence->validation_count))
		return true;
	if (!choose_candidate(settings, evidence, env, round))
		return false;
	memset(&start, 0, sizeof start);
	centered = evidence->initial != NULL &&
		(round->compared ? round->chosen == GTL_ENGINE_INITIAL : evidence->chosen_initial);
	if (centered)
		start.center = evidence->initial;
	if (evidence->previous_folds != NULL && centered == evidence->chosen_initial && same_candidate(&evidence->previous->candidate, &round->candidate))
	{
		start.full = evidence->previous;
		for (int j = 0; j < GTL_FOLDS; j++)
			start.fold[j] = &evidence->previous_folds[j];
	}
	gtl_crossfit_run(&evidence->set, &round->candidate, &start, settings->seed, env, &round->fit);
	round->has_model = !round->fit.interrupted;
	return round->has_model;
}

bool
gtl_engine_score(const GtlEngineSettings *settings, const int32_t *pool, int64_t pool_count,
				 GtlReadRows read_rows, void *read_context, const GtlEnv *env, GtlEngineRound *round)
{
	round->pool = pool;
	round->pool_count = pool_count;
	if (!round->has_model)
		return true;
	round->best = gtl_env_alloc(env, sizeof(int32_t) * (size_t) pool_count);
	round->margin = gtl_env_alloc(env, sizeof(double) * (size_t) pool_count);
	return gtl_pool_score(&round->fit.full, settings->objects, pool, pool_count, read_rows, read_context, env,
						  round->best, round->margin);
}

/* The loosest margin that keeps the promise, on the active validation objects. */
static void
certify(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
		const GtlEnv *env, GtlEngineRound *round)
{
	const GtlLabeledSet *labeled = &evidence->set.labeled;
	double	   *margins = gtl_env_alloc(env, sizeof(double) * (size_t) labeled->rows);
	bool	   *wrong = gtl_env_alloc(env, sizeof(bool) * (size_t) labeled->rows);
	int			n = 0;

	for (int64_t i = 0; i < labeled->rows; i++)
		if (evidence->set.validation[i] && evidence->active[i])
		{
			margins[n] = round->fit.margin[i];
			wrong[n++] = round->fit.best[i] != labeled->labels[i];
		}
	gtl_certify(margins, wrong, n, &settings->promise, env, &round->certificate);
	gtl_env_release(env, margins);
	gtl_env_release(env, wrong);
	for (int64_t i = 0; i < round->pool_count; i++)
	{
		round->covered += round->margin[i] >= round->certificate.threshold;
		round->best_admits += round->certificate.best_n > 0 && round->margin[i] >= round->certificate.best_threshold;
	}
}

/* Step 8: validation objects that the query would have sent to people leave the certificate. */
static void
filter_validation(const GtlEngineEvidence *evidence, double largest_margin,
				  const GtlEnv *env, GtlEngineRound *round)
{
	round->dropped = gtl_env_alloc(env, sizeof(int32_t) * (size_t) evidence->set.labeled.rows);
	for (int64_t i = 0; i < evidence->set.labeled.rows; i++)
		if (evidence->set.validation[i] && evidence->active[i] && round->fit.margin[i] <= largest_margin)
			round->dropped[round->dropped_count++] = (int32_t) i;
}

/* Steps 6 and 7: the next batch, out of the pool objects that no machine label covers. */
static void
choose_batch(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
			 const GtlEnv *env, GtlEngineRound *round)
{
	int64_t		rest = round->pool_count - round->covered;
	int32_t    *objects = gtl_env_alloc(env, sizeof(int32_t) * (size_t) rest);
	double	   *margins = gtl_env_alloc(env, sizeof(double) * (size_t) rest);
	int64_t		wanted = gtl_schedule_batch_count(settings->schedule, settings->objects, settings->max_concurrent, rest);
	int64_t		most = gtl_schedule_people_left(&settings->limits, settings->objects, evidence->human_labeled, round->covered);
	int64_t		n = 0;

	if (wanted > most)
		wanted = most;
	for (int64_t i = 0; i < round->pool_count; i++)
		if (!round->has_model || round->margin[i] < round->certificate.threshold)
		{
			margins[n] = round->has_model ? round->margin[i] : 0.0;
			objects[n++] = round->pool[i];
		}
	round->selected = gtl_env_alloc(env, sizeof(int32_t) * (size_t) wanted);
	if (!round->has_model || settings->random_queries)
		round->selected_count = gtl_select_random(objects, n, wanted, settings->seed,
												  GTL_STREAM_FIRST_BATCH, env, round->selected);
	else
	{
		int64_t    *places = gtl_env_alloc(env, sizeof(int64_t) * (size_t) wanted);

		round->selected_count = gtl_select_lowest(objects, margins, n, wanted, env, places);
		for (int64_t i = 0; i < round->selected_count; i++)
			round->selected[i] = objects[places[i]];
		if (round->selected_count > 0)
			filter_validation(evidence, margins[places[round->selected_count - 1]], env, round);
		gtl_env_release(env, places);
	}
	gtl_env_release(env, objects);
	gtl_env_release(env, margins);
}

void
gtl_engine_decide(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
				  const GtlEnv *env, GtlEngineRound *round)
{
	if (round->has_model)
		certify(settings, evidence, env, round);
	choose_batch(settings, evidence, env, round);
}

void
gtl_engine_release(GtlEngineRound *round, const GtlEnv *env)
{
	for (int j = 0; j < GTL_FOLDS; j++)
		gtl_classifier_release(&round->fit.fold[j], env);
	gtl_classifier_release(&round->fit.full, env);
	gtl_env_release(env, round->fit.best);
	gtl_env_release(env, round->fit.margin);
	gtl_env_release(env, round->best);
	gtl_env_release(env, round->margin);
	gtl_env_release(env, round->selected);
	gtl_env_release(env, round->dropped);
	memset(round, 0, sizeof *round);
}

bool
gtl_engine_out_of_memory(const GtlEngineRound *round)
{
	bool		failed = round->fit.full_report.outcome == GTL_FIT_OUT_OF_MEMORY;

	for (int j = 0; j < GTL_FOLDS; j++)
		failed = failed || round->fit.fold_report[j].outcome == GTL_FIT_OUT_OF_MEMORY;
	return failed;
}
