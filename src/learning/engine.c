/*
 * engine.c
 *		One round of active learning on matrices and arrays (autolabel.md 3.2).
 *
 * All that is kept of a pool object is a class and a margin.
 */
#include "learning/engine.h"

#include <math.h>
#include <string.h>

#include "learning/random.h"
#include "learning/select.h"

/*
 * Networks are compared with softmax regression only while a fit takes a second or
 * two (rows x dimension x the wider of hidden layer and classes), and not on fewer
 * rows than this.
 */
#define NETWORK_MAX_PRODUCT 2e8
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

/* Is a candidate compared with the others when so many rows are labeled? */
static bool
is_compared(const GtlCandidate *candidate, GtlEngineAlgorithm algorithm, int64_t rows, int dimension, int classes)
{
	bool		network = candidate->algorithm == GTL_MLP;
	int			width = candidate->hidden > classes ? candidate->hidden : classes;
	double		product = (double) rows * dimension * width;

	if (!gtl_candidate_offered(candidate, dimension, classes))
		return false;
	if (algorithm != GTL_ENGINE_AUTO)
		return network == (algorithm == GTL_ENGINE_MLP);
	return !network || (rows >= NETWORK_MIN_ROWS && product <= NETWORK_MAX_PRODUCT);
}

bool
gtl_engine_allows(GtlEngineAlgorithm algorithm, const GtlClassifier *classifier)
{
	return algorithm == GTL_ENGINE_AUTO ||
		(classifier->candidate.algorithm == GTL_MLP) == (algorithm == GTL_ENGINE_MLP);
}

/* Numbers of the candidates to compare; returns how many. */
static int
list_candidates(const GtlEngineSettings *settings, const GtlLabeledSet *labeled, int *numbers)
{
	int			count = 0;

	for (int i = 0; i < GTL_CANDIDATE_COUNT; i++)
		if (is_compared(&gtl_candidates[i], settings->algorithm, labeled->rows, labeled->dimension, labeled->classes))
			numbers[count++] = i + 1;
	return count;
}

size_t
gtl_engine_memory(GtlEngineAlgorithm algorithm, const GtlClassifier *initial, const GtlClassifier *previous,
				  int64_t fewest, int64_t rows, int dimension, int classes, bool streamed)
{
	GtlCandidate candidates[GTL_CANDIDATE_COUNT + 2];
	int			count = 0;

	/* networks drop out as rows are added */
	if (fewest < NETWORK_MIN_ROWS)
		fewest = rows < NETWORK_MIN_ROWS ? rows : NETWORK_MIN_ROWS;
	for (int i = 0; i < GTL_CANDIDATE_COUNT; i++)
		if (is_compared(&gtl_candidates[i], algorithm, fewest, dimension, classes))
			candidates[count++] = gtl_candidates[i];
	if (initial != NULL)
		candidates[count++] = initial->candidate;
	if (previous != NULL)
		candidates[count++] = previous->candidate;
	return gtl_crossfit_memory(candidates, count, rows, dimension, classes, streamed);
}

/* Compare the candidates, or keep the one of the round before; false: interrupted. */
static bool
choose_candidate(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
				 const GtlEnv *env, GtlEngineRound *round)
{
	int			numbers[GTL_CANDIDATE_COUNT + 1];
	GtlCandidate candidates[GTL_CANDIDATE_COUNT + 1];
	const GtlClassifier *centers[GTL_CANDIDATE_COUNT + 1] = {NULL};
	GtlSelection selection;
	int			count = 0;

	if (evidence->previous != NULL && evidence->set.labeled.rows < 2 * evidence->selected_at &&
		(evidence->chosen_initial || gtl_engine_allows(settings->algorithm, evidence->previous)))
	{
		round->candidate = evidence->previous->candidate;
		return true;
	}
	if (evidence->initial != NULL)
	{
		numbers[0] = GTL_ENGINE_INITIAL;
		centers[0] = evidence->initial;
		count = 1;
	}
	count += list_candidates(settings, &evidence->set.labeled, numbers + count);
	for (int i = 0; i < count; i++)
		candidates[i] = numbers[i] == GTL_ENGINE_INITIAL ? evidence->initial->candidate : gtl_candidates[numbers[i] - 1];
	gtl_crossfit_select(&evidence->set, candidates, centers, count, settings->seed, env, &selection);
	if (selection.interrupted)
		return false;
	round->compared = true;
	round->chosen = numbers[selection.chosen];
	round->candidate = candidates[selection.chosen];
	for (int i = 0; i <= GTL_CANDIDATE_COUNT; i++)
		round->log_loss[i] = INFINITY;
	for (int i = 0; i < count; i++)
		round->log_loss[numbers[i]] = selection.log_loss[i];
	return true;
}

