/*
 * evidence.c
 *		What a round of a live job learns from.
 */
#include "steps/evidence.h"

#include "base/memory.h"
#include "data/training_set.h"
#include "learning/next_batch.h"
#include "steps/audit_again.h"
#include "tables/audit.h"
#include "tables/feature_page.h"
#include "tables/object.h"
#include "tables/segment.h"

/* Rows that came with a label train like objects that people have labeled. */
static void
append_given(const GtlJob *job, GtlEvidence *evidence)
{
	GtlHumanLabels *labels = &evidence->labels;
	int32	   *rows;
	int32	   *classes;
	int			given = gtl_given_read(job->job_id, &rows, &classes);
	int			total = labels->count + given;
	GtlHumanLabels all;

	memset(&all, 0, sizeof(all));
	all.object_no = palloc(sizeof(int32) * total);
	all.class_no = palloc(sizeof(int32) * total);
	all.validation_no = palloc(sizeof(int32) * total);
	all.active = palloc0(sizeof(bool) * total);
	if (labels->count > 0)
	{
		memcpy(all.object_no, labels->object_no, sizeof(int32) * labels->count);
		memcpy(all.class_no, labels->class_no, sizeof(int32) * labels->count);
		memcpy(all.validation_no, labels->validation_no, sizeof(int32) * labels->count);
		memcpy(all.active, labels->active, sizeof(bool) * labels->count);
	}
	memcpy(all.object_no + labels->count, rows, sizeof(int32) * given);
	memcpy(all.class_no + labels->count, classes, sizeof(int32) * given);
	for (int i = 0; i < given; i++)
		all.validation_no[labels->count + i] = -1;
	all.count = total;
	evidence->given_count = given;
	*labels = all;
}

static void
count_classes(const GtlJob *job, GtlEvidence *evidence)
{
	const GtlHumanLabels *labels = &evidence->labels;

	evidence->class_counts = palloc0(sizeof(int32) * job->ncategories);
	for (int i = 0; i < labels->count; i++)
	{
		if (evidence->class_counts[labels->class_no[i]]++ == 0)
			evidence->classes_seen++;
		if (labels->validation_no[i] < 0)
			evidence->training_count++;
		else
		{
			evidence->validation_count++;
			evidence->validation_active += labels->active[i];
		}
	}
}

/* The validation objects; and what audits have drawn is scored like them. */
static bool *
list_validation(const GtlJob *job, int32 lot_no, const GtlEvidence *evidence)
{
	const GtlHumanLabels *labels = &evidence->labels;
	bool	   *validation = gtl_memory_list(sizeof(bool), labels->count);
	int32	   *drawn;
	int			count;
	int			next = 0;

	for (int i = 0; i < labels->count; i++)
		validation[i] = labels->validation_no[i] >= 0;
	if (job->guarantee != GTL_GUARANTEE_AUDITED || job->placement == GTL_PLACEMENT_IN_PLACE)
		return validation;
	count = gtl_audit_objects_drawn_once(job->job_id, lot_no, &drawn);
	for (int i = 0; i < labels->count - evidence->given_count && next < count; i++)
	{
		while (next < count && drawn[next] < labels->object_no[i])
			next++;
		validation[i] = validation[i] || (next < count && drawn[next] == labels->object_no[i]);
	}
	pfree(drawn);
	return validation;
}

static void
describe_rows(const GtlJob *job, int32 lot_no, GtlEvidence *evidence)
{
	const GtlHumanLabels *labels = &evidence->labels;
	bool	   *chosen = gtl_memory_list(sizeof(bool), labels->count);
	int8_t	   *fold = gtl_memory_list(1, labels->count);

	for (int i = 0; i < labels->count; i++)
	{
		chosen[i] = labels->validation_no[i] >= 0 && job->chosen_start;
		fold[i] = (int8_t) gtl_engine_fold((uint64) job->seed, labels->validation_no[i], labels->object_no[i]);
	}
	evidence->engine.set.validation = list_validation(job, lot_no, evidence);
	evidence->engine.set.fold = fold;
	evidence->engine.active = labels->active;
	evidence->engine.chosen = chosen;
}

void
gtl_evidence_mark_sample(const GtlEngineSettings *settings, const int32 *pool, int64 pool_count, GtlEvidence *evidence)
{
	int			count = evidence->labels.count - evidence->given_count;
	bool	   *validation = gtl_memory_list(sizeof(bool), evidence->labels.count);

	memcpy(validation, evidence->engine.set.validation, evidence->labels.count);
	gtl_mark_sample(settings, evidence->labels.object_no, count, pool, pool_count, validation);
	evidence->engine.set.validation = validation;
}

static void
load_features(const GtlJob *job, const GtlEnv *env, GtlEvidence *evidence)
{
	const GtlHumanLabels *labels = &evidence->labels;
	GtlLabeledSet *set = &evidence->engine.set.labeled;
	GtlRowStore *store = gtl_training_set_create(gtl_job_width(job));
	GtlFeatureReader *reader = gtl_feature_reader_open(job);
	float	   *row = palloc(sizeof(float) * gtl_job_width(job));
	GtlTrainingNeeds needs = {0};
	GtlEngineSettings settings;

	gtl_evidence_settings(job, &settings);
	for (int i = 0; i < labels->count; i++)
	{
		gtl_feature_reader_rows(reader, labels->object_no[i], 1, row);
		gtl_row_store_add(store, row);
	}
	gtl_feature_reader_close(reader);
	pfree(row);
	set->rows = labels->count;
	set->dimension = gtl_job_width(job);
	set->classes = job->ncategories;
	set->labels = labels->class_no;
	needs.algorithm = settings.algorithm;
	needs.neighbours = gtl_job_width(job) - job->dimension;
	needs.initial = evidence->engine.initial;
	needs.previous = evidence->engine.previous;
	needs.what = psprintf("training labeling job \"%s\"", job->name);
	gtl_training_set_finish(store, set, &needs);
	gtl_segment_stats(job->job_id, job->dimension, env, &evidence->engine.set.stats);
	evidence->engine.set.stats.neighbours = gtl_job_width(job) - job->dimension;
	evidence->engine.set.stats.proposals = job->proposal_inputs;
}

