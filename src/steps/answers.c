/*
 * answers.c
 *		People's answers as labels.
 *
 * With one annotator an object, or a function of the owner's, only an object's or a batch's own
 * answers matter.  Otherwise Dawid-Skene runs over all answers of the job so far,
 * and labels of earlier batches change where the newly estimated accuracies say so.
 */
#include "steps/answers.h"

#include <math.h>

#include "base/memory.h"
#include "steps/custom_consolidation.h"
#include "tables/correction.h"
#include "tables/object.h"

/* A change of confidence smaller than this is not worth rewriting a label. */
#define CONFIDENCE_STEP 0.005

bool
gtl_answers_look_back(const GtlJob *job)
{
	return job->annotators_per_object > 1 && job->consolidation == NULL;
}

static void
number_objects(GtlAnswers *answers)
{
	answers->item = gtl_memory_list(sizeof(int32), answers->raw.count);
	answers->object_no = gtl_memory_list(sizeof(int32), answers->raw.count);
	answers->items = 0;
	for (int i = 0; i < answers->raw.count; i++)
	{
		if (i == 0 || answers->raw.object_no[i] != answers->raw.object_no[i - 1])
			answers->object_no[answers->items++] = answers->raw.object_no[i];
		answers->item[i] = answers->items - 1;
	}
}

void
gtl_answers_read(const GtlJob *job, int32 batch_no, GtlAnswers *answers)
{
	gtl_annotation_read(job->job_id, gtl_answers_look_back(job) ? 0 : batch_no, &answers->raw);
	number_objects(answers);
}

void
gtl_answers_read_objects(const GtlJob *job, const int32 *objects, int count, GtlAnswers *answers)
{
	if (gtl_answers_look_back(job))
		gtl_annotation_read(job->job_id, 0, &answers->raw);
	else
		gtl_annotation_read_objects(job->job_id, objects, count, &answers->raw);
	number_objects(answers);
}

/* What the owner has decided, over what a function of the owner's returns. */
static void
decide(const GtlJob *job, const GtlAnswers *answers, GtlConsolidated *result)
{
	int32	   *decided = gtl_correction_classes(job->job_id, answers->object_no, answers->items);

	for (int i = 0; i < answers->items; i++)
	{
		if (decided[i] < 0)
			continue;
		result->label[i] = decided[i];
		result->confidence[i] = 1;
		if (result->tied != NULL)
			result->tied[i] = -1;
	}
}

/* Classes that are known: known answers, and before them what the owner has decided; -1: not. */
static int32 *
known_classes(const GtlJob *job, const GtlAnswers *answers)
{
	int32	   *known = gtl_correction_classes(job->job_id, answers->object_no, answers->items);
	int32	   *gold;

	if (answers->items == 0 || !gtl_object_any_gold(job->job_id))
		return known;
	gold = gtl_object_gold(job->job_id, answers->object_no, answers->items);
	for (int i = 0; i < answers->items; i++)
		if (known[i] < 0)
			known[i] = gold[i];
	return known;
}

void
gtl_answers_consolidate(const GtlJob *job, int32 batch_no, const GtlAnswers *answers, GtlConsolidated *result)
{
	GtlConsolidation method = job->annotators_per_object > 1 ? GTL_CONSOLIDATE_AUTO : GTL_CONSOLIDATE_MAJORITY;
	GtlEnv		env;
	GtlVotes	votes;

	if (job->consolidation != NULL)
	{
		gtl_custom_consolidate(job, batch_no, answers->object_no, answers->items, result);
		decide(job, answers, result);
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
	votes.gold = known_classes(job, answers);
	gtl_memory_check(gtl_consolidate_memory(method, votes.count, votes.items, votes.annotators, votes.classes),
					 "consolidating the answers");
	gtl_consolidate(&votes, method, true, &env, result);
	if (result->interrupted)
		gtl_computing_raise();
}

int
gtl_answers_find(const int32 *objects, int count, int32 object)
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

GtlHumanLabel
gtl_answers_label(const GtlConsolidated *result, int item, int32 object_no)
{
	return (GtlHumanLabel) {object_no, result->label[item], result->confidence[item],
		result->tied == NULL ? -1 : result->tied[item]};
}

bool
gtl_answers_differ(const GtlConsolidated *result, int item, int32 class_no, float confidence)
{
	return result->label[item] != class_no || fabs(result->confidence[item] - confidence) >= CONFIDENCE_STEP;
}

/* An object's doubt is its probability. */
double
gtl_answers_noise(const GtlJob *job, const GtlAnswers *answers, const GtlConsolidated *result)
{
	GtlHumanLabels labels;
	double		sum = 0;
	int			count = 0;

	gtl_label_read_human(job->job_id, &labels);
	for (int l = 0; l < labels.count; l++)
	{
		int			i = labels.validation_no[l] < 0 ? -1 : gtl_answers_find(answers->object_no, answers->items, labels.object_no[l]);

		if (i < 0 || isnan(result->doubt[i]))
			continue;
		sum += result->doubt[i];
		count++;
	}
	return count > 0 ? sum / count : -1;
}
