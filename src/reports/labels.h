/*
 * labels.h
 *		The labels of a job by keys of the dataset's type.
 */
#ifndef GTL_LABELS_H
#define GTL_LABELS_H

#include "base/compat.h"
#include "datatype/timestamp.h"
#include "tables/job.h"

typedef struct GtlObjectLabel
{
	const char *label;			/* of the job */
	float		confidence;
	float		margin;			/* NaN: none */
	bool		human;
	bool		final;
	bool		validation;
} GtlObjectLabel;

/* The label of the object with this key; false: it has none, or there is no such object. */
extern bool gtl_label_of_key(const GtlJob *job, const char *key, GtlObjectLabel *label);

/*
 * Calls back for each labeled object, in the order of their numbers; key is a text.  The callback has the
 * rights of the caller; what it allocates goes with the row.
 */
typedef void (*GtlLabelCallback) (void *context, Datum key, const GtlObjectLabel *label);

extern void gtl_labels_each(const GtlJob *job, GtlLabelCallback callback, void *context);

#endif							/* GTL_LABELS_H */
