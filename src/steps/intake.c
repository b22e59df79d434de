/*
 * intake.c
 *		Rows that join a job after its creation.
 *
 * They become another segment (tables/segment.h), with a share of the validation set of its own, and the job's
 * revision is raised: a round in progress finds people's labels of that share missing, and is dropped.  What is due
 * then is as for the first rows: the new part of the validation set, then a round, which labels and chooses among all
 * that is left.
 *
 * An audit that is open goes on over the labels that it froze; the new rows wait for the next one.  Segments
 * belong to lots.  The promise of an audited job is one for each lot, and the levels of its audits begin anew with
 * each: when all that was there has its final label, or an audit has passed, the next rows are another lot
 * (docs/guarantee.md).
 */
#include "steps/intake.h"

#include "base/format.h"
#include "base/memory.h"
#include "catalog/pg_authid.h"
#include "data/in_place.h"
#include "data/snapshot.h"
#include "data/text_features.h"
#include "miscadmin.h"
#include "steps/answers.h"
#include "steps/audit.h"
#include "steps/follow.h"
#include "tables/audit.h"
#include "tables/change.h"
#include "tables/event.h"
#include "tables/featurizer.h"
#include "tables/former_answer.h"
#include "tables/job_state.h"
#include "tables/label.h"
#include "tables/object.h"
#include "tables/recall.h"
#include "utils/syscache.h"

/* The lot of rows that join now. */
static int32
next_lot(const GtlJob *job)
{
	GtlSegment	last = gtl_segment_last(job->job_id);
	int32	   *objects;
	int32	   *classes;
	bool		settled;

	if (job->guarantee != GTL_GUARANTEE_AUDITED)
		return last.lot_no;
	settled = job->state == GTL_JOB_COMPLETED && gtl_job_unlabeled(job) == 0 &&
		gtl_label_read_machine(job->job_id, &objects, &classes) == 0;
	return settled || gtl_audits_passed(job->job_id, last.lot_no) ? last.lot_no + 1 : last.lot_no;
}

/* What the rows of the dataset were made features with at creation. */
static void
describe(const GtlJob *job, GtlDataset *dataset)
{
	GtlEnv		env;

	gtl_dataset_describe(job->dataset, job->key_column, GTL_KEY_REQUIRED, job->features_column, job->text_column,
						 job->label_column, job->gold_column, dataset);
	gtl_dataset_take_proposals(dataset, job->dataset, job->proposal_columns, job->nproposal_columns,
							   job->categories, job->ncategories);
	dataset->former = job->former;
	dataset->nformer = job->nformer;
	gtl_env_init(&env, CurrentMemoryContext);
	if (job->featurizer_id != 0)
		gtl_text_features_use(dataset, gtl_featurizer_get(job->featurizer_id, &env));
	else
		dataset->inputs = job->dimension - job->proposal_inputs;
}

/* As the owner: a view's functions, say, must not run with the rights of whoever calls. */
static void
become_owner(const GtlJob *job, Oid *user, int *security)
{
	gtl_job_require_dataset(job);
	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(job->owner)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role with OID %u does not exist", job->owner),
				 errhint("Give its labeling jobs to another role with gt_alter_job(..., owner => ...).")));
	GetUserIdAndSecContext(user, security);
	SetUserIdAndSecContext(job->owner, *security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
}

static bool
read_rows(GtlJob *job, bool pass_over, GtlDataset *dataset, GtlSegment *added)
{
	Oid			user;
	int			security;
	bool		any;

	become_owner(job, &user, &security);
	if (job->follow)
		gtl_follow_extend(job);
	describe(job, dataset);
	any = gtl_snapshot_add(job, dataset, next_lot(job), pass_over, added);
	SetUserIdAndSecContext(user, security);
	return any;
}

int64
gtl_intake_compare(const GtlJob *job, GtlKnownKeys *keys)
{
	GtlDataset	dataset;
	int64		rows;
	Oid			user;
	int			security;

	become_owner(job, &user, &security);
	describe(job, &dataset);
	gtl_unknown_rows_compare(&dataset, job, keys);
	rows = gtl_unknown_rows_count_all(&dataset, job);
	SetUserIdAndSecContext(user, security);
	return rows;
}

