/*
 * lease.c
 *		The table gtlabel.lease.
 */
#include "tables/lease.h"

#include "base/query.h"
#include "base/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

/* Passes that are remembered: beyond, what was passed on long ago comes again. */
#define MAX_PASSED 1000

/* Sessions of one annotator at the same time that do not meet, as a rule. */
#define LANES 32

enum
{
	LEASE_HELD, LEASE_PASSED
};

static const char *const lease_columns[] = {[LEASE_HELD] = "held", [LEASE_PASSED] = "passed"};
static GtlLayout lease_layout = GTL_LAYOUT("lease", lease_columns);

static int
set_keys(ScanKeyData keys[3], int64 job_id, const char *annotator, int lane)
{
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(job_id));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(annotator));
	ScanKeyInit(&keys[2], 3, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(lane));
	return lane < 0 ? 2 : 3;
}

static int
compare_int64(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

static void
append_task_ids(const GtlTable *table, int column, int64 **task_ids, int *count)
{
	bool		isnull;
	ArrayType  *array = DatumGetArrayTypeP(gtl_table_datum(table, column, &isnull));
	int			more = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (more == 0)
		return;
	*task_ids = *task_ids == NULL ? palloc(sizeof(int64) * more) : repalloc(*task_ids, sizeof(int64) * (*count + more));
	memcpy(*task_ids + *count, ARR_DATA_PTR(array), sizeof(int64) * more);
	*count += more;
}

/* Ascending, each once; returns how many. */
static int
sort_task_ids(int64 *task_ids, int count)
{
	int			distinct = 0;

	if (count > 1)
		qsort(task_ids, count, sizeof(int64), compare_int64);
	for (int i = 0; i < count; i++)
		if (distinct == 0 || task_ids[i] != task_ids[distinct - 1])
			task_ids[distinct++] = task_ids[i];
	return distinct;
}

void
gtl_lease_read(int64 job_id, const char *annotator, GtlLeases *leases)
{
	GtlTable	table;
	ScanKeyData keys[3];

	memset(leases, 0, sizeof(*leases));
	gtl_table_open(&table, &lease_layout, "lease_pkey", AccessShareLock);
	gtl_table_search(&table, keys, set_keys(keys, job_id, annotator, -1));
	while (gtl_table_next(&table))
	{
		append_task_ids(&table, LEASE_HELD, &leases->held, &leases->nheld);
		append_task_ids(&table, LEASE_PASSED, &leases->passed, &leases->npassed);
	}
	gtl_table_close(&table);
	leases->nheld = sort_task_ids(leases->held, leases->nheld);
	leases->npassed = sort_task_ids(leases->passed, leases->npassed);
}

/* The row of a lane that has none yet; another session may be making it. */
static void
add_lane(int64 job_id, const char *annotator, int lane, Datum held, Datum passed)
{
	static GtlStatement upsert = {
		"INSERT INTO gtlabel.lease (job_id, annotator, lane, held, passed) VALUES ($1, $2, $3, $4, $5)"
		" ON CONFLICT (job_id, annotator, lane) DO UPDATE SET held = EXCLUDED.held, passed = EXCLUDED.passed",
		5, {INT8OID, TEXTOID, INT4OID, INT8ARRAYOID, INT8ARRAYOID}
	};
	Datum		values[5] = {Int64GetDatum(job_id), CStringGetTextDatum(annotator), Int32GetDatum(lane), held, passed};

	gtl_query_do(&upsert, values, NULL);
}

void
gtl_lease_write(int64 job_id, const char *annotator, const GtlLeases *leases)
{
	static const int columns[2] = {LEASE_HELD, LEASE_PASSED};
	int			forgotten = Max(leases->npassed - MAX_PASSED, 0);
	Datum		values[2] = {gtl_array_int64(leases->held, leases->nheld),
	gtl_array_int64(leases->passed + forgotten, leases->npassed - forgotten)};
	int			lane = MyProcPid % LANES;
	GtlTable	table;
	ScanKeyData keys[3];
	bool		found;

	gtl_table_open(&table, &lease_layout, "lease_pkey", RowExclusiveLock);
	found = gtl_table_find(&table, keys, set_keys(keys, job_id, annotator, lane)) && gtl_table_lock(&table, true);
	if (found)
		gtl_table_change(&table, columns, values, NULL, 2);
	gtl_table_close(&table);
	if (!found)
		add_lane(job_id, annotator, lane, values[0], values[1]);
}

bool
gtl_lease_has_passed(const GtlLeases *leases, int64 task_id)
{
	return leases->npassed > 0 &&
		bsearch(&task_id, leases->passed, leases->npassed, sizeof(int64), compare_int64) != NULL;
}

static int64 *
extend_task_ids(int64 *task_ids, int count, const int64 *more, int nmore)
{
	int64	   *longer = palloc(sizeof(int64) * (count + nmore));

	if (count > 0)
		memcpy(longer, task_ids, sizeof(int64) * count);
	memcpy(longer + count, more, sizeof(int64) * nmore);
	return longer;
}

void
gtl_lease_add_held(int64 job_id, const char *annotator, int64 task_id)
{
	GtlLeases	leases;

	gtl_lease_read(job_id, annotator, &leases);
	leases.held = extend_task_ids(leases.held, leases.nheld, &task_id, 1);
	leases.nheld++;
	gtl_lease_write(job_id, annotator, &leases);
}

void
gtl_lease_add_passed(int64 job_id, const char *annotator, const int64 *task_ids, int count)
{
	GtlLeases	leases;

	gtl_lease_read(job_id, annotator, &leases);
	leases.passed = extend_task_ids(leases.passed, leases.npassed, task_ids, count);
	leases.npassed += count;
	gtl_lease_write(job_id, annotator, &leases);
}

void
gtl_lease_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.lease WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}
