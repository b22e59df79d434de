/*
 * audit_in_place.c
 *		The audit of a job in place: of the machine labels of rows that are elsewhere.
 *
 * The round that begins it has scored the sample, and part of that is still without an answer.  The first step fixes the labels, in one
 * transaction: it counts margins on all servers and takes the one that the same share of all rows has; the labels are
 * those that the round's model gives the rows with that margin, without the rows that people have labeled.  Their
 * number and a fingerprint are kept, and so many of them as may be needed are drawn, by fresh keyed
 * hashes, and join the job.  If a server does not answer, nothing of this has happened, and the step is tried again.
 *
 * From then on no server is asked.  The draws are answered in their order, and counted without a gap
 * (promise_audit.c says why); what people label beside them counts when its turn comes.  Equal weights, no takes:
 * learning/uniform_audit.c.
 */
#include "steps/audit_again.h"
#include "steps/audit_in_place.h"

#include <math.h>

#include "base/format.h"
#include "base/memory.h"
#include "data/in_place.h"
#include "data/model_package.h"
#include "learning/random.h"
#include "learning/uniform_audit.h"
#include "steps/intake.h"
#include "steps/issue_batch.h"
#include "steps/promise_audit.h"
#include "tables/correction.h"
#include "tables/event.h"
#include "tables/label.h"
#include "tables/object.h"
#include "tables/round.h"
#include "tables/segment.h"

/* An audit in mid-step. */
typedef struct Step
{
	GtlJob	   *job;
	GtlAuditRecord record;
	GtlAuditObjects objects;
	int32	   *answer;			/* [objects] */
	int32	   *places;			/* of the draws, in their order */
	int			ndrawn;
	int			counted;		/* of them */
	GtlDrawn   *drawn;			/* [counted] */
	GtlUniformAudit audit;
} Step;

GtlAuditGuess
gtl_audit_in_place_guess(const GtlAuditSetup *setup, const GtlEngineRound *decided)
{
	return (GtlAuditGuess) {.scale = 0,.floor = gtl_uniform_audit_guess(&setup->guess, decided->margin, decided->pool_count),
		.power = GTL_AUDIT_POWER};
}

static GtlUniformAudit
describe_audit(const GtlAuditRecord *record, const GtlPromise *promise)
{
	return (GtlUniformAudit)
	{
		.frozen = record->figures.frozen,.target_error = promise->target_error,
			.level = gtl_audit_level(promise->delta, record->attempt),.guess = record->guess.floor
	};
}

bool
gtl_audit_in_place_passed(const GtlJob *job)
{
	GtlAuditRecord record;

	return job->placement == GTL_PLACEMENT_IN_PLACE && job->guarantee == GTL_GUARANTEE_AUDITED &&
		gtl_audits_last(job->job_id, &record) && record.figures.state == GTL_AUDIT_PASSED;
}

/* ---- Fixing the labels ---- */

/* Keys of what people have labeled. */
static char **
list_human_keys(const GtlJob *job, int *count)
{
	GtlHumanLabels people;
	char	  **keys;

	gtl_label_read_human(job->job_id, &people);
	keys = gtl_memory_list(sizeof(char *), people.count);
	gtl_object_keys(job->job_id, people.object_no, people.count, keys);
	*count = people.count;
	return keys;
}

/* The share of the sample that the round left to the machine; rows that joined for an earlier audit are not of it. */
static double
share_of_sample(const Step *step)
{
	GtlSegment *segments;
	int32		left = 0;

	(void) gtl_segments_read(step->job->job_id, &segments);
	for (int i = 0; i < step->objects.count; i++)
		left += step->objects.object_no[i] < gtl_segment_end(&segments[0]);
	return (double) left / Max(segments[0].object_count, 1);
}

static int32
class_of(const GtlModel *model, const char *name)
{
	for (int c = 0; c < model->ncategories; c++)
		if (strcmp(model->categories[c], name) == 0)
			return c;
	elog(ERROR, "the model \"%s\" has no category \"%s\"", model->name, name);
}

