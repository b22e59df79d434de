/*
 * report.c
 *		Rows of topic, finding and advice.
 */
#include "reports/report.h"

void
gtl_report_begin(GtlReport *report)
{
	report->rows = NIL;
}

void
gtl_report_add(GtlReport *report, const char *topic, const char *finding, const char *advice)
{
	GtlReportRow *row = palloc(sizeof(GtlReportRow));

	row->topic = topic;
	row->finding = finding;
	row->advice = advice;
	report->rows = lappend(report->rows, row);
}

const GtlReportRow *
gtl_report_find(const GtlReport *report, const char *topic)
{
	ListCell   *cell;

	foreach(cell, report->rows)
	{
		const GtlReportRow *row = lfirst(cell);

		if (strcmp(row->topic, topic) == 0)
			return row;
	}
	return NULL;
}
