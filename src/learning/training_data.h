/*
 * training_data.h
 *		The rows that one fit learns from, scaled.
 *
 * Internal to src/learning.  Either a copy in memory, or read and scaled anew whenever
 * they are looked at (GtlLabeledSet.streamed): the numbers are the same.
 */
#ifndef GTL_TRAINING_DATA_H
#define GTL_TRAINING_DATA_H

#include "learning/labeled_set.h"
#include "learning/shape.h"

typedef struct GtlTrainingData
{
	GtlShape	shape;
	int64_t		rows;
	int			block_rows;		/* at most GTL_KERNEL_ROWS */
	const float *features;		/* [rows x dimension], scaled; NULL: streamed */
	const int32_t *labels;		/* [rows] */

	/* where they come from */
	const GtlLabeledSet *set;
	const int32_t *subset;		/* row numbers in set, ascending; NULL: all */
	const GtlScaler *scaler;
} GtlTrainingData;

/* Bytes that init allocates; SIZE_MAX on overflow. */
extern size_t gtl_training_data_size(int64_t rows, int dimension, bool streamed);

/* False: stopped; nothing is allocated then. */
extern bool gtl_training_data_init(GtlTrainingData *data, const GtlShape *shape,
								   const GtlLabeledSet *set, const int32_t *subset, int64_t rows,
								   const GtlScaler *scaler, const GtlEnv *env);
extern void gtl_training_data_release(GtlTrainingData *data, const GtlEnv *env);

/* What gtl_training_data_block needs; NULL if nothing. */
extern float *gtl_training_data_buffer(const GtlTrainingData *data, const GtlEnv *env);

/*
 * Rows from .. from + count - 1 (at most GTL_KERNEL_ROWS), which may or may not lie in the
 * buffer.  NULL: they could not be read.
 */
extern const float *gtl_training_data_block(const GtlTrainingData *data, int64_t from, int count, float *buffer);

#endif							/* GTL_TRAINING_DATA_H */
