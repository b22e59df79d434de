/*
 * arguments.h
 *		Reading the arguments of SQL-callable functions.
 */
#ifndef GTL_ARGUMENTS_H
#define GTL_ARGUMENTS_H

#include "base/compat.h"
#include "fmgr.h"
#include "learning/engine.h"

/* Error, naming the parameter, if the argument is NULL. */
extern void gtl_argument_required(FunctionCallInfo fcinfo, int argument, const char *name);

extern char *gtl_argument_text(FunctionCallInfo fcinfo, int argument, const char *name);	/* required */
extern char *gtl_argument_text_or_null(FunctionCallInfo fcinfo, int argument);
extern char *gtl_argument_name_or_null(FunctionCallInfo fcinfo, int argument);

extern int32 gtl_argument_int32(FunctionCallInfo fcinfo, int argument, const char *name, int32 low, int32 high);

/* Strictly between 0 and 1. */
extern double gtl_argument_share(FunctionCallInfo fcinfo, int argument, const char *name);

/* One of the NULL-terminated choices. */
extern char *gtl_argument_choice(FunctionCallInfo fcinfo, int argument, const char *name, const char *const *choices);

/* A seed; NULL: one is drawn. */
extern int64 gtl_argument_seed(FunctionCallInfo fcinfo, int argument);

/* The choices that several functions share. */
extern const char *const gtl_schedule_choices[];
extern const char *const gtl_guarantee_choices[];
extern const char *const gtl_algorithm_choices[];
extern const char *const gtl_strategy_choices[];

/* guarantee, schedule, algorithm and query_strategy, from the arguments of these numbers. */
extern void gtl_argument_engine(FunctionCallInfo fcinfo, int guarantee, int schedule, int algorithm, int strategy,
								GtlEngineSettings *settings);

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
