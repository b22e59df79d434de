/*
 * jobs.c
 *		The functions that steer a job: gt_advance_job, gt_pause_job, gt_resume_job,
 *		gt_stop_job, gt_retry_failed, gt_drop_job, gt_purge_job, gt_wait_job.
 *
 * The owner's alone.  Each changes the job's row under its lock and leaves
 * what follows from it to the state machine.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "background/worker.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/lock.h"
#include "base/progress.h"
#include "base/settings.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "steps/advance.h"
#include "storage/latch.h"
#include "tables/annotation.h"
#include "tables/batch.h"
#include "tables/certificate.h"
#include "tables/event.h"
#include "tables/feature_page.h"
#include "tables/job.h"
#include "tables/label.h"
#include "tables/model.h"
#include "tables/object.h"
#include "tables/round.h"
#include "tables/step.h"
#include "tables/task.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* How often gt_wait_job looks. */
#define WAIT_MILLISECONDS 100L

/* ... and how many looks it takes before it looks for work that nobody does. */
#define LOOKS_PER_PICK_UP 10

static GtlJob *
own_job(FunctionCallInfo fcinfo)
{
	char	   *name = gtl_argument_text(fcinfo, 0, "job_name");
	GtlJob	   *job = gtl_job_find(name);

	gtl_job_require_owner(job);
	return job;
}

/* The job again, with its row locked. */
static GtlJob *
lock_own_job(FunctionCallInfo fcinfo)
{
	GtlJob	   *job = own_job(fcinfo);
	GtlJob	   *locked = gtl_job_lock(job->job_id);

	if (locked == NULL)
		gtl_error_unknown_job(job->name);
	return locked;
}

static void
wrong_state(const GtlJob *job, const char *wish, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot %s labeling job \"%s\": it is %s", wish, job->name, gtl_job_state_name(job->state)),
			 hint != NULL ? errhint("%s", hint) : 0));
}

static void
change_state(GtlJob *job, GtlJobState state, const char *event, const char *detail)
{
	job->state = state;
	gtl_job_update(job);
	gtl_event_record(job, event, "%s", detail);
}

PG_FUNCTION_INFO_V1(gtl_sql_advance_job);
Datum
gtl_sql_advance_job(PG_FUNCTION_ARGS)
{
	GtlTransaction transaction = {false, InvalidOid, CurrentMemoryContext};
	GtlJob	   *job = own_job(fcinfo);
	char	   *name = job->name;

	/*
	 * Whoever does the steps now may be waiting for the answers that this very transaction has
	 * handed in: then it must not wait in turn.  What they complete is left to a worker.
	 */
	if (!gtl_lock_is_mine(GTL_LOCK_ANSWERS, job->job_id, true))
		gtl_lock_acquire(GTL_LOCK_STEPS, job->job_id, false);
	else if (!gtl_lock_try(GTL_LOCK_STEPS, job->job_id, false))
	{
		gtl_worker_launch_at_commit(job);
		PG_RETURN_TEXT_P(cstring_to_text(gtl_job_state_name(job->state)));
	}
	gtl_progress_begin(job->job_id, "starting");
	job = gtl_advance(job->job_id, &transaction);
	if (job == NULL)
		gtl_error_unknown_job(name);
	PG_RETURN_TEXT_P(cstring_to_text(gtl_job_state_name(job->state)));
}

PG_FUNCTION_INFO_V1(gtl_sql_pause_job);
Datum
gtl_sql_pause_job(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = lock_own_job(fcinfo);

	if (job->state != GTL_JOB_IN_PROGRESS)
		wrong_state(job, "pause", NULL);
	change_state(job, GTL_JOB_PAUSED, "paused", "no tasks are handed out and no steps are done until gt_resume_job");
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(gtl_sql_resume_job);
Datum
gtl_sql_resume_job(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = lock_own_job(fcinfo);
	GtlStep		step;

	if (job->state != GTL_JOB_PAUSED && job->state != GTL_JOB_FAILED)
		wrong_state(job, "resume", job->state == GTL_JOB_STOPPED ? "A stopped job is final." : NULL);
	if (job->state == GTL_JOB_FAILED && !gtl_step_read(job->job_id, &step))
		gtl_failure_retry(job); /* it failed of its objects, not of a step */
	gtl_step_delete(job->job_id);
	job->failure_reason = NULL;
	change_state(job, GTL_JOB_IN_PROGRESS, "resumed", "");
	gtl_worker_launch_at_commit(job);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(gtl_sql_stop_job);
Datum
gtl_sql_stop_job(PG_FUNCTION_ARGS)
{
	GtlTransaction transaction = {false, InvalidOid, CurrentMemoryContext};
	GtlJob	   *job = own_job(fcinfo);
	bool		may_step = gtl_lock_try(GTL_LOCK_STEPS, job->job_id, false);

	if (may_step)
		gtl_lock_acquire(GTL_LOCK_ANSWERS, job->job_id, false);
	job = lock_own_job(fcinfo);
	if (gtl_job_is_final(job) || job->state == GTL_JOB_STOPPING)
		wrong_state(job, "stop", NULL);
	change_state(job, GTL_JOB_STOPPING, "stopping", "no new batch; finished answers are consolidated");
	if (may_step)
		gtl_advance(job->job_id, &transaction);
	else
		gtl_worker_launch_at_commit(job);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(gtl_sql_retry_failed);
Datum
gtl_sql_retry_failed(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = lock_own_job(fcinfo);
	int			count;

	if (job->state == GTL_JOB_STOPPED || job->state == GTL_JOB_STOPPING)
		wrong_state(job, "retry the failed objects of", "A stopped job is final.");
	if (job->purged)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot retry the failed objects of labeling job \"%s\": it is purged", job->name),
				 errhint("Create a job over the objects that are left.")));
	count = gtl_failure_retry(job);
	if (count > 0)
	{
		if (job->state == GTL_JOB_COMPLETED || job->state == GTL_JOB_FAILED)
			job->state = GTL_JOB_IN_PROGRESS;
		job->failure_reason = NULL;
		change_state(job, job->state, "retry", psprintf("%s failed objects are offered again", gtl_format_count(count)));
		gtl_worker_launch_at_commit(job);
	}
	PG_RETURN_INT32(count);
}

