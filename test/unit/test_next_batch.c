/*
 * test_next_batch.c
 *		Which objects people are asked about next, and which of their answers are a random sample of the job.
 */
#include "learning/next_batch.h"
#include "learning/random.h"
#include "learning_fixture.h"

#define OBJECTS 900
#define BATCH 60
#define LOW 0.8					/* a power at which the machine is wrong although it is sure */
#define IN_THE_SAMPLE 4			/* of a batch: one in fifteen */

static GtlEngineSettings
settings_of(GtlGuarantee guarantee)
{
	return (GtlEngineSettings) {
		.schedule = GTL_SCHEDULE_STANDARD,.objects = OBJECTS,.max_concurrent = BATCH,
			.promise = {guarantee, 0.05, 0.05},.seed = 7
	};
}

/* An open pool of these objects: the margin rises with the number, and no object is labeled by machine. */
typedef struct Pool
{
	int32_t		object[OBJECTS];
	int32_t		best[OBJECTS];
	double		margin[OBJECTS];
	int64_t		count;
} Pool;

static void
choose(const GtlEngineSettings *settings, double power, Pool *pool, GtlEngineRound *round)
{
	GtlEngineEvidence evidence = {.human_labeled = OBJECTS - pool->count};

	memset(round, 0, sizeof *round);
	round->has_model = true;
	round->pool = pool->object;
	round->pool_count = round->open_count = pool->count;
	round->best = pool->best;
	round->margin = pool->margin;
	round->margin_covered = INFINITY;
	round->audit_guess.power = power;
	gtl_choose_batch(settings, &evidence, &env, round);
}

static void
end(GtlEngineRound *round)
{
	gtl_env_release(&env, round->selected);
	gtl_env_release(&env, round->dropped);
}

/* All but those that are labeled. */
static void
fill(Pool *pool, const bool *labeled)
{
	pool->count = 0;
	for (int32_t o = 0; o < OBJECTS; o++)
		if (!labeled[o])
		{
			pool->margin[pool->count] = (double) o / OBJECTS;
			pool->object[pool->count++] = o;
		}
}

static uint64_t
order_of(int32_t object)
{
	return gtl_random_bits(7, GTL_STREAM_SAMPLE, (uint64_t) object);
}

/* People label batch after batch: what is marked is always what comes before the first unlabeled object in the random order. */
static void
test_sample(void)
{
	GtlEngineSettings settings = settings_of(GTL_GUARANTEE_AUDITED);
	bool		labeled[OBJECTS] = {false};
	int64_t		marked_last = 0;
	Pool		pool = {0};

	for (int batch = 0; batch < 10; batch++)
	{
		GtlEngineRound round;
		int32_t		objects[OBJECTS];
		bool		sampled[OBJECTS] = {false};
		uint64_t	first_open = UINT64_MAX;
		int			n = 0;
		int			drawn = 0;
		int			queried = 0;
		int64_t		marked = 0;
		bool		right = true;

		fill(&pool, labeled);
		choose(&settings, LOW, &pool, &round);
		CHECK(round.selected_count == BATCH);
		for (int i = 0; i < BATCH; i++)
		{
			CHECK(!labeled[round.selected[i]]);
			labeled[round.selected[i]] = true;
		}
		/* those of the sample come before all that are left in the random order, the others before all in that of the margins */
		fill(&pool, labeled);
		for (int64_t i = 0; i < pool.count; i++)
			first_open = order_of(pool.object[i]) < first_open ? order_of(pool.object[i]) : first_open;
		for (int i = 0; i < BATCH; i++)
		{
			drawn += order_of(round.selected[i]) < first_open;
			queried += round.selected[i] < pool.object[0];
		}
		CHECK(round.sampled_count == IN_THE_SAMPLE && drawn >= IN_THE_SAMPLE && queried >= BATCH - IN_THE_SAMPLE);
		end(&round);
		for (int32_t o = 0; o < OBJECTS; o++)
			if (labeled[o])
				objects[n++] = o;
		gtl_mark_sample(&settings, objects, n, pool.object, pool.count, sampled);
		for (int i = 0; i < n; i++)
		{
			right = right && sampled[i] == (order_of(objects[i]) < first_open);
			marked += sampled[i];
		}
		CHECK(right && marked >= marked_last + IN_THE_SAMPLE);
		marked_last = marked;
	}
	/* without the sample the queries would all be below object 600 */
	CHECK(pool.object[0] >= 560 && pool.object[0] < 600);
}

/* Elsewhere all of a batch are queries, and nothing is marked; where the machine is seldom wrong when it is sure, nothing is drawn. */
static void
test_others(void)
{
	bool		labeled[OBJECTS] = {false};
	Pool		pool = {0};

	fill(&pool, labeled);
	for (int variant = 0; variant < 4; variant++)
	{
		GtlEngineSettings settings = settings_of(variant == 0 ? GTL_GUARANTEE_CONFIDENCE : GTL_GUARANTEE_AUDITED);
		GtlEngineRound round;
		int32_t		object = 3;
		bool		sampled = false;
		int64_t		lowest = 0;

		settings.whole_dataset = variant == 1;
		settings.random_queries = variant == 2;
		choose(&settings, variant == 3 ? GTL_AUDIT_POWER : LOW, &pool, &round);
		for (int i = 0; i < BATCH; i++)
			lowest += round.selected[i] < BATCH;
		CHECK(round.sampled_count == 0 && round.selected_count == BATCH && (variant == 2 ? lowest < BATCH / 2 : lowest == BATCH));
		end(&round);
		gtl_mark_sample(&settings, &object, 1, NULL, 0, &sampled);
		CHECK(sampled == (variant == 3));
	}
}

/* A batch of few has none of the sample; people's limit holds for both. */
static void
test_small(void)
{
	GtlEngineSettings settings = settings_of(GTL_GUARANTEE_AUDITED);
	bool		labeled[OBJECTS] = {false};
	GtlEngineRound round;
	Pool		pool = {0};

	fill(&pool, labeled);
	settings.max_concurrent = 7;
	choose(&settings, LOW, &pool, &round);
	CHECK(round.selected_count == 7 && round.selected[0] == 0 && round.selected[6] == 6);
	end(&round);
	settings.max_concurrent = BATCH;
	settings.limits.max_human = 20;
	choose(&settings, LOW, &pool, &round);
	CHECK(round.selected_count == 20);
	end(&round);
	for (int32_t o = 1; o < OBJECTS; o++)
		labeled[o] = true;
	fill(&pool, labeled);
	settings.limits.max_human = 0;
	choose(&settings, LOW, &pool, &round);
	CHECK(round.selected_count == 1 && round.selected[0] == 0);
	end(&round);
}

int
main(void)
{
	test_sample();
	test_others();
	test_small();
	return CHECK_SUMMARY("next_batch");
}
