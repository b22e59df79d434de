/*
 * format.h
 *		Numbers as people read them.
 */
#ifndef GTL_FORMAT_H
#define GTL_FORMAT_H

#include "base/compat.h"

/* 1407 -> "1,407" */
extern char *gtl_format_count(int64 count);

/* 0.0716 -> "7.2 %"; two significant digits below 1 % */
extern char *gtl_format_percent(double share);

/* The same, with as many digits as it takes to be told from the other one: "1.998 %" beside 2 %. */
extern char *gtl_format_percent_beside(double share, double other);

#endif							/* GTL_FORMAT_H */
