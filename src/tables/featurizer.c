/*
 * featurizer.c
 *		The table gtlabel.featurizer.
 *
 * Who uses a featurizer holds a key lock on its row until the transaction ends; who drops one
 * locks the row first, so that a use that has not been committed is waited for and then seen.
 */
#include "tables/featurizer.h"

#include "base/memory.h"
#include "base/query.h"
#include "catalog/pg_type.h"

int64
gtl_featurizer_insert(const GtlFeaturizer *featurizer)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.featurizer (dimension, directions, grams, words, word_dimension, inputs, sample, data)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING featurizer_id",
		8, {INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, BYTEAOID}
	};
	Datum		values[8];
	GtlEnv		env;
	GtlResult	r;
	size_t		size;
	uint8_t    *bytes;
	bytea	   *data;
	int64		featurizer_id;

	gtl_env_init(&env, CurrentMemoryContext);
	bytes = gtl_featurizer_serialize(featurizer, &env, &size);
	data = palloc(VARHDRSZ + size);
	SET_VARSIZE(data, VARHDRSZ + size);
	memcpy(VARDATA(data), bytes, size);
	pfree(bytes);
	values[0] = Int32GetDatum(gtl_featurizer_dimension(featurizer));
	values[1] = Int32GetDatum(featurizer->directions);
	values[2] = Int32GetDatum(featurizer->grams.count);
	values[3] = Int32GetDatum(featurizer->words.count);
	values[4] = Int32GetDatum(featurizer->word_dimension);
	values[5] = Int32GetDatum(featurizer->inputs);
	values[6] = Int32GetDatum((int32) featurizer->sample);
	values[7] = PointerGetDatum(data);
	gtl_query_run(&r, &insert, values, NULL);
	featurizer_id = gtl_result_int64(&r, 0, 1);
	gtl_query_end(&r);
	pfree(data);
	return featurizer_id;
}

static void
read_bytes(int64 featurizer_id, bytea *data, const GtlEnv *env, GtlFeaturizer *featurizer)
{
	const char *reason;

	if (!gtl_featurizer_deserialize((const uint8_t *) VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data), env, featurizer, &reason))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("featurizer " INT64_FORMAT " cannot be read: %s", featurizer_id, reason),
				 errhint("A featurizer of a newer gtlabel needs that version; a damaged one comes back with a backup.")));
}

GtlFeaturizer *
gtl_featurizer_get(int64 featurizer_id, const GtlEnv *env)
{
	static GtlStatement select = {"SELECT data FROM gtlabel.featurizer WHERE featurizer_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(featurizer_id)};
	GtlFeaturizer *featurizer = gtl_env_alloc(env, sizeof(GtlFeaturizer));
	GtlResult	r;
	struct varlena *data;

	if (gtl_query_run(&r, &select, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("featurizer " INT64_FORMAT " is missing", featurizer_id)));
	data = gtl_result_varlena(&r, 0, 1);
	gtl_query_end(&r);
	read_bytes(featurizer_id, data, env, featurizer);
	pfree(data);
	return featurizer;
}

void
gtl_featurizer_hold(int64 featurizer_id)
{
	static GtlStatement lock = {
		"SELECT 1 FROM gtlabel.featurizer WHERE featurizer_id = $1 FOR KEY SHARE", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(featurizer_id)};

	gtl_query_do(&lock, values, NULL);
}

void
gtl_featurizer_drop_unused(int64 featurizer_id)
{
	static GtlStatement lock = {
		"SELECT 1 FROM gtlabel.featurizer WHERE featurizer_id = $1 FOR UPDATE", 1, {INT8OID}
	};
	static GtlStatement delete = {
		"DELETE FROM gtlabel.featurizer f WHERE f.featurizer_id = $1"
		" AND NOT EXISTS (SELECT FROM gtlabel.model m WHERE m.featurizer_id = f.featurizer_id)"
		" AND NOT EXISTS (SELECT FROM gtlabel.job j WHERE j.featurizer_id = f.featurizer_id)",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(featurizer_id)};

	if (featurizer_id == 0)
		return;
	gtl_query_do(&lock, values, NULL);
	gtl_query_do(&delete, values, NULL);
}
