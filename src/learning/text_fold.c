/*
 * text_fold.c
 *		What a code point is to the text features, without case and accents.
 */
#include "learning/text_fold.h"

typedef struct FoldRange
{
	uint32_t	first;
	uint32_t	last;
	int32_t		delta;			/* to the folded code point */
	uint8_t		class;
	uint8_t		alternate;		/* only first, first + 2, ... are folded */
} FoldRange;

#include "learning/text_fold_table.h"

#define RANGES ((int) (sizeof fold_ranges / sizeof fold_ranges[0]))
#define REPLACEMENT 0xfffd

static GtlTextClass
fold_ascii(uint32_t *code)
{
	uint32_t	c = *code;

	if (c >= 'a' && c <= 'z')
		return GTL_TEXT_WORD;
	if (c >= 'A' && c <= 'Z')
	{
		*code = c + 'a' - 'A';
		return GTL_TEXT_WORD;
	}
	if (c >= '0' && c <= '9')
		return GTL_TEXT_DIGIT;
	return c > ' ' && c < 0x7f ? GTL_TEXT_SYMBOL : GTL_TEXT_SEPARATOR;
}

GtlTextClass
gtl_text_fold(uint32_t *code)
{
	uint32_t	c = *code;
	int			low = 0;
	int			high = RANGES - 1;

	if (c < 0x80)
		return fold_ascii(code);
	while (low <= high)
	{
		int			middle = (low + high) / 2;
		const FoldRange *range = &fold_ranges[middle];

		if (c < range->first)
			high = middle - 1;
		else if (c > range->last)
			low = middle + 1;
		else
		{
			if (!range->alternate || ((c - range->first) & 1) == 0)
				*code = c + (uint32_t) range->delta;
			return (GtlTextClass) range->class;
		}
	}
	return GTL_TEXT_SEPARATOR;
}

/* Bytes that follow the first one of a sequence; -1: none starts with it. */
static int
following_bytes(unsigned char first)
{
	if (first < 0x80)
		return 0;
	if (first < 0xc2 || first >= 0xf5)
		return -1;
	return first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
}

uint32_t
gtl_text_next(const unsigned char **p, const unsigned char *end)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	const unsigned char *s = *p;
	int			more = following_bytes(*s);
	uint32_t	code;

	*p = s + 1;
	if (more == 0)
		return *s;
	if (more < 0 || more >= end - s)
		return REPLACEMENT;
	code = *s & (0x3f >> more);
	for (int i = 1; i <= more; i++)
	{
		if ((s[i] & 0xc0) != 0x80)
			return REPLACEMENT;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return REPLACEMENT;
	*p = s + more + 1;
	return code;
}