/* A model of fewer categories, or other ones, is no start for one of all; NULL: none. */
static GtlModel *
with_categories(const GtlJob *job, GtlModel *model)
{
	if (model == NULL || model->ncategories != job->ncategories)
		return NULL;
	for (int c = 0; c < job->ncategories; c++)
		if (strcmp(model->categories[c], job->categories[c]) != 0)
			return NULL;
	return model;
}

/* What audits have found that were given up counts in the next one. */
static void
load_former(const GtlJob *job, int32 lot_no, const GtlEnv *env, GtlEvidence *evidence)
{
	if (job->guarantee != GTL_GUARANTEE_AUDITED || job->placement == GTL_PLACEMENT_IN_PLACE)
		return;
	evidence->engine.former = evidence->former;
	evidence->engine.formers = gtl_audit_load_former(job, lot_no, env, evidence->former);
}

void
gtl_evidence_load(const GtlJob *job, const GtlEnv *env, GtlEvidence *evidence)
{
	int32		lot_no = gtl_segment_last(job->job_id).lot_no;

	memset(evidence, 0, sizeof(*evidence));
	evidence->neighbours_id = job->neighbours_id;
	gtl_round_last(job->job_id, &evidence->last);
	gtl_label_read_human(job->job_id, &evidence->labels);
	evidence->engine.human_labeled = evidence->labels.count;
	if (job->given_count > 0)
		append_given(job, evidence);
	count_classes(job, evidence);
	evidence->engine.classes_seen = evidence->classes_seen;
	evidence->engine.validation_count = evidence->validation_count;
	evidence->engine.label_noise = Max(job->label_noise, 0);
	evidence->engine.selected_at = evidence->last.selected_at;
	evidence->engine.audits = gtl_audits_over(job->job_id, &evidence->engine.history);
	evidence->engine.attempts = gtl_audits_attempts(job->job_id, lot_no);
	if (!gtl_engine_sufficient(evidence->classes_seen, evidence->validation_count))
		return;
	describe_rows(job, lot_no, evidence);
	load_former(job, lot_no, env, evidence);
	if (evidence->last.model_id != 0)
		evidence->previous = with_categories(job, gtl_model_get(evidence->last.model_id, env));
	if (job->initial_model_id != 0)
		evidence->initial = with_categories(job, gtl_model_get(job->initial_model_id, env));
	if (evidence->initial != NULL)
		evidence->engine.initial = &evidence->initial->classifier;
	evidence->engine.chosen_initial = evidence->last.candidate == GTL_ENGINE_INITIAL;
	/* other columns are other inputs: classifiers are compared anew, and start from nothing */
	if (evidence->previous != NULL && evidence->last.neighbours_id == job->neighbours_id)
	{
		evidence->engine.previous = &evidence->previous->classifier;
		if (evidence->previous->has_folds)
			evidence->engine.previous_folds = evidence->previous->fold;
	}
	load_features(job, env, evidence);
}

bool
gtl_evidence_holds(const GtlJob *job, const GtlEvidence *evidence)
{
	int			count = evidence->labels.count - evidence->given_count;	/* the given rows come last */
	GtlHumanLabels now;

	gtl_label_read_human(job->job_id, &now);
	return job->neighbours_id == evidence->neighbours_id && now.count == count &&
		memcmp(now.object_no, evidence->labels.object_no, sizeof(int32) * count) == 0 &&
		memcmp(now.class_no, evidence->labels.class_no, sizeof(int32) * count) == 0;
}

Size
gtl_evidence_memory(const GtlJob *job, int64 rows)
{
	GtlEngineSettings settings;

	gtl_evidence_settings(job, &settings);
	return gtl_engine_memory(settings.algorithm, NULL, NULL, rows, rows, job->dimension, gtl_job_width(job) - job->dimension,
							 job->ncategories, true);
}

void
gtl_evidence_settings(const GtlJob *job, GtlEngineSettings *settings)
{
	memset(settings, 0, sizeof(*settings));
	settings->schedule = job->schedule;
	settings->objects = job->object_count;
	settings->max_concurrent = job->max_concurrent;
	settings->promise = gtl_job_promise(job);
	settings->per_class = job->per_class;
	settings->algorithm = job->algorithm;
	settings->random_queries = job->query_strategy == GTL_QUERY_RANDOM;
	settings->whole_dataset = job->placement == GTL_PLACEMENT_IN_PLACE;
	settings->limits.max_human = job->max_human_labeled;
	settings->limits.max_percentage = job->max_percentage_labeled;
	settings->seed = (uint64) job->seed;
}

void
gtl_evidence_live_settings(const GtlJob *job, GtlEngineSettings *settings)
{
	GtlSegment	last = gtl_segment_last(job->job_id);

	gtl_evidence_settings(job, settings);
	/* what an audit over the dataset may leave wrong is spent when one has passed */
	settings->lot_objects = gtl_audits_passed(job->job_id, last.lot_no) ? 0 :
		gtl_segment_lot_objects(job->job_id, last.lot_no, PG_INT32_MAX);
	settings->later_lot = last.lot_no > 0;
	settings->rows = gtl_segment_end(&last);
}
