/*
 * model.c
 *		The table gtlabel.model.
 */
#include "tables/model.h"

#include <math.h>

#include "base/errors.h"
#include "base/memory.h"
#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "learning/neighbours.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

static Datum
classifier_bytes(const GtlClassifier *classifier)
{
	GtlEnv		env;
	size_t		size;
	uint8_t    *bytes;
	Datum		result;

	gtl_env_init(&env, CurrentMemoryContext);
	bytes = gtl_classifier_serialize(classifier, &env, &size);
	result = gtl_bytea(bytes, size);
	pfree(bytes);
	return result;
}

void
gtl_model_drop_folds(int64 job_id)
{
	static GtlStatement update = {
		"UPDATE gtlabel.model SET fold_weights = NULL WHERE job_id = $1 AND fold_weights IS NOT NULL", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&update, values, NULL);
}

void
gtl_model_insert(GtlModel *model)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.model (model_name, owner, job_id, round_no, parent_model_id, label_categories, dimension,"
		" algorithm, scaling, penalty_c, hidden_units, training_count, class_counts, accuracy, log_loss, objective,"
		" iterations, outcome, seconds, created_at, weights, fold_weights, featurizer_id, input, calibration,"
		" neighbours_id, proposal_inputs)"
		" VALUES ($1, $2::regrole, NULLIF($3, 0), $4, NULLIF($5, 0), $6, $7, $8, $9, $10, $11, $12, $13,"
		" NULLIF($14, 'NaN'), NULLIF($15, 'NaN'), $16, $17, $18, $19, $20, $21, $22, NULLIF($23, 0),"
		" COALESCE((SELECT CASE WHEN f.inputs = 0 THEN 'text' ELSE 'text, features' END"
		" FROM gtlabel.featurizer f WHERE f.featurizer_id = $23), 'features'), $24, NULLIF($25, 0), $26)"
		" ON CONFLICT (model_name) DO NOTHING RETURNING model_id",
		26,
		{TEXTOID, OIDOID, INT8OID, INT4OID, INT8OID, TEXTARRAYOID, INT4OID, TEXTOID, TEXTOID, FLOAT8OID, INT4OID, INT4OID,
		INT4ARRAYOID, FLOAT8OID, FLOAT8OID, FLOAT8OID, INT4OID, TEXTOID, FLOAT8OID, TIMESTAMPTZOID, BYTEAOID, BYTEAARRAYOID,
		INT8OID, FLOAT8ARRAYOID, INT8OID, INT4OID}
	};
	const GtlCandidate *candidate = &model->classifier.candidate;
	Datum		v[26];
	char		nulls[26];
	GtlResult	r;

	if (model->job_id != 0)
		gtl_model_drop_folds(model->job_id);
	memset(nulls, ' ', sizeof(nulls));
	v[0] = CStringGetTextDatum(model->name);
	v[1] = ObjectIdGetDatum(model->owner);
	v[2] = Int64GetDatum(model->job_id);
	v[3] = Int32GetDatum(model->round_no);
	nulls[3] = model->job_id == 0 ? 'n' : ' ';
	v[4] = Int64GetDatum(model->parent_model_id);
	v[5] = gtl_array_text(model->categories, model->ncategories);
	model->dimension = model->classifier.dimension - model->proposal_inputs - (candidate->neighbours ? GTL_NEIGHBOUR_COLUMNS : 0);
	v[6] = Int32GetDatum(model->dimension);
	v[7] = CStringGetTextDatum(candidate->algorithm == GTL_MLP ? "mlp" : "softmax");
	v[8] = CStringGetTextDatum(candidate->scaling == GTL_SCALING_COLUMN ? "column" : "global");
	v[9] = Float8GetDatum(candidate->c);
	v[10] = Int32GetDatum(candidate->hidden);
	v[11] = Int32GetDatum(model->training_count);
	v[12] = gtl_array_int32(model->class_counts, model->ncategories);
	v[13] = Float8GetDatum(model->accuracy);
	v[14] = Float8GetDatum(model->log_loss);
	v[15] = Float8GetDatum(model->report.objective);
	v[16] = Int32GetDatum(model->report.iterations);
	v[17] = CStringGetTextDatum(gtl_fit_outcome_name(model->report.outcome));
	v[18] = Float8GetDatum(model->seconds);
	v[19] = TimestampTzGetDatum(gtl_clock_now());
	v[20] = classifier_bytes(&model->classifier);
	if (model->has_folds)
	{
		Datum		folds[GTL_FOLDS];

		for (int j = 0; j < GTL_FOLDS; j++)
			folds[j] = classifier_bytes(&model->fold[j]);
		v[21] = PointerGetDatum(construct_array(folds, GTL_FOLDS, BYTEAOID, -1, false, TYPALIGN_INT));
	}
	else
		nulls[21] = 'n';
	v[22] = Int64GetDatum(model->featurizer_id);
	v[23] = gtl_array_float8((double[]) {model->calibration.intercept, model->calibration.slope}, 2);
	nulls[23] = isnan(model->calibration.slope) ? 'n' : ' ';
	v[24] = Int64GetDatum(candidate->neighbours ? model->neighbours_id : 0);
	v[25] = Int32GetDatum(model->proposal_inputs);

	if (gtl_query_run(&r, &insert, v, nulls) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("model \"%s\" already exists", model->name),
				 errhint("Choose another name, or remove the other model with gt_drop_model.")));
	model->model_id = gtl_result_int64(&r, 0, 1);
	gtl_query_end(&r);
}

