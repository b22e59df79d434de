/*
 * eigen.c
 *		The largest eigenvalues of a symmetric matrix, with their vectors.
 *
 * Subspace iteration keeps some lines more than are wanted: lines = lines * matrix, made
 * orthonormal again (Gram-Schmidt, each line twice), and at the end the small matrix
 * lines * matrix * lines' is solved exactly by Jacobi rotations.
 *
 * Paper: Rutishauser, "The Jacobi Method for Real Symmetric Matrices", Numerische Mathematik 1966.
 */
#include "learning/eigen.h"

#include <math.h>
#include <string.h>

#include "learning/kernels.h"

#define MAX_SWEEPS 60
#define TINY_LENGTH 1e-150

/* ---- Jacobi --------------------------------------------------------------------- */

/* Rotates lines and columns p and q of the matrix so that its entry (p, q) becomes 0. */
static void
rotate(double *matrix, double *vectors, int n, int p, int q)
{
	double		off = matrix[p * n + q];
	double		theta = (matrix[q * n + q] - matrix[p * n + p]) / (2.0 * off);
	double		t = (theta >= 0.0 ? 1.0 : -1.0) / (fabs(theta) + sqrt(theta * theta + 1.0));
	double		c = 1.0 / sqrt(t * t + 1.0);
	double		s = t * c;

	for (int k = 0; k < n; k++)
	{
		double		a = matrix[k * n + p];
		double		b = matrix[k * n + q];

		matrix[k * n + p] = c * a - s * b;
		matrix[k * n + q] = s * a + c * b;
	}
	for (int k = 0; k < n; k++)
	{
		double		a = matrix[p * n + k];
		double		b = matrix[q * n + k];
		double		v = vectors[p * n + k];
		double		w = vectors[q * n + k];

		matrix[p * n + k] = c * a - s * b;
		matrix[q * n + k] = s * a + c * b;
		vectors[p * n + k] = c * v - s * w;
		vectors[q * n + k] = s * v + c * w;
	}
	matrix[p * n + q] = matrix[q * n + p] = 0.0;
}

/* Puts the pairs in order, largest value first. */
static void
sort_pairs(double *values, double *vectors, int n)
{
	for (int i = 0; i < n; i++)
	{
		int			largest = i;
		double		value;

		for (int k = i + 1; k < n; k++)
			if (values[k] > values[largest])
				largest = k;
		value = values[i];
		values[i] = values[largest];
		values[largest] = value;
		for (int j = 0; largest != i && j < n; j++)
		{
			double		x = vectors[i * n + j];

			vectors[i * n + j] = vectors[largest * n + j];
			vectors[largest * n + j] = x;
		}
	}
}

void
gtl_eigen_jacobi(double *matrix, int n, double *values, double *vectors)
{
	bool		diagonal = false;

	memset(vectors, 0, (size_t) n * (size_t) n * sizeof(double));
	for (int i = 0; i < n; i++)
		vectors[i * n + i] = 1.0;
	for (int sweep = 0; sweep < MAX_SWEEPS && !diagonal; sweep++)
	{
		diagonal = true;
		for (int p = 0; p < n - 1; p++)
			for (int q = p + 1; q < n; q++)
			{
				double		scale = fabs(matrix[p * n + p]) + fabs(matrix[q * n + q]);

				/* an entry that its diagonal does not notice is 0 */
				if (scale + fabs(matrix[p * n + q]) == scale)
					continue;
				rotate(matrix, vectors, n, p, q);
				diagonal = false;
			}
	}
	for (int i = 0; i < n; i++)
		values[i] = matrix[i * n + i];
	sort_pairs(values, vectors, n);
}

/* ---- Subspace iteration ---------------------------------------------------------- */

