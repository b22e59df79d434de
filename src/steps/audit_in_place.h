/*
 * audit_in_place.h
 *		The audit of a job in place: of the machine labels of rows that are elsewhere.
 *
 * promise_audit.h begins, goes on with and ends audits; of jobs in place this does it.
 */
#ifndef GTL_AUDIT_IN_PLACE_H
#define GTL_AUDIT_IN_PLACE_H

#include "base/compat.h"
#include "learning/engine.h"
#include "tables/audit.h"
#include "tables/job.h"

/* The guess for all labels, from what the round says of the sample. */
extern GtlAuditGuess gtl_audit_in_place_guess(const GtlAuditSetup *setup, const GtlEngineRound *decided);

/* Fixes the labels if they are not fixed yet; counts answers; then issues a batch of at most `most` draws, or ends. */
extern void gtl_audit_in_place_step(GtlJob *job, int64 most);

/* Ends an open audit; judge: by the evidence as it is. */
extern void gtl_audit_in_place_end(GtlJob *job, bool judge, const char *why);

/* Has an audit of the job passed?  Then nothing is left to do: rows below its margin get no label. */
extern bool gtl_audit_in_place_passed(const GtlJob *job);

/* What an audit that is over shows on the answers of its objects as they are now. */
extern void gtl_audit_in_place_now(const GtlAuditRecord *record, const GtlAuditObjects *objects, GtlAuditFigures *figures);

#endif							/* GTL_AUDIT_IN_PLACE_H */
