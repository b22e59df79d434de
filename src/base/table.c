/*
 * table.c
 *		Rows of gtlabel's own tables, one at a time, through an index; see table.h.
 *
 * The server's access methods, and for writing what it uses for its own catalogs: these
 * are plain tables with plain indexes, too.
 */
#include "base/table.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

void
gtl_table_open(GtlTable *table, GtlLayout *layout, const char *index, LOCKMODE lockmode)
{
	Oid			schema = get_namespace_oid("gtlabel", false);

	/* the executor does this for statements */
	if (lockmode > AccessShareLock)
	{
		const char *command = lockmode == RowShareLock ? "SELECT FOR UPDATE" : "UPDATE";

		PreventCommandIfReadOnly(command);
		PreventCommandIfParallelMode(command);
	}
	memset(table, 0, sizeof(*table));
	table->layout = layout;
	table->relation = gtl_layout_open(layout, lockmode);
	table->index = index_open(get_relname_relid(index, schema), AccessShareLock);
	table->snapshot = RegisterSnapshot(GetLatestSnapshot());
	table->row = table_slot_create(table->relation, NULL);
}

void
gtl_table_close(GtlTable *table)
{
	if (table->indexes != NULL)
	{
		CatalogCloseIndexes(table->indexes);
		CommandCounterIncrement();
	}
	ExecDropSingleTupleTableSlot(table->row);
	if (table->scan != NULL)
		index_endscan(table->scan);
	UnregisterSnapshot(table->snapshot);
	index_close(table->index, AccessShareLock);
	table_close(table->relation, NoLock);
}

void
gtl_table_search(GtlTable *table, ScanKey keys, int nkeys)
{
	if (table->scan == NULL)
		table->scan = GTL_COMPAT_INDEX_BEGINSCAN(table->relation, table->index, table->snapshot, nkeys);
	index_rescan(table->scan, keys, nkeys, NULL, 0);
}

bool
gtl_table_next(GtlTable *table)
{
	return index_getnext_slot(table->scan, ForwardScanDirection, table->row);
}

bool
gtl_table_find(GtlTable *table, ScanKey keys, int nkeys)
{
	gtl_table_search(table, keys, nkeys);
	return gtl_table_next(table);
}

bool
gtl_table_find_last(GtlTable *table, ScanKey keys, int nkeys)
{
	gtl_table_search(table, keys, nkeys);
	return index_getnext_slot(table->scan, BackwardScanDirection, table->row);
}

bool
gtl_table_lock(GtlTable *table, bool wait)
{
	ItemPointerData place = table->row->tts_tid;
	TM_FailureData failure;

	return table_tuple_lock(table->relation, &place, table->snapshot, table->row, GetCurrentCommandId(false),
							LockTupleNoKeyExclusive, wait ? LockWaitBlock : LockWaitSkip,
							TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure) == TM_Ok;
}

static void
open_indexes(GtlTable *table)
{
	if (table->indexes == NULL)
		table->indexes = CatalogOpenIndexes(table->relation);
}

void
gtl_table_change(GtlTable *table, const int *columns, const Datum *values, const bool *nulls, int count)
{
	Datum		all_values[GTL_LAYOUT_MAX_COLUMNS];
	bool		all_nulls[GTL_LAYOUT_MAX_COLUMNS] = {false};
	bool		replaced[GTL_LAYOUT_MAX_COLUMNS] = {false};
	bool		owned;
	HeapTuple	old = ExecFetchSlotHeapTuple(table->row, false, &owned);
	HeapTuple	new;

	for (int i = 0; i < count; i++)
	{
		int			place = table->layout->place[columns[i]] - 1;

		all_values[place] = values[i];
		all_nulls[place] = nulls != NULL && nulls[i];
		replaced[place] = true;
	}
	open_indexes(table);
	new = heap_modify_tuple(old, RelationGetDescr(table->relation), all_values, all_nulls, replaced);
	CatalogTupleUpdateWithInfo(table->relation, &table->row->tts_tid, new, table->indexes);
	heap_freetuple(new);
}

void
gtl_table_insert(GtlTable *table, const Datum *values, const bool *nulls)
{
	Datum		all_values[GTL_LAYOUT_MAX_COLUMNS];
	bool		all_nulls[GTL_LAYOUT_MAX_COLUMNS];
	HeapTuple	tuple;

	gtl_layout_fill(table->layout, values, nulls, all_values, all_nulls);
	tuple = heap_form_tuple(RelationGetDescr(table->relation), all_values, all_nulls);
	open_indexes(table);
	CatalogTupleInsertWithInfo(table->relation, tuple, table->indexes);
	heap_freetuple(tuple);
}

bool
gtl_table_isnull(const GtlTable *table, int column)
{
	return slot_attisnull(table->row, table->layout->place[column]);
}

Datum
gtl_table_datum(const GtlTable *table, int column, bool *isnull)
{
	return slot_getattr(table->row, table->layout->place[column], isnull);
}

int32
gtl_table_int32(const GtlTable *table, int column)
{
	bool		isnull;
	Datum		value = gtl_table_datum(table, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

int64
gtl_table_int64(const GtlTable *table, int column)
{
	bool		isnull;
	Datum		value = gtl_table_datum(table, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

double
gtl_table_float8(const GtlTable *table, int column)
{
	bool		isnull;
	Datum		value = gtl_table_datum(table, column, &isnull);

	return isnull ? NAN : DatumGetFloat8(value);
}

bool
gtl_table_bool(const GtlTable *table, int column)
{
	bool		isnull;
	Datum		value = gtl_table_datum(table, column, &isnull);

	return !isnull && DatumGetBool(value);
}

char *
gtl_table_text(const GtlTable *table, int column)
{
	bool		isnull;
	Datum		value = gtl_table_datum(table, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

bool
gtl_table_text_is(const GtlTable *table, int column, const char *text)
{
	bool		isnull;
	Datum		value = gtl_table_datum(table, column, &isnull);
	struct varlena *found;

	if (isnull)
		return false;
	found = PG_DETOAST_DATUM_PACKED(value);
	return VARSIZE_ANY_EXHDR(found) == strlen(text) && memcmp(VARDATA_ANY(found), text, strlen(text)) == 0;
}
