/*
 * validation_set.c
 *		Which objects of a segment are of the job's validation set.
 *
 * For a certificate the set has to be a random sample of all objects, so each segment has the same share in it, rounded
 * up or down by chance.  That share is what a job takes that is created over all rows that are there now: it falls as
 * rows join, since a promise about many rows needs hardly more validation objects than one about few.  When it falls,
 * objects of earlier segments leave the set, the last of each segment's random order first, whatever people have said
 * about them.  Their labels go on to train.  The share that holds is the smallest in gtlabel.segment, which is that of
 * the newest one.  That it never rises by itself keeps people from being asked about old rows again; grow_validation.c
 * raises it for the owner.  Where no object is left, the set begins anew.
 *
 * For an audited promise the set is no evidence, and grows as it would be for so many objects.  A job that gets another promise
 * makes the shares equal first.
 */
#include "data/validation_set.h"

#include <math.h>

#include "base/memory.h"
#include "learning/random.h"
#include "learning/select.h"
#include "learning/start.h"
#include "tables/feature_page.h"
#include "tables/object.h"

/* Objects of a segment that a share comes to; the same chance decides each time. */
static int32
count_of(const GtlJob *job, int32 segment_no, double share, int64 objects)
{
	uint64		counter = UINT64CONST(1) << 32 | (uint32) segment_no;
	double		count = floor(share * objects + gtl_random_uniform((uint64) job->seed, GTL_STREAM_VALIDATION, counter));

	return (int32) Min(count, (double) objects);
}

/* For so many objects in all. */
static int64
wanted_of(const GtlJob *job, int64 objects)
{
	GtlPromise	promise = gtl_job_promise(job);

	if (job->validation_wanted > 0)
		return Min((int64) job->validation_wanted, objects);
	return gtl_schedule_validation_count(job->schedule, &promise, job->per_class, job->ncategories, objects, job->validation_share);
}

void
gtl_validation_begin(const GtlJob *job, GtlSegment *segment, int64 objects)
{
	bool		any = job->auto_label && job->dimension > 0 && objects > 0;

	segment->validation_count = any ? (int32) wanted_of(job, objects) : 0;
	segment->validation_share = any ? (double) segment->validation_count / objects : 0;
}

typedef struct Member
{
	int32		object_no;
	int32		place;
} Member;

static int
compare_places(const void *a, const void *b)
{
	return ((const Member *) a)->place < ((const Member *) b)->place ? -1 : 1;
}

/* Who leaves the set, and what that makes of the segments; there can be many, of which few lose one. */
typedef struct Leaving
{
	int32	   *objects;
	int			count;
	int32	   *segment_nos;
	int32	   *counts;
	int			nsegments;
} Leaving;

/* All but the first `keep` of a segment. */
static void
cut(Member *members, int count, int32 keep, int32 segment_no, Leaving *leaving)
{
	if (keep >= count)
		return;
	qsort(members, count, sizeof(Member), compare_places);
	for (int i = keep; i < count; i++)
		leaving->objects[leaving->count++] = members[i].object_no;
	leaving->segment_nos[leaving->nsegments] = segment_no;
	leaving->counts[leaving->nsegments++] = keep;
}

/* The share of the segments falls. */
static void
thin(GtlJob *job, const GtlSegment *segments, int nsegments, double share)
{
	int32	   *objects;
	int32	   *place;
	int32	   *active;
	int			count = gtl_object_validation(job->job_id, &objects, &place, &active);
	Member	   *members = gtl_memory_list(sizeof(Member), count);
	Leaving		leaving = {
		.objects = gtl_memory_list(sizeof(int32), count),.segment_nos = gtl_memory_list(sizeof(int32), nsegments),
		.counts = gtl_memory_list(sizeof(int32), nsegments)
	};
	int			begin = 0;

	for (int i = 0; i < count; i++)
		members[i] = (Member) {objects[i], place[i]};
	for (int s = 0; s < nsegments; s++)
	{
		int			end = begin;

		while (end < count && objects[end] < gtl_segment_end(&segments[s]))
			end++;
		cut(members + begin, end - begin, count_of(job, segments[s].segment_no, share, segments[s].object_count),
			segments[s].segment_no, &leaving);
		begin = end;
	}
	gtl_object_leave_validation(job->job_id, leaving.objects, leaving.count);
	gtl_segments_set_validation(job->job_id, leaving.segment_nos, leaving.counts, leaving.nsegments);
	job->validation_count -= leaving.count;
}

