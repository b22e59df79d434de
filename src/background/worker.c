/*
 * worker.c
 *		Background workers: one does the due steps of one job, and ends.
 *
 * The worker first waits for answers that are in flight (GTL_LOCK_ANSWERS, see task.h
 * and lock.h), so the last of several simultaneous answers is never overlooked; then it
 * holds GTL_LOCK_STEPS for the session and does what is due.  A worker that finds
 * nothing to do costs a few milliseconds.
 *
 * It runs as the job's owner.  An owner who may not connect cannot be
 * connected as, so then the worker connects as the bootstrap superuser and switches
 * in each transaction; either way no step runs with more rights than the owner's.
 *
 * A step that fails is rolled back and recorded (outcome.h).  With a launcher the worker then
 * ends; without one it waits until the time to try again, holding no lock.
 *
 * SIGTERM cancels the step like SIGINT, so that it can be recorded: computing notices
 * within 50 ms (GtlEnv), everything else at the next CHECK_FOR_INTERRUPTS.
 */
#include "background/worker.h"

#include "access/xact.h"
#include "background/hub.h"
#include "background/outcome.h"
#include "background/request.h"
#include "base/lock.h"
#include "base/progress.h"
#include "base/settings.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "steps/advance.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tables/step.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

static GtlWorkerArgument argument;

/* What the owner's role or the database set for interactive sessions must not stop the steps. */
static void
override_settings(void)
{
	static const char *const settings[][2] = {
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"default_transaction_deferrable", "off"},
		GTL_COMPAT_TIMEOUTS,
	};

	for (int i = 0; i < (int) lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
}

static void
leave_at_exit(int code, Datum unused)
{
	gtl_request_leave(argument.database, argument.job_id);
}

/* SIGTERM: the step is canceled, and the worker knows why. */
static void
handle_sigterm(SIGNAL_ARGS)
{
	int			save_errno = errno;

	ShutdownRequestPending = true;
	QueryCancelPending = true;
	InterruptPending = true;
	SetLatch(MyLatch);
	errno = save_errno;
}

static void
set_up(void)
{
	memcpy(&argument, MyBgworkerEntry->bgw_extra, sizeof(argument));
	gtl_request_attach();
	gtl_request_adopt(argument.database, argument.job_id);
	before_shmem_exit(leave_at_exit, (Datum) 0);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	if (!gtl_hub_enter_worker(argument.database, argument.from_launcher))
		proc_exit(0);			/* too many: the launcher comes back to it */
	BackgroundWorkerInitializeConnectionByOid(argument.database,
											  argument.owner_can_connect ? argument.owner : InvalidOid, 0);
	pqsignal(SIGTERM, handle_sigterm);
	gtl_progress_begin_worker(argument.job_id, MyBgworkerEntry->bgw_name);
	override_settings();
}

/*
 * One waits for answers in flight and for the steps that are being done, one
 * behind it keeps its request facts, and no more than these come.
 */
static void
lock_steps(GtlTransaction *transaction)
{
	gtl_transaction_resume(transaction);
	gtl_progress_phase("waiting");
	gtl_lock_acquire_session(GTL_LOCK_WORKER, argument.job_id, false);
	gtl_request_leave(argument.database, argument.job_id);
	gtl_lock_wait(GTL_LOCK_ANSWERS, argument.job_id);
	gtl_lock_acquire_session(GTL_LOCK_STEPS, argument.job_id, false);
	gtl_lock_release_session(GTL_LOCK_WORKER, argument.job_id, false);
	gtl_transaction_suspend(transaction);
}

/* What a worker before this one left; returns when to go on. */
static TimestampTz
look_back(GtlTransaction *transaction)
{
	TimestampTz retry_at;

	gtl_transaction_resume(transaction);
	retry_at = gtl_outcome_after_crash(argument.job_id);
	gtl_transaction_suspend(transaction);
	return retry_at;
}

/* The failed transaction goes; what happened is recorded in a new one.  Returns when to try again. */
static TimestampTz
record_error(GtlTransaction *transaction)
{
	ErrorData  *error;
	TimestampTz retry_at;

	MemoryContextSwitchTo(transaction->context);
	HOLD_INTERRUPTS();
	error = CopyErrorData();
	if (!ShutdownRequestPending)
		EmitErrorReport();
	FlushErrorState();
	AbortCurrentTransaction();
	RESUME_INTERRUPTS();
	gtl_transaction_resume(transaction);
	retry_at = gtl_outcome_after_error(argument.job_id, error, ShutdownRequestPending);
	gtl_transaction_suspend(transaction);
	FreeErrorData(error);
	return retry_at;
}

/* Does what is due; returns when to try again, DT_NOEND if all is well or nothing helps. */
static TimestampTz
do_steps(GtlTransaction *transaction)
{
	volatile TimestampTz retry_at = DT_NOEND;

	PG_TRY();
	{
		gtl_transaction_resume(transaction);
		gtl_advance(argument.job_id, transaction);
		gtl_transaction_suspend(transaction);
	}
	PG_CATCH();
	{
		retry_at = record_error(transaction);
	}
	PG_END_TRY();
	MemoryContextReset(transaction->context);
	return retry_at;
}

/* False: told to end. */
static bool
wait_until(TimestampTz retry_at)
{
	gtl_progress_phase("waiting to try again");
	for (;;)
	{
		long		milliseconds = TimestampDifferenceMilliseconds(gtl_clock_now(), retry_at);

		if (ShutdownRequestPending)
			return false;
		if (milliseconds <= 0)
			return true;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		QueryCancelPending = false; /* nothing to cancel: it may as well try */
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
	}
}

/* Somebody else goes on where a terminated worker has stopped, unless the server goes down. */
static void
hand_over(void)
{
	if (!gtl_hub_ask(argument.database))
		(void) gtl_worker_start(&argument, MyBgworkerEntry->bgw_name + strlen("gtlabel job "), NULL);
}

void
gtl_worker_main(Datum main_arg)
{
	GtlTransaction transaction;
	TimestampTz retry_at;

	set_up();
	transaction.own = true;
	transaction.owner = argument.owner;
	transaction.context = AllocSetContextCreate(TopMemoryContext, "gtlabel worker", ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		lock_steps(&transaction);
		retry_at = look_back(&transaction);
		if (retry_at <= gtl_clock_now())
			retry_at = do_steps(&transaction);
		else
			retry_at = DT_NOEND;	/* whoever failed waits, or the launcher comes back */
		gtl_lock_release_session(GTL_LOCK_STEPS, argument.job_id, false);
		if (ShutdownRequestPending)
			hand_over();
		if (ShutdownRequestPending || retry_at == DT_NOEND || gtl_hub_has_launcher() || !wait_until(retry_at))
			break;
	}
	proc_exit(0);
}
