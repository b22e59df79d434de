/*
 * score.c
 *		What a model that comes as bytes says of a row: gt_score, and gt_class, gt_margin, gt_probability of it; the
 *		bytes of a model: gt_model_bytes.
 *
 * gt_score reads no table, so it is IMMUTABLE: other servers, which have no gtlabel job, can be sent it.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "api/aggregate.h"
#include "api/score.h"
#include "api/scoring_model.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "catalog/pg_type.h"
#include "data/model_package.h"
#include "funcapi.h"
#include "tables/model.h"
#include "utils/builtins.h"

#include <math.h>

/* A call of gt_score in a query. */
typedef struct ScoreSite
{
	GtlScoringSite model;
	TupleDesc	desc;
} ScoreSite;

static ScoreSite *
find_site(FunctionCallInfo fcinfo)
{
	ScoreSite  *site = fcinfo->flinfo->fn_extra;
	MemoryContext caller;

	if (site != NULL)
		return site;
	caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	site = palloc0(sizeof(ScoreSite));
	if (get_call_result_type(fcinfo, NULL, &site->desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	site->desc = BlessTupleDesc(CreateTupleDescCopy(site->desc));
	MemoryContextSwitchTo(caller);
	fcinfo->flinfo->fn_extra = site;
	return site;
}

/* ---- The input ---- */

static void
check_shape(const GtlScoringModel *model, const ArrayType *array)
{
	int			inputs = gtl_scoring_model_inputs(model);

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("features to be scored are an array of %d dimensions", ARR_NDIM(array))));
	if (ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) != inputs)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("features have %d dimensions, the model takes %d", ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), inputs)));
	if (array_contains_nulls((ArrayType *) array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("features to be scored contain NULL")));
}

/* The features as float, not yet known to be finite. */
static const float *
read_features(GtlScoringModel *model, ArrayType *array)
{
	check_shape(model, array);
	if (ARR_ELEMTYPE(array) == FLOAT4OID)
		return (const float *) ARR_DATA_PTR(array);
	for (int i = 0; i < gtl_scoring_model_inputs(model); i++)
		model->narrow[i] = (float) ((const double *) ARR_DATA_PTR(array))[i];
	return model->narrow;
}

static void
check_finite(const float *features, int count)
{
	for (int i = 0; i < count; i++)
		if (!isfinite(features[i]))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("features to be scored contain NaN or an infinite value")));
}

/* ---- Scoring ---- */

/* Has the model just scored this row?  If not, it becomes the row that it is about to score. */
static bool
is_last_row(GtlScoringModel *model, const char *text, size_t text_bytes, const float *features)
{
	size_t		features_bytes = sizeof(float) * gtl_scoring_model_inputs(model);
	StringInfo	last = &model->input;

	if (model->scored && (size_t) last->len == features_bytes + text_bytes &&
		memcmp(last->data, features, features_bytes) == 0 &&
		(text_bytes == 0 || memcmp(last->data + features_bytes, text, text_bytes) == 0))
		return true;
	model->scored = false;
	resetStringInfo(last);
	appendBinaryStringInfo(last, (const char *) features, (int) features_bytes);
	if (text_bytes > 0)
		appendBinaryStringInfo(last, text, (int) text_bytes);
	return false;
}

/* Sets model->best and ->margin.  text NULL: features only. */
static void
score_row(GtlScoringModel *model, const char *text, size_t text_bytes, const float *features)
{
	if (is_last_row(model, text, text_bytes, features))
		return;
	check_finite(features, gtl_scoring_model_inputs(model));
	if (text != NULL)
	{
		gtl_feature_maker_row(model->maker, text, text_bytes, features, model->made);
		features = model->made;
	}
	gtl_row_scorer_score(model->scorer, features, &model->best, &model->margin);
	model->margin = model->margin >= 0 ? Min(model->margin, 1) : 0; /* NaN: weights that no fit makes */
	model->scored = true;
}

