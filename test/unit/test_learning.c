/*
 * test_learning.c
 *		Fitting: scaling, objective and gradient, optimum, edge cases, interruption.
 *
 * Reference values come from a plain double implementation of the objective below.
 */
#include "learning/engine.h"

#include <time.h>

#include "learning_fixture.h"
#include "learning/curvature.h"
#include "learning/kernels.h"
#include "learning/objective.h"

/* ---- Reference objective, in double ---- */

typedef struct Reference
{
	const GtlShape *shape;
	const float *features;		/* scaled */
	const int32_t *labels;
	int64_t		rows;
	double		lambda;
	const double *center;
} Reference;

static void
reference_layer(const GtlLayer *layer, const double *w, const double *in, double *out)
{
	for (int o = 0; o < layer->outputs; o++)
	{
		out[o] = w[layer->bias + o];
		for (int j = 0; j < layer->inputs; j++)
			out[o] += w[layer->weights + (size_t) o * layer->inputs + j] * in[j];
	}
}

static double
reference_row_loss(const Reference *r, const double *w, int64_t row)
{
	double		values[3][64];
	int			dimension = r->shape->layer[0].inputs;
	int			last = r->shape->nlayers;
	double		largest = -HUGE_VAL;
	double		sum = 0.0;

	for (int j = 0; j < dimension; j++)
		values[0][j] = r->features[row * dimension + j];
	for (int l = 0; l < last; l++)
	{
		reference_layer(&r->shape->layer[l], w, values[l], values[l + 1]);
		for (int o = 0; l + 1 < last && o < r->shape->layer[l].outputs; o++)
			values[l + 1][o] = fmax(values[l + 1][o], 0.0);
	}
	for (int c = 0; c < r->shape->classes; c++)
		largest = fmax(largest, values[last][c]);
	for (int c = 0; c < r->shape->classes; c++)
		sum += exp(values[last][c] - largest);
	return log(sum) + largest - values[last][r->labels[row]];
}

static double
reference_value(const Reference *r, const double *w)
{
	double		loss = 0.0;
	double		squares = 0.0;

	for (int64_t i = 0; i < r->rows; i++)
		loss += reference_row_loss(r, w, i);
	for (int l = 0; l < r->shape->nlayers; l++)
	{
		const GtlLayer *layer = &r->shape->layer[l];
		size_t		end = r->center != NULL ? layer->bias + (size_t) layer->outputs : layer->bias;

		for (size_t i = layer->weights; i < end; i++)
			squares += pow(w[i] - (r->center != NULL ? r->center[i] : 0.0), 2);
	}
	return loss / (double) r->rows + 0.5 * r->lambda * squares;
}

static double
reference_slope(const Reference *r, double *w, size_t i)
{
	double		keep = w[i];
	double		h = 1e-6;
	double		above,
				below;

	w[i] = keep + h;
	above = reference_value(r, w);
	w[i] = keep - h;
	below = reference_value(r, w);
	w[i] = keep;
	return (above - below) / (2.0 * h);
}

/* ---- Tests ---- */

static void
test_random(void)
{
	double		sum = 0.0,
				squares = 0.0;
	bool		in_range = true;

	for (uint64_t i = 0; i < 20000; i++)
	{
		double		u = gtl_random_uniform(1, GTL_STREAM_VALIDATION, i);
		double		z = gtl_random_normal(1, GTL_STREAM_WEIGHTS, i);

		in_range = in_range && u >= 0.0 && u < 1.0;
		sum += z;
		squares += z * z;
	}
	CHECK(in_range);
	CHECK_NEAR(sum / 20000, 0.0, 0.03);
	CHECK_NEAR(squares / 20000, 1.0, 0.05);
	CHECK(gtl_random_bits(1, GTL_STREAM_FOLD, 5) == gtl_random_bits(1, GTL_STREAM_FOLD, 5));
	CHECK(gtl_random_bits(1, GTL_STREAM_FOLD, 5) != gtl_random_bits(1, GTL_STREAM_AUDIT, 5));
	CHECK(gtl_random_bits(1, GTL_STREAM_FOLD, 5) != gtl_random_bits(2, GTL_STREAM_FOLD, 5));
}

