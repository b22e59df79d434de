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
 * docs/guarantee.md has the proof in full.
 *
 * Everything else here only saves labels: which weights, which s, when to begin, what to take, when to
 * give up.  For a guess p_j of the probability that label j is wrong, s_j and w_j = (1 + s_j)^(1 - p_j) s_j^p_j
 * make the expected growth of ln L the largest; s_j solves (1-p)(s/(1+s))^p + p((1+s)/s)^(1-p) = rho, where ln rho is
 * that growth, found as the fixed point of a ratio (Dinkelbach).  Three strategies s, for p/3, p and
 * 3p, share the stake, so that a bad guess costs less; the mean of martingales is one.
 *
 * The constants in capitals were chosen on digits; a factor of two in any of them changes the labels by
 * a few per cent.  Interrupts are the caller's, who asks env before acting on anything: sorting, which
 * takes longest, stops at one, and nothing else here takes more than a tenth of a second for a million objects.
 */
#include "learning/audit.h"

#include <math.h>
#include <string.h>

#include "learning/audit_forecast.h"
#include "learning/random.h"
#include "learning/select.h"

/* The share of what is left of delta that an audit gets. */
#define SPEND				0.9

/* Strategies are made for guesses of at most this share of the target, on average. */
#define GUESS_MEAN_MOST		0.6

/* Given up beyond so many times the forecast and so many labels more. */
#define GIVE_UP_FACTOR		3.0
#define GIVE_UP_MORE		50.0

/* Takes have to save at least so many labels. */
#define TAKE_GAIN			3.0
#define FOUND_PRIOR			2.0

/* What an audit says of the guess of the next one. */
#define FLOOR_PRIOR			1.0
#define CARRIED_LEAST		0.5
#define CARRY_STEPS			30

#define STRATEGIES			3
static const double strategy_scale[STRATEGIES] = {1.0 / 3, 1, 3};
static const double strategy_share[STRATEGIES] = {0.2, 0.6, 0.2};

/* s by p, between which is interpolated. */
#define TABLE_SIZE			128
#define TABLE_LEAST			1e-6

/* What a draw put into L. */
typedef struct Draw
{
	double		numerator[STRATEGIES];	/* logarithm */
	double		sbar[STRATEGIES];
	double		count;			/* n_i */
	double		known;			/* f_i */
	double		guess;
	bool		wrong;
} Draw;

/* The labels of one class, or all. */
typedef struct Part
{
	GtlAuditState state;
	int64_t		frozen;
	int64_t		left;
	double		weight;			/* of what is left */
	double		stake[STRATEGIES];	/* sum of s over what is left */
	double		forecast;		/* human labels expected at the beginning */
	int64_t		found;
	int64_t		takes;
	int64_t		known;
	double		expected;
	bool		taking;			/* takes were asked for, draws are next */

	int64_t    *order;			/* places by key: the first `ordered` */
	int64_t		ordered;
	int64_t		next;			/* in order */

	Draw	   *draws;
	int64_t		ndraws;
	int64_t		capacity;
} Part;

struct GtlAudit
{
	GtlAuditSetup setup;
	double		alpha;
	const GtlEnv *env;
	int64_t		count;
	int			parts;
	Part	   *part;			/* [parts] */
	int32_t    *object;			/* [count], ascending */
	int32_t    *class_no;		/* [count] */
	double	   *guess;			/* [count] */
	double	   *weight;			/* [count] */
	double	   *key;			/* [count] */
	double	   *s[STRATEGIES];	/* [count] */
	bool	   *left;			/* [count] */
};

double
gtl_audit_level(double delta, int attempt)
{
	double		left = delta;

	for (int i = 1; i < attempt; i++)
		left *= 1 - SPEND;
	return left * SPEND;
}

/* ---- Making an audit ---- */

