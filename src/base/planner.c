/*
 * planner.c
 *		What the planner knows of gtlabel's own tables: their size, and nothing else.
 *
 * The columns have no statistics (20_tables.sql), so each job is taken for the same share of its
 * tables.  What is left are the counts of rows that ANALYZE and VACUUM leave in pg_class: taken just after a
 * job was dropped they say that full pages are empty, every job is then one row, and a scan of
 * all its rows as good as a look at one.  Here the count follows from the size of the file, as the server has it
 * for a table that was never analyzed; and like that, a small file is taken for one of ten pages.  Else a
 * table of one page would be read from end to end for each row that is looked up, which is as cheap in the first job, and
 * dearer in each that follows.
 */
#include "base/planner.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "optimizer/plancat.h"
#include "storage/bufpage.h"
#include "utils/lsyscache.h"

/* The smallest table. */
#define LEAST_PAGES 10

/* About that many entries fit on a page of an index. */
#define ENTRIES_ON_PAGE 200

static GTL_COMPAT_REL_HOOK_TYPE next_hook = NULL;

static double
rows_on_page(Oid relation)
{
	int32		width = MAXALIGN(get_relation_data_width(relation, NULL)) + MAXALIGN(SizeofHeapTupleHeader) + sizeof(ItemIdData);

	return Max(1, (BLCKSZ - SizeOfPageHeaderData) / width);
}

static void
set_sizes(GTL_COMPAT_REL_HOOK_PARAMETERS)
{
	Oid			relation = GTL_COMPAT_REL_HOOK_RELATION;
	ListCell   *cell;

	if (next_hook != NULL)
		next_hook(GTL_COMPAT_REL_HOOK_ARGUMENTS);
	if (get_rel_namespace(relation) != get_namespace_oid("gtlabel", true) || get_rel_relkind(relation) != RELKIND_RELATION)
		return;
	rel->pages = Max(rel->pages, LEAST_PAGES);
	rel->tuples = rel->pages * rows_on_page(relation);
	foreach(cell, rel->indexlist)
	{
		IndexOptInfo *index = lfirst(cell);

		index->tuples = index->indpred == NIL ? rel->tuples : Min(rel->tuples, (double) index->pages * ENTRIES_ON_PAGE);
	}
}

void
gtl_planner_init(void)
{
	next_hook = GTL_COMPAT_REL_HOOK;
	GTL_COMPAT_REL_HOOK = set_sizes;
}
