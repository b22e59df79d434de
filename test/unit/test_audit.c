/*
 * test_audit.c
 *		The audit: its martingale by hand, over all orders of tiny populations, and against
 *		adversaries; its plans, takes and retries; jobs that are audited.
 */
#include <stdlib.h>
#include <string.h>

#include "learning/random.h"
#include "check.h"
#include "learning/audit_state.h"
#include "learning/uniform_audit.h"

#define COUNT_OF(a) ((int) (sizeof(a) / sizeof((a)[0])))

static void *
test_alloc(void *context, size_t size)
{
	(void) context;
	return calloc(1, size > 0 ? size : 1);
}

static void
test_release(void *context, void *pointer)
{
	(void) context;
	free(pointer);
}

static const GtlEnv env = {.alloc = test_alloc, .release = test_release};

static uint64_t draws;

static double
uniform(void)
{
	return gtl_random_uniform(20260607, GTL_STREAM_ANNOTATOR, draws++);
}

/* Simulations are shortened where a run is 50 times slower. */
static int
simulations(int wanted)
{
	return getenv("GTL_VALGRIND") != NULL ? (wanted + 49) / 50 : wanted;
}

#define MOST 1300

/* Labels to audit. */
typedef struct Labels
{
	int64_t		count;
	int32_t		object[MOST];
	int32_t		best[MOST];
	double		margin[MOST];
	bool		wrong[MOST];
} Labels;

static Labels labels;

/* Margins whose doubt falls off steeply: exp(-25 rank). */
static void
set_labels(int64_t count)
{
	memset(&labels, 0, sizeof labels);
	labels.count = count;
	for (int64_t i = 0; i < count; i++)
	{
		labels.object[i] = (int32_t) (3 * i + 1);
		labels.margin[i] = 1 - 2 * exp(-25.0 / 1.2 * (double) i / (double) count);
	}
}

static GtlAuditSetup
setup_of(double target_error, double delta, uint64_t seed)
{
	return (GtlAuditSetup){
		.promise = {GTL_GUARANTEE_AUDITED, target_error, delta, GTL_SCOPE_MACHINE_LABELS},
		.classes = 3, .objects = 2000, .guess = {.scale = 0.2, .floor = 0.0025, .power = GTL_AUDIT_POWER}, .seed = seed, .audit_no = 1,.attempt = 1
	};
}

static GtlAudit *
create(const GtlAuditSetup *setup)
{
	return gtl_audit_create(setup, labels.object, labels.best, labels.margin, labels.count, &env);
}

static int64_t
place_of(int32_t object)
{
	return (object - 1) / 3;
}

/* ---- The levels ---- */

static void
test_levels(void)
{
	double		sum = 0;

	CHECK_NEAR(gtl_audit_level(0.05, 1), 0.045, 1e-15);
	CHECK_NEAR(gtl_audit_level(0.05, 2), 0.0045, 1e-15);
	for (int r = 1; r < 60; r++)
		sum += gtl_audit_level(0.05, r);
	CHECK(sum <= 0.05 && sum > 0.0499);
}

/* ---- The martingale ---- */

/*
 * Two labels with the same margin have the same weight and stake, so they cancel: before the first draw
 * n = 2, f = 0, and with s the factor of a right label is (1 + s)/(1 + s - a/2), of a wrong one
 * s/(1 + s - a/2); before the second n = 1.  The s of the three strategies follow from right - wrong.
 */
static void
test_by_hand(void)
{
	GtlAuditSetup setup = setup_of(0.05, 0.05, 1);

	set_labels(2);
	labels.margin[0] = labels.margin[1] = 0.5;
	for (int wrong = 0; wrong < 2; wrong++)
	{
		GtlAudit   *one = create(&setup);
		GtlAudit   *other = create(&setup);
		double		right;
		double		mistaken;

		/* at a = 0 a right label multiplies by 1: nothing can be found, nothing is won */
		gtl_audit_tell(one, labels.object[wrong], true, false);
		gtl_audit_tell(other, labels.object[wrong], true, true);
		CHECK_NEAR(gtl_audit_log_wealth(one, 0, 0), 0, 1e-12);
		/* exactly one of the two is wrong: each is drawn with probability 1/2 */
		right = exp(gtl_audit_log_wealth(one, 0, 1));
		mistaken = exp(gtl_audit_log_wealth(other, 0, 1));
		CHECK(right > 1 && mistaken < 1);
		CHECK_NEAR((right + mistaken) / 2, 1, 1e-12);
		/* the second draw is sure: the one left is the other kind */
		gtl_audit_tell(one, labels.object[1 - wrong], true, true);
		CHECK_NEAR(exp(gtl_audit_log_wealth(one, 0, 1)), right, 1e-9);
		/* at a larger number of wrong labels the wealth is larger */
		CHECK(gtl_audit_log_wealth(other, 0, 2) > gtl_audit_log_wealth(other, 0, 1));
		gtl_audit_release(one, &env);
		gtl_audit_release(other, &env);
	}
}

/*
 * Objects that are lost: whatever their labels were, the wealth that the rule looks at, at `more` wrong labels among those
 * that are left, is at most that of an audit which was told the truth.
 */
