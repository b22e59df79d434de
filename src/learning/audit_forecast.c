/*
 * audit_forecast.c
 *		How probably labels are wrong, the stakes that follow, and how many labels an audit costs: when it is due.
 *
 * The head of audit.c has the formulas.  Nothing here decides what an audit proves, only what it costs.
 */
#include "learning/audit_forecast.h"

#include <math.h>
#include <string.h>

#include "learning/select.h"
#include "learning/sort.h"

/* The guess: the scale, which a few errors that nobody has seen hold near 1, and the floor. */
#define GUESS_PRIOR			3.0
#define GUESS_RANGE			3.0
#define GUESS_FLOOR			0.05	/* of eps */
#define GUESS_FLOOR_LEAST	0.0012

/*
 * The power, by a normal prior around the usual one.  All powers guess the same at PIVOT.  Objects that were chosen because
 * they are unlike all others are wrong at large margins more often than the rest is, and count less.
 */
#define POWER_LEAST			0.4
#define POWER_MOST			1.8
#define POWER_STEPS			14
#define POWER_SPREAD		0.5
#define POWER_LOW			1.05	/* below it the machine is wrong where it is sure */
#define PIVOT				0.1
#define CHOSEN_WEIGHT		0.3

/* A guess of more errors than this share of the target cannot pass. */
#define HOPELESS			0.85

/* What chance takes beyond ln(1/alpha), on average. */
#define OVERSHOOT			0.35

/*
 * An audit begins when more queries first would save less than this share of it. If it would take so many times the
 * fewest labels that can pass, the guess is near the target, where a small error of it costs many labels, or the audit:
 * then they must not save more than a few labels.  Where the machine is wrong although it is sure, they must not save more
 * either if so many times the errors are guessed.
 */
#define BEGIN_SLACK			0.1
#define LONG_AUDIT			5.0
#define LONG_SLACK			15.0
#define LONG_DOUBT			1.25

#define BINS				24
#define GROWTH_STEPS		12
#define FORECAST_STEPS		3
#define STAKE_STEPS			40
#define NEVER				1e9

/* ---- The guess ---- */

static double
doubt(double margin, double power)
{
	return pow(PIVOT, GTL_AUDIT_POWER) * pow((1 - margin) / (2 * PIVOT), power);
}

double
gtl_audit_guess(const GtlAuditGuess *guess, double margin)
{
	/* as a table keeps it, so that an audit made from there is the same */
	return fmin(guess->scale * doubt((float) margin, guess->power) + guess->floor, GTL_AUDIT_GUESS_MOST);
}

bool
gtl_audit_sure_and_wrong(const GtlAuditGuess *guess)
{
	return guess->power < POWER_LOW;
}

/* The guess with a given power that expects as many errors as there are. */
static GtlAuditGuess
guess_with(double power, const double *margins, const bool *wrong, int64_t count, double target_error)
{
	double		base = fmax(GUESS_FLOOR * target_error, GUESS_FLOOR_LEAST);
	double		seen = GUESS_PRIOR;
	double		guessed = GUESS_PRIOR;
	double		scale;

	for (int64_t i = 0; i < count; i++)
	{
		seen += wrong[i];
		guessed += doubt(margins[i], power) + base;
	}
	scale = fmin(fmax(seen / guessed, 1 / GUESS_RANGE), GUESS_RANGE);
	return (GtlAuditGuess) {.scale = scale,.floor = fmin(fmax(scale, 1) * base, target_error),.power = power};
}

/* Logarithm of the prior and of the likelihood of what was wrong. */
static double
credence(const GtlAuditGuess *guess, const double *margins, const bool *wrong, const bool *chosen, int64_t count)
{
	double		z = (guess->power - GTL_AUDIT_POWER) / POWER_SPREAD;
	double		sum = -0.5 * z * z;

	for (int64_t i = 0; i < count; i++)
	{
		double		p = gtl_audit_guess(guess, margins[i]);

		sum += (chosen[i] ? CHOSEN_WEIGHT : 1) * log(wrong[i] ? p : 1 - p);
	}
	return sum;
}

GtlAuditGuess
gtl_audit_calibrate(const double *margins, const bool *wrong, const bool *chosen, int64_t count, double target_error,
					double factor, const GtlEnv *env)
{
	GtlAuditGuess best = {0};
	double		most = -INFINITY;

	for (int step = 0; step <= POWER_STEPS && !gtl_env_interrupted(env); step++)
	{
		double		power = POWER_LEAST + (POWER_MOST - POWER_LEAST) * step / POWER_STEPS;
		GtlAuditGuess guess = guess_with(power, margins, wrong, count, target_error);
		double		sum = credence(&guess, margins, wrong, chosen, count);

		if (sum > most)
		{
			most = sum;
			best = guess;
		}
	}
	best.scale *= factor;
	best.floor = fmin(best.floor * factor, target_error);
	return best;
}

void
gtl_audit_remember(GtlAuditHistory *history, double factor, int64_t labels)
{
	history->factor += log(factor) * (double) labels;
	history->labels = labels;
}

