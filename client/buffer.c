/*
 * buffer.c
 *		A growing string, and allocation that does not fail.
 */
#include "buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
out_of_memory(void)
{
	fputs("gtlabel: out of memory\n", stderr);
	exit(1);
}

void *
gtc_alloc(size_t size)
{
	void	   *block = calloc(1, size > 0 ? size : 1);

	if (block == NULL)
		out_of_memory();
	return block;
}

void *
gtc_realloc(void *block, size_t size)
{
	block = realloc(block, size > 0 ? size : 1);
	if (block == NULL)
		out_of_memory();
	return block;
}

char *
gtc_copy(const char *text)
{
	size_t		size = strlen(text) + 1;

	return memcpy(gtc_alloc(size), text, size);
}

void
gtc_buffer_init(GtcBuffer *buffer)
{
	buffer->room = 256;
	buffer->data = gtc_alloc(buffer->room);
	buffer->len = 0;
}

void
gtc_buffer_free(GtcBuffer *buffer)
{
	free(buffer->data);
	memset(buffer, 0, sizeof(*buffer));
}

void
gtc_buffer_reset(GtcBuffer *buffer)
{
	buffer->len = 0;
	buffer->data[0] = '\0';
}

static void
make_room(GtcBuffer *buffer, size_t more)
{
	if (more >= (size_t) -1 / 4 - buffer->len)
		out_of_memory();
	if (buffer->len + more + 1 <= buffer->room)
		return;
	while (buffer->len + more + 1 > buffer->room)
		buffer->room *= 2;
	buffer->data = gtc_realloc(buffer->data, buffer->room);
}

void
gtc_append_bytes(GtcBuffer *buffer, const void *bytes, size_t count)
{
	make_room(buffer, count);
	memcpy(buffer->data + buffer->len, bytes, count);
	buffer->len += count;
	buffer->data[buffer->len] = '\0';
}

void
gtc_append(GtcBuffer *buffer, const char *text)
{
	gtc_append_bytes(buffer, text, strlen(text));
}

void
gtc_append_char(GtcBuffer *buffer, char character)
{
	gtc_append_bytes(buffer, &character, 1);
}

void
gtc_appendf(GtcBuffer *buffer, const char *format,...)
{
	va_list		args;
	int			needed;

	va_start(args, format);
	needed = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (needed < 0)
		return;
	make_room(buffer, needed);
	va_start(args, format);
	vsnprintf(buffer->data + buffer->len, (size_t) needed + 1, format, args);
	va_end(args);
	buffer->len += needed;
}

void
gtc_append_json(GtcBuffer *buffer, const char *text)
{
	const char *at;

	if (text == NULL)
	{
		gtc_append(buffer, "null");
		return;
	}
	gtc_append_char(buffer, '"');
	for (at = text; *at != '\0'; at++)
	{
		if (*at == '"' || *at == '\\')
			gtc_appendf(buffer, "\\%c", *at);
		else if ((unsigned char) *at < 0x20)
			gtc_appendf(buffer, "\\u%04x", (unsigned char) *at);
		else
			gtc_append_char(buffer, *at);
	}
	gtc_append_char(buffer, '"');
}

void
gtc_append_utf8(GtcBuffer *buffer, unsigned code)
{
	if (code < 0x80)
		gtc_append_char(buffer, code);
	else if (code < 0x800)
	{
		gtc_append_char(buffer, 0xC0 | code >> 6);
		gtc_append_char(buffer, 0x80 | (code & 0x3F));
	}
	else if (code < 0x10000)
	{
		gtc_append_char(buffer, 0xE0 | code >> 12);
		gtc_append_char(buffer, 0x80 | (code >> 6 & 0x3F));
		gtc_append_char(buffer, 0x80 | (code & 0x3F));
	}
	else
	{
		gtc_append_char(buffer, 0xF0 | code >> 18);
		gtc_append_char(buffer, 0x80 | (code >> 12 & 0x3F));
		gtc_append_char(buffer, 0x80 | (code >> 6 & 0x3F));
		gtc_append_char(buffer, 0x80 | (code & 0x3F));
	}
}
