/*
 * bytes.h
 *		Numbers as little-endian bytes, floats as IEEE 754, with a checksum.
 *
 * What models and featurizers are stored as.  Internal to src/learning.
 */
#ifndef GTL_BYTES_H
#define GTL_BYTES_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define GTL_CHECKSUM_SIZE 8

/* Where the next number is written or read. */
typedef struct GtlCursor
{
	uint8_t    *out;
	const uint8_t *in;
} GtlCursor;

static inline void
gtl_put(GtlCursor *cursor, uint64_t value, int size)
{
	for (int i = 0; i < size; i++)
		*cursor->out++ = (uint8_t) (value >> (8 * i));
}

static inline uint64_t
gtl_get(GtlCursor *cursor, int size)
{
	uint64_t	value = 0;

	for (int i = 0; i < size; i++)
		value |= (uint64_t) *cursor->in++ << (8 * i);
	return value;
}

static inline void
gtl_put_doubles(GtlCursor *cursor, const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		uint64_t	bits;

		memcpy(&bits, &x[i], sizeof bits);
		gtl_put(cursor, bits, 8);
	}
}

static inline void
gtl_put_floats(GtlCursor *cursor, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		uint32_t	bits;

		memcpy(&bits, &x[i], sizeof bits);
		gtl_put(cursor, bits, 4);
	}
}

/* False if a number is not finite. */
static inline bool
gtl_get_doubles(GtlCursor *cursor, double *x, size_t n)
{
	bool		finite = true;

	for (size_t i = 0; i < n; i++)
	{
		uint64_t	bits = gtl_get(cursor, 8);

		memcpy(&x[i], &bits, sizeof bits);
		finite = finite && isfinite(x[i]);
	}
	return finite;
}

static inline bool
gtl_get_floats(GtlCursor *cursor, float *x, size_t n)
{
	bool		finite = true;

	for (size_t i = 0; i < n; i++)
	{
		uint32_t	bits = (uint32_t) gtl_get(cursor, 4);

		memcpy(&x[i], &bits, sizeof bits);
		finite = finite && isfinite(x[i]);
	}
	return finite;
}

/*
 * FNV-1a.  Each step is a bijection of its state, so a change within one byte never goes
 * unseen.  It is no protection against malice: who reads also checks every field.
 */
static inline uint64_t
gtl_checksum(const uint8_t *bytes, size_t size)
{
	uint64_t	hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/*
 * The frame of what is stored: eight letters, one or several versions of four bytes, a header of so many bytes in all,
 * what it describes, and the checksum of everything before.  Versions are looked at before the checksum: what a newer
 * one has made may have no such checksum.
 */
#define GTL_MAGIC_SIZE 8

typedef enum GtlFrameFault
{
	GTL_FRAME_WHOLE,
	GTL_FRAME_FOREIGN,			/* the letters are others */
	GTL_FRAME_TRUNCATED,
	GTL_FRAME_DAMAGED,
	GTL_FRAME_VERSION			/* plus the number of the version that is not the one expected, from 0 */
} GtlFrameFault;

static inline int
gtl_frame_fault(const uint8_t *bytes, size_t size, const char *magic, size_t header_size, const uint32_t *versions, int count)
{
	GtlCursor	cursor = {.in = bytes + GTL_MAGIC_SIZE};

	if (size < GTL_MAGIC_SIZE || memcmp(bytes, magic, GTL_MAGIC_SIZE) != 0)
		return GTL_FRAME_FOREIGN;
	if (size < header_size + GTL_CHECKSUM_SIZE)
		return GTL_FRAME_TRUNCATED;
	for (int i = 0; i < count; i++)
		if (gtl_get(&cursor, 4) != versions[i])
			return GTL_FRAME_VERSION + i;
	cursor.in = bytes + size - GTL_CHECKSUM_SIZE;
	return gtl_get(&cursor, 8) == gtl_checksum(bytes, size - GTL_CHECKSUM_SIZE) ? GTL_FRAME_WHOLE : GTL_FRAME_DAMAGED;
}

#endif							/* GTL_BYTES_H */
