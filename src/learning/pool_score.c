/*
 * pool_score.c
 *		Scoring many rows of a matrix that is read piece by piece.
 *
 * Work (work.h) whose items are places for a piece of the matrix: the caller's process
 * fills free places and takes results out of them, everybody scores.  Reading a row costs
 * less than scoring it, so one reader keeps several processes busy.
 *
 * Several models score the rows of one reading: a piece is scored by all of them while it is in the
 * cache, and scaled once for those with the same scaler.
 *
 * Pieces are made of aligned blocks of GTL_SCORE_BLOCK_ROWS rows, whichever of them are in
 * the pool, so an object's score depends on nothing but its own row and the model.
 */
#include "learning/pool_score.h"

#include <string.h>

#include "learning/shape.h"
#include "learning/work.h"

#define MAX_PLACES 8
#define PIECE_BYTES (256 * 1024)	/* stays in a cache; at least one block */

/* Models of one reading: what a team's block has room for beside the rows, and less than the fits before had. */
#define MODELS_BYTES ((size_t) 8 * 1024 * 1024)

/* What reading and scoring cost, about: an element of a row, and one of a product. */
#define SECONDS_PER_ELEMENT 3e-10
#define SECONDS_PER_PRODUCT 5e-11

typedef struct Place
{
	int64_t		first;
	int			count;
} Place;

/* What the processes share; offsets are from its start. */
typedef struct Block
{
	int			width;			/* columns of a row */
	int			piece_rows;
	int			nmodels;
	size_t		model[GTL_POOL_MODELS];
	size_t		model_bytes[GTL_POOL_MODELS];
	size_t		rows;			/* [places x piece_rows x width] */
	size_t		best;			/* [places x nmodels x piece_rows] */
	size_t		margin;			/* [places x nmodels x piece_rows] */
	Place		place[MAX_PLACES];
} Block;

/* A model in a process that takes part. */
typedef struct Scoring
{
	GtlClassifier classifier;
	GtlScorer  *scorer;			/* NULL: the bytes were not a model */
	int			scaled_by;		/* the first model with the same scaler */
} Scoring;

/* A process that takes part. */
typedef struct State
{
	const GtlEnv *env;
	Block	   *block;
	Scoring		model[GTL_POOL_MODELS];
} State;

static float *
place_rows(const Block *block, int place)
{
	return (float *) ((char *) block + block->rows) + (size_t) place * block->piece_rows * block->width;
}

static int32_t *
place_best(const Block *block, int place, int model)
{
	return (int32_t *) ((char *) block + block->best) + ((size_t) place * block->nmodels + model) * block->piece_rows;
}

static double *
place_margin(const Block *block, int place, int model)
{
	return (double *) ((char *) block + block->margin) + ((size_t) place * block->nmodels + model) * block->piece_rows;
}

static void
open_model(State *state, int number)
{
	Scoring    *model = &state->model[number];
	Block	   *block = state->block;
	const char *reason;

	if (!gtl_classifier_deserialize((uint8_t *) block + block->model[number], block->model_bytes[number], state->env,
									&model->classifier, &reason))
		return;
	model->scorer = gtl_scorer_create(&model->classifier, block->width, state->env);
	while (!gtl_scaler_same(&state->model[model->scaled_by].classifier.scaler, &model->classifier.scaler))
		model->scaled_by++;
}

static void *
open_state(void *shared, const GtlLabeledSet *rows, const GtlEnv *env)
{
	State	   *state = gtl_env_alloc(env, sizeof(State));

	(void) rows;
	state->env = env;
	state->block = shared;
	for (int m = 0; m < state->block->nmodels; m++)
		open_model(state, m);
	return state;
}

/* Rows `from` and so on of a place, at most GTL_SCORE_BLOCK_ROWS.  False: not a model. */
static bool
score_rows(State *state, int item, int from, int count)
{
	const Block *block = state->block;

	for (int m = 0; m < block->nmodels; m++)
	{
		Scoring    *model = &state->model[m];
		int32_t    *best = place_best(block, item, m) + from;
		double	   *margin = place_margin(block, item, m) + from;

		if (model->scorer == NULL)
			return false;
		if (model->scaled_by == m)
			gtl_scorer_block(model->scorer, place_rows(block, item) + (size_t) from * block->width, count, best, margin, NULL);
		else
			gtl_scorer_again(model->scorer, state->model[model->scaled_by].scorer, count, best, margin);
	}
	return true;
}

