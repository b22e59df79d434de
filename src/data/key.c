/*
 * key.c
 *		Keys of objects as values of their type; see key.h.
 */
#include "data/key.h"

#include "base/query.h"
#include "catalog/pg_type.h"
#include "data/dataset.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

char *
gtl_key_text(Oid type, Datum value)
{
	char	   *sql = psprintf("SELECT $1::%s::pg_catalog.text", gtl_dataset_type_name(type));
	GtlResult	r;
	char	   *key;

	gtl_query_run_as(&r, GetUserId(), sql, 1, &type, &value);
	key = gtl_result_text(&r, 0, 1);
	gtl_query_end(&r);
	return key;
}

void
gtl_key_reader_open(GtlKeyReader *reader, Oid type)
{
	Oid			base = getBaseType(type);
	Oid			function;

	memset(reader, 0, sizeof(*reader));
	reader->path = base == TEXTOID ? COERCION_PATH_RELABELTYPE :
		find_coercion_pathway(base, TEXTOID, COERCION_EXPLICIT, &function);
	if (reader->path == COERCION_PATH_COERCEVIAIO)
		getTypeInputInfo(base, &function, &reader->input_parameter);
	else if (reader->path == COERCION_PATH_NONE || reader->path == COERCION_PATH_ARRAYCOERCE)
		ereport(ERROR,
				(errcode(ERRCODE_CANNOT_COERCE),
				 errmsg("cannot cast type text to %s", format_type_be(type))));
	if (reader->path != COERCION_PATH_RELABELTYPE)
		fmgr_info(function, &reader->function);
	reader->settings = NewGUCNestLevel();
	gtl_query_pin_text_format();
}

/* A cast's function may also want a type modifier and whether the cast is explicit. */
static Datum
cast_text(GtlKeyReader *reader, Datum key)
{
	LOCAL_FCINFO(call, 3);
	Datum		value;

	InitFunctionCallInfoData(*call, &reader->function, reader->function.fn_nargs, InvalidOid, NULL, NULL);
	call->args[0].value = key;
	call->args[0].isnull = false;
	call->args[1].value = Int32GetDatum(-1);
	call->args[1].isnull = false;
	call->args[2].value = BoolGetDatum(true);
	call->args[2].isnull = false;
	value = FunctionCallInvoke(call);
	if (call->isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("key \"%s\" is cast to NULL", TextDatumGetCString(key))));
	return value;
}

Datum
gtl_key_reader_value(GtlKeyReader *reader, Datum key)
{
	switch (reader->path)
	{
		case COERCION_PATH_FUNC:
			return cast_text(reader, key);
		case COERCION_PATH_COERCEVIAIO:
			return InputFunctionCall(&reader->function, TextDatumGetCString(key), reader->input_parameter, -1);
		default:
			return key;
	}
}

void
gtl_key_reader_close(GtlKeyReader *reader)
{
	AtEOXact_GUC(false, reader->settings);
}
