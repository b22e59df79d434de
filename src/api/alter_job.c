/*
 * alter_job.c
 *		gt_alter_job: the settings that may change on a running job.
 *
 * A new value counts when it is used next: the size of a batch and the time it is on offer
 * from the next batch (a new task_availability_lifetime also moves the end of the open one), the time
 * limit from the next lease, what concerns models and promises from the next round.
 * A round in progress ends by the settings with which it began.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "api/job_settings.h"
#include "api/own_job.h"
#include "background/worker.h"
#include "base/errors.h"
#include "base/format.h"
#include "data/dataset_rows.h"
#include "data/validation_set.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "steps/custom_consolidation.h"
#include "steps/drift_watch.h"
#include "steps/due.h"
#include "steps/follow.h"
#include "steps/grow_validation.h"
#include "steps/promise_audit.h"
#include "tables/batch.h"
#include "tables/change.h"
#include "tables/event.h"
#include "tables/job_field.h"
#include "tables/model.h"
#include "utils/acl.h"
#include "utils/builtins.h"

/* "name old -> new" for what differs. */
static void
note_change(StringInfo changes, const char *name, const char *old, const char *new)
{
	if (strcmp(old, new) != 0)
		appendStringInfo(changes, "%s%s %s -> %s", changes->len > 0 ? ", " : "", name, old, new);
}

static const char *
text_or_none(const char *text)
{
	return text == NULL ? "none" : text;
}

static const char *
role_text(Oid role)
{
	char	   *name = OidIsValid(role) ? GetUserNameFromId(role, true) : NULL;

	return name != NULL ? name : "none";
}

/* What changes are about. */
typedef struct Changes
{
	StringInfoData words;
	bool		course;			/* settings that only a job that goes on has a use for */
	bool		going;			/* ... and not one that is completed and might go on */
	bool		revise;			/* settings that a round depends on */
} Changes;

static void
describe_changes(const GtlJob *old, const GtlJob *new, Changes *all)
{
	StringInfo	changes = &all->words;

	for (int i = 0; i < gtl_job_setting_count; i++)
	{
		const GtlJobField *setting = &gtl_job_settings[i];
		int			before = changes->len;

		if (setting->fixed != NULL)
			continue;
		note_change(changes, gtl_setting_name(setting), text_or_none(gtl_field_text(setting, old)),
					text_or_none(gtl_field_text(setting, new)));
		if (changes->len == before)
			continue;
		all->course |= !setting->when_finished;
		all->going |= !setting->when_finished && !setting->when_completed;
		all->revise |= setting->revises;
	}
	note_change(changes, "consolidation's owner", role_text(old->consolidation_owner), role_text(new->consolidation_owner));
	note_change(changes, "owner", role_text(old->owner), role_text(new->owner));
}

/* As for ALTER TABLE ... OWNER: to a role that one belongs to. */
static void
read_owner(FunctionCallInfo fcinfo, GtlJob *job)
{
	int			argument = gtl_argument_place(fcinfo, "owner");

	if (PG_ARGISNULL(argument))
		return;
	job->owner = PG_GETARG_OID(argument);
	(void) GetUserNameFromId(job->owner, false);
	check_can_set_role(GetUserId(), job->owner);
}

/* What the first objects show of all others, they show because they were drawn at random. */
static void
check_evidence(const GtlJob *old, const GtlJob *new)
{
	if (old->chosen_start && new->guarantee != old->guarantee)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot alter the guarantee of labeling job \"%s\"", old->name),
				 errdetail("People began with objects that were chosen, one from each part of the dataset, and not drawn at random: only an audit can show anything of the others."),
				 errhint("A job that is created with neighbours => false can be altered.")));
}

/* Tasks are out for so many people, and consolidation has counted on them. */
static void
check_annotators(const GtlJob *old, const GtlJob *new)
{
	if (new->annotators_per_object < old->annotators_per_object)
		gtl_error_setting(new->max_annotators_set > 0 ? "max_annotators" : "annotators_per_object",
						  psprintf("must not be lowered: it is %d, and answers were collected by it", old->annotators_per_object), NULL);
}

/* The machine begins, or begins again, where it has something to learn from and to be judged by. */
static void
check_auto_label(const GtlJob *old, const GtlJob *new)
{
	const char *why = new->purged ? "it is purged" : new->dimension == 0 ? "it has no features" :
		new->validation_count == 0 && new->validation_wanted == 0 ? "it has no validation set" : NULL;

	if (old->auto_label && !new->auto_label)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot alter setting \"auto_label\" of labeling job \"%s\" to false", old->name),
				 errhint("gt_withdraw_machine_labels turns it off, and takes back what the machine has labeled.")));
	if (!old->auto_label && new->auto_label && why != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot turn on auto-labeling of labeling job \"%s\": %s", old->name, why),
				 new->purged || new->dimension == 0 ? errhint("previous_job => '%s' lets a new job go on from its labels.", old->name) :
				 errhint("Set validation_count in the same call.")));
}

