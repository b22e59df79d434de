/*
 * dawid_skene.c
 *		EM for the annotators' confusion matrices and the items' true classes.
 *
 * Dawid-Skene [1]: an annotator w answers l to an item of class k with probability
 * pi_w[k][l]; EM alternates between the items' posteriors z and the maximum of pi
 * and of the class shares p.  Differences to [1]:
 *	- pseudo-counts: 0.1 in each cell of pi_w and 1 more on its diagonal, 1 for each
 *	  class share.  With few answers a person the plain maximum is often worse than
 *	  a majority vote, with Laplace's 1 everywhere even more so;
 *	- items of known class (gold) keep it.
 * Several answers of one person to one item all count, as in [1].  The start is the
 * shares of the votes.
 *
 * Layout.  Only the columns of the confusion matrices that occur are kept: a
 * column is an (annotator, answer) pair, a vector over the true class, padded to
 * `stride`.  Votes are sorted by item and name their column, so an iteration is
 * one pass: sum the logarithms of an item's columns, take the exponential, add the
 * posterior to the same columns' counts for the next M step.  Time is
 * O(iterations * votes * classes), memory items * classes + columns * classes.
 *
 * Precision: counts in double; posteriors, logarithms and the exponential in float,
 * to about 1e-6; logarithms are summed in float over FLOAT_RUN votes and in double
 * beyond.  Everything runs in a fixed order: same votes, same machine, same result.
 * Items with neither votes nor gold take no part.
 *
 * [1] Dawid, Skene, "Maximum likelihood estimation of observer error-rates using
 *	   the EM algorithm", Applied Statistics 28, 1979.
 */
#include "learning/dawid_skene.h"

#include <math.h>
#include <string.h>

#define CELL_PSEUDO_COUNT	0.1
#define DIAGONAL_PSEUDO_COUNT	1.0
#define CLASS_PSEUDO_COUNT	1.0

#define MAXIMUM_ITERATIONS	100
#define TOLERANCE			1e-4f
/* plain maximum likelihood creeps where a cell goes to 0 */
#define PLAIN_MAXIMUM_ITERATIONS	1000
#define PLAIN_TOLERANCE		1e-6f

#define SMALLEST_PROBABILITY	1e-30f
#define PADDING				(-1e30)

/*
 * Vectors over the classes are padded to whole lanes; up to SMALL_BLOCKS lanes
 * loops are unrolled.  Four floats are what every 64-bit processor has; variants with
 * wider ones gained a tenth, since a pass waits for memory, and are not worth it.
 */
#define LANES				4
#define ALIGNMENT			16
#define SMALL_BLOCKS		4

/* Votes whose logarithms are summed in float before double takes over. */
#define FLOAT_RUN			64

typedef float Float4 __attribute__((vector_size(16)));
typedef int32_t Int4 __attribute__((vector_size(16)));
typedef double Double2 __attribute__((vector_size(16)));

/* The same in memory, without alignment. */
typedef float Float4Stored __attribute__((vector_size(16), aligned(4), may_alias));
typedef double Double2Stored __attribute__((vector_size(16), aligned(8), may_alias));

#define UNROLLED static inline __attribute__((always_inline))

/* Four classes of the item at hand. */
typedef struct Scratch
{
	Double2		low,
				high;			/* sums of logarithms; then the posterior */
	Float4		run;			/* sums of the last FLOAT_RUN votes; then exponentials */
} Scratch;

/* The quantities of EM. */
struct GtlDawidSkene
{
	GtlCrowd   *crowd;
	int			stride;
	bool		smoothing;
	float	   *posterior;		/* [items x stride] */
	double	   *count;			/* [columns x stride]: sum of posteriors */
	float	   *log_column;		/* [columns x stride]: log pi_w[.][l] */
	double	   *class_sum;		/* [stride]: sum of all posteriors */
	double	   *log_share;		/* [stride]: log p and a constant; padding is -1e30 */
	double	   *work;			/* [stride] */
	void	   *scratch_memory;
	Scratch    *scratch;		/* [stride / LANES], aligned in scratch_memory */
};

/* Length of a vector over the classes, in whole lanes. */
static int64_t
stride_of(int64_t classes)
{
	return (classes + LANES - 1) / LANES * LANES;
}

