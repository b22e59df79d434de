/*
 * withdraw.c
 *		Machine labels that the owner takes back.
 *
 * An audit that is open ends: the labels that it was to check are not those that will stand.  What has passed
 * one can be withdrawn, too; that at most so many of the labels were wrong stays true, since it counted these
 * among them.
 *
 * Labels below a margin are withdrawn for people to label.  gtlabel.recall keeps the objects, so that they
 * come in the next batches, before a round, and no round gives them a label of the same kind again.
 */
#include "steps/withdraw.h"

#include "steps/promise_audit.h"
#include "tables/batch.h"
#include "tables/correction.h"
#include "tables/label.h"
#include "tables/recall.h"

static void
end_audit(GtlJob *job)
{
	gtl_promise_audit_end(job, false, "machine labels were withdrawn");
	gtl_batch_end_audit(job);
}

int
gtl_withdraw_all(GtlJob *job)
{
	int			count = job->machine_labeled;

	end_audit(job);
	gtl_label_withdraw_machine(job);
	job->auto_label = false;
	return count;
}

int
gtl_withdraw_below(GtlJob *job, double margin)
{
	int			count = gtl_recall_count(job->job_id, margin);

	if (count == 0)
		return 0;
	gtl_recall_add(job->job_id, margin);	/* before the audit withdraws labels of its own */
	end_audit(job);
	gtl_label_withdraw_below(job, margin);
	gtl_correction_forget_below(job->job_id, margin);
	if (job->purged)
		job->auto_label = false;
	return count;
}
