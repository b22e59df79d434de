/*
 * text_fold.h
 *		What a code point is to the text features, without case and accents.
 *
 * One static table, made from Unicode's data by scripts/text-fold-table.  No locale, no
 * collation, no library decides, so that the features of a text are the same on every
 * server.
 */
#ifndef GTL_TEXT_FOLD_H
#define GTL_TEXT_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Raised with every change of the table or of what text_grams.c makes of it. */
#define GTL_TEXT_FOLD_VERSION 1

typedef enum GtlTextClass
{
	GTL_TEXT_SEPARATOR = 0,		/* ends words */
	GTL_TEXT_WORD = 1,			/* joined to words */
	GTL_TEXT_DIGIT = 2,			/* likewise; the word is one with digits */
	GTL_TEXT_SYMBOL = 3,		/* emoji, punctuation: each a unit */
	GTL_TEXT_CHARACTER = 4,		/* of a script without spaces: each a unit */
	GTL_TEXT_IGNORED = 5		/* accents, variation selectors: dropped, words go on */
} GtlTextClass;

/* The class of *code, which is folded. */
extern GtlTextClass gtl_text_fold(uint32_t *code);

/* The code point at *p of UTF-8, and past it; an invalid byte is U+FFFD. */
extern uint32_t gtl_text_next(const unsigned char **p, const unsigned char *end);

#endif							/* GTL_TEXT_FOLD_H */
