/*
 * random.h
 *		Counter-based random numbers: every draw is a pure function of
 *		(seed, stream, counter), so it can be repeated anywhere, in any order, by
 *		any number of workers.
 *
 * The mixing function is splitmix64's finalizer (Steele, Lea, Flood, "Fast
 * Splittable Pseudorandom Number Generators", OOPSLA 2014), applied to the seed,
 * the stream and the counter in turn.  Pure C: also linked into the unit tests.
 */
#ifndef GTL_RANDOM_H
#define GTL_RANDOM_H

#include <stdint.h>

/* What the numbers are drawn for; two purposes never share a sequence. */
typedef enum GtlRandomStream
{
	GTL_STREAM_VALIDATION = 1,	/* which objects form the validation set */
	GTL_STREAM_FIRST_BATCH = 2, /* which pool objects people label first */
	GTL_STREAM_FOLD = 3,		/* fold of a training object */
	GTL_STREAM_WEIGHTS = 4,		/* start weights of a network */
	GTL_STREAM_ANNOTATOR = 5,	/* simulated annotators' mistakes */
	GTL_STREAM_AUDIT = 6,		/* machine labels sent to people */
	GTL_STREAM_COMPARISON = 7,	/* rows that candidates are compared on */
	GTL_STREAM_DRIFT = 8,		/* rows whose margins are compared, and the order of equal ones */
	GTL_STREAM_NEIGHBOURS = 16, /* sample and start vectors of neighbourhood columns */
	GTL_STREAM_START = 17,		/* sample of the objects among which people's first ones are chosen */
	GTL_STREAM_SAMPLE = 18		/* in which order objects join the random sample of an audited job */
} GtlRandomStream;

/* 64 random bits. */
extern uint64_t gtl_random_bits(uint64_t seed, GtlRandomStream stream, uint64_t counter);

/* Uniform in [0, 1), 53 random bits. */
extern double gtl_random_uniform(uint64_t seed, GtlRandomStream stream, uint64_t counter);

/* Standard normal (Box-Muller on two draws of the same counter). */
extern double gtl_random_normal(uint64_t seed, GtlRandomStream stream, uint64_t counter);

#endif							/* GTL_RANDOM_H */
