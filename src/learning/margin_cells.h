/*
 * margin_cells.h
 *		Margins counted in cells: how many of any number of objects are above a margin,
 *		in a few kilobytes that can be added up.
 *
 * Cell i holds the margins from gtl_margin_cell_least(i) up to that of the next cell.  The cells are as
 * wide as the doubt, 1 - margin, is: 32 for each halving of it.  The bounds are exact in float8, so
 * that counting by cells and comparing with a bound agree.
 */
#ifndef GTL_MARGIN_CELLS_H
#define GTL_MARGIN_CELLS_H

#include <stdint.h>

#define GTL_MARGIN_CELLS 1024

extern double gtl_margin_cell_least(int cell);

/* Of a margin from 0 to 1. */
extern int	gtl_margin_cell(double margin);

/* The smallest margin that at most so many objects have, when above[c] have at least that of cell c; infinity: none. */
extern double gtl_margin_cells_least(const int64_t *above, int64_t wanted);

#endif							/* GTL_MARGIN_CELLS_H */
