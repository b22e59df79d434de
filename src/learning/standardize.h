/*
 * standardize.h
 *		Column statistics of a feature matrix, and the two scalings of it that
 *		the classifiers choose between.
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
	int			dimension;		/* features, and inputs of proposals behind them */
	int			proposals;		/* those inputs (proposals.h); 0: none */
	int64_t		count;			/* rows seen */
	double	   *mean;			/* [dimension] */
	double	   *squares;		/* [dimension], sum of (x - mean)^2 */
	int			neighbours;		/* neighbourhood columns (neighbours.h) that follow the features in
								 * a row: 0, or GTL_NEIGHBOUR_COLUMNS */
} GtlFeatureStats;

/* Features alone. */
static inline int
gtl_stats_features(const GtlFeatureStats *stats)
{
	return stats->dimension - stats->proposals;
}

/* Columns of a row. */
static inline int
gtl_stats_width(const GtlFeatureStats *stats)
{
	return stats->dimension + stats->neighbours;
}

extern void gtl_stats_init(GtlFeatureStats *stats, int dimension, const GtlEnv *env);
extern void gtl_stats_add(GtlFeatureStats *stats, const float *rows, int64_t nrows);

/* Adds the rows that `other`, of the same dimension, has seen. */
extern void gtl_stats_merge(GtlFeatureStats *stats, const GtlFeatureStats *other);

typedef enum GtlScaling
{
	GTL_SCALING_GLOBAL = 0,		/* (x - column mean) / one s for all columns */
	GTL_SCALING_COLUMN = 1		/* (x - column mean) / the column's own sd */
} GtlScaling;

/*
 * scaled = (x - mean) * factor; a constant column has factor 0.  Inputs of proposals come as they are, or
 * with factor 0.  Neighbourhood columns come last and share one factor, such that all of them together are as
 * long as the scaled features.
 */
typedef struct GtlScaler
{
	GtlScaling	scaling;
	int			dimension;		/* columns that come out */
	double	   *mean;			/* [dimension] */
	double	   *factor;			/* [dimension] */
} GtlScaler;

/* neighbours: with those columns, not only what stands before them; proposals: with those inputs, not with factor 0. */
extern void gtl_scaler_init(GtlScaler *scaler, GtlScaling scaling, bool neighbours, bool proposals,
							const GtlFeatureStats *stats, const GtlEnv *env);

/* Do both make the same of every row? */
extern bool gtl_scaler_same(const GtlScaler *a, const GtlScaler *b);

/*
 * The first columns of in[nrows x width] to out[nrows x dimension].  out may be in if the width is
 * the dimension.
 */
extern void gtl_scaler_apply(const GtlScaler *scaler, const float *in, int width, float *out, int64_t nrows);

#endif							/* GTL_STANDARDIZE_H */
