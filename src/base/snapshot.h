/*
 * snapshot.h
 *		The snapshot in which the extension looks at tables.
 */
#ifndef GTL_SNAPSHOT_H
#define GTL_SNAPSHOT_H

#include "base/compat.h"

#include "access/xact.h"
#include "utils/snapmgr.h"

/*
 * What has been committed until now, also in REPEATABLE READ and SERIALIZABLE transactions: what a job's locks protect
 * is the present.  In a parallel plan no new snapshot can be taken, and that of the plan has to do.
 */
static inline Snapshot
gtl_snapshot(void)
{
	return IsInParallelMode() ? GetActiveSnapshot() : GetLatestSnapshot();
}

#endif							/* GTL_SNAPSHOT_H */
