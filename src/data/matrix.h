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
#include "learning/neighbours.h"

typedef struct GtlMatrix
{
	GtlLabeledSet set;			/* for gtl_training_set_finish */
	GtlRowStore *store;
	GtlFeatureStats stats;
	bool	   *labeled;		/* [stats.count] is the row in the set?  NULL: all are */
	char	  **categories;
	int			ncategories;
	int64		sample;			/* set by who reads more: the first so many rows are those that the statistics are of */
	int32	   *class_counts;	/* [ncategories], without those of gtl_matrix_read_more */

	/* the rows' keys, in UTF-8, one behind the other; NULL: they are not kept */
	char	   *key_bytes;
	Size		key_capacity;
	int64	   *key_end;		/* [set.rows] where each ends */
} GtlMatrix;

/* Key of a row, not ended by anything. */
static inline const char *
gtl_matrix_key(const GtlMatrix *matrix, int64 row, Size *size)
{
	int64		begin = row == 0 ? 0 : matrix->key_end[row - 1];

	*size = (Size) (matrix->key_end[row] - begin);
	return matrix->key_bytes + begin;
}

/*
 * Reads the rows that have a label, and keeps their keys if keep_keys says so; with unlabeled_too the store has the others as well, until
 * gtl_matrix_add_neighbours.  categories NULL: the distinct labels, in the
 * order of their bytes.  Error for a label that is not among the categories, no
 * labeled row, or one class only.  The features are in the store.
 * Everything is allocated in the current memory context.
 */
extern void gtl_matrix_read(GtlDataset *dataset, char **categories, int ncategories, bool unlabeled_too,
							bool keep_keys, GtlMatrix *matrix);

/*
 * Reads further rows, all of which have a label, behind those: with the map's neighbourhood columns (NULL: none).  Statistics
 * stay as they are.
 */
extern void gtl_matrix_read_more(GtlDataset *dataset, const GtlNeighbours *map, GtlMatrix *matrix);

/*
 * Puts neighbourhood columns behind the features of the labeled rows, by this map or, if it is NULL, by one that is
 * fitted to all rows.  Returns the map; NULL and a reason where the columns are left out.
 */
extern const GtlNeighbours *gtl_matrix_add_neighbours(GtlMatrix *matrix, const GtlNeighbours *map, char **reason);

#endif							/* GTL_MATRIX_H */