/* ---- Arithmetic on vectors over the classes ---- */

UNROLLED Float4
larger(Float4 a, Float4 b)
{
	Int4		mask = a > b;

	return (Float4) ((mask & (Int4) a) | (~mask & (Int4) b));
}

UNROLLED Float4
absolute(Float4 x)
{
	return (Float4) ((Int4) x & 0x7fffffff);
}

UNROLLED float
largest_lane(Float4 x)
{
	float		a = x[0] > x[1] ? x[0] : x[1];
	float		b = x[2] > x[3] ? x[2] : x[3];

	return a > b ? a : b;
}

/*
 * exp of x <= 0.01 to 1e-6 (Cephes' polynomial); at least e^-70, so that nothing
 * is denormal.
 */
UNROLLED Float4
negative_exp(Float4 x)
{
	const Float4 floor = {-70.0f, -70.0f, -70.0f, -70.0f};
	Int4		exponent;
	Float4		r;
	Float4		y;

	x = larger(x, floor);
	exponent = __builtin_convertvector(x * 1.44269504f - 0.5f, Int4);
	r = x - __builtin_convertvector(exponent, Float4) * 0.693147181f;
	y = r * 1.9875691500e-4f + 1.3981999507e-3f;
	y = y * r + 8.3334519073e-3f;
	y = y * r + 4.1665795894e-2f;
	y = y * r + 1.6666665459e-1f;
	y = y * r + 5.0000001201e-1f;
	y = y * r * r + r + 1.0f;
	return y * (Float4) ((exponent + 127) << 23);
}

/* log of a positive normal number to 1e-7 (Cephes' polynomial). */
UNROLLED float
positive_log(float x)
{
	int32_t		bits;
	int32_t		exponent;
	float		f;
	float		y;

	memcpy(&bits, &x, sizeof(bits));
	exponent = (bits - 0x3f3504f3) >> 23;	/* mantissa in [sqrt(1/2), sqrt(2)) */
	bits -= exponent * (1 << 23);
	memcpy(&f, &bits, sizeof(f));
	f -= 1.0f;
	y = 7.0376836292e-2f;
	y = y * f - 1.1514610310e-1f;
	y = y * f + 1.1676998740e-1f;
	y = y * f - 1.2420140846e-1f;
	y = y * f + 1.4249322787e-1f;
	y = y * f - 1.6668057665e-1f;
	y = y * f + 2.0000714765e-1f;
	y = y * f - 2.4999993993e-1f;
	y = y * f + 3.3333331174e-1f;
	return (float) exponent * 0.693147181f + f + f * f * (y * f - 0.5f);
}

/*
 * posterior = softmax of the sums of logarithms; both copies of it.  Returns the
 * larger of change and the posterior's change, by lane.
 */
UNROLLED Float4
update_posterior(float *posterior, Scratch *x, Float4 change, int blocks)
{
	Float4Stored *stored = (Float4Stored *) posterior;
	Float4		top = {x[0].low[0], x[0].low[1], x[0].high[0], x[0].high[1]};
	Float4		sum = {0};
	double		shift;
	float		scale;

	for (int b = 1; b < blocks; b++)
		top = larger(top, (Float4){x[b].low[0], x[b].low[1], x[b].high[0], x[b].high[1]});
	shift = largest_lane(top);
	for (int b = 0; b < blocks; b++)
	{
		Double2		low = x[b].low - shift;
		Double2		high = x[b].high - shift;

		x[b].run = negative_exp((Float4){low[0], low[1], high[0], high[1]});
		sum += x[b].run;
	}
	scale = 1 / ((sum[0] + sum[1]) + (sum[2] + sum[3]));
	for (int b = 0; b < blocks; b++)
	{
		Float4		z = x[b].run * scale;

		change = larger(change, absolute(z - stored[b]));
		stored[b] = z;
	}
	return change;
}

/* ---- One pass of EM over the items ---- */

