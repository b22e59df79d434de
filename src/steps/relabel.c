/*
 * relabel.c
 *		Labels that follow the answers after these have changed.
 *
 * What rests on the labels follows by itself where it is decided anew anyway: the next round reads them for training,
 * validation errors and known answers.  Evidence that is written down (rounds, certificates, a finished audit)
 * stays what was known at the time.
 */
#include "steps/relabel.h"

#include "base/memory.h"
#include "steps/answers.h"
#include "tables/correction.h"
#include "tables/label.h"
#include "tables/task.h"
#include "utils/memutils.h"

/* How many answers each object has. */
static int32 *
count_answers(const GtlAnswers *answers)
{
	int32	   *counts = palloc0(sizeof(int32) * Max(answers->items, 1));

	for (int i = 0; i < answers->raw.count; i++)
		counts[answers->item[i]]++;
	return counts;
}

/* The objects themselves; returns how many labels are not what they were. */
static int
relabel_objects(GtlJob *job, const int32 *objects, int count, bool lost, const GtlAnswers *answers,
				const GtlConsolidated *result)
{
	GtlObjectLabel *old = gtl_memory_list(sizeof(GtlObjectLabel), count);
	int32	   *counts = count_answers(answers);
	int32	   *decided = gtl_correction_classes(job->job_id, objects, count);
	int32		wanted = lost && !gtl_job_is_final(job) ? job->min_annotators : 1;
	GtlHumanLabel *added = gtl_memory_list(sizeof(GtlHumanLabel), count);
	GtlHumanLabel *changed = gtl_memory_list(sizeof(GtlHumanLabel), count);
	int32	   *removed = gtl_memory_list(sizeof(int32), count);
	int32	   *not_failed = gtl_memory_list(sizeof(int32), count);
	int			nadded = 0;
	int			nchanged = 0;
	int			nremoved = 0;
	int			failed = 0;

	gtl_label_read_objects(job->job_id, objects, count, old);
	for (int i = 0; i < count; i++)
	{
		int			item = gtl_answers_find(answers->object_no, answers->items, objects[i]);
		bool		enough = item >= 0 && (counts[item] >= wanted || decided[i] >= 0);
		bool		stands = enough && result->label[item] >= 0;

		if (stands && old[i].class_no >= 0 && old[i].human)
		{
			if (gtl_answers_differ(result, item, old[i].class_no, old[i].confidence))
				changed[nchanged++] = gtl_answers_label(result, item, objects[i]);
		}
		else if (stands)
		{
			added[nadded++] = gtl_answers_label(result, item, objects[i]);
			job->machine_labeled -= old[i].class_no >= 0;
			if (old[i].failed)
				not_failed[failed++] = objects[i];
		}
		else if (old[i].class_no >= 0 && old[i].human && decided[i] < 0)
			removed[nremoved++] = objects[i];
	}
	gtl_failure_remove(job, not_failed, failed);
	gtl_label_add_human(job, 0, added, nadded);
	gtl_label_change_human(job, changed, nchanged);
	gtl_label_remove_human(job, removed, nremoved);
	return nadded + nchanged + nremoved;
}

/* The labels of other objects, which the changed answers tell more or less about than before. */
static int
relabel_others(GtlJob *job, const int32 *objects, int count, const GtlAnswers *answers, const GtlConsolidated *result)
{
	GtlHumanLabels old;
	GtlHumanLabel *changed;
	int			nchanged = 0;

	gtl_label_read_human(job->job_id, &old);
	changed = gtl_memory_list(sizeof(GtlHumanLabel), old.count);
	for (int o = 0; o < old.count; o++)
	{
		int			item = gtl_answers_find(answers->object_no, answers->items, old.object_no[o]);

		if (item >= 0 && result->label[item] >= 0 && gtl_answers_find(objects, count, old.object_no[o]) < 0 &&
			gtl_answers_differ(result, item, old.class_no[o], old.confidence[o]))
			changed[nchanged++] = gtl_answers_label(result, item, old.object_no[o]);
	}
	gtl_label_change_human(job, changed, nchanged);
	return nchanged;
}

/* The owner's function sees all answers of a batch at once. */
static int
relabel_batches(GtlJob *job, const int32 *objects, int count, bool lost)
{
	int32	   *batches;
	int			nbatches = gtl_annotation_batches_of(job->job_id, objects, count, job->open_batch_no, &batches);
	int32	   *rest = gtl_memory_list(sizeof(int32), count);
	bool	   *seen = palloc0(sizeof(bool) * Max(count, 1));
	int			changed = 0;
	int			nrest;
	GtlAnswers	answers;
	GtlConsolidated result;

	for (int b = 0; b < nbatches; b++)
	{
		gtl_answers_read(job, batches[b], &answers);
		gtl_answers_consolidate(job, batches[b], &answers, &result);
		nrest = 0;
		for (int i = 0; i < count; i++)
			if (gtl_answers_find(answers.object_no, answers.items, objects[i]) >= 0)
			{
				rest[nrest++] = objects[i];
				seen[i] = true;
			}
		changed += relabel_objects(job, rest, nrest, lost, &answers, &result);
	}
	nrest = 0;
	for (int i = 0; i < count; i++)
		if (!seen[i])
			rest[nrest++] = objects[i];
	memset(&answers, 0, sizeof(answers));
	return changed + relabel_objects(job, rest, nrest, lost, &answers, &result);
}

static int
relabel(GtlJob *job, const int32 *objects, int count, bool lost)
{
	GtlAnswers	answers;
	GtlConsolidated result;
	int			changed;

	if (job->consolidation != NULL)
		return relabel_batches(job, objects, count, lost);
	gtl_answers_read_objects(job, objects, count, &answers);
	gtl_answers_consolidate(job, 0, &answers, &result);
	changed = relabel_objects(job, objects, count, lost, &answers, &result);
	if (!gtl_answers_look_back(job))
		return changed;
	changed += relabel_others(job, objects, count, &answers, &result);
	job->label_noise = gtl_answers_noise(job, &answers, &result);
	return changed;
}

/* Those that the open batch is about get their labels when it is closed. */
static int
leave_out_open(const GtlJob *job, const int32 *objects, int count, int32 *closed)
{
	GtlTaskObjects batch = {0};
	int			nclosed = 0;

	if (job->open_batch_no != 0)
		gtl_task_objects(job, &batch);
	for (int i = 0; i < count; i++)
		if (gtl_answers_find(batch.object_no, batch.count, objects[i]) < 0)
			closed[nclosed++] = objects[i];
	return nclosed;
}

int
gtl_relabel(GtlJob *job, const int32 *objects, int count, bool lost)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel relabel", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	int32	   *closed = gtl_memory_list(sizeof(int32), count);
	int			nclosed = leave_out_open(job, objects, count, closed);
	int			changed = nclosed == 0 ? 0 : relabel(job, closed, nclosed, lost);

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return changed;
}