/* Rows that the job does not know join it, with the model's labels. */
static void
take_in(Step *step, const GtlRound *round, const GtlInPlaceDraws *draws, const int32 *classes, int32 **objects)
{
	GtlJob	   *job = step->job;
	char	  **unknown = gtl_memory_list(sizeof(char *), draws->count);
	GtlLabelChange added = {0};
	GtlLabelChange changed = {0};
	int32	   *before = gtl_object_of_keys(job->job_id, draws->keys, draws->count);
	int			count = 0;

	for (int i = 0; i < draws->count; i++)
		if (before[i] < 0)
			unknown[count++] = draws->keys[i];
	if (count > 0)
		gtl_intake_drawn(job, unknown, count);
	*objects = gtl_object_of_keys(job->job_id, draws->keys, draws->count);
	added.object_no = gtl_memory_list(sizeof(int32), count);
	added.class_no = gtl_memory_list(sizeof(int32), count);
	added.confidence = gtl_memory_list(sizeof(float), count);
	added.margin = gtl_memory_list(sizeof(float), count);
	for (int i = 0; i < draws->count; i++)
	{
		if ((*objects)[i] < 0)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("row \"%s\" of dataset %s went while it was drawn", draws->keys[i], job->dataset_name)));
		if (before[i] >= 0)
			continue;
		added.object_no[added.count] = (*objects)[i];
		added.class_no[added.count] = classes[i];
		added.confidence[added.count] = draws->probabilities[i];
		added.margin[added.count++] = draws->margins[i];
	}
	gtl_label_refresh_machine(job, round->round_no, round->model_id, &added, &changed, NULL, 0);
}

/* Draws from the labels that are fixed by this. */
static void
draw(Step *step, const GtlRound *round, const GtlModel *model, bytea *bytes)
{
	GtlJob	   *job = step->job;
	GtlAuditRecord *record = &step->record;
	GtlPromise	promise = gtl_job_promise(job);
	GtlUniformAudit audit = describe_audit(record, &promise);
	int64		seed = (int64) gtl_random_bits((uint64) job->seed, GTL_STREAM_AUDIT, (uint64) record->audit_no << 32);
	GtlInPlaceRows rows;
	GtlInPlaceDraws draws;
	int			nhuman;
	char	  **human = list_human_keys(job, &nhuman);
	int32	   *classes;
	int32	   *objects;

	audit.frozen = PG_INT64_MAX;
	gtl_in_place_draw(job, job->owner, bytes, record->least_margin, human, nhuman, (int32) gtl_uniform_audit_most(&audit), seed, &rows, &draws);
	record->figures.frozen = draws.among;
	record->row_count = rows.count;
	record->digest = rows.digest;
	record->fixed = true;
	classes = gtl_memory_list(sizeof(int32), draws.count);
	for (int i = 0; i < draws.count; i++)
		classes[i] = class_of(model, draws.classes[i]);
	take_in(step, round, &draws, classes, &objects);
	gtl_audits_fix(record);
	gtl_audit_objects_drawn(record, objects, classes, draws.margins, draws.count);
	gtl_event_record(job, "audit_fixed", "audit %d: the machine labels of the %s rows with a margin of at least %.6g are fixed; %s are drawn",
					 record->audit_no, gtl_format_count(draws.among), record->least_margin, gtl_format_count(draws.count));
}

/* False: the model gives no row a margin that as few others have. */
static bool
fix_labels(Step *step)
{
	GtlJob	   *job = step->job;
	GtlRound	round;
	GtlModel   *model;
	GtlEnv		env;
	bytea	   *bytes;
	int64		above[GTL_MARGIN_CELLS];
	int64		rows;

	gtl_env_init(&env, CurrentMemoryContext);
	if (!gtl_round_read_last(job->job_id, &round) || round.round_no != step->record.round_no || round.model_id == 0)
		elog(ERROR, "audit %d of job " INT64_FORMAT " has lost its round", step->record.audit_no, job->job_id);
	model = gtl_model_get(round.model_id, &env);
	bytes = gtl_model_package(model);
	rows = gtl_in_place_tail(job, job->owner, bytes, above);
	step->record.least_margin = gtl_margin_cells_least(above, (int64) floor(share_of_sample(step) * (double) rows));
	if (!isfinite(step->record.least_margin))
		return false;
	draw(step, &round, model, bytes);
	return true;
}

