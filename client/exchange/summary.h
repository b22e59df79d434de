/*
 * summary.h
 *		What an import says at its end.
 */
#ifndef GTC_SUMMARY_H
#define GTC_SUMMARY_H

#include "exchange/target.h"

typedef struct GtcSummary
{
	const GtcLoad *load;
	const GtcTarget *target;
	const char *report_path;
	bool		check;			/* nothing was imported */
	double		seconds;
} GtcSummary;

extern void gtc_summary_words(const GtcSummary *summary);
extern void gtc_summary_json(const GtcSummary *summary);

#endif
