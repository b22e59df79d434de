/*
 * labeled_set.c
 *		Labeled rows: in memory, or behind a reader.
 */
#include "learning/labeled_set.h"

#include <string.h>

bool
gtl_labeled_rows(const GtlLabeledSet *set, const int32_t *rows, int64_t first, int count, float *out)
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
