/*
 * format.c
 *		Numbers as people read them.
 */
#include "base/format.h"

#include <math.h>

#include "lib/stringinfo.h"

char *
gtl_format_count(int64 count)
{
	char	   *digits = psprintf(INT64_FORMAT, count);
	int			length = (int) strlen(digits);
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < length; i++)
	{
		if (i > 0 && digits[i - 1] != '-' && (length - i) % 3 == 0)
			appendStringInfoChar(&text, ',');
		appendStringInfoChar(&text, digits[i]);
	}
	pfree(digits);
	return text.data;
}

char *
gtl_format_percent(double share)
{
	double		percent = 100.0 * share;

	if (percent > 0 && percent < 0.95)
		return psprintf("%.2g %%", percent);
	return psprintf("%.1f %%", percent);
}

char *
gtl_format_percent_beside(double share, double other)
{
	char	   *text = gtl_format_percent(share);

	if (share == other)
		return text;
	for (int digits = 2; digits <= 6 && strcmp(text, gtl_format_percent(other)) == 0; digits++)
	{
		text = psprintf("%.*f %%", digits, 100.0 * share);
		if (atof(text) == atof(psprintf("%.*f", digits, 100.0 * other)))
			text = gtl_format_percent(other);
	}
	return text;
}
