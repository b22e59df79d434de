/*
 * row_scorer.h
 *		Scoring one row at a time, for gt_predict: plain dot products, where a block
 *		of GTL_SCORE_BLOCK_ROWS would be mostly padding.
 *
 * Probabilities agree with gtl_scorer_block to float rounding, not to the last bit.
 */
#ifndef GTL_ROW_SCORER_H
#define GTL_ROW_SCORER_H

#include "learning/classifier.h"
#include "learning/neighbours.h"

typedef struct GtlRowScorer GtlRowScorer;

/*
 * features: the columns of a row that come.  The others are made: the neighbourhood columns by the map (NULL: they
 * come, or there are none); inputs of proposals are those that gtl_row_scorer_proposals was told.  Classifier and map
 * must outlive the scorer.
 */
extern GtlRowScorer *gtl_row_scorer_create(const GtlClassifier *classifier, int features, const GtlNeighbours *map,
										   const GtlEnv *env);

extern void gtl_row_scorer_release(GtlRowScorer *scorer, const GtlEnv *env);

/* Where the inputs of proposals of the next rows stand, behind their features; zeros: nobody has guessed. */
extern float *gtl_row_scorer_proposals(GtlRowScorer *scorer);

/*
 * Scores the unscaled row; the result is valid until the next call:
 * probability[classes], summing to 1.  *best is the most probable class (lowest index
 * on ties), *margin p(1st) - p(2nd).
 */
extern const float *gtl_row_scorer_score(GtlRowScorer *scorer, const float *row, int32_t *best, double *margin);

#endif							/* GTL_ROW_SCORER_H */
