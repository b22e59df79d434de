/*
 * text_sample.h
 *		Learning a featurizer from a sample of texts, without labels.
 *
 *		sample = gtl_text_sample_create(&request, env);
 *		gtl_text_sample_add(sample, number, text, bytes) ... for all texts;
 *		if gtl_text_sample_excess(sample) is 0: gtl_text_sample_fit(sample, &featurizer);
 *		gtl_text_sample_release(sample);
 *
 * The sample is the texts with the smallest hashes of their numbers: it does not depend on
 * how many there are, and holds their n-grams, not the texts.  If those do not fit the
 * budget, the sample is halved, down to GTL_SAMPLE_LEAST.
 */
#ifndef GTL_TEXT_SAMPLE_H
#define GTL_TEXT_SAMPLE_H

#include "learning/featurizer.h"

#define GTL_SAMPLE_TEXTS 10000
#define GTL_SAMPLE_LEAST 1000
#define GTL_SAMPLE_SEED 1		/* whatever the seed of the job: simulations draw many of those */
#define GTL_MAX_WORDS 16384		/* words that are kept with their vectors */

typedef struct GtlSampleRequest
{
	int			dimensions;		/* wanted for the n-grams */
	uint64_t	seed;
	size_t		budget;			/* bytes, for the sample and the fit together */
	uint32_t   *tokens;			/* [ntokens] ascending: words that have a vector; NULL: none */
	int64_t		ntokens;
} GtlSampleRequest;

typedef struct GtlTextSample GtlTextSample;

extern GtlTextSample *gtl_text_sample_create(const GtlSampleRequest *request, const GtlEnv *env);

/* Numbers ascend. */
extern void gtl_text_sample_add(GtlTextSample *sample, int64_t number, const char *text, size_t bytes);

/* Bytes that the smallest sample needs, judged by the texts so far, if they are more than the budget; else 0. */
extern size_t gtl_text_sample_excess(const GtlTextSample *sample);

/*
 * Sets all but what is beside the text; factor holds the weights of the words, and their
 * vectors are missing (word_table.h).  False: env said stop.  Once only.
 */
extern bool gtl_text_sample_fit(GtlTextSample *sample, GtlFeaturizer *featurizer);

extern void gtl_text_sample_release(GtlTextSample *sample);

/* ---- The fit's second half (text_projection.c) ----------------------------------- */

/* The weighted n-grams of a text of the sample. */
typedef struct GtlSparseRow
{
	int			n;
	float	   *value;			/* [n] */
	uint16_t   *column;			/* [n], ascending */
} GtlSparseRow;

/* Sets directions, scale and direction of a featurizer whose n-grams are known; false: env said stop. */
extern bool gtl_text_project(const GtlSparseRow *rows, int nrows, int dimensions, uint64_t seed,
							 GtlFeaturizer *featurizer, const GtlEnv *env);

/* Bytes that it allocates. */
extern size_t gtl_text_project_memory(int dimensions);

/* The hash that all draws come from. */
extern uint64_t gtl_text_mix(uint64_t x);

#endif							/* GTL_TEXT_SAMPLE_H */
