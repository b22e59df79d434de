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

#include "base/format.h"
#include "base/settings.h"
#include "learning/neighbours.h"
#include "lib/stringinfo.h"
#include "reports/explain_categories.h"
#include "reports/explain_changes.h"
#include "reports/explain_drift.h"
#include "reports/forecast.h"
#include "steps/advance.h"
#include "steps/audit.h"
#include "steps/due.h"
#include "steps/in_flight.h"
#include "steps/intake.h"
#include "steps/limits.h"
#include "steps/promise_audit.h"
#include "tables/certificate.h"
#include "tables/job.h"
#include "tables/segment.h"
#include "tables/step.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

static const char *
kind_of(const GtlBatch *batch)
{
	return batch->validation ? "validation" : batch->audit ? "audit" : "training";
}

static char *
describe_open_batch(const GtlJobFacts *facts)
{
	return psprintf("people: batch %d (%s, %s objects) has %s of %s answers, %s task%s leased",
					facts->batch.batch_no, kind_of(&facts->batch), gtl_format_count(facts->batch.object_count),
					gtl_format_count(facts->answers), gtl_format_count(facts->tasks), gtl_format_count(facts->leased),
					facts->leased == 1 ? " is" : "s are");
}

static char *
describe_done_batch(const GtlJobFacts *facts)
{
	if (facts->answers < facts->tasks)
		return psprintf("batch %d (%s) was on offer for the whole of task_availability_lifetime: its labels are due, "
						"objects without an answer fail", facts->batch.batch_no, kind_of(&facts->batch));
	return psprintf("batch %d (%s) is complete: its labels are due", facts->batch.batch_no, kind_of(&facts->batch));
}

static const char *
describe_step(GtlDue due)
{
	switch (due)
	{
		case GTL_DUE_STOP:
			return "the job stops: labels of the answers that are there are due";
		case GTL_DUE_INTAKE:
			return "the dataset has changed: rows that join or leave are due";
		case GTL_DUE_VALIDATION_BATCH:
			return "a batch of the validation set is due";
		case GTL_DUE_MAP:
			return "new neighbourhood columns are due, since a third of the rows or more joined after the last were made; then a round";
		case GTL_DUE_ROUND:
			return "a round is due";
		case GTL_DUE_TRAINING_BATCH:
			return "a training batch is due";
		case GTL_DUE_AUDIT:
		case GTL_DUE_AUDIT_BATCH:
			return "the audit is due";
		case GTL_DUE_COMPLETE:
			return "the end of the job is due";
		case GTL_DUE_NOTHING:
		case GTL_DUE_CLOSE_BATCH:
			break;
	}
	return "a step is due";
}

const char *
gtl_explain_provisional(const GtlJob *job, const GtlJobFacts *facts)
{
	if (facts->provisional == 0)
		return "";
	return facts->provisional == job->machine_labeled ? " (provisional)" :
		psprintf(" (%s of them provisional)", gtl_format_count(facts->provisional));
}

static void
explain_state(GtlReport *report, const GtlJob *job, const GtlJobFacts *facts)
{
	const char *who = "A background worker does it, or gt_advance_job in this session.";

	gtl_report_add(report, "state",
				   psprintf("%s: %s of %s objects labeled by people, %s by machine%s, %s failed, %s unlabeled",
							gtl_job_state_name(job->state), gtl_format_count(job->human_labeled),
							gtl_format_count(job->object_count), gtl_format_count(job->machine_labeled),
							gtl_explain_provisional(job, facts),
							gtl_format_count(job->failed), gtl_format_count(gtl_job_unlabeled(job))),
				   job->state == GTL_JOB_PAUSED ? "gt_resume_job goes on." :
				   job->state == GTL_JOB_FAILED ? job->failure_reason : NULL);
	if (gtl_job_is_final(job))
		return;
	if (job->state == GTL_JOB_PAUSED)
		who = "It waits for gt_resume_job.";
	switch (facts->due)
	{
		case GTL_DUE_NOTHING:
			gtl_report_add(report, "next step", describe_open_batch(facts), NULL);
			break;
		case GTL_DUE_CLOSE_BATCH:
			gtl_report_add(report, "next step", describe_done_batch(facts), who);
			break;
		case GTL_DUE_STOP:
		case GTL_DUE_INTAKE:
		case GTL_DUE_VALIDATION_BATCH:
		case GTL_DUE_MAP:
		case GTL_DUE_ROUND:
		case GTL_DUE_TRAINING_BATCH:
		case GTL_DUE_AUDIT:
		case GTL_DUE_AUDIT_BATCH:
		case GTL_DUE_COMPLETE:
			gtl_report_add(report, "next step", describe_step(facts->due), who);
			break;
	}
}