double
gtl_audit_recall(const GtlAuditHistory *history, int64_t labels)
{
	double		now = (double) (labels > history->labels ? labels : history->labels);

	return now > 0 ? exp(history->factor / now) : 1;
}

/* ---- Stakes and growth ---- */

/* The s at which the slope of (1 + s)^(1 - p) s^p is rho. */
double
gtl_audit_best_stake(double p, double rho)
{
	double		low = p / 50;
	double		high = 100 * p + 1e-9;

	for (int i = 0; i < STAKE_STEPS && high > low * (1 + 1e-6); i++)
	{
		double		s = sqrt(low * high);
		double		l = log(s / (1 + s));

		if ((1 - p) * exp(p * l) + p * exp(-(1 - p) * l) > rho)
			low = s;
		else
			high = s;
	}
	return sqrt(low * high);
}

double
gtl_audit_gain(double p, double s)
{
	return exp((1 - p) * log1p(s) + p * log(s));
}

/* exp of the growth per draw of the best stakes against a share of mu; p sorted. */
double
gtl_audit_growth(const double *p, int64_t n, double mu)
{
	double		mean[BINS];
	double		weight[BINS];
	double		rho = 1 + mu / 3;
	int			bins = 0;

	for (int b = 0; b < BINS; b++)
	{
		int64_t		from = n * b / BINS;
		int64_t		to = n * (b + 1) / BINS;
		double		sum = 0;

		for (int64_t i = from; i < to; i++)
			sum += p[i];
		if (to == from)
			continue;
		mean[bins] = sum / (double) (to - from);
		weight[bins++] = (double) (to - from) / (double) n;
	}
	for (int step = 0; step < GROWTH_STEPS; step++)
	{
		double		top = 0;
		double		sbar = 0;
		double		last = rho;

		for (int b = 0; b < bins; b++)
		{
			double		s = gtl_audit_best_stake(mean[b], rho);

			top += weight[b] * gtl_audit_gain(mean[b], s);
			sbar += weight[b] * s;
		}
		rho = top / (1 + sbar - mu);
		if (fabs(rho - last) < 1e-3 * (last - 1))
			break;
	}
	return rho;
}

/* ---- Forecast ---- */

/* Labels that may be wrong among n that are left. */
double
gtl_audit_allowed(const GtlAuditSetup *setup, double left)
{
	double		among = setup->promise.scope == GTL_SCOPE_DATASET ? (double) setup->objects : left;

	return setup->promise.target_error * among;
}

int64_t
gtl_audit_allowed_whole(const GtlAuditSetup *setup, int64_t left)
{
	return (int64_t) floor(gtl_audit_allowed(setup, (double) left) + 1e-9);
}

/*
 * Draws to expect among n objects with these guesses, sorted, until ln L has grown by `need`.  While
 * they are drawn the share of wrong labels to bet against grows, beginning with allowed/n.
 */
double
gtl_audit_forecast(const GtlAuditSetup *setup, const double *p, int64_t n, double need)
{
	double		mean = 0;
	double		draws = 0;
	double		mu;

	if (n < 2 || gtl_audit_allowed_whole(setup, n) >= n)
		return n < 2 ? (double) n : 0;
	mu = gtl_audit_allowed(setup, (double) n) / (double) n;
	for (int64_t i = 0; i < n; i++)
		mean += p[i];
	mean /= (double) n;
	for (int step = 0; step < FORECAST_STEPS; step++)
	{
		mu = fmin(mu, 0.9);
		if (mean > HOPELESS * mu)
			return NEVER;
		draws = need / log(gtl_audit_growth(p, n, mu));
		if (draws > .95 * (double) n)
			return draws > (double) n ? NEVER : (double) n;
		mu = (gtl_audit_allowed(setup, (double) n - draws) + 1 + mean * draws) / draws * log((double) n / ((double) n - draws));
	}
	return draws;
}

void
gtl_audit_sort_descending(double *guesses, int64_t count, const GtlEnv *env)
{
	(void) gtl_sort_down(guesses, count, env);
}

/* Human labels when the d likeliest wrong are labeled first; what cannot pass is all labeled by people. */
double
gtl_audit_forecast_after(const GtlAuditSetup *setup, const double *sorted, int64_t n, int64_t d, double need)
{
	double		draws;

	if (d >= n)
		return (double) n;
	draws = gtl_audit_forecast(setup, sorted + d, n - d, need);
	return draws >= NEVER ? NEVER : (double) d + draws;
}

double
gtl_audit_needed(const GtlAuditSetup *setup)
{
	return fmax(-log(gtl_audit_level(setup->promise.delta, setup->attempt)) - setup->head_start, 0) + OVERSHOOT;
}

/*
 * The guesses of each part, sorted, one part behind the other; end[part].  One part: all labels;
 * otherwise by class.
 */
