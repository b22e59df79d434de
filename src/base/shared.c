/*
 * shared.c
 *		Pieces of shared memory, each with a lock of its own.
 */
#include "base/shared.h"

#include "storage/ipc.h"
#include "storage/shmem.h"

void
gtl_shared_request(Size size)
{
	RequestAddinShmemSpace(MAXALIGN(size));
}

void *
gtl_shared_attach(const char *name, Size size)
{
	GtlShared  *shared;
	bool		found;

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct(name, size, &found);
	if (!found)
	{
		memset(shared, 0, size);
		LWLockInitialize(&shared->lock, GTL_COMPAT_NEW_TRANCHE("gtlabel"));
	}
	GTL_COMPAT_REGISTER_TRANCHE(shared->lock.tranche, "gtlabel");
	LWLockRelease(AddinShmemInitLock);
	return shared;
}
