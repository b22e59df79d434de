/*
 * correct.c
 *		Answers that are taken back, and labels that the owner decides.
 *
 * In the open batch nothing but the answers rests on them.  In a closed one the labels follow (relabel.h),
 * which is the annotator's to do until a round has read them; afterwards it is the owner's.
 */
#include "steps/correct.h"

#include "base/memory.h"
#include "access/xact.h"
#include "base/format.h"
#include "steps/relabel.h"
#include "tables/annotation.h"
#include "tables/batch.h"
#include "tables/correction.h"
#include "tables/event.h"
#include "tables/exclusion.h"
#include "tables/label.h"
#include "tables/round.h"
#include "tables/step.h"
#include "tables/task.h"

int32
gtl_correct_first_unread(const GtlJob *job)
{
	GtlLastRound last;
	GtlBatch	newest;
	GtlStep		step;

	gtl_round_last(job->job_id, &last);
	if (gtl_step_read(job->job_id, &step) && step.started && strcmp(step.name, "round") == 0)
	{
		gtl_batch_last(job->job_id, &newest);
		return newest.batch_no + 1;
	}
	return last.round_no < 0 ? 1 : last.batch_no + 1;
}

static int
compare_int32(const void *a, const void *b)
{
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	return x < y ? -1 : x > y;
}

static void
refuse_state(int64 task_id, const char *problem, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("task " INT64_FORMAT " %s", task_id, problem),
			 hint != NULL ? errhint("%s", hint) : 0));
}

static void
require_running(const GtlJob *job, const GtlCorrector *by)
{
	if (!by->owner && job->state != GTL_JOB_IN_PROGRESS && job->state != GTL_JOB_PAUSED)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("labeling job \"%s\" is %s", job->name, gtl_job_state_name(job->state)),
				 errhint("Its owner can still change answers.")));
}

/* May this annotator take back an answer whose batch is closed? */
static void
require_unread(const GtlCorrector *by, const GtlTaskState *task, int32 first_unread)
{
	if (!by->owner && task->batch_no < first_unread)
		refuse_state(task->task_id, "has been answered too long ago to change the answer: the label is in use",
					 "The owner of the labeling job can still change it.");
}

static bool
is_theirs(const GtlCorrector *by, const GtlTaskState *task)
{
	return by->anybody || (task->annotator != NULL && strcmp(task->annotator, by->annotator) == 0);
}

/* The tasks as they stand, each given once, in the order of their numbers. */
static GtlTaskState *
read_tasks(const GtlJob *job, const GtlCorrector *by, const int64 *task_ids, int count)
{
	GtlTaskState *tasks;

	if (gtl_task_read(job->job_id, task_ids, count, by->annotator, &tasks) != count)
		gtl_task_explain_not_leased(task_ids, count, by->annotator, GetCurrentCommandId(false));
	return tasks;
}

/* Labels follow the answers of these objects of closed batches. */
static int
follow(GtlJob *job, int32 *objects, int count, bool lost)
{
	int			distinct = 0;

	if (count == 0)
		return 0;
	qsort(objects, count, sizeof(int32), compare_int32);
	for (int i = 0; i < count; i++)
		if (i == 0 || objects[i] != objects[i - 1])
			objects[distinct++] = objects[i];
	return gtl_relabel(job, objects, distinct, lost);
}

