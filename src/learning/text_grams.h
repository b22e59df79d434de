/*
 * text_grams.h
 *		The n-grams of a text, as numbers.
 *
 * Words, symbols, and characters of scripts without spaces are units; units and pairs of
 * neighbours are the n-grams of block 0, and 3 and 4 characters in sequence within a word
 * those of block 1.  An n-gram's number is a hash whose lowest bit is its block; n-grams
 * that collide are one.  No dictionary and no language: the same rules for all texts.
 */
#ifndef GTL_TEXT_GRAMS_H
#define GTL_TEXT_GRAMS_H

#include "learning/text_fold.h"

/* What is behind the first 64 kB of a text does not count. */
#define GTL_TEXT_BYTES 65536

/* Most n-grams of a text: each character makes a unit, a pair, the word as written, and two of block 1. */
#define GTL_TEXT_MAX_GRAMS (5 * GTL_TEXT_BYTES)

typedef void (*GtlGramCallback) (void *context, uint32_t gram);

/* Calls back for each n-gram, in a fixed order; text is UTF-8, of which only GTL_TEXT_BYTES are read. */
extern void gtl_text_grams(const char *text, size_t bytes, GtlGramCallback take, void *context);

/*
 * The n-gram that a token of a word-vector table is, if it is one: one unit, or a pair.
 * *exact: it is written as it is folded.
 */
extern bool gtl_text_token(const char *token, size_t bytes, uint32_t *gram, bool *exact);

/* Orders numbers, with as much room to work in. */
extern void gtl_text_sort(uint32_t *numbers, uint32_t *room, size_t n);

#endif							/* GTL_TEXT_GRAMS_H */
