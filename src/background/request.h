/*
 * request.h
 *		Requests for workers that have not looked at their job yet.
 *
 * When a batch ends, each of the people who work on it may ask for a worker at the same moment.
 * One is enough, as long as it reads the job after the last of them has committed.  So a request is kept
 * from the moment a worker is asked for until that worker is about to read, and while there is one
 * no further worker is asked for.
 */
#ifndef GTL_REQUEST_H
#define GTL_REQUEST_H

#include "base/compat.h"

/* Finds the requests in shared memory; before any of the others, and not while committing. */
extern void gtl_request_attach(void);

/* True: a request was entered, and the caller has to start a worker.  False: one stands. */
extern bool gtl_request_enter(Oid database, int64 job_id);

/* The worker is there: its request is kept until it leaves. */
extern void gtl_request_adopt(Oid database, int64 job_id);

/* The worker is about to look, or there will be none. */
extern void gtl_request_leave(Oid database, int64 job_id);

#endif							/* GTL_REQUEST_H */
