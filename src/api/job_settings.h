/*
 * job_settings.h
 *		The settings of a job as arguments of functions; tables/job_field.h describes them.
 */
#ifndef GTL_API_JOB_SETTINGS_H
#define GTL_API_JOB_SETTINGS_H

#include "base/compat.h"
#include "fmgr.h"
#include "tables/job.h"

/*
 * Every setting that the called function has an argument for.  NULL means "none" where a setting can be
 * without a value, and is refused where it cannot.
 */
extern void gtl_job_settings_read(FunctionCallInfo fcinfo, GtlJob *job);

/* One of them. */
extern void gtl_job_setting_read(FunctionCallInfo fcinfo, const char *name, GtlJob *job);

/* For a job that exists: NULL leaves a setting alone; then those named in the argument `reset` get their defaults. */
extern void gtl_job_settings_alter(FunctionCallInfo fcinfo, GtlJob *job);

/* Rules between settings. */
extern void gtl_job_settings_check(const GtlJob *job);

/* What cannot work with these settings is allowed, but not silently. */
extern void gtl_job_settings_warn(const GtlJob *job);

/* A job that starts from a model with neighbourhood columns takes its map; error if it must not have any. */
extern void gtl_job_take_map(GtlJob *job);

#endif							/* GTL_API_JOB_SETTINGS_H */
