/*
 * regroup_proposals.c
 *		Guesses at the labels, when the categories change that they are about.
 *
 * A source's guess is two inputs for each category (learning/proposals.h), of which those of the guessed one
 * are not zero.  So the inputs of categories that become one are added up, and those of a new category are
 * zero: rows of before came when nobody could guess it, and a guess that named it then counted as none.  That
 * is just what reading the guesses anew by the new list would give.  The features of all segments are written
 * again, behind those that are there, which then go; models of before take other inputs, so none of them goes
 * on.
 */
#include "steps/regroup_proposals.h"

#include "base/errors.h"
#include "base/memory.h"
#include "learning/proposals.h"
#include "learning/standardize.h"
#include "tables/feature_page.h"
#include "tables/object.h"
#include "tables/segment.h"
#include "data/dataset.h"

typedef struct Regroup
{
	const GtlJob *job;			/* with the inputs of before */
	const int32 *map;
	int			before;			/* categories */
	int			after;
	int			features;		/* columns before the proposals */
	int			dimension;		/* of the rows that are written */
	GtlFeatureReader *reader;
	GtlEnv		env;
} Regroup;

static void
regroup_row(const Regroup *r, const float *row, float *out)
{
	memset(out, 0, sizeof(float) * r->dimension);
	memcpy(out, row, sizeof(float) * r->features);
	for (int s = 0; s < r->job->nproposal_columns; s++)
	{
		const float *from = row + r->features + 2 * s * r->before;
		float	   *to = out + r->features + 2 * s * r->after;

		for (int c = 0; c < r->before; c++)
		{
			to[r->map[c]] += from[c];
			to[r->after + r->map[c]] += from[r->before + c];
		}
	}
}

/* Rows that were removed are zeros, and in no statistics. */
static void
regroup_segment(const Regroup *r, const GtlSegment *segment)
{
	int32		end = gtl_segment_end(segment) + segment->given_count;
	GtlFeatureWriter *writer = gtl_feature_writer_open(r->job->job_id, segment->segment_no, GTL_BLOCK_NEXT);
	float	   *row = palloc(sizeof(float) * gtl_job_width(r->job));
	float	   *out = palloc(sizeof(float) * r->dimension);
	GtlFeatureStats stats;
	int32	   *rows;
	int			count = gtl_object_rows(r->job->job_id, segment->first_row, end, &rows);
	int			next = 0;

	gtl_stats_init(&stats, r->dimension, &r->env);
	for (int32 i = segment->first_row; i < end; i++)
	{
		gtl_feature_reader_rows(r->reader, i, 1, row);
		regroup_row(r, row, out);
		gtl_feature_writer_add(writer, out, r->dimension);
		if (next < count && rows[next] == i)
		{
			gtl_stats_add(&stats, out, 1);
			next++;
		}
	}
	gtl_feature_writer_close(writer);
	gtl_segment_count_again(r->job->job_id, segment, &stats);
	pfree(rows);
	pfree(row);
	pfree(out);
}

static void
require_room(const GtlJob *job, int dimension)
{
	if (dimension > GTL_MAX_DIMENSION)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("labeling job \"%s\" has too many proposal_columns for another category", job->name),
				 errdetail("Each has two inputs for each category; with the features they come to %d, more than %d.", dimension, GTL_MAX_DIMENSION)));
}

void
gtl_proposals_regroup(GtlJob *job, const int32 *map, int classes)
{
	Regroup		r = {.job = job,.map = map,.before = job->ncategories,.after = classes,.features = job->dimension - job->proposal_inputs};
	int			inputs = gtl_proposals_inputs(job->nproposal_columns, classes);
	GtlSegment *segments;
	int			count = gtl_segments_read(job->job_id, &segments);

	if (job->proposal_inputs == 0)
		return;
	r.dimension = r.features + inputs;
	require_room(job, r.dimension);
	if (!job->purged)
	{
		gtl_env_init(&r.env, CurrentMemoryContext);
		r.reader = gtl_feature_reader_open(job);
		for (int s = 0; s < count; s++)
			regroup_segment(&r, &segments[s]);
		gtl_feature_reader_close(r.reader);
		gtl_feature_page_take_next(job->job_id);
	}
	job->dimension = r.dimension;
	job->proposal_inputs = inputs;
}
