/*
 * test_pieces.c
 *		What can be computed in pieces and put together: draws by key, the lowest rows, cells of margins, exact
 *		sums; a model as bytes for scoring; and which kernels matrix products take.
 */
#include <float.h>
#include <strings.h>

#include "learning_fixture.h"

#include "learning/bytes.h"
#include "learning/exact_sum.h"
#include "learning/kernels.h"
#include "learning/keyed_hash.h"
#include "learning/lowest.h"
#include "learning/margin_cells.h"
#include "learning/model_package.h"

/*
 * Memory that goes with the last test, as a memory context of the server does: what is refused half-way is
 * left to its owner.
 */
typedef struct Block
{
	struct Block *next;
	struct Block *previous;
} Block;

static Block blocks = {&blocks, &blocks};

static void *
alloc_block(void *context, size_t size)
{
	Block	   *block = calloc(1, sizeof(Block) + size);

	block->next = blocks.next;
	block->previous = &blocks;
	block->next->previous = blocks.next = block;
	return block + 1;
}

static void
release_block(void *context, void *pointer)
{
	Block	   *block = (Block *) pointer - 1;

	block->next->previous = block->previous;
	block->previous->next = block->next;
	free(block);
}

static const GtlEnv owned = {.alloc = alloc_block, .release = release_block};

/* The vectors of SipHash's authors: key 00 01 .. 0f, message 00 01 .. of so many bytes. */
static void
test_siphash(void)
{
	static const struct
	{
		int			size;
		uint64_t	hash;
	} vectors[] = {
		{0, UINT64_C(0x726fdb47dd0e0e31)}, {1, UINT64_C(0x74f839c593dc67fd)}, {8, UINT64_C(0x93f5f5799a932462)}, {15, UINT64_C(0xa129ca6149be45e5)}};
	uint8_t		message[16];

	for (int i = 0; i < 16; i++)
		message[i] = (uint8_t) i;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
		CHECK(gtl_keyed_hash(UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908), message,
							 (size_t) vectors[i].size) == vectors[i].hash);
}

/* Draws are exponential, and a key with three times the weight comes first three times as often. */
static void
test_draws(void)
{
	double		sum = 0;
	double		squares = 0;
	int			first = 0;
	int			n = 40000;

	for (int i = 0; i < n; i++)
	{
		double		a = gtl_keyed_draw((uint64_t) i, "a", 1, 1);
		double		b = gtl_keyed_draw((uint64_t) i, "b", 1, 3);

		sum += a;
		squares += a * a;
		first += b < a;
	}
	CHECK_NEAR(sum / n, 1, 0.02);
	CHECK_NEAR(squares / n, 2, 0.1);
	CHECK_NEAR((double) first / n, 0.75, 0.01);
	CHECK(gtl_keyed_draw(7, "a", 1, 1) == gtl_keyed_draw(7, "a", 1, 1));
	CHECK(gtl_keyed_draw(7, "a", 1, 1) != gtl_keyed_draw(8, "a", 1, 1));
	CHECK(gtl_keyed_draw(7, "a", 1, 1) != gtl_keyed_draw(7, "a\0", 2, 1));
}

static GtlLowestRow
row_of(int i, char *buffer)
{
	int			size = snprintf(buffer, 16, "k%d", i % 700);

	return (GtlLowestRow){.score = gtl_random_uniform(3, GTL_STREAM_WEIGHTS, (uint64_t) (i % 350)), .key = buffer, .key_size = (size_t) size, .value = buffer, .value_size = i % 3 == 0 ? SIZE_MAX : (size_t) (i % 2)};
}

static bool
same_list(const GtlLowest *a, const GtlLowest *b)
{
	GtlLowestRow *x = gtl_lowest_list(a, &owned);
	GtlLowestRow *y = gtl_lowest_list(b, &owned);
	bool		same = gtl_lowest_count(a) == gtl_lowest_count(b);

	for (int64_t i = 0; same && i < gtl_lowest_count(a); i++)
		same = x[i].score == y[i].score && x[i].key_size == y[i].key_size && x[i].value_size == y[i].value_size &&
			memcmp(x[i].key, y[i].key, x[i].key_size) == 0 && (i == 0 || x[i].score >= x[i - 1].score);
	gtl_env_release(&owned, x);
	gtl_env_release(&owned, y);
	return same;
}

