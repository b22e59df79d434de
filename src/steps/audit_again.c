/*
 * audit_again.c
 *		Audits of a promise made once more from what the tables keep of them: the open one in each step, and those that were
 *		given up wherever their evidence counts.
 */
#include "steps/audit_again.h"

#include "base/memory.h"
#include "tables/label.h"
#include "tables/segment.h"

/* What an audit is made of again, to be judged by the record's promise. */
static GtlAuditSetup
setup_again(const GtlJob *job, const GtlAuditRecord *record)
{
	return (GtlAuditSetup)
	{
		.promise = record->promise,.per_class = record->per_class,.classes = job->ncategories,
			.objects = gtl_segment_lot_objects(job->job_id, record->lot_no, record->segment_count),
			.guess = record->guess,.seed = (uint64) job->seed,.audit_no = record->audit_no,.attempt = record->attempt,
			.head_start = record->begun_evidence,.over = record->figures.state != GTL_AUDIT_OPEN,
			.begun_error = record->begun_error,.begun_objects = record->begun_objects
	};
}

int
gtl_audit_by_number(const GtlAuditObjects *o, const int32 *number, int32 *most, int32 **places)
{
	int32	   *at;
	int			count = 0;

	*most = 0;
	for (int i = 0; i < o->count; i++)
		*most = Max(*most, number[i]);
	at = palloc_extended(sizeof(int32) * (*most + 1), MCXT_ALLOC_HUGE);
	memset(at, -1, sizeof(int32) * (*most + 1));
	for (int i = 0; i < o->count; i++)
		if (number[i] > 0)
			at[number[i]] = i;
	for (int32 n = 1; n <= *most; n++)
		if (at[n] >= 0)
			at[count++] = at[n];
	*places = at;
	return count;
}

GtlAudit *
gtl_audit_make_again(const GtlJob *job, const GtlAuditRecord *record, const GtlAuditObjects *o, const GtlEnv *env, int32 *events)
{
	GtlAuditSetup setup = setup_again(job, record);
	GtlAudit   *audit = gtl_audit_create(&setup, o->object_no, o->class_no, o->margin, o->count, env);
	int32	   *places;
	int			count = gtl_audit_by_number(o, o->event_no, events, &places);

	for (int i = 0; i < count; i++)
		if (o->lost[places[i]])
			gtl_audit_lose(audit, o->object_no[places[i]], o->draw_no[places[i]] > 0);
		else
			gtl_audit_tell(audit, o->object_no[places[i]], o->draw_no[places[i]] > 0, o->wrong[places[i]] != 0);
	pfree(places);
	return audit;
}

/* All lists are in the order of the objects. */
int32 *
gtl_audit_answers(const GtlJob *job, const GtlAuditObjects *o)
{
	int32	   *answer = palloc_extended(sizeof(int32) * Max(o->count, 1), MCXT_ALLOC_HUGE);
	GtlHumanLabels labels;
	int32	   *failed;
	int			nfailed = gtl_failure_read(job->job_id, &failed);
	int			l = 0;
	int			f = 0;

	gtl_label_read_human(job->job_id, &labels);
	for (int i = 0; i < o->count; i++)
	{
		while (l < labels.count && labels.object_no[l] < o->object_no[i])
			l++;
		while (f < nfailed && failed[f] < o->object_no[i])
			f++;
		answer[i] = o->lost[i] ? GTL_ANSWER_LOST : l < labels.count && labels.object_no[l] == o->object_no[i] ? labels.class_no[l] :
			f < nfailed && failed[f] == o->object_no[i] ? GTL_ANSWER_FAILED : GTL_ANSWER_NONE;
	}
	return answer;
}

/* One of them, as it ended; NULL: some of its labels are gone, so it says nothing any more. */
static GtlAudit *
load_one(const GtlJob *job, const GtlAuditRecord *record, const GtlEnv *env)
{
	GtlAuditObjects objects;
	GtlAudit   *audit = NULL;
	int32		events;

	gtl_audit_objects_read(record, &objects);
	if (objects.count == record->figures.frozen)
	{
		audit = gtl_audit_make_again(job, record, &objects, env, &events);
		gtl_audit_close(audit);
	}
	gtl_audit_objects_release(&objects);
	return audit;
}

/* What people have labeled since. */
static void
learn(const GtlJob *job, GtlAudit *const *former, int formers)
{
	GtlHumanLabels labels;
	int32	   *failed;
	int			nfailed = gtl_failure_read(job->job_id, &failed);

	gtl_label_read_human(job->job_id, &labels);
	for (int k = 0; k < formers; k++)
	{
		for (int i = 0; i < labels.count; i++)
			gtl_audit_learn(former[k], labels.object_no[i], labels.class_no[i]);
		for (int i = 0; i < nfailed; i++)
			gtl_audit_learn(former[k], failed[i], -1);
	}
}

int
gtl_audit_load_former(const GtlJob *job, int32 lot_no, const GtlEnv *env, GtlAudit **former)
{
	GtlAuditRecord *records;
	int			count = gtl_audits_given_up(job->job_id, lot_no, &records);
	int			n = 0;

	/* a product of evidence has no gap: it begins behind the last one that says nothing */
	for (int i = Max(count - GTL_FORMER_AUDITS, 0); i < count; i++)
	{
		GtlAudit   *audit = load_one(job, &records[i], env);

		if (audit != NULL)
			former[n++] = audit;
		while (audit == NULL && n > 0)
			gtl_audit_release(former[--n], env);
	}
	if (n > 0)
		learn(job, former, n);
	return n;
}
