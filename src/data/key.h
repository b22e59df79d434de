/*
 * key.h
 *		Keys of objects as values of their type.
 *
 * A key is kept as text, written under the settings that query.c pins.  Between a value and
 * that text stands the type's cast.
 */
#ifndef GTL_KEY_H
#define GTL_KEY_H

#include "base/compat.h"
#include "fmgr.h"
#include "parser/parse_coerce.h"

/* The key's text of a value; palloc'd.  The cast runs as the current user. */
extern char *gtl_key_text(Oid type, Datum value);

/* How texts become values of a type. */
typedef struct GtlKeyReader
{
	CoercionPathType path;
	FmgrInfo	function;		/* input or cast */
	Oid			input_parameter;
	int			settings;		/* the level at which text formats are pinned */
} GtlKeyReader;

/* Error if there is no cast from text to the type.  Text formats are pinned until gtl_key_reader_close. */
extern void gtl_key_reader_open(GtlKeyReader *reader, Oid type);
extern Datum gtl_key_reader_value(GtlKeyReader *reader, Datum key);
extern void gtl_key_reader_close(GtlKeyReader *reader);

#endif							/* GTL_KEY_H */
