/*
 * crossfit.c
 *		Cross-fitting: candidate selection, and out-of-fold answers for the
 *		validation set.
 *
 * The invariant that the certificate rests on: a validation object's score comes
 * from a model whose training rows do not contain the object.  split_fold() is the
 * one place that decides who trains whom.
 *
 * Both are work (work.h) whose items are fits: for the selection one or more candidates on
 * one fold, for the run one of the models.  Candidates that minimize the same convex
 * function but for the penalty (softmax) make up one item, so that each can start at the
 * minimum of the one before: same result, fewer iterations.
 */
#include "learning/crossfit.h"

#include <math.h>
#include <string.h>

#include "learning/shape.h"
#include "learning/work.h"

#define PROBABILITY_MIN 1e-12
#define MAX_CANDIDATES (GTL_CANDIDATE_COUNT + 2)
#define MAX_CHAIN 3				/* candidates of an item: as many as differ by their penalty alone */
#define MAX_FITS (GTL_FOLDS * MAX_CANDIDATES)
#define MAX_MODELS (2 * GTL_FOLDS + MAX_CANDIDATES)

/* About what a row of an iteration costs, for each weight of the widest layer, times the iterations. */
#define SECONDS_PER_PRODUCT 2.4e-8

/* One item. */
typedef struct Item
{
	int			fold;			/* held out; GTL_FOLDS: none */
	bool		validation_only;	/* held out are just the fold's validation objects */
	int			ncandidates;
	GtlCandidate candidate[MAX_CHAIN];
	int			start;			/* number of a model in the block; -1: none */
	int			center;			/* likewise */
	int			keep;			/* model that takes the last candidate's fit; -1: none */

	/* what came of it */
	double		loss[MAX_CHAIN];	/* sum over the rows that count */
	int64_t		counted;		/* rows */
	GtlFitReport report;		/* of the last candidate */
} Item;

/* What the processes share; offsets are from its start. */
typedef struct Block
{
	int64_t		rows;
	int			dimension;		/* columns of a row */
	int			neighbours;		/* of these */
	int			proposals;
	int			classes;
	bool		streamed;
	uint64_t	seed;
	int64_t		stats_count;
	size_t		labels;
	size_t		place;			/* 0: none */
	size_t		validation;
	size_t		fold;
	size_t		mean;
	size_t		squares;
	size_t		best;
	size_t		margin;
	int			nmodels;
	size_t		model[MAX_MODELS];
	size_t		model_bytes[MAX_MODELS];
	int			nitems;
	Item		item[MAX_FITS];
} Block;

/* A process that takes part. */
typedef struct State
{
	const GtlEnv *env;
	Block	   *block;
	GtlLabeledSet set;
	GtlFeatureStats stats;
	const bool *validation;
	const int8_t *fold;
	int32_t    *best;			/* [rows], of the rows held out */
	double	   *margin;			/* likewise */
	GtlClassifier model[MAX_MODELS];	/* read when they are needed */

	/* row numbers of an item's training and held-out rows, and a scorer's block */
	int32_t    *training;
	int64_t		ntraining;
	int32_t    *held_out;
	int64_t		nheld_out;
	bool	   *trained;		/* [classes] has a training row */
	float	   *scored;			/* [GTL_SCORE_BLOCK_ROWS x dimension] */
	float	   *probability;	/* [GTL_SCORE_BLOCK_ROWS x classes] */
} State;

static void *
at(const void *block, size_t offset)
{
	return (char *) block + offset;
}

/* ---- One item, in any process ---------------------------------------------- */

static void *
open_state(void *shared, const GtlLabeledSet *rows, const GtlEnv *env)
{
	State	   *state = gtl_env_alloc(env, sizeof(State));
	Block	   *block = shared;

	state->env = env;
	state->block = block;
	state->set.rows = block->rows;
	state->set.dimension = block->dimension;
	state->set.classes = block->classes;
	state->set.features = rows->features;
	state->set.reader = rows->reader;
	state->set.labels = at(block, block->labels);
	state->set.place = block->place == 0 ? NULL : at(block, block->place);
	state->set.streamed = block->streamed;
	state->stats.dimension = block->dimension - block->neighbours;
	state->stats.neighbours = block->neighbours;
	state->stats.proposals = block->proposals;
	state->stats.count = block->stats_count;
	state->stats.mean = at(block, block->mean);
	state->stats.squares = at(block, block->squares);
	state->validation = at(block, block->validation);
	state->fold = at(block, block->fold);
	state->best = at(block, block->best);
	state->margin = at(block, block->margin);
	state->training = gtl_env_alloc(env, (size_t) block->rows * sizeof(int32_t));
	state->held_out = gtl_env_alloc(env, (size_t) block->rows * sizeof(int32_t));
	state->trained = gtl_env_alloc(env, (size_t) block->classes * sizeof(bool));
	state->scored = gtl_env_alloc(env, (size_t) GTL_SCORE_BLOCK_ROWS * block->dimension * sizeof(float));
	state->probability = gtl_env_alloc(env, (size_t) GTL_SCORE_BLOCK_ROWS * block->classes * sizeof(float));
	return state;
}

