/*
 * test_text.c
 *		Text and objects for a terminal: widths, lines, and nothing that a terminal obeys.
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "check.h"
#include "json.h"
#include "object_text.h"
#include "text.h"

/* The lines joined by | */
static int
lines_are(const char *text, int width, int indent, const char *expected)
{
	GtcLines	lines = {0};
	GtcBuffer	joined;
	int			same;
	int			i;

	gtc_buffer_init(&joined);
	gtc_lines_add(&lines, text, width, indent);
	for (i = 0; i < lines.count; i++)
		gtc_appendf(&joined, "%s%s", i == 0 ? "" : "|", lines.lines[i]);
	same = strcmp(joined.data, expected) == 0;
	if (!same)
		fprintf(stderr, "    \"%s\", not \"%s\"\n", joined.data, expected);
	gtc_buffer_free(&joined);
	gtc_lines_free(&lines);
	return same;
}

static void
test_lines(void)
{
	CHECK(lines_are("one two three", 8, 0, "one two|three"));
	CHECK(lines_are("one two three", 80, 2, "  one two three"));
	CHECK(lines_are("a\n\nb\n", 80, 0, "a||b"));
	CHECK(lines_are("a\r\nb", 80, 0, "a|b"));
	CHECK(lines_are("a\tb", 80, 0, "a    b"));
	CHECK(lines_are("", 80, 0, ""));
	CHECK(lines_are("abcdefghijkl", 8, 0, "abcdefgh|ijkl"));
	CHECK(lines_are("\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xBD\xA0", 8, 0,
					"\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xBD\xA0\xE5\xA5\xBD|\xE4\xBD\xA0"));
	CHECK(lines_are("gr\xC3\xBC\xC3\x9F"
					"e",
					80, 0, "gr\xC3\xBC\xC3\x9F"
						   "e"));
}

#define GONE "\xEF\xBF\xBD"

static void
test_harmless(void)
{
	CHECK(lines_are("\x1b[2J", 80, 0, GONE "[2J"));
	CHECK(lines_are("\x07\x08\x7f", 80, 0, GONE GONE GONE));
	CHECK(lines_are("\xC2\x9B"
					"2J",
					80, 0, GONE "2J")); /* the escape of eight bits */
	CHECK(lines_are("\xE2\x80\xAE"
					"abc",
					80, 0, GONE "abc"));	/* right to left, forced */
	CHECK(lines_are("\xFF\xC3", 80, 0, GONE GONE));
	CHECK(lines_are("\xED\xA0\x80", 80, 0, GONE));
	CHECK(lines_are("a\rb", 80, 0, "a" GONE "b"));
}

static int
short_is(const char *text, int width, const char *expected)
{
	GtcBuffer	buffer;
	int			same;

	gtc_buffer_init(&buffer);
	gtc_append_short(&buffer, text, width);
	same = strcmp(buffer.data, expected) == 0 && gtc_text_width(buffer.data) <= width;
	gtc_buffer_free(&buffer);
	return same;
}

static void
test_short(void)
{
	CHECK(short_is("hello", 5, "hello"));
	CHECK(short_is("hello!", 5, "hell\xE2\x80\xA6"));
	CHECK(short_is("a\nb\tc", 9, "a b c"));
	CHECK(short_is("\x1b]0;x\x07", 9, GONE "]0;x" GONE));
	CHECK(short_is("\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xBD\xA0", 5, "\xE4\xBD\xA0\xE5\xA5\xBD\xE2\x80\xA6"));
	CHECK(gtc_text_width("\xE4\xBD\xA0") == 2);
}

/* The lines of an object, joined by | */
static int
object_is(const char *object, const char *columns, const char *expected)
{
	GtcJson    *json = gtc_json_parse(object, strlen(object));
	GtcJson    *order = columns == NULL ? NULL : gtc_json_parse(columns, strlen(columns));
	GtcLines	lines = {0};
	GtcBuffer	joined;
	int			same;
	int			i;

	gtc_buffer_init(&joined);
	gtc_object_lines(&lines, json, order, 80);
	for (i = 0; i < lines.count; i++)
		gtc_appendf(&joined, "%s%s", i == 0 ? "" : "|", lines.lines[i]);
	same = strcmp(joined.data, expected) == 0;
	if (!same)
		fprintf(stderr, "    \"%s\", not \"%s\"\n", joined.data, expected);
	gtc_buffer_free(&joined);
	gtc_lines_free(&lines);
	gtc_json_free(json);
	gtc_json_free(order);
	return same;
}

static void
test_objects(void)
{
	CHECK(object_is("{\"body\": \"hello\"}", "[\"body\"]", "hello"));
	CHECK(object_is("{\"a\": 1, \"b\": null}", "[\"b\", \"a\"]", "b|  (empty)||a|  1"));
	CHECK(object_is("{\"a\": true}", NULL, "true"));
	CHECK(object_is("{\"a\": 1}", "[\"a\", \"gone\"]", "a|  1"));
	CHECK(object_is("{\"a\": {\"x\": [1, \"two\"], \"y\": {\"z\": false}}}", NULL,
					"x|  -: 1|  -: two|y|  z: false"));
	CHECK(object_is("{\"a\": \"[{\\\"role\\\": \\\"user\\\", \\\"content\\\": \\\"hi\\\"}]\"}", NULL,
					"user:|  hi"));
	CHECK(object_is("{\"a\": \"\\\\x89504e470d\"}", NULL, "(a picture: gtlabel serve shows it)"));
	CHECK(object_is("{\"a\": \"{no json\"}", NULL, "{no json"));
}

/* A member that is taken leaves a whole tree behind. */
static void
test_take(void)
{
	static const char text[] = "{\"a\": 1, \"b\": [2], \"c\": 3}";
	GtcJson    *json = gtc_json_parse(text, strlen(text));
	GtcJson    *taken = gtc_json_take(json, "b");

	CHECK(taken != NULL && taken->next == NULL && strcmp(taken->first->text, "2") == 0);
	CHECK(gtc_json_member(json, "b") == NULL);
	CHECK(strcmp(gtc_json_text(json, "c"), "3") == 0);
	CHECK(gtc_json_take(json, "b") == NULL);
	gtc_json_free(taken);
	gtc_json_free(json);
}

int
main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	test_lines();
	test_harmless();
	test_short();
	test_objects();
	test_take();
	return CHECK_SUMMARY("client/text");
}
