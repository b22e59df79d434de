/*
 * drift_watch.h
 *		Are rows that join a job other than those before?
 */
#ifndef GTL_DRIFT_WATCH_H
#define GTL_DRIFT_WATCH_H

#include "base/compat.h"
#include "steps/evidence.h"
#include "tables/drift.h"
#include "tables/feature_page.h"

/* A round that has trained and not scored its pool yet. */
typedef struct GtlDriftLook
{
	GtlJob	   *job;
	const GtlEvidence *evidence;
	const GtlEngineRound *decided;
	int64		rows;			/* all objects have smaller numbers */
	GtlFeatureReader *reader;
	const int32 *pool;			/* ascending */
	int64		pool_count;
	const GtlEnv *env;
} GtlDriftLook;

/* Before the round trains: what it needs for that. */
extern void gtl_drift_prepare(const GtlJob *job, GtlEvidence *evidence);

/*
 * Looks at the segments that have joined since the last round.  Returns from which object on none gets a
 * machine label, 0: each may; *words: what was found, for the round's reason, or NULL.
 */
extern int32 gtl_drift_look(const GtlDriftLook *look, char **words);

/* Of those that are withheld none counts in a certificate of the others.  Returns how many of them people have labeled. */
extern int	gtl_drift_withhold(GtlEvidence *evidence, int32 withheld_from);

/*
 * People have checked machine labels that were drawn from those of rows that joined later; arguments of
 * gtl_drift_count.
 */
extern void gtl_drift_checked(GtlJob *job, int32 segment_no, const double *errors, const double *expected, int count);

/*
 * The alarm is over; why: NULL if the owner says so.  What was known of drift is forgotten, and the watch
 * begins anew.
 */
extern void gtl_drift_end(const GtlJob *job, const char *why);

/* An audit of the lot has shown what the alarm could not know. */
extern void gtl_drift_audited(const GtlJob *job, int32 lot_no, int32 audit_no);

/* The object from which on none gets a machine label; 0: there is no alarm. */
extern int32 gtl_drift_withheld_from(const GtlJob *job, const GtlDriftRecord *record);

/* How the error is by what people have checked, in words. */
extern char *gtl_drift_describe_errors(const GtlJob *job, const GtlDriftRecord *record);

#endif							/* GTL_DRIFT_WATCH_H */
