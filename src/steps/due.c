/*
 * due.c
 *		The facts of a live job that decide what it does next.
 *
 * They follow from the tables alone: the job's row with its counters, the newest batch, the
 * newest round.
 */
#include "steps/due.h"

#include "base/settings.h"
#include "learning/neighbours.h"
#include "steps/audit.h"
#include "steps/audit_in_place.h"
#include "steps/limits.h"
#include "steps/promise_audit.h"
#include "tables/batch.h"
#include "tables/change.h"
#include "tables/object.h"
#include "tables/recall.h"
#include "tables/round.h"
#include "tables/segment.h"
#include "tables/task.h"
#include "utils/timestamp.h"

/* So long a worker lets changes of the dataset gather, each intake being a pass over it. */
#define FOLLOW_DELAY (2 * USECS_PER_SEC)

static GtlDueState
due_state(const GtlJob *job)
{
	if (job->state == GTL_JOB_STOPPING)
		return GTL_DUE_STOPS;
	return job->state == GTL_JOB_IN_PROGRESS || job->state == GTL_JOB_INITIALIZING ? GTL_DUE_GOES_ON : GTL_DUE_RESTS;
}

static bool
time_is_over(const GtlJob *job)
{
	GtlBatch	batch;

	gtl_batch_last(job->job_id, &batch);
	return batch.expires_at <= gtl_clock_now();
}

bool
gtl_due_expired(const GtlJob *job)
{
	return job->open_batch_no != 0 && time_is_over(job) && gtl_task_any_open(job);
}

bool
gtl_due_round_pending(const GtlJob *job)
{
	GtlBatch	batch;
	GtlLastRound last;
	bool		first;

	gtl_batch_last(job->job_id, &batch);
	gtl_round_last(job->job_id, &last);
	if (batch.batch_no == 0 || batch.open)
		return false;
	first = last.round_no < 0;
	if (!first && last.segment_count <= gtl_segment_last(job->job_id).segment_no)
		return true;
	return batch.batch_no != last.batch_no && gtl_schedule_calls_round(batch.validation, !first || gtl_job_has_early_round(job));
}

/* The last batch was of a validation set that has grown since a round labeled by it. */
static bool
certificate_is_old(const GtlJob *job)
{
	GtlBatch	batch;
	GtlLastRound last;

	if (job->guarantee == GTL_GUARANTEE_AUDITED || job->machine_labeled == 0)
		return false;
	gtl_batch_last(job->job_id, &batch);
	gtl_round_last(job->job_id, &last);
	return batch.validation && !batch.open && last.round_no >= 0 && last.batch_no < batch.batch_no;
}

static int64
validation_left(const GtlJob *job)
{
	int32	   *objects;

	return job->validation_count > 0 ? gtl_object_next_validation(job->job_id, 1, &objects) : 0;
}

static int64
any_recalled(const GtlJob *job)
{
	int32	   *objects;

	return gtl_recall_next(job->job_id, 1, &objects);
}

/*
 * Is a round to have a new map first?  A job without columns has none while there are too few rows, or too many, so that
 * none is tried.
 */
static bool
map_is_old(const GtlJob *job)
{
	int64		rows;
	int64		later;

	if (job->neighbours_segments == 0)
		return false;
	later = gtl_segments_rows_since(job->job_id, job->neighbours_segments, &rows);
	return gtl_schedule_map_is_old(later, rows) &&
		(job->neighbours_id != 0 || gtl_neighbours_offered(rows, job->dimension - job->proposal_inputs));
}

/* Facts that only count while no batch is open. */
static void
read_between_batches(const GtlJob *job, GtlDueFacts *facts)
{
	facts->people_left = gtl_limits_batch(job, PG_INT64_MAX);
	facts->validation_left = validation_left(job);
	facts->recalled = any_recalled(job);
	facts->unlabeled = gtl_audit_in_place_passed(job) ? 0 : gtl_job_unlabeled(job);
	facts->rounds = job->auto_label && job->validation_count > 0 && job->human_labeled + job->failed < job->object_count;
	facts->round_pending = facts->rounds && gtl_due_round_pending(job);
	facts->certificate_old = facts->rounds && certificate_is_old(job);
	facts->map_old = (facts->round_pending || facts->certificate_old) && map_is_old(job);
	facts->audit_open = job->guarantee == GTL_GUARANTEE_AUDITED && gtl_promise_audit_is_open(job);
	facts->audit_pending = gtl_audit_pending(job);
}

/* A completed job goes on when rows join; one that is paused waits. */
static bool
has_changes(const GtlJob *job)
{
	return job->follow && (job->state == GTL_JOB_IN_PROGRESS || job->state == GTL_JOB_COMPLETED) && !job->purged &&
		gtl_changes_any(job->job_id);
}

GtlDue
gtl_due_of(const GtlJob *job)
{
	GtlDueFacts facts = {.state = due_state(job),.changes = has_changes(job)};

	if (facts.state == GTL_DUE_RESTS || facts.changes)
		return gtl_due(&facts);
	facts.batch_open = job->open_batch_no != 0;
	if (facts.batch_open)
		facts.batch_done = !gtl_task_any_open(job) || time_is_over(job);
	else
		read_between_batches(job, &facts);
	return gtl_due(&facts);
}

bool
gtl_due_seems(const GtlJob *job)
{
	GtlDueFacts facts = {.state = due_state(job),.changes = has_changes(job),.batch_open = job->open_batch_no != 0};

	if (facts.state == GTL_DUE_GOES_ON && facts.batch_open)
		facts.batch_done = !gtl_task_any_undisturbed(job) || time_is_over(job);
	return gtl_due(&facts) != GTL_DUE_NOTHING;
}

TimestampTz
gtl_due_undo_until(const GtlJob *job)
{
	TimestampTz changes = has_changes(job) ? gtl_changes_since(job->job_id) + FOLLOW_DELAY : DT_NOBEGIN;

	if (job->state != GTL_JOB_IN_PROGRESS || job->open_batch_no == 0 || gtl_task_any_open(job))
		return changes;
	return Max(changes, gtl_task_undo_until(job));
}
