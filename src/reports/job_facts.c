/*
 * job_facts.c
 *		Where a job stands, as the reports see it.  Only reads.
 */
#include "reports/job_facts.h"

#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "steps/due.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

static void
read_tasks(const GtlJob *job, GtlJobFacts *facts)
{
	static GtlStatement select = {
		"SELECT count(*) FILTER (WHERE state = 'submitted')::int,"
		" count(*) FILTER (WHERE state = 'accepted' AND lease_expires_at > $3)::int, "
		" count(*) FILTER (WHERE state <> 'expired')::int"
		" FROM gtlabel.task WHERE job_id = $1 AND batch_no = $2 AND slot_no >= 0",
		3, {INT8OID, INT4OID, TIMESTAMPTZOID}
	};
	Datum		values[3] = {Int64GetDatum(job->job_id), Int32GetDatum(facts->batch.batch_no),
	TimestampTzGetDatum(gtl_clock_now())};
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	facts->answers = gtl_result_int32(&r, 0, 1);
	facts->leased = gtl_result_int32(&r, 0, 2);
	facts->tasks = gtl_result_int32(&r, 0, 3);
	gtl_query_end(&r);
}

static void
read_validation(const GtlJob *job, GtlJobFacts *facts)
{
	static GtlStatement select = {
		"SELECT count((SELECT l.object_no FROM gtlabel.label l WHERE l.job_id = $1 AND l.object_no = o.object_no))::int,"
		" count((SELECT f.object_no FROM gtlabel.failure f WHERE f.job_id = $1 AND f.object_no = o.object_no))::int"
		" FROM gtlabel.object o WHERE o.job_id = $1 AND o.validation_no IS NOT NULL",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job->job_id)};
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	facts->validation_labeled = gtl_result_int32(&r, 0, 1);
	facts->validation_failed = gtl_result_int32(&r, 0, 2);
	gtl_query_end(&r);
}

/* The rule of gt_labels.final. */
static void
read_provisional(const GtlJob *job, GtlJobFacts *facts)
{
	static GtlStatement select = {
		"SELECT count(*)::int FROM gtlabel.label WHERE job_id = $1 AND NOT human AND audit_no IS NULL", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job->job_id)};

	if (job->machine_labeled == 0 ||
		(job->guarantee != GTL_GUARANTEE_AUDITED && (job->state == GTL_JOB_STOPPED || job->state == GTL_JOB_COMPLETED)))
		return;
	facts->provisional = gtl_query_int32(&select, values);
}

/* As many names as a person reads. */
static void
read_unseen_classes(const GtlJob *job, GtlJobFacts *facts)
{
	static GtlStatement select = {
		"SELECT count(*)::int, string_agg(quote_ident(c.name), ', ' ORDER BY c.place) FILTER (WHERE c.rank <= 20) FROM"
		" (SELECT name, place, row_number() OVER (ORDER BY place) AS rank"
		"    FROM unnest($2) WITH ORDINALITY AS a (name, place)"
		"    LEFT JOIN (SELECT DISTINCT class_no FROM gtlabel.label WHERE job_id = $1 AND human) l ON l.class_no = place - 1"
		"   WHERE l.class_no IS NULL) c",
		2, {INT8OID, TEXTARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), gtl_array_text(job->categories, job->ncategories)};
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	facts->unseen_count = gtl_result_int32(&r, 0, 1);
	facts->unseen_classes = gtl_result_text(&r, 0, 2);
	gtl_query_end(&r);
}

void
gtl_facts_read(const GtlJob *job, GtlJobFacts *facts)
{
	GtlJob		going_on = *job;

	if (job->state == GTL_JOB_PAUSED)
		going_on.state = GTL_JOB_IN_PROGRESS;
	memset(facts, 0, sizeof(*facts));
	facts->due = gtl_due_of(&going_on);
	gtl_batch_last(job->job_id, &facts->batch);
	read_tasks(job, facts);
	read_validation(job, facts);
	read_unseen_classes(job, facts);
	read_provisional(job, facts);
	facts->has_round = gtl_round_read_last(job->job_id, &facts->round);
	facts->has_before = facts->has_round &&
		gtl_round_read_before(job->job_id, facts->round.round_no, &facts->before);
}

void
gtl_facts_plan(const GtlJob *job, const GtlJobFacts *facts, GtlPlanState *plan)
{
	bool		first_round = gtl_job_has_early_round(job) || facts->has_round;
	int32		pool_labeled = job->human_labeled - facts->validation_labeled;
	int32		pool_failed = job->failed - facts->validation_failed;

	gtl_plan_start(plan, job->schedule, job->object_count, job->max_concurrent, job->validation_count,
				   first_round, job->auto_label && job->dimension > 0);
	plan->validation_left = job->validation_count - facts->validation_labeled - facts->validation_failed;
	plan->pool_left = job->object_count - job->validation_count - pool_labeled - pool_failed;
	plan->limits = (GtlLimits) {job->max_human_labeled, job->max_percentage_labeled};
	plan->human_labeled = job->human_labeled;
	/* what an audit has not passed counts for no limit */
	plan->machine_labeled = job->guarantee == GTL_GUARANTEE_AUDITED ? 0 : job->machine_labeled;
	if (gtl_job_is_final(job))
		plan->validation_left = plan->pool_left = 0;
	if (plan->auto_label)
		plan->round_due = plan->validation_left > 0 ? first_round : gtl_due_round_pending(job);
}

bool
gtl_facts_open_batch(const GtlJob *job, const GtlJobFacts *facts, GtlPlanState *plan, GtlPlanStep *step)
{
	if (!facts->batch.open || gtl_job_is_final(job))
		return false;
	step->action = facts->batch.validation ? GTL_PLAN_VALIDATION : facts->batch.audit ? GTL_PLAN_AUDIT : GTL_PLAN_TRAINING;
	step->objects = facts->batch.object_count;
	if (facts->batch.validation)
		plan->validation_left -= step->objects;
	else
	{
		plan->pool_left -= step->objects;
		plan->round_due = plan->auto_label && gtl_schedule_calls_round(false, false);
	}
	plan->human_labeled += step->objects;
	step->remaining = plan->pool_left;
	return true;
}
