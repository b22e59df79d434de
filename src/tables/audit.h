/*
 * audit.h
 *		The tables gtlabel.audit (the audits of a job whose promise is proved) and
 *		gtlabel.audit_object (the machine labels that an audit checks).
 *
 * An open audit has a row for each of its labels, and so has one that was given up while what it has found
 * counts in those that follow; of the others only those stay that people were asked about.
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
	int32		lot_no;			/* of the segments whose labels they are */
	int32		segment_count;	/* segments of the job when it began */
	int			attempt;		/* 1, 2, ..: of the audits of the lot; read only */
	double		begun_error;	/* what its weights were made for */
	int64		begun_objects;
	GtlPromise	promise;		/* at the last look */
	bool		per_class;
	GtlAuditGuess guess;
	double		begun_evidence; /* gtl_audit_head_start */
	double		carried;		/* of a job in place, when it is over: gtl_uniform_audit_carried ... */
	int64		carried_labels; /* ... and so many objects that people had labeled */
	GtlAuditFigures figures;	/* at the last look; state too */

	/* of a job in place: which rows' labels it is about */
	bool		fixed;			/* the rest is known */
	double		least_margin;
	int64		row_count;
	int64		digest;
} GtlAuditRecord;

extern void gtl_audits_insert(const GtlAuditRecord *record);

/* Of a job in place: the labels are fixed. */
extern void gtl_audits_fix(const GtlAuditRecord *record);

/* Promise, figures, carried and state; over: it has ended. */
extern void gtl_audits_update(const GtlAuditRecord *record, bool over);

/* The job's open audit; false: none. */
extern bool gtl_audits_open(int64 job_id, GtlAuditRecord *record);

/* Its newest audit; false: none. */
extern bool gtl_audits_last(int64 job_id, GtlAuditRecord *record);

/* Those of the lot that were given up, unless the promise is for each category, oldest first. */
extern int	gtl_audits_given_up(int64 job_id, int32 lot_no, GtlAuditRecord **records);

/* What they have found counts no more: of their labels those stay that people were asked about. */
extern void gtl_audits_forget_former(int64 job_id);

/* Those that have passed and of whose labels some stand, newest first. */
extern int	gtl_audits_kept(int64 job_id, GtlAuditRecord **records);

/* Has an audit of the lot passed? */
extern bool gtl_audits_passed(int64 job_id, int32 lot_no);

/* How many of the lot's audits are over. */
extern int	gtl_audits_attempts(int64 job_id, int32 lot_no);

/* How many audits are over, and of those in place what they carry over. */
extern int	gtl_audits_over(int64 job_id, GtlAuditHistory *history);

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
	int32	   *lost;			/* of an open audit: 1: removed from the job before it was counted */
} GtlAuditObjects;

extern void gtl_audit_objects_insert(const GtlAuditRecord *record, const int32 *objects, const int32 *classes,
									 const float *margins, int count);

/* All draws of an audit in place, in their order: objects that it may or may not have. */
extern void gtl_audit_objects_drawn(const GtlAuditRecord *record, const int32 *objects, const int32 *classes,
									const float *margins, int count);
extern void gtl_audit_objects_read(const GtlAuditRecord *record, GtlAuditObjects *objects);
extern void gtl_audit_objects_release(GtlAuditObjects *objects);

/* The objects that audits of the lot have drawn and counted, once each, ascending; returns how many. */
extern int	gtl_audit_objects_drawn_once(int64 job_id, int32 lot_no, int32 **objects);

/* These are the next draws, in their order; the first has the number draw_no. */
extern void gtl_audit_objects_draw(const GtlAuditRecord *record, const int32 *objects, int count, int32 draw_no);

/* Their answers are counted, in their order; the first gets the number event_no. */
extern void gtl_audit_objects_count(const GtlAuditRecord *record, const int32 *objects, const int32 *wrong, int count,
									int32 event_no);

/*
 * These objects are removed from the job.  An open audit goes on without them, counted or lost; of the others nothing
 * stays.
 */
extern void gtl_audit_objects_remove(int64 job_id, const int32 *objects, int count);

/* The check of a share of the labels is to be done again. */
extern void gtl_audit_objects_forget_share(int64 job_id);

/* Draws that were not counted are none. */
extern void gtl_audit_objects_put_back(const GtlAuditRecord *record);

/* The audit is over: those that nobody was asked about go, and those that are gone from the job. */
extern void gtl_audit_objects_forget(const GtlAuditRecord *record);

/* The audit was given up: those that are gone from the job go, and with one of them its evidence counts no more. */
extern void gtl_audit_objects_forget_gone(const GtlAuditRecord *record);

/* ---- What has become of them since ----------------------------------------------------- */

/* The number under which the objects of the check of a share of the labels (steps/audit.h) stand. */
#define GTL_AUDIT_OF_SHARE 0

/* The machine labels of the last such check, which people's are about to replace. */
extern void gtl_audit_objects_keep(int64 job_id, const int32 *objects, const int32 *wrong, int count);

typedef struct GtlAuditChanges
{
	int			count;			/* labels that people were asked about */
	int			wrong;			/* by people's answers as they are now */
	int			changed;		/* wrong now and right then, or the other way round */
	int			decided;		/* labels that passed and that the owner has decided since */
} GtlAuditChanges;

extern void gtl_audit_changes(int64 job_id, int32 audit_no, GtlAuditChanges *changes);

/*
 * All labels of an audit that has passed, by object number, as far as they are still known; wrong is by the answers as they are now,
 * event_no 0 for those that stand, and this for those that the owner has decided since.
 */
#define GTL_AUDIT_DECIDED_SINCE (-2)

extern void gtl_audit_objects_now(const GtlAuditRecord *record, GtlAuditObjects *objects);

/* Categories have other numbers: map[classes] says which. */
extern void gtl_audit_objects_renumber(int64 job_id, const int32 *map, int classes);

#endif							/* GTL_TABLES_AUDIT_H */
