/*
 * job_state.h
 *		The life cycle of a job: the one place that moves it from state to state.
 */
#ifndef GTL_JOB_STATE_H
#define GTL_JOB_STATE_H

#include "base/compat.h"
#include "tables/job.h"

typedef enum GtlJobMove
{
	/* by the owner: these raise the job's revision */
	GTL_MOVE_PAUSE,
	GTL_MOVE_RESUME,
	GTL_MOVE_STOP,
	GTL_MOVE_RETRY,				/* failed objects are offered again */
	GTL_MOVE_ADD,				/* rows have joined */
	GTL_MOVE_WITHDRAW,			/* machine labels are gone, and people label the rest */
	GTL_MOVE_WITHDRAW_NONE,		/* there were none */

	/* by the steps */
	GTL_MOVE_START,				/* the snapshot is taken */
	GTL_MOVE_FINISH_STOP,
	GTL_MOVE_COMPLETE,
	GTL_MOVE_FAIL_OBJECTS,		/* too many objects have failed */
	GTL_MOVE_FAIL_STEP			/* a step has failed too often */
} GtlJobMove;

/*
 * Moves the job, whose row is locked, writes the row from *job, takes care of the row in gtlabel.step
 * and records the event.  Error if the move is not legal from the job's state.
 */
extern void gtl_job_move(GtlJob *job, GtlJobMove move, const char *detail);

/* Error unless the move is legal. */
extern void gtl_job_require_move(const GtlJob *job, GtlJobMove move);

/* Could the job still come to `state` without anybody's call? */
extern bool gtl_job_can_reach(const GtlJob *job, GtlJobState state);

extern const char *const gtl_job_state_words[]; /* GtlJobState, see learning/words.h */

/* The state of that name; false: there is none. */
extern bool gtl_job_state_parse(const char *name, GtlJobState *state);

/* The error for a call that the job's state does not allow; what: "purge", say.  hint may be NULL. */
pg_noreturn extern void gtl_error_job_state(const GtlJob *job, const char *what, const char *hint);

#endif							/* GTL_JOB_STATE_H */