/* ---- Counting ---- */

/* The places of the draws, in their order. */
static void
list_draws(Step *step)
{
	const GtlAuditObjects *o = &step->objects;
	int32		most = 0;

	for (int i = 0; i < o->count; i++)
		most = Max(most, o->draw_no[i]);
	step->places = gtl_memory_list(sizeof(int32), most);
	for (int i = 0; i < o->count; i++)
		if (o->draw_no[i] > 0)
		{
			step->places[o->draw_no[i] - 1] = i;
			step->ndrawn++;
		}
	if (step->ndrawn != most)
		elog(ERROR, "audit %d of job " INT64_FORMAT " has lost draws: %d of %d", step->record.audit_no, step->job->job_id, step->ndrawn, most);
}

static GtlDrawn
judge_answer(const Step *step, int place)
{
	if (step->answer[place] == GTL_ANSWER_LOST)
		return GTL_DRAWN_LOST;
	return step->answer[place] == step->objects.class_no[place] ? GTL_DRAWN_RIGHT : GTL_DRAWN_WRONG;
}

/* What was counted before, as it was then. */
static GtlDrawn
recall(const Step *step, int place)
{
	return step->objects.lost[place] ? GTL_DRAWN_LOST : step->objects.wrong[place] ? GTL_DRAWN_WRONG : GTL_DRAWN_RIGHT;
}

/* The draws that have their answer, up to the first that has none; new ones are kept as counted. */
static void
count_draws(Step *step)
{
	int32	   *objects = gtl_memory_list(sizeof(int32), step->ndrawn);
	int32	   *wrong = gtl_memory_list(sizeof(int32), step->ndrawn);
	int			added = 0;
	int			before = 0;

	step->drawn = gtl_memory_list(sizeof(GtlDrawn), step->ndrawn);
	for (; step->counted < step->ndrawn; step->counted++)
	{
		int			place = step->places[step->counted];

		if (step->objects.event_no[place] > 0)
		{
			step->drawn[step->counted] = recall(step, place);
			before++;
			continue;
		}
		if (step->answer[place] == GTL_ANSWER_NONE)
			break;
		step->drawn[step->counted] = judge_answer(step, place);
		objects[added] = step->objects.object_no[place];
		wrong[added++] = step->drawn[step->counted] != GTL_DRAWN_RIGHT;
	}
	gtl_audit_objects_count(&step->record, objects, wrong, added, before + 1);
	gtl_correction_forget_objects(step->job->job_id, objects, added);
	step->audit.drawn = step->drawn;
	step->audit.count = step->counted;
}

/* The open audit; false: there is none. */
static bool
load(GtlJob *job, Step *step)
{
	memset(step, 0, sizeof(*step));
	step->job = job;
	if (!gtl_audits_open(job->job_id, &step->record))
		return false;
	gtl_audit_objects_read(&step->record, &step->objects);
	return true;
}

/* What its fixed labels and the answers show. */
static void
judge(Step *step)
{
	step->record.promise = gtl_job_promise(step->job);
	step->audit = describe_audit(&step->record, &step->record.promise);
	step->answer = gtl_audit_answers(step->job, &step->objects);
	list_draws(step);
	count_draws(step);
	gtl_uniform_audit_figures(&step->audit, step->ndrawn, &step->record.figures);
}

/* ---- The end ---- */

