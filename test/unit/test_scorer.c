/*
 * test_scorer.c
 *		Scores, margins, model bytes, and accuracy on real data.
 *
 * The only argument is the folder of the real data; without it that test is left out.
 */
#include "learning_fixture.h"

static void
test_scorer(GtlAlgorithm algorithm, int dimension, int classes)
{
	Data		data;
	GtlClassifier model;
	GtlFitReport report;
	GtlFitRequest request;
	GtlScorer  *scorer;
	float	   *p[2];
	float	   *moved;
	int32_t		best[2][GTL_SCORE_BLOCK_ROWS];
	double		margin[2][GTL_SCORE_BLOCK_ROWS];
	bool		same = true,
				sums = true,
				consistent = true;

	data_clouds(&data, GTL_SCORE_BLOCK_ROWS, dimension, classes, 0.7, 51);
	request = request_for(&data, algorithm, GTL_SCALING_GLOBAL, 10.0);
	request.max_iterations = 15;
	gtl_classifier_fit(&request, &env, &model, &report);
	scorer = gtl_scorer_create(&model, model.dimension, &env);
	for (int k = 0; k < 2; k++)
		p[k] = gtl_env_alloc(&env, (size_t) GTL_SCORE_BLOCK_ROWS * classes * sizeof(float));
	gtl_scorer_block(scorer, data.features, GTL_SCORE_BLOCK_ROWS, best[0], margin[0], p[0]);

	/* each row alone, then every row after a cyclic shift */
	for (int i = 0; i < GTL_SCORE_BLOCK_ROWS; i += 5)
	{
		gtl_scorer_block(scorer, data.features + (size_t) i * dimension, 1, best[1], margin[1], p[1]);
		same = same && best[1][0] == best[0][i] && margin[1][0] == margin[0][i] &&
			memcmp(p[1], p[0] + (size_t) i * classes, (size_t) classes * sizeof(float)) == 0;
	}
	moved = gtl_env_alloc(&env, (size_t) 2 * GTL_SCORE_BLOCK_ROWS * dimension * sizeof(float));
	for (int k = 0; k < 2; k++)
		memcpy(moved + (size_t) k * GTL_SCORE_BLOCK_ROWS * dimension, data.features,
			   (size_t) GTL_SCORE_BLOCK_ROWS * dimension * sizeof(float));
	for (int shift = 1; shift < GTL_SCORE_BLOCK_ROWS; shift += 37)
	{
		gtl_scorer_block(scorer, moved + (size_t) shift * dimension, GTL_SCORE_BLOCK_ROWS,
						 best[1], margin[1], p[1]);
		for (int i = 0; i < GTL_SCORE_BLOCK_ROWS; i++)
			same = same && margin[1][i] == margin[0][(i + shift) % GTL_SCORE_BLOCK_ROWS];
	}
	CHECK(same);

	for (int i = 0; i < GTL_SCORE_BLOCK_ROWS; i++)
	{
		const float *row = p[0] + (size_t) i * classes;
		double		sum = 0.0;
		double		second = 0.0;

		for (int c = 0; c < classes; c++)
		{
			sum += row[c];
			if (c != best[0][i] && row[c] > second)
				second = row[c];
		}
		sums = sums && fabs(sum - 1.0) < 1e-5;
		consistent = consistent && margin[0][i] >= 0.0 &&
			fabs(margin[0][i] - (row[best[0][i]] - second)) < 1e-6;
	}
	CHECK(sums);
	CHECK(consistent);

	/* all scores equal: the lowest class, no margin (one class: certain) */
	memset(model.weights, 0, model.weight_count * sizeof(float));
	gtl_scorer_block(scorer, data.features, 3, best[1], margin[1], NULL);
	CHECK(best[1][0] == 0);
	CHECK(margin[1][0] == (classes == 1 ? 1.0 : 0.0));

	gtl_env_release(&env, p[0]);
	gtl_env_release(&env, p[1]);
	gtl_env_release(&env, moved);
	gtl_scorer_release(scorer, &env);
	gtl_classifier_release(&model, &env);
	data_release(&data);
}

