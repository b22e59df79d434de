/*
 * row.c
 *		Values as COPY's text format writes them.
 *
 * What is written here, the server takes: every value is checked against the type of its column.  A
 * column whose type was declared takes what can be read as that type, also from a string; one whose
 * type comes from the head takes only what the head had, so that no value changes its meaning.
 */
#include "exchange/row.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- COPY ---- */

void
gtc_copy_null(GtcBuffer *copy)
{
	gtc_append_bytes(copy, "\\N", 2);
}

void
gtc_copy_text(GtcBuffer *copy, const char *data, size_t length)
{
	static const char written[] = "\\\b\f\n\r\t\v";
	static const char escape[] = "\\bfnrtv";
	const char *at = data;
	const char *end = data + length;

	while (at < end)
	{
		const char *run = at;
		char		pair[2] = {'\\', 0};

		while (at < end && (*at == '\0' || ((unsigned char) *at > '\r' && *at != '\\')))
			at++;
		if (at < end && strchr(written, *at) == NULL)
			at++;
		gtc_append_bytes(copy, run, at - run);
		if (at == end || strchr(written, *at) == NULL || *at == '\0')
			continue;
		pair[1] = escape[strchr(written, *at++) - written];
		gtc_append_bytes(copy, pair, 2);
	}
}

bool
gtc_copy_string(GtcBuffer *copy, GtcBuffer *scratch, const GtcValue *value)
{
	if (value->odd != NULL)
		return false;
	if (!value->escaped)
	{
		gtc_copy_text(copy, value->text.data, value->text.len);
		return true;
	}
	gtc_buffer_reset(scratch);
	if (!gtc_append_value(scratch, value))
		return false;
	gtc_copy_text(copy, scratch->data, scratch->len);
	return true;
}

/* ---- Values by type: a reason, or NULL ---- */

/* A string that holds JSON of this kind, as declared columns take it: the value inside */
static bool
value_inside(GtcRowWriter *writer, const GtcValue *value, GtcJsonKind kind, GtcValue *inside)
{
	*inside = *value;
	if (value->kind == GTC_JSON_STRING)
	{
		gtc_buffer_reset(&writer->scratch);
		if (!gtc_append_value(&writer->scratch, value))
			return false;
		if (kind == GTC_JSON_ARRAY && writer->scratch.len > 1 && writer->scratch.data[0] == '{' &&
			writer->scratch.data[writer->scratch.len - 1] == '}')
		{
			writer->scratch.data[0] = '[';
			writer->scratch.data[writer->scratch.len - 1] = ']';
		}
		if (gtc_scan_json((GtcSpan){writer->scratch.data, writer->scratch.len}, GTC_FOR_JSONB, inside,
						  NULL) != NULL)
			return false;
	}
	return inside->kind == kind;
}

static const char *
write_text(GtcRowWriter *writer, GtcBuffer *copy, const GtcColumn *column, const GtcValue *value)
{
	if (value->kind == GTC_JSON_STRING)
		return gtc_copy_string(copy, &writer->scratch, value) ? NULL : value->odd;
	if (!column->declared)
		return "no string";
	gtc_copy_text(copy, value->text.data, value->text.len);
	return NULL;
}

static const char *
write_number(GtcRowWriter *writer, GtcBuffer *copy, const GtcColumn *column, const GtcValue *value)
{
	GtcValue	number = *value;

	if (value->kind != GTC_JSON_NUMBER &&
		(!column->declared || !value_inside(writer, value, GTC_JSON_NUMBER, &number)))
		return "no number";
	gtc_append_bytes(copy, number.text.data, number.text.len);
	return NULL;
}

/* A number's text with a zero byte behind it */
static const char *
number_text(GtcRowWriter *writer, const GtcValue *number, char *text, size_t size)
{
	snprintf(text, size, "%.*s", (int) number->text.len, number->text.data);
	return text;
}

static const char *
write_bigint(GtcRowWriter *writer, GtcBuffer *copy, const GtcValue *value)
{
	GtcValue	number;
	char		text[1100];
	char	   *end;
	long long	integer;

	if (!value_inside(writer, value, GTC_JSON_NUMBER, &number))
		return "no number";
	errno = 0;
	integer = strtoll(number_text(writer, &number, text, sizeof(text)), &end, 10);
	if (*end != '\0' || errno != 0)
		return "no integer of 64 bits";
	gtc_appendf(copy, "%lld", integer);
	return NULL;
}

static const char *
write_double(GtcRowWriter *writer, GtcBuffer *copy, const GtcValue *value)
{
	GtcValue	number;
	char		text[1100];
	double		real;

	if (!value_inside(writer, value, GTC_JSON_NUMBER, &number))
		return "no number";
	real = strtod(number_text(writer, &number, text, sizeof(text)), NULL);
	if (!isfinite(real))
		return "a number beyond double precision";
	if (fabs(real) < 2.3e-308)
		gtc_append(copy, "0");
	else
		gtc_append(copy, text);
	return NULL;
}