static void
test_standardize(void)
{
	Data		data;
	GtlFeatureStats pieces;
	GtlScaler	scaler;
	float	   *scaled;
	double		sum = 0.0,
				squares = 0.0;

	data_clouds(&data, 999, 300, 3, 1.0, 11);
	for (int64_t i = 0; i < 999; i++)
		data.features[i * 300 + 7] = 0.1f;	/* constant, and not exact in binary */
	gtl_stats_init(&pieces, 300, &env);
	gtl_stats_add(&pieces, data.features, 100);
	gtl_stats_add(&pieces, data.features + 100 * 300, 1);
	gtl_stats_add(&pieces, data.features + 101 * 300, 898);
	memset(data.stats.mean, 0, 300 * sizeof(double));
	memset(data.stats.squares, 0, 300 * sizeof(double));
	data.stats.count = 0;
	gtl_stats_add(&data.stats, data.features, 999);
	CHECK(memcmp(pieces.mean, data.stats.mean, 300 * sizeof(double)) == 0);
	CHECK(memcmp(pieces.squares, data.stats.squares, 300 * sizeof(double)) == 0);
	CHECK(data.stats.squares[7] == 0.0);

	gtl_scaler_init(&scaler, GTL_SCALING_COLUMN, false, false, &data.stats, &env);
	CHECK(scaler.factor[7] == 0.0);
	scaled = gtl_env_alloc(&env, 999 * 300 * sizeof(float));
	gtl_scaler_apply(&scaler, data.features, 300, scaled, 999);
	for (int64_t i = 0; i < 999; i++)
	{
		sum += scaled[i * 300 + 8];
		squares += scaled[i * 300 + 8] * scaled[i * 300 + 8];
	}
	CHECK_NEAR(sum / 999, 0.0, 1e-5);
	CHECK_NEAR(squares / 999, 1.0, 1e-5);
	gtl_scaler_apply(&scaler, data.features, 300, data.features, 999);
	CHECK(memcmp(scaled, data.features, 999 * 300 * sizeof(float)) == 0);

	gtl_env_release(&env, scaled);
	gtl_env_release(&env, scaler.mean);
	gtl_env_release(&env, scaler.factor);
	gtl_env_release(&env, pieces.mean);
	gtl_env_release(&env, pieces.squares);
	data_release(&data);
}

/* L L' v against A v, with more columns than one block of the factorization. */
static void
test_cholesky(void)
{
	int			n = 300;
	double	   *a = gtl_env_alloc(&env, (size_t) n * n * sizeof(double));
	double		v[300],
				expected[300] = {0},
				half[300] = {0};
	double		worst = 0.0;

	for (int i = 0; i < n; i++)
	{
		v[i] = gtl_random_normal(12, GTL_STREAM_WEIGHTS, (uint64_t) i);
		for (int j = 0; j < n; j++)
			a[i * n + j] = exp(-0.01 * abs(i - j)) + (i == j ? 0.5 : 0.0);
	}
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			expected[i] += a[i * n + j] * v[j];
	CHECK(gtl_kernel_cholesky(a, n, &env));
	for (int i = 0; i < n; i++)
		for (int j = 0; j <= i; j++)
			half[j] += a[i * n + j] * v[i];
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j <= i; j++)
			expected[i] -= a[i * n + j] * half[j];
		worst = fmax(worst, fabs(expected[i]));
	}
	CHECK(worst < 1e-10);
	a[0] = -1.0;
	CHECK(!gtl_kernel_cholesky(a, n, &env));
	gtl_env_release(&env, a);
}

