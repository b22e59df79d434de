/*
 * task_count.h
 *		How many tasks of the open batch wait for whom.
 *
 * No index covers the state of a task (task.h), and a counter would be a row that all annotators write.  So tasks
 * are looked at: all of a batch of up to GTL_TASK_COUNT_ALL objects, and of a larger one those at random places, from
 * which the numbers are estimated.  Where too few are found there for the annotator, all that can be open are looked
 * at: by a list that the first who does so leaves (open_objects.h).  So whether something waits, and the numbers at
 * the end of a batch, are never estimates, and one count in a batch reads all its tasks.
 */
#ifndef GTL_TASK_COUNT_H
#define GTL_TASK_COUNT_H

#include "base/compat.h"
#include "tables/job.h"

#define GTL_TASK_COUNT_ALL 2000

typedef struct GtlTaskCounts
{
	int64		open;			/* objects that the annotator can still get, those held aside */
	int64		held;			/* tasks of the annotator's */
	int64		with_others;	/* tasks that others hold */
	int64		unanswered;		/* tasks that are neither answered nor declined, whoever may have them */
} GtlTaskCounts;

/* Of the job's open batch; all 0 when its time is up. */
extern void gtl_task_count(const GtlJob *job, const char *annotator, GtlTaskCounts *counts);

#endif							/* GTL_TASK_COUNT_H */
