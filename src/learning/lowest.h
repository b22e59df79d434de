/*
 * lowest.h
 *		The n rows with the lowest scores of any number of rows: the same whatever their order, and
 *		however they are divided.
 *
 * Rows with equal scores go by their keys' bytes, then by their values'.
 */
#ifndef GTL_LOWEST_H
#define GTL_LOWEST_H

#include "learning/env.h"

typedef struct GtlLowestRow
{
	double		score;
	size_t		key_size;
	size_t		value_size;		/* SIZE_MAX: there is no value */
	const char *key;			/* not ended by anything */
	const char *value;
} GtlLowestRow;

typedef struct GtlLowest GtlLowest;

/* The env is kept. */
extern GtlLowest *gtl_lowest_create(int64_t n, const GtlEnv *env);

/* Would a row with this score be among them, as far as the score says? */
extern bool gtl_lowest_wants(const GtlLowest *lowest, double score);

/* Copied, if it is among them. */
extern void gtl_lowest_offer(GtlLowest *lowest, const GtlLowestRow *row);

extern int64_t gtl_lowest_count(const GtlLowest *lowest);

/* Bytes of their keys and values. */
extern size_t gtl_lowest_bytes(const GtlLowest *lowest);

/*
 * In ascending order, unless it was interrupted: whoever needs that asks env.  The list is the caller's to release, what
 * it points to is not.
 */
extern GtlLowestRow *gtl_lowest_list(const GtlLowest *lowest, const GtlEnv *env);

#endif							/* GTL_LOWEST_H */
