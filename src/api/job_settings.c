/*
 * job_settings.c
 *		The settings of a job that may also change while it runs.
 */
#include "api/job_settings.h"

#include "api/arguments.h"
#include "base/errors.h"
#include "base/format.h"
#include "learning/schedule.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#define MAX_INTERVAL_YEARS 100	/* so that no lease or batch ends after the end of time */

static Interval
read_interval(FunctionCallInfo fcinfo, int argument, const char *name, int least_seconds)
{
	Interval	least = {(TimeOffset) least_seconds * USECS_PER_SEC, 0, 0};
	Interval	most = {0, 0, MAX_INTERVAL_YEARS * MONTHS_PER_YEAR};
	Interval   *value;

	gtl_argument_required(fcinfo, argument, name);
	value = PG_GETARG_INTERVAL_P(argument);
	if (DatumGetInt32(DirectFunctionCall2(interval_cmp, IntervalPGetDatum(value), IntervalPGetDatum(&most))) > 0)
		gtl_error_setting(name, psprintf("must be at most %d years", MAX_INTERVAL_YEARS), NULL);
	if (DatumGetInt32(DirectFunctionCall2(interval_cmp, IntervalPGetDatum(value), IntervalPGetDatum(&least))) < 0)
		gtl_error_setting(name, psprintf("must be at least %d second%s", least_seconds, least_seconds == 1 ? "" : "s"), NULL);
	return *value;
}

/* With `optional`, is there anything to read? */
static bool
is_given(FunctionCallInfo fcinfo, int argument, bool optional)
{
	return !optional || !PG_ARGISNULL(argument);
}

static void
read_promise(FunctionCallInfo fcinfo, const GtlSettingPlaces *places, bool optional, GtlJob *job)
{
	if (is_given(fcinfo, places->target_accuracy, optional))
		job->target_accuracy = gtl_argument_share(fcinfo, places->target_accuracy, "target_accuracy");
	if (is_given(fcinfo, places->confidence_level, optional))
		job->confidence_level = gtl_argument_share(fcinfo, places->confidence_level, "confidence_level");
	if (is_given(fcinfo, places->guarantee, optional))
		gtl_guarantee_parse(gtl_argument_choice(fcinfo, places->guarantee, "guarantee", gtl_guarantee_choices), &job->guarantee);
}

void
gtl_job_settings_read(FunctionCallInfo fcinfo, const GtlSettingPlaces *places, bool optional, GtlJob *job)
{
	if (is_given(fcinfo, places->max_concurrent, optional))
		job->max_concurrent = gtl_argument_int32(fcinfo, places->max_concurrent, "max_concurrent_task_count", 1, PG_INT32_MAX);
	read_promise(fcinfo, places, optional, job);
	if (is_given(fcinfo, places->algorithm, optional))
		job->algorithm = gtl_argument_choice(fcinfo, places->algorithm, "algorithm", gtl_algorithm_choices);
	if (is_given(fcinfo, places->query_strategy, optional))
		job->query_strategy = gtl_argument_choice(fcinfo, places->query_strategy, "query_strategy", gtl_strategy_choices);
	if (!PG_ARGISNULL(places->max_human))
		job->max_human_labeled = gtl_argument_int32(fcinfo, places->max_human, "max_human_labeled_object_count", 1, PG_INT32_MAX);
	if (!PG_ARGISNULL(places->max_percentage))
		job->max_percentage_labeled = gtl_argument_int32(fcinfo, places->max_percentage,
														 "max_percentage_of_input_dataset_labeled", 1, 100);
	if (is_given(fcinfo, places->task_time_limit, optional))
		job->task_time_limit = read_interval(fcinfo, places->task_time_limit, "task_time_limit", 1);
	if (is_given(fcinfo, places->task_availability_lifetime, optional))
		job->task_availability_lifetime = read_interval(fcinfo, places->task_availability_lifetime,
														"task_availability_lifetime", 60);
	if (!PG_ARGISNULL(places->workteam))
		job->workteam = PG_GETARG_OID(places->workteam);
}

void
gtl_job_settings_warn(const GtlJob *job)
{
	GtlPlanState plan;
	GtlPromise	promise = gtl_job_promise(job);
	GtlLimits	limits = {job->max_human_labeled, job->max_percentage_labeled};
	int			minimum = gtl_certify_required(0, &promise);
	int64		each = gtl_certify_minimum(&promise, job->per_class, job->ncategories);
	int64		best = gtl_schedule_best_validation_count(job->object_count, each);
	int64		before_round;

	if (!job->auto_label || job->dimension == 0)
		return;
	gtl_plan_start(&plan, job->schedule, job->object_count, job->max_concurrent, job->validation_share,
				   gtl_job_has_early_round(job), true);
	if (gtl_plan_machine_limit(&plan) == 0)
		ereport(WARNING,
				(errmsg("no object of labeling job \"%s\" can be labeled by machine", job->name),
				 errdetail("After %s validation objects and a first training batch of up to %s, none of the %s objects is left.",
						   gtl_format_count(job->validation_count), gtl_format_count(job->max_concurrent),
						   gtl_format_count(job->object_count)),
				 errhint("Set a smaller max_concurrent_task_count, or schedule => 'eager'.")));
	if (job->validation_count < minimum)
		ereport(WARNING,
				(errmsg("no object of labeling job \"%s\" can be labeled by machine", job->name),
				 errdetail("A target accuracy of %g needs %s validation objects without an error, but the validation set has %s.",
						   job->target_accuracy, gtl_format_count(minimum), gtl_format_count(job->validation_count)),
				 errhint("Set best_validation => true or a larger validation_share, or a lower target_accuracy or confidence_level.")));
	else if (job->validation_count < each)
		ereport(WARNING,
				(errmsg("most categories of labeling job \"%s\" may never be labeled by machine", job->name),
				 errdetail("With per_class each category needs %s validation objects of its own without an error, and %s objects for %s categories are %s each.",
						   gtl_format_count(minimum), gtl_format_count(job->validation_count), gtl_format_count(job->ncategories),
						   gtl_format_count(job->validation_count / job->ncategories)),
				 errhint("Set a larger validation_share, or do without per_class.")));
	else if (job->validation_count < 2 * each && best > job->validation_count)
		ereport(NOTICE,
				(errmsg("the validation set of labeling job \"%s\" is small for its target", job->name),
				 errdetail("It has %s objects, and %s are needed without an error: one or two errors can keep the machine from labeling anything.",
						   gtl_format_count(job->validation_count), gtl_format_count(each)),
				 errhint("best_validation => true takes %s objects, which usually saves labels in the end.", gtl_format_count(best))));
	before_round = job->object_count - gtl_plan_machine_limit(&plan);
	if (before_round < job->object_count && gtl_schedule_people_left(&limits, job->object_count, before_round, 0) == 0)
		ereport(WARNING,
				(errmsg("no object of labeling job \"%s\" can be labeled by machine", job->name),
				 errdetail("The job ends before its first model, which runs after %s labels by people.",
						   gtl_format_count(before_round)),
				 errhint("Set a larger max_human_labeled_object_count or max_percentage_of_input_dataset_labeled, "
						 "a smaller validation_share or max_concurrent_task_count, or schedule => 'eager'.")));
}
