/*
 * scan.c
 *		Checks JSON (RFC 8259) in one pass and notes the parts of its outermost level.
 *
 * Strict where PostgreSQL is strict, and where it would fail later than here: what passes is taken
 * by text, numeric and jsonb of any version, so that an import fails with a line's number or not at
 * all.  Nothing is allocated but the list of parts, which is used again.
 */
#include "exchange/scan.h"

#include <stdlib.h>
#include <string.h>

#define DEEPEST 256
#define LONGEST_NUMBER 1000
#define LARGEST_EXPONENT 10000

typedef struct Scanner
{
	const char *at;
	const char *end;
	const char *reason;
	const char *odd;			/* of the string at hand */
	GtcScanFor	purpose;
	int			depth;
	GtcMembers *members;		/* of depth 1 */
} Scanner;

static bool scan_value(Scanner *scanner, GtcValue *value);

static bool
fail(Scanner *scanner, const char *reason)
{
	if (scanner->reason == NULL)
		scanner->reason = reason;
	return false;
}

/* What only json can hold */
static bool
odd_value(Scanner *scanner, const char *reason)
{
	if (scanner->purpose == GTC_FOR_JSONB)
		return fail(scanner, reason);
	scanner->odd = reason;
	return true;
}

static void
skip_blanks(Scanner *scanner)
{
	while (scanner->at < scanner->end &&
		   (*scanner->at == ' ' || *scanner->at == '\t' || *scanner->at == '\n' || *scanner->at == '\r'))
		scanner->at++;
}

/* ---- Strings ---- */

int
gtc_utf8_length(const char *at, const char *end)
{
	const unsigned char *byte = (const unsigned char *) at;
	int			length = byte[0] < 0x80 ? 1 : byte[0] < 0xC2 ? 0
		: byte[0] < 0xE0                             ? 2
													 :
		byte[0] < 0xF0 ? 3 : byte[0] < 0xF5 ? 4 : 0;
	int			i;

	if (length == 0 || end - at < length)
		return 0;
	for (i = 1; i < length; i++)
	{
		if ((byte[i] & 0xC0) != 0x80)
			return 0;
	}
	/* overlong, a surrogate, beyond U+10FFFF */
	if ((byte[0] == 0xE0 && byte[1] < 0xA0) || (byte[0] == 0xED && byte[1] > 0x9F) ||
		(byte[0] == 0xF0 && byte[1] < 0x90) || (byte[0] == 0xF4 && byte[1] > 0x8F))
		return 0;
	return length;
}

/* The code of \uXXXX at its backslash; -1: it is none */
static long
escaped_code(const char *at, const char *end)
{
	long		code = 0;
	int			i;

	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return -1;
	for (i = 2; i < 6; i++)
	{
		char		c = at[i];
		int			digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F'                                        ? c - 'A' + 10
																		  : -1;

		if (digit < 0)
			return -1;
		code = code * 16 + digit;
	}
	return code;
}

static bool
is_high_surrogate(long code)
{
	return code >= 0xD800 && code <= 0xDBFF;
}

static bool
is_low_surrogate(long code)
{
	return code >= 0xDC00 && code <= 0xDFFF;
}

static bool
scan_unicode(Scanner *scanner)
{
	long		code = escaped_code(scanner->at, scanner->end);

	if (code < 0)
		return fail(scanner, "not JSON: \\u without four hexadecimal digits");
	scanner->at += 6;
	if (code == 0)
		return odd_value(scanner, "a zero character (\\u0000), which PostgreSQL cannot store");
	if (is_high_surrogate(code) && is_low_surrogate(escaped_code(scanner->at, scanner->end)))
		scanner->at += 6;
	else if (is_high_surrogate(code) || is_low_surrogate(code))
		return odd_value(scanner, "an unpaired surrogate (\\ud800 to \\udfff)");
	return true;
}

/* At the backslash */
static bool
scan_escape(Scanner *scanner)
{
	if (scanner->end - scanner->at < 2)
		return fail(scanner, "not JSON: a string does not end");
	if (scanner->at[1] == 'u')
		return scan_unicode(scanner);
	if (scanner->at[1] == '\0' || strchr("\"\\/bfnrt", scanner->at[1]) == NULL)
		return fail(scanner, "not JSON: a backslash before a character that is not escaped so");
	scanner->at += 2;
	return true;
}

/* A character that is neither a quote nor printable ASCII */
static bool
scan_character(Scanner *scanner, bool *escaped)
{
	unsigned char c = *scanner->at;
	int			length;

	if (c == '\\')
	{
		*escaped = true;
		return scan_escape(scanner);
	}
	if (c < 0x20)
		return fail(scanner, c == 0 ? "a zero byte" : "not JSON: a control character in a string");
	length = gtc_utf8_length(scanner->at, scanner->end);
	if (length == 0)
		return fail(scanner, "bytes that are not UTF-8");
	scanner->at += length;
	return true;
}

