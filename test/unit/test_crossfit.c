/*
 * test_crossfit.c
 *		Cross-fitting: no row is scored by a model that has learned from it, the selection
 *		chooses what fits the data, both can be interrupted anywhere, and neither they
 *		nor scoring depend on who does which item of the work.
 */
#include "learning/engine.h"
#include "learning/work.h"
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
	scorer = gtl_scorer_create(&result.full, result.full.dimension, &env);
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
			x[j] = (float) gtl_random_normal(123, GTL_STREAM_ANNOTATOR, (uint64_t) (i * 4 + j));
		if (linear)
			data.labels[i] = x[0] + x[1] + 1.5 * gtl_random_normal(124, GTL_STREAM_FOLD, (uint64_t) i) > 0.0;
		else
			data.labels[i] = x[0] * x[1] > 0.0f;
	}
	gtl_stats_add(&data.stats, data.features, 400);
	crossfit_init(&set, &data, validation, fold);
	gtl_crossfit_select(&set, gtl_candidates, NULL, GTL_CANDIDATE_KINDS, 1, &env, &selection);
	CHECK(!selection.interrupted);
	for (int c = 0; c < GTL_CANDIDATE_KINDS; c++)
		CHECK(selection.log_loss[c] >= selection.log_loss[selection.chosen]);
	CHECK(selection.log_loss[GTL_CANDIDATE_KINDS] == HUGE_VAL);
	algorithm = gtl_candidates[selection.chosen].algorithm;
	data_release(&data);
	return algorithm;
}

/* Classes of one row each, which no fit can predict, stay out of the comparison. */
static void
test_single_examples(void)
{
	Data		data;
	GtlCrossfitSet set;
	bool		validation[400];
	int8_t		fold[400];
	GtlSelection selection;

	data_clouds(&data, 400, 6, 2, 0.1, 131);
	data.set.classes = 82;
	for (int i = 0; i < 80; i++)
		data.labels[5 * i] = 2 + i;
	crossfit_init(&set, &data, validation, fold);
	gtl_crossfit_select(&set, &gtl_candidates[1], NULL, 1, 1, &env, &selection);
	CHECK(selection.log_loss[0] < 1.0);	/* with them 2.0 */
	data_release(&data);
}

/* A sample holds rows of the set, each at most once, in their order; a sample of a sample too. */
static void
check_sample(const GtlCrossfitSet *set, const GtlCrossfitSet *sample)
{
	float		row[6];
	float		original[6];
	int32_t		last = -1;

	for (int64_t i = 0; i < sample->labeled.rows; i++)
	{
		int32_t		at = sample->labeled.place[i];

		CHECK(at > last && at < set->labeled.rows);
		CHECK(gtl_labeled_rows(&sample->labeled, NULL, i, 1, row) && gtl_labeled_rows(&set->labeled, NULL, at, 1, original));
		CHECK(memcmp(row, original, sizeof row) == 0);
		CHECK(sample->labeled.labels[i] == set->labeled.labels[at]);
		CHECK(sample->fold[i] == set->fold[at] && sample->validation[i] == set->validation[at]);
		last = at;
	}
}

static void
test_sample(void)
{
	Data		data;
	GtlCrossfitSet set;
	GtlCrossfitSet sample;
	GtlCrossfitSet again;
	GtlCrossfitSet part;
	bool		validation[400];
	int8_t		fold[400];
	GtlSelection selection;
	long		live;

	data_clouds(&data, 400, 6, 3, 0.3, 141);
	crossfit_init(&set, &data, validation, fold);
	live = counters.live;
	gtl_crossfit_sample(&set, 150, 1, &env, &sample);
	CHECK(sample.labeled.rows == 150);
	check_sample(&set, &sample);
	gtl_crossfit_sample(&set, 150, 1, &env, &again);
	CHECK(memcmp(sample.labeled.place, again.labeled.place, 150 * sizeof(int32_t)) == 0);
	gtl_crossfit_sample_release(&again, &env);
	gtl_crossfit_sample(&set, 150, 2, &env, &again);
	CHECK(memcmp(sample.labeled.place, again.labeled.place, 150 * sizeof(int32_t)) != 0);
	gtl_crossfit_sample_release(&again, &env);
	gtl_crossfit_sample(&sample, 40, 1, &env, &part);
	check_sample(&set, &part);
	gtl_crossfit_select(&part, gtl_candidates, NULL, 2, 1, &env, &selection);
	CHECK(!selection.interrupted && selection.log_loss[0] < 1.0);
	gtl_crossfit_sample_release(&part, &env);
	gtl_crossfit_sample_release(&sample, &env);
	CHECK(counters.live == live);
	data_release(&data);
}

/* ---- A team: two processes' states in one, items in the reverse order ---- */

typedef struct TestWork
{
	GtlWork		base;
	const GtlWorkKind *kind;
	void	   *state[2];
	bool		posted[64];
	int			turn;
} TestWork;

