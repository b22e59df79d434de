/*
 * annotate.c
 *		gtlabel annotate JOB: the seat of the portal in a terminal, also over SSH.
 *
 * seat_tasks.c asks the server, seat_screen.c paints; here are the keys.  Leaving gives back what was fetched and
 * not answered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "command.h"
#include "connection.h"
#include "json.h"
#include "seat.h"
#include "terminal.h"
#include "text.h"

#define LOOK_SECONDS 5
#define SURPRISE 0.7			/* seconds after the keys have changed in which a key counts as an accident */

enum
{
	TOKEN = GTC_OPTION_OWN
};

static const struct option long_options[] = {
	GTC_CONNECTION_LONG,
	{"token", required_argument, NULL, TOKEN},
	{NULL, 0, NULL, 0}
};

/* ---- Small conversations ---- */

static void
drop_last(GtcBuffer *text)
{
	while (text->len > 0 && (text->data[--text->len] & 0xC0) == 0x80)
		;
	text->data[text->len] = '\0';
}

/* A line from the annotator; false: cancelled */
static bool
ask_line(GtcSeat *seat, const char *question, GtcBuffer *line)
{
	for (;;)
	{
		int			key;

		snprintf(seat->message, sizeof(seat->message), "%s (Enter keeps, Esc cancels): %.200s",
				 question, line->data);
		gtc_seat_draw(seat);
		key = gtc_terminal_key(&seat->terminal, -1, 60000);
		seat->message[0] = '\0';
		if (key == GTC_KEY_ENTER)
			return true;
		if (key == GTC_KEY_ESCAPE || key == GTC_KEY_END)
			return false;
		if (key == GTC_KEY_BACKSPACE)
			drop_last(line);
		else if (key >= ' ' && key < GTC_KEY_UP && line->len < 2000)
			gtc_append_utf8(line, key);
	}
}

static void
ask_comment(GtcSeat *seat)
{
	GtcBuffer	line;

	if (seat->task_count == 0 || seat->editing >= 0)
		return;
	gtc_buffer_init(&line);
	gtc_append(&line, seat->comment == NULL ? "" : seat->comment);
	if (ask_line(seat, "Comment", &line))
		gtc_seat_set_comment(seat, line.data);
	gtc_buffer_free(&line);
}

static void
ask_reason(GtcSeat *seat)
{
	GtcBuffer	line;

	if (seat->task_count == 0 || seat->editing >= 0)
		return;
	gtc_buffer_init(&line);
	if (ask_line(seat, "Why can nobody answer this?", &line))
		gtc_seat_give_back(seat, GTC_DECLINED, "SELECT gtlabel.portal_tasks($1, 'decline', $2::jsonb)",
				  line.len > 0 ? line.data : NULL);
	gtc_buffer_free(&line);
}

static void
show_help(GtcSeat *seat)
{
	const char *instructions = gtc_json_text(seat->about, "instructions");
	GtcLines	lines = {0};
	GtcBuffer	screen;
	int			key = GTC_KEY_NONE;

	gtc_lines_add(&lines, instructions != NULL ? instructions : "The owner of the job gave no instructions.",
				  seat->terminal.columns, 0);
	gtc_lines_add(&lines, "\n1 to 0, letters: answer, and on to the next\n"
				  "Backspace: take the last answer back\nleft, right: change one of the last ten answers\n"
				  "s: pass, for somebody else\nd: decline, nobody can answer this\nc: comment\n"
				  "up, down: scroll\nEsc: leave", seat->terminal.columns, 0);
	gtc_buffer_init(&screen);
	seat->scroll = 0;
	gtc_seat_append_content(seat, &screen, &lines, seat->terminal.rows - 1);
	gtc_seat_append_line(&screen, "\x1b[2m", "any key goes back", seat->terminal.columns);
	gtc_terminal_show(&seat->terminal, &screen);
	while (key == GTC_KEY_NONE)
		key = gtc_terminal_key(&seat->terminal, -1, 60000);
	gtc_buffer_free(&screen);
	gtc_lines_free(&lines);
}

/* ---- Keys ---- */

static void
escape(GtcSeat *seat)
{
	if (seat->filter[0] != '\0')
		seat->filter[0] = '\0';
	else if (seat->editing >= 0)
		seat->editing = -1;
	else
		seat->leaving = true;
}

static bool
press_command(GtcSeat *seat, int key)
{
	switch (key)
	{
		case 's':
			gtc_seat_give_back(seat, GTC_PASSED, "SELECT gtlabel.portal_tasks($1, 'release', $2::jsonb)", NULL);
			return true;
		case 'd':
			ask_reason(seat);
			return true;
		case 'c':
			ask_comment(seat);
			return true;
		case '?':
			show_help(seat);
			return true;
		default:
			return false;
	}
}

