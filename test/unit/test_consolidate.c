/*
 * test_consolidate.c
 *		From several people's answers to one label: published solutions, a plain
 *		implementation beside the fast one, and the edges.
 *
 * argv[1]: a folder with NAME_crowd.csv.gz and NAME_reference.csv.gz or
 * NAME_gold.csv.gz of anesthesia, bluebirds and adult2.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "learning/random.h"
#include "check.h"
#include "learning/consolidate.h"

static int64_t held;			/* bytes */
static int64_t most_held;
static int	polls;
static int	polls_allowed = -1; /* -1: all */
static int64_t last_done;

/* The size of a block is kept in front of it, 8 bytes off the usual alignment. */
static void *
test_alloc(void *context, size_t size)
{
	int64_t    *block = calloc(1, size + 24);

	(void) context;
	block[0] = (int64_t) size;
	held += (int64_t) size;
	if (held > most_held)
		most_held = held;
	return block + 1;
}

static void
test_release(void *context, void *pointer)
{
	int64_t    *block = (int64_t *) pointer - 1;

	(void) context;
	held -= block[0];
	free(block);
}

static bool
test_interrupted(void *context)
{
	(void) context;
	return polls_allowed >= 0 && polls++ >= polls_allowed;
}

static void
test_progress(void *context, const char *phase, int64_t done, int64_t total)
{
	(void) context;
	if (strcmp(phase, "consolidating") == 0 && done <= total && done == last_done + 1)
		last_done = done;
}

static const GtlEnv env = {test_alloc, test_release, test_interrupted, test_progress, NULL};

static void
release(GtlConsolidated *result)
{
	gtl_env_release(&env, result->label);
	gtl_env_release(&env, result->confidence);
	gtl_env_release(&env, result->doubt);
	gtl_env_release(&env, result->tied);
	gtl_env_release(&env, result->accuracy);
	gtl_env_release(&env, result->confusion);
	memset(result, 0, sizeof(*result));
}

static double
uniform(void)
{
	static uint64_t draws;

	return gtl_random_uniform(20240608, GTL_STREAM_ANNOTATOR, draws++);
}

static int
below(int limit)
{
	return (int) (uniform() * limit);
}

/* ---- Crowds from files ---- */

enum
{
	NAME_SIZE = 24,
	NAMES = 32768
};

/* Names by number, in the order of their first appearance. */
typedef struct Names
{
	int			count;
	int			slots[NAMES];	/* hash table of number + 1 */
	char		name[NAMES / 2][NAME_SIZE];
} Names;

static int
name_number(Names *names, const char *name)
{
	uint32_t	hash = 2166136261u;

	for (const char *c = name; *c != '\0'; c++)
		hash = (hash ^ (unsigned char) *c) * 16777619u;
	for (hash %= NAMES; names->slots[hash] > 0; hash = (hash + 1) % NAMES)
	{
		if (strcmp(names->name[names->slots[hash] - 1], name) == 0)
			return names->slots[hash] - 1;
	}
	snprintf(names->name[names->count], NAME_SIZE, "%s", name);
	names->slots[hash] = ++names->count;
	return names->count - 1;
}

typedef struct Crowd
{
	GtlVotes	votes;
	int32_t    *all;			/* item, annotator, label */
	int32_t    *truth;			/* [items]: reference label or -1 */
	double	   *p;				/* [items]: its probability */
	Names	   *items;
	Names	   *workers;
	Names	   *labels;
} Crowd;

static FILE *
open_table(const char *folder, const char *name, const char *kind)
{
	char		path[512];
	char		command[600];
	char		header[256];
	FILE	   *file;

	snprintf(path, sizeof(path), "%s/%s_%s.csv.gz", folder, name, kind);
	if (access(path, R_OK) != 0)
		return NULL;
	snprintf(command, sizeof(command), "gzip -dc '%s'", path);
	file = popen(command, "r");
	if (file != NULL && fgets(header, sizeof(header), file) == NULL)
		header[0] = '\0';
	return file;
}

/* Number the labels in the order of their names instead. */
static void
sort_labels(Names *names, int32_t *label, int64_t n)
{
	Names	   *sorted = calloc(1, sizeof(Names));
	int			rank[64];

	for (int place = 0; place < names->count; place++)
	{
		for (int i = 0; i < names->count; i++)
		{
			rank[i] = 0;
			for (int j = 0; j < names->count; j++)
				rank[i] += strcmp(names->name[j], names->name[i]) < 0;
			if (rank[i] == place)
				name_number(sorted, names->name[i]);
		}
	}
	for (int64_t v = 0; v < n; v++)
		label[v] = rank[label[v]];
	*names = *sorted;
	free(sorted);
}