/* Whitening by the second moments of all rows, or of rows weighted by their curvature at w. */
static void
whiten(const GtlTrainingData *training, const double *w, bool weighted, GtlWhitening *whitening)
{
	float	   *weights = weighted ? gtl_curvature_rows(training, w, &env) : NULL;
	double		sum = 0.0;
	double		lowest = INFINITY;

	CHECK(gtl_whitening_init(whitening, training, 0.1, weights, &env));
	if (weights == NULL)
		return;
	for (int64_t i = 0; i < training->rows; i++)
	{
		sum += weights[i];
		lowest = fmin(lowest, weights[i]);
	}
	CHECK_NEAR(sum / (double) training->rows, 1.0, 1e-5);
	CHECK(lowest > 0.1 && lowest < 1.0);
	gtl_env_release(&env, weights);
}

/* The objective's value and gradient against the reference, for one shape; whitened: 2, with weights. */
static void
check_gradient(GtlAlgorithm algorithm, bool centered, int whitened)
{
	Data		data;
	GtlCandidate candidate = {algorithm, GTL_SCALING_COLUMN, 1.0, algorithm == GTL_MLP ? 5 : 0};
	GtlTrainingData training = {.shape = gtl_shape(&candidate, 4, 3), .rows = 600, .block_rows = 256};
	size_t		n = training.shape.weight_count;
	GtlObjective objective;
	GtlWhitening whitening;
	GtlScaler	scaler;
	double		w[64],
				v[64],
				g[64],
				center[64];
	double		largest,
				reference_largest = 0.0;
	Reference	reference;

	data_clouds(&data, 600, 4, 3, 1.0, 3);
	gtl_scaler_init(&scaler, GTL_SCALING_COLUMN, false, false, &data.stats, &env);
	gtl_scaler_apply(&scaler, data.features, data.set.dimension, data.features, 600);
	training.features = data.features;
	training.labels = data.labels;
	for (size_t i = 0; i < n; i++)
	{
		w[i] = (float) gtl_random_normal(5, GTL_STREAM_WEIGHTS, i);
		center[i] = gtl_random_normal(6, GTL_STREAM_WEIGHTS, i);
	}
	reference = (Reference){&training.shape, data.features, data.labels, 600, 0.1, centered ? center : NULL};
	memcpy(v, w, sizeof v);
	if (whitened)
	{
		whiten(&training, w, whitened == 2, &whitening);
		gtl_whitening_from_weights(&whitening, &training.shape.layer[0], v);
	}
	gtl_objective_init(&objective, &training, 0.1, reference.center, whitened ? &whitening : NULL, &env);
	CHECK_NEAR(gtl_objective_evaluate(&objective, v, g, &largest), reference_value(&reference, w), 1e-5);
	if (whitened)
	{
		/* back to the weights' gradient: the change of variables is linear, g_w = g_v L' */
		double		direction[64];
		double		along = 0.0,
					expected = 0.0;

		for (size_t i = 0; i < n; i++)
			direction[i] = gtl_random_normal(8, GTL_STREAM_WEIGHTS, i);
		for (size_t i = 0; i < n; i++)
			expected += direction[i] * reference_slope(&reference, w, i);
		gtl_whitening_from_weights(&whitening, &training.shape.layer[0], direction);
		for (size_t i = 0; i < n; i++)
			along += direction[i] * g[i];
		CHECK_NEAR(along, expected, 1e-4);
		gtl_whitening_release(&whitening, &env);
	}
	for (size_t i = 0; i < n; i++)
	{
		double		slope = reference_slope(&reference, w, i);

		if (!whitened)
			CHECK_NEAR(g[i], slope, 1e-5);
		reference_largest = fmax(reference_largest, fabs(slope));
	}
	CHECK_NEAR(largest, reference_largest, 1e-5);

	gtl_objective_release(&objective);
	gtl_env_release(&env, scaler.mean);
	gtl_env_release(&env, scaler.factor);
	data_release(&data);
}

