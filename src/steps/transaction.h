/*
 * transaction.h
 *		Who owns the transaction that a step runs in.
 *
 * gt_advance_job runs steps inside its caller's transaction, a worker inside
 * transactions of its own, which it can end in the middle of a step.
 */
#ifndef GTL_TRANSACTION_H
#define GTL_TRANSACTION_H

#include "base/compat.h"

typedef struct GtlTransaction
{
	bool		own;			/* the steps may commit and begin */
	Oid			owner;			/* whom an own transaction runs as */
	MemoryContext context;		/* survives the transactions of one step; current
								 * after begin */
	int64		locked_job;		/* whose GTL_LOCK_STEPS an own transaction holds as well as the session; 0: none */
	bool		busy;			/* by gtl_advance: a step is due, but has to wait for transactions of annotators */
} GtlTransaction;

/* Commit and let go of the snapshot; does nothing in a caller's transaction. */
extern void gtl_transaction_suspend(GtlTransaction *transaction);

/* Begin again, with a snapshot. */
extern void gtl_transaction_resume(GtlTransaction *transaction);

#endif							/* GTL_TRANSACTION_H */
