/*
 * coverage.c
 *		The curve behind a round's choice of a threshold.
 *
 * A round keeps what it decided, not the margins it decided on.  Its models are
 * stored, cross-fitting models included, and so are the features, so the margins can
 * be had again: each validation object's by the model that never saw it, each pool
 * object's by the full model, as in learning/engine.c.
 *
 * Two differences from what the round saw.  Validation objects that left the
 * certificate in this very round are gone; all of them lie below the threshold, so the
 * curve above it is the round's own.  Of a large pool only every n-th block of
 * rows is scored: a picture needs no more, and a report should take a moment.
 */
#include "reports/coverage.h"

#include "base/memory.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "data/neighbour_columns.h"
#include "learning/engine.h"
#include "miscadmin.h"
#include "tables/object.h"
#include "tables/segment.h"
#include "tables/model.h"
#include "utils/memutils.h"

/* Blocks of GTL_SCORE_BLOCK_ROWS rows to score at most: 100,000 objects. */
#define MOST_BLOCKS 390

/* Objects by step: slot i counts margins in [i, i + 1) / GTL_COVERAGE_STEPS. */
typedef struct Counts
{
	int64		objects[GTL_COVERAGE_STEPS + 1];
	int64		wrong[GTL_COVERAGE_STEPS + 1];
} Counts;

typedef struct ValidationSet
{
	int			count;
	int32	   *object_no;
	int32	   *class_no;
	int		   *fold;
} ValidationSet;

static int
step_of(double margin)
{
	return Max(0, Min(GTL_COVERAGE_STEPS, (int) (margin * GTL_COVERAGE_STEPS)));
}

static void
read_validation(const GtlJob *job, const GtlRound *round, ValidationSet *set)
{
	static GtlStatement select = {
		"SELECT o.object_no, o.validation_no, l.class_no FROM gtlabel.object o CROSS JOIN LATERAL"
		" (SELECT l.class_no FROM gtlabel.label l WHERE l.job_id = $1 AND l.object_no = o.object_no AND l.human"
		"   AND (l.batch_no IS NULL OR l.batch_no <= $2) OFFSET 0) l"
		" WHERE o.job_id = $1 AND o.validation_no IS NOT NULL AND o.validation_active ORDER BY o.object_no",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(round->batch_no)};
	int32	   *lists[3];

	set->count = gtl_query_lists(&select, values, 3, lists);
	set->object_no = lists[0];
	set->fold = lists[1];
	set->class_no = lists[2];
	for (int i = 0; i < set->count; i++)
		set->fold[i] = gtl_engine_fold((uint64) job->seed, set->fold[i], set->object_no[i]);
}

/* Scores the validation objects of one fold with the model that never saw them. */
static void
score_fold(const GtlJob *job, const ValidationSet *set, int fold, const GtlModel *model,
		   const GtlEnv *env, float *rows, Counts *counts)
{
	GtlScorer  *scorer = gtl_scorer_create(&model->fold[fold], gtl_job_width(job), env);
	GtlFeatureReader *reader = gtl_neighbour_columns_reader(job, model, env);
	int32		objects[GTL_SCORE_BLOCK_ROWS];
	int32		truth[GTL_SCORE_BLOCK_ROWS];
	int32		best[GTL_SCORE_BLOCK_ROWS];
	double		margin[GTL_SCORE_BLOCK_ROWS];
	int			n = 0;

	for (int i = 0; i < set->count; i++)
	{
		if (set->fold[i] == fold)
		{
			objects[n] = set->object_no[i];
			truth[n++] = set->class_no[i];
		}
		if (n == 0 || (n < GTL_SCORE_BLOCK_ROWS && i < set->count - 1))
			continue;
		CHECK_FOR_INTERRUPTS();
		gtl_feature_reader_gather(reader, objects, n, rows);
		gtl_scorer_block(scorer, rows, n, best, margin, NULL);
		for (int j = 0; j < n; j++)
		{
			counts->objects[step_of(margin[j])]++;
			counts->wrong[step_of(margin[j])] += best[j] != truth[j];
		}
		n = 0;
	}
	gtl_feature_reader_close(reader);
	gtl_scorer_release(scorer, env);
}

static void
leave_out(void *context, TupleTableSlot *row)
{
	bool	   *in_pool = context;
	bool		isnull;

	in_pool[DatumGetInt32(slot_getattr(row, 1, &isnull))] = false;
}

