/*
 * certify_test.h
 *		The test that each guarantee makes of k errors among n objects.  For certify*.c alone.
 */
#ifndef GTL_CERTIFY_TEST_H
#define GTL_CERTIFY_TEST_H

#include "learning/certify.h"

/* A test that is met up to rounding is met: targets arrive as 1 - 0.9. */
#define GTL_TEST_ROUNDING	1e-9

/* A test of (k, n) at a target error. */
typedef struct GtlTest
{
	GtlGuarantee guarantee;
	double		alpha;			/* CONFIDENCE, STRICT: the level; else 0 */
	double		log_wealth;		/* STRICT: that passes */
} GtlTest;

/* The test that a guarantee makes.  STRICT: not calibrated. */
extern GtlTest gtl_test_of(const GtlPromise *promise, int halvings);

/* Do k errors among n pass the test at this target error? */
extern bool gtl_test_passes(const GtlTest *test, int k, int n, double error);

/* The smallest target error that k errors among n pass; 1: none. */
extern double gtl_test_bound(const GtlTest *test, int k, int n);

/* The fewest objects with which k errors pass. */
extern int	gtl_test_required(const GtlTest *test, int k, double error);

/*
 * required[k] = the fewest objects with which k errors pass, for all k <= errors that can pass with n
 * objects.  Returns how many there are, or when it is interrupted those that it has come to.
 */
extern int	gtl_test_list_required(const GtlTest *test, double error, int n, int errors, const GtlEnv *env, int *required);

#endif							/* GTL_CERTIFY_TEST_H */
