/*
 * watch.c
 *		gtlabel watch [JOB]: what goes on, as it goes on.
 *
 * It looks again when a job says that something happened (LISTEN), and every few seconds.
 * Speed and time to go are reckoned here, from how the number of answers grew while it watched.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "command.h"
#include "connection.h"
#include "json.h"
#include "terminal.h"
#include "text.h"

#define SAMPLES 120				/* of the number of answers, one a look */

enum
{
	ONCE = GTC_OPTION_OWN, AS_JSON
};

static const struct option long_options[] = {
	GTC_CONNECTION_LONG,
	{"interval", required_argument, NULL, 'n'},
	{"once", no_argument, NULL, ONCE},
	{"json", no_argument, NULL, AS_JSON},
	{NULL, 0, NULL, 0}
};

typedef struct Watch
{
	PGconn	   *connection;
	const char *job_name;		/* NULL: all */
	int			interval;		/* seconds */
	bool		once;
	bool		json;
	double		at[SAMPLES];	/* of one job: when, and how many answers */
	double		answers[SAMPLES];
	int			samples;
	GtcBuffer	last;			/* what was printed, when it is no terminal */
} Watch;

static double
number(const GtcJson *object, const char *name)
{
	const char *text = gtc_json_text(object, name);

	return text == NULL ? 0 : atof(text);
}

static const char *
words(const GtcJson *object, const char *name)
{
	const char *text = gtc_json_text(object, name);

	return text == NULL ? "" : text;
}

/* ---- One job in lines ---- */

static void
append_bar(GtcBuffer *screen, const GtcJson *job, int width)
{
	double		total = number(job, "object_count");
	int			people = total > 0 ? (int) (number(job, "human_labeled") / total * width + 0.5) : 0;
	int			machine = total > 0 ? (int) (number(job, "machine_labeled") / total * width + 0.5) : 0;
	int			i;

	for (i = 0; i < width; i++)
		gtc_append(screen, i < people ? "\xE2\x96\x88" : i < people + machine ? "\xE2\x96\x92" : "\xC2\xB7");
}

static void
append_counts(GtcBuffer *screen, const GtcJson *job)
{
	double		total = number(job, "object_count");
	double		labeled = number(job, "human_labeled") + number(job, "machine_labeled");

	gtc_appendf(screen, "%.1f %% of %.0f labeled: %.0f by people, %.0f by machine",
				total > 0 ? 100 * labeled / total : 100.0, total, number(job, "human_labeled"),
				number(job, "machine_labeled"));
	if (number(job, "failed") > 0)
		gtc_appendf(screen, ", %.0f failed", number(job, "failed"));
}

/* Answers a minute while we watched; 0: nothing seen yet */
static double
speed(const Watch *watch)
{
	double		seconds = watch->samples < 2 ? 0 : watch->at[watch->samples - 1] - watch->at[0];
	double		more = watch->samples < 2 ? 0 : watch->answers[watch->samples - 1] - watch->answers[0];

	return seconds < 1 || more <= 0 ? 0 : 60 * more / seconds;
}

static void
append_batch(GtcBuffer *screen, const Watch *watch, const GtcJson *job)
{
	double		left = number(job, "batch_tasks") - number(job, "batch_answers");
	double		pace = watch->job_name == NULL ? 0 : speed(watch);

	if (gtc_json_text(job, "batch_no") == NULL)
		return;
	gtc_appendf(screen, "\n  batch %s: %.0f of %.0f answers", words(job, "batch_no"),
				number(job, "batch_answers"), number(job, "batch_tasks"));
	if (pace > 0)
		gtc_appendf(screen, ", %.0f a minute, about %.0f min to go", pace, left / pace + 0.5);
}

static void
append_work(GtcBuffer *screen, const GtcJson *job, int columns)
{
	if (gtc_json_text(job, "phase") != NULL)
	{
		gtc_appendf(screen, "\n  worker: %s, %.0f %%", words(job, "phase"), number(job, "percent"));
		if (gtc_json_text(job, "estimated_end") != NULL)
			gtc_appendf(screen, ", done at %.8s", words(job, "estimated_end"));
	}
	else if (gtc_json_text(job, "step_error") != NULL)
	{
		gtc_append(screen, "\n  error: ");
		gtc_append_short(screen, words(job, "step_error"), columns - 10);
	}
	if (gtc_json_text(job, "reason") != NULL)
	{
		gtc_appendf(screen, "\n  round %s: ", words(job, "round_no"));
		gtc_append_short(screen, words(job, "reason"), columns - 14);
	}
}

