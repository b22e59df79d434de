/*
 * html.c
 *		Building a page; see html.h for the rule.
 */
#include "reports/html.h"

#include "base/format.h"
#include "mb/pg_wchar.h"

/* Stands for what neither HTML nor XML may contain. */
#define REPLACEMENT 0xFFFD

void
gtl_html_raw(StringInfo page, const char *markup)
{
	appendStringInfoString(page, markup);
}

void
gtl_html_format(StringInfo page, const char *format,...)
{
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, format);
		needed = appendStringInfoVA(page, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(page, needed);
	}
}

/* Control characters and noncharacters: references to them are errors, in XML or in HTML. */
static bool
is_forbidden(pg_wchar c)
{
	if (c < 0x20)
		return c != '\t' && c != '\n' && c != '\r';
	return (c >= 0x7F && c <= 0x9F) || (c >= 0xD800 && c <= 0xDFFF) || (c >= 0xFDD0 && c <= 0xFDEF) ||
		(c & 0xFFFE) == 0xFFFE || c > 0x10FFFF;
}

static void
append_character(StringInfo page, pg_wchar c)
{
	if (is_forbidden(c))
		c = REPLACEMENT;
	switch (c)
	{
		case '<':
			appendStringInfoString(page, "&lt;");
			break;
		case '>':
			appendStringInfoString(page, "&gt;");
			break;
		case '&':
			appendStringInfoString(page, "&amp;");
			break;
		case '"':
			appendStringInfoString(page, "&#34;");
			break;
		case '\'':
			appendStringInfoString(page, "&#39;");
			break;
		default:
			if (c < 0x80)
				appendStringInfoChar(page, (char) c);
			else
				appendStringInfo(page, "&#%u;", (unsigned) c);
	}
}

void
gtl_html_text(StringInfo page, const char *text)
{
	int			length = (int) strlen(text);
	bool		known = GetDatabaseEncoding() != PG_SQL_ASCII || pg_verify_mbstr(PG_UTF8, text, length, true);
	char	   *utf8 = GetDatabaseEncoding() == PG_SQL_ASCII ? pstrdup(text) : pg_server_to_any(text, length, PG_UTF8);
	const unsigned char *s = (const unsigned char *) utf8;

	while (*s != '\0')
	{
		if (*s < 0x80)
			append_character(page, *s++);
		else if (!known)		/* bytes of a database that does not say what they mean */
		{
			append_character(page, REPLACEMENT);
			s++;
		}
		else
		{
			append_character(page, utf8_to_unicode(s));
			s += pg_utf_mblen(s);
		}
	}
}

void
gtl_html_element(StringInfo page, const char *element, const char *class, const char *text)
{
	if (class != NULL)
		appendStringInfo(page, "<%s class=\"%s\">", element, class);
	else
		appendStringInfo(page, "<%s>", element);
	gtl_html_text(page, text);
	appendStringInfo(page, "</%s>", element);
}

void
gtl_html_sentence(StringInfo page, const char *text)
{
	char	   *sentence = pstrdup(text);
	size_t		length = strlen(sentence);

	sentence[0] = (char) pg_toupper((unsigned char) sentence[0]);
	gtl_html_text(page, sentence);
	if (length > 0 && strchr(".!?", sentence[length - 1]) == NULL)
		appendStringInfoChar(page, '.');
	pfree(sentence);
}

/* ---- Tables ---- */

static const char *const align_class[] = {"w", "n", "n d", "p", "g d"};

static void
begin_grid(GtlHtmlTable *table)
{
	StringInfo	page = table->page;

	/* a focus for the keyboard where a narrow window has to scroll sideways */
	appendStringInfo(page, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">\n<table>\n"
						   "<caption>%s</caption>\n<thead><tr>",
					 table->caption, table->caption);
	for (int c = 0; c < table->ncolumns; c++)
		appendStringInfo(page, "<th scope=\"col\" class=\"%s\">%s</th>",
						 align_class[table->columns[c].align], table->columns[c].heading);
	appendStringInfoString(page, "</tr></thead>\n<tbody>\n");
}

static void
end_grid(GtlHtmlTable *table)
{
	appendStringInfoString(table->page, "</tbody>\n</table>\n</div>\n");
}

int
gtl_html_open_rows(int open_rows, int total)
{
	return total <= open_rows + open_rows / 4 ? total : open_rows;
}

void
gtl_html_table_begin(GtlHtmlTable *table, StringInfo page, const char *caption, const char *what,
					 const GtlHtmlColumn *columns, int ncolumns, int open_rows, int total)
{
	table->page = page;
	table->caption = caption;
	table->what = what;
	table->columns = columns;
	table->ncolumns = ncolumns;
	table->column = 0;
	table->rows = 0;
	table->open_rows = gtl_html_open_rows(open_rows, total);
	table->total = total;
	begin_grid(table);
}

static void
begin_row(GtlHtmlTable *table)
{
	if (table->rows++ == table->open_rows)
	{
		end_grid(table);
		appendStringInfo(table->page, "<details>\n<summary>%s more %s</summary>\n",
						 gtl_format_count(table->total - table->open_rows), table->what);
		begin_grid(table);
	}
	appendStringInfoString(table->page, "<tr>");
}

static const char *
begin_cell(GtlHtmlTable *table)
{
	const char *element = table->column == 0 ? "th" : "td";

	if (table->column == 0)
		begin_row(table);
	appendStringInfo(table->page, "<%s%s class=\"%s\">", element, table->column == 0 ? " scope=\"row\"" : "",
					 align_class[table->columns[table->column].align]);
	return element;
}

static void
end_cell(GtlHtmlTable *table, const char *element)
{
	appendStringInfo(table->page, "</%s>", element);
	if (++table->column == table->ncolumns)
	{
		appendStringInfoString(table->page, "</tr>\n");
		table->column = 0;
	}
}

void
gtl_html_cell(GtlHtmlTable *table, const char *text)
{
	const char *element = begin_cell(table);

	if (text != NULL)
		gtl_html_text(table->page, text);
	end_cell(table, element);
}

void
gtl_html_cell_markup(GtlHtmlTable *table, const char *markup)
{
	const char *element = begin_cell(table);

	appendStringInfoString(table->page, markup);
	end_cell(table, element);
}

void
gtl_html_row_note(GtlHtmlTable *table, const char *text)
{
	appendStringInfo(table->page, "<tr class=\"note-row\"><td colspan=\"%d\">", table->ncolumns);
	gtl_html_text(table->page, text);
	appendStringInfoString(table->page, "</td></tr>\n");
}

void
gtl_html_table_end(GtlHtmlTable *table)
{
	end_grid(table);
	if (table->rows > table->open_rows)
		appendStringInfoString(table->page, "</details>\n");
}
