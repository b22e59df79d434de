/*
 * snapshot.h
 *		Reading the dataset, once, when a job is created.
 */
#ifndef GTL_SNAPSHOT_H
#define GTL_SNAPSHOT_H

#include "base/compat.h"
#include "catalog/job.h"

#define GTL_MAX_DIMENSION 16000

/* How to read a dataset; made from its catalog entry before anything is written. */
typedef struct GtlDataset
{
	char	   *name;			/* schema-qualified and quoted, for messages and SQL */
	char	   *key_column;
	char	   *select;			/* SELECT key::text, features ... ORDER BY key */
	bool		has_features;
	bool		double_features;	/* float8[], to be narrowed */
} GtlDataset;

/*
 * Checks the relation and its columns.  key_column NULL: the primary key;
 * features_column NULL: none.  The text of every error names the relation.
 */
extern void gtl_dataset_describe(Oid relation, const char *key_column, const char *features_column,
								 GtlDataset *dataset);

/*
 * Copies keys and features into gtlabel.object and gtlabel.feature_page, draws the
 * validation set, and sets the job's object_count, validation_count and dimension
 * and the statistics of its features.
 */
extern void gtl_snapshot_take(GtlJob *job, const GtlDataset *dataset);

#endif							/* GTL_SNAPSHOT_H */
