/*
 * placed_rows.c
 *		All rows of a simulated job in place.
 */
#include "learning/placed_rows.h"

#include <math.h>
#include <string.h>

#include "learning/margin_cells.h"
#include "learning/row_scorer.h"
#include "learning/select.h"

#define BLOCK 256				/* rows that are read at once */

void
gtl_placed_create(GtlPlacedRows *placed, const GtlLabeledSet *data, int64_t sample, const GtlEnv *env)
{
	size_t		rows = (size_t) data->rows;

	placed->data = data;
	placed->env = env;
	placed->objects = sample;
	placed->row = gtl_env_alloc(env, sizeof(int32_t) * rows);
	placed->object = gtl_env_alloc(env, sizeof(int32_t) * rows);
	placed->best = gtl_env_alloc(env, sizeof(int32_t) * rows);
	placed->margin = gtl_env_alloc(env, sizeof(double) * rows);
	placed->least = INFINITY;
	for (int64_t i = 0; i < data->rows; i++)
	{
		placed->row[i] = (int32_t) i;
		placed->object[i] = i < sample ? (int32_t) i : -1;
	}
}

void
gtl_placed_release(GtlPlacedRows *placed)
{
	if (placed->env == NULL)
		return;
	gtl_env_release(placed->env, placed->row);
	gtl_env_release(placed->env, placed->object);
	gtl_env_release(placed->env, placed->best);
	gtl_env_release(placed->env, placed->margin);
}

/* gt_score gives margins of 0 to 1. */
static void
score_block(GtlPlacedRows *placed, GtlRowScorer *scorer, const float *block, int64_t first, int count)
{
	for (int i = 0; i < count; i++)
	{
		double		margin;

		(void) gtl_row_scorer_score(scorer, block + (size_t) i * (size_t) placed->data->dimension, &placed->best[first + i], &margin);
		placed->margin[first + i] = margin >= 0 ? fmin(margin, 1) : 0;
	}
}

bool
gtl_placed_score(GtlPlacedRows *placed, const GtlClassifier *model)
{
	const GtlLabeledSet *data = placed->data;
	float	   *block = gtl_env_alloc(placed->env, sizeof(float) * BLOCK * (size_t) data->dimension);
	GtlRowScorer *scorer = gtl_row_scorer_create(model, data->dimension, NULL, placed->env);
	bool		going = true;

	placed->least = INFINITY;
	for (int64_t first = 0; first < data->rows && going; first += BLOCK)
	{
		int			count = (int) (data->rows - first < BLOCK ? data->rows - first : BLOCK);

		going = !gtl_env_interrupted(placed->env) && gtl_labeled_rows(data, NULL, first, count, block);
		if (going)
			score_block(placed, scorer, block, first, count);
	}
	gtl_row_scorer_release(scorer, placed->env);
	gtl_env_release(placed->env, block);
	return going;
}

void
gtl_placed_limit(GtlPlacedRows *placed, double share)
{
	int64_t		above[GTL_MARGIN_CELLS] = {0};

	for (int64_t i = 0; i < placed->data->rows; i++)
		above[gtl_margin_cell(placed->margin[i])]++;
	for (int c = GTL_MARGIN_CELLS - 2; c >= 0; c--)
		above[c] += above[c + 1];
	placed->least = gtl_margin_cells_least(above, (int64_t) floor(share * (double) placed->data->rows));
}

/* Has the row the machine's label?  People's come first. */
static bool
is_labeled(const GtlPlacedRows *placed, const int32_t *answer, int64_t row)
{
	return placed->margin[row] >= placed->least && (placed->object[row] < 0 || answer[placed->object[row]] < 0);
}

void
gtl_placed_count(const GtlPlacedRows *placed, const int32_t *answer, double target_error, GtlPlacedLabels *labels)
{
	size_t		bytes = (size_t) placed->data->classes * sizeof(int64_t);
	int64_t    *count = gtl_env_alloc(placed->env, bytes);
	int64_t    *wrong = gtl_env_alloc(placed->env, bytes);

	memset(labels, 0, sizeof *labels);
	for (int64_t i = 0; i < placed->data->rows && isfinite(placed->least); i++)
		if (is_labeled(placed, answer, i))
		{
			count[placed->best[i]]++;
			wrong[placed->best[i]] += placed->best[i] != placed->data->labels[i];
		}
	for (int c = 0; c < placed->data->classes; c++)
	{
		labels->count += count[c];
		labels->wrong += wrong[c];
		labels->classes_labeled += count[c] > 0;
		labels->classes_missed += (double) wrong[c] > (double) count[c] * (target_error + 1e-12);
	}
	gtl_env_release(placed->env, count);
	gtl_env_release(placed->env, wrong);
}

/* Rows become objects in their order, as those of an intake do. */
static void
join_rows(GtlPlacedRows *placed, const bool *joins)
{
	for (int64_t i = 0; i < placed->data->rows; i++)
		if (joins[i] && placed->object[i] < 0)
		{
			placed->object[i] = (int32_t) placed->objects;
			placed->row[placed->objects++] = (int32_t) i;
		}
}

int64_t
gtl_placed_draw(GtlPlacedRows *placed, const int32_t *answer, GtlRowDraw draw, void *context, uint64_t seed,
				int64_t wanted, int32_t **drawn, int64_t *count)
{
	size_t		rows = (size_t) placed->data->rows;
	int32_t    *labeled = gtl_env_alloc(placed->env, sizeof(int32_t) * rows);
	double	   *draws = gtl_env_alloc(placed->env, sizeof(double) * rows);
	int64_t    *chosen = gtl_env_alloc(placed->env, sizeof(int64_t) * rows);
	bool	   *joins = gtl_env_alloc(placed->env, rows);
	int64_t		n = 0;

	for (int64_t i = 0; i < placed->data->rows; i++)
		if (is_labeled(placed, answer, i))
		{
			draws[n] = draw(context, i, seed);
			labeled[n++] = (int32_t) i;
		}
	*count = gtl_select_lowest(labeled, draws, n, wanted < n ? wanted : n, placed->env, chosen);
	*drawn = gtl_env_alloc(placed->env, sizeof(int32_t) * (size_t) *count);
	for (int64_t i = 0; i < *count; i++)
		joins[labeled[chosen[i]]] = true;
	join_rows(placed, joins);
	for (int64_t i = 0; i < *count; i++)
		(*drawn)[i] = placed->object[labeled[chosen[i]]];
	gtl_env_release(placed->env, labeled);
	gtl_env_release(placed->env, draws);
	gtl_env_release(placed->env, chosen);
	gtl_env_release(placed->env, joins);
	return n;
}
