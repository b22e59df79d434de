/*
 * correct.h
 *		Answers that are taken back: revised, retracted, excluded; labels that the owner decides.
 *
 * The caller holds the job's row, which is written here, and GTL_LOCK_ANSWERS, to exclude and include exclusively.
 */
#ifndef GTL_CORRECT_H
#define GTL_CORRECT_H

#include "base/compat.h"
#include "tables/job.h"

/* Who takes an answer back. */
typedef struct GtlCorrector
{
	const char *annotator;		/* whose answers; also the name behind a task that is leased again */
	bool		anybody;		/* not only this annotator's */
	bool		owner;			/* of the job: at any time */
} GtlCorrector;

/* Each returns how many answers (or declines or passes) it was about. */
extern int	gtl_correct_revise(GtlJob *job, const GtlCorrector *by, const int64 *task_ids, const int32 *classes,
							   char *const *remarks, int count);
extern int	gtl_correct_retract(GtlJob *job, const GtlCorrector *by, const int64 *task_ids, int count);
/*
 * The owner decides the labels of objects, whatever people answer; class -1 takes that back.  Returns how many
 * decisions are not what they were.
 */
extern int	gtl_correct_labels(GtlJob *job, const char *reviewer, char *const *keys, const int32 *classes, int count);

extern int	gtl_correct_exclude(GtlJob *job, const char *annotator);
extern int	gtl_correct_include(GtlJob *job, const char *annotator);

/* Annotators may change the answers of this batch and of later ones: no round has read them. */
extern int32 gtl_correct_first_unread(const GtlJob *job);

#endif							/* GTL_CORRECT_H */
