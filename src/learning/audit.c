/*
 * audit.c
 *		The audit of a job whose promise is proved.
 *
 * The labels of M objects are frozen.  e_j = 1 if that of object j is wrong; E of them are, nobody knows
 * which.  Object j has a weight w_j and a key -ln(U_j)/w_j with a fresh random U_j.  Draw i is the object
 * with the smallest key that nobody has labeled; before it, C_i are the objects that nobody has labeled,
 * n_i their number, W_i the sum of their weights, f_i the wrong labels found so far.  Between two draws people
 * may label any others (takes).  For numbers s_j > 0 fixed before the draw and their mean sbar_i over C_i
 *
 *		L(a) = product over the draws of (1 + s_J - e_J) / (n_i (w_J/W_i) (1 + sbar_i - (a - f_i)/n_i))
 *
 * is for a = E a nonnegative martingale that begins with 1, and grows with a.  So an audit at level alpha
 * passes when n objects are left, f wrong labels are found and L(f + allowed(n) + 1) >= 1/alpha: if more
 * than allowed(n) of the n labels left were wrong, L(E) would be at least that, which has probability
 * alpha at the most (Ville).  allowed(n) is floor(eps n), or floor(eps N) of the whole dataset.
 * docs/guarantee.md has the proof in full; former_audits.c has what audits add that were given up before.
 *
 * Everything else only saves labels: which weights and which s here, when to begin in audit_forecast.c, what to take and
 * when to give up in audit_plan.c.  For a guess p_j of the probability that label j is wrong, s_j and w_j = (1 + s_j)^(1 - p_j) s_j^p_j
 * make the expected growth of ln L the largest; s_j solves (1-p)(s/(1+s))^p + p((1+s)/s)^(1-p) = rho, where ln rho is
 * that growth, found as the fixed point of a ratio (Dinkelbach).  Three strategies s, for p/3, p and
 * 3p, share the stake, so that a bad guess costs less; the mean of martingales is one.
 *
 * The constants in capitals were chosen on digits; a factor of two in any of them changes the labels by
 * a few per cent.  Interrupts are the caller's, who asks env before acting on anything: sorting, which
 * takes longest, stops at one, and nothing else here takes more than a tenth of a second for a million objects.
 */
#include "learning/audit_state.h"

#include <math.h>
#include <string.h>

#include "learning/audit_forecast.h"
#include "learning/random.h"
#include "learning/select.h"

/* The share of what is left of delta that an audit gets. */
#define SPEND				0.9

/* Strategies are made for guesses of at most this share of the target, on average. */
#define GUESS_MEAN_MOST		0.6

static const double strategy_scale[GTL_AUDIT_STRATEGIES] = {1.0 / 3, 1, 3};
static const double strategy_share[GTL_AUDIT_STRATEGIES] = {0.2, 0.6, 0.2};

/* s by p, between which is interpolated. */
#define TABLE_SIZE			128
#define TABLE_LEAST			1e-6

double
gtl_audit_level(double delta, int attempt)
{
	double		left = delta;

	for (int i = 1; i < attempt; i++)
		left *= 1 - SPEND;
	return left * SPEND;
}

/* ---- Making an audit ---- */

GtlAuditPart *
gtl_audit_part_of(const GtlAudit *audit, int64_t place)
{
	return &audit->part[audit->parts > 1 ? audit->class_no[place] : 0];
}

/* Stakes between TABLE_LEAST and GTL_AUDIT_GUESS_MOST for one rho, evenly in the logarithm of p. */
static void
fill_table(double rho, double *table)
{
	double		step = log(GTL_AUDIT_GUESS_MOST / TABLE_LEAST) / (TABLE_SIZE - 1);

	for (int i = 0; i < TABLE_SIZE; i++)
		table[i] = log(gtl_audit_best_stake(TABLE_LEAST * exp(step * i), rho));
}

static double
look_up(const double *table, double p)
{
	double		x = log(fmax(p, TABLE_LEAST) / TABLE_LEAST) / log(GTL_AUDIT_GUESS_MOST / TABLE_LEAST) * (TABLE_SIZE - 1);
	int			i = x < TABLE_SIZE - 2 ? (int) x : TABLE_SIZE - 2;

	return exp(table[i] + (x - i) * (table[i + 1] - table[i]));
}

