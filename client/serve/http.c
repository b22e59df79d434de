/*
 * http.c
 *		HTTP by libmicrohttpd: one thread reads and writes, workers ask the database.
 *
 * A request that needs the database is suspended in libmicrohttpd, waits in a queue for a worker
 * and is resumed with its reply, so that a slow statement holds up nobody else, and a browser that
 * is slow or only listens costs a socket and no thread.  A connection that sends no whole request
 * within the patience of the options is cut off, however busily it trickles.
 */
#include "serve/http.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "serve/api.h"
#include "serve/assets.h"
#include "serve/events.h"

#define MOST_CONNECTIONS 2000
#define MOST_OF_ADDRESS 200
#define MOST_QUEUED 2000
#define HEADER_ROOM 24576		/* bytes of memory of a connection */

GtcServeOptions gtc_options;

/* ---- Connections ---- */

typedef struct Peer
{
	int			socket;
	double		since;			/* when it began to owe us a request */
	bool		working;		/* a whole request is here, or being answered */
	struct Peer *next;
} Peer;

static Peer *peers = NULL;
static pthread_mutex_t peer_lock = PTHREAD_MUTEX_INITIALIZER;

double
gtc_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void
begin_peer(struct MHD_Connection *connection, void **context)
{
	Peer	   *peer = gtc_alloc(sizeof(Peer));

	peer->socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	peer->since = gtc_now();
	pthread_mutex_lock(&peer_lock);
	peer->next = peers;
	peers = peer;
	pthread_mutex_unlock(&peer_lock);
	*context = peer;
}

static void
end_peer(Peer *peer)
{
	Peer	  **place;

	pthread_mutex_lock(&peer_lock);
	for (place = &peers; *place != peer; place = &(*place)->next)
		;
	*place = peer->next;
	pthread_mutex_unlock(&peer_lock);
	free(peer);
}

static void
on_connection(void *unused, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		begin_peer(connection, context);
	else if (*context != NULL)
		end_peer(*context);
}

static void
mark_peer(struct MHD_Connection *connection, bool working)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	Peer	   *peer = info->socket_context;

	pthread_mutex_lock(&peer_lock);
	peer->working = working;
	peer->since = gtc_now();
	pthread_mutex_unlock(&peer_lock);
}

void
gtc_http_sweep(void)
{
	double		old = gtc_now() - gtc_options.patience;
	Peer	   *peer;

	pthread_mutex_lock(&peer_lock);
	for (peer = peers; peer != NULL; peer = peer->next)
	{
		if (!peer->working && peer->since < old)
			shutdown(peer->socket, SHUT_RDWR);	/* the other thread finds it closed */
	}
	pthread_mutex_unlock(&peer_lock);
}

const char *
gtc_header(const GtcRequest *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

void
gtc_peer_address(const GtcRequest *request, char *address, size_t size)
{
	const char *forwarded = gtc_options.proxy ? gtc_header(request, "X-Forwarded-For") : NULL;
	const char *last = forwarded == NULL ? NULL : strrchr(forwarded, ',');
	const union MHD_ConnectionInfo *info;

	if (forwarded != NULL)
	{
		last = last == NULL ? forwarded : last + 1; /* what the proxy itself saw */
		snprintf(address, size, "%s", last + strspn(last, " "));
		return;
	}
	info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info == NULL || getnameinfo(info->client_addr, info->client_addr->sa_family == AF_INET6 ?
									sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in),
									address, size, NULL, 0, NI_NUMERICHOST) != 0)
		snprintf(address, size, "unknown");
}

/* ---- Workers ---- */

static GtcRequest *queue = NULL;
static GtcRequest **queue_tail = &queue;
static int	queue_length = 0;
static bool stopping = false;
static pthread_t *workers;
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queue_filled = PTHREAD_COND_INITIALIZER;

static GtcRequest *
next_request(void)
{
	GtcRequest *request;

	pthread_mutex_lock(&queue_lock);
	while (queue == NULL && !stopping)
		pthread_cond_wait(&queue_filled, &queue_lock);
	request = queue;
	if (request != NULL)
	{
		queue = request->next;
		if (queue == NULL)
			queue_tail = &queue;
		queue_length--;
	}
	pthread_mutex_unlock(&queue_lock);
	return request;
}

static void *
work(void *unused)
{
	GtcRequest *request;

	while ((request = next_request()) != NULL)
	{
		gtc_api_perform(request);
		request->done = true;
		MHD_resume_connection(request->connection);
	}
	return NULL;
}

/* False when too many wait already */
static bool
hand_over(GtcRequest *request)
{
	bool		room;

	pthread_mutex_lock(&queue_lock);
	room = queue_length < MOST_QUEUED && !stopping;
	if (room)
	{
		MHD_suspend_connection(request->connection);
		request->next = NULL;
		*queue_tail = request;
		queue_tail = &request->next;
		queue_length++;
		pthread_cond_signal(&queue_filled);
	}
	pthread_mutex_unlock(&queue_lock);
	return room;
}