static void
test_lost(void)
{
	for (int run = 0; run < simulations(200); run++)
	{
		GtlAuditSetup setup = setup_of(0.05, 0.05, (uint64_t) run);
		GtlAuditPlan plan;
		GtlAudit   *lost;
		GtlAudit   *told;
		int64_t		known = 0;
		int64_t		wrong = 0;

		set_labels(60);
		for (int64_t i = 0; i < labels.count; i++)
			labels.wrong[i] = uniform() < 0.15;
		lost = create(&setup);
		told = create(&setup);
		for (int i = 0; i < 25; i++)
		{
			bool		drawn = uniform() < 0.7;
			bool		loses = uniform() < 0.4;
			int32_t		object;
			bool		mistaken;

			gtl_audit_draws(told, 0, 1, &env, &plan);
			/* a take is the next draw, too: who takes does not see it, and the inequality does not need to know */
			object = plan.objects[0];
			mistaken = labels.wrong[place_of(object)];
			gtl_env_release(&env, plan.objects);
			gtl_env_release(&env, plan.drawn);
			CHECK(gtl_audit_tell(told, object, drawn, mistaken));
			CHECK(loses ? gtl_audit_lose(lost, object, drawn) : gtl_audit_tell(lost, object, drawn, mistaken));
			CHECK(!gtl_audit_lose(lost, object, drawn));
			wrong += mistaken;
			known += mistaken && !loses;
			for (int64_t more = 1; more <= 4; more++)
				CHECK(gtl_audit_log_wealth(lost, 0, known + more) <= gtl_audit_log_wealth(told, 0, wrong + more) + 1e-9);
		}
		gtl_audit_release(lost, &env);
		gtl_audit_release(told, &env);
	}
}

/* What is drawn and taken so far, in order. */
typedef struct Path
{
	int			length;
	int			place[6];
	bool		drawn[6];
} Path;

static double
path_wealth(const GtlAuditSetup *setup, const Path *path, int64_t errors)
{
	GtlAudit   *audit = create(setup);
	double		wealth;

	for (int i = 0; i < path->length; i++)
		CHECK(gtl_audit_tell(audit, labels.object[path->place[i]], path->drawn[i], labels.wrong[path->place[i]]));
	wealth = path->length == 0 ? 1 : exp(gtl_audit_log_wealth(audit, 0, errors));
	gtl_audit_release(audit, &env);
	return wealth;
}

/*
 * The exact expectation over all orders, takes in between: the weights are those that
 * gtl_audit_weight tells.
 */
static double
expectation(const GtlAuditSetup *setup, Path *path, const double *weight, int64_t errors, int depth, int take_at)
{
	double		total = 0;
	double		mean = 0;
	bool		left[6];

	if (path->length == depth)
		return path_wealth(setup, path, errors);
	for (int i = 0; i < labels.count; i++)
		left[i] = true;
	for (int i = 0; i < path->length; i++)
		left[path->place[i]] = false;
	if (path->length == take_at)
	{
		/* an adversary takes the first wrong label that is left, else the last one */
		int			taken = -1;

		for (int i = 0; i < labels.count; i++)
			if (left[i] && (taken < 0 || !labels.wrong[taken]))
				taken = i;
		path->place[path->length] = taken;
		path->drawn[path->length++] = false;
		mean = expectation(setup, path, weight, errors, depth, take_at);
		path->length--;
		return mean;
	}
	for (int i = 0; i < labels.count; i++)
		total += left[i] ? weight[i] : 0;
	for (int i = 0; i < labels.count; i++)
		if (left[i])
		{
			path->place[path->length] = i;
			path->drawn[path->length++] = true;
			mean += weight[i] / total * expectation(setup, path, weight, errors, depth, take_at);
			path->length--;
		}
	return mean;
}

static void
test_all_orders(void)
{
	for (int trial = 0; trial < (simulations(50) > 1 ? 40 : 4); trial++)
	{
		GtlAuditSetup setup = setup_of(0.1 + 0.3 * uniform(), 0.05, 1);
		GtlAudit   *audit;
		double		weight[6];
		int64_t		errors = 0;
		int			count = 3 + trial % 3;

		set_labels(count);
		for (int i = 0; i < count; i++)
		{
			labels.margin[i] = uniform();
			labels.wrong[i] = uniform() < 0.4;
			errors += labels.wrong[i];
		}
		setup.guess = (GtlAuditGuess){.scale = 2 * uniform(), .floor = 0.01 + 0.2 * uniform(), .power = GTL_AUDIT_POWER};
		audit = create(&setup);
		for (int i = 0; i < count; i++)
			weight[i] = gtl_audit_weight(audit, i);
		gtl_audit_release(audit, &env);
		for (int depth = 1; depth <= count; depth++)
			for (int take_at = -1; take_at < depth; take_at++)
			{
				Path		path = {.length = 0};

				CHECK_NEAR(expectation(&setup, &path, weight, errors, depth, take_at), 1, 1e-9);
			}
	}
}

/* The keys draw in proportion to the weights. */
static void
test_draws_follow_weights(void)
{
	GtlAuditSetup setup = setup_of(0.3, 0.3, 0);
	int			runs = simulations(4000);
	double		drawn[5] = {0};
	double		weight[5];
	double		sum = 0;

	set_labels(5);
	setup.guess = (GtlAuditGuess){.scale = 1, .floor = 0.02, .power = GTL_AUDIT_POWER};
	for (int r = 0; r < runs; r++)
	{
		GtlAudit   *audit;
		GtlAuditPlan plan;

		setup.seed = (uint64_t) r;
		audit = create(&setup);
		sum = 0;
		for (int i = 0; i < 5; i++)
			sum += weight[i] = gtl_audit_weight(audit, i);
		gtl_audit_draws(audit, 0, 1, &env, &plan);
		CHECK(plan.count == 1 && plan.drawn[0]);
		drawn[place_of(plan.objects[0])]++;
		free(plan.objects);
		free(plan.drawn);
		gtl_audit_release(audit, &env);
	}
	for (int i = 0; i < 5; i++)
	{
		double		p = weight[i] / sum;

		CHECK(fabs(drawn[i] - p * runs) <= 4 * sqrt(p * (1 - p) * runs));
	}
}

