/*
 * kernels.c
 *		Matrix products through OpenBLAS, and the vectorizable loops.
 *
 * BLAS is called here and in text_projection.c.  Everything here is deterministic on one machine:
 * the serial OpenBLAS has one order of summation for one shape, and the loops have
 * theirs fixed by the compiler.
 *
 * The loops are vectorized (GTL_CLONES), but here the compiler must not reorder sums,
 * whatever the flags of the build: the exponential's argument reduction would not
 * survive it.  The one sum along a line spells its partial sums out.
 *
 * The exponential is Cephes' expf (Moshier): exp(x) = 2^n exp(r), |r| <= ln 2 / 2,
 * and a polynomial of degree 6 in r; relative error about 2e-7.  It is only called
 * with x <= 0, and below -87 returns exp(-87) = 1.6e-38, so a probability is never
 * exactly 0 nor a denormal.
 */
#include "learning/kernels.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-associative-math")
#endif

/* LAPACK, part of OpenBLAS. */
extern void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);

/* Partial sums of a line. */
#define LANES 16

/* Columns that the factorization finishes at once. */
#define CHOLESKY_BLOCK 256

/* Elements that BLAS, which counts in int, gets at once. */
#define VECTOR_PIECE ((size_t) 1 << 24)

/* Multiply-adds between two looks at env: at most about 10 ms. */
#define PIECE_WORK 2.5e8

#if defined(__x86_64__) && defined(__GNUC__)
/*
 * OpenBLAS knows the processors of its time.  On one that is newer it takes the kernels of 2004, three to five times slower: 0.3.21 of
 * Debian 12 does on Xeons since 2023.  So what the processor can do is said in the variable that OpenBLAS reads, unless somebody
 * has set it, before OpenBLAS looks: its own initialization has no priority.
 */
__attribute__((constructor(101)))
static void
name_kernels(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
		__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
		setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
	else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		setenv("OPENBLAS_CORETYPE", "Haswell", 0);
}
#endif

const char *
gtl_kernel_name(void)
{
	return openblas_get_corename();
}

bool
gtl_kernel_multiply(const GtlProduct *product, const GtlEnv *env)
{
	const GtlProduct *p = product;
	double		work = (double) p->n * p->k;
	int			piece = p->m;

	if (env != NULL && work * p->m > PIECE_WORK)
		piece = work * 2 > PIECE_WORK ? 1 : (int) (PIECE_WORK / work);

	for (int from = 0; from < p->m; from += piece)
	{
		int			m = p->m - from < piece ? p->m - from : piece;

		if (env != NULL && gtl_env_interrupted(env))
			return false;
		cblas_sgemm(CblasRowMajor,
					p->a_transposed ? CblasTrans : CblasNoTrans,
					p->b_transposed ? CblasTrans : CblasNoTrans,
					m, p->n, p->k,
					1.0f, p->a + (p->a_transposed ? (size_t) from : (size_t) from * p->lda), p->lda,
					p->b, p->ldb,
					p->beta, p->c + (size_t) from * p->ldc, p->ldc);
	}
	return true;
}

void
gtl_kernel_gram(const float *rows, int nrows, int n, float *products)
{
	cblas_ssyrk(CblasRowMajor, CblasLower, CblasTrans, n, nrows, 1.0f, rows, n, 1.0f, products, n);
}

GTL_CLONES static void
moments_row(const float *restrict row, double weight, int n, double *restrict sums, double *restrict squares)
{
	for (int j = 0; j < n; j++)
	{
		double		x = row[j];

		sums[j] += weight * x;
		squares[j] += weight * x * x;
	}
}

void
gtl_kernel_moments(const float *rows, const float *weights, int nrows, int n, double *sums, double *squares)
{
	for (int i = 0; i < nrows; i++)
		moments_row(rows + (size_t) i * n, weights == NULL ? 1.0 : weights[i], n, sums, squares);
}

