/*
 * test_crossfit.c
 *		Cross-fitting: nobody is scored by a model that has seen him, the selection
 *		chooses what fits the data, and both can be interrupted anywhere.
 */
#include "learning_fixture.h"

/* Cross-fit data: every third row is a validation object, folds in turn. */
static void
crossfit_init(GtlCrossfitSet *set, const Data *data, bool *validation, int8_t *fold)
{
	for (int64_t i = 0; i < data->set.rows; i++)
	{
		validation[i] = i % 3 == 0;
		fold[i] = (int8_t) (gtl_random_bits(17, GTL_STREAM_FOLD, (uint64_t) i) % GTL_FOLDS);
	}
	set->labeled = data->set;
	set->validation = validation;
	set->fold = fold;
	set->stats = data->stats;
}

#define LEAK_ROWS 150

/*
 * Each row has a feature of its own and a random label: a model that has seen the
 * row answers right, one that has not can only guess.
 */
static void
test_crossfit_leak(void)
{
	Data		data;
	GtlCrossfitSet set;
	bool		validation[LEAK_ROWS];
	int8_t		fold[LEAK_ROWS];
	GtlCandidate candidate = {GTL_SOFTMAX, GTL_SCALING_COLUMN, 1.0, 0};
	GtlCrossfitResult result;
	GtlScorer  *scorer;
	int32_t		best[LEAK_ROWS];
	int			seen = 0,
				unseen = 0,
				count = 0;

	data_init(&data, LEAK_ROWS, LEAK_ROWS, 3);
	for (int i = 0; i < LEAK_ROWS; i++)
	{
		data.features[i * LEAK_ROWS + i] = 1.0f;
		data.labels[i] = (int32_t) (gtl_random_bits(19, GTL_STREAM_ANNOTATOR, (uint64_t) i) % 3);
	}
	gtl_stats_add(&data.stats, data.features, LEAK_ROWS);
	crossfit_init(&set, &data, validation, fold);
	gtl_crossfit_run(&set, &candidate, NULL, 1, &env, &result);
	CHECK(!result.interrupted);
	scorer = gtl_scorer_create(&result.full, &env);
	gtl_scorer_block(scorer, data.features, LEAK_ROWS, best, NULL, NULL);
	for (int i = 0; i < LEAK_ROWS; i++)
	{
		count += validation[i];
		seen += validation[i] && best[i] == data.labels[i];
		unseen += validation[i] && result.best[i] == data.labels[i];
	}
	CHECK(seen == count);
	CHECK(unseen < 0.6 * count);
	CHECK(result.log_loss > 0.9);	/* guessing: log 3 = 1.10 */
	CHECK(result.full_report.outcome == GTL_FIT_CONVERGED);
	gtl_scorer_release(scorer, &env);
	for (int j = 0; j < GTL_FOLDS; j++)
		gtl_classifier_release(&result.fold[j], &env);
	gtl_classifier_release(&result.full, &env);
	gtl_env_release(&env, result.best);
	gtl_env_release(&env, result.margin);
	data_release(&data);
}

static void
test_crossfit_interruption(void)
{
	Data		data;
	GtlCrossfitSet set;
	bool		validation[300];
	int8_t		fold[300];
	GtlCrossfitResult result;
	GtlSelection selection;
	long		live;

	data_clouds(&data, 300, 6, 3, 1.0, 111);
	crossfit_init(&set, &data, validation, fold);
	live = counters.live;
	for (long n = 0; n < 200; n += 29)
	{
		counters.polls = 0;
		counters.polls_allowed = n;
		gtl_crossfit_run(&set, &gtl_candidates[1], NULL, 1, &env, &result);
		CHECK(result.interrupted && counters.live == live);
		counters.polls = 0;
		gtl_crossfit_select(&set, gtl_candidates, NULL, 2, 1, &env, &selection);
		CHECK(selection.interrupted && counters.live == live);
	}
	counters.polls_allowed = -1;
	CHECK(counters.progress_calls > 0 && counters.progress_sane);
	data_release(&data);
}

/* The algorithm chosen for data with a given boundary. */
static GtlAlgorithm
selected(bool linear)
{
	Data		data;
	GtlCrossfitSet set;
	bool		validation[400];
	int8_t		fold[400];
	GtlSelection selection;
	GtlAlgorithm algorithm;

	data_init(&data, 400, 4, 2);
	for (int i = 0; i < 400; i++)
	{
		float	   *x = data.features + i * 4;

		for (int j = 0; j < 4; j++)
			x[j] = (float) gtl_random_normal(121, GTL_STREAM_ANNOTATOR, (uint64_t) (i * 4 + j));
		if (linear)
			data.labels[i] = x[0] + x[1] + 1.5 * gtl_random_normal(122, GTL_STREAM_FOLD, (uint64_t) i) > 0.0;
		else
			data.labels[i] = x[0] * x[1] > 0.0f;
	}
	gtl_stats_add(&data.stats, data.features, 400);
	crossfit_init(&set, &data, validation, fold);
	gtl_crossfit_select(&set, gtl_candidates, NULL, GTL_CANDIDATE_COUNT, 1, &env, &selection);
	CHECK(!selection.interrupted);
	for (int c = 0; c < GTL_CANDIDATE_COUNT; c++)
		CHECK(selection.log_loss[c] >= selection.log_loss[selection.chosen]);
	CHECK(selection.log_loss[GTL_CANDIDATE_COUNT] == HUGE_VAL);
	algorithm = gtl_candidates[selection.chosen].algorithm;
	data_release(&data);
	return algorithm;
}

int
main(void)
{
	reset_counters(-1);
	test_crossfit_leak();
	test_crossfit_interruption();
	if (!under_valgrind())		/* 60 fits */
	{
		CHECK(selected(true) == GTL_SOFTMAX);
		CHECK(selected(false) == GTL_MLP);
	}
	CHECK(counters.live == 0);
	return CHECK_SUMMARY("test_crossfit");
}
