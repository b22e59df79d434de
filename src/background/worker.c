/*
 * worker.c
 *		Background workers: one does the due steps of one job, and ends.
 *
 * Whoever may have completed a batch asks for a worker; it is registered from a
 * commit callback, when the answers are visible to it, or when the transaction is
 * prepared for a two-phase commit, unless a worker is on its way already (request.h).
 * The worker first waits for answers that are in flight (GTL_LOCK_ANSWERS, see task.h
 * and lock.h), so the last of several simultaneous answers is never overlooked; then it
 * holds GTL_LOCK_STEPS for the session and does what is due.  A worker that finds
 * nothing to do costs a few milliseconds.
 * What a crash or a lack of worker slots leaves undone is picked up by the next
 * annotator who asks for tasks in vain.
 *
 * It runs as the job's owner.  An owner who may not log in cannot be
 * connected as, so then the worker connects as the bootstrap superuser and switches
 * in each transaction; either way no step runs with more rights than the owner's.
 */
#include "background/worker.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "background/request.h"
#include "base/lock.h"
#include "base/settings.h"
#include "catalog/event.h"
#include "catalog/pg_authid.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "steps/advance.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* How often a session asks for a worker because of steps that somebody has left undone. */
#define PICK_UP_MILLISECONDS 2000

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

static void
fill_request(PendingWorker *worker, const GtlJob *job)
{
	gtl_request_attach();
	memset(worker, 0, sizeof(*worker));
	worker->argument.database = MyDatabaseId;
	worker->argument.owner = job->owner;
	worker->argument.job_id = job->job_id;
	worker->argument.owner_can_login = can_login(job->owner);
	strlcpy(worker->job_name, job->name, 1 + pg_mbcliplen(job->name, (int) strlen(job->name), NAMEDATALEN - 1));
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
	worker = MemoryContextAlloc(TopTransactionContext, sizeof(PendingWorker));
	fill_request(worker, job);
	worker->next = pending;
	pending = worker;
}

/*
 * Runs after the commit, when an error would be a PANIC: so the message does not hold the
 * job's name, which the client's encoding may lack characters for.
 */
static void
start_worker(const PendingWorker *request)
{
	const WorkerArgument *argument = &request->argument;
	BackgroundWorker worker;

	if (!gtl_request_enter(argument->database, argument->job_id))
		return;
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "gtlabel", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "gtl_worker_main", sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "gtlabel job %s", request->job_name);
	strlcpy(worker.bgw_type, "gtlabel worker", sizeof(worker.bgw_type));
	memcpy(worker.bgw_extra, argument, sizeof(*argument));
	if (RegisterDynamicBackgroundWorker(&worker, NULL))
		return;
	gtl_request_leave(argument->database, argument->job_id);
	ereport(WARNING,
			(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
			 errmsg("no background worker is free for labeling job " INT64_FORMAT, argument->job_id),
			 errhint("Call gt_advance_job to do its steps in this session, or increase max_worker_processes.")));
}

void
gtl_worker_pick_up(const GtlJob *job, bool at_once)
{
	static TimestampTz last_time = 0;
	TimestampTz now = GetCurrentTimestamp();
	PendingWorker worker;

	if (!gtl_setting_background ||
		!TimestampDifferenceExceeds(last_time, now, PICK_UP_MILLISECONDS) ||
		!gtl_advance_due(job) || !gtl_lock_is_free(GTL_LOCK_STEPS, job->job_id))
		return;
	last_time = now;
	if (!at_once)
	{
		gtl_worker_launch_at_commit(job);
		return;
	}
	fill_request(&worker, job);
	start_worker(&worker);
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
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

/* What the owner's role or the database set for interactive sessions must not stop the steps. */
static void
override_settings(void)
{
	static const char *const settings[][2] = {
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"default_transaction_deferrable", "off"},
		{"lock_timeout", "0"},
	};

	for (int i = 0; i < (int) lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
}

static void
leave_at_exit(int code, Datum argument)
{
	const WorkerArgument *left = (const WorkerArgument *) DatumGetPointer(argument);

	gtl_request_leave(left->database, left->job_id);
}

void
gtl_worker_main(Datum main_arg)
{
	static WorkerArgument argument;
	GtlTransaction transaction;

	memcpy(&argument, MyBgworkerEntry->bgw_extra, sizeof(argument));
	gtl_request_attach();
	gtl_request_adopt(argument.database, argument.job_id);
	before_shmem_exit(leave_at_exit, PointerGetDatum(&argument));
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(argument.database,
											  argument.owner_can_login ? argument.owner : InvalidOid, 0);
	pgstat_report_appname(MyBgworkerEntry->bgw_name);

	transaction.own = true;
	transaction.owner = argument.owner;
	transaction.context = AllocSetContextCreate(TopMemoryContext, "gtlabel worker", ALLOCSET_DEFAULT_SIZES);

	override_settings();

	/*
	 * One waits for answers in flight and for the steps that are being done, one
	 * behind it keeps its request standing, and no more than these come.
	 */
	gtl_transaction_resume(&transaction);
	pgstat_report_activity(STATE_RUNNING, MyBgworkerEntry->bgw_name);
	gtl_lock_acquire_session(GTL_LOCK_WORKER, argument.job_id, false);
	gtl_request_leave(argument.database, argument.job_id);
	gtl_lock_wait(GTL_LOCK_ANSWERS, argument.job_id);
	gtl_lock_acquire_session(GTL_LOCK_STEPS, argument.job_id, false);
	gtl_lock_release_session(GTL_LOCK_WORKER, argument.job_id, false);
	gtl_transaction_suspend(&transaction);

	gtl_transaction_resume(&transaction);
	gtl_advance(argument.job_id, &transaction);
	gtl_transaction_suspend(&transaction);
	gtl_lock_release_session(GTL_LOCK_STEPS, argument.job_id, false);
	proc_exit(0);
}
