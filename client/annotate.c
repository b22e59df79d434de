/*
 * annotate.c
 *		gtlabel annotate JOB: the seat of the portal in a terminal, also over SSH.
 *
 * The next object is painted before the server has the answer; the answer is then sent, and sent
 * again after a connection that was lost: the server takes the same answer twice.  A few objects
 * are fetched ahead.  Leaving gives back what was fetched and not answered.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "buffer.h"
#include "command.h"
#include "connection.h"
#include "json.h"
#include "object_text.h"
#include "terminal.h"
#include "text.h"

#define AHEAD 5
#define LOW 3					/* with fewer in hands, more are fetched */
#define REMEMBERED 10
#define KEYS "1234567890abefijklmnopqrtuvwxyz"	/* c, d and s are commands; g and h are so in the portal */
#define LOOK_SECONDS 5
#define SURPRISE 0.7			/* seconds after the keys have changed in which a key counts as an accident */
#define CHOICE_ROWS 8
#define OBJECT_ROWS 4			/* on a small screen, before more than one row of categories */

enum
{
	TOKEN = GTC_OPTION_OWN
};

static const struct option long_options[] = {
	GTC_CONNECTION_LONG,
	{"token", required_argument, NULL, TOKEN},
	{NULL, 0, NULL, 0}
};

typedef struct Task
{
	long long	id;
	GtcJson    *object;			/* NULL: the row is gone */
} Task;

typedef enum Verb
{
	ANSWERED,
	PASSED,
	DECLINED
} Verb;

typedef struct Deed
{
	Task		task;
	Verb		verb;
	char	   *label;			/* ANSWERED */
	char	   *comment;
	bool		refused;
} Deed;

typedef struct Seat
{
	PGconn	   *connection;
	const char *token;
	const char *job_name;
	GtcJson    *about;			/* what portal_seat says */
	const char **categories;	/* in about */
	char	   *keys;			/* [category_count] of each; 0: none */
	int			category_count;
	double		changed;		/* when they last did */
	GtcTerminal terminal;
	Task		tasks[2 * AHEAD + REMEMBERED];	/* that I hold; the first is on the screen */
	int			task_count;
	Deed		deeds[REMEMBERED];	/* the newest first */
	int			deed_count;
	int			editing;		/* a deed; -1: none */
	char	   *comment;		/* on the object of the screen */
	char		filter[64];
	int			scroll;
	char		message[300];
	char		state[24];		/* of the queue */
	long long	today;
	long long	left;
	double		trained;		/* share; < 0: not said */
	bool		leaving;
} Seat;

static void draw(Seat *seat);
static bool is_typing(const Seat *seat);

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* ---- Asking the server ---- */

static long long
number_of(const GtcJson *object, const char *name)
{
	const char *text = gtc_json_text(object, name);

	return text == NULL ? 0 : atoll(text);
}

static void
free_task(Task *task)
{
	gtc_json_free(task->object);
	task->object = NULL;
}

/* Waits for the server to come back; false: the annotator leaves instead */
static bool
reconnect(Seat *seat)
{
	while (PQstatus(seat->connection) != CONNECTION_OK)
	{
		int			key;

		snprintf(seat->message, sizeof(seat->message),
				 "No connection. Your answer is kept, and sent when it is back.");
		draw(seat);
		key = gtc_terminal_key(&seat->terminal, -1, 2000);
		if (key == GTC_KEY_END || key == GTC_KEY_ESCAPE)
		{
			seat->leaving = true;
			return false;
		}
		PQreset(seat->connection);
	}
	PQclear(PQexec(seat->connection, "LISTEN gtlabel"));
	seat->message[0] = '\0';
	return true;
}

