/*
 * report_page.h
 *		A job as one self-contained HTML page: for gt_report.
 */
#ifndef GTL_REPORT_PAGE_H
#define GTL_REPORT_PAGE_H

#include "base/compat.h"
#include "lib/stringinfo.h"
#include "tables/job.h"

/* The page, in the current memory context and the database's encoding. */
extern StringInfo gtl_report_page(GtlJob *job);

#endif							/* GTL_REPORT_PAGE_H */
