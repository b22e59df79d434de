/*
 * table.h
 *		Rows of gtlabel's own tables, one at a time, through an index.
 *
 * For what happens once for every answer.  A statement of SQL costs several times as much as
 * the row it fetches, and its plan may be one that was made when the table was small;
 * here there is no plan.  What touches many rows, or few times, goes through query.h.
 *
 * A column's number is its place in the layout.  Rows are written as the executor writes them, and as
 * the extension's owner: constraints hold and triggers fire.
 */
#ifndef GTL_TABLE_H
#define GTL_TABLE_H

#include "base/layout.h"
#include "access/genam.h"
#include "access/skey.h"
#include "executor/tuptable.h"
#include "storage/lockdefs.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

typedef struct GtlTable
{
	GtlLayout  *layout;
	Relation	relation;
	Relation	index;
	Snapshot	snapshot;
	IndexScanDesc scan;
	struct GtlTableWriter *writer;	/* once something is written */
	TupleTableSlot *row;		/* the row at hand */
} GtlTable;

/*
 * What is read is what has been committed at this moment, whatever the isolation level of
 * the transaction, and what the transaction has written before.  With a lock for writing:
 * an error in a read-only transaction, also on a standby.
 */
extern void gtl_table_open(GtlTable *table, GtlLayout *layout, const char *index, LOCKMODE lockmode);

/* What was written is visible to the next command, or the next table to be opened. */
extern void gtl_table_close(GtlTable *table);

/* Starts reading the rows with these keys, in the order of the index. */
extern void gtl_table_search(GtlTable *table, ScanKey keys, int nkeys);

/* The next of them becomes the row at hand; false: no more. */
extern bool gtl_table_next(GtlTable *table);

/* For keys of equality on the first columns of the index: the row, if there is one. */
extern bool gtl_table_find(GtlTable *table, ScanKey keys, int nkeys);

/* The last in the order of the index of the rows with these keys becomes the row at hand; false: none. */
extern bool gtl_table_find_last(GtlTable *table, ScanKey keys, int nkeys);

/*
 * Locks the row at hand until the end of the transaction, and makes its newest version the
 * row at hand, which may not look like the one before.  False: it is gone, or this command
 * has changed it already, or, without wait, another transaction holds it.
 */
extern bool gtl_table_lock(GtlTable *table, bool wait);

/* Changes these columns of the row at hand, which has been locked. */
extern void gtl_table_change(GtlTable *table, const int *columns, const Datum *values, const bool *nulls, int count);

/* A new row: a value for each column of the layout, NULL for the others. */
extern void gtl_table_insert(GtlTable *table, const Datum *values, const bool *nulls);

/* Columns of the row at hand.  NULL: 0, false, NaN; texts are copied, NULL: NULL. */
extern Datum gtl_table_datum(const GtlTable *table, int column, bool *isnull);	/* not copied */
extern bool gtl_table_isnull(const GtlTable *table, int column);
extern int32 gtl_table_int32(const GtlTable *table, int column);
extern int64 gtl_table_int64(const GtlTable *table, int column);
extern double gtl_table_float8(const GtlTable *table, int column);
extern bool gtl_table_bool(const GtlTable *table, int column);
extern char *gtl_table_text(const GtlTable *table, int column);

/* Is the text in the column this one? */
extern bool gtl_table_text_is(const GtlTable *table, int column, const char *text);

#endif							/* GTL_TABLE_H */
