/*
 * job_document.c
 *		gtlabel.create_job_of: gt_create_job with its arguments in a JSON object.
 *
 * The arguments become literals of a call with named arguments, so that their types, defaults and checks are those of
 * gt_create_job, whatever settings there are.  Names of functions and tables are looked up here, with the search path of
 * the caller.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "api/own_job.h"
#include "base/errors.h"
#include "base/query.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "tables/job_field.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

/* An array of texts as SQL writes it. */
static char *
array_text(JsonbContainer *container)
{
	JsonbIterator *it = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	value;
	char	  **texts = palloc(sizeof(char *) * Max(JsonContainerSize(container), 1));
	int			count = 0;
	Oid			output;
	bool		varlena;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (value.type != jbvString)
			return NULL;
		texts[count++] = pnstrdup(value.val.string.val, value.val.string.len);
	}
	getTypeOutputInfo(TEXTARRAYOID, &output, &varlena);
	return OidOutputFunctionCall(output, gtl_array_text(texts, count));
}

/* As a literal's text; NULL: JSON's null. */
static char *
value_text(const char *name, const JsonbValue *value)
{
	char	   *text = NULL;

	switch (value->type)
	{
		case jbvNull:
			return NULL;
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		case jbvBinary:
			if (JsonContainerIsArray(value->val.binary.data))
				text = array_text(value->val.binary.data);
			break;
		default:
			break;
	}
	if (text == NULL)
		gtl_error_setting(name, "must be a text, a number, true, false, null or an array of texts", NULL);
	return text;
}

/* Names of functions and tables, looked up here. */
static char *
resolve(const char *name, char *text)
{
	const GtlJobField *setting = gtl_setting_find(name);

	if (setting == NULL || text == NULL)
		return text;
	if (setting->kind == GTL_FIELD_FUNCTION)
		return psprintf("%u", DatumGetObjectId(DirectFunctionCall1(regprocedurein, CStringGetDatum(text))));
	if (setting->kind == GTL_FIELD_RELATION || setting->kind == GTL_FIELD_RELATION_NAME)
		return psprintf("%u", DatumGetObjectId(DirectFunctionCall1(regclassin, CStringGetDatum(text))));
	return text;
}

static void
require_name(const char *name)
{
	if (gtl_setting_find(name) == NULL && strcmp(name, "job_name") != 0 && strcmp(name, "if_not_exists") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("labeling jobs have no setting \"%s\"", name),
				 errhint("SELECT DISTINCT setting FROM gt_job_settings lists them.")));
}

/* name => 'value', ... */
static char *
list_arguments(Jsonb *settings)
{
	JsonbIterator *it = JsonbIteratorInit(&settings->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	StringInfoData list;
	char	   *name = NULL;

	initStringInfo(&list);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		char	   *text;

		if (token == WJB_KEY)
		{
			name = pnstrdup(value.val.string.val, value.val.string.len);
			require_name(name);
		}
		if (token != WJB_VALUE)
			continue;
		text = resolve(name, value_text(name, &value));
		appendStringInfo(&list, "%s%s => %s", list.len > 0 ? ", " : "", quote_identifier(name),
						 text == NULL ? "NULL" : quote_literal_cstr(text));
	}
	return list.data;
}

/* JSON's null, or not there at all. */
static bool
is_null(Jsonb *settings, const char *name)
{
	JsonbValue	buffer;
	JsonbValue *value = getKeyJsonValueFromContainer(&settings->root, name, strlen(name), &buffer);

	return value == NULL || value->type == jbvNull;
}

PG_FUNCTION_INFO_V1(gtl_sql_create_job_of);
Datum
gtl_sql_create_job_of(PG_FUNCTION_ARGS)
{
	const char *schema;
	Jsonb	   *settings;
	GtlResult	r;
	int64		job_id;

	gtl_argument_required(fcinfo, 0, "settings");
	gtl_argument_required(fcinfo, 1, "beside");
	settings = PG_GETARG_JSONB_P(0);
	schema = get_namespace_name(get_rel_namespace(PG_GETARG_OID(1)));
	if (schema == NULL)
		gtl_error_relation_gone(PG_GETARG_OID(1));
	if (!JB_ROOT_IS_OBJECT(settings))
		gtl_error_setting("settings", "must be a JSON object", NULL);
	if (is_null(settings, "label_categories"))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the request names no label categories"),
				 errhint("Give the content of its LabelCategoryConfigS3Uri as category_file, or settings => '{\"label_categories\": [...]}'.")));
	if (is_null(settings, "job_name"))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the request has no LabelingJobName"),
				 errhint("It is a JSON object as CreateLabelingJob takes it; settings => '{\"job_name\": ...}' names the job, too.")));
	gtl_query_run_as(&r, GetUserId(), psprintf("SELECT %s.gt_create_job(%s)", quote_identifier(schema), list_arguments(settings)),
					 0, NULL, NULL);
	job_id = gtl_result_int64(&r, 0, 1);
	gtl_query_end(&r);
	PG_RETURN_INT64(job_id);
}

/* The number of a job of the caller's; an error if there is none. */
PG_FUNCTION_INFO_V1(gtl_sql_own_job);
Datum
gtl_sql_own_job(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(gtl_own_job(fcinfo)->job_id);
}
