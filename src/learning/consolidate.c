/*
 * consolidate.c
 *		From several people's answers to one label and a confidence.
 *
 * The answer is the class with the largest mean of Dawid-Skene's posterior and the
 * smoothed vote shares, since the posterior alone is over-confident where
 * annotators share their mistakes; with few votes an item, or
 * few items, the smoothed vote shares alone.  smoothing = false is the posterior
 * alone, from the plain maximum likelihood, as in the example of the paper (see
 * dawid_skene.c).  Shares that differ by less than TIE are tied, and the lowest
 * index wins.  An item of known class (gold) has that label, with confidence 1.
 *
 * The confidence of a label is estimated by itself, in crowd_confidence.c; without smoothing it is the posterior.
 *
 * The doubt is one minus the label's probability if nothing but these answers is known: NaN unless some item has two.
 * With majority it is one minus the posterior if every vote is right with the same probability, estimated from how often two
 * votes for an item agree [1], and the wrong ones are spread evenly over the other classes.
 * Where some people are far better than others that is too high.  With few votes an item one minus Dawid-Skene's
 * posterior, which has an accuracy for each annotator, is too low.  So with Dawid-Skene the doubt is the mean of both.
 *
 * On an interrupt everything is released and only `interrupted` is set.
 *
 * [1] For a pair of votes P(agree) = p^2 + (1 - p)^2 / (K - 1), solved for p >= 1/K.
 */
#include "learning/consolidate.h"

#include <math.h>
#include <string.h>

#include "learning/crowd.h"
#include "learning/crowd_confidence.h"
#include "learning/dawid_skene.h"

#define AUTO_MINIMUM_ITEMS	20
#define AUTO_MINIMUM_VOTES	3	/* an item, on average */

#define VOTE_PSEUDO_COUNT	0.5
#define VOTE_WEIGHT			0.5

#define AGREEMENT_PSEUDO_COUNT	0.5

#define TIE					1e-6

/* More cells than this (1 GB) are not written out as dense matrices. */
#define MAXIMUM_CONFUSION_CELLS	(INT64_C(1) << 28)

static GtlConsolidation
choose_method(const GtlCrowd *crowd, GtlConsolidation method)
{
	if (method != GTL_CONSOLIDATE_AUTO)
		return method;
	if (crowd->voted_items < AUTO_MINIMUM_ITEMS ||
		crowd->votes->count < AUTO_MINIMUM_VOTES * crowd->voted_items)
		return GTL_CONSOLIDATE_MAJORITY;
	return GTL_CONSOLIDATE_DAWID_SKENE;
}

/*
 * Log of the odds of the true class against each other one in a single vote, by the share of
 * the pairs of votes for an item that agree; NaN if there is no pair.  votes[classes] is zero
 * before and after.
 */
static double
estimate_log_odds(const GtlCrowd *crowd, int64_t *votes)
{
	int32_t		classes = crowd->votes->classes;
	double		pairs = 0;
	double		agreeing = 0;
	double		agreement;
	double		p;

	for (int64_t i = 0; i < crowd->votes->items; i++)
	{
		int64_t		first = crowd->item_start[i];
		int64_t		last = crowd->item_start[i + 1];

		for (int64_t v = first; v < last; v++)
			agreeing += (double) votes[crowd->column_label[crowd->vote_column[v]]]++;
		for (int64_t v = first; v < last; v++)
			votes[crowd->column_label[crowd->vote_column[v]]] = 0;
		pairs += (double) (last - first) * (double) (last - first - 1) / 2;
	}
	if (pairs == 0)
		return NAN;
	agreement = (agreeing + AGREEMENT_PSEUDO_COUNT) / (pairs + 2 * AGREEMENT_PSEUDO_COUNT);
	p = (1 + sqrt(fmax((classes - 1) * (classes * agreement - 1), 0))) / classes;
	return log(p * (classes - 1) / (1 - p));
}

