/*
 * text_projection.c
 *		The leading directions of the sample: latent semantic analysis by randomized
 *		subspace iteration.
 *
 * A is the sample [rows x grams], sparse.  The Q [grams x width] of random signs is taken
 * through A'A twice, with orthonormal columns again after each time, and then holds the
 * leading right singular vectors but for a rotation, which comes from the eigenvectors of
 * (AQ)'(AQ).  A'(A Q) is summed row by row, so that no matrix of rows x width is needed.
 *
 * Papers: Halko, Martinsson, Tropp, "Finding structure with randomness", SIAM Review 2011;
 * Cholesky QR, applied twice: Yamamoto et al., "Roundoff error analysis of the CholeskyQR2
 * algorithm", ETNA 2015.
 */
#include "learning/text_sample.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "learning/tridiagonal.h"
#include "learning/kernels.h"

#define SPARE 16				/* columns beside those wanted */
#define ITERATIONS 2
#define BLOCK 64				/* lines that are converted to double at once */
#define DEPENDENT 1e-11			/* pivot, of its diagonal, of a column that others span */
#define NEGLIGIBLE 1e-8			/* eigenvalue, of the first */
#define HUGE_PIVOT 1e150		/* divides a column to nothing */
#define SIGN_STREAM 0x5eed

typedef struct Fit
{
	const GtlSparseRow *rows;
	int			nrows;
	int			grams;
	int			width;
	const GtlEnv *env;
	float	   *q;				/* [grams x width] */
	float	   *z;				/* [grams x width] */
	float	   *y;				/* [width]: a row of A Q */
	double	   *products;		/* [width x width] */
	double	   *block;			/* [BLOCK x width] */
} Fit;

size_t
gtl_text_project_memory(int dimensions)
{
	size_t		width = (size_t) dimensions + SPARE;

	return 2 * GTL_TEXT_VOCABULARY * width * sizeof(float) + 2 * width * width * sizeof(double) +
		2 * BLOCK * width * sizeof(double);
}

GTL_CLONES static void
add_line(float *y, float factor, const float *x, int n)
{
	for (int k = 0; k < n; k++)
		y[k] += factor * x[k];
}

static void
multiply_row(const Fit *fit, const GtlSparseRow *row, float *y)
{
	memset(y, 0, (size_t) fit->width * sizeof *y);
	for (int i = 0; i < row->n; i++)
		add_line(y, row->value[i], fit->q + (size_t) row->column[i] * fit->width, fit->width);
}

static void
draw_signs(Fit *fit, uint64_t seed)
{
	size_t		n = (size_t) fit->grams * fit->width;

	for (size_t e = 0; e < n; e++)
		fit->q[e] = (gtl_text_mix(seed ^ gtl_text_mix(e + SIGN_STREAM)) & 1) != 0 ? 1.0f : -1.0f;
}

/* Every row costs microseconds, a long one a millisecond. */
static bool
go_on(const Fit *fit, int iteration, int row)
{
	if (row % 64 == 0)
		gtl_env_progress(fit->env, "fitting text", (int64_t) iteration * fit->nrows + row,
						 (int64_t) (ITERATIONS + 1) * fit->nrows);
	return row % 8 != 0 || !gtl_env_interrupted(fit->env);
}

/* z = A'(A q) */
static bool
iterate(Fit *fit, int iteration)
{
	memset(fit->z, 0, (size_t) fit->grams * fit->width * sizeof(float));
	for (int s = 0; s < fit->nrows; s++)
	{
		const GtlSparseRow *row = &fit->rows[s];

		if (!go_on(fit, iteration, s))
			return false;
		multiply_row(fit, row, fit->y);
		for (int i = 0; i < row->n; i++)
			add_line(fit->z + (size_t) row->column[i] * fit->width, row->value[i], fit->y, fit->width);
	}
	return true;
}

/* ---- Orthonormal columns ------------------------------------------------------------- */

static void
widen(const float *in, double *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = in[i];
}

