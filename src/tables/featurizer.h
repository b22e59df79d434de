/*
 * featurizer.h
 *		The table gtlabel.featurizer: what turns texts into the features of a job or model.
 *
 * Jobs and models share its rows: shared_bytes.h.
 */
#ifndef GTL_TABLES_FEATURIZER_H
#define GTL_TABLES_FEATURIZER_H

#include "base/compat.h"
#include "learning/featurizer.h"

/* A new row; returns its featurizer_id. */
extern int64 gtl_featurizer_insert(const GtlFeaturizer *featurizer);

/* From env. */
extern GtlFeaturizer *gtl_featurizer_get(int64 featurizer_id, const GtlEnv *env);

/* Whoever begins to use one that is there: nobody drops it until the end of the transaction. */
extern void gtl_featurizer_hold(int64 featurizer_id);

/* When a job or model that used it is gone; 0: there was none. */
extern void gtl_featurizer_drop_unused(int64 featurizer_id);

#endif							/* GTL_TABLES_FEATURIZER_H */
