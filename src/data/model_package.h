/*
 * model_package.h
 *		A model as bytes for gt_score.
 */
#ifndef GTL_DATA_MODEL_PACKAGE_H
#define GTL_DATA_MODEL_PACKAGE_H

#include "base/compat.h"
#include "tables/model.h"

extern bytea *gtl_model_package(const GtlModel *model);

#endif							/* GTL_DATA_MODEL_PACKAGE_H */
