/*
 * test_drift.c
 *		The two alarms of drift.h, against data of which is known whether they drift.
 */
#include <stdlib.h>

#include "check.h"
#include "learning/drift.h"
#include "learning/random.h"
#include "learning_fixture.h"

#define TARGET	0.05			/* promised error; 3 % is usual then */
#define DELTA	0.05

/* ---- Margins ---- */

static double
p_of(const double *places, int count, int reference)
{
	double		sorted[100];
	GtlDriftComparison c;

	for (int i = 0; i < count; i++)
		sorted[i] = places[i];
	gtl_drift_compare(sorted, count, reference, &env, &c);
	return c.p;
}

/* The tables of the two-sample test for 5 and 5: 2/252, 20/252, 90/252 of the orders have a difference as large. */
static void
test_small_tables(void)
{
	static const double below[] = {0, 0, 0, 0, 0};
	static const double above[] = {5, 5, 5, 5, 5};
	static const double four[] = {0, 0, 0, 0, 1};
	static const double three[] = {1, 1, 1, 1, 5};

	CHECK_NEAR(p_of(below, 5, 5), 2.0 / 252, 1e-12);
	CHECK_NEAR(p_of(above, 5, 5), 2.0 / 252, 1e-12);
	CHECK_NEAR(p_of(four, 5, 5), 20.0 / 252, 1e-12);
	CHECK_NEAR(p_of(three, 5, 5), 90.0 / 252, 1e-12);
	CHECK_NEAR(gtl_drift_level(0.05, 1), 0.0303964, 1e-6);
}

static void
test_places(void)
{
	static const double reference[] = {0.1, 0.5, 0.5, 0.5, 0.9};

	CHECK(gtl_drift_place(reference, 5, 0.05, 0.7) == 0);
	CHECK(gtl_drift_place(reference, 5, 0.2, 0.7) == 1);
	CHECK(gtl_drift_place(reference, 5, 1, 0) == 5);
	CHECK(gtl_drift_place(reference, 5, 0.5, 0) == 1);
	CHECK(gtl_drift_place(reference, 5, 0.5, 0.999) == 4);
	CHECK(gtl_drift_place(reference, 0, 0.5, 0.5) == 0);
}

/* Margins in steps, so that many are equal; the new ones to the given power. */
static double
draw_margin(uint64_t seed, uint64_t counter, double power, double steps)
{
	double		margin = pow(gtl_random_uniform(seed, GTL_STREAM_FOLD, counter), power);

	return steps > 0 ? floor(margin * steps) / steps : margin;
}

static double
p_of_samples(uint64_t seed, int m, int n, double power, double steps)
{
	double		reference[500];
	double		places[500];
	GtlDriftComparison c;

	for (int i = 0; i < m; i++)
		reference[i] = draw_margin(seed, i, 1, steps);
	for (int i = 0; i < m; i++)	/* insertion, ascending */
		for (int j = i; j > 0 && reference[j - 1] > reference[j]; j--)
		{
			double		swap = reference[j];

			reference[j] = reference[j - 1];
			reference[j - 1] = swap;
		}
	for (int i = 0; i < n; i++)
		places[i] = gtl_drift_place(reference, m, draw_margin(seed, 1000 + i, power, steps),
									gtl_random_uniform(seed, GTL_STREAM_FOLD, 2000 + i));
	gtl_drift_compare(places, n, m, &env, &c);
	return c.p;
}

static double
share_below(double level, double power, double steps)
{
	int			below = 0;

	for (int seed = 0; seed < 400; seed++)
		below += p_of_samples(seed, 60, 100, power, steps) <= level;
	return below / 400.0;
}

static void
test_samples(void)
{
	double		steps[] = {0, 10, 2};

	for (int s = 0; s < 3; s++)
		CHECK(share_below(0.05, 1, steps[s]) <= 0.08);
	CHECK(share_below(0.05, 1, 0) >= 0.02);
	CHECK(share_below(0.01, 3, 0) >= 0.95);	/* smaller margins */
	CHECK(share_below(0.01, 1.0 / 3, 0) >= 0.95);	/* larger ones */
}

/* The limit is close to the count, and where it is used takes no time. */
static void
test_limit(void)
{
	static double places[40000];
	GtlDriftComparison c;
	GtlDriftComparison limit;

	for (int i = 0; i < 2000; i++)
		places[i] = pow((i + 0.5) / 2000, 1.15) * 9999;
	gtl_drift_compare(places, 2000, 9999, &env, &c);
	gtl_drift_compare(places, 2000, 10001, &env, &limit);
	CHECK(c.p > 1e-4 && c.p < 0.2);
	CHECK_NEAR(c.p, limit.p, 0.01);
}

/* ---- Errors ---- */