static void
close_state(void *opened)
{
	State	   *state = opened;

	for (int i = 0; i < MAX_MODELS; i++)
		gtl_classifier_release(&state->model[i], state->env);
	gtl_env_release(state->env, state->training);
	gtl_env_release(state->env, state->held_out);
	gtl_env_release(state->env, state->trained);
	gtl_env_release(state->env, state->scored);
	gtl_env_release(state->env, state->probability);
	gtl_env_release(state->env, state);
}

/* A model of the block; number -1: NULL. */
static const GtlClassifier *
get_model(State *state, int number)
{
	const Block *block = state->block;
	const char *reason;

	if (number < 0)
		return NULL;
	if (state->model[number].weights == NULL &&
		!gtl_classifier_deserialize(at(block, block->model[number]), block->model_bytes[number],
									state->env, &state->model[number], &reason))
		return NULL;
	return &state->model[number];
}

static void
keep_model(const State *state, int number, const GtlClassifier *classifier)
{
	Block	   *block = state->block;
	size_t		size;
	uint8_t    *bytes = gtl_classifier_serialize(classifier, state->env, &size);

	memcpy(at(block, block->model[number]), bytes, size);
	block->model_bytes[number] = size;
	gtl_env_release(state->env, bytes);
}

/*
 * Divide the rows for one fold.  Held out are its rows, and when validation_only
 * just the validation objects among them; all others train.
 */
static void
split_fold(State *state, int fold, bool validation_only)
{
	state->ntraining = 0;
	state->nheld_out = 0;
	memset(state->trained, 0, (size_t) state->set.classes * sizeof(bool));
	for (int64_t i = 0; i < state->set.rows; i++)
	{
		if (state->fold[i] == fold && (state->validation[i] || !validation_only))
			state->held_out[state->nheld_out++] = (int32_t) i;
		else
		{
			state->training[state->ntraining++] = (int32_t) i;
			state->trained[state->set.labels[i]] = true;
		}
	}
}

/*
 * Score the rows held out and sum up their log losses; false: stopped.  A comparison leaves
 * out classes that had no training row: nobody can predict them, and their losses, which
 * are large and depend on how far a fit happened to go, would decide it.
 */
static bool
score_held_out(State *state, const GtlClassifier *classifier, bool comparing, double *loss, int64_t *counted)
{
	GtlScorer  *scorer = gtl_scorer_create(classifier, state->set.dimension, state->env);
	int32_t		best[GTL_SCORE_BLOCK_ROWS];
	double		margin[GTL_SCORE_BLOCK_ROWS];
	bool		running = true;

	*loss = 0.0;
	*counted = 0;
	for (int64_t from = 0; from < state->nheld_out && running; from += GTL_SCORE_BLOCK_ROWS)
	{
		const int32_t *row = state->held_out + from;
		int64_t		left = state->nheld_out - from;
		int			n = left < GTL_SCORE_BLOCK_ROWS ? (int) left : GTL_SCORE_BLOCK_ROWS;

		running = gtl_labeled_rows(&state->set, row, 0, n, state->scored);
		if (!running)
			break;
		gtl_scorer_block(scorer, state->scored, n, best, margin, state->probability);
		for (int i = 0; i < n; i++)
		{
			int32_t		label = state->set.labels[row[i]];
			double		p = state->probability[(size_t) i * state->set.classes + label];

			state->best[row[i]] = best[i];
			state->margin[row[i]] = margin[i];
			if (comparing && !state->trained[label])
				continue;
			*loss -= log(p > PROBABILITY_MIN ? p : PROBABILITY_MIN);
			(*counted)++;
		}
	}
	gtl_scorer_release(scorer, state->env);
	return running;
}

