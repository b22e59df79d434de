/*
 * remove.c
 *		Rows that leave a job.
 *
 * Everything that names a row, or was made from it alone, goes: its key, features, known answer, tasks, answers with
 * their comments, label, correction, failure, and its place in audits that are over.  Its number is not used again.
 * The statistics of its segment are made anew from the rows that are left, since those of a few rows would tell them;
 * models keep what they have learned, as numbers that no row can be read from, until the next round.
 *
 * The counters follow.  A batch has fewer objects, and is done when the rest is.  Who is erased is chosen by the owner
 * and not by the answers' being right or wrong, so the validation set is as random as before; in an open audit nothing
 * of that kind is assumed (promise_audit.c).  The job's revision is raised: a round in progress decides anew, or is
 * dropped.
 */
#include "steps/remove.h"

#include "base/format.h"
#include "base/memory.h"
#include "tables/annotation.h"
#include "tables/audit.h"
#include "tables/batch.h"
#include "tables/correction.h"
#include "tables/early_answer.h"
#include "tables/event.h"
#include "tables/feature_page.h"
#include "tables/former_answer.h"
#include "tables/label.h"
#include "tables/object.h"
#include "tables/recall.h"
#include "tables/segment.h"
#include "tables/step.h"
#include "tables/task.h"

/* Statistics of the rows of a segment that are left. */
static void
sum_up(const GtlJob *job, const GtlSegment *segment, const GtlEnv *env, GtlFeatureStats *stats)
{
	GtlFeatureReader *reader = gtl_feature_reader_open(job);
	float	   *row = palloc(sizeof(float) * gtl_job_width(job));
	int32	   *rows;
	int			count = gtl_object_rows(job->job_id, segment->first_row, gtl_segment_end(segment) + segment->given_count, &rows);

	gtl_stats_init(stats, job->dimension, env);
	for (int i = 0; i < count; i++)
	{
		gtl_feature_reader_rows(reader, rows[i], 1, row);
		gtl_stats_add(stats, row, 1);
	}
	gtl_feature_reader_close(reader);
	pfree(rows);
	pfree(row);
}

static bool
has_row(const GtlSegment *segment, const int32 *rows, int count)
{
	for (int i = 0; i < count; i++)
		if (rows[i] >= segment->first_row && rows[i] < gtl_segment_end(segment) + segment->given_count)
			return true;
	return false;
}

/* The segments that rows have left. */
static void
count_segments(const GtlJob *job, const int32 *objects, int nobjects, const int32 *given, int ngiven)
{
	bool		features = job->dimension > 0 && !job->purged;
	GtlSegment *segments;
	int			nsegments = gtl_segments_read(job->job_id, &segments);
	GtlEnv		env;

	gtl_env_init(&env, CurrentMemoryContext);
	for (int s = 0; s < nsegments; s++)
	{
		GtlFeatureStats stats;

		if (!has_row(&segments[s], objects, nobjects) && !has_row(&segments[s], given, ngiven))
			continue;
		if (features)
			sum_up(job, &segments[s], &env, &stats);
		gtl_segment_count_again(job->job_id, &segments[s], features ? &stats : NULL);
	}
}

static void
erase_objects(GtlJob *job, const int32 *objects, int count)
{
	if (count == 0)
		return;
	gtl_batch_shrink(job->job_id, objects, count);
	gtl_task_remove(job->job_id, objects, count);
	gtl_annotation_remove(job->job_id, objects, count);
	gtl_early_answer_remove(job->job_id, objects, count);
	gtl_label_remove(job, objects, count);
	gtl_correction_remove(job->job_id, objects, count);
	gtl_recall_remove(job->job_id, objects, count);
	gtl_audit_objects_remove(job->job_id, objects, count);
	gtl_object_remove(job, objects, count);
}

static void
erase_features(const GtlJob *job, const int32 *rows, int count)
{
	if (job->dimension > 0 && !job->purged && count > 0)
		gtl_feature_page_erase(job, rows, count);
}

/* Objects and rows that came with a label; with `changed` they are expected back. */
static int32
take_out(GtlJob *job, char *const *keys, int count, bool changed)
{
	int32	   *objects;
	int32	   *given;
	int			nobjects = gtl_object_find(job->job_id, keys, count, &objects);
	int			ngiven = gtl_given_find(job->job_id, keys, count, &given);

	if (changed)
		gtl_former_answer_keep(job->job_id, objects, nobjects);
	else
		gtl_former_answer_remove(job->job_id, keys, count);
	if (nobjects + ngiven == 0)
		return 0;
	erase_objects(job, objects, nobjects);
	gtl_given_remove(job, given, ngiven);
	erase_features(job, objects, nobjects);
	erase_features(job, given, ngiven);
	count_segments(job, objects, nobjects, given, ngiven);
	gtl_step_forget_keys(job->job_id, keys, count);
	gtl_segments_forget_keys(job->job_id, keys, count);
	gtl_job_revise(job);
	gtl_job_set_snapshot(job);
	if (changed)
		gtl_event_record(job, "objects_changed", "%s object%s changed after people had answered: they join again, and people are asked again",
						 gtl_format_count(nobjects), nobjects == 1 ? " has" : "s have");
	else
		gtl_event_record(job, "objects_removed", "%s object%s erased%s", gtl_format_count(nobjects), nobjects == 1 ? " is" : "s are",
						 ngiven == 0 ? "" : psprintf(", and %s rows that came with a label", gtl_format_count(ngiven)));
	return nobjects + ngiven;
}

int32
gtl_remove(GtlJob *job, char *const *keys, int count)
{
	return take_out(job, keys, count, false);
}

int32
gtl_remove_changed(GtlJob *job, char *const *keys, int count)
{
	return take_out(job, keys, count, true);
}
