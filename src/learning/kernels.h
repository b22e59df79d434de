/*
 * kernels.h
 *		The arithmetic under the classifiers: matrix products with a way out, and
 *		the loops over a block of scores.
 *
 * Internal to src/learning.  Score matrices are "class-major": one line of `rows`
 * floats for each class, so that every loop runs over neighbouring rows of data
 * and vectorizes whatever the number of classes.
 */
#ifndef GTL_KERNELS_H
#define GTL_KERNELS_H

#include "learning/env.h"

/*
 * A loop compiled for several instruction sets, chosen when the library is
 * loaded (house-style.md 4).  Clang only sees these files for the bitcode that
 * nobody inlines, so it takes the plain version.
 */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#define GTL_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define GTL_CLONES
#endif

/*
 * Row-major C[m x n] = A * B + beta * C, where A is [m x k] (or [k x m] if
 * a_transposed) and B is [k x n] (or [n x k] if b_transposed); lda, ldb, ldc are
 * the lengths of the stored lines.
 */
typedef struct GtlProduct
{
	int			m,
				n,
				k;
	const float *a;
	int			lda;
	bool		a_transposed;
	const float *b;
	int			ldb;
	bool		b_transposed;
	float		beta;
	float	   *c;
	int			ldc;
} GtlProduct;

/*
 * The product, in pieces of a few milliseconds cut over m, asking env in between;
 * false as soon as it says stop.  env NULL: in one piece.
 */
extern bool gtl_kernel_multiply(const GtlProduct *product, const GtlEnv *env);

/* scores[c][i] = bias[c] for every class and row: what a product with beta 1 adds to. */
extern void gtl_kernel_spread(const float *bias, int classes, int rows, float *scores);

/* sums[c] += the sum of line c. */
extern void gtl_kernel_sum_lines(const float *scores, int classes, int rows, float *sums);

/* scores = max(scores, 0). */
extern void gtl_kernel_relu(float *scores, size_t n);

/* delta = 0 wherever the unit was not active. */
extern void gtl_kernel_relu_gradient(const float *activation, float *delta, size_t n);

/*
 * Scores to probabilities, in place.  largest and sum are working memory of at
 * least `rows` elements and hold, afterwards, each row's largest score and the sum
 * of exp(score - largest).
 */
extern void gtl_kernel_softmax(float *scores, int classes, int rows, float *largest, double *sum);

/* total += x, x float, total double. */
extern void gtl_kernel_accumulate(const float *x, double *total, size_t n);

/* out = (float) in */
extern void gtl_kernel_round(const double *in, float *out, size_t n);

/* Largest absolute value; NaN if any is NaN. */
extern double gtl_kernel_largest(const double *x, size_t n);

#endif							/* GTL_KERNELS_H */
