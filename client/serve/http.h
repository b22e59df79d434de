/*
 * http.h
 *		A request on its way through the server, and the settings that all files of it read.
 */
#ifndef GTC_HTTP_H
#define GTC_HTTP_H

#include <stdbool.h>

#include <microhttpd.h>

#include "buffer.h"
#include "serve/route.h"
#include "serve/session.h"

#define GTC_MOST_BODY 262144	/* bytes of a request's body */
#define GTC_MOST_NAMES 16

typedef struct GtcServeOptions
{
	const char *listen;			/* numeric address */
	int			port;			/* 0: any that is free */
	const char *names[GTC_MOST_NAMES];	/* that browsers may know the server by; none: any */
	int			name_count;
	bool		loopback;		/* listens to this machine only */
	char	   *certificate;	/* PEM; NULL: no TLS */
	char	   *key;
	bool		proxy;			/* believe X-Forwarded-For and -Proto */
	const char *images;			/* hosts that pictures may come from, as CSP writes them */
	int			workers;
	int			connections;	/* of the server's own role */
	int			session_minutes;	/* without a request */
	int			patience;		/* seconds for a whole request */
	bool		log;
} GtcServeOptions;

extern GtcServeOptions gtc_options;

typedef struct GtcReply
{
	unsigned	status;
	const char *type;			/* NULL: JSON */
	GtcBuffer	body;			/* data NULL: none */
	char	   *cookie;			/* a whole Set-Cookie */
	int			retry_after;	/* seconds; 0: not said */
} GtcReply;

typedef struct GtcRequest
{
	struct MHD_Connection *connection;
	const char *method;
	char	   *path;			/* as it came, percent signs and all */
	GtcBuffer	body;
	bool		too_large;
	bool		admitted;		/* looked at after its last byte */
	bool		done;			/* the reply stands */
	GtcRouteMatch match;
	GtcSession *session;		/* counted as a user and as a request of it */
	GtcReply	reply;
	double		began;
	struct GtcRequest *next;	/* in the workers' queue */
} GtcRequest;

/* A header of the request; NULL without it. */
extern const char *gtc_header(const GtcRequest *request, const char *name);

/* The address that the request came from, or that the proxy names. */
extern void gtc_peer_address(const GtcRequest *request, char *address, size_t size);

/* Seconds of a clock that only goes forward */
extern double gtc_now(void);

/* Starts the workers and the server on the port of the options, which is set if it was 0. */
extern struct MHD_Daemon *gtc_http_start(void);
extern void gtc_http_stop(struct MHD_Daemon *daemon);

/* Cuts connections off that have not sent a whole request for too long. */
extern void gtc_http_sweep(void);

#endif
