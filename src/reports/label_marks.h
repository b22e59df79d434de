/*
 * label_marks.h
 *		What became of each object of a job, by its key: for files that leave the database.
 *
 * About 40 bytes an object and its key are held.
 */
#ifndef GTL_LABEL_MARKS_H
#define GTL_LABEL_MARKS_H

#include "base/string_set.h"
#include "tables/job.h"

typedef struct GtlLabelMark
{
	int32		object_no;
	int32		class_no;		/* -1: failed */
	int32		tied_class_no;	/* -1: none */
	int32		round_no;		/* of a machine label; -1: none */
	float		confidence;
	bool		human;
	bool		final;
	TimestampTz at;				/* labeled or failed */
	const char *reason;			/* failed: why */
} GtlLabelMark;

typedef struct GtlLabelMarks
{
	const GtlJob *job;
	int			count;
	GtlLabelMark *marks;		/* [count], in the order of the objects */
	GtlStringSet *keys;			/* of all objects, in their order */
	int32	   *mark;			/* [objects]: which is the object's; -1: none */
} GtlLabelMarks;

/* In the current memory context. */
extern GtlLabelMarks *gtl_label_marks_read(const GtlJob *job);

/* Is the key one of the job's objects?  *mark: what became of it, NULL: nothing yet. */
extern bool gtl_label_marks_find(const GtlLabelMarks *marks, const char *key, const GtlLabelMark **mark);

#endif							/* GTL_LABEL_MARKS_H */