static int
find_task(const GtlTaskState *tasks, int count, int64 task_id)
{
	for (int low = 0, high = count - 1; low <= high;)
	{
		int			middle = (low + high) / 2;

		if (tasks[middle].task_id == task_id)
			return middle;
		if (tasks[middle].task_id < task_id)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return -1;
}

int
gtl_correct_revise(GtlJob *job, const GtlCorrector *by, const int64 *task_ids, const int32 *classes,
				   char *const *remarks, int count)
{
	GtlTaskState *tasks = read_tasks(job, by, task_ids, count);
	int32		first_unread = gtl_correct_first_unread(job);
	int32	   *objects = gtl_memory_list(sizeof(int32), count);
	int32	   *closed = gtl_memory_list(sizeof(int32), count);
	int			nclosed = 0;
	int			labels;

	require_running(job, by);
	for (int i = 0; i < count; i++)
	{
		const GtlTaskState *task = &tasks[find_task(tasks, count, task_ids[i])];

		if (!is_theirs(by, task))
			gtl_task_explain_not_leased(&task_ids[i], 1, by->annotator, GetCurrentCommandId(false));
		if (strcmp(task->state, "submitted") != 0)
			refuse_state(task->task_id, "has no answer", "gt_submit_annotations answers it.");
		objects[i] = task->object_no;
		if (task->batch_no == job->open_batch_no)
			continue;
		require_unread(by, task, first_unread);
		closed[nclosed++] = task->object_no;
	}
	gtl_annotation_revise(task_ids, classes, remarks, count, job->job_id, objects);
	gtl_task_renew_undo(job, task_ids, count);
	labels = follow(job, closed, nclosed, false);
	if (nclosed > 0)
	{
		gtl_job_revise(job);
		gtl_event_record(job, "revised", "%s answers to closed batches; %s labels have changed",
						 gtl_format_count(nclosed), gtl_format_count(labels));
	}
	return count;
}

/* An answer, a decline or a pass of the open batch; false: it is not answered, so there is nothing to take back. */
static bool
retract_open(const GtlJob *job, const GtlCorrector *by, const GtlTaskState *task)
{
	const char *annotator = by->anybody && task->annotator != NULL ? task->annotator : by->annotator;

	if (is_theirs(by, task) && strcmp(task->state, "accepted") == 0)
		return false;
	if (!(is_theirs(by, task) && task->annotator != NULL) && !(task->passed && task->annotator == NULL))
		gtl_task_explain_not_leased(&task->task_id, 1, by->annotator, GetCurrentCommandId(false));
	if (strcmp(task->state, "submitted") == 0)
		gtl_annotation_retract(job->job_id, task->object_no, task->task_id);
	if (!gtl_task_take_back(job, task, annotator, strcmp(annotator, by->annotator) != 0))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("task " INT64_FORMAT " cannot be taken back", task->task_id),
				 errdetail("Other people have accepted or answered its object in its place.")));
	return true;
}

int
gtl_correct_retract(GtlJob *job, const GtlCorrector *by, const int64 *task_ids, int count)
{
	GtlTaskState *tasks = read_tasks(job, by, task_ids, count);
	int32	   *closed = gtl_memory_list(sizeof(int32), count);
	int			nclosed = 0;
	int			retracted = 0;
	int			labels;

	require_running(job, by);
	for (int i = 0; i < count; i++)
	{
		const GtlTaskState *task = &tasks[i];

		if (task->batch_no == job->open_batch_no)
		{
			retracted += retract_open(job, by, task);
			continue;
		}
		if (!is_theirs(by, task))
			gtl_task_explain_not_leased(&task->task_id, 1, by->annotator, GetCurrentCommandId(false));
		if (strcmp(task->state, "submitted") != 0)
			continue;
		if (!by->owner)
			refuse_state(task->task_id, "is closed", "gt_revise_annotations can still change the answer, until a round has read it.");
		gtl_annotation_retract(job->job_id, task->object_no, task->task_id);
		gtl_task_void(task->task_id);
		closed[nclosed++] = task->object_no;
	}
	labels = follow(job, closed, nclosed, true);
	if (nclosed > 0)
	{
		gtl_job_revise(job);
		gtl_event_record(job, "retracted", "%s answers to closed batches; %s labels have changed or gone",
						 gtl_format_count(nclosed), gtl_format_count(labels));
	}
	return retracted + nclosed;
}

int
gtl_correct_exclude(GtlJob *job, const char *annotator)
{
	int32	   *objects;
	int			answers;
	int			count;
	int			labels;

	if (!gtl_exclusion_add(job->job_id, annotator))
		return 0;
	count = gtl_annotation_objects_of(job->job_id, annotator, job->open_batch_no, &objects, &answers);
	if (job->open_batch_no != 0)
		gtl_task_offer_again(job, annotator);
	labels = follow(job, objects, count, true);
	gtl_job_revise(job);
	gtl_event_record(job, "excluded", "annotator \"%s\": %s answers count no longer; %s labels have changed or gone",
					 annotator, gtl_format_count(answers), gtl_format_count(labels));
	return answers;
}

int
gtl_correct_include(GtlJob *job, const char *annotator)
{
	int32	   *objects;
	int			answers;
	int			count;
	int			labels;

	if (!gtl_exclusion_remove(job->job_id, annotator))
		return 0;
	count = gtl_annotation_objects_of(job->job_id, annotator, job->open_batch_no, &objects, &answers);
	if (job->open_batch_no != 0)
		gtl_task_count_again(job, annotator);
	labels = follow(job, objects, count, false);
	gtl_job_revise(job);
	gtl_event_record(job, "included", "annotator \"%s\": %s answers count again; %s labels have changed",
					 annotator, gtl_format_count(answers), gtl_format_count(labels));
	return answers;
}

/* ---- Labels that the owner decides ----------------------------------------------------- */

/* Objects whose labels are to be decided, or are not to be any more. */
typedef struct Decisions
{
	int			count;
	int32	   *objects;
	int32	   *classes;
} Decisions;

