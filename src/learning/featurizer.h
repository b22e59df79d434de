/*
 * featurizer.h
 *		What turns a text, and features beside it, into one vector; learned without labels.
 *
 * A vector consists of blocks: the text's n-grams, projected; the mean of its words'
 * vectors, if a table of such was given; the features beside it, if there are any.  Each
 * block is brought to unit length (one that has nothing stays 0), then the whole.
 *
 * Methods: hashed n-grams weighted by tf-idf and latent semantic analysis (Deerwester et
 * al. 1990) by randomized subspace iteration (Halko, Martinsson, Tropp 2011); word vectors
 * weighted by smooth inverse frequency (Arora, Liang, Ma 2017).
 */
#ifndef GTL_FEATURIZER_H
#define GTL_FEATURIZER_H

#include "learning/env.h"

#define GTL_TEXT_VOCABULARY 8192	/* most n-grams that are projected */
#define GTL_TEXT_MIN_DIMENSIONS 16
#define GTL_TEXT_MAX_DIMENSIONS 1024

/* Up to so many features beside a text are measurements, more of them an embedding. */
#define GTL_MEASUREMENTS 32

/* A set of n-grams; the place of one in the list is its number. */
typedef struct GtlGramIndex
{
	int			count;
	const uint32_t *gram;		/* [count], ascending, without repetition */
	int32_t    *slot;			/* hash table: number + 1, 0: free */
	uint32_t	mask;
} GtlGramIndex;

typedef struct GtlFeaturizer
{
	/* n-grams; gram i counts idf[i], and its line of the projection is scale[i] * direction[i] */
	GtlGramIndex grams;
	int			directions;		/* at least 1 */
	float	   *idf;			/* [grams] */
	float	   *scale;			/* [grams] */
	int8_t	   *direction;		/* [grams x directions] */
	int64_t		sample;			/* texts that it was fitted to */
	uint64_t	seed;

	/* words with vectors; that of word i is factor[i] * vector[i], its weight included */
	GtlGramIndex words;
	int			word_dimension; /* 0: none */
	float	   *factor;			/* [words] */
	int8_t	   *vector;			/* [words x word_dimension] */

	/* features beside the text */
	int			inputs;			/* 0: none */
	float	   *mean;			/* [inputs]; measurements are standardised by both */
	float	   *inverse;		/* [inputs] of the standard deviation; 0: constant */
} GtlFeaturizer;

/* Length of the vectors. */
extern int	gtl_featurizer_dimension(const GtlFeaturizer *featurizer);

extern void gtl_gram_index_init(GtlGramIndex *index, const uint32_t *gram, int count, const GtlEnv *env);

/* The n-gram's number, or -1. */
static inline int
gtl_gram_index_find(const GtlGramIndex *index, uint32_t gram)
{
	uint32_t	slot = gram >> 1 & index->mask;
	int32_t		number;

	while ((number = index->slot[slot]) != 0)
	{
		if (index->gram[number - 1] == gram)
			return number - 1;
		slot = (slot + 1) & index->mask;
	}
	return -1;
}

/* ---- Vectors ------------------------------------------------------------------ */

/* A featurizer at work. */
typedef struct GtlFeatureMaker GtlFeatureMaker;

extern GtlFeatureMaker *gtl_feature_maker_create(const GtlFeaturizer *featurizer, const GtlEnv *env);
extern void gtl_feature_maker_release(GtlFeatureMaker *maker);

/*
 * out[dimension]; features[inputs], or NULL without inputs.  The same bits wherever and
 * whenever it is called, on one machine.
 */
extern void gtl_feature_maker_row(GtlFeatureMaker *maker, const char *text, size_t bytes,
								  const float *features, float *out);

/*
 * Of the n-grams of one text that are known: numbers in list, ascending in gram if the
 * caller sorted them so, and how often each occurs.  Weights by tf-idf, each block to unit
 * length, both together.
 */
extern void gtl_text_weights(const GtlGramIndex *grams, const float *idf, const int32_t *list,
							 const int32_t *count, int n, float *weights);

/* Without a fit: every n-gram hashed into out[dimension]. */
extern void gtl_text_hashed(const char *text, size_t bytes, int dimension, const GtlEnv *env, float *out);

/* ---- Bytes --------------------------------------------------------------------- */

/* From env; *size is their number. */
extern uint8_t *gtl_featurizer_serialize(const GtlFeaturizer *featurizer, const GtlEnv *env, size_t *size);

/* False: *reason says what is wrong, and nothing is left allocated.  Everything is from env. */
extern bool gtl_featurizer_deserialize(const uint8_t *bytes, size_t size, const GtlEnv *env,
									   GtlFeaturizer *featurizer, const char **reason);

extern void gtl_featurizer_release(GtlFeaturizer *featurizer, const GtlEnv *env);

#endif							/* GTL_FEATURIZER_H */
