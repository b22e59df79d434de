/*
 * report.h
 *		Rows of topic, finding and advice: collected first, so that a function can
 *		return them and gt_report can print them.
 */
#ifndef GTL_REPORT_H
#define GTL_REPORT_H

#include "base/compat.h"
#include "nodes/pg_list.h"

typedef struct GtlReportRow
{
	const char *topic;
	const char *finding;
	const char *advice;			/* NULL: none */
} GtlReportRow;

typedef struct GtlReport
{
	List	   *rows;			/* of GtlReportRow, in the current memory context */
} GtlReport;

extern void gtl_report_begin(GtlReport *report);

/* Keeps the pointers; advice may be NULL. */
extern void gtl_report_add(GtlReport *report, const char *topic, const char *finding, const char *advice);

/* The first row of that topic; NULL: there is none. */
extern const GtlReportRow *gtl_report_find(const GtlReport *report, const char *topic);

#endif							/* GTL_REPORT_H */
