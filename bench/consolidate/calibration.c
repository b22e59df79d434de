/*
 * calibration.c
 *		How well confidences are calibrated when a crowd is thinned: for each number of answers an object, that many
 *		are drawn at random, consolidated, and the labels' confidences compared with how often they are right.
 *
 * calibration CROWD GOLD DRAWS KNOWN
 *		CROWD: lines item,worker,label; GOLD: lines item,label.  KNOWN: per cent of the objects of GOLD whose answer
 *		is told, as by gold_column; the others are judged.  Prints a row a number of answers: accuracy of the labels
 *		and of the plain majority, mean confidence, calibration error over all draws together (ten bins), its mean
 *		over single draws, and what that mean is for confidences that are exactly right: with few objects chance
 *		alone makes an error.
 *
 * calibration made-up DRAWS
 *		Crowds that are made up: the accuracy of each of the people lies anywhere in the range of the row, errors are
 *		independent, and an object has as many answers as the column says.  The largest and the mean calibration
 *		error over numbers of classes (2, 4, 10) and of people (10, 50); in brackets the mean of exact confidences.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learning/consolidate.h"
#include "learning/random.h"

#include "../driver_env.h"

#define MOST 100000
#define NAME 64
#define BINS 10

typedef struct Names
{
	char		name[MOST][NAME];
	int			count;
} Names;

static Names items;
static Names workers;
static Names labels;
static int32_t item_of[MOST];
static int32_t worker_of[MOST];
static int32_t label_of[MOST];
static int32_t truth[MOST];
static int32_t told[MOST];		/* known answers that are given; -1: none */
static int	votes;

/* Linear from the end: the files are sorted by item. */
static int
number_of(Names *names, const char *name)
{
	for (int i = names->count - 1; i >= 0; i--)
		if (strcmp(names->name[i], name) == 0)
			return i;
	snprintf(names->name[names->count], NAME, "%s", name);
	return names->count++;
}

static void
read_files(const char *crowd, const char *gold)
{
	char		item[NAME];
	char		worker[NAME];
	char		label[NAME];
	FILE	   *file = fopen(crowd, "r");

	while (file != NULL && votes < MOST && fscanf(file, " %63[^,],%63[^,],%63[^\n]", item, worker, label) == 3)
	{
		item_of[votes] = number_of(&items, item);
		worker_of[votes] = number_of(&workers, worker);
		label_of[votes++] = number_of(&labels, label);
	}
	memset(truth, -1, sizeof(truth));
	file = fopen(gold, "r");
	while (file != NULL && fscanf(file, " %63[^,],%63[^\n]", item, label) == 2)
	{
		int			known = items.count;
		int			number = number_of(&items, item);

		if (number < known)
			truth[number] = number_of(&labels, label);
		else
			items.count = known;
	}
}

/* Sums over bins of the confidence. */
typedef struct Bins
{
	double		excess[BINS];
	double		confidence;
	int64_t		right;
	int64_t		count;
} Bins;

static void
add(Bins *bins, double confidence, int right)
{
	int			bin = (int) fmin(confidence * BINS, BINS - 1);

	bins->excess[bin] += confidence - right;
	bins->confidence += confidence;
	bins->right += right;
	bins->count++;
}

static double
error_of(const Bins *bins)
{
	double		sum = 0;

	for (int b = 0; b < BINS; b++)
		sum += fabs(bins->excess[b]);
	return sum / (double) bins->count;
}

/* `answers` of each item, by the smallest random numbers; 0: all. */
static int64_t
draw(int answers, int number, int32_t *thin[3])
{
	int64_t		count = 0;

	for (int first = 0, last; first < votes; first = last)
	{
		for (last = first; last < votes && item_of[last] == item_of[first]; last++)
			;
		for (int v = first; v < last; v++)
		{
			double		mine = gtl_random_uniform(7 + number, GTL_STREAM_ANNOTATOR, v);
			int			before = 0;

			for (int o = first; o < last && answers > 0; o++)
				before += gtl_random_uniform(7 + number, GTL_STREAM_ANNOTATOR, o) < mine;
			if (answers > 0 && before >= answers)
				continue;
			thin[0][count] = item_of[v];
			thin[1][count] = worker_of[v];
			thin[2][count++] = label_of[v];
		}
	}
	return count;
}

static void
measure(int answers, int draws, int32_t *thin[3])
{
	Bins		all = {0};
	double		single = 0;
	double		chance = 0;
	int64_t		majority_right = 0;
	GtlEnv		env = (GtlEnv) {.alloc = bench_alloc,.release = bench_release};

	for (int d = 0; d < draws; d++)
	{
		GtlVotes	crowd = {.items = items.count,.annotators = workers.count,.classes = labels.count};
		GtlConsolidated result;
		GtlConsolidated majority;
		Bins		bins = {0};
		Bins		exact = {0};

		crowd.count = draw(answers, d, thin);
		crowd.item = thin[0];
		crowd.annotator = thin[1];
		crowd.label = thin[2];
		crowd.gold = told;
		gtl_consolidate(&crowd, GTL_CONSOLIDATE_AUTO, true, &env, &result);
		gtl_consolidate(&crowd, GTL_CONSOLIDATE_MAJORITY, true, &env, &majority);
		for (int i = 0; i < items.count; i++)
		{
			if (truth[i] < 0 || result.label[i] < 0 || told[i] >= 0)
				continue;
			add(&bins, result.confidence[i], result.label[i] == truth[i]);
			add(&all, result.confidence[i], result.label[i] == truth[i]);
			add(&exact, result.confidence[i], gtl_random_uniform(99 + d, GTL_STREAM_FOLD, i) < result.confidence[i]);
			majority_right += majority.label[i] == truth[i];
		}
		single += error_of(&bins) / draws;
		chance += error_of(&exact) / draws;
	}
	printf("| %s | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f |\n", answers == 0 ? "all" : (char[]) {'0' + answers, 0},
		   (double) all.right / all.count, (double) majority_right / all.count, all.confidence / all.count, error_of(&all), single, chance);
}

