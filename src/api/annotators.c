/*
 * annotators.c
 *		What annotators do: gt_accept_tasks, gt_submit_annotations, gt_release_tasks,
 *		gt_decline_tasks, and gt_annotate for the owner's pipelines.
 *
 * Each takes GTL_LOCK_ANSWERS, shared, before it looks at the job, so that what it
 * sees (not dropped, batch open) stays true until it commits.  Whoever leaves no
 * undisturbed open task behind asks for a worker.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "api/arguments.h"
#include "background/worker.h"
#include "base/errors.h"
#include "base/lock.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tables/annotation.h"
#include "tables/job.h"
#include "tables/task.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define MAX_ANNOTATOR_BYTES 255

/* The annotator argument, or the current user; *is_self: nobody else is named. */
static char *
read_annotator(FunctionCallInfo fcinfo, int argument, bool *is_self)
{
	char	   *self = GetUserNameFromId(GetUserId(), false);
	char	   *name = gtl_argument_text_or_null(fcinfo, argument);

	if (name != NULL && (name[0] == '\0' || strlen(name) > MAX_ANNOTATOR_BYTES))
		gtl_error_setting("annotator", psprintf("must have 1 to %d bytes", MAX_ANNOTATOR_BYTES), NULL);
	*is_self = name == NULL || strcmp(name, self) == 0;
	return name == NULL ? self : name;
}

/* task_id: who names a task and no job does not learn the name of a job that is not theirs; or 0. */
static void
require_annotator(const GtlJob *job, bool is_self, int64 task_id)
{
	if (has_privs_of_role(GetUserId(), job->owner))
		return;
	if (!OidIsValid(job->workteam) || !is_member_of_role(GetUserId(), job->workteam))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 task_id == 0 ? errmsg("permission denied for labeling job \"%s\"", job->name) :
				 errmsg("permission denied for task " INT64_FORMAT, task_id),
				 errdetail("Only its owner and the members of its workteam work on it.")));
	if (!is_self)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of labeling job \"%s\" to name another annotator", job->name)));
}

/* Is there an open batch whose tasks may be given out (or, with answers, answered)? */
static void
require_state(const GtlJob *job, bool answers)
{
	if (job->state == GTL_JOB_IN_PROGRESS || (answers && job->state == GTL_JOB_PAUSED))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("labeling job \"%s\" is %s", job->name, gtl_job_state_name(job->state)),
			 job->state == GTL_JOB_PAUSED ? errhint("Its owner can go on with gt_resume_job.") : 0));
}

/*
 * Lock out the batch's end and the job's drop, read the job, then lock out the annotator's
 * other sessions; NULL if the job is gone.
 */
static GtlJob *
enter_job(int64 job_id, int64 task_id, const char *annotator, bool is_self, bool answers)
{
	GtlJob	   *job;

	gtl_lock_acquire(GTL_LOCK_ANSWERS, job_id, true);
	job = gtl_job_get(job_id);
	if (job == NULL)
		return NULL;
	require_annotator(job, is_self, task_id);
	require_state(job, answers);
	gtl_task_lock_annotator(job, annotator);
	return job;
}

static GtlJob *
enter_job_by_name(const char *name, const char *annotator, bool is_self, bool answers)
{
	GtlJob	   *job = enter_job(gtl_job_find_id(name), 0, annotator, is_self, answers);

	if (job == NULL)
		gtl_error_unknown_job(name);
	return job;
}

static void
leave_job(const GtlJob *job)
{
	if (!gtl_task_any_undisturbed(job))
		gtl_worker_launch_at_commit(job);
}

/* The jobs of some tasks, each entered once and with its tasks beside it. */
typedef struct JobTasks
{
	GtlJob	   *job;
	int64	   *task_ids;
	int			count;
} JobTasks;

