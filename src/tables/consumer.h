/*
 * consumer.h
 *		The table gtlabel.consumer: which events a program of a role has acknowledged.
 *
 * One number a job: its events commit in the order of their numbers (event.c), so nothing that commits later is
 * below it.  Over all jobs there is no such order, and no such number.
 */
#ifndef GTL_CONSUMER_H
#define GTL_CONSUMER_H

#include "base/query.h"

/*
 * Calls back for at most `wanted` events of jobs of the role that are not acknowledged, in the order of their numbers.
 * Columns: event_id, job_name, at, event, state, detail, batch_no, round_no.
 */
extern void gtl_consumer_poll(Oid role, const char *consumer, int32 wanted, GtlRowCallback callback, void *context);

/* These events, and those of their jobs before them.  Returns how many of them are events of jobs of the role. */
extern int	gtl_consumer_acknowledge(Oid role, const char *consumer, const int64 *events, int count);

/* False: it has acknowledged nothing. */
extern bool gtl_consumer_drop(Oid role, const char *consumer);

/* Of all consumers, for a job. */
extern void gtl_consumer_delete(int64 job_id);

#endif							/* GTL_CONSUMER_H */