static const GtlTeam test_team;
static long sections = 0;

static GtlWork *
test_begin(const GtlWorkRequest *request, const GtlEnv *with)
{
	TestWork   *work = gtl_env_alloc(with, sizeof(TestWork));

	CHECK(request->nitems <= 64 && request->seconds > 0.0 && request->process_bytes > 0);
	sections++;
	work->base.team = &test_team;
	work->base.block = gtl_env_alloc(with, request->block_size);
	work->kind = gtl_work_kind(request->kind);
	return &work->base;
}

static const GtlLabeledSet *team_rows;

static void
test_post(GtlWork *base, int item)
{
	((TestWork *) base)->posted[item] = true;
}

static int
test_next(GtlWork *base)
{
	TestWork   *work = (TestWork *) base;
	int			item = 63;
	int			turn = work->turn++ % 2;

	while (!work->posted[item])
		item--;
	if (work->state[turn] == NULL)
		work->state[turn] = work->kind->open(base->block, team_rows, &env);
	if (!work->kind->run(work->state[turn], item))
		return -1;
	work->posted[item] = false;
	return item;
}

static void
test_end(GtlWork *base)
{
	TestWork   *work = (TestWork *) base;

	for (int i = 0; i < 2; i++)
		if (work->state[i] != NULL)
			work->kind->close(work->state[i]);
	gtl_env_release(&env, base->block);
	gtl_env_release(&env, work);
}

static const GtlTeam test_team = {test_begin, test_post, test_next, test_end};

static void
read_data(void *context, int64_t first, int count, float *rows)
{
	const Data *data = context;

	memcpy(rows, data->features + first * data->set.dimension,
		   (size_t) count * (size_t) data->set.dimension * sizeof(float));
}

static bool
same_models(const GtlClassifier *a, const GtlClassifier *b)
{
	return a->weight_count == b->weight_count &&
		memcmp(a->weights, b->weights, a->weight_count * sizeof(float)) == 0 &&
		memcmp(a->scaler.mean, b->scaler.mean, (size_t) a->dimension * sizeof(double)) == 0 &&
		memcmp(a->scaler.factor, b->scaler.factor, (size_t) a->dimension * sizeof(double)) == 0;
}

static void
train_and_score(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence, Data *data,
				const int32_t *pool, int64_t pool_count, const GtlEnv *with, GtlEngineRound *round)
{
	CHECK(gtl_engine_train(settings, evidence, with, round));
	CHECK(gtl_engine_score(settings, evidence, pool, pool_count, read_data, data, with, round));
}

/* The scores of several models, and of each by itself. */
typedef struct Scores
{
	int32_t		best[GTL_POOL_MODELS][300];
	double		margin[GTL_POOL_MODELS][300];
	int64_t		taken;
} Scores;

static void
take_scores(void *context, int model, int64_t first, int64_t count, const int32_t *best, const double *margin)
{
	Scores	   *scores = context;

	memcpy(scores->best[model] + first, best, (size_t) count * sizeof(int32_t));
	memcpy(scores->margin[model] + first, margin, (size_t) count * sizeof(double));
	scores->taken += count;
}

/* Models that share a scaler, and one that does not, by one reading and by one each. */
static void
test_pool_score_models(void)
{
	Data		data;
	GtlFeatureStats stats;
	GtlEnv		team = env;
	GtlClassifier model[GTL_POOL_MODELS];
	const GtlClassifier *models[GTL_POOL_MODELS];
	int32_t		pool[300];

	team.team = &test_team;
	data_clouds(&data, 1200, 6, 3, 1.5, 17);
	gtl_stats_init(&stats, 6, &env);
	gtl_stats_add(&stats, data.features, 1200);
	for (int i = 0; i < 300; i++)
		pool[i] = i < 200 ? 4 * i : 800 + i;
	for (int m = 0; m < GTL_POOL_MODELS; m++)
	{
		GtlFitRequest request = {.set = &data.set,.stats = &stats,.seed = (uint64_t) m,
		.candidate = {m == 4 ? GTL_MLP : GTL_SOFTMAX, m == 2 ? GTL_SCALING_COLUMN : GTL_SCALING_GLOBAL, 0.1 * (1 + m), m == 4 ? 8 : 0}};
		GtlFitReport report;

		gtl_classifier_fit(&request, &env, &model[m], &report);
		models[m] = &model[m];
	}
	CHECK(gtl_pool_together(models[0]) == GTL_POOL_MODELS);
	for (int with = 0; with < 2; with++)
	{
		Scores		together = {.taken = 0};
		Scores		alone = {.taken = 0};

		CHECK(gtl_pool_score(models, GTL_POOL_MODELS, 6, 1200, pool, 300, read_data, &data, take_scores, &together,
							 with == 0 ? &env : &team));
		CHECK(together.taken == 300 * GTL_POOL_MODELS);
		for (int m = 0; m < GTL_POOL_MODELS; m++)
			CHECK(gtl_pool_score_one(models[m], 6, 1200, pool, 300, read_data, &data, &env, alone.best[m], alone.margin[m]));
		CHECK(memcmp(together.best, alone.best, sizeof alone.best) == 0);
		CHECK(memcmp(together.margin, alone.margin, sizeof alone.margin) == 0);
	}
	for (int m = 0; m < GTL_POOL_MODELS; m++)
		gtl_classifier_release(&model[m], &env);
	gtl_env_release(&env, stats.mean);
	gtl_env_release(&env, stats.squares);
	data_release(&data);
}

