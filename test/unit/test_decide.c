/*
 * test_decide.c
 *		What a job decides: schedule, query selection, certificates.
 *
 * Published vectors, brute force beside the fast way, properties over random
 * input, and simulated violation rates as bounds.  Every seed is fixed.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "learning/random.h"
#include "check.h"
#include "learning/certify.h"
#include "learning/engine.h"
#include "learning/schedule.h"
#include "learning/select.h"
#include "learning/sort.h"

#define COUNT_OF(a) ((int) (sizeof(a) / sizeof((a)[0])))

/* Validation objects that 5 % needs with two of them wrong, at level 0.05/3. */
#define TWO_WRONG 153

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

/* Validation objects that no query has filtered. */
static const GtlSample whole = {.halvings = 0};

static uint64_t draws;

static double
uniform(void)
{
	return gtl_random_uniform(20240607, GTL_STREAM_ANNOTATOR, draws++);
}

static int
below(int limit)
{
	return (int) (uniform() * limit);
}

/* Simulations are shortened where a run is 50 times slower. */
static int
simulations(int wanted)
{
	return getenv("GTL_VALGRIND") != NULL ? wanted / 50 : wanted;
}

/* ---- Schedule ---- */

static const GtlPromise usual = {GTL_GUARANTEE_CONFIDENCE, 0.05, 0.05, GTL_SCOPE_MACHINE_LABELS};

/* A plan as text: "V351/1407 T1000/407 A407/407 T407/0", at most `limit` steps. */
static const char *
plan_text(GtlPlanState state, int limit)
{
	static char text[1024];
	GtlPlanStep step;
	size_t		length = 0;

	text[0] = '\0';
	while (limit-- > 0 && gtl_plan_next(&state, &step))
		length += (size_t) snprintf(text + length, sizeof(text) - length, "%s%c%lld/%lld",
									length > 0 ? " " : "", "VTA"[step.action],
									(long long) step.objects, (long long) step.remaining);
	return text;
}

typedef struct PlanVector
{
	GtlScheduleKind schedule;
	int64_t		objects;
	int64_t		max_concurrent;
	double		share;
	bool		initial_model;
	bool		auto_label;
	int			steps;			/* compared */
	const char *plan;
} PlanVector;

static const PlanVector plan_vectors[] = {
	{GTL_SCHEDULE_STANDARD, 1758, 1000, -1, false, true, 99,
	"V351/1407 T1000/407 A407/407 T407/0"},
	{GTL_SCHEDULE_STANDARD, 1758, 250, -1, false, true, 99,
		"V250/1407 V101/1407 T250/1157 A1157/1157 T250/907 A907/907 T250/657 A657/657 "
	"T250/407 A407/407 T250/157 A157/157 T157/0"},
	{GTL_SCHEDULE_STANDARD, 1250, 1000, -1, false, true, 99, "V250/1000 T1000/0"},
	{GTL_SCHEDULE_STANDARD, 1250, 200, -1, false, true, 99,
		"V200/1000 V50/1000 T200/800 A800/800 T200/600 A600/600 T200/400 A400/400 "
	"T200/200 A200/200 T200/0"},
	{GTL_SCHEDULE_STANDARD, 6000, 1000, -1, false, true, 99,
		"V600/5400 T1000/4400 A4400/4400 T1000/3400 A3400/3400 T1000/2400 A2400/2400 "
	"T1000/1400 A1400/1400 T1000/400 A400/400 T400/0"},
	{GTL_SCHEDULE_STANDARD, 1758, 1000, -1, true, true, 99,
	"V351/1407 A1407/1407 T1000/407 A407/407 T407/0"},
	{GTL_SCHEDULE_STANDARD, 1758, 1000, -1, true, false, 99, "T1000/758 T758/0"},
	{GTL_SCHEDULE_EAGER, 1758, 1000, -1, false, true, 5,
	"V351/1407 A1407/1407 T50/1357 A1357/1357 T50/1307"},
	{GTL_SCHEDULE_EAGER, 6010, 1000, -1, false, true, 4,
	"V601/5409 A5409/5409 T121/5288 A5288/5288"},
	{GTL_SCHEDULE_EAGER, 1758, 20, 0.02, false, true, 5,
	"V20/1723 V15/1723 A1723/1723 T20/1703 A1703/1703"},
	{GTL_SCHEDULE_EAGER, 1758, 1000, -1, false, false, 99, "T1000/758 T758/0"},
	{GTL_SCHEDULE_EAGER, 4, 1000, -1, true, true, 99, "T4/0"},
	{GTL_SCHEDULE_STANDARD, 10, 3, 0, true, true, 99, "T3/7 T3/4 T3/1 T1/0"},
	{GTL_SCHEDULE_STANDARD, 10, 6, 1, true, true, 99, "V6/0 V4/0"},
	{GTL_SCHEDULE_STANDARD, 0, 1000, -1, false, true, 99, ""},
};

static void
test_plan_vectors(void)
{
	for (int i = 0; i < COUNT_OF(plan_vectors); i++)
	{
		const PlanVector *v = &plan_vectors[i];
		GtlPlanState state;

		gtl_plan_start(&state, v->schedule, v->objects, v->max_concurrent,
					   gtl_schedule_validation_count(GTL_SCHEDULE_STANDARD, &usual, false, 10, v->objects, v->share),
					   v->initial_model, v->auto_label);
		if (strcmp(plan_text(state, v->steps), v->plan) != 0)
			fprintf(stderr, "    plan %d: %s\n", i, plan_text(state, v->steps));
		CHECK(strcmp(plan_text(state, v->steps), v->plan) == 0);
	}
	CHECK(strcmp(gtl_plan_action_name(GTL_PLAN_VALIDATION), "validation") == 0);
	CHECK(strcmp(gtl_plan_action_name(GTL_PLAN_TRAINING), "training") == 0);
	CHECK(strcmp(gtl_plan_action_name(GTL_PLAN_AUTO_LABEL), "auto_label") == 0);
}

/* What the eager schedule takes: three times what the promise needs or more, and no share of a large table. */
static void
test_eager_validation_count(void)
{
	GtlPromise	audited = usual;

	audited.guarantee = GTL_GUARANTEE_AUDITED;
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_EAGER, &audited, false, 10, 1758, -1) == 60);
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_EAGER, &audited, false, 10, 5620, -1) == 113);
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_EAGER, &audited, false, 10, 1000000, -1) == 1000);
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_EAGER, &audited, false, 10, 90, -1) == 30);
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_STANDARD, &audited, false, 10, 1758, -1) == 351);
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_EAGER, &audited, false, 10, 1758, 0.2) == 351);
}

static void
test_validation_count(void)
{
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_STANDARD, &usual, false, 10, 1758, -1) == 351);
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_STANDARD, &usual, false, 10, 4999, -1) == 999);
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_STANDARD, &usual, false, 10, 5000, -1) == 500);
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_STANDARD, &usual, false, 10, 4, -1) == 0);
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_STANDARD, &usual, false, 10, 5, -1) == 1);
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_STANDARD, &usual, false, 10, 0, -1) == 0);
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_STANDARD, &usual, false, 10, 1758, 0.2) == 351);
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_STANDARD, &usual, false, 10, 100, 0.29) == 29);
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_STANDARD, &usual, false, 10, 100, 0) == 0);
	CHECK(gtl_schedule_validation_count(GTL_SCHEDULE_STANDARD, &usual, false, 10, 100, 1) == 100);
	CHECK(gtl_schedule_batch_count(GTL_SCHEDULE_STANDARD, 6000, 1000, 5400) == 1000);
	CHECK(gtl_schedule_batch_count(GTL_SCHEDULE_EAGER, 6000, 1000, 5400) == 120);
	CHECK(gtl_schedule_batch_count(GTL_SCHEDULE_EAGER, 6000, 100, 5400) == 100);
	CHECK(gtl_schedule_batch_count(GTL_SCHEDULE_EAGER, 100, 1000, 80) == 50);
	CHECK(gtl_schedule_batch_count(GTL_SCHEDULE_EAGER, 100, 1000, 7) == 7);
	CHECK(gtl_schedule_batch_count(GTL_SCHEDULE_STANDARD, 100, 1000, 0) == 0);
}

