/*
 * predict.c
 *		What a model says of features, or of a text, and of guesses beside them: gt_predict, gt_predict_proba,
 *		gt_confidence, gt_margin; and what it makes of a text: gt_featurize, gt_text_features.
 *
 * The last two of four or five arguments are guesses (proposals) and how sure their sources are. Those functions are
 * not strict, because both may be NULL; the others are.
 *
 * A statement loads a model once in each process: it is kept with the call site
 * (fn_extra) until another model is named.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "base/memory.h"
#include "base/query.h"
#include "base/utf8.h"
#include "catalog/pg_type.h"
#include "data/dataset.h"
#include "learning/proposals.h"
#include "learning/row_scorer.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "tables/featurizer.h"
#include "tables/model.h"
#include "tables/neighbour_map.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include <math.h>

/* A model at a call site. */
typedef struct Predictor
{
	MemoryContext context;		/* of all that is here; goes when the next model is named */
	char	   *name;
	GtlModel   *model;
	SnapshotData seen;			/* in which the model was that of its name; its lists are not ours */
	GtlRowScorer *scorer;
	const GtlFeaturizer *featurizer;	/* what the text is for; NULL: called with features only */
	GtlFeatureMaker *maker;
	float	   *made;			/* [dimension] features made of the text */
	Oid			type;			/* of the features argument */
	FmgrInfo	cast;			/* to float4[]; fn_oid invalid: float4[] or float8[] */
	float	   *narrow;			/* [as long as the features], for float8[] */
	int			sources;		/* of guesses that the model has learned from */
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

/* The model takes text, and features beside it or not. */
static void
load_featurizer(Predictor *predictor, bool features, const GtlEnv *env)
{
	const GtlFeaturizer *featurizer;

	if (predictor->model->featurizer_id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" takes features, not text", predictor->name),
				 errhint("Cast them to float4[], or train a model with text_column.")));
	predictor->featurizer = featurizer = gtl_featurizer_get(predictor->model->featurizer_id, env);
	if ((featurizer->inputs > 0) != features)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg(features ? "model \"%s\" takes text without features beside it" :
						"model \"%s\" takes features beside the text", predictor->name)));
	predictor->maker = gtl_feature_maker_create(featurizer, env);
	predictor->made = palloc(sizeof(float) * predictor->model->dimension);
}

/* To the columns behind the features; NULL: the model takes none. */
static const GtlNeighbours *
load_map(const GtlModel *model, const GtlEnv *env)
{
	const GtlNeighbours *map;

	if (!model->classifier.candidate.neighbours)
		return NULL;
	map = gtl_neighbour_map_get(model->neighbours_id, env);
	if (map->dimension != model->dimension || map->dimension + model->proposal_inputs + GTL_NEIGHBOUR_COLUMNS != model->classifier.dimension)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("map of neighbours " INT64_FORMAT " is not that of model \"%s\"", model->neighbours_id, model->name)));
	return map;
}

/* The argument with guesses, which that with their probabilities follows; 0: it is called without. */
static int
proposals_argument(FunctionCallInfo fcinfo)
{
	return PG_NARGS() >= 4 ? PG_NARGS() - 2 : 0;
}

/* The argument with features, or those beside the text; 0: text alone. */
static int
features_argument(FunctionCallInfo fcinfo, bool of_text)
{
	int			arguments = proposals_argument(fcinfo) > 0 ? PG_NARGS() - 2 : PG_NARGS();

	return !of_text ? 1 : arguments > 2 ? 2 : 0;
}

/* In the context that it will live in. */
static Predictor *
load_predictor(FunctionCallInfo fcinfo, bool of_text, MemoryContext context)
{
	int			features = features_argument(fcinfo, of_text);
	Predictor  *predictor = palloc0(sizeof(Predictor));
	GtlEnv		env;

	gtl_env_init(&env, context);
	predictor->context = context;
	predictor->name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	predictor->model = gtl_model_find(predictor->name, &env);
	predictor->scorer = gtl_row_scorer_create(&predictor->model->classifier, predictor->model->dimension,
											  load_map(predictor->model, &env), &env);
	if (of_text)
		load_featurizer(predictor, features > 0, &env);
	if (features > 0)
		set_cast(predictor, get_fn_expr_argtype(fcinfo->flinfo, features), context);
	predictor->narrow = palloc(sizeof(float) * predictor->model->dimension);
	predictor->sources = predictor->model->proposal_inputs / (2 * predictor->model->classifier.classes);
	return predictor;
}

static bool
is_same_snapshot(const SnapshotData *a, const SnapshotData *b)
{
	return a->xmin == b->xmin && a->xmax == b->xmax && a->xcnt == b->xcnt && a->curcid == b->curcid;
}

/*
 * Is the model at this call site the one that is named?  A call site can live for long (an expression of PL/pgSQL as long
 * as its transaction), and the model be dropped and trained again meanwhile: so this is asked once for each snapshot, and
 * not for each row of a query.
 */
