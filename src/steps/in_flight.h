/*
 * in_flight.h
 *		Answers in flight: open transactions that have changed tasks of a job.
 */
#ifndef GTL_IN_FLIGHT_H
#define GTL_IN_FLIGHT_H

#include "base/compat.h"
#include "tables/job.h"

/* Holds GTL_LOCK_ANSWERS exclusively.  False: answers were in flight all the time (gtlabel.answers_timeout). */
extern bool gtl_in_flight_lock(int64 job_id);

/* The same, or an error that names whom it waited for; what: "drop", say. */
extern void gtl_in_flight_require(const GtlJob *job, const char *what);

/* Whose transactions these are, and how old, in words, of those that are at least so old; NULL: there are none. */
extern char *gtl_in_flight_describe(int64 job_id, int seconds);

#endif							/* GTL_IN_FLIGHT_H */
