/*
 * close_batch.c
 *		From the answers of a batch to labels (autolabel.md 3.6).
 *
 * With one annotator an object, or a function of the owner's, only the batch's own
 * answers matter.  Otherwise Dawid-Skene runs over all answers of the job so far,
 * and labels of earlier batches change where the newly estimated accuracies say so.
 *
 * With dynamic overlap a batch whose tasks are all answered is not closed while
 * objects are below the confidence wished for and not everybody has been asked: each of
 * them gets one more task.
 */
#include "steps/close_batch.h"

#include <math.h>

#include "base/memory.h"
#include "learning/consolidate.h"
#include "steps/audit.h"
#include "steps/custom_consolidation.h"
#include "tables/annotation.h"
#include "tables/batch.h"
#include "tables/event.h"
#include "tables/label.h"
#include "tables/object.h"
#include "tables/task.h"
#include "utils/memutils.h"

/* A change of confidence smaller than this is not worth rewriting a label. */
#define CONFIDENCE_STEP 0.005

/* Answers with their objects numbered densely. */
typedef struct Answers
{
	GtlAnnotations raw;
	int32	   *item;			/* [raw.count] */
	int32	   *object_no;		/* [items], ascending */
	int32		items;
} Answers;

/* Do later answers change the labels of earlier batches? */
static bool
looks_back(const GtlJob *job)
{
	return job->annotators_per_object > 1 && job->consolidation == NULL;
}

static void
read_answers(const GtlJob *job, Answers *answers)
{
	gtl_annotation_read(job->job_id, looks_back(job) ? 0 : job->open_batch_no, &answers->raw);
	answers->item = palloc(sizeof(int32) * Max(answers->raw.count, 1));
	answers->object_no = palloc(sizeof(int32) * Max(answers->raw.count, 1));
	answers->items = 0;
	for (int i = 0; i < answers->raw.count; i++)
	{
		if (i == 0 || answers->raw.object_no[i] != answers->raw.object_no[i - 1])
			answers->object_no[answers->items++] = answers->raw.object_no[i];
		answers->item[i] = answers->items - 1;
	}
}

static void
consolidate(const GtlJob *job, const Answers *answers, GtlConsolidated *result)
{
	GtlConsolidation method = job->annotators_per_object > 1 ? GTL_CONSOLIDATE_AUTO : GTL_CONSOLIDATE_MAJORITY;
	GtlEnv		env;
	GtlVotes	votes;

	if (job->consolidation != NULL)
	{
		gtl_custom_consolidate(job, answers->object_no, answers->items, result);
		return;
	}
	gtl_env_init(&env, CurrentMemoryContext);
	memset(&votes, 0, sizeof(votes));
	votes.count = answers->raw.count;
	votes.items = answers->items;
	votes.annotators = answers->raw.annotators;
	votes.classes = job->ncategories;
	votes.item = answers->item;
	votes.annotator = answers->raw.annotator_no;
	votes.label = answers->raw.class_no;
	if (job->gold_column != NULL && answers->items > 0)
		votes.gold = gtl_object_gold(job->job_id, answers->object_no, answers->items);
	gtl_memory_check(gtl_consolidate_memory(method, votes.count, votes.items, votes.annotators, votes.classes),
					 "consolidating the answers");
	gtl_consolidate(&votes, method, true, &env, result);
	if (result->interrupted)
		gtl_computing_raise();
}

/* Position of object in the ascending array, or -1. */
static int
find_object(const int32 *objects, int count, int32 object)
{
	int			low = 0;
	int			high = count - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;

		if (objects[middle] == object)
			return middle;
		if (objects[middle] < object)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return -1;
}

