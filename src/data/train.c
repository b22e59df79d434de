/*
 * train.c
 *		Training a classifier outside of any job.
 *
 * The same engine as a round: every row counts as a validation row, so each is
 * scored by a model that has not seen it, and the full model is fitted to all.
 */
#include "data/train.h"

#include "base/memory.h"
#include "base/team.h"
#include "learning/random.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "tables/featurizer.h"
#include "tables/model.h"
#include "tables/neighbour_map.h"

static void
describe_rows(const GtlMatrix *matrix, uint64 seed, GtlEngineEvidence *evidence)
{
	int64		rows = matrix->set.rows;
	bool	   *validation = palloc_extended(rows, MCXT_ALLOC_HUGE);
	int8_t	   *fold = palloc_extended(rows, MCXT_ALLOC_HUGE);

	for (int64 i = 0; i < rows; i++)
	{
		validation[i] = true;
		fold[i] = (int8_t) gtl_engine_fold(seed, -1, (int32) i);
	}
	memset(evidence, 0, sizeof(*evidence));
	evidence->set.labeled = matrix->set;
	evidence->set.validation = validation;
	evidence->set.fold = fold;
	evidence->set.stats = matrix->stats;
	evidence->human_labeled = rows;
	evidence->validation_count = Max(rows, GTL_FOLDS);
	evidence->classes_seen = 2; /* gtl_matrix_read has seen to it */
}

int64
gtl_train_model(const char *name, GtlMatrix *matrix, const GtlFeaturizer *featurizer,
				const GtlNeighbours *map, const GtlEngineSettings *settings)
{
	GtlTrainingNeeds needs = {0};
	GtlEngineEvidence evidence;
	GtlEngineRound round;
	GtlModel	model;
	GtlEnv		env;
	bool	   *right;
	int64		rights = 0;
	instr_time	start;
	instr_time	end;

	INSTR_TIME_SET_CURRENT(start);
	gtl_env_init(&env, CurrentMemoryContext);
	gtl_team_enable(&env);
	needs.algorithm = settings->algorithm;
	needs.neighbours = matrix->stats.neighbours;
	needs.what = psprintf("training model \"%s\"", name);
	gtl_training_set_finish(matrix->store, &matrix->set, &needs);
	describe_rows(matrix, settings->seed, &evidence);
	if (!gtl_engine_train(settings, &evidence, &env, &round))
		gtl_computing_raise();
	right = palloc_extended(Max(matrix->set.rows, 1), MCXT_ALLOC_HUGE);
	for (int64 i = 0; i < matrix->set.rows; i++)
	{
		right[i] = round.fit.best[i] == matrix->set.labels[i];
		rights += right[i];
	}
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);

	memset(&model, 0, sizeof(model));
	model.name = pstrdup(name);
	model.owner = GetUserId();
	model.categories = matrix->categories;
	model.ncategories = matrix->ncategories;
	model.training_count = (int32) matrix->set.rows;
	model.class_counts = matrix->class_counts;
	model.accuracy = (double) rights / matrix->set.rows;
	gtl_calibrate(round.fit.margin, right, matrix->set.rows, &model.calibration);
	model.log_loss = round.fit.log_loss;
	model.seconds = INSTR_TIME_GET_DOUBLE(end);
	model.report = round.fit.full_report;
	model.classifier = round.fit.full;
	model.featurizer_id = featurizer != NULL ? gtl_featurizer_insert(featurizer) : 0;
	if (map != NULL && model.classifier.candidate.neighbours)
	{
		model.neighbours_id = gtl_neighbour_map_reserve();
		gtl_neighbour_map_insert(model.neighbours_id, map);
	}
	gtl_model_insert(&model);
	return model.model_id;
}