/* The setup by which stakes and weights are made: they must not change while the audit runs. */
static GtlAuditSetup
as_it_began(const GtlAuditSetup *setup)
{
	GtlAuditSetup begun = *setup;

	if (setup->begun_error > 0)
		begun.promise.target_error = setup->begun_error;
	if (setup->begun_objects > 0)
		begun.objects = setup->begun_objects;
	return begun;
}

/* A part's forecast, and the stakes and weights of its objects; sorted are its guesses. */
static void
set_stakes(GtlAudit *audit, int number, const double *sorted, double *scratch)
{
	const GtlAuditSetup begun = as_it_began(&audit->setup);
	const GtlAuditSetup *setup = &begun;
	GtlAuditPart	   *part = &audit->part[number];
	double		mu = fmin(gtl_audit_allowed(setup, (double) part->frozen) / (double) part->frozen, 0.9);
	double		mean = 0;
	double		shrink;
	double		table[TABLE_SIZE];

	part->forecast = gtl_audit_forecast(setup, sorted, part->frozen, gtl_audit_needed(setup));
	if (part->forecast >= (double) part->frozen)
		part->state = GTL_AUDIT_GIVEN_UP;
	for (int64_t i = 0; i < part->frozen; i++)
		mean += sorted[i];
	mean /= (double) part->frozen;
	shrink = fmin(GUESS_MEAN_MOST * mu / mean, 1);
	for (int64_t i = 0; i < part->frozen; i++)
		scratch[i] = sorted[i] * shrink;
	fill_table(gtl_audit_growth(scratch, part->frozen, mu), table);
	for (int64_t i = 0; i < audit->count; i++)
	{
		double		p = audit->guess[i] * shrink;

		if (gtl_audit_part_of(audit, i) != part)
			continue;
		for (int k = 0; k < GTL_AUDIT_STRATEGIES; k++)
		{
			audit->s[k][i] = look_up(table, fmin(p * strategy_scale[k], GTL_AUDIT_GUESS_MOST));
			part->stake[k] += audit->s[k][i];
		}
		audit->weight[i] = gtl_audit_gain(p, audit->s[1][i]);
		part->weight += audit->weight[i];
	}
}

/* Fresh for each audit: the counter holds its number and the object's. */
static double
draw_key(const GtlAudit *audit, int64_t place)
{
	uint64_t	counter = ((uint64_t) audit->setup.audit_no << 32) | (uint32_t) audit->object[place];

	return -log(1 - gtl_random_uniform(audit->setup.seed, GTL_STREAM_AUDIT, counter)) / audit->weight[place];
}

/* The places of a part, by key. */
static void
order_part(GtlAudit *audit, GtlAuditPart *part)
{
	int32_t    *objects = gtl_env_alloc(audit->env, sizeof(int32_t) * (size_t) part->frozen);
	double	   *keys = gtl_env_alloc(audit->env, sizeof(double) * (size_t) part->frozen);
	int64_t    *places = gtl_env_alloc(audit->env, sizeof(int64_t) * (size_t) part->frozen);
	int64_t		n = 0;

	for (int64_t i = 0; i < audit->count; i++)
		if (gtl_audit_part_of(audit, i) == part)
		{
			objects[n] = audit->object[i];
			keys[n] = audit->key[i];
			places[n++] = i;
		}
	part->order = gtl_env_alloc(audit->env, sizeof(int64_t) * (size_t) part->frozen);
	part->ordered = gtl_select_lowest(objects, keys, n, n, audit->env, part->order);
	for (int64_t i = 0; i < part->ordered; i++)
		part->order[i] = places[part->order[i]];
	gtl_env_release(audit->env, objects);
	gtl_env_release(audit->env, keys);
	gtl_env_release(audit->env, places);
}

static void
make_parts(GtlAudit *audit, const int32_t *best, const double *margins)
{
	const GtlEnv *env = audit->env;
	int64_t    *end = gtl_env_alloc(env, sizeof(int64_t) * (size_t) audit->parts);
	double	   *sorted = gtl_audit_sort_guesses(&audit->setup, best, margins, audit->count, audit->parts, end, env);
	double	   *scratch = gtl_env_alloc(env, sizeof(double) * (size_t) audit->count);

	for (int c = 0; c < audit->parts; c++)
	{
		int64_t		first = c == 0 ? 0 : end[c - 1];

		audit->part[c].frozen = audit->part[c].left = end[c] - first;
		if (audit->part[c].frozen == 0)
			audit->part[c].state = GTL_AUDIT_GIVEN_UP;
		else
			set_stakes(audit, c, sorted + first, scratch);
	}
	gtl_env_release(env, end);
	gtl_env_release(env, sorted);
	gtl_env_release(env, scratch);
}

