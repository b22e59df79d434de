/*
 * evidence.h
 *		What a round of a live job learns from: the labeled objects with their
 *		features, and the model of the round before.
 */
#ifndef GTL_EVIDENCE_H
#define GTL_EVIDENCE_H

#include "base/compat.h"
#include "learning/engine.h"
#include "tables/job.h"
#include "tables/label.h"
#include "tables/model.h"
#include "tables/round.h"

typedef struct GtlEvidence
{
	GtlHumanLabels labels;		/* by object number; then the rows that came with a label */
	int32		given_count;	/* of those */
	int32		training_count;
	int32		validation_count;
	int32		validation_active;
	int			classes_seen;	/* with at least one label */
	int32	   *class_counts;	/* [categories] */
	int64		neighbours_id;	/* the job's map, of which the rows have their columns; 0: none */
	GtlLastRound last;
	GtlAudit   *former[GTL_FORMER_AUDITS];	/* what engine.former points to */
	GtlModel   *previous;		/* of the last round; NULL: none */
	GtlModel   *initial;		/* the job's initial model; NULL: none, or dropped */
	GtlEngineEvidence engine;	/* the same rows, as the engine takes them; no
								 * features if they do not suffice */
} GtlEvidence;

/* Loads everything into the current memory context, within the budget (training_set.h). */
extern void gtl_evidence_load(const GtlJob *job, const GtlEnv *env, GtlEvidence *evidence);

/*
 * Labeled objects of the job's random sample become validation objects for the engine (next_batch.h), if the evidence suffices;
 * pool: all that nobody has labeled.
 */
extern void gtl_evidence_mark_sample(const GtlEngineSettings *settings, const int32 *pool, int64 pool_count, GtlEvidence *evidence);

/* Are people's labels, and the columns of the rows, still those that the evidence was loaded from? */
extern bool gtl_evidence_holds(const GtlJob *job, const GtlEvidence *evidence);

/* Bytes that a round on this many labeled rows needs at least. */
extern Size gtl_evidence_memory(const GtlJob *job, int64 rows);

/* The job's settings as the engine takes them. */
extern void gtl_evidence_settings(const GtlJob *job, GtlEngineSettings *settings);

/* The same with what the segments of a job that is there say. */
extern void gtl_evidence_live_settings(const GtlJob *job, GtlEngineSettings *settings);

#endif							/* GTL_EVIDENCE_H */