/* What the rows are, for the history. */
static char *
describe_segment(const GtlJob *job, const GtlSegment *segment, int32 validation_before)
{
	int32		left = validation_before + segment->validation_count - job->validation_count;

	return psprintf("%s objects of %s, %s of them for validation%s%s", gtl_format_count(segment->object_count), job->dataset_name,
					gtl_format_count(segment->validation_count),
					segment->given_count == 0 ? "" :
					psprintf("; %s rows with a label", gtl_format_count(segment->given_count)),
					left == 0 ? "" :
					psprintf("; %s objects of before leave the validation set, which has %s now", gtl_format_count(left),
							 gtl_format_count(job->validation_count)));
}

bool
gtl_intake_refused(const GtlJob *job)
{
	return gtl_event_is_newest(job->job_id, "objects_refused", "objects_added");
}

/* Once, until rows can be taken in again.  Without their keys: what is erased later must not be named by an event. */
static void
record_refused(const GtlJob *job, const GtlDataset *dataset)
{
	if (dataset->refused > 0 && !gtl_intake_refused(job))
		gtl_event_record(job, "objects_refused", "%s rows of the dataset could not be taken in (the first: SQLSTATE %s): gt_add_objects says why",
						 gtl_format_count(dataset->refused), unpack_sql_state(dataset->refused_code));
}

/*
 * Of the objects that have joined, those that people had answered about before their rows changed are for people again.  They are in no
 * certificate, as objects that a query has reached: neither the pool nor the sample that stands for it has them.
 */
static void
ask_again(const GtlJob *job, const GtlSegment *added)
{
	int32	   *objects;
	int32	   *validation;
	int32	   *place;
	int32	   *active;
	int			count = gtl_former_answer_objects(job->job_id, added->first_row, &objects);
	int			nvalidation = count == 0 ? 0 : gtl_object_validation(job->job_id, &validation, &place, &active);
	int32	   *reached = gtl_memory_list(sizeof(int32), count);
	int32	   *pool = gtl_memory_list(sizeof(int32), count);
	int			nreached = 0;
	int			npool = 0;

	for (int i = 0; i < count; i++)
		if (gtl_answers_find(validation, nvalidation, objects[i]) >= 0)
			reached[nreached++] = objects[i];
		else
			pool[npool++] = objects[i];
	gtl_object_deactivate(job->job_id, reached, nreached);
	gtl_recall_changed(job->job_id, pool, npool);
}

int32
gtl_intake(GtlJob *job, bool pass_over)
{
	GtlDataset	dataset;
	GtlSegment	added;
	int32		validation_before = job->validation_count;
	bool		any;

	if (job->placement == GTL_PLACEMENT_IN_PLACE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("gt_add_objects is not supported with placement in_place"),
				 errdetail("The job's objects are a random sample of the rows that were there when it was created; those that came since have had no chance to be drawn."),
				 job->guarantee == GTL_GUARANTEE_AUDITED
				 ? errhint("An audit is about the rows that were there when it fixed the labels. Create a job for those that came since.")
				 : errhint("gt_write_labels also labels the rows that came since the sample was drawn; where they are many or others, create a job with initial_model.")));
	gtl_job_require_move(job, GTL_MOVE_ADD);
	if (job->purged)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot add objects to labeling job \"%s\": it is purged", job->name),
				 errhint("Create a job over the new rows; initial_model => '...' lets it begin with what this one has learned.")));
	any = read_rows(job, pass_over, &dataset, &added);
	if (job->follow)
		gtl_changes_resume(job->job_id);	/* what was refused with rows that are in order now */
	if (!any)
	{
		record_refused(job, &dataset);
		if (dataset.refused == 0 && gtl_intake_refused(job))
			gtl_event_record(job, "objects_added", "0 objects of %s: its changes can be taken in again", job->dataset_name);
		return 0;
	}
	if (job->ask_again_on_change)
		ask_again(job, &added);
	if (job->state == GTL_JOB_COMPLETED)
		gtl_audit_reopen(job);
	gtl_job_move(job, GTL_MOVE_ADD, describe_segment(job, &added, validation_before));
	record_refused(job, &dataset);
	return added.object_count;
}

void
gtl_intake_drawn(GtlJob *job, char *const *keys, int count)
{
	GtlDataset	dataset;
	GtlSegment	added;
	Oid			user;
	int			security;

	become_owner(job, &user, &security);
	describe(job, &dataset);
	gtl_in_place_restrict_to(job, &dataset, keys, count);
	(void) gtl_snapshot_add_drawn(job, &dataset, gtl_segment_last(job->job_id).lot_no, &added);
	SetUserIdAndSecContext(user, security);
}
