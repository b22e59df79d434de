/*
 * subtransaction.c
 *		Work in a subtransaction, and what becomes of its errors.
 */
#include "base/subtransaction.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

/* NULL, or the error of the work, in the caller's memory context. */
static ErrorData *
run(void (*work) (void *argument), void *argument, bool keep)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		work(argument);
		if (keep)
			ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	if (error != NULL || !keep)
		RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	return error;
}

ErrorData *
gtl_subtransaction_try(void (*work) (void *argument), void *argument)
{
	ErrorData  *error = run(work, argument, true);

	if (error != NULL && (error->sqlerrcode == ERRCODE_QUERY_CANCELED || error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN))
		ReThrowError(error);
	return error;
}

void
gtl_subtransaction_undo(void (*work) (void *argument), void *argument)
{
	ErrorData  *error = run(work, argument, false);

	if (error != NULL)
		ReThrowError(error);
}
