/*
 * certify.h
 *		From validation scores and errors to the loosest threshold that keeps a
 *		promise about the machine labels above it (autolabel.md 3.3).
 */
#ifndef GTL_CERTIFY_H
#define GTL_CERTIFY_H

#include "learning/env.h"

typedef enum GtlGuarantee
{
	GTL_GUARANTEE_CONFIDENCE = 0,	/* exact binomial test (Clopper-Pearson) at the loosest passing score, alpha = delta/2 */
	GTL_GUARANTEE_EXPECTED = 1, /* (k + 1) / (n + 1) <= eps: E[error] only */
	GTL_GUARANTEE_STRICT = 2,	/* mixture e-process, valid at all thresholds at once */
	GTL_GUARANTEE_EMPIRICAL = 3 /* k / n <= eps and n >= 25: no promise, for comparison */
} GtlGuarantee;

typedef struct GtlPromise
{
	GtlGuarantee guarantee;
	double		target_error;	/* eps, in (0, 1) */
	double		delta;			/* 1 - confidence level, in (0, 1) */
} GtlPromise;

/*
 * The evidence.  "n at score s" is the number of active validation objects with a
 * score of at least s, "k" the number of those whose predicted label is wrong.
 */
typedef struct GtlCertificate
{
	bool		passed;
	double		threshold;		/* loosest passing score; +infinity if none */
	int			n,
				k;				/* at the threshold; 0 if none */
	double		bound;			/* upper bound of the error above the threshold */
	double		alpha;			/* level of the test: delta/2, delta or 0 */

	/* the lowest bound over all scores, whether it passes or not: what was closest */
	double		best_threshold;
	int			best_n,
				best_k;
	double		best_bound;		/* 1 without validation objects */

	int			available;		/* active validation objects */
	int			minimum;		/* validation objects needed with no error at all */
	int			required;		/* validation objects needed with best_k errors */
} GtlCertificate;

/* scores[i] in [0, 1], wrong[i]; order does not matter; n >= 0. */
extern void gtl_certify(const double *scores, const bool *wrong, int n,
						const GtlPromise *promise, const GtlEnv *env, GtlCertificate *certificate);

/* As if nothing had passed; what the best threshold shows stays. */
extern void gtl_certify_refuse(GtlCertificate *certificate);

/*
 * A certificate for each of `classes` classes by itself, from the objects whose
 * predicted class it is: the promise then holds for each class, not only for all of
 * them together.  classes_predicted[i] in [0, classes).
 */
extern void gtl_certify_classes(const double *scores, const bool *wrong, const int32_t *classes_predicted, int n,
								int classes, const GtlPromise *promise, const GtlEnv *env,
								GtlCertificate *certificates);

/*
 * What such certificates come to: passed if any has; the lowest threshold, the highest bound
 * and the sums of n and k of those that have; as best the one with the lowest bound.
 */
extern void gtl_certify_summarize(const GtlCertificate *certificates, int count, GtlCertificate *summary);

/* Fewest validation objects with which k errors still keep the promise. */
extern int	gtl_certify_required(int k, const GtlPromise *promise);

/* Fewest validation objects, none of them wrong, with which all of the classes can be labeled by machine. */
extern int64_t gtl_certify_minimum(const GtlPromise *promise, bool per_class, int classes);

/* Upper bound of the error rate after k errors among n, as this guarantee counts it. */
extern double gtl_certify_bound(int k, int n, const GtlPromise *promise);

/* log of P(Binomial(n, p) <= k), in log space (autolabel.md 3.3). */
extern double gtl_binomial_log_cdf(int k, int n, double p);

/* One-sided Clopper-Pearson upper bound: the root in p of P(Binomial(n, p) <= k) = alpha, to 1e-6. */
extern double gtl_clopper_pearson_upper(int k, int n, double alpha);

extern const char *gtl_guarantee_name(GtlGuarantee guarantee);
extern bool gtl_guarantee_parse(const char *name, GtlGuarantee *guarantee);

#endif							/* GTL_CERTIFY_H */
