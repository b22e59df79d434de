/*
 * api.c
 *		Admits a request, runs its statement, words its reply.
 *
 * A request that changes something must carry JSON and the secret that GET /session told this
 * session's page; no form and no page of another site can send either.  The rest is decided by the
 * database: a role's requests run on connections of that role, and an invitation's hand its token
 * to functions that take one and nothing else.
 */
#include "serve/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "json.h"
#include "serve/rate.h"

#define MOST_SIGNING_IN 4
#define MOST_LONG 2
#define TRIES 3

static GtcLogin *own;
static int	signing_in = 0;
static int	long_running = 0;

void
gtc_api_start(PGconn *first)
{
	own = gtc_login_own(first, gtc_options.connections);
}

GtcLogin *
gtc_api_own_login(void)
{
	return own;
}

void
gtc_reply_error(GtcReply *reply, unsigned status, const char *message, const char *hint, const char *code)
{
	reply->status = status;
	if (reply->body.data == NULL)
		gtc_buffer_init(&reply->body);
	gtc_buffer_reset(&reply->body);
	gtc_append(&reply->body, "{\"message\": ");
	gtc_append_json(&reply->body, message);
	gtc_append(&reply->body, ", \"hint\": ");
	gtc_append_json(&reply->body, hint);
	gtc_append(&reply->body, ", \"code\": ");
	gtc_append_json(&reply->body, code);
	gtc_append(&reply->body, "}");
}

static bool
refuse(GtcRequest *request, unsigned status, const char *message)
{
	gtc_reply_error(&request->reply, status, message, NULL, NULL);
	return false;
}

/* ---- Names, cookies, origins ---- */

bool
gtc_host_allowed(const char *host)
{
	size_t		length;
	int			i;

	if (gtc_options.name_count == 0 && !gtc_options.loopback)
		return true;
	if (host == NULL)
		return false;
	length = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	if (length > strlen(host))
		return false;
	for (i = 0; i < gtc_options.name_count; i++)
	{
		if (strlen(gtc_options.names[i]) == length && strncasecmp(gtc_options.names[i], host, length) == 0)
			return true;
	}
	return false;
}

bool
gtc_cookie(const char *header, const char *name, char *value, size_t size)
{
	size_t		name_length = strlen(name);

	while (header != NULL && *header != '\0')
	{
		size_t		length = strcspn(header, ";");

		if (length > name_length && header[name_length] == '=' && strncmp(header, name, name_length) == 0)
		{
			length -= name_length + 1;
			if (length >= size)
				return false;
			memcpy(value, header + name_length + 1, length);
			value[length] = '\0';
			return true;
		}
		header += length;
		header += strspn(header, "; ");
	}
	return false;
}

static bool
is_secure(const GtcRequest *request)
{
	const char *protocol = gtc_options.proxy ? gtc_header(request, "X-Forwarded-Proto") : NULL;

	return gtc_options.certificate != NULL || (protocol != NULL && strcasecmp(protocol, "https") == 0);
}

/* Browsers share cookies between the ports of a host. */
void
gtc_cookie_name(char *name, size_t size)
{
	snprintf(name, size, "gtlabel_%d", gtc_options.port);
}

static void
set_cookie(GtcRequest *request, const char *id)
{
	char		name[32];
	char		line[160];

	gtc_cookie_name(name, sizeof(name));
	snprintf(line, sizeof(line), "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", name, id,
			 is_secure(request) ? "; Secure" : "", id[0] == '\0' ? "; Max-Age=0" : "");
	free(request->reply.cookie);
	request->reply.cookie = gtc_copy(line);
}

/* Of the same site, as far as the browser says where a request comes from */
static bool
is_ours(const GtcRequest *request)
{
	const char *site = gtc_header(request, "Sec-Fetch-Site");
	const char *origin = gtc_header(request, "Origin");
	const char *host = gtc_header(request, "Host");

	if (site != NULL)
		return strcmp(site, "same-origin") == 0;
	if (origin == NULL)
		return true;
	origin = strstr(origin, "://");
	return origin != NULL && host != NULL && strcasecmp(origin + 3, host) == 0;
}

static bool
is_json(const GtcRequest *request)
{
	const char *type = gtc_header(request, "Content-Type");

	return type != NULL && strncasecmp(type, "application/json", 16) == 0 && strchr("; ", type[16]) != NULL;
}

static bool
changes_something(const GtcRequest *request)
{
	return strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0;
}

/* ---- Admission ---- */

