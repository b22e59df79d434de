/*
 * events.h
 *		Tells browsers that something happened to a job: LISTEN on one side, server-sent events
 *		on the other.
 */
#ifndef GTC_EVENTS_H
#define GTC_EVENTS_H

#include <microhttpd.h>

#include "serve/session.h"

/* Starts the thread that listens, with a connection of the login. */
extern void gtc_events_start(GtcLogin *login);

/* Ends the thread and all streams. */
extern void gtc_events_stop(void);

/* A response that lasts; takes a user of the session over.  NULL: there are too many. */
extern struct MHD_Response *gtc_events_stream(struct MHD_Connection *connection, GtcSession *session);

/* Finds the first two whole numbers of a notification: the job and the event. False without a job. */
extern bool gtc_events_numbers(const char *payload, long long *job, long long *event);

#endif