static Datum
score_result(ScoreSite *site, const GtlScoringModel *model)
{
	double		probability = gtl_calibrated(&model->package.calibration, model->margin);
	Datum		values[3] = {model->names[model->best], Float8GetDatum(model->margin), Float8GetDatum(probability)};
	bool		nulls[3] = {false, false, isnan(probability)};

	return HeapTupleGetDatum(heap_form_tuple(site->desc, values, nulls));
}

PG_FUNCTION_INFO_V1(gtl_sql_score);
Datum
gtl_sql_score(PG_FUNCTION_ARGS)
{
	ScoreSite  *site = find_site(fcinfo);
	GtlScoringModel *model = gtl_scoring_model_get(&site->model, PG_GETARG_DATUM(0), fcinfo->flinfo->fn_mcxt);

	if (model->maker != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the model takes text, not features"),
				 errhint("Call gt_score with the text.")));
	score_row(model, NULL, 0, read_features(model, PG_GETARG_ARRAYTYPE_P(1)));
	return score_result(site, model);
}

static void
check_takes_text(const GtlScoringModel *model, bool beside)
{
	if (model->maker == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the model takes features, not text"),
				 errhint("Cast them to float4[].")));
	if ((gtl_scoring_model_inputs(model) > 0) != beside)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg(beside ? "the model takes text without features beside it" : "the model takes features beside the text")));
}

PG_FUNCTION_INFO_V1(gtl_sql_score_text);
Datum
gtl_sql_score_text(PG_FUNCTION_ARGS)
{
	ScoreSite  *site = find_site(fcinfo);
	GtlScoringModel *model = gtl_scoring_model_get(&site->model, PG_GETARG_DATUM(0), fcinfo->flinfo->fn_mcxt);
	const float *features = model->made;
	size_t		bytes;
	const char *text;

	check_takes_text(model, PG_NARGS() > 2);
	if (PG_NARGS() > 2)
		features = read_features(model, PG_GETARG_ARRAYTYPE_P(2));
	text = gtl_utf8_text(PG_GETARG_DATUM(1), &bytes);
	score_row(model, text, bytes, features);
	return score_result(site, model);
}

/* ---- The columns of a score, as functions: postgres_fdw sends functions, but no .column ---- */

void
gtl_score_read(Datum row, GtlScore *score)
{
	Datum	   *values;
	bool	   *nulls;

	gtl_row_columns(row, 3, &values, &nulls);
	score->class_name = nulls[0] ? NULL : DatumGetTextPP(values[0]);
	score->margin = nulls[1] ? NAN : DatumGetFloat8(values[1]);
	score->probability = nulls[2] ? NAN : DatumGetFloat8(values[2]);
}

PG_FUNCTION_INFO_V1(gtl_sql_score_class);
Datum
gtl_sql_score_class(PG_FUNCTION_ARGS)
{
	GtlScore	score;

	gtl_score_read(PG_GETARG_DATUM(0), &score);
	if (score.class_name == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(score.class_name);
}

PG_FUNCTION_INFO_V1(gtl_sql_score_margin);
Datum
gtl_sql_score_margin(PG_FUNCTION_ARGS)
{
	GtlScore	score;

	gtl_score_read(PG_GETARG_DATUM(0), &score);
	if (isnan(score.margin))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(score.margin);
}

PG_FUNCTION_INFO_V1(gtl_sql_score_probability);
Datum
gtl_sql_score_probability(PG_FUNCTION_ARGS)
{
	GtlScore	score;

	gtl_score_read(PG_GETARG_DATUM(0), &score);
	if (isnan(score.probability))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(score.probability);
}

/* ---- The bytes of a model ---- */

/* The model of that name, or the newest of the job of that name. */
static GtlModel *
find_model(const char *name, const GtlEnv *env)
{
	const char *newest = gtl_model_newest(name);

	return gtl_model_find(newest != NULL ? newest : name, env);
}

PG_FUNCTION_INFO_V1(gtl_sql_model_bytes);
Datum
gtl_sql_model_bytes(PG_FUNCTION_ARGS)
{
	GtlEnv		env;

	gtl_env_init(&env, CurrentMemoryContext);
	PG_RETURN_BYTEA_P(gtl_model_package(find_model(text_to_cstring(PG_GETARG_TEXT_PP(0)), &env)));
}
