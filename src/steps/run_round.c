/*
 * run_round.c
 *		One active-learning step of a live job between two batches.
 *
 * The phases are load (transaction), train (none), score and decide (transaction: the
 * pool is streamed from the feature pages), write (the same transaction).
 * Training sees only what load put into memory.  What is decided, learning/engine.c
 * decides.
 *
 * The job can be altered, paused, stopped, or have its labels withdrawn while the round trains: each raises the
 * job's revision.  A round that finds another one than at its start decides by what the job is now, or writes
 * nothing.
 */
#include "steps/run_round.h"

#include "base/format.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/settings.h"
#include "base/team.h"
#include "learning/engine.h"
#include "learning/next_batch.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "steps/drift_watch.h"
#include "steps/due.h"
#include "steps/evidence.h"
#include "steps/issue_batch.h"
#include "steps/promise_audit.h"
#include "steps/round_reason.h"
#include "tables/batch.h"
#include "tables/certificate.h"
#include "tables/event.h"
#include "tables/feature_page.h"
#include "tables/label.h"
#include "tables/object.h"
#include "tables/segment.h"
#include "utils/memutils.h"

struct GtlRoundState
{
	MemoryContext context;		/* of all this */
	GtlJob	   *job;
	int32		revision;		/* of the job when it was loaded */
	int			categories;		/* likewise */
	GtlEnv		env;
	GtlEngineSettings settings;
	GtlEvidence evidence;
	GtlEngineRound decided;
	GtlCalibration calibration; /* of the model's answers */
	GtlRound	round;			/* what will be written */
	char	   *drift;			/* what was found of it; NULL: nothing */
};

static double
seconds_since(instr_time start)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, start);
	return INSTR_TIME_GET_DOUBLE(now);
}

/* Objects that are passed over, ascending. */
typedef struct Without
{
	const int32 *objects;
	int			count;
	int			next;			/* the first that is not behind */
} Without;

static bool
without_has(Without *list, int32 object)
{
	while (list->next < list->count && list->objects[list->next] < object)
		list->next++;
	return list->next < list->count && list->objects[list->next] == object;
}

/*
 * The objects that neither a person nor, for good, the machine has labeled, that have not failed, and that are not
 * of the validation set; returns how many.
 */
static int64
list_pool(GtlRoundState *state, int32 **pool)
{
	int64		job_id = state->job->job_id;
	int			objects = gtl_object_numbers(state->job, pool);
	int32	   *failed;
	int32	   *settled;
	int32	   *validation;
	int32	   *validation_no;
	int32	   *active;
	Without		without[] = {
		{state->evidence.labels.object_no, state->evidence.labels.count - state->evidence.given_count},
		{NULL, gtl_failure_read(job_id, &failed)},
		{NULL, gtl_label_read_settled(job_id, &settled)},
		{NULL, gtl_object_validation(job_id, &validation, &validation_no, &active)},
	};
	int64		count = 0;

	without[1].objects = failed;
	without[2].objects = settled;
	without[3].objects = validation;
	for (int i = 0; i < objects; i++)
	{
		int32		o = (*pool)[i];
		bool		open = true;

		CHECK_FOR_INTERRUPTS();
		for (int list = 0; list < (int) lengthof(without); list++)
			open = open && !without_has(&without[list], o);
		if (open)
			(*pool)[count++] = o;
	}
	return count;
}

/* The labeled objects of the job's random sample are scored like validation objects. */
static void
mark_sample(GtlRoundState *state)
{
	int32	   *pool;
	int64		count;

	if (!gtl_takes_sample(&state->settings) || state->evidence.engine.set.validation == NULL)
		return;					/* or there are too few labels to train on */
	count = list_pool(state, &pool);
	gtl_evidence_mark_sample(&state->settings, pool, count, &state->evidence);
	pfree(pool);
}

static void
load_round(GtlRoundState *state)
{
	GtlJob	   *job = state->job;
	GtlBatch	batch;
	instr_time	start;

	INSTR_TIME_SET_CURRENT(start);
	gtl_evidence_live_settings(job, &state->settings);
	gtl_evidence_load(job, &state->env, &state->evidence);
	mark_sample(state);
	gtl_drift_prepare(job, &state->evidence);
	gtl_batch_last(job->job_id, &batch);
	state->round.job_id = job->job_id;
	state->round.round_no = state->evidence.last.round_no >= 0 ? state->evidence.last.round_no + 1 : batch.validation ? 0 : 1;
	state->round.batch_no = batch.batch_no;
	state->round.started_at = gtl_clock_now();
	state->round.training_count = state->evidence.training_count;
	state->round.validation_count = state->evidence.validation_count;
	state->round.validation_active = state->evidence.validation_active;
	state->round.promise = state->settings.promise;
	state->round.label_noise = job->label_noise;
	state->round.load_seconds = seconds_since(start);
}

