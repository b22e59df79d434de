/*
 * seat.h
 *		What the seat in a terminal holds (annotate.c): objects ahead, what was done last, and the screen.
 */
#ifndef GTC_SEAT_H
#define GTC_SEAT_H

#include <stdbool.h>
#include <libpq-fe.h>

#include "json.h"
#include "terminal.h"
#include "text.h"

#define GTC_SEAT_AHEAD 5		/* objects that are fetched ahead */
#define GTC_SEAT_LOW 3			/* with fewer in hands, more are fetched */
#define GTC_SEAT_REMEMBERED 10
#define GTC_SEAT_KEYS "1234567890abefijklmnopqrtuvwxyz"	/* c, d and s are commands; g and h are so in the portal */

typedef struct GtcSeatTask
{
	long long	id;
	GtcJson    *object;			/* NULL: the row is gone */
} GtcSeatTask;

typedef enum GtcVerb
{
	GTC_ANSWERED,
	GTC_PASSED,
	GTC_DECLINED
} GtcVerb;

typedef struct GtcDeed
{
	GtcSeatTask task;
	GtcVerb		verb;
	char	   *label;			/* GTC_ANSWERED */
	char	   *comment;
	bool		refused;
} GtcDeed;

typedef struct GtcSeat
{
	PGconn	   *connection;
	const char *token;
	const char *job_name;
	GtcJson    *about;			/* what portal_seat says */
	const char **categories;	/* in about */
	char	   *keys;			/* [category_count] of each; 0: none */
	int			category_count;
	double		changed;		/* when they last did */
	GtcTerminal terminal;
	GtcSeatTask tasks[2 * GTC_SEAT_AHEAD + GTC_SEAT_REMEMBERED];	/* that I hold; the first is on the screen */
	int			task_count;
	GtcDeed		deeds[GTC_SEAT_REMEMBERED];	/* the newest first */
	int			deed_count;
	int			editing;		/* a deed; -1: none */
	char	   *comment;		/* on the object of the screen */
	char		filter[64];
	int			scroll;
	char		message[300];
	char		state[24];		/* of the queue */
	long long	today;
	long long	left;
	double		trained;		/* share; < 0: not said */
	bool		leaving;
} GtcSeat;

/* ---- seat_tasks.c: what is asked of the server ---- */

extern double gtc_seat_now(void);
extern void gtc_seat_fetch(GtcSeat *seat);
extern void gtc_seat_set_comment(GtcSeat *seat, const char *comment);

/* The object of the screen, or the one whose answer is being changed */
extern void gtc_seat_answer(GtcSeat *seat, const char *label);
extern void gtc_seat_give_back(GtcSeat *seat, GtcVerb verb, const char *sql, const char *reason);
extern void gtc_seat_undo(GtcSeat *seat);

/* One answer back (1) or forth (-1) among those that can be changed */
extern void gtc_seat_walk(GtcSeat *seat, int step);

/* What the owner says of the job, to begin with and when it has changed; about is the seat's now */
extern void gtc_seat_take_about(GtcSeat *seat, GtcJson *about);
extern void gtc_seat_follow(GtcSeat *seat);

/* What was fetched ahead, for others */
extern void gtc_seat_release_all(GtcSeat *seat);
extern void gtc_seat_free(GtcSeat *seat);

/* ---- seat_screen.c: what is seen, and which key means what ---- */

extern void gtc_seat_choose_keys(GtcSeat *seat);

/* So many categories that letters find them? */
extern bool gtc_seat_is_typing(const GtcSeat *seat);

/* The category that a key chooses; -1: none */
extern int	gtc_seat_chosen_by(const GtcSeat *seat, int key);

extern void gtc_seat_append_line(GtcBuffer *screen, const char *style, const char *text, int width);
extern void gtc_seat_append_content(GtcSeat *seat, GtcBuffer *screen, const GtcLines *lines, int rows);
extern void gtc_seat_draw(GtcSeat *seat);

#endif							/* GTC_SEAT_H */
