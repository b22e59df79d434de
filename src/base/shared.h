/*
 * shared.h
 *		Pieces of shared memory, each with a lock of its own.
 *
 * Small ones can be had without shared_preload_libraries, as in autoprewarm: the server has some room to
 * spare.  What is requested while the server starts is there for sure.
 */
#ifndef GTL_SHARED_H
#define GTL_SHARED_H

#include "base/compat.h"
#include "storage/lwlock.h"

/* The first member of such a piece. */
typedef struct GtlShared
{
	LWLock		lock;			/* of all that follows, unless said otherwise */
} GtlShared;

/* While the server starts: room for a piece. */
extern void gtl_shared_request(Size size);

/*
 * Finds the piece of that name, or makes it, zeroed.  Not inside a commit.
 */
extern void *gtl_shared_attach(const char *name, Size size);

#endif							/* GTL_SHARED_H */
