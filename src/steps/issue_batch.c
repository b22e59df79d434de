/*
 * issue_batch.c
 *		Opening a batch.
 *
 * The one place where a batch begins, whoever has chosen its objects: the validation set in its
 * order, chance, a round, the audit.
 */
#include "steps/issue_batch.h"

#include "base/format.h"
#include "tables/early_answer.h"
#include "tables/event.h"
#include "tables/task.h"

void
gtl_issue_batch(GtlJob *job, GtlBatchKind kind, const int32 *objects, int count)
{
	static const char *const kind_names[] = {
		[GTL_BATCH_TRAINING] = "training",
		[GTL_BATCH_VALIDATION] = "validation",
		[GTL_BATCH_AUDIT] = "audit",
	};

	gtl_batch_insert(job, kind, count);
	gtl_task_issue(job, objects, count);
	(void) gtl_early_answer_count(job, NULL, 0);
	gtl_job_update(job);
	gtl_event_record(job, "batch_issued", "batch %d: %s %s objects", job->open_batch_no, gtl_format_count(count),
					 kind_names[kind]);
}
