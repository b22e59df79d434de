/*
 * report.c
 *		Rows of topic, finding and advice.
 */
#include "reports/report.h"

#include "funcapi.h"
#include "utils/builtins.h"

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

void
gtl_report_return(const GtlReport *report, FunctionCallInfo fcinfo, int columns)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	foreach(cell, report->rows)
	{
		const GtlReportRow *row = lfirst(cell);
		Datum		values[3] = {CStringGetTextDatum(row->topic), CStringGetTextDatum(row->finding), (Datum) 0};
		bool		nulls[3] = {false, false, row->advice == NULL};

		Assert(rsinfo->setDesc->natts == columns);
		if (columns > 2 && row->advice != NULL)
			values[2] = CStringGetTextDatum(row->advice);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}