/* ---- Replies ---- */

static void
add_headers(struct MHD_Response *response, const char *policy)
{
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "X-Frame-Options", "DENY");
	MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
	MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	MHD_add_response_header(response, "Content-Security-Policy", policy);
}

static const char *
page_policy(void)
{
	static char policy[1024];

	snprintf(policy, sizeof(policy),
			 "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: %s; "
			 "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
			 "require-trusted-types-for 'script'",
			 gtc_options.images);
	return policy;
}

static enum MHD_Result
send_response(GtcRequest *request, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result result = MHD_queue_response(request->connection, status, response);

	MHD_destroy_response(response);
	if (gtc_options.log)
		fprintf(stderr, "%u %s %s %.1f ms\n", status, request->method,
				request->match.route != NULL ? request->match.route->pattern : "-",
				(gtc_now() - request->began) * 1000);
	return result;
}

static enum MHD_Result
send_reply(GtcRequest *request)
{
	GtcReply   *reply = &request->reply;
	struct MHD_Response *response = MHD_create_response_from_buffer(reply->body.len, reply->body.data,
																	MHD_RESPMEM_MUST_FREE);
	char		seconds[16];

	reply->body.data = NULL;
	if (response == NULL)
		return MHD_NO;
	if (reply->type != NULL)	/* a report: styled by itself, without scripts */
		add_headers(response, "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
					"frame-ancestors 'none'");
	else
		add_headers(response, "default-src 'none'; frame-ancestors 'none'");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	if (reply->body.len > 0)
		MHD_add_response_header(response, "Content-Type",
								reply->type != NULL ? reply->type : "application/json");
	if (reply->cookie != NULL)
		MHD_add_response_header(response, "Set-Cookie", reply->cookie);
	if (reply->retry_after > 0)
	{
		snprintf(seconds, sizeof(seconds), "%d", reply->retry_after);
		MHD_add_response_header(response, "Retry-After", seconds);
	}
	return send_response(request, reply->status, response);
}

static enum MHD_Result
send_error(GtcRequest *request, unsigned status, const char *message)
{
	gtc_reply_error(&request->reply, status, message, NULL, NULL);
	return send_reply(request);
}

static enum MHD_Result
send_asset(GtcRequest *request)
{
	const GtcAsset *asset = gtc_assets;
	const char *known = gtc_header(request, "If-None-Match");
	struct MHD_Response *response;
	bool		same;

	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
		return send_error(request, 405, "not with this method");
	while (asset->path != NULL && strcmp(asset->path, request->path) != 0)
		asset++;
	if (asset->path == NULL)
		return send_error(request, 404, "there is nothing at this address");
	same = known != NULL && strcmp(known, asset->etag) == 0;
	response = MHD_create_response_from_buffer(same ? 0 : asset->size, (void *) asset->data,
											   MHD_RESPMEM_PERSISTENT);
	if (response == NULL)
		return MHD_NO;
	add_headers(response, page_policy());
	MHD_add_response_header(response, "Content-Type", asset->type);
	MHD_add_response_header(response, "ETag", asset->etag);
	MHD_add_response_header(response, "Cache-Control", "no-cache");
	return send_response(request, same ? 304 : 200, response);
}

static enum MHD_Result
send_events(GtcRequest *request)
{
	GtcSession *session = request->session;
	struct MHD_Response *response = gtc_events_stream(request->connection, session);

	if (response == NULL)
		return send_error(request, 503, "too many pages are open");
	gtc_session_leave(session);
	request->session = NULL;	/* the stream's */
	add_headers(response, "default-src 'none'");
	MHD_add_response_header(response, "Content-Type", "text/event-stream");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Accel-Buffering", "no");
	return send_response(request, 200, response);
}

/* ---- Requests ---- */

static GtcRequest *
begin_request(struct MHD_Connection *connection, const char *method, const char *url)
{
	GtcRequest *request = gtc_alloc(sizeof(GtcRequest));

	request->connection = connection;
	request->method = method;
	request->path = gtc_copy(url);
	request->began = gtc_now();
	gtc_buffer_init(&request->body);
	return request;
}

static void
on_completed(void *unused, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode code)
{
	GtcRequest *request = *context;

	if (request == NULL)
		return;
	mark_peer(connection, false);
	if (request->session != NULL)
	{
		gtc_session_leave(request->session);
		gtc_session_release(request->session);
	}
	gtc_route_free(&request->match);
	gtc_buffer_free(&request->body);
	free(request->reply.body.data);
	free(request->reply.cookie);
	free(request->path);
	free(request);
	*context = NULL;
}

static void
take_body(GtcRequest *request, const char *data, size_t size)
{
	if (request->body.len + size > GTC_MOST_BODY)
		request->too_large = true;
	else
		gtc_append_bytes(&request->body, data, size);
}