/* E step of an item: its class shares times all its votes' columns. */
UNROLLED Float4
infer_item(const GtlDawidSkene *model, int64_t item, Scratch *x, Float4 change, int blocks)
{
	const GtlCrowd *crowd = model->crowd;
	const Double2Stored *log_share = (const Double2Stored *) model->log_share;
	size_t		stride = (size_t) blocks * LANES;
	int64_t		last = crowd->item_start[item + 1];

	for (int b = 0; b < blocks; b++)
	{
		x[b].low = log_share[2 * b];
		x[b].high = log_share[2 * b + 1];
	}
	for (int64_t v = crowd->item_start[item]; v < last;)
	{
		int64_t		end = last - v > FLOAT_RUN ? v + FLOAT_RUN : last;

		for (int b = 0; b < blocks; b++)
			x[b].run = (Float4){0};
		for (; v < end; v++)
		{
			const float *logs = model->log_column + crowd->vote_column[v] * stride;
			const Float4Stored *column = (const Float4Stored *) logs;

			for (int b = 0; b < blocks; b++)
				x[b].run += column[b];
		}
		for (int b = 0; b < blocks; b++)
		{
			x[b].low += (Double2){x[b].run[0], x[b].run[1]};
			x[b].high += (Double2){x[b].run[2], x[b].run[3]};
		}
	}
	return update_posterior(model->posterior + (size_t) item * stride, x, change, blocks);
}

/* M step of an item: its posterior counts for its class and its votes' columns. */
UNROLLED void
count_item(const GtlDawidSkene *model, int64_t item, Scratch *x, int blocks)
{
	const GtlCrowd *crowd = model->crowd;
	size_t		stride = (size_t) blocks * LANES;
	const Float4Stored *posterior = (const Float4Stored *) (model->posterior + (size_t) item * stride);
	Double2Stored *class_sum = (Double2Stored *) model->class_sum;
	int64_t		last = crowd->item_start[item + 1];

	for (int b = 0; b < blocks; b++)
	{
		Float4		z = posterior[b];

		x[b].low = (Double2){z[0], z[1]};
		x[b].high = (Double2){z[2], z[3]};
		class_sum[2 * b] += x[b].low;
		class_sum[2 * b + 1] += x[b].high;
	}
	for (int64_t v = crowd->item_start[item]; v < last; v++)
	{
		Double2Stored *count = (Double2Stored *) (model->count + crowd->vote_column[v] * stride);

		for (int b = 0; b < blocks; b++)
		{
			count[2 * b] += x[b].low;
			count[2 * b + 1] += x[b].high;
		}
	}
}

UNROLLED float
pass_items(const GtlDawidSkene *model, int64_t first, int64_t last, Scratch *x, int blocks)
{
	Float4		change = {0};

	for (int64_t i = first; i < last; i++)
	{
		GtlItemKind kind = gtl_crowd_item_kind(model->crowd, i);

		if (kind == GTL_ITEM_ABSENT)
			continue;
		if (kind == GTL_ITEM_VOTED)
			change = infer_item(model, i, x, change, blocks);
		count_item(model, i, x, blocks);
	}
	return largest_lane(change);
}

/* E and M step of some items; largest change of a posterior. */
static float
run_pass(const GtlDawidSkene *model, int64_t first, int64_t last)
{
	Scratch		x[SMALL_BLOCKS];

	switch (model->stride / LANES)
	{
		case 1:
			return pass_items(model, first, last, x, 1);
		case 2:
			return pass_items(model, first, last, x, 2);
		case 3:
			return pass_items(model, first, last, x, 3);
		case 4:
			return pass_items(model, first, last, x, 4);
		default:
			return pass_items(model, first, last, model->scratch, model->stride / LANES);
	}
}

/*
 * Logarithms of one annotator's columns.  work is the inverse of the sum over all
 * answers, also of those that were never given.
 */
static void
update_annotator(const GtlDawidSkene *model, int64_t first, int64_t last)
{
	int			stride = model->stride;
	int			classes = model->crowd->votes->classes;
	double		cell = model->smoothing ? CELL_PSEUDO_COUNT : 0;
	double		diagonal = model->smoothing ? DIAGONAL_PSEUDO_COUNT : 0;
	double	   *work = model->work;

	for (int k = 0; k < stride; k++)
		work[k] = cell * classes + diagonal;
	for (int64_t c = first; c < last; c++)
	{
		const double *count = model->count + (size_t) c * stride;

		for (int k = 0; k < stride; k++)
			work[k] += count[k];
	}
	for (int k = 0; k < stride; k++)
		work[k] = work[k] > 0 ? 1 / work[k] : 0;
	for (int64_t c = first; c < last; c++)
	{
		const double *count = model->count + (size_t) c * stride;
		float	   *column = model->log_column + (size_t) c * stride;
		int			label = model->crowd->column_label[c];

		for (int k = 0; k < stride; k++)
		{
			float		p = (float) ((count[k] + cell) * work[k]);

			column[k] = positive_log(p > SMALLEST_PROBABILITY ? p : SMALLEST_PROBABILITY);
		}
		column[label] = (float) log(fmax((count[label] + cell + diagonal) * work[label],
										 SMALLEST_PROBABILITY));
	}
}

