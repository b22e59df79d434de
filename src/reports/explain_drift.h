/*
 * explain_drift.h
 *		What is known of drift, in reports.
 */
#ifndef GTL_EXPLAIN_DRIFT_H
#define GTL_EXPLAIN_DRIFT_H

#include "reports/report.h"
#include "tables/job.h"

/* A row for gt_explain_job, unless nothing is known. */
extern void gtl_explain_drift(const GtlJob *job, GtlReport *report);

/* The same for gt_explain_object, if an alarm keeps the object from the machine. */
extern void gtl_explain_drift_object(const GtlJob *job, int32 object_no, GtlReport *report);

#endif							/* GTL_EXPLAIN_DRIFT_H */
