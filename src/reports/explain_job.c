/*
 * explain_job.c
 *		gt_explain_job: where a job stands, why nothing (or not more) was labeled by
 *		machine, and what to change.
 *
 * Each section looks at what is stored (job, batch, round) and adds its rows.  The
 * machine section follows the stages of a job in order and stops at the
 * first that answers the question.
 */
#include "reports/explain_job.h"

#include <math.h>

#include "api/arguments.h"
#include "base/settings.h"
#include "base/text.h"
#include "catalog/job.h"
#include "catalog/step.h"
#include "steps/audit.h"
#include "steps/advance.h"
#include "steps/limits.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

static void
explain_state(GtlReport *report, const GtlJob *job, const GtlStanding *standing)
{
	const GtlBatch *batch = &standing->batch;
	const char *who = "A background worker does it, or gt_advance_job in this session.";

	gtl_report_add(report, "state",
				   psprintf("%s: %s of %s objects labeled by people, %s by machine%s, %s failed, %s unlabeled",
							gtl_job_state_name(job->state), gtl_text_count(job->human_labeled),
							gtl_text_count(job->object_count), gtl_text_count(job->machine_labeled),
							job->machine_labeled > 0 && !gtl_job_is_final(job) ? " (provisional)" : "",
							gtl_text_count(job->failed), gtl_text_count(gtl_job_unlabeled(job))),
				   job->state == GTL_JOB_PAUSED ? "gt_resume_job goes on." :
				   job->state == GTL_JOB_FAILED ? job->failure_reason : NULL);
	if (gtl_job_is_final(job))
		return;
	if (job->state == GTL_JOB_PAUSED)
		who = "It waits for gt_resume_job.";
	if (!batch->open)
		gtl_report_add(report, "next step", "a step is due",
					   who);
	else if (batch->expires_at <= gtl_clock_now())
		gtl_report_add(report, "next step",
					   psprintf("batch %d (%s) was on offer for the whole of task_availability_lifetime: its labels are due, "
								"objects without an answer fail",
								batch->batch_no, batch->validation ? "validation" : "training"),
					   who);
	else if (standing->answers == standing->tasks)
		gtl_report_add(report, "next step",
					   psprintf("batch %d (%s) is complete: its labels are due", batch->batch_no,
								batch->validation ? "validation" : "training"),
					   who);
	else
		gtl_report_add(report, "next step",
					   psprintf("people: batch %d (%s, %s objects) has %s of %s answers, %s tasks are leased",
								batch->batch_no, batch->validation ? "validation" : "training",
								gtl_text_count(batch->object_count), gtl_text_count(standing->answers),
								gtl_text_count(standing->tasks), gtl_text_count(standing->leased)), NULL);
}

/* A step that a worker does, or could not do. */
static void
explain_step(GtlReport *report, const GtlJob *job)
{
	GtlStep		step;

	if (!gtl_step_read(job->job_id, &step))
		return;
	if (step.sqlstate != NULL)
		gtl_report_add(report, "failed step",
					   psprintf("step \"%s\": %s: %s; failures in a row: %d", step.name, step.sqlstate, step.message, step.failures),
					   job->state == GTL_JOB_FAILED ? "Put right what it says; then gt_resume_job tries again." :
					   step.retry_at == DT_NOBEGIN || step.started ? "It is being tried again." :
					   psprintf("A worker tries again at %s; gt_advance_job does so now, in this session.",
								timestamptz_to_str(step.retry_at)));
	else if (step.started)
		gtl_report_add(report, "running step", psprintf("step \"%s\"", step.name), "gt_progress shows how far it is.");
}

/* Why no round has run; true if that is the answer. */
static bool
explain_before_round(GtlReport *report, const GtlJob *job, const GtlStanding *standing, const GtlPlanState *plan)
{
	const char *topic = "machine labels";

	if (!job->auto_label)
		gtl_report_add(report, topic, "auto-labeling is off for this job", "Create a job with auto_label => true.");
	else if (job->dimension == 0)
		gtl_report_add(report, topic, "the job has no features, so nothing can be learned",
					   "Create a job with features_column, a float4[] or float8[] that describes each object.");
	else if (job->validation_count == 0)
		gtl_report_add(report, topic, psprintf("%s objects are too few for a validation set",
											   gtl_text_count(job->object_count)),
					   "Set a larger validation_share.");
	else if (standing->has_round)
		return false;
	else if (plan->validation_left > 0)
		gtl_report_add(report, topic,
					   psprintf("none yet: the validation set is not complete, %s of its %s objects are labeled; no model runs before",
								gtl_text_count(standing->validation_labeled), gtl_text_count(job->validation_count)), NULL);
	else if (plan->round_due)
		gtl_report_add(report, topic, "none yet: the first round is due", NULL);
	else
		gtl_report_add(report, topic,
					   psprintf("none yet: the validation set is complete; the first model runs after the first training batch%s",
								plan->pool_left <= job->max_concurrent ? ", but that batch takes all that is left" : ""),
					   job->schedule == GTL_SCHEDULE_STANDARD ?
					   "schedule => 'eager' runs a round right after the validation set." : NULL);
	return true;
}

/* A lower target that the best evidence of the last round would have met, in whole percents. */
static char *
lower_target_advice(const GtlRound *round)
{
	const GtlCertificate *c = &round->certificate;
	double		target = floor((1.0 - c->best_bound) * 100.0) / 100.0;

	if (c->best_n == 0 || round->best_admits == 0 || target <= 0)
		return NULL;
	if (target >= 1.0 - round->promise.target_error)
		return NULL;
	return psprintf("A target_accuracy of %.2f would have admitted %s objects.", target, gtl_text_count(round->best_admits));
}

