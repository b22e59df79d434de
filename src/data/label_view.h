/*
 * label_view.h
 *		A view of the labels of a job in place, which scores each row where it lies.
 */
#ifndef GTL_LABEL_VIEW_H
#define GTL_LABEL_VIEW_H

#include "base/compat.h"
#include "tables/job.h"

/* Creates or replaces the view, whose name is quoted, as the current user.  model_name NULL: people's labels only. */
extern void gtl_label_view_create(const GtlJob *job, const char *view, int64 model_id, const char *model_name, double margin);

#endif							/* GTL_LABEL_VIEW_H */
