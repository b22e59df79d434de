/*
 * featurizer.c
 *		From a text to its vector.
 *
 * One function for all who need a vector: job creation, simulation and prediction.  Sums run
 * in the order of the n-grams' first occurrence in the text.
 */
#include "learning/featurizer.h"

#include <math.h>
#include <string.h>

#include "learning/kernels.h"
#include "learning/text_grams.h"

#define NOTHING 1e-12			/* squared length of a block that counts as 0 */
#define BLOCKS 3

/* The known n-grams of a text. */
typedef struct Bag
{
	const GtlGramIndex *index;
	int32_t    *count;			/* [index->count] how often; all 0 between texts */
	int32_t    *list;			/* [n] numbers, in order of first occurrence */
	int32_t    *times;			/* [n] count of each */
	int			n;
} Bag;

struct GtlFeatureMaker
{
	const GtlFeaturizer *featurizer;
	const GtlEnv *env;
	Bag			grams;
	Bag			words;
	float	   *weights;		/* [grams] */
};

int
gtl_featurizer_dimension(const GtlFeaturizer *featurizer)
{
	int			inputs = featurizer->inputs;

	/* measurements bring a constant along: see put_measurements */
	if (inputs > 0 && inputs <= GTL_MEASUREMENTS)
		inputs++;
	return featurizer->directions + featurizer->word_dimension + inputs;
}

void
gtl_gram_index_init(GtlGramIndex *index, const uint32_t *gram, int count, const GtlEnv *env)
{
	uint32_t	size = 16;

	while (size < 2 * (uint32_t) count)
		size *= 2;
	index->count = count;
	index->gram = gram;
	index->mask = size - 1;
	index->slot = gtl_env_alloc(env, size * sizeof *index->slot);
	for (int i = 0; i < count; i++)
	{
		uint32_t	slot = gram[i] >> 1 & index->mask;

		while (index->slot[slot] != 0)
			slot = (slot + 1) & index->mask;
		index->slot[slot] = i + 1;
	}
}

/* ---- The n-grams of a text ----------------------------------------------------- */

static void
bag_init(Bag *bag, const GtlGramIndex *index, const GtlEnv *env)
{
	size_t		bytes = (size_t) (index->count > 0 ? index->count : 1) * sizeof(int32_t);

	bag->index = index;
	bag->count = gtl_env_alloc(env, bytes);
	bag->list = gtl_env_alloc(env, bytes);
	bag->times = gtl_env_alloc(env, bytes);
}

static void
bag_release(Bag *bag, const GtlEnv *env)
{
	gtl_env_release(env, bag->count);
	gtl_env_release(env, bag->list);
	gtl_env_release(env, bag->times);
}

static inline void
bag_put(Bag *bag, uint32_t gram)
{
	int			number = gtl_gram_index_find(bag->index, gram);

	if (number >= 0 && bag->count[number]++ == 0)
		bag->list[bag->n++] = number;
}

/* Sets times, and count back to 0. */
static void
bag_close(Bag *bag)
{
	for (int i = 0; i < bag->n; i++)
	{
		bag->times[i] = bag->count[bag->list[i]];
		bag->count[bag->list[i]] = 0;
	}
}

static void
take_gram(void *context, uint32_t gram)
{
	GtlFeatureMaker *maker = context;

	bag_put(&maker->grams, gram);
	if ((gram & 1) == 0)
		bag_put(&maker->words, gram);
}

void
gtl_text_weights(const GtlGramIndex *grams, const float *idf, const int32_t *list, const int32_t *count,
				 int n, float *weights)
{
	double		squares[2] = {0.0, 0.0};
	double		blocks;
	float		factor[2];

	for (int i = 0; i < n; i++)
	{
		float		tf = count[i] > 1 ? 1.0f + logf((float) count[i]) : 1.0f;

		weights[i] = tf * idf[list[i]];
		squares[grams->gram[list[i]] & 1] += (double) weights[i] * weights[i];
	}
	blocks = (squares[0] > 0.0) + (squares[1] > 0.0);
	for (int b = 0; b < 2; b++)
		factor[b] = squares[b] > 0.0 ? (float) (1.0 / sqrt(squares[b] * blocks)) : 0.0f;
	for (int i = 0; i < n; i++)
		weights[i] *= factor[grams->gram[list[i]] & 1];
}

