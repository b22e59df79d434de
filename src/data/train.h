/*
 * train.h
 *		Training a classifier outside of any job.
 */
#ifndef GTL_TRAIN_H
#define GTL_TRAIN_H

#include "base/compat.h"
#include "data/matrix.h"
#include "learning/engine.h"

/*
 * Chooses among the candidates that the settings allow by cross-fitted log loss, fits
 * the chosen one to all rows, and stores it for the current user; returns
 * its model_id.  featurizer: what made the features of text; map: to the neighbourhood
 * columns that the matrix has; NULL: nothing, none.  The stored accuracy and log loss are out of fold.
 */
extern int64 gtl_train_model(const char *name, GtlMatrix *matrix, const GtlFeaturizer *featurizer,
							 const GtlNeighbours *map, const GtlEngineSettings *settings);

#endif							/* GTL_TRAIN_H */
