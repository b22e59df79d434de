/*
 * neighbour_renewal.h
 *		A new map of neighbours for a job that has one, from all rows that are there now.
 *
 * In three parts, for the middle one to run without a transaction: what is read survives a rollback, and so does what is
 * computed.  Everything is in the memory context that is current in the first part.
 */
#ifndef GTL_NEIGHBOUR_RENEWAL_H
#define GTL_NEIGHBOUR_RENEWAL_H

#include "base/compat.h"
#include "learning/env.h"
#include "tables/job.h"

typedef struct GtlNeighbourRenewal GtlNeighbourRenewal;

/* Reads the features of all rows, into memory or a temporary file. */
extern GtlNeighbourRenewal *gtl_neighbour_renewal_load(const GtlJob *job, const GtlEnv *env);

/* The map and the columns of the rows.  Uses no table. */
extern void gtl_neighbour_renewal_compute(GtlNeighbourRenewal *renewal);

/* Has the job the same map as when its rows were read, and all of these rows? */
extern bool gtl_neighbour_renewal_holds(const GtlNeighbourRenewal *renewal, const GtlJob *job);

/*
 * Puts the new columns in the place of those that the job has, and sets its fields, for the caller to write; rows that
 * have joined meanwhile have columns by the new map too.  If there is none, only notes why.  The job's row is locked.
 */
extern void gtl_neighbour_renewal_write(const GtlNeighbourRenewal *renewal, GtlJob *job);

/* Why there is no new map, in words; NULL: there is one. */
extern const char *gtl_neighbour_renewal_reason(const GtlNeighbourRenewal *renewal);

/* Of how many rows it is; *later: so many joined after those that the map before knew. */
extern int64 gtl_neighbour_renewal_rows(const GtlNeighbourRenewal *renewal, int64 *later);

#endif							/* GTL_NEIGHBOUR_RENEWAL_H */