/* At the opening quote */
static bool
scan_string(Scanner *scanner, GtcSpan *text, bool *escaped)
{
	const char *start = ++scanner->at;

	*escaped = false;
	scanner->odd = NULL;
	for (;;)
	{
		while (scanner->at < scanner->end && (unsigned char) *scanner->at >= 0x20 &&
			   (unsigned char) *scanner->at < 0x80 && *scanner->at != '"' && *scanner->at != '\\')
			scanner->at++;
		if (scanner->at >= scanner->end)
			return fail(scanner, "not JSON: a string does not end");
		if (*scanner->at == '"')
			break;
		if (!scan_character(scanner, escaped))
			return false;
	}
	text->data = start;
	text->len = scanner->at++ - start;
	return true;
}

/* ---- Numbers ---- */

static size_t
skip_digits(Scanner *scanner)
{
	const char *start = scanner->at;

	while (scanner->at < scanner->end && *scanner->at >= '0' && *scanner->at <= '9')
		scanner->at++;
	return scanner->at - start;
}

static bool
skip_one(Scanner *scanner, char first, char second)
{
	if (scanner->at >= scanner->end || (*scanner->at != first && *scanner->at != second))
		return false;
	scanner->at++;
	return true;
}

static bool
scan_exponent(Scanner *scanner)
{
	const char *start;
	long		exponent = 0;

	(void) skip_one(scanner, '+', '-');
	start = scanner->at;
	if (skip_digits(scanner) == 0)
		return fail(scanner, "not JSON: a number without digits");
	for (; start < scanner->at && exponent <= LARGEST_EXPONENT; start++)
		exponent = exponent * 10 + *start - '0';
	return exponent <= LARGEST_EXPONENT || odd_value(scanner, "a number with an exponent over 10,000");
}

static bool
scan_number(Scanner *scanner, GtcValue *value)
{
	const char *start = scanner->at;

	(void) skip_one(scanner, '-', '-');
	if (!skip_one(scanner, '0', '0') && skip_digits(scanner) == 0)
		return fail(scanner, "not JSON: a value is missing or is no value");
	if (skip_one(scanner, '.', '.') && skip_digits(scanner) == 0)
		return fail(scanner, "not JSON: a number without digits");
	if (skip_one(scanner, 'e', 'E') && !scan_exponent(scanner))
		return false;
	value->kind = GTC_JSON_NUMBER;
	return scanner->at - start <= LONGEST_NUMBER ||
		odd_value(scanner, "a number of more than 1,000 characters");
}

/* ---- Values ---- */

static bool
scan_word(Scanner *scanner, GtcValue *value, const char *word, GtcJsonKind kind)
{
	size_t		length = strlen(word);

	if ((size_t) (scanner->end - scanner->at) < length || memcmp(scanner->at, word, length) != 0)
		return false;
	scanner->at += length;
	value->kind = kind;
	return true;
}

static GtcMember *
add_member(GtcMembers *members)
{
	if (members->count == members->room)
	{
		members->room = members->room == 0 ? 16 : members->room * 2;
		members->list = gtc_realloc(members->list, members->room * sizeof(GtcMember));
	}
	return &members->list[members->count++];
}

static bool
scan_name(Scanner *scanner, GtcMember *member)
{
	skip_blanks(scanner);
	if (scanner->at >= scanner->end || *scanner->at != '"')
		return fail(scanner, "not JSON: a key is missing");
	if (!scan_string(scanner, &member->name, &member->name_escaped))
		return false;
	skip_blanks(scanner);
	return skip_one(scanner, ':', ':') || fail(scanner, "not JSON: a key without a colon");
}

/* Behind the opening bracket */
static bool
scan_inside(Scanner *scanner, bool object, char closing)
{
	skip_blanks(scanner);
	if (skip_one(scanner, closing, closing))
		return true;
	do
	{
		GtcMember	member = {0};

		if ((object && !scan_name(scanner, &member)) || !scan_value(scanner, &member.value))
			return false;
		if (scanner->depth == 1 && scanner->members != NULL)
			*add_member(scanner->members) = member;
		skip_blanks(scanner);
	} while (skip_one(scanner, ',', ','));
	return skip_one(scanner, closing, closing) || fail(scanner, "not JSON: a comma or a bracket is missing");
}

static bool
scan_nested(Scanner *scanner, GtcValue *value)
{
	bool		object = *scanner->at++ == '{';
	bool		good;

	value->kind = object ? GTC_JSON_OBJECT : GTC_JSON_ARRAY;
	if (++scanner->depth > DEEPEST)
		return fail(scanner, "nested in more than 256 levels");
	good = scan_inside(scanner, object, object ? '}' : ']');
	scanner->depth--;
	return good;
}

