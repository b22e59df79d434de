/*
 * exact_sum.c
 *		Means and standard deviations of float columns by exact sums.
 *
 * Digit i of a number counts 2^(32 i) units.  Between two carries a digit may be anything that fits its word;
 * afterwards all but the last are from 0 to 2^32 - 1, the last has the sign, and equal numbers have equal digits.
 *
 * As bytes, little-endian: "GTLEXACT", version (u32), dimension d (u32), rows (u64), then for each column the
 * digits of its sum and of its squares (i32), then the checksum (u64) of bytes.h.
 */
#include "learning/exact_sum.h"

#include <math.h>

#include "learning/bytes.h"

#define MAGIC "GTLEXACT"
#define MAGIC_SIZE 8
#define VERSION 1
#define HEADER_SIZE 24
#define MAX_DIMENSION 1000000
#define MAX_ROWS (INT64_C(1) << 40)

/* Enough for 2^63 rows of the largest float. */
#define SUM_DIGITS 11
#define SQUARE_DIGITS 20
#define DIGITS (SUM_DIGITS + SQUARE_DIGITS)
#define PRODUCT_DIGITS (2 * SUM_DIGITS)

#define DIGIT_MASK UINT64_C(0xffffffff)
#define UNIT_EXPONENT (-149)	/* of the sums; twice that of the squares */

/* A row adds at most 2^33 to a digit. */
#define ROWS_BETWEEN_CARRIES (INT64_C(1) << 28)

struct GtlExactSums
{
	int			dimension;
	int64_t		count;
	int64_t		since_carry;	/* rows */
	int64_t    *digit;			/* [dimension x DIGITS] */
};

GtlExactSums *
gtl_exact_create(int dimension, const GtlEnv *env)
{
	GtlExactSums *sums = gtl_env_alloc(env, sizeof *sums);

	sums->dimension = dimension;
	sums->digit = gtl_env_alloc(env, sizeof(int64_t) * DIGITS * (size_t) dimension);
	return sums;
}

void
gtl_exact_release(GtlExactSums *sums, const GtlEnv *env)
{
	gtl_env_release(env, sums->digit);
	gtl_env_release(env, sums);
}

int
gtl_exact_dimension(const GtlExactSums *sums)
{
	return sums->dimension;
}

int64_t
gtl_exact_count(const GtlExactSums *sums)
{
	return sums->count;
}

/* ---- Adding ---- */

static void
carry_number(int64_t *digit, int count)
{
	for (int i = 0; i < count - 1; i++)
	{
		int64_t		low = (int64_t) ((uint64_t) digit[i] & DIGIT_MASK);

		digit[i + 1] += (digit[i] - low) / (INT64_C(1) << 32);
		digit[i] = low;
	}
}

static void
carry(GtlExactSums *sums)
{
	for (int i = 0; i < sums->dimension; i++)
	{
		carry_number(sums->digit + (size_t) i * DIGITS, SUM_DIGITS);
		carry_number(sums->digit + (size_t) i * DIGITS + SUM_DIGITS, SQUARE_DIGITS);
	}
	sums->since_carry = 0;
}

static inline void
add_value(int64_t *sum, int64_t *squares, float x)
{
	uint32_t	bits;
	uint64_t	mantissa;
	uint64_t	square;
	uint64_t	part;
	int			shift;			/* x = +- mantissa 2^shift units */
	int64_t		low;
	int64_t		high;

	memcpy(&bits, &x, sizeof bits);
	mantissa = bits & 0x7fffff;
	shift = (int) (bits >> 23 & 0xff);
	if (shift > 0)
	{
		mantissa |= 0x800000;
		shift--;
	}
	square = mantissa * mantissa;

	part = mantissa << shift % 32;
	low = (int64_t) (part & DIGIT_MASK);
	high = (int64_t) (part >> 32);
	sum[shift / 32] += bits >> 31 ? -low : low;
	sum[shift / 32 + 1] += bits >> 31 ? -high : high;

	shift *= 2;
	squares += shift / 32;
	part = (square & DIGIT_MASK) << shift % 32;
	squares[0] += (int64_t) (part & DIGIT_MASK);
	squares[1] += (int64_t) (part >> 32);
	part = square >> 32 << shift % 32;
	squares[1] += (int64_t) (part & DIGIT_MASK);
	squares[2] += (int64_t) (part >> 32);
}