/* Marks the objects that the round had to decide on. */
static bool *
list_pool(const GtlJob *job, const GtlRound *round, int32 rows)
{
	static GtlStatement select = {
		"SELECT object_no FROM gtlabel.object WHERE job_id = $1 AND validation_no IS NOT NULL"
		" UNION ALL SELECT object_no FROM gtlabel.label WHERE job_id = $1 AND human AND (batch_no IS NULL OR batch_no <= $2)"
		" UNION ALL SELECT object_no FROM gtlabel.failure WHERE job_id = $1 AND batch_no <= $2",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(round->batch_no)};
	bool	   *in_pool;
	int32	   *objects;
	int			count = gtl_object_numbers(job, &objects);

	gtl_memory_check(rows, "listing the objects of a labeling job");
	in_pool = palloc_extended(Max(rows, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < count; i++)
		if (objects[i] < rows)
			in_pool[objects[i]] = true;
	pfree(objects);
	(void) gtl_query_each(&select, values, leave_out, in_pool);
	return in_pool;
}

/* Returns how many objects were scored. */
static int64
score_pool(const GtlJob *job, const bool *in_pool, int32 end, const GtlModel *model,
		   const GtlEnv *env, float *rows, Counts *counts)
{
	int64		blocks = ((int64) end + GTL_SCORE_BLOCK_ROWS - 1) / GTL_SCORE_BLOCK_ROWS;
	int64		stride = (blocks + MOST_BLOCKS - 1) / MOST_BLOCKS * GTL_SCORE_BLOCK_ROWS;
	GtlScorer  *scorer = gtl_scorer_create(&model->classifier, gtl_job_width(job), env);
	GtlFeatureReader *reader = gtl_neighbour_columns_reader(job, model, env);
	double		margin[GTL_SCORE_BLOCK_ROWS];
	int64		scored = 0;

	for (int64 first = 0; first < end; first += stride)
	{
		int			n = (int) Min(GTL_SCORE_BLOCK_ROWS, end - first);

		CHECK_FOR_INTERRUPTS();
		gtl_feature_reader_rows(reader, first, n, rows);
		gtl_scorer_block(scorer, rows, n, NULL, margin, NULL);
		for (int i = 0; i < n; i++)
			if (in_pool[first + i])
			{
				counts->objects[step_of(margin[i])]++;
				scored++;
			}
	}
	gtl_feature_reader_close(reader);
	gtl_scorer_release(scorer, env);
	return scored;
}

/* From counts in each step to shares at or above each margin. */
static void
accumulate(const GtlRound *round, const Counts *validation, const Counts *pool, GtlCoverage *coverage)
{
	int64		n = 0;
	int64		k = 0;
	int64		covered = 0;
	int			halvings = gtl_certify_halvings(round->validation_count, round->validation_active);

	coverage->steps = -1;
	for (int i = GTL_COVERAGE_STEPS; i >= 0; i--)
	{
		n += validation->objects[i];
		k += validation->wrong[i];
		covered += pool->objects[i];
		coverage->covered[i] = (double) covered / coverage->pool;
		if (n == 0)
			continue;
		coverage->steps = Max(coverage->steps, i);
		coverage->bound[i] = gtl_certify_bound((int) k, (int) n, &round->promise, halvings);
		coverage->error[i] = (double) k / n;
	}
}

bool
gtl_coverage_read(const GtlJob *job, const GtlRound *round, GtlCoverage *coverage)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel coverage", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Counts	   *validation = palloc0(sizeof(Counts));
	Counts	   *pool = palloc0(sizeof(Counts));
	GtlModel   *model;
	ValidationSet set;
	GtlEnv		env;

	memset(coverage, 0, sizeof(*coverage));
	gtl_env_init(&env, context);
	model = round->model_id == 0 ? NULL : gtl_model_get(round->model_id, &env);
	if (model != NULL && model->has_folds)
	{
		float	   *rows = gtl_env_alloc(&env, mul_size(sizeof(float) * GTL_SCORE_BLOCK_ROWS, gtl_job_width(job)));
		GtlSegment	last = gtl_segment_last(job->job_id);
		int32		end = gtl_segment_end(&last);

		read_validation(job, round, &set);
		for (int fold = 0; fold < GTL_FOLDS; fold++)
			score_fold(job, &set, fold, model, &env, rows, validation);
		coverage->validation = set.count;
		coverage->pool = score_pool(job, list_pool(job, round, end), end, model, &env, rows, pool);
		if (coverage->validation > 0 && coverage->pool > 0)
			accumulate(round, validation, pool, coverage);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return coverage->validation > 0 && coverage->pool > 0;
}
