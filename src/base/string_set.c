/*
 * string_set.c
 *		Numbers for names.
 */
#include "base/string_set.h"

#include "common/hashfn.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#define FIRST_CAPACITY 64

typedef struct NameEntry
{
	const char *name;
	int32		number;
} NameEntry;

struct GtlStringSet
{
	MemoryContext context;
	HTAB	   *table;
	char	  **list;
	int32		count;
	int32		capacity;
};

static uint32
hash_name(const void *key, Size size)
{
	const char *name = *(const char *const *) key;

	return hash_bytes((const unsigned char *) name, (int) strlen(name));
}

static int
match_name(const void *a, const void *b, Size size)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static int
compare_names(const void *a, const void *b)
{
	return match_name(a, b, 0);
}

GtlStringSet *
gtl_strings_create(void)
{
	GtlStringSet   *names = palloc0(sizeof(GtlStringSet));
	HASHCTL		control;

	memset(&control, 0, sizeof(control));
	control.keysize = sizeof(const char *);
	control.entrysize = sizeof(NameEntry);
	control.hash = hash_name;
	control.match = match_name;
	control.hcxt = CurrentMemoryContext;
	names->context = CurrentMemoryContext;
	names->table = hash_create("gtlabel names", 256, &control,
							   HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
	names->capacity = FIRST_CAPACITY;
	names->list = palloc(sizeof(char *) * FIRST_CAPACITY);
	return names;
}

int32
gtl_strings_add(GtlStringSet *names, const char *name)
{
	NameEntry  *entry = hash_search(names->table, &name, HASH_FIND, NULL);
	const char *copy;

	if (entry != NULL)
		return entry->number;
	copy = MemoryContextStrdup(names->context, name);
	entry = hash_search(names->table, &copy, HASH_ENTER, NULL);
	if (names->count == names->capacity)
	{
		names->capacity *= 2;
		names->list = repalloc_huge(names->list, sizeof(char *) * names->capacity);
	}
	names->list[names->count] = unconstify(char *, copy);
	entry->number = names->count++;
	return entry->number;
}

int32
gtl_strings_find(const GtlStringSet *names, const char *name)
{
	NameEntry  *entry = hash_search(names->table, &name, HASH_FIND, NULL);

	return entry == NULL ? -1 : entry->number;
}

int32
gtl_strings_find_renamed(const GtlStringSet *names, char *const *former, int nformer, const char *name)
{
	int32		number = gtl_strings_find(names, name);

	for (int i = 0; i < nformer && number < 0; i += 2)
		if (strcmp(former[i], name) == 0)
			number = gtl_strings_find(names, former[i + 1]);
	return number;
}

int32
gtl_strings_count(const GtlStringSet *names)
{
	return names->count;
}

char	  **
gtl_strings_list(const GtlStringSet *names)
{
	return names->list;
}

int32 *
gtl_strings_sort(GtlStringSet *names)
{
	char	  **sorted = palloc(sizeof(char *) * Max(names->count, 1));
	int32	   *renumbered = palloc(sizeof(int32) * Max(names->count, 1));

	memcpy(sorted, names->list, sizeof(char *) * names->count);
	qsort(sorted, names->count, sizeof(char *), compare_names);
	for (int32 i = 0; i < names->count; i++)
	{
		NameEntry  *entry = hash_search(names->table, &sorted[i], HASH_FIND, NULL);

		renumbered[entry->number] = i;
		entry->number = i;
	}
	memcpy(names->list, sorted, sizeof(char *) * names->count);
	pfree(sorted);
	return renumbered;
}
