/*
 * forecast.c
 *		What the last batches have brought, and so what further ones can be expected to.
 *
 * While the machine labels nothing, the lowest error bound is what moves.  From one round to the next it moves
 * as much by chance as by learning, so a line is fitted through the last rounds, and a number is given only
 * if its slope is twice its standard error.
 */
#include "reports/forecast.h"

#include <math.h>

#include "base/format.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"

/* Rounds that the line goes through at the most, and below which there is none. */
#define MOST_ROUNDS 6
#define FEWEST_ROUNDS 4

/* The lowest bounds of the last rounds, oldest first, over the number of people's labels. */
typedef struct Bounds
{
	int			count;
	double		people[MOST_ROUNDS];
	double		bound[MOST_ROUNDS];
} Bounds;

static void
read_bounds(const GtlJob *job, Bounds *bounds)
{
	static GtlStatement select = {
		"SELECT (training_count + validation_count)::float8, best_bound FROM gtlabel.round"
		" WHERE job_id = $1 AND model_id IS NOT NULL AND best_bound IS NOT NULL ORDER BY round_no DESC LIMIT $2",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(MOST_ROUNDS)};
	GtlResult	r;

	bounds->count = (int) gtl_query_run(&r, &select, values, NULL);
	for (int i = 0; i < bounds->count; i++)
	{
		bounds->people[bounds->count - 1 - i] = gtl_result_float8(&r, i, 1);
		bounds->bound[bounds->count - 1 - i] = gtl_result_float8(&r, i, 2);
	}
	gtl_query_end(&r);
}

/* Change of the bound with each label, by least squares, and its standard error. */
static double
slope_of(const Bounds *b, double *standard_error)
{
	double		x = 0,
				y = 0,
				xx = 0,
				xy = 0,
				residual = 0;
	double		slope;

	for (int i = 0; i < b->count; i++)
	{
		x += b->people[i] / b->count;
		y += b->bound[i] / b->count;
	}
	for (int i = 0; i < b->count; i++)
	{
		xx += (b->people[i] - x) * (b->people[i] - x);
		xy += (b->people[i] - x) * (b->bound[i] - y);
	}
	slope = xx > 0 ? xy / xx : 0;
	for (int i = 0; i < b->count; i++)
	{
		double		off = b->bound[i] - y - slope * (b->people[i] - x);

		residual += off * off;
	}
	*standard_error = xx > 0 && b->count > 2 ? sqrt(residual / (b->count - 2) / xx) : INFINITY;
	return slope;
}

/* While the machine labels nothing. */
static char *
forecast_bound(const GtlJob *job, const GtlRound *round)
{
	Bounds		b;
	double		error;
	double		slope;
	double		rest = round->certificate.best_bound - round->promise.target_error;
	char	   *moved;

	read_bounds(job, &b);
	if (b.count < 2)
		return NULL;
	slope = slope_of(&b, &error);
	moved = psprintf("over the last %d rounds, with %s labels by people, the lowest error bound went from %s to %s", b.count,
					 gtl_format_count((int64) (b.people[b.count - 1] - b.people[0])), gtl_format_percent(b.bound[0]),
					 gtl_format_percent(b.bound[b.count - 1]));
	if (b.count < FEWEST_ROUNDS)
		return psprintf("%s; that is too few rounds to see where it goes", moved);
	if (!(slope < 0 && -slope > 2 * error) || rest <= 0)
		return psprintf("%s; there is no trend in that: more labels of this kind may not help the model", moved);
	return psprintf("%s; if it goes on like that, about %s further labels bring it to the target of %s", moved,
					gtl_format_count((int64) ceil(rest / -slope)), gtl_format_percent(round->promise.target_error));
}

/* If each further batch brings as much as the last one: batches and labels by people until nothing is left. */
static char *
forecast_rest(const GtlRound *round, int32 gained)
{
	int64		rest = round->scored - round->auto_labeled;
	int64		a_batch = (int64) round->selected + gained;
	int64		batches = (rest + a_batch - 1) / a_batch;

	return psprintf("; if each further batch does as much, about %s %s or %s labels by people are left",
					gtl_format_count(batches), batches == 1 ? "batch" : "batches",
					gtl_format_count(Min(batches * round->selected, rest)));
}

static char *
forecast_labels(const GtlRound *before, const GtlRound *round)
{
	int32		people = round->training_count + round->validation_count - before->training_count - before->validation_count;
	int32		gained = round->auto_labeled - before->auto_labeled;

	return psprintf("the last %s labels by people took the machine's from %s to %s%s", gtl_format_count(people),
					gtl_format_count(before->auto_labeled), gtl_format_count(round->auto_labeled),
					gained > 0 ? forecast_rest(round, gained) : "");
}

void
gtl_forecast(GtlReport *report, const GtlJob *job, const GtlJobFacts *facts)
{
	const GtlRound *round = &facts->round;
	const GtlRound *before = &facts->before;
	char	   *words;

	if (!facts->has_before || gtl_job_is_final(job) || before->model_id == 0 || round->model_id == 0 || round->selected == 0 ||
		round->promise.guarantee == GTL_GUARANTEE_AUDITED || before->promise.guarantee == GTL_GUARANTEE_AUDITED)
		return;
	words = round->auto_labeled == 0 && before->auto_labeled == 0 ? forecast_bound(job, round) : forecast_labels(before, round);
	if (words != NULL)
		gtl_report_add(report, "forecast", words, NULL);
}
