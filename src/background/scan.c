/*
 * scan.c
 *		Looks for jobs with a step due in one database, for the launcher.
 *
 * A process can be connected to one database in its life, so each look is a process of
 * some milliseconds.  It waits for no lock longer than a second: somebody may just be
 * dropping the extension.  What it finds goes to the launcher through hub.h.
 */
#include "background/launcher.h"

#include "access/xact.h"
#include "background/hub.h"
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

	gtl_worker_argument(argument, job->job_id, job->owner);
	argument->from_launcher = true;
	if (job->attempts > 0)
		argument->owner_can_connect = false;
	strlcpy(name, job->name, 1 + pg_mbcliplen(job->name, (int) strlen(job->name), NAMEDATALEN - 1));
	gtl_step_attempt(job->job_id, gtl_outcome_delay(Min(job->attempts + 1, MAX_ATTEMPT_DELAYS)));
	result->count++;
}

static void
scan(GtlScanResult *result)
{
	GtlDueJob  *jobs;
	int			count = gtl_step_candidates(&jobs);

	for (int i = 0; i < count; i++)
	{
		GtlJob	   *job = gtl_job_get(jobs[i].job_id);

		if (job == NULL || !gtl_due_seems(job) || !gtl_lock_is_free(GTL_LOCK_STEPS, job->job_id))
			continue;
		if (result->count >= Min(result->wanted, GTL_SCAN_JOBS))
		{
			result->more = true;
			break;
		}
		report_job(result, &jobs[i]);
	}
}

void
gtl_scan_main(Datum main_arg)
{
	GtlScanResult *result = gtl_hub_scan_result();
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
			scan(result);
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	result->state = state;
	proc_exit(0);
}
