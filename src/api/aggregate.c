/*
 * aggregate.c
 *		What the aggregates over rows in place have in common.
 */
#include "api/aggregate.h"

#include "access/htup_details.h"
#include "base/memory.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include <math.h>

void
gtl_aggregate_env(FunctionCallInfo fcinfo, GtlEnv *env)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	gtl_env_init(env, context);
}

Datum
gtl_aggregate_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

void
gtl_row_columns(Datum row, int columns, Datum **values, bool **nulls)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(row);
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};

	if (desc->natts != columns)
		elog(ERROR, "row has %d columns instead of %d", desc->natts, columns);
	*values = palloc(sizeof(Datum) * columns);
	*nulls = palloc(sizeof(bool) * columns);
	heap_deform_tuple(&tuple, desc, *values, *nulls);
	ReleaseTupleDesc(desc);
}

ArrayType *
gtl_row_array(Datum value, bool isnull, bool nulls_allowed, const char *type, const char *column)
{
	ArrayType  *array = isnull ? NULL : DatumGetArrayTypeP(value);

	if (array == NULL || (!nulls_allowed && array_contains_nulls(array)))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg(array == NULL ? "%s of a %s must not be NULL" : "%s of a %s must not contain NULL", column, type)));
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s of a %s must be a one-dimensional array", column, type)));
	return array;
}

void
gtl_aggregate_same(int64 before, int64 now, const char *argument)
{
	if (before != now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be the same for all rows", argument)));
}

static const char *
integer_text(int64 value)
{
	char	   *text = palloc(MAXINT8LEN + 1);

	pg_lltoa(value, text);
	return text;
}

/* The text of these types depends on no setting. */
static const char *
key_text(Oid type, Datum value)
{
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
			return TextDatumGetCString(value);
		case INT2OID:
			return integer_text(DatumGetInt16(value));
		case INT4OID:
			return integer_text(DatumGetInt32(value));
		case INT8OID:
			return integer_text(DatumGetInt64(value));
		case NAMEOID:
		case NUMERICOID:
		case UUIDOID:
		{
			Oid			output;
			bool		varlena;

			getTypeOutputInfo(type, &output, &varlena);
			return OidOutputFunctionCall(output, value);
		}
		default:
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("a key of type %s cannot be drawn by", format_type_be(type)),
					 errdetail("A draw belongs to the key's text, which must be the same on every server."),
					 errhint("Use a key of type text, varchar, name, smallint, integer, bigint, numeric or uuid.")));
	}
}

static const char *
to_utf8(const char *key, size_t *size)
{
	if (GetDatabaseEncoding() != PG_SQL_ASCII)
		key = pg_server_to_any(key, (int) strlen(key), PG_UTF8);
	*size = strlen(key);
	return key;
}

const char *
gtl_row_key(FunctionCallInfo fcinfo, int argument, size_t *size)
{
	Oid			type = getBaseType(get_fn_expr_argtype(fcinfo->flinfo, argument));

	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("key must not be NULL"),
				 errhint("A key identifies each row; leave out rows without one by WHERE.")));
	return to_utf8(key_text(type, PG_GETARG_DATUM(argument)), size);
}

char *
gtl_row_key_to_text(const char *key, size_t size)
{
	char	   *copy = pnstrdup(key, size);

	return GetDatabaseEncoding() == PG_SQL_ASCII ? copy : pg_any_to_server(copy, (int) size, PG_UTF8);
}

/* ---- Rows with the lowest scores ---- */

void
gtl_lowest_to_arrays(const GtlLowest *lowest, Datum *columns)
{
	GtlEnv		env;
	GtlLowestRow *rows;
	int64		count = gtl_lowest_count(lowest);
	char	  **keys = gtl_memory_list(sizeof(char *), count);
	char	  **values = gtl_memory_list(sizeof(char *), count);
	double	   *scores = gtl_memory_list(sizeof(double), count);

	gtl_env_init(&env, CurrentMemoryContext);
	rows = gtl_lowest_list(lowest, &env);
	gtl_env_check(&env);
	for (int64 i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		keys[i] = gtl_row_key_to_text(rows[i].key, rows[i].key_size);
		scores[i] = rows[i].score;
		values[i] = rows[i].value_size == SIZE_MAX ? NULL : pnstrdup(rows[i].value, rows[i].value_size);
	}
	columns[0] = gtl_array_text(keys, count);
	columns[1] = gtl_array_float8(scores, count);
	columns[2] = gtl_array_text(values, count);
}

