/*
 * aggregate.h
 *		What the aggregates over rows in place have in common.
 *
 * Their states are of type internal and live in the aggregate's memory.  What the final functions return are
 * rows of types that hold all that is needed to put the results of several servers together: gt_merge.
 */
#ifndef GTL_AGGREGATE_H
#define GTL_AGGREGATE_H

#include "base/compat.h"
#include "fmgr.h"
#include "learning/lowest.h"
#include "lib/stringinfo.h"
#include "utils/array.h"

/* Memory of the state, as an env; an error outside of an aggregate. */
extern void gtl_aggregate_env(FunctionCallInfo fcinfo, GtlEnv *env);

/* The row that a final function returns. */
extern Datum gtl_aggregate_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls);

/* The columns of a row of one of our types, which anybody can have made; *values and *nulls are palloc'd. */
extern void gtl_row_columns(Datum row, int columns, Datum **values, bool **nulls);

/* A column of such a row that is an array of one dimension, without NULLs unless they are allowed. */
extern ArrayType *gtl_row_array(Datum value, bool isnull, bool nulls_allowed, const char *type, const char *column);

/* An error unless an argument that every row repeats is the same as before. */
extern void gtl_aggregate_same(int64 before, int64 now, const char *argument);

/* A key as the bytes that are hashed and compared: its text in UTF-8, whatever the settings. */
extern const char *gtl_row_key(FunctionCallInfo fcinfo, int argument, size_t *size);

/* Back to a text. */
extern char *gtl_row_key_to_text(const char *key, size_t size);

/*
 * Rows with the lowest scores as three arrays of a result, one column behind the other: keys, scores, values; and
 * back, as a list of *count, palloc'd.
 */
extern void gtl_lowest_to_arrays(const GtlLowest *lowest, Datum *columns);
extern GtlLowestRow *gtl_lowest_from_arrays(const Datum *columns, const bool *nulls, const char *type,
											const char *const *names, int64 *count);

/* Between processes: reading what a serial function has sent. */
extern void gtl_state_open(bytea *bytes, StringInfo in);
extern void gtl_lowest_send(StringInfo out, const GtlLowest *lowest);
extern void gtl_lowest_receive(StringInfo in, GtlLowest *lowest);

#endif							/* GTL_AGGREGATE_H */