/* Probabilities against exp() in double, and margins that do not saturate. */
static void
test_probabilities(void)
{
	float		weights[4] = {1.0f, 0.0f, 0.0f, 0.0f};	/* scores x and 0 */
	double		mean = 0.0,
				factor = 1.0;
	GtlClassifier model = {
		.candidate = {GTL_SOFTMAX, GTL_SCALING_GLOBAL, 1.0, 0},
		.dimension = 1,
		.classes = 2,
		.scaler = {GTL_SCALING_GLOBAL, 1, &mean, &factor},
		.weight_count = 4,
		.weights = weights};
	GtlScorer  *scorer = gtl_scorer_create(&model, model.dimension, &env);
	float		x[200],
				p[400];
	double		margin[200];
	bool		right = true,
				rising = true;

	for (int i = 0; i < 200; i++)
		x[i] = (float) i * 0.17f;
	gtl_scorer_block(scorer, x, 200, NULL, margin, p);
	for (int i = 0; i < 200; i++)
	{
		double		expected = exp(-(double) x[i]) / (1.0 + exp(-(double) x[i]));

		right = right && fabs(p[2 * i + 1] / expected - 1.0) < 1e-6;
		rising = rising && (i == 0 || margin[i] > margin[i - 1]);
	}
	CHECK(right);
	CHECK(rising);
	gtl_scorer_release(scorer, &env);
}

static void
test_serialization(GtlAlgorithm algorithm)
{
	Data		data;
	GtlClassifier model,
				  copy;
	GtlFitReport report;
	GtlFitRequest request;
	const char *reason;
	uint8_t    *bytes,
			   *damaged;
	size_t		size;
	int			accepted = 0;

	data_clouds(&data, 90, 4, 3, 1.0, 61);
	request = request_for(&data, algorithm, GTL_SCALING_COLUMN, 1.0);
	gtl_classifier_fit(&request, &env, &model, &report);
	bytes = gtl_classifier_serialize(&model, &env, &size);
	CHECK(gtl_classifier_deserialize(bytes, size, &env, &copy, &reason));
	CHECK(copy.candidate.algorithm == algorithm && copy.candidate.c == 1.0 && copy.classes == 3);
	CHECK(memcmp(copy.weights, model.weights, model.weight_count * sizeof(float)) == 0);
	CHECK(memcmp(copy.scaler.mean, model.scaler.mean, 4 * sizeof(double)) == 0);
	CHECK(memcmp(copy.scaler.factor, model.scaler.factor, 4 * sizeof(double)) == 0);
	gtl_classifier_release(&copy, &env);

	for (size_t length = 0; length < size; length++)
	{
		damaged = malloc(length > 0 ? length : 1);	/* exact size: valgrind sees a read behind it */
		memcpy(damaged, bytes, length);
		reason = NULL;
		accepted += gtl_classifier_deserialize(damaged, length, &env, &copy, &reason);
		if (reason == NULL)
			accepted++;
		free(damaged);
	}
	CHECK(accepted == 0);

	for (uint64_t k = 0; k < 4000; k++)
	{
		uint64_t	bit = gtl_random_bits(62, GTL_STREAM_AUDIT, k) % (8 * size);

		bytes[bit / 8] ^= (uint8_t) (1u << (bit % 8));
		accepted += gtl_classifier_deserialize(bytes, size, &env, &copy, &reason);
		bytes[bit / 8] ^= (uint8_t) (1u << (bit % 8));
	}
	CHECK(accepted == 0);
	bytes[8] = 2;				/* version */
	CHECK(!gtl_classifier_deserialize(bytes, size, &env, &copy, &reason));
	CHECK(strstr(reason, "version") != NULL);

	/* weights that are not finite, with a right checksum */
	model.weights[1] = (float) HUGE_VAL;
	gtl_env_release(&env, bytes);
	bytes = gtl_classifier_serialize(&model, &env, &size);
	CHECK(!gtl_classifier_deserialize(bytes, size, &env, &copy, &reason));
	CHECK(strstr(reason, "finite") != NULL);
	gtl_env_release(&env, bytes);
	gtl_classifier_release(&model, &env);
	data_release(&data);
}

#define OPTDIGITS_ROWS 5620
#define OPTDIGITS_TRAINING 1000

