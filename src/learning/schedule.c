/*
 * schedule.c
 *		What a job does next, and with how many objects.
 *
 * The one place that knows the order of a labeling job: the validation set in
 * batches, then training batches with a round of the machine between two of
 * them, at the end an audit.  gtl_due decides it; plans, live jobs (steps/due.c
 * reads their facts), explanations and simulations ask it, and differ only in
 * where their facts come from.
 *
 * Invariants:
 *	- a batch never mixes validation and training objects;
 *	- no round without a validation set, and none when no object is left;
 *	- a state always moves: each step takes at least one object or pays a round
 *	  that was due, so a plan ends after at most 2 * objects steps;
 *	- shares are truncated, 0.2 * 1758 = 351.6 makes 351, with 1e-9 added first so
 *	  that 0.29 * 100 makes 29 in floating point too.
 *
 * No memory, no clock, no randomness.  The standard schedule is that
 * of Amazon SageMaker Ground Truth, as its documentation describes it.
 */
#include "learning/schedule.h"

#include <math.h>
#include <string.h>

/* The service's rule: the larger share below this number of objects. */
#define SMALL_JOB_OBJECTS	5000
#define SMALL_JOB_DIVISOR	5
#define LARGE_JOB_DIVISOR	10

/* The eager schedule's batch: one in this many objects, and the least worth a round. */
#define EAGER_DIVISOR		50
#define EAGER_MINIMUM		50

/*
 * What the eager schedule takes for the validation set: in multiples of what the promise needs, and
 * where the set only trains.  Fewer than the first make a job depend on luck; more than the second
 * change nothing.
 */
#define NEEDED_LEAST		3
#define NEEDED_MOST			25
#define START_DIVISOR		50
#define START_LEAST			60
#define START_MOST			1000

#define SHARE_SLACK			1e-9

/* The share of rows that came later, as one in so many, with which neighbourhood columns are made anew. */
#define MAP_DIVISOR			3

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Of a promise that the validation set has to show. */
static int64_t
needed_validation(const GtlPromise *promise, bool per_class, int classes, int64_t objects)
{
	int64_t		minimum = gtl_certify_minimum(promise, per_class, classes);
	int64_t		share = smaller(objects / LARGE_JOB_DIVISOR, NEEDED_MOST * minimum);

	return share > NEEDED_LEAST * minimum ? share : NEEDED_LEAST * minimum;
}

static int64_t
start_validation(int64_t objects)
{
	int64_t		share = objects / START_DIVISOR + (objects % START_DIVISOR != 0);

	return share < START_LEAST ? START_LEAST : smaller(share, START_MOST);
}

int64_t
gtl_schedule_validation_count(GtlScheduleKind schedule, const GtlPromise *promise, bool per_class,
							  int classes, int64_t objects, double share)
{
	int64_t		count;

	if (objects <= 0)
		return 0;
	if (share >= 1)
		return objects;
	if (share >= 0)
		return smaller((int64_t) floor(share * (double) objects + SHARE_SLACK), objects);
	if (schedule == GTL_SCHEDULE_STANDARD)
		return objects / (objects < SMALL_JOB_OBJECTS ? SMALL_JOB_DIVISOR : LARGE_JOB_DIVISOR);
	count = promise->guarantee == GTL_GUARANTEE_AUDITED ? start_validation(objects) :
		needed_validation(promise, per_class, classes, objects);
	return smaller(count, objects / 3);
}

int64_t
gtl_schedule_batch_count(GtlScheduleKind schedule, int64_t objects,
						 int64_t max_concurrent, int64_t remaining)
{
	int64_t		limit = max_concurrent > 0 ? max_concurrent : 1;

	if (remaining <= 0)
		return 0;
	if (schedule == GTL_SCHEDULE_EAGER)
	{
		int64_t		eager = objects / EAGER_DIVISOR + (objects % EAGER_DIVISOR != 0);

		if (eager < EAGER_MINIMUM)
			eager = EAGER_MINIMUM;
		limit = smaller(limit, eager);
	}
	return smaller(limit, remaining);
}

int64_t
gtl_schedule_people_left(const GtlLimits *limits, int64_t objects,
						 int64_t human_labeled, int64_t machine_labeled)
{
	int64_t		left = INT64_MAX;

	if (limits->max_human > 0)
		left = smaller(left, limits->max_human - human_labeled);
	if (limits->max_percentage > 0)
		left = smaller(left, (objects * limits->max_percentage + 99) / 100 - human_labeled - machine_labeled);
	return left > 0 ? left : 0;
}

bool
gtl_schedule_calls_round(bool validation_batch, bool early_round)
{
	return !validation_batch || early_round;
}

bool
gtl_schedule_map_is_old(int64_t later, int64_t rows)
{
	return later > 0 && later * MAP_DIVISOR >= rows;
}

/* A round learns from columns that know the rows. */
static GtlDue
due_round(const GtlDueFacts *facts)
{
	return facts->map_old ? GTL_DUE_MAP : GTL_DUE_ROUND;
}

/* Nothing is left to label, or a limit is reached. */
static GtlDue
due_at_end(const GtlDueFacts *facts)
{
	return facts->audit_pending ? GTL_DUE_AUDIT_BATCH : GTL_DUE_COMPLETE;
}

