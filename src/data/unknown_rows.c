/*
 * unknown_rows.c
 *		The rows of a dataset that a job does not know yet.
 *
 * An intake should cost what the new rows cost.  Where keys grow, those behind the greatest that is known are found by
 * the key's index; all of them are new, so none is looked up.  Whether there are others is seen by counting the
 * rows: of a plain table page by page, without the executor.
 * Only if the numbers differ are all rows compared with all keys.
 *
 * The count is of the present, like all that an intake reads: the job's row is locked, and another intake may just
 * have ended.
 */
#include "data/unknown_rows.h"

#include "access/heapam.h"
#include "access/relation.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "base/memory.h"
#include "base/query.h"
#include "base/snapshot.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "tables/segment.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#define ANY_ROW " WHERE true"	/* none is left out */

/* Keys are compared as they are kept, as text: rows that are equal to the type can differ there. */
static char *
is_unknown(const GtlDataset *dataset, const GtlJob *job, const char *table, const char *column)
{
	return psprintf("NOT EXISTS (SELECT FROM gtlabel.%s k WHERE k.job_id = " INT64_FORMAT " AND k.%s ="
					" d.%s::pg_catalog.text COLLATE pg_catalog.\"default\")", table, job->job_id, column, quote_identifier(dataset->key_column));
}

static char *
leave_known(const GtlDataset *dataset, const GtlJob *job)
{
	bool		given = job->label_column != NULL || job->given_count > 0;

	return psprintf(" WHERE %s%s%s", is_unknown(dataset, job, "object", "object_key"), given ? " AND " : "",
					given ? is_unknown(dataset, job, "given", "row_key") : "");
}

void
gtl_unknown_rows_only(GtlDataset *dataset, const GtlJob *job)
{
	(void) check_enable_rls(job->dataset, InvalidOid, false);	/* error with row_security = off */
	dataset->joining = true;
	dataset->known = leave_known(dataset, job);
}

/* ---- By the order of the keys -------------------------------------------------------- */

/* Is the order of such values the same for ever?  That of texts changes with the library that sorts them. */
static bool
order_is_fixed(Oid type)
{
	char		kind = get_typtype(type);

	return (kind == TYPTYPE_BASE || kind == TYPTYPE_ENUM) && !OidIsValid(get_typcollation(type)) &&
		!OidIsValid(get_element_type(type));
}

/* The greatest to the type, in the form in which keys are kept. */
static char *
find_greatest(char **keys, int count, const char *type_name)
{
	static const Oid types[1] = {TEXTARRAYOID};
	Datum		values[1] = {gtl_array_text(keys, count)};
	char	   *greatest;
	GtlResult	r;

	gtl_query_run_as(&r, GetUserId(), psprintf("SELECT u.key FROM pg_catalog.unnest($1) AS u (key) ORDER BY u.key::%s DESC LIMIT 1", type_name),
					 1, types, values);
	greatest = gtl_result_text(&r, 0, 1);
	gtl_query_end(&r);
	return greatest;
}

bool
gtl_unknown_rows_behind(GtlDataset *dataset, const GtlJob *job)
{
	AttrNumber	key = get_attnum(job->dataset, dataset->key_column);
	Oid			type = key > 0 ? getBaseType(get_atttype(job->dataset, key)) : InvalidOid;
	bool		all;
	char	  **last_keys;
	int			count = gtl_segments_last_keys(job->job_id, &last_keys, &all);
	char	   *type_name;

	if (count == 0 || !OidIsValid(type) || !OidIsValid(lookup_type_cache(type, TYPECACHE_LT_OPR)->lt_opr))
		return false;
	type_name = gtl_dataset_type_name(type);
	dataset->part = psprintf(" AND d.%s > %s::%s", quote_identifier(dataset->key_column),
							 quote_literal_cstr(find_greatest(last_keys, count, type_name)), type_name);
	dataset->few = true;
	/* the last row of some segment was erased: others of it may be behind the last of the rest */
	if (all && order_is_fixed(type))
		dataset->known = ANY_ROW;
	return true;
}

void
gtl_unknown_rows_others(GtlDataset *dataset, const GtlJob *job)
{
	dataset->known = leave_known(dataset, job);
	dataset->part = psprintf(" AND (%s) IS NOT TRUE", dataset->part + strlen(" AND "));
	dataset->few = false;
}

/* ---- Counting -------------------------------------------------------------------------- */

/* Rows are far apart: the processor is to wait for all of a page together. */
static void
fetch_headers(Page page, OffsetNumber lines)
{
	for (OffsetNumber line = FirstOffsetNumber; line <= lines; line++)
		__builtin_prefetch((char *) page + ItemIdGetOffset(PageGetItemId(page, line)));
}

static int
count_page(Relation table, Buffer buffer, Snapshot snapshot)
{
	Page		page = BufferGetPage(buffer);
	BlockNumber block = BufferGetBlockNumber(buffer);
	bool		all = PageIsAllVisible(page) && !snapshot->takenDuringRecovery;
	OffsetNumber lines = PageGetMaxOffsetNumber(page);
	int			count = 0;

	if (!all)
		fetch_headers(page, lines);
	for (OffsetNumber line = FirstOffsetNumber; line <= lines; line++)
	{
		ItemId		item = PageGetItemId(page, line);
		HeapTupleData tuple;

		if (!ItemIdIsNormal(item))
			continue;
		tuple.t_data = (HeapTupleHeader) PageGetItem(page, item);
		tuple.t_len = ItemIdGetLength(item);
		tuple.t_tableOid = RelationGetRelid(table);
		ItemPointerSet(&tuple.t_self, block, line);
		count += all || HeapTupleSatisfiesVisibility(&tuple, snapshot, buffer);
	}
	return count;
}

