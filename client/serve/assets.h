/*
 * assets.h
 *		The pages, which client/embed compiles in.
 */
#ifndef GTC_ASSETS_H
#define GTC_ASSETS_H

#include <stddef.h>

typedef struct GtcAsset
{
	const char *path;			/* of the request, with its slash */
	const char *type;
	const char *etag;			/* of the contents, in quotes */
	const unsigned char *data;
	size_t		size;
} GtcAsset;

extern const GtcAsset gtc_assets[]; /* a NULL path at the end */

#endif
