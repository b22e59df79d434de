/*
 * job_settings.h
 *		The settings of a job that may also change while it runs: read and checked in the
 *		same way when it is created and when it is altered.
 */
#ifndef GTL_JOB_SETTINGS_H
#define GTL_JOB_SETTINGS_H

#include "base/compat.h"
#include "fmgr.h"
#include "tables/job.h"

/* Positions of the arguments. */
typedef struct GtlSettingPlaces
{
	int			max_concurrent;
	int			target_accuracy;
	int			confidence_level;
	int			guarantee;
	int			query_strategy;
	int			algorithm;
	int			max_human;
	int			max_percentage;
	int			task_time_limit;
	int			task_availability_lifetime;
	int			workteam;
} GtlSettingPlaces;

/*
 * From the arguments into the job.  A NULL leaves the setting alone if `optional`; otherwise it
 * means "none" for the limits and the workteam, and is refused for the others.
 */
extern void gtl_job_settings_read(FunctionCallInfo fcinfo, const GtlSettingPlaces *places, bool optional, GtlJob *job);

/* What cannot work with these settings is allowed, but not silently. */
extern void gtl_job_settings_warn(const GtlJob *job);

#endif							/* GTL_JOB_SETTINGS_H */
