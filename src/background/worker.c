/*
 * worker.c
 *		Background workers: one does the due steps of one job, and ends.
 *
 * Whoever may have completed a batch asks for a worker; it is registered from a
 * commit callback, when the answers are visible to it.  The worker first
 * waits for answers that are in flight (GTL_LOCK_ANSWERS, see task.h and lock.h),
 * so the last of several simultaneous answers is never overlooked; then it holds
 * GTL_LOCK_STEPS for the session and does what is due.  A worker that finds nothing
 * to do costs a millisecond.
 *
 * It runs as the job's owner.  An owner who may not log in cannot be
 * connected as, so then the worker connects as the bootstrap superuser and switches
 * in each transaction; either way no step runs with more rights than the owner's.
 */
#include "background/worker.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "base/lock.h"
#include "base/settings.h"
#include "catalog/event.h"
#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "steps/advance.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

/* What a worker is told, by value in bgw_extra. */
typedef struct WorkerArgument
{
	Oid			database;
	Oid			owner;
	int64		job_id;
	bool		owner_can_login;
} WorkerArgument;

StaticAssertDecl(sizeof(WorkerArgument) <= BGW_EXTRALEN, "worker arguments fit into bgw_extra");

/* Workers to start at commit; in TopTransactionContext. */
typedef struct PendingWorker
{
	struct PendingWorker *next;
	WorkerArgument argument;
	char		job_name[NAMEDATALEN];
} PendingWorker;

static PendingWorker *pending = NULL;

static bool
can_login(Oid role)
{
	HeapTuple	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	bool		result = false;

	if (HeapTupleIsValid(tuple))
	{
		result = ((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin;
		ReleaseSysCache(tuple);
	}
	return result;
}

void
gtl_worker_launch_at_commit(const GtlJob *job)
{
	PendingWorker *worker;

	if (!gtl_setting_background)
		return;
	for (worker = pending; worker != NULL; worker = worker->next)
		if (worker->argument.job_id == job->job_id)
			return;
	worker = MemoryContextAllocZero(TopTransactionContext, sizeof(PendingWorker));
	worker->argument.database = MyDatabaseId;
	worker->argument.owner = job->owner;
	worker->argument.job_id = job->job_id;
	worker->argument.owner_can_login = can_login(job->owner);
	strlcpy(worker->job_name, job->name, sizeof(worker->job_name));
	worker->next = pending;
	pending = worker;
}

/* Runs after the commit: must not fail. */
static void
start_worker(const PendingWorker *request)
{
	BackgroundWorker worker;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "gtlabel", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "gtl_worker_main", sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "gtlabel job %s", request->job_name);
	strlcpy(worker.bgw_type, "gtlabel worker", sizeof(worker.bgw_type));
	memcpy(worker.bgw_extra, &request->argument, sizeof(request->argument));
	if (!RegisterDynamicBackgroundWorker(&worker, NULL))
		ereport(WARNING,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("no background worker is free for labeling job \"%s\"", request->job_name),
				 errhint("Call gt_advance_job to do its steps in this session, or increase max_worker_processes.")));
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT)
		for (PendingWorker *worker = pending; worker != NULL; worker = worker->next)
			start_worker(worker);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		pending = NULL;			/* the memory goes with the transaction */
}

void
gtl_worker_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
}

void
gtl_worker_main(Datum main_arg)
{
	WorkerArgument argument;
	GtlTransaction transaction;

	memcpy(&argument, MyBgworkerEntry->bgw_extra, sizeof(argument));
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(argument.database,
											  argument.owner_can_login ? argument.owner : InvalidOid, 0);
	pgstat_report_appname(MyBgworkerEntry->bgw_name);

	transaction.own = true;
	transaction.owner = argument.owner;
	transaction.context = AllocSetContextCreate(TopMemoryContext, "gtlabel worker", ALLOCSET_DEFAULT_SIZES);

	/* answers in flight come first */
	gtl_transaction_resume(&transaction);
	gtl_lock_acquire(GTL_LOCK_ANSWERS, argument.job_id, false);
	gtl_transaction_suspend(&transaction);

	gtl_transaction_resume(&transaction);
	pgstat_report_activity(STATE_RUNNING, MyBgworkerEntry->bgw_name);
	gtl_lock_acquire_session(GTL_LOCK_STEPS, argument.job_id, false);
	gtl_advance(argument.job_id, &transaction);
	gtl_transaction_suspend(&transaction);
	gtl_lock_release_session(GTL_LOCK_STEPS, argument.job_id, false);
	proc_exit(0);
}
