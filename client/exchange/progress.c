/*
 * progress.c
 *		A line on a terminal that says how far it is, and none elsewhere.
 */
#include "exchange/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EVERY 0.25				/* seconds */

void
gtc_progress_begin(GtcProgress *progress, bool wanted)
{
	progress->shown = wanted && isatty(STDERR_FILENO);
	progress->last = 0;
	clock_gettime(CLOCK_MONOTONIC, &progress->begun);
}

double
gtc_progress_seconds(const GtcProgress *progress)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - progress->begun.tv_sec + (now.tv_nsec - progress->begun.tv_nsec) / 1e9;
}

void
gtc_progress_show(GtcProgress *progress, const char *unit, long long count, long long bytes, double share)
{
	double		seconds;

	if (!progress->shown)
		return;
	seconds = gtc_progress_seconds(progress);
	if (seconds - progress->last < EVERY)
		return;
	progress->last = seconds;
	fprintf(stderr, "\r%s %s, %.0f MB", gtc_with_commas(count), unit, bytes / 1e6);
	if (share >= 0)
		fprintf(stderr, ", %.0f %%", share * 100);
	fputs("\033[K", stderr);
	fflush(stderr);
}

void
gtc_progress_end(const GtcProgress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
}

const char *
gtc_with_commas(long long count)
{
	static char places[8][32];
	static int	turn;
	char		digits[32];
	char	   *text = places[turn++ % 8];
	char	   *to = text;
	int			length = snprintf(digits, sizeof(digits), "%lld", count < 0 ? 0 : count);
	int			i;

	for (i = 0; i < length; i++)
	{
		if (i > 0 && (length - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return text;
}
