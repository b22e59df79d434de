/*
 * settings.c
 *		Configuration parameters (gtlabel.*) and the clock they can move.
 */
#include "base/settings.h"

#include <limits.h>

#include "fmgr.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

bool		gtl_setting_background = true;
static int	clock_offset = 0;

void
gtl_settings_define(void)
{
	DefineCustomBoolVariable("gtlabel.background",
							 "Starts a background worker when a job has a step to do.",
							 "When off, steps wait for gt_advance_job.",
							 &gtl_setting_background, true,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("gtlabel.clock_offset",
							"Seconds added to the clock that leases and batches go by.",
							"For tests of leases and batches that expire.",
							&clock_offset, 0, INT_MIN, INT_MAX,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
	MarkGUCPrefixReserved("gtlabel");
}

TimestampTz
gtl_clock_now(void)
{
	return GetCurrentTimestamp() + (int64) clock_offset * USECS_PER_SEC;
}

PG_FUNCTION_INFO_V1(gtl_sql_clock);
Datum
gtl_sql_clock(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(gtl_clock_now());
}
