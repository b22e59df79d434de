/*
 * job_facts.h
 *		Where a job stands, as the reports see it.
 */
#ifndef GTL_JOB_FACTS_H
#define GTL_JOB_FACTS_H

#include "base/compat.h"
#include "learning/schedule.h"
#include "tables/batch.h"
#include "tables/job.h"
#include "tables/round.h"

typedef struct GtlJobFacts
{
	GtlDue		due;			/* the next step; of a paused job: as if it went on */
	GtlBatch	batch;			/* the newest */
	int32		answers;		/* tasks of it that are submitted */
	int32		leased;			/* tasks of it that somebody holds */
	int32		tasks;			/* tasks of it that count (not declined, not closed unanswered) */
	int32		provisional;	/* machine labels that a round or an audit may still change or withdraw */
	int32		validation_labeled;
	int32		validation_failed;
	char	   *unseen_classes; /* categories without any human label, quoted; NULL: none */
	int32		unseen_count;
	bool		has_round;
	GtlRound	round;			/* the newest, if any */
	bool		has_before;
	GtlRound	before;			/* the one before it, if any */
} GtlJobFacts;

extern void gtl_facts_read(const GtlJob *job, GtlJobFacts *facts);

/* The rest of the plan, from where the job stands; an open batch counts as still to come. */
extern void gtl_facts_plan(const GtlJob *job, const GtlJobFacts *facts, GtlPlanState *plan);

/* Takes the open batch, as it is, out of that plan as its first step; false if none is open. */
extern bool gtl_facts_open_batch(const GtlJob *job, const GtlJobFacts *facts, GtlPlanState *plan,
									GtlPlanStep *step);

#endif							/* GTL_JOB_FACTS_H */