/* One minus the label's posterior by those odds; votes[classes] is zero before and after. */
static double
vote_doubt(const GtlCrowd *crowd, int64_t item, int32_t label, double log_odds, int64_t *votes)
{
	int64_t		first = crowd->item_start[item];
	int64_t		last = crowd->item_start[item + 1];
	double		sum = 0;

	for (int64_t v = first; v < last; v++)
		votes[crowd->column_label[crowd->vote_column[v]]]++;
	for (int32_t k = 0; k < crowd->votes->classes; k++)
		sum += exp(log_odds * (double) (votes[k] - votes[label]));
	for (int64_t v = first; v < last; v++)
		votes[crowd->column_label[crowd->vote_column[v]]] = 0;
	return 1 - 1 / sum;
}

/*
 * Label and confidence of a voted item: the smoothed vote shares weigh
 * vote_weight, the posterior the rest (may be NULL if that is nothing).
 */
static void
decide_item(const GtlCrowd *crowd, int64_t item, const float *posterior, double vote_weight,
			double *share, GtlConsolidated *result)
{
	int32_t		classes = crowd->votes->classes;
	int64_t		first = crowd->item_start[item];
	int64_t		last = crowd->item_start[item + 1];
	double		total = (double) (last - first) + VOTE_PSEUDO_COUNT * classes;
	int32_t		best = 0;

	for (int32_t k = 0; k < classes; k++)
		share[k] = vote_weight * VOTE_PSEUDO_COUNT / total;
	for (int64_t v = first; v < last; v++)
		share[crowd->column_label[crowd->vote_column[v]]] += vote_weight / total;
	if (posterior != NULL)
	{
		for (int32_t k = 0; k < classes; k++)
			share[k] += (1 - vote_weight) * posterior[k];
	}
	for (int32_t k = 1; k < classes; k++)
	{
		if (share[k] > share[best] + TIE)
			best = k;
	}
	result->label[item] = best;
	result->confidence[item] = (float) fmin(share[best], 1);
	result->tied[item] = -1;
	for (int32_t k = best + 1; k < classes && result->tied[item] < 0; k++)
	{
		if (share[k] >= share[best] - TIE)
			result->tied[item] = k;
	}
}

/* False: interrupted. */
static bool
decide_items(GtlCrowd *crowd, const GtlDawidSkene *model, double vote_weight, GtlConsolidated *result)
{
	int32_t		classes = crowd->votes->classes;
	double	   *share = gtl_env_alloc(crowd->env, (size_t) classes * sizeof(double));
	int64_t    *votes = gtl_env_alloc(crowd->env, (size_t) classes * sizeof(int64_t));
	double		log_odds = estimate_log_odds(crowd, votes);
	bool		done = true;

	for (int64_t i = 0; done && i < crowd->votes->items; i++)
	{
		const float *posterior;
		double		doubt;

		switch (gtl_crowd_item_kind(crowd, i))
		{
			case GTL_ITEM_ABSENT:
				result->label[i] = -1;
				result->tied[i] = -1;
				result->doubt[i] = NAN;
				break;
			case GTL_ITEM_GOLD:
				result->label[i] = crowd->votes->gold[i];
				result->tied[i] = -1;
				result->confidence[i] = 1;
				break;
			case GTL_ITEM_VOTED:
				posterior = model == NULL ? NULL : gtl_dawid_skene_posterior(model, i);
				decide_item(crowd, i, posterior, vote_weight, share, result);
				doubt = vote_doubt(crowd, i, result->label[i], log_odds, votes);
				if (posterior != NULL)
					doubt = (doubt + fmax(1 - posterior[result->label[i]], 0)) / 2;
				result->doubt[i] = (float) doubt;
				break;
		}
		done = !gtl_crowd_stop_after(crowd, classes + crowd->item_start[i + 1] - crowd->item_start[i]);
	}
	gtl_env_release(crowd->env, share);
	gtl_env_release(crowd->env, votes);
	return done;
}

/* Cells of the dense confusion matrices; 0: too many to write out. */
static int64_t
confusion_cells(int64_t annotators, int64_t classes)
{
	int64_t		cells = classes * classes;

	if (cells > MAXIMUM_CONFUSION_CELLS || annotators > MAXIMUM_CONFUSION_CELLS / cells)
		return 0;
	return annotators * cells;
}

