/*
 * manifest_line.h
 *		A line of a manifest of SageMaker Ground Truth, plain or augmented, taken apart.
 *
 * A label attribute is a key with another one beside it that has "-metadata" behind the same name; a line that
 * failed has only the latter.
 */
#ifndef GTL_MANIFEST_LINE_H
#define GTL_MANIFEST_LINE_H

#include "base/json_text.h"

typedef struct GtlManifestLine
{
	GtlJsonSpan line;			/* without a byte order mark and blanks around it */
	char	   *source;			/* NULL: none, for these too */
	char	   *source_ref;
	char	   *label;
	char	   *failure_reason;
	double		confidence;		/* NaN: none */
	int			human;			/* -1: not said */
} GtlManifestLine;

/* The label attribute; NULL until a line with one has come. */
typedef struct GtlManifestAttribute
{
	char	   *name;			/* in `context` */
	char	   *metadata;
	bool		fixed;			/* said by the caller: others are passed by */
	MemoryContext context;
} GtlManifestAttribute;

/* NULL: none is known. */
extern void gtl_manifest_attribute_set(GtlManifestAttribute *attribute, const char *name);

/*
 * Returns what is wrong with the line, NULL: nothing.  An error if the line has another label attribute than lines
 * before it.
 */
extern const char *gtl_manifest_line_read(GtlJsonSpan text, GtlManifestAttribute *attribute, GtlManifestLine *line);

#endif							/* GTL_MANIFEST_LINE_H */