double *
gtl_audit_sort_guesses(const GtlAuditSetup *setup, const int32_t *best, const double *margins, int64_t count,
			 int parts, int64_t *end, const GtlEnv *env)
{
	double	   *sorted = gtl_env_alloc(env, sizeof(double) * (size_t) count);

	for (int64_t i = 0; i < count; i++)
		end[parts > 1 ? best[i] : 0]++;
	for (int c = 1; c < parts; c++)
		end[c] += end[c - 1];
	for (int c = parts - 1; c > 0; c--)
		end[c] = end[c - 1];
	end[0] = 0;
	for (int64_t i = 0; i < count; i++)
		sorted[end[parts > 1 ? best[i] : 0]++] = gtl_audit_guess(&setup->guess, margins[i]);
	for (int c = 0; c < parts; c++)
	{
		int64_t		first = c == 0 ? 0 : end[c - 1];

		gtl_audit_sort_descending(sorted + first, end[c] - first, env);
	}
	return sorted;
}

int
gtl_audit_count_parts(const GtlAuditSetup *setup)
{
	return setup->per_class ? setup->classes : 1;
}

/* How many of the `taken` lowest margins are of each part. */
static void
count_taken(const int32_t *best, const double *margins, int64_t count, int64_t taken, int parts,
			int64_t *of_part, const GtlEnv *env)
{
	int32_t    *numbers;
	int64_t    *places;

	memset(of_part, 0, sizeof(int64_t) * (size_t) parts);
	if (parts == 1)
	{
		of_part[0] = taken;
		return;
	}
	numbers = gtl_env_alloc(env, sizeof(int32_t) * (size_t) count);
	places = gtl_env_alloc(env, sizeof(int64_t) * (size_t) taken);
	for (int64_t i = 0; i < count; i++)
		numbers[i] = (int32_t) i;
	taken = gtl_select_lowest(numbers, margins, count, taken, env, places);
	for (int64_t i = 0; i < taken; i++)
		of_part[best[places[i]]]++;
	gtl_env_release(env, numbers);
	gtl_env_release(env, places);
}

/* Human labels to expect after `taken` more queries; a part that cannot pass is all labeled by people. */
static double
expected_labels(const GtlAuditSetup *setup, const double *sorted, const int64_t *end, const int64_t *taken,
				int parts, bool *any)
{
	double		total = 0;

	*any = false;
	for (int c = 0; c < parts; c++)
	{
		int64_t		first = c == 0 ? 0 : end[c - 1];
		int64_t		n = end[c] - first;
		double		labels = gtl_audit_forecast_after(setup, sorted + first, n, taken[c], gtl_audit_needed(setup));

		*any = *any || (n > 0 && labels < (double) n);
		total += labels < (double) n ? labels : (double) n;
	}
	return total;
}

/* Does an audit take many times the fewest labels that can pass? */
static bool
is_long(const GtlAuditSetup *setup, int64_t count, double expected)
{
	double		mu = fmin(gtl_audit_allowed(setup, (double) count) / fmax((double) count, 1), 0.9);

	return expected > LONG_AUDIT * gtl_audit_needed(setup) / -log1p(-mu);
}

/* How many labels more queries may save and an audit still begins. */
static double
slack(const GtlAuditSetup *setup, int64_t count, double expected)
{
	return is_long(setup, count, expected) ? fmin(BEGIN_SLACK * expected, LONG_SLACK) : BEGIN_SLACK * expected;
}

/* By the setup's guess as it is. */
static bool
is_cheapest(const GtlAuditSetup *setup, const int32_t *best, const double *margins, int64_t count,
			int64_t batch, const GtlEnv *env, double *expected)
{
	int			parts = gtl_audit_count_parts(setup);
	int64_t    *end = gtl_env_alloc(env, sizeof(int64_t) * (size_t) parts);
	int64_t    *taken = gtl_env_alloc(env, sizeof(int64_t) * (size_t) parts);
	double	   *sorted = gtl_audit_sort_guesses(setup, best, margins, count, parts, end, env);
	int64_t		ways[3] = {0, batch / 2, batch};
	double		labels[3];
	bool		possible = false;

	for (int w = 0; w < 3; w++)
	{
		bool		any;

		if (ways[w] > count)
			ways[w] = count;
		count_taken(best, margins, count, ways[w], parts, taken, env);
		labels[w] = expected_labels(setup, sorted, end, taken, parts, &any);
		if (w == 0)
			possible = any;
	}
	*expected = labels[0];
	gtl_env_release(env, end);
	gtl_env_release(env, taken);
	gtl_env_release(env, sorted);
	return possible && labels[0] - slack(setup, count, labels[0]) <= fmin(labels[1], labels[2]);
}

bool
gtl_audit_due(const GtlAuditSetup *setup, const int32_t *best, const double *margins, int64_t count,
			  int64_t batch, const GtlEnv *env, double *expected)
{
	GtlAuditSetup worse = *setup;
	double		then;

	if (!is_cheapest(setup, best, margins, count, batch, env, expected))
		return false;
	if (!gtl_audit_sure_and_wrong(&setup->guess) || !is_long(setup, count, *expected))
		return true;
	worse.guess.scale *= LONG_DOUBT;
	worse.guess.floor *= LONG_DOUBT;
	return is_cheapest(&worse, best, margins, count, batch, env, &then);
}
