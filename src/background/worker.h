/*
 * worker.h
 *		Background workers: one does the due steps of one job, and ends.
 */
#ifndef GTL_WORKER_H
#define GTL_WORKER_H

#include "base/compat.h"
#include "postmaster/bgworker.h"
#include "tables/job.h"

/* What a worker is told, by value in bgw_extra. */
typedef struct GtlWorkerArgument
{
	Oid			database;
	Oid			owner;
	int64		job_id;
	bool		owner_can_connect;
	bool		from_launcher;	/* which has counted the workers */
} GtlWorkerArgument;

StaticAssertDecl(sizeof(GtlWorkerArgument) <= BGW_EXTRALEN, "worker arguments fit into bgw_extra");

typedef enum GtlWorkerStart
{
	GTL_WORKER_STARTED,
	GTL_WORKER_ON_ITS_WAY,		/* another one, which will see what this one would */
	GTL_WORKER_NO_SLOT
} GtlWorkerStart;

/* For a job in this database; looks the owner up. */
extern void gtl_worker_argument(GtlWorkerArgument *argument, int64 job_id, Oid owner);

/* Registers a worker; cannot fail otherwise.  gtl_request_attach comes first.  handle may be NULL. */
extern GtlWorkerStart gtl_worker_start(const GtlWorkerArgument *argument, const char *job_name,
									   BackgroundWorkerHandle **handle);

/*
 * Starts a worker for the job when the current transaction has committed (and not
 * if it does not), unless gtlabel.background is off.  Without a free worker
 * slot: a WARNING; gt_advance_job does the step just as well.
 */
extern void gtl_worker_launch_at_commit(const GtlJob *job);

/*
 * Asks for a worker, at commit or at once, if steps of the job seem due that nobody does:
 * after a crash, or when there was no slot.  Once every few seconds in a session.
 */
extern void gtl_worker_pick_up(const GtlJob *job, bool at_once);

/* Registers the commit callback; from _PG_init. */
extern void gtl_worker_init(void);

extern PGDLLEXPORT void gtl_worker_main(Datum main_arg);

#endif							/* GTL_WORKER_H */
