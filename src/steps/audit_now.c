/*
 * audit_now.c
 *		What audits that are over would show on the answers as they are now.
 *
 * The audit of a promise is made once more from its labels: those that people were asked about are in
 * gtlabel.audit_object, those that passed are labels or, once the owner has decided them, corrections.  Of a job with
 * per_class the labels of categories that did not pass are gone, and so is what could be said of these.
 */
#include "steps/audit_now.h"

#include "base/format.h"
#include "base/memory.h"
#include "steps/audit.h"
#include "steps/audit_again.h"
#include "steps/audit_in_place.h"
#include "steps/promise_audit.h"
#include "utils/memutils.h"

typedef enum Verdict
{
	STANDS,
	FALLS,
	UNKNOWN
} Verdict;

/* Does every class pass that has labels which stand? */
static Verdict
judge_classes(const GtlAudit *audit, const GtlAuditObjects *objects, int classes, const GtlEnv *env)
{
	bool	   *stands = palloc0(sizeof(bool) * classes);
	GtlAuditFigures figures;

	for (int32 i = 0; i < objects->count; i++)
		if (objects->event_no[i] == 0)
			stands[objects->class_no[i]] = true;
	for (int c = 0; c < classes; c++)
	{
		if (!stands[c])
			continue;
		gtl_audit_class_figures(audit, c, env, &figures);
		if (figures.state != GTL_AUDIT_PASSED)
			return FALLS;
	}
	return STANDS;
}

/* Are the answers that the audits before it have counted still what they were? */
static bool
former_stand(int64 job_id, const GtlAuditRecord *record)
{
	GtlAuditRecord *former;
	int			count = gtl_audits_given_up(job_id, record->lot_no, &former);

	for (int i = 0; i < count; i++)
	{
		GtlAuditChanges changes;

		gtl_audit_changes(job_id, former[i].audit_no, &changes);
		if (changes.changed > 0)
			return false;
	}
	return true;
}

static Verdict
judge(const GtlJob *job, const GtlAuditRecord *record, GtlAuditFigures *figures)
{
	GtlAuditObjects objects;
	GtlAuditPlan plan;
	GtlAudit   *audit;
	GtlEnv		env;
	Verdict		verdict;
	int32		events;

	gtl_audit_objects_now(record, &objects);
	if (record->fixed)
	{
		gtl_audit_in_place_now(record, &objects, figures);
		return figures->state == GTL_AUDIT_PASSED ? STANDS : FALLS;
	}
	if (!record->per_class && objects.count != record->figures.frozen)
		return UNKNOWN;
	gtl_env_init(&env, CurrentMemoryContext);
	/* what has happened in its order, with the answers as they are now; then what the owner has decided since */
	audit = gtl_audit_make_again(job, record, &objects, &env, &events);
	for (int i = 0; i < objects.count; i++)
		if (objects.event_no[i] == GTL_AUDIT_DECIDED_SINCE)
			gtl_audit_tell(audit, objects.object_no[i], false, objects.wrong[i] != 0);
	if (former_stand(job->job_id, record))
		gtl_audit_grant(audit, record->figures.former);
	gtl_audit_plan(audit, 0, &env, &plan);
	gtl_audit_figures(audit, &env, figures);
	gtl_env_check(&env);
	verdict = record->per_class ? judge_classes(audit, &objects, job->ncategories, &env) :
		figures->state == GTL_AUDIT_PASSED ? STANDS : FALLS;
	gtl_audit_release(audit, &env);
	return verdict;
}

static char *
describe_verdict(const GtlAuditRecord *record, Verdict verdict, const GtlAuditFigures *figures)
{
	switch (verdict)
	{
		case STANDS:
			return record->per_class ? "on the answers as they are now each category whose labels stand passes, too" :
				psprintf("on the answers as they are now it passes, too: at most %s of the machine labels that stand are wrong",
						 gtl_format_count(figures->most_wrong));
		case FALLS:
			return record->per_class ? "on the answers as they are now not all categories whose labels stand pass, and the promise is not shown" :
				psprintf("on the answers as they are now it does not pass: %s of its %s draws are wrong, and the promise is not shown",
						 gtl_format_count(figures->found), gtl_format_count(figures->draws));
		case UNKNOWN:
			break;
	}
	return "whether it passes on the answers as they are now cannot be told, since objects of it are gone";
}

static char *
describe_changes(const GtlAuditChanges *changes)
{
	char	   *answers = psprintf("%s of the answers that it counted %s changed", gtl_format_count(changes->changed),
								   changes->changed == 1 ? "has" : "have");
	char	   *decided = psprintf("the owner has decided %s of the labels that it passed", gtl_format_count(changes->decided));

	return changes->decided == 0 ? answers : changes->changed == 0 ? decided : psprintf("%s, and %s", answers, decided);
}

char *
gtl_audit_now_promise(const GtlJob *job, const GtlAuditRecord *record, bool *broken)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context;
	GtlAuditFigures figures = {0};
	GtlAuditChanges changes;
	Verdict		verdict;
	char	   *words;

	gtl_audit_changes(job->job_id, record->audit_no, &changes);
	if (changes.changed + changes.decided == 0)
		return NULL;
	context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel audit as of now", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);
	verdict = judge(job, record, &figures);
	MemoryContextSwitchTo(caller);
	words = psprintf("audit %d is a record of what was known when it ended; since then %s; %s", record->audit_no,
					 describe_changes(&changes), describe_verdict(record, verdict, &figures));
	MemoryContextDelete(context);
	*broken = verdict != STANDS;
	return words;
}

char *
gtl_audit_now_share(const GtlJob *job, bool *broken)
{
	GtlAuditChanges changes;
	const char *verdict;

	if (job->audit_count <= 0)
		return NULL;
	gtl_audit_changes(job->job_id, GTL_AUDIT_OF_SHARE, &changes);
	if (changes.changed == 0)
		return NULL;
	verdict = gtl_audit_verdict(job, changes.wrong, changes.count);
	*broken = strcmp(verdict, "broken") == 0;
	return psprintf("the audit is a record of what was known when it ended; since then %s; on the answers as they are now %s of %s machine labels are wrong; %s",
					describe_changes(&changes), gtl_format_count(changes.wrong), gtl_format_count(changes.count),
					gtl_audit_verdict_words(verdict));
}
