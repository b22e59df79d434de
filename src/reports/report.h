/*
 * report.h
 *		Rows of topic, finding and advice, as gt_explain_job returns them.
 */
#ifndef GTL_REPORT_H
#define GTL_REPORT_H

#include "base/compat.h"
#include "fmgr.h"

typedef struct GtlReport
{
	FunctionCallInfo fcinfo;
	int			columns;		/* 2: no advice */
} GtlReport;

/* Starts the result set of a function with 2 or 3 text columns. */
extern void gtl_report_begin(GtlReport *report, FunctionCallInfo fcinfo, int columns);

/* advice may be NULL. */
extern void gtl_report_add(GtlReport *report, const char *topic, const char *finding, const char *advice);

#endif							/* GTL_REPORT_H */
