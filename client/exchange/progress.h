/*
 * progress.h
 *		A line on a terminal that says how far it is, and none elsewhere.
 */
#ifndef GTC_PROGRESS_H
#define GTC_PROGRESS_H

#include <stdbool.h>
#include <time.h>

typedef struct GtcProgress
{
	bool		shown;			/* stderr is a terminal */
	struct timespec begun;
	double		last;			/* seconds, of the last line */
} GtcProgress;

extern void gtc_progress_begin(GtcProgress *progress, bool wanted);
extern double gtc_progress_seconds(const GtcProgress *progress);

/* Now and then; share: of the whole, negative if nobody knows */
extern void gtc_progress_show(GtcProgress *progress, const char *unit, long long count, long long bytes,
							  double share);
extern void gtc_progress_end(const GtcProgress *progress);

/* A count as people read it, 1,234,567, in one of eight places that are used in turn */
extern const char *gtc_with_commas(long long count);

#endif
