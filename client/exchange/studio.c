/*
 * studio.c
 *		Label Studio's exports: a task as a row, the answers to it as rows of their own.
 *
 * JSON has a task with its annotations.  JSON_MIN has a record for each annotation, in which the task's data,
 * the answers and what the export adds stand side by side, the answers between "id" and "annotator".  Answers
 * of one control count, choices or a rating.  Those that were cancelled, or say nothing, are left out.
 */
#include "exchange/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
is_min(const GtcMembers *members)
{
	const GtcValue *data = gtc_find_member(members, "data");

	return data == NULL || data->kind != GTC_JSON_OBJECT;
}

/* ---- JSON_MIN ---- */

static bool
is_added(const GtcMember *member)
{
	static const char *const added[] = {"id", "annotator", "annotation_id", "created_at",
										"updated_at", "lead_time", "agreement"};
	size_t		i;

	for (i = 0; i < sizeof(added) / sizeof(added[0]); i++)
	{
		if (gtc_name_is(member, added[i]))
			return true;
	}
	return false;
}

/* The answer: the member that --attribute names, else the only one between "id" and "annotator" */
static const GtcMember *
min_answer(GtcLoad *load)
{
	const GtcMember *answer = NULL;
	bool		inside = false;
	int			i;

	for (i = 0; i < load->members.count; i++)
	{
		const GtcMember *member = &load->members.list[i];

		if (load->options.attribute != NULL)
		{
			if (gtc_name_is(member, load->options.attribute))
				answer = member;
		}
		else if (gtc_name_is(member, "id"))
			inside = true;
		else if (gtc_name_is(member, "annotator"))
			break;
		else if (inside && !is_added(member))
		{
			if (answer != NULL || !gtc_load_attribute(load, member, 0))
			{
				gtc_load_fail(load, "several controls: say which is meant (--attribute)");
				return NULL;
			}
			answer = member;
		}
	}
	return answer;
}

static void
min_data(GtcLoad *load, GtcMembers *data)
{
	const GtcMember *answer = min_answer(load);
	int			i;

	load->reason = NULL;
	data->count = 0;
	if (data->room < load->members.count)
	{
		data->room = load->members.count;
		data->list = gtc_realloc(data->list, data->room * sizeof(GtcMember));
	}
	for (i = 0; i < load->members.count; i++)
	{
		if (&load->members.list[i] != answer && !is_added(&load->members.list[i]))
			data->list[data->count++] = load->members.list[i];
	}
}

bool
gtc_studio_data(GtcLoad *load, GtcMembers *data)
{
	GtcValue	value;

	if (is_min(&load->members))
	{
		load->repeats = true;
		min_data(load, data);
		return true;
	}
	return gtc_scan_json(gtc_find_member(&load->members, "data")->text, GTC_FOR_JSONB, &value, data) == NULL;
}

/* ---- Answers ---- */

typedef struct Answer
{
	const GtcValue *annotator;
	const GtcValue *date;
	const GtcValue *comment;	/* NULL: none */
	bool		gold;
} Answer;

/* The only choice of an array; NULL with a reason if there are several, without one if there is none */
static const GtcValue *
only_choice(GtcLoad *load, const GtcValue *array, GtcMembers *choices)
{
	GtcValue	value;

	(void) gtc_scan_json(array->text, GTC_FOR_JSONB, &value, choices);
	if (choices->count > 1)
		gtc_load_fail(load, "an answer of %d choices, where gtlabel knows answers of one", choices->count);
	return choices->count == 1 ? &choices->list[0].value : NULL;
}

/* The label within {"choices": ["x"]} or {"rating": 3}; NULL as above */
static const GtcValue *
choice_inside(GtcLoad *load, const GtcValue *object, GtcMembers *parts, GtcMembers *choices)
{
	const GtcValue *found;
	GtcValue	value;

	(void) gtc_scan_json(object->text, GTC_FOR_JSONB, &value, parts);
	found = gtc_find_member(parts, "choices");
	if (found == NULL)
		found = gtc_find_member(parts, "rating");
	if (found != NULL && found->kind == GTC_JSON_ARRAY)
		found = only_choice(load, found, choices);
	return found;
}

/* What an answer or a prediction says: copies, since the lists that they were found in are used again */
typedef struct Results
{
	bool		labeled;
	GtcValue	label;
	bool		commented;
	GtcValue	comment;
} Results;

