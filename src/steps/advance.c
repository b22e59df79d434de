/*
 * advance.c
 *		The state machine of a job; advance.h draws it.
 *
 * What is due follows from the tables alone: the newest batch, the newest round
 * and the counters.  Each step ends with the job's row saying where it
 * stands, in the transaction that did the step, so a crash loses a step or keeps it,
 * never half of it.  What workers note of a step that has not ended is in gtlabel.step,
 * and nothing here follows from it.
 */
#include "steps/advance.h"

#include "base/format.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/settings.h"
#include "learning/random.h"
#include "learning/select.h"
#include "miscadmin.h"
#include "steps/audit.h"
#include "steps/close_batch.h"
#include "steps/limits.h"
#include "steps/run_round.h"
#include "tables/batch.h"
#include "tables/event.h"
#include "tables/label.h"
#include "tables/object.h"
#include "tables/round.h"
#include "tables/step.h"
#include "tables/task.h"

/* The share of the validation set that may fail before the whole job does (ground-truth.md 2.3). */
#define MAX_FAILED_SHARE 0.10

static void
finish(GtlJob *job, GtlJobState state, const char *event, const char *detail)
{
	job->state = state;
	gtl_job_update(job);
	gtl_event_record(job, event, "%s", detail);
}

static char *
final_counts(const GtlJob *job)
{
	return psprintf("%s labeled by people, %s by machine, %s failed, %s unlabeled",
					gtl_format_count(job->human_labeled), gtl_format_count(job->machine_labeled),
					gtl_format_count(job->failed), gtl_format_count(gtl_job_unlabeled(job)));
}

/* May the open batch be closed although some of its tasks are open? */
static bool
may_close_early(const GtlJob *job)
{
	GtlBatch	batch;

	if (job->open_batch_no == 0)
		return false;
	if (job->state == GTL_JOB_STOPPING)
		return true;
	gtl_batch_last(job->job_id, &batch);
	return job->state == GTL_JOB_IN_PROGRESS && batch.expires_at <= gtl_clock_now() && gtl_task_any_open(job);
}

bool
gtl_advance_due(const GtlJob *job)
{
	if (job->state != GTL_JOB_IN_PROGRESS)
		return job->state == GTL_JOB_STOPPING;
	return job->open_batch_no == 0 || may_close_early(job) || !gtl_task_any_undisturbed(job);
}

/* The job fails if too much of its first random sample did. */
static bool
sample_failed(GtlJob *job)
{
	int			failed = gtl_failure_count_validation(job->job_id);

	if (failed <= MAX_FAILED_SHARE * job->validation_count)
		return false;
	job->failure_reason = psprintf("%s of the %s objects of the validation set failed, more than 10 %%; "
								   "gt_failures says why; after that is put right, gt_resume_job offers them again",
								   gtl_format_count(failed), gtl_format_count(job->validation_count));
	finish(job, GTL_JOB_FAILED, "failed", job->failure_reason);
	return true;
}

static void
close_batch(GtlJob *job)
{
	gtl_close_batch(job, job->state == GTL_JOB_STOPPING);
	if (job->state == GTL_JOB_IN_PROGRESS && job->validation_count > 0 && sample_failed(job))
		return;
	gtl_job_update(job);
}

static void
issue(GtlJob *job, bool validation, const int32 *objects, int count)
{
	gtl_batch_open(job, validation, objects, count);
	gtl_job_update(job);
	gtl_event_record(job, "batch_issued", "batch %d: %s %s objects", job->open_batch_no,
					 gtl_format_count(count), validation ? "validation" : "training");
}

static void
issue_validation(GtlJob *job)
{
	int32	   *objects;
	int			count = gtl_object_next_validation(job->job_id, (int) gtl_limits_batch(job, job->max_concurrent), &objects);

	issue(job, true, objects, count);
}

/* Without a model to choose by: at random, or in the dataset's order if there will never be one. */
static void
issue_training(GtlJob *job)
{
	int32	   *rest;
	int			n = gtl_object_unlabeled(job->job_id, &rest);
	GtlScheduleKind schedule = job->validation_count > 0 ? job->schedule : GTL_SCHEDULE_STANDARD;
	int64		wanted = gtl_schedule_batch_count(schedule, job->object_count, job->max_concurrent, n);

	wanted = gtl_limits_batch(job, wanted);
	if (job->validation_count > 0)
	{
		GtlEnv		env;
		int32	   *chosen = palloc(sizeof(int32) * Max(wanted, 1));

		gtl_env_init(&env, CurrentMemoryContext);
		wanted = gtl_select_random(rest, n, wanted, (uint64) job->seed, GTL_STREAM_FIRST_BATCH, &env, chosen);
		rest = chosen;
	}
	issue(job, false, rest, (int) wanted);
}

bool
gtl_advance_round_due(const GtlJob *job)
{
	GtlBatch	batch;
	GtlLastRound last;

	if (!job->auto_label || job->validation_count == 0 || job->human_labeled + job->failed >= job->object_count)
		return false;
	gtl_batch_last(job->job_id, &batch);
	gtl_round_last(job->job_id, &last);
	if (batch.batch_no == 0 || batch.open || batch.batch_no == last.batch_no)
		return false;
	return !batch.validation || gtl_job_has_early_round(job);
}

