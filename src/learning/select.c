/*
 * select.c
 *		Which unlabeled objects people see next: the ones with the smallest
 *		margins, or a random sample.
 *
 * Both are "the smallest `wanted` keys of n".  The keys pass once through a
 * buffer of 2 * wanted entries: whenever it is full, a quickselect keeps the
 * smaller half, and whatever is larger than the largest kept entry is passed over afterwards.
 * A refill of `wanted` entries costs O(wanted), so all refills together cost O(n);
 * the survivors are sorted at the end.  Memory in proportion to `wanted`, not to
 * the job.
 *
 * Invariants:
 *	- the order (key, object, position) is total, so the result is a function of
 *	  the set of objects, not of the algorithm nor of the array's order;
 *	- a random sample's keys are hashes of the object number under (seed, stream):
 *	  every set of `wanted` objects is equally likely over seeds, and each further
 *	  object leaves the relative order of the others alone.
 *
 * The nth largest score comes by digits (sort.h), from the highest on: at most six passes, whatever the scores.
 *
 * Interrupts are looked for after each 65,536 entries passed, whatever is done with them, or half a million scores.
 */
#include "learning/select.h"

#include <string.h>

#include "learning/random.h"
#include "learning/sort.h"

#define POLL_ENTRIES 65536

typedef struct Entry
{
	uint64_t	key;
	int32_t		object;
	int64_t		position;
} Entry;

/* The smallest entries seen so far. */
typedef struct Sieve
{
	Entry	   *entries;		/* [capacity] */
	int64_t		count;
	int64_t		capacity;
	int64_t		wanted;
	Entry		bar;			/* entries of at least this are not among the wanted */
	const GtlEnv *env;
	int64_t		passed;			/* entries since the last look for an interrupt */
	bool		interrupted;	/* the entries are good for nothing */
} Sieve;

static inline bool
entry_less(const Entry *a, const Entry *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	if (a->object != b->object)
		return a->object < b->object;
	return a->position < b->position;
}

static int
entry_compare(const void *a, const void *b)
{
	if (entry_less(a, b))
		return -1;
	return entry_less(b, a) ? 1 : 0;
}

static inline void
entry_swap(Entry *a, Entry *b)
{
	Entry		t = *a;

	*a = *b;
	*b = t;
}

/* Order the first, middle and last entry, and return the median. */
static Entry
median_of_three(Entry *first, Entry *last)
{
	Entry	   *middle = first + (last - first) / 2;

	if (entry_less(middle, first))
		entry_swap(middle, first);
	if (entry_less(last, middle))
		entry_swap(last, middle);
	if (entry_less(middle, first))
		entry_swap(middle, first);
	return *middle;
}

static inline bool
sieve_stopped(Sieve *sieve, int64_t entries)
{
	sieve->passed += entries;
	if (sieve->passed >= POLL_ENTRIES)
	{
		sieve->passed = 0;
		sieve->interrupted = sieve->interrupted || gtl_env_interrupted(sieve->env);
	}
	return sieve->interrupted;
}

/*
 * One partition (Hoare 1961) of the entries low .. high around a median of three: none up to *end is greater than
 * the pivot, none from *begin on is smaller.  False: interrupted.
 */
static bool
partition_once(Sieve *sieve, int64_t low, int64_t high, int64_t *end, int64_t *begin)
{
	Entry	   *entries = sieve->entries;
	int64_t		i = low;
	int64_t		j = high;
	Entry		pivot = median_of_three(entries + low, entries + high);

	while (i <= j)
	{
		int64_t		before = j - i;

		/* a pause now and then, to look for interrupts */
		while (entry_less(&entries[i], &pivot) && (i & 1023) != 1023)
			i++;
		while (entry_less(&pivot, &entries[j]) && (j & 1023) != 0)
			j--;
		if (sieve_stopped(sieve, 1 + before - (j - i)))
			return false;
		if (entry_less(&entries[i], &pivot))
			i++;
		else if (entry_less(&pivot, &entries[j]))
			j--;
		else if (i <= j)
			entry_swap(&entries[i++], &entries[j--]);
	}
	*end = j;
	*begin = i;
	return true;
}

/*
 * Move the nth smallest entry (from 0) to its place, smaller ones before it.
 * Quickselect (Hoare 1961); a range that resists 2 * log2(n) partitions is sorted
 * instead, so no order of the input makes it quadratic.
 */
static void
partition_around(Sieve *sieve, int64_t nth)
{
	int64_t		low = 0;
	int64_t		high = sieve->count - 1;
	int			patience = 2;

	for (int64_t n = sieve->count; n > 1; n /= 2)
		patience += 2;
	while (low < high)
	{
		int64_t		end;
		int64_t		begin;

		if (patience-- == 0)
		{
			if (!gtl_sort(sieve->entries + low, high - low + 1, sizeof(Entry), entry_compare, sieve->env))
				sieve->interrupted = true;
			return;
		}
		if (!partition_once(sieve, low, high, &end, &begin))
			return;
		if (nth <= end)
			high = end;
		else if (nth >= begin)
			low = begin;
		else
			return;
	}
}

