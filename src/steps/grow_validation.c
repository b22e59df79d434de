/*
 * grow_validation.c
 *		More objects for the validation set of a job that is there already.
 *
 * The draw of the set goes on where it ended: the objects of each segment have a random order, by the job's
 * seed and their numbers, and the next in it join.  Segments take turns so that their shares become equal:
 * the set stays a random sample of all objects, which is what certificates rest on.
 *
 * That an object was labeled meanwhile does not keep it from being drawn, since a sample of the others would
 * be none of all.  If people have labeled it already, or are about to, the queries have sent it to them: like
 * other validation objects that the queries have reached it counts in no certificate (validation_active).  A
 * machine label goes, for people to give theirs; one that an audit has passed stays: under that promise the
 * set is no evidence, and such objects are passed over.
 */
#include "steps/grow_validation.h"

#include "base/errors.h"
#include "base/format.h"
#include "base/memory.h"
#include "learning/random.h"
#include "learning/select.h"
#include "learning/sort.h"
#include "steps/answers.h"
#include "steps/promise_audit.h"
#include "tables/batch.h"
#include "tables/event.h"
#include "tables/label.h"
#include "tables/object.h"
#include "tables/segment.h"
#include "tables/task.h"

typedef struct Candidate
{
	int32		object_no;
	double		turn;			/* its place in the order of its segment, as a share of the segment */
} Candidate;

static int
compare_turns(const void *a, const void *b)
{
	const Candidate *x = a;
	const Candidate *y = b;

	if (x->turn != y->turn)
		return x->turn < y->turn ? -1 : 1;
	return x->object_no < y->object_no ? -1 : x->object_no > y->object_no;
}

/* Objects that cannot be drawn: those of the set, and those with a label for good.  Ascending. */
static int
list_taken(const GtlJob *job, int32 **taken)
{
	int32	   *validation;
	int32	   *place;
	int32	   *active;
	int32	   *settled;
	int			nvalidation = gtl_object_validation(job->job_id, &validation, &place, &active);
	int			nsettled = gtl_label_read_settled(job->job_id, &settled);
	int			v = 0;
	int			s = 0;
	int			count = 0;

	*taken = gtl_memory_list(sizeof(int32), (int64) nvalidation + nsettled);
	while (v < nvalidation || s < nsettled)
		(*taken)[count++] = s == nsettled || (v < nvalidation && validation[v] < settled[s]) ? validation[v++] : settled[s++];
	return count;
}

/* The objects of a segment that are not taken, in its order. */
static int64
append_segment(const GtlJob *job, int32 *objects, int64 n, const int32 *taken, int ntaken, const GtlEnv *env, Candidate *candidates)
{
	int32	   *order = gtl_memory_list(sizeof(int32), n);
	int64		count = 0;

	(void) gtl_select_random(objects, n, n, (uint64) job->seed, GTL_STREAM_VALIDATION, env, order);
	gtl_env_check(env);
	for (int64 i = 0; i < n; i++)
		if (gtl_answers_find(taken, ntaken, order[i]) < 0)
			candidates[count++] = (Candidate) {order[i], (i + 0.5) / n};
	pfree(order);
	return count;
}

/* All that can be drawn, in the order of their turns. */
static int64
list_candidates(const GtlJob *job, Candidate **candidates)
{
	GtlSegment *segments;
	int			nsegments = gtl_segments_read(job->job_id, &segments);
	int32	   *objects;
	int32	   *taken;
	int			nobjects = gtl_object_numbers(job, &objects);
	int			ntaken = list_taken(job, &taken);
	int64		count = 0;
	int			begin = 0;
	GtlEnv		env;

	gtl_env_init(&env, CurrentMemoryContext);
	*candidates = gtl_memory_list(sizeof(Candidate), nobjects);
	for (int s = 0; s < nsegments; s++)
	{
		int			end = begin;

		while (end < nobjects && objects[end] < gtl_segment_end(&segments[s]))
			end++;
		count += append_segment(job, objects + begin, end - begin, taken, ntaken, &env, *candidates + count);
		begin = end;
	}
	qsort(*candidates, count, sizeof(Candidate), compare_turns);
	return count;
}

static void
require_ground(const GtlJob *job)
{
	const char *why = job->purged ? "it is purged" : !job->auto_label ? "people label all of its objects" :
		job->dimension == 0 ? "it has no features, so nothing can be learned" : NULL;

	if (why != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot draw more validation objects of labeling job \"%s\": %s", job->name, why)));
}

/* What people check now was fixed beforehand. */
static void
require_no_audit(const GtlJob *job)
{
	GtlBatch	batch;

	gtl_batch_last(job->job_id, &batch);
	if (gtl_promise_audit_is_open(job) || (batch.open && batch.audit))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot draw more validation objects of labeling job \"%s\" while people check its machine labels", job->name),
				 errhint("Set validation_count when the audit is over; gt_audits shows how far it is.")));
}

/* Those that people have labeled, or are asked about, leave the certificates at once. */
static void
leave_certificates(const GtlJob *job, const int32 *objects, int count)
{
	GtlObjectLabel *labels = gtl_memory_list(sizeof(GtlObjectLabel), count);
	int32	   *reached = gtl_memory_list(sizeof(int32), count);
	GtlTaskObjects open = {0};
	int			n = 0;

	if (job->open_batch_no != 0)
		gtl_task_objects(job, &open);
	gtl_label_read_objects(job->job_id, objects, count, labels);
	for (int i = 0; i < count; i++)
		if (labels[i].human || gtl_answers_find(open.object_no, open.count, objects[i]) >= 0)
			reached[n++] = objects[i];
	gtl_object_deactivate(job->job_id, reached, n);
}

int32
gtl_grow_validation(GtlJob *job, int32 wanted)
{
	int32		more = wanted - job->validation_count;
	Candidate  *candidates;
	int32	   *objects;
	int64		count;

	if (more <= 0)
		return 0;
	require_ground(job);
	require_no_audit(job);
	count = list_candidates(job, &candidates);
	if (count < more)
		gtl_error_setting("validation_count", psprintf("must be at most " INT64_FORMAT, job->validation_count + count),
						  "No more objects can be drawn.");
	objects = gtl_memory_list(sizeof(int32), more);
	for (int32 i = 0; i < more; i++)
		objects[i] = candidates[i].object_no;
	gtl_object_add_validation(job->job_id, objects, more, gtl_object_next_place(job->job_id));
	qsort(objects, more, sizeof(int32), gtl_compare_int32);
	leave_certificates(job, objects, more);
	(void) gtl_label_drop_machine(job, objects, more);
	gtl_segments_count_validation(job->job_id, candidates[more - 1].turn);
	job->validation_count += more;
	gtl_job_set_snapshot(job);
	gtl_job_update(job);
	gtl_event_record(job, "validation_drawn", "%s more objects join the validation set, which has %s now", gtl_format_count(more),
					 gtl_format_count(job->validation_count));
	return more;
}
