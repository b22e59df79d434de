/*
 * annotators.c
 *		What annotators do with tasks: gt_accept_tasks, gt_answer, gt_submit_annotations, gt_release_tasks,
 *		gt_decline_tasks, gt_extend_leases; gt_annotate and gt_annotate_report for the owner's pipelines.
 *
 * Who they are and what they may do, annotator.c says.  Whoever leaves no undisturbed open task
 * behind asks for a worker.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "api/annotator.h"
#include "api/arguments.h"
#include "api/seat.h"
#include "background/worker.h"
#include "base/errors.h"
#include "data/dataset_rows.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "lib/stringinfo.h"
#include "tables/annotation.h"
#include "tables/annotator_role.h"
#include "tables/job.h"
#include "tables/task.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

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

static void
leave_job(const GtlJob *job)
{
	if (job->open_batch_no != 0 && !gtl_task_any_undisturbed(job))
		gtl_worker_launch_at_commit(job);
}

/* ---- Accepting ----------------------------------------------------------------- */

/* What people see of the rows behind the claims. */
static char **
read_objects(const GtlJob *job, const GtlClaim *claims, int count)
{
	char	  **keys = palloc(sizeof(char *) * Max(count, 1));
	char	  **rows = palloc0(sizeof(char *) * Max(count, 1));
	char	  **columns;
	int			ncolumns;

	for (int i = 0; i < count; i++)
		keys[i] = claims[i].object_key;
	columns = gtl_dataset_shown_columns(job, &ncolumns);
	gtl_dataset_rows(job, keys, count, columns, ncolumns, rows);
	return rows;
}

/* Accepts tasks for the annotator. */
static void
give_tasks(const GtlJob *job, const char *annotator, int wanted, GtlGiven *given)
{
	given->claims = NULL;
	given->count = job->open_batch_no == 0 ? 0 : gtl_task_accept(job, annotator, wanted, job->max_leases, &given->claims);
	if (given->count == 0)
		gtl_worker_pick_up(job, false);
	else
		given->objects = read_objects(job, given->claims, given->count);
}

