/*
 * scan.c
 *		Looks for jobs with a step due in one database, for the launcher.
 *
 * A process can be connected to one database in its life, so each scan is a process of
 * some milliseconds.  It waits for no lock longer than a second: somebody may just be
 * dropping the extension.  What it finds goes to the launcher through worker_slots.h.
 */
#include "background/launcher.h"

#include "access/xact.h"
#include "background/worker_slots.h"
#include "background/outcome.h"
#include "base/lock.h"
#include "base/settings.h"
#include "commands/extension.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "steps/due.h"
#include "storage/ipc.h"
#include "tables/step.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#define LOCK_TIMEOUT "1s"

/* The delay between workers that do not come grows so many times. */
#define MAX_ATTEMPT_DELAYS 2

/* Should the worker not come, the next attempt connects as the bootstrap superuser. */
static void
report_job(GtlScanResult *result, const GtlDueJob *job)
{
	GtlWorkerArgument *argument = &result->jobs[result->count];
	char	   *name = result->job_names[result->count];

	if (!gtl_step_attempt(job->job_id, gtl_outcome_delay(Min(job->attempts + 1, MAX_ATTEMPT_DELAYS))))
		return;
	gtl_worker_argument(argument, job->job_id, job->owner);
	argument->from_launcher = true;
	if (job->attempts > 0)
		argument->owner_can_connect = false;
	strlcpy(name, job->name, 1 + pg_mbcliplen(job->name, (int) strlen(job->name), NAMEDATALEN - 1));
	result->count++;
}

/* Would there be a place for it beside those that are reported already? */
static bool
has_place(const GtlScanResult *result, Oid owner)
{
	int			of_owner = 0;

	for (int i = 0; i < result->count; i++)
		of_owner += result->jobs[i].owner == owner;
	return result->count < GTL_SCAN_JOBS && gtl_slots_may_begin(owner, result->count, of_owner);
}

static bool
is_due(int64 job_id)
{
	GtlJob	   *job = gtl_job_get(job_id);

	return job != NULL && gtl_due_seems(job) && gtl_lock_is_free(GTL_LOCK_STEPS, job_id);
}

static void
scan_jobs(GtlScanResult *result)
{
	GtlDueJob  *jobs;
	int			count = gtl_step_candidates(&jobs);

	for (int i = 0; i < count; i++)
	{
		if (!has_place(result, jobs[i].owner))
			result->more = true;
		else if (is_due(jobs[i].job_id))
			report_job(result, &jobs[i]);
	}
}

void
gtl_scan_main(Datum main_arg)
{
	GtlScanResult *result = gtl_slots_scan_result();
	Oid			database = DatumGetObjectId(main_arg);
	GtlScanState state = GTL_SCAN_NO_EXTENSION;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	pgstat_report_appname(MyBgworkerEntry->bgw_name);
	SetConfigOption("lock_timeout", LOCK_TIMEOUT, PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("default_transaction_read_only", "off", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("default_transaction_isolation", "read committed", PGC_SUSET, PGC_S_OVERRIDE);

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	pgstat_report_activity(STATE_RUNNING, MyBgworkerEntry->bgw_name);
	if (OidIsValid(get_extension_oid("gtlabel", true)))
	{
		state = GTL_SCAN_DONE;
		if (gtl_setting_background) /* the database may have its own */
			scan_jobs(result);
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	result->state = state;
	proc_exit(0);
}
