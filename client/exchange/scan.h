/*
 * scan.h
 *		Checks JSON in memory and says where its parts are, without a tree.  For files of
 *		millions of lines; json.h is for small bodies.
 */
#ifndef GTC_SCAN_H
#define GTC_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "json.h"

/* Bytes of somebody else's memory */
typedef struct GtcSpan
{
	const char *data;
	size_t		len;
} GtcSpan;

/* A value; of a string, what is between the quotes */
typedef struct GtcValue
{
	GtcJsonKind kind;
	bool		escaped;		/* a string with backslashes in it */
	const char *odd;			/* a string or number that only json can hold: why; else NULL */
	GtcSpan		text;
} GtcValue;

/* An element of an array, which has no name, or a member of an object */
typedef struct GtcMember
{
	GtcSpan		name;			/* between the quotes */
	bool		name_escaped;
	GtcValue	value;
} GtcMember;

typedef struct GtcMembers
{
	GtcMember  *list;
	int			count;
	int			room;
} GtcMembers;

/*
 * Is it JSON that the server takes?  GTC_FOR_JSONB: into text and jsonb, which know no zero characters and no
 * unpaired surrogates; numbers have up to 1,000 characters and exponents up to 10,000.  GTC_FOR_JSON: into
 * json, which keeps the text as it stands; such values are odd.  There are at most 256 levels.  `members`
 * becomes the parts of the outermost object or array (NULL: not asked for).  Returns NULL, or why it is not.
 */
typedef enum GtcScanFor
{
	GTC_FOR_JSONB,
	GTC_FOR_JSON
} GtcScanFor;

extern const char *gtc_scan_json(GtcSpan text, GtcScanFor purpose, GtcValue *value, GtcMembers *members);
extern void gtc_members_free(GtcMembers *members);

/* The last member of that name; NULL without one. */
extern const GtcValue *gtc_find_member(const GtcMembers *members, const char *name);

/* Is it this name? */
extern bool gtc_name_is(const GtcMember *member, const char *name);

/* A string without its escapes, another value as it stands.  False if it is odd. */
extern bool gtc_append_value(GtcBuffer *buffer, const GtcValue *value);
extern bool gtc_append_name(GtcBuffer *buffer, const GtcMember *member);

/* One character of UTF-8: its length, 0 if it is none. */
extern int	gtc_utf8_length(const char *at, const char *end);

/* NULL if the bytes are UTF-8 without zero bytes, else the reason */
extern const char *gtc_check_text(GtcSpan text);

/*
 * A copy in which bytes that are no UTF-8, zero bytes and unpaired surrogates are U+FFFD, and control
 * characters in JSON's strings are escaped.
 */
extern void gtc_repair(GtcBuffer *copy, GtcSpan text, bool json);

#endif
