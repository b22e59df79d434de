/*
 * string_set.h
 *		Numbers for names: strings of any length, numbered as they come.
 */
#ifndef GTL_STRING_SET_H
#define GTL_STRING_SET_H

#include "base/compat.h"

typedef struct GtlStringSet GtlStringSet;

/* In the current memory context, with all that it will hold. */
extern GtlStringSet *gtl_strings_create(void);

/* The number of a name, from 0; a new name gets the next one. */
extern int32 gtl_strings_add(GtlStringSet *names, const char *name);

/* The number of a name, or -1. */
extern int32 gtl_strings_find(const GtlStringSet *names, const char *name);

/* The same where some of the names had others: `former` has the former and the present name of each, one behind the other. */
extern int32 gtl_strings_find_renamed(const GtlStringSet *names, char *const *former, int nformer, const char *name);

extern int32 gtl_strings_count(const GtlStringSet *names);
extern char **gtl_strings_list(const GtlStringSet *names);

/* Numbers all names anew in the order of their bytes; returns new[old number]. */
extern int32 *gtl_strings_sort(GtlStringSet *names);

#endif							/* GTL_STRING_SET_H */