static void
find_session(GtcRequest *request)
{
	char		name[32];
	char		id[GTC_SECRET];

	gtc_cookie_name(name, sizeof(name));
	if (!gtc_cookie(gtc_header(request, "Cookie"), name, id, sizeof(id)))
		return;
	request->session = gtc_session_find(id);
	if (request->session != NULL && !gtc_session_enter(request->session))
	{
		gtc_session_release(request->session);
		request->session = NULL;
		gtc_reply_error(&request->reply, 429, "too many requests of one session at a time", NULL, NULL);
		request->reply.retry_after = 1;
	}
}

static bool
admit_change(GtcRequest *request)
{
	const char *csrf = gtc_header(request, "X-Gtlabel-Csrf");

	if (!is_ours(request))
		return refuse(request, 403, "the request comes from another site");
	if (request->body.len > 0 && !is_json(request))
		return refuse(request, 415, "the body must be application/json");
	if (request->body.len == 0 && strcmp(request->method, "DELETE") != 0)
		return refuse(request, 400, "the body is missing");
	if (request->session != NULL && request->match.route->access != GTC_ANYBODY &&
		(csrf == NULL || !gtc_same_secret(request->session->csrf, csrf)))
		return refuse(request, 403, "the request does not come from a page of this session");
	if (!gtc_is_utf8(request->body.data, request->body.len))
		return refuse(request, 400, "the body is not UTF-8");
	return true;
}

bool
gtc_api_admit(GtcRequest *request)
{
	const GtcRoute *route;

	if (request->too_large)
		return refuse(request, 413, "the request is too large");
	gtc_route_find(request->method, request->path + strlen("/api"), &request->match);
	route = request->match.route;
	if (route == NULL)
		return request->match.other_method ? refuse(request, 405, "not with this method") :
			refuse(request, 404, "there is nothing at this address");
	find_session(request);
	if (request->reply.status != 0)
		return false;
	if (route->access != GTC_ANYBODY && request->session == NULL)
		return refuse(request, 401, "not signed in");
	if (route->access == GTC_ROLE && request->session->token != NULL)
		return refuse(request, 403, "an invitation is for labeling only");
	return !changes_something(request) || admit_change(request);
}

/* ---- One statement ---- */

unsigned
gtc_status_of(const char *sqlstate)
{
	static const struct
	{
		const char *state;		/* or its first characters */
		unsigned	status;
	}			table[] = {
		{"28", 401}, {"42501", 403}, {"42704", 404}, {"42P01", 404}, {"42710", 409}, {"55006", 409},
		{"55000", 409},
		{"22", 422}, {"23", 422}, {"42", 422}, {"0A", 422}, {"54", 422}, {"21", 422}, {"P0", 422},
		{"57014", 504}, {"40", 503}, {"53", 503}, {"55P03", 503}, {"57", 503}, {"08", 503}
	};
	size_t		i;

	for (i = 0; sqlstate != NULL && i < sizeof(table) / sizeof(table[0]); i++)
	{
		if (strncmp(sqlstate, table[i].state, strlen(table[i].state)) == 0)
			return table[i].status;
	}
	return 500;
}

static PGresult *
run_prepared(GtcConnection *connection, const GtcRoute *route, const char *const *values)
{
	static const Oid text[4] = {25, 25, 25, 25};
	int			number = (int) (route - gtc_routes);
	char		name[16];

	snprintf(name, sizeof(name), "route_%d", number);
	if ((connection->prepared & 1ULL << number) == 0)
	{
		PGresult   *result = PQprepare(connection->pg, name, route->sql, 4, text);

		if (PQresultStatus(result) != PGRES_COMMAND_OK)
			return result;
		PQclear(result);
		connection->prepared |= 1ULL << number;
	}
	return PQexecPrepared(connection->pg, name, 4, values, NULL, NULL, 0);
}

/* Once more after a deadlock, or when somebody else was first. */
static PGresult *
run_until_done(GtcConnection *connection, const GtcRoute *route, const char *const *values)
{
	PGresult   *result;
	int			tries = 0;

	for (;;)
	{
		const char *state;

		result = run_prepared(connection, route, values);
		state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		if (state == NULL || strncmp(state, "40", 2) != 0 || ++tries == TRIES)
			return result;
		PQclear(result);
	}
}