static void
train(GtlRoundState *state)
{
	instr_time	start;

	INSTR_TIME_SET_CURRENT(start);
	if (!gtl_engine_train(&state->settings, &state->evidence.engine, &state->env, &state->decided))
		gtl_computing_raise();
	state->round.candidate = state->decided.chosen;
	state->round.ncandidates = state->decided.compared ? GTL_CANDIDATE_COUNT + 1 : 0;
	memcpy(state->round.candidate_log_loss, state->decided.log_loss, sizeof(state->decided.log_loss));
	state->round.train_seconds = seconds_since(start);
}

/* Rows that have joined may be other than those before: then the machine labels none of them. */
static void
watch_drift(GtlRoundState *state, GtlFeatureReader *reader, const int32 *pool, int64 count)
{
	GtlDriftLook look = {
		.job = state->job,.evidence = &state->evidence,.decided = &state->decided,.rows = state->settings.rows,
		.reader = reader,.pool = pool,.pool_count = count,.env = &state->env
	};

	state->round.withheld_from = gtl_drift_look(&look, &state->drift);
	state->settings.withheld_from = state->round.withheld_from;
	state->settings.withheld_labeled = gtl_drift_withhold(&state->evidence, state->round.withheld_from);
}

static void
score_and_decide(GtlRoundState *state)
{
	GtlJob	   *job = state->job;
	GtlEngineRound *decided = &state->decided;
	GtlFeatureReader *reader = gtl_feature_reader_open(job);
	int32	   *pool;
	int64		count = list_pool(state, &pool);
	instr_time	start;

	state->round.segment_count = gtl_segment_last(job->job_id).segment_no + 1;
	state->round.neighbours_id = job->neighbours_id;
	INSTR_TIME_SET_CURRENT(start);
	watch_drift(state, reader, pool, count);
	if (!gtl_engine_score(&state->settings, &state->evidence.engine, pool, count, gtl_feature_reader_callback, reader,
						  &state->env, decided))
		gtl_computing_raise();
	gtl_feature_reader_close(reader);
	gtl_engine_decide(&state->settings, &state->evidence.engine, &state->env, decided);
	gtl_engine_alternatives(decided);
	gtl_env_check(&state->env);
	memcpy(state->round.alternative, decided->alternative, sizeof(decided->alternative));
	state->round.nalternatives = decided->nalternatives;
	state->round.scored = decided->has_model ? (int32) count : 0;
	state->round.certificate = decided->certificate;
	state->round.label_margin = decided->audit_due ? 0 : decided->margin_covered;
	state->round.audit_due = decided->audit_due;
	if (decided->audit_due)
		state->round.withheld_from = 0; /* the audit is about all of them */
	if (state->settings.promise.guarantee == GTL_GUARANTEE_AUDITED && !decided->audit_due)
		state->round.provisional = (int32) decided->covered;
	state->round.audit_expected = decided->audit_expected;
	state->round.best_admits = (int32) decided->best_admits;
	state->round.selected = (int32) decided->selected_count;
	state->round.score_seconds = seconds_since(start);
}

static void
append_change(const GtlRoundState *state, GtlLabelChange *change, int64 i)
{
	const GtlEngineRound *decided = &state->decided;

	change->object_no[change->count] = decided->pool[i];
	change->class_no[change->count] = decided->best[i];
	change->margin[change->count] = (float) decided->margin[i];
	change->confidence[change->count++] = (float) gtl_calibrated(&state->calibration, decided->margin[i]);
}

static void
init_change(const GtlRoundState *state, GtlLabelChange *change, int64 most)
{
	memset(change, 0, sizeof(*change));
	change->object_no = gtl_env_alloc(&state->env, mul_size(sizeof(int32), most));
	change->class_no = gtl_env_alloc(&state->env, mul_size(sizeof(int32), most));
	change->confidence = gtl_env_alloc(&state->env, mul_size(sizeof(float), most));
	change->margin = gtl_env_alloc(&state->env, mul_size(sizeof(float), most));
}