static bool
run_item(void *opened, int item)
{
	State	   *state = opened;
	const Place *place = &state->block->place[item];

	for (int from = 0; from < place->count; from += GTL_SCORE_BLOCK_ROWS)
	{
		int			left = place->count - from;

		if (gtl_env_interrupted(state->env) ||
			!score_rows(state, item, from, left < GTL_SCORE_BLOCK_ROWS ? left : GTL_SCORE_BLOCK_ROWS))
			return false;
	}
	return true;
}

static void
close_state(void *opened)
{
	State	   *state = opened;

	for (int m = 0; m < state->block->nmodels; m++)
	{
		if (state->model[m].scorer != NULL)
			gtl_scorer_release(state->model[m].scorer, state->env);
		gtl_classifier_release(&state->model[m].classifier, state->env);
	}
	gtl_env_release(state->env, state);
}

const GtlWorkKind gtl_score_work = {open_state, run_item, close_state};

static int
places_of(const GtlEnv *env)
{
	return env->team == NULL ? 1 : MAX_PLACES;
}

static int
piece_rows_of(const GtlEnv *env, int width)
{
	int			blocks = PIECE_BYTES / (GTL_SCORE_BLOCK_ROWS * (int) sizeof(float)) / width;

	return GTL_SCORE_BLOCK_ROWS * (env->team == NULL || blocks < 1 ? 1 : blocks);
}

static size_t
bytes_of(const GtlClassifier *model)
{
	return gtl_classifier_bytes(&model->candidate, model->dimension, model->classes);
}

static size_t
lay_out(Block *layout, const GtlClassifier *const *models, int nmodels, int width, const GtlEnv *env)
{
	size_t		size = 0;
	size_t		rows;

	memset(layout, 0, sizeof *layout);
	layout->width = width;
	layout->piece_rows = piece_rows_of(env, width);
	layout->nmodels = nmodels;
	rows = (size_t) places_of(env) * (size_t) layout->piece_rows;
	(void) gtl_work_reserve(&size, sizeof(Block));
	for (int m = 0; m < nmodels; m++)
	{
		layout->model_bytes[m] = bytes_of(models[m]);
		layout->model[m] = gtl_work_reserve(&size, layout->model_bytes[m]);
	}
	layout->rows = gtl_work_reserve(&size, rows * (size_t) width * sizeof(float));
	layout->best = gtl_work_reserve(&size, rows * (size_t) nmodels * sizeof(int32_t));
	layout->margin = gtl_work_reserve(&size, rows * (size_t) nmodels * sizeof(double));
	return size;
}

/* The wider of the hidden layer and the classes. */
static int
widest(const GtlClassifier *model)
{
	return model->candidate.hidden > model->classes ? model->candidate.hidden : model->classes;
}

static GtlWork *
begin(const GtlClassifier *const *models, int nmodels, int columns, int64_t pool_count, const GtlEnv *env)
{
	Block		layout;
	GtlWorkRequest request = {
		.kind = GTL_WORK_SCORE,.block_size = lay_out(&layout, models, nmodels, columns, env),.nitems = places_of(env)
	};
	GtlWork    *work;

	for (int m = 0; m < nmodels; m++)
	{
		int			dimension = models[m]->dimension;
		int			width = widest(models[m]);

		request.process_bytes += layout.model_bytes[m] +
			(size_t) GTL_SCORE_BLOCK_ROWS * (size_t) (dimension + width + models[m]->classes) * sizeof(float);
		request.seconds += (double) pool_count * dimension * (SECONDS_PER_ELEMENT + width * SECONDS_PER_PRODUCT);
	}
	work = gtl_work_begin(&request, env);
	memcpy(work->block, &layout, sizeof layout);
	for (int m = 0; m < nmodels; m++)
	{
		size_t		size;
		uint8_t    *bytes = gtl_classifier_serialize(models[m], env, &size);

		memcpy((char *) work->block + layout.model[m], bytes, size);
		gtl_env_release(env, bytes);
	}
	return work;
}

/* A pass over the pool: what is read, and what has come back. */
typedef struct Pass
{
	GtlWork    *work;
	Block	   *block;
	const int32_t *pool;
	int64_t		pool_count;
	int64_t		rows;			/* of the matrix */
	int64_t		next;			/* pool index, not read yet */
	int64_t		from[MAX_PLACES];	/* pool index of the first object in a place */
	int			out;			/* places that are posted */
	bool		busy[MAX_PLACES];
} Pass;

