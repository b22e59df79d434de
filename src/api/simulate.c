/*
 * simulate.c
 *		gt_simulate_job: replays whole jobs on a table that is already labeled.
 *
 * Reads the dataset once, runs learning/simulate.c on it, writes nothing.
 */
#include "base/compat.h"

#include <math.h>

#include "api/arguments.h"
#include "api/job_settings.h"
#include "api/text_settings.h"
#include "base/errors.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/team.h"
#include "data/matrix.h"
#include "funcapi.h"
#include "learning/simulate.h"
#include "miscadmin.h"
#include "steps/evidence.h"
#include "tables/model.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

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
read_settings(FunctionCallInfo fcinfo, GtlJob *job, GtlSimulationSettings *settings)
{
	int			error = gtl_argument_place(fcinfo, "annotator_error");

	memset(job, 0, sizeof(*job));
	memset(settings, 0, sizeof(*settings));
	gtl_argument_required(fcinfo, gtl_argument_place(fcinfo, "label_column"), "label_column");
	gtl_argument_required(fcinfo, gtl_argument_place(fcinfo, "features_column"), "features_column");
	gtl_job_settings_read(fcinfo, job);
	job->features_column = gtl_text_features_column(fcinfo, job->text_column);
	gtl_job_settings_check(job);
	job->seed = gtl_argument_seed(fcinfo, gtl_argument_place(fcinfo, "seed"));
	gtl_evidence_settings(job, &settings->engine);
	settings->validation_share = job->validation_share;
	gtl_argument_required(fcinfo, error, "annotator_error");
	settings->annotator_error = PG_GETARG_FLOAT8(error);
	if (!(settings->annotator_error >= 0 && settings->annotator_error < 1))
		gtl_error_setting("annotator_error", "must be at least 0 and less than 1", NULL);
}

static void
read_matrix(FunctionCallInfo fcinfo, GtlJob *job, GtlMatrix *matrix)
{
	GtlDataset	dataset;
	GtlTextSettings text;

	if (job->categories != NULL)
		gtl_check_categories(job->categories, job->ncategories);
	gtl_dataset_describe(job->dataset, job->key_column, GTL_KEY_OPTIONAL, job->features_column, job->text_column,
						 job->label_column, NULL, &dataset);
	dataset.labeled_only = true;
	gtl_text_settings_read(fcinfo, job->text_column, &text);
	gtl_text_use_initial_model(job, &text, &dataset);
	if (dataset.text_column != NULL && dataset.maker == NULL)
		(void) gtl_text_features_fit(&dataset, &text);
	gtl_matrix_read(&dataset, job->categories, job->ncategories, matrix);
}

/* The model that the simulated jobs start from; it has to fit the data. */
static const GtlClassifier *
read_initial_model(const GtlJob *job, const GtlMatrix *matrix)
{
	GtlEnv		env;
	GtlModel   *model;
	bool		fits;

	if (job->initial_model_id == 0)
		return NULL;
	gtl_env_init(&env, CurrentMemoryContext);
	model = gtl_model_get(job->initial_model_id, &env);
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
	GtlJob		job;
	GtlSimulationSettings settings;
	GtlMatrix	matrix;
	GtlEnv		env;
	Output		output = {(ReturnSetInfo *) fcinfo->resultinfo, 0};
	int32		repetitions = gtl_argument_int32(fcinfo, gtl_argument_place(fcinfo, "repetitions"), "repetitions", 1, 1000000);

	read_settings(fcinfo, &job, &settings);
	gtl_progress_begin(0, "loading");
	read_matrix(fcinfo, &job, &matrix);
	settings.initial = read_initial_model(&job, &matrix);
	if (settings.engine.promise.guarantee == GTL_GUARANTEE_AUDITED)
		needs.row_bytes += GTL_AUDIT_LABEL_BYTES;
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
		if (!gtl_simulate(&matrix.set, &matrix.stats, &settings, (uint64) job.seed + (uint64) r, &env, put_round, &output))
			gtl_computing_raise();
		MemoryContextReset((MemoryContext) env.context);
	}
	return (Datum) 0;
}
