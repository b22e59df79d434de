/*
 * simulate.c
 *		gt_simulate_job: replays whole jobs on a table that is already labeled.
 *
 * Reads the dataset once, runs learning/simulate.c on it, writes nothing.
 */
#include "base/compat.h"

#include <math.h>

#include "api/arguments.h"
#include "base/errors.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/team.h"
#include "data/matrix.h"
#include "funcapi.h"
#include "learning/simulate.h"
#include "miscadmin.h"
#include "tables/model.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Positions of the arguments, in the order of the SQL signature. */
enum
{
	ARG_DATASET, ARG_LABEL_COLUMN, ARG_LABEL_CATEGORIES, ARG_KEY_COLUMN, ARG_FEATURES_COLUMN,
	ARG_MAX_CONCURRENT_TASK_COUNT, ARG_TARGET_ACCURACY, ARG_CONFIDENCE_LEVEL, ARG_GUARANTEE, ARG_SCHEDULE,
	ARG_VALIDATION_SHARE, ARG_ALGORITHM, ARG_QUERY_STRATEGY, ARG_MAX_HUMAN, ARG_MAX_PERCENTAGE, ARG_SEED,
	ARG_ANNOTATOR_ERROR, ARG_REPETITIONS, ARG_INITIAL_MODEL, ARG_BEST_VALIDATION, ARG_PER_CLASS
};

typedef struct Output
{
	ReturnSetInfo *rsinfo;
	int32		repetition;
} Output;

static void
put_round(void *context, const GtlSimulatedRound *round)
{
	Output	   *output = context;
	Datum		values[8] = {Int32GetDatum(output->repetition), Int32GetDatum(round->round_no),
		Int32GetDatum((int32) round->human_labeled), Int32GetDatum((int32) round->machine_labeled),
		Float8GetDatum(round->threshold), Float8GetDatum(round->bound), Float8GetDatum(round->machine_error),
	BoolGetDatum(round->final)};
	bool		nulls[8] = {false, round->round_no < 0, false, false, isnan(round->threshold), isnan(round->bound),
	isnan(round->machine_error), false};

	tuplestore_putvalues(output->rsinfo->setResult, output->rsinfo->setDesc, values, nulls);
}

static void
read_settings(FunctionCallInfo fcinfo, GtlSimulationSettings *settings)
{
	GtlEngineSettings *engine = &settings->engine;

	memset(settings, 0, sizeof(*settings));
	engine->max_concurrent = gtl_argument_int32(fcinfo, ARG_MAX_CONCURRENT_TASK_COUNT, "max_concurrent_task_count",
												1, PG_INT32_MAX);
	engine->promise.target_error = 1.0 - gtl_argument_share(fcinfo, ARG_TARGET_ACCURACY, "target_accuracy");
	engine->promise.delta = 1.0 - gtl_argument_share(fcinfo, ARG_CONFIDENCE_LEVEL, "confidence_level");
	gtl_argument_engine(fcinfo, ARG_GUARANTEE, ARG_SCHEDULE, ARG_ALGORITHM, ARG_QUERY_STRATEGY, engine);
	engine->per_class = !PG_ARGISNULL(ARG_PER_CLASS) && PG_GETARG_BOOL(ARG_PER_CLASS);
	settings->validation_share = PG_ARGISNULL(ARG_VALIDATION_SHARE) ? -1 :
		gtl_argument_share(fcinfo, ARG_VALIDATION_SHARE, "validation_share");
	if (!PG_ARGISNULL(ARG_MAX_HUMAN))
		engine->limits.max_human = gtl_argument_int32(fcinfo, ARG_MAX_HUMAN, "max_human_labeled_object_count",
													  1, PG_INT32_MAX);
	if (!PG_ARGISNULL(ARG_MAX_PERCENTAGE))
		engine->limits.max_percentage = gtl_argument_int32(fcinfo, ARG_MAX_PERCENTAGE,
														   "max_percentage_of_input_dataset_labeled", 1, 100);
	gtl_argument_required(fcinfo, ARG_ANNOTATOR_ERROR, "annotator_error");
	settings->annotator_error = PG_GETARG_FLOAT8(ARG_ANNOTATOR_ERROR);
	if (!(settings->annotator_error >= 0 && settings->annotator_error < 1))
		gtl_error_setting("annotator_error", "must be at least 0 and less than 1", NULL);
}

