/*
 * row.h
 *		Columns, and values as COPY's text format writes them.
 */
#ifndef GTC_ROW_H
#define GTC_ROW_H

#include "exchange/scan.h"

typedef enum GtcType
{
	GTC_TEXT,
	GTC_NUMERIC,
	GTC_BIGINT,
	GTC_DOUBLE,
	GTC_BOOLEAN,
	GTC_JSONB,
	GTC_FLOAT4_ARRAY
} GtcType;

typedef struct GtcColumn
{
	char	   *name;
	size_t		name_length;
	GtcType		type;
	bool		declared;		/* by the user, who wants other kinds of values made text or number of */
	int			length;			/* float4[]: elements of the first row's; 0: none yet */
	unsigned	kinds;			/* in the head: a bit for each GtcJsonKind */
	bool		not_vectors;	/* in the head: a value that is no list of numbers by its first one */
} GtcColumn;

#define GTC_RESERVED_NAMES 4

typedef struct GtcColumns
{
	GtcColumn  *list;
	int			count;
	int			room;
	const char *reserved[GTC_RESERVED_NAMES];	/* what the columns beside these are called */
} GtcColumns;

#define GTC_LONGEST_NAME 63		/* bytes of a name in PostgreSQL */
#define GTC_MOST_COLUMNS 500	/* further keys have no column */

extern GtcColumn *gtc_add_column(GtcColumns *columns, const char *name, GtcType type, bool declared);
extern bool gtc_can_add_column(const GtcColumns *columns, const char *name);
extern GtcColumn *gtc_find_column(const GtcColumns *columns, const char *name);
extern void gtc_columns_free(GtcColumns *columns);

/* The type of this name; false: no such type is offered */
extern bool gtc_type_by_name(const char *name, GtcType *type);
extern const char *gtc_type_name(GtcType type);

/* The rule of docs/exchange.md: looks at a record of the head; decides when all were looked at. */
extern void gtc_columns_see(GtcColumns *columns, const GtcMembers *members);
extern void gtc_columns_decide(GtcColumns *columns);

/* ---- COPY ---- */

extern void gtc_copy_text(GtcBuffer *copy, const char *data, size_t length);
extern void gtc_copy_null(GtcBuffer *copy);

/* A string as text; false if it is odd */
extern bool gtc_copy_string(GtcBuffer *copy, GtcBuffer *scratch, const GtcValue *value);

typedef struct GtcRowWriter
{
	GtcColumns *columns;
	const GtcValue **places;	/* of the row at hand, one a column */
	GtcBuffer	scratch;
	GtcMembers	elements;
	char		reason[400];
} GtcRowWriter;

extern void gtc_row_writer_init(GtcRowWriter *writer, GtcColumns *columns);
extern void gtc_row_writer_free(GtcRowWriter *writer);

/*
 * Appends a tab and a value for each column, NULL where the members have none; with `other` the members
 * without a column as one jsonb object more.  NULL, or the reason why there is no row: then `copy` is spoilt.
 */
extern const char *gtc_write_members(GtcRowWriter *writer, GtcBuffer *copy, const GtcMembers *members,
									 bool other);

/* The same of fields by their number, as CSV has them */
extern const char *gtc_write_fields(GtcRowWriter *writer, GtcBuffer *copy, const GtcMembers *fields);

#endif