/* products, upper triangle: R with R'R = products, row by row. */
static bool
factorize(Fit *fit)
{
	int			n = fit->width;

	for (int i = 0; i < n; i++)
	{
		double	   *line = fit->products + (size_t) i * n;
		double		whole = line[i];

		if (gtl_env_interrupted(fit->env))
			return false;
		for (int k = 0; k < i; k++)
		{
			const double *above = fit->products + (size_t) k * n;

			if (above[i] != 0.0)
				cblas_daxpy(n - i, -above[i], above + i, 1, line + i, 1);
		}
		if (line[i] <= DEPENDENT * whole || whole <= 1e-30)
		{
			memset(line + i, 0, (size_t) (n - i) * sizeof *line);
			line[i] = HUGE_PIVOT;
		}
		else
			cblas_dscal(n - i, 1.0 / sqrt(line[i]), line + i, 1);
	}
	return true;
}

/* The columns of z become orthonormal, but for rounding. */
static bool
orthonormalize_once(Fit *fit)
{
	int			width = fit->width;

	memset(fit->products, 0, (size_t) width * width * sizeof(double));
	for (int pass = 0; pass < 2; pass++)
	{
		for (int from = 0; from < fit->grams; from += BLOCK)
		{
			int			n = fit->grams - from < BLOCK ? fit->grams - from : BLOCK;
			float	   *lines = fit->z + (size_t) from * width;

			if (gtl_env_interrupted(fit->env))
				return false;
			widen(lines, fit->block, (size_t) n * width);
			if (pass == 0)
				cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, width, n, 1.0, fit->block, width,
							1.0, fit->products, width);
			else
			{
				cblas_dtrsm(CblasRowMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, n, width,
							1.0, fit->products, width, fit->block, width);
				gtl_kernel_round(fit->block, lines, (size_t) n * width);
			}
		}
		if (pass == 0 && !factorize(fit))
			return false;
	}
	return true;
}

static bool
orthonormalize(Fit *fit)
{
	float	   *old = fit->q;

	if (!orthonormalize_once(fit) || !orthonormalize_once(fit))
		return false;
	fit->q = fit->z;
	fit->z = old;
	return true;
}

/* ---- The rotation ----------------------------------------------------------------------- */

/* products = (A Q)'(A Q), both triangles. */
static bool
multiply_out(Fit *fit)
{
	int			width = fit->width;
	int			held = 0;

	memset(fit->products, 0, (size_t) width * width * sizeof(double));
	for (int s = 0; s < fit->nrows; s++)
	{
		if (!go_on(fit, ITERATIONS, s))
			return false;
		multiply_row(fit, &fit->rows[s], fit->y);
		widen(fit->y, fit->block + (size_t) held * width, (size_t) width);
		held++;
		if (held < BLOCK && s + 1 < fit->nrows)
			continue;
		cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, width, held, 1.0, fit->block, width,
					1.0, fit->products, width);
		held = 0;
	}
	for (int i = 0; i < width; i++)
		for (int j = 0; j < i; j++)
			fit->products[(size_t) i * width + j] = fit->products[(size_t) j * width + i];
	return true;
}

/* The largest component becomes positive, so that the sign does not depend on how it was found. */
static void
fix_sign(double *vector, int n)
{
	int			largest = 0;

	for (int i = 1; i < n; i++)
		if (fabs(vector[i]) > fabs(vector[largest]))
			largest = i;
	if (vector[largest] < 0.0)
		cblas_dscal(n, -1.0, vector, 1);
}

/* The leading ones stand first, longest first; returns how many count. */
static int
order_vectors(const double *values, double *vectors, int n, int wanted)
{
	int			kept = 0;

	for (int i = 0; i < n / 2; i++)
		cblas_dswap(n, vectors + (size_t) i * n, 1, vectors + (size_t) (n - 1 - i) * n, 1);
	while (kept < n && kept < wanted && values[n - 1 - kept] > NEGLIGIBLE * values[n - 1])
		fix_sign(vectors + (size_t) kept++ * n, n);
	return kept;
}

/* ---- The stored projection ----------------------------------------------------------------- */

