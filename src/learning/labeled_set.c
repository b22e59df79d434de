/*
 * labeled_set.c
 *		Labeled rows: in memory, or behind a reader.
 */
#include "learning/labeled_set.h"

#include <string.h>

#define PLACES 256				/* translated at once */

static bool
read_places(const GtlLabeledSet *set, const int32_t *rows, int64_t first, int count, float *out)
{
	size_t		dimension = (size_t) set->dimension;

	if (set->features == NULL)
		return set->reader->read(set->reader->context, rows, first, count, out);
	if (rows == NULL)
		memcpy(out, set->features + (size_t) first * dimension, (size_t) count * dimension * sizeof(float));
	else
		for (int i = 0; i < count; i++)
			memcpy(out + (size_t) i * dimension, set->features + (size_t) rows[i] * dimension,
				   dimension * sizeof(float));
	return true;
}

bool
gtl_labeled_rows(const GtlLabeledSet *set, const int32_t *rows, int64_t first, int count, float *out)
{
	int32_t		places[PLACES];

	if (set->place == NULL)
		return read_places(set, rows, first, count, out);
	if (rows == NULL)
		return read_places(set, set->place + first, 0, count, out);
	for (int from = 0; from < count; from += PLACES)
	{
		int			n = count - from < PLACES ? count - from : PLACES;

		for (int i = 0; i < n; i++)
			places[i] = set->place[rows[from + i]];
		if (!read_places(set, places, 0, n, out + (size_t) from * (size_t) set->dimension))
			return false;
	}
	return true;
}
