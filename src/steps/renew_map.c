/*
 * renew_map.c
 *		The step that makes a new map of neighbours, and new columns for all rows, before a round.
 *
 * The phases are those of a round: load (transaction), compute (none), write (transaction, the job's row locked).  The
 * map follows from the features of the rows and from nothing else, so neither who does the step nor when changes it.
 * What the job may not have (a map of too many rows, or in too little memory) is noted as tried, and not tried again
 * before a third of the rows is new once more.
 *
 * Models of rounds before keep their map.  A round does not go on from the model of one with another map (evidence.c).
 */
#include "steps/renew_map.h"

#include "base/format.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/settings.h"
#include "base/team.h"
#include "data/neighbour_renewal.h"
#include "steps/due.h"
#include "tables/event.h"
#include "tables/neighbour_map.h"
#include "utils/memutils.h"

struct GtlMapState
{
	MemoryContext context;		/* of all this */
	GtlEnv		env;
	GtlNeighbourRenewal *renewal;
};

GtlMapState *
gtl_map_load(const GtlJob *job, GtlTransaction *transaction)
{
	MemoryContext context = AllocSetContextCreate(transaction->context, "gtlabel map", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	GtlMapState *state = palloc0(sizeof(GtlMapState));

	state->context = context;
	gtl_env_init(&state->env, context);
	gtl_team_enable(&state->env);
	gtl_progress_phase("loading");
	state->renewal = gtl_neighbour_renewal_load(job, &state->env);
	MemoryContextSwitchTo(caller);
	return state;
}

void
gtl_map_compute(GtlMapState *state)
{
	MemoryContext caller = MemoryContextSwitchTo(state->context);

	gtl_neighbour_renewal_compute(state->renewal);
	if (gtl_setting_debug_round_lock != 0)
		gtl_lock_pass_user(gtl_setting_debug_round_lock);
	MemoryContextSwitchTo(caller);
}

bool
gtl_map_holds(const GtlMapState *state, const GtlJob *job)
{
	return gtl_due_of(job) == GTL_DUE_MAP && gtl_neighbour_renewal_holds(state->renewal, job);
}

static void
record(const GtlJob *job, const GtlNeighbourRenewal *renewal, bool first)
{
	int64		later;
	int64		rows = gtl_neighbour_renewal_rows(renewal, &later);
	const char *reason = gtl_neighbour_renewal_reason(renewal);

	if (reason == NULL && first)
		gtl_event_record(job, "map_renewed", "neighbourhood columns are made, from %s rows", gtl_format_count(rows));
	else if (reason == NULL)
		gtl_event_record(job, "map_renewed", "neighbourhood columns are made anew from %s rows, %s of which joined after the last were made",
						 gtl_format_count(rows), gtl_format_count(later));
	else
		gtl_event_record(job, "map_refused", "%s, though %s of %s rows joined later: %s",
						 job->neighbours_id == 0 ? "there are still no neighbourhood columns" : "neighbourhood columns stay as they are",
						 gtl_format_count(later), gtl_format_count(rows), reason);
}

void
gtl_map_write(const GtlMapState *state, GtlJob *job)
{
	int64		before = job->neighbours_id;

	gtl_progress_phase("writing");
	gtl_neighbour_renewal_write(state->renewal, job);
	gtl_job_revise(job);
	gtl_job_set_snapshot(job);
	record(job, state->renewal, before == 0);
	if (job->neighbours_id != before)
		gtl_neighbour_map_drop_unused(before);
}

void
gtl_map_end(GtlMapState *state)
{
	MemoryContextDelete(state->context);
}

GtlJob *
gtl_renew_map(GtlJob *job, GtlTransaction *transaction)
{
	int64		job_id = job->job_id;
	GtlMapState *state = gtl_map_load(job, transaction);

	gtl_transaction_suspend(transaction);
	gtl_map_compute(state);
	gtl_transaction_resume(transaction);
	job = gtl_job_lock(job_id);
	if (job != NULL && gtl_map_holds(state, job))
		gtl_map_write(state, job);
	gtl_map_end(state);
	return job;
}
