/*
 * launcher.c
 *		The launcher: starts workers for the jobs of all databases that have a step due.
 *
 * On demand, sessions start workers themselves (start.c).  The launcher is for what no session
 * asks for: batches and delays that run out, steps that a crash of the server has cut off, jobs
 * that found no free worker.
 *
 * It is connected to no database and reads the list of them as autovacuum's launcher does.
 * Each database that has the extension is scanned (scan.c) once in gtlabel.launcher_interval,
 * and soon when somebody asks for it; the others now and then, since the extension may
 * have come.  One scan at a time, the database that has waited longest first; then one worker for
 * each job found, oldest first, while fewer than gtlabel.max_workers are at work.
 *
 * Nothing that is wrong with a database ends the launcher: a scan that fails is logged by the
 * process that did it, and the next one comes later, at most MAX_BACKOFF intervals.  A lack of worker
 * slots is logged every few minutes.
 */
#include "background/launcher.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "background/request.h"
#include "background/worker_slots.h"
#include "base/settings.h"
#include "catalog/pg_database.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#define RESTART_SECONDS 5

/* Intervals until a database without the extension is scanned again. */
#define ABSENT_INTERVALS 12
#define MAX_BACKOFF 64

/* A lack of worker slots is logged once in this time. */
#define WARNING_MILLISECONDS (10 * 60 * 1000)

/* How often it looks whether a worker that it has started is still alive. */
#define ARRIVAL_MILLISECONDS 100L

/* datconnlimit of a database whose DROP was cut off (PostgreSQL 15.4) */
#define INVALID_DATABASE (-2)

typedef struct Database
{
	Oid			oid;
	TimestampTz next_scan;
	int			backoff;		/* intervals after the last failed scan; 0: it did not fail */
	bool		has_more;		/* due jobs than there were places: looked at again when one is free */
	bool		exists;
} Database;

static Database *databases;
static int	database_count = 0;
static int	database_capacity = 0;
static TimestampTz warned_at = 0;