static void
reply_failure(GtcRequest *request, PGconn *connection, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	unsigned	status = state == NULL ? 503 : gtc_status_of(state);

	if (status >= 500)
	{
		fprintf(stderr, "gtlabel serve: %s %s: %s: %s", request->method, request->match.route->pattern,
				state == NULL ? "no connection" : state,
				message == NULL ? PQerrorMessage(connection) : message);
		if (message != NULL)
			fputc('\n', stderr);
	}
	if (status == 500)
		message = "the database could not do it; its log says why";
	else if (message == NULL)
		message = "the database does not answer";
	gtc_reply_error(&request->reply, status, message, PQresultErrorField(result, PG_DIAG_MESSAGE_HINT),
					state);
	if (status == 503)
		request->reply.retry_after = 1;
	if (status == 401 && request->session != NULL && request->session->token != NULL)
		gtc_session_end(request->session);	/* the invitation has expired, or was taken back */
}

static void
reply_value(GtcRequest *request, const PGresult *result)
{
	GtcReply   *reply = &request->reply;

	if (PQntuples(result) != 1 || PQgetisnull(result, 0, 0))
	{
		reply->status = 204;
		return;
	}
	reply->status = 200;
	gtc_buffer_init(&reply->body);
	gtc_append_bytes(&reply->body, PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0));
	if (request->match.route->duty == GTC_SQL_PAGE)
		reply->type = "text/html; charset=utf-8";
}

static void
limit_time(PGconn *connection, const char *limit)
{
	PQclear(PQexecParams(connection, "SELECT set_config('statement_timeout', $1, false)", 1, NULL, &limit,
						 NULL, NULL, 0));
}

static void
ask_database(GtcRequest *request)
{
	const GtcRoute *route = request->match.route;
	GtcLogin   *login = request->session != NULL ? request->session->login : own;
	const char *values[4] = {request->session != NULL ? request->session->token : NULL,
	request->body.len > 0 ? request->body.data : NULL, request->match.parts[0], request->match.parts[1]};
	GtcConnection *connection = gtc_login_take(login);
	PGresult   *result;

	if (connection == NULL)
	{
		gtc_reply_error(&request->reply, 503, "the database does not answer", NULL, NULL);
		request->reply.retry_after = 2;
		return;
	}
	if (route->duty == GTC_SQL_LONG)
		limit_time(connection->pg, "15min");
	result = run_until_done(connection, route, values);
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		reply_value(request, result);
	else
		reply_failure(request, connection->pg, result);
	PQclear(result);
	if (route->duty == GTC_SQL_LONG)
		limit_time(connection->pg, "30s");
	gtc_login_give_back(login, connection);
}

/* ---- Signing in and out ---- */

/* What the page is told of the session, and which job an invitation is for; false after a refusal. */
static bool
describe(GtcRequest *request, GtcSession *session)
{
	const char *values[1] = {session->token};
	GtcConnection *connection = gtc_login_take(session->login);
	PGresult   *result;
	bool		good = false;
	GtcBuffer	words;
	GtcJson    *json;
	const char *job;

	if (connection == NULL)
		return refuse(request, 503, "the database does not answer");
	result = PQexecParams(connection->pg, "SELECT gtlabel.portal_session($1)",
						  1, NULL, values, NULL, NULL, 0);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		reply_failure(request, connection->pg, result);
	else if ((json = gtc_json_parse(PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0))) == NULL)
		(void) refuse(request, 500, "the database could not do it; its log says why");
	else
	{
		gtc_buffer_init(&words);
		gtc_appendf(&words, "{\"csrf\": \"%s\", %s", session->csrf, PQgetvalue(result, 0, 0) + 1);
		session->described = words.data;
		job = gtc_json_text(json, "job_id");
		session->job_id = session->token == NULL || job == NULL ? 0 : atoll(job);
		gtc_json_free(json);
		good = true;
	}
	PQclear(result);
	gtc_login_give_back(session->login, connection);
	return good;
}

static void
begin_session(GtcRequest *request, GtcLogin *login, const char *token)
{
	GtcSession *session = gtc_session_begin(login, token);

	if (session == NULL)
	{
		gtc_reply_error(&request->reply, 503, "too many people are signed in", NULL, NULL);
		return;
	}
	if (describe(request, session))
	{
		request->reply.status = 200;
		gtc_buffer_init(&request->reply.body);
		gtc_append(&request->reply.body, session->described);
		set_cookie(request, session->id);
		if (request->session != NULL)
			gtc_session_end(request->session);
	}
	else
		gtc_session_end(session);
	gtc_session_release(session);
}

