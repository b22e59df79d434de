/*
 * rate.c
 *		Limits failed attempts to sign in: by address and role, by address, and altogether.
 *
 * A bucket holds failures, and loses them at a constant pace.  Buckets are places of a table of
 * fixed size: two keys that share one are limited together, which is harmless, and memory stays
 * what it is however many addresses try.
 */
#include "serve/rate.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define PLACES 4096
#define PAIR_BURST 5			/* a role from an address: so many at once, then one every */
#define PAIR_SECONDS 12
#define ADDRESS_BURST 20
#define ADDRESS_SECONDS 3
#define ALL_BURST 200
#define ALL_SECONDS 0.2

typedef struct Bucket
{
	double		failures;
	double		at;				/* when they were counted */
} Bucket;

static Bucket pairs[PLACES];
static Bucket addresses[PLACES];
static Bucket all;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint32_t
hash(uint32_t seed, const char *text)
{
	for (; *text != '\0'; text++)
		seed = (seed ^ (unsigned char) *text) * 16777619u;
	return seed;
}

static Bucket *
pair_of(const char *address, const char *role)
{
	return &pairs[hash(hash(2166136261u, address) * 31, role) % PLACES];
}

static Bucket *
address_of(const char *address)
{
	return &addresses[hash(2166136261u, address) % PLACES];
}

static double
level(Bucket *bucket, double seconds, double now)
{
	double		left = bucket->failures - (now - bucket->at) / seconds;

	bucket->failures = left > 0 ? left : 0;
	bucket->at = now;
	return bucket->failures;
}

static double
wait_of(Bucket *bucket, double burst, double seconds, double now)
{
	double		over = level(bucket, seconds, now) + 1 - burst;

	return over > 0 ? over * seconds : 0;
}

int
gtc_rate_wait(const char *address, const char *role, double now)
{
	double		waits[3];
	double		longest = 0;
	int			i;

	pthread_mutex_lock(&lock);
	waits[0] = wait_of(pair_of(address, role), PAIR_BURST, PAIR_SECONDS, now);
	waits[1] = wait_of(address_of(address), ADDRESS_BURST, ADDRESS_SECONDS, now);
	waits[2] = wait_of(&all, ALL_BURST, ALL_SECONDS, now);
	pthread_mutex_unlock(&lock);
	for (i = 0; i < 3; i++)
	{
		if (waits[i] > longest)
			longest = waits[i];
	}
	return longest > 0 ? (int) longest + 1 : 0;
}

void
gtc_rate_failed(const char *address, const char *role, double now)
{
	pthread_mutex_lock(&lock);
	(void) level(pair_of(address, role), PAIR_SECONDS, now);
	pair_of(address, role)->failures++;
	(void) level(address_of(address), ADDRESS_SECONDS, now);
	address_of(address)->failures++;
	(void) level(&all, ALL_SECONDS, now);
	all.failures++;
	pthread_mutex_unlock(&lock);
}
