/*
 * training_data.c
 *		The rows that one fit learns from, scaled.
 */
#include "learning/training_data.h"

#include <string.h>

#include "learning/kernels.h"

/* Rows from .. from + count - 1, read and scaled; false: they could not be read. */
static bool
read_scaled(const GtlTrainingData *data, int64_t from, int count, float *out)
{
	const int32_t *rows = data->subset == NULL ? NULL : data->subset + from;

	if (!gtl_labeled_rows(data->set, rows, from, count, out))
		return false;
	gtl_scaler_apply(data->scaler, out, out, count);
	return true;
}

static int
block_at(const GtlTrainingData *data, int64_t from)
{
	return data->rows - from < GTL_KERNEL_ROWS ? (int) (data->rows - from) : GTL_KERNEL_ROWS;
}

/* False: stopped. */
static bool
copy_rows(const GtlTrainingData *data, float *features, const GtlEnv *env)
{
	for (int64_t from = 0; from < data->rows; from += GTL_KERNEL_ROWS)
		if (gtl_env_interrupted(env) ||
			!read_scaled(data, from, block_at(data, from), features + from * data->set->dimension))
			return false;
	return true;
}

size_t
gtl_training_data_size(int64_t rows, int dimension, bool streamed)
{
	size_t		row = gtl_size_multiply((size_t) dimension, sizeof(float));
	size_t		features = gtl_size_multiply(row, streamed ? 2 * GTL_KERNEL_ROWS : (size_t) rows);

	return gtl_size_add(features, gtl_size_multiply((size_t) rows, sizeof(int32_t)));
}

bool
gtl_training_data_init(GtlTrainingData *data, const GtlShape *shape,
					   const GtlLabeledSet *set, const int32_t *subset, int64_t rows,
					   const GtlScaler *scaler, const GtlEnv *env)
{
	int32_t    *labels = gtl_env_alloc(env, (size_t) rows * sizeof(int32_t));

	memset(data, 0, sizeof *data);
	data->shape = *shape;
	data->rows = rows;
	data->block_rows = gtl_shape_block_rows(shape);
	data->set = set;
	data->subset = subset;
	data->scaler = scaler;
	for (int64_t i = 0; i < rows; i++)
		labels[i] = set->labels[subset == NULL ? i : subset[i]];
	data->labels = labels;

	if (!set->streamed)
	{
		float	   *features = gtl_env_alloc(env, (size_t) rows * (size_t) set->dimension * sizeof(float));

		data->features = features;
		if (!copy_rows(data, features, env))
		{
			gtl_training_data_release(data, env);
			return false;
		}
	}
	return true;
}

void
gtl_training_data_release(GtlTrainingData *data, const GtlEnv *env)
{
	gtl_env_release(env, (void *) data->labels);
	gtl_env_release(env, (void *) data->features);
	data->labels = NULL;
	data->features = NULL;
}

float *
gtl_training_data_buffer(const GtlTrainingData *data, const GtlEnv *env)
{
	if (data->features != NULL)
		return NULL;
	return gtl_env_alloc(env, (size_t) GTL_KERNEL_ROWS * (size_t) data->set->dimension * sizeof(float));
}

const float *
gtl_training_data_block(const GtlTrainingData *data, int64_t from, int count, float *buffer)
{
	if (data->features != NULL)
		return data->features + from * data->shape.layer[0].inputs;
	return read_scaled(data, from, count, buffer) ? buffer : NULL;
}
