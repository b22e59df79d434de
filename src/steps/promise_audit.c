/*
 * promise_audit.c
 *		The audit that a promise with a proof rests on, in a live job.
 *
 * The state of an audit is what has happened: which answers were counted, in which order.  Each step makes
 * the audit once more from its labels, tells it what was counted, counts what has come since, and asks it what
 * is next; so nothing but the tables survives between two steps.
 *
 * What the proof needs of the counting:
 *	- draws count in the order in which they were drawn, and none before all before it has its answer
 *	  (a stop can leave some of a batch without: they are asked about again, first);
 *	- an object that people do not come to a label for counts as wrong;
 *	- what people label beside the draws counts as takes, after the draws that were out at that time;
 *	- an object that was removed from the job is lost (gtl_audit_lose), as a draw or as a take.
 *
 * The promise is the job's as it stands now: the martingale knows nothing of the target, so a new target is looked
 * at with the same evidence.  A change of guarantee or of per_class ends the audit.
 *
 * In a job in place the audit is that of audit_in_place.c.
 */
#include "steps/promise_audit.h"

#include <math.h>

#include "base/format.h"
#include "base/memory.h"
#include "steps/audit_again.h"
#include "steps/audit_in_place.h"
#include "steps/drift_watch.h"
#include "steps/issue_batch.h"
#include "steps/limits.h"
#include "tables/correction.h"
#include "tables/event.h"
#include "tables/label.h"
#include "tables/segment.h"

#define NO_ANSWER	GTL_ANSWER_NONE
#define FAILED		GTL_ANSWER_FAILED
#define LOST		GTL_ANSWER_LOST

/* An audit in mid-step. */
typedef struct AuditStep
{
	GtlJob	   *job;
	GtlAuditRecord record;
	GtlAuditObjects objects;
	int32	   *answer;			/* [objects] people's class; NO_ANSWER; FAILED: they have not come to one;
								 * LOST: removed from the job */
	GtlEnv		env;
	GtlAudit   *audit;
	GtlAudit   *former[GTL_FORMER_AUDITS];
	int32		events;			/* counted so far */
	int32		draws;			/* drawn so far */
	int32	   *open;			/* draws without an answer, in their order */
	int			nopen;
} AuditStep;

bool
gtl_promise_audit_is_open(const GtlJob *job)
{
	GtlAuditRecord record;

	return gtl_audits_open(job->job_id, &record);
}

void
gtl_promise_audit_begin(const GtlJob *job, int32 round_no, const GtlAuditSetup *setup,
						const GtlEngineRound *decided, const GtlEnv *env)
{
	GtlAuditRecord record = {
		.job_id = job->job_id,.audit_no = setup->audit_no,.round_no = round_no,.promise = setup->promise,
		.per_class = setup->per_class,.guess = setup->guess,.begun_error = setup->promise.target_error,
		.begun_objects = setup->objects,.begun_evidence = setup->head_start
	};
	GtlSegment	last = gtl_segment_last(job->job_id);
	float	   *margins = gtl_env_alloc(env, sizeof(float) * decided->pool_count);

	for (int64 i = 0; i < decided->pool_count; i++)
		margins[i] = (float) decided->margin[i];
	record.lot_no = last.lot_no;
	record.segment_count = last.segment_no + 1;
	record.figures.frozen = decided->pool_count;
	record.figures.log_wealth = record.figures.former = setup->head_start;
	record.figures.log_needed = -log(gtl_audit_level(setup->promise.delta, setup->attempt));
	record.figures.ahead = (int64) ceil(decided->audit_expected);
	if (job->placement == GTL_PLACEMENT_IN_PLACE)
		record.guess = gtl_audit_in_place_guess(setup, decided);
	gtl_audits_insert(&record);
	gtl_audit_objects_insert(&record, decided->pool, decided->best, margins, (int) decided->pool_count);
	gtl_event_record(job, "audit_begun", "audit %d: %s machine labels are to be checked; about %s answers are expected to do",
					 record.audit_no, gtl_format_count(decided->pool_count), gtl_format_count(record.figures.ahead));
}

