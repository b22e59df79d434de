/*
 * append.h
 *		Many new rows for one of gtlabel's own tables, as COPY writes them.
 *
 * For the snapshot of a dataset, where a statement for each row, or each chunk of
 * rows, would take several times as long.  Nothing is checked but the unique
 * indexes: what is appended obeys the table's constraints and domains.
 */
#ifndef GTL_APPEND_H
#define GTL_APPEND_H

#include "base/compat.h"

typedef struct GtlAppender GtlAppender;

/* Lives in the current memory context. */
extern GtlAppender *gtl_append_open(const char *table);

/* One row, all columns in the table's order; it is copied. */
extern void gtl_append_row(GtlAppender *appender, const Datum *values, const bool *nulls);

/* What was appended is visible to the next command of this transaction. */
extern void gtl_append_close(GtlAppender *appender);

#endif							/* GTL_APPEND_H */