/* The parsed answer; NULL: refused, and the message says why */
static GtcJson *
ask(Seat *seat, const char *sql, int count, const char *const *values)
{
	for (;;)
	{
		PGresult   *result = PQexecParams(seat->connection, sql, count, NULL, values, NULL, NULL, 0);
		GtcJson    *answer = NULL;

		if (PQresultStatus(result) == PGRES_TUPLES_OK)
			answer = gtc_json_parse(PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0));
		else if (PQstatus(seat->connection) != CONNECTION_OK)
		{
			PQclear(result);
			if (!reconnect(seat))
				return NULL;
			continue;
		}
		else
			gtc_error_words(seat->connection, result, seat->message, sizeof(seat->message));
		PQclear(result);
		return answer;
	}
}

static bool
is_known(const Seat *seat, long long id)
{
	int			i;

	for (i = 0; i < seat->task_count; i++)
	{
		if (seat->tasks[i].id == id)
			return true;
	}
	return false;
}

static void
take_queue(Seat *seat, const GtcJson *queue)
{
	const char *state = gtc_json_text(queue, "state");
	long long	total = number_of(queue, "total");

	if (state == NULL)
		return;					/* told only where somebody begins or runs out */
	snprintf(seat->state, sizeof(seat->state), "%s", state);
	seat->today = number_of(queue, "answered_today");
	seat->left = number_of(queue, "left_in_batch");
	seat->trained = total > 0 ? (double) number_of(queue, "done") / total : -1;
}

/* The answer of portal_accept and portal_answer */
static void
take_tasks(Seat *seat, GtcJson *answer)
{
	const GtcJson *tasks = gtc_json_member(answer, "tasks");
	GtcJson    *task;

	take_queue(seat, gtc_json_member(answer, "queue"));
	for (task = tasks == NULL ? NULL : tasks->first; task != NULL; task = task->next)
	{
		long long	id = number_of(task, "task_id");
		GtcJson    *object;

		if (is_known(seat, id) || seat->task_count >= 2 * AHEAD)
			continue;
		object = gtc_json_take(task, "object");
		if (object != NULL && object->kind == GTC_JSON_NULL)
		{
			gtc_json_free(object);
			object = NULL;
		}
		seat->tasks[seat->task_count].id = id;
		seat->tasks[seat->task_count++].object = object;
	}
}

static void
fetch(Seat *seat)
{
	const char *values[] = {seat->token, seat->job_name, "{\"max_tasks\": 5}"};
	GtcJson    *answer;

	if (seat->task_count >= AHEAD)
		return;
	answer = ask(seat, "SELECT gtlabel.portal_accept($1, $2, $3::jsonb)", 3, values);
	if (answer != NULL)
		take_tasks(seat, answer);
	gtc_json_free(answer);
}

/* {"task_ids": [id], ...}; label and comment may be NULL, reason too */
static char *
body_of(long long id, const char *label, const char *comment, const char *reason, int max_tasks)
{
	GtcBuffer	body;

	gtc_buffer_init(&body);
	gtc_appendf(&body, "{\"task_ids\": [%lld], \"max_tasks\": %d", id, max_tasks);
	if (label != NULL)
	{
		gtc_append(&body, ", \"labels\": [");
		gtc_append_json(&body, label);
		gtc_append(&body, "], \"comments\": [");
		gtc_append_json(&body, comment);
		gtc_append(&body, "]");
	}
	gtc_append(&body, ", \"reason\": ");
	gtc_append_json(&body, reason);
	gtc_append(&body, "}");
	return body.data;
}

/* One of the functions that take a token and a body; false after a refusal */
static bool
tell(Seat *seat, const char *sql, char *body)
{
	const char *values[] = {seat->token, body};
	GtcJson    *answer = ask(seat, sql, 2, values);
	bool		good = answer != NULL;

	gtc_json_free(answer);
	free(body);
	return good;
}

static bool
send_answer(Seat *seat, const Deed *deed)
{
	bool		hungry = seat->task_count < LOW;
	char	   *body = body_of(deed->task.id, deed->label, deed->comment, NULL, AHEAD);
	const char *values[] = {seat->token, seat->job_name, body};
	GtcJson    *answer;

	if (!hungry)
		return tell(seat, "SELECT gtlabel.portal_tasks($1, 'submit', $2::jsonb)", body);
	answer = ask(seat, "SELECT gtlabel.portal_answer($1, $2, $3::jsonb)", 3, values);
	free(body);
	if (answer == NULL)
		return false;
	take_tasks(seat, answer);
	gtc_json_free(answer);
	return true;
}