static bool
is_answered(const AuditStep *step, int i)
{
	return step->answer[i] != NO_ANSWER;
}

static bool
is_wrong(const AuditStep *step, int i)
{
	return step->answer[i] != step->objects.class_no[i];
}

/* A draw from labels of rows that joined later says how often the machine is wrong about them. */
static void
note_draw(const AuditStep *step, int32 object, bool wrong, double *error, double *expected)
{
	GtlAuditChance chance = {0};

	if (gtl_audit_chance(step->audit, object, &chance))
	{
		*error = wrong ? 1 / (chance.left * chance.probability) : 0;
		*expected = (gtl_drift_usual(1.0 - step->job->target_accuracy) * chance.frozen - chance.known) / chance.left;
	}
}

static void
watch_drift(const AuditStep *step, const double *errors, const double *expected, int count)
{
	GtlSegment *segments;
	int			nsegments = gtl_segments_read(step->job->job_id, &segments);

	for (int s = 0; s < nsegments && step->record.lot_no > 0; s++)
		if (segments[s].lot_no == step->record.lot_no)
		{
			gtl_drift_checked(step->job, s, errors, expected, count);
			break;
		}
}

/* Tells the audit of answers, in this order, and keeps that. */
static void
count_answers(AuditStep *step, const int32 *places, int count, bool drawn)
{
	int32	   *objects = palloc(sizeof(int32) * Max(count, 1));
	int32	   *wrong = palloc(sizeof(int32) * Max(count, 1));
	double	   *errors = palloc0(sizeof(double) * Max(count, 1));
	double	   *expected = palloc0(sizeof(double) * Max(count, 1));

	for (int i = 0; i < count; i++)
	{
		objects[i] = step->objects.object_no[places[i]];
		wrong[i] = step->answer[places[i]] == LOST ? drawn : is_wrong(step, places[i]);
		note_draw(step, objects[i], wrong[i] != 0 && step->answer[places[i]] != LOST, &errors[i], &expected[i]);
		if (step->answer[places[i]] == LOST)
			gtl_audit_lose(step->audit, objects[i], drawn);
		else
			gtl_audit_tell(step->audit, objects[i], drawn, wrong[i] != 0);
	}
	gtl_audit_objects_count(&step->record, objects, wrong, count, step->events + 1);
	gtl_correction_forget_objects(step->job->job_id, objects, count);
	if (drawn)
		watch_drift(step, errors, expected, count);
	step->events += count;
}

/* The draws before the first that has no answer; it, and later ones without an answer, are open. */
static void
count_draws(AuditStep *step)
{
	int32	   *places;
	int			count = gtl_audit_by_number(&step->objects, step->objects.draw_no, &step->draws, &places);
	int			waiting = 0;
	int			answered = 0;

	for (int i = 0; i < count; i++)
		if (step->objects.event_no[places[i]] == 0)
			places[waiting++] = places[i];
	while (answered < waiting && is_answered(step, places[answered]))
		answered++;
	count_answers(step, places, answered, true);
	step->open = palloc(sizeof(int32) * Max(waiting, 1));
	for (int i = answered; i < waiting; i++)
		if (!is_answered(step, places[i]))
			step->open[step->nopen++] = step->objects.object_no[places[i]];
}

/* Everything else that people have labeled. */
static void
count_takes(AuditStep *step)
{
	const GtlAuditObjects *o = &step->objects;
	int32	   *places = palloc_extended(sizeof(int32) * Max(o->count, 1), MCXT_ALLOC_HUGE);
	int			count = 0;

	for (int i = 0; i < o->count; i++)
		if (o->draw_no[i] == 0 && o->event_no[i] == 0 && is_answered(step, i))
			places[count++] = i;
	count_answers(step, places, count, false);
}

