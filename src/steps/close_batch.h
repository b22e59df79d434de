/*
 * close_batch.h
 *		From the answers of a batch to labels.
 */
#ifndef GTL_CLOSE_BATCH_H
#define GTL_CLOSE_BATCH_H

#include "base/compat.h"
#include "tables/job.h"

/*
 * Consolidates the answers of the job's open batch, closes it and updates the job
 * (in memory: the caller writes the row).  Objects without an answer fail,
 * or, with give_back, stay unlabeled.  With dynamic overlap a complete batch may get
 * more tasks instead and stay open (job->open_batch_no remains).  Tasks that are still open expire; the caller
 * holds GTL_LOCK_ANSWERS exclusively if there may be any.
 */
extern void gtl_close_batch(GtlJob *job, bool give_back);

#endif							/* GTL_CLOSE_BATCH_H */
