/*
 * audit.h
 *		People check a random share of the machine labels at the end of a job,
 *		without knowing that they do.
 */
#ifndef GTL_AUDIT_H
#define GTL_AUDIT_H

#include "base/compat.h"
#include "tables/job.h"

/* Does the job want an audit, has it machine labels, and was it not audited yet? */
extern bool gtl_audit_pending(const GtlJob *job);

/* The job was completed and goes on: another end comes, with another audit. */
extern void gtl_audit_reopen(GtlJob *job);

/* Issues the audit batch. */
extern void gtl_audit_issue(GtlJob *job);

/*
 * Compares people's labels (ascending object numbers) with the machine's, which they
 * are about to replace; sets the job's audit and takes the machine's labels off
 * its counter.
 */
extern void gtl_audit_compare(GtlJob *job, const int32 *objects, const int32 *classes, int count);

/* Is the promise kept, "broken" or "open", if this many labels of an audit are wrong? */
extern const char *gtl_audit_verdict(const GtlJob *job, int32 wrong, int32 count);
extern const char *gtl_audit_verdict_words(const char *verdict);

/* What came of it, in words; NULL: not audited. */
extern char *gtl_audit_finding(const GtlJob *job);

#endif							/* GTL_AUDIT_H */
