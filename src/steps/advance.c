/*
 * advance.c
 *		The state machine of a job; advance.h draws it.
 *
 * What is due follows from the tables alone (due.c).  Each step ends with the job's row saying where it
 * stands, in the transaction that did the step, so a crash loses a step or keeps it,
 * never half of it.  gtlabel.step records steps that have begun and not ended; this file does
 * not read it.
 */
#include "steps/advance.h"

#include "base/format.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/settings.h"
#include "base/subtransaction.h"
#include "learning/random.h"
#include "learning/select.h"
#include "miscadmin.h"
#include "steps/audit.h"
#include "steps/close_batch.h"
#include "steps/due.h"
#include "steps/follow.h"
#include "steps/in_flight.h"
#include "steps/issue_batch.h"
#include "steps/limits.h"
#include "steps/promise_audit.h"
#include "steps/renew_map.h"
#include "steps/run_round.h"
#include "tables/batch.h"
#include "tables/job_state.h"
#include "tables/label.h"
#include "tables/object.h"
#include "tables/recall.h"
#include "tables/round.h"
#include "tables/step.h"
#include "tables/task.h"

/* The share of the validation set that may fail before the whole job does. */
#define MAX_FAILED_SHARE 0.10

static char *
final_counts(const GtlJob *job)
{
	return psprintf("%s labeled by people, %s by machine, %s failed, %s unlabeled",
					gtl_format_count(job->human_labeled), gtl_format_count(job->machine_labeled),
					gtl_format_count(job->failed), gtl_format_count(gtl_job_unlabeled(job)));
}