static Decisions
make_decisions(int count)
{
	return (Decisions) {0, gtl_memory_list(sizeof(int32), count), gtl_memory_list(sizeof(int32), count)};
}

static void
decide(Decisions *decisions, int32 object_no, int32 class_no)
{
	decisions->objects[decisions->count] = object_no;
	decisions->classes[decisions->count++] = class_no;
}

static void
require_correctable(const GtlJob *job, const char *key, const GtlCorrectable *found)
{
	if (found->object_no < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("labeling job \"%s\" has no object \"%s\"", job->name, key),
				 errhint("Objects are named by the text form of the dataset's column \"%s\".", job->key_column)));
	if (found->repeated)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("object \"%s\" is given more than once", key)));
	if (found->open)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("object \"%s\" of labeling job \"%s\" is with annotators", key, job->name),
				 errdetail("It is part of the open batch, and people answer blind."),
				 errhint("Its label can be corrected when the batch is closed; gt_annotate answers it, gt_revise_annotations changes an answer.")));
	if (!found->labeled && !found->failed)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("object \"%s\" of labeling job \"%s\" has no label to correct", key, job->name)));
}

/* The decided objects get their labels; what the answers say of others by that, follows. */
static int
write_decisions(GtlJob *job, const char *reviewer, Decisions *decided, const bool *had_human, const bool *had_machine,
				const bool *had_failed)
{
	GtlHumanLabel *added = gtl_memory_list(sizeof(GtlHumanLabel), decided->count);
	GtlHumanLabel *changed = gtl_memory_list(sizeof(GtlHumanLabel), decided->count);
	int32	   *not_failed = gtl_memory_list(sizeof(int32), decided->count);
	int			nadded = 0;
	int			nchanged = 0;
	int			failed = 0;

	gtl_correction_write(job, decided->objects, decided->classes, decided->count, reviewer);
	for (int i = 0; i < decided->count; i++)
	{
		GtlHumanLabel label = {decided->objects[i], decided->classes[i], 1, -1};

		if (had_human[i])
			changed[nchanged++] = label;
		else
			added[nadded++] = label;
		job->machine_labeled -= had_machine[i];
		if (had_failed[i])
			not_failed[failed++] = decided->objects[i];
	}
	gtl_failure_remove(job, not_failed, failed);
	gtl_label_add_human(job, 0, added, nadded);
	gtl_label_change_human(job, changed, nchanged);
	return follow(job, decided->objects, decided->count, false);
}

/* Without the decisions: labels by people's answers, or else what was there before. */
static void
take_back_decisions(GtlJob *job, Decisions *taken_back)
{
	gtl_correction_take_back(job, taken_back->objects, taken_back->count);
	follow(job, taken_back->objects, taken_back->count, true);
	gtl_label_restore(job, taken_back->objects, taken_back->count);
}

static void
record_decisions(const GtlJob *job, const Decisions *decided, const Decisions *taken_back)
{
	if (decided->count > 0)
		gtl_event_record(job, "corrected", "labels decided by the owner: %s", gtl_format_count(decided->count));
	if (taken_back->count > 0)
		gtl_event_record(job, "corrected", "decisions taken back by the owner: %s", gtl_format_count(taken_back->count));
}

int
gtl_correct_labels(GtlJob *job, const char *reviewer, char *const *keys, const int32 *classes, int count)
{
	GtlCorrectable *found = gtl_memory_list(sizeof(GtlCorrectable), count);
	Decisions	decided = make_decisions(count);
	Decisions	taken_back = make_decisions(count);
	bool	   *human = gtl_memory_list(sizeof(bool), count);
	bool	   *machine = gtl_memory_list(sizeof(bool), count);
	bool	   *failed = gtl_memory_list(sizeof(bool), count);

	gtl_correction_find(job, keys, count, found);
	for (int i = 0; i < count; i++)
	{
		require_correctable(job, keys[i], &found[i]);
		if (classes[i] == found[i].class_no)
			continue;
		if (classes[i] < 0)
		{
			decide(&taken_back, found[i].object_no, -1);
			continue;
		}
		human[decided.count] = found[i].human;
		machine[decided.count] = found[i].labeled && !found[i].human;
		failed[decided.count] = found[i].failed;
		decide(&decided, found[i].object_no, classes[i]);
	}
	if (decided.count + taken_back.count == 0)
		return 0;
	write_decisions(job, reviewer, &decided, human, machine, failed);
	take_back_decisions(job, &taken_back);
	gtl_job_revise(job);
	record_decisions(job, &decided, &taken_back);
	return decided.count + taken_back.count;
}
