/*
 * login.c
 *		A role, its password, and a few connections of it that its sessions share.
 *
 * Each role that signs in has connections of its own, opened with the password that was shown:
 * what a statement may do is decided by the database, not here.  A connection is used by one
 * request at a time; its first statement pins the search path and limits the time of all others.
 * Passwords are kept for the connections that come later, and wiped.
 */
#include "serve/login.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buffer.h"

#define MOST_FOR_ROLE 4
#define IDLE_SECONDS 60

struct GtcLogin
{
	pthread_mutex_t lock;
	pthread_cond_t given_back;
	char	  **names;			/* of libpq's parameters, NULL at the end */
	char	  **values;
	char	   *role;
	GtcConnection *spare;		/* the last used first */
	int			open;
	int			most;
	int			users;
};

static const char setup[] =
"SELECT set_config('search_path', 'pg_catalog, pg_temp', false), "
"set_config('statement_timeout', '30s', false), set_config('lock_timeout', '10s', false), "
"set_config('client_min_messages', 'warning', false), "
"set_config('idle_in_transaction_session_timeout', '60s', false)";

static void
ignore_notice(void *context, const PGresult *result)
{
}

static bool
answered_well(PGresult *result)
{
	bool		good = PQresultStatus(result) == PGRES_TUPLES_OK;

	PQclear(result);
	return good;
}

/* NULL if it does not come about; then *failed says why, to be finished */
static PGconn *
open_connection(const GtcLogin *login, PGconn **failed)
{
	PGconn	   *connection = PQconnectdbParams((const char *const *) login->names,
											   (const char *const *) login->values, 0);

	PQsetNoticeReceiver(connection, ignore_notice, NULL);
	if (PQstatus(connection) == CONNECTION_OK && answered_well(PQexec(connection, setup)))
		return connection;
	if (failed != NULL)
		*failed = connection;
	else
		PQfinish(connection);
	return NULL;
}

static GtcLogin *
new_login(const char *role, int most)
{
	GtcLogin   *login = gtc_alloc(sizeof(GtcLogin));

	pthread_mutex_init(&login->lock, NULL);
	pthread_cond_init(&login->given_back, NULL);
	login->names = gtc_alloc(sizeof(char *));
	login->values = gtc_alloc(sizeof(char *));
	login->role = gtc_copy(role);
	login->most = most;
	login->users = 1;
	return login;
}

static void
add_parameter(GtcLogin *login, const char *name, const char *value)
{
	int			count = 0;

	if (value == NULL || value[0] == '\0')
		return;
	while (login->names[count] != NULL)
		count++;
	login->names = gtc_realloc(login->names, (count + 2) * sizeof(char *));
	login->values = gtc_realloc(login->values, (count + 2) * sizeof(char *));
	login->names[count] = gtc_copy(name);
	login->values[count] = gtc_copy(value);
	login->names[count + 1] = login->values[count + 1] = NULL;
}

static GtcConnection *
new_connection(PGconn *pg)
{
	GtcConnection *connection = gtc_alloc(sizeof(GtcConnection));

	connection->pg = pg;
	return connection;
}

static void
close_connection(GtcConnection *connection)
{
	PQfinish(connection->pg);
	free(connection);
}

static void
free_login(GtcLogin *login)
{
	int			i;

	while (login->spare != NULL)
	{
		GtcConnection *spare = login->spare;

		login->spare = spare->next;
		close_connection(spare);
	}
	for (i = 0; login->names[i] != NULL; i++)
	{
		explicit_bzero(login->values[i], strlen(login->values[i]));
		free(login->names[i]);
		free(login->values[i]);
	}
	free(login->names);
	free(login->values);
	free(login->role);
	pthread_cond_destroy(&login->given_back);
	pthread_mutex_destroy(&login->lock);
	free(login);
}

GtcLogin *
gtc_login_own(PGconn *first, int most)
{
	GtcLogin   *login = new_login(PQuser(first), most);
	PQconninfoOption *options = PQconninfo(first);
	PQconninfoOption *option;

	for (option = options; option->keyword != NULL; option++)
		add_parameter(login, option->keyword, option->val);
	PQconninfoFree(options);
	return login;
}

/* The same server and database, somebody else */
static GtcLogin *
login_like(const GtcLogin *like, const char *role, const char *password)
{
	GtcLogin   *login = new_login(role, MOST_FOR_ROLE);
	int			i;

	for (i = 0; like->names[i] != NULL; i++)
	{
		if (strcmp(like->names[i], "user") != 0 && strcmp(like->names[i], "password") != 0)
			add_parameter(login, like->names[i], like->values[i]);
	}
	add_parameter(login, "user", role);
	add_parameter(login, "password", password);
	return login;
}

