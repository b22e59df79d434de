/*
 * categories.c
 *		gt_add_category, gt_rename_category, gt_merge_categories.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "api/own_job.h"
#include "background/worker.h"
#include "base/errors.h"
#include "lib/stringinfo.h"
#include "steps/in_flight.h"
#include "steps/recategorize.h"
#include "tables/event.h"
#include "tables/job_state.h"

/* The job, with no answer in flight, which would have a category of before, and its row locked. */
static GtlJob *
lock_job(FunctionCallInfo fcinfo, const char *what)
{
	GtlJob	   *job = gtl_own_job(fcinfo);
	GtlJob	   *locked;

	gtl_in_flight_require(job, what);
	locked = gtl_own_job_lock(job);
	if (locked->state == GTL_JOB_STOPPED || locked->state == GTL_JOB_STOPPING)
		gtl_error_job_state(locked, what, "A stopped job is final.");
	return locked;
}

static int32
find_class(const GtlJob *job, const char *name)
{
	for (int c = 0; c < job->ncategories; c++)
		if (strcmp(job->categories[c], name) == 0)
			return c;
	gtl_error_unknown_category(name, job->name, job->categories, job->ncategories);
}

/* What gt_create_job checks, with the new name in its place. */
static void
check_names(const GtlJob *job, int32 class_no, char *name)
{
	char	  **names = palloc(sizeof(char *) * (job->ncategories + 1));

	memcpy(names, job->categories, sizeof(char *) * job->ncategories);
	names[class_no] = name;
	gtl_check_categories(names, Max(job->ncategories, class_no + 1));
}

PG_FUNCTION_INFO_V1(gtl_sql_add_category);
Datum
gtl_sql_add_category(PG_FUNCTION_ARGS)
{
	char	   *name = gtl_argument_text(fcinfo, 1, "category");
	GtlJob	   *job = lock_job(fcinfo, "add a category to");
	int32		place = job->ncategories;

	if (!PG_ARGISNULL(2))
		place = gtl_argument_int32(fcinfo, 2, "place", 1, job->ncategories + 1) - 1;
	check_names(job, job->ncategories, name);
	gtl_category_add(job, name, place);
	gtl_worker_launch_at_commit(job);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(gtl_sql_rename_category);
Datum
gtl_sql_rename_category(PG_FUNCTION_ARGS)
{
	char	   *category = gtl_argument_text(fcinfo, 1, "category");
	char	   *name = gtl_argument_text(fcinfo, 2, "new_name");
	GtlJob	   *job = lock_job(fcinfo, "rename a category of");
	int32		class_no = find_class(job, category);

	if (strcmp(category, name) == 0)
		PG_RETURN_VOID();
	check_names(job, class_no, name);
	gtl_category_rename(job, class_no, name);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(gtl_sql_merge_categories);
Datum
gtl_sql_merge_categories(PG_FUNCTION_ARGS)
{
	int			count;
	char	  **names = gtl_argument_text_array(fcinfo, 1, "categories", &count);
	char	   *into_name = gtl_argument_text(fcinfo, 2, "into_category");
	GtlJob	   *job = lock_job(fcinfo, "merge categories of");
	int32		into = find_class(job, into_name);
	int32	   *merged = palloc(sizeof(int32) * (count + 1));
	bool	   *leaves = palloc0(sizeof(bool) * job->ncategories);
	int			left = job->ncategories;
	StringInfoData words;
	int			changed;

	initStringInfo(&words);
	for (int i = 0; i < count; i++)
	{
		merged[i] = find_class(job, names[i]);
		if (merged[i] == into || leaves[merged[i]])
			continue;
		leaves[merged[i]] = true;
		left--;
		appendStringInfo(&words, "%s\"%s\"", words.len > 0 ? ", " : "", names[i]);
	}
	if (words.len == 0)
		PG_RETURN_INT32(0);
	if (left < 2)
		gtl_error_setting("categories", "must leave at least two categories", NULL);
	changed = gtl_category_merge(job, merged, count, into);
	gtl_event_record(job, "categories_merged", "%s -> \"%s\"; %d labels of people are others by their answers", words.data,
					 into_name, changed);
	gtl_worker_launch_at_commit(job);
	PG_RETURN_INT32(changed);
}
