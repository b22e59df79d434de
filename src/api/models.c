/*
 * models.c
 *		Classifiers outside of jobs: gt_train, gt_drop_model.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "api/job_settings.h"
#include "api/text_settings.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/progress.h"
#include "data/matrix.h"
#include "data/text_features.h"
#include "data/train.h"
#include "learning/engine.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "steps/evidence.h"
#include "tables/featurizer.h"
#include "tables/model.h"
#include "tables/neighbour_map.h"
#include "utils/builtins.h"

static void
check_model_name(const char *name)
{
	int			length = pg_mbstrlen(name);

	if (length < 1 || length > 63)
		gtl_error_setting("model_name", "must have 1 to 63 characters", NULL);
	for (const char *c = name; *c != '\0'; c++)
		if (*c == '/' || (unsigned char) *c < ' ' || *c == 0x7f)
			gtl_error_setting("model_name", "must not contain \"/\" or control characters",
							  "The models of a job are named job_name/round.");
}

/* Positions of the arguments of gt_train. */
enum
{
	ARG_MODEL_NAME, ARG_DATASET, ARG_LABEL_COLUMN, ARG_FEATURES_COLUMN, ARG_ALGORITHM, ARG_LABEL_CATEGORIES, ARG_SEED,
	ARG_TEXT_COLUMN, ARG_TEXT_DIMENSIONS, ARG_WORD_VECTORS, ARG_NEIGHBOURS
};

static void
describe_dataset(FunctionCallInfo fcinfo, GtlDataset *dataset)
{
	char	   *text_column = gtl_argument_name_or_null(fcinfo, ARG_TEXT_COLUMN);

	gtl_argument_required(fcinfo, ARG_DATASET, "dataset");
	gtl_argument_required(fcinfo, ARG_LABEL_COLUMN, "label_column");
	if (text_column == NULL)
		gtl_argument_required(fcinfo, ARG_FEATURES_COLUMN, "features_column");
	gtl_dataset_describe(PG_GETARG_OID(ARG_DATASET), NULL, GTL_KEY_OPTIONAL,
						 gtl_text_features_column(fcinfo, text_column), text_column,
						 gtl_argument_name_or_null(fcinfo, ARG_LABEL_COLUMN), NULL, dataset);
}

/* What makes features of its texts; NULL: it has none. */
static const GtlFeaturizer *
learn_from_texts(FunctionCallInfo fcinfo, GtlDataset *dataset)
{
	GtlTextSettings text;

	gtl_text_settings_read(fcinfo, dataset->text_column, &text);
	return dataset->text_column == NULL ? NULL : gtl_text_features_fit(dataset, &text);
}

/* NULL: they are left out, which is told to those who have asked for them, and where the rows would do. */
static const GtlNeighbours *
add_neighbours(FunctionCallInfo fcinfo, const char *name, GtlMatrix *matrix)
{
	char	   *reason;
	const GtlNeighbours *map = gtl_matrix_add_neighbours(matrix, NULL, &reason);

	if (map == NULL && (!PG_ARGISNULL(ARG_NEIGHBOURS) || matrix->stats.count >= GTL_NEIGHBOURS_FEWEST_ROWS))
		ereport(NOTICE,
				(errmsg("model \"%s\" has no neighbourhood columns", name),
				 errdetail("Left out: %s.", reason)));
	return map;
}

PG_FUNCTION_INFO_V1(gtl_sql_train);
Datum
gtl_sql_train(PG_FUNCTION_ARGS)
{
	char	   *name = gtl_argument_text(fcinfo, ARG_MODEL_NAME, "model_name");
	GtlDataset	dataset;
	GtlMatrix	matrix;
	GtlEngineSettings settings;
	GtlJob		choices;
	char	  **categories = NULL;
	int			ncategories = 0;
	const GtlFeaturizer *featurizer;
	const GtlNeighbours *map;
	bool		neighbours = PG_ARGISNULL(ARG_NEIGHBOURS) || PG_GETARG_BOOL(ARG_NEIGHBOURS);

	check_model_name(name);
	gtl_progress_begin(0, "loading");
	memset(&settings, 0, sizeof(settings));
	gtl_job_setting_read(fcinfo, "algorithm", &choices);
	settings.algorithm = choices.algorithm;
	if (!PG_ARGISNULL(ARG_LABEL_CATEGORIES))
	{
		categories = gtl_argument_text_array(fcinfo, ARG_LABEL_CATEGORIES, "label_categories", &ncategories);
		gtl_check_categories(categories, ncategories);
	}
	gtl_argument_required(fcinfo, ARG_SEED, "seed");
	settings.seed = (uint64) PG_GETARG_INT64(ARG_SEED);
	describe_dataset(fcinfo, &dataset);
	featurizer = learn_from_texts(fcinfo, &dataset);
	dataset.labeled_only = !neighbours;
	gtl_matrix_read(&dataset, categories, ncategories, neighbours, false, &matrix);
	map = neighbours ? add_neighbours(fcinfo, name, &matrix) : NULL;
	PG_RETURN_INT64(gtl_train_model(name, &matrix, featurizer, map, &settings));
}

PG_FUNCTION_INFO_V1(gtl_sql_drop_model);
Datum
gtl_sql_drop_model(PG_FUNCTION_ARGS)
{
	GtlModel   *model = gtl_model_find(gtl_argument_text(fcinfo, 0, "model_name"), NULL);

	if (model->job_id != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop model \"%s\" because its labeling job exists", model->name),
				 errhint("gt_drop_job(..., with_models => true) drops a job with its models.")));
	gtl_model_require_unused(model);
	gtl_model_delete(model->model_id);
	gtl_featurizer_drop_unused(model->featurizer_id);
	gtl_neighbour_map_drop_unused(model->neighbours_id);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(gtl_sql_networks_left_out);

/* (labeled, dimension, classes) */
Datum
gtl_sql_networks_left_out(PG_FUNCTION_ARGS)
{
	int			hidden = gtl_smallest_network();
	int			dimension = PG_GETARG_INT32(1);
	int			classes = PG_GETARG_INT32(2);

	switch (gtl_engine_networks(hidden, PG_GETARG_INT32(0), dimension, classes))
	{
		case GTL_NETWORKS_COMPARED:
			break;
		case GTL_NETWORKS_TOO_FEW_ROWS:
			PG_RETURN_TEXT_P(cstring_to_text(psprintf("networks: fewer than %d labeled objects", GTL_NETWORK_MIN_ROWS)));
		case GTL_NETWORKS_TOO_LARGE:
			PG_RETURN_TEXT_P(cstring_to_text(psprintf("networks: more than %s multiplications an iteration",
				gtl_format_count((int64) gtl_engine_network_limit(hidden, dimension, classes)))));
	}
	PG_RETURN_NULL();
}
