/*
 * certify.c
 *		From validation scores and errors to the loosest threshold that keeps a
 *		promise about the machine labels above it.
 *
 * A prefix is the set of validation objects with a score of at least s, for one of
 * the scores s that occur; equal scores are never divided.  It has n objects and k
 * errors.  A guarantee is a test of (k, n) at a target error; the threshold is the
 * smallest score whose prefix passes.  Every test here is monotone: it passes more
 * easily with more objects, with fewer errors and with a higher target.  Hence
 *	- the bound of (k, n), the smallest target at which it would pass, is a root
 *	  that bisection finds;
 *	- among prefixes with the same k only the largest can have the lowest bound.
 *
 * CONFIDENCE: pass if P(Binomial(n, eps) <= k) <= delta/2, that is if the one-sided
 * Clopper-Pearson bound [1] at level delta/2 is at most eps.  Each single threshold
 * is tested exactly; the choice of the loosest passing one is not paid for, which
 * delta/2 outweighs in measurement (autolabel.md 2.2) but not by proof.
 *
 * EXPECTED: (k + 1)/(n + 1) <= eps, the mean error only (conformal risk control).
 * EMPIRICAL: k/n <= eps with 25 objects or more; no promise at all.
 *
 * STRICT: a proof that holds for all thresholds at once.  Bet against "the error
 * rate is eps or more" with the likelihood ratio of q = c * eps, c < 1, to eps:
 *
 *		E_c(k, n) = c^k * ((1 - c eps) / (1 - eps))^(n - k),
 *
 * the wealth after betting the fraction lambda = (1 - c)/(1 - eps) on each object
 * in turn [2]; E is the mean of E_c over a grid of c.  A prefix passes if
 * E >= 1/delta.  Claim: with probability at least 1 - delta, no threshold whose
 * true error rate R(s) = P(wrong | score >= s) is eps or more passes, so whatever
 * passes, chosen by whatever rule, is below eps.
 *
 *	Proof.  Let the score function be fixed, the n objects be independent, u(s) =
 *	P(score >= s), r(u) the error rate at that rank, D(u) = integral from 0 to u of
 *	(eps - r); the null set is D(u) <= 0.  Read the objects in descending order of
 *	score.
 *	(a) Between two zeros of D the objects are, given their number m, independent
 *	with mean error exactly eps, so the wealth is multiplied by (1 + lambda * 0)^m =
 *	1 on average: along the zeros of D, E_c is a martingale that begins with 1.
 *	(b) From a null u with D(u) < 0 to the next zero z, the m objects between have
 *	mean error below eps, so E[E_c(z) | past] >= E_c(u).
 *	(c) If no zero follows, replace r by 0 on (v, 1], with v such that D(1) becomes
 *	0: D stays <= 0 up to there, fewer errors only raise E_c, and (b) applies.
 *	(d) Let t be the first null rank at which E >= 1/delta, z(t) the next zero: a
 *	stopping time of the martingale (a).  By (b), (c) and optional stopping
 *	E[E_c(t)] <= E[E_c(z(t))] <= 1 for each c, hence for the mean over c, and
 *	P(t exists) <= delta by Markov.  No monotonicity of r is needed.
 *
 * The claim is per certificate: a job that certifies in many rounds takes delta each
 * time, and cross-fitted scores (five models, not one) are fixed only given the
 * models.  The bound shown for STRICT is the root at this prefix alone.  With the
 * fixed-sequence tests of [3] instead, coverage was no better (autolabel.md 2.2).
 *
 * [1] Clopper, Pearson, "The use of confidence or fiducial limits illustrated in
 *	   the case of the binomial", Biometrika 26, 1934.
 * [2] Waudby-Smith, Ramdas, "Estimating means of bounded random variables by
 *	   betting", JRSS B 86, 2024.
 * [3] Angelopoulos, Bates, Candes, Jordan, Lei, "Learn then test: calibrating
 *	   predictive algorithms to achieve risk control", 2021.
 *
 * Temporary memory comes from env and is released.  Never interrupted: 100,000
 * objects take a fraction of a second.
 */
#include "learning/certify.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learning/words.h"

/* EMPIRICAL believes no rate of fewer objects (the rule of published TBAL). */
#define EMPIRICAL_MINIMUM	25

/* Betting: q/eps = 0, 1/16 .. 15/16. */
#define BET_COUNT			16

/* A test that is met up to rounding is met: targets arrive as 1 - 0.9. */
#define ROUNDING			1e-9

#define BISECTION_STEPS		40

typedef struct Observation
{
	double		score;
	bool		wrong;
} Observation;

typedef struct Prefix
{
	double		threshold;
	int			n;
	int			k;
} Prefix;