/* ---- Blocks --------------------------------------------------------------------- */

/* x += factor * line */
GTL_CLONES static void
add_line(float *x, const int8_t *line, float factor, int n)
{
	for (int j = 0; j < n; j++)
		x[j] += factor * line[j];
}

static double
squared_length(const float *x, int n)
{
	double		sum = 0.0;

	for (int j = 0; j < n; j++)
		sum += (double) x[j] * x[j];
	return sum;
}

/* To unit length; false: there is nothing, and it becomes 0. */
static bool
normalize(float *x, int n)
{
	double		squares = squared_length(x, n);
	float		factor;

	if (!(squares > NOTHING))
	{
		memset(x, 0, (size_t) n * sizeof *x);
		return false;
	}
	factor = (float) (1.0 / sqrt(squares));
	for (int j = 0; j < n; j++)
		x[j] *= factor;
	return true;
}

static void
put_grams(GtlFeatureMaker *maker, float *x)
{
	const GtlFeaturizer *f = maker->featurizer;
	const Bag  *bag = &maker->grams;

	gtl_text_weights(&f->grams, f->idf, bag->list, bag->times, bag->n, maker->weights);
	for (int i = 0; i < bag->n; i++)
	{
		int			gram = bag->list[i];

		add_line(x, f->direction + (size_t) gram * f->directions, maker->weights[i] * f->scale[gram], f->directions);
	}
}

static void
put_words(const GtlFeatureMaker *maker, float *x)
{
	const GtlFeaturizer *f = maker->featurizer;
	const Bag  *bag = &maker->words;

	for (int i = 0; i < bag->n; i++)
	{
		int			word = bag->list[i];

		add_line(x, f->vector + (size_t) word * f->word_dimension, (float) bag->times[i] * f->factor[word],
				 f->word_dimension);
	}
}

/*
 * A few measurements would lose their size if they were just brought to unit length (one of
 * them would become its sign).  Standardised, and with a constant as long as they are on
 * average beside them, unit length keeps it: z becomes z / sqrt(1 + z^2), and an outlier
 * cannot drown the text.
 */
static void
put_measurements(const GtlFeaturizer *f, const float *features, float *x)
{
	for (int j = 0; j < f->inputs; j++)
		x[j] = (features[j] - f->mean[j]) * f->inverse[j];
	x[f->inputs] = sqrtf((float) f->inputs);
}

/* Features as large as float4 allows would overflow in the square. */
static void
put_embedding(const GtlFeaturizer *f, const float *features, float *x)
{
	float		largest = 0.0f;

	for (int j = 0; j < f->inputs; j++)
		largest = fabsf(features[j]) > largest ? fabsf(features[j]) : largest;
	for (int j = 0; j < f->inputs; j++)
		x[j] = largest > 0.0f ? features[j] / largest : 0.0f;
}

/* Its length; *filled tells whether it has anything. */
static int
put_features(const GtlFeaturizer *f, const float *features, float *x, bool *filled)
{
	int			n = f->inputs;

	if (f->inputs > GTL_MEASUREMENTS)
		put_embedding(f, features, x);
	else if (f->inputs > 0)
	{
		put_measurements(f, features, x);
		n++;
	}
	*filled = normalize(x, n);
	return n;
}

GtlFeatureMaker *
gtl_feature_maker_create(const GtlFeaturizer *featurizer, const GtlEnv *env)
{
	GtlFeatureMaker *maker = gtl_env_alloc(env, sizeof *maker);

	maker->featurizer = featurizer;
	maker->env = env;
	bag_init(&maker->grams, &featurizer->grams, env);
	bag_init(&maker->words, &featurizer->words, env);
	maker->weights = gtl_env_alloc(env, (size_t) (featurizer->grams.count + 1) * sizeof(float));
	return maker;
}