/* Rows that are read in each evaluation give the same weights, bit for bit. */
static void
test_streaming(void)
{
	Data		data;
	int32_t		subset[700],
				labels[700];
	Stream		stream;
	GtlRowReader reader = {stream_read, &stream};

	data_clouds(&data, 5000, 12, 3, 2.0, 21);	/* more than one slice */
	stream = (Stream){data.features, 12, -1, 0};
	for (int i = 0; i < 700; i++)
	{
		subset[i] = 7 * i + i % 5;
		labels[i] = data.labels[subset[i]];
	}
	for (int k = 0; k < 4; k++)
	{
		GtlFitRequest request = request_for(&data, (GtlAlgorithm) (k % 2), GTL_SCALING_COLUMN, 1.0);
		GtlLabeledSet streamed = data.set;
		GtlClassifier model,
					again;
		GtlFitReport report;
		size_t		before;

		if (k >= 2)
		{
			request.subset = subset;
			request.subset_rows = 700;
		}
		gtl_classifier_fit(&request, &env, &model, &report);
		CHECK(report.iterations > 3);
		streamed.features = NULL;
		streamed.reader = &reader;
		streamed.streamed = true;
		request.set = &streamed;
		before = counters.peak = counters.bytes;
		gtl_classifier_fit(&request, &env, &again, &report);
		CHECK(counters.peak - before <= gtl_classifier_fit_memory(&request.candidate, k < 2 ? 5000 : 700, 12, 3, true));
		CHECK(memcmp(model.weights, again.weights, model.weight_count * sizeof(float)) == 0);
		gtl_classifier_release(&again, &env);
		if (k >= 2)				/* the same rows as a set of their own */
		{
			streamed.rows = 700;
			streamed.labels = labels;
			streamed.place = subset;
			request.subset = NULL;
			gtl_classifier_fit(&request, &env, &again, &report);
			CHECK(memcmp(model.weights, again.weights, model.weight_count * sizeof(float)) == 0);
			gtl_classifier_release(&again, &env);
		}
		gtl_classifier_release(&model, &env);

		for (long n = 0; n < 27; n += 13)	/* the reader fails */
		{
			long		live = counters.live;

			stream.reads = 0;
			stream.reads_allowed = n;
			gtl_classifier_fit(&request, &env, &again, &report);
			CHECK(report.outcome == GTL_FIT_INTERRUPTED && counters.live == live);
			stream.reads_allowed = counters.polls_allowed = -1;
		}
	}
	data_release(&data);
}

/* Largest slope of the reference objective at a classifier's weights. */
static double
slope_at(const Data *data, const GtlClassifier *model)
{
	GtlShape	shape = gtl_shape(&model->candidate, model->dimension, model->classes);
	float	   *scaled = gtl_env_alloc(&env, (size_t) data->set.rows * model->dimension * sizeof(float));
	Reference	reference = {&shape, scaled, data->labels, data->set.rows,
							 1.0 / (model->candidate.c * (double) data->set.rows), NULL};
	double		w[64];
	double		largest = 0.0;

	gtl_scaler_apply(&model->scaler, data->features, data->set.dimension, scaled, data->set.rows);
	for (size_t i = 0; i < model->weight_count; i++)
		w[i] = model->weights[i];
	for (size_t i = 0; i < model->weight_count; i++)
		largest = fmax(largest, fabs(reference_slope(&reference, w, i)));
	gtl_env_release(&env, scaled);
	return largest;
}

