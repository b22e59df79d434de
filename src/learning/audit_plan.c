/*
 * audit_plan.c
 *		What people are to do next in an audit, and where it stands.
 *
 * Nothing here bears on the promise: whatever is drawn next or taken, and whenever an audit is given up, the martingale
 * of audit.c is one.  Before each draw a part looks ahead: the fewest draws that pass if none shows an error.  After
 * draws with errors it asks whether labeling the likeliest wrong first (takes) brings the forecast down.
 *
 * The constants were chosen on digits, as those of audit.c were.
 */
#include "learning/audit_state.h"

#include <math.h>
#include <string.h>

#include "learning/audit_forecast.h"
#include "learning/select.h"

/* Given up beyond so many times the forecast and so many labels more; what it has seen counts in the next one. */
#define GIVE_UP_FACTOR		1.5
#define GIVE_UP_MORE		50.0

/* Takes have to save at least so many labels. */
#define TAKE_GAIN			3.0
#define FOUND_PRIOR			2.0

/* ---- What to do next ---- */

static double
give_up_at(const GtlAuditPart *part)
{
	return GIVE_UP_FACTOR * part->forecast + GIVE_UP_MORE;
}

/* The most further draws that are worth looking at. */
static int64_t
most_draws(const GtlAuditPart *part)
{
	double		most = floor(give_up_at(part)) - (double) (part->ndraws + part->takes) + 1;

	return most < (double) part->left ? (int64_t) fmax(most, 0) : part->left;
}

/*
 * Fewest further draws that pass if none shows an error; -1: too many.  The sums of the
 * factors are those of one number of wrong labels, and are made anew when that changes.
 */
static int64_t
look_ahead(const GtlAudit *audit, const GtlAuditPart *part, const GtlEnv *env)
{
	int64_t		most = most_draws(part);
	GtlAuditDraw	   *draws = gtl_env_alloc(env, sizeof(GtlAuditDraw) * (size_t) (part->ndraws + most));
	double		sums[GTL_AUDIT_STRATEGIES] = {0};
	int64_t		wrong = -1;		/* among those left */
	double		weight = part->weight;
	double		stake[GTL_AUDIT_STRATEGIES];
	int64_t		summed = 0;
	int64_t		next = part->next;
	int64_t		m = 0;
	bool		pass = false;
	GtlFormerCounts counts;
	double		former = 0;

	gtl_former_counts(audit, &counts);
	memcpy(stake, part->stake, sizeof stake);
	if (part->ndraws > 0)
		memcpy(draws, part->draws, sizeof(GtlAuditDraw) * (size_t) part->ndraws);
	while (!pass && m < most)
	{
		int64_t		place;
		int64_t		left = part->left - m;
		bool		others;

		while (!audit->left[part->order[next]])
			next++;
		place = part->order[next++];
		gtl_audit_note_draw(audit, place, false, left, weight, stake, part->known, &draws[part->ndraws + m++]);
		weight -= audit->weight[place];
		for (int k = 0; k < GTL_AUDIT_STRATEGIES; k++)
			stake[k] -= audit->s[k][place];
		others = gtl_former_counts_right(audit, place, &counts);
		if (gtl_audit_breaking(audit, left - 1) != wrong)
		{
			wrong = gtl_audit_breaking(audit, left - 1);
			summed = 0;
			memset(sums, 0, sizeof sums);
			others = true;
		}
		if (others)
			former = gtl_former_evidence(audit, &counts, wrong);
		for (; summed < part->ndraws + m; summed++)
			for (int k = 0; k < GTL_AUDIT_STRATEGIES; k++)
				sums[k] += gtl_audit_log_factor(&draws[summed], k, (double) (part->known + wrong));
		pass = gtl_audit_allowed_whole(&audit->setup, left - 1) >= left - 1 || gtl_audit_mix(sums) + former >= -log(audit->alpha);
	}
	gtl_env_release(env, draws);
	return pass ? m : -1;
}

/*
 * How many of the likeliest wrong to take before drawing on; below 0: give up.  By the guess in
 * proportion to what has been found.
 */
