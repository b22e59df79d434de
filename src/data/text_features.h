/*
 * text_features.h
 *		Learning what turns the texts of a dataset into features, and using it.
 */
#ifndef GTL_TEXT_FEATURES_H
#define GTL_TEXT_FEATURES_H

#include "base/compat.h"
#include "data/dataset.h"

typedef struct GtlTextSettings
{
	int			dimensions;
	Oid			word_vectors;	/* InvalidOid: none */
} GtlTextSettings;

/*
 * Reads the dataset, which has a text column, once, and learns a featurizer from it; afterwards
 * its rows have features.  Errors: NULL texts, all texts equal, more memory than
 * maintenance_work_mem.  In the current memory context.
 */
extern GtlFeaturizer *gtl_text_features_fit(GtlDataset *dataset, const GtlTextSettings *settings);

/* The same with a featurizer that is there: that of a model. */
extern void gtl_text_features_use(GtlDataset *dataset, const GtlFeaturizer *featurizer);

#endif							/* GTL_TEXT_FEATURES_H */