/* The objects of a job in place are a sample. */
static void
explain_placement(GtlReport *report, const GtlJob *job)
{
	bool		audited = job->guarantee == GTL_GUARANTEE_AUDITED;
	char	   *rows = psprintf("%s rows of %s%s", gtl_format_count(job->dataset_count), job->dataset_name,
								job->label_column == NULL ? "" : " without a label");
	char	   *objects;

	if (job->placement != GTL_PLACEMENT_IN_PLACE)
		return;
	if (job->dataset_count <= job->sample_count)
		objects = psprintf("all %s are objects", rows);
	else
		objects = psprintf("%s objects were drawn at random from the %s%s", gtl_format_count(job->sample_count), rows,
						   audited ? "; an audit draws more" : "");
	gtl_report_add(report, "placement", psprintf("in place: %s", objects), "gt_write_labels labels all rows, where they lie.");
}

/* Transactions that keep the next step waiting. */
static void
explain_in_flight(GtlReport *report, const GtlJob *job)
{
	char	   *holders = gtl_due_seems(job) ? gtl_in_flight_describe(job->job_id, 0) : NULL;

	if (holders != NULL)
		gtl_report_add(report, "answers in flight", psprintf("the next step waits for %s, whose transactions change tasks of the job", holders),
					   "It is done when they have ended; ROLLBACK PREPARED and pg_terminate_backend end them.");
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
explain_before_round(GtlReport *report, const GtlJob *job, const GtlJobFacts *facts, const GtlPlanState *plan)
{
	const char *topic = "machine labels";

	if (!job->auto_label)
		gtl_report_add(report, topic, "auto-labeling is off for this job",
					   job->dimension == 0 || job->state == GTL_JOB_STOPPED || job->purged ? NULL : "gt_alter_job(..., auto_label => true) turns it on.");
	else if (job->dimension == 0)
		gtl_report_add(report, topic, "the job has no features, so nothing can be learned",
					   "Create a job with features_column, a float4[] or float8[] that describes each object.");
	else if (job->object_count == 0)
		gtl_report_add(report, topic, "none: the job has no objects", "gt_add_objects takes in rows that have come.");
	else if (job->validation_count == 0)
		gtl_report_add(report, topic, psprintf("%s object%s too few for a validation set", gtl_format_count(job->object_count),
											   job->object_count == 1 ? " is" : "s are"),
					   "gt_add_objects takes in more rows, and gt_alter_job(..., validation_count => ...) draws of them.");
	else if (facts->has_round)
		return false;
	else if (job->state == GTL_JOB_STOPPED || job->state == GTL_JOB_COMPLETED)
		gtl_report_add(report, topic, "none: the job ended before its first round",
					   job->state == GTL_JOB_COMPLETED ? "A smaller max_concurrent_task_count, or schedule => 'eager', has a round earlier." : NULL);
	else if (plan->validation_left > 0)
		gtl_report_add(report, topic,
					   psprintf("none yet: the validation set is not complete, %s of its %s objects are labeled; no model runs before",
								gtl_format_count(facts->validation_labeled), gtl_format_count(job->validation_count)), NULL);
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
	return psprintf("A target_accuracy of %.2f would have admitted %s objects.", target, gtl_format_count(round->best_admits));
}

static char *
more_validation_advice(const GtlJob *job, const GtlRound *round)
{
	const GtlCertificate *c = &round->certificate;
	char	   *lower = job->per_class ? NULL : lower_target_advice(round);
	char	   *more;

	if (c->available < c->minimum)
		more = psprintf("gt_alter_job(..., validation_count => %d) draws more; three times the %s that are needed is best.",
						Max(c->minimum, (int) Min(3 * (int64) c->minimum, job->object_count / 3)), gtl_format_count(c->minimum));
	else
		more = psprintf("%s more validation objects without another error would do, or a better model: more training batches.",
						gtl_format_count(Max(c->required - c->best_n, 0)));
	return lower == NULL ? more : psprintf("%s %s", more, lower);
}

/* What a certificate that has passed says of `labels`. */
static char *
describe_promise(const GtlPromise *promise, const GtlCertificate *c, const char *labels)
{
	switch (promise->guarantee)
	{
		case GTL_GUARANTEE_CONFIDENCE:
		case GTL_GUARANTEE_STRICT:
			return psprintf("%s: with a confidence of %s, %s, at most %s of %s are wrong (%d of %d validation objects wrong, bound %s)",
							labels, gtl_format_percent(1 - promise->delta),
							promise->guarantee == GTL_GUARANTEE_STRICT ? "proved for one certificate with fixed scores" : "measured, not proved",
							gtl_format_percent(promise->target_error),
							promise->scope == GTL_SCOPE_DATASET ? "all labels of the dataset" : "them",
							c->k, c->n, gtl_format_percent_beside(c->bound, promise->target_error));
		case GTL_GUARANTEE_EXPECTED:
			return psprintf("%s: their expected error meets the target, without a confidence statement, %d of %d validation objects wrong",
							labels, c->k, c->n);
		case GTL_GUARANTEE_EMPIRICAL:
		case GTL_GUARANTEE_AUDITED:
			break;
	}
	return psprintf("%s: no promise, an estimate only, %d of %d validation objects wrong", labels, c->k, c->n);
}

/* The same of a job with per_class: the categories' own follow. */
static char *
describe_promises(const GtlRound *round)
{
	const GtlPromise *promise = &round->promise;
	const char *labels = psprintf("%s machine labels, of each category by itself", gtl_format_count(round->auto_labeled));

	if (promise->guarantee == GTL_GUARANTEE_CONFIDENCE || promise->guarantee == GTL_GUARANTEE_STRICT)
		return psprintf("%s: with a confidence of %s, %s, at most %s of them are wrong (highest bound %s)", labels,
						gtl_format_percent(1 - promise->delta),
						promise->guarantee == GTL_GUARANTEE_STRICT ? "proved for one certificate with fixed scores" : "measured, not proved",
						gtl_format_percent(promise->target_error),
						gtl_format_percent_beside(round->certificate.bound, promise->target_error));
	return describe_promise(promise, &round->certificate, labels);
}

/* As many categories as a person reads. */
#define MOST_CATEGORIES 20

/* Of a job with per_class: a row for each category. */
static void
explain_categories(GtlReport *report, const GtlJob *job, const GtlRound *round)
{
	GtlClassCertificate *certificates;
	int			count = gtl_certificate_read(job, round, &certificates);

	for (int i = 0; i < Min(count, MOST_CATEGORIES); i++)
	{
		const GtlClassVerdict *verdict = &certificates[i].verdict;
		const GtlCertificate *c = &verdict->certificate;
		const char *name = job->categories[certificates[i].class_no];

		if (c->passed)
			gtl_report_add(report, "category",
						   describe_promise(&round->promise, c,
											psprintf("\"%s\": %s machine labels with a margin of at least %.4f", name,
													 gtl_format_count(verdict->covered), verdict->margin)), NULL);
		else
			gtl_report_add(report, "category",
						   psprintf("\"%s\": no machine labels; the lowest error bound is %s (%d of %d validation objects wrong)",
									name, gtl_format_percent(c->best_bound), c->best_k, c->best_n),
						   psprintf("It needs %s validation objects that the model gives it, with not more than %d wrong; %s count now.",
									gtl_format_count(c->required), c->best_k, gtl_format_count(c->available)));
	}
	if (count > MOST_CATEGORIES)
		gtl_report_add(report, "category", psprintf("and %s more categories", gtl_format_count(count - MOST_CATEGORIES)),
					   "gt_certificates has all.");
}

/* Why it labeled what it did; of a round that began an audit, which is over, what became of its labels. */
static char *
describe_round(const GtlJob *job, const GtlRound *round)
{
	GtlAuditRecord audit;

	if (gtl_audits_last(job->job_id, &audit) && audit.round_no == round->round_no && audit.figures.state == GTL_AUDIT_PASSED)
		return psprintf("round %d: the %s labels that audit %d let pass", round->round_no,
						gtl_format_count(audit.figures.left), audit.audit_no);
	return psprintf("round %d: %s", round->round_no, round->reason);
}

static void
explain_last_round(GtlReport *report, const GtlJob *job, const GtlJobFacts *facts)
{
	const GtlRound *round = &facts->round;
	bool		noisy = gtl_engine_too_noisy(&round->promise, round->label_noise);

	gtl_report_add(report, "machine labels", describe_round(job, round),
				   round->model_id != 0 && !round->certificate.passed && !noisy &&
				   round->promise.guarantee != GTL_GUARANTEE_AUDITED ? more_validation_advice(job, round) : NULL);
	if (round->certificate.passed && round->auto_labeled > 0)
		gtl_report_add(report, "certificate",
					   job->per_class ?
					   describe_promises(round) :
					   describe_promise(&round->promise, &round->certificate,
										psprintf("%s machine labels with a margin of at least %.4f",
												 gtl_format_count(round->auto_labeled), round->label_margin)),
					   gtl_job_is_final(job) ? NULL : "Provisional until the job ends: each round decides anew.");
	if (job->per_class && round->model_id != 0)
		explain_categories(report, job, round);
}

/* How well its columns know the rows that have joined; NULL: all the same. */
static const char *
explain_map(const GtlJob *job)
{
	int64		later;
	int64		rows;

	if (job->neighbours_segments == 0)
		return NULL;
	if (job->neighbours_reason != NULL)
		return psprintf("They stay as they are, though more rows have joined: %s.", job->neighbours_reason);
	later = gtl_segments_rows_since(job->job_id, job->neighbours_segments, &rows);
	if (later == 0)
		return NULL;
	return psprintf("%s of the %s rows joined after the map to these columns was made; with a third a new one is made before the next round.",
					gtl_format_count(later), gtl_format_count(rows));
}

static void
explain_columns(GtlReport *report, const GtlJob *job)
{
	if (job->purged)
	{
		gtl_report_add(report, "features", "gt_purge_job has removed the features, the tasks and the models of the rounds; labels and answers are kept", NULL);
		return;
	}
	if (job->neighbours_id != 0)
		gtl_report_add(report, "features",
					   psprintf("%d neighbourhood columns beside the %s features; %s",
								GTL_NEIGHBOUR_COLUMNS, gtl_format_count(job->dimension),
								job->chosen_start ? "people began with objects from all parts of the dataset" :
								"people began with objects drawn at random"), explain_map(job));
	else if (job->neighbours_reason != NULL)
		gtl_report_add(report, "features", psprintf("without neighbourhood columns: %s", job->neighbours_reason), NULL);
}

/* What the comparison of classifiers leaves out, and why. */
static void
explain_candidates(GtlReport *report, const GtlJob *job, const GtlJobFacts *facts)
{
	const GtlRound *round = &facts->round;
	int32		rows = round->training_count + round->validation_count;
	int			hidden = gtl_smallest_network();

	if (!facts->has_round || round->model_id == 0 || job->algorithm != GTL_ENGINE_AUTO)
		return;
	switch (gtl_engine_networks(hidden, rows, job->dimension, job->ncategories))
	{
		case GTL_NETWORKS_COMPARED:
			break;
		case GTL_NETWORKS_TOO_FEW_ROWS:
			gtl_report_add(report, "classifiers", psprintf("networks are not compared with fewer than %d labeled objects",
														   GTL_NETWORK_MIN_ROWS), NULL);
			break;
		case GTL_NETWORKS_TOO_LARGE:
			gtl_report_add(report, "classifiers",
						   psprintf("networks are left out: with %s labeled objects, %s dimensions and %s categories an iteration takes "
									"%s multiplications, and they are compared up to %s", gtl_format_count(rows),
									gtl_format_count(job->dimension), gtl_format_count(job->ncategories),
									gtl_format_count((int64) rows * job->dimension * Max(hidden, job->ncategories)),
									gtl_format_count((int64) gtl_engine_network_limit(hidden, job->dimension, job->ncategories))),
						   "algorithm => 'mlp' takes the time and trains networks alone.");
			break;
	}
}

/* What people get wrong uses up what the machine may: as much of the target as this share is worth a warning. */
#define NOTABLE_NOISE 0.25

static void
explain_noise(GtlReport *report, const GtlJob *job, const GtlJobFacts *facts)
{
	const GtlRound *round = &facts->round;
	double		target = 1.0 - job->target_accuracy;

	if (!job->auto_label || job->dimension == 0)
		return;
	if (job->label_noise >= 0)
		gtl_report_add(report, "label noise",
					   psprintf("by people's answers, %s of the labels of the validation set are wrong, and of the machine's at most %s may be%s",
								gtl_format_percent(job->label_noise), gtl_format_percent(target),
								job->label_noise >= target ? ": such labels can show nothing, and nothing is labeled by machine" :
								job->label_noise >= NOTABLE_NOISE * target ? ": they count as errors of the machine, and keep it from labeling more" : ""),
					   job->label_noise >= NOTABLE_NOISE * target ?
					   "More annotators_per_object, clearer instructions, or a lower target_accuracy." : NULL);
	else if (facts->has_round && round->model_id != 0 && !round->certificate.passed)
		gtl_report_add(report, "label noise",
					   job->consolidation != NULL ? "unknown: the job consolidates by a function of its owner's" :
					   "unknown: no object has two answers; what people get wrong counts as an error of the machine",
					   job->consolidation != NULL ? NULL : "annotators_per_object => 3 shows it, and corrects most of it.");
}

/* "guarantee => 'expected' 1,203 objects" for each weaker promise that would have admitted more than those before it. */
static void
explain_other_settings(GtlReport *report, const GtlJob *job, const GtlJobFacts *facts)
{
	const GtlRound *round = &facts->round;
	int64		most = round->auto_labeled;
	StringInfoData words;

	initStringInfo(&words);
	for (int i = 0; facts->has_round && i < round->nalternatives; i++)
	{
		const GtlAlternative *a = &round->alternative[i];

		if (a->covered <= most)
			continue;
		most = a->covered;
		if (words.len > 0)
			appendStringInfoString(&words, ", ");
		if (a->promise.guarantee != round->promise.guarantee)
			appendStringInfo(&words, "guarantee => '%s'", gtl_guarantee_name(a->promise.guarantee));
		else
			appendStringInfo(&words, "target_accuracy => %g", 1.0 - a->promise.target_error);
		appendStringInfo(&words, " %s objects", gtl_format_count(a->covered));
	}
	if (words.len > 0)
		gtl_report_add(report, "other settings",
					   psprintf("round %d would have admitted, instead of %s of %s objects, with %s", round->round_no,
								gtl_format_count(round->auto_labeled), gtl_format_count(round->scored), words.data),
					   gtl_job_is_final(job) ? NULL : "gt_alter_job sets them; they count in the next round.");
}

/* Audits that a person reads of. */
#define MOST_AUDITS 20

/* The audits of a promise with a proof: each that has passed is a certificate of its own labels. */
static void
explain_promise_audits(GtlReport *report, const GtlJob *job)
{
	GtlAuditRecord last;
	GtlAuditRecord *kept;
	int			count = gtl_audits_kept(job->job_id, &kept);

	if (!gtl_audits_last(job->job_id, &last))
		return;
	for (int i = 0; i < Min(count, MOST_AUDITS); i++)
		gtl_report_add(report, "certificate", gtl_promise_audit_sentence(job, &kept[i]), NULL);
	if (count > MOST_AUDITS)
		gtl_report_add(report, "certificate", psprintf("and %s audits before these that passed", gtl_format_count(count - MOST_AUDITS)),
					   "gt_audits has all.");
	if (count == 0 || kept[0].audit_no != last.audit_no)
		gtl_report_add(report, last.figures.state == GTL_AUDIT_PASSED ? "certificate" : "audit",
					   gtl_promise_audit_sentence(job, &last),
					   last.figures.state == GTL_AUDIT_GIVEN_UP && !gtl_job_is_final(job) ?
					   last.per_class || last.fixed ? "The answers train the next model; the next audit has a level of its own." :
					   "The answers train the next model, and what they have shown counts in the next audit." : NULL);
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
explain_outlook(GtlReport *report, const GtlJob *job, const GtlJobFacts *facts, GtlPlanState *plan)
{
	char	   *reached = gtl_limits_reached(job);
	GtlPlanStep open = {0};
	int64		limit;

	/* what is in people's hands now is out of the machine's reach; so is a batch before the next round */
	(void) gtl_facts_open_batch(job, facts, plan, &open);
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
												   gtl_format_count(limit)), NULL);
}

