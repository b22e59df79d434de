/*
 * snapshot.h
 *		Reading the dataset: when a job is created, and when rows join it.
 */
#ifndef GTL_SNAPSHOT_H
#define GTL_SNAPSHOT_H

#include "base/compat.h"
#include "data/text_features.h"
#include "tables/job.h"
#include "tables/segment.h"

/*
 * Copies keys and features into gtlabel.object and gtlabel.feature_page, draws the
 * validation set, and sets the job's object_count, validation_count, given_count and dimension: the first segment.
 */
extern void gtl_snapshot_take(GtlJob *job, GtlDataset *dataset, const GtlTextSettings *text);

/*
 * The same with the rows whose keys the job does not know: another segment, of that lot.  The job's row is locked, and
 * the dataset makes features as that of its creation did.  pass_over: rows that cannot
 * be taken in are counted in dataset->refused instead of raising an error.  False: no row has joined.
 */
extern bool gtl_snapshot_add(GtlJob *job, GtlDataset *dataset, int32 lot_no, bool pass_over, GtlSegment *added);

/*
 * The same with the rows that the dataset is restricted to, none of which the job knows and none of which joins the
 * validation set.
 */
extern bool gtl_snapshot_add_drawn(GtlJob *job, GtlDataset *dataset, int32 lot_no, GtlSegment *added);

#endif							/* GTL_SNAPSHOT_H */