/* The open audit with all that is known; false: there is none. */
static bool
load(GtlJob *job, AuditStep *step)
{
	memset(step, 0, sizeof(*step));
	step->job = job;
	if (!gtl_audits_open(job->job_id, &step->record))
		return false;
	gtl_env_init(&step->env, CurrentMemoryContext);
	gtl_audit_objects_read(&step->record, &step->objects);
	step->answer = gtl_audit_answers(job, &step->objects);
	step->record.promise = gtl_job_promise(job);
	step->audit = gtl_audit_make_again(job, &step->record, &step->objects, &step->env, &step->events);
	gtl_audit_follow(step->audit, step->former, gtl_audit_load_former(job, step->record.lot_no, &step->env, step->former));
	count_draws(step);
	if (step->nopen == 0)
		count_takes(step);
	return true;
}

/* What is left of the machine's labels, but for those that the audit has passed, goes. */
static int
withdraw_rest(AuditStep *step, int32 **standing, int *nstanding)
{
	const GtlAuditObjects *o = &step->objects;
	int32	   *rest = palloc_extended(sizeof(int32) * Max(o->count, 1), MCXT_ALLOC_HUGE);
	int			nrest = 0;

	*standing = palloc_extended(sizeof(int32) * Max(o->count, 1), MCXT_ALLOC_HUGE);
	*nstanding = 0;
	for (int i = 0; i < o->count; i++)
		if (gtl_audit_stands(step->audit, i))
			(*standing)[(*nstanding)++] = o->object_no[i];
		else if (!is_answered(step, i))
			rest[nrest++] = o->object_no[i];
	return gtl_label_drop_machine(step->job, rest, nrest);
}

void
gtl_promise_audit_over(GtlJob *job, const GtlAuditRecord *record, int withdrawn, const char *labels, const char *why)
{
	gtl_job_update(job);
	gtl_event_record(job, "audit_ended", "%s%s%s", gtl_promise_audit_sentence(job, record),
					 withdrawn > 0 ? psprintf("; %s %s are withdrawn", gtl_format_count(withdrawn), labels) : "",
					 why == NULL ? "" : psprintf(" (%s)", why));
}

/* The labels that passed are final, the others are withdrawn. */
static void
end(AuditStep *step, const char *why)
{
	int32	   *standing;
	int			nstanding;
	int			withdrawn = withdraw_rest(step, &standing, &nstanding);

	gtl_label_settle(step->job, step->record.audit_no, standing, nstanding);
	gtl_correction_forget(step->job->job_id, false);
	gtl_audit_figures(step->audit, &step->env, &step->record.figures);
	if (step->record.figures.state == GTL_AUDIT_OPEN)
		step->record.figures.state = GTL_AUDIT_GIVEN_UP;
	gtl_env_check(&step->env);
	gtl_audits_update(&step->record, true);
	if (step->record.per_class)
		gtl_audit_objects_forget(&step->record);
	else if (step->record.figures.state == GTL_AUDIT_PASSED)
	{
		gtl_audit_objects_forget(&step->record);
		gtl_audits_forget_former(step->job->job_id);
		gtl_drift_audited(step->job, step->record.lot_no, step->record.audit_no);
		gtl_segment_next_lot(step->job->job_id, step->record.lot_no, step->record.segment_count);
	}
	else
		gtl_audit_objects_forget_gone(&step->record);
	gtl_promise_audit_over(step->job, &step->record, withdrawn, "machine labels", why);
}

/* Draws that a stop has left without an answer come first. */
static void
ask_again(AuditStep *step, int64 most)
{
	gtl_audit_figures(step->audit, &step->env, &step->record.figures);
	gtl_env_check(&step->env);
	gtl_audits_update(&step->record, false);
	gtl_issue_batch(step->job, GTL_BATCH_AUDIT, step->open, (int) Min(most, step->nopen));
}

