/*
 * crowd_confidence.h
 *		How probable a consolidated label is.
 */
#ifndef GTL_CROWD_CONFIDENCE_H
#define GTL_CROWD_CONFIDENCE_H

#include "learning/dawid_skene.h"

/*
 * Confidences of the voted items' labels, given the labels, and accuracy[annotators].  The crowd is sorted by
 * annotator; model NULL: majority.  False: interrupted.
 */
extern bool gtl_crowd_confidence(GtlCrowd *crowd, const GtlDawidSkene *model, GtlConsolidated *result);

/* Peak bytes, beside the crowd's and the result's. */
extern size_t gtl_crowd_confidence_memory(int64_t votes, int64_t columns, int32_t annotators, int32_t classes);

#endif							/* GTL_CROWD_CONFIDENCE_H */
