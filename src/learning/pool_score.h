/*
 * pool_score.h
 *		Scoring many rows of a matrix that is read piece by piece.
 */
#ifndef GTL_POOL_SCORE_H
#define GTL_POOL_SCORE_H

#include "learning/classifier.h"

/*
 * Reads `count` rows, the first of them of object `first`, unscaled; may leave by longjmp.
 * Called with ascending pieces whose first object is a multiple of GTL_SCORE_BLOCK_ROWS.
 */
typedef void (*GtlReadRows) (void *context, int64_t first, int count, float *rows);

/*
 * Class and margin (gtl_scorer_block) of the pool's objects, ascending, of a matrix of
 * `rows` rows of so many columns.  False: interrupted.
 */
extern bool gtl_pool_score(const GtlClassifier *classifier, int width, int64_t rows,
						   const int32_t *pool, int64_t pool_count,
						   GtlReadRows read_rows, void *read_context, const GtlEnv *env,
						   int32_t *best, double *margin);

#endif							/* GTL_POOL_SCORE_H */
