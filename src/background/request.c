/*
 * request.c
 *		Requests for workers that have not looked at their job yet; request.h says why.
 *
 * A few hundred bytes of shared memory, which the server has to spare also if the library
 * is not preloaded.  All fields are under the lock.  If
 * there are more requests at once than places, some are not entered, and
 * cost a worker too many; nothing depends on their number.
 */
#include "background/request.h"

#include "base/shared.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#define PLACES 32

/* A worker that has not come by then will not come: its request does not count any more. */
#define ARRIVAL_MILLISECONDS 10000

typedef struct Request
{
	Oid			database;		/* InvalidOid: a free place */
	int			worker;			/* process id, 0 until it has come */
	int64		job_id;
	TimestampTz entered_at;
} Request;

typedef struct Requests
{
	GtlShared	shared;
	Request		places[PLACES];
} Requests;

static Requests *requests = NULL;

void
gtl_request_attach(void)
{
	if (requests == NULL)
		requests = gtl_shared_attach("gtlabel requests", sizeof(Requests));
}

/* With the lock held: the job's request, or NULL. */
static Request *
find_request(Oid database, int64 job_id)
{
	for (int i = 0; i < PLACES; i++)
		if (requests->places[i].database == database && requests->places[i].job_id == job_id)
			return &requests->places[i];
	return NULL;
}

static bool
is_standing(const Request *request, TimestampTz now)
{
	return request->database != InvalidOid &&
		(request->worker != 0 || !TimestampDifferenceExceeds(request->entered_at, now, ARRIVAL_MILLISECONDS));
}

bool
gtl_request_enter(Oid database, int64 job_id)
{
	TimestampTz now = GetCurrentTimestamp();
	Request    *place;
	bool		is_new;

	LWLockAcquire(&requests->shared.lock, LW_EXCLUSIVE);
	place = find_request(database, job_id);
	is_new = place == NULL || !is_standing(place, now);
	for (int i = 0; i < PLACES && place == NULL; i++)
		if (!is_standing(&requests->places[i], now))
			place = &requests->places[i];
	if (is_new && place != NULL)
	{
		place->database = database;
		place->job_id = job_id;
		place->worker = 0;
		place->entered_at = now;
	}
	LWLockRelease(&requests->shared.lock);
	return is_new;
}

void
gtl_request_adopt(Oid database, int64 job_id)
{
	Request    *place;

	LWLockAcquire(&requests->shared.lock, LW_EXCLUSIVE);
	place = find_request(database, job_id);
	if (place != NULL && place->worker == 0)
		place->worker = MyProcPid;
	LWLockRelease(&requests->shared.lock);
}

void
gtl_request_leave(Oid database, int64 job_id)
{
	Request    *place;

	LWLockAcquire(&requests->shared.lock, LW_EXCLUSIVE);
	place = find_request(database, job_id);
	if (place != NULL && (place->worker == 0 || place->worker == MyProcPid))
		place->database = InvalidOid;
	LWLockRelease(&requests->shared.lock);
}