/* The labels of the job's own objects that the audit has passed are final; the other machine labels go. */
static int
settle(Step *step)
{
	const GtlAuditObjects *o = &step->objects;
	bool		passed = step->record.figures.state == GTL_AUDIT_PASSED;
	int32	   *standing = gtl_memory_list(sizeof(int32), o->count);
	int32	   *rest = gtl_memory_list(sizeof(int32), o->count);
	int			nstanding = 0;
	int			nrest = 0;

	for (int i = 0; i < o->count; i++)
		if (step->answer[i] == GTL_ANSWER_NONE)
		{
			if (passed && o->margin[i] >= (double) (float) step->record.least_margin)
				standing[nstanding++] = o->object_no[i];
			else
				rest[nrest++] = o->object_no[i];
		}
	gtl_label_settle(step->job, step->record.audit_no, standing, nstanding);
	return gtl_label_drop_machine(step->job, rest, nrest);
}

static void
end(Step *step, const char *why)
{
	int			withdrawn;

	if (step->record.figures.state == GTL_AUDIT_OPEN)
		step->record.figures.state = GTL_AUDIT_GIVEN_UP;
	withdrawn = settle(step);
	gtl_correction_forget(step->job->job_id, false);
	step->record.carried = gtl_uniform_audit_carried(&step->audit);
	step->record.carried_labels = step->job->human_labeled;
	gtl_audits_update(&step->record, true);
	gtl_audit_objects_put_back(&step->record);
	gtl_audit_objects_forget(&step->record);
	gtl_promise_audit_over(step->job, &step->record, withdrawn, "machine labels of the sample", why);
}

/* The next draws that people have not answered; as many as would do if none shows an error. */
static void
ask(Step *step, int64 most)
{
	int64		last = step->counted + step->record.figures.ahead;
	int32	   *asked = gtl_memory_list(sizeof(int32), step->ndrawn);
	int			count = 0;

	for (int64 i = step->counted; i < last && i < step->ndrawn && count < most; i++)
		if (step->answer[step->places[i]] == GTL_ANSWER_NONE)
			asked[count++] = step->objects.object_no[step->places[i]];
	gtl_audits_update(&step->record, false);
	gtl_issue_batch(step->job, GTL_BATCH_AUDIT, asked, count);
}

void
gtl_audit_in_place_step(GtlJob *job, int64 most)
{
	Step		step;

	if (!load(job, &step))
		return;
	if (!step.record.fixed && most > 0)
	{
		if (fix_labels(&step))
			gtl_audit_objects_read(&step.record, &step.objects);
	}
	judge(&step);
	if (!step.record.fixed || most <= 0 || step.record.figures.state != GTL_AUDIT_OPEN)
		end(&step, !step.record.fixed ? "no row has such a margin" : most > 0 ? NULL : "a stopping condition of the job is reached");
	else
		ask(&step, most);
}

void
gtl_audit_in_place_end(GtlJob *job, bool judged, const char *why)
{
	Step		step;

	if (!load(job, &step))
		return;
	judge(&step);
	if (!step.record.fixed || !judged)
		step.record.figures.state = GTL_AUDIT_GIVEN_UP;
	end(&step, why);
}

/* ---- Afterwards ---- */

/* Objects that were removed from the job since are missing. */
void
gtl_audit_in_place_now(const GtlAuditRecord *record, const GtlAuditObjects *objects, GtlAuditFigures *figures)
{
	GtlUniformAudit audit = describe_audit(record, &record->promise);
	GtlDrawn   *drawn;

	audit.count = record->figures.draws;
	drawn = gtl_memory_list(sizeof(GtlDrawn), audit.count);
	for (int64 i = 0; i < audit.count; i++)
		drawn[i] = GTL_DRAWN_LOST;
	for (int i = 0; i < objects->count; i++)
		if (objects->event_no[i] > 0 && objects->event_no[i] <= audit.count)
			drawn[objects->event_no[i] - 1] = objects->wrong[i] ? GTL_DRAWN_WRONG : GTL_DRAWN_RIGHT;
	audit.drawn = drawn;
	gtl_uniform_audit_figures(&audit, audit.count, figures);
}
