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
#include "tables/job.h"
#include "tables/segment.h"

/*
 * Writes the columns of all rows of a segment, whose features stand in the feature pages, as their second block: by the
 * map that job->neighbours_id names, or else by one that is fitted to these rows.  Sets job->neighbours_id, or
 * job->neighbours_reason where they are left out.  stats: of these rows.
 */
extern void gtl_neighbour_columns_write(GtlJob *job, const GtlSegment *segment, const GtlFeatureStats *stats);

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
