/*
 * exclusion.h
 *		The table gtlabel.exclusion: annotators whose answers do not count.
 *
 * Written with GTL_LOCK_ANSWERS held exclusively, read by annotators with it shared: nobody who is
 * excluded answers meanwhile.
 */
#ifndef GTL_EXCLUSION_H
#define GTL_EXCLUSION_H

#include "base/compat.h"

/* False: it stood there (or did not) before. */
extern bool gtl_exclusion_add(int64 job_id, const char *annotator);
extern bool gtl_exclusion_remove(int64 job_id, const char *annotator);

extern bool gtl_exclusion_is(int64 job_id, const char *annotator);

/* All of a job, as a text[] for a parameter. */
extern Datum gtl_exclusion_names(int64 job_id);

extern void gtl_exclusion_delete(int64 job_id);

#endif							/* GTL_EXCLUSION_H */
