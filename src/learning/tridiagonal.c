/*
 * tridiagonal.c
 *		All eigenvalues and eigenvectors of a symmetric matrix of some hundreds of lines.
 *
 * Householder's reduction to a tridiagonal matrix, then QL steps with implicit shifts
 * (Golub and Van Loan, Matrix Computations, 8.3).  LAPACK's routine would be faster, but does
 * not check for interrupts for seconds at a thousand lines.  Vectors are kept as lines, so that every
 * loop runs over neighbours.
 */
#include "learning/tridiagonal.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "learning/kernels.h"

#define MAX_STEPS 100			/* for one eigenvalue; 2 are usual */

GTL_CLONES static double
dot(const double *a, const double *b, int n)
{
	double		sum = 0.0;

	for (int i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* y += f x */
GTL_CLONES static void
add(double *restrict y, double f, const double *restrict x, int n)
{
	for (int i = 0; i < n; i++)
		y[i] += f * x[i];
}

/* Lines a and b turned by an angle. */
GTL_CLONES static void
turn(double *restrict a, double *restrict b, double cosine, double sine, int n)
{
	for (int i = 0; i < n; i++)
	{
		double		old = b[i];

		b[i] = sine * a[i] + cosine * old;
		a[i] = cosine * a[i] - sine * old;
	}
}

/*
 * The reflection I - beta v v' that takes x [n] to (alpha, 0, ..., 0); v replaces x.
 * Returns beta; 0: x is already so.
 */
static double
reflector(double *x, int n, double *alpha)
{
	double		tail = dot(x + 1, x + 1, n - 1);
	double		length = sqrt(x[0] * x[0] + tail);

	*alpha = x[0];
	if (tail <= DBL_MIN)
		return 0.0;
	*alpha = x[0] > 0.0 ? -length : length;
	x[0] -= *alpha;
	return 2.0 / (x[0] * x[0] + tail);
}

/*
 * Line k of the matrix keeps the reflection of step k, right of the diagonal; beta [n] its
 * factor.  work [n].
 */
static bool
tridiagonalize(double *matrix, int n, double *diagonal, double *beside, double *beta, double *work,
			   const GtlEnv *env)
{
	for (int k = 0; k + 1 < n; k++)
	{
		int			left = n - k - 1;
		double	   *v = matrix + (size_t) k * n + k + 1;
		double		half;

		if (gtl_env_interrupted(env))
			return false;
		diagonal[k] = v[-1];
		beta[k] = reflector(v, left, &beside[k]);
		if (beta[k] == 0.0)
			continue;
		for (int i = 0; i < left; i++)
			work[i] = beta[k] * dot(matrix + (size_t) (k + 1 + i) * n + k + 1, v, left);
		half = 0.5 * beta[k] * dot(work, v, left);
		add(work, -half, v, left);
		for (int i = 0; i < left; i++)
		{
			double	   *line = matrix + (size_t) (k + 1 + i) * n + k + 1;

			add(line, -v[i], work, left);
			add(line, -work[i], v, left);
		}
	}
	diagonal[n - 1] = matrix[(size_t) n * n - 1];
	beside[n - 1] = 0.0;
	return true;
}

/* lines: the transposed product of the reflections. */
static bool
multiply_reflections(const double *matrix, int n, const double *beta, double *lines, const GtlEnv *env)
{
	memset(lines, 0, (size_t) n * n * sizeof *lines);
	for (int i = 0; i < n; i++)
		lines[(size_t) i * n + i] = 1.0;
	for (int k = n - 2; k >= 0; k--)
	{
		const double *v = matrix + (size_t) k * n + k + 1;
		int			left = n - k - 1;

		if (gtl_env_interrupted(env))
			return false;
		if (beta[k] == 0.0)
			continue;
		for (int i = k + 1; i < n; i++)
		{
			double	   *line = lines + (size_t) i * n + k + 1;

			add(line, -beta[k] * dot(line, v, left), v, left);
		}
	}
	return true;
}

/* The end of the block that begins at l: where an element beside the diagonal is as good as 0. */
static int
block_end(const double *diagonal, const double *beside, int l, int n)
{
	int			m = l;

	while (m + 1 < n && fabs(beside[m]) > DBL_EPSILON * (fabs(diagonal[m]) + fabs(diagonal[m + 1])))
		m++;
	return m;
}

/* One QL step on the block l .. m of diagonal d and elements e beside it. */
static void
ql_step(double *d, double *e, int l, int m, double *lines, int n)
{
	double		g = (d[l + 1] - d[l]) / (2.0 * e[l]);
	double		r = hypot(g, 1.0);
	double		s = 1.0;
	double		c = 1.0;
	double		p = 0.0;

	g = d[m] - d[l] + e[l] / (g + (g >= 0.0 ? r : -r));
	for (int i = m - 1; i >= l; i--)
	{
		double		f = s * e[i];
		double		b = c * e[i];

		r = hypot(f, g);
		e[i + 1] = r;
		if (r == 0.0)
		{
			d[i + 1] -= p;
			e[m] = 0.0;
			return;
		}
		s = f / r;
		c = g / r;
		g = d[i + 1] - p;
		r = (d[i] - g) * s + 2.0 * c * b;
		p = s * r;
		d[i + 1] = g + p;
		g = c * r - b;
		turn(lines + (size_t) i * n, lines + (size_t) (i + 1) * n, c, s, n);
	}
	d[l] -= p;
	e[l] = g;
	e[m] = 0.0;
}

static void
swap_lines(double *a, double *b, int n)
{
	for (int i = 0; i < n; i++)
	{
		double		old = a[i];

		a[i] = b[i];
		b[i] = old;
	}
}

static void
sort_ascending(double *values, double *vectors, int n)
{
	for (int i = 0; i + 1 < n; i++)
	{
		int			least = i;

		for (int j = i + 1; j < n; j++)
			if (values[j] < values[least])
				least = j;
		if (least == i)
			continue;
		swap_lines(values + i, values + least, 1);
		swap_lines(vectors + (size_t) i * n, vectors + (size_t) least * n, n);
	}
}

static bool
diagonalize(double *values, double *beside, double *vectors, int n, const GtlEnv *env)
{
	for (int l = 0; l < n; l++)
		for (int steps = 0; steps < MAX_STEPS; steps++)
		{
			int			m = block_end(values, beside, l, n);

			if (m == l)
				break;
			if (gtl_env_interrupted(env))
				return false;
			ql_step(values, beside, l, m, vectors, n);
		}
	sort_ascending(values, vectors, n);
	return true;
}

bool
gtl_tridiagonal_eigen(double *matrix, int n, double *values, double *vectors, const GtlEnv *env)
{
	double	   *beside = gtl_env_alloc(env, 3 * (size_t) (n + 1) * sizeof *beside);
	double	   *beta = beside + n;
	double	   *work = beta + n;
	bool		done;

	done = n == 0 ||
		(tridiagonalize(matrix, n, values, beside, beta, work, env) &&
		 multiply_reflections(matrix, n, beta, vectors, env) &&
		 diagonalize(values, beside, vectors, n, env));
	gtl_env_release(env, beside);
	return done;
}
