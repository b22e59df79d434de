/*
 * sort.h
 *		Sorting that can be interrupted, and orders of numbers.
 */
#ifndef GTL_SORT_H
#define GTL_SORT_H

#include "learning/env.h"

/*
 * Sorts `count` entries of `size` bytes, in the order of `compare` as qsort takes it; equal entries
 * stay in their order.  As much memory again while it sorts.  False: interrupted, and the entries are
 * in no order.
 */
extern bool gtl_sort(void *entries, int64_t count, size_t size, int (*compare) (const void *a, const void *b),
					 const GtlEnv *env);

/* For qsort and gtl_sort: ascending. */
extern int	gtl_compare_int32(const void *a, const void *b);
extern int	gtl_compare_double(const void *a, const void *b);

/* Descending. */
extern int	gtl_compare_double_down(const void *a, const void *b);

#endif							/* GTL_SORT_H */
