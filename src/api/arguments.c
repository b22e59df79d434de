/*
 * arguments.c
 *		Reading the arguments of SQL-callable functions.
 */
#include "api/arguments.h"

#include "base/query.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

void
gtl_argument_required(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be NULL", name)));
}

char *
gtl_argument_text(FunctionCallInfo fcinfo, int argument, const char *name)
{
	gtl_argument_required(fcinfo, argument, name);
	return text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

char *
gtl_argument_text_or_null(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

char *
gtl_argument_name_or_null(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : pstrdup(NameStr(*PG_GETARG_NAME(argument)));
}

static ArrayType *
array_without_nulls(FunctionCallInfo fcinfo, int argument, const char *name)
{
	ArrayType  *array;

	gtl_argument_required(fcinfo, argument, name);
	array = PG_GETARG_ARRAYTYPE_P(argument);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must be a one-dimensional array", name)));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not contain NULL", name)));
	return array;
}

char	  **
gtl_argument_text_array(FunctionCallInfo fcinfo, int argument, const char *name, int *count)
{
	return gtl_array_to_text(PointerGetDatum(array_without_nulls(fcinfo, argument, name)), count);
}

int64 *
gtl_argument_int64_array(FunctionCallInfo fcinfo, int argument, const char *name, int *count)
{
	ArrayType  *array = array_without_nulls(fcinfo, argument, name);

	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return (int64 *) ARR_DATA_PTR(array);
}
