/*
 * crowd_confidence.c
 *		How probable a consolidated label is, without a known answer to learn it from.
 *
 * People of accuracy p who err independently, evenly among the other K - 1 classes, make the odds of a class
 * against another p (K - 1) / (1 - p) a vote.  Real people share their errors: some objects mislead.
 * So the accuracy of a vote is taken to differ between objects, with mean p and correlation rho between the votes
 * for one: votes for an object are Dirichlet-multinomial given its true class.  p and rho are those of the greatest
 * posterior probability on a grid, over a sample of the objects with two votes or more, with a weak prior: p as if 9
 * of PRIOR_VOTES = 10 votes had been right, rho with mode 0.01.  Two or three votes an object hardly tell a crowd that
 * is often right from one that errs together, and there the prior speaks for the former.  So from KNOWN_ITEMS = 20
 * objects with a known answer on these alone are the sample, in which votes are right or wrong and not only alike, and
 * the prior of rho is wide.  From these:
 *
 *	- n votes count as n / (1 + (n - 1) rho) independent ones (the design effect of sampling in clusters [1]);
 *	- an annotator's accuracy r is p, moved by the answers that agree with the others' as if p rested on
 *	  ANNOTATOR_VOTES of them; with known answers less what all agree more than they are right, as far as these tell;
 *	- v: the label's posterior by the votes and the accuracies r; d: that of Dawid-Skene, to the same power.  With few
 *	  votes an object its confusion matrices fit themselves, and d is too sure; w = n^2 / (n^2 + 64) of it is taken;
 *	- what no vote can tell: where the objects differ much, the crowd as a whole is wrong about some.  That
 *	  share is set to MISLED (1 - 1/n) times the standard deviation of the accuracy between objects.
 *
 * The last two constants, and the prior of rho, were chosen on bluebirds, adult2 and made-up crowds; the same real sets
 * are in the unit tests, with crowds drawn otherwise.  Objects with one answer have its annotator's accuracy r.
 *
 * [1] Kish, "Survey Sampling", 1965.
 */
#include "learning/crowd_confidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PRIOR_ACCURACY		0.9
#define PRIOR_VOTES			10
#define PRIOR_CORRELATION	0.01	/* the mode */
#define KNOWN_CORRELATION	0.05		/* the same, where answers are known */
#define ANNOTATOR_VOTES		30
#define MISLED				1.1
#define SAMPLE_WEIGHT		64

#define SAMPLE_ITEMS		2000
#define KNOWN_ITEMS			20
#define HIGHEST_ACCURACY	0.995
#define LOW_STEPS			32		/* of the grid, between guessing and PRIOR_ACCURACY */
#define HIGH_STEPS			8		/* above */

static const double correlations[] = {
	0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.3, 0.4
};

#define CORRELATIONS ((int) (sizeof(correlations) / sizeof(correlations[0])))

/*
 * How often the classes that an item got votes for were named, falling; many items are alike.  Of an item whose class
 * is known that class stands apart.
 */
typedef struct Pattern
{
	int64_t		votes;
	int32_t		right;			/* votes for the known class; -1: it is not known */
	int32_t		named;			/* classes, but for a known one */
	int32_t		items;
	int32_t    *count;			/* [named] */
} Pattern;

typedef struct Fit
{
	GtlCrowd   *crowd;
	Pattern    *pattern;
	int			patterns;
	int32_t    *counts;			/* of all patterns */
	int64_t		most_votes;
	double	   *right;			/* [most_votes + 1]: log of the rising factorials of the true class's weight, */
	double	   *wrong;			/* of another's */
	double	   *total;			/* and of all together */
	bool		known_only;		/* fitted to items of known class */
	double		accuracy;
	double		correlation;
} Fit;

static int
compare_counts(const void *a, const void *b)
{
	return *(const int32_t *) b - *(const int32_t *) a;
}

static int
compare_patterns(const void *a, const void *b)
{
	const Pattern *x = a;
	const Pattern *y = b;

	if (x->right != y->right)
		return x->right < y->right ? -1 : 1;
	if (x->named != y->named)
		return x->named - y->named;
	for (int32_t k = 0; k < x->named; k++)
		if (x->count[k] != y->count[k])
			return x->count[k] < y->count[k] ? -1 : 1;
	return 0;
}