/* ---- EM ---- */

/* M step from the counts to log p and log pi.  False: interrupted. */
static bool
update_parameters(const GtlDawidSkene *model)
{
	GtlCrowd   *crowd = model->crowd;
	int			classes = crowd->votes->classes;
	double		pseudo = model->smoothing ? CLASS_PSEUDO_COUNT : 0;

	for (int k = 0; k < classes; k++)
		model->log_share[k] = log(fmax(model->class_sum[k] + pseudo, SMALLEST_PROBABILITY));
	for (int64_t a = 0; a < crowd->votes->annotators; a++)
	{
		int64_t		first = crowd->annotator_column[a];
		int64_t		last = crowd->annotator_column[a + 1];

		if (first == last)
			continue;
		update_annotator(model, first, last);
		if (gtl_crowd_stop_after(crowd, (last - first) * model->stride))
			return false;
	}
	return true;
}

static void
clear_counts(const GtlDawidSkene *model)
{
	const GtlCrowd *crowd = model->crowd;

	memset(model->class_sum, 0, (size_t) model->stride * sizeof(double));
	memset(model->count, 0, (size_t) crowd->columns * model->stride * sizeof(double));
}

/* Posteriors are the shares of the votes to begin with.  False: interrupted. */
static bool
start_posteriors(GtlDawidSkene *model)
{
	GtlCrowd   *crowd = model->crowd;
	int			stride = model->stride;

	clear_counts(model);
	for (int64_t i = 0; i < crowd->votes->items; i++)
	{
		float	   *posterior = model->posterior + (size_t) i * stride;
		int64_t		first = crowd->item_start[i];
		int64_t		last = crowd->item_start[i + 1];
		GtlItemKind kind = gtl_crowd_item_kind(crowd, i);

		if (kind == GTL_ITEM_ABSENT)
			continue;
		if (kind == GTL_ITEM_GOLD)
			posterior[crowd->votes->gold[i]] = 1;
		else
		{
			for (int64_t v = first; v < last; v++)
				posterior[crowd->column_label[crowd->vote_column[v]]] += 1.0f / (float) (last - first);
		}
		count_item(model, i, model->scratch, stride / LANES);
		if (gtl_crowd_stop_after(crowd, (last - first + 1) * stride))
			return false;
	}
	return true;
}

/* Both steps for all items, in portions between looks for interrupts.  False: interrupted. */
static bool
update_posteriors(const GtlDawidSkene *model, float *change)
{
	GtlCrowd   *crowd = model->crowd;
	const int64_t *start = crowd->item_start;
	int64_t		portion = GTL_CROWD_POLL_WORK / model->stride;
	int64_t		first = 0;

	*change = 0;
	clear_counts(model);
	while (first < crowd->votes->items)
	{
		int64_t		last = first + 1;
		float		c;

		while (last < crowd->votes->items &&
			   start[last + 1] - start[first] + last - first <= portion)
			last++;
		c = run_pass(model, first, last);
		*change = c > *change ? c : *change;
		if (gtl_crowd_stop_after(crowd, (start[last] - start[first] + last - first) * model->stride))
			return false;
		first = last;
	}
	return true;
}

int
gtl_dawid_skene_run(GtlDawidSkene *model)
{
	int			limit = model->smoothing ? MAXIMUM_ITERATIONS : PLAIN_MAXIMUM_ITERATIONS;
	float		tolerance = model->smoothing ? TOLERANCE : PLAIN_TOLERANCE;

	if (!start_posteriors(model))
		return -1;
	for (int iteration = 1; iteration <= limit; iteration++)
	{
		float		change;

		if (!update_parameters(model) || !update_posteriors(model, &change))
			return -1;
		gtl_env_progress(model->crowd->env, "consolidating", iteration, limit);
		if (change < tolerance)
			return iteration;
	}
	return limit;
}