/* May it be that the open batch has to be closed although some of its tasks are open? */
static bool
may_close_early(const GtlJob *job)
{
	if (job->state == GTL_JOB_STOPPING)
		return job->open_batch_no != 0;
	return job->state == GTL_JOB_IN_PROGRESS && gtl_due_expired(job);
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
	gtl_job_move(job, GTL_MOVE_FAIL_OBJECTS, job->failure_reason);
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
issue_validation(GtlJob *job)
{
	int32	   *objects;
	int			count = gtl_object_next_validation(job->job_id, (int) gtl_limits_batch(job, job->max_concurrent), &objects);

	gtl_issue_batch(job, GTL_BATCH_VALIDATION, objects, count);
}

/* What the owner wants people to label. */
static bool
issue_recalled(GtlJob *job)
{
	int32	   *objects;
	int			count = gtl_recall_next(job->job_id, (int) gtl_limits_batch(job, job->max_concurrent), &objects);

	if (count > 0)
		gtl_issue_batch(job, GTL_BATCH_TRAINING, objects, count);
	return count > 0;
}

/* Without a model to choose by: at random, or in the dataset's order if there will never be one. */
static void
issue_rest(GtlJob *job)
{
	int32	   *rest;
	int			n = gtl_object_unlabeled(job, &rest);
	GtlScheduleKind schedule = job->validation_count > 0 ? job->schedule : GTL_SCHEDULE_STANDARD;
	int64		wanted = gtl_schedule_batch_count(schedule, job->object_count, job->max_concurrent, n);

	wanted = gtl_limits_batch(job, wanted);
	if (job->validation_count > 0)
	{
		GtlEnv		env;
		int32	   *chosen = gtl_memory_list(sizeof(int32), wanted);

		gtl_env_init(&env, CurrentMemoryContext);
		wanted = gtl_select_random(rest, n, wanted, (uint64) job->seed, GTL_STREAM_FIRST_BATCH, &env, chosen);
		gtl_env_check(&env);
		rest = chosen;
	}
	gtl_issue_batch(job, GTL_BATCH_TRAINING, rest, (int) wanted);
}

static void
complete(GtlJob *job)
{
	char	   *limit = gtl_limits_reached(job);

	gtl_job_move(job, GTL_MOVE_COMPLETE,
				 limit == NULL ? final_counts(job) : psprintf("%s; %s", limit, final_counts(job)));
}

static const char *const step_names[] = {
	[GTL_DUE_STOP] = "stop",
	[GTL_DUE_INTAKE] = "intake",
	[GTL_DUE_CLOSE_BATCH] = "close_batch",
	[GTL_DUE_VALIDATION_BATCH] = "issue_batch",
	[GTL_DUE_MAP] = "map",
	[GTL_DUE_ROUND] = "round",
	[GTL_DUE_TRAINING_BATCH] = "issue_batch",
	[GTL_DUE_AUDIT] = "audit",
	[GTL_DUE_AUDIT_BATCH] = "issue_batch",
	[GTL_DUE_COMPLETE] = "complete",
};

/*
 * What is due.  A batch with open tasks is closed only with answers_locked, GTL_LOCK_ANSWERS being held; without
 * it, *look_again: the job was stopped, or the time of the batch ran out, between the two looks of lock_job.
 */
static GtlDue
due_step(const GtlJob *job, bool answers_locked, bool *look_again)
{
	GtlDue		due = gtl_due_of(job);

	*look_again = !answers_locked && (due == GTL_DUE_INTAKE || (job->open_batch_no != 0 &&
		(due == GTL_DUE_STOP || (due == GTL_DUE_CLOSE_BATCH && gtl_task_any_open(job)))));
	return *look_again ? GTL_DUE_NOTHING : due;
}

/* The job as it stands after the step; NULL: it is gone. */
static GtlJob *
do_step(GtlJob *job, GtlDue due, GtlTransaction *transaction)
{
	if (job->state == GTL_JOB_INITIALIZING)
		gtl_job_move(job, GTL_MOVE_START, NULL);
	switch (due)
	{
		case GTL_DUE_NOTHING:
			break;
		case GTL_DUE_STOP:
			if (job->open_batch_no != 0)
				close_batch(job);
			gtl_promise_audit_end(job, true, "the job was stopped");
			if (job->guarantee == GTL_GUARANTEE_AUDITED)
				gtl_label_drop_unsettled(job);	/* they were provisional, and no audit comes */
			gtl_job_move(job, GTL_MOVE_FINISH_STOP, final_counts(job));
			break;
		case GTL_DUE_INTAKE:
			gtl_follow_take(job);
			break;
		case GTL_DUE_CLOSE_BATCH:
			close_batch(job);
			break;
		case GTL_DUE_VALIDATION_BATCH:
			issue_validation(job);
			break;
		case GTL_DUE_MAP:
			return gtl_renew_map(job, transaction);
		case GTL_DUE_ROUND:
			return gtl_run_round(job, transaction);
		case GTL_DUE_TRAINING_BATCH:
			if (!issue_recalled(job))
				issue_rest(job);
			break;
		case GTL_DUE_AUDIT:
			gtl_promise_audit_step(job);
			break;
		case GTL_DUE_AUDIT_BATCH:
			gtl_audit_issue(job);
			break;
		case GTL_DUE_COMPLETE:
			complete(job);
			break;
	}
	return job;
}

/*
 * Locks in the order of lock.h, then the job as it stands.  A round locks its row itself, after training, and so does a
 * new map: meanwhile its owner can pause or alter the job.
 */
static GtlJob *
lock_job(int64 job_id, bool *answers_locked, GtlTransaction *transaction)
{
	GtlJob	   *job = gtl_job_get(job_id);
	GtlDue		due = job == NULL ? GTL_DUE_NOTHING : gtl_due_of(job);

	if (job == NULL || due == GTL_DUE_ROUND || due == GTL_DUE_MAP)
		return job;
	*answers_locked = may_close_early(job) || due == GTL_DUE_INTAKE;
	if (*answers_locked && transaction->own)
		transaction->busy = !(*answers_locked = gtl_lock_poll(GTL_LOCK_ANSWERS, job_id, GTL_WORKER_PATIENCE));
	else if (*answers_locked)
		gtl_in_flight_require(job, "advance");
	return gtl_job_lock(job_id);
}

/* The map that was computed, if it still is what is due; NULL: the job is gone. */
static GtlJob *
write_map(const GtlMapState *map, GtlJob *job)
{
	job = gtl_job_lock(job->job_id);
	if (job != NULL && gtl_map_holds(map, job))
		gtl_map_write(map, job);
	return job;
}

/*
 * A worker first commits a mark of what it is about to do: if it does not come to the end, the
 * next one knows.  The locks of the transaction go with it, so all is looked at again.
 */
static GtlJob *
mark_step(GtlJob *job, GtlDue *due, bool *look_again, GtlTransaction *transaction)
{
	int64		job_id = job->job_id;
	bool		answers_locked = false;

	gtl_step_start(job_id, step_names[*due]);
	gtl_transaction_suspend(transaction);
	gtl_progress_phase(step_names[*due]);
	gtl_transaction_resume(transaction);
	job = lock_job(job_id, &answers_locked, transaction);
	if (job != NULL)
		*due = due_step(job, answers_locked, look_again);
	return job;
}

/* What was computed ahead of the steps that it follows. */
typedef struct Ahead
{
	int64		job_id;
	GtlTransaction *transaction;
	GtlMapState *map;			/* NULL: none is due */
	GtlRoundState *round;		/* likewise */
} Ahead;

/* The steps up to the next one that computes, whose rows are loaded. */
static void
load_next(void *argument)
{
	Ahead	   *ahead = argument;
	bool		answers_locked = false;
	bool		look_again;
	GtlJob	   *job = lock_job(ahead->job_id, &answers_locked, ahead->transaction);

	if (job == NULL)
		return;
	if (due_step(job, answers_locked, &look_again) == GTL_DUE_CLOSE_BATCH)
		(void) do_step(job, GTL_DUE_CLOSE_BATCH, ahead->transaction);
	if (gtl_due_of(job) == GTL_DUE_MAP && ahead->map == NULL)
		ahead->map = gtl_map_load(job, ahead->transaction);
	else if (gtl_due_of(job) == GTL_DUE_MAP)
		job = write_map(ahead->map, job);
	if (job != NULL && gtl_due_of(job) == GTL_DUE_ROUND)
		ahead->round = gtl_round_load(job, ahead->transaction);
}

/*
 * In a caller's transaction the job's row stays locked from the first step that writes it.  So a batch whose end is
 * followed by a new map or a round is closed more than once: first for what the map is made of, then, with that map, for
 * what the round learns from.  Both times it is undone, and what follows is computed without a lock; then gtl_advance
 * closes the batch for good.
 */
static void
compute_ahead(Ahead *ahead)
{
	GtlJob	   *job = gtl_job_get(ahead->job_id);
	GtlDue		due = job == NULL || !job->auto_label ? GTL_DUE_NOTHING : gtl_due_of(job);

	if (due != GTL_DUE_CLOSE_BATCH && due != GTL_DUE_MAP)
		return;
	gtl_subtransaction_undo(load_next, ahead);
	if (ahead->map != NULL)
	{
		gtl_map_compute(ahead->map);
		gtl_subtransaction_undo(load_next, ahead);
	}
	if (ahead->round != NULL)
		gtl_round_train(ahead->round);
}

/* What was computed ahead, where it still is what is due. */
static GtlJob *
finish_ahead(Ahead *ahead, GtlJob *job)
{
	if (job != NULL && ahead->map != NULL)
		job = write_map(ahead->map, job);
	if (job != NULL && ahead->round != NULL && gtl_round_holds(ahead->round, job))
		gtl_round_finish(ahead->round, job);
	if (ahead->map != NULL)
		gtl_map_end(ahead->map);
	return job;
}

GtlJob *
gtl_advance(int64 job_id, GtlTransaction *transaction)
{
	for (;;)
	{
		bool		answers_locked = false;
		bool		look_again;
		GtlJob	   *job;
		GtlDue		due;
		Ahead		ahead = {job_id, transaction, NULL, NULL};

		CHECK_FOR_INTERRUPTS();
		transaction->busy = false;
		if (!transaction->own)
			compute_ahead(&ahead);
		job = lock_job(job_id, &answers_locked, transaction);
		if (job == NULL)
			return NULL;
		due = due_step(job, answers_locked, &look_again);
		if (look_again && transaction->busy)
			return job;
		if (transaction->own && due != GTL_DUE_NOTHING)
			job = mark_step(job, &due, &look_again, transaction);
		if (job != NULL && (due != GTL_DUE_MAP || ahead.map == NULL))
			job = do_step(job, due, transaction);
		job = finish_ahead(&ahead, job);
		if (job == NULL || job->state != GTL_JOB_FAILED || due != GTL_DUE_NOTHING)
			gtl_step_delete(job_id);	/* a failed job keeps what it failed of */
		if (job == NULL || (due == GTL_DUE_NOTHING && !look_again))
			return job;
		gtl_transaction_suspend(transaction);
		gtl_transaction_resume(transaction);
	}
}