/* votes[classes] is zero before and after. */
static void
add_pattern(Fit *fit, int64_t item, int64_t *votes, int32_t *free_counts)
{
	const GtlCrowd *crowd = fit->crowd;
	int64_t		first = crowd->item_start[item];
	int64_t		last = crowd->item_start[item + 1];
	Pattern    *pattern = &fit->pattern[fit->patterns++];
	bool		known = gtl_crowd_item_kind(crowd, item) == GTL_ITEM_GOLD;

	pattern->votes = last - first;
	pattern->right = -1;
	pattern->named = 0;
	pattern->items = 1;
	pattern->count = free_counts;
	for (int64_t v = first; v < last; v++)
		votes[crowd->column_label[crowd->vote_column[v]]]++;
	if (known)
	{
		pattern->right = (int32_t) votes[crowd->votes->gold[item]];
		votes[crowd->votes->gold[item]] = 0;
	}
	for (int64_t v = first; v < last; v++)
	{
		int64_t    *count = &votes[crowd->column_label[crowd->vote_column[v]]];

		if (*count > 0)
			pattern->count[pattern->named++] = (int32_t) *count;
		*count = 0;
	}
	qsort(pattern->count, (size_t) pattern->named, sizeof(int32_t), compare_counts);
	if (pattern->votes > fit->most_votes)
		fit->most_votes = pattern->votes;
}

static void
merge_patterns(Fit *fit)
{
	int			distinct = 0;

	qsort(fit->pattern, (size_t) fit->patterns, sizeof(Pattern), compare_patterns);
	for (int i = 0; i < fit->patterns; i++)
	{
		if (distinct > 0 && compare_patterns(&fit->pattern[distinct - 1], &fit->pattern[i]) == 0)
			fit->pattern[distinct - 1].items++;
		else
			fit->pattern[distinct++] = fit->pattern[i];
	}
	fit->patterns = distinct;
}

/* The most classes that all items of the sample can name. */
static int64_t
most_counts(int64_t votes, int32_t classes)
{
	int64_t		most = (int64_t) SAMPLE_ITEMS * classes;

	return votes < most ? votes : most;
}

/* Is the item one of those that tell of the crowd? */
static bool
is_telling(const GtlCrowd *crowd, int64_t item, bool known_only)
{
	return gtl_crowd_item_kind(crowd, item) == GTL_ITEM_GOLD ? crowd->item_start[item + 1] > crowd->item_start[item] :
		!known_only && crowd->item_start[item + 1] - crowd->item_start[item] >= 2;
}

static int64_t
count_telling(const GtlCrowd *crowd, bool known_only)
{
	int64_t		count = 0;

	for (int64_t i = 0; i < crowd->votes->items; i++)
		count += is_telling(crowd, i, known_only);
	return count;
}

/* Evenly spread.  False: interrupted. */
static bool
sample_items(Fit *fit)
{
	GtlCrowd   *crowd = fit->crowd;
	int32_t		classes = crowd->votes->classes;
	int64_t    *votes = gtl_env_alloc(crowd->env, (size_t) classes * sizeof(int64_t));
	int64_t		most = most_counts(crowd->votes->count, classes);
	int64_t		met = 0;
	int64_t		step;
	int32_t    *free_counts;
	bool		done = true;

	fit->known_only = crowd->votes->gold != NULL && count_telling(crowd, true) >= KNOWN_ITEMS;
	step = count_telling(crowd, fit->known_only) / SAMPLE_ITEMS + 1;
	fit->pattern = gtl_env_alloc(crowd->env, SAMPLE_ITEMS * sizeof(Pattern));
	fit->counts = gtl_env_alloc(crowd->env, (size_t) most * sizeof(int32_t));
	free_counts = fit->counts;
	for (int64_t i = 0; done && i < crowd->votes->items; i++)
	{
		if (!is_telling(crowd, i, fit->known_only) || met++ % step != 0)
			continue;
		add_pattern(fit, i, votes, free_counts);
		free_counts += fit->pattern[fit->patterns - 1].named;
		done = !gtl_crowd_stop_after(crowd, crowd->item_start[i + 1] - crowd->item_start[i]);
	}
	gtl_env_release(crowd->env, votes);
	if (done)
		merge_patterns(fit);
	return done;
}