static void
quantize(const double *line, int n, int8_t *out, float *scale)
{
	double		largest = 0.0;

	for (int d = 0; d < n; d++)
		largest = fabs(line[d]) > largest ? fabs(line[d]) : largest;
	*scale = (float) (largest / 127.0);
	for (int d = 0; d < n; d++)
		out[d] = largest > 0.0 ? (int8_t) lrint(line[d] * 127.0 / largest) : 0;
}

/* direction = Q * vectors', line by line. */
static bool
store(const Fit *fit, const double *vectors, int kept, GtlFeaturizer *featurizer)
{
	int			width = fit->width;
	double	   *out = gtl_env_alloc(fit->env, BLOCK * (size_t) kept * sizeof *out);
	bool		stop = false;

	for (int from = 0; from < fit->grams && !stop; from += BLOCK)
	{
		int			n = fit->grams - from < BLOCK ? fit->grams - from : BLOCK;

		widen(fit->q + (size_t) from * width, fit->block, (size_t) n * width);
		cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, kept, width, 1.0, fit->block, width,
					vectors, width, 0.0, out, kept);
		for (int i = 0; i < n; i++)
			quantize(out + (size_t) i * kept, kept, featurizer->direction + (size_t) (from + i) * kept,
					 &featurizer->scale[from + i]);
		stop = gtl_env_interrupted(fit->env);
	}
	gtl_env_release(fit->env, out);
	return !stop;
}

static void
allocate_projection(const Fit *fit, int directions, GtlFeaturizer *featurizer)
{
	featurizer->directions = directions;
	featurizer->scale = gtl_env_alloc(fit->env, (size_t) (fit->grams + 1) * sizeof(float));
	featurizer->direction = gtl_env_alloc(fit->env, (size_t) fit->grams * (size_t) directions + 1);
}

/* From an orthonormal q to the stored projection. */
static bool
rotate(Fit *fit, int dimensions, GtlFeaturizer *featurizer)
{
	double	   *vectors = gtl_env_alloc(fit->env, ((size_t) fit->width + 1) * fit->width * sizeof(double));
	double	   *values = vectors + (size_t) fit->width * fit->width;
	int			kept = 0;
	bool		done;

	done = multiply_out(fit) && gtl_tridiagonal_eigen(fit->products, fit->width, values, vectors, fit->env);
	if (done)
		kept = order_vectors(values, vectors, fit->width, dimensions);
	allocate_projection(fit, kept > 0 ? kept : 1, featurizer);
	if (done && kept > 0)
		done = store(fit, vectors, kept, featurizer);
	gtl_env_release(fit->env, vectors);
	return done;
}

static int
least(int a, int b)
{
	return a < b ? a : b;
}

bool
gtl_text_project(const GtlSparseRow *rows, int nrows, int dimensions, uint64_t seed, GtlFeaturizer *featurizer,
				 const GtlEnv *env)
{
	Fit			fit = {.rows = rows,.nrows = nrows,.grams = featurizer->grams.count,.env = env};
	size_t		cells;
	bool		done = true;

	fit.width = least(dimensions + SPARE, least(fit.grams, nrows));
	if (fit.width == 0)
	{
		allocate_projection(&fit, 1, featurizer);
		return true;
	}
	cells = (size_t) fit.grams * fit.width;
	fit.q = gtl_env_alloc(env, cells * sizeof(float));
	fit.z = gtl_env_alloc(env, cells * sizeof(float));
	fit.y = gtl_env_alloc(env, (size_t) fit.width * sizeof(float));
	fit.products = gtl_env_alloc(env, (size_t) fit.width * fit.width * sizeof(double));
	fit.block = gtl_env_alloc(env, BLOCK * (size_t) fit.width * sizeof(double));
	draw_signs(&fit, seed);
	for (int i = 0; i < ITERATIONS && done; i++)
		done = iterate(&fit, i) && orthonormalize(&fit);
	done = done && rotate(&fit, dimensions, featurizer);
	gtl_env_release(env, fit.block);
	gtl_env_release(env, fit.products);
	gtl_env_release(env, fit.y);
	gtl_env_release(env, fit.z);
	gtl_env_release(env, fit.q);
	return done;
}
