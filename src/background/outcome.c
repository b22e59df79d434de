/*
 * outcome.c
 *		What a worker does next when its steps are done or one has failed.
 */
#include "background/outcome.h"

#include "base/settings.h"
#include "tables/event.h"
#include "tables/job_state.h"
#include "tables/step.h"
#include "utils/elog.h"
#include "utils/timestamp.h"

#define DELAY_FACTOR 4
#define MAX_DELAY_MILLISECONDS (3600 * 1000)

/* How long the launcher starts no worker after one that found answers in flight; how soon one that stays tries again. */
#define POSTPONED_MILLISECONDS 5000
#define BUSY_MILLISECONDS 1000

static GtlOutcome
retry_at(TimestampTz at)
{
	return (GtlOutcome) {GTL_OUTCOME_RETRY, at};
}

bool
gtl_outcome_is_due(const GtlOutcome *outcome)
{
	return outcome->kind == GTL_OUTCOME_RETRY && outcome->at <= gtl_clock_now();
}

int64
gtl_outcome_delay(int attempts)
{
	int64		delay = gtl_setting_retry_delay;

	for (int i = 1; i < attempts && delay < MAX_DELAY_MILLISECONDS; i++)
		delay *= DELAY_FACTOR;
	return Min(delay, MAX_DELAY_MILLISECONDS);
}

static const char *
after(int64 milliseconds)
{
	if (milliseconds == 0)
		return "at once";
	return psprintf("after %g s", milliseconds / 1000.0);
}

static GtlOutcome
retry_after(int64 job_id, int64 milliseconds)
{
	if (milliseconds > 0)
		gtl_step_retry_after(job_id, milliseconds);
	return retry_at(TimestampTzPlusMilliseconds(gtl_clock_now(), milliseconds));
}

/* Too many in a row: somebody has to look at it. */
static GtlOutcome
give_up(GtlJob *job, const char *step, int failures, const char *what)
{
	job->failure_reason = psprintf("step \"%s\" has failed %d times in a row, at last with %s; "
								   "gt_events has all of it; after that is put right, gt_resume_job tries again",
								   step, failures, what);
	gtl_job_move(job, GTL_MOVE_FAIL_STEP, job->failure_reason);
	return (GtlOutcome) {GTL_OUTCOME_GIVEN_UP, 0};
}

static GtlOutcome
count_failure(GtlJob *job, const char *step, const char *sqlstate, const char *message, const char *context, bool crashed)
{
	int			failures = gtl_step_fail(job->job_id, sqlstate, message, context, true);
	char	   *what = psprintf("%s: %s", sqlstate, message);
	int64		delay = crashed && failures == 1 ? 0 : gtl_outcome_delay(failures);
	bool		last = failures >= GTL_MAX_FAILURES;

	gtl_event_record(job, "step_failed", "step \"%s\", failure %d of %d, %s%s%s%s%s", step, failures, GTL_MAX_FAILURES, what,
					 context != NULL ? "; context: " : "", context != NULL ? context : "",
					 last ? "" : "; tried again ", last ? "" : after(delay));
	return last ? give_up(job, step, failures, what) : retry_after(job->job_id, delay);
}

GtlOutcome
gtl_outcome_after_crash(int64 job_id)
{
	GtlStep		step;
	GtlJob	   *job = gtl_job_lock(job_id);

	if (job == NULL || !gtl_step_read(job_id, &step) || gtl_job_is_final(job))
		return retry_at(DT_NOBEGIN);
	if (step.started)
		return count_failure(job, step.name, unpack_sql_state(ERRCODE_CRASH_SHUTDOWN),
							 "the worker or the server went down in the middle of the step", NULL, true);
	return retry_at(step.retry_at);
}

GtlOutcome
gtl_outcome_after_error(int64 job_id, const ErrorData *error, bool terminated, bool canceled)
{
	const char *sqlstate = unpack_sql_state(error->sqlerrcode);
	GtlStep		step;
	GtlJob	   *job = gtl_job_lock(job_id);

	if (job == NULL)
	{
		/* dropped after the step was marked */
		gtl_step_delete(job_id);
		return (GtlOutcome) {GTL_OUTCOME_DONE, 0};
	}
	if (!gtl_step_read(job_id, &step))
		step.name = "look";
	if (terminated)
	{
		gtl_step_interrupt(job_id);
		gtl_event_record(job, "step_interrupted", "step \"%s\": the worker was terminated; tried again at once", step.name);
		return retry_at(DT_NOBEGIN);
	}
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED && (canceled || job->placement != GTL_PLACEMENT_IN_PLACE))
	{
		int64		delay = gtl_outcome_delay(1);

		gtl_step_fail(job_id, sqlstate, error->message, error->context, false);
		gtl_event_record(job, "step_canceled", "step \"%s\"; tried again %s", step.name, after(delay));
		return retry_after(job_id, delay);
	}
	return count_failure(job, step.name, sqlstate, error->message, error->context, false);
}

GtlOutcome
gtl_outcome_after_wait(int64 job_id)
{
	gtl_step_postpone(job_id, POSTPONED_MILLISECONDS);
	return gtl_outcome_busy();
}

GtlOutcome
gtl_outcome_busy(void)
{
	return (GtlOutcome) {GTL_OUTCOME_BUSY, TimestampTzPlusMilliseconds(gtl_clock_now(), BUSY_MILLISECONDS)};
}
