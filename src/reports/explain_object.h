/*
 * explain_object.h
 *		What happened to one object: for gt_explain_object.
 */
#ifndef GTL_EXPLAIN_OBJECT_H
#define GTL_EXPLAIN_OBJECT_H

#include "reports/report.h"
#include "tables/job.h"

/* Begins the report and adds its rows, without advice; error if the job has no object of that key. */
extern void gtl_explain_object(const GtlJob *job, const char *key, GtlReport *report);

#endif							/* GTL_EXPLAIN_OBJECT_H */
