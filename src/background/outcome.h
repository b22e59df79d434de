/*
 * outcome.h
 *		What a worker does next when its steps are done or one has failed: the one place that decides about trying again.
 *
 *	all steps done             the worker ends
 *	crash (kill -9, power)     counted; tried again at once, then with growing delays
 *	error                      counted; tried again with growing delays
 *	pg_cancel_backend          not counted; tried again after gtlabel.retry_delay
 *	time limit of a server     of a job in place (its statement_timeout): an error, counted, though it has the SQLSTATE of a cancel
 *	pg_terminate_backend       not counted; tried again at once by another worker
 *	answers in flight          not counted; tried again after some seconds, or when somebody asks for a worker
 *
 * After GTL_MAX_FAILURES counted ones in a row the job fails, with a reason a person can act on.
 */
#ifndef GTL_OUTCOME_H
#define GTL_OUTCOME_H

#include "base/compat.h"
#include "datatype/timestamp.h"

#define GTL_MAX_FAILURES 5

typedef enum GtlOutcomeKind
{
	GTL_OUTCOME_DONE,
	GTL_OUTCOME_RETRY,			/* not before `at` */
	GTL_OUTCOME_BUSY,			/* the same: the step waits for somebody else */
	GTL_OUTCOME_GIVEN_UP
} GtlOutcomeKind;

typedef struct GtlOutcome
{
	GtlOutcomeKind kind;
	TimestampTz at;
} GtlOutcome;

/* Is it time to try? */
extern bool gtl_outcome_is_due(const GtlOutcome *outcome);

/* The delay after the n-th attempt in a row: gtlabel.retry_delay, then four times as long each. */
extern int64 gtl_outcome_delay(int attempts);

/*
 * Each runs in a transaction of its caller, who holds GTL_LOCK_STEPS, and records what
 * happened.  The first says, before any step, what the worker before this one has left.  The
 * second takes whether the worker got SIGTERM and SIGINT.
 */
extern GtlOutcome gtl_outcome_after_crash(int64 job_id);
extern GtlOutcome gtl_outcome_after_error(int64 job_id, const ErrorData *error, bool terminated, bool canceled);
extern GtlOutcome gtl_outcome_after_wait(int64 job_id);

/* The same without GTL_LOCK_STEPS, which somebody else holds: nothing is recorded. */
extern GtlOutcome gtl_outcome_busy(void);

#endif							/* GTL_OUTCOME_H */