/* False: no such file. */
static bool
read_crowd(const char *folder, const char *name, Crowd *crowd)
{
	FILE	   *file = open_table(folder, name, "crowd");
	char		item[NAME_SIZE];
	char		worker[NAME_SIZE];
	char		label[NAME_SIZE];
	int64_t		n = 0;
	enum
	{
		MOST = 100000
	};

	if (file == NULL)
		return false;
	memset(crowd, 0, sizeof(*crowd));
	crowd->all = calloc(3 * MOST, sizeof(int32_t));
	crowd->items = calloc(1, sizeof(Names));
	crowd->workers = calloc(1, sizeof(Names));
	crowd->labels = calloc(1, sizeof(Names));
	for (; n < MOST && fscanf(file, " %23[^,],%23[^,],%23[^\n]", item, worker, label) == 3; n++)
	{
		crowd->all[n] = name_number(crowd->items, item);
		crowd->all[MOST + n] = name_number(crowd->workers, worker);
		crowd->all[2 * MOST + n] = name_number(crowd->labels, label);
	}
	pclose(file);
	sort_labels(crowd->labels, crowd->all + 2 * MOST, n);
	crowd->votes.count = n;
	crowd->votes.items = crowd->items->count;
	crowd->votes.annotators = crowd->workers->count;
	crowd->votes.classes = crowd->labels->count;
	crowd->votes.item = crowd->all;
	crowd->votes.annotator = crowd->all + MOST;
	crowd->votes.label = crowd->all + 2 * MOST;
	return true;
}

static bool
read_required(const char *folder, const char *name, Crowd *crowd)
{
	bool		found = read_crowd(folder, name, crowd);

	CHECK(found);
	return found;
}

static void
read_truth(const char *folder, const char *name, const char *kind, Crowd *crowd)
{
	FILE	   *file = open_table(folder, name, kind);
	char		item[NAME_SIZE];
	char		rest[NAME_SIZE];

	crowd->truth = malloc(crowd->votes.items * sizeof(int32_t));
	crowd->p = calloc(crowd->votes.items, sizeof(double));
	for (int i = 0; i < crowd->votes.items; i++)
		crowd->truth[i] = -1;
	CHECK(file != NULL);
	if (file == NULL)
		return;
	while (fscanf(file, " %23[^,],%23[^\n]", item, rest) == 2)
	{
		char	   *comma = strchr(rest, ',');
		int			number;

		if (comma != NULL)
			*comma = '\0';
		number = name_number(crowd->items, item);
		if (number < crowd->votes.items)	/* gold without answers is none here */
		{
			crowd->truth[number] = name_number(crowd->labels, rest);
			crowd->p[number] = comma != NULL ? atof(comma + 1) : 1;
		}
	}
	pclose(file);
}

static void
free_crowd(Crowd *crowd)
{
	free(crowd->all);
	free(crowd->truth);
	free(crowd->p);
	free(crowd->items);
	free(crowd->workers);
	free(crowd->labels);
}

static double
accuracy(const Crowd *crowd, const GtlConsolidated *result)
{
	int			known = 0;
	int			right = 0;

	for (int i = 0; i < crowd->votes.items; i++)
	{
		known += crowd->truth[i] >= 0;
		right += crowd->truth[i] >= 0 && crowd->truth[i] == result->label[i];
	}
	return right / (double) known;
}

/* Expected calibration error over ten bins of the confidence. */
static double
calibration_error(const Crowd *crowd, const GtlConsolidated *result)
{
	double		excess[10] = {0};
	double		sum = 0;
	int			known = 0;

	for (int i = 0; i < crowd->votes.items; i++)
	{
		int			bin = (int) fmin(result->confidence[i] * 10, 9);

		if (crowd->truth[i] < 0)
			continue;
		known++;
		excess[bin] += result->confidence[i] - (crowd->truth[i] == result->label[i]);
	}
	for (int b = 0; b < 10; b++)
		sum += fabs(excess[b]);
	return sum / known;
}

/* ---- The formulas of src/learning/dawid_skene.c, written down plainly in double ---- */

typedef struct Plain
{
	double	   *z;				/* [items x classes] */
	double	   *pi;				/* [annotators x classes x classes] */
	double	   *p;				/* [classes] */
	int			iterations;
} Plain;

static void
plain_m_step(const GtlVotes *v, Plain *plain, const double *share)
{
	int			K = v->classes;
	int			n = 0;

	for (int k = 0; k < K; k++)
		plain->p[k] = 1;
	for (int i = 0; i < v->items; i++)
	{
		n += share[i] > 0;
		for (int k = 0; k < K && share[i] > 0; k++)
			plain->p[k] += plain->z[i * K + k];
	}
	for (int k = 0; k < K; k++)
		plain->p[k] /= n + K;
	for (int c = 0; c < v->annotators * K * K; c++)
		plain->pi[c] = 0.1 + (c / K % K == c % K);
	for (int64_t j = 0; j < v->count; j++)
	{
		for (int k = 0; k < K; k++)
			plain->pi[(v->annotator[j] * K + k) * K + v->label[j]] += plain->z[v->item[j] * K + k];
	}
	for (int row = 0; row < v->annotators * K; row++)
	{
		double		sum = 0;

		for (int l = 0; l < K; l++)
			sum += plain->pi[row * K + l];
		for (int l = 0; l < K; l++)
			plain->pi[row * K + l] /= sum;
	}
}

