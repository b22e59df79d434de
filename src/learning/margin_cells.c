/*
 * margin_cells.c
 *		Margins counted in cells.
 */
#include "learning/margin_cells.h"

#include <math.h>

#define CELLS_PER_HALVING	32

double
gtl_margin_cell_least(int cell)
{
	double		doubt = 1 - (double) (cell % CELLS_PER_HALVING) / (2 * CELLS_PER_HALVING);

	return 1 - ldexp(doubt, -(cell / CELLS_PER_HALVING));
}

/* A doubt of f 2^e, f in [0.5, 1): its halvings are -e, and within them it falls as f does. */
int
gtl_margin_cell(double margin)
{
	double		doubt = 1 - margin;
	int			exponent;
	double		fraction;
	int			cell;

	if (doubt <= 0)
		return GTL_MARGIN_CELLS - 1;
	fraction = frexp(doubt, &exponent);
	if (-exponent >= GTL_MARGIN_CELLS / CELLS_PER_HALVING)
		return GTL_MARGIN_CELLS - 1;
	cell = -exponent * CELLS_PER_HALVING + (int) ((1 - fraction) * 2 * CELLS_PER_HALVING);
	if (cell >= GTL_MARGIN_CELLS)
		return GTL_MARGIN_CELLS - 1;
	while (cell > 0 && margin < gtl_margin_cell_least(cell))	/* 1 - margin is rounded */
		cell--;
	return cell;
}

double
gtl_margin_cells_least(const int64_t *above, int64_t wanted)
{
	for (int c = 0; c < GTL_MARGIN_CELLS; c++)
		if (above[c] <= wanted)
			return above[c] > 0 ? gtl_margin_cell_least(c) : INFINITY;
	return INFINITY;
}
