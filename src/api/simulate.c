/*
 * simulate.c
 *		gt_simulate_job: replays whole jobs on a table that is already labeled, round by round.
 */
#include "base/compat.h"

#include <math.h>

#include "api/arguments.h"
#include "api/simulation.h"
#include "base/progress.h"
#include "funcapi.h"
#include "utils/builtins.h"

typedef struct Output
{
	ReturnSetInfo *rsinfo;
	const GtlSimulation *simulation;
	int32		repetition;		/* from 0 */
} Output;

/* As people read them: more digits than these say nothing. */
static Datum
rounded(double number)
{
	return Float8GetDatum(isnan(number) ? number : rint(number * 1e6) / 1e6);
}

static void
put_round(void *context, const GtlSimulatedRound *round)
{
	Output	   *output = context;
	Datum		values[11] = {Int32GetDatum(output->repetition + 1), Int64GetDatum(gtl_simulation_seed(output->simulation, output->repetition)),
		Int32GetDatum(round->round_no), Int32GetDatum((int32) output->simulation->matrix.set.rows),
		Int32GetDatum((int32) round->human_labeled), Int32GetDatum((int32) round->machine_labeled),
		rounded(round->threshold), rounded(round->bound), rounded(round->accuracy), rounded(round->machine_error),
	BoolGetDatum(round->final)};
	bool		nulls[11] = {false, false, round->round_no < 0, false, false, false, isnan(round->threshold),
	isnan(round->bound), isnan(round->accuracy), isnan(round->machine_error), false};

	tuplestore_putvalues(output->rsinfo->setResult, output->rsinfo->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(gtl_sql_simulate_job);
Datum
gtl_sql_simulate_job(PG_FUNCTION_ARGS)
{
	GtlSimulation simulation;
	Output		output = {(ReturnSetInfo *) fcinfo->resultinfo, &simulation, 0};
	int32		repetitions = gtl_argument_int32(fcinfo, gtl_argument_place(fcinfo, "repetitions"), "repetitions", 1, 1000000);

	gtl_progress_begin(0, "loading");
	gtl_simulation_read(fcinfo, &simulation);
	InitMaterializedSRF(fcinfo, 0);
	for (; output.repetition < repetitions; output.repetition++)
	{
		gtl_progress_update("simulating", output.repetition, repetitions);
		gtl_simulation_run(&simulation, output.repetition, put_round, &output);
	}
	return (Datum) 0;
}