/* Largest change. */
static double
plain_e_step(const GtlVotes *v, Plain *plain, const double *share)
{
	int			K = v->classes;
	double		change = 0;
	double	   *log_z = calloc(K, sizeof(double));

	for (int i = 0; i < v->items; i++)
	{
		double		top = -INFINITY;
		double		sum = 0;

		if (share[i] == 0 || (v->gold != NULL && v->gold[i] >= 0))
			continue;
		for (int k = 0; k < K; k++)
			log_z[k] = log(plain->p[k]);
		for (int64_t j = 0; j < v->count; j++)
		{
			for (int k = 0; k < K && v->item[j] == i; k++)
				log_z[k] += log(plain->pi[(v->annotator[j] * K + k) * K + v->label[j]]);
		}
		for (int k = 0; k < K; k++)
			top = fmax(top, log_z[k]);
		for (int k = 0; k < K; k++)
			sum += exp(log_z[k] - top);
		for (int k = 0; k < K; k++)
		{
			double		z = exp(log_z[k] - top) / sum;

			change = fmax(change, fabs(z - plain->z[i * K + k]));
			plain->z[i * K + k] = z;
		}
	}
	free(log_z);
	return change;
}

/* share[i]: 1 / votes of the item, 1 for gold without votes, else 0. */
static void
plain_start(const GtlVotes *v, Plain *plain, double *share)
{
	int			K = v->classes;

	for (int64_t j = 0; j < v->count; j++)
		share[v->item[j]]++;
	for (int i = 0; i < v->items; i++)
		share[i] = share[i] > 0 ? 1 / share[i] : v->gold != NULL && v->gold[i] >= 0;
	for (int64_t j = 0; j < v->count; j++)
		plain->z[v->item[j] * K + v->label[j]] += share[v->item[j]];
	for (int i = 0; i < v->items && v->gold != NULL; i++)
	{
		for (int k = 0; k < K && v->gold[i] >= 0; k++)
			plain->z[i * K + k] = k == v->gold[i];
	}
}

static void
plain_run(const GtlVotes *v, Plain *plain)
{
	double	   *share = calloc(v->items, sizeof(double));

	plain->z = calloc((size_t) v->items * v->classes, sizeof(double));
	plain->pi = calloc((size_t) v->annotators * v->classes * v->classes, sizeof(double));
	plain->p = calloc(v->classes, sizeof(double));
	plain_start(v, plain, share);
	for (plain->iterations = 1; plain->iterations <= 100; plain->iterations++)
	{
		plain_m_step(v, plain, share);
		if (plain_e_step(v, plain, share) < 1e-4)
			break;
	}
	if (plain->iterations > 100)
		plain->iterations = 100;
	plain_m_step(v, plain, share);	/* the confusions that go with the last posteriors */
	free(share);
}

static void
plain_free(Plain *plain)
{
	free(plain->z);
	free(plain->pi);
	free(plain->p);
}

/* Labels beside the plain ones; number of differences. */
static int
compare_with_plain(const GtlVotes *v, const Plain *plain, const GtlConsolidated *result)
{
	int			K = v->classes;
	int			broken = 0;
	double	   *q = calloc(K, sizeof(double));

	for (int i = 0; i < v->items; i++)
	{
		double		n = 0;
		double		best = 0;

		memset(q, 0, K * sizeof(double));
		for (int64_t j = 0; j < v->count; j++)
		{
			n += v->item[j] == i;
			q[v->label[j]] += v->item[j] == i;
		}
		for (int k = 0; k < K; k++)
		{
			q[k] = 0.5 * plain->z[i * K + k] + 0.5 * (q[k] + 0.5) / (n + 0.5 * K);
			best = fmax(best, q[k]);
		}
		if (v->gold != NULL && v->gold[i] >= 0)
			broken += result->label[i] != v->gold[i] || result->confidence[i] != 1;
		else if (n == 0)
			broken += result->label[i] != -1 || result->confidence[i] != 0;
		else
			broken += q[result->label[i]] < best - 1e-3 || !(result->confidence[i] > 0 && result->confidence[i] <= 1);
	}
	for (int c = 0; c < v->annotators * K * K; c++)
		broken += fabs(result->confusion[c] - plain->pi[c]) > 1e-3;
	free(q);
	return broken;
}

static GtlVotes
votes_of(const int32_t *item, const int32_t *annotator, const int32_t *label, int count,
		 int items, int annotators, int classes)
{
	GtlVotes	votes = {0};

	votes.count = count;
	votes.items = items;
	votes.annotators = annotators;
	votes.classes = classes;
	votes.item = item;
	votes.annotator = annotator;
	votes.label = label;
	return votes;
}

typedef struct Made
{
	GtlVotes	votes;
	int32_t    *item;
	int32_t    *annotator;
	int32_t    *label;
	int32_t    *gold;
} Made;

/* A crowd of some skill; votes with a true label of item % classes. */
static void
make_crowd(Made *made, int count, int items, int annotators, int classes, bool with_gold)
{
	made->item = malloc((count + 1) * sizeof(int32_t));
	made->annotator = malloc((count + 1) * sizeof(int32_t));
	made->label = malloc((count + 1) * sizeof(int32_t));
	made->gold = malloc(items * sizeof(int32_t));
	for (int v = 0; v < count; v++)
	{
		made->item[v] = below(items);
		made->annotator[v] = below(annotators);
		made->label[v] = uniform() < 0.4 + 0.5 * made->annotator[v] / annotators
			? made->item[v] % classes
			: below(classes);
	}
	for (int i = 0; i < items; i++)
		made->gold[i] = with_gold && below(4) == 0 ? below(classes) : -1;
	made->votes = votes_of(made->item, made->annotator, made->label, count, items, annotators, classes);
	made->votes.gold = with_gold ? made->gold : NULL;
}