/* Labels of `answers` people an object, who differ: accuracies evenly from low to high. */
static void
make_up(GtlVotes *crowd, int32_t *made[3], int32_t *right, int answers, double low, double high, uint64_t seed)
{
	uint64_t	next = 0;

	crowd->count = (int64_t) crowd->items * answers;
	crowd->item = made[0];
	crowd->annotator = made[1];
	crowd->label = made[2];
	for (int64_t v = 0; v < crowd->count; v++)
	{
		int			item = (int) (v / answers);
		int			first = (int) (gtl_random_uniform(seed, GTL_STREAM_FOLD, item) * crowd->annotators);
		int			person = (int) ((first + v % answers) % crowd->annotators);
		double		accuracy = low + (high - low) * gtl_random_uniform(seed, GTL_STREAM_WEIGHTS, person);

		if (v % answers == 0)
			right[item] = (int) (gtl_random_uniform(seed, GTL_STREAM_ANNOTATOR, next++) * crowd->classes);
		made[0][v] = item;
		made[1][v] = person;
		made[2][v] = right[item];
		if (gtl_random_uniform(seed, GTL_STREAM_ANNOTATOR, next++) >= accuracy)
			made[2][v] = (right[item] + 1 + (int) (gtl_random_uniform(seed, GTL_STREAM_ANNOTATOR, next++) * (crowd->classes - 1))) % crowd->classes;
	}
}

static void
judge_made_up(int answers, double low, double high, int objects, int draws, int32_t *made[3])
{
	static const int classes[] = {2, 4, 10};
	static const int people[] = {10, 50};
	static int32_t right[2000];
	GtlEnv		env = (GtlEnv) {.alloc = bench_alloc,.release = bench_release};
	double		most = 0;
	double		sum = 0;
	double		chance = 0;

	for (int cell = 0; cell < 6; cell++)
	{
		Bins		all = {0};
		Bins		exact = {0};
		int64_t		majority_right = 0;

		for (int d = 0; d < draws; d++)
		{
			GtlVotes	crowd = {.items = objects,.annotators = people[cell / 3],.classes = classes[cell % 3]};
			GtlConsolidated result;
			GtlConsolidated majority;

			make_up(&crowd, made, right, answers, low, high, 1000 * d + cell);
			gtl_consolidate(&crowd, GTL_CONSOLIDATE_AUTO, true, &env, &result);
			gtl_consolidate(&crowd, GTL_CONSOLIDATE_MAJORITY, true, &env, &majority);
			for (int i = 0; i < crowd.items; i++)
			{
				add(&all, result.confidence[i], result.label[i] == right[i]);
				add(&exact, result.confidence[i], gtl_random_uniform(99 + d, GTL_STREAM_FOLD, i) < result.confidence[i]);
				majority_right += majority.label[i] == right[i];
			}
		}
		most = fmax(most, error_of(&all));
		sum += error_of(&all) / 6;
		chance += error_of(&exact) / 6;
		if (getenv("GTL_VERBOSE") != NULL)
			fprintf(stderr, "%d answers, %g to %g, %d classes, %d objects, %d people: right %.3f, majority %.3f, confidence %.3f, error %.3f\n", answers, low, high,
					classes[cell % 3], objects, people[cell / 3], (double) all.right / all.count,
					(double) majority_right / all.count, all.confidence / all.count, error_of(&all));
	}
	printf(" %.3f, %.3f (%.3f) |", most, sum, chance);
}

static int
made_up(int draws, int32_t *made[3])
{
	static const double ranges[][2] = {{0.6, 0.6}, {0.7, 0.7}, {0.8, 0.8}, {0.9, 0.9}, {0.95, 0.95}, {0.6, 0.95}, {0.5, 1}};
	static const int answers[] = {2, 3, 4, 5, 7};

	printf("| objects | accuracy |");
	for (int a = 0; a < 5; a++)
		printf(" %d answers |", answers[a]);
	printf("\n| --- | --- | --- | --- | --- | --- | --- |\n");
	for (int r = 0; r < 14; r++)
	{
		const double *range = ranges[r % 7];
		int			objects = r < 7 ? 2000 : 200;

		printf("| %d | %g to %g |", objects, range[0], range[1]);
		for (int a = 0; a < 5; a++)
			judge_made_up(answers[a], range[0], range[1], objects, draws, made);
		printf("\n");
		fflush(stdout);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static const int answers[] = {1, 2, 3, 4, 5, 7, 0};
	int32_t    *thin[3] = {malloc(sizeof(item_of)), malloc(sizeof(item_of)), malloc(sizeof(item_of))};

	if (argc == 3)
		return made_up(atoi(argv[2]), thin);
	if (argc != 5)
		return 2;
	read_files(argv[1], argv[2]);
	for (int i = 0; i < items.count; i++)
		told[i] = truth[i] >= 0 && 100 * gtl_random_uniform(5, GTL_STREAM_FOLD, i) < atoi(argv[4]) ? truth[i] : -1;
	printf("| answers an object | right | by majority | mean confidence | calibration error | of single draws | of exact ones |\n"
		   "| --- | --- | --- | --- | --- | --- | --- |\n");
	for (int a = 0; a < (int) (sizeof(answers) / sizeof(answers[0])); a++)
		measure(answers[a], answers[a] == 0 ? 1 : atoi(argv[3]), thin);
	return 0;
}
