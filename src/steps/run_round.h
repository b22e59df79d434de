/*
 * run_round.h
 *		One active-learning step between two batches: train, certify, label by
 *		machine, choose the next batch.
 */
#ifndef GTL_RUN_ROUND_H
#define GTL_RUN_ROUND_H

#include "base/compat.h"
#include "steps/transaction.h"
#include "tables/job.h"

/*
 * Runs the round that is due after the last closed batch.  Under an own
 * transaction (see transaction.h) it holds neither a snapshot nor a transaction while
 * it trains.  The job is read anew before anything is written; if it has been revised, the
 * round decides by what the job is then, or is dropped: gtl_due_of says how the job goes on.
 *
 * Returns the job as written: with its next batch open, or with none if
 * no object is left for people.  NULL if the job is gone.
 */
extern GtlJob *gtl_run_round(GtlJob *job, GtlTransaction *transaction);

/*
 * The same in parts.  What is loaded survives a rollback of the (sub)transaction that loaded it, and training needs none.
 * gtl_round_finish takes the job with its row locked (NULL: it is gone), and frees everything.
 */
typedef struct GtlRoundState GtlRoundState;

extern GtlRoundState *gtl_round_load(GtlJob *job, GtlTransaction *transaction);
extern void gtl_round_train(GtlRoundState *state);
extern void gtl_round_finish(GtlRoundState *state, GtlJob *job);

/* Is this round due for the job as it is now, and would it learn from the same labels? */
extern bool gtl_round_holds(const GtlRoundState *state, const GtlJob *job);

#endif							/* GTL_RUN_ROUND_H */