/* Models whose bytes do not fit beside others are read for one by one. */
static void
test_pool_together(void)
{
	GtlClassifier model = {.candidate = {.algorithm = GTL_SOFTMAX,.c = 1.0},.dimension = 1000,.classes = 1000};

	CHECK(gtl_pool_together(&model) == 2);
	model.classes = 10000;
	CHECK(gtl_pool_together(&model) == 1);
}

/*
 * Rounds by this process alone, and by a team that has the rows from a reader; the second
 * round starts from the first one's models.
 */
static void
test_crossfit_team(void)
{
	Data		data;
	GtlCrossfitSet set;
	bool		validation[400];
	int8_t		fold[400];
	int32_t		pool[300];
	Stream		stream;
	GtlRowReader reader = {stream_read, &stream};
	GtlLabeledSet streamed;
	GtlEnv		team = env;
	GtlEngineSettings settings = {.objects = 400,.rows = 400,.seed = 3,.algorithm = GTL_ENGINE_SOFTMAX,
	.promise = {GTL_GUARANTEE_EXPECTED, 0.2, 0.05, GTL_SCOPE_MACHINE_LABELS}};
	bool		active[400];
	GtlEngineRound alone[2],
				together[2];

	team.team = &test_team;
	data_clouds(&data, 400, 6, 3, 1.5, 131);
	crossfit_init(&set, &data, validation, fold);
	stream = (Stream){data.features, 6, -1, 0};
	streamed = data.set;
	streamed.features = NULL;
	streamed.reader = &reader;
	streamed.streamed = true;
	team_rows = &streamed;
	for (int i = 0; i < 300; i++)
		pool[i] = i + i / 3;
	memset(active, true, sizeof active);
	for (int r = 0; r < 2; r++)
	{
		GtlEngineEvidence evidence = {
			.set = set,.active = active,.classes_seen = 3,.validation_count = 134,.human_labeled = 400,
			.previous = r == 0 ? NULL : &alone[0].fit.full,.previous_folds = r == 0 ? NULL : alone[0].fit.fold,
			.selected_at = r == 0 ? 0 : 300
		};

		train_and_score(&settings, &evidence, &data, pool, 300, &env, &alone[r]);
		evidence.set.labeled = streamed;
		train_and_score(&settings, &evidence, &data, pool, 300, &team, &together[r]);
		CHECK(alone[r].compared == (r == 0) && alone[r].chosen == together[r].chosen);
		CHECK(memcmp(alone[r].log_loss, together[r].log_loss, sizeof alone[r].log_loss) == 0);
		CHECK(alone[r].fit.log_loss == together[r].fit.log_loss);
		CHECK(same_models(&alone[r].fit.full, &together[r].fit.full));
		for (int j = 0; j < GTL_FOLDS; j++)
			CHECK(same_models(&alone[r].fit.fold[j], &together[r].fit.fold[j]));
		for (int i = 0; i < 400; i++)
			if (validation[i])
				CHECK(alone[r].fit.best[i] == together[r].fit.best[i] &&
					  alone[r].fit.margin[i] == together[r].fit.margin[i]);
		CHECK(memcmp(alone[r].best, together[r].best, sizeof pool) == 0);
		CHECK(memcmp(alone[r].margin, together[r].margin, 300 * sizeof(double)) == 0);
		gtl_engine_decide(&settings, &evidence, &env, &alone[r]);
		gtl_engine_decide(&settings, &evidence, &team, &together[r]);
		CHECK(alone[r].covered > 0 && alone[r].covered == together[r].covered);
		CHECK(alone[r].margin_covered == together[r].margin_covered);
	}
	CHECK(sections == 1 + 2 + 2);	/* compare once, fit twice, score twice by all models */
	for (int r = 0; r < 2; r++)
	{
		gtl_engine_release(&alone[r], &env);
		gtl_engine_release(&together[r], &env);
	}
	data_release(&data);
}

int
main(void)
{
	reset_counters(-1);
	test_crossfit_leak();
	test_crossfit_interruption();
	test_single_examples();
	test_sample();
	test_crossfit_team();
	test_pool_score_models();
	test_pool_together();
	if (!under_valgrind())		/* 60 fits */
	{
		CHECK(selected(true) == GTL_SOFTMAX);
		CHECK(selected(false) == GTL_MLP);
	}
	CHECK(counters.live == 0);
	return CHECK_SUMMARY("test_crossfit");
}
