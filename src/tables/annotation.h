/*
 * annotation.h
 *		The table gtlabel.annotation: who answered what, append-only.
 */
#ifndef GTL_ANNOTATION_H
#define GTL_ANNOTATION_H

#include "base/compat.h"
#include "tables/job.h"

/*
 * The answers to tasks leased to the annotator; the tasks become submitted
 * in the same statement.  Error unless all are leased to the annotator.
 */
extern void gtl_annotation_submit(const int64 *task_ids, const int32 *classes, int count, const char *annotator);

/*
 * The answers to objects by key, without a lease: each takes an open task of its
 * object, the annotator's own first.  Error unless every object is open to the annotator.
 */
extern void gtl_annotation_submit_by_key(const GtlJob *job, char *const *keys, const int32 *classes,
										 int count, const char *annotator);

/* All answers to a job's objects, ordered by object and annotator. */
typedef struct GtlAnnotations
{
	int			count;
	int32	   *object_no;		/* [count] */
	int32	   *annotator_no;	/* [count], 0 .. annotators - 1 in order of the names */
	int32	   *class_no;		/* [count] */
	int32		annotators;
} GtlAnnotations;

/* batch_no 0: those of all batches. */
extern void gtl_annotation_read(int64 job_id, int32 batch_no, GtlAnnotations *annotations);

extern void gtl_annotation_delete(int64 job_id);

#endif							/* GTL_ANNOTATION_H */
