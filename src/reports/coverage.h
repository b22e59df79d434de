/*
 * coverage.h
 *		What each margin threshold would admit and what it would promise: the curve
 *		behind a round's choice.
 */
#ifndef GTL_COVERAGE_H
#define GTL_COVERAGE_H

#include "tables/job.h"
#include "tables/round.h"

#define GTL_COVERAGE_STEPS 200

typedef struct GtlCoverage
{
	int			steps;			/* points 0 .. steps are set, at margin i / GTL_COVERAGE_STEPS */
	int			validation;		/* objects it rests on */
	int64		pool;			/* objects it was measured on: a sample of a large pool */
	double		covered[GTL_COVERAGE_STEPS + 1];	/* share of the pool at or above the margin */
	double		bound[GTL_COVERAGE_STEPS + 1];	/* of their error, as the guarantee counts it */
	double		error[GTL_COVERAGE_STEPS + 1];	/* share of wrong ones among the validation objects there */
} GtlCoverage;

/*
 * Scores validation set and pool once more with the models of the job's newest
 * round.  False if it has none, or there is nothing to score.
 */
extern bool gtl_coverage_read(const GtlJob *job, const GtlRound *round, GtlCoverage *coverage);

#endif							/* GTL_COVERAGE_H */
