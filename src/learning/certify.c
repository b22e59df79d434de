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
 * CONFIDENCE: pass if P(Binomial(n, eps) <= k) <= alpha, that is if the one-sided
 * Clopper-Pearson bound [1] at level alpha is at most eps.  Each single threshold is
 * tested exactly; the choice of the loosest passing one, and of the round, is not paid for
 * by a proof.  alpha = delta/3, halved whenever the queries have filtered out another half
 * of the validation set, keeps the promise in measurement (docs/guarantee.md).
 *
 * CONFIDENCE over the dataset: of the total = pool + n objects, the n validation objects
 * are a random sample.  Let a = floor(eps * objects) labels be allowed to be wrong, and k*
 * the largest k with P(Hypergeometric(total, a + 1 + k, n) <= k) <= alpha.  A prefix passes
 * with at most k* errors.  Of the first a + 1 + k* wrong objects in the order of the scores
 * more than k* are validation objects, except with probability alpha; then the prefix ends
 * before the last of them, and at most a of its objects outside of the validation set are wrong.
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
 * Markov's inequality leaves something unused: with n objects the wealth need not reach
 * 1/delta but only what a walk of n steps with error probability eps reaches with
 * probability delta.  A constant error rate is the worst case (proof: docs/guarantee.md),
 * so that is computed exactly, by a recursion over (n, k), and the wealth by bisection.
 *
 * The claim is per certificate: a job that certifies in many rounds takes delta each
 * time, and cross-fitted scores (five models, not one) are fixed only given the
 * models.  The bound shown for STRICT is the root at this prefix alone.  With the
 * fixed-sequence tests of [3] instead, coverage was no better.
 *
 * [1] Clopper, Pearson, "The use of confidence or fiducial limits illustrated in
 *	   the case of the binomial", Biometrika 26, 1934.
 * [2] Waudby-Smith, Ramdas, "Estimating means of bounded random variables by
 *	   betting", JRSS B 86, 2024.
 * [3] Angelopoulos, Bates, Candes, Jordan, Lei, "Learn then test: calibrating
 *	   predictive algorithms to achieve risk control", 2021.
 *
 * Temporary memory comes from env and is released.  When it is interrupted, a certificate is refused.
 */
#include "learning/certify.h"

#include <math.h>
#include <string.h>

#include "learning/certify_test.h"
#include "learning/sort.h"

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
	const GtlSample *sample;
	const GtlEnv *env;
	bool		interrupted;	/* nothing passes then */
	int			n;				/* active validation objects */
	GtlTest		test;
	int		   *required;		/* CONFIDENCE, STRICT: n_req by number of errors */
	int			required_count;
	int			most_wrong;		/* DATASET: a prefix with so many errors passes; -1: none */
	bool		passed;
	Prefix		loosest;		/* of those that passed */
	Prefix		best;			/* lowest bound so far; n = 0: none yet */
	double		best_bound;
} Scan;

/* ---- The dataset's promise ---- */

static double
dataset_log_tail(const Scan *scan, int64_t allowed, int64_t k)
{
	int64_t		total = scan->sample->pool + scan->n;

	return allowed + 1 + k > total ? -INFINITY : gtl_hypergeometric_log_cdf(k, total, allowed + 1 + k, scan->n);
}

static bool
dataset_allows(const Scan *scan, int64_t allowed, int64_t k)
{
	return dataset_log_tail(scan, allowed, k) <= log(scan->test.alpha) + GTL_TEST_ROUNDING;
}

static int64_t
labels_allowed(const Scan *scan)
{
	return (int64_t) floor(scan->promise->target_error * (double) scan->sample->objects + GTL_TEST_ROUNDING);
}

/* The most errors of a prefix that passes: k*, or all. */
static int
dataset_most_wrong(const Scan *scan)
{
	int64_t		allowed = labels_allowed(scan);
	int			k = -1;

	while (k < scan->n && dataset_allows(scan, allowed, k + 1) && ((k & 63) != 0 || !gtl_env_interrupted(scan->env)))
		k++;
	return k;
}

/* The smallest share of the dataset that a prefix with k errors leaves wrong at the most. */
static double
dataset_bound(const Scan *scan, int k)
{
	int64_t		low = -1;
	int64_t		high = scan->sample->pool;

	while (high - low > 1)
	{
		int64_t		middle = low + (high - low) / 2;

		if (dataset_allows(scan, middle, k))
			high = middle;
		else
			low = middle;
	}
	return (double) high / (double) scan->sample->objects;
}

/* The validation objects with which k errors would pass, drawn from the same objects. */
static int
dataset_required(const Scan *scan, int k)
{
	Scan		other = *scan;
	GtlSample	sample = *scan->sample;
	int64_t		allowed = labels_allowed(scan);
	int64_t		total = sample.pool + scan->n;
	int64_t		low = 0;
	int64_t		high = total;

	other.sample = &sample;
	while (high - low > 1)
	{
		other.n = (int) (low + (high - low) / 2);
		sample.pool = total - other.n;
		if (dataset_allows(&other, allowed, k))
			high = other.n;
		else
			low = other.n;
	}
	return (int) high;
}

static int
observation_compare(const void *a, const void *b)
{
	double		x = ((const Observation *) a)->score;
	double		y = ((const Observation *) b)->score;

	return (x < y) - (x > y);
}

