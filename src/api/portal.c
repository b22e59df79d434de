/*
 * portal.c
 *		What the labeling portal asks for every answer, as one call that takes and returns JSON.
 *
 * The portal's other requests are functions of SQL, which the server plans anew for every call; that takes
 * longer than an answer.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "api/seat.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

static void
refuse(const char *name, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" of the body must be %s", name, what)));
}

/* A member of the body; NULL: missing, or null. */
static JsonbValue *
find_member(Jsonb *body, const char *name)
{
	JsonbValue *value = !JB_ROOT_IS_OBJECT(body) ? NULL :
		getKeyJsonValueFromContainer(&body->root, name, (int) strlen(name), NULL);

	return value == NULL || value->type == jbvNull ? NULL : value;
}

static JsonbContainer *
find_array(Jsonb *body, const char *name, int *count)
{
	JsonbValue *value = find_member(body, name);

	*count = 0;
	if (value == NULL)
		return NULL;
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		refuse(name, "an array");
	*count = JsonContainerSize(value->val.binary.data);
	return value->val.binary.data;
}

static int64
read_number(const JsonbValue *value, const char *name)
{
	if (value->type != jbvNumeric)
		refuse(name, "a number");
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value->val.numeric)));
}

static int64 *
read_numbers(Jsonb *body, const char *name, int *count)
{
	JsonbContainer *array = find_array(body, name, count);
	int64	   *numbers = palloc(sizeof(int64) * Max(*count, 1));

	for (int i = 0; i < *count; i++)
		numbers[i] = read_number(getIthJsonbValueFromContainer(array, i), name);
	return numbers;
}

/* null stays NULL; NULL: there is no such array. */
static char **
read_texts(Jsonb *body, const char *name, int *count)
{
	JsonbContainer *array = find_array(body, name, count);
	char	  **texts;

	if (array == NULL)
		return NULL;
	texts = palloc(sizeof(char *) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
	{
		const JsonbValue *value = getIthJsonbValueFromContainer(array, i);

		if (value->type != jbvString && value->type != jbvNull)
			refuse(name, "an array of texts");
		texts[i] = value->type == jbvNull ? NULL : pnstrdup(value->val.string.val, value->val.string.len);
	}
	return texts;
}

static void
append_tasks(StringInfo json, const GtlGiven *given)
{
	char		time[MAXDATELEN + 1];

	appendStringInfoString(json, "{\"tasks\": [");
	for (int i = 0; i < given->count; i++)
	{
		appendStringInfo(json, "%s{\"task_id\": " INT64_FORMAT ", \"object_key\": ", i > 0 ? ", " : "", given->claims[i].task_id);
		escape_json(json, given->claims[i].object_key);
		appendStringInfo(json, ", \"lease_expires_at\": \"%s\", \"object\": %s}",
						 JsonEncodeDateTime(time, TimestampTzGetDatum(given->claims[i].lease_expires_at), TIMESTAMPTZOID, NULL),
						 given->objects[i] == NULL ? "null" : given->objects[i]);
	}
	appendStringInfoString(json, "], \"queue\": ");
}

PG_FUNCTION_INFO_V1(gtl_sql_portal_answer);
Datum
gtl_sql_portal_answer(PG_FUNCTION_ARGS)
{
	char	   *job_name = gtl_argument_text(fcinfo, 1, "job_name");
	Jsonb	   *body;
	JsonbValue *wanted;
	int64	   *task_ids;
	char	  **labels;
	char	  **comments;
	int			count;
	int			nlabels;
	int			ncomments;
	int64		most;
	GtlAnnotator who;
	GtlGiven	given = {0};
	StringInfoData json;

	gtl_argument_required(fcinfo, 2, "body");
	body = PG_GETARG_JSONB_P(2);
	task_ids = read_numbers(body, "task_ids", &count);
	labels = read_texts(body, "labels", &nlabels);
	comments = read_texts(body, "comments", &ncomments);
	wanted = find_member(body, "max_tasks");
	most = wanted == NULL ? 0 : read_number(wanted, "max_tasks");
	if (most < 0 || most > PG_INT32_MAX)
		refuse("max_tasks", "a number of tasks");
	gtl_annotator_require_same_length(count, nlabels, "task_ids");
	if (comments != NULL)
		gtl_annotator_require_same_length(ncomments, nlabels, "comments");
	for (int i = 0; i < nlabels; i++)
		if (labels[i] == NULL)
			refuse("labels", "an array of texts");
	gtl_annotator_read(fcinfo, -1, 0, &who);
	gtl_seat_answer(&who, task_ids, labels, comments, count, (int) most, &given);
	initStringInfo(&json);
	append_tasks(&json, &given);
	if (given.count < most)
		gtl_seat_append_queue(&json, &who, job_name);
	else
		appendStringInfoString(&json, "null");
	appendStringInfoChar(&json, '}');
	PG_RETURN_TEXT_P(cstring_to_text_with_len(json.data, json.len));
}
