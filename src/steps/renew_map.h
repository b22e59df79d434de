/*
 * renew_map.h
 *		The step that makes a new map of neighbours, and new columns for all rows, before a round.
 */
#ifndef GTL_RENEW_MAP_H
#define GTL_RENEW_MAP_H

#include "base/compat.h"
#include "steps/transaction.h"
#include "tables/job.h"

/*
 * Makes the map that is due.  Under an own transaction (see transaction.h) it holds neither a snapshot nor a transaction
 * while it computes.  The job is read anew before anything is written; if the step is not due any more, or rows have been
 * removed, the work is dropped.  Returns the job as written, NULL if it is gone.
 */
extern GtlJob *gtl_renew_map(GtlJob *job, GtlTransaction *transaction);

/*
 * The same in parts.  What is loaded survives a rollback of the (sub)transaction that loaded it, and computing needs none.
 * gtl_map_write takes the job with its row locked; it may be done again after a rollback.
 */
typedef struct GtlMapState GtlMapState;

extern GtlMapState *gtl_map_load(const GtlJob *job, GtlTransaction *transaction);
extern void gtl_map_compute(GtlMapState *state);

/* Is this map due for the job as it is now, and of its rows? */
extern bool gtl_map_holds(const GtlMapState *state, const GtlJob *job);
extern void gtl_map_write(const GtlMapState *state, GtlJob *job);
extern void gtl_map_end(GtlMapState *state);

#endif							/* GTL_RENEW_MAP_H */
