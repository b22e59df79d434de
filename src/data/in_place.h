/*
 * in_place.h
 *		The dataset of a job in place: statements that do their work where its rows lie.
 *
 * Each is one statement over all partitions, made of what postgres_fdw sends (docs/in-place.md): an aggregate for each
 * partition, whose results are put together here; conditions and updates of the partitioned table.  They run as
 * the current user.
 */
#ifndef GTL_IN_PLACE_H
#define GTL_IN_PLACE_H

#include "base/compat.h"
#include "data/dataset.h"
#include "learning/margin_cells.h"
#include "tables/job.h"

/* Counts the rows, job->dataset_count, and restricts the dataset to a random sample of job->sample_count of them. */
extern void gtl_in_place_restrict(GtlJob *job, GtlDataset *dataset);

/* How the margins of all rows lie, by the model of these bytes: above[c] have at least that of cell c.  Returns their number. */
extern int64 gtl_in_place_tail(const GtlJob *job, bytea *model, int64 *above);

/* Where labels are written to. */
typedef struct GtlInPlaceTarget
{
	char	   *label_column;
	char	   *confidence_column;	/* NULL: none */
} GtlInPlaceTarget;

/* Error if these are no columns that labels can be written to. */
extern void gtl_in_place_check_target(const GtlJob *job, const GtlInPlaceTarget *target);

/* Labels of objects, by key; whoever has another label gets it. */
extern void gtl_in_place_write_class(const GtlJob *job, const GtlInPlaceTarget *target, const char *label,
									 char *const *keys, int count);

/*
 * All rows but those of these keys get the model's label if their margin is at least that, else none.  model NULL: none
 * does.
 */
extern void gtl_in_place_write_machine(const GtlJob *job, const GtlInPlaceTarget *target, bytea *model, double margin,
									   char *const *keys, int count);

/* Rows with a label, and all. */
extern void gtl_in_place_count(const GtlJob *job, const GtlInPlaceTarget *target, int64 *labeled, int64 *rows);

#endif							/* GTL_IN_PLACE_H */
