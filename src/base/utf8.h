/*
 * utf8.h
 *		A text value as the UTF-8 that text features are made of.
 */
#ifndef GTL_UTF8_H
#define GTL_UTF8_H

#include "base/compat.h"

/*
 * The beginning of the text, as far as text features read it, and its length in bytes; in the
 * current memory context, or the value itself.  In a database with encoding SQL_ASCII the
 * bytes are taken as they are.
 */
extern const char *gtl_utf8_text(Datum text, size_t *bytes);

#endif							/* GTL_UTF8_H */
