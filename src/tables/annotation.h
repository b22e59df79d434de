/*
 * annotation.h
 *		The table gtlabel.annotation: who answered what.
 *
 * Answers of excluded annotators stay, and are left out where answers are read.
 */
#ifndef GTL_ANNOTATION_H
#define GTL_ANNOTATION_H

#include "base/table.h"
#include "tables/job.h"

/* The table, by the keys job_id, object_no, annotator; closed by gtl_table_close. */
extern void gtl_annotation_open(GtlTable *annotations, LOCKMODE lockmode);

/*
 * The answers to tasks leased to the annotator, which become submitted; the same answer as before
 * is none.  Error unless all are leased to the annotator.  remarks, or single ones: NULL for none.
 */
extern void gtl_annotation_submit(const int64 *task_ids, const int32 *classes, char *const *remarks, int count,
								  const char *annotator);

/* Has the annotator given all of these answers before? */
extern bool gtl_annotation_are_submitted(int64 job_id, const int64 *task_ids, const int32 *classes, int count,
										 const char *annotator);

/*
 * The answers to objects by key, without a lease: each takes an open task of its
 * object, the annotator's own first; the same answer as before is none.  Error unless every object is
 * open to the annotator.
 */
extern void gtl_annotation_submit_by_key(const GtlJob *job, char *const *keys, const int32 *classes,
										 int count, const char *annotator);

/*
 * The same, but what cannot be taken is left out: reasons[i] says why, NULL: the answer stands.  It may have
 * stood before.  Answers with a reason at the call are left out too.
 */
extern void gtl_annotation_submit_some_by_key(const GtlJob *job, char *const *keys, const int32 *classes,
											  int count, const char *annotator, const char **reasons);

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

/* The answers to these objects, of all batches. */
extern void gtl_annotation_read_objects(int64 job_id, const int32 *objects, int count, GtlAnnotations *annotations);

/* Other answers to the same tasks; remarks as above: a NULL leaves the remark as it is. */
extern void gtl_annotation_revise(const int64 *task_ids, const int32 *classes, char *const *remarks, int count,
								  int64 job_id, const int32 *objects);

/* The answer that was given to a task. */
extern void gtl_annotation_retract(int64 job_id, int32 object_no, int64 task_id);

/* The objects that an annotator has answered, but for those of one batch; ascending; *answers: all of the annotator's. */
extern int	gtl_annotation_objects_of(int64 job_id, const char *annotator, int32 but_batch_no, int32 **objects, int *answers);

/* The batches, but for one, in which these objects were answered, ascending; returns how many. */
extern int	gtl_annotation_batches_of(int64 job_id, const int32 *objects, int count, int32 but_batch_no, int32 **batches);

extern void gtl_annotation_delete(int64 job_id);

/* These objects are removed from the job. */
extern void gtl_annotation_remove(int64 job_id, const int32 *objects, int count);

/* Categories have other numbers: map[classes] says which. */
extern void gtl_annotation_renumber(int64 job_id, const int32 *map, int classes);

/* Objects with an answer of this class, ascending; returns how many. */
extern int	gtl_annotation_objects_of_class(int64 job_id, int32 class_no, int32 **objects);

#endif							/* GTL_ANNOTATION_H */
