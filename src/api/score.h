/*
 * score.h
 *		The columns of a value of type gt_score.
 */
#ifndef GTL_SCORE_H
#define GTL_SCORE_H

#include "base/compat.h"

typedef struct GtlScore
{
	text	   *class_name;		/* NULL: none */
	double		margin;			/* NaN: none */
	double		probability;	/* NaN: none */
} GtlScore;

/* Anybody can have made the row. */
extern void gtl_score_read(Datum row, GtlScore *score);

#endif							/* GTL_SCORE_H */
