/*
 * far.h
 *		Datasets with rows on other servers: their partitions, and queries whose errors name the servers.
 */
#ifndef GTL_FAR_H
#define GTL_FAR_H

#include "base/compat.h"
#include "base/query.h"
#include "data/far_watch.h"
#include "nodes/pg_list.h"
#include "tables/job.h"

/* The relations that hold the rows: the partitions of a partitioned table, else the relation itself. */
extern List *gtl_far_leaves(Oid relation);

/* Is one of them on another server? */
extern bool gtl_far_is(Oid relation);

/* Errors until gtl_far_watch_end name the dataset, and the server that was asked. */
extern void gtl_far_begin(GtlFarWatch *watch, const GtlJob *job);

/* gtl_query_run_as over the job's dataset; an error names it, and the server that was asked. */
extern uint64 gtl_far_run_as(GtlResult *result, const GtlJob *job, Oid role, const char *sql, int nargs,
							 const Oid *types, const Datum *values);

#endif							/* GTL_FAR_H */
