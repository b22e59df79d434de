/*
 * matrix.h
 *		A labeled dataset, read once, for training outside a job and for simulation.
 */
#ifndef GTL_MATRIX_H
#define GTL_MATRIX_H

#include "base/compat.h"
#include "data/dataset.h"
#include "data/training_set.h"
#include "learning/classifier.h"

typedef struct GtlMatrix
{
	GtlLabeledSet set;			/* for gtl_training_set_finish */
	GtlRowStore *store;
	GtlFeatureStats stats;
	char	  **categories;
	int			ncategories;
	int32	   *class_counts;	/* [ncategories] */
} GtlMatrix;

/*
 * Reads the rows that have a label.  categories NULL: the distinct labels, in the
 * order of their bytes.  Error for a label that is not among the categories, no
 * labeled row, or one class only.  The features are in the store.
 * Everything is allocated in the current memory context.
 */
extern void gtl_matrix_read(const GtlDataset *dataset, char **categories, int ncategories,
							GtlMatrix *matrix);

#endif							/* GTL_MATRIX_H */