/* Machine labels as this round decides them, written as differences from those that stand. */
static void
write_labels(GtlRoundState *state)
{
	GtlRound   *round = &state->round;
	const GtlEngineRound *decided = &state->decided;
	int32	   *old_object;
	int32	   *old_class;
	int			nold = gtl_label_read_machine(state->job->job_id, &old_object, &old_class);
	int32	   *withdrawn = gtl_env_alloc(&state->env, sizeof(int32) * Max(nold, 1));
	int			nwithdrawn = 0;
	GtlLabelChange added;
	GtlLabelChange changed;
	int			old = 0;

	init_change(state, &added, decided->covered);
	init_change(state, &changed, nold);
	for (int64 i = 0; i < decided->pool_count; i++)
	{
		int32		object = decided->pool[i];
		bool		above = gtl_engine_covers(decided, i);
		bool		stands;

		CHECK_FOR_INTERRUPTS();
		while (old < nold && old_object[old] < object)
			withdrawn[nwithdrawn++] = old_object[old++];	/* no longer of the pool */
		stands = old < nold && old_object[old] == object;
		if (above && !stands)
			append_change(state, &added, i);
		else if (above && decided->best[i] != old_class[old])
			append_change(state, &changed, i);
		else if (!above && stands)
			withdrawn[nwithdrawn++] = object;
		old += stands;
	}
	while (old < nold)
		withdrawn[nwithdrawn++] = old_object[old++];
	gtl_label_refresh_machine(state->job, round->round_no, round->model_id, &added, &changed, withdrawn, nwithdrawn);
	round->added = added.count;
	round->changed = changed.count;
	round->withdrawn = nwithdrawn;
	round->auto_labeled = state->job->machine_labeled;
}

/* How probable the model's answers are right, by objects that were scored by models that never saw them. */
static void
calibrate(GtlRoundState *state)
{
	const GtlHumanLabels *labels = &state->evidence.labels;
	const GtlCrossfitResult *fit = &state->decided.fit;
	double	   *margin = gtl_env_alloc(&state->env, mul_size(sizeof(double), Max(labels->count, 1)));
	bool	   *right = gtl_env_alloc(&state->env, Max(labels->count, 1));
	int64		count = 0;

	for (int i = 0; i < labels->count; i++)
	{
		if (!state->evidence.engine.set.validation[i])
			continue;
		margin[count] = fit->margin[i];
		right[count++] = fit->best[i] == labels->class_no[i];
	}
	gtl_calibrate(margin, right, count, &state->calibration);
}

static void
write_model(GtlRoundState *state)
{
	GtlJob	   *job = state->job;
	const GtlHumanLabels *labels = &state->evidence.labels;
	GtlModel	model;
	int			right = 0;

	memset(&model, 0, sizeof(model));
	model.name = psprintf("%s/%d", job->name, state->round.round_no);
	model.owner = job->owner;
	model.job_id = job->job_id;
	model.round_no = state->round.round_no;
	model.featurizer_id = job->featurizer_id;
	model.neighbours_id = job->neighbours_id;
	model.proposal_inputs = job->proposal_inputs;
	model.parent_model_id = state->evidence.previous != NULL ? state->evidence.previous->model_id : job->initial_model_id;
	model.categories = job->categories;
	model.ncategories = job->ncategories;
	model.training_count = labels->count;
	model.class_counts = state->evidence.class_counts;
	for (int i = 0; i < labels->count; i++)
		right += labels->validation_no[i] >= 0 && state->decided.fit.best[i] == labels->class_no[i];
	model.accuracy = (double) right / state->evidence.validation_count;
	model.log_loss = state->decided.fit.log_loss;
	model.seconds = state->round.train_seconds;
	model.report = state->decided.fit.full_report;
	model.calibration = state->calibration;
	model.classifier = state->decided.fit.full;
	model.has_folds = true;
	memcpy(model.fold, state->decided.fit.fold, sizeof(model.fold));
	gtl_model_insert(&model);
	state->round.model_id = model.model_id;
}

/* Validation objects that leave the certificate. */
static void
write_dropped(GtlRoundState *state)
{
	const GtlEngineRound *decided = &state->decided;
	int32	   *objects = gtl_env_alloc(&state->env, sizeof(int32) * decided->dropped_count);

	for (int64 i = 0; i < decided->dropped_count; i++)
		objects[i] = state->evidence.labels.object_no[decided->dropped[i]];
	gtl_object_deactivate(state->job->job_id, objects, (int) decided->dropped_count);
}