static void
free_made(Made *made)
{
	free(made->item);
	free(made->annotator);
	free(made->label);
	free(made->gold);
}

/* Every padded width, with and without gold, items without votes, few and many votes. */
static void
test_beside_plain(void)
{
	static const int classes[] = {1, 2, 3, 4, 5, 8, 9, 12, 13, 16, 17, 30};

	for (int t = 0; t < 36; t++)
	{
		int			K = classes[t / 3];
		int			items = 20 + below(60);
		Made		made;
		GtlConsolidated result;
		Plain		plain;

		make_crowd(&made, items * (1 + t % 3 * 4), items, 3 + below(10), K, t % 2 == 1);
		gtl_consolidate(&made.votes, GTL_CONSOLIDATE_DAWID_SKENE, true, &env, &result);
		plain_run(&made.votes, &plain);
		CHECK(compare_with_plain(&made.votes, &plain, &result) == 0);
		CHECK(abs(result.iterations - plain.iterations) <= 2);
		plain_free(&plain);
		release(&result);
		free_made(&made);
	}
}

/* Thousands of votes for each item: long sums. */
static void
test_many_votes(void)
{
	Made		made;
	GtlConsolidated result;
	Plain		plain;

	make_crowd(&made, 20000, 4, 7, 3, false);
	gtl_consolidate(&made.votes, GTL_CONSOLIDATE_DAWID_SKENE, true, &env, &result);
	plain_run(&made.votes, &plain);
	CHECK(compare_with_plain(&made.votes, &plain, &result) == 0);
	plain_free(&plain);
	release(&result);
	free_made(&made);
}

/* ---- Published solutions ---- */

/* The example of Dawid and Skene (1979): 45 patients, 5 observers, 4 classes. */
static void
test_anesthesia(const char *folder)
{
	static const double diagonal[5][4] = {
		{0.907, 0.877, 0.661, 0.444},
		{0.833, 0.633, 1.000, 1.000},
		{1.000, 0.789, 0.199, 0.333},
		{0.944, 0.843, 0.801, 0.667},
		{1.000, 0.735, 0.791, 0.667}
	};
	static const int members[4] = {18, 19, 5, 3};
	Crowd		crowd;
	GtlConsolidated result;
	Plain		plain;
	int			count[4] = {0};

	if (!read_required(folder, "anesthesia", &crowd))
		return;
	read_truth(folder, "anesthesia", "reference", &crowd);
	CHECK(crowd.votes.count == 315 && crowd.votes.items == 45 &&
		  crowd.votes.annotators == 5 && crowd.votes.classes == 4);
	gtl_consolidate(&crowd.votes, GTL_CONSOLIDATE_DAWID_SKENE, false, &env, &result);
	for (int i = 0; i < 45; i++)
	{
		CHECK(result.label[i] == crowd.truth[i]);
		CHECK_NEAR(result.confidence[i], crowd.p[i], 1e-4);
		count[result.label[i]]++;
	}
	CHECK(memcmp(count, members, sizeof(count)) == 0);
	for (int a = 0; a < 5; a++)
	{
		int			observer = atoi(crowd.workers->name[a]) - 1;

		for (int k = 0; k < 4; k++)
			CHECK_NEAR(result.confusion[(a * 4 + k) * 4 + k], diagonal[observer][k], 6e-4);
	}
	release(&result);

	/* the default sides with the majority in the three cases that a small class decides */
	gtl_consolidate(&crowd.votes, GTL_CONSOLIDATE_AUTO, true, &env, &result);
	CHECK(result.method == GTL_CONSOLIDATE_DAWID_SKENE);
	CHECK_NEAR(accuracy(&crowd, &result), 42 / 45.0, 1e-9);
	CHECK(result.confidence[0] < 0.99);
	plain_run(&crowd.votes, &plain);
	CHECK(compare_with_plain(&crowd.votes, &plain, &result) == 0);
	plain_free(&plain);
	release(&result);
	free_crowd(&crowd);
}

static void
test_bluebirds(const char *folder)
{
	Crowd		crowd;
	GtlConsolidated result;

	if (!read_required(folder, "bluebirds", &crowd))
		return;
	read_truth(folder, "bluebirds", "gold", &crowd);
	gtl_consolidate(&crowd.votes, GTL_CONSOLIDATE_MAJORITY, true, &env, &result);
	CHECK_NEAR(accuracy(&crowd, &result), 0.7593, 1e-3);
	release(&result);
	gtl_consolidate(&crowd.votes, GTL_CONSOLIDATE_DAWID_SKENE, true, &env, &result);
	CHECK(accuracy(&crowd, &result) >= 0.89);
	CHECK(calibration_error(&crowd, &result) <= 0.05);
	release(&result);
	free_crowd(&crowd);
}

