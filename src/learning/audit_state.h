/*
 * audit_state.h
 *		What an audit holds, and the martingale over it.  For audit*.c and uniform_audit.c alone.
 */
#ifndef GTL_AUDIT_STATE_H
#define GTL_AUDIT_STATE_H

#include "learning/audit.h"

#define GTL_AUDIT_STRATEGIES	3

/* What a draw put into L. */
typedef struct GtlAuditDraw
{
	double		numerator[GTL_AUDIT_STRATEGIES];	/* logarithm */
	double		sbar[GTL_AUDIT_STRATEGIES];
	double		count;			/* n_i */
	double		known;			/* f_i */
	double		guess;
	bool		wrong;
} GtlAuditDraw;

/* The labels of one class, or all. */
typedef struct GtlAuditPart
{
	GtlAuditState state;
	int64_t		frozen;
	int64_t		left;
	double		weight;			/* of what is left */
	double		stake[GTL_AUDIT_STRATEGIES];	/* sum of s over what is left */
	double		forecast;		/* human labels expected at the beginning */
	int64_t		found;
	int64_t		takes;
	int64_t		known;
	double		expected;
	bool		taking;			/* takes were asked for, draws are next */

	int64_t    *order;			/* places by key: the first `ordered` */
	int64_t		ordered;
	int64_t		next;			/* in order */

	GtlAuditDraw	   *draws;
	int64_t		ndraws;
	int64_t		capacity;
} GtlAuditPart;

/* An audit of before that was given up, beside one that follows it (former_audits.c). */
typedef struct GtlFormerAudit
{
	const GtlAudit *audit;		/* the caller's */
	bool	   *differs;		/* [count] it says nothing of this label: there it was another, or none */
	int64_t		differing;		/* of the labels that are left */
} GtlFormerAudit;

struct GtlAudit
{
	GtlAuditSetup setup;
	double		alpha;
	GtlFormerAudit former[GTL_FORMER_AUDITS];	/* [formers], in their order */
	int			formers;
	double		granted;		/* gtl_audit_grant */
	const GtlEnv *env;
	int64_t		count;
	int			parts;
	GtlAuditPart	   *part;			/* [parts] */
	int32_t    *object;			/* [count], ascending */
	int32_t    *class_no;		/* [count] */
	double	   *guess;			/* [count] */
	double	   *weight;			/* [count] */
	double	   *key;			/* [count] */
	double	   *s[GTL_AUDIT_STRATEGIES];	/* [count] */
	bool	   *left;			/* [count] */
};

/* The part that the label at `place` belongs to. */
extern GtlAuditPart *gtl_audit_part_of(const GtlAudit *audit, int64_t place);

/* ---- The martingale; all as logarithms ---- */

/* The factor of a strategy at one draw, for so many wrong labels at the beginning; and the mean of the products. */
extern double gtl_audit_log_factor(const GtlAuditDraw *draw, int strategy, double wrong);
extern double gtl_audit_mix(const double *sums);
extern double gtl_audit_part_log_wealth(const GtlAuditPart *part, double wrong);

/* What a draw of the object at `place` puts into L, with these objects left. */
extern void gtl_audit_note_draw(const GtlAudit *audit, int64_t place, bool wrong, int64_t left, double weight,
								const double *stake, int64_t known, GtlAuditDraw *draw);

/* Its place among the labels of the audit, -1: it is none of them. */
extern int64_t gtl_audit_find(const GtlAudit *audit, int32_t object);

/* ---- Audits that were given up before ---- */

/* What is known of them at some moment. */
typedef struct GtlFormerCounts
{
	int64_t		known[GTL_FORMER_AUDITS];	/* of their labels people have found so many wrong, until now */
	int64_t		differing[GTL_FORMER_AUDITS];
} GtlFormerCounts;

extern void gtl_former_counts(const GtlAudit *audit, GtlFormerCounts *counts);

/* What they would be if the label at `place` turned out right; false: the same. */
extern bool gtl_former_counts_right(const GtlAudit *audit, int64_t place, GtlFormerCounts *counts);

/* What they add to the logarithm of the evidence against so many wrong labels among those that are left. */
extern double gtl_former_evidence(const GtlAudit *audit, const GtlFormerCounts *counts, int64_t wrong);

/* All of a part's evidence against so many, as a logarithm. */
extern double gtl_audit_evidence(const GtlAudit *audit, const GtlAuditPart *part, int64_t wrong);

/* The fewest wrong labels among `left` with which the promise would be broken. */
extern int64_t gtl_audit_breaking(const GtlAudit *audit, int64_t left);

extern bool gtl_audit_passes(const GtlAudit *audit, const GtlAuditPart *part);

#endif							/* GTL_AUDIT_STATE_H */
