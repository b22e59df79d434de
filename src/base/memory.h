/*
 * memory.h
 *		The server's side of GtlEnv: memory from a context, a stop when the
 *		session is cancelled, and the budget of long computations.
 */
#ifndef GTL_MEMORY_H
#define GTL_MEMORY_H

#include "base/compat.h"
#include "learning/env.h"

/* An env that allocates in the context and stops on cancel, termination or shutdown. */
extern void gtl_env_init(GtlEnv *env, MemoryContext context);

/* Has the user, or the postmaster, asked this session to stop computing? */
extern bool gtl_interrupt_requested(void);

/* A file could not be read, and no error may be raised here: asks to stop computing. */
extern void gtl_interrupt_because_of_file(int error_number);

/*
 * Raises the error of a computation that did not come to its end: it was interrupted, a file
 * could not be read, or else a library got no memory.
 */
pg_noreturn extern void gtl_computing_raise(void);

/* Raises it if the computation is to stop: its results may be good for nothing. */
extern void gtl_env_check(const GtlEnv *env);

/* A list of so many elements, at least of one, in the current memory context; beyond 1 GB, too. */
extern void *gtl_memory_list(Size width, int64 count);

/* What long computations may use: maintenance_work_mem, in bytes. */
extern Size gtl_memory_budget(void);

/* Error unless `bytes` fits maintenance_work_mem; `what` names the work in the message. */
extern void gtl_memory_check(Size bytes, const char *what);

#endif							/* GTL_MEMORY_H */