static void
refuse_sign_in(GtcRequest *request, GtcLoginResult why)
{
	switch (why)
	{
		case GTC_LOGIN_NO_PASSWORD:
			gtc_reply_error(&request->reply, 403,
							"the database asks for no password here, so nobody can show who they are",
							"Have pg_hba.conf ask for scram-sha-256, or send an invitation.", NULL);
			break;
		case GTC_LOGIN_DOWN:
			gtc_reply_error(&request->reply, 503, "the database does not answer", NULL, NULL);
			break;
		default:
			gtc_reply_error(&request->reply, 403, "the database does not take this role and password",
							NULL, "28P01");
	}
}

static void
sign_in_role(GtcRequest *request, const char *role, const char *password)
{
	GtcLogin   *login;
	GtcLoginResult result = gtc_login_role(own, role, password, &login);

	if (result == GTC_LOGIN_GOOD)
		begin_session(request, login, NULL);
	else
		refuse_sign_in(request, result);
}

static void
try_to_sign_in(GtcRequest *request, const GtcJson *form)
{
	const char *role = gtc_json_text(form, "role");
	const char *password = gtc_json_text(form, "password");
	const char *token = gtc_json_text(form, "token");
	char		address[64];
	int			wait;

	gtc_peer_address(request, address, sizeof(address));
	if (token == NULL && (role == NULL || password == NULL))
	{
		(void) refuse(request, 422, "role and password, or a token");
		return;
	}
	wait = gtc_rate_wait(address, token != NULL ? "" : role, gtc_now());
	if (wait > 0)
	{
		gtc_reply_error(&request->reply, 429, "too many attempts to sign in", "Try again in a while.", NULL);
		request->reply.retry_after = wait;
		return;
	}
	if (token != NULL)
		begin_session(request, gtc_login_keep(own), token);
	else
		sign_in_role(request, role, password);
	if (request->reply.status == 401)
		request->reply.status = 403;	/* nobody's session has ended */
	if (request->reply.status == 403)
		gtc_rate_failed(address, token != NULL ? "" : role, gtc_now());
}

static void
sign_in(GtcRequest *request)
{
	GtcJson    *form = gtc_json_parse(request->body.data, request->body.len);

	if (form == NULL)
		(void) refuse(request, 400, "the body is not JSON");
	else if (__atomic_add_fetch(&signing_in, 1, __ATOMIC_SEQ_CST) > MOST_SIGNING_IN)
	{
		(void) refuse(request, 429, "too many attempts to sign in");
		request->reply.retry_after = 1;
	}
	else
		try_to_sign_in(request, form);
	if (form != NULL)
		__atomic_sub_fetch(&signing_in, 1, __ATOMIC_SEQ_CST);
	gtc_json_free(form);
	explicit_bzero(request->body.data, request->body.len);
}

/* An invitation is looked at before anybody is signed in, so that guessing is limited here too. */
static bool
may_look(GtcRequest *request, char *address, size_t size)
{
	gtc_peer_address(request, address, size);
	request->reply.retry_after = gtc_rate_wait(address, "", gtc_now());
	if (request->reply.retry_after == 0)
		return true;
	gtc_reply_error(&request->reply, 429, "too many attempts to sign in", "Try again in a while.", NULL);
	return false;
}

static void
look_at_invitation(GtcRequest *request)
{
	char		address[64];

	if (!may_look(request, address, sizeof(address)))
		return;
	ask_database(request);
	if (request->reply.status == 200 && strstr(request->reply.body.data, "\"unknown\"") != NULL)
		gtc_rate_failed(address, "", gtc_now());
}

static void
ask_for_long(GtcRequest *request)
{
	if (__atomic_add_fetch(&long_running, 1, __ATOMIC_SEQ_CST) > MOST_LONG)
	{
		(void) refuse(request, 503, "others have long work done just now");
		request->reply.retry_after = 10;
	}
	else
		ask_database(request);
	__atomic_sub_fetch(&long_running, 1, __ATOMIC_SEQ_CST);
}

void
gtc_api_perform(GtcRequest *request)
{
	const GtcRoute *route = request->match.route;

	switch (route->duty)
	{
		case GTC_SIGN_IN:
			sign_in(request);
			break;
		case GTC_SIGN_OUT:
			gtc_session_end(request->session);
			set_cookie(request, "");
			request->reply.status = 204;
			break;
		case GTC_SESSION:
			if (request->session == NULL)
				(void) refuse(request, 401, "not signed in");
			else
			{
				request->reply.status = 200;
				gtc_buffer_init(&request->reply.body);
				gtc_append(&request->reply.body, request->session->described);
			}
			break;
		case GTC_SQL_LONG:
			ask_for_long(request);
			break;
		default:
			if (route->access == GTC_ANYBODY)
				look_at_invitation(request);
			else
				ask_database(request);
	}
}
