/*
 * run_round.c
 *		One active-learning step between two batches (autolabel.md 3.2).
 *
 * The phases are load (transaction), train (none), score and decide (transaction: the
 * pool is streamed from the feature pages), write (the same transaction).
 * Training sees only what load put into memory.  All that a round remembers of an
 * object it has scored is a class and a margin: 12 bytes.
 */
#include "steps/run_round.h"

#include <math.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/settings.h"
#include "catalog/batch.h"
#include "catalog/event.h"
#include "catalog/feature_page.h"
#include "catalog/label.h"
#include "catalog/object.h"
#include "learning/select.h"
#include "pgstat.h"
#include "portability/instr_time.h"
#include "steps/evidence.h"
#include "steps/limits.h"
#include "steps/round_reason.h"
#include "utils/memutils.h"

typedef struct RoundState
{
	GtlJob	   *job;
	GtlEnv		env;
	GtlEvidence evidence;
	GtlRound	round;			/* what will be written */

	/* train */
	GtlCandidate candidate;
	GtlCrossfitResult fit;

	/* score: the pool objects without a human label, ascending */
	int32		pool_count;
	int32	   *pool;			/* [pool_count] object numbers */
	int32	   *best;			/* [pool_count] */
	double	   *margin;			/* [pool_count] */

	/* decide */
	int32		selected_count;
	int32	   *selected;		/* object numbers of the next batch */
	double		selected_margin;	/* the largest among them; NaN: drawn at random */
} RoundState;

static double
seconds_since(instr_time start)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, start);
	return INSTR_TIME_GET_DOUBLE(now);
}

static void
load_round(RoundState *state)
{
	GtlJob	   *job = state->job;
	GtlBatch	batch;
	instr_time	start;

	INSTR_TIME_SET_CURRENT(start);
	gtl_evidence_load(job, &state->env, &state->evidence);
	gtl_batch_last(job->job_id, &batch);
	state->round.job_id = job->job_id;
	state->round.round_no = state->evidence.last.round_no >= 0 ? state->evidence.last.round_no + 1 : batch.validation ? 0 : 1;
	state->round.batch_no = batch.batch_no;
	state->round.started_at = gtl_clock_now();
	state->round.training_count = state->evidence.training_count;
	state->round.validation_count = state->evidence.validation_count;
	state->round.validation_active = state->evidence.validation_active;
	state->round.candidate = -1;
	state->round.promise.guarantee = job->guarantee;
	state->round.promise.target_error = 1.0 - job->target_accuracy;
	state->round.promise.delta = 1.0 - job->confidence_level;
	state->round.certificate.threshold = INFINITY;
	state->round.load_seconds = seconds_since(start);
}

/* Compare the candidates, or keep the one of the round before. */
static void
choose_candidate(RoundState *state)
{
	GtlEvidence *evidence = &state->evidence;
	int			indexes[GTL_CANDIDATE_COUNT];
	GtlCandidate candidates[GTL_CANDIDATE_COUNT];
	GtlSelection selection;
	int			count;

	if (!gtl_evidence_selection_due(evidence))
	{
		state->candidate = evidence->previous->classifier.candidate;
		return;
	}
	count = gtl_evidence_candidates(state->job, evidence, indexes);
	for (int i = 0; i < count; i++)
		candidates[i] = gtl_candidates[indexes[i]];
	gtl_crossfit_select(&evidence->set, candidates, count, (uint64) state->job->seed, &state->env, &selection);
	if (selection.interrupted)
		gtl_interrupt_raise();
	state->candidate = candidates[selection.chosen];
	state->round.candidate = indexes[selection.chosen];
	state->round.ncandidates = GTL_CANDIDATE_COUNT;
	for (int i = 0; i < GTL_CANDIDATE_COUNT; i++)
		state->round.candidate_log_loss[i] = INFINITY;
	for (int i = 0; i < count; i++)
		state->round.candidate_log_loss[indexes[i]] = selection.log_loss[i];
}

