/*
 * export.h
 *		The labels of a job as a file: manifest, JSON Lines, CSV, tasks of Label Studio.
 *
 * What the callback gets are the lines of the file, each without its end; a value in CSV may have
 * line breaks of its own.
 */
#ifndef GTL_EXPORT_H
#define GTL_EXPORT_H

#include "reports/manifest.h"

typedef enum GtlExportFormat
{
	GTL_EXPORT_MANIFEST,
	GTL_EXPORT_JSONL,
	GTL_EXPORT_CSV,
	GTL_EXPORT_LABEL_STUDIO
} GtlExportFormat;

extern void gtl_export_write(const GtlJob *job, GtlExportFormat format, GtlLineCallback callback, void *context);

#endif							/* GTL_EXPORT_H */