static void
read_matrix(FunctionCallInfo fcinfo, GtlMatrix *matrix)
{
	char	  **categories = NULL;
	int			ncategories = 0;
	GtlDataset	dataset;

	gtl_argument_required(fcinfo, ARG_DATASET, "dataset");
	gtl_argument_required(fcinfo, ARG_LABEL_COLUMN, "label_column");
	gtl_argument_required(fcinfo, ARG_FEATURES_COLUMN, "features_column");
	if (!PG_ARGISNULL(ARG_LABEL_CATEGORIES))
	{
		categories = gtl_argument_text_array(fcinfo, ARG_LABEL_CATEGORIES, "label_categories", &ncategories);
		gtl_check_categories(categories, ncategories);
	}
	gtl_dataset_describe(PG_GETARG_OID(ARG_DATASET), gtl_argument_name_or_null(fcinfo, ARG_KEY_COLUMN),
						 GTL_KEY_OPTIONAL, gtl_argument_name_or_null(fcinfo, ARG_FEATURES_COLUMN),
						 gtl_argument_name_or_null(fcinfo, ARG_LABEL_COLUMN), NULL, &dataset);
	gtl_matrix_read(&dataset, categories, ncategories, matrix);
}

static void
set_best_validation(GtlSimulationSettings *settings, int64 rows, int classes)
{
	int64		minimum = gtl_certify_minimum(&settings->engine.promise, settings->engine.per_class, classes);

	if (settings->validation_share >= 0)
		gtl_error_setting("best_validation", "and validation_share exclude each other", NULL);
	settings->validation_share =
		gtl_schedule_share_of(gtl_schedule_best_validation_count(rows, minimum), rows);
}

/* The model that the simulated jobs start from; it has to fit the data. */
static const GtlClassifier *
read_initial_model(FunctionCallInfo fcinfo, const GtlMatrix *matrix)
{
	GtlEnv		env;
	GtlModel   *model;
	bool		fits;

	if (PG_ARGISNULL(ARG_INITIAL_MODEL))
		return NULL;
	gtl_env_init(&env, CurrentMemoryContext);
	model = gtl_model_find(gtl_argument_text(fcinfo, ARG_INITIAL_MODEL, "initial_model"), &env);
	fits = model->ncategories == matrix->ncategories && model->classifier.dimension == matrix->set.dimension;
	for (int i = 0; fits && i < matrix->ncategories; i++)
		fits = strcmp(model->categories[i], matrix->categories[i]) == 0;
	if (!fits)
		gtl_error_setting("initial_model", psprintf("\"%s\" has other categories or dimensions than the dataset", model->name),
						  "Name the model's label_categories, in their order.");
	return &model->classifier;
}

PG_FUNCTION_INFO_V1(gtl_sql_simulate_job);
Datum
gtl_sql_simulate_job(PG_FUNCTION_ARGS)
{
	GtlTrainingNeeds needs = {.grows = true,.row_bytes = GTL_SIMULATE_ROW_BYTES,.what = "simulating a labeling job"};
	GtlSimulationSettings settings;
	GtlMatrix	matrix;
	GtlEnv		env;
	Output		output = {(ReturnSetInfo *) fcinfo->resultinfo, 0};
	int32		repetitions = gtl_argument_int32(fcinfo, ARG_REPETITIONS, "repetitions", 1, 1000000);
	uint64		seed = (uint64) gtl_argument_seed(fcinfo, ARG_SEED);

	read_settings(fcinfo, &settings);
	gtl_progress_begin(0, "loading");
	read_matrix(fcinfo, &matrix);
	if (!PG_ARGISNULL(ARG_BEST_VALIDATION) && PG_GETARG_BOOL(ARG_BEST_VALIDATION))
		set_best_validation(&settings, matrix.set.rows, matrix.set.classes);
	settings.initial = read_initial_model(fcinfo, &matrix);
	needs.algorithm = settings.engine.algorithm;
	needs.initial = settings.initial;
	gtl_training_set_finish(matrix.store, &matrix.set, &needs);
	InitMaterializedSRF(fcinfo, 0);
	gtl_env_init(&env, AllocSetContextCreate(CurrentMemoryContext, "gtlabel simulation", ALLOCSET_DEFAULT_SIZES));
	gtl_team_enable(&env);
	env.progress = NULL;		/* the phases of all these rounds would say nothing */
	for (int32 r = 0; r < repetitions; r++)
	{
		CHECK_FOR_INTERRUPTS();
		gtl_progress_update("simulating", r, repetitions);
		output.repetition = r + 1;
		if (!gtl_simulate(&matrix.set, &matrix.stats, &settings, seed + (uint64) r, &env, put_round, &output))
			gtl_computing_raise();
		MemoryContextReset((MemoryContext) env.context);
	}
	return (Datum) 0;
}
