/*
 * word_table.c
 *		A table of word vectors, as far as a featurizer needs it.
 */
#include "learning/word_table.h"

#include <math.h>
#include <string.h>

#include "learning/text_grams.h"

#define FIRST_CAPACITY 4096

void
gtl_token_list_add(GtlTokenList *list, const char *token, size_t bytes, const GtlEnv *env)
{
	uint32_t	gram;
	bool		exact;

	if (!gtl_text_token(token, bytes, &gram, &exact))
		return;
	if (list->n == list->capacity)
	{
		int64_t		capacity = list->capacity > 0 ? 2 * list->capacity : FIRST_CAPACITY;
		uint32_t   *larger = gtl_env_alloc(env, (size_t) capacity * sizeof *larger);

		if (list->n > 0)
			memcpy(larger, list->token, (size_t) list->n * sizeof *larger);
		gtl_env_release(env, list->token);
		list->token = larger;
		list->capacity = capacity;
	}
	list->token[list->n++] = gram;
}

void
gtl_token_list_close(GtlTokenList *list, const GtlEnv *env)
{
	uint32_t   *room = gtl_env_alloc(env, (size_t) list->n * sizeof *room + 1);
	int64_t		kept = 0;

	gtl_text_sort(list->token, room, (size_t) list->n);
	for (int64_t i = 0; i < list->n; i++)
		if (i == 0 || list->token[i] != list->token[i - 1])
			list->token[kept++] = list->token[i];
	list->n = kept;
	gtl_env_release(env, room);
}

/* Whose vector a word has so far. */
typedef struct Winner
{
	char	   *token;			/* NULL: nobody's */
	size_t		bytes;
	bool		exact;
	float		scale;
} Winner;

struct GtlWordTable
{
	GtlFeaturizer *featurizer;
	const GtlEnv *env;
	Winner	   *winner;			/* [words] */
	int			asked;			/* the word of the last question */
	bool		exact;
};

GtlWordTable *
gtl_word_table_create(GtlFeaturizer *featurizer, int dimension, const GtlEnv *env)
{
	GtlWordTable *table = gtl_env_alloc(env, sizeof *table);
	size_t		words = (size_t) featurizer->words.count;

	table->featurizer = featurizer;
	table->env = env;
	table->winner = gtl_env_alloc(env, (words + 1) * sizeof *table->winner);
	featurizer->word_dimension = dimension;
	featurizer->vector = gtl_env_alloc(env, words * (size_t) dimension + 1);
	return table;
}

static bool
comes_first(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
	int			order = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);

	return order != 0 ? order < 0 : a_bytes < b_bytes;
}

bool
gtl_word_table_wants(GtlWordTable *table, const char *token, size_t bytes)
{
	uint32_t	gram;
	const Winner *winner;

	if (!gtl_text_token(token, bytes, &gram, &table->exact))
		return false;
	table->asked = gtl_gram_index_find(&table->featurizer->words, gram);
	if (table->asked < 0)
		return false;
	winner = &table->winner[table->asked];
	if (winner->token == NULL || table->exact != winner->exact)
		return winner->token == NULL || table->exact;
	return comes_first(token, bytes, winner->token, winner->bytes);
}

static float
quantize(const float *vector, int n, int8_t *out)
{
	float		largest = 0.0f;

	for (int j = 0; j < n; j++)
		largest = fabsf(vector[j]) > largest ? fabsf(vector[j]) : largest;
	for (int j = 0; j < n; j++)
		out[j] = largest > 0.0f ? (int8_t) lrint(127.0 * vector[j] / largest) : 0;
	return largest / 127.0f;
}

void
gtl_word_table_put(GtlWordTable *table, const char *token, size_t bytes, const float *vector)
{
	GtlFeaturizer *f = table->featurizer;
	Winner	   *winner = &table->winner[table->asked];

	gtl_env_release(table->env, winner->token);
	winner->token = gtl_env_alloc(table->env, bytes + 1);
	memcpy(winner->token, token, bytes);
	winner->bytes = bytes;
	winner->exact = table->exact;
	winner->scale = quantize(vector, f->word_dimension, f->vector + (size_t) table->asked * (size_t) f->word_dimension);
}

void
gtl_word_table_close(GtlWordTable *table)
{
	GtlFeaturizer *f = table->featurizer;

	for (int i = 0; i < f->words.count; i++)
	{
		f->factor[i] *= table->winner[i].scale;
		gtl_env_release(table->env, table->winner[i].token);
	}
	gtl_env_release(table->env, table->winner);
	gtl_env_release(table->env, table);
}
