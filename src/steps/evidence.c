/*
 * evidence.c
 *		What a round learns from.
 */
#include "steps/evidence.h"

#include "base/memory.h"
#include "base/random.h"
#include "catalog/feature_page.h"

/*
 * Networks are compared with softmax regression only while a fit takes seconds: rows
 * x dimension x hidden units, and not on fewer rows than this (autolabel.md 3.4).
 */
#define NETWORK_MAX_PRODUCT 1e8
#define NETWORK_MIN_ROWS 100

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

/* Fold: place in the validation shuffle, or a hash of the object's number. */
static void
assign_folds(const GtlJob *job, GtlEvidence *evidence)
{
	const GtlHumanLabels *labels = &evidence->labels;
	bool	   *validation = palloc(Max(labels->count, 1) * sizeof(bool));
	int8_t	   *fold = palloc(Max(labels->count, 1));

	for (int i = 0; i < labels->count; i++)
	{
		validation[i] = labels->validation_no[i] >= 0;
		if (validation[i])
			fold[i] = (int8_t) (labels->validation_no[i] % GTL_FOLDS);
		else
			fold[i] = (int8_t) (gtl_random_bits((uint64) job->seed, GTL_STREAM_FOLD, labels->object_no[i]) % GTL_FOLDS);
	}
	evidence->set.validation = validation;
	evidence->set.fold = fold;
}

static void
load_features(const GtlJob *job, const GtlEnv *env, GtlEvidence *evidence)
{
	const GtlHumanLabels *labels = &evidence->labels;
	Size		bytes = mul_size(mul_size(labels->count, job->dimension), sizeof(float));
	float	   *features;
	GtlFeatureReader *reader;

	gtl_memory_check(add_size(bytes, gtl_crossfit_memory(labels->count, job->dimension, job->ncategories)),
					 psprintf("training labeling job \"%s\"", job->name));
	features = gtl_env_alloc(env, bytes);
	reader = gtl_feature_reader_open(job->job_id, job->dimension);
	gtl_feature_reader_gather(reader, labels->object_no, labels->count, features);
	gtl_feature_reader_close(reader);
	evidence->set.labeled.rows = labels->count;
	evidence->set.labeled.dimension = job->dimension;
	evidence->set.labeled.classes = job->ncategories;
	evidence->set.labeled.features = features;
	evidence->set.labeled.labels = labels->class_no;
	gtl_job_feature_stats(job, env, &evidence->set.stats);
}

void
gtl_evidence_load(const GtlJob *job, const GtlEnv *env, GtlEvidence *evidence)
{
	memset(evidence, 0, sizeof(*evidence));
	gtl_round_last(job->job_id, &evidence->last);
	gtl_label_read_human(job->job_id, &evidence->labels);
	count_classes(job, evidence);
	if (!gtl_evidence_suffices(evidence))
		return;
	assign_folds(job, evidence);
	load_features(job, env, evidence);
	if (evidence->last.model_id != 0)
		evidence->previous = gtl_model_get(evidence->last.model_id, env);
}

bool
gtl_evidence_suffices(const GtlEvidence *evidence)
{
	return evidence->classes_seen >= 2 && evidence->validation_count >= GTL_FOLDS;
}

int
gtl_evidence_candidates(const GtlJob *job, const GtlEvidence *evidence, int *candidates)
{
	double		rows = evidence->labels.count;
	int			count = 0;

	for (int i = 0; i < GTL_CANDIDATE_COUNT; i++)
	{
		const GtlCandidate *candidate = &gtl_candidates[i];
		bool		network = candidate->algorithm == GTL_MLP;

		if (strcmp(job->algorithm, "auto") != 0 && strcmp(job->algorithm, network ? "mlp" : "softmax") != 0)
			continue;
		if (strcmp(job->algorithm, "auto") == 0 && network &&
			(rows < NETWORK_MIN_ROWS ||
			 rows * job->dimension * Max(candidate->hidden, job->ncategories) > NETWORK_MAX_PRODUCT))
			continue;
		candidates[count++] = i;
	}
	return count;
}

bool
gtl_evidence_selection_due(const GtlEvidence *evidence)
{
	return evidence->previous == NULL || evidence->labels.count >= 2 * evidence->last.selected_at;
}
