/*
 * training_set.h
 *		The labeled rows that classifiers are fitted to, within maintenance_work_mem.
 *
 * Rows take up to half of the budget in memory, and beyond it lie in a temporary file.
 * Fits make scaled copies if those fit into the rest, and read the rows in each evaluation
 * if not.  The models are the same in every case.
 */
#ifndef GTL_TRAINING_SET_H
#define GTL_TRAINING_SET_H

#include "base/row_store.h"
#include "learning/crossfit.h"

/* For gtl_training_set_finish, in the current memory context. */
extern GtlRowStore *gtl_training_set_create(int dimension);

/*
 * When all rows have been added: sets features, reader and streamed of the set, whose
 * other members are set.  row_bytes: that the caller needs besides, for each row.  Error if
 * the work does not fit the budget in any way; `what` names it.
 */
extern void gtl_training_set_finish(GtlRowStore *store, GtlLabeledSet *set, Size row_bytes, const char *what);

/* Bytes that a training needs at least, with everything in files that can be. */
extern Size gtl_training_set_least(int64 rows, int dimension, int classes);

#endif							/* GTL_TRAINING_SET_H */