/* ---- Adversaries ---- */

/* Where the errors are, by the rank of the margin; the guess believes the low margins to be wrong. */
static double
flat(int i)
{
	(void) i;
	return uniform();
}

static double
surest(int i)
{
	(void) i;
	return 1 - 0.15 * uniform();
}

static double
least_sure(int i)
{
	(void) i;
	return 0.15 * uniform();
}

static double
bump(int i)
{
	(void) i;
	return 0.4 + 0.15 * uniform();
}

static double
halves(int i)
{
	return i % 2 == 0 ? 0.1 * uniform() : 1 - 0.3 * uniform();
}

static const struct
{
	const char *name;
	double		(*rank) (int i);
}			adversaries[] = {
	{"flat", flat}, {"surest", surest}, {"least sure", least_sure}, {"bump", bump}, {"halves", halves}
};

static int64_t
place_errors(int adversary, int64_t errors)
{
	int64_t		placed = 0;

	memset(labels.wrong, 0, sizeof labels.wrong);
	for (int i = 0; placed < errors; i++)
	{
		int64_t		place = (int64_t) (adversaries[adversary].rank(i) * (double) labels.count);

		if (place < labels.count && !labels.wrong[place])
		{
			labels.wrong[place] = true;
			placed++;
		}
	}
	return placed;
}

/* Play an audit to its end; passed although more than the allowed share of the rest is wrong? */
static bool
play(const GtlAuditSetup *setup, int64_t errors, double *wealth, double *asked)
{
	GtlAudit   *audit = create(setup);
	GtlAuditFigures figures;
	GtlAuditPlan plan;
	int64_t		bad = 0;
	bool		more;

	do
	{
		gtl_audit_plan(audit, 100, &env, &plan);
		more = plan.count > 0;
		for (int64_t i = 0; i < plan.count; i++)
			CHECK(gtl_audit_tell(audit, plan.objects[i], plan.drawn[i], labels.wrong[place_of(plan.objects[i])]));
		free(plan.objects);
		free(plan.drawn);
	} while (more);
	gtl_audit_figures(audit, &env, &figures);
	CHECK(figures.state != GTL_AUDIT_OPEN);
	for (int64_t i = 0; i < labels.count; i++)
		bad += gtl_audit_stands(audit, i) && labels.wrong[i];
	*wealth += figures.draws > 0 ? exp(gtl_audit_log_wealth(audit, 0, errors)) : 1;
	*asked += (double) (figures.draws + figures.takes);
	gtl_audit_release(audit, &env);
	return (double) bad > setup->promise.target_error * (double) figures.left + 1e-9;
}

/*
 * Errors where the guess does not expect them, a little more than may be: with all of the policy (looks,
 * takes, giving up) the wealth at the true number is 1 on average at the most, and a
 * wrong pass has probability alpha at the most.  The wealth has a heavy tail, so its mean is compared
 * with 1 by its own spread, cut at 1/alpha: Ville's inequality is the other half.  Of two runs, as under valgrind,
 * the spread says nothing.
 */
static void
test_adversaries(void)
{
	for (int a = 0; a < COUNT_OF(adversaries); a++)
		for (int steep = 0; steep < 2; steep++)
		{
			GtlAuditSetup setup = setup_of(0.05, 0.25, 0);	/* alpha = 0.225 */
			int			runs = simulations(100);
			int			missed = 0;
			double		sum = 0;
			double		squares = 0;
			double		mean;
			double		error;

			set_labels(700);
			setup.guess = steep ? (GtlAuditGuess){.scale = 0.4, .floor = 0.0025, .power = GTL_AUDIT_POWER} : (GtlAuditGuess){.scale = 0, .floor = 0.0075, .power = GTL_AUDIT_POWER};
			for (int r = 0; r < runs; r++)
			{
				double		wealth = 0;
				double		asked = 0;
				int64_t		errors = place_errors(a, 36);

				setup.seed = (uint64_t) (1000 + r);
				missed += play(&setup, errors, &wealth, &asked);
				sum += wealth;
				squares += wealth * wealth;
			}
			mean = sum / runs;
			error = sqrt(fmax(squares / runs - mean * mean, 0) / runs);
			if (getenv("GTL_VERBOSE") != NULL)
				fprintf(stderr, "%s, guess %s: mean %.3f (%.3f), missed %d of %d\n", adversaries[a].name,
						steep ? "steep" : "flat", mean, error, missed, runs);
			if (runs >= 100)
				CHECK(mean <= 1 + 3.5 * error + 1e-9);
			CHECK(missed <= 0.225 * runs + 3.5 * sqrt(0.18 * runs));
		}
}

