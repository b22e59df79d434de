/*
 * recategorize.h
 *		Categories of a job that change while it runs.
 */
#ifndef GTL_RECATEGORIZE_H
#define GTL_RECATEGORIZE_H

#include "base/compat.h"
#include "tables/job.h"

/* The job's row is locked, and no answers are in flight. */

/* One more, which becomes this class; those that had its number and greater ones move up. */
extern void gtl_category_add(GtlJob *job, const char *name, int32 place);

extern void gtl_category_rename(GtlJob *job, int32 class_no, const char *name);

/*
 * Those of `merged` become the class `into`; those behind them move up.  Returns how many labels of people are others by
 * the answers, which are consolidated anew.
 */
extern int	gtl_category_merge(GtlJob *job, const int32 *merged, int count, int32 into);

#endif							/* GTL_RECATEGORIZE_H */
