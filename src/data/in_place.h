/*
 * in_place.h
 *		The dataset of a job in place: statements that do their work where its rows lie.
 *
 * Each is one statement over all partitions, made of what postgres_fdw sends (docs/in-place.md): an aggregate for each
 * partition, whose results are put together here; conditions and updates of the partitioned table.  They run as
 * the current user, or as the role that is given.
 */
#ifndef GTL_IN_PLACE_H
#define GTL_IN_PLACE_H

#include "base/compat.h"
#include "data/dataset.h"
#include "learning/margin_cells.h"
#include "tables/job.h"

/* Error if a server of the dataset has another version of gtlabel. What follows in this file asks by itself where it begins a step. */
extern void gtl_in_place_require_version(const GtlJob *job, Oid role);

/* Conditions on the row d of the dataset: those that the job is about, NULL: all; and those that came with a label. */
extern char *gtl_in_place_open_rows(const GtlJob *job);
extern char *gtl_in_place_labeled_rows(const GtlJob *job);

/*
 * Counts the rows, job->dataset_count, and restricts the dataset to a random sample of job->sample_count of them.  among: a
 * condition on the row d that they have to meet; NULL: none.  Returns WHERE ... for the rest of these rows; NULL: there is none.
 */
extern char *gtl_in_place_restrict(GtlJob *job, GtlDataset *dataset, const char *among);

/* How the margins of all rows lie, by the model of these bytes: above[c] have at least that of cell c.  Returns their number. */
extern int64 gtl_in_place_tail(const GtlJob *job, Oid role, bytea *model, int64 *above);

/* Restricts the dataset to the rows of these keys. */
extern void gtl_in_place_restrict_to(const GtlJob *job, GtlDataset *dataset, char *const *keys, int count);

/* The rows that the model of some bytes gives at least that margin. */
typedef struct GtlInPlaceRows
{
	int64		count;
	int64		digest;			/* exclusive or of gt_fingerprint(key, score) */
} GtlInPlaceRows;

extern void gtl_in_place_fingerprint(const GtlJob *job, Oid role, bytea *model, double margin, GtlInPlaceRows *rows);

/* Some of them drawn at random, in the order of the draws, and what the model says of them. */
typedef struct GtlInPlaceDraws
{
	int64		among;			/* rows that could be drawn */
	int			count;
	char	  **keys;
	char	  **classes;
	float	   *margins;
	float	   *probabilities;
} GtlInPlaceDraws;

/* `wanted` of those without these keys, by that seed; and all of them, in the same look. */
extern void gtl_in_place_draw(const GtlJob *job, Oid role, bytea *model, double margin, char *const *without, int nwithout,
							  int32 wanted, int64 seed, GtlInPlaceRows *rows, GtlInPlaceDraws *draws);

/* The schema of gtlabel's functions, quoted and with a dot. */
extern char *gtl_in_place_schema(void);

/* What the model, an expression, says of a row d: of its text, its features, or both. */
extern char *gtl_in_place_score(const GtlJob *job, const char *schema, const char *model);

/* Where labels are written to. */
typedef struct GtlInPlaceTarget
{
	Oid			relation;		/* the dataset, or one of its partitions */
	char	   *label_column;
	char	   *confidence_column;	/* NULL: none */
} GtlInPlaceTarget;

/* Error if these are no columns that labels can be written to, or it is no partition. */
extern void gtl_in_place_check_target(const GtlJob *job, const GtlInPlaceTarget *target);

/* Labels of objects, by key; whoever has another label gets it. */
extern void gtl_in_place_write_class(const GtlJob *job, const GtlInPlaceTarget *target, const char *label,
									 char *const *keys, int count);

/*
 * All rows there but those of these keys get the model's label if their margin is at least that, else none.  model NULL: none
 * does.
 */
extern void gtl_in_place_write_machine(const GtlJob *job, const GtlInPlaceTarget *target, bytea *model, double margin,
									   char *const *keys, int count);

/* Rows of the target, those that have a label, and those of the keys that are given: people's, as far as they are still there. */
typedef struct GtlInPlaceCounts
{
	int64		human;
	int64		labeled;
	int64		rows;
} GtlInPlaceCounts;

extern void gtl_in_place_count(const GtlJob *job, const GtlInPlaceTarget *target, char *const *keys, int count,
							   GtlInPlaceCounts *counts);

#endif							/* GTL_IN_PLACE_H */
