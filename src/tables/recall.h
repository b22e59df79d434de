/*
 * recall.h
 *		The table gtlabel.recall: objects that are for people to label, since the owner has withdrawn their machine labels, or
 *		since their rows have changed after people had answered.
 *
 * A row stays when people have labeled the object.  Should their label go again, or their answers fail and be
 * retried, it is for people as before.
 */
#ifndef GTL_RECALL_H
#define GTL_RECALL_H

#include "base/compat.h"

/* The objects that the machine has labeled with a smaller margin; returns how many. */
extern int	gtl_recall_count(int64 job_id, double below_margin);

/* They are for people. */
extern void gtl_recall_add(int64 job_id, double below_margin);

/*
 * Those that have neither a label nor failed, first those whose rows have changed, then smallest margins first, at most `wanted`; palloc'd.  Returns
 * how many.
 */
extern int	gtl_recall_next(int64 job_id, int wanted, int32 **objects);

/* So are these, whose rows have changed. */
extern void gtl_recall_changed(int64 job_id, const int32 *objects, int count);

/* These objects leave the job. */
extern void gtl_recall_remove(int64 job_id, const int32 *objects, int count);

extern void gtl_recall_delete(int64 job_id);

#endif							/* GTL_RECALL_H */
