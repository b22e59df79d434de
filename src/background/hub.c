/*
 * hub.c
 *		Shared memory through which the launcher, its scans, workers and sessions talk.
 *
 * All fields but `scan` are under the spinlock.  `scan` belongs to the launcher before a scan
 * starts and after it has ended, and to the scan in between.
 */
#include "background/hub.h"

#include "base/settings.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "storage/spin.h"

#define ASKED 64

typedef struct Hub
{
	slock_t		mutex;
	Latch	   *launcher;		/* its process's latch; NULL: it does not run */
	int			workers;		/* at work */
	uint32		arrivals;		/* of workers that the launcher has started */
	int			asked_count;
	Oid			asked[ASKED];	/* databases to look at soon; what does not fit is looked at later */
	GtlScanResult scan;
} Hub;

static Hub *hub = NULL;
static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

static void
request_memory(void)
{
	if (previous_request_hook != NULL)
		previous_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(Hub)));
}

static void
start_memory(void)
{
	bool		found;

	if (previous_startup_hook != NULL)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	hub = ShmemInitStruct("gtlabel hub", sizeof(Hub), &found);
	if (!found)
	{
		memset(hub, 0, sizeof(Hub));
		SpinLockInit(&hub->mutex);
	}
	LWLockRelease(AddinShmemInitLock);
}

void
gtl_hub_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_memory;
}

bool
gtl_hub_has_launcher(void)
{
	bool		result;

	if (hub == NULL)
		return false;
	SpinLockAcquire(&hub->mutex);
	result = hub->launcher != NULL;
	SpinLockRelease(&hub->mutex);
	return result;
}

static void
launcher_exits(int code, Datum argument)
{
	SpinLockAcquire(&hub->mutex);
	hub->launcher = NULL;
	SpinLockRelease(&hub->mutex);
}

void
gtl_hub_set_launcher(void)
{
	before_shmem_exit(launcher_exits, (Datum) 0);
	SpinLockAcquire(&hub->mutex);
	hub->launcher = &MyProc->procLatch;
	SpinLockRelease(&hub->mutex);
}

/* With the spinlock held. */
static void
note_asked(Oid database)
{
	for (int i = 0; i < hub->asked_count; i++)
		if (hub->asked[i] == database)
			return;
	if (hub->asked_count < ASKED)
		hub->asked[hub->asked_count++] = database;
}

bool
gtl_hub_ask(Oid database)
{
	Latch	   *launcher;

	if (hub == NULL)
		return false;
	SpinLockAcquire(&hub->mutex);
	launcher = hub->launcher;
	if (launcher != NULL)
		note_asked(database);
	SpinLockRelease(&hub->mutex);
	if (launcher != NULL)
		SetLatch(launcher);
	return launcher != NULL;
}

Oid
gtl_hub_next_asked(void)
{
	Oid			database = InvalidOid;

	SpinLockAcquire(&hub->mutex);
	if (hub->asked_count > 0)
		database = hub->asked[--hub->asked_count];
	SpinLockRelease(&hub->mutex);
	return database;
}

static void
worker_exits(int code, Datum argument)
{
	Latch	   *launcher;

	SpinLockAcquire(&hub->mutex);
	hub->workers--;
	launcher = hub->launcher;
	SpinLockRelease(&hub->mutex);
	if (launcher != NULL)
		SetLatch(launcher);
}

bool
gtl_hub_enter_worker(Oid database, bool from_launcher)
{
	Latch	   *launcher;
	bool		may;

	if (hub == NULL)
		return true;
	SpinLockAcquire(&hub->mutex);
	launcher = hub->launcher;
	may = from_launcher || launcher == NULL || hub->workers < gtl_setting_max_workers;
	if (may)
		hub->workers++;
	else
		note_asked(database);
	if (from_launcher)
		hub->arrivals++;
	SpinLockRelease(&hub->mutex);
	if (may)
		on_shmem_exit(worker_exits, (Datum) 0); /* after it has left pg_stat_activity */
	if (from_launcher && launcher != NULL)
		SetLatch(launcher);
	return may;
}

uint32
gtl_hub_arrivals(void)
{
	uint32		arrivals;

	SpinLockAcquire(&hub->mutex);
	arrivals = hub->arrivals;
	SpinLockRelease(&hub->mutex);
	return arrivals;
}

int
gtl_hub_workers(void)
{
	int			workers;

	SpinLockAcquire(&hub->mutex);
	workers = hub->workers;
	SpinLockRelease(&hub->mutex);
	return workers;
}

GtlScanResult *
gtl_hub_scan_result(void)
{
	return hub == NULL ? NULL : &hub->scan;
}