/* Whatever the settings: people see each object once, and the limit is the plan's. */
static void
test_plan_properties(void)
{
	int			broken = 0;

	for (int i = 0; i < 2000; i++)
	{
		int64_t		objects = below(3000);
		int64_t		concurrent = 1 + below(400);
		GtlPlanState state;
		GtlPlanStep step;
		int64_t		limit;
		int64_t		people = 0;
		int64_t		first_round = 0;
		GtlPlanAction before = GTL_PLAN_VALIDATION;

		gtl_plan_start(&state, (GtlScheduleKind) below(2), objects, concurrent,
					   (int64_t) (objects * (below(2) ? 0.2 : uniform())), below(2), below(4) > 0);
		limit = gtl_plan_machine_limit(&state);
		while (gtl_plan_next(&state, &step))
		{
			if (step.action == GTL_PLAN_AUTO_LABEL)
			{
				broken += step.objects != step.remaining || step.objects == 0;
				broken += before == GTL_PLAN_AUTO_LABEL;
				if (first_round == 0)
					first_round = step.objects;
			}
			else
			{
				broken += step.objects < 1 || step.objects > concurrent;
				people += step.objects;
			}
			broken += step.action == GTL_PLAN_VALIDATION && before != GTL_PLAN_VALIDATION;
			before = step.action;
		}
		broken += people != objects || first_round != limit;
	}
	CHECK(broken == 0);
}

/* ---- Selection ---- */

static const int32_t *sort_objects;
static const double *sort_scores;

static int
compare_positions(const void *a, const void *b)
{
	int64_t		i = *(const int64_t *) a;
	int64_t		j = *(const int64_t *) b;

	if (sort_scores[i] != sort_scores[j])
		return sort_scores[i] < sort_scores[j] ? -1 : 1;
	return (sort_objects[i] > sort_objects[j]) - (sort_objects[i] < sort_objects[j]);
}

/* Object numbers 0 .. n - 1, shuffled. */
static void
shuffled(int32_t *objects, int n)
{
	for (int i = 0; i < n; i++)
		objects[i] = i;
	for (int i = n - 1; i > 0; i--)
	{
		int			j = below(i + 1);
		int32_t		t = objects[i];

		objects[i] = objects[j];
		objects[j] = t;
	}
}

/* Scores of a shape that makes life hard: ties, runs, signs. */
static double
shaped_score(int shape, int i, int n)
{
	switch (shape)
	{
		case 0:
			return uniform();
		case 1:
			return below(4) / 4.0;
		case 2:
			return i;
		case 3:
			return -i;
		case 4:
			return i < n / 2 ? i : n - i;
		case 5:
			return 1;
		default:
			return below(2) ? -0.0 : 0.0;
	}
}

/* A plan with limits gives people exactly as many objects as they allow, and says what is left. */
static void
test_plan_limits(void)
{
	int			broken = 0;

	for (int max_human = 1; max_human <= 130; max_human++)
	{
		GtlPlanState state;
		GtlPlanStep step;
		GtlPlanAction last = GTL_PLAN_VALIDATION;
		int64_t		people = 0;
		int64_t		left = 0;

		gtl_plan_start(&state, max_human % 2 == 0 ? GTL_SCHEDULE_EAGER : GTL_SCHEDULE_STANDARD, 120, 17, 24, false, true);
		state.limits.max_human = max_human;
		while (gtl_plan_next(&state, &step))
		{
			if (step.action == GTL_PLAN_STOP)
				left = step.objects;
			else if (step.action != GTL_PLAN_AUTO_LABEL)
				people += step.objects;
			broken += step.objects == 0;
			last = step.action;
		}
		broken += people != (max_human < 120 ? max_human : 120) || people + left != 120;
		broken += (last == GTL_PLAN_STOP) != (max_human < 120);
	}
	CHECK(broken == 0);
	CHECK(strcmp(gtl_plan_action_name(GTL_PLAN_STOP), "stop") == 0);
}

static GtlDueFacts
between_batches(void)
{
	return (GtlDueFacts) {.people_left = 10,.validation_left = 5,.unlabeled = 100,.rounds = true};
}

static void
test_due(void)
{
	GtlDueFacts facts = between_batches();

	CHECK(gtl_due(&facts) == GTL_DUE_VALIDATION_BATCH);
	facts.validation_left = 0;
	CHECK(gtl_due(&facts) == GTL_DUE_TRAINING_BATCH);
	facts.round_pending = true;
	CHECK(gtl_due(&facts) == GTL_DUE_ROUND);
	facts.map_old = true;		/* a round has columns that know the rows */
	CHECK(gtl_due(&facts) == GTL_DUE_MAP);
	facts.audit_open = true;	/* and the labels of an audit are fixed */
	CHECK(gtl_due(&facts) == GTL_DUE_AUDIT);
	facts.audit_open = false;
	facts.round_pending = false;	/* without a round nobody needs it */
	CHECK(gtl_due(&facts) == GTL_DUE_TRAINING_BATCH);
	facts.round_pending = true;
	facts.recalled = 3;			/* what the owner wants people to label comes before a round */
	CHECK(gtl_due(&facts) == GTL_DUE_TRAINING_BATCH);
	facts.recalled = 0;
	CHECK(gtl_due(&facts) == GTL_DUE_MAP);
	facts.map_old = facts.rounds = false;
	CHECK(gtl_due(&facts) == GTL_DUE_TRAINING_BATCH);
	facts.unlabeled = 0;
	CHECK(gtl_due(&facts) == GTL_DUE_COMPLETE);
	facts.rounds = facts.certificate_old = true;	/* more validation objects judge the machine labels that stand */
	CHECK(gtl_due(&facts) == GTL_DUE_ROUND);
	facts.map_old = true;
	CHECK(gtl_due(&facts) == GTL_DUE_MAP);
	facts.rounds = false;
	facts.audit_pending = true;
	CHECK(gtl_due(&facts) == GTL_DUE_AUDIT_BATCH);

	/* a limit ends the job, whatever is left */
	facts = between_batches();
	facts.people_left = 0;
	CHECK(gtl_due(&facts) == GTL_DUE_COMPLETE);
	facts.audit_pending = true;
	CHECK(gtl_due(&facts) == GTL_DUE_AUDIT_BATCH);

	/* an open batch comes before everything but a stop */
	facts.batch_open = true;
	CHECK(gtl_due(&facts) == GTL_DUE_NOTHING);
	facts.batch_done = true;
	CHECK(gtl_due(&facts) == GTL_DUE_CLOSE_BATCH);
	facts.state = GTL_DUE_STOPS;
	CHECK(gtl_due(&facts) == GTL_DUE_STOP);
	facts.state = GTL_DUE_RESTS;
	CHECK(gtl_due(&facts) == GTL_DUE_NOTHING);

	CHECK(!gtl_schedule_map_is_old(0, 0));
	CHECK(!gtl_schedule_map_is_old(0, 1000));
	CHECK(!gtl_schedule_map_is_old(333, 1000));
	CHECK(gtl_schedule_map_is_old(334, 1000));
	CHECK(gtl_schedule_map_is_old(300, 900));
	CHECK(gtl_schedule_map_is_old(INT32_MAX, INT32_MAX));

	CHECK(!gtl_schedule_calls_round(true, false));
	CHECK(gtl_schedule_calls_round(true, true));
	CHECK(gtl_schedule_calls_round(false, false));
}

