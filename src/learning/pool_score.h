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

/* Models that can score the rows of one reading. */
#define GTL_POOL_MODELS 6

/*
 * What a model says of the pool's objects first .. first + count - 1: class and margin (gtl_scorer_block).  Each object
 * comes once for each model, in any order.
 */
typedef void (*GtlTakeScores) (void *context, int model, int64_t first, int64_t count, const int32_t *best, const double *margin);

/* How many models of this size should share a reading: large ones leave no room for others. */
extern int	gtl_pool_together(const GtlClassifier *model);

/*
 * Scores the pool's objects, ascending, of a matrix of `rows` rows of `width` columns, by 1 to GTL_POOL_MODELS
 * models.  False: interrupted.
 */
extern bool gtl_pool_score(const GtlClassifier *const *models, int nmodels, int width, int64_t rows,
						   const int32_t *pool, int64_t pool_count, GtlReadRows read_rows, void *read_context,
						   GtlTakeScores take, void *take_context, const GtlEnv *env);

/* The same by one model, into lists: best[pool_count], margin[pool_count]. */
extern bool gtl_pool_score_one(const GtlClassifier *model, int width, int64_t rows, const int32_t *pool, int64_t pool_count,
							   GtlReadRows read_rows, void *read_context, const GtlEnv *env, int32_t *best, double *margin);

#endif							/* GTL_POOL_SCORE_H */
