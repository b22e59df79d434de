/*
 * worker_slots.c
 *		Which workers run, and what the launcher is asked for.
 *
 * All fields but `scan` are under the lock.  `scan` belongs to the launcher before a scan
 * starts and after it has ended, and to the scan in between.
 */
#include "background/worker_slots.h"

#include "base/settings.h"
#include "base/shared.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "postmaster/bgworker_internals.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"

#define ASKED 64

typedef struct Slot
{
	int			pid;			/* 0: free */
	Oid			owner;			/* of the worker's job */
	bool		waits;			/* and does not count */
} Slot;

typedef struct Slots
{
	GtlShared	shared;
	Latch	   *launcher;		/* its process's latch; NULL: it does not run */
	uint32		arrivals;		/* of workers that the launcher has started */
	uint32		departures;		/* of workers that end, or wait */
	int			asked_count;
	Oid			asked[ASKED];	/* databases to look at soon; what does not fit is looked at later */
	GtlScanResult scan;
	int			count;			/* of slots: one for each background worker that the server can have */
	Slot		slot[FLEXIBLE_ARRAY_MEMBER];
} Slots;

static Slots *slots = NULL;
static Slot *mine = NULL;
static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

static Size
slots_size(void)
{
	return add_size(offsetof(Slots, slot), mul_size(sizeof(Slot), max_worker_processes));
}

static void
request_memory(void)
{
	if (previous_request_hook != NULL)
		previous_request_hook();
	gtl_shared_request(slots_size());
}

static void
start_memory(void)
{
	if (previous_startup_hook != NULL)
		previous_startup_hook();
	slots = gtl_shared_attach("gtlabel worker slots", slots_size());
	slots->count = max_worker_processes;
}

void
gtl_slots_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = start_memory;
}

bool
gtl_slots_exist(void)
{
	return slots != NULL;
}

static void
lock_slots(LWLockMode mode)
{
	LWLockAcquire(&slots->shared.lock, mode);
}

static void
unlock_slots(void)
{
	LWLockRelease(&slots->shared.lock);
}

/* ---- The launcher --------------------------------------------------------------- */

static Latch *
launcher_latch(void)
{
	Latch	   *launcher;

	lock_slots(LW_SHARED);
	launcher = slots->launcher;
	unlock_slots();
	return launcher;
}

bool
gtl_slots_have_launcher(void)
{
	return slots != NULL && launcher_latch() != NULL;
}

static void
set_launcher(Latch *latch)
{
	lock_slots(LW_EXCLUSIVE);
	slots->launcher = latch;
	unlock_slots();
}

static void
launcher_exits(int code, Datum argument)
{
	set_launcher(NULL);
}

void
gtl_slots_set_launcher(void)
{
	before_shmem_exit(launcher_exits, (Datum) 0);
	set_launcher(&MyProc->procLatch);
}

static void
wake_launcher(void)
{
	Latch	   *launcher = launcher_latch();

	if (launcher != NULL)
		SetLatch(launcher);
}

/* With the lock held. */
static void
note_asked(Oid database)
{
	for (int i = 0; i < slots->asked_count; i++)
		if (slots->asked[i] == database)
			return;
	if (slots->asked_count < ASKED)
		slots->asked[slots->asked_count++] = database;
}

bool
gtl_slots_ask_launcher(Oid database)
{
	if (!gtl_slots_have_launcher())
		return false;
	lock_slots(LW_EXCLUSIVE);
	note_asked(database);
	unlock_slots();
	wake_launcher();
	return true;
}

Oid
gtl_slots_next_asked(void)
{
	Oid			database = InvalidOid;

	lock_slots(LW_EXCLUSIVE);
	if (slots->asked_count > 0)
		database = slots->asked[--slots->asked_count];
	unlock_slots();
	return database;
}

/* ---- The workers ----------------------------------------------------------------- */

/* The rule of the file's head; with the lock held, and so many more than those that are in the slots. */
static bool
is_free_for(Oid owner, int others, int of_owner)
{
	int			working = others;

	for (int i = 0; i < slots->count; i++)
		if (slots->slot[i].pid != 0 && !slots->slot[i].waits)
		{
			working++;
			of_owner += slots->slot[i].owner == owner;
		}
	return working < gtl_setting_max_workers || (working == gtl_setting_max_workers && of_owner == 0);
}

bool
gtl_slots_may_begin(Oid owner, int others, int of_owner)
{
	bool		result;

	lock_slots(LW_SHARED);
	result = is_free_for(owner, others, of_owner);
	unlock_slots();
	return result;
}

bool
gtl_slots_any_free(void)
{
	return gtl_slots_may_begin(InvalidOid, 0, 0);
}

static Slot *
find_free_slot(void)
{
	for (int i = 0; i < slots->count; i++)
		if (slots->slot[i].pid == 0)
			return &slots->slot[i];
	return NULL;
}

static void
count_departure(bool ends)
{
	lock_slots(LW_EXCLUSIVE);
	if (ends)
		mine->pid = 0;
	else
		mine->waits = true;
	slots->departures++;
	unlock_slots();
	wake_launcher();
}

static void
worker_exits(int code, Datum argument)
{
	count_departure(true);
}

bool
gtl_slots_enter(const GtlWorkerArgument *argument)
{
	bool		may;

	if (slots == NULL)
		return true;
	lock_slots(LW_EXCLUSIVE);
	mine = find_free_slot();
	may = mine != NULL && (argument->from_launcher || slots->launcher == NULL || is_free_for(argument->owner, 0, 0));
	if (may)
		*mine = (Slot) {MyProcPid, argument->owner, false};
	else
		note_asked(argument->database);
	slots->arrivals += argument->from_launcher;
	unlock_slots();
	if (may)
		on_shmem_exit(worker_exits, (Datum) 0); /* after it has left pg_stat_activity */
	if (argument->from_launcher)
		wake_launcher();
	return may;
}

void
gtl_slots_wait(void)
{
	if (slots != NULL && !mine->waits)
		count_departure(false);
}

bool
gtl_slots_go_on(Oid database)
{
	bool		may;

	if (slots == NULL || !mine->waits)
		return true;
	lock_slots(LW_EXCLUSIVE);
	may = slots->launcher == NULL || is_free_for(mine->owner, 0, 0);
	mine->waits = !may;
	if (!may)
		note_asked(database);
	unlock_slots();
	return may;
}

uint32
gtl_slots_arrivals(void)
{
	uint32		arrivals;

	lock_slots(LW_SHARED);
	arrivals = slots->arrivals;
	unlock_slots();
	return arrivals;
}

uint32
gtl_slots_departures(void)
{
	uint32		departures;

	lock_slots(LW_SHARED);
	departures = slots->departures;
	unlock_slots();
	return departures;
}

GtlScanResult *
gtl_slots_scan_result(void)
{
	return slots == NULL ? NULL : &slots->scan;
}
