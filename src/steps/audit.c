/*
 * audit.c
 *		People check a random share of the machine labels at the end of a job.
 *
 * The sample is drawn by the job's seed from the labels that stand.  The realized error
 * is estimated from it alone, with exact (Clopper-Pearson) bounds, each one-sided at the
 * job's confidence level: "kept" if the upper bound meets the target, "broken" if the
 * lower bound misses it, else "open".
 */
#include "steps/audit.h"

#include <math.h>

#include "base/format.h"
#include "base/memory.h"
#include "learning/certify.h"
#include "learning/random.h"
#include "learning/select.h"
#include "steps/drift_watch.h"
#include "steps/issue_batch.h"
#include "tables/audit.h"
#include "tables/event.h"
#include "tables/label.h"
#include "tables/segment.h"

bool
gtl_audit_pending(const GtlJob *job)
{
	return job->audit_share >= 0 && job->audit_count < 0 && job->machine_labeled > 0;
}

void
gtl_audit_reopen(GtlJob *job)
{
	job->audit_count = -1;
	job->audit_verdict = NULL;
	gtl_audit_objects_forget_share(job->job_id);
}

void
gtl_audit_issue(GtlJob *job)
{
	int32	   *objects;
	int32	   *classes;
	int32	   *chosen;
	int64		wanted;
	GtlEnv		env;
	int			n;

	n = gtl_label_read_machine(job->job_id, &objects, &classes);
	wanted = (int64) ceil(job->audit_share * n);
	chosen = gtl_memory_list(sizeof(int32), wanted);
	gtl_env_init(&env, CurrentMemoryContext);
	wanted = gtl_select_random(objects, n, wanted, (uint64) job->seed + (uint64) gtl_segment_last(job->job_id).segment_no, GTL_STREAM_AUDIT, &env, chosen);
	gtl_env_check(&env);
	gtl_issue_batch(job, GTL_BATCH_AUDIT, chosen, (int) wanted);
}

const char *
gtl_audit_verdict(const GtlJob *job, int32 wrong, int32 count)
{
	double		delta = 1.0 - job->confidence_level;
	double		target = 1.0 - job->target_accuracy;

	if (count == 0)
		return "open";
	if (gtl_clopper_pearson_upper(wrong, count, delta) <= target)
		return "kept";
	return 1.0 - gtl_clopper_pearson_upper(count - wrong, count, delta) > target ? "broken" : "open";
}

const char *
gtl_audit_verdict_words(const char *verdict)
{
	return strcmp(verdict, "kept") == 0 ? "the promise is kept" :
		strcmp(verdict, "broken") == 0 ? "the promise is broken" :
		"the promise is neither shown nor broken by the audit alone";
}

/* Of those that joined after the creation. */
static void
watch_drift(GtlJob *job, const int32 *objects, const int32 *wrong, int count)
{
	double	   *errors = gtl_memory_list(sizeof(double), count);
	double	   *expected = gtl_memory_list(sizeof(double), count);
	GtlSegment *segments;
	int			nsegments = gtl_segments_read(job->job_id, &segments);
	int			n = 0;

	for (int i = 0; i < count; i++)
		if (nsegments > 1 && objects[i] >= segments[1].first_row)
		{
			errors[n] = wrong[i];
			expected[n++] = gtl_drift_usual(1.0 - job->target_accuracy);
		}
	gtl_drift_checked(job, nsegments, errors, expected, n);
}

void
gtl_audit_compare(GtlJob *job, const int32 *objects, const int32 *classes, int count)
{
	int32	   *machine_objects;
	int32	   *machine_classes;
	int			n = gtl_label_read_machine(job->job_id, &machine_objects, &machine_classes);
	int32	   *checked = gtl_memory_list(sizeof(int32), count);
	int32	   *wrong = gtl_memory_list(sizeof(int32), count);
	int			m = 0;

	job->audit_count = 0;
	job->audit_wrong = 0;
	for (int i = 0; i < count; i++)
	{
		while (m < n && machine_objects[m] < objects[i])
			m++;
		if (m == n || machine_objects[m] != objects[i])
			continue;
		checked[job->audit_count] = objects[i];
		wrong[job->audit_count] = machine_classes[m] != classes[i];
		job->audit_wrong += wrong[job->audit_count++];
	}
	gtl_audit_objects_keep(job->job_id, checked, wrong, job->audit_count);
	watch_drift(job, checked, wrong, job->audit_count);
	job->machine_labeled -= job->audit_count;
	job->audit_verdict = (char *) gtl_audit_verdict(job, job->audit_wrong, job->audit_count);	/* a constant */
	gtl_event_record(job, "audited", "%s", gtl_audit_finding(job));
}

char *
gtl_audit_finding(const GtlJob *job)
{
	double		delta = 1.0 - job->confidence_level;

	if (job->audit_count < 0)
		return NULL;
	if (job->audit_count == 0)
		return "nobody checked the machine labels of the audit";
	return psprintf("people checked %s machine labels: %s wrong, an error between %s and %s (each limit with a confidence of %.6g %%)"
					" against a target of %s; %s",
					gtl_format_count(job->audit_count), gtl_format_count(job->audit_wrong),
					gtl_format_percent(1.0 - gtl_clopper_pearson_upper(job->audit_count - job->audit_wrong, job->audit_count, delta)),
					gtl_format_percent(gtl_clopper_pearson_upper(job->audit_wrong, job->audit_count, delta)),
					100 * job->confidence_level, gtl_format_percent(1.0 - job->target_accuracy),
					gtl_audit_verdict_words(job->audit_verdict));
}