static bool
same_candidate(const GtlCandidate *a, const GtlCandidate *b)
{
	return a->algorithm == b->algorithm && a->scaling == b->scaling && a->c == b->c && a->hidden == b->hidden;
}

static void
train(RoundState *state)
{
	const GtlModel *previous = state->evidence.previous;
	GtlCrossfitStart start;
	instr_time	begun;

	INSTR_TIME_SET_CURRENT(begun);
	choose_candidate(state);
	memset(&start, 0, sizeof(start));
	if (previous != NULL && previous->has_folds &&
		same_candidate(&previous->classifier.candidate, &state->candidate))
	{
		start.full = &previous->classifier;
		for (int j = 0; j < GTL_FOLDS; j++)
			start.fold[j] = &previous->fold[j];
	}
	gtl_crossfit_run(&state->evidence.set, &state->candidate, &start, (uint64) state->job->seed, &state->env, &state->fit);
	if (state->fit.interrupted)
		gtl_interrupt_raise();
	state->round.train_seconds = seconds_since(begun);
}

/* The loosest margin that keeps the promise, on the active validation objects. */
static void
certify(RoundState *state)
{
	const GtlHumanLabels *labels = &state->evidence.labels;
	double	   *margins = gtl_env_alloc(&state->env, sizeof(double) * labels->count);
	bool	   *wrong = gtl_env_alloc(&state->env, sizeof(bool) * labels->count);
	int			n = 0;

	for (int i = 0; i < labels->count; i++)
		if (labels->validation_no[i] >= 0 && labels->active[i])
		{
			margins[n] = state->fit.margin[i];
			wrong[n++] = state->fit.best[i] != labels->class_no[i];
		}
	gtl_certify(margins, wrong, n, &state->round.promise, &state->env, &state->round.certificate);
}

/* The pool objects that no person has labeled and that have not failed. */
static void
list_pool(RoundState *state)
{
	const GtlHumanLabels *labels = &state->evidence.labels;
	int32		objects = state->job->object_count;
	int32	   *failed;
	int			nfailed = gtl_failure_read(state->job->job_id, &failed);
	int			next_labeled = 0;
	int			next_failed = 0;

	state->pool = gtl_env_alloc(&state->env, mul_size(sizeof(int32), Max(objects - labels->count, 1)));
	for (int32 o = 0; o < objects; o++)
	{
		if (next_labeled < labels->count && labels->object_no[next_labeled] == o)
			next_labeled++;
		else if (next_failed < nfailed && failed[next_failed] == o)
			next_failed++;
		else
			state->pool[state->pool_count++] = o;
	}
}

/* Score the pool in blocks of the matrix, so that an object's score does not depend on its neighbours. */
static void
score(RoundState *state)
{
	GtlJob	   *job = state->job;
	float	   *rows = gtl_env_alloc(&state->env, mul_size(sizeof(float) * GTL_SCORE_BLOCK_ROWS, job->dimension));
	int32		best[GTL_SCORE_BLOCK_ROWS];
	double		margin[GTL_SCORE_BLOCK_ROWS];
	GtlScorer  *scorer = gtl_scorer_create(&state->fit.full, &state->env);
	GtlFeatureReader *reader = gtl_feature_reader_open(job->job_id, job->dimension);
	int32		i = 0;

	state->best = gtl_env_alloc(&state->env, mul_size(sizeof(int32), Max(state->pool_count, 1)));
	state->margin = gtl_env_alloc(&state->env, mul_size(sizeof(double), Max(state->pool_count, 1)));
	while (i < state->pool_count)
	{
		int32		first = state->pool[i] - state->pool[i] % GTL_SCORE_BLOCK_ROWS;
		int			count = Min(GTL_SCORE_BLOCK_ROWS, job->object_count - first);

		gtl_feature_reader_rows(reader, first, count, rows);
		gtl_scorer_block(scorer, rows, count, best, margin, NULL);
		for (; i < state->pool_count && state->pool[i] < first + count; i++)
		{
			state->best[i] = best[state->pool[i] - first];
			state->margin[i] = margin[state->pool[i] - first];
		}
	}
	gtl_feature_reader_close(reader);
	gtl_scorer_release(scorer, &state->env);
	state->round.scored = state->pool_count;
}