static void
test_select_lowest(void)
{
	enum
	{
		MOST = 700
	};
	int32_t		objects[MOST];
	double		scores[MOST];
	int64_t		sorted[MOST];
	int64_t		chosen[MOST + 1];
	int			broken = 0;

	for (int trial = 0; trial < simulations(7000); trial++)
	{
		int			n = below(MOST + 1);
		int			wanted = below(3) ? below(20) : below(MOST + 1);
		int64_t		found;

		shuffled(objects, n);
		for (int i = 0; i < n; i++)
		{
			scores[i] = shaped_score(trial % 7, i, n);
			sorted[i] = i;
		}
		sort_objects = objects;
		sort_scores = scores;
		qsort(sorted, n, sizeof(sorted[0]), compare_positions);
		chosen[wanted < n ? wanted : n] = -7;
		found = gtl_select_lowest(objects, scores, n, wanted, &env, chosen);
		broken += found != (wanted < n ? wanted : n) || chosen[found] != -7;
		broken += memcmp(chosen, sorted, found * sizeof(sorted[0])) != 0;
	}
	CHECK(broken == 0);
	CHECK(gtl_select_lowest(objects, scores, 0, 5, &env, chosen) == 0);
	CHECK(gtl_select_lowest(objects, scores, 10, 0, &env, chosen) == 0);
}

static void
test_select_random_order(void)
{
	int32_t		objects[500];
	int32_t		first[500];
	int32_t		second[500];
	int			broken = 0;

	for (int trial = 0; trial < simulations(500); trial++)
	{
		int			n = 1 + below(500);
		int			wanted = below(n + 1);

		shuffled(objects, n);
		gtl_select_random(objects, n, wanted, trial, GTL_STREAM_VALIDATION, &env, first);
		shuffled(objects, n);
		gtl_select_random(objects, n, wanted, trial, GTL_STREAM_VALIDATION, &env, second);
		broken += memcmp(first, second, wanted * sizeof(first[0])) != 0;
		for (int i = 1; i < wanted; i++)
			broken += gtl_random_bits(trial, GTL_STREAM_VALIDATION, first[i - 1]) >=
				gtl_random_bits(trial, GTL_STREAM_VALIDATION, first[i]);
		/* a smaller sample is the beginning of a larger one */
		gtl_select_random(objects, n, wanted / 2, trial, GTL_STREAM_VALIDATION, &env, second);
		broken += memcmp(first, second, wanted / 2 * sizeof(first[0])) != 0;
	}
	CHECK(broken == 0);
	shuffled(objects, 500);
	gtl_select_random(objects, 500, 400, 1, GTL_STREAM_VALIDATION, &env, first);
	gtl_select_random(objects, 500, 400, 1, GTL_STREAM_FIRST_BATCH, &env, second);
	CHECK(memcmp(first, second, 400 * sizeof(first[0])) != 0);
	CHECK(gtl_select_random(objects, 10, 99, 1, GTL_STREAM_VALIDATION, &env, first) == 10);
	CHECK(gtl_select_random(objects, 0, 99, 1, GTL_STREAM_VALIDATION, &env, first) == 0);
}

/* Over seeds each object, and each pair, is drawn as often as chance has it. */
static void
test_select_random_uniform(void)
{
	enum
	{
		N = 20,
		WANTED = 5
	};
	int32_t		objects[N];
	int32_t		chosen[WANTED];
	double		pair[N][N] = {{0}};
	int			seeds = simulations(20000);
	double		chi_single = 0;
	double		chi_pair = 0;

	shuffled(objects, N);
	for (int seed = 0; seed < seeds; seed++)
	{
		gtl_select_random(objects, N, WANTED, seed, GTL_STREAM_VALIDATION, &env, chosen);
		for (int i = 0; i < WANTED; i++)
		{
			for (int j = 0; j < WANTED; j++)
				pair[chosen[i]][chosen[j]]++;
		}
	}
	for (int i = 0; i < N; i++)
	{
		double		single = seeds * (double) WANTED / N;
		double		both = single * (WANTED - 1) / (N - 1);

		chi_single += (pair[i][i] - single) * (pair[i][i] - single) / single;
		for (int j = 0; j < i; j++)
			chi_pair += (pair[i][j] - both) * (pair[i][j] - both) / both;
	}
	/* 19 and 189 degrees of freedom, shrunk by drawing without replacement: */
	CHECK(chi_single < 45 && chi_single > 2);
	CHECK(chi_pair < 280 && chi_pair > 80);
}

/* ---- Certificates: the slow way, from the definitions ---- */

static double
naive_binomial_cdf(int k, int n, double p)
{
	long double sum = 0;

	for (int i = 0; i <= k && i <= n; i++)
	{
		long double term = 1;

		for (int j = 0; j < i; j++)
			term *= (long double) (n - j) / (j + 1) * p;
		for (int j = 0; j < n - i; j++)
			term *= 1 - (long double) p;
		sum += term;
	}
	return (double) sum;
}

static double
naive_wealth(int k, int n, double error)
{
	double		sum = 0;

	for (int j = 0; j < 16; j++)
		sum += pow(j / 16.0, k) * pow((1 - j / 16.0 * error) / (1 - error), n - k) / 16;
	return sum;
}

/* The wealth that passes STRICT with all objects of a set. */
static double naive_log_wealth;

static bool
naive_passes(int k, int n, const GtlPromise *promise, double error)
{
	switch (promise->guarantee)
	{
		case GTL_GUARANTEE_CONFIDENCE:
			return naive_binomial_cdf(k, n, error) <= promise->delta / 3;
		case GTL_GUARANTEE_EXPECTED:
			return (k + 1) / (n + 1.0) <= error;
		case GTL_GUARANTEE_STRICT:
			return log(naive_wealth(k, n, error)) >= naive_log_wealth;
		case GTL_GUARANTEE_EMPIRICAL:
			return n >= 25 && k / (double) n <= error;
		case GTL_GUARANTEE_AUDITED:
			break;
	}
	return false;
}

/* Smallest target that passes, 1 if none below does. */
static double
naive_bound(int k, int n, const GtlPromise *promise)
{
	double		low = 0;
	double		high = 1;

	if (promise->guarantee == GTL_GUARANTEE_EMPIRICAL && n >= 25)
		return k / (double) n;
	for (int step = 0; step < 40; step++)
	{
		double		middle = (low + high) / 2;

		if (naive_passes(k, n, promise, middle))
			high = middle;
		else
			low = middle;
	}
	return high;
}

/* All distinct scores, one by one; returns whether the certificate is the same. */
static bool
same_as_brute_force(const double *scores, const bool *wrong, int n, const GtlPromise *promise)
{
	GtlCertificate c;
	GtlCertificate brute = {.threshold = INFINITY, .best_bound = 1};
	double		bound_of_best;

	gtl_certify(scores, wrong, n, promise, &whole, &env, &c);
	naive_log_wealth = gtl_certify_strict_wealth(n, promise, &env);
	for (int i = 0; i < n; i++)
	{
		int			above = 0;
		int			errors = 0;

		for (int j = 0; j < n; j++)
		{
			above += scores[j] >= scores[i];
			errors += scores[j] >= scores[i] && wrong[j];
		}
		brute.best_bound = fmin(brute.best_bound, naive_bound(errors, above, promise));
		if (naive_passes(errors, above, promise, promise->target_error) &&
			scores[i] < brute.threshold)
		{
			brute.threshold = scores[i];
			brute.n = above;
			brute.k = errors;
		}
	}
	bound_of_best = n > 0 ? naive_bound(c.best_k, c.best_n, promise) : 1;
	return c.passed == (brute.threshold < INFINITY) && c.threshold == brute.threshold &&
		c.n == brute.n && c.k == brute.k && c.available == n &&
		fabs(c.best_bound - brute.best_bound) < 1e-6 && fabs(bound_of_best - brute.best_bound) < 1e-6 &&
		(!c.passed || fabs(c.bound - naive_bound(c.k, c.n, promise)) < 1e-6);
}