/* The scan over all prefixes, from the tightest to the loosest. */
typedef struct Scan
{
	const GtlPromise *promise;
	int		   *required;		/* CONFIDENCE: n_req by number of errors */
	int			required_count;
	bool		passed;
	Prefix		loosest;		/* of those that passed */
	Prefix		best;			/* lowest bound so far; n = 0: none yet */
	double		best_bound;
} Scan;

const char *
gtl_guarantee_name(GtlGuarantee guarantee)
{
	return gtl_guarantee_words[guarantee];
}

bool
gtl_guarantee_parse(const char *name, GtlGuarantee *guarantee)
{
	int			number = gtl_word_number(gtl_guarantee_words, name);

	if (number >= 0)
		*guarantee = (GtlGuarantee) number;
	return number >= 0;
}

/* log C(n, i) p^i (1 - p)^(n - i) */
static double
binomial_log_term(int i, int n, double p)
{
	return lgamma(n + 1.0) - lgamma(i + 1.0) - lgamma(n - i + 1.0) +
		i * log(p) + (n - i) * log1p(-p);
}

/*
 * Sums the tail away from the mode, beginning with its largest term, in units of
 * that term: no term over- or underflows however small the probability is.
 */
double
gtl_binomial_log_cdf(int k, int n, double p)
{
	double		odds;
	double		term = 1;
	double		sum = 1;

	if (k < 0)
		return -INFINITY;
	if (k >= n || p <= 0)
		return 0;
	if (p >= 1)
		return -INFINITY;
	odds = p / (1 - p);
	if (k < n * p)
	{
		for (int i = k; i > 0 && term > 1e-17 * sum; i--)
		{
			term *= i / ((n - i + 1.0) * odds);
			sum += term;
		}
		return fmin(binomial_log_term(k, n, p) + log(sum), 0);
	}
	for (int i = k + 1; i < n && term > 1e-17 * sum; i++)
	{
		term *= (n - i) * odds / (i + 1.0);
		sum += term;
	}
	return log1p(-fmin(exp(binomial_log_term(k + 1, n, p)) * sum, 1));
}

/*
 * log of the mean wealth of the bets on the grid.  Nothing to win at a rate of
 * error or above: the caller need not come here for k >= n * error.
 */
static double
mixture_log_wealth(int k, int n, double error)
{
	double		wealth[BET_COUNT];
	double		top = -INFINITY;
	double		sum = 0;
	double		log_right = log1p(-error);

	for (int j = 0; j < BET_COUNT; j++)
	{
		double		c = (double) j / BET_COUNT;

		wealth[j] = (n - k) * (log1p(-c * error) - log_right);
		if (k > 0)
			wealth[j] += k * log(c);
		top = fmax(top, wealth[j]);
	}
	for (int j = 0; j < BET_COUNT; j++)
		sum += exp(wealth[j] - top);
	return top + log(sum / BET_COUNT);
}

/* The level of the test that a guarantee makes. */
static double
promise_level(const GtlPromise *promise)
{
	switch (promise->guarantee)
	{
		case GTL_GUARANTEE_CONFIDENCE:
			return promise->delta / 2;
		case GTL_GUARANTEE_STRICT:
			return promise->delta;
		case GTL_GUARANTEE_EXPECTED:
		case GTL_GUARANTEE_EMPIRICAL:
			break;
	}
	return 0;
}

/* Do k errors among n pass the test at this target error? */
static bool
test_passes(const GtlPromise *promise, int k, int n, double error)
{
	switch (promise->guarantee)
	{
		case GTL_GUARANTEE_CONFIDENCE:
			return k < n * error &&
				gtl_binomial_log_cdf(k, n, error) <= log(promise_level(promise)) + ROUNDING;
		case GTL_GUARANTEE_STRICT:
			return k < n * error &&
				mixture_log_wealth(k, n, error) >= -log(promise_level(promise)) - ROUNDING;
		case GTL_GUARANTEE_EXPECTED:
			return k + 1.0 <= error * (n + 1.0) + ROUNDING;
		case GTL_GUARANTEE_EMPIRICAL:
			return n >= EMPIRICAL_MINIMUM && k <= error * n + ROUNDING;
	}
	return false;
}

/* Smallest target in (low, high] that passes, given that high does. */
static double
smallest_passing_error(const GtlPromise *promise, int k, int n, double low, double high)
{
	for (int step = 0; step < BISECTION_STEPS; step++)
	{
		double		middle = low + (high - low) / 2;

		if (test_passes(promise, k, n, middle))
			high = middle;
		else
			low = middle;
	}
	return high;
}

