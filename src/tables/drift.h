/*
 * drift.h
 *		The table gtlabel.drift: what is known of rows that join a job and are other than those before.
 */
#ifndef GTL_DRIFT_TABLE_H
#define GTL_DRIFT_TABLE_H

#include "base/compat.h"
#include "datatype/timestamp.h"
#include "learning/drift.h"

typedef struct GtlDriftRecord
{
	GtlDriftWatch watch;		/* the error of labels that people have checked */
	int32		tests;			/* comparisons of margins until now */
	float	   *places;			/* of margins that wait for one, from 0 to 1 */
	int			nplaces;
	int32		first_segment;	/* of these; -1: there are none */
	char	   *finding;		/* the last comparison, in words; NULL: there was none */
	char	   *alarm;			/* why there is an alarm; NULL: there is none */
	int32		alarm_segment;	/* of this segment, and later ones; -1 */
	TimestampTz alarmed_at;
} GtlDriftRecord;

/* Of a job that was never looked at: nothing.  False then. */
extern bool gtl_drift_read(int64 job_id, GtlDriftRecord *record);

/* The time of an alarm is that of its first writing. */
extern void gtl_drift_write(int64 job_id, const GtlDriftRecord *record);

extern void gtl_drift_delete(int64 job_id);

#endif							/* GTL_DRIFT_TABLE_H */