static void
append_job(GtcBuffer *screen, const Watch *watch, const GtcJson *job, int columns)
{
	gtc_append_short(screen, words(job, "job_name"), columns - 16);
	gtc_appendf(screen, "  %s\n  ", words(job, "state"));
	append_bar(screen, job, columns > 64 ? 60 : columns - 4);
	gtc_append(screen, "\n  ");
	append_counts(screen, job);
	append_batch(screen, watch, job);
	append_work(screen, job, columns);
	gtc_append(screen, "\n\n");
}

/* ---- Looking ---- */

static bool
is_farewell(int key)
{
	return key == GTC_KEY_END || key == 'q' || key == GTC_KEY_ESCAPE;
}

static void
take_sample(Watch *watch, const GtcJson *jobs)
{
	struct timespec now;

	if (watch->job_name == NULL || jobs->first == NULL)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (watch->samples == SAMPLES)
	{
		memmove(watch->at, watch->at + 1, (SAMPLES - 1) * sizeof(double));
		memmove(watch->answers, watch->answers + 1, (SAMPLES - 1) * sizeof(double));
		watch->samples--;
	}
	watch->at[watch->samples] = now.tv_sec + now.tv_nsec / 1e9;
	watch->answers[watch->samples++] = number(jobs->first, "answers");
}

static void
show(Watch *watch, const GtcJson *jobs, const GtcTerminal *terminal)
{
	GtcBuffer	screen;
	const GtcJson *job;

	gtc_buffer_init(&screen);
	for (job = jobs->first; job != NULL; job = job->next)
		append_job(&screen, watch, job, terminal == NULL ? 100 : terminal->columns);
	if (jobs->first == NULL)
		gtc_append(&screen, "no jobs\n");
	if (terminal != NULL)
		gtc_terminal_show(terminal, &screen);
	else if (strcmp(screen.data, watch->last.data) != 0)
	{
		fputs(screen.data, stdout);
		fflush(stdout);
		gtc_buffer_reset(&watch->last);
		gtc_append(&watch->last, screen.data);
	}
	gtc_buffer_free(&screen);
}

static bool
has_ended(const GtcJson *jobs, const char *state)
{
	return jobs->first != NULL && strcmp(words(jobs->first, "state"), state) == 0;
}

/* -1: go on */
static int
status_of(const Watch *watch, const GtcJson *jobs)
{
	if (watch->once)
		return GTC_OK;
	if (watch->job_name == NULL)
		return -1;
	if (has_ended(jobs, "failed"))
		return GTC_FAILED;
	return has_ended(jobs, "completed") || has_ended(jobs, "stopped") ? GTC_OK : -1;
}

/* Waits for a server that went away; false: somebody wants to leave. */
static bool
reconnect(Watch *watch, GtcTerminal *terminal)
{
	GtcBuffer	screen;

	gtc_buffer_init(&screen);
	gtc_append(&screen, "No connection; trying again.\n");
	if (terminal != NULL)
		gtc_terminal_show(terminal, &screen);
	else
		fputs(screen.data, stderr);
	gtc_buffer_free(&screen);
	while (PQstatus(watch->connection) != CONNECTION_OK)
	{
		if (terminal == NULL)
			sleep(1);
		else if (is_farewell(gtc_terminal_key(terminal, -1, 1000)))
			return false;
		PQreset(watch->connection);
	}
	PQclear(PQexec(watch->connection, "LISTEN gtlabel"));
	return true;
}

/* The jobs; NULL: an error that has been printed, or somebody wants to leave */
static PGresult *
ask(Watch *watch, GtcTerminal *terminal, bool *left)
{
	for (;;)
	{
		PGresult   *result = PQexecParams(watch->connection, "SELECT gtlabel.portal_watch($1)", 1, NULL, &watch->job_name,
										  NULL, NULL, 0);
		bool		lost = PQstatus(watch->connection) != CONNECTION_OK;

		if (PQresultStatus(result) == PGRES_TUPLES_OK)
			return result;
		if (!lost || watch->once)
		{
			gtc_terminal_close();
			gtc_print_error(watch->connection, result);
		}
		PQclear(result);
		*left = lost && !watch->once && !reconnect(watch, terminal);
		if (!lost || watch->once || *left)
			return NULL;
	}
}

