/*
 * jobs.c
 *		The functions that steer a job: gt_advance_job, gt_pause_job, gt_resume_job,
 *		gt_stop_job, gt_add_objects, gt_remove_objects, gt_retry_failed, gt_drop_job, gt_purge_job, gt_wait_job.
 *
 * The owner's alone.  Each changes the job's row under its lock and leaves
 * what follows from it to the state machine.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "api/arguments.h"
#include "api/own_job.h"
#include "background/worker.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/lock.h"
#include "base/progress.h"
#include "base/settings.h"
#include "base/subtransaction.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "steps/advance.h"
#include "steps/audit.h"
#include "steps/follow.h"
#include "steps/in_flight.h"
#include "steps/intake.h"
#include "steps/limits.h"
#include "storage/latch.h"
#include "steps/promise_audit.h"
#include "steps/remove.h"
#include "tables/annotation.h"
#include "tables/audit.h"
#include "tables/batch.h"
#include "tables/certificate.h"
#include "tables/change.h"
#include "tables/drift.h"
#include "tables/event.h"
#include "tables/feature_page.h"
#include "tables/featurizer.h"
#include "tables/neighbour_map.h"
#include "tables/job_state.h"
#include "tables/label.h"
#include "tables/model.h"
#include "tables/object.h"
#include "tables/recall.h"
#include "tables/round.h"
#include "tables/segment.h"
#include "tables/step.h"
#include "tables/task.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* How often gt_wait_job looks. */
#define WAIT_MILLISECONDS 100L

/* ... and how many looks it takes before it looks for work that nobody does. */
#define LOOKS_PER_PICK_UP 10

PG_FUNCTION_INFO_V1(gtl_sql_advance_job);
Datum
gtl_sql_advance_job(PG_FUNCTION_ARGS)
{
	GtlTransaction transaction = {false, InvalidOid, CurrentMemoryContext};
	GtlJob	   *job = gtl_own_job(fcinfo);
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
	GtlJob	   *job = gtl_own_job_locked(fcinfo);

	gtl_job_move(job, GTL_MOVE_PAUSE, "no tasks are handed out and no steps are done until gt_resume_job");
	PG_RETURN_VOID();
}

/* A completed job goes on if a limit has left objects without a label, and is there no more. */
static void
require_rest(const GtlJob *job)
{
	char	   *limit;

	if (job->state != GTL_JOB_COMPLETED)
		return;
	if (job->purged)
		gtl_error_job_state(job, "resume", "It is purged: create a job over the objects that are left.");
	if (gtl_job_unlabeled(job) == 0)
		gtl_error_job_state(job, "resume", "All of its objects are labeled, or have failed: gt_retry_failed offers those again, gt_add_objects takes in more rows.");
	limit = gtl_limits_reached(job);
	if (limit != NULL)
		gtl_error_job_state(job, "resume", psprintf("It has come to its limit (%s); gt_alter_job raises it.", limit));
}

PG_FUNCTION_INFO_V1(gtl_sql_resume_job);
Datum
gtl_sql_resume_job(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_own_job_locked(fcinfo);
	GtlStep		step;

	gtl_job_require_move(job, GTL_MOVE_RESUME);
	require_rest(job);
	if (job->state == GTL_JOB_FAILED && !gtl_step_read(job->job_id, &step))
		gtl_failure_retry(job); /* it failed of its objects, not of a step */
	if (job->state == GTL_JOB_COMPLETED)
		gtl_audit_reopen(job);
	gtl_job_move(job, GTL_MOVE_RESUME, job->stop_requested ? "it goes on stopping" : "");
	gtl_worker_launch_at_commit(job);
	PG_RETURN_VOID();
}

/* The error, caught, as a warning: the stop stands, and a worker tries again. */
static void
warn_of_failed_stop(const GtlJob *job, const ErrorData *error)
{
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("labeling job \"%s\" is stopping, but the answers of its open batch could not be made labels", job->name),
			 errdetail("%s", error->message),
			 errhint("A worker tries again; gt_advance_job does so in this session.")));
}

/* The stop is recorded, and its last step is left to a worker. */
static void
warn_of_answers(const GtlJob *job)
{
	char	   *holders = gtl_in_flight_describe(job->job_id, 0);

	ereport(WARNING,
			(errmsg("labeling job \"%s\" is stopping, and waits for answers in flight", job->name),
			 holders != NULL ? errdetail("Its tasks are being changed by %s.", holders) : 0,
			 errhint("It is stopped when these transactions have ended: by a worker, or by gt_advance_job.")));
}

static void
finish_stop(void *job)
{
	GtlTransaction transaction = {false, InvalidOid, CurrentMemoryContext};

	(void) gtl_advance(((const GtlJob *) job)->job_id, &transaction);
}

/*
 * The last step of a stop calls the owner's consolidation function, which may raise: then the stop is recorded all
 * the same.  False: it has not been done.
 */