/* False: interrupted. */
static bool
write_confusions(GtlCrowd *crowd, const GtlDawidSkene *model, GtlConsolidated *result)
{
	int64_t		classes = crowd->votes->classes;
	int64_t		cells = confusion_cells(crowd->votes->annotators, classes);

	if (cells == 0)
		return true;
	result->confusion = gtl_env_alloc(crowd->env, (size_t) cells * sizeof(float));
	for (int64_t a = 0; a < crowd->votes->annotators; a++)
	{
		gtl_dawid_skene_confusion(model, a, result->confusion + a * classes * classes);
		if (gtl_crowd_stop_after(crowd, 2 * classes * classes))
			return false;
	}
	return true;
}

/* False: interrupted. */
static bool
consolidate_dawid_skene(GtlCrowd *crowd, bool smoothing, GtlConsolidated *result)
{
	GtlDawidSkene *model = gtl_dawid_skene_create(crowd, smoothing);
	bool		done = false;

	result->iterations = gtl_dawid_skene_run(model);
	if (result->iterations >= 0)
		done = decide_items(crowd, model, smoothing ? VOTE_WEIGHT : 0, result) &&
			(!smoothing || gtl_crowd_confidence(crowd, model, result)) &&
			write_confusions(crowd, model, result);
	gtl_dawid_skene_release(model);
	return done;
}

/* False: interrupted. */
static bool
consolidate(const GtlVotes *votes, GtlConsolidation method, bool smoothing,
			const GtlEnv *env, GtlConsolidated *result)
{
	GtlCrowd	crowd;
	bool		done = gtl_crowd_count(&crowd, votes, env);

	if (done)
	{
		result->method = choose_method(&crowd, method);
		done = gtl_crowd_sort(&crowd);
	}
	if (done && result->method == GTL_CONSOLIDATE_DAWID_SKENE)
		done = consolidate_dawid_skene(&crowd, smoothing, result);
	else if (done)
		done = decide_items(&crowd, NULL, 1, result) && gtl_crowd_confidence(&crowd, NULL, result);
	gtl_crowd_release(&crowd);
	return done;
}

void
gtl_consolidate(const GtlVotes *votes, GtlConsolidation method, bool smoothing,
				const GtlEnv *env, GtlConsolidated *result)
{
	memset(result, 0, sizeof(*result));
	result->label = gtl_env_alloc(env, (size_t) votes->items * sizeof(int32_t));
	result->confidence = gtl_env_alloc(env, (size_t) votes->items * sizeof(float));
	result->doubt = gtl_env_alloc(env, (size_t) votes->items * sizeof(float));
	result->tied = gtl_env_alloc(env, (size_t) votes->items * sizeof(int32_t));
	result->accuracy = gtl_env_alloc(env, (size_t) votes->annotators * sizeof(float));
	if (consolidate(votes, method, smoothing, env, result))
		return;
	gtl_env_release(env, result->label);
	gtl_env_release(env, result->confidence);
	gtl_env_release(env, result->doubt);
	gtl_env_release(env, result->tied);
	gtl_env_release(env, result->accuracy);
	gtl_env_release(env, result->confusion);
	memset(result, 0, sizeof(*result));
	result->interrupted = true;
}

/* Sorting at its peak, plus the model, plus the result. */
size_t
gtl_consolidate_memory(GtlConsolidation method, int64_t votes, int32_t items, int32_t annotators, int32_t classes)
{
	bool		majority = method == GTL_CONSOLIDATE_MAJORITY;
	int64_t		columns = gtl_crowd_most_columns(votes, annotators, classes);
	size_t		model = majority ? 0 : gtl_dawid_skene_memory(items, columns, classes);
	int64_t		cells = majority ? 0 : confusion_cells(annotators, classes);
	size_t		rest;

	/* no product here leaves 64 bits: votes are addressable, the others 32 bits */
	rest = (size_t) votes * (sizeof(int64_t) + 2 * sizeof(int32_t)) +
		((size_t) items + 1) * (sizeof(int64_t) + 2 * sizeof(int32_t) + 2 * sizeof(float)) +
		((size_t) annotators + 1) * (sizeof(int64_t) + sizeof(float)) +
		gtl_crowd_confidence_memory(votes, columns, annotators, classes) +
		(size_t) columns * sizeof(int32_t) +
		(size_t) classes * (sizeof(double) + sizeof(int64_t) + sizeof(int32_t)) +
		(size_t) cells * sizeof(float);
	return model > SIZE_MAX - rest ? SIZE_MAX : model + rest;
}
