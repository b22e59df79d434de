/*
 * standardize.h
 *		Column statistics of a feature matrix, and the two scalings of it that
 *		the classifiers choose between (autolabel.md 3.4).
 *
 * Matrices are row-major float, "rows x dimension".  All values are finite (the
 * caller has checked at its door).  Scaled values are always finite, whatever
 * the columns' magnitude.
 */
#ifndef GTL_STANDARDIZE_H
#define GTL_STANDARDIZE_H

#include "learning/env.h"

/* Running mean and sum of squared deviations of each column. */
typedef struct GtlFeatureStats
{
	int			dimension;
	int64_t		count;			/* rows seen */
	double	   *mean;			/* [dimension] */
	double	   *squares;		/* [dimension], sum of (x - mean)^2 */
} GtlFeatureStats;

extern void gtl_stats_init(GtlFeatureStats *stats, int dimension, const GtlEnv *env);
extern void gtl_stats_add(GtlFeatureStats *stats, const float *rows, int64_t nrows);

typedef enum GtlScaling
{
	GTL_SCALING_GLOBAL = 0,		/* (x - column mean) / one s for all columns */
	GTL_SCALING_COLUMN = 1		/* (x - column mean) / the column's own sd */
} GtlScaling;

/* scaled = (x - mean) * factor; a constant column has factor 0. */
typedef struct GtlScaler
{
	GtlScaling	scaling;
	int			dimension;
	double	   *mean;			/* [dimension] */
	double	   *factor;			/* [dimension] */
} GtlScaler;

extern void gtl_scaler_init(GtlScaler *scaler, GtlScaling scaling,
							const GtlFeatureStats *stats, const GtlEnv *env);

/* out may be in. */
extern void gtl_scaler_apply(const GtlScaler *scaler, const float *in, float *out, int64_t nrows);

#endif							/* GTL_STANDARDIZE_H */
