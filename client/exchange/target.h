/*
 * target.h
 *		The tables that an import makes, and the transaction that it makes them in.
 */
#ifndef GTC_TARGET_H
#define GTC_TARGET_H

#include <stdio.h>

#include "connection.h"
#include "exchange/load.h"

typedef struct GtcTarget
{
	const char *table;			/* as the user wrote them; NULL: not wanted */
	const char *answers_table;
	GtcBuffer	table_name;		/* as SQL writes them, once the transaction is open */
	GtcBuffer	answers_name;
	PGconn	   *connection;
	bool		copying;		/* the server waits for rows */
} GtcTarget;

extern void gtc_target_init(GtcTarget *target, const char *table, const char *answers_table);

/* Ends the transaction too, which keeps nothing if it was not committed. */
extern void gtc_target_free(GtcTarget *target);

/* Each false after a message: in this order, rows in between */
extern bool gtc_target_open(GtcTarget *target, const GtcConnectionOptions *server);
extern bool gtc_target_begin(GtcTarget *target, const GtcLoad *load);
extern bool gtc_target_send(GtcTarget *target, const char *data, size_t length);
extern bool gtc_target_end(GtcTarget *target, const GtcLoad *load);
extern bool gtc_target_take_answers(GtcTarget *target, FILE *file, long long count);
extern bool gtc_target_commit(GtcTarget *target);

#endif
