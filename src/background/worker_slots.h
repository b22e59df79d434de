/*
 * worker_slots.h
 *		Which workers run, in shared memory, and what the launcher is asked for; there only if the library is
 *		preloaded.  Everything works without, except the launcher.
 *
 * At most gtlabel.max_workers workers do steps at the same time, in all databases together.  One more may when all
 * of these are one owner's and it is another's: so nobody keeps the others from working.  Who only
 * waits for somebody's transaction does not count.
 */
#ifndef GTL_WORKER_SLOTS_H
#define GTL_WORKER_SLOTS_H

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
	int			count;
	bool		more;			/* than could have a worker now */
	GtlWorkerArgument jobs[GTL_SCAN_JOBS];
	char		job_names[GTL_SCAN_JOBS][NAMEDATALEN];
} GtlScanResult;

/* Makes room while the server starts; from _PG_init. */
extern void gtl_slots_init(void);

/* Is the library preloaded? */
extern bool gtl_slots_exist(void);

/* Does the launcher run? */
extern bool gtl_slots_have_launcher(void);

/* By the launcher: it runs now, until its exit. */
extern void gtl_slots_set_launcher(void);

/* Has the launcher look at a database soon.  False: there is none.  Cannot fail. */
extern bool gtl_slots_ask_launcher(Oid database);

/* By the launcher: the next database that somebody asked for, InvalidOid if there is none. */
extern Oid	gtl_slots_next_asked(void);

/*
 * A worker begins, until its exit.  False: no place is free for this owner, and the launcher looks at the
 * database once one is.
 */
extern bool gtl_slots_enter(const GtlWorkerArgument *argument);

/* This worker only waits now, and does not count among those that work. */
extern void gtl_slots_wait(void);

/* It goes on.  False: no place is free any more. */
extern bool gtl_slots_go_on(Oid database);

/* Could a worker for this owner begin, if so many others had begun, so many of them for the same owner? */
extern bool gtl_slots_may_begin(Oid owner, int others, int of_owner);

/* Is there a place, for anybody? */
extern bool gtl_slots_any_free(void);

/* Workers that the launcher has started and that have come so far; workers that have ended or gone to wait. */
extern uint32 gtl_slots_arrivals(void);
extern uint32 gtl_slots_departures(void);

/* There is one scan at a time; NULL without preload. */
extern GtlScanResult *gtl_slots_scan_result(void);

#endif							/* GTL_WORKER_SLOTS_H */
