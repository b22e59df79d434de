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
 * A loop that is vectorized whatever the server's optimization level, compiled for
 * several instruction sets of which one is chosen when the library is loaded.
 * Clang only sees these files for bitcode that nobody inlines: it takes the plain
 * version.
 */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#define GTL_CLONES \
	__attribute__((optimize("O3"), target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define GTL_CLONES
#endif

/* Most rows of one block of scores. */
#define GTL_KERNEL_ROWS 256

/* The processor that OpenBLAS has its kernels for, by OpenBLAS's name. */
extern const char *gtl_kernel_name(void);

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

/*
 * For each row the class with the largest score (the lowest on ties), that score,
 * and the next one (-infinity if there is one class only).
 */
extern void gtl_kernel_top_two(const float *scores, int classes, int rows,
							   int32_t *best, float *first, float *second);

/* Rows that gtl_kernel_gram takes at once. */
#define GTL_GRAM_ROWS 256

/* Lower triangle of products [n x n] += rows' * rows. */
extern void gtl_kernel_gram(const float *rows, int nrows, int n, float *products);

/* Sums and sums of squares of the columns, added up, each row as often as its weight says (NULL: once). */
extern void gtl_kernel_moments(const float *rows, const float *weights, int nrows, int n, double *sums, double *squares);

/*
 * Double, lower triangles, row-major.  cholesky: L of the matrix, in place; false: not
 * positive definite, or env said stop.  solve: lines [nlines x n] = lines * L^-1, or L'^-1.
 * multiply_lower: lines = lines * L.
 */
extern bool gtl_kernel_cholesky(double *matrix, int n, const GtlEnv *env);
extern void gtl_kernel_solve(const double *lower, int n, bool transposed, double *lines, int nlines);
extern void gtl_kernel_multiply_lower(const double *lower, int n, double *lines, int nlines);

/* total += x, x float, total double. */
extern void gtl_kernel_accumulate(const float *x, double *total, size_t n);

/* out [nlines x n] = lines * matrix [n x n], in double. */
extern void gtl_kernel_multiply_lines(const double *lines, int nlines, const double *matrix, int n, double *out);

/* x'y, and y += share * x, in double. */
extern double gtl_kernel_dot(const double *x, const double *y, size_t n);
extern void gtl_kernel_add(double share, const double *x, double *y, size_t n);

/* How many are at least `least`. */
extern int64_t gtl_kernel_count_from(const double *x, int64_t n, double least);

/* out = (float) in */
extern void gtl_kernel_round(const double *in, float *out, size_t n);

/* Largest absolute value; NaN if any is NaN. */
extern double gtl_kernel_largest(const double *x, size_t n);

#endif							/* GTL_KERNELS_H */