static void
rise(double *logs, int64_t n, double start)
{
	logs[0] = 0;
	for (int64_t j = 0; j < n; j++)
		logs[j + 1] = logs[j] + log(start + (double) j);
}

/* Log of the posterior density, but for a constant. */
static double
judge(const Fit *fit, double p, double rho)
{
	int32_t		classes = fit->crowd->votes->classes;
	double		weight = (1 - rho) / rho;
	double		sum;

	rise(fit->right, fit->most_votes, p * weight);
	rise(fit->wrong, fit->most_votes, (1 - p) / (classes - 1) * weight);
	rise(fit->total, fit->most_votes, weight);
	sum = PRIOR_VOTES * (PRIOR_ACCURACY * log(p) + (1 - PRIOR_ACCURACY) * log((1 - p) / (classes - 1)));
	sum += log(rho) - rho / (fit->known_only ? KNOWN_CORRELATION : PRIOR_CORRELATION);
	for (int i = 0; i < fit->patterns; i++)
	{
		const Pattern *pattern = &fit->pattern[i];
		double		logs = -fit->total[pattern->votes];
		double		classes_sum = classes - pattern->named;

		for (int32_t k = 0; k < pattern->named; k++)
		{
			logs += fit->wrong[pattern->count[k]];
			classes_sum += exp(fit->right[pattern->count[k]] - fit->wrong[pattern->count[k]]);
		}
		logs += pattern->right < 0 ? log(classes_sum / classes) : fit->right[pattern->right];
		sum += pattern->items * logs;
	}
	return sum;
}

/* Accuracy number i of the grid. */
static double
grid_accuracy(int32_t classes, int i)
{
	double		guessing = 1.0 / classes;

	if (i <= LOW_STEPS)
		return guessing + (PRIOR_ACCURACY - guessing) * i / LOW_STEPS;
	return PRIOR_ACCURACY + (HIGHEST_ACCURACY - PRIOR_ACCURACY) * (i - LOW_STEPS) / HIGH_STEPS;
}

/* False: interrupted. */
static bool
search_grid(Fit *fit)
{
	int32_t		classes = fit->crowd->votes->classes;
	double		best = -INFINITY;

	for (int i = 1; i <= LOW_STEPS + HIGH_STEPS; i++)
		for (int c = 0; c < CORRELATIONS; c++)
		{
			double		p = grid_accuracy(classes, i);
			double		judgement = judge(fit, p, correlations[c]);

			if (judgement > best)
			{
				best = judgement;
				fit->accuracy = p;
				fit->correlation = correlations[c];
			}
			if (gtl_crowd_stop_after(fit->crowd, 8 * (fit->patterns + fit->most_votes)))
				return false;
		}
	return true;
}

/* False: interrupted. */
static bool
fit_crowd(Fit *fit)
{
	const GtlEnv *env = fit->crowd->env;
	bool		done = sample_items(fit);

	if (done)
	{
		size_t		bytes = (size_t) (fit->most_votes + 1) * sizeof(double);

		fit->right = gtl_env_alloc(env, bytes);
		fit->wrong = gtl_env_alloc(env, bytes);
		fit->total = gtl_env_alloc(env, bytes);
		done = search_grid(fit);
	}
	gtl_env_release(env, fit->right);
	gtl_env_release(env, fit->wrong);
	gtl_env_release(env, fit->total);
	gtl_env_release(env, fit->counts);
	gtl_env_release(env, fit->pattern);
	return done;
}

/* ---- The items, given the fit ---- */

static double
log_odds(double accuracy, int32_t classes)
{
	return log(accuracy * (classes - 1) / (1 - accuracy));
}