/* ---- What an annotator does ---- */

static void
set_comment(Seat *seat, const char *comment)
{
	char	   *copy = comment == NULL || comment[0] == '\0' ? NULL : gtc_copy(comment);

	free(seat->comment);
	seat->comment = copy;
}

static void
free_deed(Deed *deed)
{
	free_task(&deed->task);
	free(deed->label);
	free(deed->comment);
}

/* The first object goes to the deeds; the next one is on the screen at once. */
static Deed *
shift(Seat *seat, Verb verb, const char *label)
{
	Deed	   *deed = seat->deeds;

	if (seat->deed_count == REMEMBERED)
		free_deed(&seat->deeds[--seat->deed_count]);
	memmove(seat->deeds + 1, seat->deeds, seat->deed_count * sizeof(Deed));
	seat->deed_count++;
	*deed = (Deed) {.task = seat->tasks[0], .verb = verb, .label = label == NULL ? NULL : gtc_copy(label),
		.comment = seat->comment == NULL ? NULL : gtc_copy(seat->comment)};
	memmove(seat->tasks, seat->tasks + 1, --seat->task_count * sizeof(Task));
	set_comment(seat, NULL);
	seat->scroll = 0;
	seat->message[0] = '\0';
	seat->left -= verb != PASSED;
	draw(seat);
	return deed;
}

static void
answer_with(Seat *seat, const char *label)
{
	Deed	   *deed;

	seat->filter[0] = '\0';
	if (seat->editing >= 0)
	{
		deed = &seat->deeds[seat->editing];
		if (tell(seat, "SELECT gtlabel.portal_tasks($1, 'revise', $2::jsonb)",
				 body_of(deed->task.id, label, deed->comment, NULL, 0)))
		{
			free(deed->label);
			deed->label = gtc_copy(label);
		}
		seat->editing = -1;
	}
	else if (seat->task_count > 0)
	{
		seat->today++;
		deed = shift(seat, ANSWERED, label);
		if (!send_answer(seat, deed) && !seat->leaving)
			deed->refused = true;
	}
}

static void
give_back(Seat *seat, Verb verb, const char *sql, const char *reason)
{
	Deed	   *deed;

	if (seat->task_count == 0 || seat->editing >= 0)
		return;
	deed = shift(seat, verb, NULL);
	if (!tell(seat, sql, body_of(deed->task.id, NULL, NULL, reason, 0)))
		deed->refused = true;
	fetch(seat);
}

static void
undo(Seat *seat)
{
	Deed		deed;

	if (seat->editing >= 0)
	{
		seat->editing = -1;
		return;
	}
	if (seat->deed_count == 0)
	{
		snprintf(seat->message, sizeof(seat->message), "Nothing to take back");
		return;
	}
	deed = seat->deeds[0];
	if (!deed.refused && !tell(seat, "SELECT gtlabel.portal_tasks($1, 'retract', $2::jsonb)",
							   body_of(deed.task.id, NULL, NULL, NULL, 0)))
		return;
	memmove(seat->deeds, seat->deeds + 1, --seat->deed_count * sizeof(Deed));
	memmove(seat->tasks + 1, seat->tasks, seat->task_count++ * sizeof(Task));
	seat->tasks[0] = deed.task;
	seat->today -= deed.verb == ANSWERED && !deed.refused;
	seat->left += deed.verb != PASSED;
	set_comment(seat, deed.comment);
	free(deed.label);
	free(deed.comment);
	seat->scroll = 0;
}

/* One answer back (1) or forth (-1) among those that can be changed */
static void
walk(Seat *seat, int step)
{
	int			at = seat->editing + step;

	while (at >= 0 && at < seat->deed_count && (seat->deeds[at].verb != ANSWERED || seat->deeds[at].refused))
		at += step;
	if (at < seat->deed_count)
		seat->editing = at < 0 ? -1 : at;
	seat->scroll = 0;
}