static bool
try_to_finish_stop(GtlJob *job)
{
	ErrorData  *error = gtl_subtransaction_try(finish_stop, job);

	if (error != NULL)
		warn_of_failed_stop(job, error);
	return error == NULL;
}

PG_FUNCTION_INFO_V1(gtl_sql_stop_job);
Datum
gtl_sql_stop_job(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_own_job(fcinfo);
	bool		may_step = gtl_lock_try(GTL_LOCK_STEPS, job->job_id, false);

	if (may_step && !gtl_in_flight_lock(job->job_id))
	{
		warn_of_answers(job);
		may_step = false;
	}
	job = gtl_own_job_locked(fcinfo);
	gtl_job_move(job, GTL_MOVE_STOP, "no new batch; finished answers are consolidated");
	if (!may_step || !try_to_finish_stop(job))
		gtl_worker_launch_at_commit(job);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(gtl_sql_add_objects);
Datum
gtl_sql_add_objects(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_own_job_locked(fcinfo);
	int32		count;

	gtl_progress_begin(job->job_id, "snapshot");
	count = gtl_intake(job, false);
	gtl_worker_launch_at_commit(job);
	PG_RETURN_INT32(count);
}

PG_FUNCTION_INFO_V1(gtl_sql_remove_objects);
Datum
gtl_sql_remove_objects(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_own_job(fcinfo);
	char	  **keys;
	int			nkeys;
	int32		count;

	if (PG_ARGISNULL(1))
		PG_RETURN_INT32(0);
	keys = gtl_argument_text_array(fcinfo, 1, "object_keys", &nkeys);
	gtl_in_flight_require(job, "remove objects of");
	job = gtl_own_job_locked(fcinfo);
	count = gtl_remove(job, keys, nkeys);
	if (count > 0)
		gtl_worker_launch_at_commit(job);
	PG_RETURN_INT32(count);
}

PG_FUNCTION_INFO_V1(gtl_sql_retry_failed);
Datum
gtl_sql_retry_failed(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_own_job_locked(fcinfo);
	int			count;

	gtl_job_require_move(job, GTL_MOVE_RETRY);
	if (job->purged)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot retry the failed objects of labeling job \"%s\": it is purged", job->name),
				 errhint("Create a job over the objects that are left.")));
	count = gtl_failure_retry(job);
	if (count > 0)
	{
		gtl_job_move(job, GTL_MOVE_RETRY, psprintf("%s failed objects are offered again", gtl_format_count(count)));
		gtl_worker_launch_at_commit(job);
	}
	PG_RETURN_INT32(count);
}