static void
test_optimum(void)
{
	Data		data;
	GtlClassifier model,
				  again,
				  warm;
	GtlFitReport report,
				 warm_report;

	data_clouds(&data, 700, 6, 4, 1.0, 31);
	for (int scaling = 0; scaling < 2; scaling++)
	{
		GtlFitRequest request = request_for(&data, GTL_SOFTMAX, (GtlScaling) scaling, 1.0);

		gtl_classifier_fit(&request, &env, &model, &report);
		CHECK(report.outcome == GTL_FIT_CONVERGED);
		CHECK(slope_at(&data, &model) <= 1.1e-4);

		gtl_classifier_fit(&request, &env, &again, &warm_report);
		CHECK(memcmp(model.weights, again.weights, model.weight_count * sizeof(float)) == 0);

		request.start = &model;
		gtl_classifier_fit(&request, &env, &warm, &warm_report);
		CHECK(warm_report.evaluations <= 3);
		CHECK_NEAR(warm_report.objective, report.objective, 1e-6);
		gtl_classifier_release(&model, &env);
		gtl_classifier_release(&again, &env);
		gtl_classifier_release(&warm, &env);
	}
	data_release(&data);
}

/* The same bits wherever in memory the work is done. */
static void
test_repeatable(GtlAlgorithm algorithm)
{
	Data		data;
	GtlClassifier model,
				  again;
	GtlFitReport report;
	GtlFitRequest request;

	data_clouds(&data, 500, 37, 5, 1.0, 35);
	request = request_for(&data, algorithm, GTL_SCALING_GLOBAL, 1.0);
	gtl_classifier_fit(&request, &env, &model, &report);
	for (counters.shift = 8; counters.shift < 64; counters.shift += 8)
	{
		gtl_classifier_fit(&request, &env, &again, &report);
		CHECK(memcmp(model.weights, again.weights, model.weight_count * sizeof(float)) == 0);
		gtl_classifier_release(&again, &env);
		if (under_valgrind())
			break;
	}
	counters.shift = 0;
	gtl_classifier_release(&model, &env);
	data_release(&data);
}

/* With a far center and a strong penalty the weights stay there. */
static void
test_center(void)
{
	Data		data,
				other;
	GtlClassifier center,
				  pulled,
				  translated;
	GtlFitReport report;
	GtlFitRequest request;
	float		p[2][3 * GTL_SCORE_BLOCK_ROWS];
	GtlScorer  *scorer;

	data_clouds(&data, 300, 5, 3, 1.0, 41);
	data_clouds(&other, 300, 5, 3, 4.0, 43);
	request = request_for(&data, GTL_SOFTMAX, GTL_SCALING_COLUMN, 1.0);
	gtl_classifier_fit(&request, &env, &center, &report);

	request = request_for(&other, GTL_SOFTMAX, GTL_SCALING_COLUMN, 1e-7);
	request.center = &center;
	gtl_classifier_fit(&request, &env, &pulled, &report);
	scorer = gtl_scorer_create(&center, center.dimension, &env);
	gtl_scorer_block(scorer, data.features, 200, NULL, NULL, p[0]);
	gtl_scorer_release(scorer, &env);
	scorer = gtl_scorer_create(&pulled, pulled.dimension, &env);
	gtl_scorer_block(scorer, data.features, 200, NULL, NULL, p[1]);
	gtl_scorer_release(scorer, &env);
	for (int i = 0; i < 600; i++)
		CHECK_NEAR(p[0][i], p[1][i], 1e-4); /* same function in spite of another scaling */

	request = request_for(&other, GTL_SOFTMAX, GTL_SCALING_COLUMN, 1.0);
	request.start = &center;
	gtl_classifier_fit(&request, &env, &translated, &report);
	CHECK(report.outcome == GTL_FIT_CONVERGED);
	CHECK(slope_at(&other, &translated) <= 1.1e-4);
	gtl_classifier_release(&center, &env);
	gtl_classifier_release(&pulled, &env);
	gtl_classifier_release(&translated, &env);
	data_release(&data);
	data_release(&other);
}