GtlAudit *
gtl_audit_create(const GtlAuditSetup *setup, const int32_t *objects, const int32_t *best,
				 const double *margins, int64_t count, const GtlEnv *env)
{
	GtlAudit   *audit = gtl_env_alloc(env, sizeof(GtlAudit));
	size_t		n = (size_t) count;

	audit->setup = *setup;
	audit->alpha = gtl_audit_level(setup->promise.delta, setup->attempt);
	audit->env = env;
	audit->count = count;
	audit->parts = gtl_audit_count_parts(setup);
	audit->part = gtl_env_alloc(env, sizeof(GtlAuditPart) * (size_t) audit->parts);
	audit->object = gtl_env_alloc(env, sizeof(int32_t) * n);
	audit->class_no = gtl_env_alloc(env, sizeof(int32_t) * n);
	audit->guess = gtl_env_alloc(env, sizeof(double) * n);
	audit->weight = gtl_env_alloc(env, sizeof(double) * n);
	audit->key = gtl_env_alloc(env, sizeof(double) * n);
	audit->left = gtl_env_alloc(env, n);
	for (int k = 0; k < GTL_AUDIT_STRATEGIES; k++)
		audit->s[k] = gtl_env_alloc(env, sizeof(double) * n);
	for (int64_t i = 0; i < count; i++)
	{
		audit->object[i] = objects[i];
		audit->class_no[i] = best[i];
		audit->guess[i] = gtl_audit_guess(&setup->guess, margins[i]);
		audit->left[i] = true;
	}
	make_parts(audit, best, margins);
	for (int64_t i = 0; i < count && !setup->over; i++)
		audit->key[i] = draw_key(audit, i);
	for (int c = 0; c < audit->parts && !setup->over; c++)
		if (audit->part[c].frozen > 0)
			order_part(audit, &audit->part[c]);
	return audit;
}

void
gtl_audit_release(GtlAudit *audit, const GtlEnv *env)
{
	gtl_audit_close(audit);
	for (int c = 0; c < audit->parts; c++)
		gtl_env_release(env, audit->part[c].draws);
	gtl_env_release(env, audit->part);
	gtl_env_release(env, audit->object);
	gtl_env_release(env, audit->class_no);
	gtl_env_release(env, audit->left);
	gtl_env_release(env, audit);
}

/* ---- The martingale ---- */

double
gtl_audit_log_factor(const GtlAuditDraw *draw, int strategy, double wrong)
{
	return draw->numerator[strategy] -
		log(fmax(1 + draw->sbar[strategy] - (wrong - draw->known) / draw->count, 1e-300));
}

double
gtl_audit_mix(const double *sums)
{
	double		top = fmax(sums[0], fmax(sums[1], sums[2]));
	double		total = 0;

	for (int k = 0; k < GTL_AUDIT_STRATEGIES; k++)
		total += strategy_share[k] * exp(sums[k] - top);
	return top + log(total);
}

double
gtl_audit_part_log_wealth(const GtlAuditPart *part, double wrong)
{
	double		sums[GTL_AUDIT_STRATEGIES] = {0};

	for (int64_t i = 0; i < part->ndraws; i++)
		for (int k = 0; k < GTL_AUDIT_STRATEGIES; k++)
			sums[k] += gtl_audit_log_factor(&part->draws[i], k, wrong);
	return gtl_audit_mix(sums);
}

double
gtl_audit_log_wealth(const GtlAudit *audit, int32_t class_no, int64_t wrong)
{
	const GtlAuditPart *part = &audit->part[audit->parts > 1 ? class_no : 0];

	return gtl_audit_part_log_wealth(part, (double) wrong);
}

int64_t
gtl_audit_breaking(const GtlAudit *audit, int64_t left)
{
	return gtl_audit_allowed_whole(&audit->setup, left) + 1;
}

double
gtl_audit_evidence(const GtlAudit *audit, const GtlAuditPart *part, int64_t wrong)
{
	GtlFormerCounts counts;

	gtl_former_counts(audit, &counts);
	return gtl_audit_part_log_wealth(part, (double) (part->known + wrong)) + gtl_former_evidence(audit, &counts, wrong);
}