/* ---- Categories ---- */

static bool
is_typing(const Seat *seat)
{
	return seat->category_count > (int) strlen(KEYS);
}

static bool
is_found(const Seat *seat, int category)
{
	return seat->filter[0] == '\0' || strcasestr(seat->categories[category], seat->filter) != NULL;
}

/* The key of a category that is shown as the n-th one; 0: none */
static char
key_of(const Seat *seat, int category, int place)
{
	if (!is_typing(seat))
		return seat->keys[category];
	return place < 10 ? "1234567890"[place] : '\0';
}

/* The category that a key chooses; -1: none */
static int
chosen_by(const Seat *seat, int key)
{
	int			place = 0;
	int			i;

	for (i = 0; i < seat->category_count; i++)
	{
		if (!is_found(seat, i))
			continue;
		if ((key != 0 && key_of(seat, i, place) == key) || (key == GTC_KEY_ENTER && seat->filter[0] != '\0'))
			return i;
		place++;
	}
	return -1;
}

/* ---- The screen ---- */

static void
append_line(GtcBuffer *screen, const char *style, const char *text, int width)
{
	gtc_append(screen, style);
	gtc_append_short(screen, text, width);
	gtc_append(screen, "\x1b[0m\n");
}

static void
append_head(Seat *seat, GtcBuffer *screen)
{
	char		right[64];
	int			width;

	snprintf(right, sizeof(right), "%lld today, %lld left", seat->today, seat->left < 0 ? 0 : seat->left);
	width = seat->terminal.columns - (int) strlen(right) - 2;
	gtc_append(screen, "\x1b[1m");
	gtc_append_short(screen, seat->job_name, width);
	gtc_append(screen, "\x1b[0m");
	width -= gtc_text_width(seat->job_name);
	gtc_appendf(screen, "%*s%s\n", width < 0 ? 2 : width + 2, "", right);
}

static const char *
waiting_words(const Seat *seat, char *words, size_t size)
{
	if (strcmp(seat->state, "with_others") == 0)
		return "All that is open is with others. What they pass or leave comes to you by itself.";
	if (strcmp(seat->state, "training") == 0)
	{
		snprintf(words, size, "The model is learning from the answers%s", seat->trained < 0 ? "." : ":");
		if (seat->trained >= 0)
			snprintf(words, size, "The model is learning from the answers: %.0f %%.", 100 * seat->trained);
		strncat(words, " The next batch opens by itself.", size - strlen(words) - 1);
		return words;
	}
	if (strcmp(seat->state, "paused") == 0)
		return "The job is paused. What you answered is kept.";
	if (strcmp(seat->state, "finished") == 0)
		return "The job is finished: every object has its label. Thank you.";
	return "One moment.";
}

static void
add_object(Seat *seat, GtcLines *lines)
{
	const Task *task = seat->editing >= 0 ? &seat->deeds[seat->editing].task : &seat->tasks[0];
	char		words[200];
	int			width = seat->terminal.columns < 100 ? seat->terminal.columns : 100;

	if (seat->editing < 0 && seat->task_count == 0)
		gtc_lines_add(lines, waiting_words(seat, words, sizeof(words)), width, 0);
	else if (task->object == NULL)
		gtc_lines_add(lines, "The row is gone from its table. Pass or decline it.", width, 0);
	else
		gtc_object_lines(lines, task->object, gtc_json_member(seat->about, "display_columns"), width);
	if (seat->editing >= 0)
	{
		snprintf(words, sizeof(words), "You answered %s. Another answer changes it; Esc keeps it.",
				 seat->deeds[seat->editing].label);
		gtc_lines_add(lines, "", width, 0);
		gtc_lines_add(lines, words, width, 0);
	}
	else if (seat->comment != NULL)
	{
		gtc_lines_add(lines, "", width, 0);
		gtc_lines_add(lines, "Your comment:", width, 0);
		gtc_lines_add(lines, seat->comment, width, 2);
	}
}

