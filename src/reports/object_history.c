/*
 * object_history.c
 *		In which rounds an object was labeled by machine, changed or withdrawn.
 *
 * gtlabel.label holds the present labels.  Earlier ones are not kept, since a million
 * of them would change at once; but each round's model and the margin that it labeled from are, and the
 * features, so the decisions on one object can be made once more.  It is scored in the
 * aligned block of rows in which the rounds scored it, so that the margins are the same to
 * the last bit.
 *
 * An object is in the pool of the rounds after it has joined the job and before the batch that people had it in; a label
 * that an audit has passed, or that the owner has decided, is in no later one.
 */
#include "reports/object_history.h"

#include <math.h>

#include "base/memory.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "data/neighbour_columns.h"
#include "learning/classifier.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "tables/certificate.h"
#include "tables/model.h"
#include "utils/memutils.h"

/* How a round decided. */
typedef struct Decision
{
	bool		has_model;
	bool		audited;		/* the round began an audit of its labels, or gave none */
	bool		labeled;
	bool		withheld;		/* by a drift alarm */
	int32		class_no;
	double		margin;
	double		needed;			/* the margin that gets a label; NaN: none does */
} Decision;

/* Rounds in a row that decided alike. */
typedef struct Phase
{
	int32		first;
	int32		last;
	Decision	decision;		/* of the first */
} Phase;

/* What ended its time in the pool. */
typedef struct Ending
{
	int32		batch_no;		/* PG_INT32_MAX: it is still there */
	bool		audit;			/* people checked the machine's label */
} Ending;

static void
read_ending(const GtlJob *job, int32 object_no, Ending *ending)
{
	static GtlStatement select = {
		"SELECT b.batch_no, b.audit FROM (SELECT batch_no FROM gtlabel.label WHERE job_id = $1 AND object_no = $2 AND human"
		" UNION ALL SELECT batch_no FROM gtlabel.failure WHERE job_id = $1 AND object_no = $2) l"
		" JOIN gtlabel.batch b ON b.job_id = $1 AND b.batch_no = l.batch_no",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(object_no)};
	GtlResult	r;

	ending->batch_no = PG_INT32_MAX;
	ending->audit = false;
	if (gtl_query_run(&r, &select, values, NULL) > 0)
	{
		ending->batch_no = gtl_result_int32(&r, 0, 1);
		ending->audit = gtl_result_bool(&r, 0, 2);
	}
	gtl_query_end(&r);
}

/* Its block of feature rows, as models with one map of neighbours take them. */
typedef struct ColumnBlock
{
	int64		neighbours_id;	/* the map; -1: nothing has been read */
	float	   *rows;
	int			count;
	int			place;			/* its row in the block */
} ColumnBlock;

/* As this model takes them, if they were not read for another one that does. */
static void
read_block(const GtlJob *job, int32 object_no, const GtlModel *model, const GtlEnv *env, ColumnBlock *block)
{
	int64		neighbours_id = model->neighbours_id == 0 ? job->neighbours_id : model->neighbours_id;
	int32		first = object_no - object_no % GTL_SCORE_BLOCK_ROWS;
	GtlFeatureReader *reader;

	if (block->neighbours_id == neighbours_id)
		return;
	reader = gtl_neighbour_columns_reader(job, model, env);
	block->neighbours_id = neighbours_id;
	block->count = Min(GTL_SCORE_BLOCK_ROWS, gtl_feature_reader_end(reader) - first);
	block->place = object_no - first;
	gtl_feature_reader_rows(reader, first, block->count, block->rows);
	gtl_feature_reader_close(reader);
}