/* Makes the lines orthonormal, in their order; a line that depends on those before it becomes 0. */
static void
orthonormalize(double *lines, int nlines, int n)
{
	for (int i = 0; i < nlines; i++)
	{
		double	   *line = lines + (size_t) i * n;
		double		length;

		for (int again = 0; again < 2; again++)
			for (int k = 0; k < i; k++)
			{
				const double *other = lines + (size_t) k * n;

				gtl_kernel_add(-gtl_kernel_dot(line, other, (size_t) n), other, line, (size_t) n);
			}
		length = sqrt(gtl_kernel_dot(line, line, (size_t) n));
		for (int j = 0; j < n; j++)
			line[j] = length > TINY_LENGTH ? line[j] / length : 0.0;
	}
}

/* The largest component of a vector is positive, so that its sign means nothing. */
static void
fix_sign(double *vector, int n)
{
	int			largest = 0;

	for (int j = 1; j < n; j++)
		if (fabs(vector[j]) > fabs(vector[largest]))
			largest = j;
	if (vector[largest] < 0.0)
		for (int j = 0; j < n; j++)
			vector[j] = -vector[j];
}

typedef struct Subspace
{
	int			nlines;
	double	   *lines;			/* [nlines x n] */
	double	   *image;			/* [nlines x n] */
	double	   *small;			/* [nlines x nlines] */
	double	   *values;			/* [nlines] */
	double	   *turns;			/* [nlines x nlines] */
} Subspace;

/* The eigenvectors of the matrix within the subspace; false: interrupted. */
static bool
solve_within(Subspace *space, const double *matrix, int n, int wanted, const GtlEnv *env, double *values, double *vectors)
{
	int			m = space->nlines;

	if (gtl_env_interrupted(env))
		return false;
	gtl_kernel_multiply_lines(space->lines, m, matrix, n, space->image);
	for (int i = 0; i < m; i++)
		for (int k = 0; k <= i; k++)
			space->small[i * m + k] = space->small[k * m + i] =
				gtl_kernel_dot(space->image + (size_t) i * n, space->lines + (size_t) k * n, (size_t) n);
	gtl_eigen_jacobi(space->small, m, space->values, space->turns);
	memset(vectors, 0, (size_t) wanted * (size_t) n * sizeof(double));
	for (int i = 0; i < wanted; i++)
	{
		double	   *vector = vectors + (size_t) i * n;

		values[i] = space->values[i];
		for (int k = 0; k < m; k++)
			gtl_kernel_add(space->turns[i * m + k], space->lines + (size_t) k * n, vector, (size_t) n);
		fix_sign(vector, n);
	}
	return true;
}

bool
gtl_eigen_largest(const double *matrix, int n, int wanted, int iterations, uint64_t seed,
				  GtlRandomStream stream, const GtlEnv *env, double *values, double *vectors)
{
	int			m = wanted + wanted / 2 < n ? wanted + wanted / 2 : n;
	size_t		bytes = (size_t) m * (size_t) n * sizeof(double);
	size_t		small = (size_t) m * (size_t) m * sizeof(double);
	Subspace	space = {
		.nlines = m,.lines = gtl_env_alloc(env, bytes),.image = gtl_env_alloc(env, bytes),
		.small = gtl_env_alloc(env, small),.values = gtl_env_alloc(env, (size_t) m * sizeof(double)),
		.turns = gtl_env_alloc(env, small)
	};
	bool		going = true;

	for (size_t i = 0; i < (size_t) m * (size_t) n; i++)
		space.lines[i] = gtl_random_normal(seed, stream, i);
	orthonormalize(space.lines, m, n);
	for (int i = 0; i < iterations && going; i++)
	{
		double	   *lines = space.lines;

		going = !gtl_env_interrupted(env);
		gtl_kernel_multiply_lines(lines, m, matrix, n, space.image);
		space.lines = space.image;
		space.image = lines;
		orthonormalize(space.lines, m, n);
	}
	going = going && solve_within(&space, matrix, n, wanted, env, values, vectors);
	gtl_env_release(env, space.lines);
	gtl_env_release(env, space.image);
	gtl_env_release(env, space.small);
	gtl_env_release(env, space.values);
	gtl_env_release(env, space.turns);
	return going;
}