/* Without errors an audit passes, and its figures say what is known. */
static void
test_passes(void)
{
	GtlAuditSetup setup = setup_of(0.05, 0.05, 7);
	double		wealth = 0;
	double		asked = 0;
	GtlAudit   *audit;
	GtlAuditPlan plan;
	GtlAuditFigures figures;

	set_labels(1300);
	CHECK(!play(&setup, 0, &wealth, &asked));
	/* fewer than 1300 draws, and never fewer than what 5 % needs against errors at random */
	CHECK(asked >= 60 && asked < 130);

	audit = create(&setup);
	gtl_audit_figures(audit, &env, &figures);
	CHECK(figures.state == GTL_AUDIT_OPEN && figures.draws == 0 && figures.left == 1300 && figures.most_wrong == 1300);
	CHECK(figures.ahead == (int64_t) asked);
	CHECK_NEAR(figures.log_needed, -log(0.045), 1e-12);
	/* a label that is likelier wrong is drawn more often */
	CHECK(gtl_audit_weight(audit, 20) > 1.2 * gtl_audit_weight(audit, 1299));
	/* in pieces, as few people allow: the same draws */
	for (int64_t told = 0; told < (int64_t) asked;)
	{
		gtl_audit_plan(audit, 7, &env, &plan);
		CHECK(plan.count > 0 && plan.count <= 7);
		for (int64_t i = 0; i < plan.count; i++, told++)
			CHECK(plan.drawn[i] && gtl_audit_tell(audit, plan.objects[i], true, false));
		CHECK(!gtl_audit_tell(audit, plan.objects[0], true, false) && !gtl_audit_tell(audit, 2, false, false));
		free(plan.objects);
		free(plan.drawn);
	}
	gtl_audit_plan(audit, 7, &env, &plan);
	CHECK(plan.count == 0);
	free(plan.objects);
	free(plan.drawn);
	gtl_audit_figures(audit, &env, &figures);
	CHECK(figures.state == GTL_AUDIT_PASSED && figures.left == 1300 - (int64_t) asked && figures.found == 0);
	CHECK(figures.log_wealth >= figures.log_needed && figures.most_wrong <= 0.05 * figures.left);
	gtl_audit_release(audit, &env);
}

/* The next audit of a job has fresh keys and a level of its own; the same one again is the same. */
static void
test_fresh_keys(void)
{
	GtlAuditSetup setup = setup_of(0.05, 0.05, 7);
	int			same = 0;
	GtlAuditPlan plan[3];

	set_labels(1000);
	for (int r = 0; r < 3; r++)
	{
		GtlAudit   *audit;

		setup.audit_no = r == 2 ? 2 : 1;
		audit = create(&setup);
		gtl_audit_plan(audit, 50, &env, &plan[r]);
		CHECK(plan[r].count == 50);
		gtl_audit_release(audit, &env);
	}
	CHECK(memcmp(plan[0].objects, plan[1].objects, 50 * sizeof(int32_t)) == 0);
	for (int i = 0; i < 50; i++)
		for (int j = 0; j < 50; j++)
			same += plan[0].objects[i] == plan[2].objects[j];
	CHECK(same < 20);
	for (int r = 0; r < 3; r++)
	{
		free(plan[r].objects);
		free(plan[r].drawn);
	}
}

/* All wrong: given up soon, and nothing stands. */
static void
test_gives_up(void)
{
	GtlAuditSetup setup = setup_of(0.05, 0.05, 7);
	double		wealth = 0;
	double		asked = 0;

	set_labels(1300);
	for (int i = 0; i < 1300; i++)
		labels.wrong[i] = i % 4 == 0;
	CHECK(!play(&setup, 325, &wealth, &asked));
	CHECK(asked < 500);
}

/* By class: each passes or not by itself, and with its own error. */
static void
test_by_class(void)
{
	GtlAuditSetup setup = setup_of(0.1, 0.05, 3);
	GtlAudit   *audit;
	GtlAuditPlan plan;
	GtlAuditFigures good;
	GtlAuditFigures bad;
	GtlAuditFigures none;
	bool		more;

	setup.per_class = true;
	set_labels(900);
	for (int i = 0; i < 900; i++)
	{
		labels.best[i] = i % 3 == 0;
		labels.wrong[i] = labels.best[i] == 1 && i % 2 == 0;
	}
	audit = create(&setup);
	do
	{
		gtl_audit_plan(audit, 50, &env, &plan);
		more = plan.count > 0;
		for (int64_t i = 0; i < plan.count; i++)
			gtl_audit_tell(audit, plan.objects[i], plan.drawn[i], labels.wrong[place_of(plan.objects[i])]);
		free(plan.objects);
		free(plan.drawn);
	} while (more);
	gtl_audit_class_figures(audit, 0, &env, &good);
	gtl_audit_class_figures(audit, 1, &env, &bad);
	gtl_audit_class_figures(audit, 2, &env, &none);
	CHECK(good.state == GTL_AUDIT_PASSED && good.frozen == 600 && good.found == 0);
	CHECK(bad.state == GTL_AUDIT_GIVEN_UP && bad.frozen == 300 && bad.found > 0);
	CHECK(none.state == GTL_AUDIT_GIVEN_UP && none.frozen == 0);
	for (int i = 0; i < 900; i++)
		CHECK(!gtl_audit_stands(audit, i) || labels.best[i] == 0);
	gtl_audit_release(audit, &env);
}

/* Over the dataset people's labels count as right: what is left may be wrong more often. */
static void
test_dataset_scope(void)
{
	GtlAuditSetup setup = setup_of(0.05, 0.05, 7);
	double		wealth = 0;
	double		narrow = 0;
	double		wide = 0;

	set_labels(1000);
	CHECK(!play(&setup, 0, &wealth, &narrow));
	setup.promise.scope = GTL_SCOPE_DATASET;
	setup.objects = 3000;
	CHECK(!play(&setup, 0, &wealth, &wide));
	CHECK(wide < 0.5 * narrow);
	/* 50 of the 1,000 may be wrong among 1,000 objects; all of them among 20,000 */
	setup.objects = 20000;
	wide = 0;
	CHECK(!play(&setup, 0, &wealth, &wide));
	CHECK(wide == 0);
}