double
gtl_certify_bound(int k, int n, const GtlPromise *promise)
{
	if (n <= 0)
		return 1;
	switch (promise->guarantee)
	{
		case GTL_GUARANTEE_EXPECTED:
			return fmin((k + 1.0) / (n + 1.0), 1);
		case GTL_GUARANTEE_EMPIRICAL:
			return n >= EMPIRICAL_MINIMUM ? (double) k / n : 1;
		case GTL_GUARANTEE_CONFIDENCE:
		case GTL_GUARANTEE_STRICT:
			break;
	}
	if (k >= n)
		return 1;
	return smallest_passing_error(promise, k, n, (double) k / n, 1);
}

double
gtl_clopper_pearson_upper(int k, int n, double alpha)
{
	GtlPromise	promise = {GTL_GUARANTEE_CONFIDENCE, 0, 2 * alpha};

	return gtl_certify_bound(k, n, &promise);
}

/*
 * The tests are monotone in n: double an upper end until it passes, then halve
 * the interval.
 */
int
gtl_certify_required(int k, const GtlPromise *promise)
{
	int64_t		low = k;		/* never passes: all objects wrong, or none at all */
	int64_t		high = k < 16 ? 32 : 2 * (int64_t) k;

	while (high < INT_MAX && !test_passes(promise, k, (int) high, promise->target_error))
	{
		low = high;
		high *= 2;
	}
	if (high > INT_MAX)
		high = INT_MAX;
	while (high - low > 1)
	{
		int64_t		middle = low + (high - low) / 2;

		if (test_passes(promise, k, (int) middle, promise->target_error))
			high = middle;
		else
			low = middle;
	}
	return (int) high;
}

int64_t
gtl_certify_minimum(const GtlPromise *promise, bool per_class, int classes)
{
	return (int64_t) gtl_certify_required(0, promise) * (per_class ? classes : 1);
}

/*
 * n_req[k] = fewest objects with which k errors pass, for all k <= errors that can
 * pass with n objects (autolabel.md 3.3).  It grows by about 1/eps from one k to
 * the next, ever more evenly, so one moving n with the last step as its guess
 * needs few tests.
 */
static void
build_required(Scan *scan, int n, int errors, const GtlEnv *env)
{
	const GtlPromise *promise = scan->promise;
	double		error = promise->target_error;
	int64_t		need = gtl_certify_required(0, promise);
	int64_t		last = 0;

	scan->required = gtl_env_alloc(env, ((size_t) errors + 1) * sizeof(int));
	scan->required_count = 0;
	for (int k = 0; k <= errors && need <= n; k++)
	{
		int64_t		step = need - last;

		scan->required[scan->required_count++] = (int) need;
		last = need;
		need += step;
		while (need < INT_MAX && need <= n && !test_passes(promise, k + 1, (int) need, error))
			need++;
		while (need - 1 > last && need - 1 < INT_MAX &&
			   test_passes(promise, k + 1, (int) (need - 1), error))
			need--;
	}
}

static int
observation_compare(const void *a, const void *b)
{
	double		x = ((const Observation *) a)->score;
	double		y = ((const Observation *) b)->score;

	return (x < y) - (x > y);
}

static Observation *
sort_observations(const double *scores, const bool *wrong, int n, int *errors, const GtlEnv *env)
{
	Observation *sorted = gtl_env_alloc(env, (size_t) n * sizeof(Observation));

	*errors = 0;
	for (int i = 0; i < n; i++)
	{
		sorted[i].score = scores[i];
		sorted[i].wrong = wrong[i];
		*errors += wrong[i];
	}
	qsort(sorted, (size_t) n, sizeof(Observation), observation_compare);
	return sorted;
}

static bool
scan_passes(const Scan *scan, const Prefix *prefix)
{
	if (scan->promise->guarantee == GTL_GUARANTEE_CONFIDENCE)
		return prefix->k < scan->required_count && prefix->n >= scan->required[prefix->k];
	return test_passes(scan->promise, prefix->k, prefix->n, scan->promise->target_error);
}

/*
 * Is this the largest prefix of its k, with a lower bound than any before?  The
 * root is found only for those that beat the best so far.
 */
static void
scan_consider_best(Scan *scan, const Prefix *prefix)
{
	const GtlPromise *promise = scan->promise;
	double		bound;

	if (scan->best.n > 0 && (double) prefix->k / prefix->n >= scan->best_bound)
		return;
	if (promise->guarantee == GTL_GUARANTEE_EXPECTED ||
		promise->guarantee == GTL_GUARANTEE_EMPIRICAL || prefix->k == prefix->n)
		bound = gtl_certify_bound(prefix->k, prefix->n, promise);
	else if (scan->best.n > 0 && scan->best_bound < 1 &&
			 !test_passes(promise, prefix->k, prefix->n, scan->best_bound))
		return;
	else
		bound = smallest_passing_error(promise, prefix->k, prefix->n,
									   (double) prefix->k / prefix->n, scan->best_bound);
	if (scan->best.n == 0 || bound < scan->best_bound)
	{
		scan->best = *prefix;
		scan->best_bound = bound;
	}
}

