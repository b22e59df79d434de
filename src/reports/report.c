/*
 * report.c
 *		Rows of topic, finding and advice.
 */
#include "reports/report.h"

#include "funcapi.h"
#include "utils/builtins.h"

void
gtl_report_begin(GtlReport *report, FunctionCallInfo fcinfo, int columns)
{
	report->fcinfo = fcinfo;
	report->columns = columns;
	InitMaterializedSRF(fcinfo, 0);
}

void
gtl_report_add(GtlReport *report, const char *topic, const char *finding, const char *advice)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) report->fcinfo->resultinfo;
	Datum		values[3];
	bool		nulls[3] = {false, false, advice == NULL};

	values[0] = CStringGetTextDatum(topic);
	values[1] = CStringGetTextDatum(finding);
	values[2] = advice == NULL ? (Datum) 0 : CStringGetTextDatum(advice);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}