static void
add_choices(Seat *seat, GtcLines *lines)
{
	GtcBuffer	line;
	int			most = seat->terminal.rows - 5 - OBJECT_ROWS;
	int			place = 0;
	int			used = 0;
	int			i;

	most = most < 1 ? 1 : most > CHOICE_ROWS ? CHOICE_ROWS : most;
	gtc_buffer_init(&line);
	for (i = 0; i < seat->category_count && lines->count < most; i++)
	{
		int			width = gtc_text_width(seat->categories[i]) + 5;

		char		key = is_found(seat, i) ? key_of(seat, i, place) : '\0';

		if (key == '\0')
			continue;
		if (used > 0 && used + width > seat->terminal.columns)
		{
			gtc_lines_add(lines, line.data, seat->terminal.columns, 0);
			gtc_buffer_reset(&line);
			used = 0;
		}
		gtc_appendf(&line, "[%c] %s  ", key, seat->categories[i]);
		place++;
		used += width + 1;
	}
	if (line.len > 0 && lines->count < most)
		gtc_lines_add(lines, line.data, seat->terminal.columns, 0);
	gtc_buffer_free(&line);
}

static void
append_foot(Seat *seat, GtcBuffer *screen)
{
	char		line[400];

	if (seat->message[0] != '\0')
		append_line(screen, "\x1b[1m", seat->message, seat->terminal.columns);
	else if (seat->filter[0] != '\0' || is_typing(seat))
	{
		snprintf(line, sizeof(line), "find: %s", seat->filter);
		append_line(screen, "", line, seat->terminal.columns);
	}
	else if (seat->deed_count > 0)
	{
		const Deed *deed = seat->deeds;

		snprintf(line, sizeof(line), "last: %s%s", deed->refused ? "not counted: " : "",
				 deed->verb == PASSED ? "passed" : deed->verb == DECLINED ? "declined" : deed->label);
		append_line(screen, "\x1b[2m", line, seat->terminal.columns);
	}
	else
		gtc_append(screen, "\n");
	append_line(screen, "\x1b[2m", is_typing(seat) ?
				"type, then Enter  Bksp undo  S pass  D decline  C comment  ? help  Esc leave" :
				"Bksp undo  s pass  d decline  c comment  left change  ? help  Esc leave",
				seat->terminal.columns);
}

static void
append_content(Seat *seat, GtcBuffer *screen, const GtcLines *lines, int rows)
{
	int			most = lines->count - rows;
	int			i;

	if (seat->scroll > most)
		seat->scroll = most;
	if (seat->scroll < 0)
		seat->scroll = 0;
	for (i = 0; i < rows; i++)
	{
		if (rows > 1 && i == rows - 1 && seat->scroll < most)
			gtc_append(screen, "\x1b[2m... (down for more)\x1b[0m");
		else if (seat->scroll + i < lines->count)
			gtc_append(screen, lines->lines[seat->scroll + i]);
		gtc_append(screen, "\n");
	}
}

