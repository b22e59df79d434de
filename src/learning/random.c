/*
 * random.c
 *		Counter-based random numbers (see random.h).
 *
 * One round of splitmix64 for each of seed, stream and counter.  The finalizer is
 * a bijection of 64-bit words with full avalanche, so neighbouring counters give
 * unrelated words, and two streams of one seed differ by more than an offset.
 *
 * Papers: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators",
 * OOPSLA 2014 (mix64variant13); Box, Muller, "A Note on the Generation of Random
 * Normal Deviates", 1958.
 */
#include "learning/random.h"

#include <math.h>

#define GOLDEN_GAMMA UINT64_C(0x9e3779b97f4a7c15)
#define TWO_PI 6.283185307179586476925

static uint64_t
mix(uint64_t z)
{
	z += GOLDEN_GAMMA;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Upper 53 bits as a double in [0, 1). */
static double
unit(uint64_t bits)
{
	return (double) (bits >> 11) * 0x1.0p-53;
}

uint64_t
gtl_random_bits(uint64_t seed, GtlRandomStream stream, uint64_t counter)
{
	return mix(mix(mix(seed) ^ (uint64_t) stream) ^ counter);
}

double
gtl_random_uniform(uint64_t seed, GtlRandomStream stream, uint64_t counter)
{
	return unit(gtl_random_bits(seed, stream, counter));
}

double
gtl_random_normal(uint64_t seed, GtlRandomStream stream, uint64_t counter)
{
	uint64_t	bits = gtl_random_bits(seed, stream, counter);
	double		radius = sqrt(-2.0 * log1p(-unit(bits)));	/* log(1 - u): u may be 0, never 1 */

	return radius * cos(TWO_PI * unit(mix(bits)));
}
