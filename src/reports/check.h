/*
 * check.h
 *		What is misconfigured, stuck or damaged: for gt_check.
 */
#ifndef GTL_CHECK_H
#define GTL_CHECK_H

#include "base/compat.h"
#include "base/query.h"
#include "nodes/execnodes.h"

/* What is being found. */
typedef struct GtlCheck
{
	Tuplestorestate *rows;
	TupleDesc	desc;
} GtlCheck;

extern void gtl_check_add(GtlCheck *check, const char *severity, const char *subject, const char *finding, const char *remedy);

/* Adds what a query finds that returns these four as columns. */
extern void gtl_check_add_found(GtlCheck *check, GtlStatement *statement, const Datum *values);

/* Of the jobs j that the caller ($1) may know. */
#define GTL_CHECK_MINE "pg_has_role($1, j.owner::oid, 'MEMBER')"

/* Jobs that follow their dataset: is everything noted, and known? (check_rows.c) */
extern void gtl_check_rows(GtlCheck *check);

/* What jobs hold that are large. */
extern void gtl_check_sizes(GtlCheck *check);

/* Adds a row (severity, subject, finding, remedy) for each finding to the result set. */
extern void gtl_check(ReturnSetInfo *rsinfo);

#endif							/* GTL_CHECK_H */
