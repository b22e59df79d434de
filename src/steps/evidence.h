/*
 * evidence.h
 *		What a round learns from: the labeled objects with their features, and the
 *		model of the round before.
 */
#ifndef GTL_EVIDENCE_H
#define GTL_EVIDENCE_H

#include "base/compat.h"
#include "catalog/job.h"
#include "catalog/label.h"
#include "catalog/model.h"
#include "catalog/round.h"
#include "learning/crossfit.h"

typedef struct GtlEvidence
{
	GtlHumanLabels labels;		/* by object number */
	GtlCrossfitSet set;			/* the same rows, with features */
	int32		training_count;
	int32		validation_count;
	int32		validation_active;
	int			classes_seen;	/* with at least one label */
	int32	   *class_counts;	/* [categories] */
	GtlLastRound last;
	GtlModel   *previous;		/* of the last round; NULL: none */
} GtlEvidence;

/* Loads everything into the current memory context, after checking the budget. */
extern void gtl_evidence_load(const GtlJob *job, const GtlEnv *env, GtlEvidence *evidence);

/* Is there enough to train and certify with? */
extern bool gtl_evidence_suffices(const GtlEvidence *evidence);

/*
 * The candidates (indexes into gtl_candidates) that the job's algorithm setting and
 * the size of the data allow; returns how many.
 */
extern int	gtl_evidence_candidates(const GtlJob *job, const GtlEvidence *evidence, int *candidates);

/* Compared for the first time, and again whenever the labeled objects have doubled. */
extern bool gtl_evidence_selection_due(const GtlEvidence *evidence);

#endif							/* GTL_EVIDENCE_H */