PG_FUNCTION_INFO_V1(gtl_sql_withdraw_machine_labels);
Datum
gtl_sql_withdraw_machine_labels(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = lock_own_job(fcinfo);
	int			count;

	if (job->state == GTL_JOB_STOPPED || job->state == GTL_JOB_STOPPING)
		wrong_state(job, "withdraw the machine labels of", "A stopped job is final.");
	count = gtl_label_withdraw_machine(job);
	job->auto_label = false;
	if (count > 0 && job->state == GTL_JOB_COMPLETED)
		job->state = GTL_JOB_IN_PROGRESS;
	change_state(job, job->state, "withdrawn",
				 psprintf("%s machine labels are withdrawn; people label the rest", gtl_format_count(count)));
	gtl_worker_launch_at_commit(job);
	PG_RETURN_INT32(count);
}

PG_FUNCTION_INFO_V1(gtl_sql_drop_job);
Datum
gtl_sql_drop_job(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = own_job(fcinfo);
	bool		with_models = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);

	/* no answer is in flight; a worker in mid-round finds the job gone and ends */
	gtl_lock_acquire(GTL_LOCK_ANSWERS, job->job_id, false);
	job = lock_own_job(fcinfo);
	gtl_event_record(job, "dropped", "the job and its %s objects are gone", gtl_format_count(job->object_count));
	gtl_annotation_delete(job->job_id);
	gtl_task_delete(job->job_id);
	gtl_batch_delete(job->job_id);
	gtl_label_delete(job->job_id);
	gtl_round_delete(job->job_id);
	gtl_certificate_delete(job->job_id);
	gtl_feature_page_delete(job->job_id);
	gtl_object_delete(job->job_id);
	gtl_step_delete(job->job_id);
	gtl_event_delete(job->job_id);
	gtl_model_leave_job(job->job_id, with_models);
	gtl_job_delete(job->job_id);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(gtl_sql_purge_job);
Datum
gtl_sql_purge_job(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = own_job(fcinfo);

	gtl_lock_acquire(GTL_LOCK_ANSWERS, job->job_id, false);
	job = lock_own_job(fcinfo);
	if (job->state != GTL_JOB_COMPLETED && job->state != GTL_JOB_STOPPED)
		wrong_state(job, "purge", job->state == GTL_JOB_FAILED ? "gt_resume_job goes on with it, gt_drop_job removes it." :
					"Only completed and stopped jobs can do without their features and tasks; gt_stop_job stops it.");
	if (job->purged)
		PG_RETURN_VOID();
	gtl_feature_page_delete(job->job_id);
	gtl_task_delete(job->job_id);
	gtl_model_drop_folds(job->job_id);
	gtl_job_set_purged(job);
	gtl_event_record(job, "purged", "features and tasks are gone; labels, annotations, rounds and models stay");
	PG_RETURN_VOID();
}

/* The states that a job in `state` can still come to without somebody's help. */
static bool
is_reachable(GtlJobState state, const char *wish)
{
	if (state == GTL_JOB_STOPPING)
		return strcmp(wish, "stopped") == 0;
	return state == GTL_JOB_INITIALIZING || state == GTL_JOB_IN_PROGRESS || state == GTL_JOB_PAUSED;
}

static void
check_state_name(const char *wish)
{
	for (int s = GTL_JOB_INITIALIZING; s <= GTL_JOB_FAILED; s++)
		if (strcmp(wish, gtl_job_state_name((GtlJobState) s)) == 0)
			return;
	gtl_error_setting("for_state", psprintf("must be the name of a job state, not \"%s\"", wish), NULL);
}

PG_FUNCTION_INFO_V1(gtl_sql_wait_job);
Datum
gtl_sql_wait_job(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = own_job(fcinfo);
	char	   *wish = gtl_argument_text(fcinfo, 1, "for_state");
	TimestampTz until = DT_NOEND;
	int			looks = 0;

	check_state_name(wish);
	if (!PG_ARGISNULL(2))
		until = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
														TimestampTzGetDatum(GetCurrentTimestamp()), PG_GETARG_DATUM(2)));
	for (;;)
	{
		GtlJob	   *now = gtl_job_get(job->job_id);

		if (now == NULL)
			gtl_error_unknown_job(job->name);
		if (strcmp(gtl_job_state_name(now->state), wish) == 0)
			PG_RETURN_BOOL(true);
		if (!is_reachable(now->state, wish))
			wrong_state(now, psprintf("wait for state \"%s\" of", wish), now->failure_reason);
		if (GetCurrentTimestamp() >= until)
			PG_RETURN_BOOL(false);
		if (looks++ % LOOKS_PER_PICK_UP == 0)
			gtl_worker_pick_up(now, true);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, WAIT_MILLISECONDS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}
