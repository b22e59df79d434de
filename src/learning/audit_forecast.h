/*
 * audit_forecast.h
 *		What an audit is expected to cost, and the stakes that follow from the guesses.  For audit*.c alone.
 */
#ifndef GTL_AUDIT_FORECAST_H
#define GTL_AUDIT_FORECAST_H

#include "learning/audit.h"

/* No label is guessed to be wrong with a greater probability. */
#define GTL_AUDIT_GUESS_MOST	0.6

/* The s at which the slope of (1 + s)^(1 - p) s^p is rho, and that value. */
extern double gtl_audit_best_stake(double p, double rho);
extern double gtl_audit_gain(double p, double s);

/* exp of the growth per draw of the best stakes against a share of mu; p sorted. */
extern double gtl_audit_growth(const double *p, int64_t n, double mu);

/* Labels that may be wrong among n that are left; as a whole number. */
extern double gtl_audit_allowed(const GtlAuditSetup *setup, double left);
extern int64_t gtl_audit_allowed_whole(const GtlAuditSetup *setup, int64_t left);

/* What the wealth of its own draws, as a logarithm, has to come to, with what chance takes beyond it. */
extern double gtl_audit_needed(const GtlAuditSetup *setup);

/*
 * Draws that bring the wealth to `need`, of labels with these guesses, sorted; after the d likeliest wrong
 * are labeled first.
 */
extern double gtl_audit_forecast(const GtlAuditSetup *setup, const double *p, int64_t n, double need);
extern double gtl_audit_forecast_after(const GtlAuditSetup *setup, const double *sorted, int64_t n, int64_t d, double need);

/* One, or one a class. */
extern int	gtl_audit_count_parts(const GtlAuditSetup *setup);

/*
 * The guesses of each part, sorted, one part behind the other; end[part].  One part: all labels;
 * otherwise by class.  In no order if it is interrupted.
 */
extern double *gtl_audit_sort_guesses(const GtlAuditSetup *setup, const int32_t *best, const double *margins, int64_t count,
									  int parts, int64_t *end, const GtlEnv *env);
extern void gtl_audit_sort_descending(double *guesses, int64_t count, const GtlEnv *env);

#endif							/* GTL_AUDIT_FORECAST_H */