static void
test_adult2(const char *folder)
{
	Crowd		crowd;
	GtlConsolidated result;
	double		majority;

	if (!read_required(folder, "adult2", &crowd))
		return;
	read_truth(folder, "adult2", "gold", &crowd);
	gtl_consolidate(&crowd.votes, GTL_CONSOLIDATE_MAJORITY, true, &env, &result);
	majority = accuracy(&crowd, &result);
	CHECK_NEAR(majority, 0.76, 0.01);
	release(&result);
	gtl_consolidate(&crowd.votes, GTL_CONSOLIDATE_AUTO, true, &env, &result);
	CHECK(result.method == GTL_CONSOLIDATE_DAWID_SKENE);
	CHECK(accuracy(&crowd, &result) >= majority);
	CHECK(calibration_error(&crowd, &result) <= 0.05);
	if (getenv("GTL_VERBOSE") != NULL)
		fprintf(stderr, "adult2: majority %.4f, Dawid-Skene %.4f, calibration error %.4f\n", majority,
				accuracy(&crowd, &result), calibration_error(&crowd, &result));
	release(&result);
	free_crowd(&crowd);
}

/* ---- Confidence ---- */

/* People of about this accuracy, each other class alike, everybody answering a few of the items. */
static void
make_honest_crowd(Crowd *crowd, int classes, double skill, int per_item)
{
	enum
	{
		ITEMS = 2000, PEOPLE = 20
	};
	double		accuracy_of[PEOPLE];
	int64_t		n = (int64_t) ITEMS * per_item;

	memset(crowd, 0, sizeof(*crowd));
	crowd->all = calloc(3 * n, sizeof(int32_t));
	crowd->truth = calloc(ITEMS, sizeof(int32_t));
	for (int a = 0; a < PEOPLE; a++)
		accuracy_of[a] = skill + 0.05 * (2 * uniform() - 1);
	for (int64_t v = 0; v < n; v++)
	{
		int			i = (int) (v / per_item);
		int			a = (int) ((i * 7 + v % per_item) % PEOPLE);

		if (v % per_item == 0)
			crowd->truth[i] = below(classes);
		crowd->all[v] = i;
		crowd->all[n + v] = a;
		crowd->all[2 * n + v] = uniform() < accuracy_of[a] ? crowd->truth[i] :
			(crowd->truth[i] + 1 + below(classes - 1)) % classes;
	}
	crowd->votes = votes_of(crowd->all, crowd->all + n, crowd->all + 2 * n, n, ITEMS, PEOPLE, classes);
}

/* Made-up people err independently: their labels are as probable as it is said, whatever their number and accuracy. */
static void
test_calibration(void)
{
	static const int classes[] = {2, 4, 10};
	static const double skills[] = {0.6, 0.7, 0.8, 0.9, 0.95};
	double		sum = 0;
	double		most = 0;

	for (int c = 0; c < 3; c++)
		for (int s = 0; s < 5; s++)
			for (int per_item = 2; per_item <= 5; per_item++)
			{
				Crowd		crowd;
				GtlConsolidated result;
				double		error;

				make_honest_crowd(&crowd, classes[c], skills[s], per_item);
				gtl_consolidate(&crowd.votes, GTL_CONSOLIDATE_AUTO, true, &env, &result);
				error = calibration_error(&crowd, &result);
				if (getenv("GTL_VERBOSE") != NULL)
					fprintf(stderr, "%d classes, accuracy %.2f, %d answers: right %.3f, calibration error %.3f\n",
							classes[c], skills[s], per_item, accuracy(&crowd, &result), error);
				sum += error;
				most = fmax(most, error);
				release(&result);
				free(crowd.all);
				free(crowd.truth);
			}
	CHECK(most <= 0.05);
	CHECK(sum / 60 <= 0.025);
}

/* Of the items whose answer is not told, with as many answers each; a fifth of the items misleads. */
static double
error_with_known(int per_item, int per_cent_known)
{
	Crowd		crowd;
	GtlConsolidated result;
	int32_t    *told;
	double		error;

	make_honest_crowd(&crowd, 2, 0.92, per_item);
	told = malloc(crowd.votes.items * sizeof(int32_t));
	for (int i = 0; i < crowd.votes.items; i++)
	{
		bool		misleads = i % 5 == 0;

		for (int v = 0; misleads && v < per_item; v++)
			crowd.all[2 * crowd.votes.count + i * per_item + v] = 1 - crowd.all[2 * crowd.votes.count + i * per_item + v];
		told[i] = uniform() * 100 < per_cent_known ? crowd.truth[i] : -1;
	}
	crowd.votes.gold = told;
	gtl_consolidate(&crowd.votes, GTL_CONSOLIDATE_AUTO, true, &env, &result);
	for (int i = 0; i < crowd.votes.items; i++)
		if (told[i] >= 0)
			crowd.truth[i] = -1;
	error = calibration_error(&crowd, &result);
	release(&result);
	free(told);
	free(crowd.all);
	free(crowd.truth);
	return error;
}

/* People who err together agree, so agreement tells nothing of it; known answers do. */
static void
test_known_answers(void)
{
	for (int per_item = 1; per_item <= 3; per_item++)
	{
		double		without = error_with_known(per_item, 0);
		double		with = error_with_known(per_item, 10);

		if (getenv("GTL_VERBOSE") != NULL)
			fprintf(stderr, "%d answers, a fifth misled: calibration error %.3f, with known answers %.3f\n", per_item, without, with);
		CHECK(with <= 0.08 && with < without - 0.05);
	}
}

