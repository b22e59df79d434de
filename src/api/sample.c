/*
 * sample.c
 *		Random samples of rows that may lie anywhere: gt_draw, and the aggregates gt_sample and gt_merge.
 *
 * A row's draw belongs to its key and the seed alone (learning/keyed_hash.h), and a sample is the n rows with the
 * smallest draws: so it is the same whatever the order of the rows, the plan, and the servers they lie on.
 */
#include "base/compat.h"

#include "api/aggregate.h"
#include "api/arguments.h"
#include "api/score.h"
#include "base/memory.h"
#include "learning/keyed_hash.h"
#include "learning/lowest.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include <math.h>

#define MAX_ROWS 10000000
#define PURPOSE_FINGERPRINT 2

/* What a result is made of must fit into arrays. */
#define MAX_BYTES (512 * (Size) 1024 * 1024)

typedef struct Sample
{
	GtlEnv		env;
	int32		n;
	int64		seed;
	int64		count;			/* rows that could be drawn */
	GtlLowest  *rows;			/* by draw; the value is the record's text */
} Sample;

/* Columns of the type gt_sample. */
enum
{
	SAMPLE_COUNT,
	SAMPLE_N,
	SAMPLE_SEED,
	SAMPLE_KEYS,
	SAMPLE_DRAWS,
	SAMPLE_RECORDS,
	SAMPLE_COLUMNS
};

static double
read_weight(FunctionCallInfo fcinfo, int argument)
{
	double		weight = 1;

	if (argument < PG_NARGS())
	{
		gtl_argument_required(fcinfo, argument, "weight");
		weight = PG_GETARG_FLOAT8(argument);
	}
	if (!(weight >= 0 && isfinite(weight)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight must be 0 or a positive finite number")));
	return weight;
}

PG_FUNCTION_INFO_V1(gtl_sql_draw);
Datum
gtl_sql_draw(PG_FUNCTION_ARGS)
{
	size_t		size;
	const char *key = gtl_row_key(fcinfo, 0, &size);

	PG_RETURN_FLOAT8(gtl_keyed_draw((uint64) PG_GETARG_INT64(1), key, size, read_weight(fcinfo, 2)));
}

/*
 * The class's length stands before it, so that no other key and class are the same bytes.  It comes within its score: postgres_fdw
 * sends no function that takes a text made by another one, as its collation is not that of a column.
 */
PG_FUNCTION_INFO_V1(gtl_sql_fingerprint);
Datum
gtl_sql_fingerprint(PG_FUNCTION_ARGS)
{
	size_t		size;
	const char *key = gtl_row_key(fcinfo, 0, &size);
	GtlScore	score;
	char	   *value;
	char	   *utf8;
	StringInfoData bytes;

	gtl_score_read(PG_GETARG_DATUM(1), &score);
	if (score.class_name == NULL)
		PG_RETURN_NULL();
	value = text_to_cstring(score.class_name);
	utf8 = pg_server_to_any(value, (int) strlen(value), PG_UTF8);
	initStringInfo(&bytes);
	appendStringInfo(&bytes, "%zu ", strlen(utf8));
	appendStringInfoString(&bytes, utf8);
	appendBinaryStringInfo(&bytes, key, (int) size);
	PG_RETURN_INT64((int64) gtl_keyed_hash(0, PURPOSE_FINGERPRINT, bytes.data, (size_t) bytes.len));
}

/* ---- States ---- */

static Sample *
create(const GtlEnv *env, int32 n, int64 seed)
{
	Sample	   *sample = gtl_env_alloc(env, sizeof(Sample));

	sample->env = *env;
	sample->n = n;
	sample->seed = seed;
	sample->rows = gtl_lowest_create(n, env);
	return sample;
}

/* The state of a transition function, made if there is none yet. */
static Sample *
state_of(FunctionCallInfo fcinfo, int32 n, int64 seed)
{
	Sample	   *sample;
	GtlEnv		env;

	if (PG_ARGISNULL(0))
	{
		gtl_aggregate_env(fcinfo, &env);
		return create(&env, n, seed);
	}
	sample = (Sample *) PG_GETARG_POINTER(0);
	gtl_aggregate_same(sample->n, n, "n");
	gtl_aggregate_same(sample->seed, seed, "seed");
	return sample;
}

static void
offer(Sample *sample, const GtlLowestRow *row)
{
	CHECK_FOR_INTERRUPTS();
	gtl_lowest_offer(sample->rows, row);
	if (gtl_lowest_bytes(sample->rows) > MAX_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("keys and records of a sample of %d rows take more than %zu MB", sample->n, MAX_BYTES / (1024 * 1024)),
				 errhint("Draw fewer rows, or leave out the record and read it by the key.")));
}

/* The text of the record argument; NULL: it has none. */
static char *
record_text(FunctionCallInfo fcinfo, int argument)
{
	Oid			output;
	bool		varlena;

	if (PG_ARGISNULL(argument))
		return NULL;
	getTypeOutputInfo(get_fn_expr_argtype(fcinfo->flinfo, argument), &output, &varlena);
	return OidOutputFunctionCall(output, PG_GETARG_DATUM(argument));
}

/* gt_sample(key, record, n, seed [, weight]) */
PG_FUNCTION_INFO_V1(gtl_sql_sample_add);
Datum
gtl_sql_sample_add(PG_FUNCTION_ARGS)
{
	int32		n = gtl_argument_int32(fcinfo, 3, "n", 0, MAX_ROWS);
	GtlLowestRow row = {0};
	double		weight;
	Sample	   *sample;

	gtl_argument_required(fcinfo, 4, "seed");
	sample = state_of(fcinfo, n, PG_GETARG_INT64(4));
	row.key = gtl_row_key(fcinfo, 1, &row.key_size);
	weight = read_weight(fcinfo, 5);
	if (weight == 0)
		PG_RETURN_POINTER(sample);
	sample->count++;
	row.score = gtl_keyed_draw((uint64) sample->seed, row.key, row.key_size, weight);
	if (gtl_lowest_wants(sample->rows, row.score))
	{
		row.value = record_text(fcinfo, 2);
		row.value_size = row.value == NULL ? SIZE_MAX : strlen(row.value);
		offer(sample, &row);
	}
	PG_RETURN_POINTER(sample);
}

static void
merge(Sample *sample, const Sample *other)
{
	GtlLowestRow *rows = gtl_lowest_list(other->rows, &sample->env);

	for (int64 i = 0; i < gtl_lowest_count(other->rows); i++)
		offer(sample, &rows[i]);
	gtl_env_release(&sample->env, rows);
	sample->count += other->count;
}

PG_FUNCTION_INFO_V1(gtl_sql_sample_combine);
Datum
gtl_sql_sample_combine(PG_FUNCTION_ARGS)
{
	Sample	   *sample;
	Sample	   *other;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_POINTER(PG_GETARG_POINTER(0));
	}
	other = (Sample *) PG_GETARG_POINTER(1);
	sample = state_of(fcinfo, other->n, other->seed);
	merge(sample, other);
	PG_RETURN_POINTER(sample);
}

