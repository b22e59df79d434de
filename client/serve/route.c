/*
 * route.c
 *		The table of routes, and the way from a request's address into it.
 *
 * Every statement is one constant string: what comes from outside is a parameter.
 */
#include "serve/route.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"

/* clang-format off */
const GtcRoute gtc_routes[] = {
	{"GET",    "/session",             GTC_ANYBODY, GTC_SESSION, NULL},
	{"POST",   "/session",             GTC_ANYBODY, GTC_SIGN_IN,  NULL},
	{"DELETE", "/session",             GTC_ANNOTATOR, GTC_SIGN_OUT, NULL},
	{"POST",   "/invitation",          GTC_ANYBODY, GTC_SQL, "SELECT gtlabel.portal_invitation($2::jsonb)"},

	{"GET",    "/events",              GTC_ANNOTATOR, GTC_EVENTS, NULL},
	{"GET",    "/queues",              GTC_ANNOTATOR, GTC_SQL, "SELECT gtlabel.portal_queues($1)"},
	{"GET",    "/jobs/:/seat",         GTC_ANNOTATOR, GTC_SQL, "SELECT gtlabel.portal_seat($1, $3)"},
	{"POST",   "/jobs/:/accept",  GTC_ANNOTATOR, GTC_SQL, "SELECT gtlabel.portal_accept($1, $3, $2::jsonb)"},
	{"POST",   "/jobs/:/answer",  GTC_ANNOTATOR, GTC_SQL, "SELECT gtlabel.portal_answer($1, $3, $2::jsonb)"},
	{"POST",   "/tasks/submit",        GTC_ANNOTATOR, GTC_SQL, "SELECT gtlabel.portal_tasks($1, 'submit', $2::jsonb)"},
	{"POST",   "/tasks/revise",        GTC_ANNOTATOR, GTC_SQL, "SELECT gtlabel.portal_tasks($1, 'revise', $2::jsonb)"},
	{"POST",   "/tasks/retract", GTC_ANNOTATOR, GTC_SQL, "SELECT gtlabel.portal_tasks($1, 'retract', $2::jsonb)"},
	{"POST",   "/tasks/release", GTC_ANNOTATOR, GTC_SQL, "SELECT gtlabel.portal_tasks($1, 'release', $2::jsonb)"},
	{"POST",   "/tasks/decline", GTC_ANNOTATOR, GTC_SQL, "SELECT gtlabel.portal_tasks($1, 'decline', $2::jsonb)"},
	{"POST",   "/tasks/extend",        GTC_ANNOTATOR, GTC_SQL, "SELECT gtlabel.portal_extend($1, $2::jsonb)"},

	{"GET",    "/jobs",                GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_jobs()"},
	{"POST",   "/jobs",                GTC_ROLE, GTC_SQL_LONG, "SELECT gtlabel.portal_create($2::jsonb)"},
	{"GET",    "/jobs/:",              GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_job($3)"},
	{"GET",    "/jobs/:/report",       GTC_ROLE, GTC_SQL_PAGE, "SELECT gtlabel.portal_report($3)"},
	{"POST",   "/jobs/:/pause",        GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_steer($3, 'pause')"},
	{"POST",   "/jobs/:/resume",       GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_steer($3, 'resume')"},
	{"POST",   "/jobs/:/stop",         GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_steer($3, 'stop')"},
	{"GET",    "/jobs/:/review/:",     GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_review($3, $4)"},
	{"POST",   "/jobs/:/correct",      GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_correct($3, $2::jsonb)"},
	{"GET",    "/jobs/:/settings",     GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_settings($3)"},
	{"PATCH",  "/jobs/:/settings",     GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_alter($3, $2::jsonb)"},
	{"POST",   "/jobs/:/categories/add", GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_categories($3, 'add', $2::jsonb)"},
	{"POST",   "/jobs/:/categories/rename", GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_categories($3, 'rename', $2::jsonb)"},
	{"POST",   "/jobs/:/categories/merge", GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_categories($3, 'merge', $2::jsonb)"},
	{"GET",    "/jobs/:/people",       GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_people($3)"},
	{"POST",   "/jobs/:/people/:/exclude", GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_judge($3, $4, 'exclude')"},
	{"POST",   "/jobs/:/people/:/include", GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_judge($3, $4, 'include')"},
	{"POST",   "/jobs/:/invitations",  GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_invite($3, $2::jsonb)"},
	{"DELETE", "/jobs/:/invitations/:", GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_revoke($3, $4)"},

	{"GET",    "/datasets",            GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_datasets()"},
	{"GET",    "/datasets/:",          GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_dataset($3)"},
	{"POST",   "/plan",                GTC_ROLE, GTC_SQL, "SELECT gtlabel.portal_plan($2::jsonb)"},
	{"POST",   "/simulate",            GTC_ROLE, GTC_SQL_LONG, "SELECT gtlabel.portal_simulate($2::jsonb)"},
	{NULL, NULL, GTC_ANYBODY, GTC_SQL, NULL}
};
/* clang-format on */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Bytes of the sequence that starts here; 0: none does */
static size_t
utf8_sequence(const unsigned char *at, size_t left)
{
	size_t		length = at[0] < 0x80 ? 1 : at[0] < 0xC2 ? 0 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 :
		at[0] < 0xF5 ? 4 : 0;
	size_t		i;

	if (length == 0 || length > left || at[0] == 0)
		return 0;
	for (i = 1; i < length; i++)
	{
		if ((at[i] & 0xC0) != 0x80)
			return 0;
	}
	if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ||
		(at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F))
		return 0;
	return length;
}

bool
gtc_is_utf8(const char *text, size_t length)
{
	size_t		at = 0;

	while (at < length)
	{
		size_t		step = utf8_sequence((const unsigned char *) text + at, length - at);

		if (step == 0)
			return false;
		at += step;
	}
	return true;
}

char *
gtc_percent_decode(const char *text, size_t length)
{
	char	   *decoded = gtc_alloc(length + 1);
	size_t		from;
	size_t		to = 0;

	for (from = 0; from < length; from++)
	{
		char		c = text[from];

		if (c == '%')
		{
			int			high = from + 2 < length ? hex_digit(text[from + 1]) : -1;
			int			low = from + 2 < length ? hex_digit(text[from + 2]) : -1;

			if (high < 0 || low < 0)
				break;
			c = (char) (high << 4 | low);
			from += 2;
		}
		decoded[to++] = c;
	}
	if (from == length && gtc_is_utf8(decoded, to))
		return decoded;
	free(decoded);
	return NULL;
}

/* Compares one pattern with the path; parts must be empty, and hold what matched on success. */
static bool
matches(const char *pattern, const char *path, char **parts)
{
	int			count = 0;

	for (;;)
	{
		size_t		length = strcspn(path, "/");
		size_t		wanted = strcspn(pattern, "/");

		if (wanted == 1 && pattern[0] == ':')
		{
			if (length == 0 || count == GTC_MOST_PARTS ||
				(parts[count] = gtc_percent_decode(path, length)) == NULL)
				return false;
			count++;
		}
		else if (wanted != length || strncmp(pattern, path, length) != 0)
			return false;
		path += length;
		pattern += wanted;
		if (*path == '\0' || *pattern == '\0')
			return *path == *pattern;
		path++;
		pattern++;
	}
}

void
gtc_route_free(GtcRouteMatch *match)
{
	int			i;

	for (i = 0; i < GTC_MOST_PARTS; i++)
	{
		free(match->parts[i]);
		match->parts[i] = NULL;
	}
}

void
gtc_route_find(const char *method, const char *path, GtcRouteMatch *match)
{
	const GtcRoute *route;

	memset(match, 0, sizeof(*match));
	for (route = gtc_routes; route->method != NULL; route++)
	{
		if (matches(route->pattern, path, match->parts))
		{
			if (strcmp(route->method, method) == 0)
			{
				match->route = route;
				return;
			}
			match->other_method = true;
		}
		gtc_route_free(match);
	}
}