/* Nobody disagrees: one answer is worth what a stranger's is, and a few are nearly certain. */
static void
test_confidence_of_agreement(void)
{
	static const int classes[] = {2, 3, 6, 10, 77};
	int32_t		item[900];
	int32_t		annotator[900];
	int32_t		label[900];

	for (int c = 0; c < 5; c++)
		for (int items = 1; items <= 300; items += 299)
			for (int n = 1; n <= 3; n++)
			{
				GtlVotes	votes = votes_of(item, annotator, label, n * items, items, n, classes[c]);
				GtlConsolidated result;

				for (int v = 0; v < n * items; v++)
				{
					item[v] = v / n;
					annotator[v] = v % n;
					label[v] = item[v] % classes[c];
				}
				gtl_consolidate(&votes, GTL_CONSOLIDATE_AUTO, true, &env, &result);
				if (n == 1)
					CHECK_NEAR(result.confidence[0], 0.9, 0.01);
				else
					CHECK(result.confidence[0] >= (n == 2 ? 0.95 : 0.98));
				CHECK(result.accuracy[0] >= (n > 1 && items == 300 ? 0.97 : 0.89));
				release(&result);
			}
}

/* ---- Edges ---- */

static const int32_t zeros[64];

static void
test_majority(void)
{
	/* item 0: 2 of 3 for class 2; 1: tie of 1 and 2; 2: none; 3: three answers of one person */
	static const int32_t item[] = {0, 0, 0, 1, 1, 3, 3, 3, 3};
	static const int32_t annotator[] = {0, 1, 2, 0, 1, 0, 0, 0, 1};
	static const int32_t label[] = {2, 0, 2, 2, 1, 1, 1, 1, 0};
	static const int32_t gold[] = {-1, -1, -1, 0, 2};
	GtlVotes	votes = votes_of(item, annotator, label, 9, 5, 3, 3);
	GtlConsolidated result;

	gtl_consolidate(&votes, GTL_CONSOLIDATE_AUTO, true, &env, &result);
	CHECK(result.method == GTL_CONSOLIDATE_MAJORITY);
	CHECK(result.confusion == NULL && result.iterations == 0 && !result.interrupted);
	CHECK(result.label[0] == 2 && result.tied[0] == -1);
	CHECK(result.label[1] == 1 && result.tied[1] == 2);
	CHECK(result.confidence[0] > 0.5 && result.confidence[1] > 1 / 3.0 && result.confidence[1] <= 0.5);
	CHECK(result.label[2] == -1 && result.confidence[2] == 0 && result.tied[2] == -1);
	CHECK(result.label[3] == 1 && result.confidence[3] > result.confidence[0]);
	CHECK(result.label[4] == -1);
	release(&result);

	votes.gold = gold;
	gtl_consolidate(&votes, GTL_CONSOLIDATE_MAJORITY, true, &env, &result);
	CHECK(result.label[0] == 2 && result.label[2] == -1);
	CHECK(result.label[3] == 0 && result.confidence[3] == 1);
	CHECK(result.label[4] == 2 && result.confidence[4] == 1);
	release(&result);
}

/*
 * The doubt of a label is right on average, of people who are wrong in a share of their answers, each
 * other class alike; without a second answer there is none. With 3 answers and more (Dawid-Skene)
 * it may be somewhat low.
 */
static void
test_doubt(void)
{
	enum {ITEMS = 2000, PEOPLE = 8, MOST = 5};
	static int32_t item[ITEMS * MOST];
	static int32_t annotator[ITEMS * MOST];
	static int32_t label[ITEMS * MOST];

	for (int each = 1; each <= MOST; each++)
		for (int classes = 2; classes <= 10; classes += 4)
			for (double noise = 0.02; noise < 0.3; noise *= 3)
			{
				GtlVotes	votes = votes_of(item, annotator, label, ITEMS * each, ITEMS, PEOPLE, classes);
				GtlConsolidated result;
				double		doubt = 0;
				double		wrong = 0;

				for (int v = 0; v < ITEMS * each; v++)
				{
					int			truth = v / each % classes;

					item[v] = v / each;
					annotator[v] = (v / each + v % each) % PEOPLE;
					label[v] = uniform() < noise ? (truth + 1 + below(classes - 1)) % classes : truth;
				}
				gtl_consolidate(&votes, GTL_CONSOLIDATE_AUTO, true, &env, &result);
				for (int i = 0; i < ITEMS; i++)
				{
					doubt += result.doubt[i] / ITEMS;
					wrong += (result.label[i] != i % classes) / (double) ITEMS;
				}
				if (each == 1)
					CHECK(isnan(doubt));
				else
					CHECK_NEAR(doubt, wrong, 0.004 + (result.method == GTL_CONSOLIDATE_MAJORITY ? 0.15 : 0.4) * wrong);
				release(&result);
			}
}