static void
explain_classes(GtlReport *report, const GtlJob *job, const GtlJobFacts *facts)
{
	if (facts->unseen_count > 0 && facts->has_round)
		gtl_report_add(report, "classes",
					   psprintf("%s of %s categories have no human label yet: %s%s; the machine cannot give them",
								gtl_format_count(facts->unseen_count), gtl_format_count(job->ncategories),
								facts->unseen_classes, facts->unseen_count > 20 ? ", ..." : ""),
					   "Check whether the dataset has such objects at all.");
}

static void
explain_failures(GtlReport *report, const GtlJob *job)
{
	if (job->failed > 0)
		gtl_report_add(report, "failures", psprintf("%s objects failed", gtl_format_count(job->failed)),
					   "gt_failures has the reasons; gt_retry_failed offers them again.");
	if (get_rel_name(job->dataset) == NULL)
		gtl_report_add(report, "dataset", psprintf("dataset %s is gone", job->dataset_name),
					   "The job goes on: it works on the snapshot it took when it was created.");
	else if (job->follow && gtl_intake_refused(job))
		gtl_report_add(report, "dataset", psprintf("the newest changes of %s could not be taken in", job->dataset_name),
					   "gt_add_objects says why; correct the rows, and call it again.");
}

void
gtl_explain_job(const GtlJob *job, const GtlJobFacts *facts, GtlReport *report)
{
	GtlPlanState plan;

	gtl_facts_plan(job, facts, &plan);
	gtl_report_begin(report);
	explain_state(report, job, facts);
	explain_placement(report, job);
	explain_in_flight(report, job);
	explain_step(report, job);
	if (!explain_before_round(report, job, facts, &plan))
		explain_last_round(report, job, facts);
	gtl_explain_drift(job, report);
	explain_columns(report, job);
	explain_candidates(report, job, facts);
	explain_noise(report, job, facts);
	explain_other_settings(report, job, facts);
	gtl_forecast(report, job, facts);
	explain_promise_audits(report, job);
	explain_audit(report, job);
	gtl_explain_changes(job, facts, report);
	explain_outlook(report, job, facts, &plan);
	explain_classes(report, job, facts);
	gtl_explain_categories(job, report);
	explain_failures(report, job);
}
