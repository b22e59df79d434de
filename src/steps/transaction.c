/*
 * transaction.c
 *		Who owns the transaction that a step runs in.
 */
#include "steps/transaction.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

void
gtl_transaction_suspend(GtlTransaction *transaction)
{
	if (transaction->own)
	{
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
		PushActiveSnapshot(GetTransactionSnapshot());
	}
	MemoryContextSwitchTo(transaction->context);
}