/* By columns of blocks, so that env can be asked in between. */
bool
gtl_kernel_cholesky(double *matrix, int n, const GtlEnv *env)
{
	for (int from = 0; from < n; from += CHOLESKY_BLOCK)
	{
		int			size = n - from < CHOLESKY_BLOCK ? n - from : CHOLESKY_BLOCK;
		int			below = n - from - size;
		double	   *corner = matrix + (size_t) from * n + from;
		double	   *panel = corner + (size_t) size * n;
		int			info;

		if (gtl_env_interrupted(env))
			return false;
		/* LAPACK counts by columns: its upper triangle is our lower one */
		dpotrf_("U", &size, corner, &n, &info);
		if (info != 0)
			return false;
		if (below == 0)
			break;
		cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit,
					below, size, 1.0, corner, n, panel, n);
		cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, below, size, -1.0, panel, n,
					1.0, panel + size, n);
	}
	return true;
}

void
gtl_kernel_solve(const double *lower, int n, bool transposed, double *lines, int nlines)
{
	cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, transposed ? CblasTrans : CblasNoTrans,
				CblasNonUnit, nlines, n, 1.0, lower, n, lines, n);
}

void
gtl_kernel_multiply_lower(const double *lower, int n, double *lines, int nlines)
{
	cblas_dtrmm(CblasRowMajor, CblasRight, CblasLower, CblasNoTrans,
				CblasNonUnit, nlines, n, 1.0, lower, n, lines, n);
}

void
gtl_kernel_spread(const float *bias, int classes, int rows, float *scores)
{
	for (int c = 0; c < classes; c++)
		for (int i = 0; i < rows; i++)
			scores[(size_t) c * rows + i] = bias[c];
}

GTL_CLONES void
gtl_kernel_sum_lines(const float *scores, int classes, int rows, float *sums)
{
	for (int c = 0; c < classes; c++)
	{
		const float *line = scores + (size_t) c * rows;
		float		part[LANES] = {0};
		int			i = 0;

		for (; i + LANES <= rows; i += LANES)
			for (int j = 0; j < LANES; j++)
				part[j] += line[i + j];
		for (int j = 0; i < rows; i++, j++)
			part[j] += line[i];
		for (int width = LANES / 2; width > 0; width /= 2)
			for (int j = 0; j < width; j++)
				part[j] += part[j + width];
		sums[c] += part[0];
	}
}

GTL_CLONES void
gtl_kernel_relu(float *scores, size_t n)
{
	for (size_t i = 0; i < n; i++)
		scores[i] = scores[i] > 0.0f ? scores[i] : 0.0f;
}

GTL_CLONES void
gtl_kernel_relu_gradient(const float *activation, float *delta, size_t n)
{
	for (size_t i = 0; i < n; i++)
		delta[i] = activation[i] > 0.0f ? delta[i] : 0.0f;
}

/* exp(x) for -87 <= x <= 0 */
static inline float
exp_nonpositive(float x)
{
	int32_t		n = (int32_t) (x * 1.44269504088896341f - 0.5f);	/* to nearest, as x <= 0 */
	float		r = (x - (float) n * 0.693359375f) + (float) n * 2.12194440e-4f;
	int32_t		bits = (n + 127) << 23; /* 2^n */
	float		p;
	float		scale;

	p = 1.9875691500e-4f;
	p = p * r + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * r * r + r + 1.0f;
	memcpy(&scale, &bits, sizeof scale);
	return p * scale;
}

/*
 * One class of a block: scores to exp(score - largest), and their sum.  The cut at
 * -87 has a loop of its own: in one with the exponential, compilers make it a jump.
 */
GTL_CLONES static void
exp_line(float *restrict line, const float *restrict largest, double *restrict sum, int rows)
{
	for (int i = 0; i < rows; i++)
	{
		float		x = line[i] - largest[i];

		line[i] = x > -87.0f ? x : -87.0f;
	}
	for (int i = 0; i < rows; i++)
	{
		float		e = exp_nonpositive(line[i]);

		line[i] = e;
		sum[i] += e;
	}
}

