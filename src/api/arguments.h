/*
 * arguments.h
 *		Reading the arguments of SQL-callable functions.
 */
#ifndef GTL_ARGUMENTS_H
#define GTL_ARGUMENTS_H

#include "base/compat.h"
#include "fmgr.h"

/* Error, naming the parameter, if the argument is NULL. */
extern void gtl_argument_required(FunctionCallInfo fcinfo, int argument, const char *name);

/* The number of the argument of that name in the function that is called; -1: it has none. */
extern int	gtl_argument_place(FunctionCallInfo fcinfo, const char *name);

extern char *gtl_argument_text(FunctionCallInfo fcinfo, int argument, const char *name);	/* required */
extern char *gtl_argument_text_or_null(FunctionCallInfo fcinfo, int argument);
extern char *gtl_argument_name_or_null(FunctionCallInfo fcinfo, int argument);

extern int32 gtl_argument_int32(FunctionCallInfo fcinfo, int argument, const char *name, int32 low, int32 high);

/* The number of the word in a list that ends with NULL (learning/words.h); an error if it is not there. */
extern int	gtl_check_word(const char *name, const char *const *words, const char *value);

/* A seed; NULL: one is drawn. */
extern int64 gtl_argument_seed(FunctionCallInfo fcinfo, int argument);

extern void gtl_check_categories(char **categories, int count);

/* An array without NULLs in it; *count is its length. */
extern char **gtl_argument_text_array(FunctionCallInfo fcinfo, int argument, const char *name, int *count);
extern int64 *gtl_argument_int64_array(FunctionCallInfo fcinfo, int argument, const char *name, int *count);

/* The same for what may be empty: NULL is an array without elements. */
extern char **gtl_argument_texts(FunctionCallInfo fcinfo, int argument, const char *name, int *count);
extern int64 *gtl_argument_int64s(FunctionCallInfo fcinfo, int argument, const char *name, int *count);

/* The same, with NULLs in it. */
extern char **gtl_argument_texts_and_nulls(FunctionCallInfo fcinfo, int argument, const char *name, int *count);

#endif							/* GTL_ARGUMENTS_H */
