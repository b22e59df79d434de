/*
 * placed_rows.h
 *		All rows of a simulated job in place, of which a sample are its objects: what gt_write_labels would do with
 *		them, and what an audit draws from them.
 *
 * In a live job the servers that have the rows do this (data/in_place.h); in a simulation the rows are in memory, the sample
 * first, each part in the order of the keys.
 */
#ifndef GTL_PLACED_ROWS_H
#define GTL_PLACED_ROWS_H

#include "learning/classifier.h"
#include "learning/labeled_set.h"

/* gtl_keyed_draw of a row's key. */
typedef double (*GtlRowDraw) (void *context, int64_t row, uint64_t seed);

typedef struct GtlPlacedRows
{
	const GtlLabeledSet *data;
	const GtlEnv *env;
	int64_t		objects;		/* of the job: the sample, and what has been drawn since */
	int32_t    *row;			/* [data->rows] of an object */
	int32_t    *object;			/* [data->rows] of a row; -1: none */
	int32_t    *best;			/* [data->rows] by the model of the newest round */
	double	   *margin;			/* [data->rows] */
	double		least;			/* the machine labels rows with at least this margin; infinity: none */
} GtlPlacedRows;

/* Bytes of them for each row. */
#define GTL_PLACED_ROW_BYTES (3 * sizeof(int32_t) + sizeof(double))

extern void gtl_placed_create(GtlPlacedRows *placed, const GtlLabeledSet *data, int64_t sample, const GtlEnv *env);
extern void gtl_placed_release(GtlPlacedRows *placed);

/* Each row one by one, as gt_score does; afterwards the machine labels none.  False: interrupted, or a read failed. */
extern bool gtl_placed_score(GtlPlacedRows *placed, const GtlClassifier *model);

/* The machine labels this share of the rows at the most, those with the largest margins. */
extern void gtl_placed_limit(GtlPlacedRows *placed, double share);

/* The machine's labels. */
typedef struct GtlPlacedLabels
{
	int64_t		count;
	int64_t		wrong;
	int			classes_labeled;	/* classes with labels */
	int			classes_missed; /* those among them of which a larger share than target_error is wrong */
} GtlPlacedLabels;

/* answer[objects]: people's, -1: none. */
extern void gtl_placed_count(const GtlPlacedRows *placed, const int32_t *answer, double target_error, GtlPlacedLabels *labels);

/*
 * Draws `wanted` of the machine's labels with equal probabilities; rows that are no objects yet become ones.  Returns how many
 * labels there are.  *drawn: the objects, in the order of the draws, *count; the caller's to release.
 */
extern int64_t gtl_placed_draw(GtlPlacedRows *placed, const int32_t *answer, GtlRowDraw draw, void *context, uint64_t seed,
							   int64_t wanted, int32_t **drawn, int64_t *count);

#endif							/* GTL_PLACED_ROWS_H */
