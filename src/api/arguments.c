/*
 * arguments.c
 *		Reading the arguments of SQL-callable functions.
 */
#include "api/arguments.h"

#include "access/htup_details.h"
#include "base/errors.h"
#include "base/query.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "learning/words.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#define MAX_CATEGORY_CHARACTERS 256

int
gtl_argument_place(FunctionCallInfo fcinfo, const char *name)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
	Datum		names;
	Datum		modes;
	bool		no_names;
	bool		no_modes;
	char	  **list = NULL;
	int			count = 0;
	int			place = -1;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", fcinfo->flinfo->fn_oid);
	names = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proargnames, &no_names);
	modes = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proargmodes, &no_modes);
	if (!no_names)
		count = get_func_input_arg_names(names, no_modes ? PointerGetDatum(NULL) : modes, &list);
	for (int i = 0; i < count && place < 0; i++)
		if (list[i] != NULL && strcmp(list[i], name) == 0)
			place = i;
	ReleaseSysCache(tuple);
	return place;
}

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

int32
gtl_argument_int32(FunctionCallInfo fcinfo, int argument, const char *name, int32 low, int32 high)
{
	int32		value;

	gtl_argument_required(fcinfo, argument, name);
	value = PG_GETARG_INT32(argument);
	if (value < low || value > high)
		gtl_error_setting(name, high == PG_INT32_MAX ? psprintf("must be at least %d", low) :
						  psprintf("must be between %d and %d", low, high), NULL);
	return value;
}

int
gtl_check_word(const char *name, const char *const *words, const char *value)
{
	int			number = gtl_word_number(words, value);
	StringInfoData list;

	if (number >= 0)
		return number;
	initStringInfo(&list);
	for (int i = 0; words[i] != NULL; i++)
		appendStringInfo(&list, "%s\"%s\"", i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ", words[i]);
	gtl_error_setting(name, psprintf("must be %s, not \"%s\"", list.data, value), NULL);
}

/* Below 2^63, so that it reads as a positive number. */
int64
gtl_argument_seed(FunctionCallInfo fcinfo, int argument)
{
	uint64		seed;

	if (!PG_ARGISNULL(argument))
		return PG_GETARG_INT64(argument);
	if (!pg_strong_random(&seed, sizeof(seed)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not draw a seed")));
	return (int64) (seed >> 1);
}

static int
compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* At least two, none empty, too long or named twice. */
void
gtl_check_categories(char **categories, int count)
{
	char	  **sorted = palloc(sizeof(char *) * Max(count, 1));

	if (count < 2)
		gtl_error_setting("label_categories", "must name at least two categories", NULL);
	for (int i = 0; i < count; i++)
	{
		int			length = pg_mbstrlen(categories[i]);

		if (length < 1 || length > MAX_CATEGORY_CHARACTERS)
			gtl_error_setting("label_categories",
							  psprintf("must have names of 1 to %d characters", MAX_CATEGORY_CHARACTERS), NULL);
		sorted[i] = categories[i];
	}
	qsort(sorted, count, sizeof(char *), compare_text);
	for (int i = 1; i < count; i++)
		if (strcmp(sorted[i - 1], sorted[i]) == 0)
			gtl_error_setting("label_categories", psprintf("must not name \"%s\" twice", sorted[i]), NULL);
	pfree(sorted);
}

static ArrayType *
one_dimensional(FunctionCallInfo fcinfo, int argument, const char *name)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(argument);

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must be a one-dimensional array", name)));
	return array;
}

static ArrayType *
array_without_nulls(FunctionCallInfo fcinfo, int argument, const char *name)
{
	ArrayType  *array;

	gtl_argument_required(fcinfo, argument, name);
	array = one_dimensional(fcinfo, argument, name);
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

char	  **
gtl_argument_texts(FunctionCallInfo fcinfo, int argument, const char *name, int *count)
{
	*count = 0;
	return PG_ARGISNULL(argument) ? NULL : gtl_argument_text_array(fcinfo, argument, name, count);
}

int64 *
gtl_argument_int64s(FunctionCallInfo fcinfo, int argument, const char *name, int *count)
{
	*count = 0;
	return PG_ARGISNULL(argument) ? NULL : gtl_argument_int64_array(fcinfo, argument, name, count);
}

char	  **
gtl_argument_texts_and_nulls(FunctionCallInfo fcinfo, int argument, const char *name, int *count)
{
	*count = 0;
	return PG_ARGISNULL(argument) ? NULL :
		gtl_array_to_text(PointerGetDatum(one_dimensional(fcinfo, argument, name)), count);
}
