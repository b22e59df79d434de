/*
 * withdraw.h
 *		Machine labels that the owner takes back.
 */
#ifndef GTL_WITHDRAW_H
#define GTL_WITHDRAW_H

#include "tables/job.h"

/*
 * All of them, for good: the job goes on without the machine.  The second: those of a smaller margin, which
 * people are asked about first; the machine goes on, unless the job is purged.  Both return how many, and
 * leave it to gtl_job_move to write the job's row.
 */
extern int	gtl_withdraw_all(GtlJob *job);
extern int	gtl_withdraw_below(GtlJob *job, double margin);

#endif							/* GTL_WITHDRAW_H */
