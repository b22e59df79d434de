/*
 * plan.c
 *		gt_plan and gt_plan_job: the batches and rounds ahead.
 *
 * Both print what learning/schedule.c says; live jobs follow the same functions.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "base/errors.h"
#include "catalog/batch.h"
#include "catalog/job.h"
#include "catalog/object.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "reports/standing.h"
#include "utils/builtins.h"

static void
put_step(ReturnSetInfo *rsinfo, int32 number, const GtlPlanStep *step)
{
	Datum		values[4] = {Int32GetDatum(number), CStringGetTextDatum(gtl_plan_action_name(step->action)),
	Int64GetDatum(step->objects), Int64GetDatum(step->remaining)};
	bool		nulls[4] = {false, false, false, false};

	CHECK_FOR_INTERRUPTS();
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* first: a step before those of the plan, or NULL. */
static void
put_plan(FunctionCallInfo fcinfo, const GtlPlanStep *first, GtlPlanState *plan)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	GtlPlanStep step;
	int32		number = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (first != NULL)
		put_step(rsinfo, ++number, first);
	while (gtl_plan_next(plan, &step))
		put_step(rsinfo, ++number, &step);
}

PG_FUNCTION_INFO_V1(gtl_sql_plan);
Datum
gtl_sql_plan(PG_FUNCTION_ARGS)
{
	GtlPlanState plan;
	char	   *schedule;
	double		share = PG_ARGISNULL(2) ? -1 : PG_GETARG_FLOAT8(2);

	gtl_argument_required(fcinfo, 0, "object_count");
	gtl_argument_required(fcinfo, 1, "max_concurrent_task_count");
	schedule = gtl_argument_text(fcinfo, 4, "schedule");
	if (PG_GETARG_INT64(0) < 0 || PG_GETARG_INT64(0) > PG_INT32_MAX)
		gtl_error_setting("object_count", psprintf("must be between 0 and %d", PG_INT32_MAX), NULL);
	if (PG_GETARG_INT32(1) < 1)
		gtl_error_setting("max_concurrent_task_count", "must be at least 1", NULL);
	if (!PG_ARGISNULL(2) && !(share > 0 && share < 1))
		gtl_error_setting("validation_share", "must be greater than 0 and less than 1", NULL);
	if (strcmp(schedule, "standard") != 0 && strcmp(schedule, "eager") != 0)
		gtl_error_setting("schedule", psprintf("must be \"standard\" or \"eager\", not \"%s\"", schedule), NULL);
	gtl_plan_start(&plan, strcmp(schedule, "eager") == 0 ? GTL_SCHEDULE_EAGER : GTL_SCHEDULE_STANDARD,
				   PG_GETARG_INT64(0), PG_GETARG_INT32(1), share, !PG_ARGISNULL(3) && PG_GETARG_BOOL(3), true);
	put_plan(fcinfo, NULL, &plan);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(gtl_sql_plan_job);
Datum
gtl_sql_plan_job(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_job_find(gtl_argument_text(fcinfo, 0, "job_name"));
	GtlStanding standing;
	GtlPlanState plan;
	GtlPlanStep open;
	bool		is_open;

	gtl_job_require_owner(job);
	gtl_standing_read(job, &standing);
	gtl_standing_plan(job, &standing, &plan);
	is_open = gtl_standing_open_batch(job, &standing, &plan, &open);
	put_plan(fcinfo, is_open ? &open : NULL, &plan);
	return (Datum) 0;
}
