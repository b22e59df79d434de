/*
 * drift.h
 *		Have rows that join a job later become other than those before?
 *
 * Two alarms, which docs/guarantee.md describes and proves: the margins of new rows against those of earlier
 * ones, and a rise of the machine's error in what people have checked.
 */
#ifndef GTL_DRIFT_H
#define GTL_DRIFT_H

#include "learning/env.h"

/* ---- Margins ---------------------------------------------------------------------- */

typedef struct GtlDriftComparison
{
	double		distance;		/* largest difference of the two distributions */
	double		p;				/* of one as large or larger, if both are samples of the same */
} GtlDriftComparison;

/*
 * Where `margin` stands among `count` reference margins (ascending): how many are smaller, a number in [0,
 * count].  Equal ones are ordered at random: uniform is a random number in [0, 1).
 */
extern double gtl_drift_place(const double *reference, int64_t count, double margin, double uniform);

/*
 * The two-sample test of Kolmogorov and Smirnov, of `count` new margins by their places (which it sorts)
 * against `reference` of them.  p is exact up to GTL_DRIFT_EXACT pairs, and Smirnov's limit beyond.
 */
extern void gtl_drift_compare(double *places, int64_t count, int64_t reference, const GtlEnv *env, GtlDriftComparison *comparison);

#define GTL_DRIFT_EXACT 20000000

/* The level of the k-th test of a job, k = 1, 2, ...: together at most delta. */
extern double gtl_drift_level(double delta, int64_t k);

/* ---- Errors ------------------------------------------------------------------------ */

/* A bet that the error has risen, at one of all the answers until now; zeroed at the beginning. */
typedef struct GtlDriftWatch
{
	int64_t		answers;
	int64_t		wrong;
	double		wealth;			/* of the bets that have begun */
} GtlDriftWatch;

/* The error of the machine that is no drift, where target_error is promised. */
extern double gtl_drift_usual(double target_error);

/*
 * People have checked a label of the machine.  error: 1 if it is wrong, else 0; where some labels are drawn
 * more often than others, divided by how many times as often.  expected: the most that its mean could be,
 * given what was known before, without a drift: gtl_drift_usual for a random label.
 */
extern void gtl_drift_count(GtlDriftWatch *watch, double target_error, double error, double expected);

/* 1 at the beginning; ever reaches 1/delta with probability delta at most, without a drift. */
extern double gtl_drift_evidence(const GtlDriftWatch *watch);

#endif							/* GTL_DRIFT_H */
