/*
 * bulk_insert.h
 *		Many new rows for one of gtlabel's own tables, as COPY writes them.
 *
 * For the snapshot of a dataset, where a statement for each row, or each chunk of
 * rows, would take several times as long.  Constraints hold and row triggers fire, as for rows of table.h.
 */
#ifndef GTL_BULK_INSERT_H
#define GTL_BULK_INSERT_H

#include "base/layout.h"

typedef struct GtlBulkInsert GtlBulkInsert;

/* Lives in the current memory context. */
extern GtlBulkInsert *gtl_bulk_open(GtlLayout *layout);

/* One row: a value for each column of the layout, NULL for the others; it is copied. */
extern void gtl_bulk_row(GtlBulkInsert *appender, const Datum *values, const bool *nulls);

/* What was appended is visible to the next command of this transaction. */
extern void gtl_bulk_close(GtlBulkInsert *appender);

#endif							/* GTL_BULK_INSERT_H */