/* 20 voted items and 3 votes for each of them: not one less. */
static void
test_auto(void)
{
	int32_t		item[60];
	GtlConsolidated result;

	for (int i = 0; i < 60; i++)
		item[i] = i % 20;
	for (int variant = 0; variant < 4; variant++)
	{
		GtlVotes	votes = votes_of(item, zeros, zeros, 60, 1000, 1, 2);

		if (variant == 1)
			votes.count = 59;	/* 2.95 votes */
		if (variant == 2)
			votes.count = 57;
		for (int i = 0; i < 60; i++)
			item[i] = variant >= 2 ? i % 19 : i % 20;	/* 19 items */
		gtl_consolidate(&votes, GTL_CONSOLIDATE_AUTO, true, &env, &result);
		CHECK(result.method == (variant == 0 ? GTL_CONSOLIDATE_DAWID_SKENE : GTL_CONSOLIDATE_MAJORITY));
		release(&result);
	}
}

/* Nobody ever disagrees: that is what everybody is told, without NaN. */
static void
test_unanimous(void)
{
	int32_t		item[240];
	int32_t		annotator[240];
	int32_t		label[240];
	int			broken = 0;

	for (int v = 0; v < 240; v++)
	{
		item[v] = v / 4;
		annotator[v] = v % 4;
		label[v] = item[v] % 3;
	}
	for (int smoothing = 0; smoothing < 2; smoothing++)
	{
		GtlVotes	votes = votes_of(item, annotator, label, 240, 60, 4, 3);
		GtlConsolidated result;

		gtl_consolidate(&votes, GTL_CONSOLIDATE_DAWID_SKENE, smoothing, &env, &result);
		for (int i = 0; i < 60; i++)
			broken += !(result.label[i] == i % 3 && result.confidence[i] > (smoothing ? 0.9 : 0.9999) &&
						result.confidence[i] <= 1);
		for (int c = 0; c < 4 * 9; c++)
			broken += !(result.confusion[c] >= 0 && result.confusion[c] <= 1);
		release(&result);
	}
	CHECK(broken == 0);
}

/* Two people who always contradict each other: nothing to tell them apart by. */
static void
test_tie_to_lowest(void)
{
	int32_t		item[120];
	int32_t		annotator[120];
	int32_t		label[120];
	GtlVotes	votes;
	GtlConsolidated result;
	int			broken = 0;

	for (int v = 0; v < 120; v++)
	{
		item[v] = v / 2;
		annotator[v] = v % 2;
		label[v] = (v % 2 == item[v] % 2) ? 1 : 2;
	}
	votes = votes_of(item, annotator, label, 120, 60, 2, 3);
	gtl_consolidate(&votes, GTL_CONSOLIDATE_DAWID_SKENE, true, &env, &result);
	for (int i = 0; i < 60; i++)
		broken += result.label[i] != 1;
	CHECK(broken == 0);
	CHECK_NEAR(result.confidence[0], result.confidence[1], 1e-5);
	release(&result);
}

/* Five people, five classes, every permutation: all classes are tied but for rounding. */
static void
test_tie_but_for_rounding(void)
{
	int32_t		item[600];
	int32_t		annotator[600];
	int32_t		label[600];
	GtlVotes	votes = votes_of(item, annotator, label, 600, 120, 5, 5);
	GtlConsolidated result;
	int			broken = 0;

	for (int i = 0; i < 120; i++)
	{
		int			left[5] = {0, 1, 2, 3, 4};
		int			code = i;

		for (int a = 0; a < 5; a++)
		{
			int			pick = code % (5 - a);

			code /= 5 - a;
			item[i * 5 + a] = i;
			annotator[i * 5 + a] = a;
			label[i * 5 + a] = left[pick];
			left[pick] = left[4 - a];
		}
	}
	gtl_consolidate(&votes, GTL_CONSOLIDATE_DAWID_SKENE, true, &env, &result);
	for (int i = 0; i < 120; i++)
		broken += result.label[i] != 0;
	CHECK(broken == 0);
	CHECK_NEAR(result.confidence[0], 0.2, 1e-5);
	release(&result);
}

/* A liar is a good witness once gold has shown what he does. */
static void
test_gold_breaks_symmetry(void)
{
	int32_t		item[100];
	int32_t		annotator[100];
	int32_t		label[100];
	int32_t		gold[100];
	GtlVotes	votes;
	GtlConsolidated result;
	int			right = 0;

	for (int i = 0; i < 100; i++)
	{
		item[i] = i;
		annotator[i] = 0;
		label[i] = 1 - i % 2;	/* always the other class */
		gold[i] = i < 60 ? i % 2 : -1;
	}
	votes = votes_of(item, annotator, label, 100, 100, 1, 2);
	votes.gold = gold;
	gtl_consolidate(&votes, GTL_CONSOLIDATE_DAWID_SKENE, true, &env, &result);
	CHECK(result.confusion[1] > 0.9 && result.confusion[2] > 0.9);	/* [0][1], [1][0] */
	for (int i = 0; i < 60; i++)
		right += result.label[i] == i % 2 && result.confidence[i] == 1;
	CHECK(right == 60);
	/* half of the answer stays with the vote, so it is a toss-up, no longer a belief in him */
	for (int i = 60; i < 100; i++)
		right -= result.confidence[i] > 0.7;
	CHECK(right == 60);
	release(&result);
	gtl_consolidate(&votes, GTL_CONSOLIDATE_DAWID_SKENE, false, &env, &result);
	for (int i = 60; i < 100; i++)
		right += result.label[i] == i % 2;
	CHECK(right == 100);
	release(&result);
}