/* Write the labels of the batch's objects, and those of earlier ones that have changed. */
static int
write_labels(GtlJob *job, const Answers *answers, const GtlConsolidated *result,
			 const GtlTaskObjects *batch)
{
	Size		bytes = sizeof(int32) * Max(answers->items, 1);
	int32	   *objects = palloc(bytes);
	int32	   *classes = palloc(bytes);
	float	   *confidences = palloc(sizeof(float) * Max(answers->items, 1));
	int			count = 0;
	GtlHumanLabels old;

	for (int i = 0; i < answers->items; i++)
		if (result->label[i] >= 0 && find_object(batch->object_no, batch->count, answers->object_no[i]) >= 0)
		{
			objects[count] = answers->object_no[i];
			classes[count] = result->label[i];
			confidences[count++] = result->confidence[i];
		}
	if (looks_back(job))
	{
		int			changed = 0;
		int32	   *changed_objects = palloc(bytes);
		int32	   *changed_classes = palloc(bytes);
		float	   *changed_confidences = palloc(sizeof(float) * Max(answers->items, 1));

		gtl_label_read_human(job->job_id, &old);
		for (int o = 0; o < old.count; o++)
		{
			int			i = find_object(answers->object_no, answers->items, old.object_no[o]);

			if (i >= 0 && (result->label[i] != old.class_no[o] ||
						   fabs(result->confidence[i] - old.confidence[o]) >= CONFIDENCE_STEP))
			{
				changed_objects[changed] = old.object_no[o];
				changed_classes[changed] = result->label[i];
				changed_confidences[changed++] = result->confidence[i];
			}
		}
		gtl_label_change_human(job, changed_objects, changed_classes, changed_confidences, changed);
	}
	if (batch->audit)
		gtl_audit_compare(job, objects, classes, count);
	gtl_label_add_human(job, job->open_batch_no, objects, classes, confidences, count);
	return count;
}

/*
 * The share of the validation set's labels that are wrong, by the answers; -1: nothing says.
 * An object's doubt is its probability.
 */
static double
estimate_noise(const GtlJob *job, const Answers *answers, const GtlConsolidated *result)
{
	GtlHumanLabels labels;
	double		sum = 0;
	int			count = 0;

	gtl_label_read_human(job->job_id, &labels);
	for (int l = 0; l < labels.count; l++)
	{
		int			i = labels.validation_no[l] < 0 ? -1 : find_object(answers->object_no, answers->items, labels.object_no[l]);

		if (i < 0 || isnan(result->doubt[i]))
			continue;
		sum += result->doubt[i];
		count++;
	}
	return count > 0 ? sum / count : -1;
}

/* Why object i of the batch has no label; NULL: it has one. */
static const char *
failure_reason(const GtlJob *job, const Answers *answers, const GtlConsolidated *result,
			   const GtlTaskObjects *batch, int i)
{
	int			item = find_object(answers->object_no, answers->items, batch->object_no[i]);

	if (item >= 0)
		return result->label[item] >= 0 ? NULL : "consolidation";
	return batch->declines[i] >= job->annotators_per_object ? "declined" : "expired";
}

/* The batch's objects that got no label fail. */
static int
fail_objects(GtlJob *job, const Answers *answers, const GtlConsolidated *result, const GtlTaskObjects *batch)
{
	static const char *const reasons[] = {"expired", "declined", "consolidation"};
	int32	   *objects = palloc(sizeof(int32) * Max(batch->count, 1));
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
		gtl_failure_add(job, job->open_batch_no, objects, count, reasons[r]);
		total += count;
	}
	return total;
}

/* Dynamic overlap: ask one more person where the confidence is too low; false if nobody need be asked. */
static bool
ask_more(GtlJob *job, const Answers *answers, const GtlConsolidated *result, const GtlTaskObjects *batch)
{
	int32	   *objects = palloc(sizeof(int32) * Max(batch->count, 1));
	int			count = 0;

	if (job->consolidation_confidence < 0)
		return false;
	for (int i = 0; i < batch->count; i++)
	{
		int			item = find_object(answers->object_no, answers->items, batch->object_no[i]);

		if (item >= 0 && result->confidence[item] < job->consolidation_confidence &&
			batch->slots[i] < job->annotators_per_object && batch->declines[i] < job->annotators_per_object)
			objects[count++] = batch->object_no[i];
	}
	if (count == 0)
		return false;
	gtl_task_add(job, objects, count);
	gtl_event_record(job, "overlap", "batch %d: one more annotator for %d objects below a confidence of %g",
					 job->open_batch_no, count, job->consolidation_confidence);
	return true;
}

/* Consolidate and close; or add tasks and leave the batch open. */
static void
consolidate_and_close(GtlJob *job, bool give_back, bool complete)
{
	int32		batch_no = job->open_batch_no;
	Answers		answers;
	GtlTaskObjects batch;
	GtlConsolidated result;
	GtlBatch	newest;
	int			labeled;
	int			failed = 0;

	gtl_task_objects(job, &batch);
	gtl_batch_last(job->job_id, &newest);
	batch.audit = newest.audit;
	read_answers(job, &answers);
	consolidate(job, &answers, &result);
	if (complete && ask_more(job, &answers, &result, &batch))
		return;
	gtl_task_expire(job);
	labeled = write_labels(job, &answers, &result, &batch);
	if (looks_back(job))
		job->label_noise = estimate_noise(job, &answers, &result);
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

	consolidate_and_close(job, give_back, !give_back && !gtl_task_any_open(job));
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}