/* Fit both algorithms; everything that comes out must be finite. */
static void
check_fits(Data *data, const char *what)
{
	memset(data->stats.mean, 0, (size_t) data->set.dimension * sizeof(double));
	memset(data->stats.squares, 0, (size_t) data->set.dimension * sizeof(double));
	data->stats.count = 0;
	gtl_stats_add(&data->stats, data->features, data->set.rows);
	for (int k = 0; k < 4; k++)
	{
		GtlFitRequest request = request_for(data, (GtlAlgorithm) (k / 2), (GtlScaling) (k % 2), 1.0);
		GtlClassifier model;
		GtlFitReport report;
		GtlScorer  *scorer;
		int			n = data->set.rows < 200 ? (int) data->set.rows : 200;
		float	   *p = gtl_env_alloc(&env, (size_t) n * data->set.classes * sizeof(float));
		int32_t		best[200];
		double		margin[200];
		bool		good = true;

		if (data->set.classes > 1000 || data->set.dimension > 1000)
			request.max_iterations = under_valgrind() ? 1 : 3;
		gtl_classifier_fit(&request, &env, &model, &report);
		scorer = gtl_scorer_create(&model, model.dimension, &env);
		gtl_scorer_block(scorer, data->features, n, best, margin, p);
		for (int i = 0; i < n; i++)
		{
			good = good && best[i] >= 0 && best[i] < data->set.classes;
			good = good && margin[i] >= 0.0 && margin[i] <= 1.0;
		}
		good = good && all_finite(model.weights, model.weight_count) && isfinite(report.objective) &&
			all_finite(p, (size_t) n * data->set.classes);
		if (!good)
			fprintf(stderr, "    %s, algorithm %d, scaling %d: %s\n", what, k / 2, k % 2,
					gtl_fit_outcome_name(report.outcome));
		CHECK(good);
		gtl_env_release(&env, p);
		gtl_scorer_release(scorer, &env);
		gtl_classifier_release(&model, &env);
	}
}

static void
test_edge_cases(void)
{
	static const struct
	{
		const char *name;
		int			rows,
					dimension,
					classes;
	} shapes[] = {
		{"one row", 1, 4, 3}, {"one class", 50, 4, 1}, {"more classes than rows", 5, 3, 40}, {"one feature", 60, 1, 3}, {"one of each", 1, 1, 1}, {"16,000 features", 20, 16000, 2}, {"10,000 classes", 40, 4, 10000}};
	Data		data;

	for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++)
	{
		data_clouds(&data, shapes[k].rows, shapes[k].dimension, shapes[k].classes, 1.0, 70 + k);
		check_fits(&data, shapes[k].name);
		data_release(&data);
	}

	data_clouds(&data, 120, 6, 3, 1.0, 81);
	for (int i = 0; i < 120; i++)
		data.labels[i] = 2;
	check_fits(&data, "only the last class present");
	for (int i = 0; i < 120; i++)
	{
		float	   *row = data.features + i * 6;

		data.labels[i] = i % 2;
		row[1] = 3e38f;
		row[2] = row[3];		/* duplicate */
		row[4] *= 1e-30f;
		row[5] *= 1e30f;
	}
	check_fits(&data, "constant, duplicate, tiny and huge columns");
	for (int i = 1; i < 120; i++)
		memcpy(data.features + i * 6, data.features, 6 * sizeof(float));
	check_fits(&data, "all rows equal");
	for (int i = 0; i < 120 * 6; i++)
		data.features[i] = i % 2 ? 3.4e38f : -3.4e38f;
	check_fits(&data, "largest floats");
	data_release(&data);
}