static bool
scan_value(Scanner *scanner, GtcValue *value)
{
	const char *start;
	bool		good;

	skip_blanks(scanner);
	if (scanner->at >= scanner->end)
		return fail(scanner, "not JSON: it ends too early");
	if (*scanner->at == '"')
	{
		value->kind = GTC_JSON_STRING;
		good = scan_string(scanner, &value->text, &value->escaped);
		value->odd = scanner->odd;
		return good;
	}
	start = scanner->at;
	scanner->odd = NULL;
	if (*start == '{' || *start == '[')
		good = scan_nested(scanner, value);
	else
		good = scan_word(scanner, value, "null", GTC_JSON_NULL) ||
			scan_word(scanner, value, "true", GTC_JSON_TRUE) ||
			scan_word(scanner, value, "false", GTC_JSON_FALSE) || scan_number(scanner, value);
	value->escaped = false;
	value->odd = value->kind == GTC_JSON_NUMBER ? scanner->odd : NULL;
	value->text.data = start;
	value->text.len = scanner->at - start;
	return good;
}

const char *
gtc_scan_json(GtcSpan text, GtcScanFor purpose, GtcValue *value, GtcMembers *members)
{
	Scanner		scanner = {.at = text.data, .end = text.data + text.len, .purpose = purpose};

	scanner.members = members;
	if (members != NULL)
		members->count = 0;
	if (!scan_value(&scanner, value))
		return scanner.reason;
	skip_blanks(&scanner);
	return scanner.at == scanner.end ? NULL : "not JSON: something follows the value";
}

void
gtc_members_free(GtcMembers *members)
{
	free(members->list);
	memset(members, 0, sizeof(*members));
}

/* ---- What was found ---- */

bool
gtc_name_is(const GtcMember *member, const char *name)
{
	GtcBuffer	plain;
	bool		same;

	if (!member->name_escaped)
		return member->name.len == strlen(name) && memcmp(member->name.data, name, member->name.len) == 0;
	gtc_buffer_init(&plain);
	same = gtc_append_name(&plain, member) && strcmp(plain.data, name) == 0;
	gtc_buffer_free(&plain);
	return same;
}

const GtcValue *
gtc_find_member(const GtcMembers *members, const char *name)
{
	int			i;

	for (i = members->count - 1; i >= 0; i--)
	{
		if (gtc_name_is(&members->list[i], name))
			return &members->list[i].value;
	}
	return NULL;
}

static bool
append_plain(GtcBuffer *buffer, GtcSpan text, bool escaped)
{
	if (escaped)
		return gtc_json_unescape(buffer, text.data, text.len);
	gtc_append_bytes(buffer, text.data, text.len);
	return true;
}

bool
gtc_append_value(GtcBuffer *buffer, const GtcValue *value)
{
	return append_plain(buffer, value->text, value->kind == GTC_JSON_STRING && value->escaped);
}

bool
gtc_append_name(GtcBuffer *buffer, const GtcMember *member)
{
	return append_plain(buffer, member->name, member->name_escaped);
}

/* ---- Text ---- */

const char *
gtc_check_text(GtcSpan text)
{
	const char *at = text.data;
	const char *end = text.data + text.len;

	while (at < end)
	{
		int			length = gtc_utf8_length(at, end);

		if (length == 0)
			return "bytes that are not UTF-8";
		if (*at == '\0')
			return "a zero byte";
		at += length;
	}
	return NULL;
}

#define REPLACEMENT "\xEF\xBF\xBD"

/* An escape in a string of JSON, at its backslash; returns what comes after it. */
static const char *
repair_escape(GtcBuffer *copy, const char *at, const char *end)
{
	long		code = escaped_code(at, end);
	int			length = code < 0                                                        ? 2
		: is_high_surrogate(code) && is_low_surrogate(escaped_code(at + 6, end)) ? 12
																				 : 6;

	if (end - at < length || (length == 2 && gtc_utf8_length(at + 1, end) != 1))
		length = 1;
	if (code == 0 || (length == 6 && code >= 0xD800 && code <= 0xDFFF))
		gtc_append(copy, "\\ufffd");
	else
		gtc_append_bytes(copy, at, length);
	return at + length;
}

void
gtc_repair(GtcBuffer *copy, GtcSpan text, bool json)
{
	const char *at = text.data;
	const char *end = text.data + text.len;
	bool		inside = false;

	while (at < end)
	{
		int			length = gtc_utf8_length(at, end);

		if (json && inside && *at == '\\')
		{
			at = repair_escape(copy, at, end);
			continue;
		}
		if (length == 0 || *at == '\0')
			gtc_append(copy, REPLACEMENT);
		else if (json && inside && (unsigned char) *at < 0x20)
			gtc_appendf(copy, "\\u%04x", (unsigned char) *at);
		else
			gtc_append_bytes(copy, at, length);
		if (*at == '"')
			inside = !inside;
		at += length == 0 ? 1 : length;
	}
}
