/*
 * engine.c
 *		One round of active learning on matrices and arrays.
 *
 * A certificate is made of the validation objects' scores, which the models of the folds give; the
 * machine labels are the full model's.  What is carried over from the ones to the other is a number
 * of objects, not a margin: a margin of one model means little to another, and objects with equal
 * features stand above a threshold in some of the models and below it in others.  At the
 * threshold tau the model of fold j has n_j validation objects and c_j objects of the pool, n is the sum
 * of the n_j, and the sum of n_j/n c_j objects get the full model's label, those with the largest
 * margins.  Objects with the same margin are not divided: all of them stay out.
 *
 * All that is kept of a pool object is a class and a margin, and of the models of the folds only how many
 * objects are above the thresholds.
 */
#include "learning/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learning/kernels.h"
#include "learning/next_batch.h"
#include "learning/proposals.h"
#include "learning/random.h"
#include "learning/select.h"
#include "learning/sort.h"
#include "learning/uniform_audit.h"

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

/* Multiplications of a row in an iteration of a network. */
static double
row_product(int hidden, int dimension, int classes)
{
	return (double) dimension * (hidden > classes ? hidden : classes);
}

double
gtl_engine_network_limit(int hidden, int dimension, int classes)
{
	return row_product(hidden, dimension, classes) > GTL_NETWORK_MANY_WEIGHTS ?
		GTL_COMPARED_MAX_PRODUCT : GTL_NETWORK_MAX_PRODUCT;
}

GtlNetworks
gtl_engine_networks(int hidden, int64_t rows, int dimension, int classes)
{
	if (rows < GTL_NETWORK_MIN_ROWS)
		return GTL_NETWORKS_TOO_FEW_ROWS;
	return (double) rows * row_product(hidden, dimension, classes) > gtl_engine_network_limit(hidden, dimension, classes) ?
		GTL_NETWORKS_TOO_LARGE : GTL_NETWORKS_COMPARED;
}

/* Is a candidate compared with the others when so many rows, of so many columns, are labeled? */
static bool
is_compared(const GtlCandidate *candidate, GtlEngineAlgorithm algorithm, int64_t rows, int dimension, int classes)
{
	bool		network = candidate->algorithm == GTL_MLP;

	if (!gtl_candidate_offered(candidate, dimension, classes))
		return false;
	if (algorithm != GTL_ENGINE_AUTO)
		return network == (algorithm == GTL_ENGINE_MLP);
	return !network || gtl_engine_networks(candidate->hidden, rows, dimension, classes) == GTL_NETWORKS_COMPARED;
}

bool
gtl_engine_allows(GtlEngineAlgorithm algorithm, const GtlClassifier *classifier)
{
	return algorithm == GTL_ENGINE_AUTO ||
		(classifier->candidate.algorithm == GTL_MLP) == (algorithm == GTL_ENGINE_MLP);
}

/* Numbers of the candidates to compare; returns how many. */
static int
list_candidates(const GtlEngineSettings *settings, const GtlCrossfitSet *set, int *numbers)
{
	const GtlLabeledSet *labeled = &set->labeled;
	int			count = 0;

	for (int i = 0; i < GTL_CANDIDATE_COUNT; i++)
		if ((!gtl_candidates[i].neighbours || set->stats.neighbours > 0) &&
			(!gtl_candidates[i].proposals || set->stats.proposals > 0) &&
			is_compared(&gtl_candidates[i], settings->algorithm, labeled->rows,
						gtl_candidates[i].neighbours ? labeled->dimension : set->stats.dimension, labeled->classes))
			numbers[count++] = i + 1;
	return count;
}

