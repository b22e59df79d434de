/*
 * share.c
 *		Bench of the share of the validation set in segments: how many objects people label for it, and how often a
 *		certificate (`confidence`, eager, target 95 %, level 95 %) lets through machine labels that break the promise.
 *
 * share [JOBS] [FIRST] [SEGMENT] [SEGMENTS]
 *
 * A job begins with FIRST rows; SEGMENTS times SEGMENT rows join, and after each intake all is certified anew.  Scores say nothing about
 * errors, and errors are independent: of 5 % of all rows (`same`: the worst case of the test), or of none of the first rows and of
 * `later` of the others, so that there are just over 5 % in the end.  Rules: `first` keeps the share of the first rows; `equal` is what jobs do
 * (src/data/validation_set.c); `unequal` draws as `equal` does, but nothing leaves the set.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learning/certify.h"
#include "learning/random.h"
#include "learning/schedule.h"

#include "../driver_env.h"

typedef enum Rule { FIRST, EQUAL, UNEQUAL } Rule;
static const char *const rule_names[] = {"first", "equal", "unequal"};

typedef struct Rows
{
	int			count;
	double	   *score;
	bool	   *wrong;
	bool	   *validation;
	bool	   *asked;			/* people have labeled it for the validation set */
} Rows;

typedef struct Tally
{
	double		asked,
				kept;			/* in the validation set in the end */
	long		certificates,
				passed,
				missed,
				jobs_missed,
				last_missed;
} Tally;

static double
uniform(uint64_t job, int kind, int i)
{
	return gtl_random_uniform(job, GTL_STREAM_VALIDATION, (uint64_t) kind << 32 | (uint32_t) i);
}

/* A segment's rows are in the order of their draw, so the first of it are of the set. */
static int
share_count(double share, int rows, double chance)
{
	int			count = (int) floor(share * rows + chance);

	return count < rows ? count : rows;
}

/* True: machine labels, more than 5 % of them wrong. */
static bool
certify(const Rows *rows, const GtlPromise *promise, const GtlEnv *env, Tally *tally)
{
	double	   *score = malloc(sizeof(double) * (size_t) rows->count);
	bool	   *wrong = malloc(sizeof(bool) * (size_t) rows->count);
	GtlSample	sample = {0};
	GtlCertificate c;
	int			n = 0;
	long		labels = 0;
	long		errors = 0;

	for (int i = 0; i < rows->count; i++)
		if (rows->validation[i])
		{
			score[n] = rows->score[i];
			wrong[n++] = rows->wrong[i];
		}
	gtl_certify(score, wrong, n, promise, &sample, env, &c);
	for (int i = 0; i < rows->count; i++)
		if (c.passed && !rows->asked[i] && rows->score[i] >= c.threshold)
		{
			labels++;
			errors += rows->wrong[i];
		}
	free(score);
	free(wrong);
	tally->certificates++;
	tally->passed += c.passed;
	tally->missed += errors > promise->target_error * labels;
	return errors > promise->target_error * labels;
}

static void
play(Rule rule, double first_error, double later_error, uint64_t job, int first, int segment, int segments, const GtlEnv *env, Tally *tally)
{
	GtlPromise	promise = {GTL_GUARANTEE_CONFIDENCE, 0.05, 0.05, GTL_SCOPE_MACHINE_LABELS};
	size_t		most = (size_t) first + (size_t) segment * segments;
	Rows		rows = {0, malloc(sizeof(double) * most), malloc(most), calloc(most, 1), calloc(most, 1)};
	double		share = 1;
	bool		ever = false;
	bool		last = false;

	for (int s = 0; s <= segments; s++)
	{
		int			begin = rows.count;

		rows.count += s == 0 ? first : segment;
		for (int i = begin; i < rows.count; i++)
		{
			rows.score[i] = uniform(job, 0, i);
			rows.wrong[i] = uniform(job, 1, i) < (s == 0 ? first_error : later_error);
		}
		if (s == 0 || rule != FIRST)
			share = fmin(share, (gtl_schedule_validation_count(GTL_SCHEDULE_EAGER, &promise, false, 2, rows.count, -1) + (s > 0)) / (double) rows.count);
		for (int t = rule == EQUAL ? 0 : s; t <= s; t++)
		{
			int			from = t == 0 ? 0 : first + (t - 1) * segment;
			int			size = t == 0 ? first : segment;
			int			keep = share_count(share, size, uniform(job, 2, t));

			for (int i = 0; i < size; i++)
				rows.validation[from + i] = i < keep;
			for (int i = 0; i < keep && t == s; i++)
				rows.asked[from + i] = true;
		}
		last = certify(&rows, &promise, env, tally);
		ever |= last;
	}
	for (int i = 0; i < rows.count; i++)
	{
		tally->asked += rows.asked[i];
		tally->kept += rows.validation[i];
	}
	tally->jobs_missed += ever;
	tally->last_missed += last;
	free(rows.score);
	free(rows.wrong);
	free(rows.validation);
	free(rows.asked);
}

int
main(int argc, char **argv)
{
	int			jobs = argc > 1 ? atoi(argv[1]) : 1000;
	int			first = argc > 2 ? atoi(argv[2]) : 1000;
	int			segment = argc > 3 ? atoi(argv[3]) : 1000;
	int			segments = argc > 4 ? atoi(argv[4]) : 30;
	double		later = 0.051 * (first + segment * segments) / (segment * (double) segments);
	GtlEnv		env = {.alloc = bench_alloc,.release = bench_release};

	printf("| errors | rule | validation objects that people label | in the set in the end | certificates that pass, %% | that break the promise, %% | last ones that do, %% | jobs with any that does, %% |\n");
	printf("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
	for (int drift = 0; drift <= 1; drift++)
		for (Rule rule = FIRST; rule <= UNEQUAL; rule++)
		{
			Tally		t = {0};

			for (int job = 0; job < jobs; job++)
				play(rule, drift ? 0 : 0.05, drift ? later : 0.05, (uint64_t) job + 1, first, segment, segments, &env, &t);
			printf("| %s | %s | %.0f | %.0f | %.2f | %.2f | %.2f | %.2f |\n", drift ? "later" : "same", rule_names[rule], t.asked / jobs, t.kept / jobs,
				   100.0 * t.passed / t.certificates, 100.0 * t.missed / t.certificates, 100.0 * t.last_missed / jobs, 100.0 * t.jobs_missed / jobs);
		}
	return 0;
}
