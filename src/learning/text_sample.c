/*
 * text_sample.c
 *		The sample of texts, its vocabulary, and the words that have vectors.
 *
 * Each text is kept as its distinct n-grams, ascending, with their counts: 6 bytes each.  To
 * count the texts that an n-gram occurs in, the lists are merged in PARTS slices of the
 * range of n-grams, so that little more memory is needed.
 */
#include "learning/text_sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learning/text_grams.h"

#define PARTS 16
#define PART_SHIFT 28
#define MIN_TEXTS 2				/* that an n-gram of the vocabulary occurs in */
#define WORD_SMOOTHING 0.001	/* of word weights */
#define CHUNK_OVERHEAD 24
#define CHUNK_LIMIT 8192		/* smaller allocations are rounded up to a power of two */

/* A text of the sample; place is the order of the draw. */
typedef struct Member
{
	uint64_t	place;
	int64_t		number;
	uint32_t   *gram;			/* [n] ascending; followed by their counts */
	uint16_t   *count;			/* [n], at most 65,535 */
	int			n;
} Member;

struct GtlTextSample
{
	GtlSampleRequest request;
	const GtlEnv *env;
	size_t		allowed;		/* bytes of lists */
	size_t		held;
	size_t		excess;
	int			target;			/* members wanted */
	Member	   *member;			/* a heap, the last of the draw on top */
	int			n;

	/* the n-grams of the text at hand */
	uint32_t   *grams;
	uint32_t   *room;
	size_t		ngrams;
	size_t		capacity;
};