static void
read_classifier(const char *name, Datum bytes, const GtlEnv *env, GtlClassifier *classifier)
{
	bytea	   *data = DatumGetByteaPP(bytes);
	const char *reason;

	if (!gtl_classifier_deserialize((uint8_t *) VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data), env, classifier, &reason))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("model \"%s\" cannot be read: %s", name, reason)));
}

#define MODEL_COLUMNS \
	"model_id, model_name, owner::oid, job_id, round_no, parent_model_id, label_categories, training_count," \
	" class_counts, accuracy, log_loss, seconds, iterations, objective, featurizer_id, neighbours_id, proposal_inputs, dimension," \
	" calibration[1], calibration[2], weights, fold_weights"

static GtlModel *
read_model(const GtlResult *r, const GtlEnv *env)
{
	GtlModel   *model = palloc0(sizeof(GtlModel));
	int			c = 0;
	bool		isnull;
	int			count;
	Datum		weights;

	model->model_id = gtl_result_int64(r, 0, ++c);
	model->name = gtl_result_text(r, 0, ++c);
	model->owner = DatumGetObjectId(gtl_result_datum(r, 0, ++c, &isnull));
	model->job_id = gtl_result_int64(r, 0, ++c);
	model->round_no = gtl_result_int32(r, 0, ++c);
	model->parent_model_id = gtl_result_int64(r, 0, ++c);
	model->categories = gtl_array_to_text(PointerGetDatum(gtl_result_varlena(r, 0, ++c)), &model->ncategories);
	model->training_count = gtl_result_int32(r, 0, ++c);
	model->class_counts = gtl_result_int32_array(r, 0, ++c, &count);
	model->accuracy = gtl_result_float8(r, 0, ++c);
	model->log_loss = gtl_result_float8(r, 0, ++c);
	model->seconds = gtl_result_float8(r, 0, ++c);
	model->report.iterations = gtl_result_int32(r, 0, ++c);
	model->report.objective = gtl_result_float8(r, 0, ++c);
	model->featurizer_id = gtl_result_int64(r, 0, ++c);
	model->neighbours_id = gtl_result_int64(r, 0, ++c);
	model->proposal_inputs = gtl_result_int32(r, 0, ++c);
	model->dimension = gtl_result_int32(r, 0, ++c);
	model->calibration.intercept = gtl_result_float8(r, 0, ++c);
	model->calibration.slope = gtl_result_float8(r, 0, ++c);
	if (env == NULL)
		return model;
	read_classifier(model->name, gtl_result_datum(r, 0, ++c, &isnull), env, &model->classifier);
	weights = gtl_result_datum(r, 0, ++c, &isnull);
	if (!isnull)
	{
		Datum	   *folds;
		int			nfolds;

		deconstruct_array(DatumGetArrayTypeP(weights), BYTEAOID, -1, false, TYPALIGN_INT, &folds, NULL, &nfolds);
		model->has_folds = nfolds == GTL_FOLDS;
		for (int j = 0; model->has_folds && j < GTL_FOLDS; j++)
			read_classifier(model->name, folds[j], env, &model->fold[j]);
	}
	return model;
}

GtlModel *
gtl_model_get(int64 model_id, const GtlEnv *env)
{
	static GtlStatement select = {
		"SELECT " MODEL_COLUMNS " FROM gtlabel.model WHERE model_id = $1", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(model_id)};
	GtlResult	r;
	GtlModel   *model = NULL;

	if (gtl_query_run(&r, &select, values, NULL) > 0)
		model = read_model(&r, env);
	gtl_query_end(&r);
	return model;
}

