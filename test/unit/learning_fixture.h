/*
 * learning_fixture.h
 *		What the tests of the classifiers share: an environment that counts
 *		allocations and can interrupt, and data drawn by counter from fixed seeds.
 */
#ifndef GTL_LEARNING_FIXTURE_H
#define GTL_LEARNING_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "learning/random.h"
#include "check.h"
#include "learning/crossfit.h"

/* ---- Environment ---- */

typedef struct Counters
{
	long		live;			/* allocations not yet released */
	size_t		bytes,
				peak;
	long		polls;
	long		polls_allowed;	/* interrupted after so many; -1: never */
	long		progress_calls;
	bool		progress_sane;
	size_t		shift;			/* multiple of 8: moves all further allocations */
} Counters;

static Counters counters;

static inline void *
count_alloc(void *context, size_t size)
{
	Counters   *c = context;
	char	   *block = calloc(1, c->shift + 2 * sizeof(size_t) + size);
	size_t	   *head = (size_t *) (block + c->shift);

	head[0] = size;
	head[1] = c->shift;
	c->live++;
	c->bytes += size;
	c->peak = c->bytes > c->peak ? c->bytes : c->peak;
	return head + 2;
}

static inline void
count_release(void *context, void *pointer)
{
	Counters   *c = context;
	size_t	   *head = (size_t *) pointer - 2;

	c->live--;
	c->bytes -= head[0];
	free((char *) head - head[1]);
}

static inline bool
count_interrupted(void *context)
{
	Counters   *c = context;

	c->polls++;
	return c->polls_allowed >= 0 && c->polls > c->polls_allowed;
}

static inline void
count_progress(void *context, const char *phase, int64_t done, int64_t total)
{
	Counters   *c = context;

	c->progress_calls++;
	if (phase == NULL || done < 0 || done > total)
		c->progress_sane = false;
}

static const GtlEnv env = {
	.alloc = count_alloc,.release = count_release,.interrupted = count_interrupted,
	.progress = count_progress,.context = &counters
};

static inline void
reset_counters(long polls_allowed)
{
	memset(&counters, 0, sizeof counters);
	counters.polls_allowed = polls_allowed;
	counters.progress_sane = true;
}

static inline bool
under_valgrind(void)
{
	return getenv("GTL_VALGRIND") != NULL;
}

/* ---- Data ---- */

typedef struct Data
{
	GtlLabeledSet set;
	float	   *features;
	int32_t    *labels;
	GtlFeatureStats stats;
} Data;

static inline void
data_init(Data *data, int64_t rows, int dimension, int classes)
{
	data->features = gtl_env_alloc(&env, (size_t) rows * dimension * sizeof(float));
	data->labels = gtl_env_alloc(&env, (size_t) rows * sizeof(int32_t));
	data->set = (GtlLabeledSet){
		.rows = rows,.dimension = dimension,.classes = classes,
		.features = data->features,.labels = data->labels
	};
	gtl_stats_init(&data->stats, dimension, &env);
}

static inline void
data_release(Data *data)
{
	gtl_env_release(&env, data->features);
	gtl_env_release(&env, data->labels);
	gtl_env_release(&env, data->stats.mean);
	gtl_env_release(&env, data->stats.squares);
}

/* Correlated Gaussian clouds around one center a class. */
static inline void
data_clouds(Data *data, int64_t rows, int dimension, int classes, double spread, uint64_t seed)
{
	data_init(data, rows, dimension, classes);
	for (int64_t i = 0; i < rows; i++)
	{
		double		common = gtl_random_normal(seed, GTL_STREAM_FOLD, (uint64_t) i);

		data->labels[i] = (int32_t) (i % classes);
		for (int j = 0; j < dimension; j++)
		{
			uint64_t	cell = (uint64_t) (i * dimension + j);
			uint64_t	mean = (uint64_t) (data->labels[i] * dimension + j);
			double		center = 5.0 + gtl_random_normal(seed, GTL_STREAM_WEIGHTS, mean);
			double		noise = common + gtl_random_normal(seed, GTL_STREAM_ANNOTATOR, cell);

			data->features[cell] = (float) (center + spread * noise);
		}
	}
	gtl_stats_add(&data->stats, data->features, rows);
}

/* The same rows behind a reader that fails after a number of calls; -1: never. */
typedef struct Stream
{
	const float *features;
	int			dimension;
	long		reads_allowed;
	long		reads;
} Stream;

static inline bool
stream_read(void *context, const int32_t *rows, int64_t first, int count, float *out)
{
	Stream	   *stream = context;
	size_t		dimension = (size_t) stream->dimension;

	if (stream->reads_allowed >= 0 && stream->reads++ >= stream->reads_allowed)
	{
		counters.polls_allowed = 0;
		return false;
	}
	for (int i = 0; i < count; i++)
		memcpy(out + (size_t) i * dimension,
			   stream->features + (size_t) (rows == NULL ? first + i : rows[i]) * dimension,
			   dimension * sizeof(float));
	return true;
}

static inline GtlFitRequest
request_for(const Data *data, GtlAlgorithm algorithm, GtlScaling scaling, double c)
{
	return (GtlFitRequest){
		.set = &data->set,
		.stats = &data->stats,
		.seed = 7,
		.candidate = {algorithm, scaling, c, algorithm == GTL_MLP ? 5 : 0}};
}

static inline bool
all_finite(const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return false;
	return true;
}

#endif							/* GTL_LEARNING_FIXTURE_H */