static void
fit_candidate(State *state, const GtlCandidate *candidate, const GtlClassifier *start,
			  const GtlClassifier *center, GtlClassifier *classifier, GtlFitReport *report)
{
	GtlFitRequest request = {
		.set = &state->set,.subset = state->training,.subset_rows = state->ntraining,
		.candidate = *candidate,.stats = &state->stats,
		.start = start,.center = center,.seed = state->block->seed
	};

	if (candidate->algorithm == GTL_MLP)
	{
		/* a network is not pulled towards the initial model, it starts there */
		if (start == NULL)
			request.start = center;
		request.center = NULL;
	}
	gtl_classifier_fit(&request, state->env, classifier, report);
}

static bool
run_item(void *opened, int number)
{
	State	   *state = opened;
	Item	   *item = &state->block->item[number];
	const GtlClassifier *center = get_model(state, item->center);
	GtlClassifier previous = {0};
	bool		running = true;

	split_fold(state, item->fold, item->validation_only);
	if (state->nheld_out == 0 && item->keep < 0)
		return true;			/* nobody asks for this fit */
	for (int c = 0; c < item->ncandidates && running; c++)
	{
		const GtlClassifier *start = c > 0 ? &previous : get_model(state, item->start);
		GtlClassifier classifier;

		fit_candidate(state, &item->candidate[c], start, center, &classifier, &item->report);
		running = item->report.outcome != GTL_FIT_INTERRUPTED &&
			score_held_out(state, &classifier, item->keep < 0, &item->loss[c], &item->counted);
		gtl_classifier_release(&previous, state->env);
		previous = classifier;
	}
	if (running && item->keep >= 0)
		keep_model(state, item->keep, &previous);
	gtl_classifier_release(&previous, state->env);
	return running;
}

const GtlWorkKind gtl_crossfit_work = {open_state, run_item, close_state};

/* ---- The whole ------------------------------------------------------------- */

/* Place for a model of at most `bytes` (0: none); returns its number. */
static int
reserve_model(Block *layout, size_t *size, size_t bytes)
{
	if (bytes == 0)
		return -1;
	layout->model[layout->nmodels] = gtl_work_reserve(size, bytes);
	return layout->nmodels++;
}

static size_t
input_bytes(const GtlClassifier *model)
{
	return model == NULL ? 0 : gtl_classifier_bytes(&model->candidate, model->dimension, model->classes);
}

/* Bytes of a block but for its models; fills the offsets. */
static size_t
lay_out(Block *layout, int64_t rows, int dimension)
{
	size_t		size = 0;

	(void) gtl_work_reserve(&size, sizeof(Block));
	layout->labels = gtl_work_reserve(&size, gtl_size_multiply((size_t) rows, sizeof(int32_t)));
	layout->place = gtl_work_reserve(&size, gtl_size_multiply((size_t) rows, sizeof(int32_t)));
	layout->validation = gtl_work_reserve(&size, gtl_size_multiply((size_t) rows, sizeof(bool)));
	layout->fold = gtl_work_reserve(&size, gtl_size_multiply((size_t) rows, sizeof(int8_t)));
	layout->mean = gtl_work_reserve(&size, (size_t) dimension * sizeof(double));
	layout->squares = gtl_work_reserve(&size, (size_t) dimension * sizeof(double));
	layout->best = gtl_work_reserve(&size, gtl_size_multiply((size_t) rows, sizeof(int32_t)));
	layout->margin = gtl_work_reserve(&size, gtl_size_multiply((size_t) rows, sizeof(double)));
	return size;
}

static void
init_layout(const GtlCrossfitSet *set, uint64_t seed, Block *layout, size_t *size)
{
	memset(layout, 0, sizeof *layout);
	layout->rows = set->labeled.rows;
	layout->dimension = set->labeled.dimension;
	layout->neighbours = set->stats.neighbours;
	layout->proposals = set->stats.proposals;
	layout->classes = set->labeled.classes;
	layout->streamed = set->labeled.streamed;
	layout->seed = seed;
	layout->stats_count = set->stats.count;
	*size = lay_out(layout, set->labeled.rows, set->labeled.dimension);
	if (set->labeled.place == NULL)
		layout->place = 0;
}

