/*
 * buffer.h
 *		A growing string.  `data` always ends with a zero byte that `len` does not count.
 */
#ifndef GTC_BUFFER_H
#define GTC_BUFFER_H

#include <stdarg.h>
#include <stddef.h>

typedef struct GtcBuffer
{
	char	   *data;
	size_t		len;
	size_t		room;
} GtcBuffer;

extern void *gtc_alloc(size_t size);	/* zeroed; ends the program when there is no memory */
extern void *gtc_realloc(void *block, size_t size);
extern char *gtc_copy(const char *text);

extern void gtc_buffer_init(GtcBuffer *buffer);
extern void gtc_buffer_free(GtcBuffer *buffer);
extern void gtc_buffer_reset(GtcBuffer *buffer);
extern void gtc_append(GtcBuffer *buffer, const char *text);
extern void gtc_append_bytes(GtcBuffer *buffer, const void *bytes, size_t count);
extern void gtc_append_char(GtcBuffer *buffer, char character);
extern void gtc_appendf(GtcBuffer *buffer, const char *format,...) __attribute__((format(printf, 2, 3)));

/* A character by its code. */
extern void gtc_append_utf8(GtcBuffer *buffer, unsigned code);

/* Text as a JSON string, quotes included; NULL as null. */
extern void gtc_append_json(GtcBuffer *buffer, const char *text);

#endif
