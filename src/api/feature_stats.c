/*
 * feature_stats.c
 *		Means and standard deviations of features that may lie anywhere: the aggregates gt_feature_stats and gt_merge.
 *
 * The sums are exact (learning/exact_sum.h): the result is the same to the last bit whatever the plan and the servers.
 */
#include "base/compat.h"

#include "api/aggregate.h"
#include "base/memory.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "data/dataset.h"
#include "learning/exact_sum.h"

#include <math.h>

/* Columns of the type gt_feature_stats. */
enum
{
	STATS_COUNT,
	STATS_MEAN,
	STATS_DEVIATION,
	STATS_SUMS,
	STATS_COLUMNS
};

static void
check_shape(const ArrayType *array, int dimension)
{
	int			length = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("features are an array of %d dimensions", ARR_NDIM(array))));
	if (length == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("features are empty")));
	if (length > GTL_MAX_DIMENSION)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("features have %d dimensions, more than %d", length, GTL_MAX_DIMENSION)));
	if (dimension != 0 && length != dimension)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("features have %d dimensions, others have %d", length, dimension)));
	if (array_contains_nulls((ArrayType *) array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("features contain NULL")));
}

/* As finite floats. */
static const float *
read_features(ArrayType *array)
{
	int			length = ARR_DIMS(array)[0];
	const float *features = (const float *) ARR_DATA_PTR(array);

	if (ARR_ELEMTYPE(array) == FLOAT8OID)
	{
		float	   *narrow = palloc(sizeof(float) * length);

		for (int i = 0; i < length; i++)
			narrow[i] = (float) ((const double *) ARR_DATA_PTR(array))[i];
		features = narrow;
	}
	for (int i = 0; i < length; i++)
		if (!isfinite(features[i]))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("features contain NaN or an infinite value")));
	return features;
}

/* Rows without features do not count. */
PG_FUNCTION_INFO_V1(gtl_sql_stats_add);
Datum
gtl_sql_stats_add(PG_FUNCTION_ARGS)
{
	GtlExactSums *sums = PG_ARGISNULL(0) ? NULL : (GtlExactSums *) PG_GETARG_POINTER(0);
	ArrayType  *array;

	if (PG_ARGISNULL(1))
	{
		if (sums == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(sums);
	}
	array = PG_GETARG_ARRAYTYPE_P(1);
	check_shape(array, sums == NULL ? 0 : gtl_exact_dimension(sums));
	if (sums == NULL)
	{
		GtlEnv		env;

		gtl_aggregate_env(fcinfo, &env);
		sums = gtl_exact_create(ARR_DIMS(array)[0], &env);
	}
	gtl_exact_add(sums, read_features(array));
	PG_RETURN_POINTER(sums);
}

static void
merge(GtlExactSums *sums, GtlExactSums *other)
{
	if (gtl_exact_dimension(sums) != gtl_exact_dimension(other))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("features have %d dimensions, others have %d", gtl_exact_dimension(other), gtl_exact_dimension(sums))));
	gtl_exact_merge(sums, other);
}

/* The state of a transition function with other sums in it. */
static Datum
merge_state(FunctionCallInfo fcinfo, GtlExactSums *other)
{
	GtlExactSums *sums;

	if (PG_ARGISNULL(0))
	{
		GtlEnv		env;

		gtl_aggregate_env(fcinfo, &env);
		sums = gtl_exact_create(gtl_exact_dimension(other), &env);
	}
	else
		sums = (GtlExactSums *) PG_GETARG_POINTER(0);
	merge(sums, other);
	PG_RETURN_POINTER(sums);
}

static GtlExactSums *
from_bytes(bytea *bytes)
{
	GtlEnv		env;
	const char *reason;
	GtlExactSums *sums;

	gtl_env_init(&env, CurrentMemoryContext);
	sums = gtl_exact_from_bytes((const uint8_t *) VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), &env, &reason);
	if (sums == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sums of a gt_feature_stats cannot be read: %s", reason)));
	return sums;
}

static Datum
to_bytes(GtlExactSums *sums)
{
	GtlEnv		env;
	size_t		size;
	uint8_t    *bytes;
	Datum		value;

	gtl_env_init(&env, CurrentMemoryContext);
	bytes = gtl_exact_to_bytes(sums, &env, &size);
	value = gtl_bytea(bytes, size);
	pfree(bytes);
	return value;
}

PG_FUNCTION_INFO_V1(gtl_sql_stats_combine);
Datum
gtl_sql_stats_combine(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_POINTER(PG_GETARG_POINTER(0));
	}
	return merge_state(fcinfo, (GtlExactSums *) PG_GETARG_POINTER(1));
}

PG_FUNCTION_INFO_V1(gtl_sql_stats_serial);
Datum
gtl_sql_stats_serial(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(to_bytes((GtlExactSums *) PG_GETARG_POINTER(0)));
}

PG_FUNCTION_INFO_V1(gtl_sql_stats_deserial);
Datum
gtl_sql_stats_deserial(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(from_bytes(PG_GETARG_BYTEA_PP(0)));
}

PG_FUNCTION_INFO_V1(gtl_sql_stats_merge);
Datum
gtl_sql_stats_merge(PG_FUNCTION_ARGS)
{
	Datum	   *values;
	bool	   *nulls;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_POINTER(PG_GETARG_POINTER(0));
	}
	gtl_row_columns(PG_GETARG_DATUM(1), STATS_COLUMNS, &values, &nulls);
	if (nulls[STATS_SUMS])
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("sums of a gt_feature_stats must not be NULL")));
	return merge_state(fcinfo, from_bytes(DatumGetByteaPP(values[STATS_SUMS])));
}

PG_FUNCTION_INFO_V1(gtl_sql_stats_final);
Datum
gtl_sql_stats_final(PG_FUNCTION_ARGS)
{
	GtlExactSums *sums;
	double	   *mean;
	double	   *deviation;
	int			dimension;
	Datum		values[STATS_COLUMNS];
	bool		nulls[STATS_COLUMNS] = {false};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sums = (GtlExactSums *) PG_GETARG_POINTER(0);
	dimension = gtl_exact_dimension(sums);
	mean = palloc(sizeof(double) * dimension);
	deviation = palloc(sizeof(double) * dimension);
	gtl_exact_moments(sums, mean, deviation);
	values[STATS_COUNT] = Int64GetDatum(gtl_exact_count(sums));
	values[STATS_MEAN] = gtl_array_float8(mean, dimension);
	values[STATS_DEVIATION] = gtl_array_float8(deviation, dimension);
	values[STATS_SUMS] = to_bytes(sums);
	return gtl_aggregate_row(fcinfo, values, nulls);
}
