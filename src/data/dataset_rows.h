/*
 * dataset_rows.h
 *		The rows behind a job's objects, as they are now.
 */
#ifndef GTL_DATASET_ROWS_H
#define GTL_DATASET_ROWS_H

#include "base/compat.h"
#include "tables/job.h"

/*
 * What of a row may be shown to people: all columns of the dataset in its order, but those that
 * the job knows as features, label and known answer; palloc'd, *count of them.  0 if the dataset
 * is gone.
 */
extern char **gtl_dataset_display_columns(const GtlJob *job, int *count);

/* The job's display_columns, or if it has none those. */
extern char **gtl_dataset_shown_columns(const GtlJob *job, int *count);

/* Error if a display column is not there, or would tell what annotators must not know. */
extern void gtl_dataset_check_shown(const GtlJob *job);

/*
 * The rows of the objects with these keys, read with the rights of the job's owner: rows[i] is
 * a JSON object with the given columns in the given order, palloc'd, or NULL if the row, the dataset
 * or its key column is gone.  Columns that the dataset has no longer are left out.
 */
extern void gtl_dataset_rows(const GtlJob *job, char *const *keys, int count,
							 char *const *columns, int ncolumns, char **rows);

#endif							/* GTL_DATASET_ROWS_H */
