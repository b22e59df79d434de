/*
 * connection.h
 *		How every command comes to its connection: psql's options, libpq's environment.
 */
#ifndef GTC_CONNECTION_H
#define GTC_CONNECTION_H

#include <getopt.h>
#include <stdbool.h>

#include <libpq-fe.h>

#include "command.h"

typedef struct GtcConnectionOptions
{
	const char *host;
	const char *port;
	const char *user;
	const char *database;		/* or a connection string */
	bool		ask_password;
	bool		never_ask_password;
} GtcConnectionOptions;

#define GTC_OPTION_HELP 1000
#define GTC_OPTION_OWN 1001		/* the first number that a command's own long option can have */

/* For getopt_long, beside the command's own. */
#define GTC_CONNECTION_SHORT "h:p:U:d:wW"
#define GTC_CONNECTION_LONG \
	{"host", required_argument, NULL, 'h'}, {"port", required_argument, NULL, 'p'}, \
	{"username", required_argument, NULL, 'U'}, {"dbname", required_argument, NULL, 'd'}, \
	{"no-password", no_argument, NULL, 'w'}, {"password", no_argument, NULL, 'W'}, \
	{"help", no_argument, NULL, GTC_OPTION_HELP}

extern const char gtc_connection_help[];

/* Takes an option if it is one of the connection. */
extern bool gtc_connection_option(GtcConnectionOptions *options, int option, const char *value);

/* Connects, asking for a password where one is wanted and there is a terminal; NULL after a message. */
extern PGconn *gtc_connect(const GtcConnectionOptions *options, const char *application);

/* Runs one statement with text parameters; NULL after a message on stderr, as psql words it. */
extern PGresult *gtc_query(PGconn *connection, const char *sql, int count, const char *const *values);

/* What the server said, on stderr, as psql words it */
extern void gtc_print_error(PGconn *connection, const PGresult *result);

/* "message. detail. hint", for people, into a fixed array */
extern const char *gtc_error_words(PGconn *connection, const PGresult *result, char *words, size_t size);

#endif
