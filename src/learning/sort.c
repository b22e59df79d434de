/*
 * sort.c
 *		Sorting that can be interrupted: a merge sort from below, and one by digits.
 *
 * Runs are sorted by insertion, then merged in pairs, the whole length once in each pass.  Interrupts are
 * looked for after each POLL_ENTRIES entries of a pass, which take some milliseconds.
 *
 * Numbers are sorted by the digits, in base 2048, of bits that compare as they do, from the lowest digit on: six passes
 * without a comparison.  A digit that is the same in all takes none.
 */
#include "learning/sort.h"

#include <string.h>

#define RUN_ENTRIES		16
#define POLL_ENTRIES	(INT64_C(1) << 16)

typedef struct Sorter
{
	size_t		size;
	int			(*compare) (const void *a, const void *b);
	const GtlEnv *env;
	int64_t		passed;			/* entries since the last look for an interrupt */
	char	   *held;			/* one entry, for insertions */
} Sorter;

static bool
sorter_stopped(Sorter *sorter, int64_t entries)
{
	sorter->passed += entries;
	if (sorter->passed < POLL_ENTRIES)
		return false;
	sorter->passed = 0;
	return gtl_env_interrupted(sorter->env);
}

static void
sort_run(Sorter *sorter, char *run, int64_t count)
{
	size_t		size = sorter->size;

	for (int64_t i = 1; i < count; i++)
	{
		int64_t		place = i;

		while (place > 0 && sorter->compare(run + (size_t) (place - 1) * size, run + (size_t) i * size) > 0)
			place--;
		if (place == i)
			continue;
		memcpy(sorter->held, run + (size_t) i * size, size);
		memmove(run + (size_t) (place + 1) * size, run + (size_t) place * size, (size_t) (i - place) * size);
		memcpy(run + (size_t) place * size, sorter->held, size);
	}
}

static bool
sort_runs(Sorter *sorter, char *entries, int64_t count)
{
	for (int64_t first = 0; first < count; first += RUN_ENTRIES)
	{
		int64_t		left = count - first;

		if (sorter_stopped(sorter, RUN_ENTRIES))
			return false;
		sort_run(sorter, entries + (size_t) first * sorter->size, left < RUN_ENTRIES ? left : RUN_ENTRIES);
	}
	return true;
}

/* The sorted entries [first, middle) and [middle, end) of `from` to the same places of `to`. */
static bool
merge_runs(Sorter *sorter, const char *from, char *to, int64_t first, int64_t middle, int64_t end)
{
	size_t		size = sorter->size;
	int64_t		a = first;
	int64_t		b = middle;

	for (int64_t place = first; place < end; place++)
	{
		bool		take_a = a < middle &&
			(b == end || sorter->compare(from + (size_t) a * size, from + (size_t) b * size) <= 0);

		memcpy(to + (size_t) place * size, from + (size_t) (take_a ? a++ : b++) * size, size);
		if ((place & 1023) == 0 && sorter_stopped(sorter, 1024))
			return false;
	}
	return true;
}

static bool
merge_pass(Sorter *sorter, const char *from, char *to, int64_t count, int64_t width)
{
	for (int64_t first = 0; first < count; first += 2 * width)
	{
		int64_t		middle = count - first < width ? count : first + width;
		int64_t		end = count - middle < width ? count : middle + width;

		if (!merge_runs(sorter, from, to, first, middle, end))
			return false;
	}
	return true;
}

bool
gtl_sort(void *entries, int64_t count, size_t size, int (*compare) (const void *a, const void *b), const GtlEnv *env)
{
	Sorter		sorter = {.size = size,.compare = compare,.env = env};
	char	   *other;
	char	   *from = entries;
	char	   *to;
	bool		going;

	if (count < 2)
		return true;
	other = gtl_env_alloc(env, (size_t) count * size);
	sorter.held = gtl_env_alloc(env, size);
	to = other;
	going = sort_runs(&sorter, from, count);
	for (int64_t width = RUN_ENTRIES; going && width < count; width *= 2)
	{
		char	   *swap = from;

		going = merge_pass(&sorter, from, to, count, width);
		from = to;
		to = swap;
	}
	if (going && from == other)
		memcpy(entries, other, (size_t) count * size);
	gtl_env_release(env, sorter.held);
	gtl_env_release(env, other);
	return going;
}

int
gtl_compare_int32(const void *a, const void *b)
{
	int32_t		x = *(const int32_t *) a;
	int32_t		y = *(const int32_t *) b;

	return (x > y) - (x < y);
}

int
gtl_compare_double(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

int
gtl_compare_double_down(const void *a, const void *b)
{
	return gtl_compare_double(b, a);
}

/* ---- Numbers, by their digits ---- */

/* Numbers with larger digits stand before those of a digit: how many, for each digit.  False: all have the same one. */
static bool
count_larger(const double *numbers, int64_t count, int shift, const GtlEnv *env, int64_t *larger)
{
	int64_t		sum = 0;

	memset(larger, 0, GTL_SORT_DIGITS * sizeof(int64_t));
	for (GtlPiece p = {0, 0}; gtl_piece_next(&p, (size_t) count, env);)
		for (size_t i = p.from; i < p.to; i++)
			larger[gtl_sort_digit(numbers[i], shift)]++;
	for (int digit = GTL_SORT_DIGITS - 1; digit >= 0; digit--)
	{
		int64_t		these = larger[digit];

		if (these == count)
			return false;
		larger[digit] = sum;
		sum += these;
	}
	return true;
}

bool
gtl_sort_down(double *numbers, int64_t count, const GtlEnv *env)
{
	int64_t		place[GTL_SORT_DIGITS];
	double	   *other = count < 2 ? NULL : gtl_env_alloc(env, (size_t) count * sizeof(double));
	double	   *from = numbers;
	double	   *to = other;

	for (int shift = 0; count > 1 && shift <= GTL_SORT_LAST_SHIFT && !gtl_env_interrupted(env); shift += GTL_SORT_DIGIT_BITS)
	{
		double	   *swap = from;

		if (!count_larger(from, count, shift, env, place))
			continue;
		for (GtlPiece p = {0, 0}; gtl_piece_next(&p, (size_t) count, env);)
			for (size_t i = p.from; i < p.to; i++)
				to[place[gtl_sort_digit(from[i], shift)]++] = from[i];
		from = to;
		to = swap;
	}
	if (from != numbers)
		memcpy(numbers, from, (size_t) count * sizeof(double));
	gtl_env_release(env, other);
	return !gtl_env_interrupted(env);
}
