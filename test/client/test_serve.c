/*
 * test_serve.c
 *		Requests, routes and escapes of gtlabel serve, without a server.
 */
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "check.h"
#include "json.h"
#include "serve/api.h"
#include "serve/events.h"
#include "serve/rate.h"
#include "serve/route.h"
#include "serve/session.h"

static int
decodes_to(const char *text, const char *expected)
{
	char	   *decoded = gtc_percent_decode(text, strlen(text));
	int			same = expected == NULL ? decoded == NULL : decoded != NULL && strcmp(decoded, expected) == 0;

	free(decoded);
	return same;
}

static void
test_percent(void)
{
	CHECK(decodes_to("support", "support"));
	CHECK(decodes_to("a%2Fb%20c%25", "a/b c%"));
	CHECK(decodes_to("%D9%85", "\xD9\x85"));
	CHECK(decodes_to("a+b", "a+b"));
	CHECK(decodes_to("%00", NULL));
	CHECK(decodes_to("a%", NULL));
	CHECK(decodes_to("a%4", NULL));
	CHECK(decodes_to("%GG", NULL));
	CHECK(decodes_to("%FF", NULL));
	CHECK(decodes_to("%C0%AF", NULL));	/* a slash in too many bytes */
	CHECK(decodes_to("%ED%A0%80", NULL));	/* half a surrogate pair */
	CHECK(decodes_to("%F4%90%80%80", NULL));	/* beyond Unicode */
}

/* "pattern|part|part", or "-" for none, "!" for another method */
static int
routes_to(const char *method, const char *path, const char *expected)
{
	GtcRouteMatch match;
	GtcBuffer	found;
	int			same;
	int			i;

	gtc_buffer_init(&found);
	gtc_route_find(method, path, &match);
	gtc_append(&found, match.route != NULL ? match.route->pattern : match.other_method ? "!"
																					   : "-");
	for (i = 0; i < GTC_MOST_PARTS && match.parts[i] != NULL; i++)
		gtc_appendf(&found, "|%s", match.parts[i]);
	same = strcmp(found.data, expected) == 0;
	if (!same)
		fprintf(stderr, "%s %s: %s, not %s\n", method, path, found.data, expected);
	gtc_route_free(&match);
	gtc_buffer_free(&found);
	return same;
}

static void
test_routes(void)
{
	CHECK(routes_to("GET", "/session", "/session"));
	CHECK(routes_to("PUT", "/session", "!"));
	CHECK(routes_to("GET", "/jobs", "/jobs"));
	CHECK(routes_to("GET", "/jobs/support", "/jobs/:|support"));
	CHECK(routes_to("GET", "/jobs/a%2Fseat", "/jobs/:|a/seat"));
	CHECK(routes_to("GET", "/jobs/x/review/machine", "/jobs/:/review/:|x|machine"));
	CHECK(routes_to("DELETE", "/jobs/x/invitations/Jos%C3%A9", "/jobs/:/invitations/:|x|Jos\xC3\xA9"));
	CHECK(routes_to("GET", "/jobs/", "-"));
	CHECK(routes_to("GET", "/jobs//seat", "-"));
	CHECK(routes_to("GET", "/jobs/x/", "-"));
	CHECK(routes_to("GET", "", "-"));
	CHECK(routes_to("GET", "/../session", "-"));
	CHECK(routes_to("GET", "/jobs/../../etc/passwd", "-"));
	CHECK(routes_to("GET", "/jobs/%00", "-"));
	CHECK(routes_to("GET", "/session/x", "-"));
}

/* Every route that a bearer of an invitation can take hands the token on. */
static void
test_statements(void)
{
	const GtcRoute *route;

	for (route = gtc_routes; route->method != NULL; route++)
	{
		CHECK(route - gtc_routes < 64); /* GtcConnection.prepared */
		CHECK(route->pattern[0] == '/');
		if (route->sql == NULL)
			continue;
		CHECK(strncmp(route->sql, "SELECT gtlabel.portal_", 22) == 0);
		CHECK(route->access != GTC_ANNOTATOR || strstr(route->sql, "($1") != NULL);
		CHECK(route->access != GTC_ROLE || strstr(route->sql, "$1") == NULL);
		CHECK(strcmp(route->method, "GET") != 0 || strstr(route->sql, "$2") == NULL);
	}
}

