/*
 * uniform_audit.h
 *		The audit of audit.h for labels of which only the number is known here, the rows being elsewhere: all weights
 *		are equal, and nothing but draws is counted.  docs/guarantee.md has the theorem, docs/in-place.md what it says here.
 */
#ifndef GTL_UNIFORM_AUDIT_H
#define GTL_UNIFORM_AUDIT_H

#include "learning/audit.h"

/* What is known of a drawn label. */
typedef enum GtlDrawn
{
	GTL_DRAWN_RIGHT = 0,
	GTL_DRAWN_WRONG = 1,
	GTL_DRAWN_LOST = 2			/* nobody will know: it counts as wrong, and yet as none of the wrong labels found */
} GtlDrawn;

typedef struct GtlUniformAudit
{
	int64_t		frozen;			/* labels at the beginning */
	double		target_error;
	double		level;
	double		guess;			/* how probably a label is wrong; decides what the audit costs, not what it proves */
	int64_t		count;			/* draws, in their order, without a gap */
	const GtlDrawn *drawn;
} GtlUniformAudit;

/* The guess for labels of which some have these margins: their mean. */
extern double gtl_uniform_audit_guess(const GtlAuditGuess *guess, const double *margins, int64_t count);

/* With that guess it would be given up before its first draw, and have spent its level. */
extern bool gtl_uniform_audit_hopeless(double guess, double target_error);

/* The martingale at `wrong` wrong labels at the beginning, as a logarithm; infinity: there cannot be so many. */
extern double gtl_uniform_audit_log_wealth(const GtlUniformAudit *audit, int64_t wrong);

/* Where it stands; GIVEN_UP: more than `most` draws in all are expected to be needed, or no number of them would do. */
extern void gtl_uniform_audit_figures(const GtlUniformAudit *audit, int64_t most, GtlAuditFigures *figures);

/* Draws that are worth having at hand. */
extern int64_t gtl_uniform_audit_most(const GtlUniformAudit *audit);

/* The ratio of found to expected errors, for the guess of the next audit; at least 1. */
extern double gtl_uniform_audit_carried(const GtlUniformAudit *audit);

#endif							/* GTL_UNIFORM_AUDIT_H */
