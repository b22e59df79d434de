/*
 * seat.h
 *		What the labeling portal asks for every answer: the calls behind gt_answer and gt_queue.
 */
#ifndef GTL_SEAT_H
#define GTL_SEAT_H

#include "api/annotator.h"
#include "lib/stringinfo.h"
#include "tables/task.h"

/* Tasks that were given to an annotator, with the rows behind them (NULL: gone). */
typedef struct GtlGiven
{
	int			count;
	GtlClaim   *claims;
	char	  **objects;
} GtlGiven;

/* The answers to tasks of one job, and up to `wanted` tasks of it for them; comments NULL: none. */
extern void gtl_seat_answer(const GtlAnnotator *who, const int64 *task_ids, char *const *labels, char *const *comments,
							int count, int wanted, GtlGiven *given);

/* The row of gt_queue as a JSON object. */
extern void gtl_seat_append_queue(StringInfo json, GtlAnnotator *who, const char *job_name);

#endif							/* GTL_SEAT_H */
