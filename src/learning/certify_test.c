/*
 * certify_test.c
 *		Guarantees: their names, their tests, and what those need.
 *
 * The head of certify.c says what the tests are.
 */
#include "learning/certify_test.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "learning/audit.h"
#include "learning/words.h"

/* EMPIRICAL believes no rate of fewer objects (the rule of published TBAL). */
#define EMPIRICAL_MINIMUM	25

/* Betting: q/eps = 0, 1/16 .. 15/16. */
#define BET_COUNT			16

#define BISECTION_STEPS		40

/*
 * Up to so many objects the wealth of STRICT is calibrated, in a tenth of a second; 1/delta holds
 * for any number.
 */
#define CALIBRATED_MOST		10000
#define CALIBRATION_STEPS	20

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

const char *
gtl_scope_name(GtlScope scope)
{
	return gtl_scope_words[scope];
}

bool
gtl_scope_parse(const char *name, GtlScope *scope)
{
	int			number = gtl_word_number(gtl_scope_words, name);

	if (number >= 0)
		*scope = (GtlScope) number;
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

static double
log_choose(int64_t n, int64_t k)
{
	return lgamma((double) n + 1) - lgamma((double) k + 1) - lgamma((double) (n - k) + 1);
}

/* Sums from k down, in units of the term of k. */
double
gtl_hypergeometric_log_cdf(int64_t k, int64_t total, int64_t bad, int64_t draws)
{
	int64_t		least = draws + bad > total ? draws + bad - total : 0;
	double		term = 1;
	double		sum = 1;

	if (k < least)
		return -INFINITY;
	if (k >= bad || k >= draws)
		return 0;
	for (int64_t i = k; i > least && term > 1e-17 * sum; i--)
	{
		term *= (double) i * (double) (total - bad - draws + i) / ((double) (bad - i + 1) * (double) (draws - i + 1));
		sum += term;
	}
	return fmin(log_choose(bad, k) + log_choose(total - bad, draws - k) - log_choose(total, draws) + log(sum), 0);
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

int
gtl_certify_halvings(int64_t validation_count, int64_t active)
{
	int			halvings = 0;

	while (active > 0 && 2 * active <= validation_count)
	{
		active *= 2;
		halvings++;
	}
	return halvings;
}

GtlTest
gtl_test_of(const GtlPromise *promise, int halvings)
{
	GtlTest		test = {.guarantee = promise->guarantee};

	if (promise->guarantee == GTL_GUARANTEE_CONFIDENCE)
		test.alpha = ldexp(promise->delta / 3, -halvings);
	else if (promise->guarantee == GTL_GUARANTEE_STRICT)
	{
		test.alpha = promise->delta;
		test.log_wealth = -log(promise->delta);
	}
	return test;
}

bool
gtl_test_passes(const GtlTest *test, int k, int n, double error)
{
	switch (test->guarantee)
	{
		case GTL_GUARANTEE_CONFIDENCE:
			return k < n * error && gtl_binomial_log_cdf(k, n, error) <= log(test->alpha) + GTL_TEST_ROUNDING;
		case GTL_GUARANTEE_STRICT:
			return k < n * error && mixture_log_wealth(k, n, error) >= test->log_wealth - GTL_TEST_ROUNDING;
		case GTL_GUARANTEE_EXPECTED:
			return k + 1.0 <= error * (n + 1.0) + GTL_TEST_ROUNDING;
		case GTL_GUARANTEE_EMPIRICAL:
			return n >= EMPIRICAL_MINIMUM && k <= error * n + GTL_TEST_ROUNDING;
		case GTL_GUARANTEE_AUDITED:
			break;
	}
	return false;
}

/* Smallest target in (low, high] that passes, given that high does. */
static double
smallest_passing_error(const GtlTest *test, int k, int n, double low, double high)
{
	for (int step = 0; step < BISECTION_STEPS; step++)
	{
		double		middle = low + (high - low) / 2;

		if (gtl_test_passes(test, k, n, middle))
			high = middle;
		else
			low = middle;
	}
	return high;
}

double
gtl_test_bound(const GtlTest *test, int k, int n)
{
	if (n <= 0)
		return 1;
	switch (test->guarantee)
	{
		case GTL_GUARANTEE_EXPECTED:
			return fmin((k + 1.0) / (n + 1.0), 1);
		case GTL_GUARANTEE_EMPIRICAL:
			return n >= EMPIRICAL_MINIMUM ? (double) k / n : 1;
		case GTL_GUARANTEE_CONFIDENCE:
		case GTL_GUARANTEE_STRICT:
			return k < n ? smallest_passing_error(test, k, n, (double) k / n, 1) : 1;
		case GTL_GUARANTEE_AUDITED:
			break;
	}
	return 1;
}

double
gtl_certify_bound(int k, int n, const GtlPromise *promise, int halvings)
{
	GtlTest		test = gtl_test_of(promise, halvings);

	return gtl_test_bound(&test, k, n);
}

double
gtl_clopper_pearson_upper(int k, int n, double alpha)
{
	GtlTest		test = {.guarantee = GTL_GUARANTEE_CONFIDENCE,.alpha = alpha};

	return gtl_test_bound(&test, k, n);
}

/*
 * The tests are monotone in n: double an upper end until it passes, then halve
 * the interval.
 */
int
gtl_test_required(const GtlTest *test, int k, double error)
{
	int64_t		low = k;		/* never passes: all objects wrong, or none at all */
	int64_t		high = k < 16 ? 32 : 2 * (int64_t) k;

	while (high < INT_MAX && !gtl_test_passes(test, k, (int) high, error))
	{
		low = high;
		high *= 2;
	}
	if (high > INT_MAX)
		high = INT_MAX;
	while (high - low > 1)
	{
		int64_t		middle = low + (high - low) / 2;

		if (gtl_test_passes(test, k, (int) middle, error))
			high = middle;
		else
			low = middle;
	}
	return (int) high;
}

int
gtl_certify_required(int k, const GtlPromise *promise)
{
	GtlTest		test = gtl_test_of(promise, 0);

	if (promise->guarantee == GTL_GUARANTEE_AUDITED)
		test = (GtlTest) {.guarantee = GTL_GUARANTEE_CONFIDENCE,.alpha = gtl_audit_level(promise->delta, 1)};
	return gtl_test_required(&test, k, promise->target_error);
}

int64_t
gtl_certify_minimum(const GtlPromise *promise, bool per_class, int classes)
{
	return (int64_t) gtl_certify_required(0, promise) * (per_class ? classes : 1);
}

/*
 * required[k] grows by about 1/error from one k to
 * the next, ever more evenly, so one moving n with the last step as its guess
 * needs few tests.
 */
int
gtl_test_list_required(const GtlTest *test, double error, int n, int errors, const GtlEnv *env, int *required)
{
	int64_t		need = gtl_test_required(test, 0, error);
	int64_t		last = 0;
	int			count = 0;

	for (int k = 0; k <= errors && need <= n; k++)
	{
		int64_t		step = need - last;

		if ((k & 63) == 63 && gtl_env_interrupted(env))
			break;
		required[count++] = (int) need;
		last = need;
		need += step;
		while (need < INT_MAX && need <= n && !gtl_test_passes(test, k + 1, (int) need, error))
			need++;
		while (need - 1 > last && need - 1 < INT_MAX && gtl_test_passes(test, k + 1, (int) (need - 1), error))
			need--;
	}
	return count;
}

/*
 * The probability that a walk of n objects, each wrong with probability `error`, passes at any of
 * its steps.  alive[k]: that it has k errors and has not passed yet; with more errors than
 * required[] knows it cannot any more.
 */
static double
walk_passes(const int *required, int count, int n, double error, double *alive, const GtlEnv *env)
{
	double		passed = 0;
	int			low = 0;

	memset(alive, 0, (size_t) count * sizeof(double));
	if (count > 0)
		alive[0] = 1;
	for (int i = 1; i <= n && low < count; i++)
	{
		if ((i & 1023) == 0 && gtl_env_interrupted(env))
			break;
		for (int k = i < count - 1 ? i : count - 1; k > low; k--)
			alive[k] = alive[k] * (1 - error) + alive[k - 1] * error;
		alive[low] *= 1 - error;
		while (low < count && i >= required[low])
			passed += alive[low++];
	}
	return passed;
}

double
gtl_certify_strict_wealth(int n, const GtlPromise *promise, const GtlEnv *env)
{
	double		error = promise->target_error;
	double		high = -log(promise->delta);
	double		low = fmax(high - log(4.0), 0);
	GtlTest		test = {.guarantee = GTL_GUARANTEE_STRICT};
	int		   *required;
	double	   *alive;

	if (n <= 0 || n > CALIBRATED_MOST)
		return high;
	required = gtl_env_alloc(env, ((size_t) n + 1) * sizeof(int));
	alive = gtl_env_alloc(env, ((size_t) n + 1) * sizeof(double));
	for (int step = 0; step < CALIBRATION_STEPS && !gtl_env_interrupted(env); step++)
	{
		int			count;

		test.log_wealth = low + (high - low) / 2;
		count = gtl_test_list_required(&test, error, n, n, env, required);
		if (walk_passes(required, count, n, error, alive, env) <= promise->delta)
			high = test.log_wealth;
		else
			low = test.log_wealth;
	}
	gtl_env_release(env, required);
	gtl_env_release(env, alive);
	return high;
}
