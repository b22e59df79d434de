/*
 * dawid_skene.h
 *		EM for the annotators' confusion matrices and the items' true classes.
 */
#ifndef GTL_DAWID_SKENE_H
#define GTL_DAWID_SKENE_H

#include "learning/crowd.h"

typedef struct GtlDawidSkene GtlDawidSkene;

/*
 * The crowd is sorted by annotator and outlives the model.  smoothing false: no
 * pseudo-counts.
 */
extern GtlDawidSkene *gtl_dawid_skene_create(GtlCrowd *crowd, bool smoothing);
extern void gtl_dawid_skene_release(GtlDawidSkene *model);

/* Number of iterations made, or -1: interrupted. */
extern int	gtl_dawid_skene_run(GtlDawidSkene *model);

/* [classes]: an item's probabilities; its gold label's is 1; all 0 without votes and gold. */
extern const float *gtl_dawid_skene_posterior(const GtlDawidSkene *model, int64_t item);

/*
 * [classes x classes], true class by answer.  Without smoothing the row of a class
 * that the annotator never met is 0.
 */
extern void gtl_dawid_skene_confusion(const GtlDawidSkene *model, int64_t annotator, float *matrix);

/* Bytes that create allocates; SIZE_MAX if it overflows. */
extern size_t gtl_dawid_skene_memory(int64_t items, int64_t columns, int64_t classes);

#endif							/* GTL_DAWID_SKENE_H */
