/*
 * driver.c
 *		Bench of the classifiers: fits and scores a dataset, prints milliseconds of
 *		processor time.
 *
 * driver fit FILE ROWS ALGORITHM C HIDDEN REPEAT
 *		the first ROWS rows, one scaling for all columns: prints median cold
 *		milliseconds, iterations, objective; then the same for a refit that starts
 *		at the model of ROWS / 1.1 rows.
 * driver score FILE ROWS ALGORITHM C HIDDEN REPEAT
 *		fits the first ROWS rows and scores all: prints median milliseconds.
 *
 * driver stop DIMENSION CLASSES
 *		fits softmax to 300 made-up rows, four iterations, and prints the most milliseconds between two looks at
 *		whether to stop: until the fit is done, and with the release of its memory.
 *
 * FILE: int32 rows, dimension, classes; float features; int32 labels; native order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "learning/classifier.h"

#include "../driver_env.h"

#define MAX_REPEAT 99

static const GtlEnv env = {.alloc = bench_alloc, .release = bench_release};

static double
milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return 1e3 * t.tv_sec + 1e-6 * t.tv_nsec;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

static double
median(double *x, int n)
{
	qsort(x, n, sizeof(double), compare_doubles);
	return x[n / 2];
}

static void
read_or_die(void *to, size_t size, size_t count, FILE *file)
{
	if (fread(to, size, count, file) != count)
	{
		fprintf(stderr, "driver: the data file is too short\n");
		exit(1);
	}
}

static GtlLabeledSet
read_set(const char *name)
{
	FILE	   *file = fopen(name, "rb");
	int32_t		head[3];
	float	   *features;
	int32_t    *labels;

	if (file == NULL)
	{
		perror(name);
		exit(1);
	}
	read_or_die(head, sizeof(int32_t), 3, file);
	features = bench_alloc(NULL, (size_t) head[0] * head[1] * sizeof(float));
	labels = bench_alloc(NULL, (size_t) head[0] * sizeof(int32_t));
	read_or_die(features, sizeof(float), (size_t) head[0] * head[1], file);
	read_or_die(labels, sizeof(int32_t), head[0], file);
	fclose(file);
	return (GtlLabeledSet){head[0], head[1], head[2], features, labels};
}

/* ---- Time between two looks at env ---- */

static double last_look;
static double longest;

static bool
look(void *context)
{
	double		now = milliseconds();

	(void) context;
	longest = now - last_look > longest ? now - last_look : longest;
	last_look = now;
	return false;
}

/* Clears large blocks in pieces, as a backend does. */
static void *
alloc_in_pieces(void *context, size_t size)
{
	const size_t most = (size_t) 8 * 1024 * 1024;
	char	   *block = malloc(size > 0 ? size : 1);

	if (block == NULL)
		abort();
	for (size_t from = 0; from < size; from += most)
	{
		(void) look(context);
		memset(block + from, 0, size - from < most ? size - from : most);
	}
	return block;
}

static void
bench_stop(int dimension, int classes)
{
	const GtlEnv watched = {.alloc = alloc_in_pieces, .release = bench_release, .interrupted = look};
	GtlLabeledSet set = {.rows = 300, .dimension = dimension, .classes = classes};
	float	   *features = bench_alloc(NULL, (size_t) set.rows * dimension * sizeof(float));
	int32_t    *labels = bench_alloc(NULL, (size_t) set.rows * sizeof(int32_t));
	GtlFeatureStats stats;
	GtlFitRequest request = {
		.set = &set, .stats = &stats, .candidate = {GTL_SOFTMAX, GTL_SCALING_GLOBAL, 1.0},
		.max_iterations = 4, .gradient_tolerance = 1e-12
	};
	GtlClassifier model;
	GtlFitReport report;
	double		before_release;

	for (size_t i = 0; i < (size_t) set.rows * dimension; i++)
		features[i] = (float) (i * 7919 % 1000) / 500.0f - 1.0f;
	for (int i = 0; i < set.rows; i++)
		labels[i] = i % classes;
	set.features = features;
	set.labels = labels;
	gtl_stats_init(&stats, dimension, &env);
	gtl_stats_add(&stats, features, set.rows);
	last_look = milliseconds();
	gtl_classifier_fit(&request, &watched, &model, &report);
	before_release = longest;
	(void) look(NULL);
	printf("%.0f %.0f\n", before_release, longest);
}

