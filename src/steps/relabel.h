/*
 * relabel.h
 *		Labels that follow the answers after these have changed: revised, taken back, excluded.
 */
#ifndef GTL_RELABEL_H
#define GTL_RELABEL_H

#include "base/compat.h"
#include "tables/job.h"

/*
 * Consolidates the answers of these objects (ascending, of closed batches) anew, with all the answers that are
 * consolidated together with theirs, and updates labels, failures and the job (in memory: the caller, who
 * holds its row, writes it).  An object without an answer has no label any more.  With `lost` answers may be
 * missing: unless the job is over, an object with fewer than it asks for goes back to be asked again.
 * Returns how many labels were given, changed or taken away.
 */
extern int	gtl_relabel(GtlJob *job, const int32 *objects, int count, bool lost);

#endif							/* GTL_RELABEL_H */