static int
look(Watch *watch, GtcTerminal *terminal)
{
	bool		left = false;
	PGresult   *result = ask(watch, terminal, &left);
	GtcJson    *jobs;
	int			status;

	if (result == NULL)
		return left ? GTC_OK : GTC_FAILED;
	jobs = gtc_json_parse(PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0));
	if (jobs == NULL)
	{
		PQclear(result);
		fputs("gtlabel watch: cannot read what the server says\n", stderr);
		return GTC_FAILED;
	}
	take_sample(watch, jobs);
	if (watch->json)
	{
		puts(PQgetvalue(result, 0, 0));
		fflush(stdout);
	}
	else
		show(watch, jobs, terminal);
	status = status_of(watch, jobs);
	gtc_json_free(jobs);
	PQclear(result);
	return status;
}

/* Until something happened, or the interval is over; false: somebody wants to leave */
static bool
wait_for_more(Watch *watch, GtcTerminal *terminal)
{
	struct pollfd wait = {.fd = PQsocket(watch->connection), .events = POLLIN};
	PGnotify   *notify;
	int			key = GTC_KEY_NONE;

	if (terminal != NULL)
		key = gtc_terminal_key(terminal, wait.fd, watch->interval * 1000);
	else
		(void) poll(&wait, 1, watch->interval * 1000);
	(void) PQconsumeInput(watch->connection);
	while ((notify = PQnotifies(watch->connection)) != NULL)
		PQfreemem(notify);
	return !is_farewell(key);
}

/* The terminal's own screen is back; how the job ended should stand on it. */
static void
leave_last_words(Watch *watch)
{
	(void) look(watch, NULL);
}

static int
watch_jobs(const GtcConnectionOptions *options, Watch *watch)
{
	GtcTerminal terminal;
	bool		on_terminal = !watch->once && !watch->json && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO);
	int			status;

	watch->connection = gtc_connect(options, "gtlabel watch");
	if (watch->connection == NULL)
		return GTC_FAILED;
	gtc_buffer_init(&watch->last);
	PQclear(PQexec(watch->connection, "LISTEN gtlabel"));
	if (on_terminal && !gtc_terminal_open(&terminal))
		on_terminal = false;
	do
	{
		status = look(watch, on_terminal ? &terminal : NULL);
	} while (status < 0 && wait_for_more(watch, on_terminal ? &terminal : NULL));
	gtc_terminal_close();
	if (on_terminal && status >= 0)
		leave_last_words(watch);
	gtc_buffer_free(&watch->last);
	PQfinish(watch->connection);
	return status < 0 ? GTC_OK : status;
}

static int
run(int argc, char **argv)
{
	GtcConnectionOptions options = {0};
	Watch		watch = {.interval = 2};
	int			option;

	while ((option = getopt_long(argc, argv, GTC_CONNECTION_SHORT "n:", long_options, NULL)) != -1)
	{
		switch (option)
		{
			case GTC_OPTION_HELP:
				gtc_print_help(&gtc_watch_command);
				return GTC_OK;
			case 'n':
				watch.interval = atoi(optarg);
				if (watch.interval < 1 || watch.interval > 3600)
					return gtc_usage_error(&gtc_watch_command,
										   "\"%s\" is no number of seconds from 1 to 3600", optarg);
				break;
			case ONCE:
				watch.once = true;
				break;
			case AS_JSON:
				watch.json = true;
				break;
			default:
				if (!gtc_connection_option(&options, option, optarg))
					return gtc_usage_error(&gtc_watch_command, "cannot read the options");
		}
	}
	if (optind + 1 < argc)
		return gtc_usage_error(&gtc_watch_command, "\"%s\" is too much", argv[optind + 1]);
	watch.job_name = argv[optind];
	return watch_jobs(&options, &watch);
}

const GtcCommand gtc_watch_command = {
	"watch", "[JOB]", "live progress: batches, rounds, workers",
	"  -n, --interval=N       seconds between two looks (2); events are seen at once\n"
	"      --once             look once\n"
	"      --json             a line of JSON a look\n"
	"\nOf one job it ends by itself: 0 when the job is completed or stopped, 1 when it\n"
	"has failed. q leaves.\n",
	run
};
