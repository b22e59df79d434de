/*
 * test_calibrate.c
 *		The probability that a classifier is right, by its margin.
 */
#include <stdlib.h>

#include "check.h"
#include "learning/calibrate.h"
#include "learning/random.h"

enum
{
	OBJECTS = 2000
};

static double margin[OBJECTS];
static bool right[OBJECTS];
static GtlCalibration calibration;

/* Answers whose margins say more (or less) than they are worth: right with the probability of the sharpened logit. */
static void
draw(uint64_t seed, double intercept, double slope)
{
	for (int i = 0; i < OBJECTS; i++)
	{
		double		m = gtl_random_uniform(seed, GTL_STREAM_FOLD, 2 * i);
		double		p = 1 / (1 + exp(-(intercept + slope * log((1 + m) / (1 - m)))));

		margin[i] = m;
		right[i] = gtl_random_uniform(seed, GTL_STREAM_FOLD, 2 * i + 1) < p;
	}
}

/* Expected calibration error over ten bins, on the objects drawn last. */
static double
error(void)
{
	double		excess[10] = {0};
	double		sum = 0;

	for (int i = 0; i < OBJECTS; i++)
	{
		double		p = gtl_calibrated(&calibration, margin[i]);

		excess[(int) fmin(p * 10, 9)] += p - right[i];
	}
	for (int b = 0; b < 10; b++)
		sum += fabs(excess[b]);
	return sum / OBJECTS;
}

static void
test_fresh_objects(void)
{
	static const double lines[][2] = {{0, 1}, {-1, 0.5}, {1, 2}, {0.5, 0.2}};

	for (int l = 0; l < 4; l++)
	{
		draw(1 + l, lines[l][0], lines[l][1]);
		gtl_calibrate(margin, right, OBJECTS, &calibration);
		CHECK(fabs(calibration.intercept - lines[l][0]) < 0.25 && fabs(calibration.slope - lines[l][1]) < 0.25);
		draw(101 + l, lines[l][0], lines[l][1]);	/* others of the same kind */
		CHECK(error() <= 0.05);
		CHECK(gtl_calibrated(&calibration, 0.9) >= gtl_calibrated(&calibration, 0.1));
	}
}

static void
test_edges(void)
{
	gtl_calibrate(margin, right, 0, &calibration);
	CHECK(isnan(calibration.slope) && isnan(gtl_calibrated(&calibration, 0.5)));

	/* nothing is wrong: nearly certain, by the number of objects */
	for (int i = 0; i < OBJECTS; i++)
		right[i] = true;
	gtl_calibrate(margin, right, 100, &calibration);
	CHECK(gtl_calibrated(&calibration, 0.5) > 0.95 && gtl_calibrated(&calibration, 0.5) < 1);

	/* large margins speak against an answer: then margins say nothing */
	for (int i = 0; i < OBJECTS; i++)
	{
		margin[i] = i / (double) OBJECTS;
		right[i] = i % 4 != 0 && i < 1000;
	}
	gtl_calibrate(margin, right, OBJECTS, &calibration);
	CHECK(calibration.slope == 0);
	CHECK_NEAR(gtl_calibrated(&calibration, 0.9), 0.375, 0.001);

	/* margins of 0 and 1 */
	for (int i = 0; i < OBJECTS; i++)
	{
		margin[i] = i % 2;
		right[i] = i % 2 || i % 3 == 0;
	}
	gtl_calibrate(margin, right, OBJECTS, &calibration);
	CHECK(gtl_calibrated(&calibration, 1) > 0.95 && gtl_calibrated(&calibration, 1) <= 1);
	CHECK_NEAR(gtl_calibrated(&calibration, 0), 0.33, 0.05);
	CHECK(gtl_calibrated(&calibration, 0.5) > 0 && gtl_calibrated(&calibration, 0.5) < 1);
}

int
main(void)
{
	test_fresh_objects();
	test_edges();
	return CHECK_SUMMARY("test_calibrate");
}