static int64_t
choose_takes(const GtlAudit *audit, const GtlAuditPart *part, const GtlEnv *env)
{
	static const int steps[] = {10, 20, 40, 60, 90, 130, 180, 250};
	double	   *rest = gtl_env_alloc(env, sizeof(double) * (size_t) part->left);
	double		ratio = ((double) part->found + FOUND_PRIOR) / (part->expected + FOUND_PRIOR);
	double		need = -log(audit->alpha) - gtl_audit_evidence(audit, part, gtl_audit_breaking(audit, part->left));
	int64_t		n = 0;
	int64_t		takes = 0;
	double		best;

	for (int64_t i = 0; i < audit->count; i++)
		if (audit->left[i] && gtl_audit_part_of(audit, i) == part)
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
plan_takes(const GtlAudit *audit, const GtlAuditPart *part, int64_t count, const GtlEnv *env, GtlAuditPlan *plan)
{
	int32_t    *objects = gtl_env_alloc(env, sizeof(int32_t) * (size_t) part->left);
	double	   *scores = gtl_env_alloc(env, sizeof(double) * (size_t) part->left);
	int64_t    *chosen = gtl_env_alloc(env, sizeof(int64_t) * (size_t) count);
	int64_t		n = 0;

	for (int64_t i = 0; i < audit->count; i++)
		if (audit->left[i] && gtl_audit_part_of(audit, i) == part)
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
plan_draws(const GtlAudit *audit, GtlAuditPart *part, int64_t count, GtlAuditPlan *plan)
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
plan_part(GtlAudit *audit, GtlAuditPart *part, int64_t most, const GtlEnv *env, GtlAuditPlan *plan)
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
		GtlAuditPart	   *part = &audit->part[c];

		if (part->state == GTL_AUDIT_OPEN && gtl_audit_passes(audit, part))
			part->state = GTL_AUDIT_PASSED;
		if (part->state == GTL_AUDIT_OPEN && plan->count < most)
			plan_part(audit, part, most - plan->count, env, plan);
	}
}

/* ---- Figures ---- */

/* The most labels of those left that are wrong, at the audit's level. */
static int64_t
most_wrong(const GtlAudit *audit, const GtlAuditPart *part)
{
	int64_t		low = -1;
	int64_t		high = part->left;

	while (part->ndraws > 0 && high - low > 1)
	{
		int64_t		middle = low + (high - low) / 2;

		if (gtl_audit_evidence(audit, part, middle + 1) >= -log(audit->alpha))
			high = middle;
		else
			low = middle;
	}
	return high;
}

static void
part_figures(const GtlAudit *audit, const GtlAuditPart *part, const GtlEnv *env, GtlAuditFigures *figures)
{
	int64_t		breaking = gtl_audit_breaking(audit, part->left);
	GtlFormerCounts counts;

	gtl_former_counts(audit, &counts);
	*figures = (GtlAuditFigures)
	{
		.state = part->state,.frozen = part->frozen,.left = part->left,.draws = part->ndraws,
			.found = part->found,.takes = part->takes,.known = part->known,.expected = part->expected,
			.log_wealth = gtl_audit_evidence(audit, part, breaking),.former = gtl_former_evidence(audit, &counts, breaking),
			.log_needed = -log(audit->alpha),.most_wrong = most_wrong(audit, part)
	};
	if (part->state == GTL_AUDIT_OPEN)
		figures->ahead = audit->setup.over ? -1 : look_ahead(audit, part, env);
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
		const GtlAuditPart *part = &audit->part[c];
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
		{
			figures->log_wealth = fmin(figures->log_wealth, one.log_wealth);
			figures->former = one.former;
		}
		if (part->state == GTL_AUDIT_OPEN && figures->ahead >= 0)
			figures->ahead = one.ahead < 0 ? -1 : figures->ahead + one.ahead;
	}
	if (figures->log_wealth == INFINITY)
		figures->log_wealth = 0;
	figures->state = open ? GTL_AUDIT_OPEN : passed ? GTL_AUDIT_PASSED : GTL_AUDIT_GIVEN_UP;
}
