/*
 * promise_audit.h
 *		The audit that a promise with a proof rests on, in a live job: people are asked about
 *		machine labels drawn from exactly those that will stand (learning/audit.h).
 *
 * A round begins it; then it is one step after another (gtl_due) until the labels stand or are
 * withdrawn.  Not to be confused with audit.h, the check of a share of the labels at the end of other jobs.
 */
#ifndef GTL_PROMISE_AUDIT_H
#define GTL_PROMISE_AUDIT_H

#include "base/compat.h"
#include "learning/engine.h"
#include "tables/audit.h"
#include "tables/job.h"

/* The round's labels, one for each object of its pool, are to be checked. */
extern void gtl_promise_audit_begin(const GtlJob *job, int32 round_no, const GtlAuditSetup *setup,
									const GtlEngineRound *decided, const GtlEnv *env);

extern bool gtl_promise_audit_is_open(const GtlJob *job);

/* Counts the answers that have come; then issues the next batch, or ends the audit. */
extern void gtl_promise_audit_step(GtlJob *job);

/*
 * Ends an open audit early, because the job stops, its labels are withdrawn or its settings are those of another
 * audit.  judge: by the evidence as it is.  Labels that it has not passed go.
 */
extern void gtl_promise_audit_end(GtlJob *job, bool judge, const char *why);

/* Writes the job and the event of an audit that is over.  labels: what kind of them were withdrawn; why NULL: its evidence decided. */
extern void gtl_promise_audit_over(GtlJob *job, const GtlAuditRecord *record, int withdrawn, const char *labels, const char *why);

/* What an audit has shown, in one sentence for those who were not there. */
extern char *gtl_promise_audit_sentence(const GtlJob *job, const GtlAuditRecord *record);

#endif							/* GTL_PROMISE_AUDIT_H */