/* To which power n votes' odds are to be taken. */
static double
independence(const Fit *fit, int64_t n)
{
	return 1 / (1 + (double) (n - 1) * fit->correlation);
}

/*
 * sum[classes] becomes the posterior of the item by the votes, each column's odds being known.  Classes without a
 * vote have the odds 1.
 */
static void
infer_item(const Fit *fit, int64_t item, const double *column_odds, double *sum)
{
	const GtlCrowd *crowd = fit->crowd;
	int32_t		classes = crowd->votes->classes;
	int64_t		first = crowd->item_start[item];
	int64_t		last = crowd->item_start[item + 1];
	double		power = independence(fit, last - first);
	double		top;
	double		total = 0;

	memset(sum, 0, (size_t) classes * sizeof(double));
	for (int64_t v = first; v < last; v++)
		sum[crowd->column_label[crowd->vote_column[v]]] += power * column_odds[crowd->vote_column[v]];
	top = sum[0];
	for (int32_t k = 1; k < classes; k++)
		top = fmax(top, sum[k]);
	for (int32_t k = 0; k < classes; k++)
	{
		sum[k] = exp(sum[k] - top);
		total += sum[k];
	}
	for (int32_t k = 0; k < classes; k++)
		sum[k] /= total;
}

/* The posterior of a label by Dawid-Skene, to a power. */
static double
temper(const float *posterior, int32_t classes, int32_t label, double power)
{
	double		total = 0;

	if (posterior[label] <= 0)
		return 0;
	for (int32_t k = 0; k < classes; k++)
		total += posterior[k] > 0 ? exp(power * log((double) posterior[k] / posterior[label])) : 0;
	return 1 / total;
}

/*
 * Each annotator's accuracy: the answers that are right, by the posterior of the items, that of the whole crowd
 * weighing ANNOTATOR_VOTES more.  count[annotators] is zero before.  False: interrupted.
 */
static bool
judge_annotators(const Fit *fit, const int32_t *column_annotator, const double *column_odds, double *posterior,
				 int64_t *count, double *right)
{
	GtlCrowd   *crowd = fit->crowd;
	int32_t		classes = crowd->votes->classes;

	for (int64_t i = 0; i < crowd->votes->items; i++)
	{
		int64_t		first = crowd->item_start[i];
		int64_t		last = crowd->item_start[i + 1];
		bool		known = gtl_crowd_item_kind(crowd, i) == GTL_ITEM_GOLD;

		if (first == last)
			continue;
		if (!known)
			infer_item(fit, i, column_odds, posterior);
		for (int64_t v = first; v < last; v++)
		{
			int32_t		column = crowd->vote_column[v];
			int32_t		label = crowd->column_label[column];

			count[column_annotator[column]]++;
			right[column_annotator[column]] += known ? crowd->votes->gold[i] == label : posterior[label];
		}
		if (gtl_crowd_stop_after(crowd, classes + 2 * (last - first)))
			return false;
	}
	return true;
}

/* False: interrupted. */
static bool
weigh_items(const Fit *fit, const GtlDawidSkene *model, const double *column_odds, double *posterior,
			GtlConsolidated *result)
{
	GtlCrowd   *crowd = fit->crowd;
	int32_t		classes = crowd->votes->classes;
	double		spread = sqrt(fit->correlation * fit->accuracy * (1 - fit->accuracy));

	for (int64_t i = 0; i < crowd->votes->items; i++)
	{
		double		n = (double) (crowd->item_start[i + 1] - crowd->item_start[i]);
		double		confidence;
		double		misled = MISLED * spread * (1 - 1 / n);

		if (gtl_crowd_item_kind(crowd, i) != GTL_ITEM_VOTED)
			continue;
		infer_item(fit, i, column_odds, posterior);
		confidence = posterior[result->label[i]];
		if (model != NULL)
		{
			double		w = n * n / (n * n + SAMPLE_WEIGHT);

			confidence += w * (temper(gtl_dawid_skene_posterior(model, i), classes, result->label[i],
									  independence(fit, (int64_t) n)) - confidence);
		}
		result->confidence[i] = (float) ((1 - misled) * confidence + misled / classes);
		if (gtl_crowd_stop_after(crowd, 2 * classes + (int64_t) n))
			return false;
	}
	return true;
}