/* ---- Audits that were given up before ---- */

/* Other labels for what is left: some of the right ones become wrong, and the other way round. */
static void
relabel(double chance, int32_t *best, bool *wrong, const bool *known)
{
	for (int64_t i = 0; i < labels.count; i++)
	{
		best[i] = !known[i] && uniform() < chance;
		wrong[i] = labels.wrong[i] != (best[i] == 1);
	}
}

/* An audit of what nobody has labeled, which follows others. */
static GtlAudit *
create_next(GtlAuditSetup *setup, int attempt, const int32_t *best, const bool *known, GtlAudit **former, int formers)
{
	static int32_t object[MOST];
	static int32_t class_no[MOST];
	static double margin[MOST];
	GtlAudit   *audit;
	int64_t		n = 0;

	for (int64_t i = 0; i < labels.count; i++)
		if (!known[i])
		{
			object[n] = labels.object[i];
			class_no[n] = best[i];
			margin[n++] = labels.margin[i];
		}
	setup->audit_no = setup->attempt = attempt;
	setup->head_start = gtl_audit_head_start(setup, former, formers, object, class_no, n);
	audit = gtl_audit_create(setup, object, class_no, margin, n, &env);
	gtl_audit_follow(audit, former, formers);
	return audit;
}

/* What people say of an object whose machine label was 0 at the start. */
static int32_t
truth_of(int64_t i)
{
	return labels.wrong[i] ? 1 : 0;
}

static void
learn(GtlAudit **former, int formers, int64_t i)
{
	for (int k = 0; k < formers; k++)
		gtl_audit_learn(former[k], labels.object[i], truth_of(i));
}

/*
 * Against as many wrong labels as there are among those left, a former audit never says more than its martingale at the number that
 * were wrong when it began; and it says no less of more.
 */
static void
test_former_inequality(void)
{
	for (int run = 0; run < simulations(300); run++)
	{
		GtlAuditSetup setup = setup_of(0.05, 0.05, (uint64_t) run);
		GtlAudit   *first;
		GtlAudit   *next;
		GtlAuditPlan plan;
		GtlFormerCounts counts;
		bool		known[60] = {false};
		bool		wrong[60];
		int32_t		best[60];
		int64_t		all = 0;
		double		truth;

		set_labels(60);
		for (int64_t i = 0; i < labels.count; i++)
			all += labels.wrong[i] = uniform() < 0.15;
		first = create(&setup);
		for (int i = 0; i < 15; i++)
		{
			gtl_audit_draws(first, 0, 1, &env, &plan);
			known[place_of(plan.objects[0])] = true;
			gtl_audit_tell(first, plan.objects[0], uniform() < 0.8, labels.wrong[place_of(plan.objects[0])]);
			gtl_env_release(&env, plan.objects);
			gtl_env_release(&env, plan.drawn);
		}
		truth = log1p(exp(gtl_audit_log_wealth(first, 0, all)) * gtl_audit_level(1, 1) / gtl_audit_level(1, 2));
		gtl_audit_close(first);
		/* a label that was right and becomes another one is wrong now; a wrong one can become right */
		relabel(0.1, best, wrong, known);
		next = create_next(&setup, 2, best, known, &first, 1);
		gtl_former_counts(next, &counts);
		CHECK_NEAR(setup.head_start, gtl_former_evidence(next, &counts, gtl_audit_breaking(next, next->part[0].left)), 1e-12);
		for (int i = 0; i < 20; i++)
		{
			int64_t		left = 0;
			int64_t		place;

			for (int64_t k = 0; k < labels.count; k++)
				left += !known[k] && wrong[k];
			gtl_former_counts(next, &counts);
			CHECK(gtl_former_evidence(next, &counts, left) <= truth + 1e-9);
			CHECK(gtl_former_evidence(next, &counts, left + 1) >= gtl_former_evidence(next, &counts, left));
			CHECK(gtl_former_evidence(next, &counts, 0) >= 0);
			gtl_audit_draws(next, 0, 1, &env, &plan);
			place = place_of(plan.objects[0]);
			gtl_env_release(&env, plan.objects);
			gtl_env_release(&env, plan.drawn);
			if (!wrong[place])
			{
				GtlFormerCounts then;

				/* what planning expects of a right label is what comes when people say so */
				gtl_former_counts_right(next, gtl_audit_find(next, labels.object[place]), &counts);
				gtl_audit_learn(first, labels.object[place], best[place]);
				CHECK(gtl_audit_tell(next, labels.object[place], true, false));
				gtl_former_counts(next, &then);
				CHECK(then.known[0] == counts.known[0] && then.differing[0] == counts.differing[0]);
			}
			else
			{
				/* sometimes people come to no label */
				gtl_audit_learn(first, labels.object[place], uniform() < 0.2 ? -1 : truth_of(place));
				CHECK(gtl_audit_tell(next, labels.object[place], true, true));
			}
			known[place] = true;
		}
		gtl_audit_release(next, &env);
		gtl_audit_release(first, &env);
	}
}