static Part *
part_of(const GtlAudit *audit, int64_t place)
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
	Part	   *part = &audit->part[number];
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

		if (part_of(audit, i) != part)
			continue;
		for (int k = 0; k < STRATEGIES; k++)
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
order_part(GtlAudit *audit, Part *part)
{
	int32_t    *objects = gtl_env_alloc(audit->env, sizeof(int32_t) * (size_t) part->frozen);
	double	   *keys = gtl_env_alloc(audit->env, sizeof(double) * (size_t) part->frozen);
	int64_t    *places = gtl_env_alloc(audit->env, sizeof(int64_t) * (size_t) part->frozen);
	int64_t		n = 0;

	for (int64_t i = 0; i < audit->count; i++)
		if (part_of(audit, i) == part)
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
	audit->part = gtl_env_alloc(env, sizeof(Part) * (size_t) audit->parts);
	audit->object = gtl_env_alloc(env, sizeof(int32_t) * n);
	audit->class_no = gtl_env_alloc(env, sizeof(int32_t) * n);
	audit->guess = gtl_env_alloc(env, sizeof(double) * n);
	audit->weight = gtl_env_alloc(env, sizeof(double) * n);
	audit->key = gtl_env_alloc(env, sizeof(double) * n);
	audit->left = gtl_env_alloc(env, n);
	for (int k = 0; k < STRATEGIES; k++)
		audit->s[k] = gtl_env_alloc(env, sizeof(double) * n);
	for (int64_t i = 0; i < count; i++)
	{
		audit->object[i] = objects[i];
		audit->class_no[i] = best[i];
		audit->guess[i] = gtl_audit_guess(&setup->guess, margins[i]);
		audit->left[i] = true;
	}
	make_parts(audit, best, margins);
	for (int64_t i = 0; i < count; i++)
		audit->key[i] = draw_key(audit, i);
	for (int c = 0; c < audit->parts; c++)
		if (audit->part[c].frozen > 0)
			order_part(audit, &audit->part[c]);
	return audit;
}

void
gtl_audit_release(GtlAudit *audit, const GtlEnv *env)
{
	for (int c = 0; c < audit->parts; c++)
	{
		gtl_env_release(env, audit->part[c].order);
		gtl_env_release(env, audit->part[c].draws);
	}
	for (int k = 0; k < STRATEGIES; k++)
		gtl_env_release(env, audit->s[k]);
	gtl_env_release(env, audit->part);
	gtl_env_release(env, audit->object);
	gtl_env_release(env, audit->class_no);
	gtl_env_release(env, audit->guess);
	gtl_env_release(env, audit->weight);
	gtl_env_release(env, audit->key);
	gtl_env_release(env, audit->left);
	gtl_env_release(env, audit);
}

/* ---- The martingale ---- */

/* The factor of a strategy at one draw, as a logarithm. */
static double
log_factor(const Draw *draw, int strategy, double wrong)
{
	return draw->numerator[strategy] -
		log(fmax(1 + draw->sbar[strategy] - (wrong - draw->known) / draw->count, 1e-300));
}

static double
mix(const double *sums)
{
	double		top = fmax(sums[0], fmax(sums[1], sums[2]));
	double		total = 0;

	for (int k = 0; k < STRATEGIES; k++)
		total += strategy_share[k] * exp(sums[k] - top);
	return top + log(total);
}

static double
log_wealth(const Draw *draws, int64_t ndraws, double wrong)
{
	double		sums[STRATEGIES] = {0};

	for (int64_t i = 0; i < ndraws; i++)
		for (int k = 0; k < STRATEGIES; k++)
			sums[k] += log_factor(&draws[i], k, wrong);
	return mix(sums);
}

double
gtl_audit_log_wealth(const GtlAudit *audit, int32_t class_no, int64_t wrong)
{
	const Part *part = &audit->part[audit->parts > 1 ? class_no : 0];

	return log_wealth(part->draws, part->ndraws, (double) wrong);
}

/* The fewest wrong labels at the beginning with which the promise would be broken now. */
static double
too_many(const GtlAudit *audit, int64_t known, int64_t left)
{
	return (double) (known + gtl_audit_allowed_whole(&audit->setup, left) + 1);
}

static bool
passes(const GtlAudit *audit, const Part *part)
{
	if (gtl_audit_allowed_whole(&audit->setup, part->left) >= part->left)
		return true;
	return part->ndraws > 0 &&
		log_wealth(part->draws, part->ndraws, too_many(audit, part->known, part->left)) >= -log(audit->alpha);
}