/* What was drawn stays drawn: people have labeled it, and certificates have counted it. */
static void
check_validation(const GtlJob *old, const GtlJob *new)
{
	if (new->validation_wanted > 0 && new->validation_wanted != old->validation_wanted && new->validation_wanted < old->validation_count)
		gtl_error_setting("validation_count", psprintf("must be at least %d: so many are drawn", old->validation_count), NULL);
}

/* A certificate wants the same share of each lot of rows; under an audited promise they were drawn as there was need. */
static void
become_certified(GtlJob *job, Changes *changes)
{
	int32		left = gtl_validation_equalize(job);

	if (left == 0)
		return;
	if (job->validation_count == 0 && job->auto_label && job->validation_wanted == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot alter the guarantee of labeling job \"%s\"", job->name),
				 errdetail("Rows that joined later are not in its validation set, and a certificate needs a sample of all."),
				 errhint("Set validation_count in the same call: so many objects are then drawn from all rows alike.")));
	gtl_job_set_snapshot(job);
	appendStringInfo(&changes->words, "; %s objects leave the validation set, for the same share of it in all rows", gtl_format_count(left));
}

static void
check_state(const GtlJob *job, const Changes *changes)
{
	bool		completed = job->state == GTL_JOB_COMPLETED;

	if (!(completed ? changes->going : changes->course && (job->state == GTL_JOB_STOPPED || job->state == GTL_JOB_STOPPING)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot alter labeling job \"%s\": it is %s", job->name, gtl_job_state_name(job->state)),
			 completed ?
			 errhint("guarantee and guarantee_scope are those of the labels that it has. Other settings can be altered; gt_resume_job continues it, and gt_add_objects takes in more rows.") :
			 errhint("Only its workteam, its consolidation function and its owner can still be changed.")));
}

PG_FUNCTION_INFO_V1(gtl_sql_alter_job);
Datum
gtl_sql_alter_job(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_own_job_locked(fcinfo);
	GtlJob		old = *job;
	Changes		changes = {.course = false};

	gtl_job_settings_alter(fcinfo, job);
	read_owner(fcinfo, job);
	gtl_job_settings_check(job);
	check_evidence(&old, job);
	check_annotators(&old, job);
	check_validation(&old, job);
	check_auto_label(&old, job);
	if (job->display_columns != old.display_columns)
		gtl_dataset_check_shown(job);
	if (!PG_ARGISNULL(gtl_argument_place(fcinfo, "consolidation")) || job->consolidation == NULL)
		gtl_custom_bind(job);
	initStringInfo(&changes.words);
	describe_changes(&old, job, &changes);
	if (changes.words.len == 0)
		PG_RETURN_VOID();
	check_state(job, &changes);
	gtl_job_alter(job, changes.revise);
	if (job->guarantee != old.guarantee && gtl_promise_audit_is_open(job))
	{
		gtl_promise_audit_end(job, false, "the job has another guarantee now");
		gtl_batch_end_audit(job);
	}
	if (old.guarantee == GTL_GUARANTEE_AUDITED && job->guarantee != GTL_GUARANTEE_AUDITED)
		become_certified(job, &changes);
	if (job->validation_wanted != old.validation_wanted)
		(void) gtl_grow_validation(job, job->validation_wanted);
	if (job->drift_alarm != old.drift_alarm)
		gtl_drift_end(job, NULL);
	if (job->follow != old.follow)
	{
		(job->follow ? gtl_follow_start : gtl_follow_stop) (job);
		if (job->follow)
			gtl_changes_note(job->job_id, GTL_CHANGE_NEW, NULL, 0); /* what has come until now joins, too */
	}
	if (job->owner != old.owner)
		gtl_model_set_owner(job->job_id, job->owner);
	if (memcmp(&job->task_availability_lifetime, &old.task_availability_lifetime, sizeof(Interval)) != 0 &&
		job->open_batch_no != 0)
		gtl_batch_extend(job);
	gtl_event_record(job, "altered", "%s", changes.words.data);
	if (changes.course)
		gtl_job_settings_warn(job);
	if (gtl_due_seems(job))
		gtl_worker_launch_at_commit(job);
	PG_RETURN_VOID();
}