/* Draws of a part until it passes or `most` have been made; known is kept. Returns whether it passes. */
static bool
draw_until(GtlAudit *audit, const bool *wrong, bool *known, GtlAudit **former, int formers, int most, int *drawn)
{
	for (*drawn = 0; *drawn < most && !gtl_audit_passes(audit, &audit->part[0]); (*drawn)++)
	{
		GtlAuditPlan plan;
		int64_t		place;

		gtl_audit_draws(audit, 0, 1, &env, &plan);
		if (plan.count == 0)
			break;
		place = place_of(plan.objects[0]);
		learn(former, formers, place);
		gtl_audit_tell(audit, plan.objects[0], true, wrong[place]);
		known[place] = true;
		gtl_env_release(&env, plan.objects);
		gtl_env_release(&env, plan.drawn);
	}
	return gtl_audit_passes(audit, &audit->part[0]);
}

/* What an audit has seen saves draws in the next one, of other labels in part, and can be granted without it. */
static void
test_former_draws(void)
{
	double		drawn[2] = {0};
	int			runs = simulations(50) > 1 ? 40 : 2;

	for (int run = 0; run < runs; run++)
	{
		GtlAuditSetup setup = setup_of(0.05, 0.05, (uint64_t) run);
		GtlAudit   *first;
		bool		known[1000] = {false};
		bool		wrong[1000] = {false};
		int32_t		best[1000] = {0};
		int			count;

		set_labels(1000);
		for (int i = 0; i < 60; i += 10)
			labels.wrong[i] = true;
		first = create(&setup);
		CHECK(!draw_until(first, labels.wrong, known, NULL, 0, 30, &count) && count == 30);
		gtl_audit_close(first);
		/* of the next audit all labels are right, and one in a hundred of those that look right says something else than the first did */
		for (int i = 0; i < 1000; i++)
		{
			labels.wrong[i] = labels.wrong[i] || (!known[i] && i % 100 == 99);
			best[i] = truth_of(i);
		}
		for (int follows = 0; follows < 2; follows++)
		{
			bool		then[1000];
			GtlAudit   *next;
			GtlAuditFigures figures;

			memcpy(then, known, sizeof then);
			next = create_next(&setup, 2, best, then, &first, follows);
			CHECK(follows ? setup.head_start > 0.5 : setup.head_start == 0);
			gtl_audit_figures(next, &env, &figures);
			CHECK(figures.log_wealth == figures.former && figures.former == setup.head_start);
			setup.per_class = true;
			CHECK(gtl_audit_head_start(&setup, &first, follows, labels.object, best, labels.count) == 0);
			setup.per_class = false;
			CHECK(draw_until(next, wrong, then, &first, follows, 900, &count));
			CHECK(count == figures.ahead);
			drawn[follows] += count;
			gtl_audit_release(next, &env);
			if (follows)
			{
				double		head_start = setup.head_start;

				next = create_next(&setup, 2, best, known, &first, 0);
				gtl_audit_grant(next, head_start);
				gtl_audit_figures(next, &env, &figures);
				CHECK(figures.log_wealth == head_start);
				gtl_audit_release(next, &env);
			}
		}
		gtl_audit_release(first, &env);
	}
	CHECK(drawn[1] < 0.85 * drawn[0]);
}

/*
 * An adversary: each time as many labels are wrong as break the promise by one; audits are given up after some draws, others of the
 * wrong labels are taken, and labels change in between.  Of three audits behind each other one passes with probability delta at the most.
 */
static void
test_former_promise(void)
{
	int			runs = simulations(3000);
	double		delta = 0.2;
	int			broken = 0;

	for (int run = 0; run < runs; run++)
	{
		GtlAuditSetup setup = setup_of(0.1, delta, (uint64_t) run + 5000);
		GtlAudit   *former[3];
		bool		known[120] = {false};
		int			formers = 0;
		bool		passed = false;

		set_labels(120);
		for (int64_t i = 0; i < labels.count; i++)
			labels.wrong[i] = uniform() < 0.13;
		while (formers < 3 && !passed)
		{
			GtlAudit   *audit;
			int32_t		best[120];
			bool		wrong[120];
			int			drawn;
			int64_t		left = 0;

			relabel(formers == 0 ? 0 : 0.03, best, wrong, known);
			audit = create_next(&setup, formers + 1, best, known, former, formers);
			passed = draw_until(audit, wrong, known, former, formers, 25, &drawn);
			for (int64_t i = 0; i < labels.count; i++)
				left += wrong[i] && !known[i];
			broken += passed && left >= gtl_audit_breaking(audit, audit->part[0].left);
			gtl_audit_close(audit);
			former[formers++] = audit;
			/* takes that leave the promise just broken */
			for (int64_t i = 0; i < labels.count; i++)
				if (!known[i] && labels.wrong[i] && (double) (left - 1) > 0.1 * (double) labels.count - 3)
				{
					learn(former, formers, i);
					known[i] = true;
					left--;
				}
		}
		for (int k = 0; k < formers; k++)
			gtl_audit_release(former[k], &env);
	}
	CHECK(broken <= delta * runs + 3 * sqrt(delta * (1 - delta) * runs));
	CHECK(runs < 3000 || broken > 0);
}

/* What audits have said counts less as more labels come. */
static void
test_history(void)
{
	GtlAuditHistory history = {0};

	CHECK(gtl_audit_recall(&history, 0) == 1);
	gtl_audit_remember(&history, 2, 100);
	CHECK_NEAR(gtl_audit_recall(&history, 100), 2, 1e-12);
	CHECK_NEAR(gtl_audit_recall(&history, 50), 2, 1e-12);	/* labels have been removed since */
	CHECK_NEAR(gtl_audit_recall(&history, 200), sqrt(2), 1e-12);
	gtl_audit_remember(&history, 3, 200);
	CHECK_NEAR(gtl_audit_recall(&history, 200), 3 * sqrt(2), 1e-12);
}