/* The answer after which there is an alarm, of `most`; 0: none.  The error is p before answer `change`, and q from then on. */
static int
alarm_at(uint64_t seed, double p, double q, int change, int most)
{
	GtlDriftWatch watch = {0};

	for (int i = 1; i <= most; i++)
	{
		bool		wrong = gtl_random_uniform(seed, GTL_STREAM_FOLD, i) < (i < change ? p : q);

		gtl_drift_count(&watch, TARGET, wrong, gtl_drift_usual(TARGET));
		if (gtl_drift_evidence(&watch) >= 1 / DELTA)
			return i;
	}
	return 0;
}

static double
share_of_alarms(double p, int seeds, int most)
{
	int			alarms = 0;

	for (int seed = 0; seed < seeds; seed++)
		alarms += alarm_at(seed, p, p, most, most) > 0;
	return (double) alarms / seeds;
}

static int
compare_int(const void *a, const void *b)
{
	return *(const int *) a - *(const int *) b;
}

/* Answers from the change to the alarm, in the middle of the jobs that had none before. */
static int
median_delay(double p, double q, int change)
{
	int			delay[400];
	int			count = 0;

	for (int seed = 0; seed < 400; seed++)
	{
		int			at = alarm_at(seed, p, q, change, change + 5000);

		if (at == 0 || at >= change)
			delay[count++] = at == 0 ? 5001 : at - change + 1;
	}
	qsort(delay, count, sizeof(int), compare_int);
	return delay[count / 2];
}

static void
test_constant_error(void)
{
	printf("alarms at a constant error, %% of 400 runs of 2,000 answers: 3.5 %%: %g, 4 %%: %g, 4.5 %%: %g\n",
		   100 * share_of_alarms(0.035, 400, 2000), 100 * share_of_alarms(0.04, 400, 2000), 100 * share_of_alarms(0.045, 400, 2000));
	/* 3 %, over 20,000 answers: at most delta, and less where the error is smaller */
	CHECK(share_of_alarms(0.03, 2000, 20000) <= DELTA);
	CHECK(share_of_alarms(0.01, 400, 20000) <= 0.01);
	/* an error that breaks the promise always does */
	CHECK(share_of_alarms(0.06, 400, 2000) >= 0.98);
}

static void
test_rise(void)
{
	int			early = median_delay(0.03, 0.08, 200);
	int			late = median_delay(0.03, 0.08, 2000);

	printf("median delays of a rise from 3 to 8 %%: %d after 200 answers, %d after 2,000; from 1 to 20 %%: %d\n",
		   early, late, median_delay(0.01, 0.2, 1000));
	CHECK(early >= 100 && early <= 300);
	CHECK(late <= 350);
	CHECK(median_delay(0.01, 0.2, 1000) <= 80);
}

/*
 * Draws without replacement from 400 labels, those of the first half three times as often: the evidence has a mean of
 * 1 at most where 12 of them are wrong (3 %), wherever these are.
 */
static double
mean_evidence(int first_wrong)
{
	double		sum = 0;

	for (int seed = 0; seed < 4000; seed++)
	{
		GtlDriftWatch watch = {0};
		bool		gone[400] = {false};
		double		weights = 200 * 3 + 200;
		int			left = 400;
		int			found = 0;

		for (int draw = 0; draw < 60; draw++)
		{
			double		at = gtl_random_uniform(seed, GTL_STREAM_FOLD, draw) * weights;
			int			j = 0;

			while (gone[j] || at >= (j < 200 ? 3 : 1))
			{
				at -= gone[j] ? 0 : j < 200 ? 3 : 1;
				j++;
			}
			gone[j] = true;
			gtl_drift_count(&watch, TARGET, (j >= first_wrong && j < first_wrong + 12) * weights / ((j < 200 ? 3 : 1) * left),
							(gtl_drift_usual(TARGET) * 400 - found) / left);
			weights -= j < 200 ? 3 : 1;
			left--;
			found += j >= first_wrong && j < first_wrong + 12;
		}
		sum += gtl_drift_evidence(&watch);
	}
	return sum / 4000;
}

static void
test_weighted_draws(void)
{
	GtlDriftWatch watch = {0};

	CHECK(gtl_drift_evidence(&watch) == 1);
	CHECK_NEAR(mean_evidence(0), 1, 0.03);
	CHECK_NEAR(mean_evidence(194), 1, 0.06);
	CHECK_NEAR(mean_evidence(300), 1, 0.12);
	/* more wrong labels than "no drift" allows, found among the first: the stake does not fall below nothing */
	gtl_drift_count(&watch, TARGET, 0, -0.5);
	gtl_drift_count(&watch, TARGET, 0, 5);
	CHECK(gtl_drift_evidence(&watch) > 0 && watch.answers == 2 && watch.wrong == 0);
	/* whatever is promised */
	gtl_drift_count(&watch, 0.999, 1, gtl_drift_usual(0.999));
	CHECK(isfinite(gtl_drift_evidence(&watch)));
}

int
main(void)
{
	reset_counters(-1);
	test_small_tables();
	test_places();
	if (!under_valgrind())		/* it takes no memory that the others do not */
	{
		test_samples();
		test_constant_error();
		test_rise();
		test_weighted_draws();
	}
	test_limit();
	return CHECK_SUMMARY("test_drift");
}