/* Forwards, backwards, and in three parts put together: the same rows. */
static void
test_lowest(int64_t n)
{
	GtlLowest  *all = gtl_lowest_create(n, &owned);
	GtlLowest  *backwards = gtl_lowest_create(n, &owned);
	GtlLowest  *together = gtl_lowest_create(n, &owned);
	GtlLowest  *part[3];
	char		buffer[16];
	GtlLowestRow row;

	for (int p = 0; p < 3; p++)
		part[p] = gtl_lowest_create(n, &owned);
	for (int i = 0; i < 1400; i++)
	{
		row = row_of(i, buffer);
		gtl_lowest_offer(all, &row);
		gtl_lowest_offer(part[i % 7 % 3], &row);
		row = row_of(1399 - i, buffer);
		gtl_lowest_offer(backwards, &row);
	}
	for (int p = 0; p < 3; p++)
	{
		GtlLowestRow *list = gtl_lowest_list(part[p], &owned);

		for (int64_t i = 0; i < gtl_lowest_count(part[p]); i++)
			gtl_lowest_offer(together, &list[i]);
	}
	CHECK(gtl_lowest_count(all) == (n < 1400 ? n : 1400));
	CHECK(same_list(all, backwards));
	CHECK(same_list(all, together));
}

/* The bounds ascend, each belongs to its own cell, and what is just below to the one before. */
static void
test_cells(void)
{
	bool		ascend = true;
	bool		own = true;
	bool		before = true;
	bool		narrow = true;

	for (int c = 0; c < GTL_MARGIN_CELLS; c++)
	{
		double		least = gtl_margin_cell_least(c);

		own = own && gtl_margin_cell(least) == c;
		before = before && (c == 0 || gtl_margin_cell(nextafter(least, 0)) == c - 1);
		ascend = ascend && (c == 0 || least > gtl_margin_cell_least(c - 1));
		narrow = narrow && (c == 0 || least - gtl_margin_cell_least(c - 1) <= (1 - gtl_margin_cell_least(c - 1)) / 32);
	}
	CHECK(own);
	CHECK(before);
	CHECK(ascend);
	CHECK(narrow);
	CHECK(gtl_margin_cell(0) == 0 && gtl_margin_cell_least(0) == 0);
	CHECK(gtl_margin_cell(1) == GTL_MARGIN_CELLS - 1 && gtl_margin_cell(1 - DBL_EPSILON) == GTL_MARGIN_CELLS - 1);
	for (int i = 0; i < 5000; i++)
	{
		double		margin = gtl_random_uniform(1, GTL_STREAM_WEIGHTS, (uint64_t) i);
		int			cell;

		margin = i % 2 == 0 ? margin : sqrt(sqrt(margin));
		cell = gtl_margin_cell(margin);
		own = own && margin >= gtl_margin_cell_least(cell) &&
			(cell == GTL_MARGIN_CELLS - 1 || margin < gtl_margin_cell_least(cell + 1));
	}
	CHECK(own);
}

#define SUM_COLUMNS 6
#define SUM_ROWS 3000

static void
fill_row(int i, float *row)
{
	double		u = gtl_random_uniform(11, GTL_STREAM_WEIGHTS, (uint64_t) i);

	row[0] = (float) (u - 0.5);
	row[1] = (float) (1e7 + u); /* a deviation that sums of doubles would lose */
	row[2] = (i % 2 == 0 ? FLT_MAX : -FLT_MAX);
	row[3] = FLT_TRUE_MIN * (float) (i % 5);
	row[4] = 42.5f;
	row[5] = -(float) exp(40 * u);
}

/* Any order, any division: the same bytes, the right numbers. */
static void
test_sums(void)
{
	GtlExactSums *all = gtl_exact_create(SUM_COLUMNS, &owned);
	GtlExactSums *part[3];
	GtlExactSums *back;
	double		mean[SUM_COLUMNS];
	double		deviation[SUM_COLUMNS];
	double		again[SUM_COLUMNS];
	long double total[SUM_COLUMNS] = {0};
	long double squares[SUM_COLUMNS] = {0};
	float		row[SUM_COLUMNS];
	size_t		size[2];
	uint8_t    *bytes[2];
	const char *reason;

	for (int p = 0; p < 3; p++)
		part[p] = gtl_exact_create(SUM_COLUMNS, &owned);
	for (int i = 0; i < SUM_ROWS; i++)
	{
		fill_row(i, row);
		gtl_exact_add(all, row);
		for (int c = 0; c < SUM_COLUMNS; c++)
			total[c] += row[c];
		fill_row(SUM_ROWS - 1 - i, row);
		gtl_exact_add(part[i % 5 % 3], row);
	}
	gtl_exact_merge(part[2], part[0]);
	gtl_exact_merge(part[2], part[1]);
	bytes[0] = gtl_exact_to_bytes(all, &owned, &size[0]);
	bytes[1] = gtl_exact_to_bytes(part[2], &owned, &size[1]);
	CHECK(size[0] == size[1] && memcmp(bytes[0], bytes[1], size[0]) == 0);
	gtl_exact_moments(all, mean, deviation);
	for (int i = 0; i < SUM_ROWS; i++)
	{
		fill_row(i, row);
		for (int c = 0; c < SUM_COLUMNS; c++)
			squares[c] += (row[c] - total[c] / SUM_ROWS) * (row[c] - total[c] / SUM_ROWS);
	}
	for (int c = 0; c < SUM_COLUMNS; c++)
	{
		double		expected = (double) sqrtl(squares[c] / SUM_ROWS);

		CHECK_NEAR(mean[c], (double) (total[c] / SUM_ROWS), 1e-12 * fabs((double) total[c]));
		CHECK_NEAR(deviation[c], expected, 1e-9 * expected);
	}
	CHECK(deviation[4] == 0 && mean[4] == 42.5);
	CHECK(mean[2] == 0 && deviation[2] == FLT_MAX);

	back = gtl_exact_from_bytes(bytes[0], size[0], &owned, &reason);
	CHECK(back != NULL && gtl_exact_count(back) == SUM_ROWS && gtl_exact_dimension(back) == SUM_COLUMNS);
	gtl_exact_moments(back, again, deviation);
	CHECK(memcmp(mean, again, sizeof mean) == 0);
	for (size_t i = 0; i < size[0]; i++)
	{
		bytes[0][i] ^= 0x10;
		CHECK(gtl_exact_from_bytes(bytes[0], size[0], &owned, &reason) == NULL && reason != NULL);
		CHECK(gtl_exact_from_bytes(bytes[0], i, &owned, &reason) == NULL);
		bytes[0][i] ^= 0x10;
	}
}

