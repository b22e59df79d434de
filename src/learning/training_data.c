/*
 * training_data.c
 *		The rows that one fit learns from, scaled.
 */
#include "learning/training_data.h"

#include <string.h>

#include "learning/kernels.h"

/* Rows from .. from + count - 1, read into raw and scaled; false: they could not be read. */
static bool
read_scaled(const GtlTrainingData *data, int64_t from, int count, float *raw, float *out)
{
	const int32_t *rows = data->subset == NULL ? NULL : data->subset + from;

	if (!gtl_labeled_rows(data->set, rows, from, count, raw))
		return false;
	gtl_scaler_apply(data->scaler, raw, data->set->dimension, out, count);
	return true;
}

/* Floats of a block of rows as they are read, and of one as it is scaled. */
static size_t
raw_block(const GtlTrainingData *data)
{
	return (size_t) GTL_KERNEL_ROWS * (size_t) data->set->dimension;
}

static size_t
scaled_block(const GtlTrainingData *data)
{
	return (size_t) GTL_KERNEL_ROWS * (size_t) data->scaler->dimension;
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
	float	   *raw = gtl_env_alloc(env, raw_block(data) * sizeof(float));
	bool		going = true;

	for (int64_t from = 0; from < data->rows && going; from += GTL_KERNEL_ROWS)
		going = !gtl_env_interrupted(env) &&
			read_scaled(data, from, block_at(data, from), raw, features + from * data->scaler->dimension);
	gtl_env_release(env, raw);
	return going;
}

size_t
gtl_training_data_size(int64_t rows, int dimension, bool streamed)
{
	size_t		row = gtl_size_multiply((size_t) dimension, sizeof(float));
	size_t		features = gtl_size_multiply(row, streamed ? 4 * GTL_KERNEL_ROWS : (size_t) rows + GTL_KERNEL_ROWS);

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
		float	   *features = gtl_env_alloc(env, (size_t) rows * (size_t) scaler->dimension * sizeof(float));

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
	return gtl_env_alloc(env, (raw_block(data) + scaled_block(data)) * sizeof(float));
}

const float *
gtl_training_data_block(const GtlTrainingData *data, int64_t from, int count, float *buffer)
{
	if (data->features != NULL)
		return data->features + from * data->shape.layer[0].inputs;
	return read_scaled(data, from, count, buffer, buffer + raw_block(data)) ? buffer + raw_block(data) : NULL;
}
