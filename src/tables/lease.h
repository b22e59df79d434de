/*
 * lease.h
 *		The table gtlabel.lease: where to look for the tasks that an annotator holds, or has passed on.
 *
 * gtlabel.task says who holds a task.  It has no index by annotator, which would make every claim and every
 * answer a change of three indexes.  This table names, for an annotator in a job, the tasks
 * that were leased; what has become of each has to be looked up.  Sessions of one annotator write
 * different rows (lanes), so that they do not wait for each other's commits.
 */
#ifndef GTL_LEASE_H
#define GTL_LEASE_H

#include "base/compat.h"

/* Tasks of an annotator: held (as far as is known) or passed on; each once, ascending; palloc'd. */
typedef struct GtlLeases
{
	int			nheld;
	int64	   *held;
	int			npassed;
	int64	   *passed;
} GtlLeases;

extern void gtl_lease_read(int64 job_id, const char *annotator, GtlLeases *leases);

/* Changes what this session's lane says of the annotator. */
extern void gtl_lease_write(int64 job_id, const char *annotator, const GtlLeases *leases);

extern bool gtl_lease_has_passed(const GtlLeases *leases, int64 task_id);

/* One more that is held, or that was passed on. */
extern void gtl_lease_add_held(int64 job_id, const char *annotator, int64 task_id);
extern void gtl_lease_add_passed(int64 job_id, const char *annotator, const int64 *task_ids, int count);

extern void gtl_lease_delete(int64 job_id);

#endif							/* GTL_LEASE_H */
