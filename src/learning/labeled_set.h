/*
 * labeled_set.h
 *		Labeled rows: in memory, or behind a reader.
 */
#ifndef GTL_LABELED_SET_H
#define GTL_LABELED_SET_H

#include "learning/env.h"

/* Where the rows are that are not in memory. */
typedef struct GtlRowReader
{
	/*
	 * Copies rows[0 .. count - 1], ascending, or if rows is NULL first .. first + count - 1,
	 * into out[count x dimension].  False: it failed, and afterwards env->interrupted
	 * says stop; the caller behind env knows why.  Never leaves by longjmp.
	 */
	bool		(*read) (void *context, const int32_t *rows, int64_t first, int count, float *out);
	void	   *context;
} GtlRowReader;

typedef struct GtlLabeledSet
{
	int64_t		rows;
	int			dimension;		/* columns of a row */
	int			classes;
	const float *features;		/* [... x dimension], unscaled; NULL: only the reader has them */
	const int32_t *labels;		/* [rows], 0 .. classes - 1 */
	const int32_t *place;		/* [rows], ascending: which rows of features and reader they
								 * are; NULL: the same ones */
	const GtlRowReader *reader; /* the same as features; may be NULL if those are there */
	bool		streamed;		/* a fit keeps no copy of its rows but reads them in each
								 * evaluation; the result is the same, bit for bit */
} GtlLabeledSet;

/* Rows of the set, as GtlRowReader.read does. */
extern bool gtl_labeled_rows(const GtlLabeledSet *set, const int32_t *rows, int64_t first, int count, float *out);

#endif							/* GTL_LABELED_SET_H */