static Observation *
sort_observations(Scan *scan, const double *scores, const bool *wrong, int n, int *errors)
{
	Observation *sorted = gtl_env_alloc(scan->env, (size_t) n * sizeof(Observation));

	*errors = 0;
	for (int i = 0; i < n; i++)
	{
		sorted[i].score = scores[i];
		sorted[i].wrong = wrong[i];
		*errors += wrong[i];
	}
	scan->interrupted = !gtl_sort(sorted, n, sizeof(Observation), observation_compare, scan->env);
	return sorted;
}

static bool
scan_passes(const Scan *scan, const Prefix *prefix)
{
	if (scan->promise->scope == GTL_SCOPE_DATASET)
		return prefix->k <= scan->most_wrong;
	if (scan->required != NULL)
		return prefix->k < scan->required_count && prefix->n >= scan->required[prefix->k];
	return gtl_test_passes(&scan->test, prefix->k, prefix->n, scan->promise->target_error);
}

static double
scan_bound(const Scan *scan, const Prefix *prefix)
{
	return scan->promise->scope == GTL_SCOPE_DATASET ? dataset_bound(scan, prefix->k) : gtl_test_bound(&scan->test, prefix->k, prefix->n);
}

/* Would this prefix have a lower bound than the best so far?  Cheaper than the root. */
static bool
scan_beats_best(const Scan *scan, const Prefix *prefix)
{
	if (scan->best.n == 0)
		return true;
	if (scan->promise->scope == GTL_SCOPE_DATASET)
		return prefix->k <= scan->best.k;
	if ((double) prefix->k / prefix->n >= scan->best_bound)
		return false;
	return scan->required == NULL || scan->best_bound >= 1 || gtl_test_passes(&scan->test, prefix->k, prefix->n, scan->best_bound);
}

/* Is this the largest prefix of its k, with a lower bound than any before? */
static void
scan_consider_best(Scan *scan, const Prefix *prefix)
{
	double		bound;

	if (!scan_beats_best(scan, prefix))
		return;
	bound = scan_bound(scan, prefix);
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

	for (int i = 0; i < n && !scan->interrupted; i++)
	{
		scan->interrupted = (i & 255) == 255 && gtl_env_interrupted(scan->env);
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

/* The test as it is made of these objects. */
static void
scan_prepare(Scan *scan, int errors)
{
	const GtlPromise *promise = scan->promise;
	const GtlEnv *env = scan->env;

	scan->test = gtl_test_of(promise, scan->sample->halvings);
	if (promise->guarantee == GTL_GUARANTEE_STRICT)
		scan->test.log_wealth = gtl_certify_strict_wealth(scan->n, promise, env);
	if (promise->scope == GTL_SCOPE_DATASET)
		scan->most_wrong = dataset_most_wrong(scan);
	else if (promise->guarantee == GTL_GUARANTEE_CONFIDENCE || promise->guarantee == GTL_GUARANTEE_STRICT)
	{
		scan->required = gtl_env_alloc(env, ((size_t) errors + 1) * sizeof(int));
		scan->required_count = gtl_test_list_required(&scan->test, promise->target_error, scan->n, errors, env, scan->required);
	}
}

static void
take_passed(const Scan *scan, int errors, GtlCertificate *certificate)
{
	bool		all = scan->promise->scope == GTL_SCOPE_DATASET && errors <= scan->most_wrong;

	if (!scan->passed || scan->interrupted || gtl_env_interrupted(scan->env))
		return;
	certificate->passed = true;
	certificate->threshold = all ? 0 : scan->loosest.threshold;
	certificate->n = scan->loosest.n;
	certificate->k = scan->loosest.k;
	/* rounding must not show a bound above the target it passed */
	certificate->bound = fmin(scan_bound(scan, &scan->loosest), scan->promise->target_error);
}

void
gtl_certify(const double *scores, const bool *wrong, int n, const GtlPromise *promise,
			const GtlSample *sample, const GtlEnv *env, GtlCertificate *certificate)
{
	Scan		scan = {.promise = promise,.sample = sample,.env = env,.n = n > 0 ? n : 0,.best_bound = 1};
	Observation *sorted = NULL;
	int			errors = 0;

	if (n > 0)
		sorted = sort_observations(&scan, scores, wrong, n, &errors);
	scan_prepare(&scan, errors);
	scan_prefixes(&scan, sorted, scan.n);

	gtl_certify_refuse(certificate);
	take_passed(&scan, errors, certificate);
	certificate->alpha = scan.test.alpha;
	certificate->best_threshold = scan.best.n > 0 ? scan.best.threshold : INFINITY;
	certificate->best_n = scan.best.n;
	certificate->best_k = scan.best.k;
	certificate->best_bound = scan.best_bound;
	certificate->available = scan.n;
	if (promise->scope == GTL_SCOPE_DATASET && promise->guarantee != GTL_GUARANTEE_AUDITED)
	{
		certificate->minimum = dataset_required(&scan, 0);
		certificate->required = dataset_required(&scan, scan.best.k);
	}
	else
	{
		certificate->minimum = gtl_test_required(&scan.test, 0, promise->target_error);
		certificate->required = gtl_test_required(&scan.test, scan.best.k, promise->target_error);
	}

	gtl_env_release(env, scan.required);
	gtl_env_release(env, sorted);
}

void
gtl_certify_classes(const double *scores, const bool *wrong, const int32_t *classes_predicted, int n,
					int classes, const GtlPromise *promise, const GtlSample *sample,
					const GtlEnv *env, GtlCertificate *certificates)
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

		gtl_certify(scores_of + first, wrong_of + first, end[c] - first, promise, sample, env, &certificates[c]);
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
