/*
 * object_history.h
 *		In which rounds an object was labeled by machine, changed or withdrawn.
 */
#ifndef GTL_OBJECT_HISTORY_H
#define GTL_OBJECT_HISTORY_H

#include "base/compat.h"
#include "reports/report.h"
#include "tables/job.h"

extern void gtl_object_history(GtlReport *report, const GtlJob *job, int32 object_no);

#endif							/* GTL_OBJECT_HISTORY_H */
