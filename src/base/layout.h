/*
 * layout.h
 *		Columns of gtlabel's own tables, found by name.
 *
 * A module names the columns that it uses; a column's number is its place in that list.
 * The columns' places in the table are looked up when the layout is first used in a
 * session, and again after a table has changed.
 */
#ifndef GTL_LAYOUT_H
#define GTL_LAYOUT_H

#include "base/compat.h"
#include "access/attnum.h"
#include "storage/lockdefs.h"
#include "utils/rel.h"

#define GTL_LAYOUT_MAX_COLUMNS 120
#define GTL_LAYOUT_INDEXES 4

typedef struct GtlLayout
{
	const char *table;			/* in the schema gtlabel */
	const char *const *columns;
	int			count;
	bool		resolved;		/* the places are right */
	Oid			relation;		/* while resolved */
	Oid			index[GTL_LAYOUT_INDEXES];	/* of the names that callers gave; 0: not looked up yet */
	const char *index_name[GTL_LAYOUT_INDEXES];
	AttrNumber	place[GTL_LAYOUT_MAX_COLUMNS];
	struct GtlLayout *next;		/* of those that have been used */
} GtlLayout;

#define GTL_LAYOUT(table, columns) {table, columns, lengthof(columns)}

/* Opens the table, and sees to it that the places are right. */
extern Relation gtl_layout_open(GtlLayout *layout, LOCKMODE lockmode);

/* The number of an index of the table, which is open. */
extern Oid	gtl_layout_index(GtlLayout *layout, const char *name);

/* A row of the table from a value for each column of the layout; NULL in the others. */
extern void gtl_layout_fill(const GtlLayout *layout, const Datum *values, const bool *nulls,
							Datum *row_values, bool *row_nulls);

#endif							/* GTL_LAYOUT_H */
