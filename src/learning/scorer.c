/*
 * scorer.c
 *		Probabilities, answers and margins for blocks of rows.
 *
 * Every block is computed as GTL_SCORE_BLOCK_ROWS rows, the missing ones filled with
 * zeros: BLAS then takes the same path for each row, whatever its neighbours and
 * however many there are.
 *
 * The margin p1 - p2 is computed as p1 * -expm1(log p2 - log p1) in double, from the
 * scores: p1 - p2 itself would be 1 or 0 for many rows, and ties make coarse
 * thresholds.
 */
#include "learning/classifier.h"

#include <math.h>
#include <string.h>

#include "learning/kernels.h"
#include "learning/shape.h"

struct GtlScorer
{
	const GtlClassifier *classifier;
	int			width;			/* of the rows that come */
	GtlShape	shape;
	GtlScratch	scratch;
	const GtlEnv *env;
	float	   *rows;			/* [GTL_SCORE_BLOCK_ROWS x dimension], scaled; NULL: none yet */
	float	   *second;			/* [GTL_SCORE_BLOCK_ROWS] */
	int32_t    *best;			/* [GTL_SCORE_BLOCK_ROWS] */
};

GtlScorer *
gtl_scorer_create(const GtlClassifier *classifier, int width, const GtlEnv *env)
{
	GtlScorer  *scorer = gtl_env_alloc(env, sizeof(GtlScorer));

	scorer->classifier = classifier;
	scorer->width = width;
	scorer->env = env;
	scorer->shape = gtl_shape(&classifier->candidate, classifier->dimension, classifier->classes);
	gtl_scratch_init(&scorer->scratch, &scorer->shape, GTL_SCORE_BLOCK_ROWS, false, env);
	scorer->second = gtl_env_alloc(env, GTL_SCORE_BLOCK_ROWS * sizeof(float));
	scorer->best = gtl_env_alloc(env, GTL_SCORE_BLOCK_ROWS * sizeof(int32_t));
	return scorer;
}

void
gtl_scorer_release(GtlScorer *scorer, const GtlEnv *env)
{
	gtl_scratch_release(&scorer->scratch, env);
	gtl_env_release(env, scorer->rows);
	gtl_env_release(env, scorer->second);
	gtl_env_release(env, scorer->best);
	gtl_env_release(env, scorer);
}

static void
write_margins(const GtlScorer *scorer, int nrows, double *margin)
{
	const GtlScratch *scratch = &scorer->scratch;

	for (int i = 0; i < nrows; i++)
	{
		double		gap = (double) scorer->second[i] - scratch->largest[i];
		double		value = -expm1(gap) / scratch->sum[i];

		margin[i] = value >= 0.0 ? value : 0.0; /* NaN: weights that no fit makes */
	}
}

/* From class-major to one line for each row. */
static void
write_probabilities(const float *scores, int classes, int nrows, float *probability)
{
	for (int c = 0; c < classes; c++)
		for (int i = 0; i < nrows; i++)
			probability[(size_t) i * classes + c] = scores[(size_t) c * GTL_SCORE_BLOCK_ROWS + i];
}

/* Scaled, and zeros behind them. */
static void
scale_rows(GtlScorer *scorer, const float *rows, int nrows)
{
	const GtlClassifier *classifier = scorer->classifier;
	size_t		used = (size_t) nrows * classifier->dimension;
	size_t		all = (size_t) GTL_SCORE_BLOCK_ROWS * classifier->dimension;

	if (scorer->rows == NULL)
		scorer->rows = gtl_env_alloc(scorer->env, all * sizeof(float));
	gtl_scaler_apply(&classifier->scaler, rows, scorer->width, scorer->rows, nrows);
	memset(scorer->rows + used, 0, (all - used) * sizeof(float));
}

static void
score_scaled(GtlScorer *scorer, const float *rows, int nrows, int32_t *best, double *margin, float *probability)
{
	const GtlClassifier *classifier = scorer->classifier;
	GtlScratch *scratch = &scorer->scratch;

	gtl_shape_kind(&scorer->shape)->forward(&scorer->shape, classifier->weights, rows, GTL_SCORE_BLOCK_ROWS, scratch, NULL);
	gtl_kernel_top_two(scratch->scores, classifier->classes, GTL_SCORE_BLOCK_ROWS,
					   scorer->best, scratch->largest, scorer->second);
	if (best != NULL)
		memcpy(best, scorer->best, (size_t) nrows * sizeof(int32_t));
	if (margin == NULL && probability == NULL)
		return;

	gtl_kernel_softmax(scratch->scores, classifier->classes, GTL_SCORE_BLOCK_ROWS,
					   scratch->largest, scratch->sum);
	if (margin != NULL)
		write_margins(scorer, nrows, margin);
	if (probability != NULL)
		write_probabilities(scratch->scores, classifier->classes, nrows, probability);
}

void
gtl_scorer_block(GtlScorer *scorer, const float *rows, int nrows,
				 int32_t *best, double *margin, float *probability)
{
	scale_rows(scorer, rows, nrows);
	score_scaled(scorer, scorer->rows, nrows, best, margin, probability);
}

void
gtl_scorer_again(GtlScorer *scorer, const GtlScorer *first, int nrows, int32_t *best, double *margin)
{
	score_scaled(scorer, first->rows, nrows, best, margin, NULL);
}
