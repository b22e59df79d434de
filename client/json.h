/*
 * json.h
 *		Reads JSON into a tree.  For a request's small bodies and for what the server returns.
 */
#ifndef GTC_JSON_H
#define GTC_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

typedef enum GtcJsonKind
{
	GTC_JSON_NULL,
	GTC_JSON_FALSE,
	GTC_JSON_TRUE,
	GTC_JSON_NUMBER,
	GTC_JSON_STRING,
	GTC_JSON_ARRAY,
	GTC_JSON_OBJECT
} GtcJsonKind;

typedef struct GtcJson
{
	GtcJsonKind kind;
	char	   *name;			/* of a member of an object */
	char	   *text;			/* of a string, without escapes; of a number, as it stands */
	struct GtcJson *first;		/* elements or members, in their order */
	struct GtcJson *next;
} GtcJson;

/* NULL if the text is no JSON, is nested deeper than 64 levels, or writes a zero byte in a string. */
extern GtcJson *gtc_json_parse(const char *text, size_t length);
extern void gtc_json_free(GtcJson *json);

/* Appends the value of a string whose text between the quotes is `raw`; false if it is no valid string. */
extern bool gtc_json_unescape(GtcBuffer *text, const char *raw, size_t length);

/* The last member of that name; NULL without one, or if it is no object. */
extern const GtcJson *gtc_json_member(const GtcJson *object, const char *name);

/* What the string or number member says; NULL if there is none. */
extern const char *gtc_json_text(const GtcJson *object, const char *name);

/* The member of that name, taken out of the object: the caller frees it. NULL: there is none. */
extern GtcJson *gtc_json_take(GtcJson *object, const char *name);

#endif
