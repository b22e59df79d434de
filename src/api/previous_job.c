/*
 * previous_job.c
 *		A job that goes on from another one (previous_job), and a job that is there already (if_not_exists).
 *
 * The managed service goes on by its manifest: a line that has the label attribute is not labeled again.  Here the labels
 * of the previous job take the place of the lines.
 */
#include "api/previous_job.h"

#include "api/arguments.h"
#include "base/errors.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "tables/job_field.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#define MOST_PREVIOUS 100

/* The labels of the previous job mean the same in this one; categories may be added. */
static void
require_categories(const GtlJob *job, const GtlJob *previous)
{
	for (int i = 0; i < previous->ncategories; i++)
	{
		int			c = 0;

		while (c < job->ncategories && strcmp(job->categories[c], previous->categories[i]) != 0)
			c++;
		if (c == job->ncategories)
			gtl_error_setting("label_categories", psprintf("must have \"%s\", a category of the previous job", previous->categories[i]),
							  "With another label_attribute_name everything is labeled anew, with any categories.");
	}
}

void
gtl_previous_job_read(GtlJob *job)
{
	GtlJob	   *previous;

	if (job->previous_job == NULL)
		return;
	previous = gtl_job_find(job->previous_job);
	gtl_job_require_owner(previous);
	if (job->label_attribute_name == NULL)
		job->label_attribute_name = previous->label_attribute_name;
	if (strcmp(job->label_attribute_name, previous->label_attribute_name) != 0)
		return;
	require_categories(job, previous);
	if (job->label_column == NULL && previous->dataset == job->dataset)
		job->label_column = previous->label_column;
}

void
gtl_previous_job_add_labels(const GtlJob *job, const char *schema, GtlDataset *dataset)
{
	char	   *lists[MOST_PREVIOUS];
	int			count = 0;

	for (GtlJob *previous = gtl_job_previous(job); previous != NULL && count < MOST_PREVIOUS; previous = gtl_job_previous(previous))
		if (strcmp(previous->label_attribute_name, job->label_attribute_name) == 0)
			lists[count++] = psprintf("SELECT key, label FROM %s.gt_labels_of(%s, NULL::pg_catalog.text)", quote_identifier(schema),
									  quote_literal_cstr(previous->name));
	if (count > 0)
		gtl_dataset_add_labels(dataset, lists, count);
}

/* ---- if_not_exists ------------------------------------------------------------------------ */

static bool
is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
is_left_to_us(FunctionCallInfo fcinfo, const GtlJobField *setting)
{
	return setting->decided && PG_ARGISNULL(gtl_argument_place(fcinfo, gtl_setting_name(setting)));
}

/* "max_concurrent_task_count is 1000, not 200", for each that differs. */
static char *
describe_differences(FunctionCallInfo fcinfo, const GtlJob *existing, const GtlJob *job)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < gtl_job_setting_count; i++)
	{
		const GtlJobField *setting = &gtl_job_settings[i];
		char	   *is;
		char	   *wanted;

		if (is_left_to_us(fcinfo, setting))
			continue;
		is = gtl_field_text(setting, existing);
		wanted = gtl_field_text(setting, job);
		if (!is_same_text(is, wanted))
			appendStringInfo(&list, "%s%s is %s, not %s", list.len > 0 ? "; " : "", gtl_setting_name(setting),
							 is == NULL ? "NULL" : is, wanted == NULL ? "NULL" : wanted);
	}
	return list.data;
}

GtlJob *
gtl_existing_job(FunctionCallInfo fcinfo, const GtlJob *job)
{
	GtlJob	   *existing = gtl_job_look_up(job->name);
	char	   *differences;

	if (existing == NULL)
		return NULL;
	gtl_job_require_owner(existing);
	differences = describe_differences(fcinfo, existing, job);
	if (differences[0] != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("labeling job \"%s\" exists with other settings", job->name),
				 errdetail("%s.", differences),
				 errhint("gt_alter_job changes settings; another job needs another name.")));
	ereport(NOTICE,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("labeling job \"%s\" already exists, skipping", job->name)));
	return existing;
}
