/*
 * start.c
 *		Asking for workers.
 *
 * A session that may have completed a batch asks for a worker; it is registered from a
 * commit callback, when the answers are visible to it, or when the transaction is
 * prepared for a two-phase commit, unless a worker is on its way already (request.h).
 * What a crash or a lack of worker slots leaves undone, the launcher does.  Without a launcher the next session
 * does that waits for the job, or asks for tasks and gets none.
 */
#include "background/worker.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "background/request.h"
#include "background/worker_slots.h"
#include "base/lock.h"
#include "base/settings.h"
#include "catalog/pg_authid.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "steps/due.h"
#include "tables/step.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* How often a session asks for a worker because of steps that somebody has left undone. */
#define PICK_UP_MILLISECONDS 2000

/* Workers to start at commit; in TopTransactionContext. */
typedef struct PendingWorker
{
	struct PendingWorker *next;
	GtlWorkerArgument argument;
	char		job_name[NAMEDATALEN];
} PendingWorker;

static PendingWorker *pending = NULL;

/* May the owner log in, and connect to this database? */
static bool
can_connect(Oid role)
{
	HeapTuple	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	bool		result = false;

	if (HeapTupleIsValid(tuple))
	{
		result = ((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin &&
			GTL_COMPAT_DATABASE_ACLCHECK(MyDatabaseId, role, ACL_CONNECT) == ACLCHECK_OK;
		ReleaseSysCache(tuple);
	}
	return result;
}

void
gtl_worker_argument(GtlWorkerArgument *argument, int64 job_id, Oid owner)
{
	memset(argument, 0, sizeof(*argument));
	argument->database = MyDatabaseId;
	argument->owner = owner;
	argument->job_id = job_id;
	argument->owner_can_connect = can_connect(owner);
}

static void
fill_request(PendingWorker *worker, const GtlJob *job)
{
	gtl_request_attach();
	memset(worker, 0, sizeof(*worker));
	gtl_worker_argument(&worker->argument, job->job_id, job->owner);
	strlcpy(worker->job_name, job->name, 1 + pg_mbcliplen(job->name, (int) strlen(job->name), NAMEDATALEN - 1));
}

void
gtl_worker_launch_at_commit(const GtlJob *job)
{
	PendingWorker *worker;

	if (!gtl_setting_background || RecoveryInProgress() || !OidIsValid(job->owner))
		return;					/* without an owner there is nobody whose rights it could have */
	for (worker = pending; worker != NULL; worker = worker->next)
		if (worker->argument.job_id == job->job_id)
			return;
	worker = MemoryContextAlloc(TopTransactionContext, sizeof(PendingWorker));
	fill_request(worker, job);
	worker->next = pending;
	pending = worker;
}

GtlWorkerStart
gtl_worker_start(const GtlWorkerArgument *argument, const char *job_name, BackgroundWorkerHandle **handle)
{
	BackgroundWorker worker;

	if (!gtl_request_enter(argument->database, argument->job_id))
		return GTL_WORKER_ON_ITS_WAY;
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_notify_pid = handle != NULL ? MyProcPid : 0;
	strlcpy(worker.bgw_library_name, "gtlabel", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "gtl_worker_main", sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "gtlabel job %s", job_name);
	strlcpy(worker.bgw_type, "gtlabel worker", sizeof(worker.bgw_type));
	memcpy(worker.bgw_extra, argument, sizeof(*argument));
	if (RegisterDynamicBackgroundWorker(&worker, handle))
		return GTL_WORKER_STARTED;
	gtl_request_leave(argument->database, argument->job_id);
	return GTL_WORKER_NO_SLOT;
}

/*
 * Runs after the commit, when an error would be a PANIC: so the message does not hold the
 * job's name, which the client's encoding may lack characters for.
 */
static void
start_pending(const PendingWorker *request)
{
	if (gtl_worker_start(&request->argument, request->job_name, NULL) != GTL_WORKER_NO_SLOT)
		return;
	if (gtl_slots_ask_launcher(request->argument.database))
		return;					/* it looks again until there is a slot, and warns */
	ereport(WARNING,
			(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
			 errmsg("no background worker is free for labeling job " INT64_FORMAT, request->argument.job_id),
			 errhint("Call gt_advance_job to do its steps in this session, or increase max_worker_processes.")));
}

void
gtl_worker_pick_up(const GtlJob *job, bool at_once)
{
	static TimestampTz last_time = 0;
	TimestampTz now = GetCurrentTimestamp();
	PendingWorker worker;

	if (!gtl_setting_background || RecoveryInProgress() || !OidIsValid(job->owner) ||
		!TimestampDifferenceExceeds(last_time, now, PICK_UP_MILLISECONDS) ||
		!gtl_due_seems(job) || !gtl_lock_is_free(GTL_LOCK_STEPS, job->job_id) || gtl_step_waits(job->job_id))
		return;					/* (a worker registered on a standby would keep its place until the promotion) */
	last_time = now;
	if (!at_once)
	{
		gtl_worker_launch_at_commit(job);
		return;
	}
	fill_request(&worker, job);
	start_pending(&worker);
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
		for (PendingWorker *worker = pending; worker != NULL; worker = worker->next)
			start_pending(worker);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		pending = NULL;			/* the memory goes with the transaction */
}

void
gtl_worker_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
}
