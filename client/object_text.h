/*
 * object_text.h
 *		An object as lines of text.
 */
#ifndef GTC_OBJECT_TEXT_H
#define GTC_OBJECT_TEXT_H

#include "json.h"
#include "text.h"

/* The columns in their order (an array of names; NULL: as they come), each under its name. */
extern void gtc_object_lines(GtcLines *lines, const GtcJson *object, const GtcJson *columns, int width);

#endif
