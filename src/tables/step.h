/*
 * step.h
 *		The table gtlabel.step: what a worker does for a job now, and what went wrong.
 *
 * A job has a row while a worker does a step, and after one has failed:
 *
 *	(none) --start (own transaction)--> started --delete (with the step's work)--> (none)
 *	                  ^                    |
 *	                  |                    +--fail--> waits until retry_at
 *	                  +-----------------------------------+
 *
 * A row that is started while nobody holds GTL_LOCK_STEPS was left by a crash.
 */
#ifndef GTL_STEP_H
#define GTL_STEP_H

#include "base/compat.h"
#include "tables/job.h"

typedef struct GtlStep
{
	char	   *name;			/* "round", "close_batch", ... */
	bool		started;		/* and not ended: running, or cut off */
	int32		failures;		/* in a row */
	TimestampTz retry_at;		/* not before; DT_NOBEGIN: at once */
	char	   *sqlstate;		/* of the last failure; NULL: none */
	char	   *message;
} GtlStep;

/* False: no step is being done, none has failed. */
extern bool gtl_step_read(int64 job_id, GtlStep *step);

/* Does the job wait after a failure? */
extern bool gtl_step_waits(int64 job_id);

/* The mark that survives a crash; to be committed before the work.  None for a job that is being dropped. */
extern void gtl_step_start(int64 job_id, const char *name);

/* The step has not ended well; returns the number of failures in a row, this one (if counted) included. */
extern int	gtl_step_fail(int64 job_id, const char *sqlstate, const char *message, const char *context, bool counted);
extern void gtl_step_retry_after(int64 job_id, int64 milliseconds);

/* The mark goes, and nothing is counted. */
extern void gtl_step_interrupt(int64 job_id);

/* Its failures do not count any more, and it may be tried at once; a step that is being done stays marked. */
extern void gtl_step_forgive(int64 job_id);

/* It has ended well, or its failures are forgiven, or the job goes. */
extern void gtl_step_delete(int64 job_id);

/* A job that a worker may be due for. */
typedef struct GtlDueJob
{
	int64		job_id;
	Oid			owner;
	char	   *name;
	int32		attempts;		/* workers that were started since one last began a step */
} GtlDueJob;

/*
 * Might a step of the job be due?  A filter over many jobs at once that says yes too often, for gtl_due_seems
 * (steps/due.h) to decide: of job j, its open batch b and its row s here, at the time `now`.
 */
#define GTL_STEP_MAY_BE_DUE(now) \
	"(s.retry_at IS NULL OR s.retry_at <= " now ")" \
	" AND (j.state IN ('stopping', 'in_progress') OR j.state = 'completed' AND j.follow" \
	"   AND (SELECT c.job_id FROM gtlabel.change c WHERE c.job_id = j.job_id LIMIT 1) IS NOT NULL)"

/* The jobs that may have a step due, of owners that exist: the oldest of each owner, then the next of each. */
extern int	gtl_step_candidates(GtlDueJob **jobs);

/*
 * A worker is started for the job: not again for a while, should it not arrive.  False: it must not be, somebody is
 * just dropping the job.
 */
extern bool gtl_step_attempt(int64 job_id, int64 milliseconds);

/* A worker has come and has to wait: the launcher starts no other for a while. */
extern void gtl_step_postpone(int64 job_id, int64 milliseconds);

/* These keys are removed from the job: an error that names one of them is not kept. */
extern void gtl_step_forget_keys(int64 job_id, char *const *keys, int count);

#endif							/* GTL_STEP_H */
