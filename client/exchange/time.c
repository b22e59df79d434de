/*
 * time.c
 *		Dates and times, checked before the server reads them: one that is none must not end an import.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "exchange/load.h"

static int
two_digits(const char *at)
{
	return isdigit((unsigned char) at[0]) && isdigit((unsigned char) at[1]) ? (at[0] - '0') * 10 + at[1] - '0'
																			: -1;
}

static bool
is_date(const char *at)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int			century = two_digits(at);
	int			year = century < 0 ? -1 : two_digits(at + 2);
	int			month;
	int			day;

	if (year < 0 || century * 100 + year == 0 || at[4] != '-' || at[7] != '-')
		return false;
	year += century * 100;
	month = two_digits(at + 5);
	day = two_digits(at + 8);
	if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
		return false;
	return month != 2 || day < 29 || (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

/* Z, +HH, +HHMM, +HH:MM or nothing */
static bool
is_zone(const char *at)
{
	int			minutes;

	if (*at == '\0' || strcmp(at, "Z") == 0)
		return true;
	if ((*at != '+' && *at != '-') || two_digits(at + 1) < 0 || two_digits(at + 1) > 14)
		return false;
	at += 3;
	if (*at == '\0')
		return true;
	at += *at == ':';
	minutes = two_digits(at);
	return minutes >= 0 && minutes < 60 && at[2] == '\0';
}

/* Sets where the zone begins. */
static bool
is_time(const char *text, const char **zone)
{
	const char *at = text + 11;

	if (strlen(text) < 16 || !is_date(text) || (text[10] != 'T' && text[10] != ' ') || two_digits(at) < 0 ||
		two_digits(at) > 23 || at[2] != ':' || two_digits(at + 3) < 0 || two_digits(at + 3) > 59)
		return false;
	at += 5;
	if (*at == ':')
	{
		if (two_digits(at + 1) < 0 || two_digits(at + 1) > 59)
			return false;
		at += 3;
		if (*at == '.')
		{
			size_t		digits = strspn(at + 1, "0123456789");

			if (digits == 0 || digits > 9)
				return false;
			at += 1 + digits;
		}
	}
	*zone = at;
	return is_zone(at);
}

void
gtc_copy_time(GtcLoad *load, GtcBuffer *copy, const GtcValue *value)
{
	char		text[48];
	const char *zone;

	if (value == NULL || value->kind == GTC_JSON_NULL)
	{
		gtc_copy_null(copy);
		return;
	}
	snprintf(text, sizeof(text), "%.*s", (int) (value->text.len < 47 ? value->text.len : 47),
			 value->text.data);
	if (value->kind != GTC_JSON_STRING || value->escaped || value->text.len > 40 || !is_time(text, &zone))
	{
		load->counts.odd_dates++;
		gtc_copy_null(copy);
		return;
	}
	gtc_append(copy, text);
	gtc_append(copy, *zone == '\0' ? "Z" : "");
}
