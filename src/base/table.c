/*
 * table.c
 *		Rows of gtlabel's own tables, one at a time, through an index; see table.h.
 *
 * The server's access methods, and for writing what logical replication applies single rows with.
 */
#include "base/table.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "base/query.h"
#include "base/snapshot.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

struct GtlTableWriter
{
	EState	   *estate;
	ResultRelInfo *target;
	EPQState	epq;
	TupleTableSlot *row;		/* what is written */
};

void
gtl_table_open(GtlTable *table, GtlLayout *layout, const char *index, LOCKMODE lockmode)
{
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
	table->index = index_open(gtl_layout_index(layout, index), AccessShareLock);
	table->snapshot = RegisterSnapshot(gtl_snapshot());
	table->row = table_slot_create(table->relation, NULL);
}

static void
close_writer(struct GtlTableWriter *writer)
{
	Oid			user;
	int			security;

	gtl_become_extension_owner(&user, &security);
	AfterTriggerEndQuery(writer->estate);
	SetUserIdAndSecContext(user, security);
	EvalPlanQualEnd(&writer->epq);
	ExecDropSingleTupleTableSlot(writer->row);
	ExecCloseIndices(writer->target);
	ExecResetTupleTable(writer->estate->es_tupleTable, false);
	ExecCloseResultRelations(writer->estate);
	FreeExecutorState(writer->estate);
	CommandCounterIncrement();
}

void
gtl_table_close(GtlTable *table)
{
	if (table->writer != NULL)
		close_writer(table->writer);
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

static struct GtlTableWriter *
open_writer(GtlTable *table)
{
	struct GtlTableWriter *writer = table->writer;

	if (writer != NULL)
		return writer;
	writer = palloc0(sizeof(*writer));
	writer->estate = CreateExecutorState();
	writer->estate->es_snapshot = table->snapshot;
	writer->estate->es_output_cid = GetCurrentCommandId(true);
	writer->target = makeNode(ResultRelInfo);
	InitResultRelInfo(writer->target, table->relation, 0, NULL, 0);
	ExecOpenIndices(writer->target, false);
	GTL_COMPAT_EVAL_PLAN_QUAL_INIT(&writer->epq, writer->estate);
	writer->row = table_slot_create(table->relation, NULL);
	AfterTriggerBeginQuery();
	table->writer = writer;
	return writer;
}

/* Writes the row of the writer, in place of the row at hand or as a new one. */
static void
write_row(GtlTable *table, bool change)
{
	struct GtlTableWriter *writer = table->writer;
	MemoryContext caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(writer->estate));
	Oid			user;
	int			security;

	gtl_become_extension_owner(&user, &security);
	if (change)
		ExecSimpleRelationUpdate(writer->target, writer->estate, &writer->epq, table->row, writer->row);
	else
		ExecSimpleRelationInsert(writer->target, writer->estate, writer->row);
	SetUserIdAndSecContext(user, security);
	MemoryContextSwitchTo(caller);
	ResetPerTupleExprContext(writer->estate);
	ExecClearTuple(writer->row);
}

void
gtl_table_change(GtlTable *table, const int *columns, const Datum *values, const bool *nulls, int count)
{
	TupleTableSlot *row = open_writer(table)->row;

	ExecClearTuple(row);
	slot_getallattrs(table->row);
	memcpy(row->tts_values, table->row->tts_values, sizeof(Datum) * row->tts_tupleDescriptor->natts);
	memcpy(row->tts_isnull, table->row->tts_isnull, sizeof(bool) * row->tts_tupleDescriptor->natts);
	for (int i = 0; i < count; i++)
	{
		int			place = table->layout->place[columns[i]] - 1;

		row->tts_values[place] = values[i];
		row->tts_isnull[place] = nulls != NULL && nulls[i];
	}
	ExecStoreVirtualTuple(row);
	write_row(table, true);
}

void
gtl_table_insert(GtlTable *table, const Datum *values, const bool *nulls)
{
	TupleTableSlot *row = open_writer(table)->row;
	Datum		row_values[GTL_LAYOUT_MAX_COLUMNS];
	bool		row_nulls[GTL_LAYOUT_MAX_COLUMNS];

	gtl_layout_fill(table->layout, values, nulls, row_values, row_nulls);
	ExecClearTuple(row);
	memcpy(row->tts_values, row_values, sizeof(Datum) * row->tts_tupleDescriptor->natts);
	memcpy(row->tts_isnull, row_nulls, sizeof(bool) * row->tts_tupleDescriptor->natts);
	ExecStoreVirtualTuple(row);
	write_row(table, false);
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
