/*
 * far_watch.h
 *		Errors of a query over a dataset say which server it was asking when it failed.
 */
#ifndef GTL_FAR_WATCH_H
#define GTL_FAR_WATCH_H

#include "base/compat.h"
#include "utils/elog.h"

/* Queries between its beginning and its end are watched; on the caller's stack. */
typedef struct GtlFarWatch
{
	ErrorContextCallback callback;
	const char *dataset;		/* in words */
	const char *servers;		/* all of them, in words; NULL: none */
	const char *asked;			/* where the query is waiting, in words; NULL: nowhere */
} GtlFarWatch;

/* The strings must live until the end.  After an error there is no end. */
extern void gtl_far_watch_begin(GtlFarWatch *watch, const char *dataset, const char *servers);
extern void gtl_far_watch_end(GtlFarWatch *watch);

#endif							/* GTL_FAR_WATCH_H */