/* ---- Results ---- */

PG_FUNCTION_INFO_V1(gtl_sql_sample_final);
Datum
gtl_sql_sample_final(PG_FUNCTION_ARGS)
{
	Sample	   *sample;
	Datum		values[SAMPLE_COLUMNS];
	bool		nulls[SAMPLE_COLUMNS] = {false};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sample = (Sample *) PG_GETARG_POINTER(0);
	values[SAMPLE_COUNT] = Int64GetDatum(sample->count);
	values[SAMPLE_N] = Int32GetDatum(sample->n);
	values[SAMPLE_SEED] = Int64GetDatum(sample->seed);
	gtl_lowest_to_arrays(sample->rows, values + SAMPLE_KEYS);
	return gtl_aggregate_row(fcinfo, values, nulls);
}

PG_FUNCTION_INFO_V1(gtl_sql_sample_serial);
Datum
gtl_sql_sample_serial(PG_FUNCTION_ARGS)
{
	Sample	   *sample = (Sample *) PG_GETARG_POINTER(0);
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendint32(&out, (uint32) sample->n);
	pq_sendint64(&out, sample->seed);
	pq_sendint64(&out, sample->count);
	gtl_lowest_send(&out, sample->rows);
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

PG_FUNCTION_INFO_V1(gtl_sql_sample_deserial);
Datum
gtl_sql_sample_deserial(PG_FUNCTION_ARGS)
{
	GtlEnv		env;
	StringInfoData in;
	Sample	   *sample;
	int32		n;

	gtl_env_init(&env, CurrentMemoryContext);
	gtl_state_open(PG_GETARG_BYTEA_PP(0), &in);
	n = (int32) pq_getmsgint(&in, 4);
	sample = create(&env, n, pq_getmsgint64(&in));
	sample->count = pq_getmsgint64(&in);
	gtl_lowest_receive(&in, sample->rows);
	PG_RETURN_POINTER(sample);
}

/* ---- gt_merge(gt_sample) ---- */

/* Numbers of a sample that anybody can have made. */
static void
check_numbers(const Datum *values, const bool *nulls)
{
	for (int c = SAMPLE_COUNT; c <= SAMPLE_SEED; c++)
		if (nulls[c])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("count, n and seed of a gt_sample must not be NULL")));
	if (DatumGetInt64(values[SAMPLE_COUNT]) < 0 ||
		DatumGetInt32(values[SAMPLE_N]) < 0 || DatumGetInt32(values[SAMPLE_N]) > MAX_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("count or n of a gt_sample is out of range")));
}

PG_FUNCTION_INFO_V1(gtl_sql_sample_merge);
Datum
gtl_sql_sample_merge(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"keys", "draws", "records"};
	Datum	   *values;
	bool	   *nulls;
	Sample	   *sample;
	GtlLowestRow *rows;
	int64		count;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_POINTER(PG_GETARG_POINTER(0));
	}
	gtl_row_columns(PG_GETARG_DATUM(1), SAMPLE_COLUMNS, &values, &nulls);
	check_numbers(values, nulls);
	sample = state_of(fcinfo, DatumGetInt32(values[SAMPLE_N]), DatumGetInt64(values[SAMPLE_SEED]));
	rows = gtl_lowest_from_arrays(values + SAMPLE_KEYS, nulls + SAMPLE_KEYS, "gt_sample", names, &count);
	for (int64 i = 0; i < count; i++)
	{
		if (rows[i].score < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("draws of a gt_sample must not be negative")));
		offer(sample, &rows[i]);
	}
	sample->count += DatumGetInt64(values[SAMPLE_COUNT]);
	PG_RETURN_POINTER(sample);
}
