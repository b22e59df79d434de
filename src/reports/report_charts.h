/*
 * report_charts.h
 *		The pictures of gt_report.
 */
#ifndef GTL_REPORT_CHARTS_H
#define GTL_REPORT_CHARTS_H

#include "base/compat.h"
#include "lib/stringinfo.h"
#include "reports/coverage.h"

/* How the labels stood when a batch was closed, and what the round after it found. */
typedef struct GtlMoment
{
	int32		people;
	int32		machine;
	int32		round_no;		/* -1: no round ran */
	bool		passed;
	double		threshold;
	double		bound;			/* of the threshold, or the lowest there was; NaN: none */
	double		accuracy;		/* of the round's model on the validation set; NaN: none */
} GtlMoment;

typedef struct GtlHistory
{
	int32		objects;
	double		target_error;
	int			count;
	GtlMoment  *moment;
} GtlHistory;

/* Who labeled how much: one bar. */
extern void gtl_chart_shares(StringInfo page, int32 people, int32 machine, int32 failed, int32 objects);

/* Labels over the number of human labels, and the accuracy of each round's model and its error bound. */
extern void gtl_chart_progress(StringInfo page, const GtlHistory *history);

/* Coverage and error bound over the margin threshold. */
extern void gtl_chart_coverage(StringInfo page, const GtlCoverage *coverage, const GtlRound *round);

#endif							/* GTL_REPORT_CHARTS_H */