GtlDue
gtl_due(const GtlDueFacts *facts)
{
	if (facts->state == GTL_DUE_STOPS)
		return GTL_DUE_STOP;
	if (facts->changes)
		return GTL_DUE_INTAKE;
	if (facts->state == GTL_DUE_RESTS)
		return GTL_DUE_NOTHING;
	if (facts->batch_open)
		return facts->batch_done ? GTL_DUE_CLOSE_BATCH : GTL_DUE_NOTHING;
	if (facts->audit_open)
		return GTL_DUE_AUDIT;
	if (facts->people_left <= 0)
		return due_at_end(facts);
	if (facts->validation_left > 0)
		return GTL_DUE_VALIDATION_BATCH;
	if (facts->recalled > 0)
		return GTL_DUE_TRAINING_BATCH;
	if (facts->unlabeled <= 0 && facts->rounds && facts->certificate_old)
		return due_round(facts);
	if (facts->unlabeled <= 0)
		return due_at_end(facts);
	return facts->rounds && facts->round_pending ? due_round(facts) : GTL_DUE_TRAINING_BATCH;
}

const char *
gtl_plan_action_name(GtlPlanAction action)
{
	switch (action)
	{
		case GTL_PLAN_VALIDATION:
			return "validation";
		case GTL_PLAN_TRAINING:
			return "training";
		case GTL_PLAN_AUTO_LABEL:
			return "auto_label";
		case GTL_PLAN_STOP:
			return "stop";
		case GTL_PLAN_AUDIT:
			return "audit";
	}
	return "unknown";
}

void
gtl_plan_start(GtlPlanState *state, GtlScheduleKind schedule, int64_t objects,
			   int64_t max_concurrent, int64_t validation,
			   bool initial_model, bool auto_label)
{
	if (objects < 0)
		objects = 0;
	if (!auto_label || validation < 0)
		validation = 0;
	if (validation > objects)
		validation = objects;

	memset(state, 0, sizeof *state);
	state->schedule = schedule;
	state->objects = objects;
	state->max_concurrent = max_concurrent;
	state->validation_left = validation;
	state->pool_left = objects - validation;
	/* without validation objects nothing can be certified: people label all */
	state->auto_label = auto_label && validation > 0;
	state->round_due = state->auto_label &&
		(initial_model || schedule == GTL_SCHEDULE_EAGER);
}

/*
 * Size of the training batch that comes next.  Small batches buy more rounds;
 * where no round will ever run they would only make people wait.
 */
static int64_t
next_training_count(const GtlPlanState *state)
{
	return gtl_schedule_batch_count(state->auto_label ? state->schedule : GTL_SCHEDULE_STANDARD,
									state->objects, state->max_concurrent, state->pool_left);
}

/* A round labels nothing in a plan, and its batch is the next step. */
static GtlDueFacts
plan_facts(const GtlPlanState *state)
{
	return (GtlDueFacts) {
		.people_left = gtl_schedule_people_left(&state->limits, state->objects, state->human_labeled, state->machine_labeled),
			.validation_left = state->validation_left,
			.unlabeled = state->validation_left + state->pool_left,
			.rounds = state->auto_label,
			.round_pending = state->round_due
	};
}

static void
plan_validation(GtlPlanState *state, GtlPlanStep *step, int64_t most)
{
	step->action = GTL_PLAN_VALIDATION;
	step->objects = smaller(most, gtl_schedule_batch_count(GTL_SCHEDULE_STANDARD, state->objects,
														   state->max_concurrent, state->validation_left));
	state->validation_left -= step->objects;
	state->human_labeled += step->objects;
}

static void
plan_training(GtlPlanState *state, GtlPlanStep *step, int64_t most)
{
	step->action = GTL_PLAN_TRAINING;
	step->objects = smaller(most, next_training_count(state));
	state->pool_left -= step->objects;
	state->human_labeled += step->objects;
	state->round_due = state->auto_label;
}

static void
plan_round(GtlPlanState *state, GtlPlanStep *step)
{
	step->action = GTL_PLAN_AUTO_LABEL;
	step->objects = state->pool_left;
	state->round_due = false;
}

/* False: everything is labeled, and no limit has ended the job. */
static bool
plan_end(GtlPlanState *state, GtlPlanStep *step)
{
	step->action = GTL_PLAN_STOP;
	step->objects = state->validation_left + state->pool_left;
	state->stopped = true;
	return step->objects > 0;
}

bool
gtl_plan_next(GtlPlanState *state, GtlPlanStep *step)
{
	GtlDueFacts facts = plan_facts(state);
	bool		more = true;

	if (state->stopped)
		return false;
	switch (gtl_due(&facts))
	{
		case GTL_DUE_VALIDATION_BATCH:
			plan_validation(state, step, facts.people_left);
			break;
		case GTL_DUE_TRAINING_BATCH:
			plan_training(state, step, facts.people_left);
			break;
		case GTL_DUE_ROUND:
			plan_round(state, step);
			break;
		case GTL_DUE_NOTHING:
		case GTL_DUE_STOP:
		case GTL_DUE_INTAKE:
		case GTL_DUE_CLOSE_BATCH:
		case GTL_DUE_MAP:
		case GTL_DUE_AUDIT:
		case GTL_DUE_AUDIT_BATCH:
		case GTL_DUE_COMPLETE:
			more = plan_end(state, step);
			break;
	}
	step->remaining = state->pool_left;
	return more;
}

int64_t
gtl_plan_machine_limit(const GtlPlanState *state)
{
	if (!state->auto_label || state->pool_left <= 0)
		return 0;
	if (state->round_due)
		return state->pool_left;
	return state->pool_left - next_training_count(state);
}
