/*
 * text.c
 *		Text of others for a terminal.
 *
 * Widths are those of wcwidth, which needs a UTF-8 locale; main sets one.
 */
#include "text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define REPLACEMENT 0xFFFD

int
gtc_text_next(const char *text, unsigned *code)
{
	const unsigned char *at = (const unsigned char *) text;
	int			length = at[0] < 0x80 ? 1 : at[0] < 0xC2 ? 0 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 :
		at[0] < 0xF5 ? 4 : 0;
	int			i;

	*code = length == 1 ? at[0] : length == 0 ? REPLACEMENT : (unsigned) at[0] & (0x7F >> length);
	for (i = 1; i < length; i++)
	{
		if ((at[i] & 0xC0) != 0x80)
		{
			*code = REPLACEMENT;
			return 1;
		}
		*code = *code << 6 | (at[i] & 0x3F);
	}
	if (*code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF))
		*code = REPLACEMENT;
	return length == 0 ? 1 : length;
}

static bool
is_obeyed(unsigned code)
{
	return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x202A && code <= 0x202E) ||
		(code >= 0x2066 && code <= 0x2069) || code == 0x200E || code == 0x200F || code == 0x061C;
}

static int
width_of(unsigned code)
{
	int			width = wcwidth((wchar_t) code);

	return width < 0 ? 1 : width;
}

int
gtc_text_width(const char *text)
{
	int			width = 0;

	while (*text != '\0')
	{
		unsigned	code;

		text += gtc_text_next(text, &code);
		width += width_of(code);
	}
	return width;
}

static void
append_harmless(GtcBuffer *buffer, const char *at, int length, unsigned code)
{
	if (code == REPLACEMENT || is_obeyed(code))
		gtc_append(buffer, "\xEF\xBF\xBD");
	else
		gtc_append_bytes(buffer, at, length);
}

void
gtc_append_short(GtcBuffer *buffer, const char *text, int width)
{
	int			whole = gtc_text_width(text);
	int			taken = 0;

	while (*text != '\0')
	{
		unsigned	code;
		int			length = gtc_text_next(text, &code);

		if (code == '\n' || code == '\t' || code == '\r')
			code = ' ';
		if (whole > width && taken + width_of(code) > width - 1)
		{
			gtc_append(buffer, "\xE2\x80\xA6");
			return;
		}
		if (code == ' ')
			gtc_append_char(buffer, ' ');
		else
			append_harmless(buffer, text, length, code);
		taken += width_of(code);
		text += length;
	}
}

static void
add_line(GtcLines *lines, const char *text, size_t length, int indent)
{
	char	   *line = gtc_alloc(indent + length + 1);

	memset(line, ' ', indent);
	memcpy(line + indent, text, length);
	lines->lines = gtc_realloc(lines->lines, (lines->count + 1) * sizeof(char *));
	lines->lines[lines->count++] = line;
}

/* A line without line breaks, harmless already */
static void
add_wrapped(GtcLines *lines, const char *text, int width, int indent)
{
	for (;;)
	{
		const char *at = text;
		const char *blank = NULL;
		int			taken = 0;

		while (*at != '\0')
		{
			unsigned	code;
			int			length = gtc_text_next(at, &code);

			if (taken + width_of(code) > width && at > text)
				break;
			if (code == ' ')
				blank = at;
			taken += width_of(code);
			at += length;
		}
		if (*at != '\0' && *at != ' ' && blank != NULL && blank > text)
			at = blank;
		add_line(lines, text, at - text, indent);
		text = at + strspn(at, " ");
		if (*at == '\0' || *text == '\0')
			return;
	}
}

void
gtc_lines_add(GtcLines *lines, const char *text, int width, int indent)
{
	GtcBuffer	line;
	unsigned	code = 0;

	width = width - indent < 8 ? 8 : width - indent;
	gtc_buffer_init(&line);
	while (*text != '\0')
	{
		int			length = gtc_text_next(text, &code);

		if (code == '\n')
		{
			add_wrapped(lines, line.data, width, indent);
			gtc_buffer_reset(&line);
		}
		else if (code == '\t')
			gtc_append(&line, "    ");
		else if (code != '\r' || text[1] != '\n')
			append_harmless(&line, text, length, code);
		text += length;
	}
	if (line.len > 0 || code != '\n')
		add_wrapped(lines, line.data, width, indent);
	gtc_buffer_free(&line);
}

void
gtc_lines_free(GtcLines *lines)
{
	int			i;

	for (i = 0; i < lines->count; i++)
		free(lines->lines[i]);
	free(lines->lines);
	memset(lines, 0, sizeof(*lines));
}
