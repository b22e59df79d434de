/*
 * uniform_audit.c
 *		The audit of labels that are drawn with equal probabilities from rows that are elsewhere.
 *
 * With equal weights and one s for all labels the martingale of audit.c is
 *
 *		L(a) = product over the draws of (1 + s - e_i) / (1 + s - (a - f_i)/n_i)
 *
 * with n_i labels and a - f_i wrong ones among them before draw i: no label but the drawn ones has to be known.
 * s = p (1 - eps)/(eps - p) makes the factors the likelihood ratio of an error rate p against eps, which grows fastest if
 * p is the true one.  Three strategies, for p/3, p and 3p, share the stake.  A lost draw counts as wrong in the
 * numerator and adds nothing to f: each factor is then at most the true one (docs/guarantee.md).
 */
#include "learning/uniform_audit.h"

#include <math.h>

#include "learning/audit_state.h"

/* Strategies are made for guesses of at most this share of the target. */
#define GUESS_MOST			0.6

/* An audit with a higher rate of errors, as far as it knows, has no prospect. */
#define HOPELESS			0.85

/* Logarithm of what is lost by looking only after whole batches (audit_forecast.c). */
#define OVERSHOOT			0.35

/* So many times the forecast and so many more are at hand. */
#define MOST_FACTOR			3.0
#define MOST_MORE			50.0
#define MOST_DRAWS			10000
#define FOUND_PRIOR			2.0

static const double strategy_scale[GTL_AUDIT_STRATEGIES] = {1.0 / 3, 1, 3};

double
gtl_uniform_audit_guess(const GtlAuditGuess *guess, const double *margins, int64_t count)
{
	double		sum = 0;

	for (int64_t i = 0; i < count; i++)
		sum += gtl_audit_guess(guess, margins[i]);
	return sum / (count > 0 ? (double) count : 1);
}

static double
bet(const GtlUniformAudit *audit, int strategy)
{
	double		eps = audit->target_error;
	double		p = fmin(audit->guess * strategy_scale[strategy], GUESS_MOST * eps);

	return p * (1 - eps) / (eps - p);
}

/* With `more` further draws that show no error. */
static double
log_wealth(const GtlUniformAudit *audit, int64_t more, int64_t wrong)
{
	double		sum[GTL_AUDIT_STRATEGIES] = {0};
	int64_t		found = 0;

	for (int64_t i = 0; i < audit->count + more; i++)
	{
		GtlDrawn	drawn = i < audit->count ? audit->drawn[i] : GTL_DRAWN_RIGHT;
		double		share = (double) (wrong - found) / (double) (audit->frozen - i);

		if (share > 1)
			return INFINITY;
		for (int k = 0; k < GTL_AUDIT_STRATEGIES; k++)
		{
			double		s = bet(audit, k);

			sum[k] += log((drawn == GTL_DRAWN_RIGHT ? 1 + s : s) / fmax(1 + s - share, 1e-300));
		}
		found += drawn == GTL_DRAWN_WRONG;
	}
	if (wrong - found > audit->frozen - audit->count - more)
		return INFINITY;
	return gtl_audit_mix(sum);
}

double
gtl_uniform_audit_log_wealth(const GtlUniformAudit *audit, int64_t wrong)
{
	return log_wealth(audit, 0, wrong);
}

static int64_t
count_found(const GtlUniformAudit *audit)
{
	int64_t		found = 0;

	for (int64_t i = 0; i < audit->count; i++)
		found += audit->drawn[i] == GTL_DRAWN_WRONG;
	return found;
}

/* The evidence against more wrong labels among those left than may be. */
static double
evidence_after(const GtlUniformAudit *audit, int64_t more, int64_t found)
{
	int64_t		left = audit->frozen - audit->count - more;

	return log_wealth(audit, more, found + (int64_t) floor(audit->target_error * (double) left) + 1);
}

/* The fewest further draws that pass if none shows an error; most + 1: more than that. */
static int64_t
count_ahead(const GtlUniformAudit *audit, int64_t most, int64_t found, double needed)
{
	int64_t		low = -1;		/* does not pass */
	int64_t		high = most + 1;

	for (int64_t more = 0; more <= most; more = more * 2 + 16)
	{
		if (evidence_after(audit, more, found) >= needed)
		{
			high = more;
			break;
		}
		low = more;
	}
	while (high - low > 1)
	{
		int64_t		middle = low + (high - low) / 2;

		if (evidence_after(audit, middle, found) < needed)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* Of those left, at the audit's level. */
static int64_t
most_wrong(const GtlUniformAudit *audit, int64_t found, double needed)
{
	int64_t		low = -1;
	int64_t		high = audit->frozen - audit->count + 1;	/* cannot be */

	while (high - low > 1)
	{
		int64_t		middle = low + (high - low) / 2;

		if (log_wealth(audit, 0, found + middle) < needed)
			low = middle;
		else
			high = middle;
	}
	return low < 0 ? 0 : low;
}

/* How fast ln L grows on average if labels are wrong at rate p. */
static double
growth(double p, double eps)
{
	return p * log(p / eps) + (1 - p) * log((1 - p) / (1 - eps));
}

bool
gtl_uniform_audit_hopeless(double guess, double target_error)
{
	return guess > HOPELESS * target_error;
}

/* Draws that ln L needs to grow by that; infinity: it does not grow. */
static double
expected_draws(const GtlUniformAudit *audit, double p, double log_growth)
{
	return gtl_uniform_audit_hopeless(p, audit->target_error) ? INFINITY :
		(fmax(log_growth, 0) + OVERSHOOT) / growth(p, audit->target_error);
}

/* The guess, raised by what has been found beyond it. */
static double
present_guess(const GtlUniformAudit *audit)
{
	return audit->guess * gtl_uniform_audit_carried(audit);
}

double
gtl_uniform_audit_carried(const GtlUniformAudit *audit)
{
	return fmax(1, ((double) count_found(audit) + FOUND_PRIOR) / (audit->guess * (double) audit->count + FOUND_PRIOR));
}

int64_t
gtl_uniform_audit_most(const GtlUniformAudit *audit)
{
	double		most = MOST_FACTOR * expected_draws(audit, audit->guess, -log(audit->level)) + MOST_MORE;

	return (int64_t) fmin(fmin(most, MOST_DRAWS), (double) audit->frozen);
}

void
gtl_uniform_audit_figures(const GtlUniformAudit *audit, int64_t most, GtlAuditFigures *figures)
{
	int64_t		found = count_found(audit);
	double		needed = -log(audit->level);

	*figures = (GtlAuditFigures) {
		.frozen = audit->frozen,.left = audit->frozen - audit->count,.draws = audit->count,.found = found,.known = found,
			.expected = audit->guess * (double) audit->count,.log_needed = needed,
			.log_wealth = evidence_after(audit, 0, found),.most_wrong = most_wrong(audit, found, needed)
	};
	if (figures->log_wealth >= needed)
	{
		figures->state = GTL_AUDIT_PASSED;
		return;
	}
	figures->ahead = count_ahead(audit, most - audit->count, found, needed);
	if (figures->ahead > most - audit->count ||
		expected_draws(audit, present_guess(audit), needed - figures->log_wealth) > (double) (most - audit->count))
		figures->state = GTL_AUDIT_GIVEN_UP;
}
