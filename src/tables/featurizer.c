/*
 * featurizer.c
 *		The table gtlabel.featurizer.
 */
#include "tables/featurizer.h"

#include "base/memory.h"
#include "tables/shared_bytes.h"

static GtlSharedBytes table = GTL_SHARED_BYTES("featurizer", "gtlabel.featurizer", "featurizer_id");

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
	size_t		size;
	uint8_t    *bytes;
	int64		featurizer_id;

	gtl_env_init(&env, CurrentMemoryContext);
	bytes = gtl_featurizer_serialize(featurizer, &env, &size);
	values[0] = Int32GetDatum(gtl_featurizer_dimension(featurizer));
	values[1] = Int32GetDatum(featurizer->directions);
	values[2] = Int32GetDatum(featurizer->grams.count);
	values[3] = Int32GetDatum(featurizer->words.count);
	values[4] = Int32GetDatum(featurizer->word_dimension);
	values[5] = Int32GetDatum(featurizer->inputs);
	values[6] = Int32GetDatum((int32) featurizer->sample);
	values[7] = gtl_bytea(bytes, size);
	pfree(bytes);
	featurizer_id = gtl_query_int64(&insert, values);
	pfree(DatumGetPointer(values[7]));
	return featurizer_id;
}

GtlFeaturizer *
gtl_featurizer_get(int64 featurizer_id, const GtlEnv *env)
{
	GtlFeaturizer *featurizer = gtl_env_alloc(env, sizeof(GtlFeaturizer));
	struct varlena *data = gtl_shared_bytes_read(&table, featurizer_id);
	const char *reason;

	if (!gtl_featurizer_deserialize((const uint8_t *) VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data), env, featurizer, &reason))
		gtl_shared_bytes_unreadable(&table, featurizer_id, reason);
	pfree(data);
	return featurizer;
}

void
gtl_featurizer_hold(int64 featurizer_id)
{
	gtl_shared_bytes_hold(&table, featurizer_id);
}

void
gtl_featurizer_drop_unused(int64 featurizer_id)
{
	gtl_shared_bytes_drop_unused(&table, featurizer_id);
}
