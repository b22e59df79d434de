/*
 * event.h
 *		The table gtlabel.event: a job's history, and its announcement.
 */
#ifndef GTL_EVENT_H
#define GTL_EVENT_H

#include "base/compat.h"
#include "tables/job.h"

/*
 * Records what has happened to the job (whose state is the one after it) and
 * sends NOTIFY gtlabel, '{"job_id": 1, "event_id": 2}' at commit.
 * Only for changes of a job, a batch or a round, never for an annotation.
 */
extern void gtl_event_record(const GtlJob *job, const char *event, const char *detail_format,...) pg_attribute_printf(3, 4);

/* Of the job's events of these two kinds, is the newest one of the first? */
extern bool gtl_event_is_newest(int64 job_id, const char *event, const char *other);

extern void gtl_event_delete(int64 job_id);

#endif							/* GTL_EVENT_H */
