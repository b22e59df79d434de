/*
 * consolidate.c
 *		From several people's answers to one label and a confidence.
 *
 * Dawid-Skene [1]: an annotator w answers l to an object of class k with
 * probability pi_w[k][l]; EM alternates between the classes' posteriors z and the
 * maximum of pi and of the class shares p.  Differences to [1]:
 *	- pseudo-counts: 0.1 in each cell of pi_w and 1 more on its diagonal, 1 for each
 *	  class share.  With few answers a person the plain maximum is often worse than
 *	  a majority vote (autolabel.md 2.8), with Laplace's 1 everywhere even more so;
 *	- the answer is the mean of z and of the smoothed vote shares, since z alone is
 *	  over-confident where annotators share their mistakes;
 *	- objects of known class (gold) keep it;
 *	- several answers of one person to one object all count, as in [1].
 * smoothing = false leaves the first two out and reproduces the example of [1].
 *
 * Layout.  Only the columns of the confusion matrices that occur are kept: a
 * column is an (annotator, answer) pair, a vector over the true class, padded to
 * `stride`.  Votes are sorted by object once and name their column, so that an
 * iteration is one pass: sum the logarithms of an object's columns, take the
 * exponential, add the posterior to the same columns' counts.  Time is
 * O(iterations * votes * classes).  Memory is votes + items * classes +
 * columns * classes, columns <= min(votes, annotators * classes), and the dense
 * confusion matrices of the result.
 *
 * Precision: counts in double; posteriors, logarithms and the exponential in float,
 * to about 1e-6; logarithms are summed in float over FLOAT_RUN votes and in double
 * beyond.  Two classes whose shares differ by less than TIE are tied, and the
 * lowest index wins.
 *
 * Everything runs in a fixed order: same votes, same machine, same result.
 * Objects with neither votes nor gold take no part.  Interrupts are polled at
 * least every POLL_WORK operations (a few ms); memory comes from env.
 *
 * [1] Dawid, Skene, "Maximum likelihood estimation of observer error-rates using
 *	   the EM algorithm", Applied Statistics 28, 1979.
 */
#include "learning/consolidate.h"

#include <math.h>
#include <string.h>

#define AUTO_MINIMUM_ITEMS	20
#define AUTO_MINIMUM_VOTES	3	/* an item, on average */

#define CELL_PSEUDO_COUNT	0.1
#define DIAGONAL_PSEUDO_COUNT	1.0
#define CLASS_PSEUDO_COUNT	1.0
#define VOTE_PSEUDO_COUNT	0.5
#define VOTE_WEIGHT			0.5

#define MAXIMUM_ITERATIONS	100
#define TOLERANCE			1e-4f
/* plain maximum likelihood creeps where a cell goes to 0 */
#define PLAIN_MAXIMUM_ITERATIONS	1000
#define PLAIN_TOLERANCE		1e-6f

#define SMALLEST_PROBABILITY	1e-30f
#define TIE					1e-6
#define PADDING				(-1e30)

#define POLL_WORK			(INT64_C(1) << 21)

/* More cells than this (1 GB) are not written out as dense matrices. */
#define MAXIMUM_CONFUSION_CELLS	(INT64_C(1) << 28)

/*
 * Vectors over the classes are padded to whole lanes; up to SMALL_BLOCKS lanes
 * loops are unrolled.  Four floats are what every 64-bit processor has; wider
 * vectors gain nothing, since a pass waits for memory.
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

typedef enum ItemKind
{
	ITEM_ABSENT,				/* neither votes nor gold */
	ITEM_VOTED,
	ITEM_GOLD					/* with or without votes */
} ItemKind;

/* Votes by item; each names a column. */
typedef struct Crowd
{
	const GtlVotes *votes;
	const GtlEnv *env;
	int			stride;
	int64_t		voted_items;
	int64_t		work;			/* since the last look for an interrupt */
	int64_t    *item_start;		/* [items + 1] */
	int32_t    *vote_column;	/* [count], by item */
	int64_t		columns;
	int32_t    *column_label;	/* [columns]: the answer */
	int64_t    *annotator_column;	/* [annotators + 1]: first column of each; NULL for majority */
} Crowd;