void
gtl_feature_maker_release(GtlFeatureMaker *maker)
{
	bag_release(&maker->grams, maker->env);
	bag_release(&maker->words, maker->env);
	gtl_env_release(maker->env, maker->weights);
	gtl_env_release(maker->env, maker);
}

void
gtl_feature_maker_row(GtlFeatureMaker *maker, const char *text, size_t bytes, const float *features, float *out)
{
	const GtlFeaturizer *f = maker->featurizer;
	int			dimension = gtl_featurizer_dimension(f);
	int			place = f->directions;
	bool		filled[BLOCKS];
	int			blocks = 0;
	float		share;

	maker->grams.n = maker->words.n = 0;
	gtl_text_grams(text, bytes, take_gram, maker);
	bag_close(&maker->grams);
	bag_close(&maker->words);

	memset(out, 0, (size_t) dimension * sizeof *out);
	put_grams(maker, out);
	filled[0] = normalize(out, f->directions);
	put_words(maker, out + place);
	filled[1] = normalize(out + place, f->word_dimension);
	place += f->word_dimension;
	put_features(f, features, out + place, &filled[2]);

	for (int b = 0; b < BLOCKS; b++)
		blocks += filled[b];
	if (blocks < 2)
		return;
	share = (float) (1.0 / sqrt((double) blocks));
	for (int j = 0; j < dimension; j++)
		out[j] *= share;
}

/* ---- Without a fit ---------------------------------------------------------------- */

#define ENTRIES 4				/* places of the vector that an n-gram goes to */

typedef struct GramList
{
	uint32_t   *gram;
	size_t		n;
} GramList;

static void
list_gram(void *context, uint32_t gram)
{
	GramList   *list = context;

	list->gram[list->n++] = gram;
}

/* Signed places by the bits of a second hash: a sparse random projection (Achlioptas 2003). */
static void
put_hashed(uint32_t gram, float weight, int dimension, float *out)
{
	uint64_t	bits = (uint64_t) gram * UINT64_C(0x9E3779B97F4A7C15);

	for (int e = 0; e < ENTRIES; e++)
	{
		bits ^= bits >> 31;
		bits *= UINT64_C(0xbf58476d1ce4e5b9);
		out[(bits >> 33) % (uint64_t) dimension] += (bits >> 32 & 1) != 0 ? weight : -weight;
	}
}

static float
gram_weight(size_t from, size_t to)
{
	return to - from > 1 ? 1.0f + logf((float) (to - from)) : 1.0f;
}

/* The end of the equal n-grams that begin at from. */
static size_t
run_end(const GramList *list, size_t from)
{
	size_t		to = from + 1;

	while (to < list->n && list->gram[to] == list->gram[from])
		to++;
	return to;
}

void
gtl_text_hashed(const char *text, size_t bytes, int dimension, const GtlEnv *env, float *out)
{
	size_t		most = 5 * (bytes < GTL_TEXT_BYTES ? bytes : GTL_TEXT_BYTES) + 1;
	GramList	list = {gtl_env_alloc(env, 2 * most * sizeof(uint32_t)), 0};
	double		squares[2] = {0.0, 0.0};

	gtl_text_grams(text, bytes, list_gram, &list);
	gtl_text_sort(list.gram, list.gram + most, list.n);
	memset(out, 0, (size_t) dimension * sizeof *out);
	for (size_t from = 0, to; from < list.n; from = to)
	{
		double		weight;

		to = run_end(&list, from);
		weight = gram_weight(from, to);
		squares[list.gram[from] & 1] += weight * weight;
	}
	for (size_t from = 0, to; from < list.n; from = to)
	{
		to = run_end(&list, from);
		put_hashed(list.gram[from],
				   gram_weight(from, to) / (float) sqrt(squares[list.gram[from] & 1]), dimension, out);
	}
	normalize(out, dimension);
	gtl_env_release(env, list.gram);
}
