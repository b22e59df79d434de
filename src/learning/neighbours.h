/*
 * neighbours.h
 *		Neighbourhood columns: 64 more features, which say where a row stands among all rows of
 *		its dataset, made from their features and from no label.
 *
 * Similar rows get similar columns, so that a label counts for the rows around it too: a linear
 * model on these columns is label spreading over a graph of all rows (neighbours.c says why).
 * They are a function of the features alone, so cross-fitting, certificates and audits may take
 * them as they take any other feature, and of the row alone once the map is fitted: rows that
 * come later have columns too.
 */
#ifndef GTL_NEIGHBOURS_H
#define GTL_NEIGHBOURS_H

#include "learning/kmeans.h"
#include "learning/pool_score.h"
#include "learning/standardize.h"

#define GTL_NEIGHBOUR_VIEWS 2	/* the features as they are; scaled by column, then to unit length */
#define GTL_NEIGHBOUR_VECTORS 32	/* columns of a view */
#define GTL_NEIGHBOURS_NEAREST 6	/* centres that a row looks at */
#define GTL_NEIGHBOURS_FEWEST_ROWS 500	/* below, too few centres */
#define GTL_NEIGHBOUR_COLUMNS (GTL_NEIGHBOUR_VIEWS * GTL_NEIGHBOUR_VECTORS)

/* One view's map from a row's features to its columns. */
typedef struct GtlNeighbourView
{
	GtlScaler	scaler;
	bool		unit;			/* scaled rows are brought to unit length */
	GtlCentres	centres;
	float	   *basis;			/* [centres x vectors] */
	float	   *shift;			/* [vectors], taken off */
	double	   *eigenvalue;		/* [vectors], largest first, from 1 down */
} GtlNeighbourView;

typedef struct GtlNeighbours
{
	int			dimension;		/* of the features */
	GtlNeighbourView view[GTL_NEIGHBOUR_VIEWS];
} GtlNeighbours;

/* Are columns made for so many rows of this dimension?  Not for few rows, nor where it would take minutes. */
extern bool gtl_neighbours_offered(int64_t rows, int dimension);

/* Bytes that fitting allocates at its peak, the map included; SIZE_MAX on overflow. */
extern size_t gtl_neighbours_fit_memory(int64_t rows, int dimension);

/*
 * Fits the map to a matrix of stats->count rows, which is read twice from first to last.  Depends
 * on the rows and their order alone: jobs over the same rows have the same columns, whatever
 * their seeds.  False: interrupted, and nothing is left allocated.
 */
extern bool gtl_neighbours_fit(GtlNeighbours *map, const GtlFeatureStats *stats, GtlReadRows read_rows,
							   void *read_context, const GtlEnv *env);

/* An empty map of this shape, for those who fill it. */
extern void gtl_neighbours_init(GtlNeighbours *map, int dimension, int centres, const GtlEnv *env);
extern void gtl_neighbours_release(GtlNeighbours *map, const GtlEnv *env);

/* Working memory of gtl_neighbours_columns, made once for many blocks. */
typedef struct GtlNeighbourScratch GtlNeighbourScratch;
extern GtlNeighbourScratch *gtl_neighbours_scratch(const GtlNeighbours *map, const GtlEnv *env);
extern void gtl_neighbours_scratch_release(GtlNeighbourScratch *scratch, const GtlEnv *env);

/*
 * The columns of rows[count x dimension], unscaled: columns[count x GTL_NEIGHBOUR_COLUMNS].  Over the
 * rows that the map was fitted to each column has mean 0, and the squared length of a view's part
 * has mean 1.  A row's columns do not depend on the other rows of the call.  count is at most
 * GTL_KMEANS_ROWS.
 */
extern void gtl_neighbours_columns(const GtlNeighbours *map, GtlNeighbourScratch *scratch, const float *rows,
								   int count, float *columns);

/* The same as the last columns of rows[count x width], which begin with the features; any count. */
extern void gtl_neighbours_complete(const GtlNeighbours *map, GtlNeighbourScratch *scratch, float *rows, int width,
									int64_t count);

/* The columns of one row, as one that was not there when the map was fitted needs them; they may differ in their last digits. */
extern void gtl_neighbours_row(const GtlNeighbours *map, GtlNeighbourScratch *scratch, const float *row, float *columns);

/*
 * Byte format (documented at the head of neighbours_bytes.c).  serialize returns memory from env;
 * deserialize returns false and a reason in English if the bytes are not a map that this version
 * can read.
 */
extern uint8_t *gtl_neighbours_serialize(const GtlNeighbours *map, const GtlEnv *env, size_t *size);
extern bool gtl_neighbours_deserialize(const uint8_t *bytes, size_t size, const GtlEnv *env, GtlNeighbours *map,
									   const char **reason);

#endif							/* GTL_NEIGHBOURS_H */