/* {"text": "x"}, or a list of texts, of which the first */
static void
read_comment(const GtcValue *object, GtcMembers *parts, GtcMembers *texts, Results *results)
{
	const GtcValue *text;
	GtcValue	value;

	(void) gtc_scan_json(object->text, GTC_FOR_JSONB, &value, parts);
	text = gtc_find_member(parts, "text");
	if (text != NULL && text->kind == GTC_JSON_ARRAY)
	{
		(void) gtc_scan_json(text->text, GTC_FOR_JSONB, &value, texts);
		text = texts->count == 0 ? NULL : &texts->list[0].value;
	}
	if (results->commented || text == NULL || text->kind != GTC_JSON_STRING)
		return;
	results->commented = true;
	results->comment = *text;
}

/* The label of the control that is meant */
static void
read_choice(GtcLoad *load, const GtcMember *control, const GtcValue *object, GtcMembers *scratch,
			Results *results)
{
	const GtcValue *found;

	if (load->options.attribute != NULL && !gtc_name_is(control, load->options.attribute))
		return;
	found = choice_inside(load, object, &scratch[0], &scratch[1]);
	if (found == NULL)
		return;
	if (!gtc_load_attribute(load, control, 0))
	{
		gtc_load_fail(load, "controls \"%.100s\" and \"%.*s\": say which is meant (--attribute)",
					  load->attribute, (int) (control->name.len < 100 ? control->name.len : 100),
					  control->name.data);
		return;
	}
	results->labeled = true;
	results->label = *found;
}

static void
read_result(GtcLoad *load, const GtcValue *result, GtcMembers *scratch, Results *results)
{
	GtcMember	control = {0};
	const GtcValue *from;
	const GtcValue *type;
	const GtcValue *inside;
	GtcValue	value;

	if (result->kind != GTC_JSON_OBJECT)
		return;
	(void) gtc_scan_json(result->text, GTC_FOR_JSONB, &value, &scratch[0]);
	from = gtc_find_member(&scratch[0], "from_name");
	type = gtc_find_member(&scratch[0], "type");
	inside = gtc_find_member(&scratch[0], "value");
	if (inside == NULL || inside->kind != GTC_JSON_OBJECT)
		return;
	if (type != NULL && type->text.len == 8 && memcmp(type->text.data, "textarea", 8) == 0)
		read_comment(inside, &scratch[1], &scratch[2], results);
	else if (from != NULL && from->kind == GTC_JSON_STRING)
	{
		control.name = from->text;
		control.name_escaped = from->escaped;
		read_choice(load, &control, inside, &scratch[1], results);
	}
}

static void
read_results(GtcLoad *load, const GtcValue *list, GtcMembers *scratch, Results *results)
{
	GtcValue	value;
	int			i;

	memset(results, 0, sizeof(*results));
	scratch[0].count = 0;
	if (list != NULL && list->kind == GTC_JSON_ARRAY)
		(void) gtc_scan_json(list->text, GTC_FOR_JSONB, &value, &scratch[0]);
	for (i = 0; i < scratch[0].count && load->reason == NULL; i++)
		read_result(load, &scratch[0].list[i].value, &scratch[1], results);
}

/* A number or string as it stands; of a person's record the address, the name or the number */
static void
write_annotator(GtcLoad *load, const GtcValue *annotator)
{
	GtcMembers	person = {0};
	const GtcValue *name = annotator;
	GtcValue	value;

	if (annotator != NULL && annotator->kind == GTC_JSON_OBJECT)
	{
		(void) gtc_scan_json(annotator->text, GTC_FOR_JSONB, &value, &person);
		name = gtc_find_member(&person, "email");
		if (name == NULL || name->kind == GTC_JSON_NULL)
			name = gtc_find_member(&person, "username");
		if (name == NULL || name->kind == GTC_JSON_NULL)
			name = gtc_find_member(&person, "id");
	}
	if (name == NULL || (name->kind != GTC_JSON_STRING && name->kind != GTC_JSON_NUMBER) ||
		name->text.len == 0)
		gtc_append(&load->answers, "unknown");
	else if (name->kind == GTC_JSON_NUMBER)
		gtc_append_bytes(&load->answers, name->text.data, name->text.len);
	else
		(void) gtc_copy_string(&load->answers, &load->scratch, name);
	gtc_members_free(&person);
}

/* A label as text: a string, or a number as it stands */
static void
copy_label(GtcLoad *load, GtcBuffer *copy, const GtcValue *label)
{
	if (label->kind == GTC_JSON_STRING)
		(void) gtc_copy_string(copy, &load->scratch, label);
	else
		gtc_copy_text(copy, label->text.data, label->text.len);
}

