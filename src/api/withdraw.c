/*
 * withdraw.c
 *		gt_withdraw_machine_labels.
 */
#include "base/compat.h"

#include "api/own_job.h"
#include "background/worker.h"
#include "base/errors.h"
#include "base/format.h"
#include "steps/audit.h"
#include "steps/withdraw.h"
#include "tables/job_state.h"
#include "tables/recall.h"

/* A margin is between 0 and 1; labels with a margin of 1 are below none. */
static double
read_margin(FunctionCallInfo fcinfo, int argument)
{
	double		margin = PG_GETARG_FLOAT8(argument);

	if (!(margin > 0 && margin <= 1))
		gtl_error_setting("below_margin", "must be greater than 0 and at most 1", "gt_labels.margin shows those of the machine labels.");
	return margin;
}

static const char *
describe_consequence(const GtlJob *job, bool all)
{
	if (all)
		return "no model labels them again";
	return job->purged ? "no model labels anything again" : "then the job goes on";
}

/* What the machine has labeled becomes people's work: of a job that has ended that is not what one expects. */
static void
require_confirmation(FunctionCallInfo fcinfo, const GtlJob *job, bool all, int count)
{
	if (job->state != GTL_JOB_COMPLETED || count == 0 || (!PG_ARGISNULL(1) && PG_GETARG_BOOL(1)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot withdraw the machine labels of labeling job \"%s\" without confirm => true: it is %s", job->name,
					job->purged ? "purged" : gtl_job_state_name(job->state)),
			 errdetail("%s objects lose their labels, and people have to label them in batches of %s: %s.",
					   gtl_format_count(count), gtl_format_count(Min(job->max_concurrent, count)), describe_consequence(job, all)),
			 job->purged ? errhint("Its features are gone, too.") :
			 errhint("gt_correct_labels decides single labels.")));
}

static char *
describe(int count, bool all, double margin)
{
	if (all)
		return psprintf("%s machine labels are withdrawn; people label the rest", gtl_format_count(count));
	return psprintf("%s machine labels with a margin below %g are withdrawn; people are asked about these first", gtl_format_count(count), margin);
}

PG_FUNCTION_INFO_V1(gtl_sql_withdraw_machine_labels);
Datum
gtl_sql_withdraw_machine_labels(PG_FUNCTION_ARGS)
{
	bool		all = PG_ARGISNULL(2);
	double		margin = all ? 0 : read_margin(fcinfo, 2);
	GtlJob	   *job = gtl_own_job_locked(fcinfo);
	int			count;

	gtl_job_require_move(job, GTL_MOVE_WITHDRAW);
	if (!all && job->placement == GTL_PLACEMENT_IN_PLACE && job->guarantee == GTL_GUARANTEE_AUDITED)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("below_margin is not supported with placement in_place and guarantee audited"),
				 errhint("An audit is about all rows with its margin: withdraw all, or leave out labels in a view of the dataset.")));
	require_confirmation(fcinfo, job, all, all ? job->machine_labeled : gtl_recall_count(job->job_id, margin));
	count = all ? gtl_withdraw_all(job) : gtl_withdraw_below(job, margin);
	if (!all && count > 0 && job->state == GTL_JOB_COMPLETED)
		gtl_audit_reopen(job);
	if (all || count > 0)
		gtl_job_move(job, count > 0 ? GTL_MOVE_WITHDRAW : GTL_MOVE_WITHDRAW_NONE, describe(count, all, margin));
	gtl_worker_launch_at_commit(job);
	PG_RETURN_INT32(count);
}
