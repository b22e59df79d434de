/*
 * serve.c
 *		gtlabel serve: the labeling portal.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "connection.h"
#include "serve/api.h"
#include "serve/events.h"
#include "serve/http.h"

#define SWEEP_SECONDS 5

enum
{
	LISTEN = GTC_OPTION_OWN, PORT, NAME, CERTIFICATE, KEY, PROXY, IMAGES, WORKERS, CONNECTIONS, SESSION,
	PATIENCE, LOG
};

static const struct option long_options[] = {
	GTC_CONNECTION_LONG,
	{"listen", required_argument, NULL, LISTEN},
	{"listen-port", required_argument, NULL, PORT},
	{"name", required_argument, NULL, NAME},
	{"tls-cert", required_argument, NULL, CERTIFICATE},
	{"tls-key", required_argument, NULL, KEY},
	{"behind-proxy", no_argument, NULL, PROXY},
	{"images-from", required_argument, NULL, IMAGES},
	{"workers", required_argument, NULL, WORKERS},
	{"connections", required_argument, NULL, CONNECTIONS},
	{"session-minutes", required_argument, NULL, SESSION},
	{"patience", required_argument, NULL, PATIENCE},
	{"log", no_argument, NULL, LOG},
	{NULL, 0, NULL, 0}
};

static GtcConnectionOptions connection_options;
static const char *certificate_file;
static const char *key_file;

static bool
number_between(const char *text, int low, int high, int *number)
{
	char	   *end;
	long		value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < low || value > high)
		return false;
	*number = (int) value;
	return true;
}

static bool
add_name(const char *name)
{
	if (gtc_options.name_count == GTC_MOST_NAMES || name[0] == '\0')
		return false;
	gtc_options.names[gtc_options.name_count++] = name;
	return true;
}

/* Part of a header: hosts and schemes only. */
static bool
set_images(const char *hosts)
{
	static const char allowed[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:/*-' ";

	gtc_options.images = hosts;
	return strlen(hosts) < 500 && strspn(hosts, allowed) == strlen(hosts);
}

static bool
take_option(int option, const char *value)
{
	switch (option)
	{
		case LISTEN:
			gtc_options.listen = value;
			return true;
		case PORT:
			return number_between(value, 0, 65535, &gtc_options.port);
		case NAME:
			return add_name(value);
		case CERTIFICATE:
			certificate_file = value;
			return true;
		case KEY:
			key_file = value;
			return true;
		case PROXY:
			gtc_options.proxy = true;
			return true;
		case IMAGES:
			return set_images(value);
		case WORKERS:
			return number_between(value, 1, 256, &gtc_options.workers);
		case CONNECTIONS:
			return number_between(value, 1, 256, &gtc_options.connections);
		case SESSION:
			return number_between(value, 1, 10080, &gtc_options.session_minutes);
		case PATIENCE:
			return number_between(value, 1, 3600, &gtc_options.patience);
		case LOG:
			gtc_options.log = true;
			return true;
		default:
			return gtc_connection_option(&connection_options, option, value);
	}
}

/* NULL after a message */
static char *
read_file(const char *path)
{
	FILE	   *file = fopen(path, "r");
	GtcBuffer	text;
	char		piece[4096];
	size_t		count;

	if (file == NULL)
	{
		fprintf(stderr, "gtlabel serve: cannot read \"%s\": %s\n", path, strerror(errno));
		return NULL;
	}
	gtc_buffer_init(&text);
	while ((count = fread(piece, 1, sizeof(piece), file)) > 0)
		gtc_append_bytes(&text, piece, count);
	fclose(file);
	return text.data;
}

static bool
read_certificate(void)
{
	if (certificate_file == NULL)
		return true;
	gtc_options.certificate = read_file(certificate_file);
	gtc_options.key = gtc_options.certificate == NULL ? NULL : read_file(key_file);
	return gtc_options.key != NULL;
}

/* A page of the web can give 127.0.0.1 a name of its own and so be of the same origin. */
static void
guard_loopback(void)
{
	const char *listen = gtc_options.listen;

	gtc_options.loopback = strncmp(listen, "127.", 4) == 0 || strcmp(listen, "::1") == 0;
	if (gtc_options.loopback || gtc_options.name_count > 0)
	{
		(void) (add_name("localhost") && add_name("127.0.0.1") && add_name("[::1]"));
	}
}

/* The extension must be there, and new enough to know the portal. */
static bool
check_database(PGconn *connection)
{
	static const char *none[1];
	PGresult   *result = gtc_query(connection, "SELECT to_regproc('gtlabel.portal_session') IS NOT NULL, "
								   "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user)", 0, none);
	bool		good;

	if (result == NULL)
		return false;
	good = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
	if (!good)
		fprintf(stderr, "gtlabel serve: database \"%s\" does not have the extension gtlabel\n"
				"HINT:  CREATE EXTENSION gtlabel; as a superuser.\n", PQdb(connection));
	else if (strcmp(PQgetvalue(result, 0, 1), "t") == 0)
		fprintf(stderr, "gtlabel serve: runs as the superuser \"%s\", where a role without rights would do\n",
				PQuser(connection));
	PQclear(result);
	return good;
}

static void
run_until_signal(const sigset_t *signals)
{
	struct timespec pause = {.tv_sec = SWEEP_SECONDS};

	for (;;)
	{
		int			signal = sigtimedwait(signals, NULL, &pause);

		if (signal == SIGINT || signal == SIGTERM)
			return;
		gtc_session_sweep(gtc_options.session_minutes * 60);
		gtc_login_trim(gtc_api_own_login());
		gtc_http_sweep();
	}
}

static int
serve(void)
{
	PGconn	   *first;
	struct MHD_Daemon *daemon;
	sigset_t	signals;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL); /* the threads inherit it */
	if (!read_certificate() || (first = gtc_connect(&connection_options, "gtlabel serve")) == NULL)
		return GTC_FAILED;
	if (!check_database(first))
	{
		PQfinish(first);
		return GTC_FAILED;
	}
	gtc_api_start(first);
	PQfinish(first);
	guard_loopback();
	daemon = gtc_http_start();
	if (daemon == NULL)
		return GTC_FAILED;
	gtc_events_start(gtc_api_own_login());
	printf("open http%s://%s%s%s:%d/\n", gtc_options.certificate != NULL ? "s" : "",
		   strchr(gtc_options.listen, ':') != NULL ? "[" : "", gtc_options.listen,
		   strchr(gtc_options.listen, ':') != NULL ? "]" : "", gtc_options.port);
	fflush(stdout);
	run_until_signal(&signals);
	gtc_http_stop(daemon);
	gtc_session_sweep(-1);
	gtc_login_release(gtc_api_own_login());
	free(gtc_options.certificate);
	free(gtc_options.key);
	return GTC_OK;
}

static int
run(int argc, char **argv)
{
	int			option;

	gtc_options = (GtcServeOptions) {.listen = "127.0.0.1", .port = 8432, .images = "https:", .workers = 32,
		.connections = 16, .session_minutes = 720, .patience = 60};
	while ((option = getopt_long(argc, argv, GTC_CONNECTION_SHORT, long_options, NULL)) != -1)
	{
		if (option == GTC_OPTION_HELP)
		{
			gtc_print_help(&gtc_serve_command);
			return GTC_OK;
		}
		if (option == '?')
			return gtc_usage_error(&gtc_serve_command, "cannot read the options");
		if (!take_option(option, optarg))
			return gtc_usage_error(&gtc_serve_command, "\"%s\" is no value for this option", optarg);
	}
	if (optind < argc)
		return gtc_usage_error(&gtc_serve_command, "\"%s\" is too much", argv[optind]);
	if ((certificate_file == NULL) != (key_file == NULL))
		return gtc_usage_error(&gtc_serve_command, "--tls-cert and --tls-key belong together");
	return serve();
}

const GtcCommand gtc_serve_command = {
	"serve", "", "the labeling portal: label in a browser, watch, review and steer jobs",
	"      --listen=ADDRESS       numeric address to listen on (127.0.0.1)\n"
	"      --listen-port=PORT     its port (8432); 0: any that is free\n"
	"      --name=HOST            host name that browsers use; may be repeated\n"
	"      --tls-cert=FILE        certificate chain, PEM\n"
	"      --tls-key=FILE         its key, PEM\n"
	"      --behind-proxy         believe X-Forwarded-For and X-Forwarded-Proto\n"
	"      --images-from=HOSTS    where pictures may come from, as in img-src of a\n"
	"                             Content-Security-Policy (https:); '' for nowhere\n"
	"      --session-minutes=N    a session ends after so long without a request (720)\n"
	"      --patience=N           seconds that a browser has for a whole request (60)\n"
	"      --workers=N            requests that ask the database at a time (32)\n"
	"      --connections=N        connections for the bearers of invitations (16)\n"
	"      --log                  a line a request on stderr, without names\n",
	run
};