static bool
is_current(Predictor *predictor, const text *name)
{
	const SnapshotData *now = GetActiveSnapshot();

	if (strlen(predictor->name) != VARSIZE_ANY_EXHDR(name) ||
		memcmp(predictor->name, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)) != 0)
		return false;
	if (!is_same_snapshot(&predictor->seen, now) && !gtl_model_is_current(predictor->name, predictor->model->model_id))
		return false;
	predictor->seen = *now;
	return true;
}

static Predictor *
find_predictor(FunctionCallInfo fcinfo, bool of_text)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	Predictor  *predictor = fcinfo->flinfo->fn_extra;
	MemoryContext context;
	MemoryContext caller;

	if (predictor != NULL && is_current(predictor, name))
		return predictor;
	if (predictor != NULL)
		MemoryContextDelete(predictor->context);
	fcinfo->flinfo->fn_extra = NULL;
	context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "gtlabel predictor", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	predictor = load_predictor(fcinfo, of_text, context);
	predictor->seen = *GetActiveSnapshot();
	MemoryContextSwitchTo(caller);
	fcinfo->flinfo->fn_extra = predictor;
	return predictor;
}

static void
check_shape(const Predictor *predictor, ArrayType *array, int dimension)
{
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("features for model \"%s\" are an array of %d dimensions", predictor->name, ARR_NDIM(array))));
	if ((ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0]) != dimension)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("features have %d dimensions, model \"%s\" takes %d",
						ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), predictor->name, dimension),
				 predictor->model->featurizer_id != 0 && predictor->featurizer == NULL ?
				 errhint("It makes them of text: call it with the text, or use gt_featurize.") : 0));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("features for model \"%s\" contain NULL", predictor->name)));
}

/* The argument as dimension finite floats; NULL: its cast says that there are none. */
static const float *
read_features(Predictor *predictor, Datum value, int dimension)
{
	ArrayType  *array;
	const float *features;

	if (OidIsValid(predictor->cast.fn_oid) && !apply_cast(predictor, &value))
		return NULL;
	array = DatumGetArrayTypeP(value);
	check_shape(predictor, array, dimension);
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

/* The text argument, and the features beside it, as the model's features; NULL: a cast says that there are none. */
static const float *
make_features(Predictor *predictor, FunctionCallInfo fcinfo)
{
	size_t		bytes;
	const char *text = gtl_utf8_text(PG_GETARG_DATUM(1), &bytes);
	const float *beside = NULL;

	if (features_argument(fcinfo, true) > 0)
	{
		beside = read_features(predictor, PG_GETARG_DATUM(2), predictor->featurizer->inputs);
		if (beside == NULL)
			return NULL;
	}
	gtl_feature_maker_row(predictor->maker, text, bytes, beside, predictor->made);
	return predictor->made;
}

/* ---- Guesses ---- */

/* The elements of an argument; false: it is NULL. */
static bool
read_list(FunctionCallInfo fcinfo, int argument, const Predictor *predictor, const char *what, Oid type, Datum **values,
		  bool **nulls)
{
	int			count;
	ArrayType  *array;

	if (PG_ARGISNULL(argument))
		return false;
	array = PG_GETARG_ARRAYTYPE_P(argument);
	if (type == TEXTOID)
		deconstruct_array(array, type, -1, false, TYPALIGN_INT, values, nulls, &count);
	else
		deconstruct_array(array, type, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, values, nulls, &count);
	if (count != predictor->sources)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s are %d, model \"%s\" has learned from %d", what, count, predictor->name, predictor->sources),
				 predictor->sources > 0 ? errhint("One for each of its job's proposal_columns, in their order; NULL where a source has none.") :
				 errhint("Its job has no proposal_columns: leave them out.")));
	return true;
}

/* -1: no category of the model. */
static int
class_of(const Predictor *predictor, Datum guess)
{
	const char *name = TextDatumGetCString(guess);

	for (int c = 0; c < predictor->model->classifier.classes; c++)
		if (strcmp(predictor->model->categories[c], name) == 0)
			return c;
	return -1;
}

/* What nobody has guessed is as in a job: no guess, and so is a guess that is no category. */
static void
read_proposals(Predictor *predictor, FunctionCallInfo fcinfo)
{
	int			argument = proposals_argument(fcinfo);
	int			classes = predictor->model->classifier.classes;
	float	   *inputs = gtl_row_scorer_proposals(predictor->scorer);
	Datum	   *guess;
	Datum	   *probability;
	bool	   *no_guess;
	bool	   *no_probability;
	bool		guessed = read_list(fcinfo, argument, predictor, "proposals", TEXTOID, &guess, &no_guess);
	bool		sure = read_list(fcinfo, argument + 1, predictor, "proposal_confidences", FLOAT8OID, &probability,
								 &no_probability);

	for (int s = 0; s < predictor->sources; s++)
	{
		double		p = sure && !no_probability[s] ? DatumGetFloat8(probability[s]) : NAN;

		if (sure && !no_probability[s] && !(p >= 0 && p <= 1))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("proposal_confidences contain %g", p),
					 errdetail("Each says how probable a proposal is right, 0 to 1.")));
		gtl_proposals_encode(guessed && !no_guess[s] ? class_of(predictor, guess[s]) : -1, p, predictor->sources, classes,
							 inputs + 2 * s * classes);
	}
}

