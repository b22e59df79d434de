/*
 * bulk_insert.c
 *		Many new rows for one of gtlabel's own tables, as COPY writes them.
 *
 * Rows gather in slots; a full set goes to the table in one call, one WAL record
 * for each page instead of each row, and then into the indexes.  In memory there
 * is one set.  The pages stay in shared buffers, unlike COPY's: the next step
 * reads them.  A table that somebody has given row triggers gets its rows one by one: a trigger may
 * look at the rows before.
 */
#include "base/bulk_insert.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "base/query.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
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
	int			made;			/* slots that there are */
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
	InitResultRelInfo(appender->target, appender->table, 0, NULL, 0);
	ExecOpenIndices(appender->target, false);
	if (appender->target->ri_TrigDesc != NULL)
		AfterTriggerBeginQuery();
	MemoryContextSwitchTo(caller);
	return appender;
}

/* Made when it is needed: an intake of a few rows fills a few. */
static TupleTableSlot *
next_slot(GtlBulkInsert *appender)
{
	if (appender->count == appender->made)
	{
		MemoryContext caller = MemoryContextSwitchTo(appender->context);

		appender->slots[appender->made++] = table_slot_create(appender->table, NULL);
		MemoryContextSwitchTo(caller);
	}
	return appender->slots[appender->count++];
}

static void
insert_one_by_one(GtlBulkInsert *appender)
{
	for (int i = 0; i < appender->count; i++)
	{
		ResetPerTupleExprContext(appender->estate);
		ExecSimpleRelationInsert(appender->target, appender->estate, appender->slots[i]);
	}
}

static void
insert_together(GtlBulkInsert *appender)
{
	if (RelationGetDescr(appender->table)->constr != NULL)
		for (int i = 0; i < appender->count; i++)
		{
			ResetPerTupleExprContext(appender->estate);
			ExecConstraints(appender->target, appender->slots[i], appender->estate);
		}
	table_multi_insert(appender->table, appender->slots, appender->count, GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < appender->count; i++)
	{
		ResetPerTupleExprContext(appender->estate);
		GTL_COMPAT_INSERT_INDEX_TUPLES(appender->target, appender->slots[i], appender->estate);
	}
}

static void
flush(GtlBulkInsert *appender)
{
	MemoryContext caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(appender->estate));
	Oid			user;
	int			security;

	gtl_become_extension_owner(&user, &security);
	if (appender->target->ri_TrigDesc != NULL)
		insert_one_by_one(appender);
	else
		insert_together(appender);
	SetUserIdAndSecContext(user, security);
	for (int i = 0; i < appender->count; i++)
		ExecClearTuple(appender->slots[i]);
	ResetPerTupleExprContext(appender->estate);
	MemoryContextSwitchTo(caller);
	appender->count = 0;
}

static void
fire_after_triggers(GtlBulkInsert *appender)
{
	Oid			user;
	int			security;

	if (appender->target->ri_TrigDesc == NULL)
		return;
	gtl_become_extension_owner(&user, &security);
	AfterTriggerEndQuery(appender->estate);
	SetUserIdAndSecContext(user, security);
}

void
gtl_bulk_row(GtlBulkInsert *appender, const Datum *values, const bool *nulls)
{
	TupleTableSlot *slot = next_slot(appender);
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
	fire_after_triggers(appender);
	for (int i = 0; i < appender->made; i++)
		ExecDropSingleTupleTableSlot(appender->slots[i]);
	ExecCloseIndices(appender->target);
	ExecResetTupleTable(appender->estate->es_tupleTable, false);
	ExecCloseResultRelations(appender->estate);
	FreeExecutorState(appender->estate);
	table_close(appender->table, NoLock);
	MemoryContextDelete(appender->context);
	CommandCounterIncrement();
}
