/*
 * crossfit_sample.c
 *		A sample of the labeled rows, for comparisons that all of them would make too long.
 *
 * A row's fold and whether it is a validation object stay with it.  The rows lie where they are: a sample has only
 * other numbers for them.
 */
#include "learning/crossfit.h"

#include <stdlib.h>
#include <string.h>

#include "learning/random.h"
#include "learning/select.h"
#include "learning/sort.h"

/* Row numbers of the sample, ascending. */
static int32_t *
draw_rows(int64_t of, int64_t wanted, uint64_t seed, const GtlEnv *env)
{
	int32_t    *all = gtl_env_alloc(env, (size_t) of * sizeof(int32_t));
	int32_t    *chosen = gtl_env_alloc(env, (size_t) wanted * sizeof(int32_t));

	for (int64_t i = 0; i < of; i++)
		all[i] = (int32_t) i;
	(void) gtl_select_random(all, of, wanted, seed, GTL_STREAM_COMPARISON, env, chosen);
	qsort(chosen, (size_t) wanted, sizeof(int32_t), gtl_compare_int32);
	gtl_env_release(env, all);
	return chosen;
}

void
gtl_crossfit_sample(const GtlCrossfitSet *set, int64_t rows, uint64_t seed, const GtlEnv *env, GtlCrossfitSet *sample)
{
	int32_t    *place = draw_rows(set->labeled.rows, rows, seed, env);
	int32_t    *labels = gtl_env_alloc(env, (size_t) rows * sizeof(int32_t));
	bool	   *validation = gtl_env_alloc(env, (size_t) rows * sizeof(bool));
	int8_t	   *fold = gtl_env_alloc(env, (size_t) rows * sizeof(int8_t));

	for (int64_t i = 0; i < rows; i++)
	{
		int32_t		row = place[i];

		labels[i] = set->labeled.labels[row];
		validation[i] = set->validation[row];
		fold[i] = set->fold[row];
		place[i] = set->labeled.place == NULL ? row : set->labeled.place[row];
	}
	*sample = *set;
	sample->labeled.rows = rows;
	sample->labeled.labels = labels;
	sample->labeled.place = place;
	sample->validation = validation;
	sample->fold = fold;
}

void
gtl_crossfit_sample_release(GtlCrossfitSet *sample, const GtlEnv *env)
{
	gtl_env_release(env, (void *) sample->labeled.labels);
	gtl_env_release(env, (void *) sample->labeled.place);
	gtl_env_release(env, (void *) sample->validation);
	gtl_env_release(env, (void *) sample->fold);
	memset(sample, 0, sizeof *sample);
}
