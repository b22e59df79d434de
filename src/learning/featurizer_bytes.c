/*
 * featurizer_bytes.c
 *		A featurizer as bytes, for a bytea column.
 *
 * All numbers are little-endian; floats are IEEE 754.  m n-grams, d directions, w words
 * with vectors of v numbers, k features beside the text.
 *
 *	 offset
 *	      0 +--------+--------+--------+--------+--------+--------+--------+--------+
 *	        |  'G'   |  'T'   |  'L'   |  'T'   |  'E'   |  'X'   |  'T'   |  'F'   |
 *	      8 +--------+--------+--------+--------+--------+--------+--------+--------+
 *	        | version = 1  (u32)                | version of the fold table  (u32)  |
 *	     16 +-----------------------------------+-----------------------------------+
 *	        | m  (u32)                          | d  (u32)                          |
 *	     24 +-----------------------------------+-----------------------------------+
 *	        | w  (u32)                          | v  (u32)                          |
 *	     32 +-----------------------------------+-----------------------------------+
 *	        | k  (u32)                          | texts in the sample  (u32)        |
 *	     40 +-----------------------------------+-----------------------------------+
 *	        | seed  (u64)                                                           |
 *	     48 +-----------------------------------------------------------------------+
 *	        | n-grams  (u32 x m), idf  (f32 x m), scale  (f32 x m)                  |
 *	        | directions  (i8 x m d)                                                |
 *	        | words  (u32 x w), factor  (f32 x w), vectors  (i8 x w v)              |
 *	        | mean  (f32 x k), inverse deviation  (f32 x k)                         |
 *	        +-----------------------------------------------------------------------+
 *	        | checksum  (u64): FNV-1a of every byte before it                       |
 *	        +-----------------------------------------------------------------------+
 */
#include "learning/bytes.h"
#include "learning/featurizer.h"
#include "learning/text_fold.h"

#define MAGIC "GTLTEXTF"
#define VERSION 1
#define HEADER_SIZE 48

#define MAX_GRAMS 1000000		/* bounds of a plausible shape, far above the documented limits */
#define MAX_DIMENSION 65536

static size_t
bytes_size(size_t grams, size_t directions, size_t words, size_t word_dimension, size_t inputs)
{
	return HEADER_SIZE + grams * (12 + directions) + words * (8 + word_dimension) + inputs * 8 + GTL_CHECKSUM_SIZE;
}

static void
put_numbers(GtlCursor *cursor, const uint32_t *numbers, int n)
{
	for (int i = 0; i < n; i++)
		gtl_put(cursor, numbers[i], 4);
}

static void
put_small(GtlCursor *cursor, const int8_t *numbers, size_t n)
{
	if (n > 0)
		memcpy(cursor->out, numbers, n);
	cursor->out += n;
}

uint8_t *
gtl_featurizer_serialize(const GtlFeaturizer *f, const GtlEnv *env, size_t *size)
{
	uint8_t    *bytes;
	GtlCursor	cursor;
	size_t		grams = (size_t) f->grams.count;
	size_t		words = (size_t) f->words.count;

	*size = bytes_size(grams, (size_t) f->directions, words, (size_t) f->word_dimension, (size_t) f->inputs);
	bytes = gtl_env_alloc(env, *size);
	memcpy(bytes, MAGIC, GTL_MAGIC_SIZE);
	cursor.out = bytes + GTL_MAGIC_SIZE;
	gtl_put(&cursor, VERSION, 4);
	gtl_put(&cursor, GTL_TEXT_FOLD_VERSION, 4);
	gtl_put(&cursor, grams, 4);
	gtl_put(&cursor, (uint64_t) f->directions, 4);
	gtl_put(&cursor, words, 4);
	gtl_put(&cursor, (uint64_t) f->word_dimension, 4);
	gtl_put(&cursor, (uint64_t) f->inputs, 4);
	gtl_put(&cursor, (uint64_t) f->sample, 4);
	gtl_put(&cursor, f->seed, 8);
	put_numbers(&cursor, f->grams.gram, f->grams.count);
	gtl_put_floats(&cursor, f->idf, grams);
	gtl_put_floats(&cursor, f->scale, grams);
	put_small(&cursor, f->direction, grams * (size_t) f->directions);
	put_numbers(&cursor, f->words.gram, f->words.count);
	gtl_put_floats(&cursor, f->factor, words);
	put_small(&cursor, f->vector, words * (size_t) f->word_dimension);
	gtl_put_floats(&cursor, f->mean, (size_t) f->inputs);
	gtl_put_floats(&cursor, f->inverse, (size_t) f->inputs);
	gtl_put(&cursor, gtl_checksum(bytes, *size - GTL_CHECKSUM_SIZE), 8);
	return bytes;
}

static const uint32_t versions[] = {VERSION, GTL_TEXT_FOLD_VERSION};

static const char *const frame_faults[] = {
	[GTL_FRAME_FOREIGN] = "the bytes do not start like a featurizer",
	[GTL_FRAME_TRUNCATED] = "the featurizer is truncated",
	[GTL_FRAME_DAMAGED] = "the featurizer's checksum does not match: it is truncated or damaged",
	[GTL_FRAME_VERSION] = "the featurizer's format version is not supported",
	[GTL_FRAME_VERSION + 1] = "the featurizer reads text by another version of the rules",
};

