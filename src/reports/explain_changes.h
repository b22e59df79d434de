/*
 * explain_changes.h
 *		What answers that have changed since do to what was shown: for gt_explain_job, gt_certificate and gt_report.
 */
#ifndef GTL_EXPLAIN_CHANGES_H
#define GTL_EXPLAIN_CHANGES_H

#include "reports/job_facts.h"
#include "reports/report.h"

/* Adds a row with this topic for each kind of evidence that rests on answers which are others by now. */
#define GTL_TOPIC_CHANGES "changed answers"

extern void gtl_explain_changes(const GtlJob *job, const GtlJobFacts *facts, GtlReport *report);

#endif							/* GTL_EXPLAIN_CHANGES_H */
