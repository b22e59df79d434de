/*
 * seat_tasks.c
 *		The seat in a terminal: what it asks of the server, and what an annotator does with tasks.
 *
 * The next object is painted before the server has the answer; the answer is then sent, and sent
 * again after a connection that was lost: the server takes the same answer twice.
 */
#include "seat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buffer.h"
#include "connection.h"

double
gtc_seat_now(void)
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
free_task(GtcSeatTask *task)
{
	gtc_json_free(task->object);
	task->object = NULL;
}

/* Waits for the server to come back; false: the annotator leaves instead */
static bool
reconnect(GtcSeat *seat)
{
	while (PQstatus(seat->connection) != CONNECTION_OK)
	{
		int			key;

		snprintf(seat->message, sizeof(seat->message),
				 "No connection. Your answer is kept, and sent when it is back.");
		gtc_seat_draw(seat);
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
ask(GtcSeat *seat, const char *sql, int count, const char *const *values)
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
is_known(const GtcSeat *seat, long long id)
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
take_queue(GtcSeat *seat, const GtcJson *queue)
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
take_tasks(GtcSeat *seat, GtcJson *answer)
{
	const GtcJson *tasks = gtc_json_member(answer, "tasks");
	GtcJson    *task;

	take_queue(seat, gtc_json_member(answer, "queue"));
	for (task = tasks == NULL ? NULL : tasks->first; task != NULL; task = task->next)
	{
		long long	id = number_of(task, "task_id");
		GtcJson    *object;

		if (is_known(seat, id) || seat->task_count >= 2 * GTC_SEAT_AHEAD)
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

void
gtc_seat_fetch(GtcSeat *seat)
{
	const char *values[] = {seat->token, seat->job_name, "{\"max_tasks\": 5}"};
	GtcJson    *answer;

	if (seat->task_count >= GTC_SEAT_AHEAD)
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
tell(GtcSeat *seat, const char *sql, char *body)
{
	const char *values[] = {seat->token, body};
	GtcJson    *answer = ask(seat, sql, 2, values);
	bool		good = answer != NULL;

	gtc_json_free(answer);
	free(body);
	return good;
}

static bool
send_answer(GtcSeat *seat, const GtcDeed *deed)
{
	bool		hungry = seat->task_count < GTC_SEAT_LOW;
	char	   *body = body_of(deed->task.id, deed->label, deed->comment, NULL, GTC_SEAT_AHEAD);
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

void
gtc_seat_set_comment(GtcSeat *seat, const char *comment)
{
	char	   *copy = comment == NULL || comment[0] == '\0' ? NULL : gtc_copy(comment);

	free(seat->comment);
	seat->comment = copy;
}

static void
free_deed(GtcDeed *deed)
{
	free_task(&deed->task);
	free(deed->label);
	free(deed->comment);
}

/* The first object goes to the deeds; the next one is on the screen at once. */
static GtcDeed *
shift(GtcSeat *seat, GtcVerb verb, const char *label)
{
	GtcDeed	   *deed = seat->deeds;

	if (seat->deed_count == GTC_SEAT_REMEMBERED)
		free_deed(&seat->deeds[--seat->deed_count]);
	memmove(seat->deeds + 1, seat->deeds, seat->deed_count * sizeof(GtcDeed));
	seat->deed_count++;
	*deed = (GtcDeed) {.task = seat->tasks[0], .verb = verb, .label = label == NULL ? NULL : gtc_copy(label),
		.comment = seat->comment == NULL ? NULL : gtc_copy(seat->comment)};
	memmove(seat->tasks, seat->tasks + 1, --seat->task_count * sizeof(GtcSeatTask));
	gtc_seat_set_comment(seat, NULL);
	seat->scroll = 0;
	seat->message[0] = '\0';
	seat->left -= verb != GTC_PASSED;
	gtc_seat_draw(seat);
	return deed;
}

void
gtc_seat_answer(GtcSeat *seat, const char *label)
{
	GtcDeed	   *deed;

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
		deed = shift(seat, GTC_ANSWERED, label);
		if (!send_answer(seat, deed) && !seat->leaving)
			deed->refused = true;
	}
}

void
gtc_seat_give_back(GtcSeat *seat, GtcVerb verb, const char *sql, const char *reason)
{
	GtcDeed	   *deed;

	if (seat->task_count == 0 || seat->editing >= 0)
		return;
	deed = shift(seat, verb, NULL);
	if (!tell(seat, sql, body_of(deed->task.id, NULL, NULL, reason, 0)))
		deed->refused = true;
	gtc_seat_fetch(seat);
}

void
gtc_seat_undo(GtcSeat *seat)
{
	GtcDeed		deed;

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
	memmove(seat->deeds, seat->deeds + 1, --seat->deed_count * sizeof(GtcDeed));
	memmove(seat->tasks + 1, seat->tasks, seat->task_count++ * sizeof(GtcSeatTask));
	seat->tasks[0] = deed.task;
	seat->today -= deed.verb == GTC_ANSWERED && !deed.refused;
	seat->left += deed.verb != GTC_PASSED;
	gtc_seat_set_comment(seat, deed.comment);
	free(deed.label);
	free(deed.comment);
	seat->scroll = 0;
}

/* One answer back (1) or forth (-1) among those that can be changed */
void
gtc_seat_walk(GtcSeat *seat, int step)
{
	int			at = seat->editing + step;

	while (at >= 0 && at < seat->deed_count && (seat->deeds[at].verb != GTC_ANSWERED || seat->deeds[at].refused))
		at += step;
	if (at < seat->deed_count)
		seat->editing = at < 0 ? -1 : at;
	seat->scroll = 0;
}

/* ---- What the owner says of the job ---- */

void
gtc_seat_take_about(GtcSeat *seat, GtcJson *about)
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
	gtc_seat_choose_keys(seat);
}

static GtcJson *
ask_about(GtcSeat *seat)
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
has_changed(const GtcSeat *seat, const GtcJson *about, const char *member)
{
	return !is_same(gtc_json_member(seat->about, member), gtc_json_member(about, member));
}

/* What was answered may have another name now. */
static void
rename_deeds(GtcSeat *seat)
{
	const GtcJson *recent = gtc_json_member(seat->about, "recent");
	const GtcJson *answer = recent == NULL ? NULL : recent->first;
	int			i;

	for (; answer != NULL; answer = answer->next)
		for (i = 0; i < seat->deed_count; i++)
			if (seat->deeds[i].task.id == number_of(answer, "task_id") && seat->deeds[i].verb == GTC_ANSWERED &&
				gtc_json_text(answer, "label") != NULL)
			{
				free(seat->deeds[i].label);
				seat->deeds[i].label = gtc_copy(gtc_json_text(answer, "label"));
			}
}

/* The objects in hand, as the owner wants them shown now */
static void
look_again(GtcSeat *seat)
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
void
gtc_seat_follow(GtcSeat *seat)
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
	gtc_seat_take_about(seat, about);
	if (columns && seat->task_count > 0)
		look_again(seat);
	if (!keys)
		return;
	rename_deeds(seat);
	seat->filter[0] = '\0';
	seat->changed = gtc_seat_now();
	snprintf(seat->message, sizeof(seat->message), "The categories have changed.");
}

/* What was fetched ahead, for others */
void
gtc_seat_release_all(GtcSeat *seat)
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

void
gtc_seat_free(GtcSeat *seat)
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
