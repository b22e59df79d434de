/*
 * batch.h
 *		The table gtlabel.batch: objects open to annotators at the same time.
 */
#ifndef GTL_BATCH_H
#define GTL_BATCH_H

#include "base/compat.h"
#include "tables/job.h"

typedef struct GtlBatch
{
	int32		batch_no;		/* 0: none */
	bool		validation;		/* its subset */
	int32		object_count;
	TimestampTz expires_at;
	bool		open;
	bool		audit;			/* its objects have machine labels that people check */
} GtlBatch;

typedef enum GtlBatchKind
{
	GTL_BATCH_TRAINING,
	GTL_BATCH_VALIDATION,
	GTL_BATCH_AUDIT				/* machine-labeled objects that people are to check */
} GtlBatchKind;

/* The row of the job's next batch; sets job->open_batch_no.  Its tasks come from steps/issue_batch.c. */
extern void gtl_batch_insert(GtlJob *job, GtlBatchKind kind, int count);

/* The newest batch of the job; batch_no 0 if there is none yet. */
extern void gtl_batch_last(int64 job_id, GtlBatch *batch);

/* May the tasks of the job's open batch be given out at this time? */
extern bool gtl_batch_on_offer(const GtlJob *job, TimestampTz now);

extern void gtl_batch_close(GtlJob *job, int32 labeled, int32 failed);

/* The open batch ends by the job's task_availability_lifetime as it is now. */
extern void gtl_batch_extend(const GtlJob *job);

/* The open batch is an ordinary one: the machine labels that people check in it are gone. */
extern void gtl_batch_end_audit(const GtlJob *job);

extern void gtl_batch_delete(int64 job_id);

/* These objects are about to be removed from the job, with their tasks and labels: batches have had fewer objects. */
extern void gtl_batch_shrink(int64 job_id, const int32 *objects, int count);

#endif							/* GTL_BATCH_H */
