/*
 * follow.c
 *		gtlabel.follow: the trigger on the dataset of a job with follow.
 *
 * Whoever may create a trigger on a table may create this one: it notes nothing unless the job is there, follows its
 * dataset, and that is the table or a partition of it.  A purged job takes nothing in any more.
 */
#include "base/compat.h"

#include "background/worker.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "steps/follow.h"
#include "utils/builtins.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(gtl_sql_follow);
Datum
gtl_sql_follow(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	GtlJob	   *job;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event) || trigger->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("gtlabel.follow was not called by a trigger of gt_create_job"),
				 errhint("gt_alter_job(..., follow => true) creates its triggers.")));
	job = gtl_job_get(pg_strtoint64(trigger->tg_trigger->tgargs[0]));
	if (job != NULL && job->follow && !job->purged && gtl_follow_is_part(job, RelationGetRelid(trigger->tg_relation)))
	{
		gtl_follow_note(job, trigger);
		gtl_worker_launch_at_commit(job);
	}
	return PointerGetDatum(NULL);
}