/* What a draw of the object at `place` puts into L, with these objects left. */
static void
note_draw(const GtlAudit *audit, int64_t place, bool wrong, int64_t left, double weight, const double *stake,
		  int64_t known, Draw *draw)
{
	for (int k = 0; k < STRATEGIES; k++)
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
add_draw(GtlAudit *audit, Part *part, int64_t place, bool wrong)
{
	if (part->ndraws == part->capacity)
	{
		int64_t		capacity = part->capacity == 0 ? 64 : 2 * part->capacity;
		Draw	   *more = gtl_env_alloc(audit->env, sizeof(Draw) * (size_t) capacity);

		if (part->ndraws > 0)
			memcpy(more, part->draws, sizeof(Draw) * (size_t) part->ndraws);
		gtl_env_release(audit->env, part->draws);
		part->draws = more;
		part->capacity = capacity;
	}
	note_draw(audit, place, wrong, part->left, part->weight, part->stake, part->known, &part->draws[part->ndraws++]);
	part->found += wrong;
	part->expected += audit->guess[place];
}

static int64_t
find_place(const GtlAudit *audit, int32_t object)
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
	int64_t		place = find_place(audit, object);
	Part	   *part;

	if (place < 0 || !audit->left[place])
		return false;
	part = part_of(audit, place);
	if (drawn)
		add_draw(audit, part, place, wrong);
	else
		part->takes++;
	part->taking = !drawn;
	audit->left[place] = false;
	part->left--;
	part->weight -= audit->weight[place];
	for (int k = 0; k < STRATEGIES; k++)
		part->stake[k] -= audit->s[k][place];
	part->known += known;
	return true;
}