static int
enter_jobs_of_tasks(const int64 *task_ids, int count, const char *annotator, bool is_self, JobTasks **jobs)
{
	int64	   *job_ids = palloc(sizeof(int64) * Max(count, 1));
	int			njobs = 0;

	*jobs = palloc(sizeof(JobTasks) * Max(count, 1));
	gtl_task_find_jobs(task_ids, count, job_ids);
	for (int i = 0; i < count; i++)
		if (job_ids[i] == 0)
			gtl_task_explain_not_leased(task_ids, count, annotator, GetCurrentCommandId(false));
	for (;;)
	{
		int64		next = PG_INT64_MAX;
		int64		task_id = 0;
		JobTasks   *entry = &(*jobs)[njobs];

		/* in ascending order, so that two calls cannot wait for each other */
		for (int i = 0; i < count; i++)
			if (job_ids[i] < next && (njobs == 0 || job_ids[i] > (*jobs)[njobs - 1].job->job_id))
			{
				next = job_ids[i];
				task_id = task_ids[i];
			}
		if (next == PG_INT64_MAX)
			return njobs;
		entry->job = enter_job(next, task_id, annotator, is_self, true);
		if (entry->job == NULL)
			gtl_task_explain_not_leased(task_ids, count, annotator, GetCurrentCommandId(false));
		entry->task_ids = palloc(sizeof(int64) * count);
		entry->count = 0;
		for (int i = 0; i < count; i++)
			if (job_ids[i] == next)
				entry->task_ids[entry->count++] = task_ids[i];
		njobs++;
	}
}

/* A category name with its class, for bsearch. */
typedef struct CategoryEntry
{
	const char *name;
	int32		class_no;
} CategoryEntry;

static int
compare_category(const void *a, const void *b)
{
	return strcmp(((const CategoryEntry *) a)->name, ((const CategoryEntry *) b)->name);
}

static CategoryEntry *
sort_categories(const GtlJob *job)
{
	CategoryEntry *entries = palloc(sizeof(CategoryEntry) * job->ncategories);

	for (int i = 0; i < job->ncategories; i++)
	{
		entries[i].name = job->categories[i];
		entries[i].class_no = i;
	}
	qsort(entries, job->ncategories, sizeof(CategoryEntry), compare_category);
	return entries;
}

static int32
find_class(const GtlJob *job, const CategoryEntry *entries, const char *label)
{
	CategoryEntry wanted = {label, 0};
	const CategoryEntry *found = bsearch(&wanted, entries, job->ncategories, sizeof(CategoryEntry), compare_category);

	if (found == NULL)
		gtl_error_unknown_category(label, job->name, job->categories, job->ncategories);
	return found->class_no;
}

static void
require_same_length(int a, int b, const char *what)
{
	if (a != b)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s and labels must have the same length, not %d and %d", what, a, b)));
}