static char *
more_validation_advice(const GtlJob *job, const GtlRound *round)
{
	const GtlCertificate *c = &round->certificate;
	char	   *lower = lower_target_advice(round);
	char	   *more;

	if (c->available < c->minimum)
		more = psprintf("Create the job with a validation_share of at least %.2f (three times the minimum is best).",
						Min(0.99, ceil(100.0 * c->minimum / job->object_count) / 100.0));
	else
		more = psprintf("%s more validation objects without another error would do, or a better model: more training batches.",
						gtl_text_count(Max(c->required - c->best_n, 0)));
	return lower == NULL ? more : psprintf("%s %s", more, lower);
}

static void
explain_last_round(GtlReport *report, const GtlJob *job, const GtlStanding *standing)
{
	const GtlRound *round = &standing->round;

	gtl_report_add(report, "machine labels", psprintf("round %d: %s", round->round_no, round->reason),
				   round->model_id != 0 && !round->certificate.passed ? more_validation_advice(job, round) : NULL);
	if (round->certificate.passed && round->auto_labeled > 0)
		gtl_report_add(report, "certificate",
					   psprintf("%s machine labels with a margin of at least %.4f: %s",
								gtl_text_count(round->auto_labeled), round->certificate.threshold,
								round->promise.guarantee == GTL_GUARANTEE_CONFIDENCE ||
								round->promise.guarantee == GTL_GUARANTEE_STRICT ?
								psprintf("with a confidence of %s their error is at most %s (%d of %d validation objects wrong, bound %s)",
										 gtl_text_percent(1 - round->promise.delta),
										 gtl_text_percent(round->promise.target_error),
										 round->certificate.k, round->certificate.n,
										 gtl_text_percent(round->certificate.bound)) :
								psprintf("%s, %d of %d validation objects wrong",
										 round->promise.guarantee == GTL_GUARANTEE_EXPECTED ?
										 "their expected error meets the target, without a confidence statement" :
										 "no promise, an estimate only",
										 round->certificate.k, round->certificate.n)),
					   gtl_job_is_final(job) ? NULL : "Provisional until the job ends: each round decides anew.");
}

static void
explain_audit(GtlReport *report, const GtlJob *job)
{
	char	   *finding = gtl_audit_finding(job);

	if (finding != NULL)
		gtl_report_add(report, "audit", finding,
					   strcmp(job->audit_verdict, "broken") == 0 ?
					   "gt_withdraw_machine_labels takes the machine labels back; people label the rest." : NULL);
}

static void
explain_outlook(GtlReport *report, const GtlJob *job, const GtlStanding *standing, GtlPlanState *plan)
{
	char	   *reached = gtl_limits_reached(job);
	GtlPlanStep open = {0};
	int64		limit;

	/* what is in people's hands now is out of the machine's reach; so is a batch before the next round */
	(void) gtl_standing_open_batch(job, standing, plan, &open);
	limit = gtl_plan_machine_limit(plan);
	if (reached != NULL)
		gtl_report_add(report, "stopping condition", reached, NULL);
	if (gtl_job_is_final(job) || !plan->auto_label)
		return;
	if (gtl_limits_batch(job, PG_INT64_MAX) <= open.objects)
		gtl_report_add(report, "outlook", "the open batch is the last: with it the job reaches its stopping condition, and no round follows", NULL);
	else if (limit == 0)
		gtl_report_add(report, "outlook", "nothing is left that a machine could label: the rest fits into the batches before the next round",
					   "A smaller max_concurrent_task_count leaves more to the machine.");
	else
		gtl_report_add(report, "outlook", psprintf("at most %s objects can still end up with a machine label",
												   gtl_text_count(limit)), NULL);
}

static void
explain_classes(GtlReport *report, const GtlJob *job, const GtlStanding *standing)
{
	if (standing->unseen_count > 0 && standing->has_round)
		gtl_report_add(report, "classes",
					   psprintf("%s of %s categories have no human label yet: %s%s; the machine cannot give them",
								gtl_text_count(standing->unseen_count), gtl_text_count(job->ncategories),
								standing->unseen_classes, standing->unseen_count > 20 ? ", ..." : ""),
					   "Check whether the dataset has such objects at all.");
}

static void
explain_failures(GtlReport *report, const GtlJob *job)
{
	if (job->failed > 0)
		gtl_report_add(report, "failures", psprintf("%s objects failed", gtl_text_count(job->failed)),
					   "gt_failures has the reasons; gt_retry_failed offers them again.");
	if (get_rel_name(job->dataset) == NULL)
		gtl_report_add(report, "dataset", psprintf("dataset %s is gone", job->dataset_name),
					   "The job goes on: it works on the snapshot it took when it was created.");
}

void
gtl_explain_job(const GtlJob *job, const GtlStanding *standing, GtlReport *report)
{
	GtlPlanState plan;

	gtl_standing_plan(job, standing, &plan);
	gtl_report_begin(report);
	explain_state(report, job, standing);
	explain_step(report, job);
	if (!explain_before_round(report, job, standing, &plan))
		explain_last_round(report, job, standing);
	explain_audit(report, job);
	explain_outlook(report, job, standing, &plan);
	explain_classes(report, job, standing);
	explain_failures(report, job);
}

PG_FUNCTION_INFO_V1(gtl_sql_explain_job);
Datum
gtl_sql_explain_job(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_job_find(gtl_argument_text(fcinfo, 0, "job_name"));
	GtlStanding standing;
	GtlReport	report;

	gtl_job_require_owner(job);
	gtl_standing_read(job, &standing);
	gtl_explain_job(job, &standing, &report);
	gtl_report_return(&report, fcinfo, 3);
	return (Datum) 0;
}
