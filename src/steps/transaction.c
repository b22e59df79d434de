/*
 * transaction.c
 *		Who owns the transaction that a step runs in.
 */
#include "steps/transaction.h"

#include "access/xact.h"
#include "base/lock.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

void
gtl_transaction_suspend(GtlTransaction *transaction)
{
	if (transaction->own)
	{
		if (transaction->locked_job != 0)
			gtl_lock_keep_session(GTL_LOCK_STEPS, transaction->locked_job);
		PopActiveSnapshot();
		CommitTransactionCommand();
	}
	MemoryContextSwitchTo(transaction->context);
}

void
gtl_transaction_resume(GtlTransaction *transaction)
{
	if (transaction->own)
	{
		StartTransactionCommand();
		if (GetUserId() != transaction->owner)
			SetUserIdAndSecContext(transaction->owner, SECURITY_LOCAL_USERID_CHANGE);
		if (transaction->locked_job != 0)
			gtl_lock_acquire(GTL_LOCK_STEPS, transaction->locked_job, false);
		PushActiveSnapshot(GetTransactionSnapshot());
	}
	MemoryContextSwitchTo(transaction->context);
}
