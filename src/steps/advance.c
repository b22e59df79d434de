/*
 * advance.c
 *		The state machine of a job; advance.h draws it.
 *
 * What is due follows from the tables alone: the newest batch, the newest round
 * and the counters.  Each step ends with the job's row saying where it
 * stands, in the transaction that did the step, so a crash loses a step or keeps it,
 * never half of it.
 */
#include "steps/advance.h"

#include "base/lock.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/settings.h"
#include "base/text.h"
#include "catalog/batch.h"
#include "catalog/event.h"
#include "catalog/label.h"
#include "catalog/object.h"
#include "catalog/round.h"
#include "catalog/task.h"
#include "learning/select.h"
#include "miscadmin.h"
#include "steps/audit.h"
#include "steps/close_batch.h"
#include "steps/limits.h"
#include "steps/run_round.h"

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
					gtl_text_count(job->human_labeled), gtl_text_count(job->machine_labeled),
					gtl_text_count(job->failed), gtl_text_count(gtl_job_unlabeled(job)));
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
								   gtl_text_count(failed), gtl_text_count(job->validation_count));
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
					 gtl_text_count(count), validation ? "validation" : "training");
}

static bool
issue_validation(GtlJob *job)
{
	int32	   *objects;
	int			count;

	if (job->validation_count == 0)
		return false;
	count = gtl_object_next_validation(job->job_id, (int) gtl_limits_batch(job, job->max_concurrent), &objects);
	if (count == 0)
		return false;
	issue(job, true, objects, count);
	return true;
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

/*
 * One step; false if none is due.  *job becomes NULL if it is gone.  answers_locked:
 * GTL_LOCK_ANSWERS is held, so a batch with open tasks may be closed.
 */
static bool
step(GtlJob **job_pointer, bool answers_locked, GtlTransaction *transaction)
{
	GtlJob	   *job = *job_pointer;
	char	   *limit;

	if (job->state == GTL_JOB_STOPPING)
	{
		if (job->open_batch_no != 0 && !answers_locked)
			return true;		/* stopped between the two looks of lock_job */
		if (job->open_batch_no != 0)
			close_batch(job);
		finish(job, GTL_JOB_STOPPED, "stopped", final_counts(job));
		return false;
	}
	if (job->state != GTL_JOB_IN_PROGRESS && job->state != GTL_JOB_INITIALIZING)
		return false;
	job->state = GTL_JOB_IN_PROGRESS;
	if (job->open_batch_no != 0)
	{
		if (!answers_locked && gtl_task_any_open(job))
			return false;
		close_batch(job);
	}
	else if ((limit = gtl_limits_reached(job)) != NULL)
		complete(job, limit);
	else if (issue_validation(job))
		;
	else if (gtl_job_unlabeled(job) == 0)
		complete(job, NULL);
	else if (gtl_advance_round_due(job))
		*job_pointer = gtl_run_round(job, transaction);
	else
		issue_training(job);
	return true;
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

GtlJob *
gtl_advance(int64 job_id, GtlTransaction *transaction)
{
	GtlJob	   *job;
	bool		answers_locked = false;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		job = lock_job(job_id, &answers_locked);
		if (job == NULL || !step(&job, answers_locked, transaction) || job == NULL)
			return job;
		gtl_transaction_suspend(transaction);
		gtl_transaction_resume(transaction);
	}
}
