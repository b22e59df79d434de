/*
 * corrections.c
 *		Answers that are taken back: gt_revise_annotations, gt_retract_annotations, gt_exclude_annotator,
 *		gt_include_annotator; labels that the owner decides: gt_correct_labels.
 *
 * Each holds the job's row: whoever closes the batch, or writes a round, holds it too.
 */
#include "base/compat.h"

#include "api/annotator.h"
#include "api/arguments.h"
#include "api/own_job.h"
#include "background/worker.h"
#include "base/lock.h"
#include "miscadmin.h"
#include "steps/correct.h"
#include "tables/annotator_role.h"
#include "tables/annotator_role.h"
#include "tables/task.h"
#include "utils/builtins.h"

static GtlCorrector
corrector(const GtlAnnotator *who, const GtlJobTasks *tasks)
{
	bool		owner = gtl_annotator_is_owner(who, tasks->job);

	return (GtlCorrector) {tasks->annotator, owner && !who->is_named, owner};
}

PG_FUNCTION_INFO_V1(gtl_sql_revise_annotations);
Datum
gtl_sql_revise_annotations(PG_FUNCTION_ARGS)
{
	int			count;
	int			nlabels;
	int			ncomments;
	int64	   *task_ids = gtl_argument_int64s(fcinfo, 0, "task_ids", &count);
	char	  **labels = gtl_argument_texts(fcinfo, 1, "labels", &nlabels);
	char	  **comments = gtl_argument_texts_and_nulls(fcinfo, 3, "comments", &ncomments);
	GtlAnnotator who;
	GtlJobTasks *jobs;
	int			njobs;

	gtl_annotator_require_same_length(count, nlabels, "task_ids");
	if (comments != NULL)
		gtl_annotator_require_same_length(ncomments, nlabels, "comments");
	gtl_annotator_read(fcinfo, 2, 4, &who);
	njobs = gtl_annotator_enter_tasks(&who, task_ids, count, &jobs);
	for (int j = 0; j < njobs; j++)
	{
		GtlJob	   *job = gtl_own_job_lock(jobs[j].job);
		GtlCorrector by = corrector(&who, &jobs[j]);
		int32	   *classes = gtl_annotator_classes(job, labels, jobs[j].place, jobs[j].count);

		gtl_correct_revise(job, &by, jobs[j].task_ids, classes, gtl_annotator_comments(&jobs[j], comments), jobs[j].count);
		gtl_worker_launch_at_commit(job);
	}
	PG_RETURN_INT32(count);
}

PG_FUNCTION_INFO_V1(gtl_sql_retract_annotations);
Datum
gtl_sql_retract_annotations(PG_FUNCTION_ARGS)
{
	int			count;
	int64	   *task_ids = gtl_argument_int64s(fcinfo, 0, "task_ids", &count);
	int			retracted = 0;
	GtlAnnotator who;
	GtlJobTasks *jobs;
	int			njobs;

	gtl_annotator_read(fcinfo, 1, 2, &who);
	njobs = gtl_annotator_enter_tasks(&who, task_ids, count, &jobs);
	for (int j = 0; j < njobs; j++)
	{
		GtlJob	   *job = gtl_own_job_lock(jobs[j].job);
		GtlCorrector by = corrector(&who, &jobs[j]);

		retracted += gtl_correct_retract(job, &by, jobs[j].task_ids, jobs[j].count);
		gtl_worker_launch_at_commit(job);
	}
	PG_RETURN_INT32(retracted);
}

/* The job of the first argument, with no answer in flight and its row locked. */
static GtlJob *
lock_own_job(FunctionCallInfo fcinfo)
{
	GtlJob	   *job = gtl_own_job(fcinfo);

	gtl_lock_acquire(GTL_LOCK_ANSWERS, job->job_id, false);
	return gtl_own_job_lock(job);
}

PG_FUNCTION_INFO_V1(gtl_sql_exclude_annotator);
Datum
gtl_sql_exclude_annotator(PG_FUNCTION_ARGS)
{
	char	   *name = gtl_annotator_name(gtl_argument_text(fcinfo, 1, "annotator"));
	GtlJob	   *job = lock_own_job(fcinfo);
	int			answers = gtl_correct_exclude(job, gtl_annotator_role_enter(job->job_id, name));

	gtl_worker_launch_at_commit(job);
	PG_RETURN_INT32(answers);
}

PG_FUNCTION_INFO_V1(gtl_sql_include_annotator);
Datum
gtl_sql_include_annotator(PG_FUNCTION_ARGS)
{
	char	   *name = gtl_annotator_name(gtl_argument_text(fcinfo, 1, "annotator"));
	GtlJob	   *job = lock_own_job(fcinfo);
	int			answers = gtl_correct_include(job, gtl_annotator_role_enter(job->job_id, name));

	gtl_worker_launch_at_commit(job);
	PG_RETURN_INT32(answers);
}

/* Classes of labels, where NULL is -1. */
static int32 *
classes_or_none(const GtlJob *job, char *const *labels, int count)
{
	int32	   *classes = palloc(sizeof(int32) * Max(count, 1));
	int		   *place = palloc(sizeof(int) * Max(count, 1));
	int			given = 0;
	int32	   *of_given;

	for (int i = 0; i < count; i++)
	{
		classes[i] = -1;
		if (labels[i] != NULL)
			place[given++] = i;
	}
	of_given = gtl_annotator_classes(job, labels, place, given);
	for (int i = 0; i < given; i++)
		classes[place[i]] = of_given[i];
	return classes;
}

PG_FUNCTION_INFO_V1(gtl_sql_correct_labels);
Datum
gtl_sql_correct_labels(PG_FUNCTION_ARGS)
{
	char	   *name = gtl_argument_text(fcinfo, 0, "job_name");
	int			count;
	int			nlabels;
	char	  **keys = gtl_argument_texts(fcinfo, 1, "object_keys", &count);
	char	  **labels = gtl_argument_texts_and_nulls(fcinfo, 2, "labels", &nlabels);
	GtlJob	   *job = gtl_job_find(name);
	char	   *reviewer;
	int			corrected;

	gtl_annotator_require_same_length(count, nlabels, "object_keys");
	gtl_job_require_owner(job);
	gtl_lock_acquire(GTL_LOCK_ANSWERS, job->job_id, true);
	job = gtl_own_job_lock(job);
	reviewer = gtl_annotator_role_enter(job->job_id, GetUserNameFromId(GetUserId(), false));
	corrected = gtl_correct_labels(job, reviewer, keys, classes_or_none(job, labels, count), count);
	gtl_worker_launch_at_commit(job);
	PG_RETURN_INT32(corrected);
}
