/*
 * schedule.c
 *		How many objects go where and in which order.
 *
 * The one place that knows the order of a labeling job: the validation set in
 * batches, then training batches with a round of the machine between two of
 * them.  gt_plan prints it, live jobs ask it for their next step, simulations
 * replay it; none of them counts for itself.
 *
 * Invariants:
 *	- a batch never mixes validation and training objects;
 *	- no round without a validation set, and none when no object is left;
 *	- a state always moves: each step takes at least one object or pays a round
 *	  that was due, so a plan ends after at most 2 * objects steps;
 *	- shares are truncated, 0.2 * 1758 = 351.6 makes 351, with 1e-9 added first so
 *	  that 0.29 * 100 makes 29 in floating point too.
 *
 * No memory, no clock, no randomness.  Rules and test vectors: ground-truth.md
 * 2.4, 3.2 and 3.3; the eager schedule: autolabel.md 3.2 step 7.
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

/* The smallest validation set worth having where its best size is asked for. */
#define BEST_VALIDATION_LEAST 50

#define SHARE_SLACK			1e-9

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
gtl_schedule_validation_count(int64_t objects, double share)
{
	double		count;

	if (objects <= 0)
		return 0;
	if (share < 0)
		return objects / (objects < SMALL_JOB_OBJECTS ? SMALL_JOB_DIVISOR : LARGE_JOB_DIVISOR);
	if (share >= 1)
		return objects;
	count = floor(share * (double) objects + SHARE_SLACK);
	return smaller((int64_t) count, objects);
}

int64_t
gtl_schedule_best_validation_count(int64_t objects, int64_t minimum)
{
	int64_t		best = 3 * minimum;

	if (best < BEST_VALIDATION_LEAST)
		best = BEST_VALIDATION_LEAST;
	return smaller(best, objects / 3);
}

double
gtl_schedule_share_of(int64_t count, int64_t objects)
{
	return objects > 0 ? ((double) count + 0.5) / (double) objects : 0.0;
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
	}
	return "unknown";
}

void
gtl_plan_start(GtlPlanState *state, GtlScheduleKind schedule, int64_t objects,
			   int64_t max_concurrent, double validation_share,
			   bool initial_model, bool auto_label)
{
	int64_t		validation = 0;

	if (objects < 0)
		objects = 0;
	if (auto_label)
		validation = gtl_schedule_validation_count(objects, validation_share);

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

/* Give the next batch to people, as far as the limits allow. */
static void
plan_batch(GtlPlanState *state, GtlPlanStep *step, int64_t most)
{
	if (state->validation_left > 0)
	{
		step->action = GTL_PLAN_VALIDATION;
		step->objects = smaller(most, gtl_schedule_batch_count(GTL_SCHEDULE_STANDARD, state->objects,
															   state->max_concurrent, state->validation_left));
		state->validation_left -= step->objects;
	}
	else
	{
		step->action = GTL_PLAN_TRAINING;
		step->objects = smaller(most, next_training_count(state));
		state->pool_left -= step->objects;
		state->round_due = state->auto_label;
	}
	state->human_labeled += step->objects;
}

bool
gtl_plan_next(GtlPlanState *state, GtlPlanStep *step)
{
	int64_t		most = gtl_schedule_people_left(&state->limits, state->objects,
												state->human_labeled, state->machine_labeled);

	if (state->stopped || (state->validation_left <= 0 && state->pool_left <= 0))
		return false;
	if (most == 0)
	{
		step->action = GTL_PLAN_STOP;
		step->objects = state->validation_left + state->pool_left;
		state->stopped = true;
	}
	else if (state->validation_left <= 0 && state->round_due && state->auto_label)
	{
		step->action = GTL_PLAN_AUTO_LABEL;
		step->objects = state->pool_left;
		state->round_due = false;
	}
	else
		plan_batch(state, step, most);
	step->remaining = state->pool_left;
	return true;
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