static void
test_certify_brute_force(void)
{
	double		scores[40];
	bool		wrong[40];
	int			broken = 0;
	int			passed = 0;

	for (int trial = 0; trial < simulations(4000); trial++)
	{
		GtlPromise	promise = {(GtlGuarantee) (trial % 4), 0.05 + 0.8 * uniform(), 0.02 + 0.5 * uniform()};
		int			n = below(40);
		int			levels = 1 + below(30);
		double		error_rate = uniform() * promise.target_error;
		GtlCertificate c;

		for (int i = 0; i < n; i++)
		{
			scores[i] = below(levels) / (double) levels;
			wrong[i] = uniform() < 2 * error_rate * (1 - scores[i]);
		}
		broken += !same_as_brute_force(scores, wrong, n, &promise);
		gtl_certify(scores, wrong, n, &promise, &whole, &env, &c);
		passed += c.passed;
	}
	CHECK(broken == 0);
	/* both outcomes were well represented */
	CHECK(passed > simulations(4000) / 5 && passed < simulations(4000) * 4 / 5);
}

static void
test_required_brute_force(void)
{
	int			broken = 0;

	for (int trial = 0; trial < simulations(400); trial++)
	{
		GtlPromise	promise = {(GtlGuarantee) (trial % 4), 0.1 + 0.6 * uniform(), 0.02 + 0.5 * uniform()};
		int			k = below(6);
		int			n = k;

		naive_log_wealth = -log(promise.delta);
		while (!naive_passes(k, n, &promise, promise.target_error))
			n++;
		broken += gtl_certify_required(k, &promise) != n;
	}
	CHECK(broken == 0);
}

/* ---- Certificates: published numbers ---- */

static void
test_required_vectors(void)
{
	static const struct
	{
		double		error;
		double		alpha;
		int			k;
		int			n;
	} vectors[] = {
		{0.10, 0.025, 0, 36},
		{0.10, 0.025, 1, 54},
		{0.10, 0.025, 2, 70},
		{0.10, 0.025, 5, 114},
		{0.10, 0.025, 10, 180},
		{0.05, 0.025, 0, 72},
		{0.05, 0.025, 1, 110},
		{0.05, 0.025, 2, 142},
		{0.05, 0.025, 5, 230},
		{0.05, 0.025, 10, 364},
		{0.02, 0.025, 0, 183},
		{0.02, 0.025, 1, 277},
		{0.02, 0.025, 2, 359},
		{0.02, 0.025, 5, 581},
		{0.02, 0.025, 10, 916},
		{0.01, 0.025, 0, 368},
		{0.01, 0.025, 1, 555},
		{0.01, 0.025, 2, 720},
		{0.01, 0.025, 5, 1164},
		{0.01, 0.025, 10, 1835},
		{0.005, 0.025, 0, 736},
		{0.005, 0.025, 1, 1113},
		{0.005, 0.025, 2, 1443},
		{0.005, 0.025, 5, 2331},
		{0.005, 0.025, 10, 3674},
		{0.01, 0.05, 0, 299},
		{0.01, 0.05, 1, 473},
		{0.01, 0.05, 2, 628},
		{0.05, 0.05, 0, 59},
		{0.05, 0.05, 1, 93},
		{0.05, 0.05, 2, 124},
		{0.05, 0.05, 3, 153},
		{0.05, 0.05, 4, 181},
		{0.05, 0.05, 5, 208},
	};

	for (int i = 0; i < COUNT_OF(vectors); i++)
	{
		GtlPromise	promise = {GTL_GUARANTEE_CONFIDENCE, vectors[i].error, 3 * vectors[i].alpha};

		CHECK(gtl_certify_required(vectors[i].k, &promise) == vectors[i].n);
		promise.target_error = 1 - (1 - vectors[i].error);	/* as it comes from an accuracy */
		CHECK(gtl_certify_required(vectors[i].k, &promise) == vectors[i].n);
	}
}

static void
test_required_other_guarantees(void)
{
	GtlPromise	expected = {GTL_GUARANTEE_EXPECTED, 1 - 0.9, 0.05};
	GtlPromise	empirical = {GTL_GUARANTEE_EMPIRICAL, 1 - 0.9, 0.05};
	GtlPromise	strict = {GTL_GUARANTEE_STRICT, 0.05, 0.05};
	GtlPromise	tiny = {GTL_GUARANTEE_CONFIDENCE, 1e-12, 0.05};

	CHECK(gtl_certify_required(0, &expected) == 9);
	CHECK(gtl_certify_required(3, &expected) == 39);
	CHECK(gtl_certify_required(0, &empirical) == 25);
	CHECK(gtl_certify_required(2, &empirical) == 25);
	CHECK(gtl_certify_required(3, &empirical) == 30);
	/* a proof needs more than the test at delta alone, 59, and here less than twice that */
	CHECK(gtl_certify_required(0, &strict) > 59 && gtl_certify_required(0, &strict) < 118);
	CHECK(gtl_certify_required(0, &tiny) == INT32_MAX);
}

static void
test_clopper_pearson(void)
{
	/* R: binom.test(k, n)$conf.int[2], and the closed forms */
	CHECK_NEAR(gtl_clopper_pearson_upper(5, 20, 0.025), 0.4910459, 1e-6);
	CHECK_NEAR(gtl_clopper_pearson_upper(10, 100, 0.025), 0.1762226, 1e-6);
	CHECK_NEAR(gtl_clopper_pearson_upper(1, 100, 0.025), 0.05445939, 1e-6);
	CHECK_NEAR(1 - gtl_clopper_pearson_upper(5, 100, 0.05), 0.898, 1e-3);
	CHECK_NEAR(1 - gtl_clopper_pearson_upper(10, 200, 0.05), 0.917, 1e-3);
	CHECK_NEAR(1 - gtl_clopper_pearson_upper(18, 351, 0.05), 0.925, 1e-3);
	for (int n = 1; n <= 1000; n *= 10)
	{
		CHECK_NEAR(gtl_clopper_pearson_upper(0, n, 0.05), 1 - pow(0.05, 1.0 / n), 1e-6);
		CHECK_NEAR(gtl_clopper_pearson_upper(n - 1, n, 0.05), pow(0.95, 1.0 / n), 1e-6);
		CHECK(gtl_clopper_pearson_upper(n, n, 0.05) == 1);
	}
	CHECK(gtl_clopper_pearson_upper(0, 0, 0.05) == 1);
}

static void
test_binomial_cdf(void)
{
	double		worst = 0;

	for (int trial = 0; trial < simulations(3000); trial++)
	{
		int			n = 1 + below(60);
		int			k = below(n + 1);
		double		p = uniform();
		double		naive = naive_binomial_cdf(k, n, p);

		worst = fmax(worst, fabs(gtl_binomial_log_cdf(k, n, p) - log(naive)));
	}
	CHECK(worst < 1e-11);
	/* both tails together, where no naive sum reaches */
	for (int64_t n = 1000; n <= 1000000000; n *= 100)
	{
		for (int i = -3; i <= 3; i++)
		{
			double		p = 0.3;
			int			k = (int) ((double) n * p + i * sqrt((double) n * p * (1 - p)));

			CHECK_NEAR(exp(gtl_binomial_log_cdf(k, (int) n, p)) +
						   exp(gtl_binomial_log_cdf((int) n - k - 1, (int) n, 1 - p)),
					   1, 1e-5);
		}
	}
	CHECK_NEAR(gtl_binomial_log_cdf(0, 1000000000, 0.9), 1e9 * log(0.1), 1);
	CHECK(gtl_binomial_log_cdf(-1, 10, 0.5) == -INFINITY);
	CHECK(gtl_binomial_log_cdf(10, 10, 0.5) == 0);
	CHECK(gtl_binomial_log_cdf(3, 10, 0) == 0);
	CHECK(gtl_binomial_log_cdf(3, 10, 1) == -INFINITY);
}

