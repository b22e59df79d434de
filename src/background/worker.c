/*
 * worker.c
 *		Background workers: one does the due steps of one job, and ends.
 *
 * The worker holds GTL_LOCK_STEPS for the session, waits for answers that are in flight (GTL_LOCK_ANSWERS, see
 * task.h and lock.h), so the last of several simultaneous answers is never overlooked, and then does what is due.  A
 * worker that finds nothing to do costs a few milliseconds.
 *
 * It waits for nobody longer than GTL_WORKER_PATIENCE at a time, with no snapshot, and meanwhile does not count
 * among gtlabel.max_workers.  Then it lets go of its locks.  With a launcher it ends, and another one comes in some
 * seconds; without one it stays, and tries again in some seconds, for MOST_BUSY_SECONDS at the most.
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
#include "background/outcome.h"
#include "background/request.h"
#include "background/worker_slots.h"
#include "base/lock.h"
#include "base/progress.h"
#include "base/settings.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "steps/advance.h"
#include "steps/due.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tables/step.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* Without a launcher: whoever asks for tasks or waits for the job afterwards picks it up. */
#define MOST_BUSY_SECONDS 600

static GtlWorkerArgument argument;

/* SIGINT came during this attempt. */
static volatile sig_atomic_t cancel_asked = false;

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

/* SIGINT: not to be taken for the time limit of another server, which has the same SQLSTATE. */
static void
handle_sigint(SIGNAL_ARGS)
{
	cancel_asked = true;
	StatementCancelHandler(postgres_signal_arg);
}

static void
set_up(void)
{
	memcpy(&argument, MyBgworkerEntry->bgw_extra, sizeof(argument));
	gtl_request_attach();
	gtl_request_adopt(argument.database, argument.job_id);
	before_shmem_exit(leave_at_exit, (Datum) 0);
	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	if (!gtl_slots_enter(&argument))
		proc_exit(0);			/* too many: the launcher comes back to it */
	BackgroundWorkerInitializeConnectionByOid(argument.database,
											  argument.owner_can_connect ? argument.owner : InvalidOid, 0);
	pqsignal(SIGTERM, handle_sigterm);
	pqsignal(SIGINT, handle_sigint);
	gtl_progress_begin_worker(argument.job_id, MyBgworkerEntry->bgw_name);
	override_settings();
}

static void
reload_settings(void)
{
	if (!ConfigReloadPending)
		return;
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
}

/* The steps are somebody else's: until they are free.  False: not within the time. */
static bool
wait_for_steps(void)
{
	gtl_progress_phase("waiting");
	gtl_slots_wait();
	return gtl_lock_poll_session(GTL_LOCK_STEPS, argument.job_id, GTL_WORKER_PATIENCE);
}

/* Answers are in flight: until they are there.  False: not within the time. */
static bool
wait_for_answers(void)
{
	gtl_progress_phase("waiting");
	gtl_slots_wait();
	return gtl_lock_poll_holders(GTL_LOCK_ANSWERS, argument.job_id, GTL_WORKER_PATIENCE);
}

typedef enum Locks
{
	LOCKS_NONE,					/* another one does the steps, or no place is free any more */
	LOCKS_STEPS,				/* the steps are ours, but answers are in flight */
	LOCKS_ALL
} Locks;

/*
 * The request is kept until this worker has the lock of the steps, so that at most one worker of a job waits for that.  It
 * is given up before this worker looks for answers in flight: a session that answers later asks for another worker.
 */
static Locks
lock_steps(void)
{
	Locks		locks = LOCKS_NONE;

	StartTransactionCommand();
	if (gtl_lock_poll_session(GTL_LOCK_STEPS, argument.job_id, 0) || wait_for_steps())
	{
		locks = LOCKS_STEPS;
		gtl_request_leave(argument.database, argument.job_id);
		if (gtl_lock_poll_holders(GTL_LOCK_ANSWERS, argument.job_id, 0) || wait_for_answers())
			locks = gtl_slots_go_on(argument.database) ? LOCKS_ALL : LOCKS_NONE;
	}
	CommitTransactionCommand();
	return locks;
}

/* What a worker before this one left. */
static GtlOutcome
look_back(GtlTransaction *transaction)
{
	GtlOutcome	outcome;

	gtl_transaction_resume(transaction);
	outcome = gtl_outcome_after_crash(argument.job_id);
	gtl_transaction_suspend(transaction);
	return outcome;
}

static GtlOutcome
note_wait(GtlTransaction *transaction)
{
	GtlOutcome	outcome;

	gtl_transaction_resume(transaction);
	outcome = gtl_outcome_after_wait(argument.job_id);
	gtl_transaction_suspend(transaction);
	return outcome;
}

/* Does what is due. */
static GtlOutcome
do_steps(GtlTransaction *transaction)
{
	gtl_transaction_resume(transaction);
	gtl_advance(argument.job_id, transaction);
	gtl_transaction_suspend(transaction);
	return transaction->busy ? note_wait(transaction) : (GtlOutcome) {GTL_OUTCOME_DONE, 0};
}

