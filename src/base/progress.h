/*
 * progress.h
 *		How far running work is: what gt_progress shows of workers, and of sessions that
 *		take a snapshot, train, advance or simulate.
 */
#ifndef GTL_PROGRESS_H
#define GTL_PROGRESS_H

#include "base/compat.h"
#include "datatype/timestamp.h"

#define GTL_PROGRESS_PHASE 64

typedef struct GtlProgress
{
	int			pid;			/* 0: the place is free */
	Oid			database;
	int64		job_id;			/* 0: work outside of any job */
	TimestampTz started_at;
	char		phase[GTL_PROGRESS_PHASE];
	TimestampTz phase_started_at;
	int64		done;			/* of the phase */
	int64		total;			/* 0: unknown */
} GtlProgress;

/* Makes room in shared memory while the server starts; from _PG_init. */
extern void gtl_progress_init(void);

/* This session's work, until the end of its transaction. */
extern void gtl_progress_begin(int64 job_id, const char *phase);

/* A worker's work, until its end; pg_stat_activity shows `subject` and the phase too. */
extern void gtl_progress_begin_worker(int64 job_id, const char *subject);

/* Both do nothing without a begin, and cannot fail. */
extern void gtl_progress_phase(const char *phase);
extern void gtl_progress_update(const char *phase, int64 done, int64 total);

/* A copy of the places in use in this database, in the current memory context; *count is how many. */
extern GtlProgress *gtl_progress_read(int *count);

#endif							/* GTL_PROGRESS_H */
