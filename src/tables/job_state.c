/*
 * job_state.c
 *		The life cycle of a job.
 *
 *	initializing -> in_progress <-> paused
 *	                in_progress -> completed, failed
 *	in_progress, paused, failed -> stopping -> stopped
 *	completed -> in_progress     by gt_resume_job after a limit was raised, gt_retry_failed, gt_add_objects, gt_withdraw_machine_labels
 *	failed    -> in_progress     by gt_resume_job, gt_retry_failed
 *
 * A stop that was asked for is remembered (job->stop_requested): if its step fails too often the
 * job is failed, and gt_resume_job goes on stopping it.  A pause is not lost either: a paused job stays
 * paused although a step that was still running fails.
 *
 * What the owner does raises the job's revision, so that a round in progress decides anew or is dropped
 * (run_round.c).
 */
#include "tables/job_state.h"

#include "learning/words.h"
#include "tables/event.h"
#include "tables/step.h"

#define STATES (GTL_JOB_FAILED + 1)

/* The column of the table below for a job that has failed while it was being stopped. */
#define FAILED_STOP STATES

typedef enum StepRow
{
	STEP_KEPT,
	STEP_FORGIVEN,				/* its failures do not count any more, and nobody waits */
	STEP_GONE
} StepRow;

typedef struct Move
{
	const char *what;			/* "cannot ... labeling job" */
	const char *event;			/* NULL: another one tells of it */
	bool		by_owner;
	StepRow		step;
	char		to[STATES + 2];	/* a letter for each state moved from, see letters; '.': not legal */
} Move;

/* initializing, in_progress, paused, stopping, stopped, completed, failed; a failed stop */
static const char letters[STATES + 1] = "IPASTCF";

static const Move moves[] = {
	[GTL_MOVE_PAUSE] = {"pause", "paused", true, STEP_KEPT, ".A......"},
	[GTL_MOVE_RESUME] = {"resume", "resumed", true, STEP_FORGIVEN, "..P..PPS"},
	[GTL_MOVE_STOP] = {"stop", "stopping", true, STEP_FORGIVEN, ".SS...SS"},
	[GTL_MOVE_RETRY] = {"retry the failed objects of", "retry", true, STEP_FORGIVEN, ".PA..PP."},
	[GTL_MOVE_ADD] = {"add objects to", "objects_added", true, STEP_KEPT, ".PA..PF."},
	[GTL_MOVE_WITHDRAW] = {"withdraw the machine labels of", "withdrawn", true, STEP_KEPT, ".PA..PF."},
	[GTL_MOVE_WITHDRAW_NONE] = {"withdraw the machine labels of", "withdrawn", true, STEP_KEPT, ".PA..CF."},
	[GTL_MOVE_START] = {"start", NULL, false, STEP_KEPT, "P......."},
	[GTL_MOVE_FINISH_STOP] = {"stop", "stopped", false, STEP_GONE, "...T...."},
	[GTL_MOVE_COMPLETE] = {"complete", "completed", false, STEP_GONE, ".C......"},
	[GTL_MOVE_FAIL_OBJECTS] = {"fail", "failed", false, STEP_GONE, ".F......"},
	[GTL_MOVE_FAIL_STEP] = {"fail", "failed", false, STEP_KEPT, ".FAF...."},
};

const char *const gtl_job_state_words[] = {
	[GTL_JOB_INITIALIZING] = "initializing",
	[GTL_JOB_IN_PROGRESS] = "in_progress",
	[GTL_JOB_PAUSED] = "paused",
	[GTL_JOB_STOPPING] = "stopping",
	[GTL_JOB_STOPPED] = "stopped",
	[GTL_JOB_COMPLETED] = "completed",
	[GTL_JOB_FAILED] = "failed",
	NULL
};

const char *
gtl_job_state_name(GtlJobState state)
{
	return gtl_job_state_words[state];
}

bool
gtl_job_state_parse(const char *name, GtlJobState *state)
{
	int			number = gtl_word_number(gtl_job_state_words, name);

	if (number >= 0)
		*state = (GtlJobState) number;
	return number >= 0;
}

/* The letter of the state that the move leads to. */
static char
destination(const GtlJob *job, GtlJobMove move)
{
	return moves[move].to[job->state == GTL_JOB_FAILED && job->stop_requested ? FAILED_STOP : job->state];
}

void
gtl_error_job_state(const GtlJob *job, const char *what, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot %s labeling job \"%s\": it is %s", what, job->name, gtl_job_state_name(job->state)),
			 hint != NULL ? errhint("%s", hint) : 0));
}

void
gtl_job_require_move(const GtlJob *job, GtlJobMove move)
{
	if (destination(job, move) == '.')
		gtl_error_job_state(job, moves[move].what,
							job->state == GTL_JOB_STOPPED || job->state == GTL_JOB_STOPPING ? "A stopped job is final." :
							job->state == GTL_JOB_FAILED && job->stop_requested ?
							"It failed while it was being stopped; gt_resume_job goes on with that." : NULL);
}

static void
change_step(const GtlJob *job, StepRow step)
{
	if (step == STEP_FORGIVEN)
		gtl_step_forgive(job->job_id);
	else if (step == STEP_GONE)
		gtl_step_delete(job->job_id);
}

void
gtl_job_move(GtlJob *job, GtlJobMove move, const char *detail)
{
	const Move *m = &moves[move];

	gtl_job_require_move(job, move);
	job->state = (GtlJobState) (strchr(letters, destination(job, move)) - letters);
	if (move == GTL_MOVE_STOP)
		job->stop_requested = true;
	if (m->by_owner && job->state != GTL_JOB_FAILED)
		job->failure_reason = NULL;
	if (m->by_owner)
		gtl_job_revise(job);
	else
		gtl_job_update(job);
	change_step(job, m->step);
	if (m->event != NULL)
		gtl_event_record(job, m->event, "%s", detail);
}

bool
gtl_job_can_reach(const GtlJob *job, GtlJobState state)
{
	if (job->state == GTL_JOB_STOPPING)
		return state == GTL_JOB_STOPPED || state == GTL_JOB_FAILED;
	return job->state == GTL_JOB_INITIALIZING || job->state == GTL_JOB_IN_PROGRESS || job->state == GTL_JOB_PAUSED;
}