void
gtl_exact_add(GtlExactSums *sums, const float *row)
{
	int64_t    *digit = sums->digit;

	for (int i = 0; i < sums->dimension; i++, digit += DIGITS)
		add_value(digit, digit + SUM_DIGITS, row[i]);
	sums->count++;
	if (++sums->since_carry == ROWS_BETWEEN_CARRIES)
		carry(sums);
}

void
gtl_exact_merge(GtlExactSums *sums, GtlExactSums *other)
{
	size_t		digits = (size_t) sums->dimension * DIGITS;

	carry(sums);
	carry(other);
	for (size_t i = 0; i < digits; i++)
		sums->digit[i] += other->digit[i];
	carry(sums);
	sums->count += other->count;
}

/* ---- Numbers of any length: digits from 0 to 2^32 - 1 ---- */

/* The absolute value; true: it was below 0. */
static bool
absolute(const int64_t *digit, int count, int64_t *out)
{
	bool		negative = digit[count - 1] < 0;

	for (int i = 0; i < count; i++)
		out[i] = negative ? -digit[i] : digit[i];
	carry_number(out, count);
	return negative;
}

static void
multiply(const int64_t *a, int na, const int64_t *b, int nb, int64_t *out)
{
	memset(out, 0, sizeof(int64_t) * PRODUCT_DIGITS);
	for (int i = 0; i < na; i++)
	{
		uint64_t	over = 0;

		for (int j = 0; j < nb; j++)
		{
			uint64_t	sum = (uint64_t) a[i] * (uint64_t) b[j] + (uint64_t) out[i + j] + over;

			out[i + j] = (int64_t) (sum & DIGIT_MASK);
			over = sum >> 32;
		}
		if (i + nb < PRODUCT_DIGITS)
			out[i + nb] = (int64_t) over;
	}
}

/* Of its first 64 bits. */
static double
to_double(const int64_t *digit, int count)
{
	int			top = count - 1;
	int			shift = 0;
	uint64_t	bits;

	while (top > 0 && digit[top] == 0)
		top--;
	if (top == 0)
		return (double) digit[0];
	bits = (uint64_t) digit[top] << 32 | (uint64_t) digit[top - 1];
	while (bits >> 63 == 0)
	{
		bits <<= 1;
		shift++;
	}
	if (top > 1 && shift > 0)
		bits |= (uint64_t) digit[top - 2] >> (32 - shift);
	return ldexp((double) bits, 32 * (top - 1) - shift);
}

/* rows * squares - sum^2, in units of 2^-298. */
static double
spread(int64_t rows, const int64_t *sum, const int64_t *squares)
{
	int64_t		count[2] = {(int64_t) ((uint64_t) rows & DIGIT_MASK), (int64_t) ((uint64_t) rows >> 32)};
	int64_t		total[PRODUCT_DIGITS];
	int64_t		minus[PRODUCT_DIGITS];

	multiply(squares, SQUARE_DIGITS, count, 2, total);
	multiply(sum, SUM_DIGITS, sum, SUM_DIGITS, minus);
	for (int i = 0; i < PRODUCT_DIGITS; i++)
		total[i] -= minus[i];
	carry_number(total, PRODUCT_DIGITS);
	return total[PRODUCT_DIGITS - 1] < 0 ? 0 : to_double(total, PRODUCT_DIGITS);	/* < 0: bytes that no rows make */
}

