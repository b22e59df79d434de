/*
 * sources.h
 *		gt_sources: how often the sources of a job's proposals are right.
 */
#ifndef GTL_SOURCES_H
#define GTL_SOURCES_H

#include "base/compat.h"
#include "tables/job.h"

/* A source against the labels of the validation set. */
typedef struct GtlSourceRecord
{
	const char *source;			/* its column */
	int			objects;		/* of the validation set that people have labeled */
	int			guessed;		/* of these */
	int			right;			/* of the guesses */
	int		   *confusion;		/* [categories x (categories + 1)]: by people's label, the guesses; last: none */
} GtlSourceRecord;

/* Of each source, in the order of proposal_columns; palloc'd.  Returns how many. */
extern int	gtl_sources_read(const GtlJob *job, GtlSourceRecord **records);

#endif							/* GTL_SOURCES_H */