uint64_t
gtl_text_mix(uint64_t x)
{
	x += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* ---- The draw --------------------------------------------------------------------- */

/* What is not lists. */
static size_t
fixed_memory(const GtlSampleRequest *request)
{
	return gtl_text_project_memory(request->dimensions) + GTL_SAMPLE_TEXTS * (sizeof(Member) + sizeof(GtlSparseRow)) +
		(size_t) request->ntokens * 2 * sizeof(uint32_t) +
		(size_t) GTL_TEXT_VOCABULARY * (size_t) (request->dimensions + 64) + 4 * 1024 * 1024;
}

GtlTextSample *
gtl_text_sample_create(const GtlSampleRequest *request, const GtlEnv *env)
{
	GtlTextSample *sample = gtl_env_alloc(env, sizeof *sample);
	size_t		fixed = fixed_memory(request);

	sample->request = *request;
	sample->env = env;
	sample->allowed = request->budget > fixed ? request->budget - fixed : 0;
	sample->target = GTL_SAMPLE_TEXTS;
	sample->member = gtl_env_alloc(env, GTL_SAMPLE_TEXTS * sizeof *sample->member);
	return sample;
}

/* As the server's allocator rounds it. */
static size_t
list_bytes(int n)
{
	size_t		size = (size_t) n * (sizeof(uint32_t) + sizeof(uint16_t));
	size_t		rounded = 64;

	if (size > CHUNK_LIMIT)
		return size + CHUNK_OVERHEAD;
	while (rounded < size)
		rounded *= 2;
	return rounded + CHUNK_OVERHEAD;
}

static void
drop_list(GtlTextSample *sample, Member *member)
{
	sample->held -= list_bytes(member->n);
	gtl_env_release(sample->env, member->gram);
}

static void
sift_down(GtlTextSample *sample, int i)
{
	Member		moved = sample->member[i];
	int			child;

	while ((child = 2 * i + 1) < sample->n)
	{
		if (child + 1 < sample->n && sample->member[child + 1].place > sample->member[child].place)
			child++;
		if (sample->member[child].place <= moved.place)
			break;
		sample->member[i] = sample->member[child];
		i = child;
	}
	sample->member[i] = moved;
}

static void
sift_up(GtlTextSample *sample, int i)
{
	Member		moved = sample->member[i];

	while (i > 0 && sample->member[(i - 1) / 2].place < moved.place)
	{
		sample->member[i] = sample->member[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	sample->member[i] = moved;
}

static void
drop_last(GtlTextSample *sample)
{
	drop_list(sample, &sample->member[0]);
	sample->member[0] = sample->member[--sample->n];
	if (sample->n > 0)
		sift_down(sample, 0);
}

static void
shrink(GtlTextSample *sample)
{
	while (sample->held > sample->allowed && sample->target > GTL_SAMPLE_LEAST)
	{
		sample->target = sample->target / 2 > GTL_SAMPLE_LEAST ? sample->target / 2 : GTL_SAMPLE_LEAST;
		while (sample->n > sample->target)
			drop_last(sample);
	}
	if (sample->held > sample->allowed)
		sample->excess = fixed_memory(&sample->request) +
			sample->held / (size_t) sample->n * (size_t) (sample->n > GTL_SAMPLE_LEAST ? sample->n : GTL_SAMPLE_LEAST);
}

static void
take_gram(void *context, uint32_t gram)
{
	GtlTextSample *sample = context;

	sample->grams[sample->ngrams++] = gram;
}

static void
read_grams(GtlTextSample *sample, const char *text, size_t bytes)
{
	size_t		most = 5 * (bytes < GTL_TEXT_BYTES ? bytes : GTL_TEXT_BYTES) + 1;

	if (most > sample->capacity)
	{
		gtl_env_release(sample->env, sample->grams);
		gtl_env_release(sample->env, sample->room);
		sample->grams = sample->room = NULL;
		sample->capacity = 2 * most;
		sample->grams = gtl_env_alloc(sample->env, sample->capacity * sizeof(uint32_t));
		sample->room = gtl_env_alloc(sample->env, sample->capacity * sizeof(uint32_t));
	}
	sample->ngrams = 0;
	gtl_text_grams(text, bytes, take_gram, sample);
	gtl_text_sort(sample->grams, sample->room, sample->ngrams);
}

static int
count_distinct(const GtlTextSample *sample)
{
	int			n = 0;

	for (size_t i = 0; i < sample->ngrams; i++)
		n += i == 0 || sample->grams[i] != sample->grams[i - 1];
	return n;
}

static void
make_list(GtlTextSample *sample, Member *member)
{
	int			at = -1;

	member->n = count_distinct(sample);
	member->gram = gtl_env_alloc(sample->env, (size_t) member->n * (sizeof(uint32_t) + sizeof(uint16_t)) + 1);
	member->count = (uint16_t *) (member->gram + member->n);
	for (size_t i = 0; i < sample->ngrams; i++)
	{
		if (i == 0 || sample->grams[i] != sample->grams[i - 1])
			member->gram[++at] = sample->grams[i];
		if (member->count[at] < UINT16_MAX)
			member->count[at]++;
	}
	sample->held += list_bytes(member->n);
}

void
gtl_text_sample_add(GtlTextSample *sample, int64_t number, const char *text, size_t bytes)
{
	Member		member = {.number = number};

	member.place = gtl_text_mix(sample->request.seed ^ gtl_text_mix((uint64_t) number));
	if (sample->excess > 0 || (sample->n >= sample->target && member.place >= sample->member[0].place))
		return;
	if (sample->n >= sample->target)
		drop_last(sample);
	read_grams(sample, text, bytes);
	make_list(sample, &member);
	sample->member[sample->n] = member;
	sift_up(sample, sample->n++);
	shrink(sample);
}

size_t
gtl_text_sample_excess(const GtlTextSample *sample)
{
	return sample->excess;
}

/* ---- Counting ------------------------------------------------------------------------ */

/* The most frequent n-grams so far: a heap, the least of them on top. */
typedef struct TopList
{
	uint32_t   *gram;
	uint32_t   *count;
	int			n;
	int			most;
} TopList;

static bool
is_less(const TopList *top, int a, int b)
{
	return top->count[a] != top->count[b] ? top->count[a] < top->count[b] : top->gram[a] > top->gram[b];
}

static void
swap(TopList *top, int a, int b)
{
	uint32_t	gram = top->gram[a];
	uint32_t	count = top->count[a];

	top->gram[a] = top->gram[b];
	top->count[a] = top->count[b];
	top->gram[b] = gram;
	top->count[b] = count;
}

static void
top_sift_down(TopList *top)
{
	int			i = 0;
	int			child;

	while ((child = 2 * i + 1) < top->n)
	{
		if (child + 1 < top->n && is_less(top, child + 1, child))
			child++;
		if (!is_less(top, child, i))
			break;
		swap(top, i, child);
		i = child;
	}
}

/* N-grams come in ascending order: of equal counts the first ones stay. */
static void
top_put(TopList *top, uint32_t gram, uint32_t count)
{
	if (top->n == top->most)
	{
		if (count <= top->count[0])
			return;
		top->gram[0] = gram;
		top->count[0] = count;
		top_sift_down(top);
		return;
	}
	top->gram[top->n] = gram;
	top->count[top->n] = count;
	for (int i = top->n++; i > 0 && is_less(top, i, (i - 1) / 2); i = (i - 1) / 2)
		swap(top, i, (i - 1) / 2);
}

static void
top_init(TopList *top, int most, const GtlEnv *env)
{
	top->n = 0;
	top->most = most;
	top->gram = gtl_env_alloc(env, (size_t) most * sizeof(uint32_t));
	top->count = gtl_env_alloc(env, (size_t) most * sizeof(uint32_t));
}

static int
compare_pairs(const void *a, const void *b)
{
	uint32_t	x = *(const uint32_t *) a;
	uint32_t	y = *(const uint32_t *) b;

	return x < y ? -1 : x > y;
}

/* By n-gram.  The counts go along. */
static void
top_sort(TopList *top, const GtlEnv *env)
{
	uint32_t   *pairs = gtl_env_alloc(env, 2 * (size_t) (top->n + 1) * sizeof(uint32_t));

	for (int i = 0; i < top->n; i++)
	{
		pairs[2 * i] = top->gram[i];
		pairs[2 * i + 1] = top->count[i];
	}
	qsort(pairs, (size_t) top->n, 2 * sizeof(uint32_t), compare_pairs);
	for (int i = 0; i < top->n; i++)
	{
		top->gram[i] = pairs[2 * i];
		top->count[i] = pairs[2 * i + 1];
	}
	gtl_env_release(env, pairs);
}

static size_t
largest_part(const GtlTextSample *sample)
{
	size_t		count[PARTS] = {0};
	size_t		largest = 1;

	for (int s = 0; s < sample->n; s++)
		for (int i = 0; i < sample->member[s].n; i++)
			count[sample->member[s].gram[i] >> PART_SHIFT]++;
	for (int p = 0; p < PARTS; p++)
		largest = count[p] > largest ? count[p] : largest;
	return largest;
}

/* All n-grams of the part, text after text; next[text] is where its list goes on. */
static size_t
gather_part(const GtlTextSample *sample, uint32_t part, int *next, uint32_t *out)
{
	size_t		n = 0;

	for (int s = 0; s < sample->n; s++)
	{
		const Member *member = &sample->member[s];
		int			i = next[s];

		while (i < member->n && member->gram[i] >> PART_SHIFT == part)
			out[n++] = member->gram[i++];
		next[s] = i;
	}
	return n;
}

static void
count_runs(const uint32_t *grams, size_t n, TopList *vocabulary)
{
	for (size_t from = 0, to; from < n; from = to)
	{
		for (to = from + 1; to < n && grams[to] == grams[from]; to++)
			;
		if (to - from >= MIN_TEXTS)
			top_put(vocabulary, grams[from], (uint32_t) (to - from));
	}
}

/* The n-grams that occur in most texts; false: env said stop. */
static bool
find_vocabulary(const GtlTextSample *sample, TopList *vocabulary)
{
	const GtlEnv *env = sample->env;
	size_t		largest = largest_part(sample);
	uint32_t   *grams = gtl_env_alloc(env, largest * sizeof *grams);
	uint32_t   *room = gtl_env_alloc(env, largest * sizeof *room);
	int		   *next = gtl_env_alloc(env, (size_t) (sample->n + 1) * sizeof *next);
	bool		stop = false;

	top_init(vocabulary, GTL_TEXT_VOCABULARY, env);
	for (uint32_t part = 0; part < PARTS && !stop; part++)
	{
		size_t		n = gather_part(sample, part, next, grams);

		gtl_text_sort(grams, room, n);
		count_runs(grams, n, vocabulary);
		stop = gtl_env_interrupted(env);
	}
	top_sort(vocabulary, env);
	gtl_env_release(env, next);
	gtl_env_release(env, room);
	gtl_env_release(env, grams);
	return !stop;
}

/* How often each token occurs in the sample; of no use if env says stop. */
static uint32_t *
count_tokens(const GtlTextSample *sample, double *total)
{
	const GtlSampleRequest *request = &sample->request;
	uint32_t   *count = gtl_env_alloc(sample->env, (size_t) request->ntokens * sizeof *count + 1);

	*total = 0.0;
	for (int s = 0; s < sample->n && !gtl_env_interrupted(sample->env); s++)
	{
		const Member *member = &sample->member[s];

		for (int i = 0; i < member->n; i++)
		{
			const uint32_t *token = NULL;

			if ((member->gram[i] & 1) == 0)
				token = bsearch(&member->gram[i], request->tokens, (size_t) request->ntokens, sizeof *token, compare_pairs);
			if (token == NULL)
				continue;
			count[token - request->tokens] += member->count[i];
			*total += member->count[i];
		}
	}
	return count;
}

/* The most frequent words that have vectors, with their weights. */
static void
find_words(const GtlTextSample *sample, GtlFeaturizer *featurizer)
{
	const GtlSampleRequest *request = &sample->request;
	const GtlEnv *env = sample->env;
	TopList		top;
	double		total;
	uint32_t   *count = count_tokens(sample, &total);

	top_init(&top, GTL_MAX_WORDS, env);
	for (int64_t t = 0; t < request->ntokens; t++)
		if (count[t] > 0)
			top_put(&top, request->tokens[t], count[t]);
	top_sort(&top, env);
	gtl_env_release(env, count);
	featurizer->factor = gtl_env_alloc(env, (size_t) (top.n + 1) * sizeof(float));
	for (int i = 0; i < top.n; i++)
		featurizer->factor[i] = (float) (WORD_SMOOTHING / (WORD_SMOOTHING + top.count[i] / total));
	gtl_gram_index_init(&featurizer->words, top.gram, top.n, env);
	gtl_env_release(env, top.count);
}

/* ---- The fit ------------------------------------------------------------------------- */

static int
compare_numbers(const void *a, const void *b)
{
	int64_t		x = ((const Member *) a)->number;
	int64_t		y = ((const Member *) b)->number;

	return x < y ? -1 : x > y;
}

static void
set_vocabulary(const GtlTextSample *sample, const TopList *vocabulary, GtlFeaturizer *featurizer)
{
	featurizer->idf = gtl_env_alloc(sample->env, (size_t) (vocabulary->n + 1) * sizeof(float));
	for (int i = 0; i < vocabulary->n; i++)
		featurizer->idf[i] = (float) (log((1.0 + sample->n) / (1.0 + vocabulary->count[i])) + 1.0);
	gtl_gram_index_init(&featurizer->grams, vocabulary->gram, vocabulary->n, sample->env);
}

/* A member becomes a row of weights; its list goes. */
static void
make_row(GtlTextSample *sample, Member *member, const GtlFeaturizer *featurizer, int32_t *list, int32_t *count,
		 GtlSparseRow *row)
{
	int			n = 0;

	for (int i = 0; i < member->n; i++)
	{
		int			number = gtl_gram_index_find(&featurizer->grams, member->gram[i]);

		if (number < 0)
			continue;
		list[n] = number;
		count[n++] = member->count[i];
	}
	drop_list(sample, member);
	member->gram = NULL;
	member->n = 0;
	row->n = n;
	row->value = gtl_env_alloc(sample->env, (size_t) n * (sizeof(float) + sizeof(uint16_t)) + 1);
	row->column = (uint16_t *) (row->value + n);
	gtl_text_weights(&featurizer->grams, featurizer->idf, list, count, n, row->value);
	for (int i = 0; i < n; i++)
		row->column[i] = (uint16_t) list[i];
}

/* Incomplete if env says stop. */
static GtlSparseRow *
make_rows(GtlTextSample *sample, const GtlFeaturizer *featurizer)
{
	const GtlEnv *env = sample->env;
	GtlSparseRow *rows = gtl_env_alloc(env, (size_t) (sample->n + 1) * sizeof *rows);
	int32_t    *list = gtl_env_alloc(env, 2 * (size_t) (featurizer->grams.count + 1) * sizeof *list);

	for (int s = 0; s < sample->n && !gtl_env_interrupted(env); s++)
		make_row(sample, &sample->member[s], featurizer, list, list + featurizer->grams.count, &rows[s]);
	gtl_env_release(env, list);
	return rows;
}

bool
gtl_text_sample_fit(GtlTextSample *sample, GtlFeaturizer *featurizer)
{
	const GtlEnv *env = sample->env;
	TopList		vocabulary;
	GtlSparseRow *rows;
	bool		done;

	memset(featurizer, 0, sizeof *featurizer);
	featurizer->sample = sample->n;
	featurizer->seed = sample->request.seed;
	qsort(sample->member, (size_t) sample->n, sizeof(Member), compare_numbers);
	done = find_vocabulary(sample, &vocabulary);
	set_vocabulary(sample, &vocabulary, featurizer);
	gtl_env_release(env, vocabulary.count);
	find_words(sample, featurizer);
	rows = make_rows(sample, featurizer);
	done = done && !gtl_env_interrupted(env) &&
		gtl_text_project(rows, sample->n, sample->request.dimensions, sample->request.seed, featurizer, env);
	for (int s = 0; s < sample->n; s++)
		gtl_env_release(env, rows[s].value);
	gtl_env_release(env, rows);
	if (!done)
		gtl_featurizer_release(featurizer, env);
	return done;
}

void
gtl_text_sample_release(GtlTextSample *sample)
{
	const GtlEnv *env = sample->env;

	for (int s = 0; s < sample->n; s++)
		gtl_env_release(env, sample->member[s].gram);
	gtl_env_release(env, sample->member);
	gtl_env_release(env, sample->grams);
	gtl_env_release(env, sample->room);
	gtl_env_release(env, sample);
}
