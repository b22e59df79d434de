/*
 * unknown_rows.h
 *		The rows of a dataset that a job does not know yet.
 *
 * Read as the current user, like all of a dataset.
 */
#ifndef GTL_UNKNOWN_ROWS_H
#define GTL_UNKNOWN_ROWS_H

#include "data/dataset.h"
#include "tables/job.h"

/* Only the rows whose keys the job does not know, neither as objects nor as rows that came with a label. */
extern void gtl_unknown_rows_only(GtlDataset *dataset, const GtlJob *job);

/*
 * Of these first only those behind the greatest of the last keys of the job's segments, which is cheap; then (the others)
 * only those that are not.  False: the keys have no order, and nothing has changed.
 */
extern bool gtl_unknown_rows_behind(GtlDataset *dataset, const GtlJob *job);
extern void gtl_unknown_rows_others(GtlDataset *dataset, const GtlJob *job);

/* How many rows the dataset has now. */
extern int64 gtl_unknown_rows_count_all(const GtlDataset *dataset, const GtlJob *job);

/*
 * Keys that the job knows, also of rows that could not join again with other features: those of rows that the dataset
 * has now, and the others.
 */
typedef struct GtlKnownKeys
{
	char	  **there;
	int			nthere;
	char	  **gone;
	int			ngone;
} GtlKnownKeys;

extern void gtl_unknown_rows_compare(const GtlDataset *dataset, const GtlJob *job, GtlKnownKeys *keys);

#endif							/* GTL_UNKNOWN_ROWS_H */