/* The checksum of bytes that somebody has made up. */
static void
sign_bytes(uint8_t *bytes, size_t size)
{
	GtlCursor	cursor = {.out = bytes + size - GTL_CHECKSUM_SIZE};

	gtl_put(&cursor, gtl_checksum(bytes, size - GTL_CHECKSUM_SIZE), 8);
}

/* A model comes back as it was; no damage, and nothing that is made up, does harm. */
static void
test_package(void)
{
	Data		data;
	GtlModelPackage package = {.calibration = {.intercept = 0.5, .slope = 2}};
	GtlModelPackage back;
	GtlFitReport report;
	GtlFitRequest request;
	char	   *names[3] = {"a", "b c", "\xc3\xa4"};
	uint8_t    *bytes;
	size_t		size;
	const char *reason;
	int			refused = 0;

	data_clouds(&data, 200, 7, 3, 0.7, 51);
	request = request_for(&data, GTL_SOFTMAX, GTL_SCALING_GLOBAL, 1.0);
	gtl_classifier_fit(&request, &owned, &package.classifier, &report);
	package.names = names;
	bytes = gtl_package_serialize(&package, &owned, &size);
	CHECK(gtl_package_deserialize(bytes, size, &owned, &back, &reason));
	CHECK(back.classifier.dimension == 7 && back.classifier.classes == 3 && back.featurizer == NULL);
	CHECK(back.calibration.slope == 2 && strcmp(back.names[2], names[2]) == 0 && strcmp(back.names[1], "b c") == 0);
	CHECK(memcmp(back.classifier.weights, package.classifier.weights, package.classifier.weight_count * sizeof(float)) == 0);
	for (size_t i = 0; i < size; i++)
	{
		bytes[i] ^= 0x41;
		CHECK(!gtl_package_deserialize(bytes, size, &owned, &back, &reason) && reason != NULL);
		CHECK(!gtl_package_deserialize(bytes, i, &owned, &back, &reason) && reason != NULL);
		sign_bytes(bytes, size);
		refused += !gtl_package_deserialize(bytes, size, &owned, &back, &reason);
		bytes[i] ^= 0x41;
	}
	CHECK(refused > 0);
	sign_bytes(bytes, size);
	CHECK(gtl_package_deserialize(bytes, size, &owned, &back, &reason));
	data_release(&data);
	package.calibration.slope = NAN;
	bytes = gtl_package_serialize(&package, &owned, &size);
	CHECK(gtl_package_deserialize(bytes, size, &owned, &back, &reason) && isnan(back.calibration.slope));
}

/* OpenBLAS has kernels for what the processor can do, also for one that it does not know. */
static void
test_kernels(void)
{
#if defined(__x86_64__)
	const char *said = getenv("OPENBLAS_CORETYPE");

	__builtin_cpu_init();
	CHECK(said != NULL || !__builtin_cpu_supports("avx2"));
	CHECK(said == NULL || strcasecmp(said, gtl_kernel_name()) == 0);
#endif
	CHECK(strlen(gtl_kernel_name()) > 0);
}

int
main(void)
{
	test_kernels();
	test_siphash();
	test_draws();
	test_lowest(0);
	test_lowest(1);
	test_lowest(100);
	test_lowest(5000);
	test_cells();
	test_sums();
	test_package();
	while (blocks.next != &blocks)
		release_block(NULL, blocks.next + 1);
	return CHECK_SUMMARY("pieces");
}
