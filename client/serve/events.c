/*
 * events.c
 *		One connection that listens, and the streams of all browsers.
 *
 * A notification carries numbers only, and numbers only are sent on; the bearer of an invitation
 * hears of its own job.  A stream with nothing to say is suspended in libmicrohttpd, so it costs a
 * socket and no thread.  Every HEARTBEAT seconds each gets a comment, by which a browser that is
 * gone, and a session that has ended, are found.
 */
#include "serve/events.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"

#define HEARTBEAT 20			/* seconds */
#define MOST_STREAMS 4096
#define MOST_OF_SESSION 8
#define MOST_WAITING 65536		/* bytes that a browser has not taken; then the stream ends */

typedef struct Stream
{
	struct MHD_Connection *connection;
	GtcSession *session;
	GtcBuffer	waiting;
	bool		suspended;
	bool		over;
	struct Stream *next;
} Stream;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Stream *streams = NULL;
static int	stream_count = 0;
static pthread_t thread;
static GtcLogin *listener = NULL;
static int	wake[2] = {-1, -1};

bool
gtc_events_numbers(const char *payload, long long *job, long long *event)
{
	long long  *into[2] = {job, event};
	int			found = 0;

	*job = *event = 0;
	while (*payload != '\0' && found < 2)
	{
		if (*payload == '"')	/* a name, or text */
		{
			const char *end = strchr(payload + 1, '"');

			payload = end == NULL ? payload + strlen(payload) : end + 1;
		}
		else if (*payload >= '0' && *payload <= '9')
		{
			char	   *end;

			*into[found++] = strtoll(payload, &end, 10);
			payload = end;
		}
		else
			payload++;
	}
	return found > 0;
}

/* The lock is held. */
static void
say(Stream *stream, const char *words)
{
	if (stream->waiting.len > MOST_WAITING)
		stream->over = true;
	else
		gtc_append(&stream->waiting, words);
	if (stream->suspended)
	{
		stream->suspended = false;
		MHD_resume_connection(stream->connection);
	}
}

static void
say_all(const char *words, long long job)
{
	Stream	   *stream;

	pthread_mutex_lock(&lock);
	for (stream = streams; stream != NULL; stream = stream->next)
	{
		long long	only = stream->session->job_id;

		if (stream->session->ended)
			stream->over = true;
		if (job == 0 || only == 0 || only == job)
			say(stream, words);
	}
	pthread_mutex_unlock(&lock);
}

static ssize_t
read_stream(void *context, uint64_t position, char *into, size_t room)
{
	Stream	   *stream = context;
	ssize_t		count;

	pthread_mutex_lock(&lock);
	if (stream->waiting.len > 0)
	{
		count = stream->waiting.len < room ? stream->waiting.len : room;
		memcpy(into, stream->waiting.data, count);
		memmove(stream->waiting.data, stream->waiting.data + count, stream->waiting.len - count);
		stream->waiting.len -= count;
	}
	else if (stream->over)
		count = MHD_CONTENT_READER_END_OF_STREAM;
	else
	{
		stream->suspended = true;
		MHD_suspend_connection(stream->connection);
		count = 0;
	}
	pthread_mutex_unlock(&lock);
	return count;
}

static void
free_stream(void *context)
{
	Stream	   *stream = context;
	Stream	  **place;

	pthread_mutex_lock(&lock);
	for (place = &streams; *place != stream; place = &(*place)->next)
		;
	*place = stream->next;
	stream_count--;
	pthread_mutex_unlock(&lock);
	gtc_session_release(stream->session);
	gtc_buffer_free(&stream->waiting);
	free(stream);
}

static int
streams_of(const GtcSession *session)
{
	const Stream *stream;
	int			count = 0;

	for (stream = streams; stream != NULL; stream = stream->next)
		count += stream->session == session;
	return count;
}

struct MHD_Response *
gtc_events_stream(struct MHD_Connection *connection, GtcSession *session)
{
	Stream	   *stream = NULL;
	struct MHD_Response *response;

	pthread_mutex_lock(&lock);
	if (stream_count < MOST_STREAMS && streams_of(session) < MOST_OF_SESSION)
	{
		stream = gtc_alloc(sizeof(Stream));
		stream->connection = connection;
		stream->session = session;
		gtc_buffer_init(&stream->waiting);
		gtc_append(&stream->waiting, "retry: 2000\n\n");
		stream->next = streams;
		streams = stream;
		stream_count++;
	}
	pthread_mutex_unlock(&lock);
	if (stream == NULL)
		return NULL;
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024, read_stream, stream, free_stream);
	if (response == NULL)
		abort();				/* no memory */
	return response;
}

/* Waits up to a heartbeat; false when the server stops, or the connection is lost. */
static bool
wait_for_words(PGconn *connection, bool *stopping)
{
	struct pollfd waits[2] = {{.fd = wake[0], .events = POLLIN},
	{.fd = connection == NULL ? -1 : PQsocket(connection), .events = POLLIN}};
	int			ready = poll(waits, 2, connection == NULL ? 1000 : HEARTBEAT * 1000);

	*stopping = ready > 0 && waits[0].revents != 0;
	if (ready == 0 && connection != NULL)
		say_all(": still here\n\n", 0);
	return !*stopping && connection != NULL && PQconsumeInput(connection);
}

static void
pass_on(PGconn *connection)
{
	PGnotify   *notify;

	while ((notify = PQnotifies(connection)) != NULL)
	{
		long long	job,
					event;
		char		words[128];

		(void) gtc_events_numbers(notify->extra, &job, &event);
		snprintf(words, sizeof(words), "data: {\"job_id\": %lld, \"event_id\": %lld}\n\n", job, event);
		say_all(words, job);
		PQfreemem(notify);
	}
}

static void *
listen_for_events(void *unused)
{
	bool		stopping = false;

	while (!stopping)
	{
		PGconn	   *connection = gtc_login_connect(listener);

		if (connection != NULL)
		{
			PQclear(PQexec(connection, "LISTEN gtlabel"));
			/* What happened meanwhile is not known. */
			say_all("data: {\"job_id\": 0, \"event_id\": 0}\n\n", 0);
			while (wait_for_words(connection, &stopping))
				pass_on(connection);
			PQfinish(connection);
		}
		if (!stopping)
			(void) wait_for_words(NULL, &stopping); /* a second, then once more */
	}
	return NULL;
}

void
gtc_events_start(GtcLogin *login)
{
	listener = login;
	if (pipe(wake) != 0 || pthread_create(&thread, NULL, listen_for_events, NULL) != 0)
	{
		perror("gtlabel serve: cannot start a thread");
		exit(1);
	}
}

void
gtc_events_stop(void)
{
	Stream	   *stream;

	if (write(wake[1], "x", 1) == 1)
		pthread_join(thread, NULL);
	pthread_mutex_lock(&lock);
	for (stream = streams; stream != NULL; stream = stream->next)
	{
		stream->over = true;
		say(stream, "\n");
	}
	pthread_mutex_unlock(&lock);
}