void
gtl_exact_moments(GtlExactSums *sums, double *mean, double *deviation)
{
	double		rows = (double) sums->count;

	carry(sums);
	for (int i = 0; i < sums->dimension && sums->count > 0; i++)
	{
		const int64_t *digit = sums->digit + (size_t) i * DIGITS;
		int64_t		sum[SUM_DIGITS];
		bool		negative = absolute(digit, SUM_DIGITS, sum);

		mean[i] = ldexp(to_double(sum, SUM_DIGITS) / rows, UNIT_EXPONENT) * (negative ? -1 : 1);
		deviation[i] = ldexp(sqrt(spread(sums->count, sum, digit + SUM_DIGITS)) / rows, UNIT_EXPONENT);
	}
}

/* ---- Bytes ---- */

static size_t
bytes_size(int dimension)
{
	return HEADER_SIZE + (size_t) dimension * DIGITS * 4 + GTL_CHECKSUM_SIZE;
}

uint8_t *
gtl_exact_to_bytes(GtlExactSums *sums, const GtlEnv *env, size_t *size)
{
	uint8_t    *bytes;
	GtlCursor	cursor;

	carry(sums);
	*size = bytes_size(sums->dimension);
	bytes = gtl_env_alloc(env, *size);
	memcpy(bytes, MAGIC, MAGIC_SIZE);
	cursor.out = bytes + MAGIC_SIZE;
	gtl_put(&cursor, VERSION, 4);
	gtl_put(&cursor, (uint64_t) sums->dimension, 4);
	gtl_put(&cursor, (uint64_t) sums->count, 8);
	for (size_t i = 0; i < (size_t) sums->dimension * DIGITS; i++)
		gtl_put(&cursor, (uint64_t) sums->digit[i], 4);
	gtl_put(&cursor, gtl_checksum(bytes, *size - GTL_CHECKSUM_SIZE), 8);
	return bytes;
}

/* What is wrong with these bytes; NULL: nothing. */
static const char *
fault(const uint8_t *bytes, size_t size)
{
	GtlCursor	cursor = {.in = bytes + MAGIC_SIZE};
	uint64_t	dimension;

	if (size < HEADER_SIZE + GTL_CHECKSUM_SIZE || memcmp(bytes, MAGIC, MAGIC_SIZE) != 0)
		return "the bytes do not start like sums";
	if (gtl_get(&cursor, 4) != VERSION)
		return "the format version is not supported";
	dimension = gtl_get(&cursor, 4);
	if (dimension == 0 || dimension > MAX_DIMENSION || size != bytes_size((int) dimension))
		return "the length does not match the number of columns";
	if (gtl_get(&cursor, 8) - 1 >= MAX_ROWS)
		return "the number of rows is out of range";
	cursor.in = bytes + size - GTL_CHECKSUM_SIZE;
	if (gtl_get(&cursor, 8) != gtl_checksum(bytes, size - GTL_CHECKSUM_SIZE))
		return "the checksum does not match";
	return NULL;
}

GtlExactSums *
gtl_exact_from_bytes(const uint8_t *bytes, size_t size, const GtlEnv *env, const char **reason)
{
	GtlCursor	cursor = {.in = bytes + MAGIC_SIZE + 4};
	GtlExactSums *sums;
	int			dimension;

	*reason = fault(bytes, size);
	if (*reason != NULL)
		return NULL;
	dimension = (int) gtl_get(&cursor, 4);
	sums = gtl_exact_create(dimension, env);
	sums->count = (int64_t) gtl_get(&cursor, 8);
	for (int i = 0; i < dimension * DIGITS; i++)
	{
		uint32_t	digit = (uint32_t) gtl_get(&cursor, 4);

		sums->digit[i] = i % DIGITS == SUM_DIGITS - 1 ? (int32_t) digit : (int64_t) digit;	/* squares have no sign */
	}
	return sums;
}
