/*
 * query_values.c
 *		Values of results, and arrays for parameters; see query.h.
 */
#include "base/query.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

Datum
gtl_result_datum(const GtlResult *result, uint64 row, int column, bool *isnull)
{
	Assert(result->rows != NULL && row < result->rows->numvals);
	return heap_getattr(result->rows->vals[row], column, result->rows->tupdesc, isnull);
}

bool
gtl_result_isnull(const GtlResult *result, uint64 row, int column)
{
	bool		isnull;

	(void) gtl_result_datum(result, row, column, &isnull);
	return isnull;
}

int32
gtl_result_int32(const GtlResult *result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = gtl_result_datum(result, row, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

int64
gtl_result_int64(const GtlResult *result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = gtl_result_datum(result, row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

double
gtl_result_float8(const GtlResult *result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = gtl_result_datum(result, row, column, &isnull);

	return isnull ? NAN : DatumGetFloat8(value);
}

bool
gtl_result_bool(const GtlResult *result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = gtl_result_datum(result, row, column, &isnull);

	return isnull ? false : DatumGetBool(value);
}

/* Types other than text go through their output function. */
char *
gtl_result_text(const GtlResult *result, uint64 row, int column)
{
	MemoryContext caller = CurrentMemoryContext;
	char	   *value;

	value = SPI_getvalue(result->rows->vals[row], result->rows->tupdesc, column);
	MemoryContextSwitchTo(caller);
	return value;
}

struct varlena *
gtl_result_varlena(const GtlResult *result, uint64 row, int column)
{
	bool		isnull;
	Datum		value = gtl_result_datum(result, row, column, &isnull);

	return isnull ? NULL : PG_DETOAST_DATUM_COPY(value);
}

int32 *
gtl_result_int32_array(const GtlResult *result, uint64 row, int column, int *count)
{
	ArrayType  *array = (ArrayType *) gtl_result_varlena(result, row, column);
	int32	   *values;

	*count = 0;
	if (array == NULL)
		return NULL;
	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	values = palloc(sizeof(int32) * Max(*count, 1));
	memcpy(values, ARR_DATA_PTR(array), sizeof(int32) * *count);
	pfree(array);
	return values;
}

char *
gtl_row_text(TupleTableSlot *row, int column)
{
	bool		isnull;
	Datum		value = slot_getattr(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* An array of a fixed-width, pass-by-value-or-not element type, as stored. */
static Datum
fixed_array(Oid type, const void *values, int64 count, int width)
{
	Size		size = add_size(ARR_OVERHEAD_NONULLS(1), mul_size(width, count));
	ArrayType  *array;

	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("array of " INT64_FORMAT " elements is too large", count)));
	array = palloc0(size);
	SET_VARSIZE(array, size);
	array->ndim = count > 0 ? 1 : 0;
	array->elemtype = type;
	if (count > 0)
	{
		ARR_DIMS(array)[0] = (int) count;
		ARR_LBOUND(array)[0] = 1;
		memcpy(ARR_DATA_PTR(array), values, width * count);
	}
	return PointerGetDatum(array);
}

Datum
gtl_array_int16(const int16 *values, int64 count)
{
	return fixed_array(INT2OID, values, count, sizeof(int16));
}

Datum
gtl_array_int32(const int32 *values, int64 count)
{
	return fixed_array(INT4OID, values, count, sizeof(int32));
}

Datum
gtl_array_int64(const int64 *values, int64 count)
{
	return fixed_array(INT8OID, values, count, sizeof(int64));
}

Datum
gtl_array_float4(const float *values, int64 count)
{
	return fixed_array(FLOAT4OID, values, count, sizeof(float));
}

Datum
gtl_array_float8(const double *values, int64 count)
{
	return fixed_array(FLOAT8OID, values, count, sizeof(double));
}

Datum
gtl_bytea(const void *bytes, size_t size)
{
	bytea	   *value;

	if (size > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%zu bytes are too many for a value of type bytea", size)));
	value = palloc(VARHDRSZ + size);
	SET_VARSIZE(value, VARHDRSZ + size);
	memcpy(VARDATA(value), bytes, size);
	return PointerGetDatum(value);
}

Datum
gtl_array_text(char *const *values, int64 count)
{
	Datum	   *elements = palloc0(sizeof(Datum) * Max(count, 1));
	bool	   *nulls = palloc(sizeof(bool) * Max(count, 1));
	int			dimension = (int) count;
	int			lower = 1;

	if (count == 0)
		return PointerGetDatum(construct_empty_array(TEXTOID));
	for (int64 i = 0; i < count; i++)
	{
		nulls[i] = values[i] == NULL;
		if (values[i] != NULL)
			elements[i] = CStringGetTextDatum(values[i]);
	}
	return PointerGetDatum(construct_md_array(elements, nulls, 1, &dimension, &lower, TEXTOID, -1, false, TYPALIGN_INT));
}

char	  **
gtl_array_to_text(Datum array, int *count)
{
	Datum	   *elements;
	bool	   *nulls;
	char	  **values;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, count);
	values = palloc(sizeof(char *) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
		values[i] = nulls[i] ? NULL : TextDatumGetCString(elements[i]);
	return values;
}
