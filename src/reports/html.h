/*
 * html.h
 *		Building a page: what is written unchanged, and what is escaped.
 *
 * A page is markup of our own (literals and numbers: raw and format) around texts of
 * somebody else's (names, labels, reasons: text, cell and the like, which
 * escape).  Nothing that comes out of a table goes through raw or format.
 */
#ifndef GTL_HTML_H
#define GTL_HTML_H

#include "base/compat.h"
#include "lib/stringinfo.h"

extern void gtl_html_raw(StringInfo page, const char *markup);
extern void gtl_html_format(StringInfo page, const char *format,...) pg_attribute_printf(2, 3);

/*
 * A text of the database, safe as content and inside a quoted attribute, and valid in
 * HTML and XML alike.  The result is ASCII: other characters become references, so
 * that the page means the same in whatever encoding it is stored.
 */
extern void gtl_html_text(StringInfo page, const char *text);

/* <element class="class">text</element>; class NULL: none. */
extern void gtl_html_element(StringInfo page, const char *element, const char *class, const char *text);

/* As a sentence: first letter in upper case, full stop at the end. */
extern void gtl_html_sentence(StringInfo page, const char *text);

/* ---- Tables ---- */

typedef enum GtlHtmlAlign
{
	GTL_HTML_WORDS,				/* left */
	GTL_HTML_NUMBER,			/* right, figures of one width */
	GTL_HTML_DETAIL,			/* the same, and left out in narrow windows */
	GTL_HTML_PROSE,				/* left, takes the room that is left */
	GTL_HTML_PICTURE			/* the same, for a bar; left out in narrow windows */
} GtlHtmlAlign;

typedef struct GtlHtmlColumn
{
	const char *heading;
	GtlHtmlAlign align;
} GtlHtmlColumn;

typedef struct GtlHtmlTable
{
	StringInfo	page;
	const char *caption;
	const GtlHtmlColumn *columns;
	int			ncolumns;
	int			column;			/* of the next cell */
	int			rows;			/* begun */
	int			open_rows;		/* further ones are folded away */
	const char *what;			/* the plural of a row, for the fold */
	int			total;			/* rows that will come */
} GtlHtmlTable;

/* caption is read out, and not seen. */
extern void gtl_html_table_begin(GtlHtmlTable *table, StringInfo page, const char *caption, const char *what,
								 const GtlHtmlColumn *columns, int ncolumns, int open_rows, int total);

/* The next cell, which begins a row where one ends; text NULL: empty. */
extern void gtl_html_cell(GtlHtmlTable *table, const char *text);

/* The same, with markup that the caller has escaped. */
extern void gtl_html_cell_markup(GtlHtmlTable *table, const char *markup);

/* A line below the row that has just ended, over all columns. */
extern void gtl_html_row_note(GtlHtmlTable *table, const char *text);

extern void gtl_html_table_end(GtlHtmlTable *table);

/* How many of `total` rows stand open before the rest is folded away: all if few would be left. */
extern int	gtl_html_open_rows(int open_rows, int total);

#endif							/* GTL_HTML_H */
