/*
 * tridiagonal.h
 *		All eigenvalues and eigenvectors of a symmetric matrix of some hundreds of lines.
 *
 * Internal to src/learning; for a few lines, or a few vectors of many, eigen.h is simpler.
 */
#ifndef GTL_TRIDIAGONAL_H
#define GTL_TRIDIAGONAL_H

#include "learning/env.h"

/*
 * matrix [n x n], symmetric, row-major, is destroyed.  values [n] ascending; line i of
 * vectors [n x n] belongs to values[i].  False: env said stop.
 */
extern bool gtl_tridiagonal_eigen(double *matrix, int n, double *values, double *vectors, const GtlEnv *env);

#endif							/* GTL_TRIDIAGONAL_H */