static void
test_empty(void)
{
	GtlVotes	votes = votes_of(NULL, NULL, NULL, 0, 5, 2, 3);
	GtlConsolidated result;

	for (int method = 0; method < 3; method++)
	{
		int			missing = 0;

		gtl_consolidate(&votes, (GtlConsolidation) method, true, &env, &result);
		for (int i = 0; i < 5; i++)
			missing += result.label[i] == -1;
		CHECK(missing == 5 && !result.interrupted);
		release(&result);
	}
	votes = votes_of(NULL, NULL, NULL, 0, 0, 0, 1);
	gtl_consolidate(&votes, GTL_CONSOLIDATE_DAWID_SKENE, true, &env, &result);
	CHECK(!result.interrupted);
	release(&result);
}

/* ---- The caller's side: memory, interrupts, progress, repeatability ---- */

static void
test_memory_estimate(void)
{
	static const int shapes[][4] = {
		{3000, 600, 20, 3}, {3000, 600, 500, 40}, {10, 1000, 7, 10}, {5000, 10, 900, 2}
	};

	for (int s = 0; s < 4; s++)
	{
		Made		made;
		GtlConsolidated result;
		int64_t		estimate = (int64_t) gtl_consolidate_memory(GTL_CONSOLIDATE_DAWID_SKENE, shapes[s][0],
																shapes[s][1], shapes[s][2], shapes[s][3]);

		make_crowd(&made, shapes[s][0], shapes[s][1], shapes[s][2], shapes[s][3], false);
		held = most_held = 0;
		gtl_consolidate(&made.votes, GTL_CONSOLIDATE_DAWID_SKENE, true, &env, &result);
		CHECK(most_held <= estimate && most_held > estimate / 4);
		release(&result);
		CHECK(held == 0);
		free_made(&made);
	}
	/* thousands of classes: what was voted counts, not what could be */
	CHECK(gtl_consolidate_memory(GTL_CONSOLIDATE_AUTO, 1000000, 1000, 10000, 5000) < (size_t) 64 << 30);
	CHECK(gtl_consolidate_memory(GTL_CONSOLIDATE_AUTO, INT64_MAX / 32, 1, INT32_MAX, INT32_MAX) == SIZE_MAX);
	CHECK(gtl_consolidate_memory(GTL_CONSOLIDATE_MAJORITY, 1000000, 1000000, 10, 10000) < (size_t) 64 << 20);
}

/* Stopped at any poll, it says so, and keeps nothing. */
static void
test_interrupt(void)
{
	Made		made;
	GtlConsolidated result;
	int			needed;

	make_crowd(&made, 100000, 20000, 100, 10, false);
	held = 0;
	polls = 0;
	polls_allowed = 1000000;
	last_done = 0;
	gtl_consolidate(&made.votes, GTL_CONSOLIDATE_DAWID_SKENE, true, &env, &result);
	CHECK(last_done == result.iterations && last_done > 1);
	needed = polls;
	CHECK(needed >= 5);
	release(&result);
	for (int allowed = 0; allowed < needed; allowed += 1 + needed / 20)
	{
		polls = 0;
		polls_allowed = allowed;
		gtl_consolidate(&made.votes, GTL_CONSOLIDATE_DAWID_SKENE, true, &env, &result);
		CHECK(result.interrupted && result.label == NULL && result.confidence == NULL &&
			  result.confusion == NULL && held == 0);
		CHECK(polls == allowed + 1);
	}
	polls_allowed = -1;
	free_made(&made);
}

static void
test_repeatable(void)
{
	Made		made;
	GtlConsolidated first;
	GtlConsolidated second;

	make_crowd(&made, 5000, 500, 30, 7, false);
	gtl_consolidate(&made.votes, GTL_CONSOLIDATE_DAWID_SKENE, true, &env, &first);
	gtl_consolidate(&made.votes, GTL_CONSOLIDATE_DAWID_SKENE, true, &env, &second);
	CHECK(first.iterations == second.iterations);
	CHECK(memcmp(first.label, second.label, 500 * sizeof(int32_t)) == 0);
	CHECK(memcmp(first.confidence, second.confidence, 500 * sizeof(float)) == 0);
	CHECK(memcmp(first.confusion, second.confusion, 30 * 49 * sizeof(float)) == 0);
	release(&first);
	release(&second);
	free_made(&made);
}

int
main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : "examples/data";

	test_anesthesia(folder);
	test_bluebirds(folder);
	if (getenv("GTL_VALGRIND") == NULL)
		test_adult2(folder);	/* a minute there, and no other code than bluebirds' */
	test_confidence_of_agreement();
	if (getenv("GTL_VALGRIND") == NULL)
	{
		test_calibration();
		test_known_answers();
	}
	test_beside_plain();
	test_many_votes();
	test_majority();
	test_doubt();
	test_auto();
	test_unanimous();
	test_tie_to_lowest();
	test_tie_but_for_rounding();
	test_gold_breaks_symmetry();
	test_empty();
	test_memory_estimate();
	test_interrupt();
	test_repeatable();
	return CHECK_SUMMARY("test_consolidate");
}
