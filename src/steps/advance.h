/*
 * advance.h
 *		The state machine of a job: does every step that is due.
 *
 *	            +--------------------------------------------------------------+
 *	            v                                                              |
 *	issue validation batch -> (people) -> close -> validation set complete? no-+
 *	                                                         | yes
 *	            +--------------------------------------------+
 *	            v
 *	round due? (after a training batch; after the validation set if eager) --no--> issue training batch
 *	            | yes                                                                     |
 *	            v                                                                         v
 *	run round: train, certify, label, choose and issue the next batch  ------------->  (people)
 *	            |                                                                         |
 *	            v nothing left, or a stopping condition                                   v
 *	        completed  <--------------------------------------------------------------  close
 */
#ifndef GTL_ADVANCE_H
#define GTL_ADVANCE_H

#include "base/compat.h"
#include "steps/transaction.h"
#include "tables/job.h"

/* How long a worker waits for answers in flight at a time, in milliseconds. */
#define GTL_WORKER_PATIENCE 2000

/*
 * Does the due steps until people, or nobody, are needed next; returns the job as it
 * stands then, NULL if it is gone.  The caller holds GTL_LOCK_STEPS.
 */
extern GtlJob *gtl_advance(int64 job_id, GtlTransaction *transaction);

#endif							/* GTL_ADVANCE_H */
