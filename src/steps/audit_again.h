/*
 * audit_again.h
 *		Audits of a promise made once more from what the tables keep of them.
 */
#ifndef GTL_AUDIT_AGAIN_H
#define GTL_AUDIT_AGAIN_H

#include "base/compat.h"
#include "tables/audit.h"
#include "tables/job.h"

/* The audit, told what it was told, to be judged by the record's promise; events: how many answers that were. */
extern GtlAudit *gtl_audit_make_again(const GtlJob *job, const GtlAuditRecord *record, const GtlAuditObjects *objects,
									  const GtlEnv *env, int32 *events);

/*
 * The audits of the lot that were given up and whose evidence counts in the next one (learning/audit.h), told what people have
 * labeled since: former[GTL_FORMER_AUDITS]; returns how many.
 */
extern int	gtl_audit_load_former(const GtlJob *job, int32 lot_no, const GtlEnv *env, GtlAudit **former);

/* People's class of each of the objects of an audit, or one of these; palloc'd. */
#define GTL_ANSWER_NONE		(-1)
#define GTL_ANSWER_FAILED	(-2)	/* they have not come to one */
#define GTL_ANSWER_LOST		(-3)	/* the object was removed from the job */

extern int32 *gtl_audit_answers(const GtlJob *job, const GtlAuditObjects *objects);

/* The places of those with a number, in its order; number[i] is 0 or unique, at most `most`.  Returns how many. */
extern int	gtl_audit_by_number(const GtlAuditObjects *objects, const int32 *number, int32 *most, int32 **places);

#endif							/* GTL_AUDIT_AGAIN_H */