/* The next batch, out of the pool objects that no machine label covers. */
static void
choose_batch(RoundState *state)
{
	GtlJob	   *job = state->job;
	int32	   *rest = gtl_env_alloc(&state->env, sizeof(int32) * Max(state->pool_count, 1));
	double	   *margins = gtl_env_alloc(&state->env, sizeof(double) * Max(state->pool_count, 1));
	bool		random = state->margin == NULL || strcmp(job->query_strategy, "random") == 0;
	int64		wanted;
	int64		n = 0;

	for (int32 i = 0; i < state->pool_count; i++)
		if (state->margin == NULL || state->margin[i] < state->round.certificate.threshold)
		{
			margins[n] = state->margin == NULL ? 0 : state->margin[i];
			rest[n++] = state->pool[i];
		}
	wanted = gtl_limits_batch(job, gtl_schedule_batch_count(job->schedule, job->object_count, job->max_concurrent, n));
	state->selected = gtl_env_alloc(&state->env, sizeof(int32) * Max(wanted, 1));
	state->selected_margin = NAN;
	if (random)
		wanted = gtl_select_random(rest, n, wanted, (uint64) job->seed, GTL_STREAM_FIRST_BATCH, &state->env, state->selected);
	else
	{
		int64	   *places = gtl_env_alloc(&state->env, sizeof(int64) * Max(wanted, 1));

		wanted = gtl_select_lowest(rest, margins, n, wanted, &state->env, places);
		for (int64 i = 0; i < wanted; i++)
			state->selected[i] = rest[places[i]];
		if (wanted > 0)
			state->selected_margin = margins[places[wanted - 1]];
	}
	state->selected_count = (int32) wanted;
	state->round.selected = (int32) wanted;
}

static void
append_change(GtlLabelChange *change, int32 object, int32 class_no, double margin)
{
	change->object_no[change->count] = object;
	change->class_no[change->count] = class_no;
	change->confidence[change->count++] = (float) margin;
}

static void
init_change(const RoundState *state, GtlLabelChange *change, int32 most)
{
	memset(change, 0, sizeof(*change));
	change->object_no = gtl_env_alloc(&state->env, sizeof(int32) * Max(most, 1));
	change->class_no = gtl_env_alloc(&state->env, sizeof(int32) * Max(most, 1));
	change->confidence = gtl_env_alloc(&state->env, sizeof(float) * Max(most, 1));
}

/* Machine labels as this round decides them, written as differences from those that stand. */
static void
write_labels(RoundState *state)
{
	GtlRound   *round = &state->round;
	int32	   *old_object;
	int32	   *old_class;
	int			nold = gtl_label_read_machine(state->job->job_id, &old_object, &old_class);
	int32	   *withdrawn = gtl_env_alloc(&state->env, sizeof(int32) * Max(nold, 1));
	int			nwithdrawn = 0;
	GtlLabelChange added;
	GtlLabelChange changed;
	int			old = 0;

	init_change(state, &added, state->pool_count);
	init_change(state, &changed, nold);
	for (int32 i = 0; i < state->pool_count; i++)
	{
		int32		object = state->pool[i];
		bool		above = state->margin != NULL && state->margin[i] >= round->certificate.threshold;
		bool		stands = old < nold && old_object[old] == object;

		if (above && !stands)
			append_change(&added, object, state->best[i], state->margin[i]);
		else if (above && state->best[i] != old_class[old])
			append_change(&changed, object, state->best[i], state->margin[i]);
		else if (!above && stands)
			withdrawn[nwithdrawn++] = object;
		old += stands;
	}
	gtl_label_refresh_machine(state->job, round->round_no, round->model_id, &added, &changed, withdrawn, nwithdrawn);
	round->added = added.count;
	round->changed = changed.count;
	round->withdrawn = nwithdrawn;
	round->auto_labeled = state->job->machine_labeled;
}

