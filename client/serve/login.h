/*
 * login.h
 *		Somebody whom the database let in, and the connections that are open for them.
 */
#ifndef GTC_LOGIN_H
#define GTC_LOGIN_H

#include <stdbool.h>

#include <libpq-fe.h>

typedef struct GtcLogin GtcLogin;

typedef struct GtcConnection
{
	PGconn	   *pg;
	unsigned long long prepared;	/* a bit for each route whose statement it knows */
	long		since;			/* when it was given back */
	struct GtcConnection *next;
} GtcConnection;

typedef enum GtcLoginResult
{
	GTC_LOGIN_GOOD,
	GTC_LOGIN_REFUSED,			/* role or password wrong, or role may not connect */
	GTC_LOGIN_NO_PASSWORD,		/* the database did not ask for one, so nothing was proven */
	GTC_LOGIN_DOWN				/* no answer, or too many connections */
} GtcLoginResult;

/* The server's own role, connecting as `first` did; at most `most` connections. */
extern GtcLogin *gtc_login_own(PGconn *first, int most);

/* A role that shows a password, at the same server; every call proves it by a new connection. */
extern GtcLoginResult gtc_login_role(const GtcLogin *like, const char *role, const char *password,
									 GtcLogin **login);

extern GtcLogin *gtc_login_keep(GtcLogin *login);	/* counts a user */
extern void gtc_login_release(GtcLogin *login); /* the last one closes it */
extern const char *gtc_login_role_name(const GtcLogin *login);

/* Waits until a connection is free; NULL when the database does not answer. */
extern GtcConnection *gtc_login_take(GtcLogin *login);
extern void gtc_login_give_back(GtcLogin *login, GtcConnection *connection);

/* Closes what nobody has used for a while. */
extern void gtc_login_trim(GtcLogin *login);

/* A connection of its own, for LISTEN. */
extern PGconn *gtc_login_connect(GtcLogin *login);

#endif