/* load->label holds the object's key, as COPY writes it. */
static void
write_answer(GtcLoad *load, const Answer *answer, const GtcValue *label)
{
	if (label == NULL || label->text.len == 0)
	{
		load->counts.cancelled++;
		return;
	}
	load->counts.answers++;
	gtc_append(&load->answers, load->label.data);
	gtc_append_char(&load->answers, '\t');
	write_annotator(load, answer->annotator);
	gtc_append_char(&load->answers, '\t');
	copy_label(load, &load->answers, label);
	gtc_append(&load->answers, answer->gold ? "\tt\t" : "\tf\t");
	if (answer->comment == NULL)
		gtc_copy_null(&load->answers);
	else
		copy_label(load, &load->answers, answer->comment);
	gtc_append_char(&load->answers, '\t');
	gtc_copy_time(load, &load->answers, answer->date);
	gtc_append_char(&load->answers, '\n');
}

/* ---- JSON: the annotations of a task ---- */

typedef struct Lists
{
	GtcMembers	outer;
	GtcMembers	parts;
	GtcMembers	scratch[5];
	GtcBuffer	gold;
	bool		has_gold;
} Lists;

static void
free_lists(Lists *lists)
{
	size_t		i;

	gtc_members_free(&lists->outer);
	gtc_members_free(&lists->parts);
	for (i = 0; i < sizeof(lists->scratch) / sizeof(lists->scratch[0]); i++)
		gtc_members_free(&lists->scratch[i]);
	gtc_buffer_free(&lists->gold);
}

static bool
is_true(const GtcMembers *members, const char *name)
{
	const GtcValue *value = gtc_find_member(members, name);

	return value != NULL && value->kind == GTC_JSON_TRUE;
}

static void
note_gold(GtcLoad *load, Lists *lists, const GtcValue *label)
{
	GtcBuffer	text;

	gtc_buffer_init(&text);
	copy_label(load, &text, label);
	if (lists->has_gold && strcmp(text.data, lists->gold.data) != 0)
		gtc_load_fail(load, "two ground truths that differ");
	gtc_buffer_reset(&lists->gold);
	gtc_append(&lists->gold, text.data);
	lists->has_gold = true;
	gtc_buffer_free(&text);
}

static void
read_annotation(GtcLoad *load, Lists *lists, const GtcValue *annotation)
{
	GtcValue	value;
	Results		results = {0};
	Answer		answer;

	if (annotation->kind != GTC_JSON_OBJECT)
		return;
	(void) gtc_scan_json(annotation->text, GTC_FOR_JSONB, &value, &lists->parts);
	if (!is_true(&lists->parts, "was_cancelled"))
		read_results(load, gtc_find_member(&lists->parts, "result"), lists->scratch, &results);
	if (load->reason != NULL)
		return;
	answer.annotator = gtc_find_member(&lists->parts, "completed_by");
	answer.date = gtc_find_member(&lists->parts, "created_at");
	answer.comment = results.commented ? &results.comment : NULL;
	answer.gold = is_true(&lists->parts, "ground_truth");
	write_answer(load, &answer, results.labeled ? &results.label : NULL);
	if (answer.gold && results.labeled)
		note_gold(load, lists, &results.label);
}

static bool
scan_list(const GtcValue *array, GtcMembers *list)
{
	GtcValue	value;

	list->count = 0;
	return array != NULL && array->kind == GTC_JSON_ARRAY &&
		gtc_scan_json(array->text, GTC_FOR_JSONB, &value, list) == NULL;
}

static const char *
read_annotations(GtcLoad *load, Lists *lists, const GtcMembers *task)
{
	const GtcValue *annotations = gtc_find_member(task, "annotations");
	int			i;

	if (!scan_list(annotations != NULL ? annotations : gtc_find_member(task, "completions"), &lists->outer))
		return NULL;
	for (i = 0; i < lists->outer.count && load->reason == NULL; i++)
		read_annotation(load, lists, &lists->outer.list[i].value);
	return load->reason;
}

/* The label of the newest prediction, as a guess */
static const char *
write_proposal(GtcLoad *load, Lists *lists, const GtcMembers *task)
{
	Results		results = {0};
	GtcValue	value;

	if (scan_list(gtc_find_member(task, "predictions"), &lists->outer) && lists->outer.count > 0 &&
		lists->outer.list[lists->outer.count - 1].value.kind == GTC_JSON_OBJECT)
	{
		(void) gtc_scan_json(lists->outer.list[lists->outer.count - 1].value.text, GTC_FOR_JSONB, &value,
							 &lists->parts);
		read_results(load, gtc_find_member(&lists->parts, "result"), lists->scratch, &results);
	}
	gtc_append_char(&load->rows, '\t');
	if (!results.labeled)
		gtc_copy_null(&load->rows);
	else
		copy_label(load, &load->rows, &results.label);
	return load->reason;
}