/* -1: no JSON */
static int
json_kind(const char *text)
{
	GtcJson    *json = gtc_json_parse(text, strlen(text));
	int			kind = json == NULL ? -1 : (int) json->kind;

	gtc_json_free(json);
	return kind;
}

static void
test_json_errors(void)
{
	static const char *const bad[] = {"",
									  " ",
									  "{",
									  "}",
									  "[1,]",
									  "[1 2]",
									  "{\"a\"}",
									  "{\"a\":}",
									  "{a:1}",
									  "'a'",
									  "\"a",
									  "\"\\x\"",
									  "\"\\u12\"",
									  "\"\\u0000\"",
									  "\"\\uD800\"",
									  "\"\\uDC00\"",
									  "\"\\uD800\\u0041\"",
									  "\"a\nb\"",
									  "01",
									  "1.",
									  "-",
									  "1e",
									  ".5",
									  "nul",
									  "true false",
									  "{\"a\":1,}",
									  "[[]",
									  "\\",
									  "+1",
									  "NaN"};
	size_t		i;
	char		deep[200];

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		CHECK(json_kind(bad[i]) == -1);
		if (json_kind(bad[i]) != -1)
			fprintf(stderr, "    %s\n", bad[i]);
	}
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	CHECK(gtc_json_parse(deep, 200) == NULL);
}

static void
test_json(void)
{
	static const char text[] =
		" {\"role\": \"a\\\"b\\\\\\/\\n\\u00e9\\uD83D\\uDE00\", \"n\": [1, -2.5e+3, true, null], \"role2\": "
		"{}} ";
	GtcJson    *json = gtc_json_parse(text, strlen(text));

	CHECK(json != NULL);
	CHECK(strcmp(gtc_json_text(json, "role"), "a\"b\\/\n\xC3\xA9\xF0\x9F\x98\x80") == 0);
	CHECK(gtc_json_text(json, "n") == NULL);
	CHECK(gtc_json_text(json, "nothing") == NULL);
	CHECK(strcmp(gtc_json_member(json, "n")->first->next->text, "-2.5e+3") == 0);
	CHECK(gtc_json_member(json, "role2")->first == NULL);
	gtc_json_free(json);
	CHECK(json_kind("\"x\"") == GTC_JSON_STRING);
	CHECK(json_kind("0") == GTC_JSON_NUMBER);
	CHECK(json_kind("[]") == GTC_JSON_ARRAY);
	CHECK(json_kind("null") == GTC_JSON_NULL);
}

static void
test_json_text(void)
{
	GtcBuffer	buffer;

	gtc_buffer_init(&buffer);
	gtc_append_json(&buffer, "a\"b\\c\n\x01</script>");
	CHECK(strcmp(buffer.data, "\"a\\\"b\\\\c\\u000a\\u0001</script>\"") == 0);
	gtc_buffer_reset(&buffer);
	gtc_append_json(&buffer, NULL);
	CHECK(strcmp(buffer.data, "null") == 0);
	gtc_buffer_free(&buffer);
}

/* NULL: no such cookie */
static int
cookie_is(const char *header, const char *expected)
{
	char		value[8];
	bool		found = gtc_cookie(header, "id", value, sizeof(value));

	return expected == NULL ? !found : found && strcmp(value, expected) == 0;
}

static void
test_cookies(void)
{
	CHECK(cookie_is(NULL, NULL));
	CHECK(cookie_is("", NULL));
	CHECK(cookie_is("id=abc", "abc"));
	CHECK(cookie_is("other=1; id=abc; more=2", "abc"));
	CHECK(cookie_is("xid=1;id=", ""));
	CHECK(cookie_is("id", NULL));
	CHECK(cookie_is("xid=abc", NULL));
	CHECK(cookie_is("id=longer than the room", NULL));
	CHECK(cookie_is("; ;id=1", "1"));
}

static void
test_hosts(void)
{
	gtc_options.loopback = true;
	gtc_options.name_count = 0;
	gtc_options.names[gtc_options.name_count++] = "localhost";
	gtc_options.names[gtc_options.name_count++] = "127.0.0.1";
	gtc_options.names[gtc_options.name_count++] = "[::1]";
	CHECK(gtc_host_allowed("localhost:8432"));
	CHECK(gtc_host_allowed("LOCALHOST"));
	CHECK(gtc_host_allowed("127.0.0.1:1"));
	CHECK(gtc_host_allowed("[::1]:8432"));
	CHECK(!gtc_host_allowed("localhost.evil.example:8432"));
	CHECK(!gtc_host_allowed("evil.example"));
	CHECK(!gtc_host_allowed("[::1"));
	CHECK(!gtc_host_allowed(""));
	CHECK(!gtc_host_allowed(NULL));
}

