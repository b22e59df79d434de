/*
 * subtransaction.h
 *		Work that may fail without the transaction around it.
 */
#ifndef GTL_SUBTRANSACTION_H
#define GTL_SUBTRANSACTION_H

#include "base/compat.h"

/*
 * Does the work in a subtransaction of its own.  NULL: it is done.  Otherwise its error, in the caller's memory context, and
 * all that it did is rolled back.  A cancel and a shutdown are thrown again, after the rollback: who catches them
 * further up, PL/pgSQL for example, rolls back the current subtransaction and takes it for its own.
 */
extern ErrorData *gtl_subtransaction_try(void (*work) (void *argument), void *argument);

/* Does the work, and rolls back all that it did to the database; an error is thrown again after that. */
extern void gtl_subtransaction_undo(void (*work) (void *argument), void *argument);

#endif							/* GTL_SUBTRANSACTION_H */
