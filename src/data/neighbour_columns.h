/*
 * neighbour_columns.h
 *		Neighbourhood columns (learning/neighbours.h) of rows that have been read: of a job's feature pages, and of
 *		rows in memory or a temporary file.
 */
#ifndef GTL_NEIGHBOUR_COLUMNS_H
#define GTL_NEIGHBOUR_COLUMNS_H

#include "base/compat.h"
#include "base/row_store.h"
#include "learning/neighbours.h"
#include "tables/feature_page.h"
#include "tables/job.h"
#include "tables/model.h"
#include "tables/segment.h"

/*
 * Writes the columns of all rows of a segment, whose features stand in the feature pages, as their second block: by the
 * map that job->neighbours_id names, or else by one that is fitted to these rows.  Sets job->neighbours_id, or
 * job->neighbours_reason where they are left out, and which segments a new map knows.  stats: of these rows.
 */
extern void gtl_neighbour_columns_write(GtlJob *job, const GtlSegment *segment, const GtlFeatureStats *stats);

/* Why no columns are made for so many rows of this dimension, in words; NULL: they are. */
extern char *gtl_neighbour_columns_against(int64 rows, int dimension);

/*
 * Rows as a model of the job takes them: where it was trained with another map than the job has now, its own makes the
 * columns.  env: has that map, which must outlive the reader.
 */
extern GtlFeatureReader *gtl_neighbour_columns_reader(const GtlJob *job, const GtlModel *model, const GtlEnv *env);

/*
 * A map fitted to all rows of a finished store; NULL and a reason where columns are left out.
 */
extern GtlNeighbours *gtl_neighbour_columns_fit(const GtlLabeledSet *rows, const GtlFeatureStats *stats,
												const GtlEnv *env, char **reason);

/*
 * The rows of the finished store `rows` that `keep` marks (NULL: all), with their columns (map NULL: without),
 * in a new store, which is to be finished.
 */
extern GtlRowStore *gtl_neighbour_columns_join(const GtlLabeledSet *rows, const bool *keep, const GtlNeighbours *map,
											   const GtlEnv *env, Size limit);

#endif							/* GTL_NEIGHBOUR_COLUMNS_H */