/* Objects that nobody chose, or all of them chosen. */
static const bool at_random[200];

/*
 * The power falls where errors are found among objects of large margin, and less so if these were chosen; a few errors where
 * the margin is small leave it as it is.
 */
static void
test_power(void)
{
	double		margin[200];
	bool		wrong[200] = {false};
	bool		chosen[200];
	GtlAuditGuess usual;
	GtlAuditGuess sure;
	GtlAuditGuess less;

	for (int i = 0; i < 200; i++)
	{
		margin[i] = (i + 0.5) / 200;
		chosen[i] = true;
	}
	for (int i = 0; i < 60; i += 4)
		wrong[i] = true;
	usual = gtl_audit_calibrate(margin, wrong, at_random, 200, 0.05, 1, &env);
	for (int i = 185; i < 200; i += 4)
		wrong[i] = true;
	sure = gtl_audit_calibrate(margin, wrong, at_random, 200, 0.05, 1, &env);
	less = gtl_audit_calibrate(margin, wrong, chosen, 200, 0.05, 1, &env);
	CHECK(gtl_audit_sure_and_wrong(&sure) && !gtl_audit_sure_and_wrong(&usual));
	CHECK(usual.power > GTL_AUDIT_POWER - 0.11 && sure.power < GTL_AUDIT_POWER - 0.35);
	CHECK(less.power > sure.power && less.power < usual.power);
	CHECK(gtl_audit_guess(&sure, 0.98) > 2 * gtl_audit_guess(&usual, 0.98));
	/* nothing seen: the usual one; guesses are probabilities, and fall with the margin */
	usual = gtl_audit_calibrate(margin, wrong, at_random, 0, 0.05, 1, &env);
	CHECK(fabs(usual.power - GTL_AUDIT_POWER) < 1e-9 && fabs(usual.scale - 1) < 1e-9);
	for (int i = 1; i < 200; i++)
		CHECK(gtl_audit_guess(&sure, margin[i]) <= gtl_audit_guess(&sure, margin[i - 1]) && gtl_audit_guess(&sure, margin[i]) > 0);
	CHECK(gtl_audit_guess(&sure, 0) < 1 && gtl_audit_guess(&sure, 1) == sure.floor);
}

/* It is due when the guess is low enough, and not when people would have to check nearly all. */
static void
test_due(void)
{
	GtlAuditSetup setup = setup_of(0.05, 0.05, 7);
	double		expected;

	set_labels(1300);
	setup.guess = (GtlAuditGuess){.scale = 0.2, .floor = 0.0025, .power = GTL_AUDIT_POWER};
	CHECK(gtl_audit_due(&setup, labels.best, labels.margin, labels.count, 50, &env, &expected));
	CHECK(expected > 60 && expected < 150);
	setup.guess = (GtlAuditGuess){.scale = 3, .floor = 0.0025, .power = GTL_AUDIT_POWER};
	CHECK(!gtl_audit_due(&setup, labels.best, labels.margin, labels.count, 50, &env, &expected));
	/* the guess learns from validation objects: half of them wrong, and from audits that were given up */
	CHECK(gtl_audit_calibrate(labels.margin, labels.wrong, at_random, 100, 0.05, 1, &env).scale <
		  gtl_audit_calibrate(labels.margin, labels.wrong, at_random, 100, 0.05, 2, &env).scale);
}

/* ---- Labels that are elsewhere: equal weights ---- */

static GtlUniformAudit
uniform_of(int64_t frozen, const GtlDrawn *drawn, int64_t count)
{
	return (GtlUniformAudit) {.frozen = frozen, .target_error = 0.05, .level = 0.05, .guess = 0.01, .count = count, .drawn = drawn};
}

/* What is hopeless is given up before the first draw, and what is not is begun. */
static void
test_hopeless(void)
{
	for (int percent = 10; percent < 100; percent += 5)
	{
		GtlUniformAudit audit = uniform_of(100000, NULL, 0);
		GtlAuditFigures figures;

		audit.guess = 0.05 * percent / 100 + 1e-6;
		gtl_uniform_audit_figures(&audit, gtl_uniform_audit_most(&audit), &figures);
		CHECK(gtl_uniform_audit_hopeless(audit.guess, 0.05) == (percent >= 85));
		CHECK((figures.state == GTL_AUDIT_GIVEN_UP) == (percent >= 85));
	}
}

/* Over all that can happen its mean is 1 if there are so many wrong labels as it is asked about. */
static void
test_uniform_martingale(void)
{
	for (int64_t bad = 0; bad <= 9; bad += 3)
	{
		double		mean = 0;

		for (int path = 0; path < 64; path++)
		{
			GtlDrawn	drawn[6];
			GtlUniformAudit audit = uniform_of(9, drawn, 6);
			double		probability = 1;
			int64_t		found = 0;

			for (int i = 0; i < 6; i++)
			{
				drawn[i] = (path >> i & 1) ? GTL_DRAWN_WRONG : GTL_DRAWN_RIGHT;
				probability *= (double) (drawn[i] == GTL_DRAWN_WRONG ? bad - found : 9 - i - bad + found) / (9 - i);
				found += drawn[i] == GTL_DRAWN_WRONG;
			}
			if (probability > 0)
				mean += probability * exp(gtl_uniform_audit_log_wealth(&audit, bad));
		}
		CHECK(fabs(mean - 1) < 1e-12);
	}
}

