/*
 * route.h
 *		Which request is answered by which statement.
 */
#ifndef GTC_ROUTE_H
#define GTC_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#define GTC_MOST_PARTS 2		/* parts of an address that are parameters */

typedef enum GtcAccess
{
	GTC_ANYBODY,				/* no session needed */
	GTC_ANNOTATOR,				/* a role or the bearer of an invitation */
	GTC_ROLE					/* a role only: the statement runs with its rights */
} GtcAccess;

typedef enum GtcDuty
{
	GTC_SQL,					/* one statement, whose one value is the answer, JSON */
	GTC_SQL_LONG,				/* the same; may take minutes, so few run at a time */
	GTC_SQL_PAGE,				/* the same, but the value is a page of HTML */
	GTC_SESSION,				/* who am I */
	GTC_SIGN_IN,
	GTC_SIGN_OUT,
	GTC_EVENTS
} GtcDuty;

/*
 * A statement has these parameters, all text: $1 the token of the session, NULL for a role;
 * $2 the body, JSON, NULL without one; $3 and $4 the parts of the address where the pattern
 * says ':'.
 */
typedef struct GtcRoute
{
	const char *method;
	const char *pattern;
	GtcAccess	access;
	GtcDuty		duty;
	const char *sql;
} GtcRoute;

typedef struct GtcRouteMatch
{
	const GtcRoute *route;		/* NULL: none */
	bool		other_method;	/* the address exists, for another method */
	char	   *parts[GTC_MOST_PARTS];	/* decoded; to be freed */
} GtcRouteMatch;

/* The path as it came, percent signs and all, from behind "/api". */
extern void gtc_route_find(const char *method, const char *path, GtcRouteMatch *match);
extern void gtc_route_free(GtcRouteMatch *match);

/* Decodes %XX into a new string; NULL for half a code, a zero byte, or what is not UTF-8. */
extern char *gtc_percent_decode(const char *text, size_t length);

/* Whether the text is UTF-8, without zero bytes and surrogates. */
extern bool gtc_is_utf8(const char *text, size_t length);

extern const GtcRoute gtc_routes[];

#endif
