/*
 * progress.c
 *		How far running work is, in shared memory.
 *
 * An array of places under one lock.  A place is taken and given back by the process
 * whose id is in it, and no other process writes to it; readers copy it.  Updates come a
 * few times a second.  When all places are taken, work goes on without being shown.
 * The server has a few kilobytes to spare also if the library is not preloaded.
 */
#include "base/progress.h"

#include "access/xact.h"
#include "base/shared.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define PLACES 64

/* pg_stat_activity is told a new count once in this time. */
#define ACTIVITY_MILLISECONDS 1000

typedef struct Board
{
	GtlShared	shared;
	GtlProgress places[PLACES];
} Board;

static Board *board = NULL;
static GtlProgress *mine = NULL;
static char *subject = NULL;	/* workers */
static TimestampTz told_at = 0;
static shmem_request_hook_type previous_request_hook = NULL;

static void
request_memory(void)
{
	if (previous_request_hook != NULL)
		previous_request_hook();
	gtl_shared_request(sizeof(Board));
}

static void
attach_board(void)
{
	if (board == NULL)
		board = gtl_shared_attach("gtlabel progress", sizeof(Board));
}

static void
leave_board(void)
{
	if (mine == NULL)
		return;
	LWLockAcquire(&board->shared.lock, LW_EXCLUSIVE);
	mine->pid = 0;
	LWLockRelease(&board->shared.lock);
	mine = NULL;
}

static void
leave_at_exit(int code, Datum argument)
{
	leave_board();
}

static void
at_transaction_end(XactEvent event, void *argument)
{
	if (subject == NULL &&
		(event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE))
		leave_board();
}

void
gtl_progress_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	if (!process_shared_preload_libraries_in_progress)
		return;
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
}

void
gtl_progress_begin(int64 job_id, const char *phase)
{
	static bool exit_registered = false;
	TimestampTz now = GetCurrentTimestamp();

	attach_board();
	if (!exit_registered)
		before_shmem_exit(leave_at_exit, (Datum) 0);
	exit_registered = true;
	LWLockAcquire(&board->shared.lock, LW_EXCLUSIVE);
	for (int i = 0; i < PLACES && mine == NULL; i++)
		if (board->places[i].pid == 0)
			mine = &board->places[i];
	if (mine != NULL)
	{
		memset(mine, 0, sizeof(*mine));
		mine->pid = MyProcPid;
		mine->database = MyDatabaseId;
		mine->job_id = job_id;
		mine->started_at = mine->phase_started_at = now;
		strlcpy(mine->phase, phase, sizeof(mine->phase));
	}
	LWLockRelease(&board->shared.lock);
}

void
gtl_progress_begin_worker(int64 job_id, const char *name)
{
	subject = MemoryContextStrdup(TopMemoryContext, name);
	pgstat_report_appname(subject);
	gtl_progress_begin(job_id, "starting");
	gtl_progress_phase("starting");
}

static void
tell_activity(const char *phase, int64 done, int64 total)
{
	char		text[NAMEDATALEN * 2 + GTL_PROGRESS_PHASE + 64];

	if (total > 0)
		snprintf(text, sizeof(text), "%s: %s, " INT64_FORMAT " of " INT64_FORMAT, subject, phase, done, total);
	else
		snprintf(text, sizeof(text), "%s: %s", subject, phase);
	pgstat_report_activity(STATE_RUNNING, text);
}

void
gtl_progress_phase(const char *phase)
{
	gtl_progress_update(phase, 0, 0);
}

void
gtl_progress_update(const char *phase, int64 done, int64 total)
{
	TimestampTz now;
	bool		is_new = true;

	if (mine == NULL && subject == NULL)
		return;
	now = GetCurrentTimestamp();
	if (mine != NULL)
	{
		is_new = strcmp(mine->phase, phase) != 0;	/* nobody else writes it */
		LWLockAcquire(&board->shared.lock, LW_EXCLUSIVE);
		if (is_new || done < mine->done)
			mine->phase_started_at = now;
		strlcpy(mine->phase, phase, sizeof(mine->phase));
		mine->done = done;
		mine->total = total;
		LWLockRelease(&board->shared.lock);
	}
	if (subject != NULL && (is_new || TimestampDifferenceExceeds(told_at, now, ACTIVITY_MILLISECONDS)))
	{
		told_at = now;
		tell_activity(phase, done, total);
	}
}

GtlProgress *
gtl_progress_read(int *count)
{
	GtlProgress *copy = palloc(sizeof(GtlProgress) * PLACES);

	attach_board();
	LWLockAcquire(&board->shared.lock, LW_SHARED);
	memcpy(copy, board->places, sizeof(GtlProgress) * PLACES);
	LWLockRelease(&board->shared.lock);
	*count = 0;
	for (int i = 0; i < PLACES; i++)
		if (copy[i].pid != 0 && copy[i].database == MyDatabaseId)
			copy[(*count)++] = copy[i];
	return copy;
}