static double
estimate_seconds(const Block *layout)
{
	double		seconds = 0.0;

	for (int i = 0; i < layout->nitems; i++)
		for (int c = 0; c < layout->item[i].ncandidates; c++)
		{
			int			hidden = layout->item[i].candidate[c].hidden;
			int			width = hidden > layout->classes ? hidden : layout->classes;

			seconds += SECONDS_PER_PRODUCT * (double) layout->rows * layout->dimension * width;
		}
	return seconds;
}

/* The work, with everything in the block but the models that the items start from. */
static GtlWork *
begin(const GtlCrossfitSet *set, const Block *layout, size_t size,
	  const GtlCandidate *candidates, int ncandidates, const GtlEnv *env)
{
	const GtlLabeledSet *labeled = &set->labeled;
	size_t		rows = (size_t) labeled->rows;
	GtlWorkRequest request = {
		.kind = GTL_WORK_CROSSFIT,.block_size = size,.nitems = layout->nitems,.rows = labeled,
		.process_bytes = gtl_crossfit_process_memory(candidates, ncandidates, labeled->rows,
													 labeled->dimension, labeled->classes, labeled->streamed),
		.seconds = estimate_seconds(layout)
	};
	GtlWork    *work = gtl_work_begin(&request, env);
	Block	   *block = work->block;

	*block = *layout;
	if (rows > 0)
	{
		memcpy(at(block, block->labels), labeled->labels, rows * sizeof(int32_t));
		if (labeled->place != NULL)
			memcpy(at(block, block->place), labeled->place, rows * sizeof(int32_t));
		memcpy(at(block, block->validation), set->validation, rows * sizeof(bool));
		memcpy(at(block, block->fold), set->fold, rows * sizeof(int8_t));
	}
	memcpy(at(block, block->mean), set->stats.mean, (size_t) set->stats.dimension * sizeof(double));
	memcpy(at(block, block->squares), set->stats.squares, (size_t) set->stats.dimension * sizeof(double));
	return work;
}

static void
put_model(GtlWork *work, int number, const GtlClassifier *model, const GtlEnv *env)
{
	Block	   *block = work->block;
	uint8_t    *bytes;

	if (number < 0)
		return;
	bytes = gtl_classifier_serialize(model, env, &block->model_bytes[number]);
	memcpy(at(block, block->model[number]), bytes, block->model_bytes[number]);
	gtl_env_release(env, bytes);
}

/* All items; false: interrupted. */
static bool
do_items(GtlWork *work, const char *phase, const GtlEnv *env)
{
	int			nitems = ((Block *) work->block)->nitems;

	for (int i = 0; i < nitems; i++)
		gtl_work_post(work, i);
	for (int done = 0; done < nitems; done++)
	{
		gtl_env_progress(env, phase, done, nitems);
		if (gtl_work_next(work) < 0)
			return false;
	}
	gtl_env_progress(env, phase, nitems, nitems);
	return true;
}

/* Same convex problem but for the penalty? */
static bool
can_start_from(const GtlCandidate *candidate, const GtlCandidate *other)
{
	return candidate->algorithm == GTL_SOFTMAX && other->algorithm == GTL_SOFTMAX &&
		candidate->scaling == other->scaling && candidate->neighbours == other->neighbours &&
		candidate->proposals == other->proposals;
}

/* How many candidates from c on make up one item. */
static int
chain_length(const GtlCandidate *candidates, const GtlClassifier *const *centers, int ncandidates, int c)
{
	int			n = 1;

	while (n < MAX_CHAIN && c + n < ncandidates && (centers == NULL || centers[c + n - 1] == centers[c + n]) &&
		   can_start_from(&candidates[c + n], &candidates[c + n - 1]))
		n++;
	return n;
}

/* The items of a selection: networks, which take longest, first.  first[i]: its first candidate. */
static void
list_selection(Block *layout, const GtlCandidate *candidates, const GtlClassifier *const *centers,
			   int ncandidates, const int *center_models, int *first)
{
	for (int network = 1; network >= 0; network--)
		for (int c = 0; c < ncandidates;)
		{
			int			n = chain_length(candidates, centers, ncandidates, c);

			for (int fold = 0; fold < GTL_FOLDS && (candidates[c].algorithm == GTL_MLP) == network; fold++)
			{
				Item	   *item = &layout->item[layout->nitems];

				item->fold = fold;
				item->ncandidates = n;
				memcpy(item->candidate, candidates + c, (size_t) n * sizeof(GtlCandidate));
				item->start = item->keep = -1;
				item->center = center_models[c];
				first[layout->nitems++] = c;
			}
			c += n;
		}
}