/* The header's fields, each checked; false: out of range. */
static bool
get_header(GtlCursor *cursor, GtlFeaturizer *f)
{
	uint32_t	grams = (uint32_t) gtl_get(cursor, 4);
	uint32_t	directions = (uint32_t) gtl_get(cursor, 4);
	uint32_t	words = (uint32_t) gtl_get(cursor, 4);
	uint32_t	word_dimension = (uint32_t) gtl_get(cursor, 4);
	uint32_t	inputs = (uint32_t) gtl_get(cursor, 4);

	f->sample = (int64_t) gtl_get(cursor, 4);
	f->seed = gtl_get(cursor, 8);
	if (grams > MAX_GRAMS || directions == 0 || directions > MAX_DIMENSION ||
		words > MAX_GRAMS || word_dimension > MAX_DIMENSION || (words > 0 && word_dimension == 0) ||
		inputs > MAX_DIMENSION)
		return false;
	f->grams.count = (int) grams;
	f->directions = (int) directions;
	f->words.count = (int) words;
	f->word_dimension = (int) word_dimension;
	f->inputs = (int) inputs;
	return true;
}

/* An index of n-grams in ascending order; false: they are not. */
static bool
get_index(GtlCursor *cursor, GtlGramIndex *index, const GtlEnv *env)
{
	uint32_t   *gram = gtl_env_alloc(env, (size_t) (index->count + 1) * sizeof *gram);
	bool		ascending = true;

	for (int i = 0; i < index->count; i++)
	{
		gram[i] = (uint32_t) gtl_get(cursor, 4);
		ascending = ascending && (i == 0 || gram[i] > gram[i - 1]);
	}
	index->gram = gram;
	if (ascending)
		gtl_gram_index_init(index, gram, index->count, env);
	return ascending;
}

static bool
get_floats(GtlCursor *cursor, float **x, int n, const GtlEnv *env)
{
	*x = gtl_env_alloc(env, (size_t) (n + 1) * sizeof(float));
	return gtl_get_floats(cursor, *x, (size_t) n);
}

static void
get_small(GtlCursor *cursor, int8_t **numbers, size_t n, const GtlEnv *env)
{
	*numbers = gtl_env_alloc(env, n + 1);
	memcpy(*numbers, cursor->in, n);
	cursor->in += n;
}

/* The arrays after the header, into fresh memory; what is wrong with them, or NULL. */
static const char *
get_arrays(GtlCursor *cursor, const GtlEnv *env, GtlFeaturizer *f)
{
	static const char *const order = "the featurizer's n-grams are not in order";
	static const char *const finite = "the featurizer contains a number that is not finite";

	if (!get_index(cursor, &f->grams, env))
		return order;
	if (!get_floats(cursor, &f->idf, f->grams.count, env) || !get_floats(cursor, &f->scale, f->grams.count, env))
		return finite;
	get_small(cursor, &f->direction, (size_t) f->grams.count * (size_t) f->directions, env);
	if (!get_index(cursor, &f->words, env))
		return order;
	if (!get_floats(cursor, &f->factor, f->words.count, env))
		return finite;
	get_small(cursor, &f->vector, (size_t) f->words.count * (size_t) f->word_dimension, env);
	if (!get_floats(cursor, &f->mean, f->inputs, env) || !get_floats(cursor, &f->inverse, f->inputs, env))
		return finite;
	return NULL;
}

bool
gtl_featurizer_deserialize(const uint8_t *bytes, size_t size, const GtlEnv *env, GtlFeaturizer *f,
						   const char **reason)
{
	GtlCursor	cursor = {.in = bytes + GTL_MAGIC_SIZE + 8};

	memset(f, 0, sizeof *f);
	*reason = frame_faults[gtl_frame_fault(bytes, size, MAGIC, HEADER_SIZE, versions, 2)];
	if (*reason != NULL)
		return false;
	if (!get_header(&cursor, f))
		*reason = "the featurizer's shape is not valid";
	else if (bytes_size((size_t) f->grams.count, (size_t) f->directions, (size_t) f->words.count,
						(size_t) f->word_dimension, (size_t) f->inputs) != size)
		*reason = "the featurizer's length does not match its shape";
	else
		*reason = get_arrays(&cursor, env, f);
	if (*reason != NULL)
		gtl_featurizer_release(f, env);
	return *reason == NULL;
}

void
gtl_featurizer_release(GtlFeaturizer *f, const GtlEnv *env)
{
	gtl_env_release(env, (void *) f->grams.gram);
	gtl_env_release(env, f->grams.slot);
	gtl_env_release(env, f->idf);
	gtl_env_release(env, f->scale);
	gtl_env_release(env, f->direction);
	gtl_env_release(env, (void *) f->words.gram);
	gtl_env_release(env, f->words.slot);
	gtl_env_release(env, f->factor);
	gtl_env_release(env, f->vector);
	gtl_env_release(env, f->mean);
	gtl_env_release(env, f->inverse);
	memset(f, 0, sizeof *f);
}
