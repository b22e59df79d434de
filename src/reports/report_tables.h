/*
 * report_tables.h
 *		The tables of gt_report: each a section with its heading, or what to say
 *		where there is nothing to show yet.
 */
#ifndef GTL_REPORT_TABLES_H
#define GTL_REPORT_TABLES_H

#include "base/compat.h"
#include "lib/stringinfo.h"
#include "tables/job.h"
#include "tables/round.h"

extern void gtl_report_classes(StringInfo page, const GtlJob *job);
extern void gtl_report_annotators(StringInfo page, const GtlJob *job);
extern void gtl_report_certificates(StringInfo page, const GtlJob *job, const GtlRound *round);
extern void gtl_report_rounds(StringInfo page, const GtlJob *job);
extern void gtl_report_failures(StringInfo page, const GtlJob *job);
extern void gtl_report_remarks(StringInfo page, const GtlJob *job);
extern void gtl_report_events(StringInfo page, const GtlJob *job);

/* Opens a section; its end is </section>.  Both texts are our own. */
extern void gtl_report_section(StringInfo page, const char *title, const char *note);

#endif							/* GTL_REPORT_TABLES_H */
