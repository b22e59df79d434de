/*
 * start.c
 *		The objects that people label first, one from each cell.
 *
 * Rows that are alike in the neighbourhood columns tend to have the same label, so one label in each
 * part of the cloud teaches more than as many at random, most of which lie where most rows are.
 * The cells are those of k-means; a sample places the centres, and one more pass over all rows
 * finds how large the cells are and who stands nearest to each centre.
 */
#include "learning/start.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learning/kmeans.h"
#include "learning/neighbours.h"
#include "learning/random.h"
#include "learning/select.h"

#define SAMPLE_ROWS 20000
#define ITERATIONS 10

typedef struct Cell
{
	int64_t		rows;
	int32_t		nearest;		/* row; -1: none */
	float		distance;
	int			number;
} Cell;

typedef struct Choice
{
	int64_t		objects;
	int			dimension;
	GtlReadRows read_rows;
	void	   *read_context;
	uint64_t	seed;
	const GtlEnv *env;
	float	   *rows;			/* [GTL_KMEANS_ROWS x (dimension + columns)], as they are read */
	float	   *block;			/* [GTL_KMEANS_ROWS x columns] */
	int32_t    *all;			/* [objects] */
	float	   *sample;			/* [sampled x columns], in random order */
	int64_t		sampled;
	GtlCentres	centres;
	Cell	   *cell;			/* [centres] */
} Choice;

bool
gtl_start_offered(GtlGuarantee guarantee, bool neighbours, int64_t objects, int64_t wanted)
{
	return guarantee == GTL_GUARANTEE_AUDITED && neighbours && wanted > 0 && wanted <= GTL_START_MOST &&
		wanted <= (objects < SAMPLE_ROWS ? objects : SAMPLE_ROWS);
}

/* The columns of the next rows, padded with zeros; returns how many there are. */
static int
read_block(Choice *choice, int64_t first)
{
	int			count = choice->objects - first < GTL_KMEANS_ROWS ? (int) (choice->objects - first) : GTL_KMEANS_ROWS;
	size_t		width = (size_t) choice->dimension + GTL_NEIGHBOUR_COLUMNS;
	size_t		bytes = GTL_NEIGHBOUR_COLUMNS * sizeof(float);

	choice->read_rows(choice->read_context, first, count, choice->rows);
	memset(choice->block, 0, GTL_KMEANS_ROWS * bytes);
	for (int i = 0; i < count; i++)
		memcpy(choice->block + (size_t) i * GTL_NEIGHBOUR_COLUMNS,
			   choice->rows + (size_t) i * width + choice->dimension, bytes);
	return count;
}

/* all: the objects, numbered. */
static void
list_objects(Choice *choice)
{
	for (int64_t i = 0; i < choice->objects; i++)
		choice->all[i] = (int32_t) i;
}

/* False: interrupted. */
static bool
draw_sample(Choice *choice)
{
	int32_t    *drawn = gtl_env_alloc(choice->env, (size_t) choice->sampled * sizeof(int32_t));
	bool		going = true;

	list_objects(choice);
	gtl_select_random(choice->all, choice->objects, choice->sampled, choice->seed, GTL_STREAM_START, choice->env, drawn);
	memset(choice->all, -1, (size_t) choice->objects * sizeof(int32_t));
	for (int64_t i = 0; i < choice->sampled; i++)
		choice->all[drawn[i]] = (int32_t) i;
	gtl_env_release(choice->env, drawn);
	for (int64_t first = 0; first < choice->objects && going; first += GTL_KMEANS_ROWS)
	{
		int			count = read_block(choice, first);

		for (int i = 0; i < count; i++)
			if (choice->all[first + i] >= 0)
				memcpy(choice->sample + (size_t) choice->all[first + i] * GTL_NEIGHBOUR_COLUMNS,
					   choice->block + (size_t) i * GTL_NEIGHBOUR_COLUMNS, GTL_NEIGHBOUR_COLUMNS * sizeof(float));
		going = !gtl_env_interrupted(choice->env);
	}
	return going;
}

/* False: interrupted. */
static bool
place_centres(Choice *choice)
{
	memcpy(choice->centres.centre, choice->sample,
		   (size_t) choice->centres.count * GTL_NEIGHBOUR_COLUMNS * sizeof(float));
	return gtl_kmeans(&choice->centres, choice->sample, choice->sampled, ITERATIONS, choice->env);
}

