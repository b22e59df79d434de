/*
 * columns.c
 *		The columns of a table: their names, and the rule by which a head decides their types.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exchange/row.h"

static const struct
{
	const char *name;
	GtcType		type;
} types[] = {{"text", GTC_TEXT},
			 {"numeric", GTC_NUMERIC},
			 {"bigint", GTC_BIGINT},
			 {"double precision", GTC_DOUBLE},
			 {"boolean", GTC_BOOLEAN},
			 {"jsonb", GTC_JSONB},
			 {"float4[]", GTC_FLOAT4_ARRAY},
			 {"int8", GTC_BIGINT},
			 {"float8", GTC_DOUBLE},
			 {"bool", GTC_BOOLEAN},
			 {"real[]", GTC_FLOAT4_ARRAY}};

bool
gtc_type_by_name(const char *name, GtcType *type)
{
	size_t		i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
	{
		if (strcasecmp(name, types[i].name) == 0)
		{
			*type = types[i].type;
			return true;
		}
	}
	return false;
}

const char *
gtc_type_name(GtcType type)
{
	return types[type].name;
}

GtcColumn *
gtc_add_column(GtcColumns *columns, const char *name, GtcType type, bool declared)
{
	GtcColumn  *column;

	if (columns->count == columns->room)
	{
		columns->room = columns->room == 0 ? 16 : columns->room * 2;
		columns->list = gtc_realloc(columns->list, columns->room * sizeof(GtcColumn));
	}
	column = &columns->list[columns->count++];
	memset(column, 0, sizeof(*column));
	column->name = gtc_copy(name);
	column->name_length = strlen(name);
	column->type = type;
	column->declared = declared;
	return column;
}

GtcColumn *
gtc_find_column(const GtcColumns *columns, const char *name)
{
	int			i;

	for (i = 0; i < columns->count; i++)
	{
		if (strcmp(columns->list[i].name, name) == 0)
			return &columns->list[i];
	}
	return NULL;
}

void
gtc_columns_free(GtcColumns *columns)
{
	int			i;

	for (i = 0; i < columns->count; i++)
		free(columns->list[i].name);
	free(columns->list);
	memset(columns, 0, sizeof(*columns));
}

/* Names that a table has already, or that nobody can give a column */
static bool
can_be_column(const GtcColumns *columns, const char *name)
{
	static const char *const system[] = {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"};
	size_t		i;

	for (i = 0; i < sizeof(system) / sizeof(system[0]); i++)
	{
		if (strcmp(name, system[i]) == 0)
			return false;
	}
	for (i = 0; i < GTC_RESERVED_NAMES; i++)
	{
		if (columns->reserved[i] != NULL && strcmp(name, columns->reserved[i]) == 0)
			return false;
	}
	return name[0] != '\0' && strlen(name) <= GTC_LONGEST_NAME;
}

bool
gtc_can_add_column(const GtcColumns *columns, const char *name)
{
	return gtc_find_column(columns, name) == NULL && columns->count < GTC_MOST_COLUMNS &&
		can_be_column(columns, name);
}

static bool
begins_with_number(const GtcValue *array)
{
	size_t		i = 1;

	while (array->kind == GTC_JSON_ARRAY && i < array->text.len &&
		   strchr(" \t\r\n", array->text.data[i]) != NULL)
		i++;
	return array->kind == GTC_JSON_ARRAY &&
		(array->text.data[i] == '-' || isdigit((unsigned char) array->text.data[i]));
}

void
gtc_columns_see(GtcColumns *columns, const GtcMembers *members)
{
	GtcBuffer	name;
	int			i;

	gtc_buffer_init(&name);
	for (i = 0; i < members->count; i++)
	{
		GtcColumn  *column;

		gtc_buffer_reset(&name);
		gtc_append_name(&name, &members->list[i]);
		column = gtc_find_column(columns, name.data);
		if (column == NULL && gtc_can_add_column(columns, name.data))
			column = gtc_add_column(columns, name.data, GTC_JSONB, false);
		if (column == NULL)
			continue;
		column->kinds |= 1u << members->list[i].value.kind;
		column->not_vectors |= !begins_with_number(&members->list[i].value);
	}
	gtc_buffer_free(&name);
}

/* Values of one kind get that kind's type; null says nothing. */
static GtcType
type_of_kinds(unsigned kinds)
{
	switch (kinds & ~(1u << GTC_JSON_NULL))
	{
		case 1u << GTC_JSON_STRING:
			return GTC_TEXT;
		case 1u << GTC_JSON_NUMBER:
			return GTC_NUMERIC;
		case 1u << GTC_JSON_TRUE:
		case 1u << GTC_JSON_FALSE:
		case 1u << GTC_JSON_TRUE | 1u << GTC_JSON_FALSE:
			return GTC_BOOLEAN;
		default:
			return GTC_JSONB;
	}
}

void
gtc_columns_decide(GtcColumns *columns)
{
	int			i;

	for (i = 0; i < columns->count; i++)
	{
		if (!columns->list[i].declared)
			columns->list[i].type = type_of_kinds(columns->list[i].kinds);
	}
}
