/*
 * lowest.c
 *		The n rows with the lowest scores: a heap whose root is the highest of them.
 */
#include "learning/lowest.h"

#include <string.h>

#include "learning/sort.h"

#define FIRST_CAPACITY 64

struct GtlLowest
{
	GtlEnv		env;
	int64_t		n;
	int64_t		count;
	int64_t		capacity;
	size_t		bytes;
	GtlLowestRow *heap;			/* [capacity]; key and value in one piece */
};

GtlLowest *
gtl_lowest_create(int64_t n, const GtlEnv *env)
{
	GtlLowest  *lowest = gtl_env_alloc(env, sizeof *lowest);

	lowest->env = *env;
	lowest->n = n;
	return lowest;
}

static int
compare_bytes(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t		common = a_size < b_size ? a_size : b_size;
	int			order = common > 0 ? memcmp(a, b, common) : 0;

	return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

static int
compare(const void *a, const void *b)
{
	const GtlLowestRow *x = a;
	const GtlLowestRow *y = b;
	int			order = (x->score > y->score) - (x->score < y->score);

	if (order == 0)
		order = compare_bytes(x->key, x->key_size, y->key, y->key_size);
	if (order == 0 && (x->value_size == SIZE_MAX || y->value_size == SIZE_MAX))
		return (y->value_size == SIZE_MAX) - (x->value_size == SIZE_MAX);
	return order != 0 ? order : compare_bytes(x->value, x->value_size, y->value, y->value_size);
}

static size_t
size_of(const GtlLowestRow *row)
{
	return row->key_size + (row->value_size == SIZE_MAX ? 0 : row->value_size);
}

static GtlLowestRow
copy_row(const GtlLowest *lowest, const GtlLowestRow *row)
{
	GtlLowestRow copy = *row;
	char	   *bytes = gtl_env_alloc(&lowest->env, size_of(row) + 1);

	memcpy(bytes, row->key, row->key_size);
	copy.key = bytes;
	copy.value = NULL;
	if (row->value_size != SIZE_MAX)
		copy.value = memcpy(bytes + row->key_size, row->value, row->value_size);
	return copy;
}

static void
grow(GtlLowest *lowest)
{
	int64_t		capacity = lowest->capacity == 0 ? FIRST_CAPACITY : 2 * lowest->capacity;
	GtlLowestRow *more;

	if (lowest->count < lowest->capacity)
		return;
	if (capacity > lowest->n)
		capacity = lowest->n;
	more = gtl_env_alloc(&lowest->env, sizeof(GtlLowestRow) * (size_t) capacity);
	if (lowest->count > 0)
		memcpy(more, lowest->heap, sizeof(GtlLowestRow) * (size_t) lowest->count);
	gtl_env_release(&lowest->env, lowest->heap);
	lowest->heap = more;
	lowest->capacity = capacity;
}

static void
swap(GtlLowestRow *a, GtlLowestRow *b)
{
	GtlLowestRow old = *a;

	*a = *b;
	*b = old;
}

static void
sift_up(GtlLowestRow *heap, int64_t i)
{
	while (i > 0 && compare(&heap[i], &heap[(i - 1) / 2]) > 0)
	{
		swap(&heap[i], &heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

static void
sift_down(GtlLowestRow *heap, int64_t count)
{
	int64_t		i = 0;

	for (;;)
	{
		int64_t		child = 2 * i + 1;

		if (child + 1 < count && compare(&heap[child + 1], &heap[child]) > 0)
			child++;
		if (child >= count || compare(&heap[child], &heap[i]) <= 0)
			return;
		swap(&heap[i], &heap[child]);
		i = child;
	}
}

bool
gtl_lowest_wants(const GtlLowest *lowest, double score)
{
	return lowest->n > 0 && (lowest->count < lowest->n || score <= lowest->heap[0].score);
}

void
gtl_lowest_offer(GtlLowest *lowest, const GtlLowestRow *row)
{
	if (!gtl_lowest_wants(lowest, row->score))
		return;
	if (lowest->count < lowest->n)
	{
		grow(lowest);
		lowest->heap[lowest->count] = copy_row(lowest, row);
		lowest->bytes += size_of(row);
		sift_up(lowest->heap, lowest->count++);
		return;
	}
	if (compare(row, &lowest->heap[0]) >= 0)
		return;
	lowest->bytes += size_of(row) - size_of(&lowest->heap[0]);
	gtl_env_release(&lowest->env, (void *) lowest->heap[0].key);
	lowest->heap[0] = copy_row(lowest, row);
	sift_down(lowest->heap, lowest->count);
}

int64_t
gtl_lowest_count(const GtlLowest *lowest)
{
	return lowest->count;
}

size_t
gtl_lowest_bytes(const GtlLowest *lowest)
{
	return lowest->bytes;
}

GtlLowestRow *
gtl_lowest_list(const GtlLowest *lowest, const GtlEnv *env)
{
	GtlLowestRow *list = gtl_env_alloc(env, sizeof(GtlLowestRow) * (size_t) lowest->count);

	if (lowest->count > 0)
		memcpy(list, lowest->heap, sizeof(GtlLowestRow) * (size_t) lowest->count);
	(void) gtl_sort(list, lowest->count, sizeof(GtlLowestRow), compare, env);
	return list;
}