/* ---- Certificates: properties ---- */

static void
test_bound_monotone(void)
{
	int			broken = 0;

	for (int g = 0; g < 4; g++)
	{
		GtlPromise	promise = {(GtlGuarantee) g, 0.05, 0.05};

		for (int n = 30; n < 400; n += 7)
		{
			for (int k = 0; k < 12; k++)
			{
				double		bound = gtl_certify_bound(k, n, &promise, 0);

				broken += !(bound >= k / (double) n && bound <= 1);
				broken += !(gtl_certify_bound(k + 1, n, &promise, 0) > bound);
				broken += k > 0 && !(gtl_certify_bound(k, n + 1, &promise, 0) < bound);
				broken += (gtl_certify_required(k, &promise) <= n) != (bound <= 0.05);
			}
		}
		CHECK(gtl_certify_bound(0, 0, &promise, 0) == 1);
		CHECK(g == GTL_GUARANTEE_EMPIRICAL || gtl_certify_bound(7, 7, &promise, 0) == 1);
	}
	CHECK(broken == 0);
}

/* What a certificate says fits together, and the order of the objects is nothing to it. */
static void
test_certificate_consistent(void)
{
	double		scores[300];
	bool		wrong[300];
	int			broken = 0;

	for (int trial = 0; trial < simulations(2000); trial++)
	{
		GtlPromise	promise = {(GtlGuarantee) (trial % 4), 0.02 + 0.2 * uniform(), 0.05};
		int			n = 1 + below(300);
		double		slope = uniform() * 0.4;
		GtlCertificate c;
		GtlCertificate reversed;

		memset(&c, 0, sizeof(c));	/* padding too */
		memset(&reversed, 0, sizeof(reversed));
		for (int i = 0; i < n; i++)
		{
			scores[i] = below(3) ? uniform() : 1;
			wrong[i] = uniform() < slope * (1.1 - scores[i]);
		}
		gtl_certify(scores, wrong, n, &promise, &whole, &env, &c);
		for (int i = 0; i < n / 2; i++)
		{
			double		s = scores[i];
			bool		w = wrong[i];

			scores[i] = scores[n - 1 - i];
			wrong[i] = wrong[n - 1 - i];
			scores[n - 1 - i] = s;
			wrong[n - 1 - i] = w;
		}
		gtl_certify(scores, wrong, n, &promise, &whole, &env, &reversed);
		broken += memcmp(&c, &reversed, sizeof(c)) != 0;
		broken += c.passed != (c.best_bound <= promise.target_error);
		if (c.passed)
			broken += c.bound > promise.target_error || c.best_bound > c.bound + 1e-9 ||
				c.best_n > c.n || c.required > c.best_n;
		else
			broken += c.threshold != INFINITY || c.n != 0 || c.k != 0 || c.bound != 1 ||
				c.required <= c.best_n;
		if (promise.guarantee == GTL_GUARANTEE_STRICT)	/* calibrated, so it needs less */
			broken += c.minimum > gtl_certify_required(0, &promise) || c.required > gtl_certify_required(c.best_k, &promise);
		else
			broken += c.minimum != gtl_certify_required(0, &promise) || c.required != gtl_certify_required(c.best_k, &promise);
	}
	CHECK(broken == 0);
}

static void
test_certify_edges(void)
{
	GtlPromise	promise = {GTL_GUARANTEE_CONFIDENCE, 0.05, 0.05};
	GtlCertificate c;
	double		scores[200];
	bool		wrong[200] = {false};

	gtl_certify(NULL, NULL, 0, &promise, &whole, &env, &c);
	CHECK(!c.passed && c.threshold == INFINITY && c.best_threshold == INFINITY);
	CHECK(c.n == 0 && c.best_n == 0 && c.best_bound == 1 && c.available == 0);
	CHECK(c.minimum == 80 && c.required == 80);
	CHECK_NEAR(c.alpha, 0.05 / 3, 1e-12);

	/* saturated scores are one block: all or nothing */
	for (int i = 0; i < 200; i++)
		scores[i] = 1;
	gtl_certify(scores, wrong, 79, &promise, &whole, &env, &c);
	CHECK(!c.passed && c.best_n == 79 && c.required == 80);
	gtl_certify(scores, wrong, 80, &promise, &whole, &env, &c);
	CHECK(c.passed && c.threshold == 1 && c.n == 80 && c.k == 0);
	wrong[0] = wrong[1] = true;
	gtl_certify(scores, wrong, TWO_WRONG - 1, &promise, &whole, &env, &c);
	CHECK(!c.passed && c.best_n == TWO_WRONG - 1 && c.best_k == 2 && c.required == TWO_WRONG);

	/* a threshold stands on the tie's far side, never inside */
	for (int i = 0; i < 80; i++)
		scores[i] = 2.0 / 3;
	wrong[0] = wrong[1] = false;
	wrong[199] = true;
	for (int i = 80; i < 200; i++)
		scores[i] = 1.0 / 3;
	for (int i = 190; i < 200; i++)
		wrong[i] = true;
	gtl_certify(scores, wrong, 200, &promise, &whole, &env, &c);
	CHECK(c.passed && c.threshold == 2.0 / 3 && c.n == 80 && c.available == 200);

	for (int i = 0; i < 200; i++)
		wrong[i] = true;
	for (int g = 0; g < 4; g++)
	{
		promise.guarantee = (GtlGuarantee) g;
		gtl_certify(scores, wrong, 200, &promise, &whole, &env, &c);
		CHECK(!c.passed && c.best_bound == 1 && c.best_k == c.best_n);
	}
}

/* Each class's certificate is that of its own objects; together they are summed up. */
static void
test_certify_classes(void)
{
	enum {OBJECTS = 600, CLASSES = 4};
	GtlPromise	promise = {GTL_GUARANTEE_CONFIDENCE, 0.05, 0.05};
	GtlCertificate each[CLASSES];
	GtlCertificate summary;
	double		scores[OBJECTS];
	bool		wrong[OBJECTS];
	int32_t		predicted[OBJECTS];
	int			broken = 0;
	int			passes = 0;

	for (int trial = 0; trial < simulations(200); trial++)
	{
		int			n = 0;
		int			k = 0;
		double		lowest = INFINITY;
		double		highest = 0;

		for (int i = 0; i < OBJECTS; i++)
		{
			predicted[i] = below(CLASSES - 1);	/* none is of the last class */
			scores[i] = uniform();
			wrong[i] = uniform() < 0.1 * predicted[i] * (1 - scores[i]);
		}
		gtl_certify_classes(scores, wrong, predicted, OBJECTS, CLASSES, &promise, &whole, &env, each);
		gtl_certify_summarize(each, CLASSES, &summary);
		for (int c = 0; c < CLASSES; c++)
		{
			double		own_scores[OBJECTS];
			bool		own_wrong[OBJECTS];
			int			own = 0;
			GtlCertificate alone;

			for (int i = 0; i < OBJECTS; i++)
				if (predicted[i] == c)
				{
					own_scores[own] = scores[i];
					own_wrong[own++] = wrong[i];
				}
			gtl_certify(own_scores, own_wrong, own, &promise, &whole, &env, &alone);
			broken += each[c].passed != alone.passed || each[c].threshold != alone.threshold || each[c].n != alone.n ||
				each[c].k != alone.k || each[c].available != own || each[c].best_bound != alone.best_bound;
			if (alone.passed)
			{
				passes++;
				n += alone.n;
				k += alone.k;
				lowest = fmin(lowest, alone.threshold);
				highest = fmax(highest, alone.bound);
			}
			broken += summary.best_bound > alone.best_bound;
		}
		broken += summary.passed != (n > 0) || summary.n != n || summary.k != k || summary.threshold != lowest ||
			summary.available != OBJECTS || (summary.passed && summary.bound != highest);
		broken += each[CLASSES - 1].passed || each[CLASSES - 1].available != 0 || each[CLASSES - 1].minimum != 80;
	}
	CHECK(broken == 0);
	CHECK(passes > 0);
	CHECK(gtl_certify_minimum(&promise, true, CLASSES) == CLASSES * 80);
	CHECK(gtl_certify_minimum(&promise, false, CLASSES) == 80);
}

