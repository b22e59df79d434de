/*
 * arguments.c
 *		Reading the arguments of SQL-callable functions.
 */
#include "api/arguments.h"

#include "base/errors.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "steps/evidence.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define MAX_CATEGORY_CHARACTERS 256

const char *const gtl_schedule_choices[] = {"standard", "eager", NULL};
const char *const gtl_guarantee_choices[] = {"confidence", "expected", "strict", "empirical", NULL};
const char *const gtl_algorithm_choices[] = {"auto", "softmax", "mlp", NULL};
const char *const gtl_strategy_choices[] = {"auto", "margin", "random", NULL};

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

double
gtl_argument_share(FunctionCallInfo fcinfo, int argument, const char *name)
{
	double		value;

	gtl_argument_required(fcinfo, argument, name);
	value = PG_GETARG_FLOAT8(argument);
	if (!(value > 0 && value < 1))
		gtl_error_setting(name, "must be greater than 0 and less than 1", NULL);
	return value;
}

char *
gtl_argument_choice(FunctionCallInfo fcinfo, int argument, const char *name, const char *const *choices)
{
	char	   *value = gtl_argument_text(fcinfo, argument, name);
	StringInfoData list;

	for (int i = 0; choices[i] != NULL; i++)
		if (strcmp(value, choices[i]) == 0)
			return value;
	initStringInfo(&list);
	for (int i = 0; choices[i] != NULL; i++)
		appendStringInfo(&list, "%s\"%s\"", i == 0 ? "" : choices[i + 1] == NULL ? " or " : ", ", choices[i]);
	gtl_error_setting(name, psprintf("must be %s, not \"%s\"", list.data, value), NULL);
	return NULL;
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

/* The settings that jobs and simulations name alike. */
void
gtl_argument_engine(FunctionCallInfo fcinfo, int guarantee, int schedule, int algorithm, int strategy,
					GtlEngineSettings *settings)
{
	char	   *name;

	gtl_guarantee_parse(gtl_argument_choice(fcinfo, guarantee, "guarantee", gtl_guarantee_choices),
						&settings->promise.guarantee);
	name = gtl_argument_choice(fcinfo, schedule, "schedule", gtl_schedule_choices);
	settings->schedule = strcmp(name, "eager") == 0 ? GTL_SCHEDULE_EAGER : GTL_SCHEDULE_STANDARD;
	gtl_evidence_choices(gtl_argument_choice(fcinfo, algorithm, "algorithm", gtl_algorithm_choices),
						 gtl_argument_choice(fcinfo, strategy, "query_strategy", gtl_strategy_choices), settings);
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
