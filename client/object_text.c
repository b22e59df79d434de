/*
 * object_text.c
 *		An object as lines of text: JSON as an indented list, conversations as such.
 */
#include "object_text.h"

#include <stdbool.h>
#include <string.h>

static void add_value(GtcLines *lines, const GtcJson *value, int width, int indent);

static void
add_named(GtcLines *lines, const char *name, const GtcJson *value, int width, int indent)
{
	GtcBuffer	head;

	if (value->kind == GTC_JSON_ARRAY || value->kind == GTC_JSON_OBJECT)
	{
		gtc_lines_add(lines, name, width, indent);
		add_value(lines, value, width, indent + 2);
		return;
	}
	gtc_buffer_init(&head);
	gtc_appendf(&head, "%s: %s", name, value->kind == GTC_JSON_NULL ? "(empty)" :
				value->kind == GTC_JSON_TRUE ? "true" :
				value->kind == GTC_JSON_FALSE ? "false" : value->text);
	gtc_lines_add(lines, head.data, width, indent);
	gtc_buffer_free(&head);
}

/* A turn of a conversation has a role and what was said. */
static bool
is_turn(const GtcJson *value)
{
	return gtc_json_text(value, "role") != NULL && gtc_json_text(value, "content") != NULL;
}

static void
add_turn(GtcLines *lines, const GtcJson *turn, int width, int indent)
{
	GtcBuffer	head;

	gtc_buffer_init(&head);
	gtc_appendf(&head, "%s:", gtc_json_text(turn, "role"));
	gtc_lines_add(lines, head.data, width, indent);
	gtc_lines_add(lines, gtc_json_text(turn, "content"), width, indent + 2);
	gtc_buffer_free(&head);
}

static void
add_nested(GtcLines *lines, const GtcJson *value, int width, int indent)
{
	const GtcJson *child;

	for (child = value->first; child != NULL; child = child->next)
	{
		if (value->kind == GTC_JSON_OBJECT)
			add_named(lines, child->name, child, width, indent);
		else if (is_turn(child))
			add_turn(lines, child, width, indent);
		else if (child->kind == GTC_JSON_OBJECT || child->kind == GTC_JSON_ARRAY)
		{
			gtc_lines_add(lines, "-", width, indent);
			add_value(lines, child, width, indent + 2);
		}
		else
			add_named(lines, "-", child, width, indent);
	}
}

static bool
is_picture(const char *text)
{
	return strncmp(text, "data:image/", 11) == 0 || strncmp(text, "\\x89504e47", 10) == 0 ||
		strncmp(text, "\\xffd8ff", 8) == 0 || strncmp(text, "\\x47494638", 10) == 0 ||
		strncmp(text, "\\x52494646", 10) == 0;
}

static void
add_string(GtcLines *lines, const char *text, int width, int indent)
{
	GtcJson    *inside = text[0] == '{' || text[0] == '[' ? gtc_json_parse(text, strlen(text)) : NULL;

	if (text[0] == '\0')
		gtc_lines_add(lines, "(empty)", width, indent);
	else if (is_picture(text))
		gtc_lines_add(lines, "(a picture: gtlabel serve shows it)", width, indent);
	else if (inside != NULL)
		add_value(lines, inside, width, indent);
	else
		gtc_lines_add(lines, text, width, indent);
	gtc_json_free(inside);
}

static void
add_value(GtcLines *lines, const GtcJson *value, int width, int indent)
{
	switch (value->kind)
	{
		case GTC_JSON_ARRAY:
		case GTC_JSON_OBJECT:
			add_nested(lines, value, width, indent);
			break;
		case GTC_JSON_STRING:
			add_string(lines, value->text, width, indent);
			break;
		case GTC_JSON_NUMBER:
			gtc_lines_add(lines, value->text, width, indent);
			break;
		case GTC_JSON_NULL:
			gtc_lines_add(lines, "(empty)", width, indent);
			break;
		default:
			gtc_lines_add(lines, value->kind == GTC_JSON_TRUE ? "true" : "false", width, indent);
	}
}

static void
add_column(GtcLines *lines, const char *name, const GtcJson *value, int width, bool alone)
{
	if (value == NULL)
		return;
	if (alone)
	{
		add_value(lines, value, width, 0);
		return;
	}
	if (lines->count > 0)
		gtc_lines_add(lines, "", width, 0);
	gtc_lines_add(lines, name, width, 0);
	add_value(lines, value, width, 2);
}

void
gtc_object_lines(GtcLines *lines, const GtcJson *object, const GtcJson *columns, int width)
{
	const GtcJson *column;

	if (columns == NULL || columns->kind != GTC_JSON_ARRAY)
	{
		for (column = object->first; column != NULL; column = column->next)
			add_column(lines, column->name, column, width, object->first->next == NULL);
		return;
	}
	for (column = columns->first; column != NULL; column = column->next)
	{
		if (column->text != NULL)
			add_column(lines, column->text, gtc_json_member(object, column->text), width,
					   columns->first->next == NULL);
	}
}