/* The rows of optdigits in COPY format; false: no such file. */
static bool
read_optdigits(const char *folder, Data *data)
{
	char		command[1024];
	char		line[2048];
	FILE	   *pipe;
	int			rows = 0;

	snprintf(command, sizeof command, "gzip -dc '%s/optdigits.copy.gz' 2>/dev/null", folder);
	pipe = popen(command, "r");
	data_init(data, OPTDIGITS_ROWS, 64, 10);
	while (pipe != NULL && rows < OPTDIGITS_ROWS && fgets(line, sizeof line, pipe) != NULL)
	{
		char	   *at = strchr(line, '{');

		for (int j = 0; j < 64; j++)
			data->features[rows * 64 + j] = strtof(at + 1, &at);
		data->labels[rows++] = atoi(at + 1);
	}
	if (pipe != NULL)
		pclose(pipe);
	gtl_stats_add(&data->stats, data->features, rows);
	return rows == OPTDIGITS_ROWS;
}

/* The file is in order of writers: shuffle. */
static void
shuffle(Data *data)
{
	size_t		size = (size_t) data->set.dimension * sizeof(float);
	float		row[64];

	for (int64_t i = data->set.rows - 1; i > 0; i--)
	{
		int64_t		j = (int64_t) (gtl_random_bits(131, GTL_STREAM_FOLD, (uint64_t) i) % (uint64_t) (i + 1));
		int32_t		label = data->labels[i];

		data->labels[i] = data->labels[j];
		data->labels[j] = label;
		memcpy(row, data->features + i * 64, size);
		memcpy(data->features + i * 64, data->features + j * 64, size);
		memcpy(data->features + j * 64, row, size);
	}
}

static double
error_rate(const Data *data, const GtlClassifier *model, int64_t from)
{
	GtlScorer  *scorer = gtl_scorer_create(model, model->dimension, &env);
	int32_t		best[GTL_SCORE_BLOCK_ROWS];
	int			wrong = 0;

	for (int64_t at = from; at < data->set.rows; at += GTL_SCORE_BLOCK_ROWS)
	{
		int64_t		left = data->set.rows - at;
		int			n = left < GTL_SCORE_BLOCK_ROWS ? (int) left : GTL_SCORE_BLOCK_ROWS;

		gtl_scorer_block(scorer, data->features + at * data->set.dimension, n, best, NULL, NULL);
		for (int i = 0; i < n; i++)
			wrong += best[i] != data->labels[at + i];
	}
	gtl_scorer_release(scorer, &env);
	return (double) wrong / (double) (data->set.rows - from);
}

/* Test error after 1,000 labels; a little above what was measured. */
static void
test_optdigits(const char *folder)
{
	static const double bound[2] = {0.055, 0.045};
	Data		data;

	if (!read_optdigits(folder, &data))
		fprintf(stderr, "test_scorer: no optdigits.copy.gz in %s, accuracy not tested\n", folder);
	else
	{
		shuffle(&data);
		for (int k = 0; k < 2; k++)
		{
			GtlFitRequest request = request_for(&data, (GtlAlgorithm) k, GTL_SCALING_GLOBAL, 1.0);
			GtlLabeledSet training = data.set;
			GtlClassifier model;
			GtlFitReport report;

			training.rows = OPTDIGITS_TRAINING;
			request.set = &training;
			if (k == 1)
				request.candidate.hidden = 64;
			if (under_valgrind())
				request.max_iterations = 30;
			gtl_classifier_fit(&request, &env, &model, &report);
			CHECK(error_rate(&data, &model, OPTDIGITS_TRAINING) < bound[k]);
			gtl_classifier_release(&model, &env);
		}
	}
	data_release(&data);
}

int
main(int argc, char **argv)
{
	reset_counters(-1);
	test_scorer(GTL_SOFTMAX, 6, 3);
	test_scorer(GTL_SOFTMAX, 70, 11);
	test_scorer(GTL_MLP, 13, 5);
	test_scorer(GTL_SOFTMAX, 3, 1);
	test_probabilities();
	test_serialization(GTL_SOFTMAX);
	test_serialization(GTL_MLP);
	test_optdigits(argc > 1 ? argv[1] : "examples/data");
	CHECK(counters.live == 0);
	return CHECK_SUMMARY("test_scorer");
}