/* ---- The rows ---- */

static bool
is_integer(const GtcValue *value)
{
	size_t		sign = value->text.len > 0 && value->text.data[0] == '-';
	size_t		i;

	for (i = sign; i < value->text.len; i++)
	{
		if (value->text.data[i] < '0' || value->text.data[i] > '9')
			return false;
	}
	return value->kind == GTC_JSON_NUMBER && value->text.len - sign <= 18;
}

/* The number of the task into the row, the object's key into load->label */
static const char *
write_key(GtcLoad *load, const GtcMembers *data)
{
	const GtcValue *id = gtc_find_member(&load->members, "id");
	const GtcValue *key = id;

	if (id != NULL && id->kind != GTC_JSON_NULL && !is_integer(id))
		return "\"id\" is no integer";
	if (id != NULL && id->kind != GTC_JSON_NULL)
		gtc_append_bytes(&load->rows, id->text.data, id->text.len);
	else
		gtc_appendf(&load->rows, "%lld", load->record.number);
	gtc_buffer_reset(&load->label);
	if (load->options.key != NULL)
	{
		key = gtc_find_member(data, load->options.key);
		if (key == NULL || key->kind == GTC_JSON_NULL)
			return gtc_load_fail(load, "no \"%.100s\" in the data of the task", load->options.key),
				   load->reason;
	}
	if (key == NULL || key->kind == GTC_JSON_NULL)
		gtc_appendf(&load->label, "%lld", load->record.number);
	else
		copy_label(load, &load->label, key);
	return NULL;
}

static const char *
write_data(GtcLoad *load, const GtcMembers *data)
{
	const char *reason;

	reason = write_key(load, data);
	return reason != NULL ? reason : gtc_write_members(&load->writer, &load->rows, data, true);
}

/* `other`, which gtc_write_members puts last, comes after gold and proposal: it is taken off and put back. */
static void
take_off_other(GtcLoad *load, GtcBuffer *other)
{
	char	   *tab = memrchr(load->rows.data, '\t', load->rows.len);

	gtc_append(other, tab);
	load->rows.len = tab - load->rows.data;
	*tab = '\0';
}

static const char *
min_rows(GtcLoad *load)
{
	Answer		answer = {gtc_find_member(&load->members, "annotator"),
						  gtc_find_member(&load->members, "created_at"), false};
	const GtcMember *member = min_answer(load);
	GtcMembers	parts[2] = {{0}};
	const GtcValue *label = member == NULL ? NULL : &member->value;

	load->repeats = true;
	if (load->reason == NULL && label != NULL && label->kind == GTC_JSON_OBJECT)
		label = choice_inside(load, label, &parts[0], &parts[1]);
	else if (load->reason == NULL && label != NULL && label->kind == GTC_JSON_ARRAY)
		label = only_choice(load, label, &parts[1]);
	if (load->reason == NULL)
		write_answer(load, &answer, label != NULL && label->kind == GTC_JSON_NULL ? NULL : label);
	gtc_members_free(&parts[0]);
	gtc_members_free(&parts[1]);
	return load->reason;
}

static const char *
task_rows(GtcLoad *load, bool min)
{
	Lists		lists = {0};
	GtcBuffer	other;
	const char *reason;

	gtc_buffer_init(&lists.gold);
	gtc_buffer_init(&other);
	take_off_other(load, &other);
	reason = min ? min_rows(load) : read_annotations(load, &lists, &load->members);
	if (reason == NULL)
	{
		gtc_append_char(&load->rows, '\t');
		gtc_append(&load->rows, lists.has_gold ? lists.gold.data : "\\N");
		reason = write_proposal(load, &lists, &load->members);
		gtc_append(&load->rows, other.data);
		gtc_append_char(&load->rows, '\n');
	}
	gtc_buffer_free(&other);
	free_lists(&lists);
	return reason;
}

const char *
gtc_studio_rows(GtcLoad *load, GtcSpan task)
{
	GtcValue	value;
	const char *reason = gtc_scan_json(task, GTC_FOR_JSONB, &value, &load->members);
	bool		min;

	load->reason = NULL;
	if (reason != NULL)
		return reason;
	if (value.kind != GTC_JSON_OBJECT)
		return "not an object";
	min = is_min(&load->members);
	if (min && gtc_find_member(&load->members, "annotation_id") == NULL &&
		gtc_find_member(&load->members, "annotator") == NULL)
		return "neither a task (\"data\") nor an answer (\"annotator\")";
	if (!gtc_studio_data(load, &load->inner))
		return "not JSON";
	reason = write_data(load, &load->inner);
	return reason != NULL ? reason : task_rows(load, min);
}