/* Of a function that is not strict: is an argument NULL for which there is no answer? */
static bool
is_unanswerable(FunctionCallInfo fcinfo)
{
	for (int i = 0; i < proposals_argument(fcinfo); i++)
		if (PG_ARGISNULL(i))
			return true;
	return false;
}

/* NULL: for no features there is no answer. */
static Predictor *
predict(FunctionCallInfo fcinfo, bool of_text)
{
	Predictor  *predictor;
	const float *features;

	if (is_unanswerable(fcinfo))
		return NULL;
	predictor = find_predictor(fcinfo, of_text);
	features = of_text ? make_features(predictor, fcinfo) :
		read_features(predictor, PG_GETARG_DATUM(1), predictor->model->dimension);
	if (features == NULL)
		return NULL;
	if (proposals_argument(fcinfo) > 0)
		read_proposals(predictor, fcinfo);
	predictor->probability = gtl_row_scorer_score(predictor->scorer, features, &predictor->best, &predictor->margin);
	return predictor;
}

static Datum
category(FunctionCallInfo fcinfo, bool of_text)
{
	Predictor  *predictor = predict(fcinfo, of_text);

	if (predictor == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(predictor->model->categories[predictor->best]));
}

static Datum
probabilities(FunctionCallInfo fcinfo, bool of_text)
{
	Predictor  *predictor = predict(fcinfo, of_text);

	if (predictor == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(gtl_array_float4(predictor->probability, predictor->model->classifier.classes));
}

static Datum
margin(FunctionCallInfo fcinfo, bool of_text)
{
	Predictor  *predictor = predict(fcinfo, of_text);

	if (predictor == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT4((float4) predictor->margin);
}

static Datum
confidence(FunctionCallInfo fcinfo, bool of_text)
{
	Predictor  *predictor = predict(fcinfo, of_text);
	double		probability;

	if (predictor == NULL)
		PG_RETURN_NULL();
	probability = gtl_calibrated(&predictor->model->calibration, predictor->margin);
	if (isnan(probability))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT4((float4) probability);
}

PG_FUNCTION_INFO_V1(gtl_sql_predict);
Datum
gtl_sql_predict(PG_FUNCTION_ARGS)
{
	return category(fcinfo, false);
}

PG_FUNCTION_INFO_V1(gtl_sql_predict_text);
Datum
gtl_sql_predict_text(PG_FUNCTION_ARGS)
{
	return category(fcinfo, true);
}

PG_FUNCTION_INFO_V1(gtl_sql_predict_proba);
Datum
gtl_sql_predict_proba(PG_FUNCTION_ARGS)
{
	return probabilities(fcinfo, false);
}

PG_FUNCTION_INFO_V1(gtl_sql_predict_proba_text);
Datum
gtl_sql_predict_proba_text(PG_FUNCTION_ARGS)
{
	return probabilities(fcinfo, true);
}

PG_FUNCTION_INFO_V1(gtl_sql_confidence);
Datum
gtl_sql_confidence(PG_FUNCTION_ARGS)
{
	return confidence(fcinfo, false);
}

PG_FUNCTION_INFO_V1(gtl_sql_confidence_text);
Datum
gtl_sql_confidence_text(PG_FUNCTION_ARGS)
{
	return confidence(fcinfo, true);
}

PG_FUNCTION_INFO_V1(gtl_sql_margin);
Datum
gtl_sql_margin(PG_FUNCTION_ARGS)
{
	return margin(fcinfo, false);
}

PG_FUNCTION_INFO_V1(gtl_sql_margin_text);
Datum
gtl_sql_margin_text(PG_FUNCTION_ARGS)
{
	return margin(fcinfo, true);
}

PG_FUNCTION_INFO_V1(gtl_sql_featurize);
Datum
gtl_sql_featurize(PG_FUNCTION_ARGS)
{
	Predictor  *predictor = find_predictor(fcinfo, true);
	const float *features = make_features(predictor, fcinfo);

	if (features == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(gtl_array_float4(features, predictor->model->dimension));
}

PG_FUNCTION_INFO_V1(gtl_sql_text_features);
Datum
gtl_sql_text_features(PG_FUNCTION_ARGS)
{
	int32		dimensions = gtl_argument_int32(fcinfo, 1, "dimensions", 1, GTL_MAX_DIMENSION);
	float	   *features = palloc(sizeof(float) * dimensions);
	size_t		bytes;
	const char *text = gtl_utf8_text(PG_GETARG_DATUM(0), &bytes);
	GtlEnv		env;

	gtl_env_init(&env, CurrentMemoryContext);
	gtl_text_hashed(text, bytes, dimensions, &env, features);
	PG_RETURN_DATUM(gtl_array_float4(features, dimensions));
}
