/*
 * connection.c
 *		A connection as psql makes it, and one statement at a time on it.
 */
#include "connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "buffer.h"

const char	gtc_connection_help[] =
"  -h, --host=HOST        server's host or socket directory (PGHOST)\n"
"  -p, --port=PORT        its port (PGPORT)\n"
"  -U, --username=ROLE    role to connect as (PGUSER)\n"
"  -d, --dbname=DATABASE  database, or a connection string (PGDATABASE)\n"
"  -w, --no-password      never ask for a password\n"
"  -W, --password         ask before connecting\n";

bool
gtc_connection_option(GtcConnectionOptions *options, int option, const char *value)
{
	switch (option)
	{
		case 'h':
			options->host = value;
			return true;
		case 'p':
			options->port = value;
			return true;
		case 'U':
			options->user = value;
			return true;
		case 'd':
			options->database = value;
			return true;
		case 'w':
			options->never_ask_password = true;
			return true;
		case 'W':
			options->ask_password = true;
			return true;
		default:
			return false;
	}
}

/* NULL without a terminal */
static char *
ask_password(void)
{
	FILE	   *terminal = fopen("/dev/tty", "r+");
	struct termios before,
				silent;
	char		line[512];
	bool		got;

	if (terminal == NULL || tcgetattr(fileno(terminal), &before) != 0)
	{
		if (terminal != NULL)
			fclose(terminal);
		return NULL;
	}
	silent = before;
	silent.c_lflag &= ~ECHO;
	tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
	fputs("Password: ", terminal);
	fflush(terminal);
	got = fgets(line, sizeof(line), terminal) != NULL;
	tcsetattr(fileno(terminal), TCSAFLUSH, &before);
	fputs("\n", terminal);
	fclose(terminal);
	if (!got)
		return NULL;
	line[strcspn(line, "\r\n")] = '\0';
	return gtc_copy(line);
}

static PGconn *
connect_with(const GtcConnectionOptions *options, const char *application, const char *password)
{
	const char *const names[] = {"host", "port", "user", "dbname", "password", "fallback_application_name",
		"client_encoding", NULL};
	const char *const values[] = {options->host, options->port, options->user, options->database, password,
		application, "UTF8", NULL};

	return PQconnectdbParams(names, values, 1);
}

PGconn *
gtc_connect(const GtcConnectionOptions *options, const char *application)
{
	char	   *password = options->ask_password ? ask_password() : NULL;
	PGconn	   *connection = connect_with(options, application, password);

	if (PQstatus(connection) == CONNECTION_BAD && PQconnectionNeedsPassword(connection) &&
		password == NULL && !options->never_ask_password)
	{
		password = ask_password();
		if (password != NULL)
		{
			PQfinish(connection);
			connection = connect_with(options, application, password);
		}
	}
	if (password != NULL)
		explicit_bzero(password, strlen(password));
	free(password);
	if (PQstatus(connection) == CONNECTION_OK)
		return connection;
	fprintf(stderr, "gtlabel: %s", PQerrorMessage(connection));
	PQfinish(connection);
	return NULL;
}

void
gtc_print_error(PGconn *connection, const PGresult *result)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);

	if (message == NULL)
	{
		fprintf(stderr, "gtlabel: %s", PQerrorMessage(connection));
		return;
	}
	fprintf(stderr, "gtlabel: %s\n", message);
	if (detail != NULL)
		fprintf(stderr, "DETAIL:  %s\n", detail);
	if (hint != NULL)
		fprintf(stderr, "HINT:  %s\n", hint);
}

PGresult *
gtc_query(PGconn *connection, const char *sql, int count, const char *const *values)
{
	PGresult   *result = PQexecParams(connection, sql, count, NULL, values, NULL, NULL, 0);

	if (PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK)
		return result;
	gtc_print_error(connection, result);
	PQclear(result);
	return NULL;
}

const char *
gtc_error_words(PGconn *connection, const PGresult *result, char *words, size_t size)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);

	snprintf(words, size, "%s%s%s", message != NULL ? message : PQerrorMessage(connection),
			 hint != NULL ? ". " : "", hint != NULL ? hint : "");
	words[strcspn(words, "\r\n")] = '\0';
	return words;
}
