/*
 * driver.c
 *		Bench of gtl_consolidate: a made-up crowd, written out for the peer, and
 *		the time and memory of Dawid-Skene on it.
 *
 * driver make VOTES CLASSES ITEMS ANNOTATORS FILE
 *		int32 item[VOTES], annotator[VOTES], label[VOTES], in native byte order.
 *		Annotator a is right with probability 0.5 .. 0.95, else answers any class.
 * driver run VOTES CLASSES ITEMS ANNOTATORS FILE RUNS [LABELS]
 *		prints iterations, median CPU seconds, estimated and peak megabytes; writes
 *		the labels found.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "learning/random.h"
#include "learning/consolidate.h"

#include "../driver_env.h"

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

static double
peak_megabytes(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss / 1024.0;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

static void
make_crowd(GtlVotes *votes, int32_t *all)
{
	for (int64_t v = 0; v < votes->count; v++)
	{
		int32_t		item = (int32_t) (gtl_random_bits(1, GTL_STREAM_ANNOTATOR, 4 * v) % votes->items);
		int32_t		annotator = (int32_t) (gtl_random_bits(1, GTL_STREAM_ANNOTATOR, 4 * v + 1) %
										   votes->annotators);
		int32_t		label = (int32_t) (gtl_random_bits(2, GTL_STREAM_FOLD, item) % votes->classes);
		double		skill = 0.5 + 0.45 * gtl_random_uniform(3, GTL_STREAM_FOLD, annotator);

		if (gtl_random_uniform(1, GTL_STREAM_ANNOTATOR, 4 * v + 2) > skill)
			label = (int32_t) (gtl_random_bits(1, GTL_STREAM_ANNOTATOR, 4 * v + 3) % votes->classes);
		all[v] = item;
		all[votes->count + v] = annotator;
		all[2 * votes->count + v] = label;
	}
}

static void
transfer(const char *path, const char *mode, void *data, size_t count)
{
	FILE	   *file = fopen(path, mode);
	size_t		moved = 0;

	if (file != NULL && mode[0] == 'r')
		moved = fread(data, sizeof(int32_t), count, file);
	else if (file != NULL)
		moved = fwrite(data, sizeof(int32_t), count, file);
	if (moved != count || fclose(file) != 0)
	{
		perror(path);
		exit(1);
	}
}

static void
run(const GtlVotes *votes, int runs, const char *labels)
{
	GtlEnv		env = {.alloc = bench_alloc, .release = bench_release};
	double	   *seconds = bench_alloc(NULL, (size_t) runs * sizeof(double));
	double		before = peak_megabytes();
	int			iterations = 0;

	for (int r = 0; r < runs; r++)
	{
		GtlConsolidated result;
		double		start = now();

		gtl_consolidate(votes, GTL_CONSOLIDATE_DAWID_SKENE, true, &env, &result);
		seconds[r] = now() - start;
		iterations = result.iterations;
		if (labels != NULL)
			transfer(labels, "wb", result.label, votes->items);
		free(result.label);
		free(result.confidence);
		free(result.confusion);
	}
	qsort(seconds, runs, sizeof(double), compare_doubles);
	printf("%d %.4f %.1f %.1f\n", iterations, seconds[runs / 2],
		   gtl_consolidate_memory(GTL_CONSOLIDATE_DAWID_SKENE, votes->count, votes->items, votes->annotators, votes->classes) / 1048576.0,
		   peak_megabytes() - before);
	free(seconds);
}

int
main(int argc, char **argv)
{
	GtlVotes	votes = {0};
	int32_t    *all;

	if (argc < 7)
	{
		fprintf(stderr, "usage: driver make|run VOTES CLASSES ITEMS ANNOTATORS FILE [RUNS [LABELS]]\n");
		return 1;
	}
	votes.count = atoll(argv[2]);
	votes.classes = atoi(argv[3]);
	votes.items = atoi(argv[4]);
	votes.annotators = atoi(argv[5]);
	all = bench_alloc(NULL, (size_t) votes.count * 3 * sizeof(int32_t));
	votes.item = all;
	votes.annotator = all + votes.count;
	votes.label = all + 2 * votes.count;
	if (strcmp(argv[1], "make") == 0)
	{
		make_crowd(&votes, all);
		transfer(argv[6], "wb", all, (size_t) votes.count * 3);
	}
	else
	{
		transfer(argv[6], "rb", all, (size_t) votes.count * 3);
		run(&votes, argc > 7 ? atoi(argv[7]) : 1, argc > 8 ? argv[8] : NULL);
	}
	free(all);
	return 0;
}