/* The next piece into a place. */
static void
fill_place(Pass *pass, int item, GtlReadRows read_rows, void *read_context)
{
	Place	   *place = &pass->block->place[item];
	int64_t		first = pass->pool[pass->next] - pass->pool[pass->next] % GTL_SCORE_BLOCK_ROWS;
	int64_t		left = pass->rows - first;
	int64_t		end;

	place->first = first;
	place->count = left < pass->block->piece_rows ? (int) left : pass->block->piece_rows;
	read_rows(read_context, first, place->count, place_rows(pass->block, item));
	pass->from[item] = pass->next;
	end = first + place->count;
	while (pass->next < pass->pool_count && pass->pool[pass->next] < end)
		pass->next++;
	pass->busy[item] = true;
	pass->out++;
	gtl_work_post(pass->work, item);
}

/* To the places of the pool's objects those of its rows: the pool is ascending, so nothing is overwritten before it is read. */
static void
gather(const Pass *pass, const Place *place, int64_t first, int64_t end, int32_t *best, double *margin)
{
	for (int64_t i = first; i < end; i++)
	{
		best[i - first] = best[pass->pool[i] - place->first];
		margin[i - first] = margin[pass->pool[i] - place->first];
	}
}

/* Returns how many objects of the pool it was. */
static int64_t
empty_place(Pass *pass, int item, GtlTakeScores take, void *take_context)
{
	const Place *place = &pass->block->place[item];
	int64_t		first = pass->from[item];
	int64_t		end = first;

	while (end < pass->pool_count && pass->pool[end] < place->first + place->count)
		end++;
	for (int m = 0; m < pass->block->nmodels; m++)
	{
		int32_t    *best = place_best(pass->block, item, m);
		double	   *margin = place_margin(pass->block, item, m);

		if (end - first < place->count)
			gather(pass, place, first, end, best, margin);
		take(take_context, m, first, end - first, best, margin);
	}
	pass->busy[item] = false;
	pass->out--;
	return end - first;
}

int
gtl_pool_together(const GtlClassifier *model)
{
	size_t		fit = MODELS_BYTES / bytes_of(model);

	return fit < 1 ? 1 : fit < GTL_POOL_MODELS ? (int) fit : GTL_POOL_MODELS;
}

bool
gtl_pool_score(const GtlClassifier *const *models, int nmodels, int width, int64_t rows,
			   const int32_t *pool, int64_t pool_count, GtlReadRows read_rows, void *read_context,
			   GtlTakeScores take, void *take_context, const GtlEnv *env)
{
	Pass		pass = {.pool = pool,.pool_count = pool_count,.rows = rows};
	int			places = places_of(env);
	int64_t		done = 0;
	int			item = 0;

	pass.work = begin(models, nmodels, width, pool_count, env);
	pass.block = pass.work->block;
	while (item >= 0 && done < pool_count)
	{
		if (pass.next < pool_count && pass.out < places)
		{
			for (item = 0; pass.busy[item];)
				item++;
			fill_place(&pass, item, read_rows, read_context);
			continue;
		}
		item = gtl_work_next(pass.work);
		if (item >= 0)
			done += empty_place(&pass, item, take, take_context);
		gtl_env_progress(env, "scoring", done, pool_count);
	}
	gtl_work_end(pass.work);
	return item >= 0;
}

/* Where one model's scores go. */
typedef struct Lists
{
	int32_t    *best;
	double	   *margin;
} Lists;

static void
take_lists(void *context, int model, int64_t first, int64_t count, const int32_t *best, const double *margin)
{
	const Lists *lists = context;

	(void) model;
	memcpy(lists->best + first, best, (size_t) count * sizeof(int32_t));
	memcpy(lists->margin + first, margin, (size_t) count * sizeof(double));
}

bool
gtl_pool_score_one(const GtlClassifier *model, int width, int64_t rows, const int32_t *pool, int64_t pool_count,
				   GtlReadRows read_rows, void *read_context, const GtlEnv *env, int32_t *best, double *margin)
{
	Lists		lists = {best, margin};

	return gtl_pool_score(&model, 1, width, rows, pool, pool_count, read_rows, read_context, take_lists, &lists, env);
}
