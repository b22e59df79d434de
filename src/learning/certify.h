/*
 * certify.h
 *		From validation scores and errors to the loosest threshold that keeps a
 *		promise about the machine labels above it.
 */
#ifndef GTL_CERTIFY_H
#define GTL_CERTIFY_H

#include "learning/env.h"

typedef enum GtlGuarantee
{
	GTL_GUARANTEE_CONFIDENCE = 0,	/* exact test (Clopper-Pearson) at the loosest passing score, alpha = delta/3 or less */
	GTL_GUARANTEE_EXPECTED = 1, /* (k + 1) / (n + 1) <= eps: E[error] only */
	GTL_GUARANTEE_STRICT = 2,	/* mixture e-process, valid at all thresholds at once */
	GTL_GUARANTEE_EMPIRICAL = 3,	/* k / n <= eps and n >= 25: no promise, for comparison */
	GTL_GUARANTEE_AUDITED = 4	/* audit.h; no certificate of validation objects passes */
} GtlGuarantee;

/* Among which labels at most eps may be wrong. */
typedef enum GtlScope
{
	GTL_SCOPE_MACHINE_LABELS = 0,
	GTL_SCOPE_DATASET = 1		/* all of the dataset; people's count as right */
} GtlScope;

typedef struct GtlPromise
{
	GtlGuarantee guarantee;
	double		target_error;	/* eps, in (0, 1) */
	double		delta;			/* 1 - confidence level, in (0, 1) */
	GtlScope	scope;			/* DATASET: CONFIDENCE and AUDITED only */
} GtlPromise;

/* What a test must know of the validation objects beside their scores. */
typedef struct GtlSample
{
	int			halvings;		/* gtl_certify_halvings */
	int64_t		pool;			/* DATASET: objects that no person has labeled */
	int64_t		objects;		/* DATASET: all objects */
} GtlSample;

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
	double		alpha;			/* level of the test; 0: none */

	/* the lowest bound over all scores, whether it passes or not: what was closest */
	double		best_threshold;
	int			best_n,
				best_k;
	double		best_bound;		/* 1 without validation objects */

	int			available;		/* active validation objects */
	int			minimum;		/* validation objects needed with no error at all */
	int			required;		/* validation objects needed with best_k errors */
} GtlCertificate;

/*
 * How often the validation set has been halved: floor(log2(count / active)).  Each time
 * CONFIDENCE halves its level, for the certificates tried on the way.
 */
extern int	gtl_certify_halvings(int64_t validation_count, int64_t active);

/*
 * scores[i] in [0, 1], wrong[i]; order does not matter; n >= 0.  A certificate that was interrupted is a refusal: whoever
 * acts on it asks env whether to stop.
 */
extern void gtl_certify(const double *scores, const bool *wrong, int n, const GtlPromise *promise,
						const GtlSample *sample, const GtlEnv *env, GtlCertificate *certificate);

/* As if nothing had passed; what the best threshold shows stays. */
extern void gtl_certify_refuse(GtlCertificate *certificate);

/*
 * A certificate for each of `classes` classes by itself, from the objects whose
 * predicted class it is: the promise then holds for each class, not only for all of
 * them together.  classes_predicted[i] in [0, classes).
 */
extern void gtl_certify_classes(const double *scores, const bool *wrong, const int32_t *classes_predicted, int n,
								int classes, const GtlPromise *promise, const GtlSample *sample,
								const GtlEnv *env, GtlCertificate *certificates);

/*
 * What such certificates come to: passed if any has; the lowest threshold, the highest bound
 * and the sums of n and k of those that have; as best the one with the lowest bound.
 */
extern void gtl_certify_summarize(const GtlCertificate *certificates, int count, GtlCertificate *summary);

/*
 * Fewest validation objects with which k errors still keep the promise, in a validation set
 * that has not been halved.  AUDITED: fewest draws that can pass an audit of many objects.
 */
extern int	gtl_certify_required(int k, const GtlPromise *promise);

/* Fewest validation objects, none of them wrong, with which all of the classes can be labeled by machine. */
extern int64_t gtl_certify_minimum(const GtlPromise *promise, bool per_class, int classes);

/* Upper bound of the error rate after k errors among n, as this guarantee counts it. */
extern double gtl_certify_bound(int k, int n, const GtlPromise *promise, int halvings);

/*
 * STRICT: the wealth, as a logarithm, that n objects which are wrong with probability eps
 * reach at any prefix with probability delta at most.
 */
extern double gtl_certify_strict_wealth(int n, const GtlPromise *promise, const GtlEnv *env);

/* log of P(Binomial(n, p) <= k), in log space. */
extern double gtl_binomial_log_cdf(int k, int n, double p);

/* log of P(Hypergeometric <= k): `draws` of `total` objects, `bad` of them bad. */
extern double gtl_hypergeometric_log_cdf(int64_t k, int64_t total, int64_t bad, int64_t draws);

/* One-sided Clopper-Pearson upper bound: the root in p of P(Binomial(n, p) <= k) = alpha, to 1e-6. */
extern double gtl_clopper_pearson_upper(int k, int n, double alpha);

extern const char *gtl_guarantee_name(GtlGuarantee guarantee);
extern bool gtl_guarantee_parse(const char *name, GtlGuarantee *guarantee);
extern const char *gtl_scope_name(GtlScope scope);
extern bool gtl_scope_parse(const char *name, GtlScope *scope);

#endif							/* GTL_CERTIFY_H */
