/*
 * alter_job.c
 *		gt_alter_job: the settings that may change on a running job.
 *
 * They count from the next time they are used: the size of a batch and the time it is on offer
 * from the next batch (a new task_availability_lifetime also moves the end of the open one), the time
 * limit from the next lease, what concerns models and promises from the next round.
 * A round in progress ends by the settings with which it began.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "api/job_settings.h"
#include "background/worker.h"
#include "base/errors.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "steps/due.h"
#include "tables/batch.h"
#include "tables/event.h"
#include "tables/job.h"
#include "tables/model.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/* Positions of the arguments, in the order of the SQL signature. */
enum
{
	ARG_JOB_NAME, ARG_MAX_CONCURRENT_TASK_COUNT, ARG_TARGET_ACCURACY, ARG_CONFIDENCE_LEVEL, ARG_GUARANTEE,
	ARG_QUERY_STRATEGY, ARG_ALGORITHM, ARG_MAX_HUMAN, ARG_MAX_PERCENTAGE, ARG_TASK_TIME_LIMIT,
	ARG_TASK_AVAILABILITY_LIFETIME, ARG_WORKTEAM, ARG_OWNER
};

/* "name old -> new" for what differs. */
static void
note_change(StringInfo changes, const char *name, const char *old, const char *new)
{
	if (strcmp(old, new) != 0)
		appendStringInfo(changes, "%s%s %s -> %s", changes->len > 0 ? ", " : "", name, old, new);
}

static const char *
limit_text(int32 limit)
{
	return limit == 0 ? "none" : psprintf("%d", limit);
}

static const char *
interval_text(const Interval *interval)
{
	return DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)));
}

static const char *
role_text(Oid role)
{
	char	   *name = OidIsValid(role) ? GetUserNameFromId(role, true) : NULL;

	return !OidIsValid(role) ? "none" : name != NULL ? name : psprintf("%u", role);
}

/* Of the settings that only a job that goes on has a use for. */
static void
describe_course(const GtlJob *old, const GtlJob *new, StringInfo changes)
{
	note_change(changes, "max_concurrent_task_count", psprintf("%d", old->max_concurrent), psprintf("%d", new->max_concurrent));
	note_change(changes, "target_accuracy", psprintf("%g", old->target_accuracy), psprintf("%g", new->target_accuracy));
	note_change(changes, "confidence_level", psprintf("%g", old->confidence_level), psprintf("%g", new->confidence_level));
	note_change(changes, "guarantee", gtl_guarantee_name(old->guarantee), gtl_guarantee_name(new->guarantee));
	note_change(changes, "query_strategy", old->query_strategy, new->query_strategy);
	note_change(changes, "algorithm", old->algorithm, new->algorithm);
	note_change(changes, "max_human_labeled_object_count", limit_text(old->max_human_labeled), limit_text(new->max_human_labeled));
	note_change(changes, "max_percentage_of_input_dataset_labeled", limit_text(old->max_percentage_labeled),
				limit_text(new->max_percentage_labeled));
	note_change(changes, "task_time_limit", interval_text(&old->task_time_limit), interval_text(&new->task_time_limit));
	note_change(changes, "task_availability_lifetime", interval_text(&old->task_availability_lifetime),
				interval_text(&new->task_availability_lifetime));
}

static void
describe_roles(const GtlJob *old, const GtlJob *new, StringInfo changes)
{
	note_change(changes, "workteam", role_text(old->workteam), role_text(new->workteam));
	note_change(changes, "owner", role_text(old->owner), role_text(new->owner));
}

/* As for ALTER TABLE ... OWNER: to a role that one belongs to. */
static void
read_owner(FunctionCallInfo fcinfo, GtlJob *job)
{
	if (PG_ARGISNULL(ARG_OWNER))
		return;
	job->owner = PG_GETARG_OID(ARG_OWNER);
	(void) GetUserNameFromId(job->owner, false);
	check_can_set_role(GetUserId(), job->owner);
}

static GtlJob *
lock_job(FunctionCallInfo fcinfo)
{
	GtlJob	   *job = gtl_job_find(gtl_argument_text(fcinfo, ARG_JOB_NAME, "job_name"));
	GtlJob	   *locked;

	gtl_job_require_owner(job);
	locked = gtl_job_lock(job->job_id);
	if (locked == NULL)
		gtl_error_unknown_job(job->name);
	return locked;
}

PG_FUNCTION_INFO_V1(gtl_sql_alter_job);
Datum
gtl_sql_alter_job(PG_FUNCTION_ARGS)
{
	static const GtlSettingPlaces places = {
		.max_concurrent = ARG_MAX_CONCURRENT_TASK_COUNT,
		.target_accuracy = ARG_TARGET_ACCURACY,
		.confidence_level = ARG_CONFIDENCE_LEVEL,
		.guarantee = ARG_GUARANTEE,
		.query_strategy = ARG_QUERY_STRATEGY,
		.algorithm = ARG_ALGORITHM,
		.max_human = ARG_MAX_HUMAN,
		.max_percentage = ARG_MAX_PERCENTAGE,
		.task_time_limit = ARG_TASK_TIME_LIMIT,
		.task_availability_lifetime = ARG_TASK_AVAILABILITY_LIFETIME,
		.workteam = ARG_WORKTEAM,
	};
	GtlJob	   *job = lock_job(fcinfo);
	GtlJob		old = *job;
	StringInfoData changes;
	bool		has_course;

	gtl_job_settings_read(fcinfo, &places, true, job);
	read_owner(fcinfo, job);
	initStringInfo(&changes);
	describe_course(&old, job, &changes);
	has_course = changes.len > 0;
	describe_roles(&old, job, &changes);
	if (changes.len == 0)
		PG_RETURN_VOID();
	if (has_course && job->state != GTL_JOB_IN_PROGRESS && job->state != GTL_JOB_PAUSED && job->state != GTL_JOB_FAILED)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot alter labeling job \"%s\": it is %s", job->name, gtl_job_state_name(job->state)),
				 errhint("Only its workteam and its owner can still be changed.")));
	gtl_job_alter(job);
	if (job->owner != old.owner)
		gtl_model_set_owner(job->job_id, job->owner);
	if (!PG_ARGISNULL(ARG_TASK_AVAILABILITY_LIFETIME) && job->open_batch_no != 0)
		gtl_batch_extend(job);
	gtl_event_record(job, "altered", "%s", changes.data);
	if (has_course)
		gtl_job_settings_warn(job);
	if (gtl_due_seems(job))
		gtl_worker_launch_at_commit(job);
	PG_RETURN_VOID();
}