static void
draw(Seat *seat)
{
	GtcBuffer	screen;
	GtcLines	object = {0};
	GtcLines	choices = {0};
	int			rows;
	int			i;

	gtc_buffer_init(&screen);
	add_object(seat, &object);
	if (seat->task_count > 0 || seat->editing >= 0)
		add_choices(seat, &choices);
	append_head(seat, &screen);
	gtc_append(&screen, "\n");
	rows = seat->terminal.rows - choices.count - 5;
	append_content(seat, &screen, &object, rows < 1 ? 1 : rows);
	gtc_append(&screen, "\n");
	for (i = 0; i < choices.count; i++)
		gtc_appendf(&screen, "\x1b[1m%s\x1b[0m\n", choices.lines[i]);
	append_foot(seat, &screen);
	gtc_terminal_show(&seat->terminal, &screen);
	gtc_lines_free(&object);
	gtc_lines_free(&choices);
	gtc_buffer_free(&screen);
}

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
ask_line(Seat *seat, const char *question, GtcBuffer *line)
{
	for (;;)
	{
		int			key;

		snprintf(seat->message, sizeof(seat->message), "%s (Enter keeps, Esc cancels): %.200s",
				 question, line->data);
		draw(seat);
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
ask_comment(Seat *seat)
{
	GtcBuffer	line;

	if (seat->task_count == 0 || seat->editing >= 0)
		return;
	gtc_buffer_init(&line);
	gtc_append(&line, seat->comment == NULL ? "" : seat->comment);
	if (ask_line(seat, "Comment", &line))
		set_comment(seat, line.data);
	gtc_buffer_free(&line);
}

static void
ask_reason(Seat *seat)
{
	GtcBuffer	line;

	if (seat->task_count == 0 || seat->editing >= 0)
		return;
	gtc_buffer_init(&line);
	if (ask_line(seat, "Why can nobody answer this?", &line))
		give_back(seat, DECLINED, "SELECT gtlabel.portal_tasks($1, 'decline', $2::jsonb)",
				  line.len > 0 ? line.data : NULL);
	gtc_buffer_free(&line);
}

static void
show_help(Seat *seat)
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
	append_content(seat, &screen, &lines, seat->terminal.rows - 1);
	append_line(&screen, "\x1b[2m", "any key goes back", seat->terminal.columns);
	gtc_terminal_show(&seat->terminal, &screen);
	while (key == GTC_KEY_NONE)
		key = gtc_terminal_key(&seat->terminal, -1, 60000);
	gtc_buffer_free(&screen);
	gtc_lines_free(&lines);
}

/* ---- Keys ---- */

static void
escape(Seat *seat)
{
	if (seat->filter[0] != '\0')
		seat->filter[0] = '\0';
	else if (seat->editing >= 0)
		seat->editing = -1;
	else
		seat->leaving = true;
}

static bool
press_command(Seat *seat, int key)
{
	switch (key)
	{
		case 's':
			give_back(seat, PASSED, "SELECT gtlabel.portal_tasks($1, 'release', $2::jsonb)", NULL);
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
press_special(Seat *seat, int key)
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
				undo(seat);
			return true;
		case GTC_KEY_LEFT:
		case GTC_KEY_RIGHT:
			walk(seat, key == GTC_KEY_LEFT ? 1 : -1);
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
press(Seat *seat, int key)
{
	size_t		length = strlen(seat->filter);
	int			label;

	if (press_special(seat, key))
		return;
	seat->message[0] = '\0';
	label = seat->task_count == 0 && seat->editing < 0 ? -1 : chosen_by(seat, key);
	if (label >= 0 && now() - seat->changed < SURPRISE)
		snprintf(seat->message, sizeof(seat->message), "The keys have just changed: look again.");
	else if (label >= 0)
		answer_with(seat, seat->categories[label]);
	else if (is_typing(seat) && ((key >= 'a' && key <= 'z') || key == '_' || key == '-'))
	{
		if (length + 1 < sizeof(seat->filter))
		{
			seat->filter[length] = (char) key;
			seat->filter[length + 1] = '\0';
		}
	}
	else
		(void) press_command(seat, is_typing(seat) && key >= 'A' && key <= 'Z' ? key + 32 : key);
}

/* ---- What the owner says of the job ---- */

static int
category_of_key(const Seat *seat, char key)
{
	int			i;

	for (i = 0; i < seat->category_count; i++)
		if (seat->keys[i] == key)
			return i;
	return -1;
}

/* Does every category of one character have a key of its own name? */
static bool
are_own_keys(const Seat *seat)
{
	int			i;
	int			other;

	for (i = 0; i < seat->category_count; i++)
	{
		const char *name = seat->categories[i];

		if (gtc_text_width(name) == 1 && (name[1] != '\0' || strchr(KEYS, tolower((unsigned char) name[0])) == NULL))
			return false;
		for (other = 0; other < i && name[1] == '\0'; other++)
			if (strcasecmp(name, seat->categories[other]) == 0)
				return false;
	}
	return true;
}

/* As in the portal: a category of one character is its own key, the others take those that are left, in order. */
static void
choose_keys(Seat *seat)
{
	bool		own = are_own_keys(seat);
	const char *next = KEYS;
	int			i;

	seat->keys = gtc_realloc(seat->keys, seat->category_count + 1);
	memset(seat->keys, 0, seat->category_count + 1);
	for (i = 0; i < seat->category_count; i++)
		if (own && seat->categories[i][0] != '\0' && seat->categories[i][1] == '\0')
			seat->keys[i] = (char) tolower((unsigned char) seat->categories[i][0]);
	for (i = 0; i < seat->category_count; i++)
	{
		while (seat->keys[i] == '\0' && *next != '\0' && category_of_key(seat, *next) >= 0)
			next++;
		if (seat->keys[i] == '\0' && *next != '\0')
			seat->keys[i] = *next++;
	}
}

static void
take_about(Seat *seat, GtcJson *about)
{
	const GtcJson *categories = gtc_json_member(about, "label_categories");
	const GtcJson *category = categories == NULL ? NULL : categories->first;

	gtc_json_free(seat->about);
	seat->about = about;
	seat->category_count = 0;
	for (; category != NULL; category = category->next)
	{
		seat->categories = gtc_realloc(seat->categories, (seat->category_count + 1) * sizeof(char *));
		seat->categories[seat->category_count++] = category->text;
	}
	choose_keys(seat);
}

static GtcJson *
ask_about(Seat *seat)
{
	const char *values[] = {seat->token, seat->job_name};

	return ask(seat, "SELECT gtlabel.portal_seat($1, $2)", 2, values);
}

/* The texts of two lists, or two texts */
static bool
is_same(const GtcJson *one, const GtcJson *other)
{
	const GtcJson *a = one == NULL ? NULL : one->first;
	const GtcJson *b = other == NULL ? NULL : other->first;

	if (one == NULL || other == NULL)
		return one == other;
	if (one->text != NULL && other->text != NULL && strcmp(one->text, other->text) != 0)
		return false;
	for (; a != NULL && b != NULL; a = a->next, b = b->next)
		if (!is_same(a, b))
			return false;
	return a == b && (one->text == NULL) == (other->text == NULL);
}

static bool
has_changed(const Seat *seat, const GtcJson *about, const char *member)
{
	return !is_same(gtc_json_member(seat->about, member), gtc_json_member(about, member));
}

/* What was answered may have another name now. */
static void
rename_deeds(Seat *seat)
{
	const GtcJson *recent = gtc_json_member(seat->about, "recent");
	const GtcJson *answer = recent == NULL ? NULL : recent->first;
	int			i;

	for (; answer != NULL; answer = answer->next)
		for (i = 0; i < seat->deed_count; i++)
			if (seat->deeds[i].task.id == number_of(answer, "task_id") && seat->deeds[i].verb == ANSWERED &&
				gtc_json_text(answer, "label") != NULL)
			{
				free(seat->deeds[i].label);
				seat->deeds[i].label = gtc_copy(gtc_json_text(answer, "label"));
			}
}

/* The objects in hand, as the owner wants them shown now */
static void
look_again(Seat *seat)
{
	char		body[40];
	const char *values[] = {seat->token, seat->job_name, body};
	GtcJson    *answer;
	const GtcJson *tasks;
	GtcJson    *task;
	int			i;

	snprintf(body, sizeof(body), "{\"max_tasks\": %d}", seat->task_count);
	answer = ask(seat, "SELECT gtlabel.portal_accept($1, $2, $3::jsonb)", 3, values);
	tasks = gtc_json_member(answer, "tasks");
	for (task = tasks == NULL ? NULL : tasks->first; task != NULL; task = task->next)
		for (i = 0; i < seat->task_count; i++)
			if (seat->tasks[i].id == number_of(task, "task_id") && gtc_json_member(task, "object") != NULL &&
				gtc_json_member(task, "object")->kind != GTC_JSON_NULL)
			{
				free_task(&seat->tasks[i]);
				seat->tasks[i].object = gtc_json_take(task, "object");
			}
	gtc_json_free(answer);
}

/* The owner may change categories, instructions and what is shown while people label. */
static void
follow(Seat *seat)
{
	GtcJson    *about = ask_about(seat);
	bool		keys;
	bool		columns;

	if (about == NULL)
		return;
	keys = has_changed(seat, about, "label_categories");
	columns = has_changed(seat, about, "display_columns");
	if (has_changed(seat, about, "instructions"))
		snprintf(seat->message, sizeof(seat->message), "The instructions have changed: ? shows them.");
	take_about(seat, about);
	if (columns && seat->task_count > 0)
		look_again(seat);
	if (!keys)
		return;
	rename_deeds(seat);
	seat->filter[0] = '\0';
	seat->changed = now();
	snprintf(seat->message, sizeof(seat->message), "The categories have changed.");
}

static void
notice_events(Seat *seat)
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
	follow(seat);
	if (seat->task_count < LOW)
		fetch(seat);
}

static void
label_objects(Seat *seat)
{
	while (!seat->leaving)
	{
		int			key;

		draw(seat);
		key = gtc_terminal_key(&seat->terminal, PQsocket(seat->connection), LOOK_SECONDS * 1000);
		notice_events(seat);
		if (key == GTC_KEY_NONE && seat->task_count == 0)
			fetch(seat);		/* should an event have been lost */
		press(seat, key);
	}
}

/* What was fetched ahead, for others */
static void
release_all(Seat *seat)
{
	GtcBuffer	body;
	const char *values[2];
	int			i;

	gtc_buffer_init(&body);
	gtc_append(&body, "{\"task_ids\": [");
	for (i = 0; i < seat->task_count; i++)
		gtc_appendf(&body, "%s%lld", i == 0 ? "" : ", ", seat->tasks[i].id);
	gtc_append(&body, "]}");
	values[0] = seat->token;
	values[1] = body.data;
	if (seat->task_count > 0 && PQstatus(seat->connection) == CONNECTION_OK)
		PQclear(PQexecParams(seat->connection, "SELECT gtlabel.portal_tasks($1, 'release', $2::jsonb)",
							 2, NULL, values, NULL, NULL, 0));
	gtc_buffer_free(&body);
}

/* ---- Start and end ---- */

static void
free_seat(Seat *seat)
{
	while (seat->task_count > 0)
		free_task(&seat->tasks[--seat->task_count]);
	while (seat->deed_count > 0)
		free_deed(&seat->deeds[--seat->deed_count]);
	gtc_json_free(seat->about);
	free(seat->categories);
	free(seat->keys);
	free(seat->comment);
	PQfinish(seat->connection);
}

/* What is wrong is said on the terminal as it was. */
static bool
read_about(Seat *seat)
{
	const char *values[] = {seat->token, seat->job_name};
	PGresult   *result = gtc_query(seat->connection, "SELECT gtlabel.portal_seat($1, $2)", 2, values);

	if (result == NULL)
		return false;
	take_about(seat, gtc_json_parse(PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0)));
	PQclear(result);
	return seat->category_count > 0;
}

static int
annotate(const GtcConnectionOptions *options, Seat *seat)
{
	int			status = GTC_FAILED;

	seat->connection = gtc_connect(options, "gtlabel annotate");
	if (seat->connection == NULL)
		return GTC_FAILED;
	if (read_about(seat) && gtc_terminal_open(&seat->terminal))
	{
		PQclear(PQexec(seat->connection, "LISTEN gtlabel"));
		fetch(seat);
		label_objects(seat);
		release_all(seat);
		gtc_terminal_close();
		printf("%lld answered today\n", seat->today);
		status = GTC_OK;
	}
	free_seat(seat);
	return status;
}

static int
run(int argc, char **argv)
{
	GtcConnectionOptions options = {0};
	Seat		seat = {.editing = -1, .token = getenv("GTLABEL_TOKEN"), .trained = -1};
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
