/*
 * json.c
 *		Reads JSON (RFC 8259) into a tree.
 *
 * Strict: no comments, no trailing commas, no control characters in strings; surrogates must
 * come in pairs.  Bytes above 127 are taken as they are: the server that reads them next checks
 * the encoding.
 */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"

#define DEEPEST 64

typedef struct Reader
{
	const char *at;
	const char *end;
	int			depth;
} Reader;

static bool read_value(Reader *reader, GtcJson *into);

static void
skip_blanks(Reader *reader)
{
	while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) != NULL && *reader->at != '\0')
		reader->at++;
}

static bool
take(Reader *reader, char wanted)
{
	skip_blanks(reader);
	if (reader->at >= reader->end || *reader->at != wanted)
		return false;
	reader->at++;
	return true;
}

static bool
take_word(Reader *reader, const char *word)
{
	size_t		length = strlen(word);

	if ((size_t) (reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0)
		return false;
	reader->at += length;
	return true;
}

static bool
read_hex4(Reader *reader, unsigned *code)
{
	int			i;

	*code = 0;
	if (reader->end - reader->at < 4)
		return false;
	for (i = 0; i < 4; i++)
	{
		char		c = *reader->at++;
		int			digit = c >= '0' && c <= '9' ? c - '0' :
			c >= 'a' && c <= 'f' ? c - 'a' + 10 :
			c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (digit < 0)
			return false;
		*code = *code * 16 + digit;
	}
	return true;
}

/* After \u */
static bool
read_unicode(Reader *reader, GtcBuffer *text)
{
	unsigned	code,
				low;

	if (!read_hex4(reader, &code) || code == 0 || (code >= 0xDC00 && code <= 0xDFFF))
		return false;
	if (code >= 0xD800 && code <= 0xDBFF)
	{
		if (!take_word(reader, "\\u") || !read_hex4(reader, &low) || low < 0xDC00 || low > 0xDFFF)
			return false;
		code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
	}
	gtc_append_utf8(text, code);
	return true;
}

static bool
read_escape(Reader *reader, GtcBuffer *text)
{
	static const char written[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	const char *found;
	char		c;

	if (reader->at >= reader->end)
		return false;
	c = *reader->at++;
	if (c == 'u')
		return read_unicode(reader, text);
	found = c == '\0' ? NULL : strchr(written, c);
	if (found == NULL)
		return false;
	gtc_append_char(text, meant[found - written]);
	return true;
}

/* What stands between the quotes of a string */
static bool
read_characters(Reader *reader, GtcBuffer *text)
{
	while (reader->at < reader->end && *reader->at != '"')
	{
		unsigned char c = *reader->at++;

		if (c < 0x20 || (c == '\\' && !read_escape(reader, text)))
			return false;
		if (c != '\\')
			gtc_append_char(text, c);
	}
	return true;
}

bool
gtc_json_unescape(GtcBuffer *text, const char *raw, size_t length)
{
	Reader		reader = {.at = raw, .end = raw + length};

	return read_characters(&reader, text) && reader.at == reader.end;
}

static char *
read_string(Reader *reader)
{
	GtcBuffer	text;

	if (!take(reader, '"'))
		return NULL;
	gtc_buffer_init(&text);
	if (read_characters(reader, &text) && take_word(reader, "\""))
		return text.data;
	gtc_buffer_free(&text);
	return NULL;
}

static bool
take_digits(Reader *reader)
{
	const char *start = reader->at;

	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
		reader->at++;
	return reader->at > start;
}

static bool
read_number(Reader *reader, GtcJson *into)
{
	const char *start = reader->at;
	size_t		length;

	(void) take_word(reader, "-");
	if (!take_word(reader, "0") && !take_digits(reader))
		return false;
	if (take_word(reader, ".") && !take_digits(reader))
		return false;
	if (take_word(reader, "e") || take_word(reader, "E"))
	{
		if (!take_word(reader, "+"))
			(void) take_word(reader, "-");
		if (!take_digits(reader))
			return false;
	}
	length = reader->at - start;
	into->kind = GTC_JSON_NUMBER;
	into->text = gtc_alloc(length + 1);
	memcpy(into->text, start, length);
	return true;
}

/* The elements or members up to the closing bracket; the opening one is behind us. */
static bool
read_inside(Reader *reader, GtcJson *into, char closing)
{
	GtcJson   **tail = &into->first;

	if (take(reader, closing))
		return true;
	do
	{
		GtcJson    *child = *tail = gtc_alloc(sizeof(GtcJson));

		tail = &child->next;
		if (into->kind == GTC_JSON_OBJECT)
		{
			child->name = read_string(reader);
			if (child->name == NULL || !take(reader, ':'))
				return false;
		}
		if (!read_value(reader, child))
			return false;
	} while (take(reader, ','));
	return take(reader, closing);
}

static bool
read_nested(Reader *reader, GtcJson *into, GtcJsonKind kind, char closing)
{
	bool		good;

	into->kind = kind;
	if (++reader->depth > DEEPEST)
		return false;
	good = read_inside(reader, into, closing);
	reader->depth--;
	return good;
}

static bool
read_value(Reader *reader, GtcJson *into)
{
	skip_blanks(reader);
	if (reader->at >= reader->end)
		return false;
	if (*reader->at == '"')
	{
		into->kind = GTC_JSON_STRING;
		into->text = read_string(reader);
		return into->text != NULL;
	}
	if (take(reader, '{'))
		return read_nested(reader, into, GTC_JSON_OBJECT, '}');
	if (take(reader, '['))
		return read_nested(reader, into, GTC_JSON_ARRAY, ']');
	into->kind = GTC_JSON_NULL;
	if (take_word(reader, "null"))
		return true;
	into->kind = GTC_JSON_TRUE;
	if (take_word(reader, "true"))
		return true;
	into->kind = GTC_JSON_FALSE;
	if (take_word(reader, "false"))
		return true;
	return read_number(reader, into);
}

GtcJson *
gtc_json_parse(const char *text, size_t length)
{
	Reader		reader = {.at = text, .end = text + length};
	GtcJson    *json = gtc_alloc(sizeof(GtcJson));

	if (read_value(&reader, json))
	{
		skip_blanks(&reader);
		if (reader.at == reader.end)
			return json;
	}
	gtc_json_free(json);
	return NULL;
}

void
gtc_json_free(GtcJson *json)
{
	while (json != NULL)
	{
		GtcJson    *next = json->next;

		gtc_json_free(json->first);
		free(json->name);
		free(json->text);
		free(json);
		json = next;
	}
}

const GtcJson *
gtc_json_member(const GtcJson *object, const char *name)
{
	const GtcJson *member;
	const GtcJson *found = NULL;

	if (object == NULL || object->kind != GTC_JSON_OBJECT)
		return NULL;
	for (member = object->first; member != NULL; member = member->next)
	{
		if (strcmp(member->name, name) == 0)
			found = member;
	}
	return found;
}

const char *
gtc_json_text(const GtcJson *object, const char *name)
{
	const GtcJson *member = gtc_json_member(object, name);

	return member == NULL ? NULL : member->text;
}

GtcJson *
gtc_json_take(GtcJson *object, const char *name)
{
	GtcJson    *found = (GtcJson *) gtc_json_member(object, name);
	GtcJson   **place;

	if (found == NULL)
		return NULL;
	for (place = &object->first; *place != found; place = &(*place)->next)
		;
	*place = found->next;
	found->next = NULL;
	return found;
}
