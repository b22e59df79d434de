/*
 * schedule.h
 *		What a job does next, and with how many objects: the rules that gt_plan
 *		prints, live jobs follow and simulations replay.
 */
#ifndef GTL_SCHEDULE_H
#define GTL_SCHEDULE_H

#include "learning/certify.h"

typedef enum GtlScheduleKind
{
	GTL_SCHEDULE_STANDARD = 0,
	GTL_SCHEDULE_EAGER = 1
} GtlScheduleKind;

/* What a job works on. */
typedef enum GtlPlacement
{
	GTL_PLACEMENT_COPY = 0,		/* all rows, whose features it keeps */
	GTL_PLACEMENT_IN_PLACE = 1	/* a random sample; the rest is labeled where it lies */
} GtlPlacement;

/*
 * Size of the validation set.  A share of 0 or more: that, truncated.  Else the standard schedule
 * takes the service's rule, 20 % below 5,000 objects, else 10 %, truncated; the eager one
 * what the promise needs, at most a third of the objects: for an audited promise, of which it is no evidence, 2 % of
 * the objects, from 60 to 1,000; otherwise 10 % of the objects, but from 3 to 25 times the fewest with which
 * the promise can be shown.
 */
extern int64_t gtl_schedule_validation_count(GtlScheduleKind schedule, const GtlPromise *promise, bool per_class,
											 int classes, int64_t objects, double share);

/*
 * Size of the next training batch out of `remaining` unlabeled objects that the
 * machine does not label: min(max_concurrent, remaining), and under the eager
 * schedule at most max(50, ceil(0.02 * objects)).
 */
extern int64_t gtl_schedule_batch_count(GtlScheduleKind schedule, int64_t objects,
										int64_t max_concurrent, int64_t remaining);

/* The stopping conditions of a job; 0: none. */
typedef struct GtlLimits
{
	int64_t		max_human;		/* objects that people label at the most */
	int			max_percentage; /* share of the objects, people's and machine's, at which the job ends */
} GtlLimits;

/* How many more objects people may label before a limit is reached; INT64_MAX without limits. */
extern int64_t gtl_schedule_people_left(const GtlLimits *limits, int64_t objects,
										int64_t human_labeled, int64_t machine_labeled);

/* ---- What is due -------------------------------------------------------------- */

typedef enum GtlDueState
{
	GTL_DUE_GOES_ON,
	GTL_DUE_STOPS,				/* answers that are there become labels, then it ends */
	GTL_DUE_RESTS				/* paused, or at its end */
} GtlDueState;

/* All that decides what a job does next. */
typedef struct GtlDueFacts
{
	GtlDueState state;
	bool		changes;		/* the dataset has changed, and the job follows it */
	bool		batch_open;
	bool		batch_done;		/* each of its tasks is closed, or its time is over */
	int64_t		people_left;	/* of gtl_schedule_people_left */
	int64_t		validation_left;	/* validation objects with neither a label nor a failure */
	int64_t		recalled;		/* objects with neither that the owner wants people to label */
	int64_t		unlabeled;		/* objects with neither */
	bool		rounds;			/* the machine labels, too: auto_label, and there is a validation set */
	bool		round_pending;	/* the last batch that was closed calls for a round (gtl_schedule_calls_round), and
								 * has had none */
	bool		certificate_old;	/* machine labels stand by a certificate of fewer validation objects than have labels now */
	bool		map_old;		/* so many rows have joined since the map of neighbours was made (gtl_schedule_map_is_old)
								 * that the next round wants a new one */
	bool		audit_open;		/* the promise's audit has begun and is not over */
	bool		audit_pending;	/* at the end, people are to check machine labels, and have not */
} GtlDueFacts;

typedef enum GtlDue
{
	GTL_DUE_NOTHING,			/* it waits for people, or is at rest */
	GTL_DUE_STOP,
	GTL_DUE_INTAKE,				/* rows of the dataset join or leave */
	GTL_DUE_CLOSE_BATCH,
	GTL_DUE_VALIDATION_BATCH,
	GTL_DUE_MAP,				/* a new map of neighbours, before a round */
	GTL_DUE_ROUND,				/* which issues a training batch by itself */
	GTL_DUE_TRAINING_BATCH,
	GTL_DUE_AUDIT,				/* of the promise: its next batch, or its end */
	GTL_DUE_AUDIT_BATCH,		/* of a share of the labels, at the end */
	GTL_DUE_COMPLETE
} GtlDue;

/* The next step of a job; live jobs, plans, explanations and simulations ask here. */
extern GtlDue gtl_due(const GtlDueFacts *facts);

/*
 * Does a batch call for a round when it is closed?  early_round: also the last batch of the validation set does, as it
 * does when there has been a round before. */
extern bool gtl_schedule_calls_round(bool validation_batch, bool early_round);

/*
 * Of so many rows, these came after the map of neighbours was made: are the neighbourhood columns to be made anew?
 * With a third of them, so that all maps of a job together cost a few times what one over all its rows would.
 */
extern bool gtl_schedule_map_is_old(int64_t later, int64_t rows);

/* ---- Plans -------------------------------------------------------------------- */

typedef enum GtlPlanAction
{
	GTL_PLAN_VALIDATION = 0,	/* people label validation objects */
	GTL_PLAN_TRAINING = 1,		/* people label training objects */
	GTL_PLAN_AUTO_LABEL = 2,	/* a round; `objects` is the most it could label */
	GTL_PLAN_STOP = 3,			/* a limit is reached; `objects` are left without a human label */
	GTL_PLAN_AUDIT = 4			/* people check machine labels; only of a job that is there already */
} GtlPlanAction;

extern const char *gtl_plan_action_name(GtlPlanAction action);

/*
 * Where a job stands, and, moved on by gtl_plan_next, the rest of its plan on the
 * assumption that no round labels anything.
 */
typedef struct GtlPlanState
{
	GtlScheduleKind schedule;
	int64_t		objects;		/* all objects of the job */
	int64_t		max_concurrent;
	int64_t		validation_left;	/* validation objects not yet labeled */
	int64_t		pool_left;		/* pool objects that no person has labeled */
	bool		round_due;		/* the next step is a round (before a training batch) */
	bool		auto_label;
	GtlLimits	limits;
	int64_t		human_labeled;	/* what the limits count */
	int64_t		machine_labeled;
	bool		stopped;		/* the GTL_PLAN_STOP step was taken */
} GtlPlanState;

typedef struct GtlPlanStep
{
	GtlPlanAction action;
	int64_t		objects;
	int64_t		remaining;		/* pool objects without a human label after the step */
} GtlPlanStep;

/* Without limits. initial_model: one gives a round right after the validation set. */
extern void gtl_plan_start(GtlPlanState *state, GtlScheduleKind schedule, int64_t objects,
						   int64_t max_concurrent, int64_t validation,
						   bool initial_model, bool auto_label);

/* The next step; false at the end of the plan. */
extern bool gtl_plan_next(GtlPlanState *state, GtlPlanStep *step);

/* The most that can be machine-labeled from this state: the first auto_label step's objects, or 0. */
extern int64_t gtl_plan_machine_limit(const GtlPlanState *state);

#endif							/* GTL_SCHEDULE_H */