/* The whole request is here. */
static enum MHD_Result
answer(GtcRequest *request)
{
	if (!gtc_host_allowed(gtc_header(request, "Host")))
		return send_error(request, 421, "the server does not go by this name");
	if (strncmp(request->path, "/api/", 5) != 0)
		return send_asset(request);
	if (!gtc_api_admit(request))
		return send_reply(request);
	if (request->match.route->duty == GTC_EVENTS)
		return send_events(request);
	if (hand_over(request))
		return MHD_YES;
	request->reply.retry_after = 1;
	return send_error(request, 503, "too many requests wait");
}

static bool
is_announced_too_large(const GtcRequest *request)
{
	const char *length = gtc_header(request, "Content-Length");

	return length != NULL && (strlen(length) > 9 || atol(length) > GTC_MOST_BODY);
}

static enum MHD_Result
on_request(void *unused, struct MHD_Connection *connection, const char *url, const char *method,
		   const char *version, const char *upload, size_t *upload_size, void **context)
{
	GtcRequest *request = *context;

	if (request == NULL)
	{
		request = *context = begin_request(connection, method, url);
		return is_announced_too_large(request) ? send_error(request, 413, "the request is too large") :
			MHD_YES;
	}
	if (*upload_size > 0)
	{
		take_body(request, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (request->done)
		return send_reply(request);
	if (request->admitted)
		return MHD_YES;			/* with a worker */
	request->admitted = true;
	mark_peer(connection, true);
	return answer(request);
}

/* Parts of an address are decoded after it has been split: a job's name may hold a slash. */
static size_t
leave_escapes(void *unused, struct MHD_Connection *connection, char *text)
{
	return strlen(text);
}

static void
ignore_log(void *unused, const char *format, va_list args)
{
	if (gtc_options.log)
		vfprintf(stderr, format, args);
}

/* ---- Start and stop ---- */

static void
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < MOST_CONNECTIONS + 500)
	{
		limit.rlim_cur = limit.rlim_max < MOST_CONNECTIONS + 500 ? limit.rlim_max : MOST_CONNECTIONS + 500;
		(void) setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool
start_workers(void)
{
	int			i;

	workers = gtc_alloc(gtc_options.workers * sizeof(pthread_t));
	for (i = 0; i < gtc_options.workers; i++)
	{
		if (pthread_create(&workers[i], NULL, work, NULL) != 0)
			return false;
	}
	return true;
}

static struct addrinfo *
listen_address(void)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_PASSIVE, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char		port[16];

	snprintf(port, sizeof(port), "%d", gtc_options.port);
	if (getaddrinfo(gtc_options.listen, port, &hints, &found) != 0)
		return NULL;
	return found;
}

static struct MHD_Daemon *
start_daemon(const struct addrinfo *address)
{
	unsigned	flags = MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
		(address->ai_family == AF_INET6 ? MHD_USE_IPv6 : 0) |
		(gtc_options.certificate != NULL ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, gtc_options.certificate},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, gtc_options.key},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, "SECURE192:SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
		{MHD_OPTION_END, 0, NULL}
	};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

	return MHD_start_daemon(flags, gtc_options.port, NULL, NULL, on_request, NULL,
							MHD_OPTION_EXTERNAL_LOGGER, ignore_log, NULL,
							MHD_OPTION_SOCK_ADDR, address->ai_addr,
							MHD_OPTION_CONNECTION_LIMIT, (unsigned) MOST_CONNECTIONS,
							MHD_OPTION_PER_IP_CONNECTION_LIMIT,
							(unsigned) (gtc_options.proxy ? 0 : MOST_OF_ADDRESS),
							MHD_OPTION_CONNECTION_TIMEOUT, (unsigned) gtc_options.patience,
							MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) HEADER_ROOM,
							MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL,
							MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL,
							MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
							MHD_OPTION_ARRAY, gtc_options.certificate != NULL ? tls : none,
							MHD_OPTION_END);
}

struct MHD_Daemon *
gtc_http_start(void)
{
	struct addrinfo *address = listen_address();
	struct MHD_Daemon *daemon = NULL;

	raise_file_limit();
	if (address == NULL)
		fprintf(stderr, "gtlabel serve: \"%s\" is no numeric address\n", gtc_options.listen);
	else if (!start_workers() || (daemon = start_daemon(address)) == NULL)
		fprintf(stderr, "gtlabel serve: cannot listen on %s, port %d\n",
				gtc_options.listen, gtc_options.port);
	else if (gtc_options.port == 0)
		gtc_options.port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	if (address != NULL)
		freeaddrinfo(address);
	return daemon;
}

void
gtc_http_stop(struct MHD_Daemon *daemon)
{
	int			i;

	pthread_mutex_lock(&queue_lock);
	stopping = true;
	pthread_cond_broadcast(&queue_filled);
	pthread_mutex_unlock(&queue_lock);
	for (i = 0; i < gtc_options.workers; i++)
		pthread_join(workers[i], NULL);
	free(workers);
	gtc_events_stop();
	MHD_stop_daemon(daemon);
}
