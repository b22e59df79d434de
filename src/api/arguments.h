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

extern char *gtl_argument_text(FunctionCallInfo fcinfo, int argument, const char *name);	/* required */
extern char *gtl_argument_text_or_null(FunctionCallInfo fcinfo, int argument);
extern char *gtl_argument_name_or_null(FunctionCallInfo fcinfo, int argument);

/* An array without NULLs in it; *count is its length. */
extern char **gtl_argument_text_array(FunctionCallInfo fcinfo, int argument, const char *name, int *count);
extern int64 *gtl_argument_int64_array(FunctionCallInfo fcinfo, int argument, const char *name, int *count);

#endif							/* GTL_ARGUMENTS_H */