/* By how much the annotators agree more with the labels than they are right, where that is known. */
static double
count_excess(const Fit *fit, const int64_t *count, const double *right)
{
	double		sum = 0;
	int64_t		total = 0;

	for (int32_t a = 0; a < fit->crowd->votes->annotators; a++)
	{
		sum += right[a];
		total += count[a];
	}
	return fit->known_only && total > 0 ? sum / (double) total - fit->accuracy : 0;
}

static void
name_columns(const GtlCrowd *crowd, int32_t *column_annotator)
{
	for (int32_t a = 0; a < crowd->votes->annotators; a++)
		for (int64_t c = crowd->annotator_column[a]; c < crowd->annotator_column[a + 1]; c++)
			column_annotator[c] = a;
}

/* False: interrupted. */
static bool
use_fit(const Fit *fit, const GtlDawidSkene *model, GtlConsolidated *result)
{
	GtlCrowd   *crowd = fit->crowd;
	const GtlEnv *env = crowd->env;
	int32_t		classes = crowd->votes->classes;
	int32_t		annotators = crowd->votes->annotators;
	int32_t    *column_annotator = gtl_env_alloc(env, (size_t) crowd->columns * sizeof(int32_t));
	double	   *column_odds = gtl_env_alloc(env, (size_t) crowd->columns * sizeof(double));
	double	   *posterior = gtl_env_alloc(env, (size_t) classes * sizeof(double));
	int64_t    *count = gtl_env_alloc(env, (size_t) annotators * sizeof(int64_t));
	double	   *right = gtl_env_alloc(env, (size_t) annotators * sizeof(double));
	double		excess;
	bool		done;

	name_columns(crowd, column_annotator);
	for (int64_t c = 0; c < crowd->columns; c++)
		column_odds[c] = log_odds(fit->accuracy, classes);
	done = judge_annotators(fit, column_annotator, column_odds, posterior, count, right);
	excess = count_excess(fit, count, right);
	for (int32_t a = 0; a < annotators; a++)
		result->accuracy[a] = (float) ((ANNOTATOR_VOTES * fit->accuracy + right[a] - excess * (double) count[a]) /
									   (ANNOTATOR_VOTES + (double) count[a]));
	for (int64_t c = 0; c < crowd->columns; c++)
		column_odds[c] = log_odds(fmin(fmax(result->accuracy[column_annotator[c]], 1.01 / classes), HIGHEST_ACCURACY), classes);
	done = done && weigh_items(fit, model, column_odds, posterior, result);
	gtl_env_release(env, column_annotator);
	gtl_env_release(env, column_odds);
	gtl_env_release(env, posterior);
	gtl_env_release(env, count);
	gtl_env_release(env, right);
	return done;
}

bool
gtl_crowd_confidence(GtlCrowd *crowd, const GtlDawidSkene *model, GtlConsolidated *result)
{
	Fit			fit;

	if (crowd->votes->classes < 2)
	{
		for (int64_t i = 0; i < crowd->votes->items; i++)
			result->confidence[i] = result->label[i] >= 0 ? 1 : 0;
		for (int32_t a = 0; a < crowd->votes->annotators; a++)
			result->accuracy[a] = 1;
		return true;
	}
	memset(&fit, 0, sizeof(fit));
	fit.crowd = crowd;
	return fit_crowd(&fit) && use_fit(&fit, model, result);
}

size_t
gtl_crowd_confidence_memory(int64_t votes, int64_t columns, int32_t annotators, int32_t classes)
{
	size_t		fitting = SAMPLE_ITEMS * sizeof(Pattern) + (size_t) most_counts(votes, classes) * sizeof(int32_t) +
		(size_t) classes * sizeof(int64_t);
	size_t		using = (size_t) columns * (sizeof(int32_t) + sizeof(double)) + (size_t) classes * sizeof(double) +
		(size_t) annotators * (sizeof(int64_t) + sizeof(double));

	return fitting > using ? fitting : using;
}
