/*
 * outcome.h
 *		What becomes of a step that has not ended well.
 *
 *	crash (kill -9, power)     counted; tried again at once, then with growing delays
 *	error                      counted; tried again with growing delays
 *	pg_cancel_backend          not counted; tried again after gtlabel.retry_delay
 *	pg_terminate_backend       not counted; tried again at once by another worker
 *
 * After GTL_MAX_FAILURES counted ones in a row the job fails, with a reason a person can act on.
 */
#ifndef GTL_OUTCOME_H
#define GTL_OUTCOME_H

#include "base/compat.h"
#include "datatype/timestamp.h"

#define GTL_MAX_FAILURES 5

/* The delay after the n-th attempt in a row: gtlabel.retry_delay, then four times as long each. */
extern int64 gtl_outcome_delay(int attempts);

/*
 * Each runs in a transaction of its caller, who holds GTL_LOCK_STEPS, and records what
 * happened.  Returns when to try again: DT_NOBEGIN at once, DT_NOEND never.
 */
extern TimestampTz gtl_outcome_after_crash(int64 job_id);
extern TimestampTz gtl_outcome_after_error(int64 job_id, const ErrorData *error, bool terminated);

#endif							/* GTL_OUTCOME_H */
