/*
 * exact_sum.h
 *		Means and standard deviations of float columns by exact sums: the same bits however the
 *		rows are divided and in whatever order they come.
 *
 * The sums of a column and of its squares are integers in units of 2^-149 and 2^-298, the smallest float
 * and its square, kept as digits of 32 bits in words of 64 (Neal, "Fast exact summation using small
 * and large superaccumulators", 2015).  Nothing is rounded before the end.
 */
#ifndef GTL_EXACT_SUM_H
#define GTL_EXACT_SUM_H

#include "learning/env.h"

typedef struct GtlExactSums GtlExactSums;

extern GtlExactSums *gtl_exact_create(int dimension, const GtlEnv *env);
extern void gtl_exact_release(GtlExactSums *sums, const GtlEnv *env);

/* Finite numbers only. */
extern void gtl_exact_add(GtlExactSums *sums, const float *row);

/* The same dimension; other is left as it is, but for the form of its digits. */
extern void gtl_exact_merge(GtlExactSums *sums, GtlExactSums *other);

extern int	gtl_exact_dimension(const GtlExactSums *sums);
extern int64_t gtl_exact_count(const GtlExactSums *sums);

/* mean[dimension], deviation[dimension]: of the population, 0 for a constant column.  Of no rows: nothing is written. */
extern void gtl_exact_moments(GtlExactSums *sums, double *mean, double *deviation);

/*
 * As bytes, with a checksum.  The same sums give the same bytes.  from_bytes: NULL and a reason if they are not such.
 */
extern uint8_t *gtl_exact_to_bytes(GtlExactSums *sums, const GtlEnv *env, size_t *size);
extern GtlExactSums *gtl_exact_from_bytes(const uint8_t *bytes, size_t size, const GtlEnv *env, const char **reason);

#endif							/* GTL_EXACT_SUM_H */
