/*
 * keyed_hash.h
 *		Random numbers that belong to a key, not to a place: the same wherever the row of
 *		that key lies, and whoever computes them.
 *
 * SipHash-2-4 (Aumasson, Bernstein, "SipHash: a fast short-input PRF", 2012), keyed by a seed
 * and by what the number is for.
 */
#ifndef GTL_KEYED_HASH_H
#define GTL_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>

extern uint64_t gtl_keyed_hash(uint64_t seed, uint64_t purpose, const void *bytes, size_t size);

/*
 * -ln(U) / weight with U uniform on (0, 1]: the objects with the smallest draws are a random sample
 * without replacement, each next one drawn with a probability in proportion to its weight (> 0).
 */
extern double gtl_keyed_draw(uint64_t seed, const void *key, size_t size, double weight);

#endif							/* GTL_KEYED_HASH_H */