GtlDawidSkene *
gtl_dawid_skene_create(GtlCrowd *crowd, bool smoothing)
{
	const GtlEnv *env = crowd->env;
	GtlDawidSkene *model = gtl_env_alloc(env, sizeof(GtlDawidSkene));
	size_t		stride = (size_t) stride_of(crowd->votes->classes);
	size_t		columns = (size_t) crowd->columns;

	model->crowd = crowd;
	model->stride = (int) stride;
	model->smoothing = smoothing;
	model->posterior = gtl_env_alloc(env, (size_t) crowd->votes->items * stride * sizeof(float));
	model->count = gtl_env_alloc(env, columns * stride * sizeof(double));
	model->log_column = gtl_env_alloc(env, columns * stride * sizeof(float));
	model->class_sum = gtl_env_alloc(env, stride * sizeof(double));
	model->log_share = gtl_env_alloc(env, stride * sizeof(double));
	model->work = gtl_env_alloc(env, stride * sizeof(double));
	model->scratch_memory = gtl_env_alloc(env, (stride / LANES + 1) * sizeof(Scratch));
	model->scratch = (Scratch *) (((uintptr_t) model->scratch_memory + ALIGNMENT - 1) &
								  ~(uintptr_t) (ALIGNMENT - 1));
	for (size_t k = (size_t) crowd->votes->classes; k < stride; k++)
		model->log_share[k] = PADDING;
	return model;
}

void
gtl_dawid_skene_release(GtlDawidSkene *model)
{
	const GtlEnv *env = model->crowd->env;

	gtl_env_release(env, model->posterior);
	gtl_env_release(env, model->count);
	gtl_env_release(env, model->log_column);
	gtl_env_release(env, model->class_sum);
	gtl_env_release(env, model->log_share);
	gtl_env_release(env, model->work);
	gtl_env_release(env, model->scratch_memory);
	gtl_env_release(env, model);
}

const float *
gtl_dawid_skene_posterior(const GtlDawidSkene *model, int64_t item)
{
	return model->posterior + (size_t) item * model->stride;
}

/* The pseudo-counts and the counts, divided by the row's sum. */
void
gtl_dawid_skene_confusion(const GtlDawidSkene *model, int64_t annotator, float *matrix)
{
	const GtlCrowd *crowd = model->crowd;
	int64_t		first = crowd->annotator_column[annotator];
	int64_t		last = crowd->annotator_column[annotator + 1];
	int64_t		classes = crowd->votes->classes;
	double		cell = model->smoothing ? CELL_PSEUDO_COUNT : 0;
	double		diagonal = model->smoothing ? DIAGONAL_PSEUDO_COUNT : 0;

	for (int64_t k = 0; k < classes; k++)
	{
		float	   *row = matrix + k * classes;
		double		total = cell * (double) classes + diagonal;
		double		scale;

		for (int64_t c = first; c < last; c++)
			total += model->count[c * model->stride + k];
		scale = total > 0 ? 1 / total : 0;
		for (int64_t l = 0; l < classes; l++)
			row[l] = (float) ((cell + (l == k ? diagonal : 0)) * scale);
		for (int64_t c = first; c < last; c++)
			row[crowd->column_label[c]] += (float) (model->count[c * model->stride + k] * scale);
	}
}

/* *sum += count * size, or SIZE_MAX. */
static void
add_memory(size_t *sum, int64_t count, int64_t size)
{
	size_t		bytes;

	if (__builtin_mul_overflow((size_t) count, (size_t) size, &bytes) ||
		__builtin_add_overflow(*sum, bytes, sum))
		*sum = SIZE_MAX;
}

size_t
gtl_dawid_skene_memory(int64_t items, int64_t columns, int64_t classes)
{
	int64_t		stride = stride_of(classes);
	size_t		sum = sizeof(GtlDawidSkene) + sizeof(Scratch);

	add_memory(&sum, items, stride * (int64_t) sizeof(float));
	add_memory(&sum, columns, stride * (int64_t) (sizeof(float) + sizeof(double)));
	add_memory(&sum, stride, 3 * sizeof(double));
	add_memory(&sum, stride / LANES, sizeof(Scratch));
	return sum;
}
