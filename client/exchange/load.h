/*
 * load.h
 *		Records of a file as rows of COPY: no connection, so that tests can do without one.
 */
#ifndef GTC_LOAD_H
#define GTC_LOAD_H

#include "exchange/input.h"
#include "exchange/row.h"

typedef enum GtcFormat
{
	GTC_ANY_FORMAT,
	GTC_MANIFEST,
	GTC_JSON,					/* lines, or one array */
	GTC_CSV,
	GTC_LABEL_STUDIO			/* JSON and JSON_MIN, in lines or one array */
} GtcFormat;

extern bool gtc_format_by_name(const char *name, GtcFormat *format);
extern const char *gtc_format_name(GtcFormat format);

typedef struct GtcLoadOptions
{
	GtcFormat	format;
	const char *key_column;		/* what the first column is called; NULL: line_no, of Label Studio task_id */
	const char *attribute;		/* of a manifest, or a control of Label Studio; NULL: the only one */
	const char *key;			/* Label Studio: the field of data that is the key; NULL: the id */
	GtcColumns	declared;		/* columns with a type */
	char	  **categories;		/* of a manifest's indices without class-name, or NULL */
	int			category_count;
	char		delimiter;		/* of CSV; 0: a comma */
	bool		answers;		/* a manifest's labels are answers too */
	bool		repair;
	bool		no_labels;		/* a manifest's labels are not read */
	bool		people_only;	/* a manifest's machine labels are not read */
} GtcLoadOptions;

typedef struct GtcLoadCounts
{
	long long	records;		/* without blank lines */
	long long	rows;
	long long	bad;
	long long	repaired;
	long long	labels;			/* of a manifest */
	long long	failed;			/* with a failure-reason */
	long long	long_lines;		/* over 100,000 characters, which Ground Truth refuses */
	long long	answers;
	long long	cancelled;		/* answers that annotators took back, or without a choice */
	long long	odd_dates;
} GtcLoadCounts;

typedef enum GtcLoadResult
{
	GTC_LOAD_END,
	GTC_LOAD_ROW,
	GTC_LOAD_BAD,				/* record and reason say what; nothing of it is in rows and answers */
	GTC_LOAD_FATAL				/* reason: nothing can follow */
} GtcLoadResult;

typedef struct GtcHead GtcHead;

typedef struct GtcLoad
{
	GtcLoadOptions options;
	GtcInput   *input;
	GtcFormat	format;
	bool		array;			/* one array and not lines */
	bool		repeats;		/* JSON_MIN: a task comes once for each of its answers */
	GtcColumns	columns;		/* but the first and the last ones, which the format knows */
	GtcRowWriter writer;
	GtcHead    *head;

	GtcBuffer	rows;			/* COPY's lines: the caller empties it */
	GtcBuffer	answers;		/* the same for the table of answers */
	GtcLoadCounts counts;
	GtcRecord	record;
	const char *reason;

	char	   *attribute;		/* the one in use; NULL: none was met yet */
	GtcMembers	members;
	GtcMembers	inner;
	GtcMembers	deeper;
	GtcBuffer	scratch;
	GtcBuffer	label;
	GtcBuffer	repaired;
	char		words[600];
} GtcLoad;

extern void gtc_load_init(GtcLoad *load, GtcInput *input, const GtcLoadOptions *options);
extern void gtc_load_free(GtcLoad *load);

/* Looks at the head; false: reason says what is wrong. */
extern bool gtc_load_begin(GtcLoad *load);
extern GtcLoadResult gtc_load_next(GtcLoad *load);

/* The columns as CREATE TABLE lists them; those of the table of answers */
extern void gtc_load_columns(const GtcLoad *load, GtcBuffer *sql);
extern const char gtc_answer_columns[];

/* The column of the primary key */
extern const char *gtc_load_key(const GtcLoad *load);

/* A name as SQL writes it */
extern void gtc_append_identifier(GtcBuffer *sql, const char *name);

/* Whether something lies across what a format is; sets reason */
extern bool gtc_load_fail(GtcLoad *load, const char *format,...) __attribute__((format(printf, 2, 3)));

/* ---- The formats that know more than columns: a row into rows and answers; NULL or the reason ---- */

extern const char *gtc_manifest_row(GtcLoad *load, GtcSpan line);
extern const char *gtc_studio_rows(GtcLoad *load, GtcSpan task);

/* The members that become columns of a task */
extern bool gtc_studio_data(GtcLoad *load, GtcMembers *data);

/* Takes the member's name, without so many bytes at its end, for the attribute's if none is known; false if
 * another one is. */
extern bool gtc_load_attribute(GtcLoad *load, const GtcMember *member, size_t tail);

/* A date and time of ISO 8601, UTC where it names no zone; NULL and counted if it is none */
extern void gtc_copy_time(GtcLoad *load, GtcBuffer *copy, const GtcValue *value);

#endif
