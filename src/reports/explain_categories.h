/*
 * explain_categories.h
 *		Since when a job has its categories, in reports.
 */
#ifndef GTL_EXPLAIN_CATEGORIES_H
#define GTL_EXPLAIN_CATEGORIES_H

#include "reports/report.h"
#include "tables/job.h"

/* A row for gt_explain_job, if categories were added or merged: how many labels are older than that. */
extern void gtl_explain_categories(const GtlJob *job, GtlReport *report);

#endif							/* GTL_EXPLAIN_CATEGORIES_H */