size_t
gtl_engine_memory(GtlEngineAlgorithm algorithm, const GtlClassifier *initial, const GtlClassifier *previous,
				  int64_t fewest, int64_t rows, int dimension, int neighbours, int classes, bool streamed)
{
	GtlCandidate candidates[GTL_CANDIDATE_COUNT + 2];
	int			count = 0;

	/* networks drop out as rows are added */
	if (fewest < GTL_NETWORK_MIN_ROWS)
		fewest = rows < GTL_NETWORK_MIN_ROWS ? rows : GTL_NETWORK_MIN_ROWS;
	for (int i = 0; i < GTL_CANDIDATE_KINDS; i++)
		if (is_compared(&gtl_candidates[i], algorithm, fewest, dimension, classes) ||
			is_compared(&gtl_candidates[i], algorithm, fewest, dimension + neighbours, classes))
			candidates[count++] = gtl_candidates[i];
	if (initial != NULL)
		candidates[count++] = initial->candidate;
	if (previous != NULL)
		candidates[count++] = previous->candidate;
	return gtl_crossfit_memory(candidates, count, rows, dimension + neighbours, classes, streamed);
}

/* Labeled rows that candidates are compared on: all, where no network among them takes too long. */
static int64_t
compared_rows(const GtlCrossfitSet *set, const GtlCandidate *candidates, int count)
{
	int64_t		rows = set->labeled.rows;

	for (int i = 0; i < count; i++)
	{
		int			dimension = candidates[i].neighbours ? set->labeled.dimension : set->stats.dimension;
		double		product = row_product(candidates[i].hidden, dimension, set->labeled.classes);

		if (candidates[i].algorithm == GTL_MLP && (double) rows * product > GTL_COMPARED_MAX_PRODUCT)
			rows = (int64_t) (GTL_COMPARED_MAX_PRODUCT / product);
	}
	return rows > GTL_NETWORK_MIN_ROWS || rows == set->labeled.rows ? rows : GTL_NETWORK_MIN_ROWS;
}

/* Compare candidates on all labeled rows or a sample of them. */
static void
compare(const GtlCrossfitSet *set, const GtlCandidate *candidates, const GtlClassifier *const *centers, int count,
		uint64_t seed, const GtlEnv *env, GtlSelection *selection)
{
	int64_t		rows = compared_rows(set, candidates, count);
	GtlCrossfitSet sample;

	if (rows == set->labeled.rows)
	{
		gtl_crossfit_select(set, candidates, centers, count, seed, env, selection);
		return;
	}
	gtl_crossfit_sample(set, rows, seed, env, &sample);
	gtl_crossfit_select(&sample, candidates, centers, count, seed, env, selection);
	gtl_crossfit_sample_release(&sample, env);
}

/* What a candidate is shrunk towards: that proposals are right; NULL: nothing. */
static const GtlClassifier *
belief_for(const GtlCandidate *candidate, const GtlEngineRound *round)
{
	return candidate->proposals && candidate->algorithm == GTL_SOFTMAX ? &round->belief[candidate->neighbours] : NULL;
}

