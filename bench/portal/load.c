/*
 * load.c
 *		Annotators that answer as fast as they can: through the portal, or by the same call in SQL.
 *
 *	load http PORT SECONDS JOB TOKEN ...		a connection for each token
 *	load sql  CONNINFO SECONDS JOB TOKEN ...
 *
 * Prints: answers, answers a second, p50, p99 and longest of "answer and next" in milliseconds.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "buffer.h"
#include "json.h"

#define AHEAD 5					/* objects in hands, as the page has them */

typedef struct Annotator
{
	const char *job;
	const char *token;
	int			socket;			/* http */
	char		cookie[128];
	char		csrf[64];
	PGconn	   *connection;		/* sql */
	long long	tasks[2 * AHEAD];
	int			task_count;
	double	   *seconds;		/* of each answer */
	int			answers;
	int			room;
} Annotator;

static int	port;
static double end;

static double
now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec + at.tv_nsec / 1e9;
}

static void
fail(const char *what, const char *detail)
{
	fprintf(stderr, "load: %s: %s\n", what, detail);
	exit(1);
}

/* ---- HTTP ---- */

static void
connect_http(Annotator *who)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int			on = 1;

	who->socket = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(who->socket, (struct sockaddr *) &address, sizeof(address)) != 0)
		fail("cannot connect", "is gtlabel serve running?");
	setsockopt(who->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* The whole response: its body, and its head before it */
static char *
read_response(Annotator *who, GtcBuffer *response)
{
	for (;;)
	{
		char		piece[16384];
		char	   *body = strstr(response->data, "\r\n\r\n");
		char	   *length = strcasestr(response->data, "\r\nContent-Length:");
		ssize_t		count;

		if (body != NULL && length != NULL && response->len >= (size_t) (body + 4 - response->data) + atol(length + 17))
			return body + 4;
		count = read(who->socket, piece, sizeof(piece));
		if (count <= 0)
			fail("the server hung up", response->data);
		gtc_append_bytes(response, piece, count);
	}
}

static GtcJson *
post(Annotator *who, const char *path, const char *body, GtcBuffer *response)
{
	GtcBuffer	request;
	char	   *answer;
	GtcJson    *json;

	gtc_buffer_init(&request);
	gtc_appendf(&request, "POST /api%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
				"Cookie: %s\r\nX-Gtlabel-Csrf: %s\r\nContent-Length: %zu\r\n\r\n%s",
				path, port, who->cookie, who->csrf, strlen(body), body);
	gtc_buffer_reset(response);
	if (write(who->socket, request.data, request.len) != (ssize_t) request.len)
		fail("cannot send", path);
	gtc_buffer_free(&request);
	answer = read_response(who, response);
	if (strncmp(response->data, "HTTP/1.1 200", 12) != 0)
		fail(path, response->data);
	json = gtc_json_parse(answer, strlen(answer));
	if (json == NULL)
		fail("no JSON", answer);
	return json;
}

static void
sign_in(Annotator *who)
{
	GtcBuffer	response;
	char		body[256];
	GtcJson    *json;
	char	   *cookie;

	connect_http(who);
	gtc_buffer_init(&response);
	snprintf(body, sizeof(body), "{\"token\": \"%s\"}", who->token);
	json = post(who, "/session", body, &response);
	cookie = strcasestr(response.data, "\r\nSet-Cookie:");
	snprintf(who->cookie, sizeof(who->cookie), "%.*s", (int) strcspn(cookie + 14, ";"), cookie + 14);
	snprintf(who->csrf, sizeof(who->csrf), "%s", gtc_json_text(json, "csrf"));
	gtc_json_free(json);
	gtc_buffer_free(&response);
}

/* ---- Tasks ---- */

static void
take_tasks(Annotator *who, const GtcJson *tasks)
{
	const GtcJson *task;

	who->task_count = 0;
	for (task = tasks == NULL ? NULL : tasks->first; task != NULL && who->task_count < AHEAD; task = task->next)
		who->tasks[who->task_count++] = atoll(gtc_json_text(task, "task_id"));
}

static void
answer_http(Annotator *who, long long task, GtcBuffer *response)
{
	char		path[128];
	char		body[256];
	GtcJson    *json;

	snprintf(path, sizeof(path), task == 0 ? "/jobs/%s/accept" : "/jobs/%s/answer", who->job);
	if (task == 0)
		snprintf(body, sizeof(body), "{\"max_tasks\": %d}", AHEAD);
	else
		snprintf(body, sizeof(body), "{\"task_ids\": [%lld], \"labels\": [\"b\"], \"comments\": [null], \"max_tasks\": %d}", task, AHEAD);
	json = post(who, path, body, response);
	take_tasks(who, gtc_json_member(json, "tasks"));
	gtc_json_free(json);
}

static void
answer_sql(Annotator *who, long long task)
{
	static const Oid text[3] = {25, 25, 25};
	char		id[32];
	const char *values[3] = {who->token, who->job, id};
	PGresult   *result;
	int			i;

	if (task == 0)
	{
		PQclear(PQprepare(who->connection, "accept",
						  "SELECT task_id, object FROM gt_accept_tasks($2, 5, NULL, $1) WHERE $3 IS NOT NULL", 3, text));
		PQclear(PQprepare(who->connection, "answer",
						  "SELECT task_id, object FROM gt_answer(ARRAY[$3::bigint], ARRAY['b'], NULL, 5, NULL, $1) "
						  "WHERE $2 IS NOT NULL", 3, text));
	}
	snprintf(id, sizeof(id), "%lld", task);
	result = PQexecPrepared(who->connection, task == 0 ? "accept" : "answer", 3, values, NULL, NULL, 0);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		fail("SQL", PQresultErrorMessage(result));
	who->task_count = 0;
	for (i = 0; i < PQntuples(result) && i < AHEAD; i++)
		who->tasks[who->task_count++] = atoll(PQgetvalue(result, i, 0));
	PQclear(result);
}

static void *
annotate(void *context)
{
	Annotator  *who = context;
	GtcBuffer	response;

	gtc_buffer_init(&response);
	while (now() < end)
	{
		double		began = now();
		long long	task = who->task_count > 0 ? who->tasks[0] : 0;

		if (who->connection == NULL)
			answer_http(who, task, &response);
		else
			answer_sql(who, task);
		if (who->task_count == 0)
			fail("no tasks are left", who->job);
		if (task == 0)
			continue;
		if (who->answers == who->room)
			who->seconds = gtc_realloc(who->seconds, (who->room = 2 * who->room + 1024) * sizeof(double));
		who->seconds[who->answers++] = now() - began;
	}
	gtc_buffer_free(&response);
	return NULL;
}

static int
compare(const void *one, const void *other)
{
	double		difference = *(const double *) one - *(const double *) other;

	return (difference > 0) - (difference < 0);
}

static void
print_times(const Annotator *annotators, int count, double duration)
{
	double	   *all = NULL;
	int			total = 0;
	int			i;

	for (i = 0; i < count; i++)
	{
		all = gtc_realloc(all, (total + annotators[i].answers + 1) * sizeof(double));
		memcpy(all + total, annotators[i].seconds, annotators[i].answers * sizeof(double));
		total += annotators[i].answers;
	}
	if (total == 0)
		fail("no answers", "");
	qsort(all, total, sizeof(double), compare);
	printf("%d %.0f %.1f %.1f %.1f\n", total, total / duration, 1000 * all[total / 2], 1000 * all[(int) (total * 0.99)],
		   1000 * all[total - 1]);
}

int
main(int argc, char **argv)
{
	int			count = argc - 5;
	bool		http = argc > 1 && strcmp(argv[1], "http") == 0;
	Annotator  *annotators = gtc_alloc((count > 0 ? count : 1) * sizeof(Annotator));
	pthread_t  *threads = gtc_alloc((count > 0 ? count : 1) * sizeof(pthread_t));
	double		began;
	int			i;

	if (count < 1)
		fail("usage", "load http|sql PORT|CONNINFO SECONDS JOB TOKEN ...");
	port = atoi(argv[2]);
	for (i = 0; i < count; i++)
	{
		annotators[i].job = argv[4];
		annotators[i].token = argv[5 + i];
		if (http)
			sign_in(&annotators[i]);
		else if (PQstatus(annotators[i].connection = PQconnectdb(argv[2])) != CONNECTION_OK)
			fail("SQL", PQerrorMessage(annotators[i].connection));
	}
	began = now();
	end = began + atof(argv[3]);
	for (i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, annotate, &annotators[i]);
	for (i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	print_times(annotators, count, now() - began);
	return 0;
}