static void
test_subset(void)
{
	Data		data,
				part;
	GtlClassifier a,
				  b;
	GtlFitReport report;
	GtlFitRequest request;
	int32_t		rows[60];

	data_clouds(&data, 120, 4, 3, 1.0, 91);
	data_init(&part, 60, 4, 3);
	for (int i = 0; i < 60; i++)
	{
		rows[i] = 2 * i + 1;
		memcpy(part.features + i * 4, data.features + rows[i] * 4, 4 * sizeof(float));
		part.labels[i] = data.labels[rows[i]];
	}
	request = request_for(&data, GTL_MLP, GTL_SCALING_COLUMN, 1.0);
	request.subset = rows;
	request.subset_rows = 60;
	gtl_classifier_fit(&request, &env, &a, &report);
	request.set = &part.set;
	request.subset = NULL;
	gtl_classifier_fit(&request, &env, &b, &report);
	CHECK(memcmp(a.weights, b.weights, a.weight_count * sizeof(float)) == 0);
	gtl_classifier_release(&b, &env);
	gtl_classifier_release(&a, &env);

	for (int n = 0; n < 2; n++)
	{
		request = request_for(&data, GTL_SOFTMAX, GTL_SCALING_COLUMN, 1.0);
		request.subset = rows;
		request.subset_rows = n;
		gtl_classifier_fit(&request, &env, &a, &report);
		CHECK(all_finite(a.weights, a.weight_count));
		gtl_classifier_release(&a, &env);
	}
	data_release(&data);
	data_release(&part);
}

static void
test_memory(void)
{
	GtlCandidate softmax = {GTL_SOFTMAX, GTL_SCALING_GLOBAL, 1.0, 0};
	GtlCandidate mlp = {GTL_MLP, GTL_SCALING_GLOBAL, 1.0, 1 << 30};
	Data		data;
	size_t		before;

	CHECK(gtl_classifier_fit_memory(&softmax, INT64_MAX, 16000, 10, false) == SIZE_MAX);
	CHECK(gtl_classifier_fit_memory(&softmax, 10, INT32_MAX, INT32_MAX, false) == SIZE_MAX);
	CHECK(gtl_classifier_fit_memory(&mlp, 10, INT32_MAX, INT32_MAX, true) == SIZE_MAX);
	CHECK(gtl_crossfit_memory(gtl_candidates, 2, INT64_MAX, 1000, 10, true) == SIZE_MAX);
	CHECK(gtl_crossfit_memory(gtl_candidates, GTL_CANDIDATE_COUNT, 1000, 64, 10, false) < 64 * 1024 * 1024);

	/* 1,536 dimensions are common, and 64 MB the server's default; more have to do without networks */
	CHECK(gtl_engine_memory(GTL_ENGINE_AUTO, NULL, NULL, 0, 1000, 1536, 0, 10, true) < 64 * 1024 * 1024);
	CHECK(gtl_engine_memory(GTL_ENGINE_SOFTMAX, NULL, NULL, 0, 100000, 4096, 0, 10, true) < 64 * 1024 * 1024);
	CHECK(gtl_engine_memory(GTL_ENGINE_AUTO, NULL, NULL, 1000, 1000, 4096, 0, 10, true) < 64 * 1024 * 1024);
	CHECK(gtl_engine_memory(GTL_ENGINE_MLP, NULL, NULL, 1000, 1000, 16000, 0, 10, true) > 256 * 1024 * 1024);
	CHECK(gtl_candidate_offered(&gtl_candidates[GTL_CANDIDATE_COUNT - 1], 256, 77));

	data_clouds(&data, 500, 30, 5, 1.0, 95);
	for (int k = 0; k < 2; k++)
	{
		GtlFitRequest request = request_for(&data, (GtlAlgorithm) k, GTL_SCALING_GLOBAL, 1.0);
		GtlClassifier model;
		GtlFitReport report;

		before = counters.peak = counters.bytes;
		gtl_classifier_fit(&request, &env, &model, &report);
		CHECK(counters.peak - before <= gtl_classifier_fit_memory(&request.candidate, 500, 30, 5, false));
		gtl_classifier_release(&model, &env);
	}
	data_release(&data);
}