bool
gtl_audit_passes(const GtlAudit *audit, const GtlAuditPart *part)
{
	if (gtl_audit_allowed_whole(&audit->setup, part->left) >= part->left)
		return true;
	return part->ndraws > 0 && gtl_audit_evidence(audit, part, gtl_audit_breaking(audit, part->left)) >= -log(audit->alpha);
}

void
gtl_audit_note_draw(const GtlAudit *audit, int64_t place, bool wrong, int64_t left, double weight, const double *stake,
		  int64_t known, GtlAuditDraw *draw)
{
	for (int k = 0; k < GTL_AUDIT_STRATEGIES; k++)
	{
		draw->numerator[k] = log(1 + audit->s[k][place] - wrong) - log((double) left * audit->weight[place] / weight);
		draw->sbar[k] = stake[k] / (double) left;
	}
	draw->count = (double) left;
	draw->known = (double) known;
	draw->guess = audit->guess[place];
	draw->wrong = wrong;
}

static void
add_draw(GtlAudit *audit, GtlAuditPart *part, int64_t place, bool wrong)
{
	if (part->ndraws == part->capacity)
	{
		int64_t		capacity = part->capacity == 0 ? 64 : 2 * part->capacity;
		GtlAuditDraw	   *more = gtl_env_alloc(audit->env, sizeof(GtlAuditDraw) * (size_t) capacity);

		if (part->ndraws > 0)
			memcpy(more, part->draws, sizeof(GtlAuditDraw) * (size_t) part->ndraws);
		gtl_env_release(audit->env, part->draws);
		part->draws = more;
		part->capacity = capacity;
	}
	gtl_audit_note_draw(audit, place, wrong, part->left, part->weight, part->stake, part->known, &part->draws[part->ndraws++]);
	part->found += wrong;
	part->expected += audit->guess[place];
}

int64_t
gtl_audit_find(const GtlAudit *audit, int32_t object)
{
	int64_t		low = 0;
	int64_t		high = audit->count;

	while (low < high)
	{
		int64_t		middle = low + (high - low) / 2;

		if (audit->object[middle] < object)
			low = middle + 1;
		else
			high = middle;
	}
	return low < audit->count && audit->object[low] == object ? low : -1;
}

/* wrong: as a draw; known: a wrong label is found. */
static bool
take_out(GtlAudit *audit, int32_t object, bool drawn, bool wrong, bool known)
{
	int64_t		place = gtl_audit_find(audit, object);
	GtlAuditPart	   *part;

	if (place < 0 || !audit->left[place])
		return false;
	part = gtl_audit_part_of(audit, place);
	if (drawn)
		add_draw(audit, part, place, wrong);
	else
		part->takes++;
	part->taking = !drawn;
	audit->left[place] = false;
	for (int k = 0; k < audit->formers; k++)
		audit->former[k].differing -= audit->former[k].differs[place];
	part->left--;
	part->weight -= audit->weight[place];
	for (int k = 0; k < GTL_AUDIT_STRATEGIES; k++)
		part->stake[k] -= audit->s[k][place];
	part->known += known;
	return true;
}

bool
gtl_audit_chance(const GtlAudit *audit, int32_t object, GtlAuditChance *chance)
{
	int64_t		place = gtl_audit_find(audit, object);
	const GtlAuditPart *part;

	if (place < 0 || !audit->left[place])
		return false;
	part = gtl_audit_part_of(audit, place);
	*chance = (GtlAuditChance) {part->frozen, part->left, part->known, audit->weight[place] / part->weight};
	return true;
}

bool
gtl_audit_tell(GtlAudit *audit, int32_t object, bool drawn, bool wrong)
{
	return take_out(audit, object, drawn, wrong, wrong);
}

bool
gtl_audit_lose(GtlAudit *audit, int32_t object, bool drawn)
{
	return take_out(audit, object, drawn, drawn, false);
}

double
gtl_audit_weight(const GtlAudit *audit, int64_t place)
{
	return audit->weight[place];
}

bool
gtl_audit_stands(const GtlAudit *audit, int64_t place)
{
	return audit->left[place] && gtl_audit_part_of(audit, place)->state == GTL_AUDIT_PASSED;
}
