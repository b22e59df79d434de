/*
 * issue_batch.h
 *		Opening a batch: its row, its tasks, the job's row and the event.
 */
#ifndef GTL_ISSUE_BATCH_H
#define GTL_ISSUE_BATCH_H

#include "base/compat.h"
#include "tables/batch.h"
#include "tables/job.h"

/* Opens the job's next batch, with min_annotators tasks for each object, and writes the job's row. */
extern void gtl_issue_batch(GtlJob *job, GtlBatchKind kind, const int32 *objects, int count);

#endif							/* GTL_ISSUE_BATCH_H */