/* What the model of a round makes of the object, against the margin that got a label in it. */
static void
decide(const GtlJob *job, int32 object_no, int32 round_no, int64 model_id, double needed, bool withheld, ColumnBlock *block,
	   Decision *decision)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel object history", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	int32		best[GTL_SCORE_BLOCK_ROWS];
	double		margin[GTL_SCORE_BLOCK_ROWS];
	GtlModel   *model;
	GtlEnv		env;

	memset(decision, 0, sizeof(*decision));
	gtl_env_init(&env, context);
	model = model_id == 0 ? NULL : gtl_model_get(model_id, &env);
	if (model != NULL)
	{
		GtlScorer  *scorer = gtl_scorer_create(&model->classifier, gtl_job_width(job), &env);

		read_block(job, object_no, model, &env, block);
		gtl_scorer_block(scorer, block->rows, block->count, best, margin, NULL);
		gtl_scorer_release(scorer, &env);
		decision->has_model = true;
		decision->class_no = best[block->place];
		decision->margin = margin[block->place];
		decision->needed = job->per_class ? gtl_certificate_label_margin(job->job_id, round_no, decision->class_no) : needed;
		decision->withheld = withheld && decision->margin >= decision->needed;
		decision->labeled = decision->margin >= decision->needed && !withheld;
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

static bool
same_outcome(const Decision *a, const Decision *b)
{
	return a->has_model == b->has_model && a->labeled == b->labeled && a->withheld == b->withheld && (!a->labeled || a->class_no == b->class_no);
}

static void
add_phase(GtlReport *report, const GtlJob *job, const Phase *phase, const Phase *before)
{
	const Decision *d = &phase->decision;
	bool		had_label = before != NULL && before->decision.labeled;
	const char *through = phase->last > phase->first ? psprintf("; so through round %d", phase->last) : "";
	const char *what;

	if (!d->has_model)
		what = had_label ? "withdrawn: no model" : "not labeled: no model";
	else if (d->labeled)
		what = psprintf("%s \"%s\", margin %.4f >= %.4f", had_label ? "changed to" : "labeled",
						job->categories[d->class_no], d->margin, d->needed);
	else if (d->withheld)
		what = psprintf("%s: kept from the machine by the drift alarm, margin %.4f for \"%s\"", had_label ? "withdrawn" : "not labeled",
						d->margin, job->categories[d->class_no]);
	else if (isnan(d->needed) && d->audited)
		what = psprintf("%s, margin %.4f for \"%s\"", had_label ? "withdrawn: its audit did not pass" : "not labeled: no audit began",
						d->margin, job->categories[d->class_no]);
	else if (isnan(d->needed))
		what = psprintf("%s: no threshold keeps the promise, margin %.4f for \"%s\"", had_label ? "withdrawn" : "not labeled",
						d->margin, job->categories[d->class_no]);
	else
		what = psprintf("%s: margin %.4f for \"%s\" < %.4f", had_label ? "withdrawn" : "not labeled",
						d->margin, job->categories[d->class_no], d->needed);
	gtl_report_add(report, "machine", psprintf("round %d: %s%s", phase->first, what, through), NULL);
}

/* How the newest label of the machine went, other than by a round. */
static void
add_end(GtlReport *report, const GtlJob *job, const Ending *ending)
{
	if (ending->audit)
		gtl_report_add(report, "machine", psprintf("batch %d: people checked its label in the audit", ending->batch_no), NULL);
	else if (!job->auto_label)
		gtl_report_add(report, "machine", "withdrawn with all machine labels of the job, by gt_withdraw_machine_labels", NULL);
}

void
gtl_object_history(GtlReport *report, const GtlJob *job, int32 object_no)
{
	static GtlStatement select = {
		"SELECT r.round_no, r.model_id, r.label_margin, r.guarantee = 'audited', COALESCE(r.withheld_from, 2147483647) FROM"
		" (SELECT * FROM gtlabel.round WHERE job_id = $1 AND batch_no < $2) r"
		" WHERE r.started_at >= (SELECT s.added_at FROM gtlabel.segment s WHERE s.job_id = $1 AND s.first_row <= $3 ORDER BY s.first_row DESC LIMIT 1)"
		" AND r.round_no <= COALESCE((SELECT a.round_no FROM gtlabel.audit a WHERE a.job_id = $1 AND a.audit_no ="
		"   (SELECT l.audit_no FROM gtlabel.label l WHERE l.job_id = $1 AND l.object_no = $3)), r.round_no)"
		" AND r.finished_at <= COALESCE((SELECT c.corrected_at FROM gtlabel.correction c"
		"   WHERE c.job_id = $1 AND c.object_no = $3 AND c.class_no IS NOT NULL), r.finished_at)"
		" ORDER BY r.round_no",
		3, {INT8OID, INT4OID, INT4OID}
	};
	Datum		values[3];
	Phase		phases[2];		/* the one before, and the one at hand */
	int			nphases = 0;
	Ending		ending;
	ColumnBlock block = {.neighbours_id = -1};
	GtlResult	r;

	read_ending(job, object_no, &ending);
	values[0] = Int64GetDatum(job->job_id);
	values[1] = Int32GetDatum(ending.batch_no);
	values[2] = Int32GetDatum(object_no);
	if (gtl_query_run(&r, &select, values, NULL) > 0 && job->purged)
		gtl_report_add(report, "machine", "gt_purge_job has removed the features: what the rounds decided cannot be told any more", NULL);
	else if (r.count > 0)
	{
		block.rows = palloc(mul_size(sizeof(float) * GTL_SCORE_BLOCK_ROWS, gtl_job_width(job)));
		for (uint64 i = 0; i < r.count; i++)
		{
			int32		round_no = gtl_result_int32(&r, i, 1);
			Decision	decision;

			CHECK_FOR_INTERRUPTS();
			decide(job, object_no, round_no, gtl_result_int64(&r, i, 2), gtl_result_float8(&r, i, 3),
				   object_no >= gtl_result_int32(&r, i, 5), &block, &decision);
			decision.audited = gtl_result_bool(&r, i, 4);
			if (nphases > 0 && same_outcome(&phases[1].decision, &decision))
			{
				phases[1].last = round_no;
				continue;
			}
			if (nphases > 0)
				add_phase(report, job, &phases[1], nphases > 1 ? &phases[0] : NULL);
			phases[0] = phases[1];
			phases[1] = (Phase) {round_no, round_no, decision};
			nphases++;
		}
		add_phase(report, job, &phases[1], nphases > 1 ? &phases[0] : NULL);
		if (phases[1].decision.labeled)
			add_end(report, job, &ending);
	}
	gtl_query_end(&r);
}
