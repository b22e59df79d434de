/*
 * models.c
 *		Classifiers outside of jobs: gt_train, gt_predict, gt_predict_proba,
 *		gt_confidence, gt_drop_model.
 *
 * A statement loads a model once in each process: it is kept with the call site
 * (fn_extra) until another model is named.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "api/job_settings.h"
#include "base/errors.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "data/matrix.h"
#include "data/train.h"
#include "learning/engine.h"
#include "learning/row_scorer.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "steps/evidence.h"
#include "tables/model.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include <math.h>

/* ---- Training ---------------------------------------------------------------- */

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

PG_FUNCTION_INFO_V1(gtl_sql_train);
Datum
gtl_sql_train(PG_FUNCTION_ARGS)
{
	char	   *name = gtl_argument_text(fcinfo, 0, "model_name");
	GtlDataset	dataset;
	GtlMatrix	matrix;
	GtlEngineSettings settings;
	GtlJob		choices;
	char	  **categories = NULL;
	int			ncategories = 0;

	check_model_name(name);
	gtl_progress_begin(0, "loading");
	gtl_argument_required(fcinfo, 1, "dataset");
	gtl_argument_required(fcinfo, 2, "label_column");
	gtl_argument_required(fcinfo, 3, "features_column");
	memset(&settings, 0, sizeof(settings));
	gtl_job_setting_read(fcinfo, "algorithm", &choices);
	settings.algorithm = choices.algorithm;
	if (!PG_ARGISNULL(5))
	{
		categories = gtl_argument_text_array(fcinfo, 5, "label_categories", &ncategories);
		gtl_check_categories(categories, ncategories);
	}
	gtl_argument_required(fcinfo, 6, "seed");
	settings.seed = (uint64) PG_GETARG_INT64(6);
	gtl_dataset_describe(PG_GETARG_OID(1), NULL, GTL_KEY_OPTIONAL, gtl_argument_name_or_null(fcinfo, 3),
						 gtl_argument_name_or_null(fcinfo, 2), NULL, &dataset);
	gtl_matrix_read(&dataset, categories, ncategories, &matrix);
	PG_RETURN_INT64(gtl_train_model(name, &matrix, &settings));
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
	PG_RETURN_VOID();
}

/* ---- Predicting -------------------------------------------------------------- */

/* A model at a call site. */
typedef struct Predictor
{
	MemoryContext context;		/* of all that is here; goes when the next model is named */
	char	   *name;
	GtlModel   *model;
	GtlRowScorer *scorer;
	Oid			type;			/* of the features argument */
	FmgrInfo	cast;			/* to float4[]; fn_oid invalid: float4[] or float8[] */
	float	   *narrow;			/* [dimension], for float8[] */
	const float *probability;	/* the answer: [classes] */
	int32		best;
	double		margin;
} Predictor;

static void
set_cast(Predictor *predictor, Oid type, MemoryContext context)
{
	Oid			function;
	AclResult	acl;

	predictor->type = getBaseType(type);
	predictor->cast.fn_oid = InvalidOid;
	if (predictor->type == FLOAT4ARRAYOID || predictor->type == FLOAT8ARRAYOID)
		return;
	if (find_coercion_pathway(FLOAT4ARRAYOID, predictor->type, COERCION_EXPLICIT, &function) != COERCION_PATH_FUNC)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("features have type %s", format_type_be(type)),
				 errdetail("Features are float4[] or float8[], or a type with a cast to float4[]."),
				 errhint("Cast them to float4[].")));
	acl = GTL_COMPAT_FUNCTION_ACLCHECK(function, GetUserId(), ACL_EXECUTE);
	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, OBJECT_FUNCTION, get_func_name(function));
	fmgr_info_cxt(function, &predictor->cast, context);
}

/*
 * False: it makes NULL of the features.  A cast takes one to three arguments: the value, its type modifier, whether the
 * cast is explicit.  No more than it takes may be passed: a function in SQL counts them through arrays of its own length.
 */