/* Four classes of the item at hand. */
typedef struct Scratch
{
	Double2		low,
				high;			/* sums of logarithms; then the posterior */
	Float4		run;			/* sums of the last FLOAT_RUN votes; then exponentials */
} Scratch;

/* The quantities of EM. */
typedef struct Model
{
	Crowd	   *crowd;
	bool		smoothing;
	int64_t		known_items;	/* with votes or gold */
	float	   *posterior;		/* [items x stride] */
	double	   *count;			/* [columns x stride]: sum of posteriors */
	float	   *log_column;		/* [columns x stride]: log pi_w[.][l] */
	double	   *class_sum;		/* [stride]: sum of all posteriors */
	double	   *log_share;		/* [stride]: log p; padding is -1e30 */
	double	   *work;			/* [stride] */
	void	   *scratch_memory;
	Scratch    *scratch;		/* [stride / LANES], aligned in scratch_memory */
} Model;

/* Length of a vector over the classes, in whole lanes. */
static int
stride_of(int classes)
{
	return (classes + LANES - 1) / LANES * LANES;
}

static inline ItemKind
item_kind(const Crowd *crowd, int64_t item)
{
	if (crowd->votes->gold != NULL && crowd->votes->gold[item] >= 0)
		return ITEM_GOLD;
	return crowd->item_start[item + 1] > crowd->item_start[item] ? ITEM_VOTED : ITEM_ABSENT;
}

