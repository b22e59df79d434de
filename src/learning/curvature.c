/*
 * curvature.c
 *		How much each training row bends the loss at the weights where a fit starts.
 *
 * The Hessian of a row's log loss is (diag p - p p') times the outer product of its inputs.
 * A row that the model is sure of has next to none, so the second moments of
 * all rows alike say little about a fit that starts at a model: those of the rows that it is
 * unsure of do.  Rows keep a least weight, since the fit moves away from its start and few rows
 * alone do not fill the space.
 */
#include "learning/curvature.h"

#include "learning/kernels.h"

#define LEAST 0.05

/* Of a block of probabilities, class-major. */
static void
sum_traces(const float *probability, int classes, int rows, float *trace)
{
	for (int i = 0; i < rows; i++)
		trace[i] = 0.0f;
	for (int c = 0; c < classes; c++)
		for (int i = 0; i < rows; i++)
		{
			float		p = probability[(size_t) c * rows + i];

			trace[i] += p * (1.0f - p);
		}
}

/* False: stopped. */
static bool
trace_rows(const GtlTrainingData *data, const float *weights, float *buffer, GtlScratch *scratch, const GtlEnv *env,
		   float *trace)
{
	const GtlShape *shape = &data->shape;
	const GtlModelKind *kind = gtl_shape_kind(shape);

	for (int64_t from = 0; from < data->rows; from += data->block_rows)
	{
		int			rows = data->rows - from < data->block_rows ? (int) (data->rows - from) : data->block_rows;
		const float *features;

		if (gtl_env_interrupted(env))
			return false;
		features = gtl_training_data_block(data, from, rows, buffer);
		if (features == NULL || !kind->forward(shape, weights, features, rows, scratch, env))
			return false;
		gtl_kernel_softmax(scratch->scores, shape->classes, rows, scratch->largest, scratch->sum);
		sum_traces(scratch->scores, shape->classes, rows, trace + from);
	}
	return true;
}

static void
bound_and_normalize(float *trace, int64_t rows)
{
	double		sum = 0.0;

	for (int64_t i = 0; i < rows; i++)
	{
		if (!(trace[i] >= LEAST))	/* NaN: weights that no fit makes */
			trace[i] = LEAST;
		sum += trace[i];
	}
	for (int64_t i = 0; i < rows; i++)
		trace[i] = (float) (trace[i] * (double) rows / sum);
}

float *
gtl_curvature_rows(const GtlTrainingData *data, const double *weights, const GtlEnv *env)
{
	size_t		n = data->shape.weight_count;
	float	   *trace = gtl_env_alloc(env, (size_t) data->rows * sizeof(float));
	float	   *rounded = gtl_env_alloc(env, n * sizeof(float));
	float	   *buffer = gtl_training_data_buffer(data, env);
	GtlScratch	scratch;
	bool		done;

	gtl_scratch_init(&scratch, &data->shape, data->block_rows, false, env);
	gtl_kernel_round(weights, rounded, n);
	done = trace_rows(data, rounded, buffer, &scratch, env, trace);
	gtl_scratch_release(&scratch, env);
	gtl_env_release(env, buffer);
	gtl_env_release(env, rounded);
	if (done)
	{
		bound_and_normalize(trace, data->rows);
		return trace;
	}
	gtl_env_release(env, trace);
	return NULL;
}
