/*
 * recategorize.c
 *		Categories of a job that change while it runs.
 *
 * A new category gets the next number, and a name is only a name: answers, labels and models stay what they are.  Where
 * categories are merged, or a new one is put among the others, all that has their numbers is renumbered; answers that are
 * equal then agree.
 *
 * A label that was right stays right when categories are merged, so what was promised of machine labels holds on.  A
 * new category makes some of them wrong, perhaps: the promise was about those that there were.  An open audit ends
 * in both cases, since which labels are wrong must not change while it runs; a round in progress is dropped when the
 * number of categories is another one (run_round.c).  Models of the job keep their own categories, for gt_predict; the
 * next round begins without them.
 */
#include "steps/recategorize.h"

#include "base/memory.h"
#include "steps/promise_audit.h"
#include "steps/regroup_proposals.h"
#include "steps/relabel.h"
#include "tables/annotation.h"
#include "tables/audit.h"
#include "tables/batch.h"
#include "tables/certificate.h"
#include "tables/correction.h"
#include "tables/early_answer.h"
#include "tables/event.h"
#include "tables/former_answer.h"
#include "tables/label.h"
#include "tables/object.h"
#include "tables/round.h"

static void
end_audit(GtlJob *job, const char *why)
{
	if (gtl_promise_audit_is_open(job))
	{
		gtl_promise_audit_end(job, false, why);
		gtl_batch_end_audit(job);
	}
	gtl_audits_forget_former(job->job_id);	/* they were about other categories */
}

/* Columns of the dataset may go on naming a category as before. */
static void
remember_name(GtlJob *job, const char *former, const char *present)
{
	char	  **names = palloc(sizeof(char *) * (job->nformer + 2));
	int			n = 0;

	for (int i = 0; i < job->nformer; i += 2)
	{
		if (strcmp(job->former[i], present) == 0 || strcmp(job->former[i], former) == 0)
			continue;			/* it is a present name again, or said below */
		names[n++] = job->former[i];
		names[n++] = strcmp(job->former[i + 1], former) == 0 ? pstrdup(present) : job->former[i + 1];
	}
	names[n++] = pstrdup(former);
	names[n++] = pstrdup(present);
	job->former = names;
	job->nformer = n;
}

static void
forget_name(GtlJob *job, const char *name)
{
	int			n = 0;

	for (int i = 0; i < job->nformer; i += 2)
		if (strcmp(job->former[i], name) != 0)
		{
			job->former[n++] = job->former[i];
			job->former[n++] = job->former[i + 1];
		}
	job->nformer = n;
}

/* Everything that has numbers of categories. */
static void
renumber(const GtlJob *job, const int32 *map, int classes)
{
	gtl_annotation_renumber(job->job_id, map, classes);
	gtl_early_answer_renumber(job->job_id, map, classes);
	gtl_former_answer_renumber(job->job_id, map, classes);
	gtl_label_renumber(job->job_id, map, classes);
	gtl_correction_renumber(job->job_id, map, classes);
	gtl_object_renumber(job->job_id, map, classes);
	gtl_audit_objects_renumber(job->job_id, map, classes);
	gtl_certificate_renumber(job->job_id, map, classes);
	gtl_round_forget_models(job->job_id);
}

/* Those behind a new category in the list have the next numbers. */
static void
make_room(GtlJob *job, int32 place)
{
	int32	   *map = palloc(sizeof(int32) * job->ncategories);

	for (int c = 0; c < job->ncategories; c++)
		map[c] = c + (c >= place);
	if (place < job->ncategories || job->proposal_inputs > 0)
		renumber(job, map, job->ncategories);
	gtl_proposals_regroup(job, map, job->ncategories + 1);
}

void
gtl_category_add(GtlJob *job, const char *name, int32 place)
{
	char	  **names = palloc(sizeof(char *) * (job->ncategories + 1));

	end_audit(job, "the job has another category now");
	make_room(job, place);
	for (int c = 0; c < job->ncategories; c++)
		names[c + (c >= place)] = job->categories[c];
	names[place] = pstrdup(name);
	job->categories = names;
	job->ncategories++;
	forget_name(job, name);
	gtl_job_set_categories(job);
	gtl_job_revise(job);
	gtl_event_record(job, "category_added", "\"%s\"; promises about machine labels until now are about the categories before", name);
}

void
gtl_category_rename(GtlJob *job, int32 class_no, const char *name)
{
	char	   *former = job->categories[class_no];

	job->categories[class_no] = pstrdup(name);
	remember_name(job, former, name);
	gtl_job_set_categories(job);
	gtl_job_revise(job);
	gtl_event_record(job, "category_renamed", "\"%s\" -> \"%s\"", former, name);
}

int
gtl_category_merge(GtlJob *job, const int32 *merged, int count, int32 into)
{
	char	  **names = palloc(sizeof(char *) * job->ncategories);
	int32	   *map = palloc0(sizeof(int32) * job->ncategories);
	const char *present = job->categories[into];
	int			classes = job->ncategories;
	int32	   *objects;
	int			nobjects;
	int			changed = 0;
	int			n = 0;

	end_audit(job, "categories were merged");
	for (int i = 0; i < count; i++)
		map[merged[i]] = -1;
	map[into] = 0;
	for (int c = 0; c < classes; c++)
		if (map[c] >= 0)
		{
			names[n] = job->categories[c];
			map[c] = n++;
		}
	for (int i = 0; i < count; i++)
		if (merged[i] != into)
		{
			map[merged[i]] = map[into];
			remember_name(job, job->categories[merged[i]], present);
		}
	renumber(job, map, classes);
	gtl_proposals_regroup(job, map, n);
	job->categories = names;
	job->ncategories = n;
	gtl_job_set_categories(job);
	nobjects = gtl_annotation_objects_of_class(job->job_id, map[into], &objects);
	if (job->annotators_per_object > 1 || job->consolidation != NULL)
		changed = gtl_relabel(job, objects, nobjects, false);
	gtl_job_revise(job);
	return changed;
}