static void
make_beliefs(const GtlCrossfitSet *set, const GtlEnv *env, GtlEngineRound *round)
{
	for (int neighbours = 0; neighbours <= 1 && set->stats.proposals > 0; neighbours++)
		gtl_proposals_prior(&set->stats, set->labeled.classes, neighbours, env, &round->belief[neighbours]);
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
	count += list_candidates(settings, &evidence->set, numbers + count);
	for (int i = 0; i < count; i++)
	{
		if (numbers[i] == GTL_ENGINE_INITIAL)
			candidates[i] = evidence->initial->candidate;
		else
		{
			candidates[i] = gtl_candidates[numbers[i] - 1];
			centers[i] = belief_for(&candidates[i], round);
		}
	}
	compare(&evidence->set, candidates, centers, count, settings->seed, env, &selection);
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
	return a->algorithm == b->algorithm && a->scaling == b->scaling && a->c == b->c && a->hidden == b->hidden &&
		a->neighbours == b->neighbours && a->proposals == b->proposals;
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

/* One more model, on some of the rows; false: interrupted. */
static bool
fit_half(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence, const GtlClassifier *center,
		 const GtlEnv *env, GtlEngineRound *round)
{
	int32_t    *rows = gtl_env_alloc(env, sizeof(int32_t) * (size_t) evidence->set.labeled.rows);
	GtlFitRequest request = {
		.set = &evidence->set.labeled,.subset = rows,.candidate = round->candidate,.stats = &evidence->set.stats,
		.center = round->candidate.algorithm == GTL_MLP ? NULL : center,.seed = settings->seed
	};
	GtlFitReport report;

	for (int64_t i = 0; i < evidence->set.labeled.rows; i++)
		if (evidence->half[i])
			rows[request.subset_rows++] = (int32_t) i;
	gtl_classifier_fit(&request, env, &round->half, &report);
	gtl_env_release(env, rows);
	round->has_half = report.outcome != GTL_FIT_INTERRUPTED && report.outcome != GTL_FIT_OUT_OF_MEMORY;
	return report.outcome != GTL_FIT_INTERRUPTED;
}

bool
gtl_engine_train(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
				 const GtlEnv *env, GtlEngineRound *round)
{
	GtlCrossfitStart start;
	bool		centered;

	memset(round, 0, sizeof *round);
	round->certificate.threshold = INFINITY;
	round->margin_covered = INFINITY;
	round->chosen = -1;
	if (!gtl_engine_sufficient(evidence->classes_seen, evidence->validation_count))
		return true;
	make_beliefs(&evidence->set, env, round);
	if (!choose_candidate(settings, evidence, env, round))
		return false;
	memset(&start, 0, sizeof start);
	centered = evidence->initial != NULL &&
		(round->compared ? round->chosen == GTL_ENGINE_INITIAL : evidence->chosen_initial);
	start.center = centered ? evidence->initial : belief_for(&round->candidate, round);
	if (evidence->previous_folds != NULL && centered == evidence->chosen_initial && same_candidate(&evidence->previous->candidate, &round->candidate))
	{
		start.full = evidence->previous;
		for (int j = 0; j < GTL_FOLDS; j++)
			start.fold[j] = &evidence->previous_folds[j];
	}
	gtl_crossfit_run(&evidence->set, &round->candidate, &start, settings->seed, env, &round->fit);
	round->has_model = !round->fit.interrupted && !out_of_memory(&round->fit);
	return round->has_model && (evidence->half == NULL || fit_half(settings, evidence, start.center, env, round));
}

bool
gtl_engine_too_noisy(const GtlPromise *promise, double label_noise)
{
	return promise->guarantee != GTL_GUARANTEE_EMPIRICAL && label_noise >= promise->target_error;
}

bool
gtl_engine_covers(const GtlEngineRound *round, int64_t i)
{
	if (!round->has_model)
		return false;
	if (round->audit_due)
		return true;
	return i < round->open_count && round->margin[i] >= (round->by_class == NULL ? round->margin_covered : round->by_class[round->best[i]].margin);
}

/* ---- Certificates, and what they come to in the pool ---- */

/* The active validation objects, as the certificates see them. */
typedef struct Observations
{
	double	   *margin;
	bool	   *wrong;
	int32_t    *best;
	int8_t	   *fold;
	int			count;
	int			classes;		/* certificates to make of them: 1 or each class */
	double		label_noise;
	GtlSample	sample;
} Observations;

static void
observe(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
		const GtlEnv *env, const GtlEngineRound *round, Observations *seen)
{
	const GtlLabeledSet *labeled = &evidence->set.labeled;

	seen->margin = gtl_env_alloc(env, sizeof(double) * (size_t) labeled->rows);
	seen->wrong = gtl_env_alloc(env, sizeof(bool) * (size_t) labeled->rows);
	seen->best = gtl_env_alloc(env, sizeof(int32_t) * (size_t) labeled->rows);
	seen->fold = gtl_env_alloc(env, (size_t) labeled->rows);
	seen->classes = settings->per_class ? labeled->classes : 1;
	seen->label_noise = evidence->label_noise;
	seen->count = 0;
	for (int64_t i = 0; i < labeled->rows; i++)
		if (evidence->set.validation[i] && evidence->active[i])
		{
			seen->margin[seen->count] = round->fit.margin[i];
			seen->wrong[seen->count] = round->fit.best[i] != labeled->labels[i];
			seen->fold[seen->count] = evidence->set.fold[i];
			seen->best[seen->count++] = round->fit.best[i];
		}
	seen->sample = (GtlSample)
	{
		.halvings = gtl_certify_halvings(evidence->validation_count, seen->count),
			.pool = round->open_count,.objects = settings->objects
	};
}

static void
release_observations(Observations *seen, const GtlEnv *env)
{
	gtl_env_release(env, seen->margin);
	gtl_env_release(env, seen->wrong);
	gtl_env_release(env, seen->best);
	gtl_env_release(env, seen->fold);
}

/* The loosest margins that keep a promise: certificates[seen->classes]. */
static void
certify(const Observations *seen, const GtlPromise *promise, const GtlEnv *env, GtlCertificate *certificates)
{
	if (seen->classes == 1)
		gtl_certify(seen->margin, seen->wrong, seen->count, promise, &seen->sample, env, certificates);
	else
		gtl_certify_classes(seen->margin, seen->wrong, seen->best, seen->count, seen->classes, promise, &seen->sample, env,
							certificates);
	if (gtl_engine_too_noisy(promise, seen->label_noise))
		for (int c = 0; c < seen->classes; c++)
			gtl_certify_refuse(&certificates[c]);
}

/* What is tried: the job's promise, where its bound would be the lowest, and weaker promises. */
enum
{
	TRY_PROMISE = 0,
	TRY_BEST = 1,
	TRY_WEAKER = 2,
	TRIES = TRY_WEAKER + GTL_ALTERNATIVES
};

/* A threshold, and what is above it. */
typedef struct Cut
{
	double		threshold;
	int64_t		validation[GTL_FOLDS];	/* n_j */
	int64_t		pool[GTL_FOLDS];	/* c_j */
} Cut;

typedef struct GtlTransfer
{
	int			classes;
	int			tries;
	GtlPromise	weaker[GTL_ALTERNATIVES];
	GtlCertificate *certificate;	/* [classes]: of the job's promise */
	Cut		   *cut;			/* [TRIES x classes] */
} GtlTransfer;

/* Promises that ask for less than the job's: the mean error only, and lower targets. */
static int
list_weaker_promises(const GtlPromise *promise, GtlPromise *weaker)
{
	static const double errors[] = {0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3};
	GtlPromise	other = *promise;
	int			count = 0;

	if (promise->guarantee == GTL_GUARANTEE_STRICT)
	{
		other.guarantee = GTL_GUARANTEE_CONFIDENCE;
		weaker[count++] = other;
	}
	if (promise->scope == GTL_SCOPE_MACHINE_LABELS &&
		(promise->guarantee == GTL_GUARANTEE_STRICT || promise->guarantee == GTL_GUARANTEE_CONFIDENCE))
	{
		other.guarantee = GTL_GUARANTEE_EXPECTED;
		weaker[count++] = other;
	}
	other = *promise;
	for (size_t i = 0; i < sizeof errors / sizeof errors[0] && count < GTL_ALTERNATIVES; i++)
		if (errors[i] > promise->target_error + 1e-9)
		{
			other.target_error = errors[i];
			weaker[count++] = other;
		}
	return count;
}

/* The thresholds of one try, and the validation objects above them. */
static void
set_cuts(const Observations *seen, const GtlCertificate *certificates, bool best, Cut *cuts)
{
	for (int c = 0; c < seen->classes; c++)
		cuts[c].threshold = !best ? certificates[c].threshold :
			certificates[c].best_n > 0 ? certificates[c].best_threshold : INFINITY;
	for (int i = 0; i < seen->count; i++)
	{
		Cut		   *cut = &cuts[seen->classes > 1 ? seen->best[i] : 0];

		cut->validation[seen->fold[i]] += seen->margin[i] >= cut->threshold;
	}
}

static GtlTransfer *
begin_transfer(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
			   const GtlEnv *env, const GtlEngineRound *round)
{
	GtlTransfer *transfer = gtl_env_alloc(env, sizeof(GtlTransfer));
	GtlCertificate *other;
	Observations seen;

	observe(settings, evidence, env, round, &seen);
	transfer->classes = seen.classes;
	transfer->certificate = gtl_env_alloc(env, sizeof(GtlCertificate) * (size_t) seen.classes);
	transfer->cut = gtl_env_alloc(env, sizeof(Cut) * TRIES * (size_t) seen.classes);
	other = gtl_env_alloc(env, sizeof(GtlCertificate) * (size_t) seen.classes);
	certify(&seen, &settings->promise, env, transfer->certificate);
	set_cuts(&seen, transfer->certificate, false, transfer->cut + TRY_PROMISE * seen.classes);
	set_cuts(&seen, transfer->certificate, true, transfer->cut + TRY_BEST * seen.classes);
	transfer->tries = TRY_WEAKER + list_weaker_promises(&settings->promise, transfer->weaker);
	for (int t = TRY_WEAKER; t < transfer->tries; t++)
	{
		certify(&seen, &transfer->weaker[t - TRY_WEAKER], env, other);
		set_cuts(&seen, other, false, transfer->cut + t * seen.classes);
	}
	gtl_env_release(env, other);
	release_observations(&seen, env);
	return transfer;
}

static void
release_transfer(GtlTransfer *transfer, const GtlEnv *env)
{
	if (transfer == NULL)
		return;
	gtl_env_release(env, transfer->certificate);
	gtl_env_release(env, transfer->cut);
	gtl_env_release(env, transfer);
}

/* Would this fold's model label anything? */
static bool
fold_counts(const GtlTransfer *transfer, int fold)
{
	for (int i = 0; i < transfer->tries * transfer->classes; i++)
		if (transfer->cut[i].validation[fold] > 0)
			return true;
	return false;
}

/* Pool objects above the thresholds that this fold's model has validation objects above: no other number counts. */
static void
count_pool(GtlTransfer *transfer, int fold, const int32_t *best, const double *margin, int64_t count)
{
	for (int t = 0; t < transfer->tries; t++)
	{
		Cut		   *cuts = transfer->cut + t * transfer->classes;

		if (transfer->classes == 1)
		{
			if (cuts->validation[fold] > 0)
				cuts->pool[fold] += gtl_kernel_count_from(margin, count, cuts->threshold);
			continue;
		}
		for (int64_t i = 0; i < count; i++)
		{
			Cut		   *cut = &cuts[best[i]];

			cut->pool[fold] += margin[i] >= cut->threshold;
		}
	}
}

int64_t
gtl_engine_transferred(const int64_t *validation, const int64_t *pool)
{
	int64_t		n = 0;
	int64_t		sum = 0;

	for (int j = 0; j < GTL_FOLDS; j++)
	{
		n += validation[j];
		sum += validation[j] * pool[j];
	}
	return n > 0 ? sum / n : 0;
}

double
gtl_engine_smallest_covered(const double *margins, int64_t count, int64_t wanted, const GtlEnv *env, int64_t *covered)
{
	double	   *scratch;
	double		bar;
	double		above = INFINITY;	/* the smallest margin above the bar */
	int64_t		larger = 0;

	*covered = 0;
	if (wanted <= 0 || count <= 0)
		return INFINITY;
	if (wanted > count)
		wanted = count;
	scratch = gtl_env_alloc(env, sizeof(double) * (size_t) count);
	for (GtlPiece p = {0, 0}; gtl_piece_next(&p, (size_t) count, env);)
		memcpy(scratch + p.from, margins + p.from, (p.to - p.from) * sizeof(double));
	bar = gtl_select_largest(scratch, count, wanted, env);
	gtl_env_release(env, scratch);
	*covered = gtl_kernel_count_from(margins, count, bar);
	if (*covered <= wanted)
		return bar;
	for (int64_t i = 0; i < count; i++)
		if (margins[i] > bar)
		{
			larger++;
			above = margins[i] < above ? margins[i] : above;
		}
	*covered = larger;
	return above;
}

/* The pool is ascending. */
static int64_t
count_open(const GtlEngineSettings *settings, const int32_t *pool, int64_t pool_count)
{
	int64_t		count = pool_count;

	while (settings->withheld_from > 0 && count > 0 && pool[count - 1] >= settings->withheld_from)
		count--;
	return count;
}

/* The models that score the pool. */
typedef struct Scoring
{
	GtlEngineRound *round;
	int			count;
	int			first;			/* of those that are scoring now */
	const GtlClassifier *model[GTL_FOLDS + 1];
	int			fold[GTL_FOLDS + 1];	/* GTL_FOLDS: the full model */
} Scoring;

_Static_assert(GTL_FOLDS + 1 <= GTL_POOL_MODELS, "a round's models do not fit into one reading");

/* The models that the round needs the scores of; the full one last. */
static void
list_models(GtlEngineRound *round, Scoring *scoring)
{
	for (int j = 0; j <= GTL_FOLDS; j++)
		if (j == GTL_FOLDS || (round->transfer != NULL && fold_counts(round->transfer, j)))
		{
			scoring->model[scoring->count] = j == GTL_FOLDS ? &round->fit.full : &round->fit.fold[j];
			scoring->fold[scoring->count++] = j;
		}
}

/* The answers of the folds are counted, those of the full model kept. */
static void
take_scores(void *context, int model, int64_t first, int64_t count, const int32_t *best, const double *margin)
{
	const Scoring *scoring = context;
	GtlEngineRound *round = scoring->round;
	int			fold = scoring->fold[scoring->first + model];
	int64_t		open = round->open_count - first < count ? round->open_count - first : count;

	if (fold < GTL_FOLDS)
	{
		if (open > 0)
			count_pool(round->transfer, fold, best, margin, open);
		return;
	}
	memcpy(round->best + first, best, sizeof(int32_t) * (size_t) count);
	memcpy(round->margin + first, margin, sizeof(double) * (size_t) count);
}

bool
gtl_engine_score(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
				 const int32_t *pool, int64_t pool_count,
				 GtlReadRows read_rows, void *read_context, const GtlEnv *env, GtlEngineRound *round)
{
	Scoring		scoring = {.round = round};
	int			together;

	round->pool = pool;
	round->pool_count = pool_count;
	round->open_count = count_open(settings, pool, pool_count);
	if (!round->has_model)
		return true;
	round->best = gtl_env_alloc(env, sizeof(int32_t) * (size_t) pool_count);
	round->margin = gtl_env_alloc(env, sizeof(double) * (size_t) pool_count);
	if (settings->promise.guarantee != GTL_GUARANTEE_AUDITED)
		round->transfer = begin_transfer(settings, evidence, env, round);
	list_models(round, &scoring);
	together = gtl_pool_together(&round->fit.full);
	for (; scoring.first < scoring.count; scoring.first += together)
	{
		int			left = scoring.count - scoring.first;

		if (!gtl_pool_score(scoring.model + scoring.first, left < together ? left : together, evidence->set.labeled.dimension,
							settings->rows, pool, pool_count, read_rows, read_context, take_scores, &scoring, env))
			return false;
	}
	return true;
}

/* How many pool objects get a label of this class (all: 0, without per_class) in a try. */
static int64_t
transferred(const GtlTransfer *transfer, int try, int class_no)
{
	const Cut  *cut = &transfer->cut[try * transfer->classes + class_no];

	return gtl_engine_transferred(cut->validation, cut->pool);
}

/* The full model's margins of the open objects that it gives this class; returns how many. */
static int64_t
margins_of_class(const GtlEngineRound *round, int class_no, const GtlEnv *env, double **margins)
{
	int64_t		count = 0;
	int64_t		n = 0;

	for (int64_t i = 0; i < round->open_count; i++)
		count += round->best[i] == class_no;
	*margins = gtl_env_alloc(env, sizeof(double) * (size_t) count);
	for (int64_t i = 0; i < round->open_count; i++)
		if (round->best[i] == class_no)
			(*margins)[n++] = round->margin[i];
	return n;
}

/* The full model's smallest margin that gets a label; covered: how many are at or above it. */
static double
cover(const GtlEngineRound *round, int class_no, const GtlEnv *env, int64_t *covered)
{
	int64_t		wanted = transferred(round->transfer, TRY_PROMISE, class_no);
	double	   *margins;
	int64_t		count;
	double		smallest;

	if (round->transfer->classes == 1)
		return gtl_engine_smallest_covered(round->margin, round->open_count, wanted, env, covered);
	*covered = 0;
	if (wanted <= 0)
		return INFINITY;
	count = margins_of_class(round, class_no, env, &margins);
	smallest = gtl_engine_smallest_covered(margins, count, wanted, env, covered);
	gtl_env_release(env, margins);
	return smallest;
}

/* A certificate for each class. */
static void
decide_by_class(const GtlEnv *env, GtlEngineRound *round)
{
	const GtlTransfer *transfer = round->transfer;

	gtl_certify_summarize(transfer->certificate, transfer->classes, &round->certificate);
	round->by_class = gtl_env_alloc(env, sizeof(GtlClassVerdict) * (size_t) transfer->classes);
	round->margin_covered = INFINITY;
	for (int c = 0; c < transfer->classes; c++)
	{
		GtlClassVerdict *verdict = &round->by_class[c];

		verdict->certificate = transfer->certificate[c];
		verdict->margin = cover(round, c, env, &verdict->covered);
		verdict->best_admits = transferred(transfer, TRY_BEST, c);
		round->margin_covered = fmin(round->margin_covered, verdict->margin);
		round->covered += verdict->covered;
		round->best_admits += verdict->best_admits;
	}
}

/* Which pool objects get a machine label, by the active validation objects. */
static void
decide_labels(const GtlEngineSettings *settings, const GtlEnv *env, GtlEngineRound *round)
{
	if (settings->per_class)
	{
		decide_by_class(env, round);
		return;
	}
	round->certificate = round->transfer->certificate[0];
	round->margin_covered = cover(round, 0, env, &round->covered);
	round->best_admits = transferred(round->transfer, TRY_BEST, 0);
}

/* ---- Audits ---- */

/* The guess by all validation objects: it is no evidence. */
static GtlAuditGuess
calibrate_guess(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
				const GtlEnv *env, const GtlEngineRound *round)
{
	const GtlLabeledSet *labeled = &evidence->set.labeled;
	double	   *margins = gtl_env_alloc(env, sizeof(double) * (size_t) labeled->rows);
	bool	   *wrong = gtl_env_alloc(env, (size_t) labeled->rows);
	bool	   *chosen = gtl_env_alloc(env, (size_t) labeled->rows);
	int64_t		n = 0;
	GtlAuditGuess guess;

	for (int64_t i = 0; i < labeled->rows; i++)
		if (evidence->set.validation[i])
		{
			margins[n] = round->fit.margin[i];
			chosen[n] = evidence->chosen != NULL && evidence->chosen[i];
			wrong[n++] = round->fit.best[i] != labeled->labels[i];
		}
	guess = gtl_audit_calibrate(margins, wrong, chosen, n, settings->promise.target_error,
								gtl_audit_recall(&evidence->history, evidence->human_labeled), env);
	gtl_env_release(env, margins);
	gtl_env_release(env, wrong);
	gtl_env_release(env, chosen);
	return guess;
}

GtlAuditSetup
gtl_engine_audit_setup(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
					   const GtlEngineRound *round)
{
	return (GtlAuditSetup)
	{
		.promise = settings->promise,.per_class = settings->per_class,
			.classes = evidence->set.labeled.classes,.objects = settings->lot_objects,
			.guess = round->audit_guess,.seed = settings->seed,.audit_no = evidence->audits + 1,
			.attempt = evidence->attempts + 1,.head_start = round->head_start
	};
}

/* Until then the machine keeps the labels that are, as far as it knows, right often enough; people see the others. */
static void
wait_for_more(const GtlEngineSettings *settings, GtlEngineRound *round)
{
	round->margin_covered = INFINITY;
	round->covered = 0;
	for (int64_t i = 0; i < round->open_count; i++)
		if (gtl_audit_guess(&round->audit_guess, round->margin[i]) <= settings->promise.target_error)
		{
			round->covered++;
			round->margin_covered = fmin(round->margin_covered, round->margin[i]);
		}
}

/* Are rows withheld of which people have labeled too few to say what the machine knows of them? */
static bool
withheld_are_unknown(const GtlEngineSettings *settings, int64_t withheld)
{
	int64_t		share = (withheld + settings->withheld_labeled) / GTL_WITHHELD_SHARE;

	return withheld > 0 && settings->withheld_labeled < (share < GTL_WITHHELD_FEWEST ? share : GTL_WITHHELD_FEWEST);
}

/* Does an audit begin?  Then all of the pool are labeled by machine, until people have checked. */
static void
decide_audit(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
			 const GtlEnv *env, GtlEngineRound *round)
{
	GtlAuditSetup setup;
	int64_t		batch = gtl_schedule_batch_count(settings->schedule, settings->objects, settings->max_concurrent, round->pool_count);
	bool		unknown = withheld_are_unknown(settings, round->pool_count - round->open_count);

	gtl_certify_refuse(&round->certificate);
	round->margin_covered = INFINITY;
	round->audit_guess = calibrate_guess(settings, evidence, env, round);
	setup = gtl_engine_audit_setup(settings, evidence, round);
	setup.head_start = round->head_start = gtl_audit_head_start(&setup, evidence->former, evidence->formers,
																round->pool, round->best, round->pool_count);
	round->audit_due = gtl_audit_due(&setup, round->best, round->margin, round->pool_count, batch, env, &round->audit_expected) &&
		!gtl_engine_too_noisy(&settings->promise, evidence->label_noise) && !unknown;
	/* where all rows are drawn with equal probabilities, an audit needs a lower guess */
	if (round->audit_due && settings->whole_dataset &&
		gtl_uniform_audit_hopeless(gtl_uniform_audit_guess(&round->audit_guess, round->margin, round->pool_count),
								   settings->promise.target_error))
	{
		round->audit_due = false;
		round->audit_expected = (double) round->pool_count;
	}
	if (settings->later_lot && (unknown || round->audit_expected * GTL_LATER_LOT_PAYS > (double) round->pool_count))
	{
		round->audit_due = false;
		wait_for_more(settings, round);
	}
	if (round->audit_due)
		round->covered = round->pool_count;
}

void
gtl_engine_decide(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
				  const GtlEnv *env, GtlEngineRound *round)
{
	if (round->has_model && settings->promise.guarantee == GTL_GUARANTEE_AUDITED)
		decide_audit(settings, evidence, env, round);
	else if (round->has_model)
		decide_labels(settings, env, round);
	gtl_choose_batch(settings, evidence, env, round);
}

void
gtl_engine_alternatives(GtlEngineRound *round)
{
	const GtlTransfer *transfer = round->transfer;

	if (transfer == NULL)
		return;
	round->nalternatives = transfer->tries - TRY_WEAKER;
	for (int a = 0; a < round->nalternatives; a++)
	{
		round->alternative[a] = (GtlAlternative) {.promise = transfer->weaker[a]};
		for (int c = 0; c < transfer->classes; c++)
			round->alternative[a].covered += transferred(transfer, TRY_WEAKER + a, c);
	}
}

void
gtl_engine_release(GtlEngineRound *round, const GtlEnv *env)
{
	for (int j = 0; j < GTL_FOLDS; j++)
		gtl_classifier_release(&round->fit.fold[j], env);
	gtl_classifier_release(&round->fit.full, env);
	gtl_classifier_release(&round->half, env);
	for (int i = 0; i < 2; i++)
		gtl_classifier_release(&round->belief[i], env);
	gtl_env_release(env, round->fit.best);
	gtl_env_release(env, round->fit.margin);
	gtl_env_release(env, round->best);
	gtl_env_release(env, round->margin);
	release_transfer(round->transfer, env);
	gtl_env_release(env, round->by_class);
	gtl_env_release(env, round->selected);
	gtl_env_release(env, round->dropped);
	memset(round, 0, sizeof *round);
}
