/*
 * explain_drift.c
 *		What is known of drift, in reports.
 */
#include "reports/explain_drift.h"

#include "base/format.h"
#include "steps/drift_watch.h"
#include "utils/timestamp.h"

static const char *
describe_way_out(const GtlJob *job)
{
	return job->guarantee == GTL_GUARANTEE_AUDITED ?
		"An audit that passes ends the alarm; gt_alter_job(..., drift_alarm => false) ends it by your word." :
		"Look at the new rows. gt_alter_job(..., drift_alarm => false) lets the machine label them; true then watches anew.";
}

void
gtl_explain_drift(const GtlJob *job, GtlReport *report)
{
	GtlDriftRecord record;

	if (!gtl_drift_read(job->job_id, &record))
		return;
	if (record.alarm != NULL)
		gtl_report_add(report, "drift", psprintf("alarm at %s: %s; the machine labels no objects that joined with segment %d or later",
												 timestamptz_to_str(record.alarmed_at), record.alarm, record.alarm_segment),
					   describe_way_out(job));
	else if (record.finding != NULL || record.watch.answers > 0)
		gtl_report_add(report, "drift", psprintf("no alarm%s%s%s%s", record.finding != NULL ? "; " : "", record.finding != NULL ? record.finding : "",
												 record.watch.answers > 0 ? "; " : "",
												 record.watch.answers > 0 ? gtl_drift_describe_errors(job, &record) : ""), NULL);
}

void
gtl_explain_drift_object(const GtlJob *job, int32 object_no, GtlReport *report)
{
	GtlDriftRecord record;
	int32		withheld_from;

	if (!gtl_drift_read(job->job_id, &record))
		return;
	withheld_from = gtl_drift_withheld_from(job, &record);
	if (withheld_from > 0 && object_no >= withheld_from)
		gtl_report_add(report, "drift", psprintf("kept from the machine, since %s", record.alarm), describe_way_out(job));
}
