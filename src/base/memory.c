/*
 * memory.c
 *		The server's side of GtlEnv.
 *
 * The engine polls flags that the signal handlers set and returns; the error is
 * raised here, outside of any library's frames.  Barriers, which other sessions may wait
 * for, are absorbed between fits: each begins with allocating, where an error may be
 * raised.  Catalog invalidations wait until the computation has returned.
 */
#include "base/memory.h"

#include "base/progress.h"
#include "miscadmin.h"
#include "postmaster/interrupt.h"
#include "storage/procsignal.h"
#include "storage/shmem.h"
#include "utils/memutils.h"

#define CLEARED_AT_ONCE ((size_t) 8 * 1024 * 1024)

static int	file_error = 0;

/* A large block is cleared in pieces: a vector of a fit with millions of weights takes longer than a cancel may. */
static void *
env_alloc(void *context, size_t size)
{
	char	   *block;

	if (ProcSignalBarrierPending)
		ProcessProcSignalBarrier();
	block = MemoryContextAllocExtended((MemoryContext) context, Max(size, 1), MCXT_ALLOC_HUGE);
	for (size_t from = 0; from < size; from += CLEARED_AT_ONCE)
	{
		if (from > 0 && gtl_interrupt_requested())
			gtl_computing_raise();
		memset(block + from, 0, Min(size - from, CLEARED_AT_ONCE));
	}
	return block;
}

static void
env_release(void *context, void *pointer)
{
	pfree(pointer);
}

static bool
env_interrupted(void *context)
{
	return gtl_interrupt_requested();
}

static void
env_progress(void *context, const char *phase, int64_t done, int64_t total)
{
	gtl_progress_update(phase, done, total);
}

void
gtl_env_init(GtlEnv *env, MemoryContext context)
{
	memset(env, 0, sizeof(*env));
	env->alloc = env_alloc;
	env->release = env_release;
	env->interrupted = env_interrupted;
	env->progress = env_progress;
	env->context = context;
}

bool
gtl_interrupt_requested(void)
{
	return QueryCancelPending || ProcDiePending || ShutdownRequestPending || file_error != 0;
}

void
gtl_interrupt_because_of_file(int error_number)
{
	file_error = error_number;
}

void
gtl_computing_raise(void)
{
	if (file_error != 0)
	{
		errno = file_error;
		file_error = 0;
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from a temporary file: %m")));
	}
	if (!gtl_interrupt_requested())
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("The optimizer of a classifier could not allocate its vectors.")));
	CHECK_FOR_INTERRUPTS();
	ereport(ERROR,
			(errcode(ERRCODE_QUERY_CANCELED),
			 errmsg("canceling the step because the server is shutting down")));
}

void
gtl_env_check(const GtlEnv *env)
{
	if (gtl_env_interrupted(env))
		gtl_computing_raise();
}

void *
gtl_memory_list(Size width, int64 count)
{
	return palloc_extended(mul_size(width, Max(count, 1)), MCXT_ALLOC_HUGE);
}

Size
gtl_memory_budget(void)
{
	return mul_size(maintenance_work_mem, 1024);
}

void
gtl_memory_check(Size bytes, const char *what)
{
	if (bytes > gtl_memory_budget())
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("memory required for %s is %zu MB, maintenance_work_mem is %d MB",
						what, bytes / (1024 * 1024) + 1, maintenance_work_mem / 1024),
				 errhint("Raise maintenance_work_mem for this session, or for the job's owner with ALTER ROLE ... SET.")));
}