static void
test_guarantee_names(void)
{
	static const char *const names[] = {"confidence", "expected", "strict", "empirical"};
	GtlGuarantee guarantee;

	for (int g = 0; g < 4; g++)
	{
		CHECK(strcmp(gtl_guarantee_name((GtlGuarantee) g), names[g]) == 0);
		CHECK(gtl_guarantee_parse(names[g], &guarantee) && (int) guarantee == g);
	}
	CHECK(!gtl_guarantee_parse("Strict", &guarantee));
	CHECK(!gtl_guarantee_parse("", &guarantee));
}

/* ---- Certificates: what they promise, in simulation ---- */

/* Error rate at rank u (share of objects with a higher score), and its integral. */
typedef struct World
{
	const char *name;
	double		(*rate) (double u, double eps);
} World;

static double
rate_level(double u, double eps)
{
	(void) u;
	return eps;
}

/* Returns to the target again and again, from below: many honest first chances. */
static double
rate_waves(double u, double eps)
{
	return fmod(u * 8, 1) < 0.5 ? 0 : 2 * eps;
}

/* The best scores are the worst: never below the target before the end. */
static double
rate_upside_down(double u, double eps)
{
	return u < 0.5 ? 2 * eps : 0;
}

/* A good classifier: the usual case, null from the middle on. */
static double
rate_ramp(double u, double eps)
{
	return 4 * eps * u;
}

static const World worlds[] = {
	{"level", rate_level}, {"waves", rate_waves}, {"upside down", rate_upside_down}, {"ramp", rate_ramp}
};

enum
{
	SIMULATED_OBJECTS = 400,
	RANKS = 4000
};