bool
gtl_model_is_current(const char *name, int64 model_id)
{
	static GtlStatement select = {
		"SELECT FROM gtlabel.model WHERE model_name = $1 AND model_id = $2", 2, {TEXTOID, INT8OID}
	};
	Datum		values[2] = {CStringGetTextDatum(name), Int64GetDatum(model_id)};
	GtlResult	r;
	bool		found = gtl_query_run(&r, &select, values, NULL) > 0;

	gtl_query_end(&r);
	return found;
}

GtlModel *
gtl_model_find(const char *name, const GtlEnv *env)
{
	static GtlStatement select = {
		"SELECT " MODEL_COLUMNS " FROM gtlabel.model WHERE model_name = $1", 1, {TEXTOID}
	};
	Datum		values[1] = {CStringGetTextDatum(name)};
	GtlResult	r;
	GtlModel   *model;

	if (gtl_query_run(&r, &select, values, NULL) == 0)
		gtl_error_unknown_model(name);
	model = read_model(&r, env);
	gtl_query_end(&r);
	if (!has_privs_of_role(GetUserId(), model->owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of model \"%s\"", name)));
	return model;
}

char *
gtl_model_newest(const char *name)
{
	static GtlStatement select = {
		"SELECT model_name FROM gtlabel.model"
		" WHERE job_id = (SELECT j.job_id FROM gtlabel.job j WHERE j.job_name = $1)"
		" AND (SELECT m.model_id FROM gtlabel.model m WHERE m.model_name = $1) IS NULL"
		" ORDER BY round_no DESC LIMIT 1",
		1, {TEXTOID}
	};
	Datum		values[1] = {CStringGetTextDatum(name)};
	char	   *newest = NULL;
	GtlResult	r;

	if (gtl_query_run(&r, &select, values, NULL) > 0)
		newest = gtl_result_text(&r, 0, 1);
	gtl_query_end(&r);
	return newest;
}

char *
gtl_model_name(int64 model_id)
{
	static GtlStatement select = {"SELECT model_name FROM gtlabel.model WHERE model_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(model_id)};
	char	   *name = NULL;
	GtlResult	r;

	if (gtl_query_run(&r, &select, values, NULL) > 0)
		name = gtl_result_text(&r, 0, 1);
	gtl_query_end(&r);
	return name;
}

void
gtl_model_require_unused(const GtlModel *model)
{
	static GtlStatement select = {
		"SELECT job_name FROM gtlabel.job WHERE initial_model_id = $1 AND state NOT IN ('completed', 'stopped')"
		" ORDER BY job_id LIMIT 1",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(model->model_id)};
	GtlResult	r;

	if (gtl_query_run(&r, &select, values, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop model \"%s\" because labeling job \"%s\" starts from it",
						model->name, gtl_result_text(&r, 0, 1))));
	gtl_query_end(&r);
}

void
gtl_model_delete(int64 model_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.model WHERE model_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(model_id)};

	gtl_query_do(&delete, values, NULL);
}

void
gtl_model_set_owner(int64 job_id, Oid owner)
{
	static GtlStatement update = {
		"UPDATE gtlabel.model SET owner = $2::regrole WHERE job_id = $1", 2, {INT8OID, OIDOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), ObjectIdGetDatum(owner)};

	gtl_query_do(&update, values, NULL);
}

int
gtl_model_maps(int64 job_id, int64 **maps)
{
	static GtlStatement select = {
		"SELECT DISTINCT neighbours_id FROM gtlabel.model WHERE job_id = $1 AND neighbours_id IS NOT NULL ORDER BY 1", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlResult	r;
	int			count = (int) gtl_query_run(&r, &select, values, NULL);

	*maps = palloc(sizeof(int64) * Max(count, 1));
	for (int i = 0; i < count; i++)
		(*maps)[i] = gtl_result_int64(&r, i, 1);
	gtl_query_end(&r);
	return count;
}

void
gtl_model_leave_job(int64 job_id, bool delete_them)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.model WHERE job_id = $1", 1, {INT8OID}};
	static GtlStatement update = {
		"UPDATE gtlabel.model SET job_id = NULL, round_no = NULL, fold_weights = NULL WHERE job_id = $1", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(delete_them ? &delete : &update, values, NULL);
}