/* It grows with the number of wrong labels, is infinite where there cannot be so many, and a lost draw never helps. */
static void
test_uniform_shape(void)
{
	GtlDrawn	drawn[] = {GTL_DRAWN_RIGHT, GTL_DRAWN_WRONG, GTL_DRAWN_RIGHT, GTL_DRAWN_RIGHT};
	GtlUniformAudit audit = uniform_of(40, drawn, 4);
	double		right;

	for (int64_t a = 1; a <= 39; a++)
		CHECK(gtl_uniform_audit_log_wealth(&audit, a) >= gtl_uniform_audit_log_wealth(&audit, a - 1));
	CHECK(isinf(gtl_uniform_audit_log_wealth(&audit, 38)));
	CHECK(!isinf(gtl_uniform_audit_log_wealth(&audit, 37)));
	for (int64_t a = 3; a <= 36; a++)
		for (int was = GTL_DRAWN_RIGHT; was <= GTL_DRAWN_WRONG; was++)
		{
			drawn[2] = (GtlDrawn) was;
			right = gtl_uniform_audit_log_wealth(&audit, a);
			drawn[2] = GTL_DRAWN_LOST;
			/* a: those found, left, or lost later; the true one counts the lost one from the beginning if it is wrong */
			CHECK(gtl_uniform_audit_log_wealth(&audit, a - was) <= right + 1e-12);
		}
}

/* Looks after each draw, until it passes or nothing is left; true: it passed and more than the target allows are wrong. */
static bool
plays_wrong(int64_t frozen, int64_t bad, int64_t *passed_at)
{
	static GtlDrawn drawn[1000];
	GtlUniformAudit audit = uniform_of(frozen, drawn, 0);
	int64_t		found = 0;

	for (; audit.count < frozen; audit.count++)
	{
		int64_t		allowed = (int64_t) floor(0.05 * (double) (frozen - audit.count));

		*passed_at = audit.count;
		if (gtl_uniform_audit_log_wealth(&audit, found + allowed + 1) >= -log(0.05))
			return bad - found > allowed;
		drawn[audit.count] = uniform() < (double) (bad - found) / (double) (frozen - audit.count) ? GTL_DRAWN_WRONG : GTL_DRAWN_RIGHT;
		found += drawn[audit.count] == GTL_DRAWN_WRONG;
	}
	return false;
}

static void
test_uniform_promise(void)
{
	int			runs = simulations(1000);
	int			broken = 0;
	int64_t		passed_at;
	double		draws_needed = 0;

	for (int i = 0; i < runs; i++)
		broken += plays_wrong(150, 10, &passed_at);
	CHECK(broken <= runs * 0.05 + 3 * sqrt(runs * 0.05 * 0.95));
	CHECK(runs < 1000 || broken > 0);
	for (int i = 0; i < runs / 10; i++)
	{
		CHECK(!plays_wrong(1000, 4, &passed_at));
		CHECK(passed_at >= 55);
		draws_needed += (double) passed_at / (runs / 10);
	}
	CHECK(runs < 1000 || draws_needed < 100);
}

/* What it asks for does if no error shows, and one answer less does not; it gives up where that cannot be had. */
static void
test_uniform_plan(void)
{
	static GtlDrawn drawn[200];
	GtlUniformAudit audit = uniform_of(1000000000, drawn, 0);
	GtlAuditFigures figures;
	int64_t		most = gtl_uniform_audit_most(&audit);
	int64_t		ahead;

	CHECK(most > 100 && most < 1000);
	gtl_uniform_audit_figures(&audit, most, &figures);
	CHECK(figures.state == GTL_AUDIT_OPEN && figures.ahead >= 59 && figures.ahead < 90);
	ahead = figures.ahead;
	CHECK(gtl_uniform_audit_carried(&audit) == 1);
	audit.count = ahead - 1;
	gtl_uniform_audit_figures(&audit, most, &figures);
	CHECK(figures.state == GTL_AUDIT_OPEN && figures.ahead == 1);
	audit.count = ahead;
	gtl_uniform_audit_figures(&audit, most, &figures);
	CHECK(figures.state == GTL_AUDIT_PASSED && figures.most_wrong <= 49999996);
	for (int i = 0; i < 12; i++)
		drawn[i] = GTL_DRAWN_WRONG;
	gtl_uniform_audit_figures(&audit, most, &figures);
	CHECK(figures.state == GTL_AUDIT_GIVEN_UP && figures.found == 12);
	CHECK(gtl_uniform_audit_carried(&audit) > 4);
	audit.count = 0;
	audit.guess = 0.049;
	CHECK(gtl_uniform_audit_most(&audit) == 10000);
	gtl_uniform_audit_figures(&audit, gtl_uniform_audit_most(&audit), &figures);
	CHECK(figures.state == GTL_AUDIT_GIVEN_UP);
}

int
main(void)
{
	test_uniform_martingale();
	test_uniform_shape();
	test_uniform_promise();
	test_uniform_plan();
	test_levels();
	test_by_hand();
	test_lost();
	test_all_orders();
	test_draws_follow_weights();
	test_adversaries();
	test_passes();
	test_fresh_keys();
	test_gives_up();
	test_by_class();
	test_dataset_scope();
	test_power();
	test_hopeless();
	test_due();
	test_former_inequality();
	test_former_draws();
	test_former_promise();
	test_history();
	return CHECK_SUMMARY("test_audit");
}