/* As the rows of the result. */
static void
return_tasks(FunctionCallInfo fcinfo, const GtlGiven *given)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	for (int i = 0; i < given->count; i++)
	{
		const GtlClaim *claim = &given->claims[i];
		Datum		values[4] = {Int64GetDatum(claim->task_id), CStringGetTextDatum(claim->object_key),
		TimestampTzGetDatum(claim->lease_expires_at), (Datum) 0};
		bool		nulls[4] = {false, false, false, given->objects[i] == NULL};

		if (given->objects[i] != NULL)
			values[3] = CStringGetTextDatum(given->objects[i]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

PG_FUNCTION_INFO_V1(gtl_sql_accept_tasks);
Datum
gtl_sql_accept_tasks(PG_FUNCTION_ARGS)
{
	char	   *name = gtl_argument_text(fcinfo, 0, "job_name");
	int			wanted = gtl_argument_int32(fcinfo, 1, "max_tasks", 1, PG_INT32_MAX);
	GtlAnnotator who;
	GtlGiven	given = {0};
	GtlJob	   *job;

	gtl_annotator_read(fcinfo, 2, 3, &who);
	job = gtl_annotator_enter(&who, gtl_annotator_find_job(&who, name), 0);
	if (job == NULL)
		gtl_error_unknown_job(name);
	require_state(job, false);
	InitMaterializedSRF(fcinfo, 0);
	give_tasks(job, who.name, wanted, &given);
	return_tasks(fcinfo, &given);
	return (Datum) 0;
}

/* ---- Answering ----------------------------------------------------------------- */

/* A job that takes no answers any more takes those that it has: a response may have been lost. */
static void
submit_to_job(const GtlJobTasks *tasks, char *const *labels, char *const *comments)
{
	int32	   *classes = gtl_annotator_classes(tasks->job, labels, tasks->place, tasks->count);

	if (tasks->job->state != GTL_JOB_IN_PROGRESS &&
		gtl_annotation_are_submitted(tasks->job->job_id, tasks->task_ids, classes, tasks->count, tasks->annotator))
		return;
	require_state(tasks->job, true);
	gtl_annotation_submit(tasks->task_ids, classes, gtl_annotator_comments(tasks, comments), tasks->count, tasks->annotator);
	leave_job(tasks->job);
}

/* The arguments task_ids, labels and comments of an answer; returns the number of tasks. */
static int
read_answers(FunctionCallInfo fcinfo, int comments_argument, int64 **task_ids, char ***labels, char ***comments)
{
	int			count;
	int			nlabels;
	int			ncomments;

	*task_ids = gtl_argument_int64s(fcinfo, 0, "task_ids", &count);
	*labels = gtl_argument_texts(fcinfo, 1, "labels", &nlabels);
	*comments = gtl_argument_texts_and_nulls(fcinfo, comments_argument, "comments", &ncomments);
	gtl_annotator_require_same_length(count, nlabels, "task_ids");
	if (*comments != NULL)
		gtl_annotator_require_same_length(ncomments, nlabels, "comments");
	return count;
}

PG_FUNCTION_INFO_V1(gtl_sql_submit_annotations);
Datum
gtl_sql_submit_annotations(PG_FUNCTION_ARGS)
{
	int64	   *task_ids;
	char	  **labels;
	char	  **comments;
	int			count = read_answers(fcinfo, 3, &task_ids, &labels, &comments);
	GtlAnnotator who;
	GtlJobTasks *jobs;
	int			njobs;

	gtl_annotator_read(fcinfo, 2, 4, &who);
	njobs = gtl_annotator_enter_tasks(&who, task_ids, count, &jobs);
	for (int j = 0; j < njobs; j++)
		submit_to_job(&jobs[j], labels, comments);
	PG_RETURN_INT32(count);
}

void
gtl_seat_answer(const GtlAnnotator *who, const int64 *task_ids, char *const *labels, char *const *comments,
				int count, int wanted, GtlGiven *given)
{
	GtlJobTasks *jobs;
	int			njobs = gtl_annotator_enter_tasks(who, task_ids, count, &jobs);

	if (njobs > 1)
		gtl_error_setting("task_ids", "must be of one job", NULL);
	if (njobs == 0)
		return;
	submit_to_job(&jobs[0], labels, comments);
	if (jobs[0].job->state == GTL_JOB_IN_PROGRESS && wanted > 0)
		give_tasks(jobs[0].job, jobs[0].annotator, wanted, given);
}

PG_FUNCTION_INFO_V1(gtl_sql_answer);
Datum
gtl_sql_answer(PG_FUNCTION_ARGS)
{
	int64	   *task_ids;
	char	  **labels;
	char	  **comments;
	int			count = read_answers(fcinfo, 2, &task_ids, &labels, &comments);
	int			wanted = gtl_argument_int32(fcinfo, 3, "max_tasks", 0, PG_INT32_MAX);
	GtlAnnotator who;
	GtlGiven	given = {0};

	gtl_annotator_read(fcinfo, 4, 5, &who);
	InitMaterializedSRF(fcinfo, 0);
	gtl_seat_answer(&who, task_ids, labels, comments, count, wanted, &given);
	return_tasks(fcinfo, &given);
	return (Datum) 0;
}

/* The job for answers by key, entered; only its owner gives them. */
static GtlJob *
enter_by_key(FunctionCallInfo fcinfo, GtlAnnotator *who)
{
	char	   *name = gtl_argument_text(fcinfo, 0, "job_name");
	GtlJob	   *job;

	gtl_annotator_read(fcinfo, 3, -1, who);
	job = gtl_job_find(name);
	gtl_job_require_owner(job);
	job = gtl_annotator_enter(who, job->job_id, 0);
	if (job == NULL)
		gtl_error_unknown_job(name);
	return job;
}

/*
 * Takes what can be taken; the result has a reason for each answer, NULL: it stands.  A job that takes no answers
 * has those that were given before: a delivery can be repeated.
 */
static const char **
annotate_some(GtlJob *job, char **keys, char **labels, int count, const GtlAnnotator *who)
{
	GtlCategoryIndex *categories = gtl_annotator_categories(job);
	const char **reasons = palloc0(sizeof(char *) * Max(count, 1));
	int32	   *classes = palloc(sizeof(int32) * Max(count, 1));

	for (int i = 0; i < count; i++)
	{
		classes[i] = gtl_annotator_class(categories, labels[i]);
		if (classes[i] < 0)
			reasons[i] = "no such category";
	}
	if (job->state != GTL_JOB_IN_PROGRESS && job->state != GTL_JOB_PAUSED)
		job->open_batch_no = 0;
	gtl_annotation_submit_some_by_key(job, keys, classes, count, who->name, reasons);
	return reasons;
}

#define MAX_REASONS 8

/* How many stand; the others are told by reason. */
static int
tell_skipped(const GtlJob *job, const char *const *reasons, int count)
{
	const char *distinct[MAX_REASONS];
	int			times[MAX_REASONS] = {0};
	int			n = 0;
	int			left = count;
	StringInfoData list;

	for (int i = 0; i < count; i++)
	{
		int			r = 0;

		if (reasons[i] == NULL)
			continue;
		while (r < n && strcmp(distinct[r], reasons[i]) != 0)
			r++;
		if (r == n)
			distinct[n++] = reasons[i];
		times[r]++;
		left--;
	}
	initStringInfo(&list);
	for (int r = 0; r < n; r++)
		appendStringInfo(&list, "%s%s: %d", r > 0 ? ", " : "", distinct[r], times[r]);
	if (left < count)
		ereport(NOTICE,
				(errmsg("%d of %d answers to labeling job \"%s\" were skipped", count - left, count, job->name),
				 errdetail("%s.", list.data),
				 errhint("gt_annotate_report says which.")));
	return left;
}

PG_FUNCTION_INFO_V1(gtl_sql_annotate);
Datum
gtl_sql_annotate(PG_FUNCTION_ARGS)
{
	static const char *const words[] = {"error", "skip", NULL};
	int			count;
	int			nlabels;
	char	  **keys = gtl_argument_texts(fcinfo, 1, "object_keys", &count);
	char	  **labels = gtl_argument_texts(fcinfo, 2, "labels", &nlabels);
	bool		skip = gtl_check_word("on_conflict", words, gtl_argument_text(fcinfo, 4, "on_conflict")) == 1;
	GtlAnnotator who;
	GtlJob	   *job;

	gtl_annotator_require_same_length(count, nlabels, "object_keys");
	job = enter_by_key(fcinfo, &who);
	if (count == 0)
		PG_RETURN_INT32(0);
	if (skip)
		count = tell_skipped(job, annotate_some(job, keys, labels, count, &who), count);
	else
	{
		require_state(job, true);
		gtl_annotation_submit_by_key(job, keys, gtl_annotator_classes(job, labels, NULL, count), count, who.name);
	}
	leave_job(job);
	PG_RETURN_INT32(count);
}

PG_FUNCTION_INFO_V1(gtl_sql_annotate_report);
Datum
gtl_sql_annotate_report(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			count;
	int			nlabels;
	char	  **keys = gtl_argument_texts(fcinfo, 1, "object_keys", &count);
	char	  **labels = gtl_argument_texts(fcinfo, 2, "labels", &nlabels);
	const char **reasons;
	GtlAnnotator who;
	GtlJob	   *job;

	gtl_annotator_require_same_length(count, nlabels, "object_keys");
	job = enter_by_key(fcinfo, &who);
	InitMaterializedSRF(fcinfo, 0);
	if (count == 0)
		return (Datum) 0;
	reasons = annotate_some(job, keys, labels, count, &who);
	leave_job(job);
	for (int i = 0; i < count; i++)
	{
		Datum		values[4] = {CStringGetTextDatum(keys[i]), CStringGetTextDatum(labels[i]), BoolGetDatum(reasons[i] == NULL), (Datum) 0};
		bool		nulls[4] = {false, false, false, reasons[i] == NULL};

		if (reasons[i] != NULL)
			values[3] = CStringGetTextDatum(reasons[i]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* ---- Giving back, holding on ------------------------------------------------------ */

PG_FUNCTION_INFO_V1(gtl_sql_release_tasks);
Datum
gtl_sql_release_tasks(PG_FUNCTION_ARGS)
{
	int			count;
	int64	   *task_ids = gtl_argument_int64s(fcinfo, 0, "task_ids", &count);
	GtlAnnotator who;
	GtlJobTasks *jobs;
	int			njobs;

	gtl_annotator_read(fcinfo, 1, 2, &who);
	njobs = gtl_annotator_enter_tasks(&who, task_ids, count, &jobs);
	for (int j = 0; j < njobs; j++)
	{
		require_state(jobs[j].job, true);
		gtl_task_release(jobs[j].job, jobs[j].task_ids, jobs[j].count, jobs[j].annotator);
	}
	PG_RETURN_INT32(count);
}

PG_FUNCTION_INFO_V1(gtl_sql_decline_tasks);
Datum
gtl_sql_decline_tasks(PG_FUNCTION_ARGS)
{
	int			count;
	int64	   *task_ids = gtl_argument_int64s(fcinfo, 0, "task_ids", &count);
	char	   *reason = gtl_argument_text_or_null(fcinfo, 2);
	GtlAnnotator who;
	GtlJobTasks *jobs;
	int			njobs;

	gtl_annotator_read(fcinfo, 1, 3, &who);
	njobs = gtl_annotator_enter_tasks(&who, task_ids, count, &jobs);
	for (int j = 0; j < njobs; j++)
	{
		require_state(jobs[j].job, true);
		gtl_task_decline(jobs[j].job, jobs[j].task_ids, jobs[j].count, jobs[j].annotator, reason);
		leave_job(jobs[j].job);
	}
	PG_RETURN_INT32(count);
}

PG_FUNCTION_INFO_V1(gtl_sql_extend_leases);
Datum
gtl_sql_extend_leases(PG_FUNCTION_ARGS)
{
	int			count;
	int64	   *task_ids = gtl_argument_int64s(fcinfo, 0, "task_ids", &count);
	TimestampTz first = DT_NOEND;
	GtlAnnotator who;
	GtlJobTasks *jobs;
	int			njobs;

	gtl_annotator_read(fcinfo, 1, 2, &who);
	njobs = gtl_annotator_enter_tasks(&who, task_ids, count, &jobs);
	if (njobs == 0)
		PG_RETURN_NULL();
	for (int j = 0; j < njobs; j++)
	{
		TimestampTz until;

		require_state(jobs[j].job, true);
		until = gtl_task_extend(jobs[j].job, jobs[j].task_ids, jobs[j].count, jobs[j].annotator);
		first = Min(first, until);
	}
	PG_RETURN_TIMESTAMPTZ(first);
}

/* ---- Who the current user is to a job ----------------------------------------------- */

/* What gt_ views compare with in each row. */
typedef struct Self
{
	int64		job_id;
	Oid			user;
	text	   *name;
} Self;

PG_FUNCTION_INFO_V1(gtl_sql_annotator_self);
Datum
gtl_sql_annotator_self(PG_FUNCTION_ARGS)
{
	int64		job_id = PG_GETARG_INT64(0);
	Self	   *self = fcinfo->flinfo->fn_extra;

	if (self == NULL)
		self = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Self));
	if (self->name == NULL || self->job_id != job_id || self->user != GetUserId())
	{
		char	   *name = gtl_annotator_role_kept(job_id, GetUserNameFromId(GetUserId(), false));
		MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		*self = (Self) {job_id, GetUserId(), cstring_to_text(name)};
		MemoryContextSwitchTo(caller);
	}
	PG_RETURN_TEXT_P(self->name);
}
