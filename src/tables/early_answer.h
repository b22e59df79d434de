/*
 * early_answer.h
 *		The table gtlabel.early_answer: answers from elsewhere that wait for their object's turn.
 *
 * They become answers of a batch (gtlabel.annotation) when it has open tasks of their object: when the batch is
 * issued, when tasks are added to it, when the answers are imported, and before it is closed.  Until then nothing
 * reads them.
 */
#ifndef GTL_EARLY_ANSWER_H
#define GTL_EARLY_ANSWER_H

#include "base/compat.h"
#include "datatype/timestamp.h"
#include "tables/job.h"

typedef struct GtlEarlyAnswer
{
	char	   *key;			/* of the object */
	char	   *annotator;
	int32		class_no;
	TimestampTz at;
	char	   *remark;			/* NULL: none */
} GtlEarlyAnswer;

/* What an answer is beside those that are there. */
typedef enum GtlEarlyStand
{
	GTL_EARLY_NEW,
	GTL_EARLY_NO_OBJECT,
	GTL_EARLY_REPEATED,			/* the annotator has given it before */
	GTL_EARLY_OTHERWISE,		/* the annotator has given another one */
	GTL_EARLY_LABELED			/* the object has its label from people */
} GtlEarlyStand;

/* objects[i], -1: there is none of that key. */
extern void gtl_early_answer_compare(int64 job_id, const GtlEarlyAnswer *answers, int count, int32 *objects,
									 GtlEarlyStand *stands);

/* Returns how many are new; another transaction may have added the same meanwhile. */
extern int64 gtl_early_answer_add(int64 job_id, const GtlEarlyAnswer *answers, const int32 *objects, int count);

/*
 * Gives the open batch's open tasks to the answers that wait for them; returns how many.  The job's row is locked, so
 * that no batch is issued meanwhile.  annotators: only theirs, who are locked too (gtl_task_lock_annotator); NULL: all, where
 * nobody else sees the tasks, or nobody answers.
 */
extern int64 gtl_early_answer_count(const GtlJob *job, char *const *annotators, int nannotators);

extern void gtl_early_answer_delete(int64 job_id);

/* These objects are removed from the job. */
extern void gtl_early_answer_remove(int64 job_id, const int32 *objects, int count);

/* Categories have other numbers: map[classes] says which. */
extern void gtl_early_answer_renumber(int64 job_id, const int32 *map, int classes);

#endif							/* GTL_EARLY_ANSWER_H */
