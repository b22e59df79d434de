/*
 * hub.h
 *		Shared memory through which the launcher, its scans, workers and sessions talk; there
 *		only if the library is preloaded.  Everything works without, except the launcher.
 */
#ifndef GTL_HUB_H
#define GTL_HUB_H

#include "background/worker.h"
#include "base/compat.h"

#define GTL_SCAN_JOBS 32

typedef enum GtlScanState
{
	GTL_SCAN_FAILED,			/* set by the launcher before the scan; stays so unless it ends well */
	GTL_SCAN_NO_EXTENSION,
	GTL_SCAN_DONE
} GtlScanState;

/* What a scan of a database has found; written by the scan, read by the launcher after its end. */
typedef struct GtlScanResult
{
	GtlScanState state;
	int			wanted;			/* by the launcher: jobs at most */
	int			count;
	bool		more;			/* than count */
	GtlWorkerArgument jobs[GTL_SCAN_JOBS];
	char		job_names[GTL_SCAN_JOBS][NAMEDATALEN];
} GtlScanResult;

/* Makes room while the server starts; from _PG_init. */
extern void gtl_hub_init(void);

/* Is there a launcher? */
extern bool gtl_hub_has_launcher(void);

/* By the launcher: it runs now, until its exit. */
extern void gtl_hub_set_launcher(void);

/* Has the launcher look at a database soon.  False: there is none.  Cannot fail. */
extern bool gtl_hub_ask(Oid database);

/* By the launcher: the next database that somebody asked for, InvalidOid if there is none. */
extern Oid	gtl_hub_next_asked(void);

/*
 * A worker begins, until its exit.  False: gtlabel.max_workers are at work already, and the
 * launcher looks at the database once one of them has ended.
 */
extern bool gtl_hub_enter_worker(Oid database, bool from_launcher);
extern int	gtl_hub_workers(void);

/* Workers that the launcher has started and that have come so far. */
extern uint32 gtl_hub_arrivals(void);

/* There is one scan at a time; NULL without preload. */
extern GtlScanResult *gtl_hub_scan_result(void);

#endif							/* GTL_HUB_H */