/* The next draws and takes, in one batch. */
static void
ask(AuditStep *step, const GtlAuditPlan *plan)
{
	int32	   *drawn = palloc(sizeof(int32) * plan->count);
	int			ndrawn = 0;

	for (int64 i = 0; i < plan->count; i++)
		if (plan->drawn[i])
			drawn[ndrawn++] = plan->objects[i];
	gtl_audit_objects_draw(&step->record, drawn, ndrawn, step->draws + 1);
	gtl_audit_figures(step->audit, &step->env, &step->record.figures);
	gtl_env_check(&step->env);
	gtl_audits_update(&step->record, false);
	gtl_issue_batch(step->job, GTL_BATCH_AUDIT, plan->objects, (int) plan->count);
}

void
gtl_promise_audit_step(GtlJob *job)
{
	AuditStep	step;
	GtlAuditPlan plan = {.count = 0};
	int64		most = gtl_limits_batch(job, job->max_concurrent);

	if (job->placement == GTL_PLACEMENT_IN_PLACE)
	{
		gtl_audit_in_place_step(job, most);
		return;
	}
	if (!load(job, &step))
		return;
	if (step.nopen > 0 && most > 0)
	{
		ask_again(&step, most);
		return;
	}
	if (step.nopen == 0)
		gtl_audit_plan(step.audit, most, &step.env, &plan);
	if (plan.count > 0)
		ask(&step, &plan);
	else
		end(&step, most > 0 ? NULL : "a stopping condition of the job is reached");
}

void
gtl_promise_audit_end(GtlJob *job, bool judge, const char *why)
{
	AuditStep	step;
	GtlAuditPlan plan;

	if (job->placement == GTL_PLACEMENT_IN_PLACE)
	{
		gtl_audit_in_place_end(job, judge, why);
		return;
	}
	if (!load(job, &step))
		return;
	if (judge && step.nopen == 0)
		gtl_audit_plan(step.audit, 0, &step.env, &plan);	/* it may have passed with the last answers */
	end(&step, why);
}

/* Wrong labels among `count`, as a share of what the promise is about. */
static char *
wrong_among(const GtlJob *job, const GtlAuditRecord *record)
{
	const GtlAuditFigures *f = &record->figures;
	bool		dataset = record->promise.scope == GTL_SCOPE_DATASET;
	int64		among = dataset ? gtl_segment_lot_objects(job->job_id, record->lot_no, record->segment_count) : f->left;

	return psprintf("at most %s of the %s %s (%s)", gtl_format_count(f->most_wrong), gtl_format_count(among),
					dataset ? "labels of the dataset are wrong" : "machine labels that stand are wrong",
					gtl_format_percent(among > 0 ? (double) f->most_wrong / among : 0));
}

char *
gtl_promise_audit_sentence(const GtlJob *job, const GtlAuditRecord *record)
{
	const GtlAuditFigures *f = &record->figures;
	char	   *asked = psprintf("audit %d: of %s machine labels, fixed beforehand, people checked %s drawn at random "
								 "without replacement, %s of them wrong, and %s others; all wrong ones were put right%s",
								 record->audit_no, gtl_format_count(f->frozen), gtl_format_count(f->draws),
								 gtl_format_count(f->found), gtl_format_count(f->takes),
								 f->former > 0 && f->state != GTL_AUDIT_GIVEN_UP ?
								 "; what the audits before it have found counts, too" : "");

	if (f->state == GTL_AUDIT_PASSED && record->per_class)
		return psprintf("%s; of each category that passed, with a confidence of %s, at most %s of the machine labels that stand are wrong",
						asked, gtl_format_percent(1 - record->promise.delta), gtl_format_percent(record->promise.target_error));
	if (f->state == GTL_AUDIT_PASSED)
		return psprintf("%s; with a confidence of %s, %s; proved, on the assumption alone that people's answers are right",
						asked, gtl_format_percent(1 - record->promise.delta), wrong_among(job, record));
	if (f->state == GTL_AUDIT_GIVEN_UP)
		return psprintf("%s; that did not show the target, and none of the labels is kept by it", asked);
	return f->ahead < 0 ? psprintf("%s so far", asked) :
		psprintf("%s so far; %s more answers without an error would do", asked, gtl_format_count(f->ahead));
}