/* Account for work done; true: stop. */
static inline bool
stop_after(Crowd *crowd, int64_t work)
{
	crowd->work += work;
	if (crowd->work < POLL_WORK)
		return false;
	crowd->work = 0;
	return gtl_env_interrupted(crowd->env);
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
		top = larger(top, (Float4) {x[b].low[0], x[b].low[1], x[b].high[0], x[b].high[1]});
	shift = largest_lane(top);
	for (int b = 0; b < blocks; b++)
	{
		Double2		low = x[b].low - shift;
		Double2		high = x[b].high - shift;

		x[b].run = negative_exp((Float4) {low[0], low[1], high[0], high[1]});
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
infer_item(const Model *model, int64_t item, Scratch *x, Float4 change, int blocks)
{
	const Crowd *crowd = model->crowd;
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
			x[b].run = (Float4) {0};
		for (; v < end; v++)
		{
			const Float4Stored *column = (const Float4Stored *)
				(model->log_column + crowd->vote_column[v] * stride);

			for (int b = 0; b < blocks; b++)
				x[b].run += column[b];
		}
		for (int b = 0; b < blocks; b++)
		{
			x[b].low += (Double2) {x[b].run[0], x[b].run[1]};
			x[b].high += (Double2) {x[b].run[2], x[b].run[3]};
		}
	}
	return update_posterior(model->posterior + (size_t) item * stride, x, change, blocks);
}

/* M step of an item: its posterior counts for its class and its votes' columns. */
UNROLLED void
count_item(const Model *model, int64_t item, Scratch *x, int blocks)
{
	const Crowd *crowd = model->crowd;
	size_t		stride = (size_t) blocks * LANES;
	const Float4Stored *posterior = (const Float4Stored *) (model->posterior + (size_t) item * stride);
	Double2Stored *class_sum = (Double2Stored *) model->class_sum;
	int64_t		last = crowd->item_start[item + 1];

	for (int b = 0; b < blocks; b++)
	{
		Float4		z = posterior[b];

		x[b].low = (Double2) {z[0], z[1]};
		x[b].high = (Double2) {z[2], z[3]};
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
pass_items(const Model *model, int64_t first, int64_t last, Scratch *x, int blocks)
{
	Float4		change = {0};

	for (int64_t i = first; i < last; i++)
	{
		ItemKind	kind = item_kind(model->crowd, i);

		if (kind == ITEM_ABSENT)
			continue;
		if (kind == ITEM_VOTED)
			change = infer_item(model, i, x, change, blocks);
		count_item(model, i, x, blocks);
	}
	return largest_lane(change);
}

/* E and M step of some items; largest change of a posterior. */
static float
run_pass(const Model *model, int64_t first, int64_t last)
{
	Scratch		x[SMALL_BLOCKS];

	switch (model->crowd->stride / LANES)
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
			return pass_items(model, first, last, model->scratch, model->crowd->stride / LANES);
	}
}

/*
 * Logarithms of one annotator's columns.  work is the inverse of the sum over all
 * answers, also of those that were never given.
 */
static void
update_annotator(const Model *model, int64_t first, int64_t last)
{
	int			stride = model->crowd->stride;
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
update_parameters(const Model *model)
{
	Crowd	   *crowd = model->crowd;
	int			classes = crowd->votes->classes;
	double		pseudo = model->smoothing ? CLASS_PSEUDO_COUNT : 0;
	double		total = model->known_items + pseudo * classes;

	for (int k = 0; k < classes; k++)
		model->log_share[k] = log(fmax((model->class_sum[k] + pseudo) / total,
									   SMALLEST_PROBABILITY));
	for (int64_t a = 0; a < crowd->votes->annotators; a++)
	{
		int64_t		first = crowd->annotator_column[a];
		int64_t		last = crowd->annotator_column[a + 1];

		if (first == last)
			continue;
		update_annotator(model, first, last);
		if (stop_after(crowd, (last - first) * crowd->stride))
			return false;
	}
	return true;
}

static void
clear_counts(const Model *model)
{
	const Crowd *crowd = model->crowd;

	memset(model->class_sum, 0, (size_t) crowd->stride * sizeof(double));
	memset(model->count, 0, (size_t) crowd->columns * crowd->stride * sizeof(double));
}

/* Posteriors are the shares of the votes to begin with.  False: interrupted. */
static bool
start_posteriors(Model *model)
{
	Crowd	   *crowd = model->crowd;
	int			stride = crowd->stride;

	clear_counts(model);
	for (int64_t i = 0; i < crowd->votes->items; i++)
	{
		float	   *posterior = model->posterior + (size_t) i * stride;
		int64_t		first = crowd->item_start[i];
		int64_t		last = crowd->item_start[i + 1];
		ItemKind	kind = item_kind(crowd, i);

		if (kind == ITEM_ABSENT)
			continue;
		model->known_items++;
		if (kind == ITEM_GOLD)
			posterior[crowd->votes->gold[i]] = 1;
		else
		{
			for (int64_t v = first; v < last; v++)
				posterior[crowd->column_label[crowd->vote_column[v]]] += 1.0f / (float) (last - first);
		}
		count_item(model, i, model->scratch, stride / LANES);
		if (stop_after(crowd, (last - first + 1) * stride))
			return false;
	}
	return true;
}

/* Both steps for all items, in portions between looks for interrupts.  False: interrupted. */
static bool
update_posteriors(const Model *model, float *change)
{
	Crowd	   *crowd = model->crowd;
	const int64_t *start = crowd->item_start;
	int64_t		portion = POLL_WORK / crowd->stride;
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
		if (stop_after(crowd, (start[last] - start[first] + last - first) * crowd->stride))
			return false;
		first = last;
	}
	return true;
}

/* Number of iterations, or -1: interrupted. */
static int
run_em(Model *model)
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

static void
model_init(Model *model, Crowd *crowd, bool smoothing)
{
	const GtlEnv *env = crowd->env;
	size_t		stride = (size_t) crowd->stride;
	size_t		columns = (size_t) crowd->columns;

	model->crowd = crowd;
	model->smoothing = smoothing;
	model->known_items = 0;
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
}

static void
model_release(Model *model, const GtlEnv *env)
{
	gtl_env_release(env, model->posterior);
	gtl_env_release(env, model->count);
	gtl_env_release(env, model->log_column);
	gtl_env_release(env, model->class_sum);
	gtl_env_release(env, model->log_share);
	gtl_env_release(env, model->work);
	gtl_env_release(env, model->scratch_memory);
}

/* ---- Putting the votes in order ---- */

/* starts[i] = number of keys below i, for i = 0 .. nkeys.  False: interrupted. */
static bool
count_starts(Crowd *crowd, const int32_t *keys, int64_t nkeys, int64_t *starts)
{
	for (int64_t v = 0; v < crowd->votes->count; v++)
	{
		starts[keys[v] + 1]++;
		if (stop_after(crowd, 1))
			return false;
	}
	for (int64_t i = 0; i < nkeys; i++)
		starts[i + 1] += starts[i];
	return true;
}

/* Placing votes advanced each key's start to the next one's. */
static void
restore_starts(int64_t *starts, int64_t nkeys)
{
	for (int64_t i = nkeys; i > 0; i--)
		starts[i] = starts[i - 1];
	starts[0] = 0;
}

/*
 * Find the (annotator, answer) pairs that occur, annotator by annotator in the
 * order of their votes, and name each vote's.  False: interrupted.
 */
static bool
assign_columns(Crowd *crowd, const int64_t *order, int32_t *column, int32_t *column_of)
{
	const GtlVotes *votes = crowd->votes;
	int64_t		columns = 0;
	int64_t		v = 0;

	for (int64_t a = 0; a < votes->annotators; a++)
	{
		int64_t		first = columns;
		int64_t		last = crowd->annotator_column[a + 1];	/* a's votes end here */

		crowd->annotator_column[a] = first;
		for (; v < last; v++)
		{
			int32_t		label = votes->label[order[v]];

			/* column_of a label may be left from another annotator, or never set */
			if (column_of[label] < first || column_of[label] >= columns ||
				crowd->column_label[column_of[label]] != label)
			{
				column_of[label] = (int32_t) columns;
				crowd->column_label[columns++] = label;
			}
			column[order[v]] = column_of[label];
			if (stop_after(crowd, 1))
				return false;
		}
	}
	crowd->annotator_column[votes->annotators] = columns;
	crowd->columns = columns;
	return true;
}

/* The most (annotator, answer) pairs that there can be. */
static int64_t
most_columns(int64_t votes, int64_t annotators, int64_t classes)
{
	return annotators > votes / classes ? votes : annotators * classes;
}

/* Columns of the confusion matrices.  False: interrupted. */
static bool
index_columns(Crowd *crowd, int32_t *column)
{
	const GtlVotes *votes = crowd->votes;
	const GtlEnv *env = crowd->env;
	int64_t		most = most_columns(votes->count, votes->annotators, votes->classes);
	int64_t    *order = gtl_env_alloc(env, (size_t) votes->count * sizeof(int64_t));
	int32_t    *column_of = gtl_env_alloc(env, (size_t) votes->classes * sizeof(int32_t));
	bool		done;

	crowd->column_label = gtl_env_alloc(env, (size_t) most * sizeof(int32_t));
	crowd->annotator_column = gtl_env_alloc(env, ((size_t) votes->annotators + 1) * sizeof(int64_t));
	done = count_starts(crowd, votes->annotator, votes->annotators, crowd->annotator_column);
	for (int64_t v = 0; done && v < votes->count; v++)
	{
		order[crowd->annotator_column[votes->annotator[v]]++] = v;
		done = !stop_after(crowd, 1);
	}
	if (done)
	{
		restore_starts(crowd->annotator_column, votes->annotators);
		done = assign_columns(crowd, order, column, column_of);
	}
	gtl_env_release(env, order);
	gtl_env_release(env, column_of);
	return done;
}

/* A majority vote needs no annotators: a column is a label. */
static void
use_labels_as_columns(Crowd *crowd)
{
	int32_t		classes = crowd->votes->classes;

	crowd->columns = classes;
	crowd->column_label = gtl_env_alloc(crowd->env, (size_t) classes * sizeof(int32_t));
	for (int32_t k = 0; k < classes; k++)
		crowd->column_label[k] = k;
}

/* Sort the votes' columns by item.  False: interrupted. */
static bool
place_votes(Crowd *crowd, const int32_t *column)
{
	const GtlVotes *votes = crowd->votes;

	crowd->vote_column = gtl_env_alloc(crowd->env, (size_t) votes->count * sizeof(int32_t));
	for (int64_t v = 0; v < votes->count; v++)
	{
		crowd->vote_column[crowd->item_start[votes->item[v]]++] = column[v];
		if (stop_after(crowd, 1))
			return false;
	}
	restore_starts(crowd->item_start, votes->items);
	return true;
}

/* False: interrupted. */
static bool
index_items(Crowd *crowd)
{
	const GtlVotes *votes = crowd->votes;

	crowd->item_start = gtl_env_alloc(crowd->env, ((size_t) votes->items + 1) * sizeof(int64_t));
	if (!count_starts(crowd, votes->item, votes->items, crowd->item_start))
		return false;
	for (int64_t i = 0; i < votes->items; i++)
		crowd->voted_items += crowd->item_start[i + 1] > crowd->item_start[i];
	return true;
}

/* False: interrupted. */
static bool
index_votes(Crowd *crowd, GtlConsolidation method)
{
	int32_t    *column;
	bool		done;

	if (method == GTL_CONSOLIDATE_MAJORITY)
	{
		use_labels_as_columns(crowd);
		return place_votes(crowd, crowd->votes->label);
	}
	column = gtl_env_alloc(crowd->env, (size_t) crowd->votes->count * sizeof(int32_t));
	done = index_columns(crowd, column) && place_votes(crowd, column);
	gtl_env_release(crowd->env, column);
	return done;
}

static void
crowd_release(Crowd *crowd)
{
	gtl_env_release(crowd->env, crowd->item_start);
	gtl_env_release(crowd->env, crowd->vote_column);
	gtl_env_release(crowd->env, crowd->column_label);
	gtl_env_release(crowd->env, crowd->annotator_column);
}

/* ---- Results ---- */

static GtlConsolidation
choose_method(const Crowd *crowd, GtlConsolidation method)
{
	if (method != GTL_CONSOLIDATE_AUTO)
		return method;
	if (crowd->voted_items < AUTO_MINIMUM_ITEMS ||
		crowd->votes->count < AUTO_MINIMUM_VOTES * crowd->voted_items)
		return GTL_CONSOLIDATE_MAJORITY;
	return GTL_CONSOLIDATE_DAWID_SKENE;
}

/*
 * Label and confidence of a voted item: the mean of its posterior (NULL: none)
 * and its smoothed vote shares, or its posterior alone.
 */
static void
decide_item(const Crowd *crowd, int64_t item, const float *posterior, bool smoothing,
			double *share, GtlConsolidated *result)
{
	int32_t		classes = crowd->votes->classes;
	int64_t		first = crowd->item_start[item];
	int64_t		last = crowd->item_start[item + 1];
	double		total = (double) (last - first) + VOTE_PSEUDO_COUNT * classes;
	double		weight = posterior == NULL ? 1 : smoothing ? VOTE_WEIGHT : 0;
	int32_t		best = 0;

	for (int32_t k = 0; k < classes; k++)
		share[k] = weight * VOTE_PSEUDO_COUNT / total;
	for (int64_t v = first; v < last; v++)
		share[crowd->column_label[crowd->vote_column[v]]] += weight / total;
	if (posterior != NULL)
	{
		for (int32_t k = 0; k < classes; k++)
			share[k] += (1 - weight) * posterior[k];
	}
	for (int32_t k = 1; k < classes; k++)
	{
		if (share[k] > share[best] + TIE)
			best = k;
	}
	result->label[item] = best;
	result->confidence[item] = (float) fmin(share[best], 1);
}

/* False: interrupted. */
static bool
decide_items(Crowd *crowd, const Model *model, GtlConsolidated *result)
{
	int32_t		classes = crowd->votes->classes;
	double	   *share = gtl_env_alloc(crowd->env, (size_t) classes * sizeof(double));
	bool		done = true;

	for (int64_t i = 0; done && i < crowd->votes->items; i++)
	{
		switch (item_kind(crowd, i))
		{
			case ITEM_ABSENT:
				result->label[i] = -1;
				break;
			case ITEM_GOLD:
				result->label[i] = crowd->votes->gold[i];
				result->confidence[i] = 1;
				break;
			case ITEM_VOTED:
				decide_item(crowd, i,
							model == NULL ? NULL : model->posterior + (size_t) i * crowd->stride,
							model != NULL && model->smoothing, share, result);
				break;
		}
		done = !stop_after(crowd, classes + crowd->item_start[i + 1] - crowd->item_start[i]);
	}
	gtl_env_release(crowd->env, share);
	return done;
}

/* One annotator's matrix: the pseudo-counts, the counts, divided by the row's sum. */
static void
write_confusion(const Model *model, int64_t annotator, float *matrix)
{
	const Crowd *crowd = model->crowd;
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
			total += model->count[c * crowd->stride + k];
		scale = total > 0 ? 1 / total : 0;
		for (int64_t l = 0; l < classes; l++)
			row[l] = (float) ((cell + (l == k ? diagonal : 0)) * scale);
		for (int64_t c = first; c < last; c++)
			row[crowd->column_label[c]] += (float) (model->count[c * crowd->stride + k] * scale);
	}
}

/* Cells of the dense confusion matrices; 0: too many to write out. */
static int64_t
confusion_cells(int64_t annotators, int64_t classes)
{
	int64_t		cells = classes * classes;

	if (cells > MAXIMUM_CONFUSION_CELLS || annotators > MAXIMUM_CONFUSION_CELLS / cells)
		return 0;
	return annotators * cells;
}

/* False: interrupted. */
static bool
write_confusions(Model *model, GtlConsolidated *result)
{
	Crowd	   *crowd = model->crowd;
	int64_t		classes = crowd->votes->classes;
	int64_t		cells = confusion_cells(crowd->votes->annotators, classes);

	if (cells == 0)
		return true;
	result->confusion = gtl_env_alloc(crowd->env, (size_t) cells * sizeof(float));
	for (int64_t a = 0; a < crowd->votes->annotators; a++)
	{
		write_confusion(model, a, result->confusion + a * classes * classes);
		if (stop_after(crowd, 2 * classes * classes))
			return false;
	}
	return true;
}

/* False: interrupted. */
static bool
consolidate_dawid_skene(Crowd *crowd, bool smoothing, GtlConsolidated *result)
{
	Model		model;
	bool		done = false;

	model_init(&model, crowd, smoothing);
	result->iterations = run_em(&model);
	if (result->iterations >= 0)
		done = decide_items(crowd, &model, result) && write_confusions(&model, result);
	model_release(&model, crowd->env);
	return done;
}

void
gtl_consolidate(const GtlVotes *votes, GtlConsolidation method, bool smoothing,
				const GtlEnv *env, GtlConsolidated *result)
{
	Crowd		crowd = {.votes = votes, .env = env, .stride = stride_of(votes->classes)};
	bool		done;

	memset(result, 0, sizeof(*result));
	result->label = gtl_env_alloc(env, (size_t) votes->items * sizeof(int32_t));
	result->confidence = gtl_env_alloc(env, (size_t) votes->items * sizeof(float));
	done = index_items(&crowd);
	if (done)
	{
		result->method = choose_method(&crowd, method);
		done = index_votes(&crowd, result->method);
	}
	if (done && result->method == GTL_CONSOLIDATE_MAJORITY)
		done = decide_items(&crowd, NULL, result);
	else if (done)
		done = consolidate_dawid_skene(&crowd, smoothing, result);
	crowd_release(&crowd);
	if (!done)
	{
		gtl_env_release(env, result->label);
		gtl_env_release(env, result->confidence);
		gtl_env_release(env, result->confusion);
		memset(result, 0, sizeof(*result));
		result->interrupted = true;
	}
}

/* ---- Memory ---- */

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
gtl_consolidate_memory(int64_t votes, int32_t items, int32_t annotators, int32_t classes)
{
	int64_t		stride = stride_of(classes);
	int64_t		columns = most_columns(votes, annotators, classes);
	size_t		sum = 0;

	add_memory(&sum, votes, sizeof(int64_t) + 2 * sizeof(int32_t));
	add_memory(&sum, items, sizeof(int64_t) + sizeof(int32_t) + sizeof(float) +
			   stride * sizeof(float));
	add_memory(&sum, columns, sizeof(int32_t) + stride * (sizeof(float) + sizeof(double)));
	add_memory(&sum, annotators, sizeof(int64_t));
	add_memory(&sum, stride, 4 * sizeof(double) + sizeof(int32_t));
	add_memory(&sum, stride / LANES + 1, sizeof(Scratch));
	add_memory(&sum, confusion_cells(annotators, classes), sizeof(float));
	return sum;
}