/* Fit `repeat` times; the last model is kept. */
static void
bench_fit(const GtlFitRequest *request, int repeat, GtlClassifier *model)
{
	double		times[MAX_REPEAT];
	GtlFitReport report;

	for (int i = 0; i < repeat; i++)
	{
		double		start = milliseconds();

		if (i > 0)
			gtl_classifier_release(model, &env);
		gtl_classifier_fit(request, &env, model, &report);
		times[i] = milliseconds() - start;
	}
	printf("%.3f %d %.9f\n", median(times, repeat), report.iterations, report.objective);
}

static void
bench_score(const GtlLabeledSet *set, const GtlClassifier *model, int repeat)
{
	GtlScorer  *scorer = gtl_scorer_create(model, model->dimension, &env);
	double		times[MAX_REPEAT];
	int32_t		best[GTL_SCORE_BLOCK_ROWS];
	double		margin[GTL_SCORE_BLOCK_ROWS];

	for (int i = 0; i < repeat; i++)
	{
		double		start = milliseconds();

		for (int64_t at = 0; at < set->rows; at += GTL_SCORE_BLOCK_ROWS)
		{
			int64_t		left = set->rows - at;
			int			n = left < GTL_SCORE_BLOCK_ROWS ? (int) left : GTL_SCORE_BLOCK_ROWS;

			gtl_scorer_block(scorer, set->features + at * set->dimension, n, best, margin, NULL);
		}
		times[i] = milliseconds() - start;
	}
	printf("%.3f\n", median(times, repeat));
	gtl_scorer_release(scorer, &env);
}

int
main(int argc, char **argv)
{
	GtlLabeledSet all;
	GtlLabeledSet part;
	GtlFeatureStats stats;
	GtlClassifier model,
				  start;
	GtlFitReport report;
	GtlFitRequest request = {.set = &part, .stats = &stats, .seed = 1};
	int			repeat;

	if (argc == 4 && strcmp(argv[1], "stop") == 0)
	{
		bench_stop(atoi(argv[2]), atoi(argv[3]));
		return 0;
	}
	if (argc != 8 || (repeat = atoi(argv[7])) < 1 || repeat > MAX_REPEAT)
	{
		fprintf(stderr, "usage: driver fit|score FILE ROWS ALGORITHM C HIDDEN REPEAT, or driver stop DIMENSION CLASSES\n");
		return 2;
	}
	all = part = read_set(argv[2]);
	part.rows = atoll(argv[3]);
	request.candidate = (GtlCandidate){strcmp(argv[4], "mlp") == 0 ? GTL_MLP : GTL_SOFTMAX,
									   GTL_SCALING_GLOBAL, atof(argv[5]), atoi(argv[6])};
	gtl_stats_init(&stats, all.dimension, &env);
	gtl_stats_add(&stats, all.features, all.rows);

	if (strcmp(argv[1], "fit") == 0)
	{
		bench_fit(&request, repeat, &model);
		gtl_classifier_release(&model, &env);
		part.rows = part.rows * 10 / 11;
		gtl_classifier_fit(&request, &env, &start, &report);
		part.rows = atoll(argv[3]);
		request.start = &start;
		bench_fit(&request, repeat, &model);
	}
	else
	{
		gtl_classifier_fit(&request, &env, &model, &report);
		bench_score(&all, &model, repeat);
	}
	return 0;
}
