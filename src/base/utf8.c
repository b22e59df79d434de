/*
 * utf8.c
 *		A text value as the UTF-8 that text features are made of.
 *
 * Of a long value only the beginning is fetched and converted.  No encoding of a server needs
 * more than twice the bytes that UTF-8 needs for the same characters.
 */
#include "base/utf8.h"

#include "access/detoast.h"
#include "fmgr.h"
#include "learning/text_grams.h"
#include "mb/pg_wchar.h"

#define SERVER_BYTES (2 * GTL_TEXT_BYTES)

const char *
gtl_utf8_text(Datum text, size_t *bytes)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(text);
	char	   *start;
	char	   *converted;
	int			length;

	if (toast_raw_datum_size(text) - VARHDRSZ > SERVER_BYTES)
		value = PG_DETOAST_DATUM_SLICE(text, 0, SERVER_BYTES + MAX_MULTIBYTE_CHAR_LEN);
	else
		value = PG_DETOAST_DATUM_PACKED(text);
	start = VARDATA_ANY(value);
	length = (int) VARSIZE_ANY_EXHDR(value);
	if (length > SERVER_BYTES)
		length = pg_mbcliplen(start, length, SERVER_BYTES);
	*bytes = (size_t) length;
	if (GetDatabaseEncoding() == PG_SQL_ASCII)
		return start;
	converted = pg_server_to_any(start, length, PG_UTF8);
	if (converted != start)
		*bytes = strlen(converted);
	return converted;
}
