/*
 * answers.h
 *		People's answers as labels: what is read, and how it is consolidated.
 */
#ifndef GTL_ANSWERS_H
#define GTL_ANSWERS_H

#include "base/compat.h"
#include "learning/consolidate.h"
#include "tables/annotation.h"
#include "tables/job.h"
#include "tables/label.h"

/* Answers that count, with their objects numbered densely. */
typedef struct GtlAnswers
{
	GtlAnnotations raw;
	int32	   *item;			/* [raw.count] */
	int32	   *object_no;		/* [items], ascending */
	int32		items;
} GtlAnswers;

/* Do later answers change the labels of earlier batches? */
extern bool gtl_answers_look_back(const GtlJob *job);

/* Of a batch, or of all batches where they look back. */
extern void gtl_answers_read(const GtlJob *job, int32 batch_no, GtlAnswers *answers);

/* Of these objects (ascending), or of all where they look back. */
extern void gtl_answers_read_objects(const GtlJob *job, const int32 *objects, int count, GtlAnswers *answers);

/* batch_no: of the answers, for the owner's function. */
extern void gtl_answers_consolidate(const GtlJob *job, int32 batch_no, const GtlAnswers *answers, GtlConsolidated *result);

/* The share of the validation set's labels that are wrong, by the answers; -1: nothing says. */
extern double gtl_answers_noise(const GtlJob *job, const GtlAnswers *answers, const GtlConsolidated *result);

/* Position of an object in an ascending array, or -1. */
extern int	gtl_answers_find(const int32 *objects, int count, int32 object);

/* The label of an object by the result. */
extern GtlHumanLabel gtl_answers_label(const GtlConsolidated *result, int item, int32 object_no);

/* Is the result worth rewriting a label for? */
extern bool gtl_answers_differ(const GtlConsolidated *result, int item, int32 class_no, float confidence);

#endif							/* GTL_ANSWERS_H */
