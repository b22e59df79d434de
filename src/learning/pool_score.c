/*
 * pool_score.c
 *		Scoring many rows of a matrix that is read piece by piece.
 *
 * Work (work.h) whose items are places for a piece of the matrix: the caller's process
 * fills free places and takes results out of them, everybody scores.  Reading a row costs
 * less than scoring it, so one reader keeps several processes busy.
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
	size_t		model;
	size_t		model_bytes;
	size_t		rows;			/* [places x piece_rows x dimension] */
	size_t		best;			/* [places x piece_rows] */
	size_t		margin;			/* [places x piece_rows] */
	Place		place[MAX_PLACES];
} Block;

/* A process that takes part. */
typedef struct State
{
	const GtlEnv *env;
	Block	   *block;
	GtlClassifier classifier;
	GtlScorer  *scorer;
} State;

static float *
place_rows(const Block *block, int place)
{
	return (float *) ((char *) block + block->rows) + (size_t) place * block->piece_rows * block->width;
}

static int32_t *
place_best(const Block *block, int place)
{
	return (int32_t *) ((char *) block + block->best) + (size_t) place * block->piece_rows;
}

static double *
place_margin(const Block *block, int place)
{
	return (double *) ((char *) block + block->margin) + (size_t) place * block->piece_rows;
}

static void *
open_state(void *shared, const GtlLabeledSet *rows, const GtlEnv *env)
{
	State	   *state = gtl_env_alloc(env, sizeof(State));
	const char *reason;

	(void) rows;
	state->env = env;
	state->block = shared;
	if (gtl_classifier_deserialize((uint8_t *) shared + state->block->model, state->block->model_bytes, env,
								   &state->classifier, &reason))
		state->scorer = gtl_scorer_create(&state->classifier, state->block->width, env);
	return state;
}

static bool
run_item(void *opened, int item)
{
	State	   *state = opened;
	Block	   *block = state->block;
	const Place *place = &block->place[item];

	if (state->scorer == NULL)
		return false;
	for (int from = 0; from < place->count; from += GTL_SCORE_BLOCK_ROWS)
	{
		int			left = place->count - from;

		if (gtl_env_interrupted(state->env))
			return false;
		gtl_scorer_block(state->scorer, place_rows(block, item) + (size_t) from * block->width,
						 left < GTL_SCORE_BLOCK_ROWS ? left : GTL_SCORE_BLOCK_ROWS,
						 place_best(block, item) + from, place_margin(block, item) + from, NULL);
	}
	return true;
}

static void
close_state(void *opened)
{
	State	   *state = opened;

	if (state->scorer != NULL)
		gtl_scorer_release(state->scorer, state->env);
	gtl_classifier_release(&state->classifier, state->env);
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
lay_out(Block *layout, const GtlClassifier *classifier, int width, const GtlEnv *env)
{
	size_t		size = 0;
	size_t		rows;

	memset(layout, 0, sizeof *layout);
	layout->width = width;
	layout->piece_rows = piece_rows_of(env, width);
	rows = (size_t) places_of(env) * (size_t) layout->piece_rows;
	(void) gtl_work_reserve(&size, sizeof(Block));
	layout->model_bytes = gtl_classifier_bytes(&classifier->candidate, classifier->dimension, classifier->classes);
	layout->model = gtl_work_reserve(&size, layout->model_bytes);
	layout->rows = gtl_work_reserve(&size, rows * (size_t) width * sizeof(float));
	layout->best = gtl_work_reserve(&size, rows * sizeof(int32_t));
	layout->margin = gtl_work_reserve(&size, rows * sizeof(double));
	return size;
}

static GtlWork *
begin(const GtlClassifier *classifier, int columns, int64_t pool_count, const GtlEnv *env)
{
	Block		layout;
	int			width = classifier->candidate.hidden > classifier->classes ? classifier->candidate.hidden : classifier->classes;
	GtlWorkRequest request = {
		.kind = GTL_WORK_SCORE,.block_size = lay_out(&layout, classifier, columns, env),.nitems = places_of(env),
		.process_bytes = layout.model_bytes +
		(size_t) GTL_SCORE_BLOCK_ROWS * (size_t) (classifier->dimension + width + classifier->classes) * sizeof(float),
		.seconds = (double) pool_count * classifier->dimension * (SECONDS_PER_ELEMENT + width * SECONDS_PER_PRODUCT)
	};
	GtlWork    *work = gtl_work_begin(&request, env);
	uint8_t    *bytes = gtl_classifier_serialize(classifier, env, &layout.model_bytes);

	memcpy(work->block, &layout, sizeof layout);
	memcpy((char *) work->block + layout.model, bytes, layout.model_bytes);
	gtl_env_release(env, bytes);
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

/* Returns how many objects of the pool it was. */
static int64_t
empty_place(Pass *pass, int item, int32_t *best, double *margin)
{
	const Place *place = &pass->block->place[item];
	int64_t		i = pass->from[item];

	for (; i < pass->pool_count && pass->pool[i] < place->first + place->count; i++)
	{
		best[i] = place_best(pass->block, item)[pass->pool[i] - place->first];
		margin[i] = place_margin(pass->block, item)[pass->pool[i] - place->first];
	}
	pass->busy[item] = false;
	pass->out--;
	return i - pass->from[item];
}

bool
gtl_pool_score(const GtlClassifier *classifier, int width, int64_t rows,
			   const int32_t *pool, int64_t pool_count,
			   GtlReadRows read_rows, void *read_context, const GtlEnv *env,
			   int32_t *best, double *margin)
{
	Pass		pass = {.pool = pool,.pool_count = pool_count,.rows = rows};
	int			places = places_of(env);
	int64_t		done = 0;
	int			item = 0;

	pass.work = begin(classifier, width, pool_count, env);
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
			done += empty_place(&pass, item, best, margin);
		gtl_env_progress(env, "scoring", done, pool_count);
	}
	gtl_work_end(pass.work);
	return item >= 0;
}
