/*
 * next_batch.c
 *		Which objects people are asked about next: the least certain ones, and of some audited jobs one in fifteen at random.
 *
 * The sample is made of all objects of the job in a random order that follows from the seed: it is the labeled ones before
 * the first that is not labeled.  Nothing else is kept of it, and rows that join take their places in the order.
 */
#include "learning/next_batch.h"

#include <math.h>

#include "learning/random.h"
#include "learning/select.h"

/* One in so many objects of a batch; chosen as said in docs/measured.md. */
#define SAMPLE_EACH 15

/* ---- The random sample of an audited job ---- */

static uint64_t
sample_order(uint64_t seed, int32_t object)
{
	return gtl_random_bits(seed, GTL_STREAM_SAMPLE, (uint64_t) object);
}

bool
gtl_takes_sample(const GtlEngineSettings *settings)
{
	return settings->promise.guarantee == GTL_GUARANTEE_AUDITED && !settings->whole_dataset && !settings->random_queries;
}

void
gtl_mark_sample(const GtlEngineSettings *settings, const int32_t *labeled, int64_t count,
				const int32_t *pool, int64_t pool_count, bool *sampled)
{
	uint64_t	reached = UINT64_MAX;

	if (!gtl_takes_sample(settings))
		return;
	for (int64_t i = 0; i < pool_count; i++)
	{
		uint64_t	order = sample_order(settings->seed, pool[i]);

		reached = order < reached ? order : reached;
	}
	for (int64_t i = 0; i < count; i++)
		sampled[i] = sampled[i] || sample_order(settings->seed, labeled[i]) < reached;
}

/* ---- The batch ---- */

/* Validation objects that the query would have sent to people leave the certificate. */
static void
filter_validation(const GtlEngineEvidence *evidence, double largest_margin,
				  const GtlEnv *env, GtlEngineRound *round)
{
	round->dropped = gtl_env_alloc(env, sizeof(int32_t) * (size_t) evidence->set.labeled.rows);
	for (int64_t i = 0; i < evidence->set.labeled.rows; i++)
		if (evidence->set.validation[i] && evidence->active[i] && round->fit.margin[i] <= largest_margin)
			round->dropped[round->dropped_count++] = (int32_t) i;
}

/* Of the query as far as it is about objects that the certificate is about; -1: not at all. */
static double
largest_margin(const GtlEngineSettings *settings, const int32_t *objects, const double *margins, const int64_t *places, int64_t count)
{
	double		largest = -1;

	for (int64_t i = 0; i < count; i++)
		if (settings->withheld_from <= 0 || objects[places[i]] < settings->withheld_from)
			largest = fmax(largest, margins[places[i]]);
	return largest;
}

/* Of a batch of so many, those that are drawn at random: none where the machine is seldom wrong when it is sure. */
static int64_t
sample_count(const GtlEngineSettings *settings, const GtlEngineRound *round, int64_t wanted)
{
	if (!gtl_takes_sample(settings) || round->covered > 0 || !gtl_audit_sure_and_wrong(&round->audit_guess))
		return 0;
	return (wanted + SAMPLE_EACH / 2) / SAMPLE_EACH;
}

/* The next of the random sample; their margins become infinite, so that no query asks about them. */
static int64_t
choose_sample(const GtlEngineSettings *settings, const int32_t *objects, double *margins, int64_t n, int64_t wanted,
			  const GtlEnv *env, int32_t *chosen)
{
	int64_t		count;
	uint64_t	last;

	if (wanted == 0)
		return 0;
	count = gtl_select_random(objects, n, wanted, settings->seed, GTL_STREAM_SAMPLE, env, chosen);
	if (count == 0)
		return 0;				/* interrupted */
	last = sample_order(settings->seed, chosen[count - 1]);
	for (int64_t i = 0; i < n; i++)
		if (sample_order(settings->seed, objects[i]) <= last)
			margins[i] = INFINITY;
	return count;
}

/* The least certain ones behind those of the sample; both are in round->selected then. */
static void
choose_queries(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence, const int32_t *objects,
			   double *margins, int64_t n, int64_t wanted, const GtlEnv *env, GtlEngineRound *round)
{
	int64_t    *places = gtl_env_alloc(env, sizeof(int64_t) * (size_t) wanted);
	int64_t		sampled = choose_sample(settings, objects, margins, n, sample_count(settings, round, wanted), env, round->selected);
	int64_t		count = gtl_select_lowest(objects, margins, n, wanted - sampled, env, places);

	for (int64_t i = 0; i < count; i++)
		round->selected[sampled + i] = objects[places[i]];
	round->sampled_count = sampled;
	round->selected_count = sampled + count;
	if (!settings->whole_dataset)
		filter_validation(evidence, largest_margin(settings, objects, margins, places, count), env, round);
	gtl_env_release(env, places);
}

void
gtl_choose_batch(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
				 const GtlEnv *env, GtlEngineRound *round)
{
	int64_t		rest = round->pool_count - round->covered;
	int32_t    *objects = gtl_env_alloc(env, sizeof(int32_t) * (size_t) rest);
	double	   *margins = gtl_env_alloc(env, sizeof(double) * (size_t) rest);
	int64_t		wanted = gtl_schedule_batch_count(settings->schedule, settings->objects, settings->max_concurrent, rest);
	int64_t		most = gtl_schedule_people_left(&settings->limits, settings->objects, evidence->human_labeled, round->covered);
	int64_t		n = 0;

	if (wanted > most)
		wanted = most;
	for (int64_t i = 0; i < round->pool_count; i++)
		if (!gtl_engine_covers(round, i))
		{
			margins[n] = round->has_model ? round->margin[i] : 0.0;
			objects[n++] = round->pool[i];
		}
	round->selected = gtl_env_alloc(env, sizeof(int32_t) * (size_t) wanted);
	round->sampled_count = 0;
	if (!round->has_model || settings->random_queries)
		round->selected_count = gtl_select_random(objects, n, wanted, settings->seed,
												  GTL_STREAM_FIRST_BATCH, env, round->selected);
	else
		choose_queries(settings, evidence, objects, margins, n, wanted, env, round);
	gtl_env_release(env, objects);
	gtl_env_release(env, margins);
}
