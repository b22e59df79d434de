/*
 * json_text.c
 *		JSON in a line of a file.
 *
 * A reader goes over the bytes once.  Its place is known by a stack of bits: the open brackets, a bit each, 1 for an object.
 */
#include "base/json_text.h"

#include <ctype.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#define BITS 64

/* Behind a backslash, and what they mean; \\u is apart. */
static const char letters[] = "\"\\/bfnrt";
static const char meant[] = "\"\\/\b\f\n\r\t";

typedef struct Reader
{
	const char *next;
	const char *end;
	int			depth;
	uint64		is_object[GTL_JSON_DEPTH / BITS + 1];	/* a bit for each open bracket */
} Reader;

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_blanks(Reader *reader)
{
	while (reader->next < reader->end && is_blank(*reader->next))
		reader->next++;
}

/* The next byte if it is this one. */
static bool
take(Reader *reader, char c)
{
	if (reader->next == reader->end || *reader->next != c)
		return false;
	reader->next++;
	return true;
}

static bool
take_word(Reader *reader, const char *word)
{
	size_t		length = strlen(word);

	if ((size_t) (reader->end - reader->next) < length || memcmp(reader->next, word, length) != 0)
		return false;
	reader->next += length;
	return true;
}

static bool
take_digits(Reader *reader)
{
	const char *start = reader->next;

	while (reader->next < reader->end && isdigit((unsigned char) *reader->next))
		reader->next++;
	return reader->next > start;
}

static bool
take_number(Reader *reader)
{
	(void) take(reader, '-');
	if (!take(reader, '0') && !take_digits(reader))
		return false;
	if (take(reader, '.') && !take_digits(reader))
		return false;
	if (take(reader, 'e') || take(reader, 'E'))
	{
		if (!take(reader, '+'))
			(void) take(reader, '-');
		return take_digits(reader);
	}
	return true;
}

static bool
take_escape(Reader *reader)
{
	if (reader->next == reader->end)
		return false;
	if (*reader->next != 'u')
		return strchr(letters, *reader->next++) != NULL;
	if (reader->end - reader->next < 5)
		return false;
	for (int i = 1; i <= 4; i++)
		if (!isxdigit((unsigned char) reader->next[i]))
			return false;
	reader->next += 5;
	return true;
}

static bool
take_string(Reader *reader)
{
	if (!take(reader, '"'))
		return false;
	while (reader->next < reader->end)
	{
		unsigned char c = (unsigned char) *reader->next++;

		if (c == '"')
			return true;
		if (c < ' ' || (c == '\\' && !take_escape(reader)))
			return false;
	}
	return false;
}

static bool
take_scalar(Reader *reader)
{
	if (reader->next == reader->end)
		return false;
	switch (*reader->next)
	{
		case '"':
			return take_string(reader);
		case 't':
			return take_word(reader, "true");
		case 'f':
			return take_word(reader, "false");
		case 'n':
			return take_word(reader, "null");
		default:
			return take_number(reader);
	}
}

static bool
in_object(const Reader *reader)
{
	return (reader->is_object[reader->depth / BITS] >> (reader->depth % BITS)) & 1;
}

static void
open_bracket(Reader *reader, bool object)
{
	uint64		bit = UINT64CONST(1) << (++reader->depth % BITS);

	if (object)
		reader->is_object[reader->depth / BITS] |= bit;
	else
		reader->is_object[reader->depth / BITS] &= ~bit;
}

/* A name and its colon. */
static bool
take_name(Reader *reader, GtlJsonSpan *name)
{
	skip_blanks(reader);
	name->start = reader->next;
	if (!take_string(reader))
		return false;
	name->end = reader->next;
	skip_blanks(reader);
	return take(reader, ':');
}

/* What ends here: brackets, as many as close; then, with more to come, the comma.  False: neither. */
static bool
take_closing(Reader *reader, int floor, bool *more)
{
	*more = false;
	for (;;)
	{
		skip_blanks(reader);
		if (reader->depth == floor)
			return true;
		if (take(reader, ','))
		{
			*more = true;
			return true;
		}
		if (!take(reader, in_object(reader) ? '}' : ']'))
			return false;
		reader->depth--;
	}
}

/* One value with all that is in it; brackets that were open before stay so. */
static GtlJsonProblem
take_value(Reader *reader)
{
	int			floor = reader->depth;
	bool		more = true;
	GtlJsonSpan name;

	while (more)
	{
		bool		object;

		if (reader->depth > floor && in_object(reader) && !take_name(reader, &name))
			return GTL_JSON_BROKEN;
		skip_blanks(reader);
		object = take(reader, '{');
		if (object || take(reader, '['))
		{
			if (reader->depth == GTL_JSON_DEPTH)
				return GTL_JSON_TOO_DEEP;
			open_bracket(reader, object);
			skip_blanks(reader);
			if (reader->next == reader->end || *reader->next != (object ? '}' : ']'))
				continue;
		}
		else if (!take_scalar(reader))
			return GTL_JSON_BROKEN;
		if (!take_closing(reader, floor, &more))
			return GTL_JSON_BROKEN;
	}
	return GTL_JSON_FINE;
}