static bool
same_candidate(const GtlCandidate *a, const GtlCandidate *b)
{
	return a->algorithm == b->algorithm && a->scaling == b->scaling && a->c == b->c && a->hidden == b->hidden;
}

/* Did the optimizer of a fit get no memory? The models are worth nothing then. */
static bool
out_of_memory(const GtlCrossfitResult *fit)
{
	bool		failed = fit->full_report.outcome == GTL_FIT_OUT_OF_MEMORY;

	for (int j = 0; j < GTL_FOLDS; j++)
		failed = failed || fit->fold_report[j].outcome == GTL_FIT_OUT_OF_MEMORY;
	return failed;
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
	round->has_model = !round->fit.interrupted && !out_of_memory(&round->fit);
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

bool
gtl_engine_too_noisy(const GtlPromise *promise, double label_noise)
{
	return promise->guarantee != GTL_GUARANTEE_EMPIRICAL && label_noise >= promise->target_error;
}

/* The margin that a prediction of this class has to reach. */
static double
threshold_of(const GtlEngineRound *round, int32_t class_no)
{
	return round->by_class == NULL ? round->certificate.threshold : round->by_class[class_no].certificate.threshold;
}

bool
gtl_engine_covers(const GtlEngineRound *round, int64_t i)
{
	return round->has_model && round->margin[i] >= threshold_of(round, round->best[i]);
}

/* The active validation objects, as the certificates see them. */
typedef struct Observations
{
	double	   *margin;
	bool	   *wrong;
	int32_t    *best;
	int			count;
	int			classes;		/* certificates to make of them: 1 or each class */
	double		label_noise;
} Observations;

static void
observe(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
		const GtlEnv *env, const GtlEngineRound *round, Observations *seen)
{
	const GtlLabeledSet *labeled = &evidence->set.labeled;

	seen->margin = gtl_env_alloc(env, sizeof(double) * (size_t) labeled->rows);
	seen->wrong = gtl_env_alloc(env, sizeof(bool) * (size_t) labeled->rows);
	seen->best = gtl_env_alloc(env, sizeof(int32_t) * (size_t) labeled->rows);
	seen->classes = settings->per_class ? labeled->classes : 1;
	seen->label_noise = evidence->label_noise;
	seen->count = 0;
	for (int64_t i = 0; i < labeled->rows; i++)
		if (evidence->set.validation[i] && evidence->active[i])
		{
			seen->margin[seen->count] = round->fit.margin[i];
			seen->wrong[seen->count] = round->fit.best[i] != labeled->labels[i];
			seen->best[seen->count++] = round->fit.best[i];
		}
}

static void
release_observations(Observations *seen, const GtlEnv *env)
{
	gtl_env_release(env, seen->margin);
	gtl_env_release(env, seen->wrong);
	gtl_env_release(env, seen->best);
}

/* The loosest margins that keep a promise: certificates[seen->classes]. */
static void
certify(const Observations *seen, const GtlPromise *promise, const GtlEnv *env, GtlCertificate *certificates)
{
	if (seen->classes == 1)
		gtl_certify(seen->margin, seen->wrong, seen->count, promise, env, certificates);
	else
		gtl_certify_classes(seen->margin, seen->wrong, seen->best, seen->count, seen->classes, promise, env, certificates);
	if (gtl_engine_too_noisy(promise, seen->label_noise))
		for (int c = 0; c < seen->classes; c++)
			gtl_certify_refuse(&certificates[c]);
}

/* One certificate for all machine labels. */
static void
decide_together(const GtlCertificate *certificate, GtlEngineRound *round)
{
	round->certificate = *certificate;
	for (int64_t i = 0; i < round->pool_count; i++)
	{
		round->covered += round->margin[i] >= certificate->threshold;
		round->best_admits += certificate->best_n > 0 && round->margin[i] >= certificate->best_threshold;
	}
}

/* A certificate for each class. */
static void
decide_by_class(const GtlCertificate *certificates, int classes, const GtlEnv *env, GtlEngineRound *round)
{
	gtl_certify_summarize(certificates, classes, &round->certificate);
	round->by_class = gtl_env_alloc(env, sizeof(GtlClassVerdict) * (size_t) classes);
	for (int c = 0; c < classes; c++)
		round->by_class[c] = (GtlClassVerdict) {.certificate = certificates[c]};
	for (int64_t i = 0; i < round->pool_count; i++)
	{
		GtlClassVerdict *verdict = &round->by_class[round->best[i]];

		verdict->covered += round->margin[i] >= verdict->certificate.threshold;
		verdict->best_admits += verdict->certificate.best_n > 0 &&
			round->margin[i] >= verdict->certificate.best_threshold;
	}
	for (int c = 0; c < classes; c++)
	{
		round->covered += round->by_class[c].covered;
		round->best_admits += round->by_class[c].best_admits;
	}
}

/* Which pool objects get a machine label, by the active validation objects. */
static void
decide_labels(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
			  const GtlEnv *env, GtlEngineRound *round)
{
	GtlCertificate *certificates;
	Observations seen;

	observe(settings, evidence, env, round, &seen);
	certificates = gtl_env_alloc(env, sizeof(GtlCertificate) * (size_t) seen.classes);
	certify(&seen, &settings->promise, env, certificates);
	if (settings->per_class)
		decide_by_class(certificates, seen.classes, env, round);
	else
		decide_together(certificates, round);
	gtl_env_release(env, certificates);
	release_observations(&seen, env);
}

/* Step 8: validation objects that the query would have sent to people leave the certificate. */
static void
filter_validation(const GtlEngineEvidence *evidence, double largest_margin,
				  const GtlEnv *env, GtlEngineRound *round)
{
	round->dropped = gtl_env_alloc(env, sizeof(int32_t) * (size_t) evidence->set.labeled.rows);
	for (int64_t i = 0; i < evidence->set.labeled.rows; i++)
		if (evidence->set.validation[i] && evidence->active[i] && round->fit.margin[i] <= largest_margin &&
			round->fit.margin[i] < threshold_of(round, round->fit.best[i]))
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
		if (!gtl_engine_covers(round, i))
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
		decide_labels(settings, evidence, env, round);
	choose_batch(settings, evidence, env, round);
}

/* Promises that ask for less than the job's: the mean error only, and lower targets. */
static int
list_weaker_promises(const GtlPromise *promise, GtlPromise *weaker)
{
	static const double errors[] = {0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3};
	int			count = 0;

	if (promise->guarantee == GTL_GUARANTEE_STRICT)
		weaker[count++] = (GtlPromise) {GTL_GUARANTEE_CONFIDENCE, promise->target_error, promise->delta};
	if (promise->guarantee == GTL_GUARANTEE_STRICT || promise->guarantee == GTL_GUARANTEE_CONFIDENCE)
		weaker[count++] = (GtlPromise) {GTL_GUARANTEE_EXPECTED, promise->target_error, promise->delta};
	for (size_t i = 0; i < sizeof errors / sizeof errors[0] && count < GTL_ALTERNATIVES; i++)
		if (errors[i] > promise->target_error + 1e-9)
			weaker[count++] = (GtlPromise) {promise->guarantee, errors[i], promise->delta};
	return count;
}

void
gtl_engine_alternatives(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
						const GtlEnv *env, GtlEngineRound *round)
{
	GtlPromise	promises[GTL_ALTERNATIVES];
	GtlCertificate *certificates;
	Observations seen;

	if (!round->has_model)
		return;
	observe(settings, evidence, env, round, &seen);
	certificates = gtl_env_alloc(env, sizeof(GtlCertificate) * (size_t) seen.classes);
	round->nalternatives = list_weaker_promises(&settings->promise, promises);
	for (int a = 0; a < round->nalternatives; a++)
	{
		round->alternative[a] = (GtlAlternative) {.promise = promises[a]};
		certify(&seen, &promises[a], env, certificates);
		for (int64_t i = 0; i < round->pool_count; i++)
			round->alternative[a].covered +=
				round->margin[i] >= certificates[settings->per_class ? round->best[i] : 0].threshold;
	}
	gtl_env_release(env, certificates);
	release_observations(&seen, env);
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
	gtl_env_release(env, round->by_class);
	gtl_env_release(env, round->selected);
	gtl_env_release(env, round->dropped);
	memset(round, 0, sizeof *round);
}