void
gtl_launcher_init(void)
{
	BackgroundWorker worker;

	if (!process_shared_preload_libraries_in_progress)
		return;
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = RESTART_SECONDS;
	strlcpy(worker.bgw_library_name, "gtlabel", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "gtl_launcher_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "gtlabel launcher", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "gtlabel launcher", sizeof(worker.bgw_type));
	RegisterBackgroundWorker(&worker);
}

static Database *
find_database(Oid oid)
{
	for (int i = 0; i < database_count; i++)
		if (databases[i].oid == oid)
			return &databases[i];
	return NULL;
}

static void
add_database(Oid oid)
{
	Database   *database = find_database(oid);

	if (database == NULL)
	{
		if (database_count == database_capacity)
		{
			database_capacity = Max(16, 2 * database_capacity);
			databases = repalloc(databases, sizeof(Database) * database_capacity);
		}
		database = &databases[database_count++];
		memset(database, 0, sizeof(*database));
		database->oid = oid;
	}
	database->exists = true;
}

/* New databases come in, due at once; dropped ones go. */
static void
list_databases(void)
{
	Relation	table;
	TableScanDesc scan;
	HeapTuple	tuple;
	int			kept = 0;

	for (int i = 0; i < database_count; i++)
		databases[i].exists = false;
	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	table = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(table, 0, NULL);
	while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
	{
		Form_pg_database row = (Form_pg_database) GETSTRUCT(tuple);

		if (row->datallowconn && row->datconnlimit != INVALID_DATABASE)
			add_database(row->oid);
	}
	table_endscan(scan);
	table_close(table, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(TopMemoryContext);
	for (int i = 0; i < database_count; i++)
		if (databases[i].exists)
			databases[kept++] = databases[i];
	database_count = kept;
}

/* job_name NULL: for a scan. */
static void
slot_missing(const char *job_name)
{
	TimestampTz now = GetCurrentTimestamp();

	if (!TimestampDifferenceExceeds(warned_at, now, WARNING_MILLISECONDS))
		return;
	warned_at = now;
	ereport(WARNING,
			(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
			 job_name == NULL ? errmsg("no background worker is free to look for due labeling jobs") :
			 errmsg("no background worker is free for labeling job \"%s\"", job_name),
			 errdetail("The launcher tries again every %d ms, and says so every %d minutes.",
					   gtl_setting_launcher_interval, WARNING_MILLISECONDS / 60000),
			 errhint("Increase max_worker_processes.")));
}

/* False: the postmaster is gone, or no slot is free. */
static bool
run_scan(Oid database)
{
	GtlScanResult *result = gtl_slots_scan_result();
	BackgroundWorker worker;
	BackgroundWorkerHandle *handle;

	memset(result, 0, sizeof(*result));
	result->state = GTL_SCAN_FAILED;
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = ObjectIdGetDatum(database);
	worker.bgw_notify_pid = MyProcPid;
	strlcpy(worker.bgw_library_name, "gtlabel", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "gtl_scan_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "gtlabel scan", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "gtlabel scan", sizeof(worker.bgw_type));
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
	{
		slot_missing(NULL);
		return false;
	}
	if (WaitForBackgroundWorkerShutdown(handle) == BGWH_POSTMASTER_DIED)
		proc_exit(1);
	pfree(handle);
	return true;
}

/* Until the worker has entered itself, so that the next look counts it. */
static void
wait_for_arrival(BackgroundWorkerHandle *handle, uint32 arrivals)
{
	pid_t		pid;

	if (WaitForBackgroundWorkerStartup(handle, &pid) == BGWH_POSTMASTER_DIED)
		proc_exit(1);
	while (gtl_slots_arrivals() == arrivals && GetBackgroundWorkerPid(handle, &pid) == BGWH_STARTED)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ARRIVAL_MILLISECONDS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

/* Returns whether all found a worker. */
static bool
start_workers(const GtlScanResult *result)
{
	for (int i = 0; i < result->count; i++)
	{
		BackgroundWorkerHandle *handle = NULL;
		uint32		arrivals = gtl_slots_arrivals();

		switch (gtl_worker_start(&result->jobs[i], result->job_names[i], &handle))
		{
			case GTL_WORKER_STARTED:
				wait_for_arrival(handle, arrivals);
				pfree(handle);
				break;
			case GTL_WORKER_ON_ITS_WAY:
				break;
			case GTL_WORKER_NO_SLOT:
				slot_missing(result->job_names[i]);
				return false;
		}
	}
	return true;
}

static void
scan_database(Database *database)
{
	const GtlScanResult *result = gtl_slots_scan_result();
	int			intervals = 1;

	database->has_more = false;
	if (run_scan(database->oid))
	{
		database->backoff = result->state != GTL_SCAN_FAILED ? 0 :
			Max(2, Min(2 * database->backoff, MAX_BACKOFF));
		if (result->state == GTL_SCAN_FAILED)
			intervals = database->backoff;
		else if (result->state == GTL_SCAN_NO_EXTENSION)
			intervals = ABSENT_INTERVALS;
		else
			database->has_more = start_workers(result) && result->more;
	}
	database->next_scan = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													  (int64) intervals * gtl_setting_launcher_interval);
}

/* The database that has waited longest; NULL: none is known. */
static Database *
next_database(void)
{
	Database   *next = NULL;

	for (int i = 0; i < database_count; i++)
		if (next == NULL || databases[i].next_scan < next->next_scan)
			next = &databases[i];
	return next;
}

/* Databases that are due before their time: somebody has asked, or a place has become free. */
static void
advance_scans(void)
{
	static uint32 departures = 0;
	TimestampTz now = GetCurrentTimestamp();
	bool		place_free = gtl_slots_departures() != departures;
	Database   *database;
	Oid			asked;

	departures = gtl_slots_departures();
	while (OidIsValid(asked = gtl_slots_next_asked()))
		if ((database = find_database(asked)) != NULL)
			database->next_scan = Min(database->next_scan, now);
	for (int i = 0; i < database_count; i++)
		if (place_free && databases[i].has_more)
			databases[i].next_scan = Min(databases[i].next_scan, now);
}

/* Scans what is due; returns the milliseconds until something else is. */
static long
look_around(void)
{
	for (;;)
	{
		Database   *next;
		long		wait;

		CHECK_FOR_INTERRUPTS();
		advance_scans();
		next = next_database();
		if (!gtl_setting_background || !gtl_slots_any_free() || next == NULL)
			return gtl_setting_launcher_interval;
		wait = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), next->next_scan);
		if (wait > 0)
			return Min(wait, gtl_setting_launcher_interval);
		scan_database(next);
	}
}

void
gtl_launcher_main(Datum main_arg)
{
	TimestampTz listed_at = 0;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pgstat_report_appname(MyBgworkerEntry->bgw_name);
	MemoryContextSwitchTo(TopMemoryContext);
	databases = palloc(sizeof(Database));
	gtl_request_attach();
	gtl_slots_set_launcher();
	for (;;)
	{
		TimestampTz now = GetCurrentTimestamp();
		long		wait;

		if (TimestampDifferenceExceeds(listed_at, now, gtl_setting_launcher_interval))
		{
			list_databases();
			listed_at = now;
		}
		wait = look_around();
		pgstat_report_activity(STATE_IDLE, NULL);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, Max(wait, 10), PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			listed_at = 0;
		}
	}
}