static void
test_interruption(void)
{
	Data		data;
	long		polls;
	long		live;

	data_clouds(&data, 700, 8, 3, 1.0, 101);
	for (int k = 0; k < 3; k++)
	{
		GtlFitRequest request = request_for(&data, k == 1 ? GTL_MLP : GTL_SOFTMAX, GTL_SCALING_COLUMN, 1.0);
		GtlClassifier model,
					start;
		GtlFitReport report;

		request.max_iterations = k == 2 ? 3 : 0;
		gtl_classifier_fit(&request, &env, &start, &report);
		if (k == 2)
			request.start = &start;
		counters.polls = 0;
		gtl_classifier_fit(&request, &env, &model, &report);
		gtl_classifier_release(&model, &env);
		polls = counters.polls;
		live = counters.live;
		for (long n = 0; n < polls; n += n < 20 ? 1 : 13)
		{
			counters.polls = 0;
			counters.polls_allowed = n;
			gtl_classifier_fit(&request, &env, &model, &report);
			CHECK(report.outcome == GTL_FIT_INTERRUPTED);
			CHECK(counters.live == live && model.weights == NULL);
			CHECK(counters.polls - n <= 8); /* it ends soon */
		}
		counters.polls_allowed = -1;
		gtl_classifier_release(&start, &env);
	}
	data_release(&data);
}

/* ---- Interrupts ---- */

static double longest_gap;
static double last_poll;

static double
processor_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

static bool
watch_gap(void *context)
{
	double		now = processor_seconds();

	(void) context;
	longest_gap = now - last_poll > longest_gap ? now - last_poll : longest_gap;
	last_poll = now;
	return false;
}

/* The longest gap of a fit with millions of weights. */
static double
longest_gap_of(const GtlFitRequest *request)
{
	GtlEnv		watched = env;
	GtlFitReport report;
	GtlClassifier model;

	watched.interrupted = watch_gap;
	longest_gap = 0.0;
	last_poll = processor_seconds();
	gtl_classifier_fit(request, &watched, &model, &report);
	CHECK(report.iterations == request->max_iterations);
	gtl_classifier_release(&model, &env);
	return longest_gap;
}

/* env is asked at least every 100 ms of computing also then; a busy machine gets three tries. */
static void
test_polls_with_many_weights(void)
{
	static const GtlCandidate candidates[] = {{GTL_SOFTMAX, GTL_SCALING_COLUMN, 0.1, 0}, {GTL_MLP, GTL_SCALING_GLOBAL, 1.0, 64}};
	Data		data;

	if (under_valgrind())
		return;
	reset_counters(-1);
	data_clouds(&data, 700, 8000, 400, 0.5, 23);
	for (int c = 0; c < 2; c++)
	{
		GtlFitRequest request = {
			.set = &data.set,.candidate = candidates[c],.stats = &data.stats,.seed = 1,.max_iterations = 4
		};
		double		shortest = longest_gap_of(&request);

		for (int try = 1; try < 3 && shortest >= 0.1; try++)
		{
			double		gap = longest_gap_of(&request);

			shortest = gap < shortest ? gap : shortest;
		}
		CHECK_NEAR(shortest, 0.0, 0.1);
	}
	data_release(&data);
	CHECK(counters.live == 0);
}

int
main(void)
{
	reset_counters(-1);
	test_random();
	test_standardize();
	test_cholesky();
	for (int whitened = 0; whitened < 3; whitened++)
	{
		check_gradient(GTL_SOFTMAX, false, whitened);
		check_gradient(GTL_SOFTMAX, true, whitened);
		check_gradient(GTL_MLP, false, whitened);
	}
	test_streaming();
	test_optimum();
	test_repeatable(GTL_SOFTMAX);
	test_repeatable(GTL_MLP);
	test_center();
	test_edge_cases();
	test_subset();
	test_memory();
	test_interruption();
	test_polls_with_many_weights();
	CHECK(counters.live == 0);
	return CHECK_SUMMARY("test_learning");
}
