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

/* What is promised and on what ground, for somebody who was not there; NULL: no machine label rests on a promise. */
extern char *gtl_explain_certificate(const GtlJob *job);

#endif							/* GTL_EXPLAIN_JOB_H */
