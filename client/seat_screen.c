/*
 * seat_screen.c
 *		The seat in a terminal: the screen, and the keys of the categories.
 */
#include "seat.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buffer.h"
#include "object_text.h"

#define CHOICE_ROWS 8
#define OBJECT_ROWS 4			/* on a small screen, before more than one row of categories */

/* ---- Categories ---- */

bool
gtc_seat_is_typing(const GtcSeat *seat)
{
	return seat->category_count > (int) strlen(GTC_SEAT_KEYS);
}

static bool
is_found(const GtcSeat *seat, int category)
{
	return seat->filter[0] == '\0' || strcasestr(seat->categories[category], seat->filter) != NULL;
}

/* The key of a category that is shown as the n-th one; 0: none */
static char
key_of(const GtcSeat *seat, int category, int place)
{
	if (!gtc_seat_is_typing(seat))
		return seat->keys[category];
	return place < 10 ? "1234567890"[place] : '\0';
}

/* The category that a key chooses; -1: none */
int
gtc_seat_chosen_by(const GtcSeat *seat, int key)
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

static int
category_of_key(const GtcSeat *seat, char key)
{
	int			i;

	for (i = 0; i < seat->category_count; i++)
		if (seat->keys[i] == key)
			return i;
	return -1;
}

/* Does every category of one character have a key of its own name? */
static bool
are_own_keys(const GtcSeat *seat)
{
	int			i;
	int			other;

	for (i = 0; i < seat->category_count; i++)
	{
		const char *name = seat->categories[i];

		if (gtc_text_width(name) == 1 && (name[1] != '\0' || strchr(GTC_SEAT_KEYS, tolower((unsigned char) name[0])) == NULL))
			return false;
		for (other = 0; other < i && name[1] == '\0'; other++)
			if (strcasecmp(name, seat->categories[other]) == 0)
				return false;
	}
	return true;
}

/* As in the portal: a category of one character is its own key, the others take those that are left, in order. */
void
gtc_seat_choose_keys(GtcSeat *seat)
{
	bool		own = are_own_keys(seat);
	const char *next = GTC_SEAT_KEYS;
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

/* ---- The screen ---- */

void
gtc_seat_append_line(GtcBuffer *screen, const char *style, const char *text, int width)
{
	gtc_append(screen, style);
	gtc_append_short(screen, text, width);
	gtc_append(screen, "\x1b[0m\n");
}

static void
append_head(GtcSeat *seat, GtcBuffer *screen)
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
waiting_words(const GtcSeat *seat, char *words, size_t size)
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
add_object(GtcSeat *seat, GtcLines *lines)
{
	const GtcSeatTask *task = seat->editing >= 0 ? &seat->deeds[seat->editing].task : &seat->tasks[0];
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
add_choices(GtcSeat *seat, GtcLines *lines)
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
append_foot(GtcSeat *seat, GtcBuffer *screen)
{
	char		line[400];

	if (seat->message[0] != '\0')
		gtc_seat_append_line(screen, "\x1b[1m", seat->message, seat->terminal.columns);
	else if (seat->filter[0] != '\0' || gtc_seat_is_typing(seat))
	{
		snprintf(line, sizeof(line), "find: %s", seat->filter);
		gtc_seat_append_line(screen, "", line, seat->terminal.columns);
	}
	else if (seat->deed_count > 0)
	{
		const GtcDeed *deed = seat->deeds;

		snprintf(line, sizeof(line), "last: %s%s", deed->refused ? "not counted: " : "",
				 deed->verb == GTC_PASSED ? "passed" : deed->verb == GTC_DECLINED ? "declined" : deed->label);
		gtc_seat_append_line(screen, "\x1b[2m", line, seat->terminal.columns);
	}
	else
		gtc_append(screen, "\n");
	gtc_seat_append_line(screen, "\x1b[2m", gtc_seat_is_typing(seat) ?
				"type, then Enter  Bksp undo  S pass  D decline  C comment  ? help  Esc leave" :
				"Bksp undo  s pass  d decline  c comment  left change  ? help  Esc leave",
				seat->terminal.columns);
}

void
gtc_seat_append_content(GtcSeat *seat, GtcBuffer *screen, const GtcLines *lines, int rows)
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

void
gtc_seat_draw(GtcSeat *seat)
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
	gtc_seat_append_content(seat, &screen, &object, rows < 1 ? 1 : rows);
	gtc_append(&screen, "\n");
	for (i = 0; i < choices.count; i++)
		gtc_appendf(&screen, "\x1b[1m%s\x1b[0m\n", choices.lines[i]);
	append_foot(seat, &screen);
	gtc_terminal_show(&seat->terminal, &screen);
	gtc_lines_free(&object);
	gtc_lines_free(&choices);
	gtc_buffer_free(&screen);
}