static const char *
write_boolean(GtcRowWriter *writer, GtcBuffer *copy, const GtcColumn *column, const GtcValue *value)
{
	static const char *const words[] = {"false", "true", "f", "t", "no", "yes", "0", "1", "n", "y"};
	size_t		i;

	if (value->kind == GTC_JSON_TRUE || value->kind == GTC_JSON_FALSE)
	{
		gtc_append(copy, value->kind == GTC_JSON_TRUE ? "t" : "f");
		return NULL;
	}
	for (i = 0; column->declared && i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (value->text.len == strlen(words[i]) &&
			strncasecmp(value->text.data, words[i], value->text.len) == 0)
		{
			gtc_append(copy, i % 2 == 1 ? "t" : "f");
			return NULL;
		}
	}
	return "neither true nor false";
}

static const char *
write_jsonb(GtcRowWriter *writer, GtcBuffer *copy, const GtcValue *value)
{
	if (value->kind == GTC_JSON_STRING)
		gtc_append_char(copy, '"');
	gtc_copy_text(copy, value->text.data, value->text.len);
	if (value->kind == GTC_JSON_STRING)
		gtc_append_char(copy, '"');
	return NULL;
}

/* Declared jsonb in CSV: the field is JSON, not a string of JSON. */
static const char *
write_jsonb_field(GtcRowWriter *writer, GtcBuffer *copy, const GtcValue *value)
{
	GtcValue	inside;
	const char *reason = gtc_scan_json(value->text, GTC_FOR_JSONB, &inside, NULL);

	if (reason == NULL)
		gtc_copy_text(copy, value->text.data, value->text.len);
	return reason;
}

static const char *
write_element(GtcBuffer *copy, const GtcValue *number)
{
	char		text[1100];
	float		real;

	if (number->kind != GTC_JSON_NUMBER)
		return "an array with an element that is no number";
	if (number->text.len < 30 && memchr(number->text.data, 'e', number->text.len) == NULL &&
		memchr(number->text.data, 'E', number->text.len) == NULL)
	{
		gtc_append_bytes(copy, number->text.data, number->text.len);
		return NULL;
	}
	snprintf(text, sizeof(text), "%.*s", (int) number->text.len, number->text.data);
	real = strtof(text, NULL);
	if (!isfinite(real))
		return "an array with a number beyond float4";
	gtc_appendf(copy, "%.9g", fabsf(real) < 1.2e-38f ? 0.0 : (double) real);
	return NULL;
}

static const char *
write_elements(GtcRowWriter *writer, GtcBuffer *copy, GtcColumn *column)
{
	const char *reason = NULL;
	int			i;

	if (writer->elements.count == 0)
		return "an empty array";
	if (column->length == 0)
		column->length = writer->elements.count;
	if (column->length != writer->elements.count)
	{
		snprintf(writer->reason, sizeof(writer->reason), "an array of %d where the first has %d",
				 writer->elements.count, column->length);
		return writer->reason;
	}
	for (i = 0; i < writer->elements.count && reason == NULL; i++)
	{
		gtc_append_char(copy, i == 0 ? '{' : ',');
		reason = write_element(copy, &writer->elements.list[i].value);
	}
	gtc_append_char(copy, '}');
	return reason;
}

static const char *
write_array(GtcRowWriter *writer, GtcBuffer *copy, GtcColumn *column, const GtcValue *value)
{
	GtcValue	array;

	if (!value_inside(writer, value, GTC_JSON_ARRAY, &array) ||
		gtc_scan_json(array.text, GTC_FOR_JSONB, &array, &writer->elements) != NULL)
		return "no array of numbers";
	return write_elements(writer, copy, column);
}

static const char *
write_typed(GtcRowWriter *writer, GtcBuffer *copy, GtcColumn *column, const GtcValue *value, bool csv)
{
	GtcValue	again;

	if (value->odd != NULL)
		return value->odd;
	/* a manifest was only scanned for json */
	if (column->type == GTC_JSONB && column->declared &&
		(value->kind == GTC_JSON_OBJECT || value->kind == GTC_JSON_ARRAY))
	{
		const char *reason = gtc_scan_json(value->text, GTC_FOR_JSONB, &again, NULL);

		if (reason != NULL)
			return reason;
	}
	switch (column->type)
	{
		case GTC_TEXT:
			return write_text(writer, copy, column, value);
		case GTC_NUMERIC:
			return write_number(writer, copy, column, value);
		case GTC_BIGINT:
			return write_bigint(writer, copy, value);
		case GTC_DOUBLE:
			return write_double(writer, copy, value);
		case GTC_BOOLEAN:
			return write_boolean(writer, copy, column, value);
		case GTC_FLOAT4_ARRAY:
			return write_array(writer, copy, column, value);
		case GTC_JSONB:
			return csv ? write_jsonb_field(writer, copy, value) : write_jsonb(writer, copy, value);
	}
	return NULL;
}

