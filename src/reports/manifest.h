/*
 * manifest.h
 *		The output manifest of a job: a line of JSON for each row of its dataset, with the label.
 *
 * The format is that of augmented manifests of SageMaker Ground Truth; docs/exchange.md shows it.
 */
#ifndef GTL_MANIFEST_H
#define GTL_MANIFEST_H

#include "tables/job.h"

/* Where the lines come from; NULLs: from what the dataset has, see gtl_manifest_write. */
typedef struct GtlManifestSource
{
	const char *source;			/* column of texts */
	const char *source_ref;		/* column of addresses */
	char	  **columns;		/* passed through */
	int			ncolumns;
} GtlManifestSource;

/* A line lives until the callback returns. */
typedef void (*GtlLineCallback) (void *context, const char *line);

/*
 * In the order of the keys.  The dataset is read as the current user.  A dataset with a column "line" of JSON has
 * the lines as they came; else they are made of source (the column "source", or the job's text_column),
 * source_ref (the column "source_ref", or "source-ref") and the columns.
 */
extern void gtl_manifest_write(const GtlJob *job, const GtlManifestSource *from, GtlLineCallback callback, void *context);

#endif							/* GTL_MANIFEST_H */