static void
test_status(void)
{
	CHECK(gtc_status_of("28000") == 401);
	CHECK(gtc_status_of("42501") == 403);
	CHECK(gtc_status_of("42704") == 404);
	CHECK(gtc_status_of("55000") == 409);
	CHECK(gtc_status_of("55006") == 409);
	CHECK(gtc_status_of("22P02") == 422);
	CHECK(gtc_status_of("40001") == 503);
	CHECK(gtc_status_of("57014") == 504);
	CHECK(gtc_status_of("57P01") == 503);
	CHECK(gtc_status_of("XX000") == 500);
	CHECK(gtc_status_of(NULL) == 500);
}

static void
test_events(void)
{
	long long	job,
				event;

	CHECK(gtc_events_numbers("{\"job_id\": 12, \"event_id\": 345}", &job, &event) && job == 12 &&
		  event == 345);
	CHECK(gtc_events_numbers("7 8", &job, &event) && job == 7 && event == 8);
	CHECK(!gtc_events_numbers("{\"job_name\": \"job 12\", \"event\": \"x\"}", &job, &event) && job == 0);
	CHECK(!gtc_events_numbers("\"unfinished 5", &job, &event));
	CHECK(!gtc_events_numbers("", &job, &event));
}

static int
tries_until_refused(const char *address, const char *role, double now)
{
	int			tries = 0;

	while (tries < 1000 && gtc_rate_wait(address, role, now) == 0)
	{
		gtc_rate_failed(address, role, now);
		tries++;
	}
	return tries;
}

static void
test_rate(void)
{
	char		role[16];
	int			i;

	CHECK(tries_until_refused("10.0.0.1", "ann", 1000) == 5);
	CHECK(gtc_rate_wait("10.0.0.1", "bob", 1000) == 0);
	CHECK(gtc_rate_wait("10.0.0.2", "ann", 1000) == 0);
	CHECK(gtc_rate_wait("10.0.0.1", "ann", 1013) == 0);
	for (i = 0; i < 40 && gtc_rate_wait("10.0.0.9", "", 2000) == 0; i++)
	{
		snprintf(role, sizeof(role), "role%d", i);
		gtc_rate_failed("10.0.0.9", role, 2000);
	}
	CHECK(i == 20);
	CHECK(gtc_rate_wait("10.0.0.9", "role3", 2000 + 100) == 0);
}

static void
test_secrets(void)
{
	char		one[GTC_SECRET];
	char		other[GTC_SECRET];

	gtc_secret(one);
	gtc_secret(other);
	CHECK(strlen(one) == 43);
	CHECK(strspn(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == 43);
	CHECK(!gtc_same_secret(one, other));
	CHECK(gtc_same_secret(one, one));
	CHECK(!gtc_same_secret(one, ""));
	CHECK(gtc_session_find("nobody") == NULL);
}

/* Whatever comes in: no crash, no leak; the sanitizers and valgrind watch. */
static void
test_noise(void)
{
	static const char alphabet[] = "{}[]\":,\\/u0019eE+-. %aftrunl\n\x01\x80\xC3\xA9";
	unsigned	seed = 7;
	int			round;
	int			parsed = 0;

	for (round = 0; round < 20000; round++)
	{
		char		text[64];
		size_t		length;
		size_t		i;
		GtcJson    *json;
		GtcRouteMatch match;

		seed = seed * 1103515245u + 12345u;
		length = (seed >> 16) % 60;
		for (i = 0; i < length; i++)
		{
			seed = seed * 1103515245u + 12345u;
			text[i] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		}
		text[length] = '\0';
		json = gtc_json_parse(text, length);
		parsed += json != NULL;
		gtc_json_free(json);
		free(gtc_percent_decode(text, length));
		gtc_route_find("GET", text, &match);
		gtc_route_free(&match);
	}
	CHECK(parsed < round);
}

int
main(void)
{
	test_percent();
	test_routes();
	test_statements();
	test_json_errors();
	test_json();
	test_json_text();
	test_cookies();
	test_hosts();
	test_status();
	test_events();
	test_rate();
	test_secrets();
	test_noise();
	return CHECK_SUMMARY("client/serve");
}
