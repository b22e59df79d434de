/*
 * explain_categories.c
 *		Since when a job has its categories, in reports.
 */
#include "reports/explain_categories.h"

#include "base/format.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "utils/timestamp.h"

/* Labels that were given when the category was not there. */
static void
explain_added(const GtlJob *job, const char *category, TimestampTz at, GtlReport *report)
{
	static GtlStatement select = {
		"SELECT count(*) FILTER (WHERE human)::int, count(*) FILTER (WHERE NOT human)::int FROM gtlabel.label WHERE job_id = $1 AND labeled_at < $2",
		2, {INT8OID, TIMESTAMPTZOID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), TimestampTzGetDatum(at)};
	GtlResult	r;
	int32		human;
	int32		machine;

	gtl_query_run(&r, &select, values, NULL);
	human = gtl_result_int32(&r, 0, 1);
	machine = gtl_result_int32(&r, 0, 2);
	gtl_query_end(&r);
	gtl_report_add(report, "categories",
				   psprintf("\"%s\" was added at %s: %s labels of people and %s of the machine are older, and so is what was promised of these",
							category, timestamptz_to_str(at), gtl_format_count(human), gtl_format_count(machine)),
				   machine > 0 ? "gt_withdraw_machine_labels(..., below_margin => x) has people look at the doubtful ones again." : NULL);
}

void
gtl_explain_categories(const GtlJob *job, GtlReport *report)
{
	static GtlStatement select = {
		"SELECT event = 'category_added', substring(detail FROM '^\"(.*)\"; promises'), detail, at FROM gtlabel.event"
		" WHERE job_id = $1 AND event IN ('category_added', 'categories_merged') ORDER BY event_id DESC LIMIT 1",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job->job_id)};
	GtlResult	r;
	bool		added = false;
	char	   *category = NULL;
	char	   *detail = NULL;
	TimestampTz at = 0;
	bool		isnull;

	if (gtl_query_run(&r, &select, values, NULL) > 0)
	{
		added = gtl_result_bool(&r, 0, 1);
		category = gtl_result_text(&r, 0, 2);
		detail = gtl_result_text(&r, 0, 3);
		at = DatumGetTimestampTz(gtl_result_datum(&r, 0, 4, &isnull));
	}
	gtl_query_end(&r);
	if (added && category != NULL)
		explain_added(job, category, at, report);
	else if (detail != NULL && !added)
		gtl_report_add(report, "categories", psprintf("merged at %s: %s; models of before know the categories of before", timestamptz_to_str(at), detail), NULL);
}
