/*
 * snapshot.h
 *		Reading the dataset, once, when a job is created.
 */
#ifndef GTL_SNAPSHOT_H
#define GTL_SNAPSHOT_H

#include "base/compat.h"
#include "data/text_features.h"
#include "tables/job.h"

/*
 * Copies keys and features into gtlabel.object and gtlabel.feature_page, draws the
 * validation set, and sets the job's object_count, validation_count and dimension
 * and the statistics of its features.
 */
extern void gtl_snapshot_take(GtlJob *job, GtlDataset *dataset, const GtlTextSettings *text);

#endif							/* GTL_SNAPSHOT_H */