/* The failed transaction goes, and with it what it holds; the steps stay ours if they were. */
static ErrorData *
roll_back(GtlTransaction *transaction)
{
	ErrorData  *error;

	MemoryContextSwitchTo(transaction->context);
	HOLD_INTERRUPTS();
	error = CopyErrorData();
	if (!ShutdownRequestPending)
		EmitErrorReport();
	FlushErrorState();
	if (transaction->locked_job != 0)
		gtl_lock_keep_session(GTL_LOCK_STEPS, transaction->locked_job);
	AbortCurrentTransaction();
	RESUME_INTERRUPTS();
	return error;
}

/* What happened is recorded in a new transaction, if the steps are ours. */
static GtlOutcome
record_error(GtlTransaction *transaction)
{
	ErrorData  *error = roll_back(transaction);
	GtlOutcome	outcome = gtl_outcome_busy();

	if (transaction->locked_job == 0)
		return outcome;
	gtl_transaction_resume(transaction);
	outcome = gtl_outcome_after_error(argument.job_id, error, ShutdownRequestPending, cancel_asked);
	gtl_transaction_suspend(transaction);
	return outcome;
}

/* With the locks that it takes: what is due, if it is time for it. */
static GtlOutcome
look_at_job(GtlTransaction *transaction)
{
	Locks		locks = lock_steps();
	GtlOutcome	outcome;

	if (locks == LOCKS_NONE)
		return gtl_outcome_busy();
	transaction->locked_job = argument.job_id;
	if (locks == LOCKS_STEPS)
		return note_wait(transaction);
	outcome = look_back(transaction);
	if (gtl_outcome_is_due(&outcome))
		return do_steps(transaction);
	return (GtlOutcome) {GTL_OUTCOME_DONE, 0};	/* whoever failed waits, or the launcher comes back */
}

/* False: told to end.  Meanwhile our request stands: nobody need come. */
static bool
wait_until(TimestampTz at, const char *phase)
{
	gtl_progress_phase(phase);
	(void) gtl_request_enter(argument.database, argument.job_id);
	gtl_request_adopt(argument.database, argument.job_id);
	for (;;)
	{
		long		milliseconds = TimestampDifferenceMilliseconds(gtl_clock_now(), at);

		if (ShutdownRequestPending)
			return false;
		if (milliseconds <= 0)
			return true;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		QueryCancelPending = false; /* nothing to cancel: it may as well try */
		reload_settings();
	}
}

/* People may take their last answers back (gtlabel.undo_grace) before the batch is closed.  False: told to end. */
static bool
wait_for_undo(GtlTransaction *transaction)
{
	for (;;)
	{
		GtlJob	   *job;
		TimestampTz until = DT_NOBEGIN;

		gtl_transaction_resume(transaction);
		job = gtl_job_get(argument.job_id);
		if (job != NULL)
			until = gtl_due_undo_until(job);
		gtl_transaction_suspend(transaction);
		MemoryContextReset(transaction->context);
		if (until <= gtl_clock_now())
			return true;
		gtl_slots_wait();
		if (!wait_until(until, "waiting for answers to be taken back"))
			return false;
	}
}

/* One attempt, after which no lock is held. */
static GtlOutcome
make_attempt(GtlTransaction *transaction)
{
	volatile GtlOutcome outcome = {GTL_OUTCOME_DONE, 0};

	reload_settings();
	cancel_asked = false;
	PG_TRY();
	{
		if (wait_for_undo(transaction))
			outcome = look_at_job(transaction);
	}
	PG_CATCH();
	{
		outcome = record_error(transaction);
	}
	PG_END_TRY();
	transaction->locked_job = 0;
	gtl_lock_release_session();
	MemoryContextReset(transaction->context);
	return outcome;
}

/* Somebody else goes on where a terminated worker has stopped, unless the server goes down. */
static void
hand_over(void)
{
	gtl_request_leave(argument.database, argument.job_id);
	if (!gtl_slots_ask_launcher(argument.database))
		(void) gtl_worker_start(&argument, MyBgworkerEntry->bgw_name + strlen("gtlabel job "), NULL);
}

/*
 * Without a launcher, which would start another worker when it is time: shall this one stay and try again?
 * *busy_since: since when it has met nothing but other people's transactions; 0: it has not.
 */
static bool
stays_for_retry(const GtlOutcome *outcome, TimestampTz *busy_since)
{
	TimestampTz now = GetCurrentTimestamp();

	if (ShutdownRequestPending || gtl_slots_have_launcher() ||
		(outcome->kind != GTL_OUTCOME_RETRY && outcome->kind != GTL_OUTCOME_BUSY))
		return false;
	if (outcome->kind == GTL_OUTCOME_RETRY)
		*busy_since = 0;
	else if (*busy_since == 0)
		*busy_since = now;
	else if (TimestampDifferenceExceeds(*busy_since, now, MOST_BUSY_SECONDS * 1000))
		return false;
	return wait_until(outcome->at, "waiting to try again");
}

void
gtl_worker_main(Datum main_arg)
{
	GtlTransaction transaction = {0};
	TimestampTz busy_since = 0;
	GtlOutcome	outcome;

	set_up();
	transaction.own = true;
	transaction.owner = argument.owner;
	transaction.context = AllocSetContextCreate(TopMemoryContext, "gtlabel worker", ALLOCSET_DEFAULT_SIZES);
	do
		outcome = make_attempt(&transaction);
	while (stays_for_retry(&outcome, &busy_since));
	if (ShutdownRequestPending)
		hand_over();
	proc_exit(0);
}