static void
sieve_init(Sieve *sieve, int64_t n, int64_t wanted, const GtlEnv *env)
{
	/* n entries are enough, and 2 * wanted must not overflow */
	sieve->capacity = wanted > n / 2 ? n : 2 * wanted;
	sieve->entries = gtl_env_alloc(env, (size_t) sieve->capacity * sizeof(Entry));
	sieve->count = 0;
	sieve->wanted = wanted;
	sieve->bar = (Entry){UINT64_MAX, INT32_MAX, INT64_MAX};
	sieve->env = env;
	sieve->passed = 0;
	sieve->interrupted = false;
}

/* False: interrupted. */
static inline bool
sieve_add(Sieve *sieve, uint64_t key, int32_t object, int64_t position)
{
	Entry		entry = {key, object, position};

	if (sieve_stopped(sieve, 1))
		return false;
	if (!entry_less(&entry, &sieve->bar))
		return true;
	if (sieve->count == sieve->capacity)
	{
		partition_around(sieve, sieve->wanted - 1);
		if (sieve->interrupted)
			return false;
		sieve->count = sieve->wanted;
		sieve->bar = sieve->entries[sieve->wanted - 1];
		if (!entry_less(&entry, &sieve->bar))
			return true;
	}
	sieve->entries[sieve->count++] = entry;
	return true;
}

/* Leave the `wanted` smallest entries in front, in order; returns how many there are. */
static int64_t
sieve_finish(Sieve *sieve)
{
	if (!sieve->interrupted && sieve->count > sieve->wanted)
		partition_around(sieve, sieve->wanted - 1);
	if (sieve->interrupted || !gtl_sort(sieve->entries, sieve->wanted, sizeof(Entry), entry_compare, sieve->env))
		return 0;
	return sieve->wanted;
}

int64_t
gtl_select_lowest(const int32_t *objects, const double *scores, int64_t n,
				  int64_t wanted, const GtlEnv *env, int64_t *chosen)
{
	Sieve		sieve;

	if (wanted > n)
		wanted = n;
	if (wanted <= 0)
		return 0;
	sieve_init(&sieve, n, wanted, env);
	for (int64_t i = 0; i < n; i++)
		if (!sieve_add(&sieve, gtl_sort_key(scores[i]), objects[i], i))
			break;
	wanted = sieve_finish(&sieve);
	for (int64_t i = 0; i < wanted; i++)
		chosen[i] = sieve.entries[i].position;
	gtl_env_release(env, sieve.entries);
	return wanted;
}

int64_t
gtl_select_random(const int32_t *objects, int64_t n, int64_t wanted,
				  uint64_t seed, int stream, const GtlEnv *env, int32_t *chosen)
{
	Sieve		sieve;

	if (wanted > n)
		wanted = n;
	if (wanted <= 0)
		return 0;
	sieve_init(&sieve, n, wanted, env);
	for (int64_t i = 0; i < n; i++)
	{
		uint64_t	key = gtl_random_bits(seed, (GtlRandomStream) stream,
										  (uint64_t) (uint32_t) objects[i]);

		if (!sieve_add(&sieve, key, objects[i], i))
			break;
	}
	wanted = sieve_finish(&sieve);
	for (int64_t i = 0; i < wanted; i++)
		chosen[i] = sieve.entries[i].object;
	gtl_env_release(env, sieve.entries);
	return wanted;
}

/* ---- The nth largest ---- */

/* Keeps the scores with this digit, in their order; returns how many. */
static int64_t
keep_digit(double *scores, int64_t n, int shift, int digit, const GtlEnv *env)
{
	int64_t		kept = 0;

	for (GtlPiece p = {0, 0}; gtl_piece_next(&p, (size_t) n, env);)
		for (size_t i = p.from; i < p.to; i++)
			if (gtl_sort_digit(scores[i], shift) == digit)
				scores[kept++] = scores[i];
	return kept;
}

/* By their digits from the first on: what is left has the digits of the nth so far. */
double
gtl_select_largest(double *scores, int64_t n, int64_t nth, const GtlEnv *env)
{
	for (int shift = GTL_SORT_LAST_SHIFT; shift >= 0 && n > 1; shift -= GTL_SORT_DIGIT_BITS)
	{
		int64_t		count[GTL_SORT_DIGITS] = {0};
		int			digit = GTL_SORT_DIGITS - 1;

		for (GtlPiece p = {0, 0}; gtl_piece_next(&p, (size_t) n, env);)
			for (size_t i = p.from; i < p.to; i++)
				count[gtl_sort_digit(scores[i], shift)]++;
		while (digit > 0 && nth > count[digit])
			nth -= count[digit--];
		if (count[digit] < n)
			n = keep_digit(scores, n, shift, digit, env);
	}
	return scores[0];
}
