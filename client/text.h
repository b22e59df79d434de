/*
 * text.h
 *		Text of others for a terminal: harmless, and in lines that fit.
 */
#ifndef GTC_TEXT_H
#define GTC_TEXT_H

#include <stddef.h>

#include "buffer.h"

typedef struct GtcLines
{
	char	  **lines;
	int			count;
} GtcLines;

/*
 * Appends the text in lines of at most `width` columns, broken at blanks where there are some,
 * each indented by `indent` blanks.  What a terminal would obey (escape sequences, other control
 * characters, changes of the writing direction) and what is not UTF-8 becomes U+FFFD.
 */
extern void gtc_lines_add(GtcLines *lines, const char *text, int width, int indent);
extern void gtc_lines_free(GtcLines *lines);

/* The text on one line of at most `width` columns, ended by an ellipsis where it was longer. */
extern void gtc_append_short(GtcBuffer *buffer, const char *text, int width);

/* Columns that the text takes; control characters count as one. */
extern int	gtc_text_width(const char *text);

/* Bytes of the character that starts here (1 for what is none), and its code (0xFFFD for such). */
extern int	gtc_text_next(const char *text, unsigned *code);

#endif
