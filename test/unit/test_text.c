/*
 * test_text.c
 *		From texts to vectors: tokens and their numbers, the sample, the projection, word vectors,
 *		features beside the text, bytes.
 *
 * The only argument is the folder of the real data; without it that test is left out.
 */
#include "learning_fixture.h"
#include "learning/text_grams.h"
#include "learning/text_sample.h"
#include "learning/tridiagonal.h"
#include "learning/word_table.h"

#define BUDGET ((size_t) 64 << 20)

/* ---- Tokens ---- */

typedef struct Grams
{
	uint32_t	gram[200000];
	int			n;
} Grams;

static Grams left,
			right;

static void
take(void *context, uint32_t gram)
{
	Grams	   *grams = context;

	grams->gram[grams->n++] = gram;
}

static void
read_grams(Grams *grams, const char *text, size_t bytes)
{
	grams->n = 0;
	gtl_text_grams(text, bytes, take, grams);
}

static bool
has_grams(const char *text, const uint32_t *expected, int n)
{
	read_grams(&left, text, strlen(text));
	return left.n == n && memcmp(left.gram, expected, (size_t) n * sizeof *expected) == 0;
}

static bool
reads_alike(const char *a, const char *b)
{
	read_grams(&left, a, strlen(a));
	read_grams(&right, b, strlen(b));
	return left.n == right.n && memcmp(left.gram, right.gram, (size_t) left.n * sizeof left.gram[0]) == 0;
}

/* Stored featurizers depend on these numbers. */
static void
test_grams(void)
{
	static const uint32_t pay[] = {
		0x3599fe5a, 0xb2d341e5, 0xffae849b, 0x9976016b, 0xa888069f, 0x78e9f375, 0x5ac7cc90,
		0xb67403a8, 0x9316c458, 0xe446c3bb, 0x95e3b45d, 0xa555271b, 0xaafea0fe, 0x0be227c0
	};
	static const uint32_t dont[] = {
		0xbb7cf28a, 0x91083267, 0x69a11021, 0xabbf4a69, 0x02f94783, 0xfa2f391d, 0x2655f7f4, 0x38213218, 0x35eabb77
	};
	static const uint32_t ecole[] = {
		0x82a2137e, 0x06167823, 0x9178e7cb, 0x3895f7c7, 0x913f3e15, 0x89d9e6e5, 0xe99a33ef, 0x450809c7,
		0x2883b599, 0x6fda22f5
	};
	static const uint32_t cats[] = {0xe68c6000, 0xef1d3a18, 0x64d12322, 0x5b5fd65e, 0x640ba1d6, 0x07e05c3f};

	CHECK(has_grams("Pay 50!", pay, 14));
	CHECK(has_grams("don't", dont, 9));
	CHECK(has_grams("\xc3\x89""cole", ecole, 10));
	CHECK(has_grams("ecole", ecole, 10));
	CHECK(has_grams("\xe7\x8c\xab\xe3\x81\x8c\xe5\xa5\xbd", cats, 6));
	CHECK(has_grams("", NULL, 0));
	CHECK(has_grams(" \t\r\n\x01", NULL, 0));
}