GtlLowestRow *
gtl_lowest_from_arrays(const Datum *columns, const bool *nulls, const char *type, const char *const *names, int64 *count)
{
	ArrayType  *array[3];
	GtlLowestRow *rows;
	char	  **keys;
	char	  **values;
	const double *scores;
	int			length[3];

	for (int i = 0; i < 3; i++)
		array[i] = gtl_row_array(columns[i], nulls[i], i == 2, type, names[i]);
	keys = gtl_array_to_text(PointerGetDatum(array[0]), &length[0]);
	length[1] = ArrayGetNItems(ARR_NDIM(array[1]), ARR_DIMS(array[1]));
	values = gtl_array_to_text(PointerGetDatum(array[2]), &length[2]);
	if (length[0] != length[1] || length[0] != length[2])
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s, %s and %s of a %s have different lengths", names[0], names[1], names[2], type)));
	scores = (const double *) ARR_DATA_PTR(array[1]);
	rows = gtl_memory_list(sizeof(GtlLowestRow), length[0]);
	for (int i = 0; i < length[0]; i++)
	{
		CHECK_FOR_INTERRUPTS();
		rows[i].key = to_utf8(keys[i], &rows[i].key_size);
		rows[i].score = scores[i];
		rows[i].value = values[i];
		rows[i].value_size = values[i] == NULL ? SIZE_MAX : strlen(values[i]);
		if (isnan(scores[i]))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("%s of a %s contain NaN", names[1], type)));
	}
	*count = length[0];
	return rows;
}

void
gtl_lowest_send(StringInfo out, const GtlLowest *lowest)
{
	GtlEnv		env;
	GtlLowestRow *rows;
	int64		count = gtl_lowest_count(lowest);

	gtl_env_init(&env, CurrentMemoryContext);
	rows = gtl_lowest_list(lowest, &env);
	pq_sendint64(out, count);
	for (int64 i = 0; i < count; i++)
	{
		bool		has_value = rows[i].value_size != SIZE_MAX;

		CHECK_FOR_INTERRUPTS();
		pq_sendfloat8(out, rows[i].score);
		pq_sendint32(out, (uint32) rows[i].key_size);
		pq_sendbytes(out, rows[i].key, (int) rows[i].key_size);
		pq_sendint32(out, has_value ? (uint32) rows[i].value_size : PG_UINT32_MAX);
		if (has_value)
			pq_sendbytes(out, rows[i].value, (int) rows[i].value_size);
	}
}

void
gtl_state_open(bytea *bytes, StringInfo in)
{
	memset(in, 0, sizeof(*in));
	in->data = VARDATA_ANY(bytes);
	in->len = in->maxlen = (int) VARSIZE_ANY_EXHDR(bytes);
}

void
gtl_lowest_receive(StringInfo in, GtlLowest *lowest)
{
	int64		count = pq_getmsgint64(in);

	for (int64 i = 0; i < count; i++)
	{
		GtlLowestRow row = {.score = pq_getmsgfloat8(in)};
		uint32		size = pq_getmsgint(in, 4);

		CHECK_FOR_INTERRUPTS();
		row.key_size = size;
		row.key = pq_getmsgbytes(in, (int) size);
		size = pq_getmsgint(in, 4);
		row.value_size = size == PG_UINT32_MAX ? SIZE_MAX : size;
		row.value = size == PG_UINT32_MAX ? NULL : pq_getmsgbytes(in, (int) size);
		gtl_lowest_offer(lowest, &row);
	}
}
