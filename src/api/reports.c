/*
 * reports.c
 *		The functions that tell: gt_plan, gt_plan_job, gt_explain_job, gt_explain_object,
 *		gt_report, gt_check, and gtlabel.progress and gtlabel.clock under the views.
 *
 * Stubs: each checks its arguments and who asks, and returns what src/reports found.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "api/arguments.h"
#include "api/job_settings.h"
#include "api/own_job.h"
#include "base/errors.h"
#include "base/progress.h"
#include "base/settings.h"
#include "data/dataset_rows.h"
#include "funcapi.h"
#include "learning/certify.h"
#include "miscadmin.h"
#include "reports/check.h"
#include "reports/explain_certificate.h"
#include "reports/explain_job.h"
#include "reports/explain_object.h"
#include "reports/report_page.h"
#include "reports/sources.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/timestamp.h"

/* The result set of a function with 2 or 3 text columns; 2: without advice. */
static Datum
return_report(const GtlReport *report, FunctionCallInfo fcinfo, int columns)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	foreach(cell, report->rows)
	{
		const GtlReportRow *row = lfirst(cell);
		Datum		values[3] = {CStringGetTextDatum(row->topic), CStringGetTextDatum(row->finding), (Datum) 0};
		bool		nulls[3] = {false, false, row->advice == NULL};

		Assert(rsinfo->setDesc->natts == columns);
		if (columns > 2 && row->advice != NULL)
			values[2] = CStringGetTextDatum(row->advice);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(gtl_sql_explain_job);
Datum
gtl_sql_explain_job(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_own_job(fcinfo);
	GtlJobFacts facts;
	GtlReport	report;

	gtl_facts_read(job, &facts);
	gtl_explain_job(job, &facts, &report);
	return return_report(&report, fcinfo, 3);
}

/* {"people's label": {"guess": how often}} */
static Datum
confusion(const GtlJob *job, const GtlSourceRecord *record)
{
	StringInfoData json;
	const char *comma = "";

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int label = 0; label < job->ncategories; label++)
	{
		const int  *guesses = record->confusion + label * (job->ncategories + 1);
		const char *inner = "";

		appendStringInfoString(&json, comma);
		escape_json(&json, job->categories[label]);
		appendStringInfoString(&json, ": {");
		for (int guess = 0; guess < job->ncategories; guess++)
			if (guesses[guess] > 0)
			{
				appendStringInfoString(&json, inner);
				escape_json(&json, job->categories[guess]);
				appendStringInfo(&json, ": %d", guesses[guess]);
				inner = ", ";
			}
		appendStringInfoChar(&json, '}');
		comma = ", ";
	}
	appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* As gtlabel.rounded does it in the views. */
static Datum
six_digits(double number)
{
	return Float8GetDatum(strtod(psprintf("%.6g", number), NULL));
}

/* Of the interval that has the share with 95 %. */
#define ONE_SIDE 0.025

PG_FUNCTION_INFO_V1(gtl_sql_sources);
Datum
gtl_sql_sources(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	GtlJob	   *job = gtl_own_job(fcinfo);
	GtlSourceRecord *records;
	int			count = gtl_sources_read(job, &records);

	InitMaterializedSRF(fcinfo, 0);
	for (int s = 0; s < count; s++)
	{
		const GtlSourceRecord *r = &records[s];
		int			n = r->guessed;
		Datum		values[9] = {CStringGetTextDatum(r->source), Int32GetDatum(r->objects), Int32GetDatum(n), Int32GetDatum(r->objects - n),
		Int32GetDatum(r->right)};
		bool		nulls[9] = {false, false, false, false, false, n == 0, n == 0, n == 0, false};

		values[5] = six_digits(n == 0 ? 0 : (double) r->right / n);
		values[6] = six_digits(n == 0 || r->right == 0 ? 0 : 1 - gtl_clopper_pearson_upper(n - r->right, n, ONE_SIDE));
		values[7] = six_digits(n == 0 || r->right == n ? 1 : gtl_clopper_pearson_upper(r->right, n, ONE_SIDE));
		values[8] = confusion(job, r);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(gtl_sql_dataset_rows);
Datum
gtl_sql_dataset_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	GtlJob	   *job = gtl_own_job(fcinfo);
	int			count = 0;
	char	  **keys = PG_ARGISNULL(1) ? NULL : gtl_argument_text_array(fcinfo, 1, "object_keys", &count);
	int			ncolumns;
	char	  **columns = PG_ARGISNULL(2) ? gtl_dataset_display_columns(job, &ncolumns) :
		gtl_argument_text_array(fcinfo, 2, "columns", &ncolumns);
	char	  **rows = palloc(sizeof(char *) * Max(count, 1));

	gtl_dataset_rows(job, keys, count, columns, ncolumns, rows);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
	{
		Datum		values[2] = {CStringGetTextDatum(keys[i]), (Datum) 0};
		bool		nulls[2] = {false, rows[i] == NULL};

		if (rows[i] != NULL)
			values[1] = CStringGetTextDatum(rows[i]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(gtl_sql_explain_object);
Datum
gtl_sql_explain_object(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_job_find(gtl_argument_text(fcinfo, 0, "job_name"));
	char	   *key = gtl_argument_text(fcinfo, 1, "object_key");
	GtlReport	report;

	gtl_job_require_owner(job);
	gtl_explain_object(job, key, &report);
	return return_report(&report, fcinfo, 2);
}

PG_FUNCTION_INFO_V1(gtl_sql_report);
Datum
gtl_sql_report(PG_FUNCTION_ARGS)
{
	StringInfo	page = gtl_report_page(gtl_own_job(fcinfo));

	PG_RETURN_TEXT_P(cstring_to_text_with_len(page->data, page->len));
}

PG_FUNCTION_INFO_V1(gtl_sql_certificate);
Datum
gtl_sql_certificate(PG_FUNCTION_ARGS)
{
	char	   *words = gtl_explain_certificate(gtl_own_job(fcinfo));

	if (words == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(words));
}

PG_FUNCTION_INFO_V1(gtl_sql_check);
Datum
gtl_sql_check(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	gtl_check((ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/* ---- Plans ---------------------------------------------------------------------- */

/* A plan that is being returned, a step a call: it can have as many steps as there are objects. */
typedef struct PlanCall
{
	GtlPlanState plan;
	GtlPlanStep first;			/* before those of the plan */
	bool		has_first;
} PlanCall;

/* In the first call: where the plan is to be put, in memory that lasts for all. */
static PlanCall *
begin_plan(FunctionCallInfo fcinfo, MemoryContext *caller)
{
	FuncCallContext *calls = SRF_FIRSTCALL_INIT();

	*caller = MemoryContextSwitchTo(calls->multi_call_memory_ctx);
	if (get_call_result_type(fcinfo, NULL, &calls->tuple_desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	BlessTupleDesc(calls->tuple_desc);
	calls->user_fctx = palloc0(sizeof(PlanCall));
	return calls->user_fctx;
}

static Datum
return_step(FunctionCallInfo fcinfo)
{
	FuncCallContext *calls = SRF_PERCALL_SETUP();
	PlanCall   *call = calls->user_fctx;
	GtlPlanStep step = call->first;
	Datum		values[4];
	bool		nulls[4] = {false};

	CHECK_FOR_INTERRUPTS();
	if (!(call->has_first && calls->call_cntr == 0) && !gtl_plan_next(&call->plan, &step))
		SRF_RETURN_DONE(calls);
	values[0] = Int32GetDatum((int32) calls->call_cntr + 1);
	values[1] = CStringGetTextDatum(gtl_plan_action_name(step.action));
	values[2] = Int64GetDatum(step.objects);
	values[3] = Int64GetDatum(step.remaining);
	SRF_RETURN_NEXT(calls, HeapTupleGetDatum(heap_form_tuple(calls->tuple_desc, values, nulls)));
}

PG_FUNCTION_INFO_V1(gtl_sql_plan);
Datum
gtl_sql_plan(PG_FUNCTION_ARGS)
{
	if (SRF_IS_FIRSTCALL())
	{
		GtlPromise	promise;
		MemoryContext caller;
		PlanCall   *call = begin_plan(fcinfo, &caller);
		GtlJob		job = {.scope = GTL_SCOPE_MACHINE_LABELS};

		gtl_argument_required(fcinfo, 0, "object_count");
		if (PG_GETARG_INT64(0) < 0 || PG_GETARG_INT64(0) > PG_INT32_MAX)
			gtl_error_setting("object_count", psprintf("must be between 0 and %d", PG_INT32_MAX), NULL);
		gtl_job_setting_read(fcinfo, "max_concurrent_task_count", &job);
		gtl_job_setting_read(fcinfo, "validation_share", &job);
		gtl_job_setting_read(fcinfo, "schedule", &job);
		gtl_job_setting_read(fcinfo, "guarantee", &job);
		gtl_job_setting_read(fcinfo, "target_accuracy", &job);
		gtl_job_setting_read(fcinfo, "confidence_level", &job);
		gtl_job_derive(&job);
		promise = gtl_job_promise(&job);
		gtl_plan_start(&call->plan, job.schedule, PG_GETARG_INT64(0), job.max_concurrent,
					   gtl_schedule_validation_count(job.schedule, &promise, false, 2, PG_GETARG_INT64(0), job.validation_share),
					   !PG_ARGISNULL(3) && PG_GETARG_BOOL(3), true);
		MemoryContextSwitchTo(caller);
	}
	return return_step(fcinfo);
}

PG_FUNCTION_INFO_V1(gtl_sql_plan_job);
Datum
gtl_sql_plan_job(PG_FUNCTION_ARGS)
{
	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;
		PlanCall   *call = begin_plan(fcinfo, &caller);
		GtlJob	   *job = gtl_own_job(fcinfo);
		GtlJobFacts facts;

		gtl_facts_read(job, &facts);
		gtl_facts_plan(job, &facts, &call->plan);
		call->has_first = gtl_facts_open_batch(job, &facts, &call->plan, &call->first);
		MemoryContextSwitchTo(caller);
	}
	return return_step(fcinfo);
}

/* ---- Progress and clock --------------------------------------------------------- */

/* Steps of their own jobs, and trainings and simulations of their own roles. */
static bool
may_know(const GtlProgress *place)
{
	GtlJob	   *job = place->job_id == 0 ? NULL : gtl_job_get(place->job_id);
	PGPROC	   *process = BackendPidGetProc(place->pid);

	if (place->job_id != 0)
		return job != NULL && is_member_of_role(GetUserId(), job->owner);
	return process != NULL && is_member_of_role(GetUserId(), process->roleId);
}

PG_FUNCTION_INFO_V1(gtl_sql_progress);
Datum
gtl_sql_progress(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			count;
	GtlProgress *places = gtl_progress_read(&count);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
	{
		const GtlProgress *place = &places[i];
		Datum		values[7] = {Int32GetDatum(place->pid), Int64GetDatum(place->job_id),
			CStringGetTextDatum(place->phase), Int64GetDatum(place->done), Int64GetDatum(place->total),
		TimestampTzGetDatum(place->started_at), TimestampTzGetDatum(place->phase_started_at)};
		bool		nulls[7] = {false, place->job_id == 0, false, place->total == 0 && place->done == 0,
		place->total == 0, false, false};

		if (may_know(place))
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* In the views: evaluated while a query is planned, which loads the library in sessions that call nothing else. */
PG_FUNCTION_INFO_V1(gtl_sql_knows_sizes);
Datum
gtl_sql_knows_sizes(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(true);
}

PG_FUNCTION_INFO_V1(gtl_sql_clock);
Datum
gtl_sql_clock(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(gtl_clock_now());
}
