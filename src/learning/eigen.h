/*
 * eigen.h
 *		The largest eigenvalues of a symmetric matrix, with their vectors.
 *
 * Internal to src/learning.
 */
#ifndef GTL_EIGEN_H
#define GTL_EIGEN_H

#include "learning/env.h"
#include "learning/random.h"

/*
 * All eigenvalues of the symmetric matrix[n x n], largest first, by cyclic Jacobi rotations; the
 * lines of vectors[n x n] are the eigenvectors of unit length.  The matrix is destroyed.  For small n.
 */
extern void gtl_eigen_jacobi(double *matrix, int n, double *values, double *vectors);

/*
 * The `wanted` largest eigenvalues of the symmetric, positive semidefinite matrix[n x n], largest
 * first, and the lines of vectors[wanted x n], of unit length, their largest component positive.
 * By subspace iterations of half as many lines again, started at random from the seed and stream
 * (Saad, "Numerical Methods for Large Eigenvalue Problems", chapter 5).  False: interrupted.
 */
extern bool gtl_eigen_largest(const double *matrix, int n, int wanted, int iterations, uint64_t seed,
							  GtlRandomStream stream, const GtlEnv *env, double *values, double *vectors);

#endif							/* GTL_EIGEN_H */
