/*
 * former_answer.h
 *		The table gtlabel.former_answer: what people have said about rows as they were before they changed.
 *
 * Such answers are history: they count nowhere, and only gt_explain_object tells them.  They go by the row's key, since the row
 * joins again as another object; whoever erases a row erases them.
 */
#ifndef GTL_FORMER_ANSWER_H
#define GTL_FORMER_ANSWER_H

#include "base/compat.h"

/* A copy of the answers to these objects, and of what the owner has decided about them. */
extern void gtl_former_answer_keep(int64 job_id, const int32 *objects, int count);

/* Objects from this number on whose rows have changed after people had answered, ascending; palloc'd.  Returns how many. */
extern int	gtl_former_answer_objects(int64 job_id, int32 first_no, int32 **objects);

/* These rows are erased. */
extern void gtl_former_answer_remove(int64 job_id, char *const *keys, int count);

extern void gtl_former_answer_delete(int64 job_id);

/* Categories have other numbers: map[classes] says which. */
extern void gtl_former_answer_renumber(int64 job_id, const int32 *map, int classes);

#endif							/* GTL_FORMER_ANSWER_H */
