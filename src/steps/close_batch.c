/*
 * close_batch.c
 *		From the answers of a batch to labels.
 *
 * With dynamic overlap a batch whose tasks are all answered is not closed while
 * objects are below the confidence wished for and not everybody has been asked: each of
 * them gets one more task.
 */
#include "steps/close_batch.h"

#include <math.h>

#include "base/memory.h"
#include "steps/answers.h"
#include "steps/audit.h"
#include "steps/promise_audit.h"
#include "tables/batch.h"
#include "tables/early_answer.h"
#include "tables/event.h"
#include "tables/label.h"
#include "tables/task.h"
#include "utils/memutils.h"

/* The labels of earlier batches that later answers have changed. */
static void
change_earlier(const GtlJob *job, const GtlAnswers *answers, const GtlConsolidated *result)
{
	GtlHumanLabels old;
	GtlHumanLabel *changed;
	int			count = 0;

	gtl_label_read_human(job->job_id, &old);
	changed = gtl_memory_list(sizeof(GtlHumanLabel), old.count);
	for (int o = 0; o < old.count; o++)
	{
		int			i = gtl_answers_find(answers->object_no, answers->items, old.object_no[o]);

		if (i >= 0 && gtl_answers_differ(result, i, old.class_no[o], old.confidence[o]))
			changed[count++] = gtl_answers_label(result, i, old.object_no[o]);
	}
	gtl_label_change_human(job, changed, count);
}

/* Write the labels of the batch's objects, and those of earlier ones that have changed. */
static int
write_labels(GtlJob *job, const GtlAnswers *answers, const GtlConsolidated *result,
			 const GtlTaskObjects *batch)
{
	GtlHumanLabel *labels = gtl_memory_list(sizeof(GtlHumanLabel), answers->items);
	int32	   *objects = gtl_memory_list(sizeof(int32), answers->items);
	int32	   *classes = gtl_memory_list(sizeof(int32), answers->items);
	int			count = 0;

	for (int i = 0; i < answers->items; i++)
		if (result->label[i] >= 0 && gtl_answers_find(batch->object_no, batch->count, answers->object_no[i]) >= 0)
		{
			objects[count] = answers->object_no[i];
			classes[count] = result->label[i];
			labels[count++] = gtl_answers_label(result, i, answers->object_no[i]);
		}
	if (gtl_answers_look_back(job))
		change_earlier(job, answers, result);
	if (batch->audit)
		gtl_audit_compare(job, objects, classes, count);
	else
		gtl_label_drop_machine(job, objects, count);
	gtl_label_add_human(job, job->open_batch_no, labels, count);
	return count;
}

/* Why object i of the batch has no label; NULL: it has one. */
static const char *
failure_reason(const GtlJob *job, const GtlAnswers *answers, const GtlConsolidated *result,
			   const GtlTaskObjects *batch, int i)
{
	int			item = gtl_answers_find(answers->object_no, answers->items, batch->object_no[i]);

	if (item >= 0)
		return result->label[item] >= 0 ? NULL : "consolidation";
	return batch->declines[i] >= job->annotators_per_object ? "declined" : "expired";
}

/* The batch's objects that got no label fail. */
static int
fail_objects(GtlJob *job, const GtlAnswers *answers, const GtlConsolidated *result, const GtlTaskObjects *batch)
{
	static const char *const reasons[] = {"expired", "declined", "consolidation"};
	int32	   *objects = gtl_memory_list(sizeof(int32), batch->count);
	int			total = 0;

	for (int r = 0; r < (int) lengthof(reasons); r++)
	{
		int			count = 0;

		for (int i = 0; i < batch->count; i++)
		{
			const char *reason = failure_reason(job, answers, result, batch, i);

			if (reason != NULL && strcmp(reason, reasons[r]) == 0)
				objects[count++] = batch->object_no[i];
		}
		gtl_label_drop_machine(job, objects, count);
		gtl_failure_add(job, job->open_batch_no, objects, count, reasons[r]);
		total += count;
	}
	return total;
}

/* Is one more person to be asked about the item? */
static bool
is_unclear(const GtlJob *job, const GtlConsolidated *result, int item)
{
	return (result->tied != NULL && result->tied[item] >= 0) || result->confidence[item] < job->consolidation_confidence;
}

/* Dynamic overlap: ask one more person where the answers are tied or not sure enough; false if nobody need be asked. */
static bool
ask_more(GtlJob *job, const GtlAnswers *answers, const GtlConsolidated *result, const GtlTaskObjects *batch)
{
	int32	   *objects = gtl_memory_list(sizeof(int32), batch->count);
	int			count = 0;

	if (job->consolidation_confidence < 0)
		return false;
	for (int i = 0; i < batch->count; i++)
	{
		int			item = gtl_answers_find(answers->object_no, answers->items, batch->object_no[i]);

		if (item >= 0 && is_unclear(job, result, item) &&
			batch->slots[i] < job->annotators_per_object && batch->declines[i] < job->annotators_per_object)
			objects[count++] = batch->object_no[i];
	}
	if (count == 0)
		return false;
	gtl_task_add(job, objects, count);
	(void) gtl_early_answer_count(job, NULL, 0);
	gtl_event_record(job, "overlap", "batch %d: one more annotator for %d objects that are tied or below a confidence of %g",
					 job->open_batch_no, count, job->consolidation_confidence);
	return true;
}

/* Consolidate and close; or add tasks and leave the batch open. */
static void
consolidate_and_close(GtlJob *job, bool give_back, bool complete)
{
	int32		batch_no = job->open_batch_no;
	GtlAnswers	answers;
	GtlTaskObjects batch;
	GtlConsolidated result;
	GtlBatch	newest;
	int			labeled;
	int			failed = 0;

	gtl_task_objects(job, &batch);
	gtl_batch_last(job->job_id, &newest);
	/* in the audit of a promise an object can fail, and counts as wrong */
	batch.audit = newest.audit && !gtl_promise_audit_is_open(job);
	gtl_answers_read(job, batch_no, &answers);
	gtl_answers_consolidate(job, batch_no, &answers, &result);
	if (complete && ask_more(job, &answers, &result, &batch))
		return;
	gtl_task_expire(job);
	labeled = write_labels(job, &answers, &result, &batch);
	if (gtl_answers_look_back(job))
		job->label_noise = gtl_answers_noise(job, &answers, &result);
	if (!give_back && !batch.audit)
		failed = fail_objects(job, &answers, &result, &batch);
	gtl_batch_close(job, labeled, failed);
	gtl_event_record(job, "batch_closed", "batch %d: %d labeled, %d failed", batch_no, labeled, failed);
}

void
gtl_close_batch(GtlJob *job, bool give_back)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel close batch", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);

	(void) gtl_early_answer_count(job, NULL, 0);	/* nobody else takes the tasks that are open now */
	consolidate_and_close(job, give_back, !give_back && !gtl_task_any_open(job));
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}