/* Blanks that the reader has skipped behind a value are no part of it. */
static const char *
value_end(const char *start, const char *end)
{
	while (end > start && is_blank(end[-1]))
		end--;
	return end;
}

/* After the opening bracket of the outermost object. */
static GtlJsonProblem
take_members(Reader *reader, GtlJsonCallback callback, void *context)
{
	skip_blanks(reader);
	if (take(reader, '}'))
		return GTL_JSON_FINE;
	do
	{
		GtlJsonSpan name;
		GtlJsonSpan value;
		GtlJsonProblem problem;

		if (!take_name(reader, &name))
			return GTL_JSON_BROKEN;
		skip_blanks(reader);
		value.start = reader->next;
		problem = take_value(reader);
		if (problem != GTL_JSON_FINE)
			return problem;
		value.end = value_end(value.start, reader->next);
		callback(context, name, value);
	} while (take(reader, ','));
	return take(reader, '}') ? GTL_JSON_FINE : GTL_JSON_BROKEN;
}

GtlJsonProblem
gtl_json_members(GtlJsonSpan text, GtlJsonCallback callback, void *context)
{
	Reader		reader = {text.start, text.end};
	GtlJsonProblem problem;
	bool		object;

	skip_blanks(&reader);
	object = take(&reader, '{');
	problem = object ? take_members(&reader, callback, context) : take_value(&reader);
	if (problem != GTL_JSON_FINE)
		return problem;
	skip_blanks(&reader);
	if (reader.next != reader.end)
		return GTL_JSON_BROKEN;
	return object ? GTL_JSON_FINE : GTL_JSON_NO_OBJECT;
}

GtlJsonSpan
gtl_json_trim(GtlJsonSpan text)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (text.end - text.start >= 3 && memcmp(text.start, mark, 3) == 0)
		text.start += 3;
	while (text.start < text.end && is_blank(*text.start))
		text.start++;
	text.end = value_end(text.start, text.end);
	return text;
}

char *
gtl_json_one_line(char *json)
{
	for (char *c = strpbrk(json, "\r\n"); c != NULL; c = strpbrk(c, "\r\n"))
		*c = ' ';
	return json;
}

/* Four hexadecimal digits. */
static pg_wchar
read_hex(const char *digits)
{
	pg_wchar	value = 0;

	for (int i = 0; i < 4; i++)
	{
		int			c = tolower((unsigned char) digits[i]);

		value = value * 16 + (pg_wchar) (isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	return value;
}

/* \uXXXX, or two of them for what is above 65,535; false: no character. */
static bool
append_character(StringInfo text, const char **next, const char *end)
{
	pg_wchar	c = read_hex(*next + 1);
	unsigned char encoded[MAX_UNICODE_EQUIVALENT_STRING + 1];

	*next += 5;
	if (is_utf16_surrogate_first(c))
	{
		if (end - *next < 6 || (*next)[0] != '\\' || (*next)[1] != 'u' || !is_utf16_surrogate_second(read_hex(*next + 2)))
			return false;
		c = surrogate_pair_to_codepoint(c, read_hex(*next + 2));
		*next += 6;
	}
	if (!is_valid_unicode_codepoint(c) || is_utf16_surrogate_second(c))
		return false;
	pg_unicode_to_server(c, encoded);
	appendStringInfoString(text, (char *) encoded);
	return true;
}

static bool
append_escape(StringInfo text, const char **next, const char *end)
{
	const char *letter;

	if (**next == 'u')
		return append_character(text, next, end);
	letter = strchr(letters, *(*next)++);
	if (letter == NULL)
		return false;
	appendStringInfoChar(text, meant[letter - letters]);
	return true;
}

static char *
decode(const char *start, const char *end)
{
	StringInfoData text;

	initStringInfo(&text);
	while (start < end)
	{
		const char *escape = memchr(start, '\\', end - start);

		appendBinaryStringInfo(&text, start, (int) ((escape == NULL ? end : escape) - start));
		if (escape == NULL)
			break;
		start = escape + 1;
		if (!append_escape(&text, &start, end))
			return NULL;
	}
	return text.data;
}

char *
gtl_json_string(GtlJsonSpan value)
{
	if (value.end - value.start < 2 || *value.start != '"')
		return NULL;
	return decode(value.start + 1, value.end - 1);
}

bool
gtl_json_name_is(GtlJsonSpan name, const char *wanted)
{
	size_t		length = name.end - name.start - 2;
	char	   *decoded;
	bool		same;

	if (memchr(name.start, '\\', name.end - name.start) == NULL)
		return strlen(wanted) == length && memcmp(name.start + 1, wanted, length) == 0;
	decoded = gtl_json_string(name);
	same = decoded != NULL && strcmp(decoded, wanted) == 0;
	if (decoded != NULL)
		pfree(decoded);
	return same;
}
