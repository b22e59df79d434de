/*
 * word_vectors.h
 *		A user's table of word vectors: columns token and vector.
 */
#ifndef GTL_WORD_VECTORS_H
#define GTL_WORD_VECTORS_H

#include "base/compat.h"
#include "learning/word_table.h"

typedef struct GtlWordVectors
{
	char	   *name;			/* schema-qualified and quoted */
	char	   *tokens;			/* SELECT token */
	char	   *vectors;		/* SELECT token, vector as float4[] */
} GtlWordVectors;

/* Checks the relation and its columns. */
extern void gtl_word_vectors_describe(Oid relation, GtlWordVectors *table);

/* The words that it has; read as the current user. */
extern void gtl_word_vectors_tokens(const GtlWordVectors *table, GtlTokenList *tokens, const GtlEnv *env);

/* Sets the vectors of the featurizer's words. */
extern void gtl_word_vectors_read(const GtlWordVectors *table, GtlFeaturizer *featurizer, const GtlEnv *env);

#endif							/* GTL_WORD_VECTORS_H */
