/*
 * bulk_insert.c
 *		Many new rows for one of gtlabel's own tables, as COPY writes them.
 *
 * Rows gather in slots; a full set goes to the table in one call, one WAL record
 * for each page instead of each row, and then into the indexes.  In memory there
 * is one set.  The pages stay in shared buffers, unlike COPY's: the next step
 * reads them.
 */
#include "base/bulk_insert.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#define APPEND_ROWS 256

struct GtlBulkInsert
{
	MemoryContext context;
	const GtlLayout *layout;
	Relation	table;
	EState	   *estate;
	ResultRelInfo *target;
	TupleTableSlot *slots[APPEND_ROWS];
	int			count;			/* slots filled */
};

GtlBulkInsert *
gtl_bulk_open(GtlLayout *layout)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel append", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	GtlBulkInsert *appender = palloc0(sizeof(GtlBulkInsert));

	appender->context = context;
	appender->layout = layout;
	appender->table = gtl_layout_open(layout, RowExclusiveLock);
	appender->estate = CreateExecutorState();
	appender->target = makeNode(ResultRelInfo);
	InitResultRelInfo(appender->target, appender->table, 1, NULL, 0);
	ExecOpenIndices(appender->target, false);
	for (int i = 0; i < APPEND_ROWS; i++)
		appender->slots[i] = table_slot_create(appender->table, NULL);
	MemoryContextSwitchTo(caller);
	return appender;
}

static void
flush(GtlBulkInsert *appender)
{
	MemoryContext caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(appender->estate));

	table_multi_insert(appender->table, appender->slots, appender->count, GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < appender->count; i++)
	{
		ResetPerTupleExprContext(appender->estate);
		GTL_COMPAT_INSERT_INDEX_TUPLES(appender->target, appender->slots[i], appender->estate);
		ExecClearTuple(appender->slots[i]);
	}
	ResetPerTupleExprContext(appender->estate);
	MemoryContextSwitchTo(caller);
	appender->count = 0;
}

void
gtl_bulk_row(GtlBulkInsert *appender, const Datum *values, const bool *nulls)
{
	TupleTableSlot *slot = appender->slots[appender->count++];
	Datum		row_values[GTL_LAYOUT_MAX_COLUMNS];
	bool		row_nulls[GTL_LAYOUT_MAX_COLUMNS];
	int			columns = slot->tts_tupleDescriptor->natts;

	gtl_layout_fill(appender->layout, values, nulls, row_values, row_nulls);
	memcpy(slot->tts_values, row_values, sizeof(Datum) * columns);
	memcpy(slot->tts_isnull, row_nulls, sizeof(bool) * columns);
	ExecStoreVirtualTuple(slot);
	ExecMaterializeSlot(slot);
	if (appender->count == APPEND_ROWS)
		flush(appender);
}

void
gtl_bulk_close(GtlBulkInsert *appender)
{
	if (appender->count > 0)
		flush(appender);
	for (int i = 0; i < APPEND_ROWS; i++)
		ExecDropSingleTupleTableSlot(appender->slots[i]);
	ExecCloseIndices(appender->target);
	FreeExecutorState(appender->estate);
	table_close(appender->table, NoLock);
	MemoryContextDelete(appender->context);
	CommandCounterIncrement();
}