static void
scan_prefixes(Scan *scan, const Observation *sorted, int n)
{
	Prefix		prefix = {INFINITY, 0, 0};
	Prefix		pending = {INFINITY, 0, 0}; /* last prefix, until k grows */

	for (int i = 0; i < n; i++)
	{
		prefix.n++;
		prefix.k += sorted[i].wrong;
		if (i + 1 < n && sorted[i + 1].score == sorted[i].score)
			continue;
		prefix.threshold = sorted[i].score;
		if (scan_passes(scan, &prefix))
		{
			scan->passed = true;
			scan->loosest = prefix;
		}
		if (pending.n > 0 && pending.k < prefix.k)
			scan_consider_best(scan, &pending);
		pending = prefix;
	}
	if (pending.n > 0)
		scan_consider_best(scan, &pending);
}

void
gtl_certify_refuse(GtlCertificate *certificate)
{
	certificate->passed = false;
	certificate->threshold = INFINITY;
	certificate->n = certificate->k = 0;
	certificate->bound = 1;
}

void
gtl_certify(const double *scores, const bool *wrong, int n,
			const GtlPromise *promise, const GtlEnv *env, GtlCertificate *certificate)
{
	Scan		scan = {.promise = promise, .best_bound = 1};
	Observation *sorted = NULL;
	int			errors = 0;

	if (n > 0)
	{
		sorted = sort_observations(scores, wrong, n, &errors, env);
		if (promise->guarantee == GTL_GUARANTEE_CONFIDENCE)
			build_required(&scan, n, errors, env);
		scan_prefixes(&scan, sorted, n);
	}

	gtl_certify_refuse(certificate);
	if (scan.passed)
	{
		certificate->passed = true;
		certificate->threshold = scan.loosest.threshold;
		certificate->n = scan.loosest.n;
		certificate->k = scan.loosest.k;
		/* rounding must not show a bound above the target it passed */
		certificate->bound = fmin(gtl_certify_bound(scan.loosest.k, scan.loosest.n, promise),
								  promise->target_error);
	}
	certificate->alpha = promise_level(promise);
	certificate->best_threshold = scan.best.n > 0 ? scan.best.threshold : INFINITY;
	certificate->best_n = scan.best.n;
	certificate->best_k = scan.best.k;
	certificate->best_bound = scan.best_bound;
	certificate->available = n > 0 ? n : 0;
	certificate->minimum = gtl_certify_required(0, promise);
	certificate->required = gtl_certify_required(scan.best.k, promise);

	gtl_env_release(env, scan.required);
	gtl_env_release(env, sorted);
}

void
gtl_certify_classes(const double *scores, const bool *wrong, const int32_t *classes_predicted, int n,
					int classes, const GtlPromise *promise, const GtlEnv *env,
					GtlCertificate *certificates)
{
	double	   *scores_of = gtl_env_alloc(env, (size_t) n * sizeof(double));
	bool	   *wrong_of = gtl_env_alloc(env, (size_t) n * sizeof(bool));
	int		   *end = gtl_env_alloc(env, ((size_t) classes + 1) * sizeof(int));

	/* sorted by class: end[c] moves from where class c begins to where it ends */
	for (int c = 0; c <= classes; c++)
		end[c] = 0;
	for (int i = 0; i < n; i++)
		end[classes_predicted[i] + 1]++;
	for (int c = 0; c < classes; c++)
		end[c + 1] += end[c];
	for (int i = 0; i < n; i++)
	{
		int			place = end[classes_predicted[i]]++;

		scores_of[place] = scores[i];
		wrong_of[place] = wrong[i];
	}
	for (int c = 0; c < classes; c++)
	{
		int			first = c == 0 ? 0 : end[c - 1];

		gtl_certify(scores_of + first, wrong_of + first, end[c] - first, promise, env, &certificates[c]);
	}
	gtl_env_release(env, scores_of);
	gtl_env_release(env, wrong_of);
	gtl_env_release(env, end);
}

void
gtl_certify_summarize(const GtlCertificate *certificates, int count, GtlCertificate *summary)
{
	int			best = 0;

	for (int c = 1; c < count; c++)
		if (certificates[c].best_bound < certificates[best].best_bound)
			best = c;
	*summary = certificates[best];
	gtl_certify_refuse(summary);
	summary->available = 0;
	for (int c = 0; c < count; c++)
	{
		const GtlCertificate *one = &certificates[c];

		summary->available += one->available;
		if (!one->passed)
			continue;
		summary->bound = summary->passed ? fmax(summary->bound, one->bound) : one->bound;
		summary->passed = true;
		summary->threshold = fmin(summary->threshold, one->threshold);
		summary->n += one->n;
		summary->k += one->k;
	}
}