static void
write_model(RoundState *state)
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
	model.parent_model_id = state->evidence.previous != NULL ? state->evidence.previous->model_id : 0;
	model.categories = job->categories;
	model.ncategories = job->ncategories;
	model.training_count = labels->count;
	model.class_counts = state->evidence.class_counts;
	for (int i = 0; i < labels->count; i++)
		right += labels->validation_no[i] >= 0 && state->fit.best[i] == labels->class_no[i];
	model.accuracy = (double) right / state->evidence.validation_count;
	model.log_loss = state->fit.log_loss;
	model.seconds = state->round.train_seconds;
	model.report = state->fit.full_report;
	model.classifier = state->fit.full;
	model.has_folds = true;
	memcpy(model.fold, state->fit.fold, sizeof(model.fold));
	gtl_model_insert(&model);
	state->round.model_id = model.model_id;
}

/* Step 8: validation objects that the query would have sent to people leave the certificate. */
static void
filter_validation(RoundState *state)
{
	const GtlHumanLabels *labels = &state->evidence.labels;
	int32	   *objects;
	int			count = 0;

	if (isnan(state->selected_margin))
		return;
	objects = gtl_env_alloc(&state->env, sizeof(int32) * labels->count);
	for (int i = 0; i < labels->count; i++)
		if (labels->validation_no[i] >= 0 && labels->active[i] && state->fit.margin[i] <= state->selected_margin)
			objects[count++] = labels->object_no[i];
	gtl_object_deactivate(state->job->job_id, objects, count);
}

static void
count_best_admits(RoundState *state)
{
	const GtlCertificate *c = &state->round.certificate;

	if (c->best_n > 0)
		for (int32 i = 0; i < state->pool_count; i++)
			state->round.best_admits += state->margin[i] >= c->best_threshold;
}

static void
write_round(RoundState *state)
{
	GtlJob	   *job = state->job;

	if (state->margin != NULL)
	{
		write_model(state);
		count_best_admits(state);
		filter_validation(state);
	}
	write_labels(state);
	state->round.reason = gtl_round_reason(job, &state->evidence, &state->round);
	gtl_round_insert(&state->round);
	if (state->selected_count > 0)
		gtl_batch_open(job, false, state->selected, state->selected_count);
	gtl_job_update(job);
	gtl_event_record(job, "round", "round %d: %s", state->round.round_no, state->round.reason);
	if (state->selected_count > 0)
		gtl_event_record(job, "batch_issued", "batch %d: %d training objects", job->open_batch_no, state->selected_count);
}

GtlJob *
gtl_run_round(GtlJob *job, GtlTransaction *transaction)
{
	MemoryContext context = AllocSetContextCreate(transaction->context, "gtlabel round", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	RoundState	state;
	instr_time	start;

	memset(&state, 0, sizeof(state));
	state.job = job;
	gtl_env_init(&state.env, context);
	load_round(&state);
	if (gtl_evidence_suffices(&state.evidence))
	{
		gtl_transaction_suspend(transaction);
		MemoryContextSwitchTo(context);
		train(&state);
		gtl_transaction_resume(transaction);
		MemoryContextSwitchTo(context);
	}

	MemoryContextSwitchTo(transaction->context);
	state.job = gtl_job_lock(job->job_id);
	MemoryContextSwitchTo(context);
	if (state.job != NULL && state.job->state == GTL_JOB_IN_PROGRESS)
	{
		INSTR_TIME_SET_CURRENT(start);
		list_pool(&state);
		if (gtl_evidence_suffices(&state.evidence))
		{
			score(&state);
			certify(&state);
		}
		choose_batch(&state);
		state.round.score_seconds = seconds_since(start);
		write_round(&state);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return state.job;
}