static int64
count_table(Relation table)
{
	Snapshot	snapshot = RegisterSnapshot(gtl_snapshot());
	BlockNumber blocks = RelationGetNumberOfBlocks(table);
	BufferAccessStrategy strategy = blocks > (BlockNumber) NBuffers / 4 ? GetAccessStrategy(BAS_BULKREAD) : NULL;
	int64		count = 0;

	for (BlockNumber block = 0; block < blocks; block++)
	{
		Buffer		buffer;

		CHECK_FOR_INTERRUPTS();
		buffer = ReadBufferExtended(table, MAIN_FORKNUM, block, RBM_NORMAL, strategy);
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		count += count_page(table, buffer, snapshot);
		UnlockReleaseBuffer(buffer);
	}
	if (strategy != NULL)
		FreeAccessStrategy(strategy);
	UnregisterSnapshot(snapshot);
	return count;
}

/* Tables whose rows are those of the dataset; NIL: some of them have to be asked by a query. */
static List *
list_heaps(Oid dataset)
{
	List	   *tables;
	List	   *heaps = NIL;
	ListCell   *cell;

	if (IsolationIsSerializable() || check_enable_rls(dataset, InvalidOid, true) == RLS_ENABLED ||
		(get_rel_relkind(dataset) != RELKIND_RELATION && get_rel_relkind(dataset) != RELKIND_PARTITIONED_TABLE))
		return NIL;
	tables = find_all_inheritors(dataset, AccessShareLock, NULL);
	foreach(cell, tables)
	{
		Relation	table = relation_open(lfirst_oid(cell), NoLock);
		bool		parent = table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
		bool		heap = table->rd_rel->relkind == RELKIND_RELATION && table->rd_tableam == GetHeapamTableAmRoutine() &&
			!RELATION_IS_OTHER_TEMP(table);

		relation_close(table, NoLock);
		if (heap)
			heaps = lappend_oid(heaps, lfirst_oid(cell));
		else if (!parent)
			return NIL;
	}
	return heaps;
}

static int64
count_by_query(const GtlDataset *dataset)
{
	GtlResult	r;
	int64		count;

	gtl_query_run_as(&r, GetUserId(), psprintf("SELECT pg_catalog.count(*) FROM %s d", dataset->name), 0, NULL, NULL);
	count = gtl_result_int64(&r, 0, 1);
	gtl_query_end(&r);
	return count;
}

int64
gtl_unknown_rows_count_all(const GtlDataset *dataset, const GtlJob *job)
{
	List	   *heaps = list_heaps(job->dataset);
	ListCell   *cell;
	int64		count = 0;

	if (heaps == NIL)
		return count_by_query(dataset);
	CommandCounterIncrement();	/* what the statement that calls has inserted itself */
	foreach(cell, heaps)
	{
		Relation	table = relation_open(lfirst_oid(cell), NoLock);

		count += count_table(table);
		relation_close(table, NoLock);
	}
	return count;
}

/* ---- The other way round ---------------------------------------------------------------- */

/* In one pass over both, whatever the planner knows of either. */
void
gtl_unknown_rows_compare(const GtlDataset *dataset, const GtlJob *job, GtlKnownKeys *keys)
{
	int			settings = NewGUCNestLevel();
	GtlResult	r;

	(void) check_enable_rls(job->dataset, InvalidOid, false);
	(void) set_config_option("enable_nestloop", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("row_security", "on", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	gtl_query_run_as(&r, GetUserId(),
					 psprintf("SELECT k.key, EXISTS (SELECT FROM %s d WHERE d.%s::pg_catalog.text COLLATE pg_catalog.\"default\" = k.key)"
							  " FROM (SELECT object_key AS key FROM gtlabel.object WHERE job_id = " INT64_FORMAT
							  " UNION ALL SELECT row_key FROM gtlabel.given WHERE job_id = " INT64_FORMAT
							  " UNION ALL SELECT DISTINCT f.object_key FROM gtlabel.former_answer f WHERE f.job_id = " INT64_FORMAT
							  "   AND NOT EXISTS (SELECT FROM gtlabel.object o WHERE o.job_id = f.job_id AND o.object_key = f.object_key)) k",
							  dataset->name, quote_identifier(dataset->key_column), job->job_id, job->job_id, job->job_id), 0, NULL, NULL);
	memset(keys, 0, sizeof(*keys));
	keys->there = gtl_memory_list(sizeof(char *), r.count);
	keys->gone = gtl_memory_list(sizeof(char *), r.count);
	for (uint64 i = 0; i < r.count; i++)
	{
		if (gtl_result_bool(&r, i, 2))
			keys->there[keys->nthere++] = gtl_result_text(&r, i, 1);
		else
			keys->gone[keys->ngone++] = gtl_result_text(&r, i, 1);
	}
	gtl_query_end(&r);
	AtEOXact_GUC(false, settings);
}