bool
gtl_audit_chance(const GtlAudit *audit, int32_t object, GtlAuditChance *chance)
{
	int64_t		place = find_place(audit, object);
	const Part *part;

	if (place < 0 || !audit->left[place])
		return false;
	part = part_of(audit, place);
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

/* ---- What to do next ---- */

static double
give_up_at(const Part *part)
{
	return GIVE_UP_FACTOR * part->forecast + GIVE_UP_MORE;
}

/* The most further draws that are worth looking at. */
static int64_t
most_draws(const Part *part)
{
	double		most = floor(give_up_at(part)) - (double) (part->ndraws + part->takes) + 1;

	return most < (double) part->left ? (int64_t) fmax(most, 0) : part->left;
}

/*
 * Fewest further draws that pass if none shows an error; -1: too many.  The sums of the
 * factors are those of one number of wrong labels, and are made anew when that changes.
 */
static int64_t
look_ahead(const GtlAudit *audit, const Part *part, const GtlEnv *env)
{
	int64_t		most = most_draws(part);
	Draw	   *draws = gtl_env_alloc(env, sizeof(Draw) * (size_t) (part->ndraws + most));
	double		sums[STRATEGIES] = {0};
	double		wrong = -1;
	double		weight = part->weight;
	double		stake[STRATEGIES];
	int64_t		summed = 0;
	int64_t		next = part->next;
	int64_t		m = 0;
	bool		pass = false;

	memcpy(stake, part->stake, sizeof stake);
	if (part->ndraws > 0)
		memcpy(draws, part->draws, sizeof(Draw) * (size_t) part->ndraws);
	while (!pass && m < most)
	{
		int64_t		place;
		int64_t		left = part->left - m;

		while (!audit->left[part->order[next]])
			next++;
		place = part->order[next++];
		note_draw(audit, place, false, left, weight, stake, part->known, &draws[part->ndraws + m++]);
		weight -= audit->weight[place];
		for (int k = 0; k < STRATEGIES; k++)
			stake[k] -= audit->s[k][place];
		if (too_many(audit, part->known, left - 1) != wrong)
		{
			wrong = too_many(audit, part->known, left - 1);
			summed = 0;
			memset(sums, 0, sizeof sums);
		}
		for (; summed < part->ndraws + m; summed++)
			for (int k = 0; k < STRATEGIES; k++)
				sums[k] += log_factor(&draws[summed], k, wrong);
		pass = gtl_audit_allowed_whole(&audit->setup, left - 1) >= left - 1 || mix(sums) >= -log(audit->alpha);
	}
	gtl_env_release(env, draws);
	return pass ? m : -1;
}

/*
 * How many of the likeliest wrong to take before drawing on; below 0: give up.  By the guess in
 * proportion to what has been found.
 */
static int64_t
choose_takes(const GtlAudit *audit, const Part *part, const GtlEnv *env)
{
	static const int steps[] = {10, 20, 40, 60, 90, 130, 180, 250};
	double	   *rest = gtl_env_alloc(env, sizeof(double) * (size_t) part->left);
	double		ratio = ((double) part->found + FOUND_PRIOR) / (part->expected + FOUND_PRIOR);
	double		need = -log(audit->alpha) - log_wealth(part->draws, part->ndraws, too_many(audit, part->known, part->left));
	int64_t		n = 0;
	int64_t		takes = 0;
	double		best;

	for (int64_t i = 0; i < audit->count; i++)
		if (audit->left[i] && part_of(audit, i) == part)
			rest[n++] = fmin(audit->guess[i] * ratio, GTL_AUDIT_GUESS_MOST);
	gtl_audit_sort_descending(rest, n, env);
	best = gtl_audit_forecast(&audit->setup, rest, n, need);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
	{
		double		labels;

		if (steps[i] >= n - 5)
			break;
		labels = gtl_audit_forecast_after(&audit->setup, rest, n, steps[i], need);
		if (labels < best - TAKE_GAIN)
		{
			best = labels;
			takes = steps[i];
		}
	}
	gtl_env_release(env, rest);
	return (double) (part->ndraws + part->takes) + best > give_up_at(part) ? -1 : takes;
}

static void
append(GtlAuditPlan *plan, int32_t object, bool drawn)
{
	plan->objects[plan->count] = object;
	plan->drawn[plan->count++] = drawn;
}

/* The objects of a part that are likeliest wrong. */
static void
plan_takes(const GtlAudit *audit, const Part *part, int64_t count, const GtlEnv *env, GtlAuditPlan *plan)
{
	int32_t    *objects = gtl_env_alloc(env, sizeof(int32_t) * (size_t) part->left);
	double	   *scores = gtl_env_alloc(env, sizeof(double) * (size_t) part->left);
	int64_t    *chosen = gtl_env_alloc(env, sizeof(int64_t) * (size_t) count);
	int64_t		n = 0;

	for (int64_t i = 0; i < audit->count; i++)
		if (audit->left[i] && part_of(audit, i) == part)
		{
			objects[n] = audit->object[i];
			scores[n++] = -audit->guess[i];
		}
	count = gtl_select_lowest(objects, scores, n, count, env, chosen);
	for (int64_t i = 0; i < count; i++)
		append(plan, objects[chosen[i]], false);
	gtl_env_release(env, objects);
	gtl_env_release(env, scores);
	gtl_env_release(env, chosen);
}

static void
plan_draws(const GtlAudit *audit, Part *part, int64_t count, GtlAuditPlan *plan)
{
	int64_t		next;

	while (part->next < part->ordered && !audit->left[part->order[part->next]])
		part->next++;
	for (next = part->next; count > 0 && next < part->ordered; next++)
		if (audit->left[part->order[next]])
		{
			append(plan, audit->object[part->order[next]], true);
			count--;
		}
}

/* Decides what is next for a part; `most` is at least 1. */
static void
plan_part(GtlAudit *audit, Part *part, int64_t most, const GtlEnv *env, GtlAuditPlan *plan)
{
	int64_t		takes = 0;
	int64_t		draws;

	if (part->ndraws > 0 && !part->taking)
		takes = choose_takes(audit, part, env);
	if (takes > 0)
	{
		plan_takes(audit, part, takes < most ? takes : most, env, plan);
		return;
	}
	draws = takes < 0 ? -1 : look_ahead(audit, part, env);
	if (draws < 0 || (part->ndraws > 0 && (double) (part->ndraws + part->takes + draws) > give_up_at(part)))
		part->state = GTL_AUDIT_GIVEN_UP;
	else
		plan_draws(audit, part, draws < most ? draws : most, plan);
}

static void
begin_plan(int64_t most, const GtlEnv *env, GtlAuditPlan *plan)
{
	plan->count = 0;
	plan->objects = gtl_env_alloc(env, sizeof(int32_t) * (size_t) (most > 0 ? most : 1));
	plan->drawn = gtl_env_alloc(env, (size_t) (most > 0 ? most : 1));
}

double
gtl_audit_weight(const GtlAudit *audit, int64_t place)
{
	return audit->weight[place];
}

void
gtl_audit_draws(GtlAudit *audit, int32_t class_no, int64_t count, const GtlEnv *env, GtlAuditPlan *plan)
{
	begin_plan(count, env, plan);
	plan_draws(audit, &audit->part[audit->parts > 1 ? class_no : 0], count, plan);
}

void
gtl_audit_plan(GtlAudit *audit, int64_t most, const GtlEnv *env, GtlAuditPlan *plan)
{
	if (most > audit->count)
		most = audit->count;
	begin_plan(most, env, plan);
	for (int c = 0; c < audit->parts; c++)
	{
		Part	   *part = &audit->part[c];

		if (part->state == GTL_AUDIT_OPEN && passes(audit, part))
			part->state = GTL_AUDIT_PASSED;
		if (part->state == GTL_AUDIT_OPEN && plan->count < most)
			plan_part(audit, part, most - plan->count, env, plan);
	}
}

/* ---- Figures ---- */

bool
gtl_audit_stands(const GtlAudit *audit, int64_t place)
{
	return audit->left[place] && part_of(audit, place)->state == GTL_AUDIT_PASSED;
}

/* The most labels of those left that are wrong, at the audit's level. */
static int64_t
most_wrong(const GtlAudit *audit, const Part *part)
{
	int64_t		low = -1;
	int64_t		high = part->left;

	while (part->ndraws > 0 && high - low > 1)
	{
		int64_t		middle = low + (high - low) / 2;

		if (log_wealth(part->draws, part->ndraws, (double) (part->known + middle + 1)) >= -log(audit->alpha))
			high = middle;
		else
			low = middle;
	}
	return high;
}

static void
part_figures(const GtlAudit *audit, const Part *part, const GtlEnv *env, GtlAuditFigures *figures)
{
	*figures = (GtlAuditFigures)
	{
		.state = part->state,.frozen = part->frozen,.left = part->left,.draws = part->ndraws,
			.found = part->found,.takes = part->takes,.known = part->known,.expected = part->expected,
			.log_wealth = log_wealth(part->draws, part->ndraws, too_many(audit, part->known, part->left)),
			.log_needed = -log(audit->alpha),.most_wrong = most_wrong(audit, part)
	};
	if (part->state == GTL_AUDIT_OPEN)
		figures->ahead = look_ahead(audit, part, env);
}

void
gtl_audit_class_figures(const GtlAudit *audit, int32_t class_no, const GtlEnv *env, GtlAuditFigures *figures)
{
	part_figures(audit, &audit->part[audit->parts > 1 ? class_no : 0], env, figures);
}

void
gtl_audit_figures(const GtlAudit *audit, const GtlEnv *env, GtlAuditFigures *figures)
{
	bool		open = false;
	bool		passed = false;

	*figures = (GtlAuditFigures) {.log_wealth = INFINITY,.log_needed = -log(audit->alpha)};
	for (int c = 0; c < audit->parts; c++)
	{
		const Part *part = &audit->part[c];
		GtlAuditFigures one;

		part_figures(audit, part, env, &one);
		open = open || part->state == GTL_AUDIT_OPEN;
		passed = passed || part->state == GTL_AUDIT_PASSED;
		figures->frozen += one.frozen;
		figures->left += one.left;
		figures->draws += one.draws;
		figures->found += one.found;
		figures->takes += one.takes;
		figures->known += one.known;
		figures->expected += one.expected;
		if (part->state != GTL_AUDIT_GIVEN_UP)
			figures->most_wrong += one.most_wrong;
		if (part->frozen > 0 && (part->state != GTL_AUDIT_GIVEN_UP || audit->parts == 1))
			figures->log_wealth = fmin(figures->log_wealth, one.log_wealth);
		if (part->state == GTL_AUDIT_OPEN && figures->ahead >= 0)
			figures->ahead = one.ahead < 0 ? -1 : figures->ahead + one.ahead;
	}
	if (figures->log_wealth == INFINITY)
		figures->log_wealth = 0;
	figures->state = open ? GTL_AUDIT_OPEN : passed ? GTL_AUDIT_PASSED : GTL_AUDIT_GIVEN_UP;
}

/*
 * The guess is a scale times a power of the margin, and a floor.  What was found among the draws tells both apart, by EM
 * on the mixture: an error where the machine was sure is the floor's.
 */
GtlAuditCarried
gtl_audit_carried(const GtlAudit *audit)
{
	double		floor = audit->setup.guess.floor;
	GtlAuditCarried carried = {1, 1};

	for (int step = 0; step < CARRY_STEPS; step++)
	{
		double		found[2] = {FOUND_PRIOR, FLOOR_PRIOR};
		double		expected[2] = {FOUND_PRIOR, FLOOR_PRIOR};

		for (int c = 0; c < audit->parts; c++)
			for (int64_t i = 0; i < audit->part[c].ndraws; i++)
			{
				const Draw *draw = &audit->part[c].draws[i];
				double		rest = fmax(draw->guess - floor, 0);
				double		share = carried.floor * floor / (carried.scale * rest + carried.floor * floor);

				found[0] += draw->wrong * (1 - share);
				found[1] += draw->wrong * share;
				expected[0] += rest;
				expected[1] += floor;
			}
		carried.scale = found[0] / expected[0];
		carried.floor = found[1] / expected[1];
	}
	carried.scale = fmax(carried.scale, CARRIED_LEAST);
	carried.floor = fmax(carried.floor, 1);
	return carried;
}
