/*
 * settings.c
 *		Configuration parameters (gtlabel.*) and the clock they can move.
 */
#include "base/settings.h"

#include <limits.h>

#include "postmaster/postmaster.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

bool		gtl_setting_background = true;
int			gtl_setting_max_workers = 4;
int			gtl_setting_max_parallel_workers = -1;
int			gtl_setting_launcher_interval = 10000;
int			gtl_setting_undo_grace = 5000;
int			gtl_setting_retry_delay = 10000;
int			gtl_setting_answers_timeout = 10000;
int			gtl_setting_debug_round_lock = 0;
static int	clock_offset = 0;

void
gtl_settings_define(void)
{
	DefineCustomIntVariable("gtlabel.answers_timeout",
							"How long calls that end a job or a batch wait for open transactions of annotators.",
							"Afterwards a stop is left to a worker, and the other calls fail.",
							&gtl_setting_answers_timeout, 10000, 0, INT_MAX,
							PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomBoolVariable("gtlabel.background",
							 "Starts a background worker when a job has a step to do.",
							 "When off, steps wait for gt_advance_job.",
							 &gtl_setting_background, true,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("gtlabel.launcher_interval",
							"How often the launcher looks for jobs with a step due in each database.",
							"The launcher runs if gtlabel is in shared_preload_libraries.",
							&gtl_setting_launcher_interval, 10000, 100, INT_MAX / 1000,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("gtlabel.max_parallel_workers",
							"The most processes that help a session or worker to train and to score.",
							"-1: at most two; a session and its helpers are no more than the processors, a background worker leaves one free.",
							&gtl_setting_max_parallel_workers, -1, -1, GTL_MAX_PARALLEL_WORKERS,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("gtlabel.max_workers",
							"The most background workers that do steps of jobs at the same time, in all databases.",
							"Without the launcher there is no limit but max_worker_processes.",
							&gtl_setting_max_workers, 4, 1, MAX_BACKENDS,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("gtlabel.retry_delay",
							"How long a job waits after a failed step; four times as long after each further failure.",
							NULL,
							&gtl_setting_retry_delay, 10000, 1, 3600 * 1000,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("gtlabel.undo_grace",
							"How long a batch stays open after its last answer, so that this can be taken back.",
							"Answers by key do not wait, nor does gt_advance_job.",
							&gtl_setting_undo_grace, 5000, 0, 3600 * 1000,
							PGC_SUSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("gtlabel.debug_round_lock",
							"Number of an advisory lock that a round takes, and lets go, between training and writing.",
							"For tests of what happens while a round trains; 0: none.",
							&gtl_setting_debug_round_lock, 0, 0, INT_MAX,
							PGC_SUSET, GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
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