static bool
press_special(GtcSeat *seat, int key)
{
	switch (key)
	{
		case GTC_KEY_END:
			seat->leaving = true;
			return true;
		case GTC_KEY_ESCAPE:
			escape(seat);
			return true;
		case GTC_KEY_BACKSPACE:
			if (seat->filter[0] != '\0')
				seat->filter[strlen(seat->filter) - 1] = '\0';
			else
				gtc_seat_undo(seat);
			return true;
		case GTC_KEY_LEFT:
		case GTC_KEY_RIGHT:
			gtc_seat_walk(seat, key == GTC_KEY_LEFT ? 1 : -1);
			return true;
		case GTC_KEY_UP:
		case GTC_KEY_DOWN:
			seat->scroll += key == GTC_KEY_DOWN ? 1 : -1;
			return true;
		case GTC_KEY_PAGE_UP:
		case GTC_KEY_PAGE_DOWN:
			seat->scroll += (key == GTC_KEY_PAGE_DOWN ? 1 : -1) * (seat->terminal.rows - 8);
			return true;
		default:
			return key == GTC_KEY_RESIZED || key == GTC_KEY_NONE;
	}
}

static void
press(GtcSeat *seat, int key)
{
	size_t		length = strlen(seat->filter);
	int			label;

	if (press_special(seat, key))
		return;
	seat->message[0] = '\0';
	label = seat->task_count == 0 && seat->editing < 0 ? -1 : gtc_seat_chosen_by(seat, key);
	if (label >= 0 && gtc_seat_now() - seat->changed < SURPRISE)
		snprintf(seat->message, sizeof(seat->message), "The keys have just changed: look again.");
	else if (label >= 0)
		gtc_seat_answer(seat, seat->categories[label]);
	else if (gtc_seat_is_typing(seat) && ((key >= 'a' && key <= 'z') || key == '_' || key == '-'))
	{
		if (length + 1 < sizeof(seat->filter))
		{
			seat->filter[length] = (char) key;
			seat->filter[length + 1] = '\0';
		}
	}
	else
		(void) press_command(seat, gtc_seat_is_typing(seat) && key >= 'A' && key <= 'Z' ? key + 32 : key);
}

static void
notice_events(GtcSeat *seat)
{
	PGnotify   *notify;
	bool		any = false;

	if (!PQconsumeInput(seat->connection))
		return;
	while ((notify = PQnotifies(seat->connection)) != NULL)
	{
		any = true;
		PQfreemem(notify);
	}
	if (!any)
		return;
	gtc_seat_follow(seat);
	if (seat->task_count < GTC_SEAT_LOW)
		gtc_seat_fetch(seat);
}

static void
label_objects(GtcSeat *seat)
{
	while (!seat->leaving)
	{
		int			key;

		gtc_seat_draw(seat);
		key = gtc_terminal_key(&seat->terminal, PQsocket(seat->connection), LOOK_SECONDS * 1000);
		notice_events(seat);
		if (key == GTC_KEY_NONE && seat->task_count == 0)
			gtc_seat_fetch(seat);		/* should an event have been lost */
		press(seat, key);
	}
}

/* ---- Start and end ---- */

/* What is wrong is said on the terminal as it was. */
static bool
read_about(GtcSeat *seat)
{
	const char *values[] = {seat->token, seat->job_name};
	PGresult   *result = gtc_query(seat->connection, "SELECT gtlabel.portal_seat($1, $2)", 2, values);

	if (result == NULL)
		return false;
	gtc_seat_take_about(seat, gtc_json_parse(PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0)));
	PQclear(result);
	return seat->category_count > 0;
}

static int
annotate(const GtcConnectionOptions *options, GtcSeat *seat)
{
	int			status = GTC_FAILED;

	seat->connection = gtc_connect(options, "gtlabel annotate");
	if (seat->connection == NULL)
		return GTC_FAILED;
	if (read_about(seat) && gtc_terminal_open(&seat->terminal))
	{
		PQclear(PQexec(seat->connection, "LISTEN gtlabel"));
		gtc_seat_fetch(seat);
		label_objects(seat);
		gtc_seat_release_all(seat);
		gtc_terminal_close();
		printf("%lld answered today\n", seat->today);
		status = GTC_OK;
	}
	gtc_seat_free(seat);
	return status;
}

static int
run(int argc, char **argv)
{
	GtcConnectionOptions options = {0};
	GtcSeat		seat = {.editing = -1, .token = getenv("GTLABEL_TOKEN"), .trained = -1};
	int			option;

	while ((option = getopt_long(argc, argv, GTC_CONNECTION_SHORT, long_options, NULL)) != -1)
	{
		if (option == GTC_OPTION_HELP)
		{
			gtc_print_help(&gtc_annotate_command);
			return GTC_OK;
		}
		if (option == TOKEN)
			seat.token = optarg;
		else if (!gtc_connection_option(&options, option, optarg))
			return gtc_usage_error(&gtc_annotate_command, "cannot read the options");
	}
	if (optind + 1 != argc)
		return gtc_usage_error(&gtc_annotate_command, "which job?");
	seat.job_name = argv[optind];
	return annotate(&options, &seat);
}

const GtcCommand gtc_annotate_command = {
	"annotate", "JOB", "label in a terminal: one object a screen, one key an answer",
	"      --token=TOKEN      of an invitation (GTLABEL_TOKEN, which other users of\n"
	"                         this machine cannot read)\n"
	"\nKeys: 1 to 0 and letters answer; Backspace undoes; s passes, d declines, c comments;\n"
	"left and right change the last ten answers; ? shows instructions; Esc leaves.\n",
	run
};
