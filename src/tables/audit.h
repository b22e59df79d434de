/*
 * audit.h
 *		The tables gtlabel.audit (the audits of a job whose promise is proved) and
 *		gtlabel.audit_object (the machine labels that an audit checks).
 *
 * An open audit has a row for each of its labels; of one that is over only those that people
 * were asked about stay.
 */
#ifndef GTL_TABLES_AUDIT_H
#define GTL_TABLES_AUDIT_H

#include "base/compat.h"
#include "learning/audit.h"
#include "tables/job.h"

typedef struct GtlAuditRecord
{
	int64		job_id;
	int32		audit_no;		/* 1, 2, .. */
	int32		round_no;		/* whose labels it checks */
	GtlPromise	promise;		/* at the last look */
	bool		per_class;
	GtlAuditGuess guess;
	double		carried;		/* when it is over: gtl_audit_carried */
	GtlAuditFigures figures;	/* at the last look; state too */
} GtlAuditRecord;

extern void gtl_audits_insert(const GtlAuditRecord *record);

/* Promise, figures, carried and state; over: it has ended. */
extern void gtl_audits_update(const GtlAuditRecord *record, bool over);

/* The job's open audit; false: none. */
extern bool gtl_audits_open(int64 job_id, GtlAuditRecord *record);

/* Its newest audit; false: none. */
extern bool gtl_audits_last(int64 job_id, GtlAuditRecord *record);

/* How many audits are over, and the product of what they carry over; 1 without. */
extern int	gtl_audits_over(int64 job_id, double *carried);

extern void gtl_audits_delete(int64 job_id);

/* The labels of an open audit, by object number, and what is known of them. */
typedef struct GtlAuditObjects
{
	int			count;
	int32	   *object_no;
	int32	   *class_no;		/* the machine's */
	double	   *margin;
	int32	   *draw_no;		/* 1, 2, ..: it is asked about as a draw; 0: it is not */
	int32	   *event_no;		/* 1, 2, ..: its answer has been counted; 0: it has not */
	int32	   *wrong;			/* 1: counted as wrong */
} GtlAuditObjects;

extern void gtl_audit_objects_insert(const GtlAuditRecord *record, const int32 *objects, const int32 *classes,
									 const float *margins, int count);
extern void gtl_audit_objects_read(const GtlAuditRecord *record, GtlAuditObjects *objects);

/* These are the next draws, in their order, from draw_no on. */
extern void gtl_audit_objects_draw(const GtlAuditRecord *record, const int32 *objects, int count, int32 draw_no);

/* Their answers are counted, in their order, from event_no on. */
extern void gtl_audit_objects_count(const GtlAuditRecord *record, const int32 *objects, const int32 *wrong, int count,
									int32 event_no);

/* The audit is over: those that nobody was asked about go. */
extern void gtl_audit_objects_forget(const GtlAuditRecord *record);

#endif							/* GTL_TABLES_AUDIT_H */