static GtcLoginResult
why_refused(PGconn *connection)
{
	return PQconnectionUsedPassword(connection) || PQconnectionNeedsPassword(connection) ?
		GTC_LOGIN_REFUSED : GTC_LOGIN_DOWN;
}

GtcLoginResult
gtc_login_role(const GtcLogin *like, const char *role, const char *password, GtcLogin **login)
{
	GtcLogin   *made;
	PGconn	   *failed = NULL;
	PGconn	   *connection;
	GtcLoginResult result = GTC_LOGIN_GOOD;

	/* libpq would look an empty password up in the environment and in files of the server. */
	if (role[0] == '\0' || password[0] == '\0')
		return GTC_LOGIN_REFUSED;
	made = login_like(like, role, password);
	connection = open_connection(made, &failed);
	if (connection == NULL)
	{
		result = why_refused(failed);
		PQfinish(failed);
	}
	else if (!PQconnectionUsedPassword(connection))
	{
		result = GTC_LOGIN_NO_PASSWORD;
		PQfinish(connection);
	}
	if (result != GTC_LOGIN_GOOD)
	{
		free_login(made);
		return result;
	}
	made->open = 1;
	gtc_login_give_back(made, new_connection(connection));
	*login = made;
	return GTC_LOGIN_GOOD;
}

GtcLogin *
gtc_login_keep(GtcLogin *login)
{
	pthread_mutex_lock(&login->lock);
	login->users++;
	pthread_mutex_unlock(&login->lock);
	return login;
}

void
gtc_login_release(GtcLogin *login)
{
	bool		last;

	pthread_mutex_lock(&login->lock);
	last = --login->users == 0;
	pthread_mutex_unlock(&login->lock);
	if (last)
		free_login(login);
}

const char *
gtc_login_role_name(const GtcLogin *login)
{
	return login->role;
}

/* Whether the other side has closed it: then there is something to read, and it is the end. */
static bool
is_alive(PGconn *connection)
{
	struct pollfd waiting = {.fd = PQsocket(connection), .events = POLLIN};

	if (PQstatus(connection) != CONNECTION_OK)
		return false;
	if (poll(&waiting, 1, 0) > 0)
		return PQconsumeInput(connection) && PQstatus(connection) == CONNECTION_OK;
	return true;
}

static GtcConnection *
take_spare(GtcLogin *login)
{
	GtcConnection *spare = login->spare;

	if (spare != NULL)
		login->spare = spare->next;
	return spare;
}

static void
forget_one(GtcLogin *login)
{
	pthread_mutex_lock(&login->lock);
	login->open--;
	pthread_cond_signal(&login->given_back);
	pthread_mutex_unlock(&login->lock);
}

GtcConnection *
gtc_login_take(GtcLogin *login)
{
	GtcConnection *connection;
	PGconn	   *pg;

	pthread_mutex_lock(&login->lock);
	while (login->spare == NULL && login->open >= login->most)
		pthread_cond_wait(&login->given_back, &login->lock);
	connection = take_spare(login);
	if (connection == NULL)
		login->open++;
	pthread_mutex_unlock(&login->lock);
	if (connection != NULL && is_alive(connection->pg))
		return connection;
	if (connection != NULL)
		close_connection(connection);
	pg = open_connection(login, NULL);
	if (pg != NULL)
		return new_connection(pg);
	forget_one(login);
	return NULL;
}

void
gtc_login_give_back(GtcLogin *login, GtcConnection *connection)
{
	if (PQstatus(connection->pg) != CONNECTION_OK || PQtransactionStatus(connection->pg) != PQTRANS_IDLE)
	{
		close_connection(connection);
		forget_one(login);
		return;
	}
	connection->since = time(NULL);
	pthread_mutex_lock(&login->lock);
	connection->next = login->spare;
	login->spare = connection;
	pthread_cond_signal(&login->given_back);
	pthread_mutex_unlock(&login->lock);
}

void
gtc_login_trim(GtcLogin *login)
{
	long		old = time(NULL) - IDLE_SECONDS;
	GtcConnection **place;

	pthread_mutex_lock(&login->lock);
	place = &login->spare;
	while (*place != NULL)
	{
		GtcConnection *spare = *place;

		if (spare->since > old)
		{
			place = &spare->next;
			continue;
		}
		*place = spare->next;
		close_connection(spare);
		login->open--;
	}
	pthread_mutex_unlock(&login->lock);
}

PGconn *
gtc_login_connect(GtcLogin *login)
{
	return open_connection(login, NULL);
}
