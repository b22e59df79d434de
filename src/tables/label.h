/*
 * label.h
 *		The tables gtlabel.label (an object's answer) and gtlabel.failure (why it
 *		has none).
 *
 * An object has at most one row in the two together.  Whoever writes here
 * changes the counters of the job's row in the same transaction.
 */
#ifndef GTL_LABEL_H
#define GTL_LABEL_H

#include "base/compat.h"
#include "tables/job.h"

/* A label from people's answers. */
typedef struct GtlHumanLabel
{
	int32		object_no;
	int32		class_no;
	float		confidence;
	int32		tied_class_no;	/* -1: none */
} GtlHumanLabel;

/*
 * Human labels of a closed batch (0: of the newest batch in which the object was answered); those of an audit
 * take the place of the machine's.
 */
extern void gtl_label_add_human(GtlJob *job, int32 batch_no, const GtlHumanLabel *labels, int count);

/* Human labels that later answers have changed. */
extern void gtl_label_change_human(const GtlJob *job, const GtlHumanLabel *labels, int count);

/* What some objects have, in their order. */
typedef struct GtlObjectLabel
{
	int32		class_no;		/* -1: no label */
	float		confidence;
	bool		human;
	bool		failed;
} GtlObjectLabel;

extern void gtl_label_read_objects(int64 job_id, const int32 *objects, int count, GtlObjectLabel *labels);

/*
 * Decisions of the owner that are taken back (correction.h) leave these objects, if they have no label now, with what
 * they had before.
 */
extern void gtl_label_restore(GtlJob *job, const int32 *objects, int count);

/* Human labels without an answer that supports them. */
extern void gtl_label_remove_human(GtlJob *job, const int32 *objects, int count);

/* All human labels of a job, by object number. */
typedef struct GtlHumanLabels
{
	int			count;
	int32	   *object_no;
	int32	   *class_no;
	float	   *confidence;
	int32	   *validation_no;	/* -1: a training object */
	bool	   *active;			/* validation objects that count in the certificate */
} GtlHumanLabels;

extern void gtl_label_read_human(int64 job_id, GtlHumanLabels *labels);

/* The machine labels that a round may change, by object number; returns how many. */
extern int	gtl_label_read_machine(int64 job_id, int32 **objects, int32 **classes);

/* The difference between two rounds' machine labels. */
typedef struct GtlLabelChange
{
	int			count;
	int32	   *object_no;
	int32	   *class_no;
	float	   *confidence;
	float	   *margin;
} GtlLabelChange;

extern void gtl_label_refresh_machine(GtlJob *job, int32 round_no, int64 model_id,
									  const GtlLabelChange *added, const GtlLabelChange *changed,
									  const int32 *withdrawn, int nwithdrawn);

/* The machine labels of these objects go; returns how many had one. */
extern int	gtl_label_drop_machine(GtlJob *job, const int32 *objects, int count);

/* The machine labels of these objects have passed an audit: no round changes them any more. */
extern void gtl_label_settle(const GtlJob *job, int32 audit_no, const int32 *objects, int count);

/* The objects whose machine labels have passed an audit, ascending; returns how many. */
extern int	gtl_label_read_settled(int64 job_id, int32 **objects);

/* All machine labels of the job go; returns how many. */
extern int	gtl_label_withdraw_machine(GtlJob *job);

/* Those with a smaller margin. */
extern void gtl_label_withdraw_below(GtlJob *job, double margin);

/* reason: 'expired', 'declined' or 'consolidation' */
extern void gtl_failure_add(GtlJob *job, int32 batch_no, const int32 *objects, int count, const char *reason);

/* These have not failed after all. */
extern void gtl_failure_remove(GtlJob *job, const int32 *objects, int count);

/* Numbers of the failed objects, ascending. */
extern int	gtl_failure_read(int64 job_id, int32 **objects);

/* How many objects of the validation set failed. */
extern int	gtl_failure_count_validation(int64 job_id);

/* Failed objects go back to the pool (or the validation set); returns how many. */
extern int	gtl_failure_retry(GtlJob *job);

extern void gtl_label_delete(int64 job_id);

/* These objects are removed from the job. */
extern void gtl_label_remove(GtlJob *job, const int32 *objects, int count);

/* Machine labels that no audit has passed go; returns how many. */
extern int	gtl_label_drop_unsettled(GtlJob *job);

/* Categories have other numbers: map[classes] says which. */
extern void gtl_label_renumber(int64 job_id, const int32 *map, int classes);

#endif							/* GTL_LABEL_H */
