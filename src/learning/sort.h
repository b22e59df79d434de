/*
 * sort.h
 *		Sorting that can be interrupted, and orders of numbers.
 */
#ifndef GTL_SORT_H
#define GTL_SORT_H

#include <string.h>

#include "learning/env.h"

/*
 * Sorts `count` entries of `size` bytes, in the order of `compare` as qsort takes it; equal entries
 * stay in their order.  As much memory again while it sorts.  False: interrupted, and the entries are
 * in no order.
 */
extern bool gtl_sort(void *entries, int64_t count, size_t size, int (*compare) (const void *a, const void *b),
					 const GtlEnv *env);

/* Sorts numbers, the largest first, as gtl_sort does, by their digits: several times faster for many. */
extern bool gtl_sort_down(double *numbers, int64_t count, const GtlEnv *env);

/* Bits that compare as unsigned numbers the way the doubles compare; for digits of them. */
static inline uint64_t
gtl_sort_key(double number)
{
	const uint64_t sign = UINT64_C(1) << 63;
	uint64_t	bits;

	memcpy(&bits, &number, sizeof(bits));
	if (bits == sign)			/* -0.0 is 0.0 */
		bits = 0;
	return (bits & sign) != 0 ? ~bits : bits | sign;
}

#define GTL_SORT_DIGIT_BITS 11
#define GTL_SORT_DIGITS (1 << GTL_SORT_DIGIT_BITS)
#define GTL_SORT_LAST_SHIFT 55	/* of the digit with the highest bits */

static inline int
gtl_sort_digit(double number, int shift)
{
	return (int) (gtl_sort_key(number) >> shift & (GTL_SORT_DIGITS - 1));
}

/* For qsort and gtl_sort: ascending. */
extern int	gtl_compare_int32(const void *a, const void *b);
extern int	gtl_compare_double(const void *a, const void *b);

/* Descending. */
extern int	gtl_compare_double_down(const void *a, const void *b);

#endif							/* GTL_SORT_H */
