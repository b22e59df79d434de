/*
 * explain_job.h
 *		Where a job stands, why nothing (or not more) was labeled by machine, and
 *		what to change: for gt_explain_job and gt_report.
 */
#ifndef GTL_EXPLAIN_JOB_H
#define GTL_EXPLAIN_JOB_H

#include "reports/job_facts.h"
#include "reports/report.h"

/* Begins the report and adds its rows. */
extern void gtl_explain_job(const GtlJob *job, const GtlJobFacts *facts, GtlReport *report);

/* " (provisional)", behind the number of machine labels; "": none of them is. */
extern const char *gtl_explain_provisional(const GtlJob *job, const GtlJobFacts *facts);

#endif							/* GTL_EXPLAIN_JOB_H */
