/*
 * check.h
 *		Asserting macros of the unit tests.  A failed check names its place and
 *		the test goes on; CHECK_SUMMARY prints the one line that the makefile
 *		reads and is main's return value.
 */
#ifndef GTL_CHECK_H
#define GTL_CHECK_H

#include <math.h>
#include <stdio.h>

static int	check_passed = 0;
static int	check_failed = 0;

static inline void
check_report(int ok, const char *what, const char *file, int line)
{
	if (ok)
		check_passed++;
	else
	{
		check_failed++;
		fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
	}
}

static inline void
check_near(double a, double b, double tolerance, const char *what, const char *file, int line)
{
	int			ok = fabs(a - b) <= tolerance;	/* false for NaN */

	check_report(ok, what, file, line);
	if (!ok)
		fprintf(stderr, "    %.17g is not within %g of %.17g\n", a, tolerance, b);
}

#define CHECK(cond) \
	check_report((cond) ? 1 : 0, #cond, __FILE__, __LINE__)
#define CHECK_NEAR(a, b, tolerance) \
	check_near((a), (b), (tolerance), #a " near " #b, __FILE__, __LINE__)
#define CHECK_SUMMARY(name) \
	(printf("%s: %d passed, %d failed\n", (name), check_passed, check_failed), check_failed > 0 ? 1 : 0)

#endif							/* GTL_CHECK_H */