/* Nothing is left to label, or a limit is reached: the audit comes last. */
static void
complete(GtlJob *job, const char *limit)
{
	if (!gtl_audit_issue(job))
		finish(job, GTL_JOB_COMPLETED, "completed",
			   limit == NULL ? final_counts(job) : psprintf("%s; %s", limit, final_counts(job)));
}

typedef enum StepKind
{
	STEP_NONE,
	STEP_LOOK_AGAIN,			/* the job was stopped between the two looks of lock_job */
	STEP_STOP,
	STEP_CLOSE_BATCH,
	STEP_VALIDATION_BATCH,
	STEP_ROUND,
	STEP_TRAINING_BATCH,
	STEP_COMPLETE
} StepKind;

static const char *const step_names[] = {
	[STEP_STOP] = "stop",
	[STEP_CLOSE_BATCH] = "close_batch",
	[STEP_VALIDATION_BATCH] = "issue_batch",
	[STEP_ROUND] = "round",
	[STEP_TRAINING_BATCH] = "issue_batch",
	[STEP_COMPLETE] = "complete",
};

static bool
validation_left(const GtlJob *job)
{
	int32	   *objects;

	return job->validation_count > 0 && gtl_object_next_validation(job->job_id, 1, &objects) > 0;
}

/*
 * What is due.  answers_locked: GTL_LOCK_ANSWERS is held, so a batch with open tasks may be
 * closed.
 */
static StepKind
due_step(const GtlJob *job, bool answers_locked)
{
	if (job->state == GTL_JOB_STOPPING)
		return job->open_batch_no != 0 && !answers_locked ? STEP_LOOK_AGAIN : STEP_STOP;
	if (job->state != GTL_JOB_IN_PROGRESS && job->state != GTL_JOB_INITIALIZING)
		return STEP_NONE;
	if (job->open_batch_no != 0)
		return !answers_locked && gtl_task_any_open(job) ? STEP_NONE : STEP_CLOSE_BATCH;
	if (gtl_limits_reached(job) != NULL)
		return STEP_COMPLETE;
	if (validation_left(job))
		return STEP_VALIDATION_BATCH;
	if (gtl_job_unlabeled(job) == 0)
		return STEP_COMPLETE;
	return gtl_advance_round_due(job) ? STEP_ROUND : STEP_TRAINING_BATCH;
}

/* The job as it stands after the step; NULL: it is gone. */
static GtlJob *
do_step(GtlJob *job, StepKind kind, GtlTransaction *transaction)
{
	if (job->state == GTL_JOB_INITIALIZING)
		job->state = GTL_JOB_IN_PROGRESS;
	switch (kind)
	{
		case STEP_NONE:
		case STEP_LOOK_AGAIN:
			break;
		case STEP_STOP:
			if (job->open_batch_no != 0)
				close_batch(job);
			finish(job, GTL_JOB_STOPPED, "stopped", final_counts(job));
			break;
		case STEP_CLOSE_BATCH:
			close_batch(job);
			break;
		case STEP_VALIDATION_BATCH:
			issue_validation(job);
			break;
		case STEP_ROUND:
			return gtl_run_round(job, transaction);
		case STEP_TRAINING_BATCH:
			issue_training(job);
			break;
		case STEP_COMPLETE:
			complete(job, gtl_limits_reached(job));
			break;
	}
	return job;
}

/* Locks in the order of lock.h, then the job as it stands. */
static GtlJob *
lock_job(int64 job_id, bool *answers_locked)
{
	GtlJob	   *job = gtl_job_get(job_id);

	if (job == NULL)
		return NULL;
	*answers_locked = may_close_early(job);
	if (*answers_locked)
		gtl_lock_acquire(GTL_LOCK_ANSWERS, job_id, false);
	return gtl_job_lock(job_id);
}

/*
 * A worker first commits a mark of what it is about to do: if it does not come to the end, the
 * next one knows.  The locks of the transaction go with it, so all is looked at again.
 */
static GtlJob *
mark_step(GtlJob *job, StepKind *kind, GtlTransaction *transaction)
{
	int64		job_id = job->job_id;
	bool		answers_locked = false;

	gtl_step_start(job_id, step_names[*kind]);
	gtl_transaction_suspend(transaction);
	gtl_progress_phase(step_names[*kind]);
	gtl_transaction_resume(transaction);
	job = lock_job(job_id, &answers_locked);
	if (job != NULL)
		*kind = due_step(job, answers_locked);
	return job;
}

GtlJob *
gtl_advance(int64 job_id, GtlTransaction *transaction)
{
	for (;;)
	{
		bool		answers_locked = false;
		GtlJob	   *job;
		StepKind	kind;

		CHECK_FOR_INTERRUPTS();
		job = lock_job(job_id, &answers_locked);
		if (job == NULL)
			return NULL;
		kind = due_step(job, answers_locked);
		if (transaction->own && kind > STEP_LOOK_AGAIN)
			job = mark_step(job, &kind, transaction);
		if (job != NULL)
			job = do_step(job, kind, transaction);
		if (job == NULL || job->state != GTL_JOB_FAILED || kind != STEP_NONE)
			gtl_step_delete(job_id);	/* a failed job keeps what it failed of */
		if (job == NULL || kind == STEP_NONE)
			return job;
		gtl_transaction_suspend(transaction);
		gtl_transaction_resume(transaction);
	}
}