PG_FUNCTION_INFO_V1(gtl_sql_accept_tasks);
Datum
gtl_sql_accept_tasks(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *name = gtl_argument_text(fcinfo, 0, "job_name");
	bool		is_self;
	char	   *annotator = read_annotator(fcinfo, 2, &is_self);
	GtlJob	   *job;
	GtlClaim   *claims = NULL;
	int			wanted;
	int			count;

	gtl_argument_required(fcinfo, 1, "max_tasks");
	wanted = PG_GETARG_INT32(1);
	if (wanted < 1)
		gtl_error_setting("max_tasks", "must be at least 1", NULL);
	job = enter_job_by_name(name, annotator, is_self, false);
	InitMaterializedSRF(fcinfo, 0);
	count = job->open_batch_no == 0 ? 0 : gtl_task_claim(job, annotator, wanted, &claims);
	if (count == 0)
		gtl_worker_pick_up(job, false);
	for (int i = 0; i < count; i++)
	{
		Datum		values[3] = {Int64GetDatum(claims[i].task_id), CStringGetTextDatum(claims[i].object_key),
		TimestampTzGetDatum(claims[i].lease_expires_at)};
		bool		nulls[3] = {false, false, false};

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(gtl_sql_submit_annotations);
Datum
gtl_sql_submit_annotations(PG_FUNCTION_ARGS)
{
	int			count;
	int			nlabels;
	int64	   *task_ids = gtl_argument_int64_array(fcinfo, 0, "task_ids", &count);
	char	  **labels = gtl_argument_text_array(fcinfo, 1, "labels", &nlabels);
	bool		is_self;
	char	   *annotator = read_annotator(fcinfo, 2, &is_self);
	int32	   *classes = palloc(sizeof(int32) * Max(count, 1));
	JobTasks   *jobs;
	int			njobs;

	require_same_length(count, nlabels, "task_ids");
	njobs = enter_jobs_of_tasks(task_ids, count, annotator, is_self, &jobs);
	for (int j = 0; j < njobs; j++)
	{
		CategoryEntry *categories = sort_categories(jobs[j].job);
		int			next = 0;

		for (int i = 0; i < count && next < jobs[j].count; i++)
			if (task_ids[i] == jobs[j].task_ids[next])
				classes[next++] = find_class(jobs[j].job, categories, labels[i]);
		gtl_annotation_submit(jobs[j].task_ids, classes, jobs[j].count, annotator);
		leave_job(jobs[j].job);
	}
	PG_RETURN_INT32(count);
}

PG_FUNCTION_INFO_V1(gtl_sql_release_tasks);
Datum
gtl_sql_release_tasks(PG_FUNCTION_ARGS)
{
	int			count;
	int64	   *task_ids = gtl_argument_int64_array(fcinfo, 0, "task_ids", &count);
	bool		is_self;
	char	   *annotator = read_annotator(fcinfo, 1, &is_self);
	JobTasks   *jobs;

	enter_jobs_of_tasks(task_ids, count, annotator, is_self, &jobs);
	gtl_task_release(task_ids, count, annotator);
	PG_RETURN_INT32(count);
}

PG_FUNCTION_INFO_V1(gtl_sql_decline_tasks);
Datum
gtl_sql_decline_tasks(PG_FUNCTION_ARGS)
{
	int			count;
	int64	   *task_ids = gtl_argument_int64_array(fcinfo, 0, "task_ids", &count);
	bool		is_self;
	char	   *annotator = read_annotator(fcinfo, 1, &is_self);
	JobTasks   *jobs;
	int			njobs = enter_jobs_of_tasks(task_ids, count, annotator, is_self, &jobs);

	for (int j = 0; j < njobs; j++)
	{
		gtl_task_decline(jobs[j].job, jobs[j].task_ids, jobs[j].count, annotator);
		leave_job(jobs[j].job);
	}
	PG_RETURN_INT32(count);
}

PG_FUNCTION_INFO_V1(gtl_sql_annotate);
Datum
gtl_sql_annotate(PG_FUNCTION_ARGS)
{
	char	   *name = gtl_argument_text(fcinfo, 0, "job_name");
	int			count;
	int			nlabels;
	char	  **keys = gtl_argument_text_array(fcinfo, 1, "object_keys", &count);
	char	  **labels = gtl_argument_text_array(fcinfo, 2, "labels", &nlabels);
	bool		is_self;
	char	   *annotator = read_annotator(fcinfo, 3, &is_self);
	int32	   *classes = palloc(sizeof(int32) * Max(count, 1));
	GtlJob	   *job;
	CategoryEntry *categories;

	require_same_length(count, nlabels, "object_keys");
	gtl_job_require_owner(gtl_job_find(name));
	job = enter_job_by_name(name, annotator, is_self, true);
	categories = sort_categories(job);
	for (int i = 0; i < count; i++)
		classes[i] = find_class(job, categories, labels[i]);
	gtl_annotation_submit_by_key(job, keys, classes, count, annotator);
	leave_job(job);
	PG_RETURN_INT32(count);
}
