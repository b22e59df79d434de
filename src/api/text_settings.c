/*
 * text_settings.c
 *		The settings of a text column, as arguments of functions.
 */
#include "api/text_settings.h"

#include "api/arguments.h"
#include "base/errors.h"
#include "base/memory.h"
#include "nodes/primnodes.h"
#include "tables/featurizer.h"
#include "tables/model.h"

#define DEFAULT_DIMENSIONS 256

/*
 * Was the argument written in the call, or is it the default of the function?  A default is a constant that
 * stands nowhere in the text of the query; what was a parameter keeps its place.
 */
static bool
is_given(FunctionCallInfo fcinfo, int argument)
{
	Node	   *call = fcinfo->flinfo->fn_expr;
	Node	   *value;

	if (call == NULL || !IsA(call, FuncExpr))
		return true;
	value = list_nth(((FuncExpr *) call)->args, argument);
	return !IsA(value, Const) || ((Const *) value)->location >= 0;
}

char *
gtl_text_features_column(FunctionCallInfo fcinfo, const char *text_column)
{
	int			argument = gtl_argument_place(fcinfo, "features_column");

	if (text_column != NULL && !is_given(fcinfo, argument))
		return NULL;
	return gtl_argument_name_or_null(fcinfo, argument);
}

void
gtl_text_settings_read(FunctionCallInfo fcinfo, const char *text_column, GtlTextSettings *settings)
{
	int			words = gtl_argument_place(fcinfo, "word_vectors");

	settings->dimensions = gtl_argument_int32(fcinfo, gtl_argument_place(fcinfo, "text_dimensions"), "text_dimensions",
											  GTL_TEXT_MIN_DIMENSIONS, GTL_TEXT_MAX_DIMENSIONS);
	settings->word_vectors = PG_ARGISNULL(words) ? InvalidOid : PG_GETARG_OID(words);
	if (OidIsValid(settings->word_vectors) && text_column == NULL)
		gtl_error_setting("word_vectors", "goes with text_column only", NULL);
}

/* The model has its own. */
static void
check_settings(const GtlModel *model, const GtlFeaturizer *featurizer, const GtlTextSettings *settings)
{
	if (OidIsValid(settings->word_vectors))
		gtl_error_setting("word_vectors", psprintf("cannot be chosen beside initial_model \"%s\", which brings its own", model->name),
						  NULL);
	if (settings->dimensions != DEFAULT_DIMENSIONS && settings->dimensions != featurizer->directions)
		gtl_error_setting("text_dimensions", psprintf("is %d for initial_model \"%s\"", featurizer->directions, model->name), NULL);
}

void
gtl_text_use_initial_model(GtlJob *job, const GtlTextSettings *settings, GtlDataset *dataset)
{
	GtlEnv		env;
	GtlModel   *model;
	GtlFeaturizer *featurizer;

	if (job->initial_model_id == 0)
		return;
	gtl_env_init(&env, CurrentMemoryContext);
	model = gtl_model_get(job->initial_model_id, NULL);
	if ((model->featurizer_id != 0) != (dataset->text_column != NULL))
		gtl_error_setting("initial_model", psprintf(model->featurizer_id != 0 ? "\"%s\" takes text" : "\"%s\" takes features, not text",
													model->name),
						  model->featurizer_id != 0 ? "Set text_column." : "Set features_column, without text_column.");
	if (model->featurizer_id == 0)
		return;
	gtl_featurizer_hold(model->featurizer_id);
	featurizer = gtl_featurizer_get(model->featurizer_id, &env);
	check_settings(model, featurizer, settings);
	gtl_text_features_use(dataset, featurizer);
	job->featurizer_id = model->featurizer_id;
}
