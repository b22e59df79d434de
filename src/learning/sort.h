/*
 * sort.h
 *		Sorting that can be interrupted.
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

#endif							/* GTL_SORT_H */