GTL_CLONES static void
largest_line(const float *restrict line, float *restrict largest, int rows)
{
	for (int i = 0; i < rows; i++)
		largest[i] = line[i] > largest[i] ? line[i] : largest[i];
}

GTL_CLONES static void
invert(const double *restrict sum, float *restrict inverse, int rows)
{
	for (int i = 0; i < rows; i++)
		inverse[i] = (float) (1.0 / sum[i]);
}

GTL_CLONES static void
scale_line(float *restrict line, const float *restrict factor, int rows)
{
	for (int i = 0; i < rows; i++)
		line[i] *= factor[i];
}

void
gtl_kernel_softmax(float *scores, int classes, int rows, float *largest, double *sum)
{
	float		inverse[GTL_KERNEL_ROWS];

	memcpy(largest, scores, (size_t) rows * sizeof(float));
	for (int c = 1; c < classes; c++)
		largest_line(scores + (size_t) c * rows, largest, rows);
	memset(sum, 0, (size_t) rows * sizeof(double));
	for (int c = 0; c < classes; c++)
		exp_line(scores + (size_t) c * rows, largest, sum, rows);
	invert(sum, inverse, rows);
	for (int c = 0; c < classes; c++)
		scale_line(scores + (size_t) c * rows, inverse, rows);
}

GTL_CLONES static void
top_two_line(const float *restrict line, int32_t class, int32_t *restrict best,
			 float *restrict first, float *restrict second, int rows)
{
	for (int i = 0; i < rows; i++)
	{
		float		score = line[i];
		bool		better = score > first[i];
		float		loser = better ? first[i] : score;

		second[i] = loser > second[i] ? loser : second[i];
		first[i] = better ? score : first[i];
		best[i] = better ? class : best[i];
	}
}

void
gtl_kernel_top_two(const float *scores, int classes, int rows,
				   int32_t *best, float *first, float *second)
{
	memcpy(first, scores, (size_t) rows * sizeof(float));
	memset(best, 0, (size_t) rows * sizeof(int32_t));
	for (int i = 0; i < rows; i++)
		second[i] = -HUGE_VALF;
	for (int c = 1; c < classes; c++)
		top_two_line(scores + (size_t) c * rows, c, best, first, second, rows);
}

GTL_CLONES void
gtl_kernel_accumulate(const float *x, double *total, size_t n)
{
	for (size_t i = 0; i < n; i++)
		total[i] += x[i];
}

GTL_CLONES int64_t
gtl_kernel_count_from(const double *x, int64_t n, double least)
{
	int64_t		count = 0;

	for (int64_t i = 0; i < n; i++)
		count += x[i] >= least;
	return count;
}

GTL_CLONES void
gtl_kernel_round(const double *in, float *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (float) in[i];
}

void
gtl_kernel_multiply_lines(const double *lines, int nlines, const double *matrix, int n, double *out)
{
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, nlines, n, n, 1.0, lines, n, matrix, n, 0.0, out, n);
}

double
gtl_kernel_dot(const double *x, const double *y, size_t n)
{
	double		sum = 0.0;

	for (size_t from = 0; from < n; from += VECTOR_PIECE)
		sum += cblas_ddot((int) (n - from < VECTOR_PIECE ? n - from : VECTOR_PIECE), x + from, 1, y + from, 1);
	return sum;
}

void
gtl_kernel_add(double share, const double *x, double *y, size_t n)
{
	for (size_t from = 0; from < n; from += VECTOR_PIECE)
		cblas_daxpy((int) (n - from < VECTOR_PIECE ? n - from : VECTOR_PIECE), share, x + from, 1, y + from, 1);
}

double
gtl_kernel_largest(const double *x, size_t n)
{
	double		largest = 0.0;

	for (size_t i = 0; i < n; i++)
	{
		if (!(fabs(x[i]) <= largest))
			largest = fabs(x[i]);
		if (isnan(largest))
			break;
	}
	return largest;
}
