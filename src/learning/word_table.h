/*
 * word_table.h
 *		A table of word vectors, as far as a featurizer needs it.
 *
 * Read twice: which words there are, before the sample is drawn; then the vectors of those that
 * occur in it.  Tokens that fold to the same word (The, the) compete: the one that is written
 * as it is folded wins, else the first in byte order, whatever the order of the table.
 */
#ifndef GTL_WORD_TABLE_H
#define GTL_WORD_TABLE_H

#include "learning/featurizer.h"

/* ---- Which words there are ---- */

typedef struct GtlTokenList
{
	uint32_t   *token;			/* n-grams; after closing ascending, without repetition */
	int64_t		n;
	int64_t		capacity;
} GtlTokenList;

extern void gtl_token_list_add(GtlTokenList *list, const char *token, size_t bytes, const GtlEnv *env);
extern void gtl_token_list_close(GtlTokenList *list, const GtlEnv *env);

/* ---- Their vectors ---- */

typedef struct GtlWordTable GtlWordTable;

/* For the words of a featurizer, whose factors are their weights; `dimension` numbers each. */
extern GtlWordTable *gtl_word_table_create(GtlFeaturizer *featurizer, int dimension, const GtlEnv *env);

/* Is the vector of this token wanted? */
extern bool gtl_word_table_wants(GtlWordTable *table, const char *token, size_t bytes);

/* It is: the token that was just asked for. */
extern void gtl_word_table_put(GtlWordTable *table, const char *token, size_t bytes, const float *vector);

/* Words that got no vector count nothing. */
extern void gtl_word_table_close(GtlWordTable *table);

#endif							/* GTL_WORD_TABLE_H */