/* Mean error rate down to each rank. */
static void
integrate_world(const World *world, double eps, double *mean)
{
	double		sum = 0;

	for (int i = 0; i < RANKS; i++)
	{
		sum += world->rate((i + 0.5) / RANKS, eps);
		mean[i] = sum / (i + 1);
	}
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/*
 * One validation set; did any threshold pass whose true error is eps or more
 * (beyond rounding)?  rank[] is scratch and stays sorted, wrong[] goes with it.
 */
static bool
null_passes(const World *world, double eps, const double *mean, const int *required, int required_count,
			double *rank, bool *wrong)
{
	int			k = 0;
	bool		violated = false;

	for (int i = 0; i < SIMULATED_OBJECTS; i++)
		rank[i] = uniform();
	qsort(rank, SIMULATED_OBJECTS, sizeof(rank[0]), compare_doubles);
	for (int i = 0; i < SIMULATED_OBJECTS; i++)
	{
		wrong[i] = uniform() < world->rate(rank[i], eps);
		k += wrong[i];
		if (k < required_count && i + 1 >= required[k] &&
			mean[(int) (rank[i] * RANKS)] >= eps * (1 - 1e-9))
			violated = true;
	}
	return violated;
}

/* STRICT: in whatever world, some null threshold passes in less than delta of the cases. */
static void
test_strict_level(void)
{
	const double eps = 0.06;
	const double delta = 0.1;
	GtlPromise	promise = {GTL_GUARANTEE_STRICT, eps, delta, GTL_SCOPE_MACHINE_LABELS};
	int			required[25];
	double		mean[RANKS];
	double		rank[SIMULATED_OBJECTS];
	bool		wrong[SIMULATED_OBJECTS];
	int			runs = simulations(5000);
	double		noise = 3.5 * sqrt(delta * (1 - delta) * runs);
	double		wealth = gtl_certify_strict_wealth(SIMULATED_OBJECTS, &promise, &env);

	for (int k = 0; k < 25; k++)
		for (required[k] = k + 1; log(naive_wealth(k, required[k], eps)) < wealth;)
			required[k]++;
	CHECK(required[24] > SIMULATED_OBJECTS);
	for (int w = 0; w < COUNT_OF(worlds); w++)
	{
		int			violations = 0;

		integrate_world(&worlds[w], eps, mean);
		for (int r = 0; r < runs; r++)
			violations += null_passes(&worlds[w], eps, mean, required, 25, rank, wrong);
		if (violations > delta * runs + noise)
			fprintf(stderr, "    world \"%s\": %d of %d\n", worlds[w].name, violations, runs);
		CHECK(violations <= delta * runs + noise);
		/* calibrated: at a constant rate, the worst case, just as often as allowed */
		CHECK(w != 0 || violations > delta * runs - noise);
	}
}

/* The wealth that passes, as 1/delta', and what it asks for; an exact recursion, so exact figures. */
static void
test_strict_calibration(void)
{
	static const struct
	{
		double		error;
		int			n;
		double		level;
		int			required[4];
	}			vectors[] = {
		{0.05, 216, .099, {68, 116, 153, 189}},
		{0.05, 351, .084, {72, 120, 159, 194}},
		{0.05, 562, .076, {75, 123, 162, 197}},
		{0.05, 2000, .063, {80, 129, 167, 203}},
		{0.02, 562, .096, {175, 295, 390, 479}},
		{0.02, 1104, .080, {186, 308, 404, 493}},
		{0.01, 1104, .099, {348, 588, 778, 955}},
	};

	for (int i = 0; i < COUNT_OF(vectors); i++)
	{
		GtlPromise	promise = {GTL_GUARANTEE_STRICT, vectors[i].error, 0.05, GTL_SCOPE_MACHINE_LABELS};
		double		wealth = gtl_certify_strict_wealth(vectors[i].n, &promise, &env);

		CHECK_NEAR(exp(-wealth), vectors[i].level, 0.001);
		for (int k = 0; k < 4; k++)
		{
			double		scores[1200];
			bool		wrong[1200];
			GtlCertificate c;
			int			n = vectors[i].n;

			/* the k wrong ones first, then as many as are needed, the rest wrong */
			for (int o = 0; o < n && n <= COUNT_OF(scores); o++)
			{
				scores[o] = 1 - o / 1e4;
				wrong[o] = o < k || o >= vectors[i].required[k];
			}
			if (n > COUNT_OF(scores))
				continue;
			gtl_certify(scores, wrong, n, &promise, &whole, &env, &c);
			CHECK(c.passed && c.n == vectors[i].required[k] && c.k == k);
			wrong[vectors[i].required[k] - 1] = true;
			gtl_certify(scores, wrong, n, &promise, &whole, &env, &c);
			CHECK(!c.passed);
		}
	}
}

/* The level halves exactly when what is left of the validation set does. */
static void
test_halvings(void)
{
	static const int active[] = {400, 201, 200, 101, 100, 1};
	static const double part[] = {3, 3, 6, 6, 12, 768};
	GtlPromise	promise = {GTL_GUARANTEE_CONFIDENCE, 0.05, 0.05, GTL_SCOPE_MACHINE_LABELS};
	double		scores[400] = {0};
	bool		wrong[400] = {false};

	for (int i = 0; i < COUNT_OF(active); i++)
	{
		GtlSample	sample = {.halvings = gtl_certify_halvings(400, active[i])};
		GtlCertificate c;

		gtl_certify(scores, wrong, active[i], &promise, &sample, &env, &c);
		CHECK_NEAR(c.alpha, 0.05 / part[i], 1e-15);
	}
	CHECK(gtl_certify_halvings(400, 0) == 0);
	CHECK(gtl_certify_required(0, &promise) == 80);
}

/* ---- From the models that were tested to the one that labels ---- */

static void
test_count_transfer(void)
{
	const int64_t equal[] = {7, 7, 7, 7, 7};
	const int64_t covered[] = {10, 12, 14, 16, 18};
	const int64_t but_one[] = {0, 7, 7, 7, 7};
	const int64_t none[] = {0, 0, 0, 0, 0};
	const int64_t heavy[] = {10, 0, 0, 0, 1};
	const double margins[] = {0.1, 0.9, 0.5, 0.5, 0.5, 0.7, 0.9};
	const double smallest[] = {INFINITY, INFINITY, 0.9, 0.7, 0.7, 0.7, 0.5, 0.1, 0.1};
	const int64_t count[] = {0, 0, 2, 3, 3, 3, 6, 7, 7};

	CHECK(gtl_engine_transferred(equal, covered) == 14);
	CHECK(gtl_engine_transferred(but_one, covered) == 15);
	CHECK(gtl_engine_transferred(none, covered) == 0);
	CHECK(gtl_engine_transferred(heavy, covered) == 10);	/* 118/11, truncated */

	/* sorted: .9 .9 .7 .5 .5 .5 .1; a block that would be divided stays out */
	for (int wanted = 0; wanted < COUNT_OF(count); wanted++)
	{
		int64_t		got;

		CHECK(gtl_engine_smallest_covered(margins, 7, wanted, &env, &got) == smallest[wanted] && got == count[wanted]);
	}
	for (int wanted = 0; wanted < 2; wanted++)
	{
		int64_t		got;

		CHECK(gtl_engine_smallest_covered(margins, 0, wanted, &env, &got) == INFINITY && got == 0);
	}
}

/* A margin as models give them: near 1, of any size, the same as another, 0 with either sign. */
static double
any_margin(const double *others, int count)
{
	switch (below(5))
	{
		case 0:
			return 1.0 - uniform() * 1e-9;
		case 1:
			return uniform();
		case 2:
			return exp(-700.0 * uniform());
		case 3:
			return count > 0 ? others[below(count)] : 1.0;
		default:
			return below(8) > 0 ? uniform() : below(2) > 0 ? 0.0 : -0.0;
	}
}

/* By sorting, as the definition says it. */
static double
naive_smallest_covered(const double *sorted, int count, int wanted)
{
	if (wanted >= count)
		return count > 0 ? sorted[count - 1] : INFINITY;
	while (wanted > 0 && sorted[wanted - 1] == sorted[wanted])
		wanted--;
	return wanted > 0 ? sorted[wanted - 1] : INFINITY;
}

/* By digits and by comparisons. */
static void
test_sort_down(void)
{
	double		numbers[3000];
	double		sorted[3000];

	for (int t = 0; t < simulations(300); t++)
	{
		int			count = t < 4 ? t : below(3000);

		for (int i = 0; i < count; i++)
			numbers[i] = sorted[i] = (t % 2 == 0 ? 1.0 : uniform() - 0.5) * any_margin(numbers, i);
		if (count > 1 && t % 3 == 0)
			numbers[1] = sorted[1] = below(2) > 0 ? INFINITY : -INFINITY;
		qsort(sorted, (size_t) count, sizeof(double), gtl_compare_double_down);
		CHECK(gtl_sort_down(numbers, count, &env));
		for (int i = 0; i < count; i++)
			CHECK(numbers[i] == sorted[i]);
	}
}

static void
test_smallest_covered(void)
{
	double		margins[300];
	double		sorted[300];

	for (int t = 0; t < simulations(3000); t++)
	{
		int			count = below(300);
		int			wanted = below(count + 3);
		int64_t		covered = 0;
		int64_t		got;
		double		smallest;

		for (int i = 0; i < count; i++)
			margins[i] = sorted[i] = any_margin(margins, i);
		qsort(sorted, (size_t) count, sizeof(double), gtl_compare_double_down);
		smallest = wanted == 0 ? INFINITY : naive_smallest_covered(sorted, count, wanted);
		for (int i = 0; i < count; i++)
			covered += margins[i] >= smallest;
		CHECK(gtl_engine_smallest_covered(margins, count, wanted, &env, &got) == smallest);
		CHECK(got == covered);
	}
}

/* ---- The dataset's promise ---- */

/* P(Hypergeometric <= k) by the products of the draws, one path for each order of the bad ones. */
static double
naive_hypergeometric(int k, int total, int bad, int draws)
{
	double		at[64] = {1};

	for (int d = 0; d < draws; d++)
		for (int b = d + 1; b >= 0; b--)
		{
			double		good = total - bad - (d - b);
			double		stay = b <= d ? at[b] * good / (total - d) : 0;
			double		come = b > 0 ? at[b - 1] * (bad - (b - 1)) / (double) (total - d) : 0;

			at[b] = (stay > 0 ? stay : 0) + (come > 0 ? come : 0);
		}
	for (int b = 1; b <= k; b++)
		at[0] += at[b];
	return at[0];
}

static void
test_hypergeometric(void)
{
	for (int trial = 0; trial < 300; trial++)
	{
		int			total = 2 + below(60);
		int			bad = below(total + 1);
		int			n = below(total + 1);
		int			k = below(n + 1);

		CHECK_NEAR(exp(gtl_hypergeometric_log_cdf(k, total, bad, n)), naive_hypergeometric(k, total, bad, n), 1e-10);
	}
}

/*
 * Of 600 objects 60 are validation objects and the rest the pool: how often are more than the
 * allowed number of pool labels wrong?  Exchangeable, so never more than the level.
 */
static void
test_dataset_level(void)
{
	enum {TOTAL = 600, VALIDATION = 120};
	GtlPromise	promise = {GTL_GUARANTEE_CONFIDENCE, 0.05, 0.3, GTL_SCOPE_DATASET};
	GtlSample	sample = {.pool = TOTAL - VALIDATION,.objects = TOTAL};
	int			runs = simulations(4000);
	int			missed = 0;
	int			passed = 0;
	double		alpha = 0;

	for (int r = 0; r < runs; r++)
	{
		double		scores[TOTAL];
		bool		wrong[TOTAL];
		int			errors = 0;
		GtlCertificate c;

		/* the first are the validation objects; the order of the draws does not matter */
		for (int i = 0; i < TOTAL; i++)
		{
			scores[i] = below(200) / 200.0;
			wrong[i] = uniform() < 0.5 * (1 - scores[i]) * (1 - scores[i]);
		}
		gtl_certify(scores, wrong, VALIDATION, &promise, &sample, &env, &c);
		alpha = c.alpha;
		for (int i = VALIDATION; i < TOTAL; i++)
			errors += scores[i] >= c.threshold && wrong[i];
		passed += c.passed;
		missed += errors > 30;
		CHECK(c.passed == (c.best_bound <= 0.05) && (!c.passed || c.bound <= 0.05));
	}
	CHECK(passed > runs / 2);
	CHECK(missed <= alpha * runs + 3.5 * sqrt(alpha * runs));
	CHECK(missed > 0 || runs < 1000);
	{
		/* everything may be labeled when so few can be wrong at all */
		double		scores[VALIDATION] = {0};
		bool		wrong[VALIDATION] = {false};
		GtlCertificate c;

		promise.target_error = 0.9;
		gtl_certify(scores, wrong, VALIDATION, &promise, &sample, &env, &c);
		CHECK(c.passed && c.threshold == 0 && c.n == VALIDATION);
	}
}

/* How often a guarantee's own threshold has a true error above eps, in the usual world. */
static double
violation_rate(GtlGuarantee guarantee, double *coverage)
{
	const double eps = 0.06;
	GtlPromise	promise = {guarantee, eps, 0.1};
	double		mean[RANKS];
	double		scores[SIMULATED_OBJECTS];
	bool		wrong[SIMULATED_OBJECTS];
	int			runs = simulations(4000);
	int			violations = 0;

	draws = UINT64_C(1) << 40;	/* the same worlds for all */
	integrate_world(&worlds[3], eps, mean);
	*coverage = 0;
	for (int r = 0; r < runs; r++)
	{
		GtlCertificate c;

		for (int i = 0; i < SIMULATED_OBJECTS; i++)
		{
			double		rank = uniform();

			scores[i] = 1 - rank;
			wrong[i] = uniform() < rate_ramp(rank, eps);
		}
		gtl_certify(scores, wrong, SIMULATED_OBJECTS, &promise, &whole, &env, &c);
		if (c.passed)
		{
			*coverage += (1 - c.threshold) / runs;
			violations += mean[(int) ((1 - c.threshold) * RANKS)] > eps;
		}
	}
	return violations / (double) runs;
}

static void
test_guarantees_compared(void)
{
	double		coverage[4];
	double		rate[4];

	for (int g = 0; g < 4; g++)
		rate[g] = violation_rate((GtlGuarantee) g, &coverage[g]);
	CHECK(rate[GTL_GUARANTEE_CONFIDENCE] <= 0.1);
	CHECK(rate[GTL_GUARANTEE_STRICT] <= rate[GTL_GUARANTEE_CONFIDENCE]);
	/* the point estimate keeps no promise: the reason for all this */
	CHECK(rate[GTL_GUARANTEE_EMPIRICAL] > 0.3);
	CHECK(rate[GTL_GUARANTEE_EXPECTED] < rate[GTL_GUARANTEE_EMPIRICAL]);
	/* and what each promise costs; the true optimum is 0.5 */
	CHECK(coverage[GTL_GUARANTEE_STRICT] > 0.1);
	CHECK(coverage[GTL_GUARANTEE_CONFIDENCE] > coverage[GTL_GUARANTEE_STRICT]);
	CHECK(coverage[GTL_GUARANTEE_EXPECTED] > coverage[GTL_GUARANTEE_CONFIDENCE]);
	CHECK(coverage[GTL_GUARANTEE_EMPIRICAL] > coverage[GTL_GUARANTEE_EXPECTED]);
	if (getenv("GTL_VERBOSE") != NULL)
	{
		for (int g = 0; g < 4; g++)
			fprintf(stderr, "%s: violated %.3f, coverage %.3f\n",
					gtl_guarantee_name((GtlGuarantee) g), rate[g], coverage[g]);
	}
}

/* Where all objects share a score the exact test keeps its own level, delta/2. */
static void
test_confidence_level_of_one_threshold(void)
{
	const int	n = 200;
	const double eps = 0.06;
	GtlPromise	promise = {GTL_GUARANTEE_CONFIDENCE, eps, 0.1};
	int			runs = simulations(20000);
	int			passes = 0;

	for (int r = 0; r < runs; r++)
	{
		int			k = 0;

		for (int i = 0; i < n; i++)
			k += uniform() < eps;
		passes += n >= gtl_certify_required(k, &promise);
	}
	CHECK(passes <= 0.05 * runs);
	CHECK(runs < 1000 || passes >= 0.01 * runs);
}

/* Counts how often it is asked, and says yes from the limit on. */
typedef struct Patience
{
	int64_t		asked;
	int64_t		limit;
} Patience;

static bool
patience_ends(void *context)
{
	Patience   *patience = context;

	return ++patience->asked > patience->limit;
}

#define MANY 200000

/*
 * Looks for an interrupt in proportion to the work, at sizes where the work takes long, and stops at the first:
 * random keys, ordered ones, and all of them wanted, where the sort does most of it.
 */
static void
test_select_interrupts(void)
{
	Patience	patience = {0};
	GtlEnv		asking = {.alloc = test_alloc, .release = test_release, .interrupted = patience_ends, .context = &patience};
	int32_t    *objects = malloc(sizeof(int32_t) * MANY);
	double	   *scores = malloc(sizeof(double) * MANY);
	int64_t    *chosen = malloc(sizeof(int64_t) * MANY);
	int32_t    *sample = malloc(sizeof(int32_t) * MANY);
	static const int64_t wanted[] = {1, MANY / 3, MANY};

	for (int order = 0; order < 3; order++)
		for (int w = 0; w < COUNT_OF(wanted); w++)
		{
			bool		ordered = true;
			int64_t		looks;

			for (int i = 0; i < MANY; i++)
			{
				objects[i] = i;
				scores[i] = order == 0 ? uniform() : order == 1 ? i : MANY - i;
			}
			patience = (Patience) {0, INT64_MAX};
			CHECK(gtl_select_lowest(objects, scores, MANY, wanted[w], &asking, chosen) == wanted[w]);
			looks = patience.asked;
			CHECK(looks >= MANY / 65536);
			for (int64_t i = 1; i < wanted[w]; i++)
				ordered = ordered && scores[chosen[i - 1]] <= scores[chosen[i]];
			CHECK(ordered);
			for (int64_t limit = 0; limit < looks; limit += 1 + looks / 4)
			{
				patience = (Patience) {0, limit};
				CHECK(gtl_select_lowest(objects, scores, MANY, wanted[w], &asking, chosen) == 0);
				CHECK(patience.asked <= limit + 3);
			}
		}
	patience = (Patience) {0, 5};
	CHECK(gtl_select_random(objects, MANY, MANY, 1, GTL_STREAM_VALIDATION, &asking, sample) == 0);
	free(objects);
	free(scores);
	free(chosen);
	free(sample);
}

/* Asked all the way, and refused if stopped anywhere. */
static void
test_certify_interrupts(void)
{
	static const GtlGuarantee guarantees[] = {GTL_GUARANTEE_CONFIDENCE, GTL_GUARANTEE_STRICT, GTL_GUARANTEE_EXPECTED};
	const int	n = 8000;
	Patience	patience = {0};
	GtlEnv		asking = {.alloc = test_alloc, .release = test_release, .interrupted = patience_ends, .context = &patience};
	double	   *scores = malloc(sizeof(double) * (size_t) n);
	bool	   *wrong = malloc(sizeof(bool) * (size_t) n);
	GtlCertificate c;

	for (int i = 0; i < n; i++)
	{
		scores[i] = uniform();
		wrong[i] = uniform() < 0.3 * (1 - scores[i]);
	}
	for (int g = 0; g < COUNT_OF(guarantees); g++)
	{
		GtlPromise	promise = {guarantees[g], 0.05, 0.05};
		int64_t		looks;

		patience = (Patience) {0, INT64_MAX};
		gtl_certify(scores, wrong, n, &promise, &whole, &asking, &c);
		looks = patience.asked;
		CHECK(c.passed && looks >= n / 256);
		for (int64_t limit = 0; limit < looks; limit += 1 + looks / 20)
		{
			patience = (Patience) {0, limit};
			gtl_certify(scores, wrong, n, &promise, &whole, &asking, &c);
			CHECK(!c.passed && patience.asked <= limit + 30);
		}
	}
	free(scores);
	free(wrong);
}

int
main(void)
{
	test_plan_vectors();
	test_validation_count();
	test_eager_validation_count();
	test_plan_properties();
	test_plan_limits();
	test_due();
	test_select_lowest();
	test_select_random_order();
	test_select_random_uniform();
	test_select_interrupts();
	test_certify_interrupts();
	test_certify_brute_force();
	test_required_brute_force();
	test_required_vectors();
	test_required_other_guarantees();
	test_clopper_pearson();
	test_binomial_cdf();
	test_bound_monotone();
	test_certificate_consistent();
	test_certify_edges();
	test_certify_classes();
	test_guarantee_names();
	test_strict_level();
	test_strict_calibration();
	test_halvings();
	test_count_transfer();
	test_smallest_covered();
	test_sort_down();
	test_hypergeometric();
	test_dataset_level();
	test_guarantees_compared();
	test_confidence_level_of_one_threshold();
	return CHECK_SUMMARY("test_decide");
}