/* Rounded up: counts are rounded down, and the share is not to fall for that. */
static double
share_for(const GtlJob *job, double before, int64 objects)
{
	return Min(before, job->validation_share >= 0 && job->validation_wanted == 0 ? job->validation_share :
			   (double) (wanted_of(job, objects) + 1) / objects);
}

static void
join_certified(GtlJob *job, const GtlSegment *before, int nbefore, GtlSegment *segment, int64 objects)
{
	double		share;

	if (job->object_count == 0)
		gtl_segments_set_share(job->job_id, 1);
	share = gtl_segments_validation_share(job->job_id);
	segment->validation_share = share_for(job, share, Max(job->object_count + objects, 1));
	segment->validation_count = count_of(job, segment->segment_no, segment->validation_share, objects);
	if (segment->validation_share < share)
		thin(job, before, nbefore, segment->validation_share);
}

int32
gtl_validation_equalize(GtlJob *job)
{
	int32		before = job->validation_count;
	GtlSegment *segments;
	int			count = gtl_segments_read(job->job_id, &segments);
	double		least;
	double		most;

	gtl_segments_validation_shares(job->job_id, &least, &most);
	if (least < most)
	{
		thin(job, segments, count, least);
		gtl_segments_set_share(job->job_id, least);
	}
	return before - job->validation_count;
}

void
gtl_validation_join(GtlJob *job, const GtlSegment *before, int nbefore, GtlSegment *segment, int64 objects)
{
	segment->validation_count = 0;
	segment->validation_share = 0;
	if (!job->auto_label || job->dimension == 0)
		return;
	if (job->guarantee != GTL_GUARANTEE_AUDITED)
	{
		join_certified(job, before, nbefore, segment, objects);
		return;
	}
	segment->validation_count = (int32) Min(Max(wanted_of(job, job->object_count + objects) - job->validation_count, 0), objects);
	segment->validation_share = objects > 0 ? (double) segment->validation_count / objects : 0;
}

/* Where its objects need not be drawn at random: one from each part of the dataset. */
static void
choose(const GtlJob *job, const GtlSegment *segment, int64 objects, const GtlEnv *env, int32 *chosen)
{
	GtlFeatureReader *reader = gtl_feature_reader_open(job);

	if (!gtl_start_choose(objects, job->dimension, gtl_feature_reader_callback, reader, segment->validation_count,
						  (uint64) job->seed, env, chosen))
		gtl_computing_raise();
	gtl_feature_reader_close(reader);
}

/* The order of the draw follows from the objects' numbers, so each segment has its own. */
static void
draw(const GtlJob *job, const GtlSegment *segment, int64 objects, const GtlEnv *env, int32 *chosen)
{
	int32	   *all = palloc_extended(sizeof(int32) * objects, MCXT_ALLOC_HUGE);

	for (int64 i = 0; i < objects; i++)
		all[i] = segment->first_row + (int32) i;
	gtl_select_random(all, objects, segment->validation_count, (uint64) job->seed, GTL_STREAM_VALIDATION, env, chosen);
	gtl_env_check(env);
	pfree(all);
}

int32 *
gtl_validation_place(const GtlJob *job, const GtlSegment *segment, int64 objects, int32 first_place, const GtlEnv *env)
{
	int32	   *place = palloc_extended(sizeof(int32) * objects, MCXT_ALLOC_HUGE);
	int32	   *chosen = palloc_extended(sizeof(int32) * Max(segment->validation_count, 1), MCXT_ALLOC_HUGE);

	if (job->chosen_start && segment->segment_no == 0)
		choose(job, segment, objects, env, chosen);
	else
		draw(job, segment, objects, env, chosen);
	for (int64 i = 0; i < objects; i++)
		place[i] = -1;
	for (int32 v = 0; v < segment->validation_count; v++)
		place[chosen[v] - segment->first_row] = first_place + v;
	pfree(chosen);
	return place;
}