static void
test_folding(void)
{
	/* case, accents, final sigma, full width, a combining accent */
	CHECK(reads_alike("STRASSE \xc3\x89""cole \xce\x99\xce\xa3\xce\xa3", "strasse ecole \xce\xb9\xcf\x83\xcf\x82"));
	CHECK(reads_alike("\xef\xbc\xb3\xef\xbc\xb4\xef\xbc\xb2", "str"));
	CHECK(reads_alike("e\xcc\x81""cole", "ecole"));
	CHECK(reads_alike("\xef\xbc\x95", "5"));
	CHECK(reads_alike("l\xe2\x80\x99homme", "l homme"));
	/* thumbs up in two tones, a heart with and without its variation selector */
	CHECK(reads_alike("\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", "\xf0\x9f\x91\x8d"));
	CHECK(reads_alike("\xe2\x9d\xa4\xef\xb8\x8f", "\xe2\x9d\xa4"));
	CHECK(!reads_alike("\xf0\x9f\x91\x8d", "\xe2\x9d\xa4"));
	/* what is no UTF-8 reads as U+FFFD, byte by byte: lone, cut off, overlong, a surrogate, too large */
	CHECK(reads_alike("a\xff""b", "a\xef\xbf\xbd""b"));
	CHECK(reads_alike("a\xe7\x8c", "a\xef\xbf\xbd\xef\xbf\xbd"));
	CHECK(reads_alike("\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"));
	CHECK(reads_alike("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
	CHECK(reads_alike("\xf5\x80\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
	/* a word counts as far as its first 63 characters */
	CHECK(reads_alike("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
					  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabcd"));
}

static void
test_long_text(void)
{
	size_t		bytes = 1000000;
	char	   *text = malloc(bytes);

	for (size_t i = 0; i < bytes; i++)
		text[i] = "lorem ipsum dolor 17 "[i % 21];
	read_grams(&left, text, bytes);
	read_grams(&right, text, GTL_TEXT_BYTES);
	CHECK(left.n > 100000);
	CHECK(left.n == right.n && memcmp(left.gram, right.gram, (size_t) left.n * sizeof left.gram[0]) == 0);

	/* the limit falls into a character of 3 bytes, which is left out */
	for (size_t i = 0; i < bytes; i++)
		text[i] = "\xe7\x8c\xab"[i % 3];
	read_grams(&left, text, bytes);
	read_grams(&right, text, GTL_TEXT_BYTES - GTL_TEXT_BYTES % 3);
	CHECK(left.n == right.n && memcmp(left.gram, right.gram, (size_t) left.n * sizeof left.gram[0]) == 0);
	CHECK(left.n <= GTL_TEXT_MAX_GRAMS);

	memset(text, '!', bytes);
	read_grams(&left, text, bytes);
	CHECK(left.n == 2 * GTL_TEXT_BYTES - 1);
	free(text);
}

static void
test_token(void)
{
	uint32_t	the,
				other;
	bool		exact;

	CHECK(gtl_text_token("the", 3, &the, &exact) && exact);
	CHECK(gtl_text_token("The", 3, &other, &exact) && other == the && !exact);
	CHECK(gtl_text_token("don't", 5, &other, &exact) && exact);
	read_grams(&left, "don't", 5);
	CHECK(other == left.gram[7]);	/* the pair */
	CHECK(gtl_text_token("2019", 4, &other, &exact));
	read_grams(&left, "2019", 4);
	CHECK(other == left.gram[0]);	/* as written */
	CHECK(!gtl_text_token("new york city", 13, &other, &exact));
	CHECK(!gtl_text_token("", 0, &other, &exact));
}

static void
test_sort(void)
{
	uint32_t	numbers[2000],
				room[2000];
	bool		sorted = true;

	for (int n = 0; n < 2000; n += n < 60 ? 1 : 313)
	{
		uint64_t	sum = 0;

		for (int i = 0; i < n; i++)
			sum += numbers[i] = (uint32_t) gtl_text_mix((uint64_t) i * 3 / 2) >> (i % 3 == 0 ? 20 : 0);
		gtl_text_sort(numbers, room, (size_t) n);
		for (int i = 0; i < n; i++)
		{
			sorted = sorted && (i == 0 || numbers[i] >= numbers[i - 1]);
			sum -= numbers[i];
		}
		sorted = sorted && sum == 0;
	}
	CHECK(sorted);
}

/* ---- Eigenvectors ---- */

/* matrix = sum of `rank` outer products; the largest fault of matrix v = value v and of v'w. */
static double
eigen_fault(int n, int rank)
{
	size_t		cells = (size_t) n * n;
	double	   *matrix = gtl_env_alloc(&env, 3 * cells * sizeof *matrix);
	double	   *kept = matrix + cells;
	double	   *vectors = kept + cells;
	double	   *values = gtl_env_alloc(&env, (size_t) n * sizeof *values);
	double		fault = 0.0;

	for (int r = 0; r < rank; r++)
		for (int i = 0; i < n; i++)
			for (int j = 0; j < n; j++)
				matrix[i * n + j] += gtl_random_normal(9, GTL_STREAM_FOLD, (uint64_t) (r * n + i)) *
					gtl_random_normal(9, GTL_STREAM_FOLD, (uint64_t) (r * n + j));
	memcpy(kept, matrix, cells * sizeof *matrix);
	CHECK(gtl_tridiagonal_eigen(matrix, n, values, vectors, &env));
	for (int k = 0; k < n; k++)
		for (int i = 0; i < n; i++)
		{
			double		image = -values[k] * vectors[k * n + i];
			double		product = i == k ? -1.0 : 0.0;

			for (int j = 0; j < n; j++)
			{
				image += kept[i * n + j] * vectors[k * n + j];
				product += vectors[k * n + j] * vectors[i * n + j];
			}
			fault = fmax(fault, fmax(fabs(image) / (1.0 + fabs(values[n - 1])), fabs(product)));
			if (k > 0 && values[k] < values[k - 1])
				fault = INFINITY;
		}
	gtl_env_release(&env, matrix);
	gtl_env_release(&env, values);
	return fault;
}

static void
test_eigen(void)
{
	CHECK(eigen_fault(1, 1) < 1e-12);
	CHECK(eigen_fault(2, 1) < 1e-12);
	CHECK(eigen_fault(5, 5) < 1e-12);
	CHECK(eigen_fault(40, 0) < 1e-12);
	CHECK(eigen_fault(60, 7) < 1e-12);
	CHECK(eigen_fault(130, 200) < 1e-12);
}

/* ---- Fitting ---- */

/* false: interrupted, or over the budget */
static bool
fit(const char *const *texts, int n, int dimensions, size_t budget, GtlFeaturizer *featurizer)
{
	GtlSampleRequest request = {.dimensions = dimensions,.seed = 1,.budget = budget};
	GtlTextSample *sample = gtl_text_sample_create(&request, &env);
	bool		done;

	for (int i = 0; i < n; i++)
		gtl_text_sample_add(sample, i, texts[i], strlen(texts[i]));
	done = gtl_text_sample_excess(sample) == 0 && gtl_text_sample_fit(sample, featurizer);
	gtl_text_sample_release(sample);
	return done;
}

static void
make_row(const GtlFeaturizer *featurizer, const char *text, const float *features, float *out)
{
	GtlFeatureMaker *maker = gtl_feature_maker_create(featurizer, &env);

	gtl_feature_maker_row(maker, text, strlen(text), features, out);
	gtl_feature_maker_release(maker);
}

static double
product(const float *a, const float *b, int n)
{
	double		sum = 0.0;

	for (int i = 0; i < n; i++)
		sum += (double) a[i] * b[i];
	return sum;
}

static void
test_odd_texts(void)
{
	static const char *const equal[] = {"hello world", "hello world", "hello world", "hello world"};
	static const char *const empty[] = {"", "", "  \n"};
	static const char *const alone[] = {"one text that stands alone"};
	static const char *const asia[] = {
		"\xe7\xa7\x81\xe3\x81\xaf\xe7\x8c\xab\xe3\x81\x8c\xe5\xa5\xbd\xe3\x81\x8d",
		"\xe7\xa7\x81\xe3\x81\xaf\xe7\x8a\xac\xe3\x81\x8c\xe5\xa5\xbd\xe3\x81\x8d",
		"\xe7\x8c\xab\xe3\x81\xa8\xe7\x8a\xac",
		"\xe0\xb8\x89\xe0\xb8\xb1\xe0\xb8\x99\xe0\xb8\x8a\xe0\xb8\xad\xe0\xb8\x9a\xe0\xb9\x81\xe0\xb8\xa1\xe0\xb8\xa7",
		"\xe0\xb8\x89\xe0\xb8\xb1\xe0\xb8\x99\xe0\xb8\x8a\xe0\xb8\xad\xe0\xb8\x9a\xe0\xb8\xab\xe0\xb8\xa1\xe0\xb8\xb2"
	};
	const char *asia_twice[10];
	GtlFeaturizer f;
	float		row[5][300];

	CHECK(fit(equal, 4, 256, BUDGET, &f) && f.directions == 1);
	make_row(&f, "hello world", NULL, row[0]);
	make_row(&f, "good bye", NULL, row[1]);
	CHECK_NEAR(fabs(row[0][0]), 1.0, 1e-6);
	CHECK(row[1][0] == 0.0f);
	gtl_featurizer_release(&f, &env);

	CHECK(fit(empty, 3, 256, BUDGET, &f) && f.directions == 1 && f.grams.count == 0);
	make_row(&f, "anything", NULL, row[0]);
	CHECK(row[0][0] == 0.0f);
	gtl_featurizer_release(&f, &env);

	CHECK(fit(alone, 1, 256, BUDGET, &f) && f.directions == 1 && f.grams.count == 0);
	gtl_featurizer_release(&f, &env);

	/* one character more or less makes another row; texts that agree with none are 0 */
	for (int i = 0; i < 10; i++)
		asia_twice[i] = asia[i / 2];
	CHECK(fit(asia_twice, 10, 256, BUDGET, &f) && f.directions == 5);
	for (int i = 0; i < 5; i++)
		make_row(&f, asia[i], NULL, row[i]);
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < i; k++)
			CHECK(product(row[i], row[k], 5) < 0.99);
	gtl_featurizer_release(&f, &env);
}

/* ---- Real texts ---- */

#define MESSAGES 5574

static char *message[MESSAGES];
static int	messages;

/* The body of a line `id,body,label` of CSV, quotes taken off; in place. */
static char *
csv_body(char *line)
{
	char	   *from = strchr(line, ',') + 1;
	char	   *to = strrchr(line, ',');
	char	   *out = from;

	if (*from != '"')
	{
		*to = '\0';
		return from;
	}
	for (char *c = from + 1; c < to - 1; c++)
	{
		*out++ = *c;
		c += c[0] == '"' && c[1] == '"';
	}
	*out = '\0';
	return from;
}

static void
load_messages(const char *folder)
{
	char		command[1024];
	char		line[4096];
	FILE	   *pipe;

	snprintf(command, sizeof command, "gzip -dc '%s/sms_spam.csv.gz' 2>/dev/null | tail -n +2", folder);
	pipe = popen(command, "r");
	while (pipe != NULL && messages < MESSAGES && fgets(line, sizeof line, pipe) != NULL)
		message[messages++] = strdup(csv_body(line));
	if (pipe != NULL)
		pclose(pipe);
}

static bool
same_featurizer(const GtlFeaturizer *a, const GtlFeaturizer *b)
{
	size_t		sizes[2];
	uint8_t    *bytes[2];
	bool		same;

	bytes[0] = gtl_featurizer_serialize(a, &env, &sizes[0]);
	bytes[1] = gtl_featurizer_serialize(b, &env, &sizes[1]);
	same = sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0;
	gtl_env_release(&env, bytes[0]);
	gtl_env_release(&env, bytes[1]);
	return same;
}

static void
test_messages(void)
{
	int			n = under_valgrind() ? 300 : messages;
	GtlFeaturizer f,
				again;
	float		row[2][256];
	bool		unit = true;
	bool		filled = true;
	GtlFeatureMaker *maker;

	CHECK(messages == MESSAGES);
	CHECK(fit((const char *const *) message, n, 64, BUDGET, &f));
	CHECK(f.sample == n);
	CHECK(under_valgrind() || f.grams.count == GTL_TEXT_VOCABULARY);
	CHECK(f.directions == 64);
	CHECK(counters.progress_sane);

	maker = gtl_feature_maker_create(&f, &env);
	for (int i = 0; i < n; i++)
	{
		double		length;

		gtl_feature_maker_row(maker, message[i], strlen(message[i]), NULL, row[0]);
		length = product(row[0], row[0], 64);
		filled = filled && length > 0.0;
		unit = unit && (length == 0.0 || fabs(length - 1.0) < 1e-5);
	}
	gtl_feature_maker_release(maker);
	CHECK(unit);
	CHECK(filled);

	/* the same bits, wherever the memory lies; a text's case does not count, its words do */
	counters.shift = 40;
	CHECK(fit((const char *const *) message, n, 64, BUDGET, &again));
	counters.shift = 0;
	CHECK(same_featurizer(&f, &again));
	gtl_featurizer_release(&again, &env);
	make_row(&f, "Call now to claim your free prize", NULL, row[0]);
	make_row(&f, "CALL NOW to claim your FREE prize", NULL, row[1]);
	CHECK(memcmp(row[0], row[1], 64 * sizeof(float)) == 0);
	make_row(&f, "Claim a free prize, call now!", NULL, row[1]);
	CHECK(product(row[0], row[1], 64) > 0.5);
	make_row(&f, "I am at home, see you later", NULL, row[1]);
	CHECK(product(row[0], row[1], 64) < 0.5);
	gtl_featurizer_release(&f, &env);
}

/* The sample gives way, and only then the fit. */
static void
test_budget(void)
{
	size_t		fixed = gtl_text_project_memory(16) + ((size_t) 6 << 20);
	GtlFeaturizer f;
	size_t		before;

	if (under_valgrind())
		return;
	before = counters.bytes;
	counters.peak = counters.bytes;
	CHECK(fit((const char *const *) message, messages, 16, fixed + ((size_t) 2 << 20), &f));
	CHECK(f.sample >= GTL_SAMPLE_LEAST && f.sample < messages);
	CHECK(counters.peak - before < fixed + ((size_t) 2 << 20));
	gtl_featurizer_release(&f, &env);
	CHECK(!fit((const char *const *) message, messages, 16, fixed / 2, &f));
	CHECK(counters.bytes == before);
}

static void
test_interrupts(void)
{
	int			n = under_valgrind() ? 60 : 400;
	long		live = counters.live;
	bool		stopped = true;
	GtlFeaturizer f;

	for (long polls = 0; polls < 200; polls += 13)
	{
		counters.polls = 0;
		counters.polls_allowed = polls;
		stopped = stopped && !fit((const char *const *) message, n, 32, BUDGET, &f) && counters.live == live;
	}
	counters.polls_allowed = -1;
	CHECK(stopped);
}

static void
test_bytes(void)
{
	GtlFeaturizer f,
				copy;
	size_t		size;
	uint8_t    *bytes;
	const char *reason;
	bool		refused = true;
	long		live;

	CHECK(fit((const char *const *) message, 100, 16, BUDGET, &f));
	bytes = gtl_featurizer_serialize(&f, &env, &size);
	live = counters.live;
	CHECK(gtl_featurizer_deserialize(bytes, size, &env, &copy, &reason) && reason == NULL);
	CHECK(same_featurizer(&f, &copy));
	gtl_featurizer_release(&copy, &env);
	for (size_t i = 0; i < size; i += i < 64 ? 1 : 97)
	{
		bytes[i] ^= 0x40;
		refused = refused && !gtl_featurizer_deserialize(bytes, size, &env, &copy, &reason) && reason != NULL;
		bytes[i] ^= 0x40;
	}
	for (size_t cut = 0; cut < size; cut += 1 + cut / 3)
		refused = refused && !gtl_featurizer_deserialize(bytes, cut, &env, &copy, &reason);
	CHECK(refused);
	bytes[8]++;
	CHECK(!gtl_featurizer_deserialize(bytes, size, &env, &copy, &reason));
	CHECK(strstr(reason, "format version") != NULL);
	bytes[8]--;
	bytes[12]++;
	CHECK(!gtl_featurizer_deserialize(bytes, size, &env, &copy, &reason));
	CHECK(strstr(reason, "another version of the rules") != NULL);
	CHECK(counters.live == live);
	gtl_env_release(&env, bytes);
	gtl_featurizer_release(&f, &env);
}

/* ---- Word vectors ---- */

static const char *const animals[] = {"the cat sat", "The dog sat", "the car went", "the cat went", "the dog went"};

typedef struct Word
{
	const char *token;
	float		vector[2];
} Word;

static void
fit_words(const Word *words, int nwords, GtlFeaturizer *f)
{
	GtlTokenList list = {NULL, 0, 0};
	GtlSampleRequest request = {.dimensions = 16,.seed = 1,.budget = BUDGET};
	GtlTextSample *sample;
	GtlWordTable *table;

	for (int i = 0; i < nwords; i++)
		gtl_token_list_add(&list, words[i].token, strlen(words[i].token), &env);
	gtl_token_list_close(&list, &env);
	request.tokens = list.token;
	request.ntokens = list.n;
	sample = gtl_text_sample_create(&request, &env);
	for (int i = 0; i < 5; i++)
		gtl_text_sample_add(sample, i, animals[i], strlen(animals[i]));
	CHECK(gtl_text_sample_fit(sample, f));
	gtl_text_sample_release(sample);
	table = gtl_word_table_create(f, 2, &env);
	for (int i = 0; i < nwords; i++)
		if (gtl_word_table_wants(table, words[i].token, strlen(words[i].token)))
			gtl_word_table_put(table, words[i].token, strlen(words[i].token), words[i].vector);
	gtl_word_table_close(table);
	gtl_env_release(&env, list.token);
}

static void
test_words(void)
{
	static const Word words[] = {
		{"DOG", {0, 1}}, {"cat", {3, 0}}, {"Cat", {0, 1}}, {"dog", {2, 0}}, {"Dog", {0, 1}}, {"car", {0, 5}}, {"horse", {1, 1}}
	};
	Word		backwards[7];
	GtlFeaturizer f,
				again;
	float		row[3][32];
	int			d;

	fit_words(words, 7, &f);
	CHECK(f.words.count == 3);	/* the horse does not occur */
	for (int i = 0; i < 7; i++)
		backwards[i] = words[6 - i];
	fit_words(backwards, 7, &again);
	CHECK(same_featurizer(&f, &again));
	gtl_featurizer_release(&again, &env);

	d = f.directions;
	CHECK(gtl_featurizer_dimension(&f) == d + 2);
	make_row(&f, "dog", NULL, row[0]);
	make_row(&f, "cat cat", NULL, row[1]);
	make_row(&f, "car", NULL, row[2]);
	CHECK_NEAR(product(row[0] + d, row[0] + d, 2), 0.5, 1e-6);
	CHECK_NEAR(product(row[0] + d, row[1] + d, 2), 0.5, 1e-6);
	CHECK_NEAR(product(row[0] + d, row[2] + d, 2), 0.0, 1e-6);
	CHECK_NEAR(product(row[0], row[0], d + 2), 1.0, 1e-6);
	make_row(&f, "nothing known", NULL, row[0]);
	CHECK(product(row[0], row[0], d + 2) == 0.0);
	gtl_featurizer_release(&f, &env);
}

/* ---- Features beside the text ---- */

static void
set_inputs(GtlFeaturizer *f, int inputs)
{
	f->inputs = inputs;
	f->mean = gtl_env_alloc(&env, (size_t) inputs * sizeof(float));
	f->inverse = gtl_env_alloc(&env, (size_t) inputs * sizeof(float));
}

static void
test_features_beside(void)
{
	GtlFeaturizer f;
	float		features[40];
	float		row[3][80];
	int			d;

	CHECK(fit(animals, 5, 16, BUDGET, &f));
	d = f.directions;
	set_inputs(&f, 40);			/* an embedding */
	CHECK(gtl_featurizer_dimension(&f) == d + 40);
	for (int j = 0; j < 40; j++)
		features[j] = 1e30f * (float) (j - 11);
	make_row(&f, "the cat", features, row[0]);
	CHECK_NEAR(product(row[0], row[0], d), 0.5, 1e-6);
	CHECK_NEAR(product(row[0] + d, row[0] + d, 40), 0.5, 1e-6);
	CHECK(row[0][d + 10] < 0.0f && row[0][d + 11] == 0.0f && row[0][d + 12] > 0.0f);
	make_row(&f, "?", features, row[0]);
	CHECK_NEAR(product(row[0] + d, row[0] + d, 40), 1.0, 1e-6);
	memset(features, 0, sizeof features);
	make_row(&f, "the cat", features, row[0]);
	CHECK_NEAR(product(row[0], row[0], d), 1.0, 1e-6);
	gtl_env_release(&env, f.mean);
	gtl_env_release(&env, f.inverse);

	set_inputs(&f, 1);			/* a measurement keeps its size, and stays within unit length */
	f.mean[0] = 100.0f;
	f.inverse[0] = 0.1f;
	CHECK(gtl_featurizer_dimension(&f) == d + 2);
	for (int i = 0; i < 3; i++)
	{
		features[0] = i == 0 ? 90.0f : i == 1 ? 100.0f : 1e20f;
		make_row(&f, "the cat", features, row[i]);
		CHECK_NEAR(product(row[i] + d, row[i] + d, 2), 0.5, 1e-6);
	}
	CHECK_NEAR(row[0][d], -0.5, 1e-6);
	CHECK_NEAR(row[1][d], 0.0, 1e-6);
	CHECK_NEAR(row[2][d], sqrt(0.5), 1e-6);
	gtl_featurizer_release(&f, &env);
}

/* ---- Without a fit ---- */

static void
test_hashed(void)
{
	float		row[3][256];

	gtl_text_hashed("Call now to claim your prize", 28, 256, &env, row[0]);
	gtl_text_hashed("call NOW to claim the prize", 27, 256, &env, row[1]);
	gtl_text_hashed("I am at home, see you later", 27, 256, &env, row[2]);
	CHECK_NEAR(product(row[0], row[0], 256), 1.0, 1e-6);
	CHECK(product(row[0], row[1], 256) > 0.5);
	CHECK(product(row[0], row[2], 256) < 0.3);
	gtl_text_hashed("", 0, 256, &env, row[0]);
	CHECK(product(row[0], row[0], 256) == 0.0);
	gtl_text_hashed("a", 1, 1, &env, row[0]);
	CHECK(row[0][0] == 0.0f || fabsf(row[0][0]) == 1.0f);
}

int
main(int argc, char **argv)
{
	reset_counters(-1);
	test_grams();
	test_folding();
	test_long_text();
	test_token();
	test_sort();
	test_eigen();
	test_odd_texts();
	test_words();
	test_features_beside();
	test_hashed();
	load_messages(argc > 1 ? argv[1] : "examples/data");
	test_messages();
	test_budget();
	test_interrupts();
	test_bytes();
	CHECK(counters.live == 0);
	for (int i = 0; i < messages; i++)
		free(message[i]);
	return CHECK_SUMMARY("test_text");
}