/* ---- Rows ---- */

void
gtc_row_writer_init(GtcRowWriter *writer, GtcColumns *columns)
{
	memset(writer, 0, sizeof(*writer));
	writer->columns = columns;
	writer->places = gtc_alloc(columns->count * sizeof(GtcValue *));
	gtc_buffer_init(&writer->scratch);
}

void
gtc_row_writer_free(GtcRowWriter *writer)
{
	free(writer->places);
	gtc_members_free(&writer->elements);
	if (writer->scratch.data != NULL)
		gtc_buffer_free(&writer->scratch);
	memset(writer, 0, sizeof(*writer));
}

static const char *
explain(GtcRowWriter *writer, const GtcColumn *column, const char *reason)
{
	char		what[200];

	snprintf(what, sizeof(what), "%.199s", reason);
	snprintf(writer->reason, sizeof(writer->reason), "\"%s\" is %s%s%s", column->name, what,
			 column->declared ? "" : ", but the column is ",
			 column->declared ? "" : gtc_type_name(column->type));
	return writer->reason;
}

static const char *
write_places(GtcRowWriter *writer, GtcBuffer *copy, bool csv)
{
	int			i;

	for (i = 0; i < writer->columns->count; i++)
	{
		GtcColumn  *column = &writer->columns->list[i];
		const GtcValue *value = writer->places[i];
		const char *reason;

		gtc_append_char(copy, '\t');
		if (value == NULL || (value->kind == GTC_JSON_NULL && (csv || column->type != GTC_JSONB)))
		{
			gtc_copy_null(copy);
			continue;
		}
		reason = write_typed(writer, copy, column, value, csv);
		if (reason != NULL)
			return explain(writer, column, reason);
	}
	return NULL;
}

/* The members come mostly in the columns' order. */
static int
place_of(const GtcRowWriter *writer, const GtcMember *member, int guess)
{
	const GtcColumns *columns = writer->columns;
	int			i;

	for (i = 0; i < columns->count; i++)
	{
		int			at = (guess + i) % columns->count;

		if (member->name_escaped ? gtc_name_is(member, columns->list[at].name)
								 : member->name.len == columns->list[at].name_length &&
					memcmp(member->name.data, columns->list[at].name, member->name.len) == 0)
			return at;
	}
	return -1;
}

static void
append_other(GtcBuffer *copy, const GtcMember *member, bool first)
{
	gtc_append(copy, first ? "{\"" : ", \"");
	gtc_copy_text(copy, member->name.data, member->name.len);
	gtc_append(copy, "\": ");
	(void) write_jsonb(NULL, copy, &member->value);
}

const char *
gtc_write_members(GtcRowWriter *writer, GtcBuffer *copy, const GtcMembers *members, bool other)
{
	GtcBuffer	rest = {0};
	const char *reason = NULL;
	int			guess = 0;
	int			i;

	memset(writer->places, 0, writer->columns->count * sizeof(GtcValue *));
	for (i = 0; i < members->count && reason == NULL; i++)
	{
		int			place = place_of(writer, &members->list[i], guess);

		if (place >= 0 && writer->places[place] != NULL)
		{
			snprintf(writer->reason, sizeof(writer->reason), "two keys \"%s\"",
					 writer->columns->list[place].name);
			reason = writer->reason;
		}
		else if (place >= 0)
		{
			writer->places[place] = &members->list[i].value;
			guess = place + 1;
		}
		else if (other)
		{
			if (rest.data == NULL)
				gtc_buffer_init(&rest);
			append_other(&rest, &members->list[i], rest.len == 0);
		}
	}
	if (reason == NULL)
		reason = write_places(writer, copy, false);
	if (other)
	{
		gtc_append_char(copy, '\t');
		gtc_append(copy, rest.data == NULL ? "\\N" : rest.data);
		gtc_append(copy, rest.data == NULL ? "" : "}");
	}
	free(rest.data);
	return reason;
}

const char *
gtc_write_fields(GtcRowWriter *writer, GtcBuffer *copy, const GtcMembers *fields)
{
	int			i;

	if (fields->count != writer->columns->count)
	{
		snprintf(writer->reason, sizeof(writer->reason), "%d fields where the header has %d", fields->count,
				 writer->columns->count);
		return writer->reason;
	}
	for (i = 0; i < fields->count; i++)
		writer->places[i] = &fields->list[i].value;
	return write_places(writer, copy, true);
}
