/*
 * settings.h
 *		Configuration parameters (gtlabel.*) and the clock they can move.
 */
#ifndef GTL_SETTINGS_H
#define GTL_SETTINGS_H

#include "base/compat.h"
#include "datatype/timestamp.h"

#define GTL_MAX_PARALLEL_WORKERS 64

extern bool gtl_setting_background;
extern int	gtl_setting_max_workers;
extern int	gtl_setting_max_parallel_workers;	/* -1: automatic */
extern int	gtl_setting_launcher_interval;	/* ms */
extern int	gtl_setting_retry_delay;	/* ms */
extern int	gtl_setting_undo_grace; /* ms */
extern int	gtl_setting_answers_timeout;	/* ms */
extern int	gtl_setting_debug_round_lock;

extern void gtl_settings_define(void);

/*
 * The time that leases, batches and events go by: the wall clock plus
 * gtlabel.clock_offset, so that tests move time instead of sleeping.
 */
extern TimestampTz gtl_clock_now(void);

#endif							/* GTL_SETTINGS_H */
