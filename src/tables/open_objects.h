/*
 * open_objects.h
 *		The table gtlabel.open_objects: which objects of a large batch can still be open.
 *
 * No index says which tasks are open (task.h).  Towards the end of a large batch few are, so who has looked at
 * all of them leaves a list, and later counts look at the objects of the list only.  An object that is not on it can
 * become open again when an answer or a decline is taken back, an annotator is excluded, or one more is asked: such
 * objects are entered here, with the job's row locked, so the numbers of these entries are committed in their order.
 *
 * Invariant: an object of the open batch with an open task is on the newest list, or on an entry after those
 * that its author had seen before looking.  A list may hold more.
 */
#ifndef GTL_OPEN_OBJECTS_H
#define GTL_OPEN_OBJECTS_H

#include "base/compat.h"
#include "tables/job.h"

/* The newest entry of objects that became open again in the open batch; to be asked before looking. */
extern int64 gtl_open_objects_seen(const GtlJob *job);

/* All objects that can be open, ascending; -1: there is no list. */
extern int	gtl_open_objects_read(const GtlJob *job, int32 **objects);

/* These are all that are open, by the look that began after `seen` was asked.  Nothing in a read-only transaction. */
extern void gtl_open_objects_write(const GtlJob *job, int64 seen, const int32 *objects, int count);

/* These have become open again.  The job's row is locked. */
extern void gtl_open_objects_again(const GtlJob *job, const int32 *objects, int count);

/* Of one batch, or of all: 0. */
extern void gtl_open_objects_delete(int64 job_id, int32 batch_no);

#endif							/* GTL_OPEN_OBJECTS_H */
