/*
 * kmeans.h
 *		Centres of a cloud of rows, and the centres nearest to a row.
 *
 * Internal to src/learning.  Rows are row-major float and finite.
 */
#ifndef GTL_KMEANS_H
#define GTL_KMEANS_H

#include "learning/env.h"

/* Rows that gtl_centres_nearest takes at once: always so many, so that a row's result depends on the row alone. */
#define GTL_KMEANS_ROWS 256

typedef struct GtlCentres
{
	int			count;
	int			dimension;
	float	   *centre;			/* [count x dimension] */
	float	   *length;			/* [count], squared */
} GtlCentres;

extern void gtl_centres_init(GtlCentres *centres, int count, int dimension, const GtlEnv *env);
extern void gtl_centres_release(GtlCentres *centres, const GtlEnv *env);

/* Sets length from centre. */
extern void gtl_centres_measure(GtlCentres *centres);

/* Working memory of gtl_centres_nearest: floats. */
extern size_t gtl_centres_scratch(const GtlCentres *centres);

/*
 * The `nearest` centres of each of GTL_KMEANS_ROWS rows, the nearest first, ties to the lower
 * number, with their squared distances: which and distance are [GTL_KMEANS_ROWS x nearest].
 * nearest is at most centres->count.
 */
extern void gtl_centres_nearest(const GtlCentres *centres, const float *rows, int nearest, float *scratch,
								int32_t *which, float *distance);

/* The same for a single row; its distances may differ in their last bits.  scratch: centres->count floats. */
extern void gtl_centres_nearest_row(const GtlCentres *centres, const float *row, int nearest, float *scratch,
									int32_t *which, float *distance);

/*
 * Lloyd's iterations over rows[count x dimension], from the centres as they are; a centre without
 * a row stays where it is.  False: interrupted.
 */
extern bool gtl_kmeans(GtlCentres *centres, const float *rows, int64_t count, int iterations, const GtlEnv *env);

#endif							/* GTL_KMEANS_H */
