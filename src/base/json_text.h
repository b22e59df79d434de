/*
 * json_text.h
 *		JSON in a line of a file: checked, and taken apart at its top level, byte for byte.
 *
 * For texts from outside that must not raise errors, and of which all that is not understood is to be given
 * back as it came: jsonb would sort keys, drop duplicates and refuse \u0000.  Nothing is allocated but the
 * strings that gtl_json_string returns, and nothing recurses.
 */
#ifndef GTL_JSON_TEXT_H
#define GTL_JSON_TEXT_H

#include "base/compat.h"

/* A part of a text. */
typedef struct GtlJsonSpan
{
	const char *start;
	const char *end;			/* the byte after it */
} GtlJsonSpan;

/* A member of an object: the name with its quotes, and the value without the blanks around it. */
typedef void (*GtlJsonCallback) (void *context, GtlJsonSpan name, GtlJsonSpan value);

typedef enum GtlJsonProblem
{
	GTL_JSON_FINE,
	GTL_JSON_BROKEN,			/* no JSON */
	GTL_JSON_NO_OBJECT,			/* JSON, but no object */
	GTL_JSON_TOO_DEEP			/* nested more than GTL_JSON_DEPTH times */
} GtlJsonProblem;

#define GTL_JSON_DEPTH 1000

/*
 * Checks the text, which ends with a zero byte at its end or later, and, if it is an object, calls back for each of
 * its members.  Whoever calls back may have done so for the first members of a text that turns out to be broken.
 */
extern GtlJsonProblem gtl_json_members(GtlJsonSpan text, GtlJsonCallback callback, void *context);

/* Without blanks, and a byte order mark before it. */
extern GtlJsonSpan gtl_json_trim(GtlJsonSpan text);

/* The JSON with blanks for its line breaks, which can stand only between its parts; changed in place. */
extern char *gtl_json_one_line(char *json);

/* Is the name, as the callback has it, this one? */
extern bool gtl_json_name_is(GtlJsonSpan name, const char *wanted);

/* The string, decoded; NULL: it is no string, or one that a text cannot hold (\u0000, half a surrogate pair). */
extern char *gtl_json_string(GtlJsonSpan value);

#endif							/* GTL_JSON_TEXT_H */
