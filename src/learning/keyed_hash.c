/*
 * keyed_hash.c
 *		SipHash-2-4, and draws by it.
 */
#include "learning/keyed_hash.h"

#include <math.h>

#include "learning/bytes.h"

/* What draws are hashed for. */
#define PURPOSE_DRAW	1

static inline uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void
sip_rounds(uint64_t v[4], int rounds)
{
	for (int i = 0; i < rounds; i++)
	{
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void
sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_rounds(v, 2);
	v[0] ^= word;
}

uint64_t
gtl_keyed_hash(uint64_t seed, uint64_t purpose, const void *bytes, size_t size)
{
	uint64_t	v[4] = {
		seed ^ UINT64_C(0x736f6d6570736575), purpose ^ UINT64_C(0x646f72616e646f6d),
		seed ^ UINT64_C(0x6c7967656e657261), purpose ^ UINT64_C(0x7465646279746573)
	};
	GtlCursor	cursor = {.in = bytes};

	for (size_t words = size / 8; words > 0; words--)
		sip_word(v, gtl_get(&cursor, 8));
	sip_word(v, gtl_get(&cursor, (int) (size % 8)) | (uint64_t) size << 56);
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* 53 bits, and never 0: a logarithm is taken of it. */
double
gtl_keyed_draw(uint64_t seed, const void *key, size_t size, double weight)
{
	double		uniform = (double) ((gtl_keyed_hash(seed, PURPOSE_DRAW, key, size) >> 11) + 1) * 0x1.0p-53;

	return -log(uniform) / weight;
}