/* Sizes of the cells, and who stands nearest to each centre; false: interrupted. */
static bool
fill_cells(Choice *choice)
{
	float	   *scratch = gtl_env_alloc(choice->env, gtl_centres_scratch(&choice->centres) * sizeof(float));
	int32_t		which[GTL_KMEANS_ROWS];
	float		distance[GTL_KMEANS_ROWS];
	bool		going = true;

	for (int c = 0; c < choice->centres.count; c++)
		choice->cell[c] = (Cell) {.nearest = -1,.distance = INFINITY,.number = c};
	for (int64_t first = 0; first < choice->objects && going; first += GTL_KMEANS_ROWS)
	{
		int			count = read_block(choice, first);

		gtl_centres_nearest(&choice->centres, choice->block, 1, scratch, which, distance);
		for (int i = 0; i < count; i++)
		{
			Cell	   *cell = &choice->cell[which[i]];

			cell->rows++;
			if (distance[i] < cell->distance)
			{
				cell->distance = distance[i];
				cell->nearest = (int32_t) (first + i);
			}
		}
		gtl_env_progress(choice->env, "choosing the first objects", first + count, choice->objects);
		going = !gtl_env_interrupted(choice->env);
	}
	gtl_env_release(choice->env, scratch);
	return going;
}

static int
larger_first(const void *a, const void *b)
{
	const Cell *x = a;
	const Cell *y = b;

	if (x->rows != y->rows)
		return x->rows < y->rows ? 1 : -1;
	return x->number - y->number;
}

static void
take_nearest(Choice *choice, int64_t wanted, int32_t *chosen)
{
	int64_t		count = 0;
	int64_t		rest = 0;

	qsort(choice->cell, (size_t) wanted, sizeof(Cell), larger_first);
	list_objects(choice);
	for (int64_t c = 0; c < wanted; c++)
		if (choice->cell[c].nearest >= 0)
		{
			chosen[count++] = choice->cell[c].nearest;
			choice->all[choice->cell[c].nearest] = -1;
		}
	for (int64_t i = 0; i < choice->objects; i++)
		if (choice->all[i] >= 0)
			choice->all[rest++] = choice->all[i];
	gtl_select_random(choice->all, rest, wanted - count, choice->seed, GTL_STREAM_VALIDATION, choice->env, chosen + count);
}

bool
gtl_start_choose(int64_t objects, int dimension, GtlReadRows read_rows, void *read_context,
				 int64_t wanted, uint64_t seed, const GtlEnv *env, int32_t *chosen)
{
	size_t		width = (size_t) dimension + GTL_NEIGHBOUR_COLUMNS;
	Choice		choice = {
		.objects = objects,.dimension = dimension,.read_rows = read_rows,.read_context = read_context,
		.seed = seed,.env = env,
		.rows = gtl_env_alloc(env, GTL_KMEANS_ROWS * width * sizeof(float)),
		.block = gtl_env_alloc(env, GTL_KMEANS_ROWS * GTL_NEIGHBOUR_COLUMNS * sizeof(float)),
		.all = gtl_env_alloc(env, (size_t) objects * sizeof(int32_t)),
		.sampled = objects < SAMPLE_ROWS ? objects : SAMPLE_ROWS,
		.cell = gtl_env_alloc(env, (size_t) wanted * sizeof(Cell))
	};
	bool		going;

	choice.sample = gtl_env_alloc(env, (size_t) choice.sampled * GTL_NEIGHBOUR_COLUMNS * sizeof(float));
	gtl_centres_init(&choice.centres, (int) wanted, GTL_NEIGHBOUR_COLUMNS, env);
	going = draw_sample(&choice) && place_centres(&choice) && fill_cells(&choice);
	if (going)
		take_nearest(&choice, wanted, chosen);
	gtl_centres_release(&choice.centres, env);
	gtl_env_release(env, choice.rows);
	gtl_env_release(env, choice.block);
	gtl_env_release(env, choice.all);
	gtl_env_release(env, choice.sample);
	gtl_env_release(env, choice.cell);
	return going;
}