/* Sums up in the order of the folds, whatever that of the items. */
static void
choose(const Block *block, const int *first, int ncandidates, GtlSelection *selection)
{
	double		loss[MAX_CANDIDATES] = {0};
	int64_t		counted[MAX_CANDIDATES] = {0};

	for (int fold = 0; fold < GTL_FOLDS; fold++)
		for (int i = 0; i < block->nitems; i++)
			for (int c = 0; block->item[i].fold == fold && c < block->item[i].ncandidates; c++)
			{
				loss[first[i] + c] += block->item[i].loss[c];
				counted[first[i] + c] += block->item[i].counted;
			}
	for (int c = 0; c < ncandidates; c++)
	{
		selection->log_loss[c] = counted[c] > 0 ? loss[c] / (double) counted[c] : 0.0;
		if (selection->log_loss[c] < selection->log_loss[selection->chosen])
			selection->chosen = c;
	}
}

void
gtl_crossfit_select(const GtlCrossfitSet *set, const GtlCandidate *candidates,
					const GtlClassifier *const *centers, int ncandidates, uint64_t seed,
					const GtlEnv *env, GtlSelection *selection)
{
	Block	   *layout = gtl_env_alloc(env, sizeof(Block));
	int			center_models[MAX_CANDIDATES];
	int			first[MAX_FITS];
	size_t		size;
	GtlWork    *work;

	memset(selection, 0, sizeof *selection);
	for (int c = 0; c < MAX_CANDIDATES; c++)
		selection->log_loss[c] = HUGE_VAL;
	init_layout(set, seed, layout, &size);
	for (int c = 0; c < ncandidates; c++)
		center_models[c] = reserve_model(layout, &size, input_bytes(centers == NULL ? NULL : centers[c]));
	list_selection(layout, candidates, centers, ncandidates, center_models, first);

	work = begin(set, layout, size, candidates, ncandidates, env);
	for (int c = 0; c < ncandidates; c++)
		put_model(work, center_models[c], centers == NULL ? NULL : centers[c], env);
	selection->interrupted = !do_items(work, "selecting", env);
	if (!selection->interrupted)
		choose(work->block, first, ncandidates, selection);
	gtl_work_end(work);
	gtl_env_release(env, layout);
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

/* Model `number` out of the block. */
static bool
take_model(const Block *block, int number, const GtlEnv *env, GtlClassifier *classifier)
{
	const char *reason;

	return gtl_classifier_deserialize(at(block, block->model[number]), block->model_bytes[number],
									  env, classifier, &reason);
}

static void
take_result(const GtlCrossfitSet *set, const Block *block, const GtlEnv *env, GtlCrossfitResult *result)
{
	size_t		rows = (size_t) block->rows;
	int64_t		validation = 0;

	result->best = gtl_env_alloc(env, rows * sizeof(int32_t));
	result->margin = gtl_env_alloc(env, rows * sizeof(double));
	memcpy(result->best, at(block, block->best), rows * sizeof(int32_t));
	memcpy(result->margin, at(block, block->margin), rows * sizeof(double));
	for (int i = 0; i < block->nitems; i++)
	{
		const Item *item = &block->item[i];
		bool		full = item->fold == GTL_FOLDS;

		result->interrupted = result->interrupted ||
			!take_model(block, item->keep, env, full ? &result->full : &result->fold[item->fold]);
		if (full)
			result->full_report = item->report;
		else
			result->fold_report[item->fold] = item->report;
	}
	for (int fold = 0; fold < GTL_FOLDS; fold++)
		for (int i = 0; i < block->nitems; i++)
			result->log_loss += block->item[i].fold == fold ? block->item[i].loss[0] : 0.0;
	for (size_t i = 0; i < rows; i++)
		validation += set->validation[i];
	if (validation > 0)
		result->log_loss /= (double) validation;
}

void
gtl_crossfit_run(const GtlCrossfitSet *set, const GtlCandidate *candidate,
				 const GtlCrossfitStart *start, uint64_t seed, const GtlEnv *env,
				 GtlCrossfitResult *result)
{
	const GtlCrossfitStart none = {.full = NULL};
	size_t		bytes = gtl_classifier_bytes(candidate, set->labeled.dimension, set->labeled.classes);
	Block	   *layout = gtl_env_alloc(env, sizeof(Block));
	size_t		size;
	GtlWork    *work;

	memset(result, 0, sizeof *result);
	if (start == NULL)
		start = &none;
	init_layout(set, seed, layout, &size);
	layout->nitems = GTL_FOLDS + 1;
	for (int i = 0; i < layout->nitems; i++)
	{
		Item	   *item = &layout->item[i];

		item->fold = i == 0 ? GTL_FOLDS : i - 1;	/* the full model, which takes longest, first */
		item->validation_only = true;
		item->ncandidates = 1;
		item->candidate[0] = *candidate;
		item->start = reserve_model(layout, &size, input_bytes(i == 0 ? start->full : start->fold[i - 1]));
		item->keep = reserve_model(layout, &size, bytes);
		item->center = i == 0 ? reserve_model(layout, &size, input_bytes(start->center)) : layout->item[0].center;
	}

	work = begin(set, layout, size, candidate, 1, env);
	put_model(work, layout->item[0].center, start->center, env);
	for (int i = 0; i < layout->nitems; i++)
		put_model(work, layout->item[i].start, i == 0 ? start->full : start->fold[i - 1], env);
	result->interrupted = !do_items(work, "training", env);
	if (!result->interrupted)
		take_result(set, work->block, env, result);
	gtl_work_end(work);
	gtl_env_release(env, layout);
	if (result->interrupted)
		release_result(result, env);
}

static size_t
largest_fit(const GtlCandidate *candidates, int ncandidates, int64_t rows, int dimension, int classes, bool streamed)
{
	size_t		largest = 0;

	for (int c = 0; c < ncandidates; c++)
	{
		size_t		need = gtl_classifier_fit_memory(&candidates[c], rows, dimension, classes, streamed);

		largest = need > largest ? need : largest;
	}
	return largest;
}

static size_t
largest_model(const GtlCandidate *candidates, int ncandidates, int dimension, int classes)
{
	size_t		largest = 0;

	for (int c = 0; c < ncandidates; c++)
	{
		size_t		need = gtl_classifier_bytes(&candidates[c], dimension, classes);

		largest = need > largest ? need : largest;
	}
	return largest;
}

/* A scorer's working memory: the rows twice, scores and probabilities, the hidden layer. */
static size_t
score_bytes(const GtlCandidate *candidates, int ncandidates, int dimension, int classes)
{
	size_t		columns = gtl_size_add(gtl_size_multiply((size_t) dimension, 2), gtl_size_multiply((size_t) classes, 2));
	int			hidden = 0;

	for (int c = 0; c < ncandidates; c++)
		hidden = candidates[c].hidden > hidden ? candidates[c].hidden : hidden;
	return gtl_size_multiply(gtl_size_add(columns, (size_t) hidden), GTL_SCORE_BLOCK_ROWS * sizeof(float));
}

size_t
gtl_crossfit_process_memory(const GtlCandidate *candidates, int ncandidates,
							int64_t rows, int dimension, int classes, bool streamed)
{
	size_t		total = score_bytes(candidates, ncandidates, dimension, classes);

	total = gtl_size_add(total, gtl_size_multiply((size_t) rows, 2 * sizeof(int32_t)));
	total = gtl_size_add(total, (size_t) classes * sizeof(bool));
	total = gtl_size_add(total, gtl_size_multiply(largest_model(candidates, ncandidates, dimension, classes), GTL_FOLDS + 2));
	return gtl_size_add(total, largest_fit(candidates, ncandidates, rows, dimension, classes, streamed));
}

size_t
gtl_crossfit_memory(const GtlCandidate *candidates, int ncandidates,
					int64_t rows, int dimension, int classes, bool streamed)
{
	Block		layout;
	size_t		shared = lay_out(&layout, rows, dimension);
	size_t		results = gtl_size_multiply((size_t) rows, sizeof(int32_t) + sizeof(double));
	size_t		model = largest_model(candidates, ncandidates, dimension, classes);

	/* the block's layout before it is there */
	shared = gtl_size_add(shared, sizeof(Block));
	/* models: start and result of each, in the block; the results once more at the end */
	shared = gtl_size_add(shared, gtl_size_multiply(model, 3 * (GTL_FOLDS + 1) + 1));
	return gtl_size_add(gtl_size_add(shared, results),
						gtl_crossfit_process_memory(candidates, ncandidates, rows, dimension, classes, streamed));
}