static void
write_round(GtlRoundState *state)
{
	GtlJob	   *job = state->job;
	const GtlEngineRound *decided = &state->decided;

	if (decided->has_model)
	{
		calibrate(state);
		write_model(state);
	}
	write_dropped(state);
	write_labels(state);
	state->round.reason = gtl_round_reason(job, &state->evidence, &state->round, decided->by_class);
	if (state->drift != NULL)
		state->round.reason = psprintf("%s; %s", state->round.reason, state->drift);
	if (decided->sampled_count > 0)
		state->round.reason = psprintf("%s; %s of the %s objects of the next batch are drawn at random, to see how often the machine is wrong where it is sure",
									   state->round.reason, gtl_format_count(decided->sampled_count), gtl_format_count(decided->selected_count));
	gtl_round_insert(&state->round);
	if (decided->by_class != NULL)
		gtl_certificate_insert(job->job_id, state->round.round_no, decided->by_class, job->ncategories);
	gtl_event_record(job, "round", "round %d: %s", state->round.round_no, state->round.reason);
	if (decided->audit_due)
	{
		GtlAuditSetup setup = gtl_engine_audit_setup(&state->settings, &state->evidence.engine, decided);

		gtl_promise_audit_begin(job, state->round.round_no, &setup, decided, &state->env);
	}
	if (decided->selected_count > 0)
		gtl_issue_batch(job, GTL_BATCH_TRAINING, decided->selected, (int) decided->selected_count);
	else
		gtl_job_update(job);
}

/* May the job, by its settings as they are now, have a model of this kind? */
static bool
model_is_allowed(const GtlRoundState *state)
{
	return !state->decided.has_model ||
		state->evidence.engine.chosen_initial || state->decided.chosen == GTL_ENGINE_INITIAL ||
		gtl_engine_allows(state->settings.algorithm, &state->decided.fit.full);
}

/*
 * Somebody has changed what the round may do while it trained.  True: it is still due, and decides by the settings as
 * they are now, with the models that it has.
 */
static bool
decide_anew(GtlRoundState *state)
{
	gtl_evidence_live_settings(state->job, &state->settings);
	state->round.promise = state->settings.promise;
	return gtl_due_of(state->job) == GTL_DUE_ROUND && model_is_allowed(state) && state->categories == state->job->ncategories &&
		gtl_evidence_holds(state->job, &state->evidence);
}

GtlRoundState *
gtl_round_load(GtlJob *job, GtlTransaction *transaction)
{
	MemoryContext context = AllocSetContextCreate(transaction->context, "gtlabel round", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	GtlRoundState *state = palloc0(sizeof(GtlRoundState));

	state->context = context;
	state->job = job;
	state->revision = job->revision;
	state->categories = job->ncategories;
	gtl_env_init(&state->env, context);
	gtl_team_enable(&state->env);
	gtl_progress_phase("loading");
	load_round(state);
	MemoryContextSwitchTo(caller);
	return state;
}

void
gtl_round_train(GtlRoundState *state)
{
	MemoryContext caller = MemoryContextSwitchTo(state->context);

	train(state);
	if (gtl_setting_debug_round_lock != 0)
		gtl_lock_pass_user(gtl_setting_debug_round_lock);
	MemoryContextSwitchTo(caller);
}

bool
gtl_round_holds(const GtlRoundState *state, const GtlJob *job)
{
	return gtl_due_of(job) == GTL_DUE_ROUND && gtl_evidence_holds(job, &state->evidence);
}

void
gtl_round_finish(GtlRoundState *state, GtlJob *job)
{
	MemoryContext caller = MemoryContextSwitchTo(state->context);

	state->job = job;
	if (job != NULL && (job->revision == state->revision || decide_anew(state)))
	{
		score_and_decide(state);
		gtl_progress_phase("writing");
		write_round(state);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(state->context);
}

GtlJob *
gtl_run_round(GtlJob *job, GtlTransaction *transaction)
{
	int64		job_id = job->job_id;
	GtlRoundState *state = gtl_round_load(job, transaction);

	gtl_transaction_suspend(transaction);
	gtl_round_train(state);
	gtl_transaction_resume(transaction);
	job = gtl_job_lock(job_id);
	gtl_round_finish(state, job);
	return job;
}
