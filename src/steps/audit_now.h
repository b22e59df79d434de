/*
 * audit_now.h
 *		What audits that are over would show on the answers as they are now.
 *
 * An audit stays a record of what was known when it ended.  Answers that it has counted can be revised, taken back or
 * excluded later, and labels that it has passed can be decided by the owner.
 */
#ifndef GTL_AUDIT_NOW_H
#define GTL_AUDIT_NOW_H

#include "base/compat.h"
#include "tables/audit.h"
#include "tables/job.h"

/* In words; NULL: nothing that this audit, which has passed, rests on has changed.  *broken: the promise is not shown any more. */
extern char *gtl_audit_now_promise(const GtlJob *job, const GtlAuditRecord *record, bool *broken);

/* The same of the check of a share of the labels (steps/audit.h). */
extern char *gtl_audit_now_share(const GtlJob *job, bool *broken);

#endif							/* GTL_AUDIT_NOW_H */
