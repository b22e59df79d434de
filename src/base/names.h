/*
 * names.h
 *		Numbers for names: strings of any length, numbered as they come.
 */
#ifndef GTL_NAMES_H
#define GTL_NAMES_H

#include "base/compat.h"

typedef struct GtlNames GtlNames;

/* In the current memory context, with all that it will hold. */
extern GtlNames *gtl_names_create(void);

/* The number of a name, from 0; a new name gets the next one. */
extern int32 gtl_names_add(GtlNames *names, const char *name);

/* The number of a name, or -1. */
extern int32 gtl_names_find(const GtlNames *names, const char *name);

extern int32 gtl_names_count(const GtlNames *names);
extern char **gtl_names_list(const GtlNames *names);

/* Numbers all names anew in the order of their bytes; returns new[old number]. */
extern int32 *gtl_names_sort(GtlNames *names);

#endif							/* GTL_NAMES_H */