static bool
apply_cast(Predictor *predictor, Datum *value)
{
	LOCAL_FCINFO(call, 3);

	InitFunctionCallInfoData(*call, &predictor->cast, predictor->cast.fn_nargs, InvalidOid, NULL, NULL);
	call->args[0].value = *value;
	call->args[0].isnull = false;
	call->args[1].value = Int32GetDatum(-1);
	call->args[1].isnull = false;
	call->args[2].value = BoolGetDatum(true);
	call->args[2].isnull = false;
	*value = FunctionCallInvoke(call);
	return !call->isnull;
}

static Predictor *
find_predictor(FunctionCallInfo fcinfo)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	Predictor  *predictor = fcinfo->flinfo->fn_extra;
	MemoryContext context;
	MemoryContext caller;
	GtlEnv		env;

	if (predictor != NULL && strlen(predictor->name) == VARSIZE_ANY_EXHDR(name) &&
		memcmp(predictor->name, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)) == 0)
		return predictor;
	if (predictor != NULL)
		MemoryContextDelete(predictor->context);
	fcinfo->flinfo->fn_extra = NULL;
	context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "gtlabel predictor", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	gtl_env_init(&env, context);
	predictor = palloc0(sizeof(Predictor));
	predictor->context = context;
	predictor->name = text_to_cstring(name);
	predictor->model = gtl_model_find(predictor->name, &env);
	predictor->scorer = gtl_row_scorer_create(&predictor->model->classifier, &env);
	predictor->narrow = palloc(sizeof(float) * predictor->model->classifier.dimension);
	set_cast(predictor, get_fn_expr_argtype(fcinfo->flinfo, 1), context);
	fcinfo->flinfo->fn_extra = predictor;
	MemoryContextSwitchTo(caller);
	return predictor;
}

/* The argument as dimension finite floats; NULL: its cast says that there are none. */
static const float *
read_features(Predictor *predictor, Datum value)
{
	int			dimension = predictor->model->classifier.dimension;
	ArrayType  *array;
	const float *features;

	if (OidIsValid(predictor->cast.fn_oid) && !apply_cast(predictor, &value))
		return NULL;
	array = DatumGetArrayTypeP(value);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("features for model \"%s\" are an array of %d dimensions", predictor->name, ARR_NDIM(array))));
	if ((ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0]) != dimension)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("features have %d dimensions, model \"%s\" takes %d",
						ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), predictor->name, dimension)));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("features for model \"%s\" contain NULL", predictor->name)));
	features = (const float *) ARR_DATA_PTR(array);
	if (predictor->type == FLOAT8ARRAYOID)
	{
		const double *wide = (const double *) ARR_DATA_PTR(array);

		for (int i = 0; i < dimension; i++)
			predictor->narrow[i] = (float) wide[i];
		features = predictor->narrow;
	}
	for (int i = 0; i < dimension; i++)
		if (!isfinite(features[i]))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("features for model \"%s\" contain NaN or an infinite value", predictor->name)));
	return features;
}

/* NULL: for no features there is no answer. */
static Predictor *
predict(FunctionCallInfo fcinfo)
{
	Predictor  *predictor = find_predictor(fcinfo);
	const float *features = read_features(predictor, PG_GETARG_DATUM(1));

	if (features == NULL)
		return NULL;
	predictor->probability = gtl_row_scorer_score(predictor->scorer, features, &predictor->best, &predictor->margin);
	return predictor;
}

PG_FUNCTION_INFO_V1(gtl_sql_predict);
Datum
gtl_sql_predict(PG_FUNCTION_ARGS)
{
	Predictor  *predictor = predict(fcinfo);

	if (predictor == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(predictor->model->categories[predictor->best]));
}

PG_FUNCTION_INFO_V1(gtl_sql_predict_proba);
Datum
gtl_sql_predict_proba(PG_FUNCTION_ARGS)
{
	Predictor  *predictor = predict(fcinfo);

	if (predictor == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(gtl_array_float4(predictor->probability, predictor->model->classifier.classes));
}

PG_FUNCTION_INFO_V1(gtl_sql_confidence);
Datum
gtl_sql_confidence(PG_FUNCTION_ARGS)
{
	Predictor  *predictor = predict(fcinfo);

	if (predictor == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT4((float4) predictor->margin);
}
