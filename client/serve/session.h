/*
 * session.h
 *		Who is signed in: the only thing that the server remembers.
 */
#ifndef GTC_SESSION_H
#define GTC_SESSION_H

#include <stdbool.h>
#include <time.h>

#include "serve/login.h"

#define GTC_SECRET 44			/* 256 random bits in base64url, and a zero byte */

typedef struct GtcSession
{
	char		id[GTC_SECRET]; /* the cookie */
	char		csrf[GTC_SECRET];	/* what a page of ours sends back in a header */
	GtcLogin   *login;			/* whose connections its requests use */
	char	   *token;			/* of the invitation; NULL for a role */
	char	   *described;		/* the JSON that GET /session answers */
	long long	job_id;			/* the invitation's job; 0: any */
	time_t		created;
	time_t		used;
	int			users;			/* requests that have it in hands, and the table */
	int			requests;		/* those that wait or run now */
	bool		ended;
	struct GtcSession *next;
} GtcSession;

/* 32 bytes from the kernel in base64url */
extern void gtc_secret(char secret[GTC_SECRET]);

/* Compares without telling by its time where they differ. */
extern bool gtc_same_secret(const char *one, const char *other);

/* A new session, with ids that nobody has seen; takes the login over. NULL: there are too many. */
extern GtcSession *gtc_session_begin(GtcLogin *login, const char *token);

/* By the cookie; counts a user. NULL: there is none, or it has ended. */
extern GtcSession *gtc_session_find(const char *id);
extern void gtc_session_release(GtcSession *session);
extern void gtc_session_end(GtcSession *session);

/* Counts a request of the session; false if it has too many already. */
extern bool gtc_session_enter(GtcSession *session);
extern void gtc_session_leave(GtcSession *session);

/* Ends those that nobody used for `idle` seconds, closes connections that rest; all when idle < 0. */
extern void gtc_session_sweep(int idle);
extern int	gtc_session_count(void);

#endif