PG_FUNCTION_INFO_V1(gtl_sql_drop_job);
Datum
gtl_sql_drop_job(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_own_job(fcinfo);
	bool		with_models = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	int64	   *maps;
	int			nmaps;

	/* no answer is in flight; a worker in mid-round finds the job gone and ends */
	gtl_in_flight_require(job, "drop");
	job = gtl_own_job_locked(fcinfo);
	gtl_event_record(job, "dropped", "the job and its %s objects are gone", gtl_format_count(job->object_count));
	if (job->follow)
		gtl_follow_stop(job);
	gtl_annotation_delete(job->job_id);
	gtl_task_delete(job->job_id);
	gtl_batch_delete(job->job_id);
	gtl_label_delete(job->job_id);
	gtl_recall_delete(job->job_id);
	gtl_drift_delete(job->job_id);
	gtl_round_delete(job->job_id);
	gtl_certificate_delete(job->job_id);
	gtl_audits_delete(job->job_id);
	gtl_feature_page_delete(job->job_id);
	gtl_object_delete(job->job_id);
	gtl_segment_delete(job->job_id);
	gtl_change_delete(job->job_id);
	gtl_event_delete(job->job_id);
	nmaps = gtl_model_maps(job->job_id, &maps);
	gtl_model_leave_job(job->job_id, with_models);
	gtl_job_delete(job->job_id);
	gtl_step_delete(job->job_id);	/* last: a worker may just have committed its mark */
	gtl_featurizer_drop_unused(job->featurizer_id);
	gtl_neighbour_map_drop_unused(job->neighbours_id);
	for (int i = 0; i < nmaps; i++)
		gtl_neighbour_map_drop_unused(maps[i]);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(gtl_sql_purge_job);
Datum
gtl_sql_purge_job(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_own_job(fcinfo);

	gtl_in_flight_require(job, "purge");
	job = gtl_own_job_locked(fcinfo);
	if (job->state != GTL_JOB_COMPLETED && job->state != GTL_JOB_STOPPED)
		gtl_error_job_state(job, "purge", job->state == GTL_JOB_FAILED ? "gt_resume_job goes on with it, gt_drop_job removes it." :
					"Only completed and stopped jobs can do without their features and tasks; gt_stop_job stops it.");
	gtl_feature_page_delete(job->job_id);
	if (gtl_task_delete(job->job_id) == 0 && job->purged)
		PG_RETURN_VOID();
	gtl_model_drop_folds(job->job_id);
	gtl_job_set_purged(job);
	gtl_event_record(job, "purged", "features and tasks are gone; labels, annotations, rounds and models stay");
	PG_RETURN_VOID();
}

/* What is waited for: a state, or else a batch with something to answer, or else so many labels. */
typedef struct Wish
{
	const char *what;			/* in messages */
	bool		batch;
	int32		labels;			/* 0: not that */
	GtlJobState state;
} Wish;

static Wish
wish_arguments(FunctionCallInfo fcinfo)
{
	char	   *name = gtl_argument_text(fcinfo, 1, "for_state");
	Wish		wish = {psprintf("state \"%s\"", name)};

	if (!PG_ARGISNULL(4))
		wish.labels = gtl_argument_int32(fcinfo, 4, "label_count", 1, PG_INT32_MAX);
	if (wish.labels > 0 && strcmp(name, "labels") != 0 && strcmp(name, "completed") != 0)
		gtl_error_setting("label_count", psprintf("goes with for_state => 'labels', not \"%s\"", name), NULL);
	if (wish.labels > 0)
		wish.what = psprintf("%s labels", gtl_format_count(wish.labels));
	else if (strcmp(name, "labels") == 0)
		gtl_error_setting("label_count", "must be set with for_state => 'labels'", NULL);
	else if (strcmp(name, "batch") == 0)
	{
		wish.batch = true;
		wish.what = "an open batch";
	}
	else if (!gtl_job_state_parse(name, &wish.state))
		gtl_error_setting("for_state", psprintf("must be a job state, batch or labels, not \"%s\"", name),
						  "Job states are in_progress, paused, stopping, stopped, completed and failed.");
	return wish;
}

static bool
is_fulfilled(const GtlJob *job, const Wish *wish)
{
	if (wish->labels > 0)
		return job->human_labeled + job->machine_labeled >= wish->labels;
	if (wish->batch)
		return job->open_batch_no != 0 && job->state == GTL_JOB_IN_PROGRESS && gtl_task_any_open(job);
	return job->state == wish->state;
}

/* Batches and labels come as long as the job can be in progress. */
static bool
can_be_fulfilled(const GtlJob *job, const Wish *wish)
{
	return gtl_job_can_reach(job, wish->labels > 0 || wish->batch ? GTL_JOB_COMPLETED : wish->state);
}

static void
error_unreachable(const GtlJob *job, const Wish *wish)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot wait for %s of labeling job \"%s\": it is %s", wish->what, job->name, gtl_job_state_name(job->state)),
			 job->failure_reason != NULL ? errdetail("Its failure_reason is: %s.", job->failure_reason) : 0,
			 job->state == GTL_JOB_FAILED ? errhint("Put that right, then call gt_resume_job.") : 0));
}

/* When the wait is over; DT_NOEND: never. */
static TimestampTz
end_of_wait(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument))
		return DT_NOEND;
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(GetCurrentTimestamp()),
												   PG_GETARG_DATUM(argument)));
}

/* One look at the job, with a snapshot of its own: has it come to that? */
static bool
has_reached(int64 job_id, const char *name, const Wish *wish, bool pick_up)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel wait", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	GtlJob	   *job;
	bool		reached;

	PushActiveSnapshot(GetTransactionSnapshot());
	job = gtl_job_get(job_id);
	if (job == NULL)
		gtl_error_unknown_job(name);
	reached = is_fulfilled(job, wish);
	if (!reached && !can_be_fulfilled(job, wish))
		error_unreachable(job, wish);
	if (!reached && pick_up)
		gtl_worker_pick_up(job, true);
	PopActiveSnapshot();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return reached;
}

/*
 * Between two looks the transaction is ended, where CALL lets us: a wait can take days, and must not
 * keep vacuum from its work.
 */
static void
wait_for_next_look(bool atomic)
{
	if (!atomic)
		SPI_commit();
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, WAIT_MILLISECONDS, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

static Datum
return_reached(FunctionCallInfo fcinfo, bool reached)
{
	Datum		values[1] = {BoolGetDatum(reached)};
	bool		nulls[1] = {false};
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "gt_wait_job has one result");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

PG_FUNCTION_INFO_V1(gtl_sql_wait_job);
Datum
gtl_sql_wait_job(PG_FUNCTION_ARGS)
{
	bool		atomic = fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic;
	GtlJob	   *job = gtl_own_job(fcinfo);
	Wish		wish = wish_arguments(fcinfo);
	TimestampTz until = end_of_wait(fcinfo, 2);
	bool		reached;
	int			looks = 0;

	SPI_connect_ext(atomic ? 0 : SPI_OPT_NONATOMIC);
	while (!(reached = has_reached(job->job_id, job->name, &wish, looks++ % LOOKS_PER_PICK_UP == 0)) &&
		   GetCurrentTimestamp() < until)
		wait_for_next_look(atomic);
	SPI_finish();
	return return_reached(fcinfo, reached);
}
