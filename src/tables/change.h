/*
 * change.h
 *		The table gtlabel.change: what has changed in the dataset of a job that follows it.
 *
 * Written by whoever changes the dataset, in that transaction; a row for each key that is gone, and one for each statement
 * that may have brought new rows.  An intake takes what is committed by then.
 */
#ifndef GTL_CHANGE_H
#define GTL_CHANGE_H

#include "base/compat.h"
#include "datatype/timestamp.h"

typedef enum GtlChangeKind
{
	GTL_CHANGE_NEW = '+',		/* without keys */
	GTL_CHANGE_GONE = '-',
	GTL_CHANGE_STALE = '~',		/* with other features */
	GTL_CHANGE_ALL = '*'		/* without keys: after TRUNCATE, all have to be compared */
} GtlChangeKind;

/* keys: NULL with GTL_CHANGE_NEW and GTL_CHANGE_ALL. */
extern void gtl_changes_note(int64 job_id, GtlChangeKind kind, char *const *keys, int count);

/* That do not wait for others. */
extern bool gtl_changes_any(int64 job_id);

/* When the first of them was noted; there are some. */
extern TimestampTz gtl_changes_since(int64 job_id);

/* Takes those that are there. */
typedef struct GtlChanges
{
	bool		any_new;
	bool		all;
	char	  **gone;
	int			ngone;
	char	  **stale;
	int			nstale;
} GtlChanges;

extern void gtl_changes_take(int64 job_id, GtlChanges *changes);

/* Could not be taken in: they make no step due, and are taken with the next changes.  Not those that are gone. */
extern void gtl_changes_put_off(int64 job_id, const GtlChanges *changes);

/* Those that wait do so no more. */
extern void gtl_changes_resume(int64 job_id);

extern void gtl_change_delete(int64 job_id);

#endif							/* GTL_CHANGE_H */
